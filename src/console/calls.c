/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: rows of a list, one with everything, downloads, and whether the verdict was right. */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "verdict/verdict.h"

#define ROWS_MOST 1000u
#define FILE_MOST 100000u
#define LOOK_MOST 50000u /* calls that a list looks at: who wants more goes on where it stopped */

json_t *text_of(struct span s)
{
    json_t *value = s.n ? json_stringn(s.p, s.n) : NULL;
    return value ? value : json_null();
}

static json_t *someone(int64_t id, struct span name)
{
    return id ? json_pack("{s:I,s:o}", "id", (json_int_t)id, "name", text_of(name)) : json_null();
}

json_t *row_of(const struct record *r)
{
    char at[RECORD_TIME];
    const struct span hidden = SPAN("withheld");
    record_time(r, at);
    json_t *row = json_pack("{s:s%,s:s,s:s,s:s,s:o,s:o,s:o}", "id", r->id, (size_t)RECORD_ID, "at", at,
                            "verdict", record_verdict_text(r), "verstat", record_verstat_text(r), "attest",
                            text_of(span_make(&r->attest, r->attest ? 1 : 0)), "caller",
                            text_of(r->masked ? hidden : r->caller), "called", text_of(r->called));
    const struct {
        const char *name;
        json_t *value;
    } rest[] = {
        { "claimed_name", text_of(r->masked ? SPAN_NONE : r->claimed_name) },
        { "person", someone(r->person_id, r->person) },
        { "claimed_person", someone(r->claimed_person_id, r->claimed_person) },
        { "why", text_of(r->why) },
        { "trust_domain", text_of(r->trust_domain) },
        { "spc", text_of(r->spc) },
        { "subject", text_of(r->subject) },
        { "rule", text_of(r->rule) },
        { "rule_action", text_of(r->rule_action) },
        { "latency_us", json_integer(r->latency_us) },
        { "lab", json_boolean(r->lab) },
        { "feedback", json_null() },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
        json_object_set_new(row, rest[i].name, rest[i].value);
    return row;
}

/* ---- masks ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Of seven digits or more in a row the last two stay. */
static json_t *masked_text(const char *text)
{
    char *out = strdup(text);
    for (size_t i = 0; out && out[i];) {
        size_t n = 0;
        while (is_digit(out[i + n]))
            n++;
        for (size_t k = 0; n >= 7 && k + 2 < n; k++)
            out[i + k] = '*';
        i += n ? n : 1;
    }
    json_t *value = json_string(out ? out : "");
    free(out);
    return value;
}

static bool is_name_of_things(const char *name)
{
    static const char *const names[] = { "id", "at", "serial", "origid", "not_before", "not_after", "etag" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void mask_member(json_t *object, const char *name, json_t *member)
{
    if (!json_is_string(member))
        mask(member);
    else if (!is_name_of_things(name))
        json_object_set_new(object, name, masked_text(json_string_value(member)));
}

static void mask_item(json_t *array, size_t i, json_t *item)
{
    if (json_is_string(item))
        json_array_set_new(array, i, masked_text(json_string_value(item)));
    else
        mask(item);
}

void mask(json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    void *next;
    json_object_foreach_safe(value, next, name, member) mask_member(value, name, member);
    json_array_foreach(value, i, member) mask_item(value, i, member);
}

/* ---- which calls ---- */

struct wish {
    struct record_filter filter;
    const char *verdict, *text, *before;
    int64_t person;
    bool begun; /* behind `before` */
    size_t limit, n, looked;
    bool more, masked;
    char last[RECORD_ID + 1]; /* that was looked at */
    json_t *list;
    FILE *out; /* a download */
    bool csv;
    char *memory;
};

static bool holds(const struct record *r, const char *text)
{
    const struct span places[] = { r->caller,
                                   r->called,
                                   r->claimed_name,
                                   r->person,
                                   r->claimed_person,
                                   r->why,
                                   r->trust_domain,
                                   r->spc,
                                   r->subject,
                                   r->call_id,
                                   r->rule,
                                   r->failure,
                                   span_make(r->id, RECORD_ID) };
    const size_t n = strlen(text);
    for (size_t i = r->masked ? 1 : 0; i < ARRAY_SIZE(places); i++)
        for (size_t at = 0; at + n <= places[i].n; at++)
            if (bytes_equal_nocase(places[i].p + at, text, n))
                return true;
    return false;
}

static bool fits(struct wish *w, const struct record *r)
{
    if (w->before && !w->begun) {
        w->begun = memcmp(w->before, r->id, RECORD_ID) == 0;
        return false;
    }
    return (!w->verdict || strcmp(w->verdict, record_verdict_text(r)) == 0) &&
           (!w->person || r->person_id == w->person || r->claimed_person_id == w->person) &&
           (!w->text || holds(r, w->text));
}

static bool keep_row(void *arg, const struct record *r)
{
    struct wish *w = arg;
    w->more = w->n == w->limit || w->looked == LOOK_MOST;
    if (w->more)
        return false;
    if (!w->before || w->begun) {
        w->looked++;
        memcpy(w->last, r->id, RECORD_ID);
    }
    if (!fits(w, r))
        return true;
    w->n++;
    json_array_append_new(w->list, row_of(r));
    return true;
}

static void write_record(struct wish *w, const struct record *r)
{
    struct buf b = buf_on(w->memory, RECORD_SHOWN);
    if (w->csv) {
        record_csv(r, &b);
        fwrite(b.p, 1, b.n, w->out);
    } else if (record_json(r, &b) == BF_OK) {
        json_t *value = json_loadb(b.p, b.n, 0, NULL);
        if (w->masked)
            mask(value);
        json_dumpf(value, w->out, JSON_COMPACT);
        json_decref(value);
        fputc('\n', w->out);
    }
}

static bool keep_line(void *arg, const struct record *r)
{
    struct wish *w = arg;
    if (!fits(w, r))
        return true;
    write_record(w, r);
    return ++w->n < w->limit;
}

/* The time an id begins with, in seconds; 0: it is none. */
static utc_t id_time(const char *id)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    int64_t ms = 0;
    for (size_t i = 0; i < 10 && strlen(id) == RECORD_ID; i++) {
        const char *digit = strchr(digits, id[i]);
        if (!digit || !id[i])
            return 0;
        ms = ms << 5 | (digit - digits);
    }
    return ms / 1000;
}

static struct wish wish_of(struct ask *a, size_t most)
{
    uint64_t limit = 100, person = 0;
    struct wish w = { .filter = { .outcome = -1, .limit = SIZE_MAX },
                      .verdict = ask_query(a, "verdict"),
                      .text = ask_query(a, "q"),
                      .before = ask_query(a, "before"),
                      .masked = ask_masked(a) };
    span_decimal(span_of(ask_query(a, "limit")), most, &limit);
    span_decimal(span_of(ask_query(a, "person")), INT64_MAX, &person);
    w.person = (int64_t)person;
    w.limit = (size_t)limit;
    w.filter.since = ask_time(a, "since");
    w.filter.until = ask_time(a, "until");
    if (w.before && strlen(w.before) != RECORD_ID)
        w.before = NULL;
    const utc_t near = w.before ? id_time(w.before) + 3 : 0;
    if (near && (!w.filter.until || near < w.filter.until))
        w.filter.until = near;
    return w;
}

utc_t ask_time(struct ask *a, const char *name)
{
    const char *text = ask_query(a, name);
    struct tm tm = { 0 };
    return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
}

void add_feedback(struct ask *a, json_t *list)
{
    auto_(db_finalize) struct db_query *q = NULL;
    json_t *row;
    size_t i;
    if (!ask_db(a) ||
        db_prepare(ask_db(a), "SELECT right, note FROM desk_feedback WHERE call = ?1", &q) != BF_OK)
        return;
    json_array_foreach(list, i, row)
    {
        db_bind_text(q, 1, span_of(json_text(row, "id")));
        if (db_step(q) == BF_OK)
            json_object_set_new(row, "feedback",
                                json_pack("{s:b,s:s%}", "right", (int)db_int(q, 0), "note", db_text(q, 1).p,
                                          db_text(q, 1).n));
        db_reset(q);
    }
}

enum MHD_Result calls_get(struct ask *a)
{
    struct wish w = wish_of(a, ROWS_MOST);
    char *message = NULL;
    w.list = json_array();
    const enum bf_err err = record_query(a->console->url, &w.filter, keep_row, &w, &message);
    free(message);
    if (err && err != BF_ENOENT)
        return json_decref(w.list), refuse(a, 500, "the record cannot be read");
    add_feedback(a, w.list);
    if (w.masked)
        mask(w.list);
    return say_json(a, 200,
                    json_pack("{s:o,s:b,s:s?}", "calls", w.list, "more", (int)w.more, "before",
                              w.more && w.last[0] ? w.last : NULL));
}

static enum MHD_Result download(struct ask *a, bool csv)
{
    struct wish w = wish_of(a, FILE_MOST);
    char *text = NULL, *message = NULL;
    size_t n = 0;
    if (csv && w.masked)
        return refuse(a, 403, "numbers are masked for this user: take the list as JSON");
    w.csv = csv;
    if (!ask_query(a, "limit"))
        w.limit = FILE_MOST;
    w.memory = malloc(RECORD_SHOWN);
    w.out = open_memstream(&text, &n);
    if (!w.memory || !w.out)
        return free(w.memory), MHD_NO;
    struct buf head = buf_on(w.memory, RECORD_SHOWN);
    if (csv) {
        record_csv_header(&head);
        fwrite(head.p, 1, head.n, w.out);
    }
    const enum bf_err err = record_query(a->console->url, &w.filter, keep_line, &w, &message);
    fclose(w.out);
    const enum MHD_Result result =
        err && err != BF_ENOENT
            ? refuse(a, 500, "the record cannot be read")
            : say(a, 200, csv ? "text/csv; charset=utf-8" : "application/x-ndjson", span_make(text, n),
                  "Content-Disposition",
                  csv ? "attachment; filename=\"calls.csv\"" : "attachment; filename=\"calls.jsonl\"");
    free(text);
    free(message);
    free(w.memory);
    return result;
}

enum MHD_Result calls_csv(struct ask *a)
{
    return download(a, true);
}

enum MHD_Result calls_jsonl(struct ask *a)
{
    return download(a, false);
}

/* ---- was it right? ---- */

enum MHD_Result feedback_post(struct ask *a)
{
    auto_(db_finalize) struct db_query *q = NULL;
    json_t *asked = ask_json(a);
    const json_t *right = json_object_get(asked, "right");
    if (!json_is_boolean(right) || strlen(a->id) != RECORD_ID || strlen(json_text(asked, "note")) > 2000)
        return json_decref(asked),
               refuse(a, 400, "say whether it was right: true or false, and a note of 2,000 bytes at most");
    enum bf_err err =
        ask_db(a)
            ? db_prepare(ask_db(a),
                         "INSERT INTO desk_feedback (call, right, note, user, at) VALUES (?1, ?2, ?3, ?4, ?5)"
                         " ON CONFLICT (call) DO UPDATE SET right = ?2, note = ?3, user = ?4, at = ?5",
                         &q)
            : BF_EIO;
    if (!err) {
        db_bind_text(q, 1, span_of(a->id));
        db_bind_int(q, 2, json_is_true(right));
        db_bind_text(q, 3, span_of(json_text(asked, "note")));
        db_bind_text(q, 4, span_of(a->user));
        db_bind_int(q, 5, clock_now(&clock_system).utc);
        err = db_step(q) == BF_ENOENT ? BF_OK : BF_EIO;
    }
    if (!err) {
        audit(a, "feedback", a->id, json_is_true(right) ? "right" : "wrong");
        follower_tell(a->console->follower, "feedback",
                      json_pack("{s:s,s:b}", "id", a->id, "right", (int)json_is_true(right)));
    }
    json_decref(asked);
    return err ? refuse(a, 500, "the store cannot be written") : say_done(a);
}
