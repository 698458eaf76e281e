/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy does with each request.                          RFC 3261 sections 16.3, 16.10, 16.11; SIP-034, SIP-052..054 */
#include "serve/proxy.h"

#include "sip/uri.h"

/* An ACK of an answer that was our own, and that no transaction is there for any more. */
static bool is_for_us(struct worker *w, const struct lane *lane)
{
    char tag[REPLY_TAG];
    reply_tag(w->server->tag_secret, &lane->message, tag);
    const struct span said = lane->message.to_tag;
    return said.n == REPLY_TAG && span_equal(span_first(said, REPLY_TAG - 2), span_make(tag, REPLY_TAG - 2));
}

/* Of a 2xx it goes on end to end; of anything else it ends here (sections 16.7 item 7, 17.1.1.3). */
static void look_ack(struct worker *w, struct lane *lane)
{
    uint64_t key[2];
    struct transaction *x =
        request_transaction(w, lane, key) ? transactions_find(w->proxy->transactions, key) : NULL;
    lane->state = LANE_DROP;
    count_add(&w->counts, COUNT_ACKS, 1);
    if (x && x->state != TRANSACTION_ACCEPTED) {
        transactions_acknowledged(w->proxy->transactions, x, w->now.mono);
        return;
    }
    struct proxy_going *g = arena_take(lane->arena, sizeof *g);
    proxy_refresh(w);
    if (!g || is_for_us(w, lane) || !proxy_in_dialog(&lane->message) ||
        !proxy_has_hops_left(&lane->message) || proxy_is_loop(&lane->message, proxy_loop(w, lane)) ||
        proxy_route_dialog(w, lane, g) != 0)
        return;
    proxy_sign_route(w, lane, (struct transaction_name){ 0, 0 }, 0, false, g);
    if (proxy_write_out(w, lane, g, NULL) && proxy_send(w, &g->place, buf_span(&lane->out)))
        count_add(&w->counts, COUNT_PROXY_FORWARDED, 1);
    lane->state = LANE_DROP; /* whatever went wrong: an ACK is never answered */
}

static void cancel_parked(struct worker *w, struct transaction_name name)
{
    for (struct parked *p = w->row.first; p; p = p->after)
        if (p->transaction.slot == name.slot && p->transaction.number == name.number) {
            worker_cancel(w, p->number);
            return;
        }
}

static void look_cancel(struct worker *w, struct lane *lane)
{
    uint64_t key[2];
    struct transaction *x =
        request_transaction(w, lane, key) ? transactions_find(w->proxy->transactions, key) : NULL;
    count_add(&w->counts, COUNT_CANCELS, 1);
    if (!x || x->kind != TRANSACTION_INVITE) {
        request_status(w, lane, 481, NULL);
        return;
    }
    request_status(w, lane, 200, NULL);
    transactions_cancel(w->proxy->transactions, x, w->now.mono);
    if (x->state == TRANSACTION_NEW)
        cancel_parked(w, x->name);
}

static bool look_repeated(struct worker *w, struct lane *lane)
{
    uint64_t key[2];
    const struct transaction *x =
        request_transaction(w, lane, key) ? transactions_find(w->proxy->transactions, key) : NULL;
    if (!x)
        return false;
    lane->state = LANE_DROP;
    count_add(&w->counts, x->answer.p ? COUNT_RETRANSMITTED : COUNT_ABSORBED, 1);
    if (x->answer.p)
        proxy_say(w, x, x->answer);
    return true;
}

static bool scheme_is_known(struct span uri)
{
    struct sip_uri u;
    struct fault fault;
    return uri_read(uri, &u, &fault) == BF_OK && u.scheme != URI_OTHER;
}

/* A status that refuses it before anything else is asked; 0: none. */
static int refusal(struct worker *w, const struct lane *lane)
{
    const struct sip_message *m = &lane->message;
    if (!scheme_is_known(m->uri))
        return 416;
    if (!proxy_has_hops_left(m) && (m->method != SIP_INVITE || proxy_in_dialog(m)) &&
        m->method != SIP_OPTIONS)
        return 483;
    if (proxy_is_loop(m, proxy_loop(w, lane)))
        return 482;
    return m->first[SIP_H_PROXY_REQUIRE] ? 420 : 0;
}

/* OPTIONS that asks us, not somebody behind us. */
static bool asks_us(const struct worker *w, const struct sip_message *m)
{
    struct sip_uri u;
    struct fault fault;
    return m->method == SIP_OPTIONS && !proxy_in_dialog(m) &&
           (!proxy_has_hops_left(m) || uri_read(m->uri, &u, &fault) != BF_OK ||
            (u.user.n == 0 && proxy_is_ours(w, m->uri)) || atomic_load(&w->server->draining));
}

static bool look_new(struct worker *w, struct lane *lane)
{
    const struct sip_message *m = &lane->message;
    if (!proxy_in_dialog(m) && !snapshot_admits(w->snapshot, origin_addr(&lane->origin))) {
        lane->state = LANE_DROP; /* a next hop may answer and speak in dialogs, and no more */
        count_add(&w->counts, COUNT_DROPPED_CLIENT, 1);
        return true;
    }
    if (asks_us(w, m))
        return false;
    const int status = refusal(w, lane);
    if (status) {
        count_add(&w->counts, COUNT_PROXY_REFUSED, 1);
        request_status(w, lane, status, NULL);
    } else if (m->method != SIP_INVITE || proxy_in_dialog(m)) {
        proxy_send_on(w, lane);
    } else {
        return false;
    }
    return true;
}

bool proxy_look(struct worker *w, struct lane *lane)
{
    if (lane->parked)
        return false;
    if (lane->again) {
        proxy_write_again(w, lane);
    } else if (proxy_pass_on(w, lane)) {
        lane->state = LANE_DROP;
    } else if (lane->message.method == SIP_ACK) {
        look_ack(w, lane);
    } else if (lane->message.method == SIP_CANCEL) {
        look_cancel(w, lane);
    } else {
        return look_repeated(w, lane) || look_new(w, lane);
    }
    return true;
}
