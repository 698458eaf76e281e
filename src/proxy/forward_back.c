/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response that comes back: our Via off, what failed put in, what we ourselves are told about our own token kept here.
 *                                                                                        RFC 3261 section 16.7, RFC 9410
 */
#include "proxy/address.h"
#include "proxy/forward.h"

struct going_back {
    const struct sip_message *response;
    const struct forward_back *back;
    bool via;    /* the topmost is still to come */
    bool hidden; /* who was reached is not to be told */
    bool own;    /* a Reason with our token was taken out */
    struct buf *out;
};

static void put_line(struct buf *out, struct span line)
{
    buf_span_put(out, line);
    buf_text(out, "\r\n");
}

/* The first value is ours; others that stand with it stay. */
static void top_via(struct going_back *g, const struct sip_header *h)
{
    struct span rest = h->value, value;
    g->via = false;
    (void)sip_list_next(&rest, &value);
    rest = span_trim(rest);
    if (rest.n) {
        const size_t at = reply_header_begin(g->out, "Via");
        address_unfold(rest, g->out);
        reply_header_end(g->out, at);
    }
}

/* `STIR;cause=438;ppi="..SIGNATURE"`, or the whole token. */
static bool speaks_of_ours(const struct going_back *g, struct span value)
{
    const size_t params = span_find(value, ';');
    struct span ppi;
    return g->back && g->back->signature.n &&
           span_equal_nocase(span_trim(span_first(value, params)), SPAN("STIR")) &&
           sip_param(span_from(value, params), SPAN("ppi"), &ppi) &&
           span_equal(lines_signature(ppi), g->back->signature);
}

static void reason(struct going_back *g, const struct sip_header *h)
{
    const size_t before = g->out->n;
    struct span rest = h->value, value;
    size_t n = 0, ours = 0;
    buf_span_put(g->out, h->name);
    buf_text(g->out, ": ");
    const size_t at = g->out->n;
    while (sip_list_next(&rest, &value)) {
        if (speaks_of_ours(g, value)) {
            ours++;
            continue;
        }
        if (n++)
            buf_text(g->out, ", ");
        address_unfold(value, g->out);
    }
    g->own |= ours > 0;
    if (ours && n) {
        reply_header_end(g->out, at);
        return;
    }
    g->out->n = before;
    if (!ours)
        put_line(g->out, h->line);
}

static void put_header(struct going_back *g, const struct sip_header *h)
{
    const bool asserts = h->id == SIP_H_P_ASSERTED_IDENTITY || h->id == SIP_H_REMOTE_PARTY_ID;
    if (h->id == SIP_H_CONTENT_LENGTH || (asserts && g->hidden))
        return;
    if (h->id == SIP_H_VIA && g->via)
        top_via(g, h);
    else if (h->id == SIP_H_REASON)
        reason(g, h);
    else if (h->id == SIP_H_FROM && g->back && g->back->from.n)
        put_line(g->out, g->back->from);
    else
        put_line(g->out, h->line);
}

enum bf_err forward_response(const struct sip_message *response, const struct forward_back *back,
                             struct buf *out, bool *ret_own)
{
    struct going_back g = { .response = response, .back = back, .via = true, .out = out };
    g.hidden = back && back->outside && call_wants_privacy(response);
    if (response->is_request || !response->first[SIP_H_VIA])
        return BF_EFORM;
    buf_text(out, "SIP/2.0 ");
    buf_decimal(out, response->status);
    buf_char(out, ' ');
    buf_printable(out, response->reason);
    buf_text(out, "\r\n");
    for (size_t i = 0; i < response->n_headers; i++)
        put_header(&g, &response->headers[i]);
    if (back && response->status > 100)
        buf_span_put(out, back->reasons);
    reply_end(out, response->body);
    if (!buf_ok(out))
        return BF_ELIMIT;
    if (ret_own)
        *ret_own = g.own;
    return BF_OK;
}

struct span forward_signature(struct span identity)
{
    return lines_signature(span_trim(span_first(identity, span_find(identity, ';'))));
}
