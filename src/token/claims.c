/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload.                                            RFC 8225 section 5, RFC 8588 section 8; PP-010..019, SHK-001..003
 *
 *     {"attest":"A","dest":{"tn":["12155550131"]},"iat":1443208345,"orig":{"tn":"12155550121"},"origid":"123e4567-…"}
 *
 * One row a claim. A row is demanded of the types it names; for the others it is read if it can be, and what
 * cannot be read there is left out, for the claims of those types are not judged yet.
 */
#include "base/byte_set.h"
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
    const bool is_uri = json_string_is(&name, SPAN("uri"));
    if (!is_uri && !json_string_is(&name, SPAN("tn")))
        return token_flawed(r, TOKEN_CLAIMS, &name, "orig names neither tn nor uri");
    return read_party(r, &party, is_uri, &r->token->orig);
}

static enum bf_err read_dest_list(const struct reading *r, const struct json_value *v, bool is_uri,
                                  struct party *dest)
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
        const enum bf_err err = read_party(r, &element, is_uri, &dest[t->n_dest]);
        if (err != BF_OK)
            return err;
        t->n_dest++;
    }
    return t->n_dest > before ? BF_OK : token_flawed(r, TOKEN_CLAIMS, v, "an empty list in dest");
}

/* The two lists that dest may have, tn first; kind is JSON_KIND_NULL where one is missing. */
struct dest_members {
    struct json_value of[2];
};

static struct dest_members find_dest_members(const struct json_value *v)
{
    const struct json_value none = { JSON_KIND_NULL, SPAN_NONE, false };
    struct dest_members lists = { { none, none } };
    struct json_walk walk = json_begin(v);
    struct json_value name, value;
    while (json_next(&walk, &name, &value))
        if (json_string_is(&name, SPAN("tn")))
            lists.of[0] = value;
        else if (json_string_is(&name, SPAN("uri")))
            lists.of[1] = value;
    return lists;
}

static enum bf_err read_dest(const struct reading *r, const struct json_value *v)
{
    struct token *const t = r->token;
    if (v->kind != JSON_KIND_OBJECT)
        return token_flawed(r, TOKEN_CLAIMS, v, "dest is no object");
    const struct dest_members lists = find_dest_members(v);
    const size_t most = v->text.n / 2; /* a value and the mark behind it take two bytes at least */
    struct party *dest = arena_take(r->arena, (most < LIMIT_DEST ? most : LIMIT_DEST) * sizeof *dest);
    if (!dest)
        return token_found(r, BF_ENOMEM, TOKEN_SOUND, 0, "no memory for the token");
    t->dest = dest;
    enum bf_err err = BF_OK;
    for (int uri = 0; uri < 2 && err == BF_OK; uri++)
        if (lists.of[uri].text.p)
            err = read_dest_list(r, &lists.of[uri], uri, dest);
    if (err == BF_OK && t->n_dest == 0)
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

/* Digits, and a to f in either case. */
static const struct byte_set hex_digits = { { 0x08, 0x58, 0x58, 0x58, 0x58, 0x58, 0x58, 0x08, 0x08, 0x08 } };

bool token_is_uuid(struct span text)
{
    static const struct {
        uint8_t at, n;
    } runs[] = { { 0, 8 }, { 9, 4 }, { 14, 4 }, { 19, 4 }, { 24, 12 } };
    if (text.n != 36)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
        if (runs[i].at && text.p[runs[i].at - 1] != '-')
            return false;
        for (size_t k = 0; k < runs[i].n; k++)
            if (!byte_set_has(&hex_digits, text.p[runs[i].at + k]))
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

/* Which row each member is of: ret[row] is its value, NULL where it is missing. */
static void find_claims(const struct json_members *members,
                        const struct json_value *ret[static ARRAY_SIZE(claims)])
{
    memset((void *)ret, 0, ARRAY_SIZE(claims) * sizeof *ret);
    for (size_t i = 0; i < members->n; i++)
        for (size_t row = 0; row < ARRAY_SIZE(claims); row++)
            if (json_string_is(&members->at[i].name, claims[row].name)) {
                ret[row] = &members->at[i].value;
                break;
            }
}

static enum bf_err read_claim(const struct reading *r, const struct claim *claim, const struct json_value *v)
{
    const unsigned type = BIT(r->token->ppt);
    if (!(claim->read_for & type))
        return BF_OK;
    if (v)
        return claim->read(r, v);
    return claim->demanded_of & type ? token_flawed(r, TOKEN_CLAIMS, NULL, claim->missing) : BF_OK;
}

enum bf_err claims_read(const struct reading *r, const struct json_members *payload)
{
    const struct json_value *values[ARRAY_SIZE(claims)];
    find_claims(payload, values);
    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        const enum bf_err err = read_claim(r, &claims[i], values[i]);
        if (err == BF_ENOMEM || (err != BF_OK && claims[i].judged_for & BIT(r->token->ppt)))
            return err;
    }
    *r->found = (struct finding){ .err = BF_OK };
    return BF_OK;
}
