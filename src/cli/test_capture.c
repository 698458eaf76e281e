/* SPDX-License-Identifier: Apache-2.0 */
/* Captures are made here, byte by byte, and read. */
#include "cli/capture.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cidr.h"
#include "base/limits.h"
#include "tap.h"

#define REQUEST                                                                                              \
    "OPTIONS sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\n"     \
    "To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
#define ANSWER "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"

enum {
    ETHERNET = 1,
    NULL_ = 0,
    RAW = 101,
    LOOP = 108,
    SLL = 113,
    IPV4 = 228,
    IPV6 = 229,
    SLL2 = 276,
    BLUETOOTH = 201
};
enum { UDP = 17, TCP = 6, FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static char file_bytes[1 << 20];
static struct buf file;

/* ---- writing ---- */

static void put16(struct buf *b, unsigned v)
{
    buf_char(b, (char)(v >> 8));
    buf_char(b, (char)v);
}

static void put32(struct buf *b, uint32_t v)
{
    put16(b, v >> 16);
    put16(b, v & 0xFFFF);
}

static void begin(unsigned link)
{
    file = BUF_ON(file_bytes);
    put32(&file, 0xA1B2C3D4);
    put16(&file, 2);
    put16(&file, 4);
    put32(&file, 0);
    put32(&file, 0);
    put32(&file, 65535);
    put32(&file, link);
}

static void packet_of(struct span bytes, uint32_t whole)
{
    static uint32_t at;
    put32(&file, 1443208345);
    put32(&file, 500000 + at++ % 1000);
    put32(&file, (uint32_t)bytes.n);
    put32(&file, whole);
    buf_span_put(&file, bytes);
}

static void packet(struct span bytes)
{
    packet_of(bytes, (uint32_t)bytes.n);
}

struct bytes {
    char p[70000];
    struct buf b;
};

static struct span kept(struct bytes *m)
{
    return buf_span(&m->b);
}

static struct bytes *fresh(void)
{
    static struct bytes ring[4];
    static unsigned next;
    struct bytes *m = &ring[next++ % 4];
    m->b = BUF_ON(m->p);
    return m;
}

static struct span udp(struct span data)
{
    struct bytes *m = fresh();
    put16(&m->b, 5060);
    put16(&m->b, 5070);
    put16(&m->b, (unsigned)data.n + 8);
    put16(&m->b, 0);
    buf_span_put(&m->b, data);
    return kept(m);
}

static unsigned tcp_port = 5060; /* what the next segments come from */

static struct span tcp(uint32_t seq, unsigned flags, struct span data)
{
    struct bytes *m = fresh();
    put16(&m->b, tcp_port);
    put16(&m->b, 5070);
    put32(&m->b, seq);
    put32(&m->b, 0);
    put16(&m->b, 0x5000 | flags);
    put16(&m->b, 1000);
    put32(&m->b, 0);
    buf_span_put(&m->b, data);
    return kept(m);
}

/* fragment: offset in units of 8, 0x2000 for more. */
static struct span ip4_part(unsigned protocol, struct span payload, unsigned id, unsigned fragment)
{
    struct bytes *m = fresh();
    put16(&m->b, 0x4500);
    put16(&m->b, (unsigned)payload.n + 20);
    put16(&m->b, id);
    put16(&m->b, fragment);
    put16(&m->b, 0x4000 | protocol);
    put16(&m->b, 0);
    put32(&m->b, 0xC0000201);
    put32(&m->b, 0xC0000202);
    buf_span_put(&m->b, payload);
    return kept(m);
}

static struct span ip4(unsigned protocol, struct span payload)
{
    return ip4_part(protocol, payload, 1, 0);
}

static struct span ip6(unsigned protocol, struct span payload)
{
    static const char addresses[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                                    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02";
    struct bytes *m = fresh();
    put32(&m->b, 0x60000000);
    put16(&m->b, (unsigned)payload.n);
    put16(&m->b, protocol << 8 | 64);
    buf_bytes(&m->b, addresses, 32);
    buf_span_put(&m->b, payload);
    return kept(m);
}

static struct span framed(const char *header, size_t n, struct span payload)
{
    struct bytes *m = fresh();
    buf_bytes(&m->b, header, n);
    buf_span_put(&m->b, payload);
    return kept(m);
}
#define FRAMED(header, payload) framed(header, sizeof(header) - 1, payload)

/* ---- reading ---- */

#define MOST 300u
static struct {
    size_t n;
    char *bytes[MOST];
    size_t lengths[MOST];
    struct capture_request requests[MOST];
    struct capture_counts counts;
    char *message;
    enum bf_err err;
    size_t stop_after;
} seen;

static bool take(void *arg, const struct capture_request *request)
{
    (void)arg;
    assert_true(seen.n < MOST);
    seen.requests[seen.n] = *request;
    seen.bytes[seen.n] = malloc(request->bytes.n);
    assert_non_null(seen.bytes[seen.n]);
    memcpy(seen.bytes[seen.n], request->bytes.p, request->bytes.n);
    seen.lengths[seen.n++] = request->bytes.n;
    return seen.n != seen.stop_after;
}

static void forget(void)
{
    for (size_t i = 0; i < seen.n; i++)
        free(seen.bytes[i]);
    free(seen.message);
    memset(&seen, 0, sizeof seen);
}

static void read_bytes(struct span bytes)
{
    FILE *f = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "rb");
    assert_non_null(f);
    seen.err = capture_read(f, "calls.pcap", take, NULL, &seen.counts, &seen.message);
}

static void read_all(void)
{
    assert_true(buf_ok(&file));
    read_bytes(buf_span(&file));
}

/* n requests, each exactly REQUEST, and nothing else. */
static void expect(size_t n, size_t damaged, const char *name)
{
    read_all();
    if (seen.err != BF_OK || seen.n != n || seen.counts.requests != n || seen.counts.damaged != damaged)
        fail_msg("%s: %d, %zu requests, %zu damaged: %s", name, seen.err, seen.n, seen.counts.damaged,
                 seen.message ? seen.message : "");
    for (size_t i = 0; i < n; i++)
        if (!span_equal(span_make(seen.bytes[i], seen.lengths[i]), SPAN(REQUEST)))
            fail_msg("%s: request %zu is not what was sent", name, i);
    forget();
}

static void every_link_type_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned link;
        const char *header;
        size_t n;
        bool v6;
    } rows[] = {
#define HEADER(text) text, sizeof(text) - 1
        { "ethernet", ETHERNET, HEADER("abcdefghijkl\x08\x00"), false },
        { "ethernet, IPv6", ETHERNET, HEADER("abcdefghijkl\x86\xdd"), true },
        { "802.1Q", ETHERNET, HEADER("abcdefghijkl\x81\x00\x00\x05\x08\x00"), false },
        { "QinQ", ETHERNET, HEADER("abcdefghijkl\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd"), true },
        { "old QinQ", ETHERNET, HEADER("abcdefghijkl\x91\x00\x00\x05\x81\x00\x00\x06\x08\x00"), false },
        { "raw", RAW, HEADER(""), false },
        { "raw, IPv6", RAW, HEADER(""), true },
        { "IPv4", IPV4, HEADER(""), false },
        { "IPv6", IPV6, HEADER(""), true },
        { "SLL", SLL, HEADER("0123456789abcd\x08\x00"), false },
        { "SLL2", SLL2,
          HEADER("\x86\xdd"
                 "0123456789abcdef01"),
          true },
        { "null", NULL_, HEADER("\x02\0\0\0"), false },
        { "null, IPv6 by any family number", NULL_, HEADER("\x1e\0\0\0"), true },
        { "loop", LOOP, HEADER("\0\0\0\x02"), false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct span datagram = udp(SPAN(REQUEST));
        begin(rows[i].link);
        packet(framed(rows[i].header, rows[i].n, rows[i].v6 ? ip6(UDP, datagram) : ip4(UDP, datagram)));
        expect(1, 0, rows[i].name);
    }
}

static void a_request_has_its_time_its_place_and_its_addresses(void **state)
{
    (void)state;
    char text[64];
    begin(RAW);
    packet(ip4(UDP, udp(SPAN("media"))));
    packet(ip6(UDP, udp(SPAN(REQUEST))));
    packet(ip4(TCP, tcp(1, ACK, SPAN(REQUEST))));
    read_all();
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.requests[0].packet, 2);
    assert_int_equal(seen.requests[0].utc, 1443208345);
    assert_in_range(seen.requests[0].us, 500000, 501000);
    assert_false(seen.requests[0].reliable);
    assert_true(seen.requests[1].reliable);
    assert_string_equal(addr_text((struct sockaddr *)&seen.requests[0].from, text), "[2001:db8::1]:5060");
    assert_string_equal(addr_text((struct sockaddr *)&seen.requests[0].to, text), "[2001:db8::2]:5070");
    assert_string_equal(addr_text((struct sockaddr *)&seen.requests[1].from, text), "192.0.2.1:5060");
    assert_string_equal(addr_text((struct sockaddr *)&seen.requests[1].to, text), "192.0.2.2:5070");
    assert_int_equal(seen.counts.packets, 3);
    assert_int_equal(seen.counts.skipped, 1);
    forget();
}

static void what_is_no_request_is_skipped(void **state)
{
    (void)state;
    begin(ETHERNET);
    packet(FRAMED("abcdefghijkl\x08\x06", SPAN("arp arp arp arp arp arp")));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(1, SPAN("ping ping"))));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(UDP, udp(SPAN(ANSWER)))));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(UDP, udp(SPAN("\r\n\r\n")))));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(UDP, udp(SPAN("GET / HTTP/1.1\r\n\r\n")))));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(TCP, tcp(1, ACK, SPAN("\x16\x03\x01 tls")))));
    packet(FRAMED("abcdefghijkl\x08\x00", ip4(UDP, udp(SPAN(REQUEST)))));
    read_all();
    assert_int_equal(seen.err, BF_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.counts.skipped, 6);
    assert_int_equal(seen.counts.damaged, 0);
    forget();
}

static void padding_of_short_frames_is_no_part_of_the_datagram(void **state)
{
    (void)state;
    struct bytes *m = fresh();
    begin(RAW);
    buf_span_put(&m->b, ip4(UDP, udp(SPAN(REQUEST))));
    buf_text(&m->b, "\0\0padding");
    packet(kept(m));
    expect(1, 0, "padding");
}

static void packets_cut_short_or_at_odds_with_themselves_are_damaged(void **state)
{
    (void)state;
    const struct span whole = ip4(UDP, udp(SPAN(REQUEST)));
    static const struct {
        const char *name;
        struct span bytes;
    } rows[] = {
        { "nothing", SPAN("") },
        { "half an IPv4 header", SPAN("\x45\0\0\x14") },
        { "a header shorter than one", SPAN("\x44\0\0\x14\0\0\0\0\x40\x11\0\0\1\1\1\1\2\2\2\2") },
        { "half an IPv6 header", SPAN("\x60\0\0\0\0\0\x11") },
        { "an IPv6 header only that promises more", SPAN("\x60\0\0\0\0\x08\x11\x40"
                                                         "0123456789abcdef0123456789abcdef") },
        { "an extension beyond the end", SPAN("\x60\0\0\0\0\x08\x00\x40"
                                              "0123456789abcdef0123456789abcdef"
                                              "\x11\x09\0\0\0\0\0\0") },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        begin(RAW);
        packet(rows[i].bytes);
        expect(0, 1, rows[i].name);
    }
    begin(RAW);
    packet_of(span_first(whole, 60), (uint32_t)whole.n); /* the capture kept only so much */
    expect(0, 1, "snap length");
    begin(RAW);
    packet(ip4(UDP, SPAN("\x13\xc4\x13\xce\0\x07\0\0")));
    expect(0, 1, "a UDP length shorter than its header");
    begin(RAW);
    packet(ip4(TCP, SPAN("0123456789ab\x10\0"
                         "345678")));
    expect(0, 1, "a TCP header shorter than one");
    begin(ETHERNET);
    packet(SPAN("abcdefghijkl\x81\x00\x00"));
    expect(0, 1, "half a VLAN tag");
}

/* ---- fragments ---- */

/* A datagram to cut up, which stays when others are made. */
static struct span datagram(void)
{
    static struct bytes m;
    m.b = BUF_ON(m.p);
    buf_span_put(&m.b, udp(SPAN(REQUEST)));
    return kept(&m);
}

static void fragments_are_put_together_in_any_order(void **state)
{
    (void)state;
    const struct span all = datagram();
    static const unsigned orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 }, { 2, 0, 1 } };
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        begin(RAW);
        for (size_t k = 0; k < 3; k++) {
            const unsigned part = orders[i][k];
            const struct span bytes = span_first(span_from(all, part * 64), part < 2 ? 64 : all.n);
            packet(ip4_part(UDP, bytes, 7, part * 8 | (part < 2 ? 0x2000 : 0)));
        }
        expect(1, 0, "three fragments");
    }
}

static struct span ip6_part(struct span payload, uint32_t id, unsigned fragment)
{
    struct bytes *m = fresh();
    put16(&m->b, UDP << 8);
    put16(&m->b, fragment);
    put32(&m->b, id);
    buf_span_put(&m->b, payload);
    return ip6(44, kept(m));
}

static void fragments_of_ipv6_are_put_together(void **state)
{
    (void)state;
    const struct span all = datagram();
    begin(RAW);
    packet(ip6_part(span_from(all, 64), 9, 64));
    packet(ip6_part(span_first(all, 64), 9, 1));
    packet(ip6_part(all, 10, 0)); /* a fragment that is the whole */
    expect(2, 0, "IPv6 fragments");
}

static void fragments_sent_twice_are_fine_and_those_that_differ_are_not(void **state)
{
    (void)state;
    const struct span all = datagram();
    char other[64];
    memset(other, 'x', sizeof other);
    begin(RAW);
    packet(ip4_part(UDP, span_first(all, 64), 7, 0x2000));
    packet(ip4_part(UDP, span_first(all, 64), 7, 0x2000));
    packet(ip4_part(UDP, span_from(all, 64), 7, 8));
    expect(1, 0, "twice");
    begin(RAW);
    packet(ip4_part(UDP, span_first(all, 64), 7, 0x2000));
    packet(ip4_part(UDP, span_make(other, 64), 7, 4 | 0x2000));
    packet(ip4_part(UDP, span_from(all, 64), 7, 8));
    expect(0, 1, "overlapping");
    begin(RAW);
    packet(ip4_part(UDP, span_first(all, 60), 7, 0x2000));
    expect(0, 1, "a length that is no multiple of eight");
    begin(RAW);
    packet(ip4_part(UDP, span_first(all, 64), 7, 0x1FFF));
    expect(0, 1, "beyond 64 KiB");
    begin(RAW);
    packet(ip4_part(UDP, span_from(all, 64), 7, 8));
    packet(ip4_part(UDP, span_first(all, 64), 7, 100 | 0x2000));
    expect(0, 1, "behind the end");
    begin(RAW);
    packet(ip4_part(UDP, span_first(all, 64), 7, 0x2000));
    packet(ip4_part(UDP, span_make(other, 64), 7, 100 | 0x2000));
    packet(ip4_part(UDP, span_from(all, 128), 7, 16)); /* as many bytes as there should be, and a hole */
    expect(0, 1, "behind the end that comes later");
}

static void fragments_of_different_datagrams_are_kept_apart_and_the_oldest_is_given_up(void **state)
{
    (void)state;
    const struct span all = datagram();
    begin(RAW);
    for (unsigned id = 0; id < 65; id++)
        packet(ip4_part(UDP, span_first(all, 64), id, 0x2000));
    for (unsigned id = 65; id-- > 0;)
        packet(ip4_part(UDP, span_from(all, 64), id, 8));
    expect(64, 0, "all but the first");
}

/* ---- streams ---- */

static void segment(uint32_t seq, unsigned flags, struct span data)
{
    packet(ip4(TCP, tcp(seq, flags, data)));
}

static struct span part(size_t from, size_t n)
{
    return span_first(span_from(SPAN(REQUEST REQUEST), from), n);
}

#define LENGTH (sizeof(REQUEST) - 1)

static void streams_are_put_together(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct {
            uint32_t seq; /* from the stream's first byte; its SYN is one before */
            unsigned flags;
            size_t n;
        } segments[8];
        size_t requests, damaged;
    } rows[] = {
        { "one segment", { { 0, ACK, LENGTH } }, 1, 0 },
        { "two messages in one", { { 0, ACK, 2 * LENGTH } }, 2, 0 },
        { "split", { { 0, ACK, 10 }, { 10, ACK, 5 }, { 15, ACK, LENGTH - 15 } }, 1, 0 },
        { "split across messages", { { 0, ACK, LENGTH + 7 }, { LENGTH + 7, ACK, LENGTH - 7 } }, 2, 0 },
        { "out of order", { { 50, ACK, LENGTH - 50 }, { 20, ACK, 30 }, { 0, ACK, 20 } }, 1, 0 },
        { "sent twice",
          { { 0, ACK, 50 }, { 0, ACK, 50 }, { 50, ACK, LENGTH - 50 }, { 0, ACK, LENGTH } },
          1,
          0 },
        { "overlapping", { { 0, ACK, 50 }, { 30, ACK, LENGTH - 30 } }, 1, 0 },
        { "overlapping and early", { { 40, ACK, LENGTH - 40 }, { 0, ACK, 60 } }, 1, 0 },
        { "kept alive by an old byte", { { 0, ACK, 50 }, { 49, ACK, 1 }, { 50, ACK, LENGTH - 50 } }, 1, 0 },
        { "a gap that stays", { { 0, ACK, 50 }, { 60, ACK, LENGTH - 60 } }, 0, 1 },
        { "cut off by FIN", { { 0, ACK, 50 }, { 50, FIN | ACK, 0 } }, 0, 1 },
        { "cut off by RST", { { 0, ACK, 50 }, { 50, RST, 0 } }, 0, 1 },
        { "ended by FIN", { { 0, FIN | ACK, LENGTH } }, 1, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (unsigned with_syn = 0; with_syn < 2; with_syn++) {
            /* Sequence numbers that run over are nothing special. */
            const uint32_t first = 0xFFFFFFF0u;
            if (!with_syn && rows[i].segments[0].seq)
                continue; /* a stream without its beginning begins with what begins like SIP */
            if (!with_syn && rows[i].segments[0].n < 50)
                continue;
            begin(RAW);
            if (with_syn)
                segment(first - 1, SYN, SPAN(""));
            for (size_t k = 0; k < 8 && rows[i].segments[k].flags; k++)
                segment(first + rows[i].segments[k].seq, rows[i].segments[k].flags,
                        part(rows[i].segments[k].seq, rows[i].segments[k].n));
            expect(rows[i].requests, rows[i].damaged, rows[i].name);
        }
}

static void a_stream_seen_from_its_middle_is_joined_where_a_message_begins(void **state)
{
    (void)state;
    begin(RAW);
    segment(100, ACK, SPAN("the end of another message\r\n\r\n"));
    segment(130, ACK, SPAN(REQUEST));
    segment(130 + LENGTH, ACK, SPAN(ANSWER REQUEST "\r\n\r\n"));
    segment(130 + 2 * LENGTH + sizeof ANSWER - 1 + 4, ACK, SPAN("\r\n" REQUEST));
    expect(3, 0, "from the middle");
}

static void a_stream_that_is_no_sip_is_dropped_and_a_later_request_is_found(void **state)
{
    (void)state;
    begin(RAW);
    segment(99, SYN, SPAN(""));
    segment(100, ACK, SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    segment(1000, ACK, SPAN(REQUEST));
    expect(1, 1, "another protocol, a gap, then SIP");
    begin(RAW);
    segment(99, SYN, SPAN(""));
    segment(100, ACK, SPAN("OPTIONS sip:a SIP/2.0\r\nNo-Length: x\r\n\r\n"));
    segment(1000, ACK, SPAN(REQUEST));
    expect(1, 1, "a message that cannot be framed, then SIP");
}

static void ports_that_are_used_again_begin_a_new_stream(void **state)
{
    (void)state;
    begin(RAW);
    segment(99, SYN, SPAN(""));
    segment(100, ACK, SPAN(REQUEST));
    segment(5000, SYN, SPAN(""));
    segment(5001, ACK, SPAN(REQUEST));
    segment(5000, SYN, SPAN("")); /* late, of the same stream */
    expect(2, 0, "ports used again");
}

static void what_waits_for_a_lost_segment_is_bounded(void **state)
{
    (void)state;
    begin(RAW);
    segment(99, SYN, SPAN(""));
    for (unsigned i = 0; i < 400; i++)
        segment(200 + i * 10, ACK, SPAN("0123456789"));
    segment(100000, ACK, SPAN(REQUEST));
    read_all();
    assert_int_equal(seen.err, BF_OK);
    assert_int_equal(seen.n, 1); /* it was given up, and joined again */
    assert_true(seen.counts.damaged >= 1);
    forget();
}

static void the_stream_that_was_silent_longest_is_given_up(void **state)
{
    (void)state;
    enum { STREAMS = 128 };
    begin(RAW);
    for (tcp_port = 1; tcp_port <= STREAMS; tcp_port++)
        segment(1, ACK, part(0, 60));
    tcp_port = 1;
    segment(61, ACK, part(60, 9)); /* the first one speaks again: the second is now the oldest */
    tcp_port = STREAMS + 1;
    segment(1, ACK, part(0, LENGTH));
    for (tcp_port = 1; tcp_port <= STREAMS; tcp_port++)
        segment(tcp_port == 1 ? 70 : 61, ACK, part(tcp_port == 1 ? 69 : 60, LENGTH));
    tcp_port = 5060;
    read_all();
    assert_int_equal(seen.n, STREAMS); /* 127 of the first 128, and the one that came later */
    for (size_t i = 0; i < seen.n; i++)
        assert_int_not_equal(addr_port((struct sockaddr *)&seen.requests[i].from), 2);
    forget();
}

static void the_largest_message_comes_through_a_stream(void **state)
{
    (void)state;
    static char message[LIMIT_SIP_MESSAGE];
    const int head = snprintf(message, sizeof message,
                              "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: %u\r\n\r\n",
                              LIMIT_SIP_MESSAGE - 68);
    memset(message + head, 'b', sizeof message - (size_t)head);
    const size_t whole = (size_t)head + LIMIT_SIP_MESSAGE - 68;
    assert_true(whole <= LIMIT_SIP_MESSAGE);
    begin(RAW);
    segment(0, SYN, SPAN(""));
    for (size_t at = 0; at < whole; at += 1460)
        segment((uint32_t)at + 1, ACK, span_first(span_make(message + at, whole - at), 1460));
    segment((uint32_t)whole + 1, ACK, SPAN(REQUEST));
    read_all();
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.lengths[0], whole);
    assert_int_equal(seen.counts.damaged, 0);
    forget();
}

/* ---- files ---- */

static void broken_files_say_what_and_where(void **state)
{
    (void)state;
    begin(RAW);
    packet(ip4(UDP, udp(SPAN(REQUEST))));
    packet(ip4(UDP, udp(SPAN(REQUEST))));
    read_bytes(span_first(buf_span(&file), file.n - 5));
    assert_int_equal(seen.err, BF_EFORM);
    assert_int_equal(seen.n, 1); /* what came before is there */
    assert_non_null(strstr(seen.message, "calls.pcap: packet 2 cannot be read: "));
    forget();
    read_bytes(SPAN("INVITE sip:a SIP/2.0\r\n\r\n and more of it"));
    assert_int_equal(seen.err, BF_EFORM);
    assert_non_null(strstr(seen.message, "calls.pcap: "));
    forget();
    begin(BLUETOOTH);
    packet(SPAN("abc"));
    read_all();
    assert_int_equal(seen.err, BF_EUNSUP);
    assert_non_null(strstr(seen.message, "BLUETOOTH"));
    forget();
    begin(RAW);
    read_all();
    assert_int_equal(seen.err, BF_OK);
    assert_int_equal(seen.counts.packets, 0);
    forget();
}

static void put_block(uint32_t type, struct span body)
{
    put32(&file, type);
    put32(&file, (uint32_t)body.n + 12);
    buf_span_put(&file, body);
    put32(&file, (uint32_t)body.n + 12);
}

static void pcapng_is_read_too(void **state)
{
    (void)state;
    const struct span datagram = ip4(UDP, udp(SPAN(REQUEST)));
    struct bytes *m = fresh();
    const uint64_t at = 1443208345500000u;
    file = BUF_ON(file_bytes);
    put_block(0x0A0D0D0A, SPAN("\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff"));
    put_block(1, SPAN("\0\x65\0\0\0\0\xff\xff"));
    put32(&m->b, 0);
    put32(&m->b, (uint32_t)(at >> 32));
    put32(&m->b, (uint32_t)at);
    put32(&m->b, (uint32_t)datagram.n);
    put32(&m->b, (uint32_t)datagram.n);
    buf_span_put(&m->b, datagram);
    while (m->b.n % 4)
        buf_char(&m->b, 0);
    put_block(6, kept(m));
    read_all();
    assert_int_equal(seen.err, BF_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.requests[0].utc, 1443208345);
    assert_int_equal(seen.requests[0].us, 500000);
    forget();
}

static void reading_stops_when_told(void **state)
{
    (void)state;
    begin(RAW);
    for (int i = 0; i < 3; i++)
        packet(ip4(UDP, udp(SPAN(REQUEST))));
    segment(1, ACK, SPAN(REQUEST REQUEST));
    seen.stop_after = 2;
    read_all();
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.err, BF_OK);
    forget();
    begin(RAW);
    segment(1, ACK, SPAN(REQUEST REQUEST));
    seen.stop_after = 1;
    read_all();
    assert_int_equal(seen.n, 1);
    forget();
}

static void captures_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    static const struct {
        struct span head;
        bool is;
    } rows[] = {
        { SPAN("\xa1\xb2\xc3\xd4"), true }, { SPAN("\xd4\xc3\xb2\xa1xx"), true },
        { SPAN("\xa1\xb2\x3c\x4d"), true }, { SPAN("\x4d\x3c\xb2\xa1"), true },
        { SPAN("\x0a\x0d\x0d\x0a"), true }, { SPAN("INVI"), false },
        { SPAN("\xa1\xb2\xc3"), false },    { SPAN(""), false },
        { SPAN("\r\n\r\n"), false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(capture_looks(rows[i].head), rows[i].is);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_type_is_read),
        cmocka_unit_test(a_request_has_its_time_its_place_and_its_addresses),
        cmocka_unit_test(what_is_no_request_is_skipped),
        cmocka_unit_test(padding_of_short_frames_is_no_part_of_the_datagram),
        cmocka_unit_test(packets_cut_short_or_at_odds_with_themselves_are_damaged),
        cmocka_unit_test(fragments_are_put_together_in_any_order),
        cmocka_unit_test(fragments_of_ipv6_are_put_together),
        cmocka_unit_test(fragments_sent_twice_are_fine_and_those_that_differ_are_not),
        cmocka_unit_test(fragments_of_different_datagrams_are_kept_apart_and_the_oldest_is_given_up),
        cmocka_unit_test(streams_are_put_together),
        cmocka_unit_test(a_stream_seen_from_its_middle_is_joined_where_a_message_begins),
        cmocka_unit_test(a_stream_that_is_no_sip_is_dropped_and_a_later_request_is_found),
        cmocka_unit_test(ports_that_are_used_again_begin_a_new_stream),
        cmocka_unit_test(what_waits_for_a_lost_segment_is_bounded),
        cmocka_unit_test(the_stream_that_was_silent_longest_is_given_up),
        cmocka_unit_test(the_largest_message_comes_through_a_stream),
        cmocka_unit_test(broken_files_say_what_and_where),
        cmocka_unit_test(pcapng_is_read_too),
        cmocka_unit_test(reading_stops_when_told),
        cmocka_unit_test(captures_are_known_by_their_first_bytes),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
