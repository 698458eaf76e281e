/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *p, size_t n)
{
    unsigned char *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            abort();
        at += got;
        n -= (size_t)got;
    }
}

void random_take(struct random_pool *pool, void *p, size_t n)
{
    if (n > pool->left) {
        random_bytes(pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
    }
    pool->left -= n;
    memcpy(p, pool->bytes + pool->left, n);
    explicit_bzero(pool->bytes + pool->left, n);
}

void uuid_mark(uint8_t id[static UUID_BYTES])
{
    id[6] = (uint8_t)(0x40 | (id[6] & 0x0F));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
}

void uuid_text(const uint8_t id[static UUID_BYTES], char out[static UUID_TEXT])
{
    static const char digits[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                     '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[id[i] >> 4];
        *out++ = digits[id[i] & 15];
    }
}

char *random_uuid(char out[static UUID_TEXT + 1])
{
    uint8_t id[UUID_BYTES];
    random_bytes(id, sizeof id);
    uuid_mark(id);
    uuid_text(id, out);
    out[UUID_TEXT] = '\0';
    return out;
}
