/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of test calls, and what is wrong with each. */
#include "base/base64url.h"
#include "base/random.h"
#include "cli/place_parts.h"
#include "identity/identity.h"
#include "token/token.h"

#define STALE_S 600

static bool kind_is_signed(enum call_kind kind)
{
    return kind != KIND_UNSIGNED;
}

utc_t place_signed_at(enum call_kind kind, utc_t now)
{
    return kind == KIND_STALE ? now - STALE_S : now;
}

static char attest_of(enum call_kind kind)
{
    return kind == KIND_GATEWAY ? 'C' : 'A';
}

/* Signs what is signed, writes what is said; they differ where something was changed on the way. */
static enum bf_err write_token(const struct place_carrier *carrier, const struct token_claims *signed_as,
                               const struct token_claims *said, struct buf *out)
{
    char memory[LIMIT_IDENTITY_VALUE], text[BASE64URL_TEXT(64)];
    struct buf input = BUF_ON(memory);
    uint8_t signature[64];
    enum bf_err err = token_write(signed_as, &input, NULL);
    if (err == BF_OK)
        err = key_sign(carrier->key, buf_span(&input), signature, NULL, NULL);
    if (err == BF_OK)
        err = token_write(said, out, NULL);
    if (err != BF_OK)
        return err;
    buf_char(out, '.');
    buf_bytes(out, text, base64url_encode(signature, sizeof signature, text));
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}

enum bf_err place_identity(const struct place_options *o, enum call_kind kind, utc_t now, struct buf *out)
{
    const struct place_carrier *carrier = kind == KIND_UNTRUSTED ? &o->untrusted : &o->carrier;
    char origid[UUID_TEXT + 1], memory[LIMIT_IDENTITY_VALUE];
    struct number called = o->called;
    if (!kind_is_signed(kind))
        return BF_OK;
    if (!carrier->key || !carrier->x5u)
        return BF_EUNSUP;
    if (kind == KIND_OTHER)
        called.digits[called.n - 1] = called.digits[called.n - 1] == '0' ? '1' : '0';
    const struct party dest = { .text = number_span(&called) };
    struct token_claims claims = { .ppt = PPT_SHAKEN,
                                   .x5u = span_of(carrier->x5u),
                                   .orig = { .text = number_span(&o->caller) },
                                   .dest = &dest,
                                   .n_dest = 1,
                                   .iat = place_signed_at(kind, now),
                                   .attest = attest_of(kind),
                                   .origid = span_of(random_uuid(origid)) };
    struct token_claims signed_as = claims;
    if (kind == KIND_TAMPERED)
        signed_as.attest = 'C';
    struct buf token = BUF_ON(memory);
    enum bf_err err = write_token(carrier, &signed_as, &claims, &token);
    if (err != BF_OK)
        return err;
    identity_write(out, buf_span(&token), claims.x5u, span_of(ppt_text(PPT_SHAKEN)));
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}
