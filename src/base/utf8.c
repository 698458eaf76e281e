/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t utf8_length(struct span s)
{
    const unsigned char *b = (const unsigned char *)s.p;
    if (s.n == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] >= 0xC2 && b[0] <= 0xDF)
        return s.n >= 2 && is_tail(b[1]) ? 2 : 0;
    if ((b[0] & 0xF0) == 0xE0) {
        if (s.n < 3 || !is_tail(b[1]) || !is_tail(b[2]))
            return 0;
        if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F)) /* overlong, surrogate */
            return 0;
        return 3;
    }
    if (b[0] >= 0xF0 && b[0] <= 0xF4) {
        if (s.n < 4 || !is_tail(b[1]) || !is_tail(b[2]) || !is_tail(b[3]))
            return 0;
        if ((b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F)) /* overlong, past U+10FFFF */
            return 0;
        return 4;
    }
    return 0;
}

size_t utf8_check(struct span s)
{
    size_t i = 0;
    while (i < s.n) {
        size_t len = utf8_length(span_from(s, i));
        if (len == 0)
            return i;
        i += len;
    }
    return i;
}

size_t utf8_decode(struct span s, uint32_t *ret)
{
    static const unsigned char first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    const size_t n = utf8_length(s);
    *ret = n ? (unsigned char)s.p[0] & first_bits[n] : 0xFFFDu;
    for (size_t i = 1; i < n; i++)
        *ret = *ret << 6 | ((unsigned char)s.p[i] & 0x3Fu);
    return n ? n : 1;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c >= 0xD800 && c <= 0xDFFF)
        return 0;
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    if (c > 0x10FFFF)
        return 0;
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

struct span utf8_cut(struct span s, size_t n)
{
    if (s.n <= n)
        return s;
    while (n > 0 && is_tail((unsigned char)s.p[n]))
        n--;
    return span_first(s, n);
}
