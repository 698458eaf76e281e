/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be done with a message: a row a method.    RFC 3261 sections 8.2, 8.3, 9.2; SIP-030..041; design.md "In a dialog"
 * Nothing in here waits; a new INVITE becomes LANE_JUDGE or, on a signing listener, LANE_SIGN.
 */
#include "serve/proxy.h"

#define RETRY_AFTER SPAN("5") /* seconds: an overload or a restart is over by then */

static struct sip_source source_of(const struct lane *lane)
{
    return (struct sip_source){ .addr = origin_addr(&lane->origin),
                                .reliable = lane->origin.door == DOOR_TCP };
}

/* RFC 3261 section 18.2.2, but only to somebody who may talk to us: a Via is written by the sender (SEC-063). */
static void find_target(struct worker *w, struct lane *lane)
{
    struct origin *o = &lane->origin;
    const struct sip_source from = source_of(lane);
    if (o->door == DOOR_UDP && reply_target(&lane->message, &from, &o->to, &o->to_n) &&
        snapshot_admits(w->snapshot, (const struct sockaddr *)&o->to))
        return;
    o->to = o->peer;
    o->to_n = o->peer_n;
}

/* The tag of all answers to this request; it says which worker has the call. */
static void tag_of(struct worker *w, const struct lane *lane, char tag[static REPLY_TAG])
{
    reply_tag(w->server->tag_secret, &lane->message, tag);
    passing_mark(tag, lane->owner);
}

static void clear_out(struct lane *lane)
{
    const size_t most = lane->bytes.n + ANSWER_SURPLUS;
    lane->out = buf_on(lane->out_memory, most < LANE_OUT ? most : LANE_OUT);
}

static bool begin(struct worker *w, struct lane *lane, int status, const char *reason)
{
    const struct sip_source from = source_of(lane);
    char tag[REPLY_TAG];
    tag_of(w, lane, tag);
    clear_out(lane);
    lane->leaves = false;
    lane->status = status;
    return reply_begin(&lane->out, &lane->message, &from, status, reason ? reason : sip_reason(status),
                       status == 100 ? SPAN_NONE : span_make(tag, sizeof tag)) == BF_OK;
}

static void finish(struct worker *w, struct lane *lane, bool begun)
{
    if (w->snapshot->config->sip.server_header)
        reply_header(&lane->out, "Server", SPAN("bonafide/" BF_VERSION));
    reply_end(&lane->out, SPAN_NONE);
    if (begun && buf_ok(&lane->out)) {
        lane->state = LANE_ANSWER;
    } else {
        lane->state = LANE_DROP;
        count_add(&w->counts, COUNT_DROPPED_UNANSWERABLE, 1);
    }
}

void request_status(struct worker *w, struct lane *lane, int status, const char *reason)
{
    const bool begun = begin(w, lane, status, reason);
    if (status == 503)
        reply_header(&lane->out, "Retry-After", RETRY_AFTER);
    const struct sip_header *h;
    for (size_t at = 0; status == 420 && (h = message_next(&lane->message, SIP_H_PROXY_REQUIRE, &at));)
        reply_header(&lane->out, "Unsupported", h->value);
    finish(w, lane, begun);
}

/* ---- where it goes on ---- */

/* `sip:192.0.2.9;transport=udp` and the user of the Request-URI -> `<sip:+1…@192.0.2.9;transport=udp>` */
static void put_contact(struct lane *lane, const char *next_hop)
{
    char memory[LIMIT_URI * 2 + 8];
    struct buf b = BUF_ON(memory);
    struct sip_uri uri, hop;
    struct fault fault;
    const struct span text = span_of(next_hop);
    const size_t scheme = span_find(text, ':');
    buf_char(&b, '<');
    buf_span_put(&b, span_first(text, scheme));
    buf_char(&b, ':');
    if (uri_read(text, &hop, &fault) == BF_OK && hop.user.n == 0 &&
        uri_read(lane->message.uri, &uri, &fault) == BF_OK && uri.user.n) {
        buf_span_put(&b, uri.user);
        buf_char(&b, '@');
    }
    buf_span_put(&b, span_from(text, scheme + 1));
    buf_char(&b, '>');
    if (buf_ok(&b))
        reply_header(&lane->out, "Contact", buf_span(&b));
    else
        lane->out.full = true;
}

static const char *hop_text(const struct snapshot *s, unsigned hop)
{
    const size_t n = s->config->sip.n_next_hop;
    return n ? s->config->sip.next_hop[hop < n ? hop : 0] : NULL;
}

/* 302 without a verdict: other methods (RFC 3261 section 8.3), and answers that would be too large. */
static void redirect(struct worker *w, struct lane *lane)
{
    const char *hop = hop_text(w->snapshot, hops_choose(w->server->hops));
    const bool begun = begin(w, lane, 302, NULL);
    if (hop)
        put_contact(lane, hop);
    finish(w, lane, begun);
}

void request_write(struct worker *w, struct lane *lane)
{
    const struct snapshot *s = w->snapshot;
    const struct sip_source from = source_of(lane);
    char tag[REPLY_TAG];
    if (lane->origin.door == DOOR_HTTP) {
        lane->status = lane->stir ? stir_status(lane) : 200;
        return;
    }
    if (w->proxy && proxy_write(w, lane))
        return;
    const size_t n = s->config->sip.n_next_hop;
    const struct config_hop *row =
        n ? &s->config->sip.hops[lane->decision.hop < n ? lane->decision.hop : 0] : NULL;
    const struct answer_hop hop = { row ? row->uri : NULL,
                                    row && row->format.written ? &row->format.how : NULL };
    tag_of(w, lane, tag);
    clear_out(lane);
    const enum bf_err err =
        answer_sip(&s->config->answer, s->signing, &lane->decision, &lane->message, &lane->call, &from,
                   span_make(tag, sizeof tag), &hop, &lane->out, &lane->status);
    if (err == BF_OK && buf_ok(&lane->out))
        return;
    const enum lane_state state = lane->state;
    redirect(w, lane);
    if (lane->state == LANE_ANSWER)
        lane->state = state;
}

/* ---- which call it is ---- */

bool request_transaction(struct worker *w, const struct lane *lane, uint64_t out[static 2])
{
    struct {
        uint8_t addr[16];
        uint32_t cseq;
        uint16_t port, door;
    } fixed;
    const struct sip_via *via = &lane->message.top_via;
    if (!lane->message.has_top_via)
        return false;
    memset(&fixed, 0, sizeof fixed);
    addr_bytes(origin_addr(&lane->origin), fixed.addr);
    fixed.cseq = lane->message.cseq;
    fixed.port = via->port;
    fixed.door = (uint16_t)lane->origin.door;
    const struct span parts[] = { span_make(&fixed, sizeof fixed), via->host, via->branch,
                                  message_header(&lane->message, SIP_H_CALL_ID) };
    hash_parts(&w->server->call_key, parts, ARRAY_SIZE(parts), out);
    return true;
}

static void message_of(struct worker *w, const struct lane *lane, uint64_t out[static 2])
{
    struct {
        uint8_t addr[16];
        uint16_t port, door;
    } fixed;
    memset(&fixed, 0, sizeof fixed);
    addr_bytes(origin_addr(&lane->origin), fixed.addr);
    fixed.port = addr_port(origin_addr(&lane->origin));
    fixed.door = (uint16_t)lane->origin.door;
    const struct span parts[] = { span_make(&fixed, sizeof fixed), lane->message.bytes };
    hash_parts(&w->server->call_key, parts, ARRAY_SIZE(parts), out);
}

static bool in_dialog(const struct sip_message *m)
{
    return m->to_readable && m->to_tagged;
}

/* ---- the methods ---- */

static void look_ack(struct worker *w, struct lane *lane)
{
    uint64_t transaction[2];
    count_add(&w->counts, COUNT_ACKS, 1);
    if (request_transaction(w, lane, transaction))
        passing_ack(w, passing_marked(lane->message.to_tag), transaction);
    lane->state = LANE_DROP;
}

/* What this worker, or all of them, know of the call that is to be cancelled. false: the others are asked now. */
static bool find_cancelled(struct worker *w, struct lane *lane)
{
    uint64_t transaction[2];
    struct lane_cancel *c = &lane->cancel;
    if (c->asked)
        return true;
    *c = (struct lane_cancel){ .answer = CANCEL_UNKNOWN, .worker = w->number };
    count_add(&w->counts, COUNT_CANCELS, 1);
    if (!request_transaction(w, lane, transaction))
        return true;
    c->answer = answers_cancel(w->answers, transaction, &c->parked);
    return c->answer != CANCEL_UNKNOWN || !passing_cancel(w, lane, transaction);
}

static void look_cancel(struct worker *w, struct lane *lane)
{
    if (!find_cancelled(w, lane)) {
        lane->state = LANE_DROP;
        return;
    }
    switch (lane->cancel.answer) {
    case CANCEL_UNKNOWN: request_status(w, lane, 481, NULL); return;
    case CANCEL_PARKED: worker_cancel(w->server->workers[lane->cancel.worker], lane->cancel.parked); break;
    case CANCEL_TOO_LATE: break;
    }
    lane->owner = lane->cancel.worker;
    request_status(w, lane, 200, NULL);
}

static void look_options(struct worker *w, struct lane *lane)
{
    count_add(&w->counts, COUNT_OPTIONS, 1);
    if (atomic_load(&w->server->draining)) {
        request_status(w, lane, 503, NULL);
        return;
    }
    const bool begun = begin(w, lane, 200, NULL);
    reply_header(&lane->out, "Allow", SPAN("INVITE, ACK, CANCEL, OPTIONS"));
    reply_header(&lane->out, "Accept", SPAN("application/sdp"));
    reply_header(&lane->out, "Supported", SPAN(""));
    finish(w, lane, begun);
}

/* ---- INVITE ---- */

enum bf_err request_same(struct worker *w, struct lane *lane, struct span what)
{
    const struct peer *peer = &lane->call.peer;
    const uint64_t lengths[] = { peer->api_key.n, peer->tls_name.n };
    uint8_t client[16] = { 0 };
    addr_bytes(origin_addr(&lane->origin), client);
    const struct span parts[] = { span_make(lengths, sizeof lengths), span_make(client, sizeof client),
                                  peer->api_key, peer->tls_name, what };
    return sha256_many(desk_sha256(w->desk), parts, ARRAY_SIZE(parts), lane->call.same);
}

void request_read_call(struct worker *w, struct lane *lane, enum bf_err *ret, struct fault *fault)
{
    struct peer peer;
    const struct snapshot *s = w->snapshot;
    snapshot_peer(s, &lane->origin, w->server->source_key, &peer);
    if (lane->origin.door == DOOR_HTTP)
        http_asker(lane->origin.job, &peer);
    if (lane->json)
        *ret = call_of_json(lane->bytes, &s->rules, &lane->arrival, desk_sha256(w->desk), lane->arena,
                            &lane->call, fault);
    else
        *ret = call_of_sip(&lane->message, &s->rules, &peer, lane->arrival, desk_sha256(w->desk), lane->arena,
                           &lane->call, fault);
    if (*ret == BF_OK && lane->json)
        lane->call.peer = peer;
    if (*ret == BF_OK && lane->origin.door == DOOR_HTTP)
        *ret = request_same(w, lane, span_make(lane->call.same, sizeof lane->call.same));
    lane->call.asked = lane->origin.door == DOOR_HTTP;
}

/* true: this lane is to answer the call. false: it was answered again, or somebody is at it. */
static bool claim(struct worker *w, struct lane *lane)
{
    struct answers_key key;
    struct answer_kept kept;
    if (w->proxy)
        return proxy_claim(w, lane);
    if (!request_transaction(w, lane, key.transaction)) {
        request_status(w, lane, 400, NULL);
        return false;
    }
    message_of(w, lane, key.message);
    const enum answers_found found =
        answers_claim(w->answers, &key, w->snapshot->generation, w->now.mono, &lane->ticket, &kept);
    if (found == ANSWERS_NEW) {
        lane->has_ticket = true;
        return true;
    }
    lane->state = LANE_DROP;
    if (found == ANSWERS_BUSY) {
        count_add(&w->counts, COUNT_ABSORBED, 1);
        return false;
    }
    count_add(&w->counts, COUNT_RETRANSMITTED, 1);
    lane->state = LANE_ANSWER;
    lane->decision = kept.decision;
    if (kept.status)
        request_status(w, lane, kept.status, NULL);
    else
        request_write(w, lane);
    return false;
}

/* All of a decision but what the signature says, which is made for the whole batch at once. */
void request_sign(struct worker *w, struct lane *lane)
{
    struct decision *d = &lane->decision;
    memset(d, 0, sizeof *d);
    d->id = lane->id;
    d->signing = 1;
    d->hop = (uint8_t)hops_choose(w->server->hops);
    d->masked = lane->call.anonymous;
    lane->state = LANE_SIGN;
}

static void shed(struct worker *w, struct lane *lane)
{
    lane->kind = KIND_SHED;
    if (w->snapshot->config->sip.overload == OVERLOAD_503) {
        count_call(&w->counts, KIND_SHED, 503, w->now.mono - lane->arrival.mono);
        request_status(w, lane, 503, NULL);
        return;
    }
    decision_shed(&lane->call, &lane->id, hops_choose(w->server->hops), &lane->decision);
    lane->state = LANE_DECIDED;
    lane->keep = true;
}

static bool hops_left(const struct sip_message *m)
{
    uint64_t value;
    return !span_decimal(message_header(m, SIP_H_MAX_FORWARDS), UINT32_MAX, &value) || value > 0;
}

/* Chance out of a counter and keys of this worker's own: ids need not be secret, only never the same. */
struct answer_id request_id(struct worker *w, struct instant now)
{
    const struct span count = span_make(&w->ids, sizeof w->ids);
    const uint64_t words[2] = { hash_bytes(w->id_keys[0], count), hash_bytes(w->id_keys[1], count) };
    uint8_t chance[10];
    memcpy(chance, words, sizeof chance);
    w->ids++;
    return answer_id_of(now, chance);
}

static void look_call(struct worker *w, struct lane *lane)
{
    if (!lane->call.never_block && !hops_left(&lane->message)) {
        request_status(w, lane, 483, NULL);
        return;
    }
    if (lane->cancelled) {
        lane->state = LANE_CANCEL;
        return;
    }
    if (!lane->parked && !claim(w, lane))
        return;
    if (!lane->parked)
        lane->id = request_id(w, lane->arrival);
    if (lane->call.never_block)
        lane->last = true;
    if (lane->shed && !lane->call.never_block)
        shed(w, lane);
    else if (lane->origin.role == ROLE_SIGN)
        request_sign(w, lane);
    else
        lane->state = LANE_JUDGE;
}

static void look_invite(struct worker *w, struct lane *lane)
{
    enum bf_err err;
    struct fault fault = { 0, NULL };
    if (in_dialog(&lane->message)) {
        count_add(&w->counts, COUNT_IN_DIALOG, 1);
        request_status(w, lane, 481, NULL);
        return;
    }
    request_read_call(w, lane, &err, &fault);
    if (err == BF_OK)
        look_call(w, lane);
    else
        request_status(w, lane, err == BF_ENOMEM ? 500 : 400, NULL);
}

static void look_other(struct worker *w, struct lane *lane)
{
    if (!hops_left(&lane->message)) {
        request_status(w, lane, 483, NULL);
    } else if (in_dialog(&lane->message)) {
        count_add(&w->counts, COUNT_IN_DIALOG, 1);
        request_status(w, lane, 481, NULL);
    } else {
        count_add(&w->counts, COUNT_REDIRECTED, 1);
        redirect(w, lane);
    }
}

/* ---- the message ---- */

static void malformed(struct worker *w, struct lane *lane, enum bf_err err)
{
    count_add(&w->counts, COUNT_MALFORMED, 1);
    lane->state = LANE_DROP;
    if (lane->message.is_request && lane->message.method != SIP_ACK)
        request_status(w, lane, err == BF_ELIMIT ? 513 : 400, NULL);
}

/* SIP-005: the reason names the header field that is not there. */
static void incomplete(struct worker *w, struct lane *lane, const char *missing)
{
    char memory[64];
    struct buf reason = BUF_ON(memory);
    buf_printf(&reason, "Missing %s", missing);
    buf_char(&reason, '\0');
    count_add(&w->counts, COUNT_MALFORMED, 1);
    request_status(w, lane, 400, buf_ok(&reason) ? memory : NULL);
}

/* Control bytes only: what keeps a NAT open, not a message. */
static bool is_blank(struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        if (bytes.p[i] != '\r' && bytes.p[i] != '\n' && bytes.p[i] != '\0' && bytes.p[i] != ' ')
            return false;
    return true;
}

static void look_http(struct worker *w, struct lane *lane)
{
    struct fault fault = { 0, NULL };
    enum bf_err err = BF_OK;
    if (lane->origin.stir) {
        stir_look(w, lane);
        return;
    }
    lane->state = LANE_ANSWER;
    lane->status = 400;
    lane->error = "the body is no SIP request that can be read";
    if (!lane->json) {
        err = message_read(lane->bytes, SIP_DATAGRAM | SIP_BARE_LF, &lane->message, &fault);
        if (err || !lane->message.is_request || message_missing(&lane->message))
            return;
        lane->error = "only an INVITE outside a dialog has a verdict";
        if (lane->message.method != SIP_INVITE || in_dialog(&lane->message))
            return;
    }
    lane->error = "the body is no verificationRequest that can be read";
    request_read_call(w, lane, &err, &fault);
    if (err) {
        if (!lane->json)
            lane->error = "the caller or the called party cannot be read";
        return;
    }
    lane->error = NULL;
    if (!lane->parked)
        lane->id = request_id(w, lane->arrival);
    lane->last = lane->last || lane->call.never_block;
    lane->state = LANE_JUDGE;
}

void request_look(struct worker *w, struct lane *lane)
{
    struct fault fault = { 0, NULL };
    const char *missing;
    enum bf_err err;
    if (lane->origin.door == DOOR_HTTP) {
        look_http(w, lane);
        return;
    }
    if (is_blank(lane->bytes)) {
        count_add(&w->counts, COUNT_DROPPED_BLANK, 1);
        lane->state = LANE_DROP;
        return;
    }
    if (!lane->cancel.asked && !lane->passed && !lane->again)
        count_add(&w->counts, COUNT_MESSAGES, 1);
    lane->message.is_request = false;
    lane->message.n_headers = 0;
    err = message_read(lane->bytes, lane->origin.door == DOOR_TCP ? SIP_STREAM : SIP_DATAGRAM, &lane->message,
                       &fault);
    if (err) {
        find_target(w, lane);
        malformed(w, lane, err);
        return;
    }
    if (!lane->message.is_request && w->proxy) {
        proxy_response(w, lane);
        return;
    }
    if (!lane->message.is_request) {
        count_add(&w->counts, COUNT_DROPPED_RESPONSE, 1);
        lane->state = LANE_DROP;
        return;
    }
    find_target(w, lane);
    missing = message_missing(&lane->message);
    if (w->proxy && !missing && proxy_look(w, lane))
        return;
    if (lane->message.method == SIP_ACK)
        look_ack(w, lane);
    else if (missing)
        incomplete(w, lane, missing);
    else if (lane->message.method == SIP_INVITE)
        look_invite(w, lane);
    else if (lane->message.method == SIP_CANCEL)
        look_cancel(w, lane);
    else if (lane->message.method == SIP_OPTIONS)
        look_options(w, lane);
    else
        look_other(w, lane);
}
