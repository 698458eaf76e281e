/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/stored.h"

#include <stdlib.h>

static const char *const migrations[] = {
    "CREATE TABLE rules (generation INTEGER PRIMARY KEY, json TEXT NOT NULL, who TEXT NOT NULL, at INTEGER "
    "NOT NULL)",
};

#define KEPT 100 /* lists that were in force before, for whoever wants to know who changed what */

enum bf_err stored_rules_ready(struct db *db, char **ret_message)
{
    return db_migrate(db, "rules", migrations, ARRAY_SIZE(migrations), ret_message);
}

enum bf_err stored_rules_generation(struct db *db, int64_t *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "SELECT coalesce(max(generation), 0) FROM rules", &q);
    if (!err)
        err = db_step(q);
    if (!err)
        *ret = db_int(q, 0);
    return err;
}

enum bf_err stored_rules_get(struct db *db, int64_t *ret_generation, char **ret_json)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(db, "SELECT generation, json FROM rules ORDER BY generation DESC LIMIT 1", &q);
    if (!err)
        err = db_step(q);
    if (err && err != BF_ENOENT)
        return err;
    const struct span json = err ? SPAN("[]") : db_text(q, 1);
    char *copy = malloc(json.n + 1);
    if (!copy)
        return BF_ENOMEM;
    if (json.n)
        memcpy(copy, json.p, json.n);
    copy[json.n] = '\0';
    *ret_generation = err ? 0 : db_int(q, 0);
    *ret_json = copy;
    return BF_OK;
}

static enum bf_err insert(struct db *db, int64_t generation, struct span json, struct span who, utc_t now)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(db, "INSERT INTO rules (generation, json, who, at) VALUES (?1, ?2, ?3, ?4)", &q);
    if (err)
        return err;
    db_bind_int(q, 1, generation);
    db_bind_text(q, 2, json);
    db_bind_text(q, 3, who.p ? who : SPAN(""));
    db_bind_int(q, 4, now);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err forget_old(struct db *db, int64_t generation)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "DELETE FROM rules WHERE generation <= ?1", &q);
    if (err)
        return err;
    db_bind_int(q, 1, generation - KEPT);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err put(struct db *db, int64_t seen, struct span json, struct span who, utc_t now)
{
    int64_t generation = -1;
    enum bf_err err = stored_rules_generation(db, &generation);
    if (!err && generation != seen)
        return BF_EAGAIN;
    if (!err)
        err = insert(db, generation + 1, json, who, now);
    if (!err)
        err = forget_old(db, generation + 1);
    return err;
}

enum bf_err stored_rules_put(struct db *db, const struct rules *rules, int64_t seen, struct span who,
                             utc_t now, int64_t *ret_generation)
{
    char *memory = malloc(RULES_JSON);
    if (!memory)
        return BF_ENOMEM;
    struct buf json = buf_on(memory, RULES_JSON);
    rules_json(rules, &json);
    *ret_generation = -1;
    enum bf_err err = buf_ok(&json) ? db_begin(db) : BF_ELIMIT;
    if (!err) {
        err = put(db, seen, buf_span(&json), who, now);
        if (err == BF_EAGAIN && stored_rules_generation(db, ret_generation))
            *ret_generation = -1;
        if (!err)
            err = db_commit(db);
        if (err)
            db_rollback(db);
        else
            *ret_generation = seen + 1;
    }
    free(memory);
    return err;
}
