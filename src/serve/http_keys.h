/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask what over HTTP: API keys, their scopes, and how often they may ask.                          API-010, SEC-059
 *
 * A key is known by its SHA-256. Rates are buckets that all workers share, one atomic word each; a reload fills them.
 */
#ifndef SERVE_HTTP_KEYS_H
#define SERVE_HTTP_KEYS_H

#include <stdatomic.h>

#include "base/digest.h"
#include "serve/config.h"

#define HTTP_NAME_MOST 64u /* of a key */

/* Which scope a request needs: the order is that of http.keys. */
enum http_scope { SCOPE_VERIFY, SCOPE_SIGN, SCOPE_METRICS, SCOPE_READ, SCOPE_NONE };

/*
 * A token bucket as the time at which it would be full again (GCRA): `interval` nanoseconds a request, `burst` of them at
 * once. 0: it may; else the nanoseconds until it may. From any thread.
 */
mono_t bucket_take(_Atomic mono_t *full_at, mono_t interval, mono_t burst, mono_t now);

struct http_keys;
/* Reads the files of keys, which others must not be able to read. *ret NULL: no key and no rate. *ret_message names the row. */
enum bf_err http_keys_create(const struct config *config, struct http_keys **ret, char **ret_message)
    must_use;
void http_keys_destroy(struct http_keys *k);

/* What a request brings: SPAN_NONE, no key. */
struct http_asker {
    struct span key;
    unsigned keys; /* how often one stands there */
    uint64_t address;
};
struct http_access {
    int status; /* 0: it may; 401, 403, 429 */
    const char *why;
    unsigned retry_after; /* seconds, of a 429 */
    const char *name;     /* of the key, in the configuration; NULL: none */
};
/* Every key is compared, in a time that tells nothing of them. */
struct http_access http_keys_judge(struct http_keys *k, const struct http_asker *asker, enum http_scope scope,
                                   mono_t now);

AUTO_DEFINE(struct http_keys, http_keys_destroy);

#endif
