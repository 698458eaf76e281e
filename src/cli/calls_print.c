/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record for people: a row of a table, a line of its own (when following), everything in words, or what an industry
 * traceback asks for. Nothing that came from outside can write to the terminal: control bytes are shown as '?'.
 */
#include "cli/calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/command.h"

static const char *const titles[] = {
    "time (UTC)", "verdict", "caller", "called", "att", "says", "id", "why"
};

/* 26 of id, 11 of time and the numbers leave no more in the 80 columns that a terminal has at least. */
static const char *const narrow_titles[] = { "time (UTC)", "verdict", "caller", "called", "a", "id" };
static const size_t narrow_columns[] = { 0, 1, 2, 3, 4, 6 };
#define WIDE 120u

bool calls_printer_init(struct calls_printer *p, enum calls_form form, bool unmask)
{
    *p = (struct calls_printer){ .form = form, .unmask = unmask, .colors = command_colors() };
    p->memory = malloc(RECORD_SHOWN);
    p->narrow = command_columns() < WIDE;
    if (form == CALLS_TABLE)
        p->table = p->narrow ? table_create(narrow_titles, ARRAY_SIZE(narrow_titles))
                             : table_create(titles, ARRAY_SIZE(titles));
    if (p->table && !p->narrow)
        table_wrap(p->table);
    return p->memory && (p->table || form != CALLS_TABLE);
}

/* ---- cells ---- */

/* Green, yellow, red: what is shown of a call that was not judged has no colour. */
static const char *color_of(const struct record *r)
{
    static const char *const colors[] = { "32", NULL, "31", "1;31" };
    return r->kind == RECORD_VERIFIED && r->outcome < ARRAY_SIZE(colors) ? colors[r->outcome] : NULL;
}

/* `+12155550121`; short codes and what is no number as they are. */
static const char *number_text(struct span digits, char out[static LIMIT_NUMBER + 2])
{
    snprintf(out, LIMIT_NUMBER + 2, "%s%.*s", digits.n > 6 ? "+" : "",
             (int)(digits.n > LIMIT_NUMBER ? 0 : digits.n), digits.p);
    return out;
}

static const char *caller_text(const struct record *r, char out[static LIMIT_NUMBER + 2])
{
    return r->masked ? "withheld" : r->caller.n ? number_text(r->caller, out) : "no number";
}

struct cells {
    char time[RECORD_TIME], caller[LIMIT_NUMBER + 2], called[LIMIT_NUMBER + 2], attest[2], id[RECORD_ID + 1];
    char says[LIMIT_DISPLAY_NAME + 1], why[1100];
    const char *all[ARRAY_SIZE(titles)];
};

static const char *text_of(struct span text, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)text.n, text.n ? text.p : "");
    return out;
}

static void cells_of(const struct record *r, struct cells *c)
{
    record_time(r, c->time);
    c->time[10] = ' ';
    c->time[19] = '\0'; /* seconds are enough for a list */
    c->attest[0] = r->attest;
    c->attest[1] = '\0';
    text_of(span_make(r->id, RECORD_ID), c->id, sizeof c->id);
    const char *const all[] = { c->time,
                                record_verdict_text(r),
                                caller_text(r, c->caller),
                                r->called.n ? number_text(r->called, c->called) : "no number",
                                c->attest,
                                text_of(r->claimed_name, c->says, sizeof c->says),
                                c->id,
                                text_of(r->why, c->why, sizeof c->why) };
    memcpy(c->all, all, sizeof all);
}

static void put_row(struct calls_printer *p, const struct record *r)
{
    const char *narrow[ARRAY_SIZE(narrow_columns)];
    struct cells c;
    cells_of(r, &c);
    if (!p->narrow) {
        table_row(p->table, c.all, color_of(r));
        return;
    }
    memmove(c.time, c.time + 5, 11); /* month and day, hour and minute */
    c.time[11] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(narrow_columns); i++)
        narrow[i] = c.all[narrow_columns[i]];
    table_row(p->table, narrow, color_of(r));
}

/* A line in time: columns as wide as they usually are. */
static void put_line(struct calls_printer *p, const struct record *r)
{
    static const int widths[] = { 19, 8, 13, 13, 1, 0, 26, 0 };
    struct buf b = buf_on(p->memory, RECORD_SHOWN);
    const char *color = p->colors ? color_of(r) : NULL;
    struct cells c;
    cells_of(r, &c);
    if (color)
        buf_printf(&b, "\033[%sm", color);
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        const bool is_name = i == 5;
        if (is_name && !c.says[0])
            continue;
        buf_text(&b, is_name ? "says: " : "");
        buf_printable(&b, span_of(c.all[i]));
        buf_printf(&b, "%*s", widths[i] > (int)strlen(c.all[i]) ? widths[i] - (int)strlen(c.all[i]) + 2 : 2,
                   "");
    }
    while (b.n && b.p[b.n - 1] == ' ')
        b.n--;
    buf_text(&b, color ? "\033[0m\n" : "\n");
    p->failed |= fwrite(b.p, 1, b.n, stdout) != b.n || fflush(stdout) != 0;
}

/* ---- everything, in words ---- */

static void put_text(struct buf *b, const char *name, struct span text)
{
    if (!text.n)
        return;
    buf_printf(b, "%-16s", name);
    buf_printable(b, text);
    buf_char(b, '\n');
}

static void put_words(struct buf *b, const char *name, const char *text)
{
    put_text(b, name, span_of(text));
}

/* Several lines stay several lines, set in under their name. */
static void put_block(struct buf *b, const char *name, struct span text)
{
    if (!text.n)
        return;
    buf_printf(b, "%s:\n", name);
    while (text.n) {
        const size_t n = span_find(text, '\n');
        struct span line = span_first(text, n);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_text(b, "    ");
        buf_printable(b, line);
        buf_char(b, '\n');
        text = span_from(text, n + 1);
    }
}

static struct span unless_masked(const struct record *r, struct span text)
{
    return r->masked && text.n ? SPAN("withheld (--unmask shows it)") : text;
}

static void put_verdict(struct buf *b, const struct record *r, bool colors)
{
    const char *color = colors ? color_of(r) : NULL;
    buf_printf(b, "%-16s%s%s%s%s%s\n", "verdict", color ? "\033[" : "", color ? color : "", color ? "m" : "",
               record_verdict_text(r), color ? "\033[0m" : "");
    put_text(b, "why", r->why);
    put_words(b, "verstat", record_verstat_text(r));
    put_text(b, "attestation", r->attest ? span_make(&r->attest, 1) : SPAN("none"));
    put_text(b, "proof", r->proof);
    put_text(b, "trust domain", r->trust_domain);
    put_text(b, "failed by", r->failure);
    if (r->lab)
        put_words(b, "lab", "yes: made under rules that are for trying things out");
}

static void put_call(struct buf *b, const struct record *r)
{
    char caller[LIMIT_NUMBER + 2], called[LIMIT_NUMBER + 2];
    put_text(b, "caller",
             unless_masked(r, span_of(r->caller.n ? number_text(r->caller, caller) : "no number")));
    put_words(b, "called", r->called.n ? number_text(r->called, called) : "no number");
    put_text(b, "says", r->claimed_name);
    put_text(b, "From", unless_masked(r, r->from));
    put_text(b, "PAI", unless_masked(r, r->pai));
    put_text(b, "To", r->to);
    put_text(b, "Request-URI", r->request_uri);
    put_text(b, "Call-ID", r->call_id);
    put_text(b, "received from", r->source_peer);
    put_text(b, "over", r->transport);
    put_text(b, "by node", r->node);
}

static void put_signer(struct buf *b, const struct record *r)
{
    char iat[21];
    put_text(b, "origid", r->origid);
    if (r->iat)
        put_words(b, "signed at", utc_text(r->iat, iat));
    put_text(b, "signer SPC", r->spc);
    put_text(b, "certificate", r->subject);
    put_text(b, "serial", r->serial);
    put_text(b, "x5u", r->x5u);
}

static void put_ballots(struct buf *b, const struct record *r)
{
    if (r->n_ballots)
        buf_text(b, "checks:\n");
    for (size_t i = 0; i < r->n_ballots; i++) {
        const struct record_ballot *x = &r->ballots[i];
        buf_printf(b, "    %-8s", record_vote_text(x));
        buf_printable(b, x->check);
        if (x->identity >= 0)
            buf_printf(b, " (Identity %d)", x->identity + 1);
        buf_text(b, x->why.n ? ": " : "");
        buf_printable(b, x->why);
        buf_char(b, '\n');
    }
}

static void put_record(const struct calls_printer *p, struct buf *b, const struct record *r)
{
    char at[RECORD_TIME];
    record_time(r, at);
    buf_text(b, p->n ? "\n" : "");
    put_text(b, "id", span_make(r->id, RECORD_ID));
    put_words(b, "time", at);
    put_verdict(b, r, p->colors);
    put_call(b, r);
    put_signer(b, r);
    if (r->status)
        buf_printf(b, "%-16s%d after %.3f ms\n", "answered", (int)r->status, (double)r->latency_us / 1000);
    put_ballots(b, r);
    put_block(b, "answer", r->masked ? SPAN_NONE : r->answer);
    put_block(b, "message", r->masked ? SPAN_NONE : r->message);
}

/* ---- traceback ---- */

struct trace_row {
    const char *name, *member;
    struct span value;
};

#define TRACE_ROWS 11u

/* What a traceback asks for, in the order in which it asks. */
static void trace_rows(const struct record *r, const char *at, struct trace_row rows[static TRACE_ROWS])
{
    const struct trace_row all[TRACE_ROWS] = {
        { "time (UTC)", "at", span_of(at) },
        { "calling number", "calling", r->masked ? SPAN("withheld (--unmask shows it)") : r->caller },
        { "called number", "called", r->called },
        { "received from", "source_peer", r->source_peer },
        { "Call-ID", "call_id", r->call_id },
        { "origid", "origid", r->origid },
        { "attestation", "attest", r->attest ? span_make(&r->attest, 1) : SPAN("none") },
        { "signer SPC", "spc", r->spc },
        { "certificate", "serial", r->serial },
        { "x5u", "x5u", r->x5u },
        { "record", "id", span_make(r->id, RECORD_ID) },
    };
    memcpy(rows, all, sizeof all);
}

static void put_trace(const struct calls_printer *p, struct buf *b, const struct record *r)
{
    struct trace_row rows[TRACE_ROWS];
    char at[RECORD_TIME];
    record_time(r, at);
    trace_rows(r, at, rows);
    buf_text(b, p->n ? "\n" : "");
    for (size_t i = 0; i < TRACE_ROWS; i++)
        put_text(b, rows[i].name, rows[i].value.n ? rows[i].value : SPAN("not known"));
}

static void put_trace_json(struct buf *b, const struct record *r)
{
    struct trace_row rows[TRACE_ROWS];
    char at[RECORD_TIME];
    record_time(r, at);
    trace_rows(r, at, rows);
    for (size_t i = 0; i < TRACE_ROWS; i++) {
        const bool is_told = rows[i].value.n && !(i == 1 && r->masked) && !(i == 6 && !r->attest);
        buf_printf(b, "%c\"%s\":", i ? ',' : '{', rows[i].member);
        if (is_told)
            buf_json_string(b, rows[i].value);
        else
            buf_text(b, "null");
    }
    buf_text(b, "}\n");
}

/* ---- one record, in whatever form ---- */

void calls_print(struct calls_printer *p, const struct record *record)
{
    struct record r = *record;
    struct buf b = buf_on(p->memory, RECORD_SHOWN);
    r.masked = r.masked && !p->unmask;
    switch (p->form) {
    case CALLS_TABLE: put_row(p, &r); break;
    case CALLS_LINES: put_line(p, &r); break;
    case CALLS_WORDS: put_record(p, &b, &r); break;
    case CALLS_TRACE: put_trace(p, &b, &r); break;
    case CALLS_TRACE_JSON: put_trace_json(&b, &r); break;
    case CALLS_JSON:
        p->failed |= record_json(&r, &b) != BF_OK;
        buf_char(&b, '\n');
        break;
    case CALLS_CSV:
        if (p->n == 0)
            record_csv_header(&b);
        record_csv(&r, &b);
        break;
    }
    p->n++;
    p->failed |= !buf_ok(&b) || fwrite(b.p, 1, b.n, stdout) != b.n;
}

bool calls_printer_end(struct calls_printer *p)
{
    if (p->form == CALLS_CSV && p->n == 0) {
        struct buf b = buf_on(p->memory, RECORD_SHOWN);
        record_csv_header(&b);
        p->failed |= fwrite(b.p, 1, b.n, stdout) != b.n;
    }
    if (p->table && p->n)
        table_print(p->table, p->colors);
    if (p->table)
        table_destroy(p->table);
    free(p->memory);
    return fflush(stdout) == 0 && !p->failed;
}
