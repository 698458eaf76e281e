/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SIP requests of a packet capture: pcap and pcapng, read offline by libpcap.
 *
 * Ethernet (802.1Q, QinQ), Linux cooked (SLL, SLL2), raw IP, loopback; IPv4 and IPv6, fragments put together; UDP,
 * and TCP streams put together whatever their segments' order. What is no SIP request (answers, media, other
 * protocols) is skipped and counted. Memory is bounded: the oldest half-seen fragments and streams are given up first.
 */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

struct capture_request {
    struct span
        bytes; /* the request as it was on the wire, valid during the call back; UDP: the whole datagram */
    bool reliable; /* out of a TCP stream */
    utc_t utc;     /* time of the packet that completed it */
    int32_t us;    /* millionths of that second */
    size_t packet; /* its number in the file, from 1 */
    struct sockaddr_storage from, to;
};

struct capture_counts {
    size_t packets;
    size_t requests; /* given to the caller */
    size_t skipped;  /* datagrams and streams that are no SIP request */
    size_t damaged;  /* packets cut short, headers that contradict themselves, streams with a gap */
};

/* Asked for each request, in the order they were completed. false: stop reading. */
typedef bool capture_sink(void *arg, const struct capture_request *request);

/* The file begins as a capture does (4 bytes are enough). */
bool capture_looks(struct span head);

/*
 * Fed packet by packet: what capture_read is made of, and what watching an interface feeds. link: the number libpcap
 * has for the link type (DLT_). counts is the caller's, and outlives it. BF_EUNSUP: a link type not known; BF_ENOMEM.
 */
struct capture;
enum bf_err capture_create(int link, capture_sink *sink, void *arg, struct capture_counts *counts,
                           struct capture **ret) must_use;
/* BF_EUNSUP, and the sentence that says so. */
enum bf_err capture_unknown_link(int link, const char *name, char **ret_message);
/* One frame, as much of it as was captured; false: sink said stop. */
bool capture_packet(struct capture *c, struct span frame, utc_t utc, int32_t us);
/* No more will come: half messages are counted as damaged. NULL is fine. */
void capture_destroy(struct capture *c);

/*
 * Reads `file` to its end and closes it (but standard input), also on error. name is for messages.
 * BF_EFORM: no capture, or it breaks off: *ret_message says what and at which packet, to be freed; what came before
 * was given to sink. BF_EUNSUP: a link type that is not known. BF_ENOMEM.
 */
enum bf_err capture_read(FILE *file, const char *name, capture_sink *sink, void *arg,
                         struct capture_counts *ret, char **ret_message) must_use;

AUTO_DEFINE(struct capture, capture_destroy);

#endif
