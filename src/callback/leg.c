/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of a leg, and what the clock does to them. What comes in is leg_take.c.
 * Requests inside the dialog go by its route (RFC 3261 section 12.2.1.1): to where its first element, or the Contact, names an
 * address; a name is left to the next hop to find, and over TCP and TLS everything goes down the connection that is there.
 */
#include "callback/leg_parts.h"

#include <stdio.h>

#include "base/random.h"
#include "sip/follow.h"
#include "sip/reply.h"

#define T1      MONO_MS(500)
#define T2      MONO_S(4)
#define GIVE_UP MONO_S(32) /* 64 times T1 */

void leg_init(struct leg *l, const struct leg_options *o)
{
    memset(l, 0, sizeof *l);
    l->wire = o->wire;
    l->user = o->user;
    l->password = o->password;
    snprintf(l->local, sizeof l->local, "%s", o->from);
    snprintf(l->uri, sizeof l->uri, "%s", o->uri);
    snprintf(l->remote, sizeof l->remote, "<%s>", o->uri);
    client_word(l->id);
    client_word(l->tag);
    random_bytes(&l->sdp.id, sizeof l->sdp.id);
    l->sdp.id >>= 2; /* numbers of descriptions are read as signed 64 bits by some */
    l->sdp.host = wire_host(l->wire);
}

/* ---- writing requests ---- */

static const struct sockaddr *place(const struct leg_asked *a)
{
    return a->elsewhere ? (const struct sockaddr *)&a->to : NULL;
}

/* What was asked of us before is answered before we are asked again. */
static bool put_credentials(struct leg *l, struct span method, struct buf *out)
{
    char cnonce[CLIENT_WORD + 1];
    const struct digest_asked asked = { l->user, l->password, method, span_of(l->uri), client_word(cnonce) };
    for (size_t i = 0; i < ARRAY_SIZE(l->challenges); i++)
        if (l->challenges[i].kind && digest_write(&l->challenges[i], &asked, out) != BF_OK)
            return false;
    return true;
}

static void put_body(struct buf *out, struct span body)
{
    if (body.n)
        buf_text(out, "Content-Type: application/sdp\r\n");
    buf_printf(out, "Content-Length: %zu\r\n\r\n", body.n);
    buf_span_put(out, body);
}

static void put_contact(const struct leg *l, struct buf *out)
{
    static const char *const params[] = { "", ";transport=tcp", ";transport=tls" };
    const char *transport = wire_transport(l->wire);
    buf_printf(out, "Contact: <sip:bonafide@%s%s>\r\n", wire_local(l->wire),
               params[transport[0] == 'U'   ? 0
                      : transport[1] == 'C' ? 1
                                            : 2]);
}

static bool write_request(struct leg *l, enum sip_method method, const char *branch, uint32_t cseq,
                          struct span body, struct buf *out)
{
    const char *name = sip_method_text(method);
    buf_printf(out, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\nMax-Forwards: 70\r\n", name,
               l->uri, wire_transport(l->wire), wire_local(l->wire), branch);
    buf_text(out, l->route);
    buf_printf(out, "From: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s@%s\r\nCSeq: %u %s\r\n", l->local, l->tag,
               l->remote, l->id, wire_host(l->wire), cseq, name);
    if (method == SIP_INVITE || method == SIP_REFER) {
        put_contact(l, out);
        buf_text(out, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY\r\n");
    }
    if (method == SIP_REFER)
        buf_printf(out, "Refer-To: <%s>\r\nReferred-By: %s\r\n", l->refer_to, l->local);
    buf_text(out, "User-Agent: bonafide\r\n");
    if (!put_credentials(l, span_of(name), out))
        return false;
    put_body(out, body);
    return buf_ok(out);
}

/* A transaction begins; also the same request anew, with credentials. */
bool leg_ask(struct leg *l, struct leg_asked *a, enum sip_method method, struct span body, mono_t now)
{
    struct buf out = BUF_ON(a->text);
    memcpy(a->branch, "z9hG4bK", 7);
    client_word(a->branch + 7);
    a->cseq = ++l->cseq;
    if (!write_request(l, method, a->branch, a->cseq, body, &out))
        return false;
    a->on = true;
    a->provisional = false;
    a->method = method;
    a->n = out.n;
    a->interval = T1;
    a->resend_at = now + T1;
    a->deadline = now + GIVE_UP;
    a->elsewhere = l->next_known;
    a->to = l->next;
    (void)wire_send(l->wire, place(a), buf_span(&out)); /* that a stream is gone shows when it is read */
    return true;
}

bool leg_invite(struct leg *l, struct span body, mono_t now)
{
    if (leg_inviting(l) || l->over || body.n > sizeof l->offer)
        return false;
    l->n_offer = body.n;
    if (body.n)
        memcpy(l->offer, body.p, body.n);
    l->asked[0].challenges = 0;
    return leg_ask(l, &l->asked[0], SIP_INVITE, span_make(l->offer, l->n_offer), now);
}

bool leg_refer(struct leg *l, const char *refer_to, mono_t now)
{
    snprintf(l->refer_to, sizeof l->refer_to, "%s", refer_to);
    l->asked[1].challenges = 0;
    return leg_ask(l, &l->asked[1], SIP_REFER, SPAN_NONE, now);
}

/* Read once more what we wrote: CANCEL and the ACK of a refusal copy from it. */
bool leg_again(const struct leg_asked *a, struct sip_message *ret)
{
    return message_read(span_make(a->text, a->n), SIP_DATAGRAM, ret, NULL) == BF_OK;
}

/* CANCEL has the branch of its INVITE, and may not go before a provisional answer came (RFC 3261 section 9.1). */
void leg_cancel(struct leg *l, mono_t now)
{
    struct sip_message request;
    struct leg_asked *a = &l->asked[1], *invite = &l->asked[0];
    struct buf out = BUF_ON(a->text);
    l->cancel = true;
    if (l->cancelled || !invite->provisional || !leg_again(invite, &request) ||
        follow_hop(&out, &request, NULL, SIP_CANCEL) != BF_OK)
        return;
    l->cancelled = true;
    a->on = true;
    a->method = SIP_CANCEL;
    a->n = out.n;
    a->cseq = invite->cseq;
    memcpy(a->branch, invite->branch, sizeof a->branch);
    a->interval = T1;
    a->resend_at = now + T1;
    a->deadline = invite->deadline = now + GIVE_UP;
    a->to = invite->to;
    a->elsewhere = invite->elsewhere;
    (void)wire_send(l->wire, place(a), span_make(a->text, a->n));
}

void leg_end(struct leg *l, mono_t now)
{
    if (l->over)
        return;
    if (!l->up) {
        if (l->asked[0].on)
            leg_cancel(l, now);
        else
            l->over = true;
        return;
    }
    l->over = true;
    l->acking = l->answering = false;
    l->asked[0].on = false;
    l->asked[1].challenges = 0;
    (void)leg_ask(l, &l->asked[1], SIP_BYE, SPAN_NONE, now);
}

void leg_ack(struct leg *l, struct span body)
{
    char branch[7 + CLIENT_WORD + 1] = "z9hG4bK";
    struct buf out = BUF_ON(l->ack);
    client_word(branch + 7);
    l->n_ack = 0;
    if (!write_request(l, SIP_ACK, branch, l->ack_cseq, body, &out))
        return;
    l->n_ack = out.n;
    l->ack_elsewhere = l->next_known;
    l->ack_to = l->next;
    (void)wire_send(l->wire, l->ack_elsewhere ? (const struct sockaddr *)&l->ack_to : NULL, buf_span(&out));
}

/* ---- answering a re-INVITE ---- */

void leg_answer(struct leg *l, int status, struct span body, mono_t now)
{
    struct sip_message request;
    struct buf out = BUF_ON(l->answer);
    const struct sip_source from = { (const struct sockaddr *)&l->offered_from, wire_is_stream(l->wire) };
    if (!l->answering ||
        message_read(span_make(l->offered, l->n_offered), SIP_DATAGRAM, &request, NULL) != BF_OK ||
        reply_begin(&out, &request, &from, status, sip_reason(status), span_of(l->tag)) != BF_OK)
        return;
    if (status > 100 && status < 300) {
        put_contact(l, &out);
        if (body.n)
            buf_text(&out, "Content-Type: application/sdp\r\n");
    }
    reply_end(&out, body);
    l->answering = false;
    l->n_answer = buf_ok(&out) ? out.n : 0;
    l->acking = true; /* of a refusal, too: it is sent until its ACK comes, but nobody minds when none does */
    l->answered = status;
    l->answer_interval = T1;
    l->answer_again = now + T1;
    l->answer_until = now + GIVE_UP;
    (void)wire_send(l->wire, (const struct sockaddr *)&l->offered_from, span_make(l->answer, l->n_answer));
}

void leg_reply(struct wire *w, const struct wire_heard *heard, int status, const char *tag)
{
    char memory[LEG_REQUEST];
    struct buf out = BUF_ON(memory);
    const struct sip_source from = { (const struct sockaddr *)heard->from, wire_is_stream(w) };
    struct sockaddr_storage to;
    socklen_t n;
    if (reply_begin(&out, heard->message, &from, status, sip_reason(status), span_of(tag)) != BF_OK ||
        !reply_target(heard->message, &from, &to, &n))
        return;
    if (status == 405 || status == 200)
        reply_header(&out, "Allow", SPAN("INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY"));
    reply_end(&out, SPAN_NONE);
    if (buf_ok(&out))
        (void)wire_send(w, (const struct sockaddr *)&to, buf_span(&out));
}

/* ---- the clock ---- */

static bool is_due(const struct leg *l, const struct leg_asked *a, mono_t now)
{
    return a->on && !wire_is_stream(l->wire) && now >= a->resend_at &&
           !(a->method == SIP_INVITE && a->provisional);
}

static void send_again(struct leg *l, struct leg_asked *a, mono_t now)
{
    const bool invite = a->method == SIP_INVITE;
    a->interval = invite || 2 * a->interval < T2 ? 2 * a->interval : T2;
    a->resend_at = now + a->interval;
    (void)wire_send(l->wire, place(a), span_make(a->text, a->n));
}

/* An INVITE that rings has no deadline of its own: whoever placed it ends it. */
static bool is_lost(const struct leg *l, const struct leg_asked *a, mono_t now)
{
    return a->on && now >= a->deadline &&
           !(a->method == SIP_INVITE && a->provisional && !l->cancelled && !l->up);
}

static enum leg_event lose(struct leg *l, struct leg_asked *a)
{
    a->on = false;
    l->status = 408;
    l->n_body = 0;
    if (a->method != SIP_INVITE && a->method != SIP_REFER)
        return LEG_NOTHING; /* CANCEL, BYE: over is over */
    if (!l->up)
        l->over = true;
    return LEG_REFUSED;
}

enum leg_event leg_turn(struct leg *l, mono_t now)
{
    for (size_t i = 0; i < ARRAY_SIZE(l->asked); i++) {
        struct leg_asked *a = &l->asked[i];
        if (is_lost(l, a, now))
            return lose(l, a);
        if (is_due(l, a, now))
            send_again(l, a, now);
    }
    if (!l->acking || now < l->answer_again)
        return LEG_NOTHING;
    if (now >= l->answer_until) {
        l->acking = false;
        return l->answered < 300 ? LEG_ENDED : LEG_NOTHING;
    }
    l->answer_interval = 2 * l->answer_interval < T2 ? 2 * l->answer_interval : T2;
    l->answer_again = now + l->answer_interval;
    (void)wire_send(l->wire, (const struct sockaddr *)&l->offered_from, span_make(l->answer, l->n_answer));
    return LEG_NOTHING;
}

mono_t leg_next(const struct leg *l)
{
    mono_t next = INT64_MAX;
    for (size_t i = 0; i < ARRAY_SIZE(l->asked); i++) {
        const struct leg_asked *a = &l->asked[i];
        const bool rings = a->method == SIP_INVITE && a->provisional;
        if (a->on && !rings && !wire_is_stream(l->wire) && a->resend_at < next)
            next = a->resend_at;
        if (a->on && !(rings && !l->cancelled && !l->up) && a->deadline < next)
            next = a->deadline;
    }
    return l->acking && l->answer_again < next ? l->answer_again : next;
}

bool leg_inviting(const struct leg *l)
{
    return l->asked[0].on || l->answering || (l->acking && l->answered < 300);
}

bool leg_quiet(const struct leg *l)
{
    return !l->asked[0].on && !l->asked[1].on;
}
