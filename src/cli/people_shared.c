/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs about expected calls, habits and exceptions share: ids, numbers, names, and lists as tables or JSON. */
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/people.h"

const char *people_by(char out[static PEOPLE_BY])
{
    const struct passwd *const user = getpwuid(geteuid());
    if (user)
        snprintf(out, PEOPLE_BY, "%s", user->pw_name);
    else
        snprintf(out, PEOPLE_BY, "user %u", (unsigned)geteuid());
    return out;
}

int people_id(const char *verb, const char *option, const char *text, int64_t *ret)
{
    uint64_t id;
    if (!span_decimal(span_of(text), INT64_MAX, &id))
        return command_fail(verb, EXIT_USAGE, "--%s takes a number of the list, not %.64s.", option, text);
    *ret = (int64_t)id;
    return EXIT_SUCCESS;
}

int people_number(const char *verb, const char *text, struct number *ret)
{
    struct number_range range;
    struct fault fault = { 0, "" };
    char written[RANGE_TEXT];
    if (range_of_text(span_of(text), &range, &fault) != BF_OK)
        return command_fail(verb, EXIT_USAGE, "%.64s: %s.", text, fault.what);
    const struct span digits = span_from(span_of(range_text(&range, written)), 1);
    if (written[0] != '+' || strpbrk(written, "*/") || digits.n > sizeof ret->digits)
        return command_fail(verb, EXIT_USAGE,
                            "%.64s: one number is due, with its country code: +12025550100.", text);
    *ret = (struct number){ .n = (uint8_t)digits.n, .global = true };
    memcpy(ret->digits, digits.p, digits.n);
    return EXIT_SUCCESS;
}

static bool copy_name(void *arg, const struct person *p)
{
    snprintf(arg, PEOPLE_NAME, "%s", p->name);
    return false;
}

void people_name_of(struct book *b, int64_t id, char out[static PEOPLE_NAME])
{
    if (book_get(b, id, copy_name, out) != BF_OK)
        snprintf(out, PEOPLE_NAME, "?");
}

void people_print(json_t *row)
{
    json_dumpf(row, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(row);
}

int people_shown(const char *verb, const struct book *b, enum bf_err err, struct table *table, size_t n,
                 const char *nothing)
{
    if (table && err == BF_OK && n)
        table_print(table, command_colors());
    if (table && err == BF_OK && n == 0)
        fprintf(stderr, "bonafide %s: %s.\n", verb, nothing);
    table_destroy(table);
    if (err != BF_OK)
        return people_fail(verb, b, err);
    return fflush(stdout) == 0 ? EXIT_SUCCESS
                               : command_fail(verb, EXIT_FAILURE_OURS, "standard output cannot be written.");
}
