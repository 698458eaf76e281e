/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of telephone numbers: an inventory, a list of numbers that were ported out or never call.
 *
 *     number,count,customer,status             CSV with a header row; other columns are left alone
 *     +12025550100,100,acme,active
 *
 * `numbers.csv`, or `sqlite:numbers.db`, whose table `numbers` has the same columns. Needed is `number`: what the dial
 * plan makes of it, with its count behind it (`+12025550100/100`) or in a column `count`; `+1202*` is a prefix. Without a
 * '+' and without a rule of the plan that fits, digits stay as they are: 12025550100 has its country code already.
 */
#ifndef NUMBERS_FILE_H
#define NUMBERS_FILE_H

#include "numbers/set.h"

struct number_row {
    struct number_range range;
    struct span number; /* as written */
    const struct span
        *more; /* of the columns asked for, in their order; SPAN_NONE: the file has no such column */
    const char *file;
    uint64_t line; /* or row of the database */
};

/* What the caller makes of a row. On error, *ret_message what is wrong, without file and line, to be freed. */
typedef enum bf_err number_row_see(void *arg, const struct number_row *row, char **ret_message);

#define NUMBER_COLUMNS 8u /* that can be asked for */
struct number_files {
    const char *const *paths;
    size_t n_paths;
    const char *const *columns; /* beside number and count; the file need not have them */
    size_t n_columns;
    const struct dial_plan *plan; /* may be NULL */
};

/*
 * All rows of all files, in their order. *ret_message on error, to be freed: `file:line:column: what is wrong, what to
 * write`. BF_EFORM, BF_EIO, BF_ENOMEM, or what `see` said.
 */
enum bf_err number_files_read(const struct number_files *files, number_row_see *see, void *arg,
                              char **ret_message) must_use;

/*
 * Just a set of numbers, of value 0: what column `number` of the files says. report may be NULL.
 */
enum bf_err number_set_load(const char *const *paths, size_t n, const struct dial_plan *plan,
                            struct number_set **ret, struct number_set_report *report, char **ret_message)
    must_use;

/* One text as the column `number` has it. BF_EFORM. For fuzzing and for callers with numbers at hand. */
enum bf_err number_row_range(struct span number, struct span count, const struct dial_plan *plan,
                             struct number_range *ret, struct fault *fault) must_use;

#endif
