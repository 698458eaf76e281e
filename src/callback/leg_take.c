/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in for a leg: answers to what it asked, and requests of the other side. */
#include "base/cidr.h"
#include "callback/leg_parts.h"
#include "sip/follow.h"
#include "sip/reply.h"
#include "sip/uri.h"

#include <stdio.h>

bool leg_is_for(const struct leg *l, const struct sip_message *m)
{
    const struct span id = message_header(m, SIP_H_CALL_ID);
    const size_t n = strlen(l->id);
    return id.n > n && memcmp(id.p, l->id, n) == 0 && id.p[n] == '@';
}

/* ---- what an answer says of the dialog ---- */

static bool tag_of(const struct sip_message *m, enum sip_header_id id, struct span *ret)
{
    struct sip_address a;
    return sip_address_read(message_header(m, id), &a, NULL) == BF_OK &&
           sip_param(a.params, SPAN("tag"), ret);
}

static bool keep(struct span text, char *out, size_t size)
{
    if (text.n >= size)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

/* A Contact, by which the other side is reached from now on. */
static void take_target(struct leg *l, const struct sip_message *m)
{
    struct sip_address a;
    struct sip_uri uri;
    struct span rest = message_header(m, SIP_H_CONTACT), first;
    if (sip_list_next(&rest, &first) && sip_address_read(first, &a, NULL) == BF_OK &&
        uri_read(a.uri, &uri, NULL) == BF_OK && (uri.scheme == URI_SIP || uri.scheme == URI_SIPS) &&
        uri.headers.n == 0)
        (void)keep(a.uri, l->uri, sizeof l->uri);
}

/* Record-Route, last one first.                                                            RFC 3261 section 12.1.2 */
static bool take_route(struct leg *l, const struct sip_message *m)
{
    struct span routes[32], rest;
    struct buf out = buf_on(l->route, sizeof l->route - 1);
    const struct sip_header *h;
    size_t n = 0;
    for (size_t at = 0; (h = message_next(m, SIP_H_RECORD_ROUTE, &at));)
        for (rest = h->value; n < ARRAY_SIZE(routes) && sip_list_next(&rest, &routes[n]);)
            n++;
    while (n--) {
        buf_text(&out, "Route: ");
        buf_printable(&out, routes[n]);
        buf_text(&out, "\r\n");
    }
    l->route[buf_ok(&out) ? out.n : 0] = '\0';
    return buf_ok(&out);
}

/* The first Route, else the target: where it is, if it is an address. */
static void find_next(struct leg *l)
{
    struct sip_address a;
    struct sip_uri uri;
    struct span next = span_of(l->uri), transport = SPAN_NONE;
    socklen_t n;
    char text[80];
    l->next_known = false;
    if (l->route[0]) {
        const struct span line = span_from(span_of(l->route), strlen("Route: "));
        if (sip_address_read(span_first(line, span_find(line, '\r')), &a, NULL) != BF_OK)
            return;
        next = a.uri;
    }
    if (uri_read(next, &uri, NULL) != BF_OK || uri.scheme != URI_SIP || uri.host.n > 64 ||
        (sip_param(uri.params, SPAN("transport"), &transport) && !span_equal_nocase(transport, SPAN("udp"))))
        return;
    snprintf(text, sizeof text, "%.*s:%u", SPAN_FMT(uri.host), uri.port ? uri.port : 5060u);
    l->next_known = addr_read(span_of(text), &l->next, &n, NULL) == BF_OK;
}

static void take_body(struct leg *l, const struct sip_message *m, const char *type)
{
    const struct span is = message_header(m, SIP_H_CONTENT_TYPE);
    const bool ours = span_starts_nocase(is, span_of(type)) && m->body.n <= sizeof l->body;
    l->n_body = ours ? m->body.n : 0;
    if (l->n_body)
        memcpy(l->body, m->body.p, l->n_body);
}

/* A 2xx makes the dialog, or one of a re-INVITE moves its target. */
static void take_dialog(struct leg *l, const struct sip_message *m)
{
    struct span tag = SPAN_NONE;
    take_target(l, m);
    if (!l->up) {
        if (tag_of(m, SIP_H_TO, &tag) && keep(tag, l->remote_tag, sizeof l->remote_tag)) {
            struct buf to = buf_on(l->remote, sizeof l->remote - 1);
            to.n = strlen(l->remote);
            buf_printf(&to, ";tag=%s", l->remote_tag);
            l->remote[to.n] = '\0';
        }
        (void)take_route(l, m);
        l->up = true;
    }
    find_next(l);
}

/* ---- answers ---- */

/* Once for the other side and once for a proxy, and once more where a nonce was too old. */
static bool answer_challenge(struct leg *l, struct leg_asked *a, const struct sip_message *m, mono_t now)
{
    struct digest_challenge challenge;
    if ((m->status != 401 && m->status != 407) || l->cancel || !l->user || !*l->user || a->challenges >= 4 ||
        !digest_of(m, &challenge))
        return false;
    struct digest_challenge *mine = &l->challenges[challenge.proxy];
    const bool refused = mine->kind && mine->count && !challenge.stale &&
                         strcmp(mine->realm, challenge.realm) == 0 && a->challenges > 0;
    if (refused)
        return false;
    *mine = challenge;
    a->challenges++;
    return leg_ask(l, a, a->method, a->method == SIP_INVITE ? span_make(l->offer, l->n_offer) : SPAN_NONE,
                   now);
}

static void acknowledge_refusal(struct leg *l, const struct sip_message *m)
{
    char memory[LEG_REQUEST];
    struct buf out = BUF_ON(memory);
    struct sip_message request;
    const struct leg_asked *a = &l->asked[0];
    if (leg_again(a, &request) && follow_hop(&out, &request, m, SIP_ACK) == BF_OK)
        (void)wire_send(l->wire, a->elsewhere ? (const struct sockaddr *)&a->to : NULL, buf_span(&out));
}

/* A 2xx that nobody waits for: of another fork, or after CANCEL.                     RFC 3261 section 13.2.2.4 */
static void hang_up_stray(struct leg *l, const struct sip_message *m)
{
    static const enum sip_method both[] = { SIP_ACK, SIP_BYE };
    struct sip_message request;
    if (!leg_again(&l->asked[0], &request))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        char memory[LEG_REQUEST], branch[7 + CLIENT_WORD + 1] = "z9hG4bK";
        struct buf out = BUF_ON(memory);
        client_word(branch + 7);
        if (follow_dialog(&out, &request, m, both[i], span_of(branch)) == BF_OK)
            (void)wire_send(l->wire, NULL, buf_span(&out));
    }
}

static enum leg_event take_2xx(struct leg *l, const struct sip_message *m, mono_t now)
{
    struct leg_asked *a = &l->asked[0];
    struct span tag = SPAN_NONE;
    if (l->up && (!tag_of(m, SIP_H_TO, &tag) || !span_equal(tag, span_of(l->remote_tag)))) {
        hang_up_stray(l, m);
        return LEG_NOTHING;
    }
    if (!a->on) { /* once more: its ACK was lost, or is not due yet */
        if (l->n_ack && m->cseq == l->ack_cseq)
            (void)wire_send(l->wire, l->ack_elsewhere ? (const struct sockaddr *)&l->ack_to : NULL,
                            span_make(l->ack, l->n_ack));
        return LEG_NOTHING;
    }
    a->on = false;
    take_dialog(l, m);
    take_body(l, m, "application/sdp");
    l->ack_cseq = m->cseq;
    l->n_ack = 0;
    l->status = m->status;
    if (!l->cancel)
        return LEG_ANSWERED;
    leg_ack(l, SPAN_NONE); /* it was faster than our CANCEL */
    leg_end(l, now);
    return LEG_NOTHING;
}

static enum leg_event take_invite_answer(struct leg *l, const struct sip_message *m, mono_t now)
{
    struct leg_asked *a = &l->asked[0];
    if (m->status >= 200 && m->status < 300)
        return take_2xx(l, m, now);
    if (m->status < 200) {
        if (!a->on)
            return LEG_NOTHING;
        a->provisional = true;
        if (l->cancel)
            leg_cancel(l, now);
        l->status = m->status;
        return m->status > 100 && !l->up && !l->cancel ? LEG_RINGS : LEG_NOTHING;
    }
    acknowledge_refusal(l, m);
    if (!a->on || answer_challenge(l, a, m, now))
        return LEG_NOTHING;
    a->on = false;
    l->status = m->status;
    l->n_body = 0;
    if (!l->up)
        l->over = true;
    return l->cancel ? LEG_NOTHING : LEG_REFUSED;
}

static enum leg_event take_other_answer(struct leg *l, const struct sip_message *m, mono_t now)
{
    struct leg_asked *a = &l->asked[1];
    if (m->status < 200) {
        a->interval = MONO_S(4);
        return LEG_NOTHING;
    }
    if (answer_challenge(l, a, m, now))
        return LEG_NOTHING;
    a->on = false;
    if (a->method != SIP_REFER)
        return LEG_NOTHING;
    l->status = m->status;
    if (m->status >= 300) {
        l->over = true;
        return LEG_REFUSED;
    }
    take_dialog(l, m);
    return LEG_ACCEPTED;
}

static enum leg_event take_answer(struct leg *l, const struct sip_message *m, mono_t now)
{
    struct sip_via via;
    if (message_top_via(m, &via, NULL) != BF_OK)
        return LEG_NOTHING;
    for (size_t i = 0; i < ARRAY_SIZE(l->asked); i++) {
        const struct leg_asked *a = &l->asked[i];
        if (m->cseq != a->cseq || m->method != a->method || !span_equal(via.branch, span_of(a->branch)))
            continue;
        if (i == 0)
            return take_invite_answer(l, m, now);
        return a->on ? take_other_answer(l, m, now) : LEG_NOTHING;
    }
    return LEG_NOTHING;
}

/* ---- requests ---- */

static enum leg_event take_offer(struct leg *l, const struct wire_heard *heard, mono_t now)
{
    const struct sip_message *m = heard->message;
    const struct sip_source from = { (const struct sockaddr *)heard->from, wire_is_stream(l->wire) };
    socklen_t n;
    if (l->n_answer && m->cseq == l->remote_cseq && !l->answering) { /* once more */
        (void)wire_send(l->wire, (const struct sockaddr *)&l->offered_from,
                        span_make(l->answer, l->n_answer));
        return LEG_NOTHING;
    }
    if (l->answering && m->cseq == l->remote_cseq)
        return LEG_NOTHING;
    if (leg_inviting(l) || m->bytes.n > sizeof l->offered) {
        leg_reply(l->wire, heard, leg_inviting(l) ? 491 : 488, l->tag);
        return LEG_NOTHING;
    }
    if (!reply_target(m, &from, &l->offered_from, &n))
        return LEG_NOTHING;
    memcpy(l->offered, m->bytes.p, m->bytes.n);
    l->n_offered = m->bytes.n;
    l->remote_cseq = m->cseq;
    l->answering = true;
    l->acking = false;
    leg_reply(l->wire, heard, 100, "");
    take_target(l, m);
    find_next(l);
    take_body(l, m, "application/sdp");
    (void)now;
    return LEG_OFFERED;
}

static enum leg_event take_ack(struct leg *l, const struct sip_message *m)
{
    if (!l->acking || m->cseq != l->remote_cseq)
        return LEG_NOTHING;
    l->acking = false;
    take_body(l, m, "application/sdp");
    return l->answered < 300 ? LEG_ACKED : LEG_NOTHING;
}

static bool is_of_the_dialog(const struct leg *l, const struct sip_message *m)
{
    /* NOTIFY may overtake the 202 that tells the other side's tag (RFC 3515 section 2.4.4) */
    return m->to_tagged && span_equal(m->to_tag, span_of(l->tag)) &&
           (span_equal(m->from_tag, span_of(l->remote_tag)) || (!l->up && m->method == SIP_NOTIFY));
}

enum leg_event leg_take(struct leg *l, const struct wire_heard *heard, mono_t now)
{
    const struct sip_message *m = heard->message;
    if (!m->is_request)
        return take_answer(l, m, now);
    if (m->method == SIP_ACK)
        return is_of_the_dialog(l, m) ? take_ack(l, m) : LEG_NOTHING;
    if (message_missing(m) || !is_of_the_dialog(l, m)) {
        leg_reply(l->wire, heard, message_missing(m) ? 400 : 481, l->tag);
        return LEG_NOTHING;
    }
    switch (m->method) {
    case SIP_INVITE:
        if (!l->over)
            return take_offer(l, heard, now);
        leg_reply(l->wire, heard, 481, l->tag);
        return LEG_NOTHING;
    case SIP_BYE: {
        leg_reply(l->wire, heard, 200, l->tag);
        const bool first = !l->over;
        l->over = true;
        l->asked[0].on = l->answering = l->acking = false;
        return first ? LEG_ENDED : LEG_NOTHING;
    }
    case SIP_NOTIFY:
        leg_reply(l->wire, heard, 200, l->tag);
        take_body(l, m, "message/sipfrag");
        return LEG_NOTIFIED;
    case SIP_OPTIONS:
    case SIP_CANCEL: leg_reply(l->wire, heard, 200, l->tag); return LEG_NOTHING;
    default: leg_reply(l->wire, heard, 405, l->tag); return LEG_NOTHING;
    }
}
