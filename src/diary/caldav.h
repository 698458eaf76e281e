/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendars of a CalDAV server: found, read and kept up with in memory; slots put down and taken away.
 *                                        RFC 4791, RFC 6578 (sync), RFC 6764 (.well-known), RFC 6638; diary.md section 4
 *
 * Trusted with nothing: what a server says is in a time range, or busy, is a hint; what counts is every object it lists,
 * read whole. sync-collection, else ETags; objects by calendar-multiget, else a GET each. An object that is listed and cannot
 * be read makes the calendar unusable. Everything blocks, up to total_ms an exchange. One thread at a time a client.
 */
#ifndef DIARY_CALDAV_H
#define DIARY_CALDAV_H

#include "base/fault.h"
#include "base/span.h"

#define CALDAV_URL       1024u
#define CALDAV_NAME      256u
#define CALDAV_ETAG      256u
#define CALDAV_OBJECTS   100000u
#define CALDAV_BYTES     (64u << 20) /* of a calendar's objects */
#define CALDAV_CALENDARS 256u        /* of one user */

struct caldav;

struct caldav_options {
    const char *url; /* of a calendar, a home, a principal or a server. https, or http on loopback */
    const char *user, *password; /* NULL: none. Copied */
    const char *ca_file;         /* NULL: the system's. Not copied */
    unsigned total_ms;           /* 0: 20,000 */
    size_t max_bytes;            /* of one answer; 0: CALDAV_BYTES */
};

struct caldav_calendar {
    char url[CALDAV_URL], name[CALDAV_NAME];
    bool events;    /* it holds VEVENT, or does not say what it holds */
    bool free_busy; /* it says that it answers free-busy-query */
};

struct caldav_object {
    struct span href; /* as the server writes it */
    struct span etag, text;
};
typedef enum bf_err caldav_found(void *arg, const struct caldav_object *object);

/* BF_ENOMEM, BF_ELIMIT: the URL is too long. */
enum bf_err caldav_create(const struct caldav_options *options, struct caldav **ret) must_use;
void caldav_destroy(struct caldav *c);
/* Of the last error: a sentence without its full stop, what to do in it; never a password. */
const char *caldav_why(const struct caldav *c);

/*
 * Finds out what is behind the URL: itself a calendar, or .well-known/caldav, current-user-principal, calendar-home-set and
 * the calendars in there. BF_EUNSUP: there is none. *ret lives as long as c.
 */
enum bf_err caldav_discover(struct caldav *c, const struct caldav_calendar **ret, size_t *ret_n) must_use;
/* schedule-inbox-URL and schedule-outbox-URL, once discovered; "": the server has none. */
const char *caldav_inbox(const struct caldav *c);
const char *caldav_outbox(const struct caldav *c);

/* ---- a calendar as it was last seen ---- */

struct caldav_seen;
struct caldav_report {
    size_t taken, gone; /* objects that came over the wire; that are there no more */
    bool
        whole; /* everything was listed: the first time, or the server forgot where we were, or knows no sync */
};
enum bf_err caldav_seen_create(struct caldav_seen **ret) must_use;
void caldav_seen_destroy(struct caldav_seen *seen);
size_t caldav_seen_count(const struct caldav_seen *seen);
/* Brings `seen` up to date with the calendar at url. On error it is as it was. */
enum bf_err caldav_sync(struct caldav *c, const char *url, struct caldav_seen *seen,
                        struct caldav_report *ret) must_use;
/* In the order of hrefs. */
enum bf_err caldav_each(const struct caldav_seen *seen, caldav_found *found, void *arg) must_use;

/* ---- a time ---- */

/* What the server says lies between, of UTC seconds: for the look at a slot after it was taken, not for whether it is free. */
enum bf_err caldav_between(struct caldav *c, const char *url, int64_t from, int64_t to, caldav_found *found,
                           void *arg) must_use;
/* The VFREEBUSY in a calendar text, to be freed. BF_EUNSUP: none came, whatever was answered. */
enum bf_err caldav_free_busy(struct caldav *c, const char *url, int64_t from, int64_t to, char **ret)
    must_use;

/* ---- a slot ---- */

/*
 * Puts an object at url (of the calendar + a name). etag NULL: only where nothing stands (If-None-Match: *), else only in
 * place of that one (If-Match). ret_etag (CALDAV_ETAG bytes, may be NULL): of the new one, asked for where it was not said.
 * BF_EAGAIN: something, or something else, stands there already, and nothing was written.
 */
enum bf_err caldav_put(struct caldav *c, const char *url, struct span text, const char *etag, char *ret_etag)
    must_use;
/* BF_EAGAIN: it has changed meanwhile; BF_ENOENT: there is none. */
enum bf_err caldav_delete(struct caldav *c, const char *url, const char *etag) must_use;

AUTO_DEFINE(struct caldav, caldav_destroy);
AUTO_DEFINE(struct caldav_seen, caldav_seen_destroy);

#endif
