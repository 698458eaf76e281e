/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `m=image 5004 udptl t38` alone is a fax. An impostor must not get rid of a label by adding such a line, so whatever else
 * may be a medium to somebody, wherever it stands in its line, makes it an ordinary call.
 */
#include "sip/fax.h"

static bool begins_line(struct span body, size_t at)
{
    return at == 0 || body.p[at - 1] == '\n' || body.p[at - 1] == '\r';
}

/* *ret_all: of everything that looks like a medium. */
static size_t count_images(struct span body, size_t *ret_all)
{
    size_t images = 0, all = 0;
    for (size_t at = 0; at + 1 < body.n; at++) {
        if ((body.p[at] | 0x20) != 'm' || body.p[at + 1] != '=')
            continue;
        all++;
        images += begins_line(body, at) && span_starts_nocase(span_from(body, at), SPAN("m=image "));
    }
    *ret_all = all;
    return images;
}

/* `Accept-Contact: *;+sip.fax="t38"` */
static bool prefers_fax(const struct sip_message *m)
{
    static const enum sip_header_id ids[] = { SIP_H_CONTACT, SIP_H_OTHER };
    const struct sip_header *h;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        for (size_t at = 0; (h = message_next(m, ids[i], &at));)
            if (memmem(h->value.p, h->value.n, "sip.fax", 7))
                return true;
    return false;
}

enum fax message_fax(const struct sip_message *m)
{
    const struct span type = message_header(m, SIP_H_CONTENT_TYPE);
    const struct span kind = span_trim(span_first(type, span_find(type, ';')));
    size_t all;
    const size_t images = count_images(m->body, &all);
    if (images && images == all && span_equal_nocase(kind, SPAN("application/sdp")))
        return FAX_ONLY;
    return images || prefers_fax(m) ? FAX_SAID : FAX_NO;
}
