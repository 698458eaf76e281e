/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JOSE header.                                             RFC 8225 section 4, RFC 7515 section 4.1; PP-001..006
 *
 *     {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/passport.cer"}
 *
 * alg comes first: what is not ES256 is refused before anybody thinks of a key. jku, jwk, x5c and kid are never
 * looked at: a token does not choose its own key.
 */
#include "token/parts.h"

static bool is_uri_char(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && strchr("-._~:/?#[]@!$&'()*+,;=%", c) != NULL;
}

bool token_uri_is_sound(struct span uri)
{
    const size_t colon = span_find(uri, ':');
    if (colon == 0 || colon + 1 >= uri.n || !((uri.p[0] | 0x20) >= 'a' && (uri.p[0] | 0x20) <= 'z'))
        return false;
    for (size_t i = 0; i < uri.n; i++)
        if (!is_uri_char(uri.p[i]) || (i < colon && strchr("_~/?#[]@!$&'()*,;=%", uri.p[i])))
            return false;
    return true;
}

/* A member that must be one exact string. */
static enum bf_err demand(const struct reading *r, const struct json_members *header, struct span name,
                          struct span wanted, enum token_flaw flaw, const char *missing, const char *other)
{
    const struct json_value *v = json_members_find(header, name);
    struct span text;
    if (!v)
        return token_flawed(r, TOKEN_HEADER, NULL, missing);
    const enum bf_err err = token_string(r, v, flaw, other, &text);
    if (err != BF_OK)
        return err;
    return span_equal(text, wanted) ? BF_OK : token_flawed(r, flaw, v, other);
}

static enum bf_err read_ppt(const struct reading *r, const struct json_members *header)
{
    const struct json_value *v = json_members_find(header, SPAN("ppt"));
    if (!v)
        return BF_OK;
    r->token->ppt = PPT_OTHER;
    const enum bf_err err = token_string(r, v, TOKEN_HEADER, "ppt is no string", &r->token->ppt_text);
    if (err == BF_OK)
        r->token->ppt = ppt_of(r->token->ppt_text);
    return err;
}

static enum bf_err read_x5u(const struct reading *r, const struct json_members *header)
{
    const struct json_value *v = json_members_find(header, SPAN("x5u"));
    struct span uri;
    if (!v)
        return token_flawed(r, TOKEN_HEADER, NULL, "x5u is missing");
    const enum bf_err err = token_string(r, v, TOKEN_HEADER, "x5u is no string", &uri);
    if (err != BF_OK)
        return err;
    if (!token_uri_is_sound(uri))
        return token_flawed(r, TOKEN_HEADER, v, "x5u is no URI");
    r->token->x5u = uri;
    return BF_OK;
}

static enum bf_err read_rest(const struct reading *r, const struct json_members *header)
{
    const struct json_value *crit = json_members_find(header, SPAN("crit"));
    enum bf_err err =
        demand(r, header, SPAN("alg"), SPAN("ES256"), TOKEN_ALG, "alg is missing", "alg is not ES256");
    if (err == BF_OK)
        err = demand(r, header, SPAN("typ"), SPAN("passport"), TOKEN_TYP, "typ is missing",
                     "typ is not passport");
    if (err == BF_OK && crit)
        err = token_flawed(r, TOKEN_CRIT, crit, "crit is there, and nothing it can name is understood");
    return err == BF_OK ? read_x5u(r, header) : err;
}

/* ppt is read before all else, so that a token's kind is known whatever is wrong with it; its own flaw is told last. */
enum bf_err jose_read(const struct reading *r, const struct json_members *header)
{
    const enum bf_err ppt = read_ppt(r, header);
    const struct finding ppt_found = *r->found;
    const enum bf_err err = read_rest(r, header);
    if (err == BF_OK && ppt != BF_OK)
        *r->found = ppt_found;
    return err == BF_OK ? ppt : err;
}
