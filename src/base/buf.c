/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>

#include "base/utf8.h"

void buf_decimal(struct buf *b, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--at] = '-';
    buf_bytes(b, digits + at, sizeof digits - at);
}

void buf_hex(struct buf *b, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_char(b, "0123456789abcdef"[bytes[i] >> 4]);
        buf_char(b, "0123456789abcdef"[bytes[i] & 15]);
    }
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    if (b->full)
        return;
    va_start(args, format);
    int n = vsnprintf(b->p + b->n, b->size - b->n, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= b->size - b->n)
        b->full = true;
    else
        b->n += (size_t)n;
}

static void json_escape(struct buf *b, unsigned char c)
{
    static const char shorts[] = "btn_fr"; /* U+0008 .. U+000D; U+000B has no short form */
    buf_char(b, '\\');
    if (c == '"' || c == '\\')
        buf_char(b, (char)c);
    else if (c >= 8 && c <= 13 && c != 11)
        buf_char(b, shorts[c - 8]);
    else {
        buf_text(b, "u00");
        buf_hex(b, &c, 1);
    }
}

/* Bytes that stand for themselves: ASCII without control characters, quotation marks and backslashes. */
static size_t plain_length(struct span s)
{
    size_t n = 0;
    while (n < s.n && (unsigned char)(s.p[n] - 0x20) < 0x60 && s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

/* One character that is none of them; returns its bytes. */
static size_t json_special(struct buf *b, struct span s)
{
    const unsigned char c = (unsigned char)s.p[0];
    const size_t n = utf8_length(s);
    if (n == 0) {
        buf_text(b, "\xEF\xBF\xBD");
        return 1;
    }
    if (c < 0x20 || c == '"' || c == '\\')
        json_escape(b, c);
    else
        buf_bytes(b, s.p, n);
    return n;
}

void buf_json_string(struct buf *b, struct span s)
{
    buf_char(b, '"');
    while (s.n) {
        const size_t n = plain_length(s);
        buf_span_put(b, span_first(s, n));
        s = span_from(s, n);
        if (s.n)
            s = span_from(s, json_special(b, s));
    }
    buf_char(b, '"');
}

void buf_printable(struct buf *b, struct span s)
{
    const size_t from = b->n;
    buf_span_put(b, s);
    for (size_t i = from; i < b->n; i++)
        b->p[i] = (unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7F ? '?' : b->p[i];
}
