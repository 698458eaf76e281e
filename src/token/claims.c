/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload.                                            RFC 8225 section 5, RFC 8588 section 8; PP-010..019, SHK-001..003
 *
 *     {"attest":"A","dest":{"tn":["12155550131"]},"iat":1443208345,"orig":{"tn":"12155550121"},"origid":"123e4567-…"}
 *
 * One row a claim. A row is demanded of the types it names; for the others it is read if it can be, and what
 * cannot be read there is left out, for the claims of those types are not judged yet.
 */
#include "sip/number.h"
#include "token/parts.h"

static enum bf_err read_party(const struct reading *r, const struct json_value *v, bool is_uri,
                              struct party *ret)
{
    struct span text;
    const enum bf_err err = token_string(r, v, TOKEN_CLAIMS, "tn or uri is no string", &text);
    if (err != BF_OK)
        return err;
    if (is_uri ? !token_uri_is_sound(text) : !number_is_canonical(text))
        return token_flawed(r, TOKEN_CLAIMS, v,
                            is_uri ? "this is no URI" : "this is no canonical telephone number");
    *ret = (struct party){ is_uri, text };
    return BF_OK;
}

static enum bf_err read_orig(const struct reading *r, const struct json_value *v)
{
    struct json_value name, party, more;
    struct json_walk walk = json_begin(v);
    if (v->kind != JSON_KIND_OBJECT)
        return token_flawed(r, TOKEN_CLAIMS, v, "orig is no object");
    if (!json_next(&walk, &name, &party) || json_next(&walk, NULL, &more))
        return token_flawed(r, TOKEN_CLAIMS, v, "orig must have exactly one member");
    const bool is_uri = json_member(v, SPAN("uri"), &party);
    if (!is_uri && !json_member(v, SPAN("tn"), &party))
        return token_flawed(r, TOKEN_CLAIMS, &name, "orig names neither tn nor uri");
    return read_party(r, &party, is_uri, &r->token->orig);
}

static enum bf_err read_dest_list(const struct reading *r, const struct json_value *v, bool is_uri)
{
    struct token *const t = r->token;
    struct json_walk walk = json_begin(v);
    struct json_value element;
    const size_t before = t->n_dest;
    if (v->kind != JSON_KIND_ARRAY)
        return token_flawed(r, TOKEN_CLAIMS, v, "tn and uri of dest must be arrays");
    while (json_next(&walk, NULL, &element)) {
        if (t->n_dest == LIMIT_DEST)
            return token_found(r, BF_ELIMIT, TOKEN_CLAIMS, (size_t)(element.text.p - r->part.p),
                               "dest names too many");
        const enum bf_err err = read_party(r, &element, is_uri, &t->dest[t->n_dest]);
        if (err != BF_OK)
            return err;
        t->n_dest++;
    }
    return t->n_dest > before ? BF_OK : token_flawed(r, TOKEN_CLAIMS, v, "an empty list in dest");
}

static enum bf_err read_dest(const struct reading *r, const struct json_value *v)
{
    struct json_value list;
    enum bf_err err = BF_OK;
    if (v->kind != JSON_KIND_OBJECT)
        return token_flawed(r, TOKEN_CLAIMS, v, "dest is no object");
    if (json_member(v, SPAN("tn"), &list))
        err = read_dest_list(r, &list, false);
    if (err == BF_OK && json_member(v, SPAN("uri"), &list))
        err = read_dest_list(r, &list, true);
    if (err == BF_OK && r->token->n_dest == 0)
        err = token_flawed(r, TOKEN_CLAIMS, v, "dest names neither tn nor uri");
    return err;
}

static enum bf_err read_iat(const struct reading *r, const struct json_value *v)
{
    int64_t seconds;
    if (!json_whole(v, &seconds))
        return token_flawed(r, TOKEN_IAT, v, "iat is not a whole number of seconds, written in digits");
    r->token->iat = seconds;
    return BF_OK;
}

static enum bf_err read_attest(const struct reading *r, const struct json_value *v)
{
    static const char what[] = "attest is none of A, B, C";
    struct span text;
    const enum bf_err err = token_string(r, v, TOKEN_ATTEST, what, &text);
    if (err != BF_OK)
        return err;
    if (text.n != 1 || text.p[0] < 'A' || text.p[0] > 'C')
        return token_flawed(r, TOKEN_ATTEST, v, what);
    r->token->attest = text.p[0];
    return BF_OK;
}

bool token_is_uuid(struct span text)
{
    if (text.n != 36)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i], low = (char)(c | 0x20);
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')))
            return false;
    }
    return true;
}

/* Real calls carry origids that are no UUIDs: that is told, and no reason to refuse the token (decision on SHK-003). */
static enum bf_err read_origid(const struct reading *r, const struct json_value *v)
{
    const enum bf_err err = token_string(r, v, TOKEN_CLAIMS, "origid is no string", &r->token->origid);
    if (err == BF_OK)
        r->token->origid_is_uuid = token_is_uuid(r->token->origid);
    return err;
}

/* Fingerprints of the media: an array of {"alg","dig"}. Their comparison with the SDP is not the token's business. */
static enum bf_err read_mky(const struct reading *r, const struct json_value *v)
{
    struct json_walk walk = json_begin(v);
    struct json_value element, member;
    if (v->kind != JSON_KIND_ARRAY)
        return token_flawed(r, TOKEN_CLAIMS, v, "mky is no array");
    while (json_next(&walk, NULL, &element))
        if (!json_member(&element, SPAN("alg"), &member) || member.kind != JSON_KIND_STRING ||
            !json_member(&element, SPAN("dig"), &member) || member.kind != JSON_KIND_STRING)
            return token_flawed(r, TOKEN_CLAIMS, &element, "a fingerprint in mky lacks its alg or dig");
    return BF_OK;
}

#define BIT(ppt) (1u << (ppt))
#define BOTH     (BIT(PPT_NONE) | BIT(PPT_SHAKEN))
#define ALL      (~0u)

static const struct claim {
    struct span name;
    enum bf_err (*read)(const struct reading *r, const struct json_value *v);
    unsigned read_for; /* other types: a claim of that name means nothing to us */
    unsigned demanded_of;
    unsigned judged_for; /* here a malformed one refuses the token */
    const char *missing;
} claims[] = {
    { { "orig", 4 }, read_orig, ALL, BOTH, BOTH, "orig is missing" },
    { { "dest", 4 }, read_dest, ALL, BOTH, BOTH, "dest is missing" },
    { { "iat", 3 }, read_iat, ALL, BOTH, BOTH, "iat is missing" },
    { { "attest", 6 }, read_attest, BIT(PPT_SHAKEN), BIT(PPT_SHAKEN), BIT(PPT_SHAKEN), "attest is missing" },
    { { "origid", 6 }, read_origid, BIT(PPT_SHAKEN), BIT(PPT_SHAKEN), BIT(PPT_SHAKEN), "origid is missing" },
    { { "mky", 3 }, read_mky, BOTH, 0, BOTH, NULL },
};

static enum bf_err read_claim(const struct reading *r, const struct json_value *payload,
                              const struct claim *claim)
{
    const unsigned type = BIT(r->token->ppt);
    struct json_value v;
    if (!(claim->read_for & type))
        return BF_OK;
    if (json_member(payload, claim->name, &v))
        return claim->read(r, &v);
    return claim->demanded_of & type ? token_flawed(r, TOKEN_CLAIMS, NULL, claim->missing) : BF_OK;
}

enum bf_err claims_read(const struct reading *r, const struct json_value *payload)
{
    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        const enum bf_err err = read_claim(r, payload, &claims[i]);
        if (err == BF_ENOMEM || (err != BF_OK && claims[i].judged_for & BIT(r->token->ppt)))
            return err;
    }
    *r->found = (struct finding){ .err = BF_OK };
    return BF_OK;
}
