/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy does with each message: a request, a response, a lane that is done, the time.   RFC 3261 sections 16.3-16.10 */
#include "serve/proxy.h"

#include <stdlib.h>

#include "sip/uri.h"

#define SCRATCH (LIMIT_SIP_MESSAGE + ANSWER_SURPLUS)

/* ---- made and unmade ---- */

enum bf_err proxy_create(struct worker *w, size_t memory)
{
    struct proxy *p = calloc(1, sizeof *p);
    if (!p)
        return BF_ENOMEM;
    w->proxy = p; /* worker_destroy frees what there is */
    p->scratch = malloc(SCRATCH);
    p->scratch_n = SCRATCH;
    const enum bf_err err = p->scratch ? proxy_learn_addresses(p) : BF_ENOMEM;
    return err ? err
               : transactions_create(memory, sizeof(struct proxy_context), sizeof(struct proxy_place),
                                     &p->transactions);
}

void proxy_destroy(struct worker *w)
{
    struct proxy *p = w->proxy;
    if (!p)
        return;
    transactions_destroy(p->transactions);
    free(p->own);
    free(p->scratch);
    free(p);
    w->proxy = NULL;
}

bool proxy_admits(const struct worker *w, const struct sockaddr *addr)
{
    return proxy_is_hop(w, addr);
}

mono_t proxy_next(const struct worker *w)
{
    return transactions_next(w->proxy->transactions);
}

uint64_t proxy_waiting(const struct worker *w)
{
    return transactions_counts(w->proxy->transactions).waiting;
}

/* ---- whose message it is ---- */

struct proxy_note {
    struct inbox_item item;
    struct origin origin;
    struct instant arrival;
    size_t n_udp;
    bool shed;
    size_t n;
    char bytes[];
};

/* A copy for another worker. Without memory for it the message is lost, as datagrams are. */
static void pass_to(struct worker *w, const struct lane *lane, unsigned worker)
{
    struct proxy_note *note = malloc(sizeof *note + lane->bytes.n);
    if (!note)
        return;
    note->item = (struct inbox_item){ NULL, INBOX_PROXY };
    note->origin = lane->origin;
    if (lane->origin.door != DOOR_UDP) /* a response, which nobody answers */
        note->origin.door = DOOR_UDP;
    note->arrival = lane->arrival;
    note->n_udp = lane->origin.door == DOOR_UDP ? (size_t)(lane->origin.udp - w->udp) : 0;
    note->shed = lane->shed;
    note->n = lane->bytes.n;
    memcpy(note->bytes, lane->bytes.p, lane->bytes.n);
    inbox_put(&w->server->workers[worker]->inbox, &note->item);
}

void proxy_taken(struct worker *w, struct inbox_item *item)
{
    struct proxy_note *note = (struct proxy_note *)item;
    struct lane *lane = worker_lane(w);
    memcpy(lane->in, note->bytes, note->n);
    lane->bytes = span_make(lane->in, note->n);
    lane->origin = note->origin;
    lane->origin.udp = &w->udp[note->n_udp];
    lane->arrival = note->arrival;
    lane->shed = note->shed;
    lane->passed = true;
    free(note);
}

/* All requests with one Call-ID that come over UDP are one worker's. */
static unsigned owner_of(const struct worker *w, const struct sip_message *m)
{
    return (unsigned)(hash_bytes(w->server->source_key, message_header(m, SIP_H_CALL_ID)) %
                      w->server->n_workers);
}

bool proxy_pass_on(struct worker *w, const struct lane *lane)
{
    if (lane->origin.door != DOOR_UDP || lane->passed || lane->parked || lane->again)
        return false;
    const unsigned owner = owner_of(w, &lane->message);
    if (owner == w->number)
        return false;
    pass_to(w, lane, owner);
    return true;
}

/* ---- transactions ---- */

static struct transaction *transaction_of(const struct worker *w, const struct lane *lane)
{
    return transactions_named(w->proxy->transactions, lane->transaction);
}

static void forget(struct worker *w, struct transaction *x)
{
    const struct origin origin = ((struct proxy_context *)x->context)->origin;
    transactions_end(w->proxy->transactions, x);
    connection_wait(w, &origin, -1);
}

/* NULL: there is no room, and the lane says so. */
static struct transaction *begin(struct worker *w, struct lane *lane, bool urgent)
{
    const struct proxy_context context = {
        .origin = lane->origin, .arrival = lane->arrival, .id = lane->id, .urgent = urgent
    };
    struct transaction_request r = { .kind = lane->message.method == SIP_INVITE ? TRANSACTION_INVITE
                                                                                : TRANSACTION_OTHER,
                                     .reliable = lane->origin.door != DOOR_UDP,
                                     .urgent = urgent,
                                     .bytes = lane->bytes,
                                     .context = &context };
    if (!request_transaction(w, lane, r.key)) {
        request_status(w, lane, 400, NULL);
        return NULL;
    }
    struct transaction *x = transactions_begin(w->proxy->transactions, &r, w->now.mono);
    if (!x) {
        count_add(&w->counts, COUNT_PROXY_FULL, 1);
        request_status(w, lane, 503, NULL);
        return NULL;
    }
    lane->transaction = x->name;
    connection_wait(w, &lane->origin, 1);
    return x;
}

bool proxy_claim(struct worker *w, struct lane *lane)
{
    return begin(w, lane, lane->call.never_block) != NULL;
}

/* ---- what goes on ---- */

static struct sip_source source_of(const struct lane *lane)
{
    return (struct sip_source){ .addr = origin_addr(&lane->origin),
                                .reliable = lane->origin.door != DOOR_UDP };
}

/* What the configuration says of it; NULL: it is none of the list. */
static const struct config_hop *hop_row(const struct worker *w, int hop)
{
    const struct config *c = w->snapshot->config;
    return hop >= 0 && (size_t)hop < c->sip.n_next_hop ? &c->sip.hops[hop] : NULL;
}

/* The bytes that leave; false: the lane says why there are none. */
bool proxy_write_out(struct worker *w, struct lane *lane, struct proxy_going *g,
                     const struct forward_edit *edit)
{
    const struct sip_source from = source_of(lane);
    const struct config_hop *hop = hop_row(w, g->place.hop);
    struct forward_edit its;
    struct peer peer;
    if (edit && hop && hop->format.written) {
        its = *edit;
        its.number = number_write;
        its.number_arg = &hop->format.how;
        edit = &its;
    }
    snapshot_peer(w->snapshot, &lane->origin, w->server->source_key, &peer);
    const struct forward_boundary boundary = { .from_trusted = peer.pai,
                                               .from_believed = peer.says == PEER_BELIEVE,
                                               .to_trusted = hop && hop->trusted,
                                               .names = &w->snapshot->config->answer };
    lane->out = buf_on(lane->out_memory, LANE_OUT);
    const enum bf_err err = forward_request(&lane->message, &from, &g->route, &boundary, edit, &lane->out);
    if (err != BF_OK || !buf_ok(&lane->out)) {
        request_status(w, lane,
                       !proxy_has_hops_left(&lane->message) ? 483
                       : err == BF_ELIMIT                   ? 513
                                                            : 400,
                       NULL);
        return false;
    }
    lane->leaves = true;
    lane->going = g;
    lane->status = 0;
    return true;
}

static bool wants_record(const struct worker *w, const struct lane *lane)
{
    const enum sip_method m = lane->message.method;
    return w->snapshot->config->sip.record_route && (m == SIP_INVITE || m == SIP_SUBSCRIBE || m == SIP_REFER);
}

/* To the next place of sip.next_hop that was not tried yet. */
static void write_listed(struct worker *w, struct lane *lane, struct transaction *x,
                         const struct forward_edit *edit)
{
    struct proxy_context *c = x->context;
    struct proxy_going *g = arena_take(lane->arena, sizeof *g);
    const unsigned first = edit ? edit->decision->hop : hops_choose(w->server->hops);
    int hop;
    proxy_refresh(w);
    c->listed = true;
    while (g && (hop = proxy_choose(w, c, first)) >= 0) {
        if (proxy_route_hop(w, lane, hop, g)) {
            proxy_sign_route(w, lane, x->name, x->n_attempts, wants_record(w, lane), g);
            proxy_write_out(w, lane, g, edit);
            return;
        }
        c->tried |= 1u << hop;
    }
    request_status(w, lane, g ? 503 : 500, NULL);
}

/* What responses to it need, and are not to ask for again. */
static void keep_back(struct worker *w, const struct lane *lane, struct proxy_context *c)
{
    struct buf reasons = BUF_ON(c->reasons);
    const struct decision *d = &lane->decision;
    c->n_reasons = c->n_signature = 0;
    if (!d->signing) {
        forward_reasons(d, &lane->call, lane->call.peer.pai, &reasons);
        if (!buf_ok(&reasons)) { /* rather each of them without its token than none */
            reasons = BUF_ON(c->reasons);
            forward_reasons(d, &lane->call, false, &reasons);
        }
        c->n_reasons = buf_ok(&reasons) ? (uint16_t)reasons.n : 0;
        return;
    }
    char memory[LIMIT_IDENTITY_VALUE];
    struct buf identity = BUF_ON(memory);
    if (d->sign.refusal != SIGN_OK || !w->snapshot->signing ||
        signing_identity(w->snapshot->signing, &lane->call, &d->sign.what, &identity) != BF_OK ||
        !buf_ok(&identity))
        return;
    const struct span signature = forward_signature(buf_span(&identity));
    if (signature.n <= sizeof c->signature) {
        memcpy(c->signature, signature.p, signature.n);
        c->n_signature = (uint16_t)signature.n;
    }
}

static bool wants_answer(const struct worker *w, const struct lane *lane)
{
    const enum answer_action action =
        answer_policy_of(&w->snapshot->config->answer, &lane->decision, &lane->call).action;
    return action == ACTION_REJECT || action == ACTION_TO;
}

bool proxy_write(struct worker *w, struct lane *lane)
{
    struct transaction *x = transaction_of(w, lane);
    const struct forward_edit edit = { .options = &w->snapshot->config->answer,
                                       .signing = w->snapshot->signing,
                                       .decision = &lane->decision,
                                       .call = &lane->call };
    lane->leaves = false;
    if (!x || wants_answer(w, lane))
        return false;
    struct proxy_context *c = x->context;
    const enum lane_state state = lane->state;
    c->decision = lane->decision;
    c->generation = w->snapshot->generation;
    c->judged = true;
    keep_back(w, lane, c);
    write_listed(w, lane, x, &edit);
    if (lane->state != LANE_DROP)
        lane->state = state;
    return true;
}

/* Requests without a verdict: in a dialog, and other methods. */
void proxy_send_on(struct worker *w, struct lane *lane)
{
    struct transaction *x = begin(w, lane, false);
    struct proxy_going *g = x ? arena_take(lane->arena, sizeof *g) : NULL;
    if (!x)
        return;
    count_add(&w->counts, proxy_in_dialog(&lane->message) ? COUNT_IN_DIALOG : COUNT_PROXY_OTHERS, 1);
    lane->state = LANE_ANSWER;
    if (!proxy_in_dialog(&lane->message)) {
        write_listed(w, lane, x, NULL);
        return;
    }
    proxy_refresh(w);
    const int status = g ? proxy_route_dialog(w, lane, g) : 500;
    if (status) {
        request_status(w, lane, status, NULL);
        return;
    }
    proxy_sign_route(w, lane, x->name, x->n_attempts, wants_record(w, lane), g);
    proxy_write_out(w, lane, g, NULL);
}

/* ---- and leaves ---- */

static mono_t patience(const struct worker *w, const struct proxy_context *c)
{
    return c->listed && proxy_choose(w, c, 0) >= 0 ? MONO_MS(w->snapshot->config->sip.next_hop_timeout_ms)
                                                   : 0;
}

static void go_on(struct worker *w, const struct lane *lane, struct transaction *x)
{
    struct proxy_context *c = x->context;
    const struct proxy_place *place = &lane->going->place;
    if (x->cancelled) {
        proxy_status(w, x, 487);
        return;
    }
    if (place->hop >= 0)
        c->tried |= 1u << place->hop;
    if (x->kind == TRANSACTION_INVITE && x->status == 0)
        proxy_status(w, x, 100);
    const struct transaction_sent sent = { .bytes = buf_span(&lane->out),
                                           .place = place,
                                           .reliable = place->transport != HOP_UDP,
                                           .patience = patience(w, c) };
    struct attempt *a = transactions_forward(w->proxy->transactions, x, &sent, w->now.mono);
    if (!a) {
        count_add(&w->counts, COUNT_PROXY_FULL, 1);
        proxy_status(w, x, 503);
        return;
    }
    count_add(&w->counts, COUNT_PROXY_FORWARDED, 1);
    if (!proxy_send(w, place, sent.bytes))
        transactions_lost(w->proxy->transactions, x, a, w->now.mono);
}

void proxy_leave(struct worker *w, struct lane *lane)
{
    struct transaction *x = transaction_of(w, lane);
    if (!x)
        return;
    if (lane->leaves && (lane->state == LANE_ANSWER || lane->state == LANE_DECIDED))
        go_on(w, lane, x);
    else if (lane->state != LANE_DROP && lane->out.n)
        proxy_answer(w, x, lane->status, buf_span(&lane->out));
    else if (lane->state != LANE_PARK && x->state == TRANSACTION_NEW)
        forget(w, x); /* nothing can be said to whoever asked */
}

/* ---- what time demands ---- */

static void fail(struct worker *w, struct transaction *x, int status)
{
    count_add(&w->counts, status == 408 ? COUNT_PROXY_TIMEOUTS : COUNT_PROXY_FAILED, 1);
    if (status == 408 && x->kind == TRANSACTION_OTHER)
        forget(w, x); /* RFC 4320 section 4.2: whoever asked has given up by now */
    else
        proxy_status(w, x, status);
}

static void try_next(struct worker *w, struct transaction *x)
{
    const struct proxy_context *c = x->context;
    const struct transaction_name name = x->name;
    proxy_refresh(w);
    if (!c->listed || proxy_choose(w, c, 0) < 0) {
        fail(w, x, x->refused || x->attempt->reliable ? 503 : 408);
        return;
    }
    struct lane *lane = worker_lane(w); /* may run the batch */
    if (!(x = transactions_named(w->proxy->transactions, name))) {
        lane->state = LANE_DROP;
        return;
    }
    c = x->context;
    count_add(&w->counts, COUNT_PROXY_FAILOVERS, 1);
    memcpy(lane->in, x->request.p, x->request.n);
    lane->bytes = span_make(lane->in, x->request.n);
    lane->origin = c->origin;
    lane->arrival = c->arrival;
    lane->id = c->id;
    lane->decision = c->decision;
    lane->transaction = name;
    lane->again = true;
}

/* The request once more, from the decision that was kept. */
void proxy_write_again(struct worker *w, struct lane *lane)
{
    struct transaction *x = transaction_of(w, lane);
    struct fault fault = { 0, NULL };
    enum bf_err err = BF_OK;
    lane->state = LANE_DROP;
    if (!x || x->state >= TRANSACTION_COMPLETED)
        return;
    const struct proxy_context *c = x->context;
    const struct forward_edit edit = { .options = &w->snapshot->config->answer,
                                       .signing = w->snapshot->signing,
                                       .decision = &lane->decision,
                                       .call = &lane->call };
    if (c->judged)
        request_read_call(w, lane, &err, &fault);
    if (err || (c->judged && c->decision.signing && c->generation != w->snapshot->generation)) {
        request_status(w, lane, 503, NULL);
        return;
    }
    lane->state = LANE_ANSWER;
    write_listed(w, lane, x, c->judged ? &edit : NULL);
}

static void do_what_is_due(struct worker *w, struct transaction *x, struct attempt *a, unsigned what)
{
    switch ((enum transaction_do)what) {
    case TRANSACTION_SEND:
        count_add(&w->counts, COUNT_PROXY_RESENT, 1);
        proxy_send(w, a->place, a->bytes);
        break;
    case TRANSACTION_SEND_CANCEL: proxy_follow(w, a, NULL, SIP_CANCEL); break;
    case TRANSACTION_SEND_ANSWER:
        count_add(&w->counts, COUNT_RESENT, 1);
        proxy_say(w, x, x->answer);
        break;
    case TRANSACTION_NEXT: try_next(w, x); break;
    case TRANSACTION_TIMEOUT: fail(w, x, 408); break;
    case TRANSACTION_GIVE_UP: proxy_status(w, x, 487); break;
    case TRANSACTION_FORGET: forget(w, x); break;
    case TRANSACTION_PASS:
    case TRANSACTION_ACK: break; /* of responses only */
    }
}

void proxy_turn(struct worker *w)
{
    struct transaction *x;
    struct attempt *a;
    unsigned what;
    proxy_refresh(w);
    while (transactions_due(w->proxy->transactions, w->now.mono, &x, &a, &what))
        do_what_is_due(w, x, a, what);
}

static bool went_there(const struct attempt *a, void *arg)
{
    const struct proxy_place *place = a->place;
    const struct sockaddr_storage *peer = arg;
    return place->transport != HOP_UDP && memcmp(&place->origin.to, peer, place->origin.to_n) == 0;
}

void proxy_connection_lost(struct worker *w, const struct sockaddr *peer)
{
    struct sockaddr_storage there = { 0 };
    memcpy(&there, peer,
           peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    transactions_lost_all(w->proxy->transactions, went_there, &there, w->now.mono);
}

/* ---- responses ---- */

static void pass_back(struct worker *w, struct lane *lane, struct transaction *x)
{
    const struct proxy_context *c = x->context;
    struct sip_message request;
    struct fault fault;
    struct peer peer;
    size_t at = 0;
    bool own = false;
    struct forward_back back = { .signature = span_make(c->signature, c->n_signature) };
    if (message_read(x->request, SIP_DATAGRAM, &request, &fault) != BF_OK)
        return;
    const struct sip_header *from = message_next(&request, SIP_H_FROM, &at);
    if (from)
        back.from = from->line;
    if (c->judged)
        back.reasons = span_make(c->reasons, c->n_reasons);
    snapshot_peer(w->snapshot, &c->origin, w->server->source_key, &peer);
    back.outside = !peer.pai;
    lane->out = buf_on(lane->out_memory, LANE_OUT);
    if (forward_response(&lane->message, &back, &lane->out, &own) != BF_OK || !buf_ok(&lane->out)) {
        count_add(&w->counts, COUNT_DROPPED_RESPONSE, 1);
        return;
    }
    if (own)
        log_put(w->log, LOG_ALARM, "a next hop says that a token of ours does not hold: look at its Reason");
    count_add(&w->counts, COUNT_PROXY_RESPONSES, 1);
    proxy_answer(w, x, lane->message.status, buf_span(&lane->out));
    lane->out.n = 0;
}

/* Is the topmost Via what we wrote? */
static bool is_ours(const struct attempt *a, const struct sip_via *via)
{
    const struct proxy_place *place = a->place;
    return span_equal(via->branch, span_make(place->branch, PROXY_BRANCH)) &&
           span_equal_nocase(via->host, span_make(place->host, place->host_n)) && via->port == place->port;
}

/* false: nobody asked for it. */
static bool take_response(struct worker *w, struct lane *lane)
{
    const struct sip_message *m = &lane->message;
    struct sip_via via;
    struct fault fault;
    struct proxy_branch branch;
    if (message_missing(m) || message_top_via(m, &via, &fault) != BF_OK ||
        !proxy_branch_read(via.branch, &branch) || branch.worker >= w->server->n_workers)
        return false;
    if (branch.worker != w->number) {
        if (!lane->passed)
            pass_to(w, lane, branch.worker);
        return !lane->passed;
    }
    struct transaction *x = transactions_named(w->proxy->transactions, branch.name);
    struct attempt *a = x ? transaction_attempt(x, branch.attempt) : NULL;
    const bool to_cancel = m->method == SIP_CANCEL;
    if (!a || !is_ours(a, &via) ||
        (!to_cancel && (m->method == SIP_INVITE) != (x->kind == TRANSACTION_INVITE)))
        return false;
    const unsigned what =
        transactions_response(w->proxy->transactions, x, a, m->status, to_cancel, w->now.mono);
    if (what & TRANSACTION_ACK)
        proxy_follow(w, a, m, SIP_ACK);
    if (what & TRANSACTION_PASS)
        pass_back(w, lane, x);
    return true;
}

void proxy_response(struct worker *w, struct lane *lane)
{
    lane->state = LANE_DROP;
    if (!take_response(w, lane))
        count_add(&w->counts, COUNT_DROPPED_RESPONSE, 1);
}
