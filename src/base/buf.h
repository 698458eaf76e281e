/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer into memory of fixed size. Writing past the end sets `full` and writes nothing more, so a
 * whole answer is put together without a check a line, and judged once at the end: `buf_ok(&b)`.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/fault.h"
#include "base/span.h"

struct buf {
    char *p;
    size_t n;    /* bytes written */
    size_t size; /* bytes there are */
    bool full;   /* something did not fit: the content is not to be used */
};

#define BUF_ON(array) ((struct buf){ .p = (array), .n = 0, .size = sizeof(array), .full = false })

static inline struct buf buf_on(void *memory, size_t size)
{
    return (struct buf){ .p = memory, .n = 0, .size = size, .full = false };
}

static inline bool buf_ok(const struct buf *b)
{
    return !b->full;
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){ b->p, b->n };
}

/* Here, so that a constant text becomes a few stores. */
static inline void buf_bytes(struct buf *b, const void *p, size_t n)
{
    if (b->full || n > b->size - b->n) {
        b->full = true;
        return;
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void buf_span_put(struct buf *b, struct span s)
{
    buf_bytes(b, s.p, s.n);
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_bytes(b, text, strlen(text));
}

static inline void buf_char(struct buf *b, char c)
{
    buf_bytes(b, &c, 1);
}

void buf_decimal(struct buf *b, int64_t value);
void buf_hex(struct buf *b, const uint8_t *bytes, size_t n); /* lower case */
void buf_printf(struct buf *b, const char *format, ...) printf_(2, 3);

/*
 * A JSON string with its quotes: `"` and `\` and U+0000-U+001F escaped (standards.md PP-025), the
 * rest raw. Bytes that are no UTF-8 become U+FFFD, so the result is always JSON.
 */
void buf_json_string(struct buf *b, struct span s);

/*
 * For a line of a log or a header: control bytes (below 0x20, 0x7F) become '?', the rest is copied.
 * Nothing that came from outside can start a line of its own (SEC-048).
 */
void buf_printable(struct buf *b, struct span s);

#endif
