/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two numbers are kept in *from: while the header's end is sought, how far the search came; once it is found, the
 * message's length with WHOLE set. Either way no byte of the header is looked at a third time, however slowly
 * the bytes trickle in.
 */
#include "sip/frame.h"

#include "base/limits.h"
#include "sip/chars.h"
#include "sip/names.h"

#define WHOLE ((size_t)1 << (sizeof(size_t) * 8 - 1))

static enum frame_kind broken(struct fault *fault, enum bf_err err, size_t at, const char *what)
{
    (void)fault_at(fault, err, at, what);
    return FRAME_BROKEN;
}

/* CRLFs in front of a message. */
static enum frame_kind blank(struct span held, size_t *ret_n, struct fault *fault)
{
    static const char ping[] = "\r\n\r\n";
    size_t n = 0;
    while (n < 4 && n < held.n && held.p[n] == ping[n])
        n++;
    if (n == 4) {
        *ret_n = 4;
        return FRAME_PING;
    }
    if (n == held.n)
        return FRAME_MORE;
    if (n < 2)
        return broken(fault, BF_EFORM, n, "a carriage return stands alone");
    *ret_n = 2;
    return FRAME_BLANK;
}

/* Length of the header, blank line included; 0 when its end is not here yet. */
static size_t header_length(struct span held, size_t from)
{
    while (from + 4 <= held.n) {
        const char *cr = memchr(held.p + from, '\r', held.n - from - 3);
        if (!cr)
            return 0;
        if (memcmp(cr, "\r\n\r\n", 4) == 0)
            return (size_t)(cr - held.p) + 4;
        from = (size_t)(cr - held.p) + 1;
    }
    return 0;
}

/* The line at the head of *rest, folds included, which is moved behind it. */
static struct span take_line(struct span *rest)
{
    size_t n = 0;
    do {
        const char *end = memmem(rest->p + n, rest->n - n, "\r\n", 2);
        n = end ? (size_t)(end - rest->p) + 2 : rest->n;
    } while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
    const struct span line = span_first(*rest, n);
    *rest = span_from(*rest, n);
    return line;
}

/* Content-Length of the line; false when it is another header field. */
static bool line_content_length(struct span line, struct span *ret_value)
{
    const struct span name = span_first(line, chars_run(line, CHAR_TOKEN));
    const struct span colon = span_skip_blanks(span_from(line, name.n));
    if (sip_header_of(name) != SIP_H_CONTENT_LENGTH || colon.n == 0 || colon.p[0] != ':')
        return false;
    *ret_value = span_trim(span_from(colon, 1));
    return true;
}

/* BF_OK: *ret is the body's length. */
static enum bf_err body_length(struct span header, uint64_t *ret, struct fault *fault)
{
    struct span rest = header, value;
    bool found = false;
    (void)take_line(&rest);
    while (rest.n) {
        uint64_t length;
        const struct span line = take_line(&rest);
        if (!line_content_length(line, &value))
            continue;
        const size_t at = span_offset(header, line.p);
        if (!span_decimal(value, UINT32_MAX, &length))
            return fault_at(fault, BF_EFORM, at, "Content-Length is not a number");
        if (found && length != *ret)
            return fault_at(fault, BF_EFORM, at, "two Content-Length that differ");
        *ret = length;
        found = true;
    }
    return found ? BF_OK : fault_at(fault, BF_EFORM, header.n, "Content-Length is missing on a stream");
}

enum frame_kind frame_next(struct span held, size_t *from, size_t *ret_n, struct fault *fault)
{
    uint64_t body = 0;
    *ret_n = 0;
    if (*from & WHOLE) {
        const size_t whole = *from & ~WHOLE;
        if (held.n < whole)
            return FRAME_MORE;
        *ret_n = whole;
        *from = 0;
        return FRAME_MESSAGE;
    }
    if (*from == 0 && held.n && held.p[0] == '\r')
        return blank(held, ret_n, fault);
    const size_t header = header_length(held, *from);
    if (header == 0) {
        *from = held.n > 3 ? held.n - 3 : 0;
        *ret_n = held.n;
        if (held.n >= LIMIT_SIP_MESSAGE)
            return *from = 0, broken(fault, BF_ELIMIT, held.n, "the header does not end");
        return *ret_n = 0, FRAME_MORE;
    }
    *from = 0;
    *ret_n = header;
    if (body_length(span_first(held, header), &body, fault) != BF_OK)
        return FRAME_BROKEN;
    if (header + body > LIMIT_SIP_MESSAGE)
        return broken(fault, BF_ELIMIT, header, "the message is too long");
    *ret_n = header + (size_t)body;
    if (held.n >= *ret_n)
        return FRAME_MESSAGE;
    *from = *ret_n | WHOLE;
    *ret_n = 0;
    return FRAME_MORE;
}
