/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of bytes somebody else owns. Passed by value, never NUL-terminated, valid as long as the
 * bytes are. An absent thing is { NULL, 0 }; a present but empty one has a pointer and n == 0.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })
#define SPAN_NONE     ((struct span){ NULL, 0 })
#define SPAN_FMT(s)   (int)(s).n, (s).p /* for "%.*s" */

static inline struct span span_of(const char *text)
{
    return (struct span){ text, text ? strlen(text) : 0 };
}

static inline struct span span_make(const void *p, size_t n)
{
    return (struct span){ p, n };
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The bytes from `at` on; at past the end gives an empty span at the end. */
static inline struct span span_from(struct span s, size_t at)
{
    if (at > s.n)
        at = s.n;
    return at ? (struct span){ s.p + at, s.n - at } : s; /* no arithmetic on an absent one */
}

/* At most the first n bytes. */
static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){ s.p, n < s.n ? n : s.n };
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return s.n >= prefix.n && span_equal(span_first(s, prefix.n), prefix);
}

/* ASCII letters only: protocols compare this way, people do not. Nearly everybody writes as the standard does. */
bool bytes_equal_nocase(const char *a, const char *b, size_t n);
static inline bool span_equal_nocase(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0 || bytes_equal_nocase(a.p, b.p, a.n));
}
bool span_starts_nocase(struct span s, struct span prefix);

/* The word, of letters, stands somewhere in it. */
bool span_holds_nocase(struct span s, struct span word);

/* Index of the first `c`, or s.n. */
size_t span_find(struct span s, char c);

/* Without leading and trailing SP, HT, CR, LF. */
struct span span_trim(struct span s);

/*
 * A decimal number, digits only, no sign, no blank.
 * true and *ret set when the whole span is digits and the value is at most max; else false, *ret untouched.
 */
bool span_decimal(struct span s, uint64_t max, uint64_t *ret);

#endif
