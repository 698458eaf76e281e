/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass, top down, at most LIMIT_JSON_DEPTH calls deep. The names of all objects that are open lie on one stack;
 * a new name is compared with those of its own object, first by a hash of its unescaped bytes, so that an object
 * of LIMIT_JSON_MEMBERS members costs two thousand comparisons of integers and no more.
 *
 *     {"a":1,"\u0061":2}   refused at 7: a name that is there already
 *     {"b":{"a":1},"a":2}  accepted, not canonical: "b" stands before "a"
 *
 * The same pass finds out whether the text is canonical; json_is_canonical is that pass again.
 */
#include "token/json.h"

#include "base/limits.h"
#include "base/utf8.h"

struct name {
    uint32_t at, n; /* between the quotes */
    uint32_t hash;  /* of the unescaped bytes */
    bool escaped;
};

struct reader {
    struct span text;
    size_t at;
    struct fault *fault;
    unsigned depth;
    bool canonical;
    size_t n_names;
    struct name names[LIMIT_JSON_DEPTH * LIMIT_JSON_MEMBERS];
};

static enum bf_err refuse(const struct reader *r, const char *what)
{
    return fault_at(r->fault, BF_EFORM, r->at, what);
}

static char peek(const struct reader *r)
{
    return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct reader *r)
{
    while (is_blank(peek(r))) {
        r->at++;
        r->canonical = false;
    }
}

/* Strings */

/* Four hexadecimal digits; false when there are none. */
static bool hex4(struct span s, uint32_t *ret)
{
    uint32_t value = 0;
    if (s.n < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        const char c = s.p[i], low = (char)(c | 0x20);
        if (!is_digit(c) && (low < 'a' || low > 'f'))
            return false;
        value = value << 4 | (uint32_t)(is_digit(c) ? c - '0' : low - 'a' + 10);
    }
    *ret = value;
    return true;
}

/* `\uXXXX`, or two of them that are a surrogate pair, at the start of s. Characters taken; 0: no character of JSON's. */
static size_t unicode_escape(struct span s, uint32_t *ret)
{
    uint32_t high, low;
    if (!hex4(span_from(s, 2), &high) || high == 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *ret = high;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (s.n < 12 || s.p[6] != '\\' || s.p[7] != 'u' || !hex4(span_from(s, 8), &low) || low < 0xDC00 ||
        low > 0xDFFF)
        return 0;
    *ret = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

/* An escape at the start of s: characters taken, 0 when it is none. */
static size_t escape(struct span s, uint32_t *ret)
{
    static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    if (s.n < 2)
        return 0;
    if (s.p[1] == 'u')
        return unicode_escape(s, ret);
    const char *hit = s.p[1] ? strchr(letters, s.p[1]) : NULL;
    if (!hit)
        return 0;
    *ret = (unsigned char)means[hit - letters];
    return 2;
}

/* The one way to write that character (PP-025): escaped only where it must be, short form first, lower-case digits. */
static bool escape_is_minimal(struct span written, uint32_t c)
{
    static const char shorts[] = "\b\t\n\f\r";
    if (c == '"' || c == '\\' || (c < 0x20 && strchr(shorts, (int)c)))
        return written.n == 2;
    if (c >= 0x20)
        return false;
    return written.p[5] < 'A' || written.p[5] > 'F';
}

/* The next character of a string that passed, unescaped, as UTF-8; its length. */
static size_t next_character(struct span *rest, char out[4])
{
    uint32_t c = 0;
    size_t taken, n;
    if (rest->p[0] == '\\') {
        taken = escape(*rest, &c);
        n = utf8_encode(c, out);
    } else {
        taken = n = utf8_length(*rest);
        memcpy(out, rest->p, n);
    }
    *rest = span_from(*rest, taken);
    return n;
}

/* Reads a string; *ret lies between the quotes. */
static enum bf_err read_string(struct reader *r, struct span *ret, bool *ret_escaped)
{
    const size_t start = ++r->at;
    uint32_t c;
    *ret_escaped = false;
    while (r->at < r->text.n) {
        const struct span rest = span_from(r->text, r->at);
        if (rest.p[0] == '"') {
            *ret = span_make(r->text.p + start, r->at - start);
            r->at++;
            return BF_OK;
        }
        if ((unsigned char)rest.p[0] < 0x20)
            return refuse(r, "a control character inside a string");
        const bool escaped = rest.p[0] == '\\';
        const size_t n = escaped ? escape(rest, &c) : utf8_length(rest);
        if (n == 0)
            return refuse(r, escaped ? "no escape that JSON allows here" : "bytes that are no UTF-8");
        if (escaped) {
            *ret_escaped = true;
            r->canonical = r->canonical && escape_is_minimal(span_first(rest, n), c);
        }
        r->at += n;
    }
    return refuse(r, "the string does not end");
}

/* Names */

static uint32_t hash_name(struct span raw, bool escaped)
{
    uint32_t hash = 2166136261u;
    char bytes[4];
    if (!escaped)
        for (size_t i = 0; i < raw.n; i++)
            hash = (hash ^ (unsigned char)raw.p[i]) * 16777619u;
    else
        while (raw.n)
            for (size_t i = 0, n = next_character(&raw, bytes); i < n; i++)
                hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
    return hash;
}

/* Compares unescaped bytes, which is the order of code points. */
static int compare_escaped(struct span a, struct span b)
{
    char x[4], y[4];
    while (a.n && b.n) {
        const size_t n = next_character(&a, x), m = next_character(&b, y);
        const int order = memcmp(x, y, n < m ? n : m); /* equal lead bytes mean equal lengths */
        if (order)
            return order;
    }
    return (a.n > 0) - (b.n > 0);
}

static int compare_raw(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_names(const struct reader *r, const struct name *a, const struct name *b)
{
    const struct span x = { r->text.p + a->at, a->n }, y = { r->text.p + b->at, b->n };
    return a->escaped || b->escaped ? compare_escaped(x, y) : compare_raw(x, y);
}

/* The name of a member; `first` is where the names of its object begin. */
static enum bf_err read_name(struct reader *r, size_t first)
{
    const size_t start = r->at;
    struct span raw;
    bool escaped;
    if (peek(r) != '"')
        return refuse(r, "a member's name is expected");
    if (r->n_names - first == LIMIT_JSON_MEMBERS)
        return fault_at(r->fault, BF_ELIMIT, r->at, "an object with too many members");
    const enum bf_err err = read_string(r, &raw, &escaped);
    if (err != BF_OK)
        return err;
    struct name *const new = &r->names[r->n_names];
    *new = (struct name){ (uint32_t)(raw.p - r->text.p), (uint32_t)raw.n, hash_name(raw, escaped), escaped };
    for (size_t i = first; i < r->n_names; i++)
        if (r->names[i].hash == new->hash && compare_names(r, &r->names[i], new) == 0)
            return fault_at(r->fault, BF_EFORM, start, "a member of this name is there already");
    if (r->n_names > first && compare_names(r, new - 1, new) > 0)
        r->canonical = false;
    r->n_names++;
    return BF_OK;
}

/* Values */

static enum bf_err read_digits(struct reader *r)
{
    if (!is_digit(peek(r)))
        return refuse(r, "a digit is expected");
    while (is_digit(peek(r)))
        r->at++;
    return BF_OK;
}

static enum bf_err read_exponent(struct reader *r)
{
    r->at++;
    if (peek(r) == '+' || peek(r) == '-')
        r->at++;
    return read_digits(r);
}

static enum bf_err read_number(struct reader *r)
{
    const bool negative = peek(r) == '-';
    enum bf_err err = BF_OK;
    if (negative)
        r->at++;
    const size_t start = r->at;
    if ((err = read_digits(r)) != BF_OK)
        return err;
    if (r->text.p[start] == '0' && r->at > start + 1)
        return fault_at(r->fault, BF_EFORM, start, "a number with a leading zero");
    if (negative && r->text.p[start] == '0')
        r->canonical = false;
    const size_t whole = r->at;
    if (peek(r) == '.') {
        r->at++;
        err = read_digits(r);
    }
    if (err == BF_OK && (peek(r) == 'e' || peek(r) == 'E'))
        err = read_exponent(r);
    if (r->at != whole)
        r->canonical = false;
    return err;
}

static enum bf_err read_literal(struct reader *r)
{
    static const struct span words[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_starts(span_from(r->text, r->at), words[i])) {
            r->at += words[i].n;
            return BF_OK;
        }
    return refuse(r, r->at == r->text.n ? "the text ends too early" : "no JSON value begins like this");
}

static enum bf_err read_value(struct reader *r, bool *ret_escaped);

/* After a member or an element: a comma, or the end. */
static enum bf_err read_separator(struct reader *r, char close, bool *ret_more)
{
    skip_blanks(r);
    *ret_more = peek(r) == ',';
    if (!*ret_more && peek(r) != close)
        return refuse(r, "a comma or the end of the object or array is expected");
    r->at++;
    if (*ret_more)
        skip_blanks(r); /* not behind the end: the value ends there */
    return BF_OK;
}

static enum bf_err read_object(struct reader *r)
{
    const size_t first = r->n_names;
    bool more = true, escaped;
    enum bf_err err;
    for (r->at++, skip_blanks(r); more;) {
        if (peek(r) == '}' && r->n_names == first) {
            r->at++;
            return BF_OK;
        }
        if ((err = read_name(r, first)) != BF_OK)
            return err;
        skip_blanks(r);
        if (peek(r) != ':')
            return refuse(r, "a colon is expected");
        r->at++;
        skip_blanks(r);
        if ((err = read_value(r, &escaped)) != BF_OK || (err = read_separator(r, '}', &more)) != BF_OK)
            return err;
    }
    r->n_names = first;
    return BF_OK;
}

static enum bf_err read_array(struct reader *r)
{
    bool more = true, escaped;
    enum bf_err err;
    r->at++;
    skip_blanks(r);
    if (peek(r) == ']') {
        r->at++;
        return BF_OK;
    }
    while (more)
        if ((err = read_value(r, &escaped)) != BF_OK || (err = read_separator(r, ']', &more)) != BF_OK)
            return err;
    return BF_OK;
}

static enum bf_err read_value(struct reader *r, bool *ret_escaped)
{
    const char c = peek(r);
    struct span inside;
    *ret_escaped = false;
    if (c == '"')
        return read_string(r, &inside, ret_escaped);
    if (c == '-' || is_digit(c))
        return read_number(r);
    if (c != '{' && c != '[')
        return read_literal(r);
    if (r->depth == LIMIT_JSON_DEPTH)
        return fault_at(r->fault, BF_ELIMIT, r->at, "objects and arrays are nested too deep");
    r->depth++;
    const enum bf_err err = c == '{' ? read_object(r) : read_array(r);
    r->depth--;
    return err;
}

static enum json_kind kind_of(char c)
{
    switch (c) {
    case '{': return JSON_KIND_OBJECT;
    case '[': return JSON_KIND_ARRAY;
    case '"': return JSON_KIND_STRING;
    case 't': return JSON_KIND_TRUE;
    case 'f': return JSON_KIND_FALSE;
    case 'n': return JSON_KIND_NULL;
    default: return JSON_KIND_NUMBER;
    }
}

static enum bf_err read_text(struct reader *r, struct span text, struct json_value *ret, struct fault *fault)
{
    bool escaped;
    r->text = text, r->at = 0, r->fault = fault;
    r->depth = 0, r->n_names = 0, r->canonical = true; /* the names stay as they are: they are many */
    if (text.n > UINT32_MAX)
        return fault_at(fault, BF_ELIMIT, 0, "the text is too long");
    skip_blanks(r);
    const size_t start = r->at;
    const enum bf_err err = read_value(r, &escaped);
    if (err != BF_OK)
        return err;
    *ret = (struct json_value){ kind_of(text.p[start]), { text.p + start, r->at - start }, escaped };
    skip_blanks(r);
    return r->at == text.n ? BF_OK : refuse(r, "bytes follow the JSON value");
}

enum bf_err json_check_form(struct span text, struct json_value *ret, bool *ret_canonical,
                            struct fault *fault)
{
    struct reader r;
    struct json_value value;
    const enum bf_err err = read_text(&r, text, &value, fault);
    if (err != BF_OK)
        return err;
    *ret = value;
    *ret_canonical = r.canonical;
    return BF_OK;
}

enum bf_err json_check(struct span text, struct json_value *ret, struct fault *fault)
{
    bool canonical;
    return json_check_form(text, ret, &canonical, fault);
}

bool json_is_canonical(const struct json_value *v)
{
    struct reader r;
    struct json_value again;
    return read_text(&r, v->text, &again, NULL) == BF_OK && r.canonical;
}
