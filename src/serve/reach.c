/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/reach.h"

#include <string.h>

static struct reach_row *row_of(struct reach *r, const struct sockaddr *addr, socklen_t n)
{
    for (size_t i = 0; i < REACH_ROWS; i++)
        if (r->rows[i].n == n && memcmp(&r->rows[i].addr, addr, n) == 0)
            return &r->rows[i];
    return NULL;
}

bool reach_rests(const struct reach *r, const struct sockaddr *addr, socklen_t n, mono_t now)
{
    for (size_t i = 0; i < REACH_ROWS; i++)
        if (r->rows[i].n == n && r->rows[i].until > now && memcmp(&r->rows[i].addr, addr, n) == 0)
            return true;
    return false;
}

/* Half of it, and what chance leaves of the other half. */
static mono_t rest(unsigned failures, uint32_t chance)
{
    const mono_t whole = failures > 6 ? REACH_MAX : REACH_MIN << (failures - 1);
    const mono_t most = whole < REACH_MAX ? whole : REACH_MAX;
    return most / 2 + (mono_t)((uint64_t)(most / 2) / 1024 * chance >> 22);
}

void reach_failed(struct reach *r, const struct sockaddr *addr, socklen_t n, mono_t now, uint32_t chance)
{
    struct reach_row *row = row_of(r, addr, n);
    if (n == 0 || n > sizeof row->addr)
        return;
    if (!row) {
        row = &r->rows[0];
        for (size_t i = 1; i < REACH_ROWS; i++)
            if (r->rows[i].until < row->until)
                row = &r->rows[i];
        *row = (struct reach_row){ .n = n };
        memcpy(&row->addr, addr, n);
    }
    row->failures++;
    row->until = now + rest(row->failures, chance);
}

void reach_stood(struct reach *r, const struct sockaddr *addr, socklen_t n)
{
    struct reach_row *row = row_of(r, addr, n);
    if (row)
        *row = (struct reach_row){ .n = 0 };
}
