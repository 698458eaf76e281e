/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a call: its record, and the one line of the log that tells its verdict. */
#include "serve/worker.h"

#include "record/judged.h"
#include "serve/ruling.h"

static const char *const transports[] = { [DOOR_UDP] = "udp", [DOOR_TCP] = "tcp", [DOOR_HTTP] = "http" };

/*
 * Digest of what makes it this call: top Via, Call-ID, From tag, CSeq, and the message itself, for other bytes under the
 * same branch are another call. A call without signalling (JSON) is only itself.
 */
static void set_key(struct worker *w, const struct lane *lane, struct record *ret)
{
    uint8_t sum[SHA256_BYTES];
    if (!lane->json) {
        const struct span via = message_header(&lane->message, SIP_H_VIA);
        struct {
            uint64_t via, call_id, tag, cseq;
        } lengths = { via.n, lane->call.call_id.n, lane->call.from_tag.n, lane->call.cseq };
        const struct span parts[] = { span_make(&lengths, sizeof lengths), via, lane->call.call_id,
                                      lane->call.from_tag, lane->message.bytes };
        if (sha256_many(desk_sha256(w->desk), parts, ARRAY_SIZE(parts), sum) == BF_OK) {
            memcpy(ret->key, sum, sizeof ret->key);
            return;
        }
    }
    memcpy(ret->key, lane->id.bytes, sizeof ret->key);
}

/* "signed by acme": whose call it was, or which row of `sign` said so. */
static struct span signed_by(struct worker *w, const struct lane *lane)
{
    const struct signing *s = w->snapshot->signing;
    const char *name = s ? signing_name(s, lane->decision.sign.what.row) : NULL;
    const char *why = name && lane->arena ? arena_printf(lane->arena, "signed by %s", name) : NULL;
    return span_of(why ? why : "signed");
}

static void set_other(struct worker *w, const struct lane *lane, struct record *ret)
{
    const struct decision *d = &lane->decision;
    ret->outcome = UNPROVEN;
    ret->verstat = VERSTAT_NONE;
    switch (lane->kind) {
    case KIND_SIGNED:
        ret->kind = RECORD_SIGNED;
        ret->attest = d->sign.what.attest;
        ret->iat = d->sign.what.iat;
        ret->why = signed_by(w, lane);
        break;
    case KIND_UNSIGNED:
        ret->kind = RECORD_SIGNED;
        ret->why = span_of(sign_refusal_text(d->sign.refusal));
        break;
    case KIND_SHED:
        ret->kind = RECORD_SHED;
        ret->failure = span_of(stir_case_row(CASE_SHED)->name);
        ret->why = SPAN("passed unjudged, for want of time");
        break;
    default:
        ret->kind = RECORD_CANCELLED;
        ret->why = SPAN("cancelled before there was a verdict");
        break;
    }
}

void keeping_record(struct worker *w, struct lane *lane, struct record *ret, char peer[static 64])
{
    const struct config *c = w->snapshot->config;
    *ret = (struct record){ .at = lane->arrival, .node = span_of(c->node) };
    answer_id_text(&lane->id, ret->id);
    set_key(w, lane, ret);
    ret->source_peer = span_of(addr_text(origin_addr(&lane->origin), peer));
    ret->transport = lane->origin.secure ? SPAN("tls") : span_of(transports[lane->origin.door]);
    record_of_call(&lane->call, lane->json ? NULL : &lane->message, ret);
    if (lane->kind <= KIND_IMPOSTOR) {
        record_of_verdict(&lane->hearing.verdict, &lane->call, lane->arena, ret);
        ruling_record(lane, ret);
    } else
        set_other(w, lane, ret);
    ret->status = lane->status;
    const mono_t latency = (w->judged - lane->arrival.mono) / 1000;
    ret->latency_us = latency < 0 ? 0 : latency > INT32_MAX ? INT32_MAX : (int32_t)latency;
    if (c->store.keep_messages) {
        ret->message = lane->bytes;
        ret->answer = lane->origin.door == DOOR_HTTP ? SPAN_NONE : buf_span(&lane->out);
    }
}

/* ---- one line a verdict ---- */

struct line_word {
    const char *name;
    struct span value;
};

static size_t words_of(const struct lane *lane, const struct record *r, struct line_word words[static 16])
{
    const bool judged = r->kind == RECORD_VERIFIED;
    size_t n = 0;
    words[n++] = (struct line_word){ "verdict", span_of(count_kind_text(lane->kind)) };
    words[n++] = (struct line_word){ "caller", r->masked ? SPAN("withheld") : r->caller };
    words[n++] = (struct line_word){ "called", r->called };
    words[n++] = (struct line_word){ "verstat", judged ? span_of(verstat_text(r->verstat)) : SPAN_NONE };
    words[n++] = (struct line_word){ "attest", span_make(&r->attest, r->attest ? 1 : 0) };
    words[n++] = (struct line_word){ "case", r->failure };
    words[n++] = (struct line_word){ "spc", r->spc };
    words[n++] = (struct line_word){ "peer", r->source_peer };
    words[n++] = (struct line_word){ "transport", r->transport };
    words[n++] = (struct line_word){ "id", span_make(r->id, sizeof r->id) };
    words[n++] = (struct line_word){ "call_id", r->call_id };
    words[n++] = (struct line_word){ "person", r->person };
    words[n++] = (struct line_word){ "claims", r->claimed_person };
    words[n++] = (struct line_word){ "rule", r->rule };
    words[n++] = (struct line_word){ r->rule_observed ? "would" : "action", r->rule_action };
    words[n++] = (struct line_word){ "why", r->why };
    return n;
}

/* `2015-09-25T19:12:25.007Z`; the seconds are written once for all calls of them. */
static void put_time(struct worker *w, const struct instant *at)
{
    struct buf *b = &w->lines;
    if (w->second != at->utc || !w->second_text[0]) {
        utc_text(at->utc, w->second_text);
        w->second = at->utc;
    }
    buf_span_put(b, span_first(span_of(w->second_text), sizeof "2015-09-25T19:12:25" - 1));
    buf_char(b, '.');
    for (int32_t digit = 100; digit; digit /= 10)
        buf_char(b, (char)('0' + at->ms / digit % 10));
    buf_char(b, 'Z');
}

static void put_json(struct worker *w, const struct record *r, const struct line_word *words, size_t n)
{
    struct buf *b = &w->lines;
    buf_text(b, "{\"at\":\"");
    put_time(w, &r->at);
    buf_char(b, '"');
    for (size_t i = 0; i < n; i++)
        if (words[i].value.n) {
            buf_text(b, ",\"");
            buf_text(b, words[i].name);
            buf_text(b, "\":");
            buf_json_string(b, words[i].value);
        }
    buf_text(b, ",\"status\":");
    buf_decimal(b, r->status);
    buf_text(b, ",\"latency_us\":");
    buf_decimal(b, r->latency_us);
    buf_char(b, '}');
}

static bool needs_quotes(struct span v)
{
    unsigned found = 0;
    for (size_t i = 0; i < v.n; i++)
        found |= (v.p[i] == ' ') | (v.p[i] == '"') | (v.p[i] == '=');
    return found;
}

/* A value that others wrote must not look like a word of ours: blanks and quotes end up inside quotes. */
static void put_plain(struct worker *w, const struct record *r, const struct line_word *words, size_t n)
{
    struct buf *b = &w->lines;
    put_time(w, &r->at);
    buf_text(b, " call:");
    for (size_t i = 0; i < n; i++) {
        const struct span v = words[i].value;
        if (v.n == 0)
            continue;
        buf_char(b, ' ');
        buf_text(b, words[i].name);
        buf_char(b, '=');
        if (needs_quotes(v))
            buf_json_string(b, v);
        else
            buf_printable(b, v);
    }
    buf_text(b, " status=");
    buf_decimal(b, r->status);
    buf_text(b, " latency_us=");
    buf_decimal(b, r->latency_us);
}

void keeping_line(struct worker *w, const struct lane *lane, const struct record *record)
{
    struct line_word words[16];
    if (!w->log || !w->snapshot->config->log.verdicts)
        return;
    const size_t n = words_of(lane, record, words), before = w->lines.n;
    if (before)
        buf_char(&w->lines, '\n');
    if (log_is_json(w->log))
        put_json(w, record, words, n);
    else
        put_plain(w, record, words, n);
    if (!buf_ok(&w->lines) && before) { /* no room: what there is goes out, and this one is written again */
        log_line(w->log, w->lines.p, before);
        w->lines.n = 0;
        w->lines.full = false;
        keeping_line(w, lane, record);
    } else if (!buf_ok(&w->lines)) { /* longer than a line can be */
        w->lines.n = 0;
        w->lines.full = false;
    }
}
