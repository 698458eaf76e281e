/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     48455033 007a             "HEP3", 122 bytes in all
 *     0000 0001 0007 02         family: IPv4 (2), IPv6 (10)
 *     0000 0002 0007 11         protocol: UDP (17), TCP (6)
 *     0000 0003 000a c000020a   source; 0004 destination (0005, 0006: of IPv6); 0007, 0008 ports
 *     …
 *     0000 000f ....  INVITE …  payload, last
 */
#include "record/hep.h"

#include "base/cidr.h"

enum chunk {
    CHUNK_FAMILY = 0x01,
    CHUNK_PROTOCOL = 0x02,
    CHUNK_SOURCE4 = 0x03,
    CHUNK_TARGET4 = 0x04,
    CHUNK_SOURCE6 = 0x05,
    CHUNK_TARGET6 = 0x06,
    CHUNK_SOURCE_PORT = 0x07,
    CHUNK_TARGET_PORT = 0x08,
    CHUNK_SECONDS = 0x09,
    CHUNK_MICROSECONDS = 0x0A,
    CHUNK_TYPE = 0x0B,
    CHUNK_AGENT = 0x0C,
    CHUNK_KEY = 0x0E,
    CHUNK_PAYLOAD = 0x0F,
    CHUNK_CORRELATION = 0x11,
};

#define HEP_HEAD   6u
#define CHUNK_HEAD 6u

static void put_number(struct buf *b, uint32_t value, unsigned bytes)
{
    while (bytes--)
        buf_char(b, (char)(value >> 8 * bytes));
}

static void put_chunk(struct buf *b, enum chunk type, struct span value)
{
    if (value.n > HEP_BYTES - CHUNK_HEAD) {
        b->full = true;
        return;
    }
    put_number(b, 0, 2); /* the vendor of these chunks is nobody in particular */
    put_number(b, type, 2);
    put_number(b, (uint32_t)(CHUNK_HEAD + value.n), 2);
    buf_span_put(b, value);
}

static void put_number_chunk(struct buf *b, enum chunk type, uint32_t value, unsigned bytes)
{
    char text[4];
    struct buf v = BUF_ON(text);
    put_number(&v, value, bytes);
    put_chunk(b, type, buf_span(&v));
}

/* IPv4 also where it came mapped into IPv6. */
static void put_addresses(struct buf *b, const struct hep_packet *p)
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    uint8_t from[16], to[16];
    if (!p->from || !p->to || !addr_bytes(p->from, from) || !addr_bytes(p->to, to))
        return;
    const bool four = memcmp(from, mapped, 12) == 0, four_to = memcmp(to, mapped, 12) == 0;
    if (four == four_to) {
        const size_t at = four ? 12 : 0;
        put_number_chunk(b, CHUNK_FAMILY, four ? 2 : 10, 1);
        put_chunk(b, four ? CHUNK_SOURCE4 : CHUNK_SOURCE6, span_make(from + at, 16 - at));
        put_chunk(b, four ? CHUNK_TARGET4 : CHUNK_TARGET6, span_make(to + at, 16 - at));
    }
    put_number_chunk(b, CHUNK_SOURCE_PORT, addr_port(p->from), 2);
    put_number_chunk(b, CHUNK_TARGET_PORT, addr_port(p->to), 2);
}

enum bf_err hep_write(const struct hep_packet *p, struct buf *out)
{
    const size_t start = out->n;
    buf_text(out, "HEP3");
    put_number(out, 0, 2);
    put_addresses(out, p);
    put_number_chunk(out, CHUNK_PROTOCOL, p->tcp ? 6 : 17, 1);
    put_number_chunk(out, CHUNK_SECONDS, (uint32_t)p->at.utc, 4);
    put_number_chunk(out, CHUNK_MICROSECONDS, (uint32_t)p->at.ms * 1000, 4);
    put_number_chunk(out, CHUNK_TYPE, p->type, 1);
    put_number_chunk(out, CHUNK_AGENT, p->agent, 4);
    if (p->key.n)
        put_chunk(out, CHUNK_KEY, p->key);
    if (p->correlation.n)
        put_chunk(out, CHUNK_CORRELATION, p->correlation);
    put_chunk(out, CHUNK_PAYLOAD, p->payload);
    const size_t n = out->n - start;
    if (!buf_ok(out) || n > HEP_BYTES)
        return BF_ELIMIT;
    out->p[start + 4] = (char)(n >> 8);
    out->p[start + 5] = (char)n;
    return BF_OK;
}
