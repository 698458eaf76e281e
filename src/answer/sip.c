/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decision -> SIP answer.                        field.md 4.1, 4.2; SIP-041..044, SIP-060..066, RSN-001..005, EX-002, EX-003
 *
 *     SIP/2.0 302 Moved Temporarily
 *     … Via, From, To, Call-ID, CSeq of the request …
 *     Contact: <sip:+12155550131@next.example;user=phone>
 *     P-Asserted-Identity: <sip:+12155550121;verstat=TN-Validation-Passed@orig.example;user=phone>
 *     P-Attestation-Indicator: A
 *     X-Bonafide: verdict=genuine;attest=A;case=none;id=01JD…
 *
 * Everything is computed from the request, the decision and the configuration, so a retransmission gets the same bytes.
 */
#include "answer/lines.h"
#include "answer/refuse.h"
#include "sip/uri.h"

#define ANSWER_GROWTH 2048u /* an answer is at most its request and this much */

/* ---- Contact ---- */

/* The user part that is dialled next: the Request-URI's, parameters of the number included. */
static void put_user(struct buf *b, const struct sip_uri *uri)
{
    switch (uri->scheme) {
    case URI_SIP:
    case URI_SIPS: buf_span_put(b, uri->user); break;
    case URI_TEL:
        buf_span_put(b, uri->user);
        buf_span_put(b, uri->params);
        break;
    case URI_URN: /* urn:service:sos.fire -> sos.fire */
        buf_span_put(b, span_from(uri->opaque, span_find(uri->opaque, ':') + 1));
        break;
    case URI_OTHER: break;
    }
}

/* The same with the number as the next hop wants it: +33123456789;npdi -> 0123456789;npdi. */
static void put_formatted(const struct lines *w, const struct sip_uri *uri)
{
    struct span value;
    const bool tel = uri->scheme == URI_TEL;
    const struct span params = tel ? uri->params : span_from(uri->user, span_find(uri->user, ';'));
    lines_number(w, &w->call->called, w->out);
    if (!sip_param(params, SPAN("phone-context"), &value)) /* it said what the number lacked */
        buf_span_put(w->out, params);
}

static bool has_user_phone(const struct sip_uri *uri)
{
    struct span value;
    return uri->scheme == URI_TEL ||
           (sip_param(uri->params, SPAN("user"), &value) && span_equal_nocase(value, SPAN("phone")));
}

/* `sip:127.0.0.1:5080;transport=tcp` and a user -> `<sip:user@127.0.0.1:5080;transport=tcp;user=phone>` */
static void put_contact(const struct lines *w, const char *next_hop)
{
    struct buf *out = w->out;
    struct sip_uri to, hop;
    if (uri_read(w->request->uri, &to, NULL) || uri_read(span_of(next_hop), &hop, NULL)) {
        out->full = true;
        return;
    }
    const size_t at = reply_header_begin(out, "Contact");
    buf_text(out, hop.scheme == URI_SIPS ? "<sips:" : "<sip:");
    const size_t user_at = out->n;
    if (w->number && w->call->has_called && !w->call->called_from_to)
        put_formatted(w, &to);
    else
        put_user(out, &to);
    if (out->n > user_at)
        buf_char(out, '@');
    buf_span_put(out, hop.host);
    if (hop.port) {
        buf_char(out, ':');
        buf_decimal(out, hop.port);
    }
    buf_span_put(out, hop.params);
    if (has_user_phone(&to))
        buf_text(out, ";user=phone");
    /* A redirection to where the call came from would loop (SIP-041): a parameter tells the two apart. */
    if (span_equal(span_from(buf_span(out), at + 1), w->request->uri))
        buf_text(out, ";bonafide=1");
    buf_char(out, '>');
    reply_header_end(out, at);
}

/*
 * `;target=sip:100%40192.0.2.7;cause=480`: whose box it is, and that the call was sent on at once.      RFC 4458 section 2
 * What a URI parameter cannot hold as it stands is escaped.                                     RFC 3261 section 25.1
 */
static void put_mailbox(struct span called, struct buf *out)
{
    static const char plain[] = "-_.!~*'()[]/:&+$", hex[] = "0123456789ABCDEF";
    buf_text(out, ";target=");
    for (size_t i = 0; i < called.n; i++) {
        const unsigned char c = (unsigned char)called.p[i];
        const bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (word || (c && strchr(plain, c))) {
            buf_char(out, (char)c);
        } else {
            buf_char(out, '%');
            buf_char(out, hex[c >> 4]);
            buf_char(out, hex[c & 15]);
        }
    }
    buf_text(out, ";cause=480");
}

/* ---- the whole ---- */

static void put_redirection(const struct lines *w, const struct answer_policy *policy, const char *next_hop)
{
    if (policy->action == ACTION_TO && policy->to) {
        char memory[LIMIT_URI * 5];
        struct buf b = BUF_ON(memory);
        buf_printf(&b, "<%s", policy->to);
        if (policy->mailbox)
            put_mailbox(w->request->uri, &b);
        buf_char(&b, '>');
        if (buf_ok(&b))
            reply_header(w->out, "Contact", buf_span(&b));
    } else {
        put_contact(w, next_hop);
    }
    lines_asserted(w, SPAN_NONE);
    lines_privacy(w);
    lines_attestation(w);
    lines_alert_info(w);
}

static size_t ceiling_of(const struct sip_message *request, const struct buf *out)
{
    const size_t most = request->bytes.n + ANSWER_GROWTH;
    return most < out->size ? most : out->size;
}

enum bf_err answer_sip(const struct answer_options *options, const struct signing *signing,
                       const struct decision *d, const struct sip_message *request, const struct call *call,
                       const struct sip_source *from, struct span to_tag, const struct answer_hop *hop,
                       struct buf *out, int *ret_status)
{
    const struct number_format *format = hop->format ? hop->format : call->peer.format;
    const struct lines w = { .options = options,
                             .signing = signing,
                             .d = d,
                             .request = request,
                             .call = call,
                             .number = format ? number_write : NULL,
                             .number_arg = format,
                             .out = out };
    const struct answer_policy policy = answer_policy_of(options, d, call);
    const struct refusal refusal = refusal_of(options, d, call, DECIDED_BY_POLICY);
    const int status = refusal.status ? refusal.status : 302;
    out->size = ceiling_of(request, out);
    const enum bf_err err = reply_begin(out, request, from, status,
                                        refusal.status ? refusal.reason : "Moved Temporarily", to_tag);
    if (err)
        return err;
    if (!refusal.status)
        put_redirection(&w, &policy, hop->uri);
    refusal_lines(options, &refusal, out);
    lines_verdict(&w);
    if (d->signing) {
        lines_identity(&w);
        lines_origination(&w);
    }
    lines_reasons(d, call, call->peer.pai, out);
    reply_end(out, SPAN_NONE);
    if (!buf_ok(out))
        return BF_ELIMIT;
    if (ret_status)
        *ret_status = status;
    return BF_OK;
}
