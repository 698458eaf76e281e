/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange with a server that somebody configured, by name and with a password: whatever method, and waited for.
 *                                                                                              RFC 9110; SEC-030..036
 * Guarded as fetch.h is, but for what a configured server may be: at a private address and on any port. https alone, unless
 * the address is loopback: a password does not cross a network in the clear. No redirects, no proxy of the environment, bytes
 * and time are capped. Blocks: for commands and threads of their own.
 */
#ifndef FETCH_EXCHANGE_H
#define FETCH_EXCHANGE_H

#include "base/fault.h"
#include "base/span.h"

struct exchange {
    const char *method, *url;
    const char *user, *password;          /* NULL: none */
    const char *content_type, *accept;    /* NULL: not said */
    const char *depth;                    /* header of WebDAV; NULL: not said */
    const char *if_match, *if_none_match; /* an ETag with its quotes, or `*`; NULL: whatever stands there */
    struct span body;                     /* SPAN_NONE: none */
    const char *ca_file;                  /* NULL: the system's */
    unsigned total_ms;                    /* 0: 60,000 */
    size_t max_bytes;                     /* 0: 64 MiB */
};

struct exchange_answer {
    int status; /* HTTP; 0: none came */
    char *body; /* NUL-terminated, owned */
    size_t n;
    char etag[256], content_type[128]; /* empty: not said, or longer than one may be */
    char location[1024];               /* of a redirect, which is not followed: as it stands */
    char why[256];                     /* on error: a sentence without its full stop */
};

/* BF_OK: an answer came, of whatever status. BF_EDENIED: a rule of ours; BF_ELIMIT; BF_EIO: not reached; BF_ETIME; BF_ENOMEM. */
enum bf_err exchange_run(const struct exchange *x, struct exchange_answer *ret) must_use;
void exchange_clear(struct exchange_answer *a);

#endif
