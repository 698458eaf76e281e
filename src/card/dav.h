/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server of address books or calendars answers, and what it is asked.
 *                 RFC 4918 (WebDAV), RFC 6352 (CardDAV), RFC 4791 (CalDAV), RFC 6638 (scheduling), RFC 6578 (sync)
 */
#ifndef CARD_DAV_H
#define CARD_DAV_H

#include "base/buf.h"

/* One member of a multistatus. Spans live during the call; what was not said is empty. */
struct dav_member {
    struct span href;             /* as it stands: escaped, mostly without a host */
    int status;                   /* of the whole member, 404: it is gone; 0: see its properties */
    struct span etag, data, name; /* data: the card or calendar object, as it stands */
    struct span principal, home;  /* hrefs: current-user-principal, addressbook-home-set */
    struct span sync_token;       /* the property */
    bool is_book;                 /* an addressbook collection */
    struct span calendar_home, inbox,
        outbox;                   /* hrefs: calendar-home-set, schedule-inbox-URL, schedule-outbox-URL */
    struct span ctag;             /* getctag: changes when anything in the collection does */
    bool is_calendar, is_mailbox; /* a calendar collection; a schedule-inbox or -outbox one */
    bool says_components, events; /* supported-calendar-component-set was said; it has VEVENT */
    bool free_busy;               /* supported-report-set has free-busy-query */
};
typedef bool dav_found(void *arg, const struct dav_member *member); /* false stops, and is no error */

/*
 * Properties count where their propstat says 2xx. sync_token (may be NULL): behind the members, where there is one; cut to
 * its size is BF_ELIMIT. BF_EFORM: no multistatus; fault says where. BF_ENOMEM.
 */
enum bf_err dav_read(struct span xml, dav_found *found, void *arg, struct buf *sync_token,
                     struct fault *fault) must_use;

/* Bodies of requests. */
extern const char dav_ask_who[];   /* PROPFIND: what is this, whose am I, where are the books */
extern const char dav_ask_books[]; /* PROPFIND: books below, with names */
extern const char dav_ask_etags[]; /* PROPFIND: members with their ETags */
void dav_ask_changes(struct span token, struct buf *out); /* REPORT sync-collection; "": everything */
void dav_ask_cards(const struct span *hrefs, size_t n, struct buf *out); /* REPORT addressbook-multiget */
extern const char dav_ask_calendar_who[]; /* PROPFIND: as dav_ask_who, of calendars and their mailboxes */
extern const char dav_ask_calendars[];    /* PROPFIND: calendars below, with what they hold and can */
void dav_ask_objects(const struct span *hrefs, size_t n, struct buf *out); /* REPORT calendar-multiget */
/* REPORT calendar-query and free-busy-query: from and to as `20261123T090000Z`. */
void dav_ask_between(struct span from, struct span to, struct buf *out);
void dav_ask_free_busy(struct span from, struct span to, struct buf *out);

/* An href of an answer to `base`, absolute: `https://host/…`, of the same host or BF_EDENIED. BF_ELIMIT: out is full. */
enum bf_err dav_url(struct span base, struct span href, struct buf *out) must_use;

#endif
