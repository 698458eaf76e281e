/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/follow.h"

static void put_header(struct buf *out, const char *name, struct span value)
{
    buf_text(out, name);
    buf_text(out, ": ");
    buf_span_put(out, value);
    buf_text(out, "\r\n");
}

static void put_start(struct buf *out, enum sip_method method, struct span uri)
{
    buf_text(out, sip_method_text(method));
    buf_char(out, ' ');
    buf_span_put(out, uri);
    buf_text(out, " SIP/2.0\r\n");
}

/* Everything behind the Via and the route. */
static enum bf_err put_rest(struct buf *out, const struct sip_message *request, struct span to,
                            enum sip_method method, uint32_t cseq)
{
    put_header(out, "From", message_header(request, SIP_H_FROM));
    put_header(out, "To", to);
    put_header(out, "Call-ID", message_header(request, SIP_H_CALL_ID));
    buf_text(out, "CSeq: ");
    buf_decimal(out, cseq);
    buf_char(out, ' ');
    buf_text(out, sip_method_text(method));
    buf_text(out, "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}

/* The first value of the request's Via: what we wrote. */
static bool top_via(const struct sip_message *request, struct span *ret)
{
    struct span rest = message_header(request, SIP_H_VIA);
    return sip_list_next(&rest, ret);
}

enum bf_err follow_hop(struct buf *out, const struct sip_message *request, const struct sip_message *answer,
                       enum sip_method method)
{
    struct span via;
    const struct sip_header *route;
    if (message_missing(request) || !top_via(request, &via) || (answer && message_missing(answer)))
        return BF_EFORM;
    put_start(out, method, request->uri);
    put_header(out, "Via", via);
    for (size_t at = 0; (route = message_next(request, SIP_H_ROUTE, &at));)
        put_header(out, "Route", route->value);
    const struct span to = message_header(answer ? answer : request, SIP_H_TO);
    return put_rest(out, request, to, method, request->cseq);
}

/* Where the other side wants to be reached; the request's own target when it does not say. */
static struct span remote_target(const struct sip_message *request, const struct sip_message *answer)
{
    struct sip_address a;
    struct span rest = message_header(answer, SIP_H_CONTACT), first;
    if (sip_list_next(&rest, &first) && sip_address_read(first, &a, NULL) == BF_OK)
        return a.uri;
    return request->uri;
}

/* Record-Route, last one first.                                                  RFC 3261 section 12.1.2 */
#define ROUTES 32u
static enum bf_err put_route(struct buf *out, const struct sip_message *answer)
{
    struct span routes[ROUTES], rest;
    const struct sip_header *h;
    size_t n = 0;
    for (size_t at = 0; (h = message_next(answer, SIP_H_RECORD_ROUTE, &at));)
        for (rest = h->value; n < ROUTES && sip_list_next(&rest, &routes[n]);)
            n++;
    if (n == ROUTES)
        return BF_ELIMIT;
    while (n--)
        put_header(out, "Route", routes[n]);
    return BF_OK;
}

enum bf_err follow_dialog(struct buf *out, const struct sip_message *request,
                          const struct sip_message *answer, enum sip_method method, struct span branch)
{
    struct span value;
    struct sip_via via;
    if (message_missing(request) || message_missing(answer) || !top_via(request, &value) ||
        sip_via_read(value, &via, NULL) != BF_OK)
        return BF_EFORM;
    put_start(out, method, remote_target(request, answer));
    buf_text(out, "Via: SIP/2.0/");
    buf_span_put(out, via.transport);
    buf_char(out, ' ');
    buf_span_put(out, via.host);
    if (via.port) {
        buf_char(out, ':');
        buf_decimal(out, via.port);
    }
    buf_text(out, ";branch=");
    buf_span_put(out, branch);
    buf_text(out, ";rport\r\n");
    enum bf_err err = put_route(out, answer);
    if (err != BF_OK)
        return err;
    const uint32_t cseq = request->cseq + (method != SIP_ACK);
    return put_rest(out, request, message_header(answer, SIP_H_TO), method, cseq);
}
