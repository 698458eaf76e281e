/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as JSON, both ways: one table of members. */
#include "rules/rules.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "token/json.h"

#define ARENA_FIRST (64u << 10)
#define ARENA_MOST  (64u << 20)

enum shape { SHAPE_TEXT, SHAPE_MODE, SHAPE_TEXTS, SHAPE_VERDICTS, SHAPE_RANGES };

#define AT(member)         offsetof(struct rule_row, member)
#define LIST(list, length) offsetof(struct rule_row, list), offsetof(struct rule_row, length)

/* In the order they are written. */
static const struct {
    const char *name;
    enum shape shape;
    size_t at, n_at;
} members[] = {
    { "name", SHAPE_TEXT, AT(name), 0 },
    { "mode", SHAPE_MODE, AT(mode), 0 },
    { "action", SHAPE_TEXT, AT(action), 0 },
    { "verdict", SHAPE_VERDICTS, LIST(verdicts, n_verdicts) },
    { "person", SHAPE_TEXTS, LIST(persons, n_persons) },
    { "tag", SHAPE_TEXTS, LIST(tags, n_tags) },
    { "claims", SHAPE_TEXTS, LIST(claims, n_claims) },
    { "claims_tag", SHAPE_TEXTS, LIST(claims_tags, n_claims_tags) },
    { "caller", SHAPE_RANGES, LIST(callers, n_callers) },
    { "called", SHAPE_RANGES, LIST(called, n_called) },
    { "domain", SHAPE_TEXTS, LIST(domains, n_domains) },
    { "attest", SHAPE_TEXTS, LIST(attests, n_attests) },
    { "time", SHAPE_TEXT, AT(time), 0 },
    { "days", SHAPE_TEXTS, LIST(days, n_days) },
    { "zone", SHAPE_TEXT, AT(zone), 0 },
};

/* As outcome_text has them. */
static const char *const verdicts[] = {
    [GENUINE] = "genuine", [UNPROVEN] = "unproven", [BROKEN] = "broken", [IMPOSTOR] = "impostor"
};

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    size_t rule;
    const char *member;
    char **message;
};

static enum bf_err wrong(struct reading *r, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err wrong(struct reading *r, enum bf_err err, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (asprintf(r->message, "rule %zu%s%s: %s", r->rule + 1, r->member ? ", " : "",
                 r->member ? r->member : "", what) < 0)
        *r->message = NULL;
    return err;
}

static enum bf_err chars_of(struct reading *r, const struct json_value *v, const char **ret)
{
    if (v->kind != JSON_KIND_STRING)
        return wrong(r, BF_EFORM, "a text is expected");
    char *memory = arena_take(r->arena, v->text.n + 1);
    if (!memory)
        return BF_ENOMEM;
    struct buf scratch = buf_on(memory, v->text.n);
    const struct span chars = json_chars(v, &scratch);
    const char *copy = arena_copy(r->arena, chars.p ? chars : SPAN("")).p;
    if (!copy)
        return BF_ENOMEM;
    *ret = copy;
    return BF_OK;
}

static enum bf_err verdict_of(struct reading *r, const char *text, unsigned *ret)
{
    for (unsigned i = GENUINE; i <= IMPOSTOR; i++)
        if (strcmp(text, verdicts[i]) == 0) {
            *ret = i;
            return BF_OK;
        }
    return wrong(r, BF_EFORM, "a verdict is genuine, unproven, broken or impostor");
}

static enum bf_err mode_of(struct reading *r, const char *text, unsigned *ret)
{
    for (unsigned i = RULE_OBSERVE; i <= RULE_ENFORCE; i++)
        if (strcmp(text, rule_mode_text((enum rule_mode)i)) == 0) {
            *ret = i;
            return BF_OK;
        }
    return wrong(r, BF_EFORM, "a mode is observe or enforce");
}

static enum bf_err range_of(struct reading *r, const char *text, struct number_range *ret)
{
    struct fault fault = { 0, "" };
    const enum bf_err err = number_range_read(span_of(text), ret, &fault);
    return err ? wrong(r, err, "%s; write \"+12025550100\", \"+12025550100/100\" or \"+1202*\"", fault.what)
               : BF_OK;
}

static size_t size_of(enum shape shape)
{
    return shape == SHAPE_TEXTS      ? sizeof(const char *)
           : shape == SHAPE_VERDICTS ? sizeof(unsigned)
                                     : sizeof(struct number_range);
}

static enum bf_err element_of(struct reading *r, enum shape shape, const struct json_value *v, char *out)
{
    const char *text = "";
    const enum bf_err err = chars_of(r, v, &text);
    if (err)
        return err;
    switch (shape) {
    case SHAPE_VERDICTS: return verdict_of(r, text, (unsigned *)(void *)out);
    case SHAPE_RANGES: return range_of(r, text, (struct number_range *)(void *)out);
    default: *(const char **)(void *)out = text; return BF_OK;
    }
}

static size_t count_of(const struct json_value *array)
{
    struct json_walk walk = json_begin(array);
    struct json_value value;
    size_t n = 0;
    while (json_next(&walk, NULL, &value))
        n++;
    return n;
}

static enum bf_err list_of(struct reading *r, enum shape shape, const struct json_value *v, char **ret,
                           size_t *ret_n)
{
    const size_t size = size_of(shape);
    if (v->kind != JSON_KIND_ARRAY)
        return wrong(r, BF_EFORM, "a list is expected");
    const size_t n = count_of(v);
    if (n > RULES_VALUES)
        return wrong(r, BF_ELIMIT, "there are more than %u values", RULES_VALUES);
    char *list = arena_take(r->arena, n * size + 1);
    if (!list)
        return BF_ENOMEM;
    struct json_walk walk = json_begin(v);
    struct json_value value;
    enum bf_err err = BF_OK;
    for (size_t i = 0; !err && json_next(&walk, NULL, &value); i++)
        err = element_of(r, shape, &value, list + i * size);
    *ret = list;
    *ret_n = n;
    return err;
}

static enum bf_err member_of(struct reading *r, size_t which, const struct json_value *v,
                             struct rule_row *row)
{
    char *const base = (char *)row + members[which].at;
    const enum shape shape = members[which].shape;
    const char *text = "";
    char *list = NULL;
    size_t n = 0;
    r->member = members[which].name;
    enum bf_err err =
        shape == SHAPE_TEXT || shape == SHAPE_MODE ? chars_of(r, v, &text) : list_of(r, shape, v, &list, &n);
    if (!err && shape == SHAPE_MODE)
        err = mode_of(r, text, &row->mode);
    else if (!err && shape == SHAPE_TEXT)
        memcpy(base, &text, sizeof text);
    else if (!err) {
        memcpy(base, &list, sizeof list);
        memcpy((char *)row + members[which].n_at, &n, sizeof n);
    }
    r->member = NULL;
    return err;
}

static enum bf_err row_of(struct reading *r, const struct json_value *v, struct rule_row *row)
{
    struct json_value name, value;
    enum bf_err err = BF_OK;
    *row = (struct rule_row){ .name = "", .action = "", .time = "", .zone = "" };
    if (v->kind != JSON_KIND_OBJECT)
        return wrong(r, BF_EFORM, "an object is expected");
    struct json_walk walk = json_begin(v);
    while (!err && json_next(&walk, &name, &value)) {
        size_t which = 0;
        while (which < ARRAY_SIZE(members) && !json_string_is(&name, span_of(members[which].name)))
            which++;
        err = which < ARRAY_SIZE(members) ? member_of(r, which, &value, row)
                                          : wrong(r, BF_EFORM, "no rule has a member %.*s",
                                                  (int)(name.text.n < 64 ? name.text.n : 64), name.text.p);
    }
    return err;
}

static enum bf_err rows_of(struct reading *r, struct span json, struct rule_row **ret, size_t *ret_n)
{
    struct fault fault = { 0, "" };
    struct json_value top, list;
    if (json.n > RULES_JSON || json_check(json, &top, &fault)) {
        if (asprintf(r->message, "no JSON that can be read, byte %zu: %s", fault.at + 1,
                     json.n > RULES_JSON ? "it is too long" : fault.what) < 0)
            *r->message = NULL;
        return BF_EFORM;
    }
    if (top.kind != JSON_KIND_OBJECT || !json_member(&top, SPAN("rules"), &list))
        list = top;
    *ret_n = list.kind == JSON_KIND_ARRAY ? count_of(&list) : RULES_MOST + 1;
    if (*ret_n > RULES_MOST) {
        if (asprintf(r->message, "a list of at most %u rules is expected", RULES_MOST) < 0)
            *r->message = NULL;
        return BF_EFORM;
    }
    struct rule_row *rows = arena_take(r->arena, *ret_n * sizeof *rows + 1);
    if (!rows)
        return BF_ENOMEM;
    struct json_walk walk = json_begin(&list);
    struct json_value value;
    enum bf_err err = BF_OK;
    for (; !err && json_next(&walk, NULL, &value); r->rule++)
        err = row_of(r, &value, &rows[r->rule]);
    *ret = rows;
    return err;
}

enum bf_err rules_of_json(struct span json, const struct rules_options *options, struct rules **ret,
                          char **ret_message)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct rule_row *rows = NULL;
    size_t n = 0;
    *ret_message = NULL;
    enum bf_err err = arena_create(ARENA_FIRST, ARENA_MOST, &arena);
    struct reading r = { .arena = arena, .message = ret_message };
    if (!err)
        err = rows_of(&r, json, &rows, &n);
    return err ? err : rules_create(rows, n, options, ret, ret_message);
}

/* ---- writing ---- */

/* As number_range_read has it. */
static void put_range(struct buf *out, const struct number_range *range)
{
    const bool short_code = range->count == 1 && range->start.n <= 6;
    buf_text(out, short_code ? "\"" : "\"+");
    buf_span_put(out, number_span(&range->start));
    if (range->count == 0)
        buf_char(out, '*');
    else if (range->count > 1)
        buf_printf(out, "/%llu", (unsigned long long)range->count);
    buf_char(out, '"');
}

static void put_element(struct buf *out, enum shape shape, const char *base, size_t i)
{
    switch (shape) {
    case SHAPE_VERDICTS:
        buf_json_string(out, span_of(verdicts[((const unsigned *)(const void *)base)[i]]));
        break;
    case SHAPE_RANGES: put_range(out, &((const struct number_range *)(const void *)base)[i]); break;
    default: buf_json_string(out, span_of(((const char *const *)(const void *)base)[i])); break;
    }
}

static void put_list(struct buf *out, enum shape shape, const char *base, size_t n)
{
    buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_char(out, ',');
        put_element(out, shape, base, i);
    }
    buf_char(out, ']');
}

/* Texts that are "" and lists that are empty are left out. */
static void put_member(struct buf *out, size_t which, const struct rule_row *row)
{
    const enum shape shape = members[which].shape;
    const char *pointer = NULL;
    size_t n = 0;
    if (shape != SHAPE_MODE)
        memcpy(&pointer, (const char *)row + members[which].at, sizeof pointer);
    if (shape == SHAPE_TEXT)
        n = strlen(pointer);
    else if (shape != SHAPE_MODE)
        memcpy(&n, (const char *)row + members[which].n_at, sizeof n);
    if (n == 0 && shape != SHAPE_MODE)
        return;
    if (which)
        buf_char(out, ',');
    buf_printf(out, "\"%s\":", members[which].name);
    if (shape == SHAPE_MODE)
        buf_printf(out, "\"%s\"", rule_mode_text((enum rule_mode)row->mode));
    else if (shape == SHAPE_TEXT)
        buf_json_string(out, span_of(pointer));
    else
        put_list(out, shape, pointer, n);
}

void rules_json_row(const struct rules *r, size_t i, struct buf *out)
{
    buf_char(out, '{');
    for (size_t m = 0; m < ARRAY_SIZE(members); m++)
        put_member(out, m, rules_row(r, i));
    buf_char(out, '}');
}

void rules_json(const struct rules *r, struct buf *out)
{
    buf_char(out, '[');
    for (size_t i = 0; i < rules_count(r); i++) {
        if (i)
            buf_char(out, ',');
        rules_json_row(r, i, out);
    }
    buf_char(out, ']');
}
