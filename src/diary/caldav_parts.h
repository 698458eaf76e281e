/* SPDX-License-Identifier: Apache-2.0 */
/* Inside caldav: what caldav.c and caldav_sync.c share. */
#ifndef DIARY_CALDAV_PARTS_H
#define DIARY_CALDAV_PARTS_H

#include "card/dav.h"
#include "diary/caldav.h"
#include "fetch/exchange.h"

struct caldav {
    struct caldav_options options;
    char url[CALDAV_URL], inbox[CALDAV_URL], outbox[CALDAV_URL];
    struct caldav_calendar calendars[CALDAV_CALENDARS];
    size_t n;
    char why[2 * CALDAV_URL];
};

struct caldav_question {
    const char *method, *url, *depth;
    struct span body;
    struct buf *token; /* NULL: not wanted */
};

enum bf_err caldav_wrong(struct caldav *c, enum bf_err err, const char *format, ...) printf_(3, 4);
/* Redirects of the same host are followed; 401 is BF_EDENIED. On error ret is cleared. */
enum bf_err caldav_ask(struct caldav *c, const struct exchange *wanted, struct exchange_answer *ret) must_use;
/* What is no multistatus is BF_EUNSUP. */
enum bf_err caldav_members(struct caldav *c, const struct caldav_question *q, dav_found *found, void *arg)
    must_use;
/* An href at base's host. BF_EDENIED, BF_ELIMIT. */
enum bf_err caldav_url(struct caldav *c, const char *base, struct span href, char out[static CALDAV_URL])
    must_use;

#endif
