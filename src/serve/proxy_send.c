/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to a place, and answers to whoever asked. */
#include "serve/proxy.h"

#include "sip/follow.h"

static bool send_datagram(struct worker *w, const struct origin *o, struct span bytes)
{
    const ssize_t n =
        sendto(o->udp->fd, bytes.p, bytes.n, MSG_DONTWAIT, (const struct sockaddr *)&o->to, o->to_n);
    if (n == (ssize_t)bytes.n)
        return true;
    count_add(&w->counts, COUNT_SEND_FAILED, 1);
    return false;
}

/* Whom the other side must prove to be: a hop what its URI says, others their address. */
static const char *name_of(const struct worker *w, const struct proxy_place *place, char memory[static 64])
{
    const struct proxy *p = w->proxy;
    for (size_t k = 0; k <= p->n_hops; k++) { /* the one that was meant, then any that is there */
        const size_t i = k == 0 ? (size_t)place->hop : k - 1;
        const struct hop_target *hop = i < p->n_hops ? &p->hops[i] : NULL;
        if (hop && hop->known && hop->transport == HOP_TLS && hop->n == place->origin.to_n &&
            memcmp(&hop->addr, &place->origin.to, hop->n) == 0)
            return hop->name;
    }
    addr_text((const struct sockaddr *)&place->origin.to, memory);
    *strrchr(memory, ':') = '\0';
    return memory;
}

bool proxy_send(struct worker *w, const struct proxy_place *place, struct span bytes)
{
    if (place->transport == HOP_UDP)
        return send_datagram(w, &place->origin, bytes);
    char name[64];
    const struct connection_to to = { .addr = (const struct sockaddr *)&place->origin.to,
                                      .n = place->origin.to_n,
                                      .tls = place->transport == HOP_TLS ? name_of(w, place, name) : NULL };
    return connection_reach(w, &to, bytes);
}

void proxy_say(struct worker *w, const struct transaction *x, struct span bytes)
{
    const struct proxy_context *c = x->context;
    if (c->origin.door == DOOR_UDP)
        udp_send_one(w, &c->origin, bytes);
    else
        connection_send(w, &c->origin, bytes);
}

void proxy_answer(struct worker *w, struct transaction *x, int status, struct span bytes)
{
    proxy_say(w, x, bytes);
    transactions_answered(w->proxy->transactions, x, status, bytes, w->now.mono);
}

void proxy_status(struct worker *w, struct transaction *x, int status)
{
    const struct proxy_context *c = x->context;
    const struct sip_source from = { origin_addr(&c->origin), c->origin.door != DOOR_UDP };
    struct buf out = buf_on(w->proxy->scratch, w->proxy->scratch_n);
    struct sip_message m;
    struct fault fault;
    char tag[REPLY_TAG];
    if (message_read(x->request, SIP_DATAGRAM, &m, &fault) != BF_OK)
        return;
    reply_tag(w->server->tag_secret, &m, tag);
    passing_mark(tag, w->number);
    if (reply_begin(&out, &m, &from, status, sip_reason(status),
                    status == 100 ? SPAN_NONE : span_make(tag, REPLY_TAG)))
        return;
    if (w->snapshot->config->sip.server_header)
        reply_header(&out, "Server", SPAN("bonafide/" BF_VERSION));
    reply_end(&out, SPAN_NONE);
    if (buf_ok(&out))
        proxy_answer(w, x, status, buf_span(&out));
}

void proxy_follow(struct worker *w, const struct attempt *a, const struct sip_message *response,
                  enum sip_method method)
{
    char memory[8192];
    struct buf out = BUF_ON(memory);
    struct sip_message m;
    struct fault fault;
    if (message_read(a->bytes, SIP_DATAGRAM, &m, &fault) == BF_OK &&
        follow_hop(&out, &m, response, method) == BF_OK)
        proxy_send(w, a->place, buf_span(&out));
}
