/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules would have done with calls of the past: every verdict in the record is asked again, rules that only observe
 * as if they were switched on, the first that matches counts. People are those of the address book today.
 */
#ifndef RULES_DRY_RUN_H
#define RULES_DRY_RUN_H

#include "record/record.h"
#include "rules/rules.h"

struct rules_dry_result {
    uint64_t calls;    /* verdicts that were asked */
    uint64_t *matched; /* one a rule, rules_count of them: the caller's memory, zeroed by it */
};
/* A call that rule `rule` would have decided, the newest first. The record lives during the call. false: no more of them. */
typedef bool rules_dry_found(void *arg, size_t rule, const struct record *record);

/*
 * since, until: 0 is open. found may be NULL. Counts go on when found says false. Errors: those of record_query;
 * *ret_message: a sentence, to be freed. Reads the store: not on a worker's thread.
 */
enum bf_err rules_dry_run(const char *db_url, const struct rules *rules, utc_t since, utc_t until,
                          struct rules_dry_result *result, rules_dry_found *found, void *arg,
                          char **ret_message) must_use;

#endif
