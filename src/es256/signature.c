/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEQUENCE { INTEGER r, INTEGER s }, at most 2 + 2 * (2 + 33) bytes, so every length is one byte.
 *
 *     r = 1, s = n-1   ->   30 26 02 01 01 02 21 00 ffffffff00000000…2550
 */
#include "es256/signature.h"

#include <string.h>

static const uint8_t order[32] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
};
static const uint8_t zero[32];

static bool in_range(const uint8_t number[static 32])
{
    return memcmp(number, zero, 32) != 0 && memcmp(number, order, 32) < 0;
}

bool signature_in_range(const uint8_t rs[static 64])
{
    return in_range(rs) && in_range(rs + 32);
}

static size_t put_integer(const uint8_t number[static 32], uint8_t *out)
{
    size_t skip = 0;
    while (skip < 31 && number[skip] == 0)
        skip++;
    const size_t sign = number[skip] >> 7, n = 32 - skip;
    out[0] = 0x02;
    out[1] = (uint8_t)(sign + n);
    out[2] = 0;
    memcpy(out + 2 + sign, number + skip, n);
    return 2 + sign + n;
}

size_t signature_to_der(const uint8_t rs[static 64], uint8_t out[static ES256_DER_MOST])
{
    size_t n = 2;
    n += put_integer(rs, out + n);
    n += put_integer(rs + 32, out + n);
    out[0] = 0x30;
    out[1] = (uint8_t)(n - 2);
    return n;
}

/* One INTEGER at the start of *der; *der is moved behind it. */
static bool take_integer(const uint8_t **der, size_t *n, uint8_t out[static 32])
{
    const uint8_t *p = *der;
    if (*n < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > 33 || p[1] > *n - 2)
        return false;
    size_t length = p[1];
    const uint8_t *bytes = p + 2;
    if (bytes[0] & 0x80) /* negative */
        return false;
    if (bytes[0] == 0 && length > 1) {
        if (!(bytes[1] & 0x80)) /* a zero that need not be there */
            return false;
        bytes++, length--;
    }
    if (length > 32)
        return false;
    *n -= 2u + p[1];
    *der = p + 2 + p[1];
    memset(out, 0, 32);
    memcpy(out + 32 - length, bytes, length);
    return in_range(out);
}

bool signature_of_der(const uint8_t *der, size_t n, uint8_t out[static 64])
{
    if (n < 2 || n > ES256_DER_MOST || der[0] != 0x30 || der[1] != n - 2)
        return false;
    der += 2, n -= 2;
    return take_integer(&der, &n, out) && take_integer(&der, &n, out + 32) && n == 0;
}
