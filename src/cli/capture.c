/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture is read by libpcap; what is inside its packets is read here, since libpcap gives bytes and no more.
 * Checksums are not looked at: a capture made on the sending machine has them unfinished.
 */
#include "cli/capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/capture_parts.h"

enum { PROTO_TCP = 6, PROTO_UDP = 17 };
enum {
    ETHER_V4 = 0x0800,
    ETHER_V6 = 0x86DD,
    ETHER_VLAN = 0x8100,
    ETHER_QINQ = 0x88A8,
    ETHER_QINQ_OLD = 0x9100
};

/* Link types: bytes before the payload, and where in them its EtherType stands (-1: nowhere). */
static const struct link_row {
    int type;
    size_t header;
    int ether_type;
} links[] = {
    { DLT_EN10MB, 14, 12 }, { DLT_LINUX_SLL, 16, 14 }, { DLT_LINUX_SLL2, 20, 0 }, { DLT_RAW, 0, -1 },
    { DLT_IPV4, 0, -1 },    { DLT_IPV6, 0, -1 },       { DLT_NULL, 4, -1 }, /* the address family's number is the capturing system's: the IP version says it */
    { DLT_LOOP, 4, -1 },
};

#define UTC_MAX ((utc_t)9000000000) /* in the year 2255, and still a number of nanoseconds */

struct capture {
    const struct link_row *link;
    struct fragments *fragments;
    struct streams *streams;
    capture_sink *sink;
    void *arg;
    struct capture_counts *counts;
    struct capture_request request; /* time and number of the packet at hand */
};

bool capture_looks(struct span head)
{
    static const unsigned char magics[][4] = {
        { 0xA1, 0xB2, 0xC3, 0xD4 }, { 0xD4, 0xC3, 0xB2, 0xA1 }, /* pcap, microseconds */
        { 0xA1, 0xB2, 0x3C, 0x4D }, { 0x4D, 0x3C, 0xB2, 0xA1 }, /* pcap, nanoseconds */
        { 0x0A, 0x0D, 0x0D, 0x0A },                             /* pcapng */
    };
    for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
        if (head.n >= 4 && memcmp(head.p, magics[i], 4) == 0)
            return true;
    return false;
}

/* The IP packet inside a frame; SPAN_NONE when it carries something else, *ret_damaged when it is cut short. */
static struct span ip_of(const struct link_row *link, struct span frame, bool *ret_damaged)
{
    *ret_damaged = frame.n < link->header;
    if (*ret_damaged)
        return SPAN_NONE;
    struct span rest = span_from(frame, link->header);
    if (link->ether_type < 0)
        return rest;
    unsigned type = get16(frame.p + link->ether_type);
    for (unsigned tags = 0; type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD; tags++) {
        *ret_damaged = rest.n < 4 || tags == 4;
        if (*ret_damaged)
            return SPAN_NONE;
        type = get16(rest.p + 2);
        rest = span_from(rest, 4);
    }
    return type == ETHER_V4 || type == ETHER_V6 ? rest : SPAN_NONE;
}

/* Bytes that can stand in a start line before its end has come. */
static bool could_start(struct span s)
{
    size_t i = 0;
    while (i < s.n && i < 64 && s.p[i] > ' ' && s.p[i] < 0x7F)
        i++;
    return i == s.n ? i < 64 : i > 0 && s.p[i] == ' ' && s.n < LIMIT_SIP_LINE;
}

enum sip_look sip_look(struct span bytes)
{
    const struct span version = SPAN("SIP/2.0");
    while (bytes.n && (bytes.p[0] == '\r' || bytes.p[0] == '\n'))
        bytes = span_from(bytes, 1);
    const size_t n = span_find(bytes, '\n');
    if (n == bytes.n)
        return could_start(bytes) ? LOOK_SHORT : LOOK_FOREIGN;
    const struct span line = span_trim(span_first(bytes, n));
    if (span_starts_nocase(line, version))
        return LOOK_RESPONSE;
    const bool versioned =
        line.n > version.n && span_equal_nocase(span_from(line, line.n - version.n), version);
    return versioned ? LOOK_REQUEST : LOOK_FOREIGN;
}

/* A message of either transport: given on when it is a request. */
static bool give(struct capture *c, const struct datagram *d, struct span bytes, bool reliable)
{
    if (sip_look(bytes) != LOOK_REQUEST) {
        c->counts->skipped++;
        return true;
    }
    c->request.bytes = bytes;
    c->request.reliable = reliable;
    c->request.from = d->from;
    c->request.to = d->to;
    c->counts->requests++;
    return c->sink(c->arg, &c->request);
}

static bool give_framed(void *arg, const struct datagram *d, struct span message)
{
    return give(arg, d, message, true);
}

static bool take_udp(struct capture *c, struct datagram *d)
{
    const struct span p = d->payload;
    const size_t n = p.n < 8 ? 0 : get16(p.p + 4);
    if (n < 8 || n > p.n) {
        c->counts->damaged++;
        return true;
    }
    datagram_port(&d->from, get16(p.p));
    datagram_port(&d->to, get16(p.p + 2));
    return give(c, d, span_make(p.p + 8, n - 8), false);
}

/* One packet; false: stop. */
static bool take_packet(struct capture *c, struct span frame)
{
    struct datagram d;
    bool damaged;
    const struct span ip = ip_of(c->link, frame, &damaged);
    if (!ip.p) {
        c->counts->damaged += damaged;
        c->counts->skipped += !damaged;
        return true;
    }
    switch (datagram_read(c->fragments, ip, &d)) {
    case DATAGRAM_WHOLE: return d.protocol == PROTO_UDP ? take_udp(c, &d) : streams_segment(c->streams, &d);
    case DATAGRAM_FOREIGN: c->counts->skipped++; return true;
    case DATAGRAM_DAMAGED: c->counts->damaged++; return true;
    case DATAGRAM_PART: return true;
    }
    return true;
}

static enum bf_err say(enum bf_err err, char **ret_message, const char *name, size_t packet, const char *what)
{
    const int n = packet ? asprintf(ret_message, "%s: packet %zu cannot be read: %s", name, packet, what)
                         : asprintf(ret_message, "%s: %s", name, what);
    if (n < 0)
        *ret_message = NULL;
    return n < 0 ? BF_ENOMEM : err;
}

static const struct link_row *link_of(int type)
{
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        if (links[i].type == type)
            return &links[i];
    return NULL;
}

enum bf_err capture_create(int link, capture_sink *sink, void *arg, struct capture_counts *counts,
                           struct capture **ret)
{
    const struct link_row *row = link_of(link);
    if (!row)
        return BF_EUNSUP;
    auto_(capture_destroy) struct capture *c = calloc(1, sizeof *c);
    if (!c)
        return BF_ENOMEM;
    c->link = row;
    c->sink = sink;
    c->arg = arg;
    c->counts = counts;
    c->fragments = fragments_create();
    c->streams = streams_create(give_framed, c, counts);
    if (!c->fragments || !c->streams)
        return BF_ENOMEM;
    *ret = c, c = NULL;
    return BF_OK;
}

void capture_destroy(struct capture *c)
{
    if (!c)
        return;
    streams_destroy(c->streams);
    fragments_destroy(c->fragments);
    free(c);
}

bool capture_packet(struct capture *c, struct span frame, utc_t utc, int32_t us)
{
    c->request.packet = ++c->counts->packets;
    c->request.utc = utc < 0 || utc > UTC_MAX ? 0 : utc; /* pcapng can say times that no clock shows */
    c->request.us = us;
    return take_packet(c, frame);
}

static enum bf_err read_packets(struct capture *c, pcap_t *p, const char *name, char **ret_message)
{
    for (;;) {
        struct pcap_pkthdr *head;
        const u_char *bytes;
        const int got = pcap_next_ex(p, &head, &bytes);
        if (got == PCAP_ERROR_BREAK)
            return BF_OK;
        if (got != 1)
            return say(BF_EFORM, ret_message, name, c->counts->packets + 1, pcap_geterr(p));
        if (!capture_packet(c, span_make(bytes, head->caplen), head->ts.tv_sec, (int32_t)head->ts.tv_usec))
            return BF_OK;
    }
}

enum bf_err capture_unknown_link(int link, const char *name, char **ret_message)
{
    char what[128];
    const char *type = pcap_datalink_val_to_name(link);
    snprintf(what, sizeof what, "its link type (%s, %d) is not one that is read here",
             type ? type : "unnamed", link);
    return say(BF_EUNSUP, ret_message, name, 0, what);
}

enum bf_err capture_read(FILE *file, const char *name, capture_sink *sink, void *arg,
                         struct capture_counts *ret, char **ret_message)
{
    char why[PCAP_ERRBUF_SIZE];
    auto_(capture_destroy) struct capture *c = NULL;
    *ret = (struct capture_counts){ 0 };
    *ret_message = NULL;
    pcap_t *p = pcap_fopen_offline(file, why);
    if (!p) {
        if (file != stdin)
            fclose(file);
        return say(BF_EFORM, ret_message, name, 0, why);
    }
    enum bf_err err = capture_create(pcap_datalink(p), sink, arg, ret, &c);
    if (err == BF_EUNSUP)
        err = capture_unknown_link(pcap_datalink(p), name, ret_message);
    else if (!err)
        err = read_packets(c, p, name, ret_message);
    pcap_close(p);
    return err;
}
