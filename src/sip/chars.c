/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/chars.h"

#define WORD  (CHAR_TOKEN | CHAR_HOST | CHAR_USER | CHAR_URIC | CHAR_VALUE)
#define DIGIT (WORD | CHAR_DIGIT | CHAR_HEX)
#define MARK  (CHAR_TOKEN | CHAR_USER | CHAR_URIC | CHAR_VALUE)

const uint8_t sip_chars[256] = {
    ['\t'] = CHAR_BLANK,
    ['\n'] = CHAR_BLANK,
    ['\r'] = CHAR_BLANK,
    [' '] = CHAR_BLANK,
    ['0' ... '9'] = DIGIT,
    ['A' ... 'F'] = WORD | CHAR_HEX,
    ['G' ... 'Z'] = WORD,
    ['a' ... 'f'] = WORD | CHAR_HEX,
    ['g' ... 'z'] = WORD,
    ['-'] = WORD,
    ['.'] = WORD,
    ['_'] = WORD,
    ['!'] = MARK,
    ['*'] = MARK,
    ['\''] = MARK,
    ['~'] = MARK,
    ['+'] = MARK,
    ['%'] = MARK,
    ['`'] = CHAR_TOKEN | CHAR_VALUE,
    ['('] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    [')'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    ['&'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    ['$'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    ['/'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    ['='] = CHAR_USER | CHAR_URIC,
    [','] = CHAR_USER | CHAR_URIC,
    [';'] = CHAR_USER | CHAR_URIC,
    ['?'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    ['#'] = CHAR_USER | CHAR_URIC | CHAR_VALUE,
    [':'] = CHAR_URIC | CHAR_VALUE,
    ['['] = CHAR_URIC | CHAR_VALUE,
    [']'] = CHAR_URIC | CHAR_VALUE,
    ['@'] = CHAR_URIC | CHAR_VALUE,
    ['^'] = CHAR_VALUE,
    ['|'] = CHAR_VALUE,
    ['{'] = CHAR_VALUE,
    ['}'] = CHAR_VALUE,
};

int char_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return char_is(c, CHAR_HEX) ? (c | 0x20) - 'a' + 10 : -1;
}

size_t chars_escaped(struct span s, unsigned classes)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!char_is(s.p[i], classes))
            return i;
        if (s.p[i] == '%' && (s.n - i < 3 || char_hex(s.p[i + 1]) < 0 || char_hex(s.p[i + 2]) < 0))
            return i;
    }
    return s.n;
}

size_t quoted_length(struct span s)
{
    if (s.n == 0 || s.p[0] != '"')
        return 0;
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '"')
            return i + 1;
        if (s.p[i] == '\\')
            i++;
    }
    return 0;
}

size_t host_length(struct span s)
{
    if (s.n == 0 || s.p[0] != '[')
        return chars_run(s, CHAR_HOST);
    size_t i = 1, colons = 0;
    for (; i < s.n && (char_is(s.p[i], CHAR_HEX) || s.p[i] == ':' || s.p[i] == '.'); i++)
        colons += s.p[i] == ':';
    return i < s.n && s.p[i] == ']' && colons >= 2 ? i + 1 : 0;
}
