/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response = H(H(user:realm:password) : nonce : nc : cnonce : auth : H(method:uri)), or without what stands between nonce and
 * the last where the challenge has no qop (RFC 2069's form, which RFC 7616 section 3.4.1 still has for MD5's sake).
 * `Mufasa`, `Circle of Life`, RFC 7616 section 3.9.1: test_digest.c.
 */
#include "callback/digest.h"

#include <openssl/evp.h>

struct digest_kind {
    const char *name; /* as on the wire */
    const char *evp;
    bool session; /* A1 is hashed once more with nonce and cnonce */
};

static const struct digest_kind kinds[] = {
    { "MD5", "MD5", false },
    { "MD5-sess", "MD5", true },
    { "SHA-256", "SHA256", false },
    { "SHA-256-sess", "SHA256", true },
    { "SHA-512-256", "SHA512-256", false },
    { "SHA-512-256-sess", "SHA512-256", true },
};

/* ---- reading ---- */

static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-.!%*_+`'~", c));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span skip(struct span s, bool comma)
{
    while (s.n && (is_blank(s.p[0]) || (comma && s.p[0] == ',')))
        s = span_from(s, 1);
    return s;
}

static struct span take_token(struct span *s)
{
    size_t n = 0;
    while (n < s->n && is_token(s->p[n]))
        n++;
    const struct span token = span_first(*s, n);
    *s = span_from(*s, n);
    return token;
}

/* `"..."`, its quotes left out, its escapes kept: they go back as they came. */
static bool take_quoted(struct span *s, struct span *ret)
{
    size_t n = 1;
    while (n < s->n && s->p[n] != '"')
        n += s->p[n] == '\\' ? 2 : 1;
    if (n >= s->n)
        return false;
    *ret = span_make(s->p + 1, n - 1);
    *s = span_from(*s, n + 1);
    return true;
}

/* The next `name=value`. false: the end, or no such thing. */
static bool take_param(struct span *s, struct span *ret_name, struct span *ret_value)
{
    *s = skip(*s, true);
    *ret_name = take_token(s);
    *s = skip(*s, false);
    if (ret_name->n == 0 || s->n == 0 || s->p[0] != '=')
        return false;
    *s = skip(span_from(*s, 1), false);
    if (s->n && s->p[0] == '"')
        return take_quoted(s, ret_value);
    *ret_value = take_token(s);
    return ret_value->n > 0;
}

static bool keep(struct span value, char out[static DIGEST_TEXT])
{
    if (value.n >= DIGEST_TEXT)
        return false;
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7F)
            return false;
    if (value.n)
        memcpy(out, value.p, value.n);
    out[value.n] = '\0';
    return true;
}

static const struct digest_kind *kind_of(struct span name)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (span_equal_nocase(name, span_of(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

/* `auth` among `auth,auth-int`. */
static bool offers_auth(struct span list)
{
    while (list.n) {
        list = skip(list, true);
        const struct span one = take_token(&list);
        if (span_equal_nocase(one, SPAN("auth")))
            return true;
        if (one.n == 0)
            return false;
    }
    return false;
}

static bool take_field(struct digest_challenge *c, struct span name, struct span value)
{
    if (span_equal_nocase(name, SPAN("realm")))
        return keep(value, c->realm);
    if (span_equal_nocase(name, SPAN("nonce")))
        return keep(value, c->nonce);
    if (span_equal_nocase(name, SPAN("opaque")))
        return keep(value, c->opaque);
    if (span_equal_nocase(name, SPAN("algorithm"))) {
        c->named = true;
        return (c->kind = kind_of(value)) != NULL;
    }
    if (span_equal_nocase(name, SPAN("qop")))
        return (c->qop = offers_auth(value));
    if (span_equal_nocase(name, SPAN("stale")))
        c->stale = span_equal_nocase(value, SPAN("true"));
    return true;
}

bool digest_read(struct span value, bool proxy, struct digest_challenge *ret)
{
    struct digest_challenge c = { .kind = &kinds[0], .proxy = proxy };
    struct span rest = skip(value, false), name, field;
    if (!span_equal_nocase(take_token(&rest), SPAN("Digest")) || rest.n == 0 || !is_blank(rest.p[0]))
        return false;
    while (take_param(&rest, &name, &field))
        if (!take_field(&c, name, field))
            return false;
    if (skip(rest, true).n || !c.nonce[0] || (c.kind->session && !c.qop))
        return false;
    *ret = c;
    return true;
}

bool digest_of(const struct sip_message *answer, struct digest_challenge *ret)
{
    const bool proxy = answer->status == 407;
    const struct span wanted = proxy ? SPAN("Proxy-Authenticate") : SPAN("WWW-Authenticate");
    for (size_t i = 0; i < answer->n_headers; i++)
        if (span_equal_nocase(answer->headers[i].name, wanted) &&
            digest_read(answer->headers[i].value, proxy, ret))
            return true;
    return false;
}

/* ---- answering ---- */

#define HASH_HEX (2 * EVP_MAX_MD_SIZE + 1)

/* Hexadecimal digest of parts with colons between them. */
static bool hash(const struct digest_kind *kind, const struct span *parts, size_t n,
                 char out[static HASH_HEX])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD *md = EVP_MD_fetch(NULL, kind->evp, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = md && ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;
    for (size_t i = 0; i < n && ok; i++)
        ok = (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
             EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, bytes, &size) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    struct buf b = buf_on(out, HASH_HEX - 1);
    buf_hex(&b, bytes, ok ? size : 0);
    out[b.n] = '\0';
    return ok;
}

static bool respond(const struct digest_challenge *c, const struct digest_asked *a, const char *nc,
                    char out[static HASH_HEX])
{
    char a1[HASH_HEX], a2[HASH_HEX];
    const struct span nonce = span_of(c->nonce), cnonce = span_of(a->cnonce);
    const struct span who[] = { span_of(a->user), span_of(c->realm), span_of(a->password) };
    const struct span what[] = { a->method, a->uri };
    bool ok = hash(c->kind, who, ARRAY_SIZE(who), a1) && hash(c->kind, what, ARRAY_SIZE(what), a2);
    if (ok && c->kind->session) {
        char once[HASH_HEX];
        memcpy(once, a1, sizeof once);
        const struct span session[] = { span_of(once), nonce, cnonce };
        ok = hash(c->kind, session, ARRAY_SIZE(session), a1);
    }
    const struct span with[] = { span_of(a1), nonce, span_of(nc), cnonce, SPAN("auth"), span_of(a2) };
    const struct span without[] = { span_of(a1), nonce, span_of(a2) };
    return ok && (c->qop ? hash(c->kind, with, ARRAY_SIZE(with), out)
                         : hash(c->kind, without, ARRAY_SIZE(without), out));
}

static void put_user(struct buf *out, const char *user)
{
    for (; *user; user++) {
        if (*user == '"' || *user == '\\')
            buf_char(out, '\\');
        buf_char(out, *user);
    }
}

enum bf_err digest_write(struct digest_challenge *c, const struct digest_asked *a, struct buf *out)
{
    char response[HASH_HEX], nc[9];
    struct buf count = buf_on(nc, sizeof nc);
    buf_printf(&count, "%08x", c->count + 1);
    nc[8] = '\0';
    if (!respond(c, a, nc, response))
        return BF_ECRYPTO;
    c->count++;
    buf_text(out, c->proxy ? "Proxy-Authorization: Digest username=\"" : "Authorization: Digest username=\"");
    put_user(out, a->user);
    buf_printf(out, "\", realm=\"%s\", nonce=\"%s\", uri=\"%.*s\", response=\"%s\"", c->realm, c->nonce,
               SPAN_FMT(a->uri), response);
    if (c->named)
        buf_printf(out, ", algorithm=%s", c->kind->name);
    if (c->opaque[0])
        buf_printf(out, ", opaque=\"%s\"", c->opaque);
    if (c->qop)
        buf_printf(out, ", qop=auth, nc=%s, cnonce=\"%s\"", nc, a->cnonce);
    buf_text(out, "\r\n");
    return BF_OK;
}
