/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a diary comes from, read to calendar texts.                                     RFC 5545, RFC 4791; diary.md section 5.1
 *
 *     ada.ics, /srv/ada/             a file; a folder, of which every *.ics is read
 *     -                              standard input
 *     https://host/ada.ics           an ICS file over HTTP; webcal:// is the same
 *     https://host/dav/ada/          CalDAV, as the `/` at its end says: a calendar, or a principal or server, of which every
 *                                    calendar that holds events is read; caldav+https://… is CalDAV whatever its end is
 *
 * All or nothing: found hears of texts only when all of them have been read, for what is left out would look like free time.
 * Over the guarded exchange (fetch/exchange.h): no redirects to other hosts, http on this machine alone. Blocks.
 */
#ifndef DIARY_SOURCE_H
#define DIARY_SOURCE_H

#include <stdio.h>

#include "base/fault.h"
#include "base/span.h"

#define SOURCE_BYTES (64u << 20) /* of one source, all its texts */
#define SOURCE_TEXTS 100000u

struct source_options {
    const char *user, *password; /* for URLs; NULL: none */
    const char *ca_file;         /* PEM; NULL: the system's */
    unsigned total_ms;           /* of each exchange; 0: 20,000 */
    FILE *input;                 /* what `-` is; NULL: `-` is refused */
};

struct source_text {
    const char *name; /* path, or URL without its query, which may be a secret */
    struct span etag; /* empty: none */
    struct span text; /* as it stands; valid during the call */
};
/* What it returns, unless BF_OK, ends the reading and is returned. */
typedef enum bf_err source_found(void *arg, const struct source_text *text);

/*
 * BF_ENOENT, BF_EIO, BF_ETIME, BF_EDENIED, BF_ELIMIT, BF_EFORM, BF_EUNSUP: the diary cannot be used, which is not the same as
 * an empty one. *ret_message on error, to be freed: what is wrong and what to do, never with a password; NULL: found said so.
 */
enum bf_err source_read(const char *where, const struct source_options *options, source_found *found,
                        void *arg, char **ret_message) must_use;

#endif
