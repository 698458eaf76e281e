/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 and IPv6 packets, and the fragments they come in.        RFC 791 section 3.2, RFC 8200 sections 4, 4.5, RFC 5722
 * Fragments that overlap and differ would let a reader choose what was said: their datagram is thrown away.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "cli/capture_parts.h"

#define DATAGRAM_MAX 65535u

enum { PROTO_TCP = 6, PROTO_UDP = 17, PROTO_FRAGMENT = 44, PROTO_AH = 51 };

struct partial {
    bool used;
    uint64_t age;
    struct sockaddr_storage from, to;
    uint32_t id;
    uint8_t protocol;
    size_t end;                          /* length of the whole, 0: not known yet */
    size_t top;                          /* where the farthest one here ends */
    size_t held;                         /* bytes here */
    uint8_t here[DATAGRAM_MAX / 64 + 1]; /* a bit each eight bytes */
    char *bytes;                         /* DATAGRAM_MAX + 1 */
};

struct fragments {
    uint64_t now;
    struct partial partials[FRAGMENTED_DATAGRAMS];
    char *last; /* the bytes of the datagram given last */
};

struct fragments *fragments_create(void)
{
    return calloc(1, sizeof(struct fragments));
}

void fragments_destroy(struct fragments *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < FRAGMENTED_DATAGRAMS; i++)
        free(f->partials[i].bytes);
    free(f->last);
    free(f);
}

/* One fragment: where in the datagram it lies. */
struct fragment {
    size_t at;
    bool more;
    uint32_t id;
};

static void forget(struct partial *p)
{
    free(p->bytes);
    *p = (struct partial){ .used = false };
}

static bool same_datagram(const struct partial *p, const struct datagram *d, uint32_t id)
{
    return p->used && p->id == id && p->protocol == d->protocol &&
           memcmp(&p->from, &d->from, sizeof p->from) == 0 && memcmp(&p->to, &d->to, sizeof p->to) == 0;
}

/* The datagram that the fragment belongs to, begun if need be; NULL without memory. */
static struct partial *partial_of(struct fragments *f, const struct datagram *d, uint32_t id)
{
    struct partial *oldest = &f->partials[0];
    for (size_t i = 0; i < FRAGMENTED_DATAGRAMS; i++) {
        struct partial *p = &f->partials[i];
        if (same_datagram(p, d, id))
            return p;
        if (oldest->used && (!p->used || p->age < oldest->age))
            oldest = p;
    }
    forget(oldest);
    oldest->bytes = malloc(DATAGRAM_MAX + 1);
    if (!oldest->bytes)
        return NULL;
    oldest->used = true;
    oldest->age = f->now++;
    oldest->from = d->from;
    oldest->to = d->to;
    oldest->id = id;
    oldest->protocol = d->protocol;
    return oldest;
}

/* Enters the bytes; false when they contradict what is here. */
static bool enter(struct partial *p, size_t at, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i += 8) {
        const size_t unit = (at + i) / 8, n = bytes.n - i < 8 ? bytes.n - i : 8;
        uint8_t *const here = &p->here[unit / 8];
        const uint8_t bit = (uint8_t)(1u << unit % 8);
        if (*here & bit) {
            if (memcmp(p->bytes + at + i, bytes.p + i, n) != 0)
                return false;
            continue;
        }
        memcpy(p->bytes + at + i, bytes.p + i, n);
        *here |= bit;
        p->held += n;
    }
    return true;
}

static bool fragment_fits(const struct partial *p, const struct fragment *part, size_t n)
{
    if (n == 0 || part->at + n > DATAGRAM_MAX || (part->more && n % 8))
        return false;
    if (!part->more)
        return p->end == 0 ? part->at + n >= p->top : p->end == part->at + n;
    return p->end == 0 || part->at + n <= p->end;
}

static enum datagram_kind keep(struct fragments *f, const struct fragment *part, struct datagram *d)
{
    struct partial *p = partial_of(f, d, part->id);
    if (!p)
        return DATAGRAM_DAMAGED;
    if (!fragment_fits(p, part, d->payload.n) || !enter(p, part->at, d->payload)) {
        forget(p);
        return DATAGRAM_DAMAGED;
    }
    if (part->at + d->payload.n > p->top)
        p->top = part->at + d->payload.n;
    if (!part->more)
        p->end = part->at + d->payload.n;
    if (p->end && p->held > p->end) {
        forget(p);
        return DATAGRAM_DAMAGED;
    }
    if (p->end == 0 || p->held < p->end)
        return DATAGRAM_PART;
    d->payload = span_make(p->bytes, p->end);
    free(f->last);
    f->last = p->bytes;
    p->bytes = NULL;
    forget(p);
    return DATAGRAM_WHOLE;
}

static enum datagram_kind finish(struct fragments *f, const struct fragment *part, struct datagram *d)
{
    if (d->protocol != PROTO_UDP && d->protocol != PROTO_TCP)
        return DATAGRAM_FOREIGN;
    return part->more || part->at ? keep(f, part, d) : DATAGRAM_WHOLE;
}

static enum datagram_kind read_v4(struct fragments *f, struct span p, struct datagram *d)
{
    if (p.n < 20)
        return DATAGRAM_DAMAGED;
    const size_t header = (size_t)(p.p[0] & 15) * 4;
    size_t length = get16(p.p + 2);
    if (length == 0)
        length = p.n; /* the sending card cut the packet later */
    if (header < 20 || length < header || length > p.n)
        return DATAGRAM_DAMAGED;
    struct sockaddr_in *from = (struct sockaddr_in *)&d->from, *to = (struct sockaddr_in *)&d->to;
    from->sin_family = to->sin_family = AF_INET;
    memcpy(&from->sin_addr, p.p + 12, 4);
    memcpy(&to->sin_addr, p.p + 16, 4);
    d->protocol = (uint8_t)p.p[9];
    d->payload = span_make(p.p + header, length - header);
    const uint16_t flags = get16(p.p + 6);
    const struct fragment part = { (size_t)(flags & 0x1FFF) * 8, (flags & 0x2000) != 0, get16(p.p + 4) };
    return finish(f, &part, d);
}

/* Header length of an IPv6 extension that `rest` begins with, 0 when it does not fit. */
static size_t extension_length(uint8_t protocol, struct span rest)
{
    if (rest.n < 8)
        return 0;
    const size_t n = protocol == PROTO_FRAGMENT ? 8
                     : protocol == PROTO_AH     ? ((size_t)(unsigned char)rest.p[1] + 2) * 4
                                                : ((size_t)(unsigned char)rest.p[1] + 1) * 8;
    return n <= rest.n ? n : 0;
}

static bool is_extension(uint8_t protocol)
{
    return protocol == 0 || protocol == 43 || protocol == 60 || protocol == PROTO_FRAGMENT ||
           protocol == PROTO_AH;
}

static enum datagram_kind read_v6(struct fragments *f, struct span p, struct datagram *d)
{
    struct fragment part = { 0 };
    if (p.n < 40)
        return DATAGRAM_DAMAGED;
    size_t length = get16(p.p + 4);
    if (length == 0)
        length = p.n - 40;
    if (length > p.n - 40)
        return DATAGRAM_DAMAGED;
    struct sockaddr_in6 *from = (struct sockaddr_in6 *)&d->from, *to = (struct sockaddr_in6 *)&d->to;
    from->sin6_family = to->sin6_family = AF_INET6;
    memcpy(&from->sin6_addr, p.p + 8, 16);
    memcpy(&to->sin6_addr, p.p + 24, 16);
    d->protocol = (uint8_t)p.p[6];
    d->payload = span_make(p.p + 40, length);
    for (unsigned i = 0; i < 8 && is_extension(d->protocol) && part.at == 0 && !part.more; i++) {
        const size_t n = extension_length(d->protocol, d->payload);
        if (n == 0)
            return DATAGRAM_DAMAGED;
        if (d->protocol == PROTO_FRAGMENT) {
            const uint16_t flags = get16(d->payload.p + 2);
            part = (struct fragment){ flags & 0xFFF8u, (flags & 1) != 0, get32(d->payload.p + 4) };
        }
        d->protocol = (uint8_t)d->payload.p[0];
        d->payload = span_from(d->payload, n);
    }
    return finish(f, &part, d);
}

enum datagram_kind datagram_read(struct fragments *f, struct span packet, struct datagram *ret)
{
    memset(ret, 0, sizeof *ret);
    if (packet.n == 0)
        return DATAGRAM_DAMAGED;
    switch ((unsigned char)packet.p[0] >> 4) {
    case 4: return read_v4(f, packet, ret);
    case 6: return read_v6(f, packet, ret);
    default: return DATAGRAM_FOREIGN;
    }
}

void datagram_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET)
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}
