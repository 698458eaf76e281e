/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record for programs: an object of JSON, a line of CSV. A number that was withheld is left out of both,
 * and so is what repeats it; whoever may see it clears `masked` in a copy first.
 *
 * Numbers stand as digits without their plus sign, as everywhere in the record: a spreadsheet would take `+1…` for a
 * formula, and an apostrophe in front of every number would be in the way of everybody else.
 */
#include "record/member.h"
#include "verdict/verdict.h"

static const char *const outcomes[] = {
    [GENUINE] = "genuine", [UNPROVEN] = "unproven", [BROKEN] = "broken", [IMPOSTOR] = "impostor"
};
static const char *const verstats[] = {
    [VERSTAT_NONE] = "No-TN-Validation",
    [VERSTAT_PASSED] = "TN-Validation-Passed",
    [VERSTAT_FAILED] = "TN-Validation-Failed",
};
static const char *const votes[] = { [PASS] = "pass", [ABSTAIN] = "abstain", [VETO] = "veto" };
static const char *const kinds[] = { [RECORD_VERIFIED] = "verified",
                                     [RECORD_SIGNED] = "signed",
                                     [RECORD_SHED] = "shed",
                                     [RECORD_CANCELLED] = "cancelled" };

#define NAME(names, i) ((i) < ARRAY_SIZE(names) ? (names)[i] : "?")

const char *record_kind_text(const struct record *r)
{
    return NAME(kinds, (unsigned)r->kind);
}

/* Only a verified call has a verdict. */
const char *record_verdict_text(const struct record *r)
{
    return r->kind == RECORD_VERIFIED ? NAME(outcomes, r->outcome) : record_kind_text(r);
}

const char *record_verstat_text(const struct record *r)
{
    return NAME(verstats, r->verstat);
}

const char *record_vote_text(const struct record_ballot *b)
{
    return NAME(votes, b->vote);
}

void record_time(const struct record *r, char out[static RECORD_TIME])
{
    char seconds[21];
    struct buf b = buf_on(out, RECORD_TIME);
    utc_text(r->at.utc, seconds);
    buf_printf(&b, "%.*s.%03dZ", (int)(strlen(seconds) - 1), seconds,
               r->at.ms < 0 || r->at.ms > 999 ? 0 : (int)r->at.ms);
}

/* The caller's number, and whatever repeats it. */
static bool is_withheld(const struct record *r, const struct member *m)
{
    static const size_t telling[] = { offsetof(struct record, caller), offsetof(struct record, from),
                                      offsetof(struct record, pai), offsetof(struct record, message),
                                      offsetof(struct record, answer) };
    for (size_t i = 0; r->masked && i < ARRAY_SIZE(telling); i++)
        if (m->offset == telling[i])
            return true;
    return false;
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "\"%s\":\"%s\",", name, text);
}

static void put_json(struct buf *out, const struct record *r, const struct member *m)
{
    buf_printf(out, "\"%s\":", m->name);
    const struct span bytes = member_is_number(m) ? SPAN_NONE : member_bytes(m, r);
    if (m->kind == MEMBER_BOOL)
        buf_text(out, member_number(m, r) ? "true" : "false");
    else if (m->kind == MEMBER_CHAR && member_number(m, r))
        buf_printf(out, "\"%c\"", (char)member_number(m, r));
    else if (m->kind == MEMBER_FIXED_BYTES) {
        buf_char(out, '"');
        buf_hex(out, (const uint8_t *)bytes.p, bytes.n);
        buf_char(out, '"');
    } else if (member_is_number(m) && m->kind != MEMBER_CHAR)
        buf_decimal(out, member_number(m, r));
    else if (!bytes.p || is_withheld(r, m))
        buf_text(out, "null");
    else
        buf_json_string(out, bytes);
    buf_char(out, ',');
}

static void json_ballots(struct buf *out, const struct record *r)
{
    buf_text(out, "\"ballots\":[");
    for (size_t i = 0; i < r->n_ballots; i++) {
        const struct record_ballot *b = &r->ballots[i];
        buf_text(out, i ? ",{\"check\":" : "{\"check\":");
        buf_json_string(out, b->check);
        buf_printf(out, ",\"identity\":%d,\"vote\":\"%s\",\"why\":", b->identity, record_vote_text(b));
        if (b->why.n)
            buf_json_string(out, b->why);
        else
            buf_text(out, "null");
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* What is said in words instead of by a number. */
static bool has_words(const struct member *m)
{
    return m->kind == MEMBER_ENUM || m->kind == MEMBER_U8 || m->offset == offsetof(struct record, at.utc) ||
           m->offset == offsetof(struct record, at.ms);
}

enum bf_err record_json(const struct record *r, struct buf *out)
{
    char at[RECORD_TIME];
    record_time(r, at);
    buf_char(out, '{');
    json_text(out, "at", at);
    json_text(out, "kind", record_kind_text(r));
    if (r->kind == RECORD_VERIFIED)
        json_text(out, "verdict", record_verdict_text(r));
    else
        buf_text(out, "\"verdict\":null,");
    json_text(out, "verstat", record_verstat_text(r));
    for (size_t i = 0; i < n_record_members; i++)
        if (!has_words(&record_members[i]))
            put_json(out, r, &record_members[i]);
    json_ballots(out, r);
    buf_char(out, '}');
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}

/* ---- CSV ---- */

static const char *const csv_members[] = { "id",          "caller",         "called",      "claimed_name",
                                           "attest",      "trust_domain",   "why",         "failure",
                                           "source_peer", "call_id",        "from_header", "pai",
                                           "to_header",   "request_uri",    "origid",      "spc",
                                           "serial",      "subject",        "x5u",         "iat",
                                           "status",      "latency_us",     "node",        "lab",
                                           "person",      "claimed_person", "rule",        "rule_action" };

static const struct member *member_named(const char *name)
{
    for (size_t i = 0; i < n_record_members; i++)
        if (strcmp(record_members[i].name, name) == 0)
            return &record_members[i];
    return NULL;
}

/*
 * A spreadsheet takes a cell for a formula by its first character, and some cut blanks off first. Quotes hide nothing from
 * it, so such a cell gets an apostrophe, which every spreadsheet shows as text.
 */
static bool is_formula(struct span cell)
{
    while (cell.n && (cell.p[0] == ' ' || cell.p[0] == '\n'))
        cell = span_from(cell, 1);
    return cell.n && memchr("=+-@\t\r", cell.p[0], 6);
}

static void csv_cell(struct buf *out, struct span cell)
{
    buf_char(out, '"');
    if (is_formula(cell))
        buf_char(out, '\'');
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == '"')
            buf_char(out, '"');
        buf_char(out, cell.p[i] ? cell.p[i] : '?');
    }
    buf_char(out, '"');
}

static void put_csv(struct buf *out, const struct record *r, const struct member *m)
{
    char memory[32];
    struct buf b = BUF_ON(memory);
    if (is_withheld(r, m))
        csv_cell(out, m->kind == MEMBER_TEXT ? SPAN("withheld") : SPAN(""));
    else if (!member_is_number(m))
        csv_cell(out, member_bytes(m, r));
    else {
        if (m->kind != MEMBER_CHAR)
            buf_decimal(&b, member_number(m, r));
        else if (member_number(m, r))
            buf_char(&b, (char)member_number(m, r));
        csv_cell(out, buf_span(&b));
    }
}

void record_csv_header(struct buf *out)
{
    buf_text(out, "at,verdict,verstat");
    for (size_t i = 0; i < ARRAY_SIZE(csv_members); i++)
        buf_printf(out, ",%s", csv_members[i]);
    buf_text(out, "\r\n");
}

void record_csv(const struct record *r, struct buf *out)
{
    char at[RECORD_TIME];
    record_time(r, at);
    csv_cell(out, span_of(at));
    buf_char(out, ',');
    csv_cell(out, span_of(record_verdict_text(r)));
    buf_char(out, ',');
    csv_cell(out, span_of(record_verstat_text(r)));
    for (size_t i = 0; i < ARRAY_SIZE(csv_members); i++) {
        buf_char(out, ',');
        put_csv(out, r, member_named(csv_members[i]));
    }
    buf_text(out, "\r\n");
}
