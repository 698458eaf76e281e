/* SPDX-License-Identifier: Apache-2.0 */
/* What place.c is made of. Internal. */
#ifndef CLI_PLACE_PARTS_H
#define CLI_PLACE_PARTS_H

#include "base/buf.h"
#include "cli/place.h"
#include "sip/message.h"

/* Everything that one INVITE says. */
struct place_call {
    struct number caller, called; /* shown, and dialled */
    const char *host, *name;
    utc_t date;
    struct span identity; /* the Identity value; empty: none */
};

/* The Identity value of a kind; empty when the kind has none. BF_EUNSUP: the carrier for it is missing. */
enum bf_err place_identity(const struct place_options *o, enum call_kind kind, utc_t now, struct buf *out);

/* When the token of this kind was signed. */
utc_t place_signed_at(enum call_kind kind, utc_t now);

/* What the answer says, into *ret. */
void placed_read(const struct sip_message *answer, struct placed *ret);

#endif
