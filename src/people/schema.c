/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the room. A person's lists (aliases, numbers, signers, tags) are rows of people_details, in their order, each
 * as one writes it. people_generation is one row: it moves with every change, in the transaction of the change.
 */
#include "people/book_parts.h"

const char *const people_migrations[] = {
    "CREATE TABLE people_generation (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL);"
    "INSERT INTO people_generation VALUES (1, 1);"

    "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " organisation TEXT NOT NULL, least_attestation TEXT NOT NULL, protected INTEGER NOT NULL,"
    " require_proof INTEGER NOT NULL, language TEXT NOT NULL, note TEXT NOT NULL, photo BLOB,"
    " photo_type TEXT NOT NULL, extra TEXT NOT NULL, changed INTEGER NOT NULL, folded TEXT NOT NULL);"

    "CREATE TABLE people_details (person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,"
    " kind INTEGER NOT NULL, place INTEGER NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (person, kind, place)) WITHOUT ROWID;"

    "CREATE TABLE habits (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE, number TEXT NOT NULL,"
    " spc TEXT NOT NULL, issuer TEXT NOT NULL, trust_domain TEXT NOT NULL, state INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, days INTEGER NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL,"
    " confirmed_by TEXT NOT NULL, UNIQUE (person, number, spc, issuer, trust_domain));"

    "CREATE TABLE expected (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE, from_at INTEGER NOT NULL,"
    " until_at INTEGER NOT NULL, zone TEXT NOT NULL, number TEXT NOT NULL, word TEXT NOT NULL,"
    " source TEXT NOT NULL, state INTEGER NOT NULL, call TEXT NOT NULL, by_whom TEXT NOT NULL);"
    "CREATE INDEX expected_until ON expected (state, until_at);"

    "CREATE TABLE exceptions (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, name TEXT NOT NULL,"
    " by_whom TEXT NOT NULL, UNIQUE (number, name))",

    "CREATE TABLE people_learned (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)",
};
const size_t n_people_migrations = ARRAY_SIZE(people_migrations);
