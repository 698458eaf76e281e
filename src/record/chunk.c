/* SPDX-License-Identifier: Apache-2.0 */
#include "record/chunk.h"

#include <stdlib.h>

#define LENGTH 3u

void chunk_clear(struct chunk *c)
{
    free(c->memory);
    *c = (struct chunk){ .n = 0 };
}

void chunk_empty(struct chunk *c)
{
    c->n = c->bytes = 0;
}

bool chunk_is_full(const struct chunk *c, int64_t at)
{
    return c->n == CHUNK_RECORDS || c->bytes >= CHUNK_BYTES ||
           (c->n && (at < c->last_at - CHUNK_SPAN_MS || at > c->first_at + CHUNK_SPAN_MS));
}

static bool grow(struct chunk *c, size_t want)
{
    const size_t size = want < 2 * CHUNK_BYTES ? 2 * CHUNK_BYTES : want;
    if (want <= c->size)
        return true;
    char *memory = realloc(c->memory, size);
    if (!memory)
        return false;
    c->memory = memory;
    c->size = size;
    return true;
}

enum bf_err chunk_add(struct chunk *c, struct span entry, int64_t at)
{
    if (!grow(c, c->bytes + LENGTH + entry.n))
        return BF_ENOMEM;
    char *p = c->memory + c->bytes;
    for (unsigned i = 0; i < LENGTH; i++)
        p[i] = (char)(entry.n >> (8 * i) & 0xff);
    memcpy(p + LENGTH, entry.p, entry.n);
    c->bytes += LENGTH + entry.n;
    c->first_at = c->n && c->first_at < at ? c->first_at : at;
    c->last_at = c->n && c->last_at > at ? c->last_at : at;
    c->n++;
    return BF_OK;
}

struct span chunk_span(const struct chunk *c)
{
    return span_from(span_make(c->memory, c->bytes), c->n == 1 ? LENGTH : 0);
}

bool chunk_next(struct span *rest, int64_t n, struct span *ret_entry)
{
    size_t length = rest->n, at = 0;
    if (n != 1) {
        if (rest->n < LENGTH)
            return false;
        for (length = 0; at < LENGTH; at++)
            length |= (size_t)(unsigned char)rest->p[at] << (8 * at);
    }
    if (length == 0 || length > rest->n - at)
        return false;
    *ret_entry = span_first(span_from(*rest, at), length);
    *rest = span_from(*rest, at + length);
    return true;
}
