/* SPDX-License-Identifier: Apache-2.0 */
/* What capture.c is made of: packet -> datagram (capture_ip.c) -> stream (capture_tcp.c). Internal. */
#ifndef CLI_CAPTURE_PARTS_H
#define CLI_CAPTURE_PARTS_H

#include "cli/capture.h"

/* One IP datagram, whole: payload is that of UDP or TCP, their header included. */
struct datagram {
    struct sockaddr_storage from, to; /* ports still 0 */
    uint8_t protocol;
    struct span payload;
};

enum datagram_kind {
    DATAGRAM_WHOLE,
    DATAGRAM_PART,    /* a fragment, kept until the others come */
    DATAGRAM_FOREIGN, /* no IP, or a protocol nobody asks for */
    DATAGRAM_DAMAGED, /* cut short, or contradicting itself */
};

#define FRAGMENTED_DATAGRAMS 64u /* datagrams that can be half here at once; the oldest is given up */

/* Fragments kept. */
struct fragments;
struct fragments *fragments_create(void); /* NULL: no memory */
void fragments_destroy(struct fragments *f);

/* What an IP packet carries. *ret's payload is valid until the next call. */
enum datagram_kind datagram_read(struct fragments *f, struct span packet, struct datagram *ret);

#define TCP_STREAMS       128u /* directions of connections followed at once; the oldest is given up */
#define TCP_PENDING_BYTES ((size_t)131072) /* of one stream, waiting for a segment before them */
#define TCP_PENDING       256u             /* segments likewise */

struct streams;
/* emit: called with each message that a stream holds; false: stop. */
struct streams *streams_create(bool (*emit)(void *arg, const struct datagram *d, struct span message),
                               void *arg, struct capture_counts *counts);
void streams_destroy(struct streams *s);

/* One segment. false: emit said stop. */
bool streams_segment(struct streams *s, const struct datagram *d);
/* No more will come: streams that hold half a message are counted as damaged. */
void streams_end(struct streams *s);

/* Big-endian numbers. */
static inline uint16_t get16(const char *p)
{
    return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}
static inline uint32_t get32(const char *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* What the bytes begin with, after stray CRLFs. */
enum sip_look { LOOK_FOREIGN, LOOK_SHORT, LOOK_REQUEST, LOOK_RESPONSE };
enum sip_look sip_look(struct span bytes);

/* Puts a port into an address of either family. */
void datagram_port(struct sockaddr_storage *addr, uint16_t port);

#endif
