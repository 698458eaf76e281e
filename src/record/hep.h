/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HEP version 3, the encapsulation that HOMER and its like take captured messages in: `HEP3`, a length, and chunks of
 * vendor, type, length, value, all numbers big-endian.
 *
 * A judged call goes out as two packets with the same correlation id (its Call-ID): the SIP message (protocol type 1) and
 * its verdict as JSON (type 100, a log line). Written only, never read.
 */
#ifndef RECORD_HEP_H
#define RECORD_HEP_H

#include <sys/socket.h>

#include "base/log.h"
#include "record/record.h"

enum hep_type { HEP_SIP = 1, HEP_LOG = 100 };
#define HEP_BYTES 65535u /* of a packet, at most: its length is 16 bits; over UDP 65,507 */

struct hep_packet {
    const struct sockaddr *from, *to; /* of one family; else neither is said, but their ports */
    bool tcp;
    struct instant at;
    enum hep_type type;
    uint32_t agent;
    struct span key;         /* SPAN_NONE: none */
    struct span correlation; /* likewise */
    struct span payload;
};

/* BF_ELIMIT: longer than HEP_BYTES, or than there is room for. */
enum bf_err hep_write(const struct hep_packet *p, struct buf *out) must_use;

/* ---- sending: a thread of its own, for nobody may wait for a collector ---- */

struct hep_sender;

/*
 * Whose messages go out. Of a caller who withheld the number, the request says the number to whoever may see it
 * (P-Asserted-Identity), so by default its verdict goes alone, with the caller left out as in every record shown.
 */
enum hep_messages { HEP_NONE, HEP_SHOWN, HEP_ALL };

struct hep_options {
    struct sockaddr_storage to;
    socklen_t to_n;
    bool tcp;
    uint32_t agent;
    const char *password; /* NULL or "": none */
    enum hep_messages messages;
    struct log *log;
};
/* BF_ENOMEM, BF_EIO. A collector that is not there is tried again: of UDP nobody is told, of TCP the log is. */
enum bf_err hep_sender_create(const struct hep_options *o, struct hep_sender **ret) must_use;
/* What is queued goes out first, for at most a second. NULL is fine. */
void hep_sender_destroy(struct hep_sender *s);

struct hep_call {
    const struct record *record;
    const struct sockaddr *from, *to;
    bool tcp;
    struct span message; /* the request; SPAN_NONE: it was none */
};
/* Copies into the queue, from any thread; drops and counts what has no room. Never waits for the network. */
void hep_sender_call(struct hep_sender *s, const struct hep_call *call);

struct hep_counts {
    uint64_t sent, dropped; /* packets */
};
struct hep_counts hep_sender_counts(struct hep_sender *s); /* of NULL: zeros */

AUTO_DEFINE(struct hep_sender, hep_sender_destroy);

#endif
