/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that were written at the desk: one list in the store, with its number, so that nobody overwrites what he has not seen.
 * The list is kept as it was checked. A connection belongs to one thread.
 */
#ifndef RULES_STORED_H
#define RULES_STORED_H

#include "rules/rules.h"
#include "store/db.h"

/* Makes the room's tables, with DB_WRITE; with DB_READ looks for them: BF_ENOENT while nobody ever stored rules. */
enum bf_err stored_rules_ready(struct db *db, char **ret_message) must_use;

/* Of the list in force: 0 while there is none. What a reader polls, and what the desk calls its etag. */
enum bf_err stored_rules_generation(struct db *db, int64_t *ret) must_use;

/* *ret_json: to be freed, NUL-terminated; "[]" while there is none. */
enum bf_err stored_rules_get(struct db *db, int64_t *ret_generation, char **ret_json) must_use;

/*
 * Puts the list in place of that of generation `seen`. BF_EAGAIN: somebody else was faster, or the store is busy (then
 * *ret_generation is -1). The rules must have been read with rules_of_json, which checks them.
 */
enum bf_err stored_rules_put(struct db *db, const struct rules *rules, int64_t seen, struct span who,
                             utc_t now, int64_t *ret_generation) must_use;

#endif
