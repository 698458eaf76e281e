/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass, top down, at most LIMIT_JSON_DEPTH calls deep. The names of all objects that are open lie on one stack. As
 * long as the names of an object ascend, which those of a canonical text do, none is there twice. From the first that
 * does not, each is compared with all before it, first by a hash of its unescaped bytes, so that an object of
 * LIMIT_JSON_MEMBERS members costs two thousand comparisons of integers and no more.
 *
 *     {"a":1,"\u0061":2}   refused at 7: a name that is there already
 *     {"b":{"a":1},"a":2}  accepted, not canonical: "b" stands before "a"
 *
 * The same pass finds out whether the text is canonical; json_is_canonical is that pass again.
 */
#include "token/json.h"

#include "base/byte_set.h"
#include "base/utf8.h"

struct name {
    uint32_t at, n; /* between the quotes */
    uint32_t hash;  /* of the unescaped bytes; only where the names of its object do not ascend */
    bool escaped;
};

struct reader {
    struct span text;
    size_t at;
    struct fault *fault;
    unsigned depth;
    bool canonical;
    struct json_members *members; /* of the outermost object; NULL: nobody asks */
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

/* What stands in a string as it is: ASCII from the blank on but " and \\ */
static const struct byte_set plain = { { 0xFC, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC,
                                         0xFC, 0xDC, 0xFC, 0xFC, 0xFC } };

/* A character that is not plain: an escape, or UTF-8. */
static enum bf_err read_character(struct reader *r, bool *ret_escaped)
{
    const struct span rest = span_from(r->text, r->at);
    uint32_t c;
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
    return BF_OK;
}

/* Reads a string; *ret lies between the quotes. */
static enum bf_err read_string(struct reader *r, struct span *ret, bool *ret_escaped)
{
    const size_t start = ++r->at;
    *ret_escaped = false;
    for (;;) {
        r->at += byte_set_run(&plain, r->text.p + r->at, r->text.n - r->at);
        if (r->at == r->text.n)
            return refuse(r, "the string does not end");
        if (r->text.p[r->at] == '"') {
            *ret = span_make(r->text.p + start, r->at - start);
            r->at++;
            return BF_OK;
        }
        const enum bf_err err = read_character(r, ret_escaped);
        if (err != BF_OK)
            return err;
    }
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

static void put_hash(const struct reader *r, struct name *name)
{
    name->hash = hash_name(span_make(r->text.p + name->at, name->n), name->escaped);
}

/* The names of one object so far. */
struct object {
    size_t first; /* on the stack */
    bool ascends;
};

/* The name that stands on top of the stack, and is not counted yet, is there already. */
static bool is_repeated(struct reader *r, struct object *o)
{
    struct name *const new = &r->names[r->n_names];
    if (r->n_names == o->first)
        return false;
    const int order = compare_names(r, new - 1, new);
    if (order > 0)
        r->canonical = false;
    if (o->ascends && order >= 0) {
        o->ascends = false;
        for (size_t i = o->first; i < r->n_names; i++)
            put_hash(r, &r->names[i]);
    }
    if (o->ascends)
        return false;
    put_hash(r, new);
    for (size_t i = o->first; i < r->n_names; i++)
        if (r->names[i].hash == new->hash && compare_names(r, &r->names[i], new) == 0)
            return true;
    return false;
}

/* The name of a member. */
static enum bf_err read_name(struct reader *r, struct object *o, struct json_value *ret)
{
    const size_t start = r->at;
    struct span raw;
    bool escaped;
    if (peek(r) != '"')
        return refuse(r, "a member's name is expected");
    if (r->n_names - o->first == LIMIT_JSON_MEMBERS)
        return fault_at(r->fault, BF_ELIMIT, r->at, "an object with too many members");
    const enum bf_err err = read_string(r, &raw, &escaped);
    if (err != BF_OK)
        return err;
    r->names[r->n_names] = (struct name){ (uint32_t)(raw.p - r->text.p), (uint32_t)raw.n, 0, escaped };
    if (is_repeated(r, o))
        return fault_at(r->fault, BF_EFORM, start, "a member of this name is there already");
    r->n_names++;
    *ret = (struct json_value){ JSON_KIND_STRING, { r->text.p + start, r->at - start }, escaped };
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

static enum bf_err read_value(struct reader *r, struct json_value *ret);

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

/* Name, colon, value, and what follows it. */
static enum bf_err read_member(struct reader *r, struct object *o, bool *ret_more)
{
    struct json_value name, value;
    enum bf_err err = read_name(r, o, &name);
    if (err != BF_OK)
        return err;
    skip_blanks(r);
    if (peek(r) != ':')
        return refuse(r, "a colon is expected");
    r->at++;
    skip_blanks(r);
    if ((err = read_value(r, &value)) != BF_OK)
        return err;
    if (r->depth == 1 && r->members)
        r->members->at[r->members->n++] = (struct json_entry){ name, value };
    return read_separator(r, '}', ret_more);
}

static enum bf_err read_object(struct reader *r)
{
    struct object o = { r->n_names, true };
    bool more = true;
    enum bf_err err = BF_OK;
    r->at++;
    skip_blanks(r);
    if (peek(r) == '}') {
        r->at++;
        return BF_OK;
    }
    while (more && err == BF_OK)
        err = read_member(r, &o, &more);
    r->n_names = o.first;
    return err;
}

static enum bf_err read_array(struct reader *r)
{
    bool more = true;
    struct json_value element;
    enum bf_err err = BF_OK;
    r->at++;
    skip_blanks(r);
    if (peek(r) == ']') {
        r->at++;
        return BF_OK;
    }
    while (more)
        if ((err = read_value(r, &element)) != BF_OK || (err = read_separator(r, ']', &more)) != BF_OK)
            return err;
    return BF_OK;
}

static enum bf_err read_nested(struct reader *r, enum json_kind kind)
{
    if (r->depth == LIMIT_JSON_DEPTH)
        return fault_at(r->fault, BF_ELIMIT, r->at, "objects and arrays are nested too deep");
    r->depth++;
    const enum bf_err err = kind == JSON_KIND_OBJECT ? read_object(r) : read_array(r);
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

static enum bf_err read_value(struct reader *r, struct json_value *ret)
{
    const char c = peek(r);
    const size_t start = r->at;
    const enum json_kind kind = kind_of(c);
    struct span inside;
    bool escaped = false;
    enum bf_err err;
    if (kind == JSON_KIND_STRING)
        err = read_string(r, &inside, &escaped);
    else if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY)
        err = read_nested(r, kind);
    else if (c == '-' || is_digit(c))
        err = read_number(r);
    else
        err = read_literal(r);
    *ret = (struct json_value){ kind, { r->text.p + start, r->at - start }, escaped };
    return err;
}

static enum bf_err read_text(struct reader *r, struct span text, struct json_value *ret, struct fault *fault)
{
    struct json_value value;
    r->text = text, r->at = 0, r->fault = fault;
    r->depth = 0, r->n_names = 0, r->canonical = true; /* the names stay as they are: they are many */
    if (r->members)
        r->members->n = 0;
    if (text.n > UINT32_MAX)
        return fault_at(fault, BF_ELIMIT, 0, "the text is too long");
    skip_blanks(r);
    const enum bf_err err = read_value(r, &value);
    if (err != BF_OK)
        return err;
    skip_blanks(r);
    if (r->at != text.n)
        return refuse(r, "bytes follow the JSON value");
    *ret = value;
    return BF_OK;
}

enum bf_err json_check_members(struct span text, struct json_value *ret, struct json_members *ret_members,
                               bool *ret_canonical, struct fault *fault)
{
    struct reader r;
    r.members = ret_members;
    const enum bf_err err = read_text(&r, text, ret, fault);
    if (err == BF_OK)
        *ret_canonical = r.canonical;
    return err;
}

enum bf_err json_check_form(struct span text, struct json_value *ret, bool *ret_canonical,
                            struct fault *fault)
{
    return json_check_members(text, ret, NULL, ret_canonical, fault);
}

enum bf_err json_check(struct span text, struct json_value *ret, struct fault *fault)
{
    bool canonical;
    return json_check_form(text, ret, &canonical, fault);
}

bool json_is_canonical(const struct json_value *v)
{
    struct json_value again;
    bool canonical;
    return json_check_form(v->text, &again, &canonical, NULL) == BF_OK && canonical;
}
