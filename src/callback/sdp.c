/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/sdp.h"

#include <inttypes.h>

/* `IN IP4 192.0.2.1`: the brackets of a URI go. */
static void put_host(const struct sdp_session *s, struct buf *out)
{
    const struct span host = span_of(s->host);
    if (host.n > 2 && host.p[0] == '[')
        buf_printf(out, "IN IP6 %.*s", (int)(host.n - 2), host.p + 1);
    else
        buf_printf(out, "IN IP4 %s", s->host);
}

static void put_origin(struct sdp_session *s, struct buf *out)
{
    buf_printf(out, "o=bonafide %" PRIu64 " %" PRIu64 " ", s->id, ++s->version);
    put_host(s, out);
    buf_text(out, "\r\n");
}

/* Nowhere is 0.0.0.0 (RFC 3725 section 5.2.1); codecs that phones have, so that they do not refuse. */
void sdp_hold(struct sdp_session *s, struct buf *out)
{
    buf_text(out, "v=0\r\n");
    put_origin(s, out);
    buf_printf(out, "s=-\r\nc=%s\r\nt=0 0\r\n", s->host[0] == '[' ? "IN IP6 ::" : "IN IP4 0.0.0.0");
    buf_text(out, "m=audio 9 RTP/AVP 0 8 9 96 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                  "a=rtpmap:9 G722/8000\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
                  "a=inactive\r\n");
}

/* The next line without its end; a bare LF ends one, too. */
static bool next_line(struct span *rest, struct span *ret)
{
    if (rest->n == 0)
        return false;
    const size_t n = span_find(*rest, '\n');
    *ret = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    if (ret->n && ret->p[ret->n - 1] == '\r')
        ret->n--;
    return true;
}

static bool is_line(struct span line)
{
    if (line.n < 2 || line.p[1] != '=' || line.p[0] < 'a' || line.p[0] > 'z')
        return false;
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '\0' || line.p[i] == '\r')
            return false;
    return true;
}

bool sdp_forward(struct sdp_session *s, struct span body, struct buf *out)
{
    struct span line;
    bool origin = false, media = false;
    const uint64_t before = s->version;
    if (!span_starts(body, SPAN("v=0")))
        return false;
    while (next_line(&body, &line)) {
        if (line.n == 0)
            continue;
        if (!is_line(line) || (line.p[0] == 'o' && (origin || media))) {
            s->version = before;
            return false;
        }
        media |= line.p[0] == 'm';
        if (line.p[0] == 'o') {
            origin = true;
            put_origin(s, out);
            continue;
        }
        buf_span_put(out, line);
        buf_text(out, "\r\n");
    }
    return origin && media && buf_ok(out);
}

/* `m=audio 4000 RTP/AVP 0` -> `m=audio 0 RTP/AVP 0` */
static bool put_closed(struct span line, struct buf *out)
{
    const size_t kind = span_find(line, ' ');
    const struct span rest = span_from(line, kind + 1);
    const size_t port = span_find(rest, ' ');
    if (port >= rest.n)
        return false;
    buf_span_put(out, span_first(line, kind));
    buf_text(out, " 0");
    buf_span_put(out, span_from(rest, port));
    buf_text(out, "\r\n");
    return true;
}

bool sdp_refuse(struct sdp_session *s, struct span offer, struct buf *out)
{
    struct span line;
    bool media = false;
    buf_text(out, "v=0\r\n");
    put_origin(s, out);
    buf_text(out, "s=-\r\nc=");
    put_host(s, out);
    buf_text(out, "\r\nt=0 0\r\n");
    while (next_line(&offer, &line))
        if (is_line(line) && line.p[0] == 'm') {
            if (!put_closed(line, out))
                return false;
            media = true;
        }
    return media && buf_ok(out);
}
