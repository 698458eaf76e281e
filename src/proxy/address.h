/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name and an address that go on: without what a stranger says of his own number, with what we say. Internal to the room.
 *                                                                                   SIP-062..065, SEC-047, SEC-048
 */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include "answer/lines.h"

/* What is written; all false: the address as it came, without verstat, and with a clean name. */
struct address_edit {
    const struct lines *lines; /* NULL: nothing of ours */
    bool label, verstat;       /* its display name; where lines->options->verstat_place says */
    bool number;               /* it is the judged caller's number, to be written as the next hop wants it */
};

/* The text holds nothing that address_write would take out: it may be copied as it is. */
bool address_is_clean(struct span text);

/* One value of a header field. false: it cannot be read, or not be made clean; out may hold a part of it. */
bool address_write(struct span value, const struct address_edit *edit, struct buf *out) must_use;

/* A URI by itself, without verstat. number: what to put in the place of its number; empty: it stays. */
bool address_write_uri(struct span uri, struct span number, struct buf *out) must_use;

/* A fold is a blank; control bytes are '?'. */
void address_unfold(struct span text, struct buf *out);

#endif
