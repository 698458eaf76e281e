/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk from left to right: the token, then `;name`, `;name=value`, `;name="value"`, `;info=<uri>`, with white
 * space (a fold is CRLF and a blank) where RFC 3261 section 25 lets SEMI, EQUAL, LAQUOT and RAQUOT have it.
 *
 *     aa.bb.cc ; info = <https://a/b>;alg=ES256   -> aa.bb.cc  https://a/b  ES256
 *     aa.bb.cc,dd.ee.ff;info=<https://a/b>        -> refused at 8
 */
#include "identity/identity.h"

#include "base/byte_set.h"
#include "base/limits.h"

/* Letters, digits, - _ . */
static const struct byte_set token_bytes = { { 0xA8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8,
                                               0xF0, 0x50, 0x50, 0x54, 0x54, 0x70 } };
/* These and ! % * + ` ' ~ */
static const struct byte_set name_bytes = { { 0xE8, 0xFC, 0xF8, 0xF8, 0xF8, 0xFC, 0xF8, 0xFC, 0xF8, 0xF8,
                                              0xF4, 0x54, 0x50, 0x54, 0xD4, 0x70 } };
/* Everything visible in ASCII but < > and ": what may stand in a URI between its brackets. */
static const struct byte_set uri_bytes = { { 0xF8, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC,
                                             0xFC, 0xF4, 0xFC, 0xF4, 0x7C } };

struct cursor {
    struct span text;
    size_t at;
    struct fault *fault;
};

static enum bf_err refuse(const struct cursor *c, const char *what)
{
    return fault_at(c->fault, BF_EFORM, c->at, what);
}

static char peek(const struct cursor *c)
{
    return c->at < c->text.n ? c->text.p[c->at] : '\0';
}

static struct span take(struct cursor *c, const struct byte_set *set)
{
    const struct span rest = span_from(c->text, c->at);
    const size_t n = byte_set_run(set, rest.p, rest.n);
    c->at += n;
    return span_first(rest, n);
}

/* Names and words are short. */
static struct span take_name(struct cursor *c)
{
    const size_t start = c->at;
    while (c->at < c->text.n && byte_set_has(&name_bytes, c->text.p[c->at]))
        c->at++;
    return span_make(c->text.p + start, c->at - start);
}

/* Bytes of the line break of a fold at `at`: the break must be followed by a blank; 0 when there is none. */
static size_t fold_length(struct span s, size_t at)
{
    size_t n = 0;
    if (at < s.n && s.p[at] == '\r')
        n++;
    if (at + n >= s.n || s.p[at + n] != '\n')
        return 0;
    n++;
    return at + n < s.n && (s.p[at + n] == ' ' || s.p[at + n] == '\t') ? n : 0;
}

static void skip_blanks(struct cursor *c)
{
    while ((unsigned char)peek(c) <= ' ') {
        const size_t fold = fold_length(c->text, c->at);
        if (fold == 0 && peek(c) != ' ' && peek(c) != '\t')
            return;
        c->at += fold ? fold : 1;
    }
}

static enum bf_err read_info(struct cursor *c, struct span *ret)
{
    if (peek(c) != '<')
        return refuse(c, "info must be a URI inside <>");
    c->at++;
    const struct span uri = take(c, &uri_bytes);
    if (peek(c) != '>')
        return refuse(c, "this cannot stand in the URI of info");
    c->at++;
    *ret = uri;
    return BF_OK;
}

/* A token, or a token in quotes. */
static enum bf_err read_word(struct cursor *c, struct span *ret)
{
    const bool quoted = peek(c) == '"';
    if (quoted)
        c->at++;
    const struct span word = take_name(c);
    if (word.n == 0 || (quoted && peek(c) != '"'))
        return refuse(c, "this cannot stand in the value of a parameter");
    if (quoted)
        c->at++;
    *ret = word;
    return BF_OK;
}

/* The value of a parameter nobody asks for: a quoted string of any characters, or what a token or a host can hold. */
static enum bf_err skip_value(struct cursor *c)
{
    if (peek(c) != '"') {
        const size_t start = c->at;
        while (byte_set_has(&name_bytes, peek(c)) || (peek(c) && strchr("[]:", peek(c))))
            c->at++;
        return c->at > start ? BF_OK : refuse(c, "this cannot stand in the value of a parameter");
    }
    for (c->at++; c->at < c->text.n; c->at++) {
        if (peek(c) == '"') {
            c->at++;
            return BF_OK;
        }
        if (peek(c) == '\\')
            c->at++;
        c->at += fold_length(c->text, c->at);
        if ((unsigned char)peek(c) < ' ' && peek(c) != '\t')
            break;
    }
    return refuse(c, "the quoted string does not end");
}

static enum bf_err read_value(struct cursor *c, struct span *word, bool is_info)
{
    if (!word)
        return skip_value(c);
    return is_info ? read_info(c, word) : read_word(c, word);
}

static struct span *known_param(struct identity *id, struct span name)
{
    if (span_equal_nocase(name, SPAN("info")))
        return &id->info;
    if (span_equal_nocase(name, SPAN("alg")))
        return &id->alg;
    return span_equal_nocase(name, SPAN("ppt")) ? &id->ppt : NULL;
}

/* name [= value], the semicolon before it already taken */
static enum bf_err read_param(struct cursor *c, struct identity *id)
{
    skip_blanks(c);
    const size_t start = c->at;
    const struct span name = take_name(c);
    if (name.n == 0)
        return refuse(c, "a parameter's name is missing");
    struct span *const known = known_param(id, name);
    if (known && known->p)
        return fault_at(c->fault, BF_EFORM, start, "this parameter is there twice");
    skip_blanks(c);
    if (peek(c) != '=')
        return known ? refuse(c, "this parameter needs a value") : BF_OK;
    c->at++;
    skip_blanks(c);
    const enum bf_err err = read_value(c, known, known == &id->info);
    if (err == BF_OK)
        skip_blanks(c);
    return err;
}

static const char *unexpected(char c)
{
    switch (c) {
    case ',': return "one header carries one token: no comma lists";
    case '+':
    case '/':
    case '=': return "the token is base64url: no + / =";
    default: return "this cannot stand here";
    }
}

enum bf_err identity_read(struct span value, struct identity *ret, struct fault *fault)
{
    struct cursor c = { value, 0, fault };
    struct identity id = { SPAN_NONE, SPAN_NONE, SPAN_NONE, SPAN_NONE };

    if (value.n > LIMIT_IDENTITY_VALUE)
        return fault_at(fault, BF_ELIMIT, LIMIT_IDENTITY_VALUE, "the Identity value is too long");
    if (value.n == 0)
        return fault_at(fault, BF_EFORM, 0, "the token is missing");
    skip_blanks(&c);
    id.token = take(&c, &token_bytes);
    if (id.token.n == 0)
        return refuse(&c, c.at == value.n ? "the token is missing" : unexpected(peek(&c)));
    if (peek(&c) != ';')
        skip_blanks(&c);
    if (c.at == value.n)
        return refuse(&c, "no parameters follow the token");
    while (c.at < value.n) {
        if (peek(&c) != ';')
            return refuse(&c, unexpected(peek(&c)));
        c.at++;
        const enum bf_err err = read_param(&c, &id);
        if (err != BF_OK)
            return err;
    }
    *ret = id;
    return BF_OK;
}

void identity_write(struct buf *out, struct span token, struct span x5u, struct span ppt)
{
    buf_span_put(out, token);
    buf_text(out, ";info=<");
    buf_span_put(out, x5u);
    buf_text(out, ">;alg=ES256");
    if (ppt.n) {
        buf_text(out, ";ppt=\"");
        buf_span_put(out, ppt);
        buf_char(out, '"');
    }
}
