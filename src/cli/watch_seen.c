/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/watch.h"

#define SLOTS (WATCH_SEEN * 2u) /* never more than half full */

struct watch_seen {
    unsigned young; /* which of the two */
    utc_t since;
    size_t n;
    uint64_t hashes[2][SLOTS]; /* 0: free */
};

enum bf_err watch_seen_create(struct watch_seen **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? BF_OK : BF_ENOMEM;
}

void watch_seen_destroy(struct watch_seen *s)
{
    free(s);
}

/* Where the hash stands, or the free place where it would. */
static size_t place_of(const uint64_t *hashes, uint64_t hash)
{
    size_t at = hash & (SLOTS - 1);
    while (hashes[at] && hashes[at] != hash)
        at = (at + 1) & (SLOTS - 1);
    return at;
}

static void turn_over(struct watch_seen *s, utc_t now)
{
    s->young = !s->young;
    memset(s->hashes[s->young], 0, sizeof s->hashes[s->young]);
    s->n = 0;
    s->since = now;
}

bool watch_seen_new(struct watch_seen *s, utc_t now, uint64_t hash)
{
    hash += !hash;
    const uint64_t *old = s->hashes[!s->young];
    if (s->n == WATCH_SEEN || now - s->since >= WATCH_SEEN_TIME || now < s->since - WATCH_SEEN_TIME) {
        turn_over(s, now);
        old = s->hashes[!s->young];
    }
    uint64_t *young = s->hashes[s->young];
    const size_t at = place_of(young, hash);
    if (young[at] == hash)
        return false;
    const bool seen = old[place_of(old, hash)] == hash;
    young[at] = hash;
    s->n++;
    return !seen;
}
