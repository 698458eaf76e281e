/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps through a text that json_check accepted, so nothing is checked a second time: a string ends at the next
 * quote that no backslash precedes, an object or array where the braces and brackets outside strings are even.
 */
#include "token/json.h"

#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span skip(struct span s, char also)
{
    size_t n = 0;
    while (n < s.n && (is_blank(s.p[n]) || s.p[n] == also))
        n++;
    return span_from(s, n); /* which minds that there may be no text at all */
}

/* It ends at the first quote behind an even number of backslashes; the C library finds quotes faster than a loop. */
static size_t string_length(struct span s, bool *ret_escaped)
{
    const char *end = s.p + s.n, *quote = s.p;
    size_t behind;
    do {
        quote = memchr(quote + 1, '"', (size_t)(end - quote) - 1);
        for (behind = 0; quote && quote[-1 - (ptrdiff_t)behind] == '\\';)
            behind++;
    } while (quote && behind % 2 == 1);
    const size_t n = quote ? (size_t)(quote - s.p) + 1 : s.n;
    *ret_escaped = memchr(s.p, '\\', n) != NULL;
    return n;
}

static size_t nested_length(struct span s)
{
    size_t depth = 0, i = 0;
    bool escaped;
    while (i < s.n) {
        const char c = s.p[i];
        if (c == '"') {
            i += string_length(span_from(s, i), &escaped);
            continue;
        }
        i++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return i;
}

static size_t scalar_length(struct span s)
{
    size_t i = 0;
    while (i < s.n && !is_blank(s.p[i]) && s.p[i] != ',' && s.p[i] != '}' && s.p[i] != ']')
        i++;
    return i;
}

static struct json_value first_value(struct span s)
{
    struct json_value v = { JSON_KIND_NUMBER, { s.p, 0 }, false };
    switch (s.p[0]) {
    case '"':
        v.kind = JSON_KIND_STRING;
        v.text.n = string_length(s, &v.escaped);
        return v;
    case '{':
    case '[':
        v.kind = s.p[0] == '{' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
        v.text.n = nested_length(s);
        return v;
    case 't': v.kind = JSON_KIND_TRUE; break;
    case 'f': v.kind = JSON_KIND_FALSE; break;
    case 'n': v.kind = JSON_KIND_NULL; break;
    default: break;
    }
    v.text.n = scalar_length(s);
    return v;
}

struct json_walk json_begin(const struct json_value *v)
{
    if (v->kind != JSON_KIND_OBJECT && v->kind != JSON_KIND_ARRAY)
        return (struct json_walk){ SPAN_NONE, false };
    return (struct json_walk){ { v->text.p + 1, v->text.n - 2 }, v->kind == JSON_KIND_OBJECT };
}

bool json_next(struct json_walk *walk, struct json_value *ret_name, struct json_value *ret_value)
{
    struct span rest = skip(walk->rest, ',');
    if (rest.n == 0)
        return false;
    if (walk->object) {
        const struct json_value name = first_value(rest);
        if (ret_name)
            *ret_name = name;
        rest = skip(span_from(rest, name.text.n), ':');
    }
    *ret_value = first_value(rest);
    walk->rest = span_from(rest, ret_value->text.n);
    return true;
}

static uint32_t hex4(const char *p)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    return value;
}

/* Decodes the escape at p into out[4]; *ret_taken characters. */
static size_t unescape(const char *p, char out[4], size_t *ret_taken)
{
    static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
    *ret_taken = 2;
    if (p[1] != 'u') {
        const char *hit = strchr(letters, p[1]);
        out[0] = hit ? means[hit - letters] : p[1];
        return 1;
    }
    uint32_t c = hex4(p + 2);
    *ret_taken = 6;
    if (c >= 0xD800 && c <= 0xDBFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (hex4(p + 8) - 0xDC00);
        *ret_taken = 12;
    }
    return utf8_encode(c, out);
}

struct span json_chars(const struct json_value *v, struct buf *scratch)
{
    if (v->kind != JSON_KIND_STRING)
        return SPAN_NONE;
    const struct span inside = { v->text.p + 1, v->text.n - 2 };
    if (!v->escaped)
        return inside;
    const size_t start = scratch->n;
    for (size_t i = 0, taken; i < inside.n; i += taken) {
        char bytes[4] = { inside.p[i] };
        size_t n = 1;
        taken = 1;
        if (bytes[0] == '\\')
            n = unescape(inside.p + i, bytes, &taken);
        buf_bytes(scratch, bytes, n);
    }
    return buf_ok(scratch) ? span_make(scratch->p + start, scratch->n - start) : SPAN_NONE;
}

/* Without room to decode it into. */
bool json_escaped_is(const struct json_value *v, struct span plain)
{
    const struct span inside = { v->text.p + 1, v->text.n - 2 };
    size_t at = 0;
    for (size_t i = 0, taken; i < inside.n; i += taken) {
        char bytes[4] = { inside.p[i] };
        size_t n = 1;
        taken = 1;
        if (bytes[0] == '\\')
            n = unescape(inside.p + i, bytes, &taken);
        if (n > plain.n - at || memcmp(bytes, plain.p + at, n) != 0)
            return false;
        at += n;
    }
    return at == plain.n;
}

bool json_member(const struct json_value *object, struct span name, struct json_value *ret)
{
    struct json_walk walk = json_begin(object);
    struct json_value key, value;
    if (!walk.object)
        return false;
    while (json_next(&walk, &key, &value))
        if (json_string_is(&key, name)) {
            *ret = value;
            return true;
        }
    return false;
}

bool json_member_nocase(const struct json_value *object, struct span name, struct json_value *ret)
{
    struct json_walk walk = json_begin(object);
    struct json_value key, value;
    unsigned n = 0;
    if (json_member(object, name, ret))
        return true;
    while (walk.object && json_next(&walk, &key, &value)) {
        const struct span inside = { key.text.p + 1, key.text.n - 2 };
        if (key.escaped || !span_equal_nocase(inside, name))
            continue;
        *ret = value;
        n++;
    }
    return n == 1;
}

const struct json_value *json_members_find(const struct json_members *members, struct span name)
{
    for (size_t i = 0; i < members->n; i++)
        if (json_string_is(&members->at[i].name, name))
            return &members->at[i].value;
    return NULL;
}

bool json_whole(const struct json_value *v, int64_t *ret)
{
    uint64_t value;
    if (v->kind != JSON_KIND_NUMBER || !span_decimal(v->text, UINT64_C(1) << 53, &value))
        return false;
    *ret = (int64_t)value;
    return true;
}
