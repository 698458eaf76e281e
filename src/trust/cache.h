/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains in files: the offline repository (--certs, read only), and the cache that outlives a restart: one file a URL,
 * `<lower-case hex SHA-256 of the URL>.pem`, a small header before the PEM, written aside and renamed, mode 0600. What
 * is read from it is judged like what was fetched: the disk is trusted with freshness, not with trust. SEC-036, X5U-007
 */
#ifndef TRUST_CACHE_H
#define TRUST_CACHE_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/span.h"

struct cached {
    char *body; /* to be freed */
    size_t n;
    utc_t fetched;
    utc_t until; /* as long as it may be used without asking again */
};

/* The body for a URL in an offline repository. BF_ENOENT: none; BF_EIO, BF_ELIMIT, BF_ENOMEM. */
enum bf_err cache_read_given(const char *dir, struct span url, struct cached *ret) must_use;

/* BF_ENOENT: none that is still fresh, or that is a file of ours; one that is past is removed. Else as above. */
enum bf_err cache_read(const char *dir, struct span url, utc_t now, struct cached *ret) must_use;

/* The same for whoever shows it: fresh or not, and nothing is removed. */
enum bf_err cache_look(const char *dir, struct span url, struct cached *ret) must_use;
/* BF_EIO: it could not be written; nothing half-written stays. */
enum bf_err cache_write(const char *dir, struct span url, const struct cached *what) must_use;
void cache_remove(const char *dir, struct span url);

/* Makes the directory (0700) where absent; removes files that are past, left half-written, or more than max. BF_EIO. */
enum bf_err cache_prepare(const char *dir, utc_t now, size_t max) must_use;

#endif
