/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/parked.h"

#include <stdlib.h>

#define T1 MONO_MS(500) /* RFC 3261 section 17.1.1.1 */
#define T2 MONO_S(4)

void parking_init(struct parking *p, uint64_t max, uint64_t max_bytes)
{
    memset(p, 0, sizeof *p);
    p->key = hash_key_random();
    p->max = max;
    p->max_bytes = max_bytes;
}

static uint32_t row_of(const struct parking *p, struct span s)
{
    return (uint32_t)(hash_bytes(p->key, s) % PARKING_ROWS);
}

/* `https://host:443/x` -> `host:443` */
static struct span host_of(struct span x5u)
{
    for (size_t i = 0; i + 3 <= x5u.n; i++)
        if (memcmp(x5u.p + i, "://", 3) == 0) {
            struct span rest = span_from(x5u, i + 3);
            return span_first(rest, span_find(rest, '/'));
        }
    return x5u;
}

/* One more under a ceiling; false: it is reached. */
static bool take(_Atomic uint32_t *counter, uint32_t max)
{
    if (atomic_fetch_add(counter, 1) < max)
        return true;
    atomic_fetch_sub(counter, 1);
    return false;
}

static bool take_bytes(struct parking *p, uint64_t bytes)
{
    if (atomic_fetch_add(&p->count, 1) < p->max) {
        if (atomic_fetch_add(&p->bytes, bytes) + bytes <= p->max_bytes)
            return true;
        atomic_fetch_sub(&p->bytes, bytes);
    }
    atomic_fetch_sub(&p->count, 1);
    return false;
}

static bool take_hosts(struct parking *p, struct parked *parked, const struct want *wants, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = row_of(p, host_of(wants[i].x5u));
        if (!take(&p->hosts[row], PARKED_A_HOST)) {
            while (parked->n_hosts)
                atomic_fetch_sub(&p->hosts[parked->host_rows[--parked->n_hosts]], 1);
            return false;
        }
        parked->host_rows[parked->n_hosts++] = row;
    }
    return true;
}

/* All bounds or none. */
static bool admit(struct parking *p, struct parked *parked, const struct want *wants, size_t n)
{
    parked->source_row = row_of(p, span_make(&parked->source, sizeof parked->source));
    if (!take_bytes(p, parked->n))
        return false;
    if (take(&p->sources[parked->source_row], PARKED_A_SOURCE)) {
        if (take_hosts(p, parked, wants, n))
            return true;
        atomic_fetch_sub(&p->sources[parked->source_row], 1);
    }
    atomic_fetch_sub(&p->bytes, parked->n);
    atomic_fetch_sub(&p->count, 1);
    return false;
}

struct parked *parked_create(struct parking *p, struct span message, uint64_t source,
                             const struct want *wants, size_t n_wants)
{
    struct parked *parked = malloc(sizeof *parked + message.n);
    if (parked) {
        memset(parked, 0, sizeof *parked);
        parked->n = message.n;
        parked->source = source;
        memcpy(parked->message, message.p, message.n);
        if (admit(p, parked, wants, n_wants))
            return parked;
    }
    free(parked);
    atomic_fetch_add(&p->refused, 1);
    return NULL;
}

void parked_leave(struct parking *p, struct parked *parked)
{
    while (parked->n_hosts)
        atomic_fetch_sub(&p->hosts[parked->host_rows[--parked->n_hosts]], 1);
    atomic_fetch_sub(&p->sources[parked->source_row], 1);
    atomic_fetch_sub(&p->bytes, parked->n);
    atomic_fetch_sub(&p->count, 1);
}

void parked_destroy(struct parked *parked)
{
    free(parked);
}

void parked_join(struct parked_row *row, struct parked *parked)
{
    struct parked *before = row->last;
    while (before && before->deadline > parked->deadline)
        before = before->before;
    parked->before = before;
    parked->after = before ? before->after : row->first;
    if (parked->after)
        parked->after->before = parked;
    else
        row->last = parked;
    if (before)
        before->after = parked;
    else
        row->first = parked;
    row->n++;
}

void parked_cut(struct parked_row *row, struct parked *parked)
{
    if (parked->before)
        parked->before->after = parked->after;
    else
        row->first = parked->after;
    if (parked->after)
        parked->after->before = parked->before;
    else
        row->last = parked->before;
    parked->before = parked->after = NULL;
    row->n--;
}

struct parked *parked_numbered(const struct parked_row *row, uint64_t number)
{
    struct parked *p = row->first;
    while (p && p->number != number)
        p = p->after;
    return p;
}

struct resend *resend_create(const struct origin *origin, const struct answers_ticket *ticket,
                             struct span bytes, mono_t now)
{
    struct resend *r = malloc(sizeof *r + bytes.n);
    if (!r)
        return NULL;
    *r = (struct resend){ .origin = *origin,
                          .ticket = *ticket,
                          .at = now + T1,
                          .interval = T1,
                          .until = now + ANSWERS_LIFE,
                          .n = bytes.n };
    memcpy(r->bytes, bytes.p, bytes.n);
    return r;
}

bool resend_next(struct resend *r, mono_t now)
{
    r->interval = r->interval * 2 < T2 ? r->interval * 2 : T2;
    r->at = now + r->interval;
    return r->at < r->until;
}
