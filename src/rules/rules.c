/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rows to rules, and from a call to the rule that matches. Everything a rule asks is put into a form that is cheap to ask
 * when the list is made: sets as bits, the clock of its zone as changes.
 */
#include "rules/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "rules/zone.h"

#define ARENA_FIRST (16u << 10)
#define ARENA_MOST  (64u << 20)
#define VALUE_MOST  256u /* bytes of a name, a tag, a trust domain */

struct window {
    bool any;             /* no time is asked */
    unsigned from, until; /* minutes since midnight */
    uint8_t days;         /* a bit a weekday, Sunday first; 0: all */
    const struct zone *zone;
};

struct rule {
    struct rule_row row; /* copied */
    struct rule_action action;
    uint16_t number;  /* of the action */
    uint8_t verdicts; /* a bit an outcome; 0: any */
    uint8_t attests;  /* bits: none, A, B, C; 0: any */
    struct window when;
};

struct rules {
    struct arena *arena;
    struct rule *at;
    size_t n;
};

const char *rule_mode_text(enum rule_mode mode)
{
    return mode == RULE_ENFORCE ? "enforce" : "observe";
}

/* ---- from rows ---- */

struct making {
    struct rules *rules;
    const struct rules_options *options;
    const struct rule_row *rows;
    size_t rule; /* the one that is being made */
    char **message;
};

static enum bf_err wrong(struct making *m, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err wrong(struct making *m, enum bf_err err, const char *format, ...)
{
    char what[512], name[RULES_NAME + 1] = "";
    struct buf shown = buf_on(name, RULES_NAME);
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    buf_printable(&shown, utf8_cut(span_of(m->rows[m->rule].name), RULES_NAME));
    if (asprintf(m->message, "rule %zu%s%s%s: %s", m->rule + 1, *name ? " (" : "", name, *name ? ")" : "",
                 what) < 0)
        *m->message = NULL;
    return err;
}

static enum bf_err text_copy(struct making *m, const char *what, const char *text, size_t least, size_t most,
                             const char **ret)
{
    const struct span s = span_of(text ? text : "");
    if (s.n < least || s.n > most)
        return wrong(m, BF_EFORM, "%s must have from %zu to %zu bytes", what, least, most);
    if (utf8_check(s) != s.n)
        return wrong(m, BF_EFORM, "%s is no UTF-8", what);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return wrong(m, BF_EFORM, "%s has a control character in it", what);
    *ret = arena_copy(m->rules->arena, s).p;
    return *ret ? BF_OK : BF_ENOMEM;
}

static enum bf_err many(struct making *m, const char *what, size_t n)
{
    return n > RULES_VALUES ? wrong(m, BF_ELIMIT, "%s has more than %u values", what, RULES_VALUES) : BF_OK;
}

static enum bf_err texts_copy(struct making *m, const char *what, const char *const **list, size_t n)
{
    enum bf_err err = many(m, what, n);
    const char **copy = err ? NULL : arena_take(m->rules->arena, n * sizeof *copy + 1);
    if (!err && !copy)
        err = BF_ENOMEM;
    for (size_t i = 0; !err && i < n; i++)
        err = text_copy(m, what, (*list)[i], 1, VALUE_MOST, &copy[i]);
    if (!err)
        *list = copy;
    return err;
}

static enum bf_err bytes_copy(struct making *m, const char *what, const void **list, size_t n, size_t size)
{
    enum bf_err err = many(m, what, n);
    void *copy = err ? NULL : arena_take(m->rules->arena, n * size + 1);
    if (!err && !copy)
        err = BF_ENOMEM;
    if (!err && n)
        memcpy(copy, *list, n * size);
    if (!err)
        *list = copy;
    return err;
}

static enum bf_err row_copy(struct making *m, struct rule *r)
{
    struct rule_row *row = &r->row;
    const struct {
        const char *what;
        const char *const **list;
        size_t n;
    } lists[] = {
        { "person", &row->persons, row->n_persons }, { "tag", &row->tags, row->n_tags },
        { "claims", &row->claims, row->n_claims },   { "claims_tag", &row->claims_tags, row->n_claims_tags },
        { "domain", &row->domains, row->n_domains }, { "attest", &row->attests, row->n_attests },
        { "days", &row->days, row->n_days },
    };
    enum bf_err err = text_copy(m, "name", row->name, 1, RULES_NAME, &row->name);
    if (!err)
        err = text_copy(m, "action", row->action, 1, RULES_ACTION, &row->action);
    if (!err)
        err = text_copy(m, "time", row->time, 0, VALUE_MOST, &row->time);
    if (!err)
        err = text_copy(m, "zone", row->zone, 0, VALUE_MOST, &row->zone);
    for (size_t i = 0; !err && i < ARRAY_SIZE(lists); i++)
        err = texts_copy(m, lists[i].what, lists[i].list, lists[i].n);
    if (!err)
        err = bytes_copy(m, "verdict", (const void **)&row->verdicts, row->n_verdicts, sizeof *row->verdicts);
    if (!err)
        err = bytes_copy(m, "caller", (const void **)&row->callers, row->n_callers, sizeof *row->callers);
    if (!err)
        err = bytes_copy(m, "called", (const void **)&row->called, row->n_called, sizeof *row->called);
    return err;
}

/* ---- what a row says, made cheap to ask ---- */

static enum bf_err action_of(struct making *m, struct rule *r)
{
    struct fault fault = { 0, "" };
    if (rule_action_read(span_of(r->row.action), &r->action, &fault))
        return wrong(m, BF_EFORM, "action, byte %zu: %s", fault.at + 1, fault.what);
    if (r->row.mode > RULE_ENFORCE)
        return wrong(m, BF_EFORM, "mode must be observe or enforce");
    if (r->action.what == RULE_REJECT && r->row.mode == RULE_ENFORCE && !m->options->may_reject)
        return wrong(m, BF_EFORM,
                     "reject needs \"redress\" in the configuration: where people whose calls are refused "
                     "can complain");
    if (!m->options->actions)
        return BF_OK;
    const enum bf_err err = rule_actions_number(m->options->actions, &r->action, &r->number);
    return err == BF_ELIMIT
               ? wrong(m, err, "more different actions than the server keeps since it started: restart it")
               : err;
}

static enum bf_err sets_of(struct making *m, struct rule *r)
{
    static const char *const letters[] = { "none", "A", "B", "C" };
    for (size_t i = 0; i < r->row.n_verdicts; i++) {
        if (r->row.verdicts[i] > IMPOSTOR)
            return wrong(m, BF_EFORM, "verdict must be genuine, unproven, broken or impostor");
        r->verdicts |= (uint8_t)(1u << r->row.verdicts[i]);
    }
    for (size_t i = 0; i < r->row.n_attests; i++) {
        size_t which = 0;
        while (which < ARRAY_SIZE(letters) && strcmp(letters[which], r->row.attests[i]) != 0)
            which++;
        if (which == ARRAY_SIZE(letters))
            return wrong(m, BF_EFORM, "attest must be A, B, C or none");
        r->attests |= (uint8_t)(1u << which);
    }
    return BF_OK;
}

/* `08:30`; 24:00 is the end of the day. */
static bool minute_read(struct span text, unsigned *ret)
{
    uint64_t hour, minute;
    if (text.n != 5 || text.p[2] != ':' || !span_decimal(span_first(text, 2), 24, &hour) ||
        !span_decimal(span_from(text, 3), 59, &minute) || hour * 60 + minute > 1440)
        return false;
    *ret = (unsigned)(hour * 60 + minute);
    return true;
}

static enum bf_err days_of(struct making *m, struct rule *r)
{
    static const char *const names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
    for (size_t i = 0; i < r->row.n_days; i++) {
        size_t which = 0;
        while (which < ARRAY_SIZE(names) && strcmp(names[which], r->row.days[i]) != 0)
            which++;
        if (which == ARRAY_SIZE(names))
            return wrong(m, BF_EFORM, "days must be mon, tue, wed, thu, fri, sat or sun");
        r->when.days |= (uint8_t)(1u << which);
    }
    return BF_OK;
}

/* Rules of one zone share what is known of it. */
static enum bf_err zone_of(struct making *m, struct rule *r)
{
    for (size_t i = 0; i < m->rule; i++)
        if (m->rules->at[i].when.zone && strcmp(m->rules->at[i].row.zone, r->row.zone) == 0) {
            r->when.zone = m->rules->at[i].when.zone;
            return BF_OK;
        }
    struct zone *zone = arena_new(m->rules->arena, struct zone);
    if (!zone)
        return BF_ENOMEM;
    const enum bf_err err = zone_read(span_of(r->row.zone), zone);
    if (err)
        return wrong(m, err, "zone: there is no \"%.64s\"; write a name like Europe/Rome", r->row.zone);
    r->when.zone = zone;
    return BF_OK;
}

static enum bf_err window_of(struct making *m, struct rule *r)
{
    struct window *w = &r->when;
    const struct span text = span_of(r->row.time);
    const size_t dash = span_find(text, '-');
    w->any = text.n == 0;
    if (!w->any &&
        (!minute_read(span_first(text, dash), &w->from) ||
         !minute_read(span_from(text, dash + 1), &w->until) || w->from == 1440 || w->from == w->until))
        return wrong(m, BF_EFORM, "time must be like 08:30-18:00, or 18:00-08:30 over midnight");
    const enum bf_err err = days_of(m, r);
    return err || (w->any && !w->days && !*r->row.zone) ? err : zone_of(m, r);
}

static enum bf_err rule_make(struct making *m)
{
    struct rule *r = &m->rules->at[m->rule];
    r->row = m->rows[m->rule];
    enum bf_err err = row_copy(m, r);
    if (!err)
        err = action_of(m, r);
    if (!err)
        err = sets_of(m, r);
    if (!err)
        err = window_of(m, r);
    return err;
}

enum bf_err rules_create(const struct rule_row *rows, size_t n, const struct rules_options *options,
                         struct rules **ret, char **ret_message)
{
    auto_(rules_destroy) struct rules *r = calloc(1, sizeof *r);
    enum bf_err err = r ? arena_create(ARENA_FIRST, ARENA_MOST, &r->arena) : BF_ENOMEM;
    *ret_message = NULL;
    if (!err && n > RULES_MOST) {
        if (asprintf(ret_message, "there are %zu rules, and at most %u can be", n, RULES_MOST) < 0)
            *ret_message = NULL;
        err = BF_ELIMIT;
    }
    if (!err && !(r->at = arena_take(r->arena, n * sizeof *r->at + 1)))
        err = BF_ENOMEM;
    struct making m = { .rules = r, .options = options, .rows = rows, .message = ret_message };
    for (; !err && m.rule < n; m.rule++)
        err = rule_make(&m);
    if (err)
        return err;
    r->n = n;
    *ret = r, r = NULL;
    return BF_OK;
}

void rules_destroy(struct rules *r)
{
    if (!r)
        return;
    arena_destroy(r->arena);
    free(r);
}

void rules_release(void *r)
{
    rules_destroy(r);
}

size_t rules_count(const struct rules *r)
{
    return r ? r->n : 0;
}

const struct rule_row *rules_row(const struct rules *r, size_t i)
{
    return &r->at[i].row;
}

const struct rule_action *rules_action(const struct rules *r, size_t i)
{
    return &r->at[i].action;
}

uint16_t rules_action_number(const struct rules *r, size_t i)
{
    return r->at[i].number;
}

bool rules_need_people(const struct rules *r)
{
    for (size_t i = 0; i < rules_count(r); i++)
        if (r->at[i].row.n_tags || r->at[i].row.n_claims_tags)
            return true;
    return false;
}

/* ---- a call ---- */

static bool is_person(const struct person *p, const char *wanted)
{
    uint64_t id;
    const struct span w = span_of(wanted);
    if (w.p[0] == '#' && span_decimal(span_from(w, 1), INT64_MAX, &id))
        return p->id && p->id == (int64_t)id;
    return span_equal(w, SPAN("*")) || span_equal_nocase(w, span_of(p->name)) ||
           (*p->uid && strcmp(p->uid, wanted) == 0);
}

static bool names_person(const struct person *p, const char *const *list, size_t n)
{
    for (size_t i = 0; p && i < n; i++)
        if (is_person(p, list[i]))
            return true;
    return n == 0;
}

static bool has_tag(const struct person *p, const char *const *list, size_t n)
{
    for (size_t i = 0; p && i < n; i++)
        for (size_t j = 0; j < p->n_tags; j++)
            if (span_equal_nocase(span_of(list[i]), span_of(p->tags[j])))
                return true;
    return n == 0;
}

static bool is_number(const struct number *number, const struct number_range *list, size_t n)
{
    for (size_t i = 0; number && i < n; i++)
        if (number_range_holds(&list[i], number))
            return true;
    return n == 0;
}

static bool is_domain(struct span domain, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (domain.n && span_equal(domain, span_of(list[i])))
            return true;
    return n == 0;
}

static bool is_day(const struct window *w, unsigned weekday)
{
    return !w->days || (w->days >> weekday & 1);
}

/* What began before midnight belongs to the day it began on. */
static bool is_time(const struct window *w, utc_t at)
{
    if (!w->zone)
        return true;
    const struct zone_time t = zone_time(w->zone, at);
    if (w->any)
        return is_day(w, t.weekday);
    if (w->from < w->until)
        return t.minute >= w->from && t.minute < w->until && is_day(w, t.weekday);
    return (t.minute >= w->from && is_day(w, t.weekday)) ||
           (t.minute < w->until && is_day(w, (t.weekday + 6) % 7));
}

static bool holds(const struct rule *r, const struct rule_facts *f)
{
    const unsigned letter = f->attest >= 'A' && f->attest <= 'C' ? (unsigned)(f->attest - 'A') + 1 : 0;
    const struct rule_row *row = &r->row;
    return (!r->verdicts || (r->verdicts >> f->outcome & 1)) && (!r->attests || (r->attests >> letter & 1)) &&
           is_number(f->caller, row->callers, row->n_callers) &&
           is_number(f->called, row->called, row->n_called) &&
           is_domain(f->domain, row->domains, row->n_domains) &&
           names_person(f->person, row->persons, row->n_persons) &&
           has_tag(f->person, row->tags, row->n_tags) &&
           names_person(f->claimed, row->claims, row->n_claims) &&
           has_tag(f->claimed, row->claims_tags, row->n_claims_tags) && is_time(&r->when, f->at);
}

bool rules_holds(const struct rules *r, size_t i, const struct rule_facts *facts)
{
    return holds(&r->at[i], facts);
}

int rules_match(const struct rules *r, const struct rule_facts *facts)
{
    for (size_t i = 0; i < rules_count(r); i++)
        if (holds(&r->at[i], facts))
            return (int)i;
    return -1;
}

bool rules_decide(const struct rules *r, const struct rule_facts *facts, struct rule_found *ret)
{
    *ret = (struct rule_found){ -1, -1 };
    for (size_t i = 0; i < rules_count(r); i++) {
        const bool enforced = r->at[i].row.mode == RULE_ENFORCE;
        if ((!enforced && ret->observed >= 0) || !holds(&r->at[i], facts))
            continue;
        if (!enforced) {
            ret->observed = (int)i;
            continue;
        }
        ret->rule = (int)i;
        break;
    }
    return ret->rule >= 0 || ret->observed >= 0;
}
