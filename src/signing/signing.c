/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authentication service of RFC 8224 section 6.1: is it ours to sign, may this customer, is the date right, and then
 * the token. Reasons not to sign are told in that order; none of them keeps the call from going on.
 *
 *     From +12025550100 from 10.1.2.3, row { +12025550100/100, A, for 10.0.0.0/8 }   -> A
 *     the same from 192.0.2.1                                                         -> not for this customer
 */
#include "signing/signing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/random.h"
#include "identity/identity.h"
#include "signing/row.h"
#include "sip/date.h"
#include "token/token.h"

#define DATE_TOLERANCE_S 60 /* DT-001, DT-003 */

struct signing {
    struct sign_row *rows;
    size_t n_rows;
};

/* "row 3 (+12025550100): key.pem: …" */
static void name_row(char **message, size_t i, const struct sign_row_options *o)
{
    char shown[LIMIT_NUMBER + 2] = "no numbers", *whole;
    if (o->n_numbers)
        number_show(&o->numbers[0].start, shown);
    const char *what = *message ? *message : "out of memory";
    if (asprintf(&whole, "sign row %zu (%s): %s", i + 1, shown, what) < 0)
        return;
    free(*message);
    *message = whole;
}

enum bf_err signing_create(const struct sign_row_options *rows, size_t n, struct signing **ret,
                           char **ret_message)
{
    *ret_message = NULL;
    auto_(signing_destroy) struct signing *s = calloc(1, sizeof *s);
    if (!s || n > UINT16_MAX || !(s->rows = calloc(n ? n : 1, sizeof *s->rows)))
        return n > UINT16_MAX ? BF_ELIMIT : BF_ENOMEM;
    for (s->n_rows = 0; s->n_rows < n;) {
        const size_t i = s->n_rows++;
        const enum bf_err err = row_init(&s->rows[i], &rows[i], ret_message);
        if (err != BF_OK) {
            name_row(ret_message, i, &rows[i]);
            return err;
        }
    }
    *ret = s;
    s = NULL;
    return BF_OK;
}

void signing_destroy(struct signing *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_rows; i++)
        row_clear(&s->rows[i]);
    free(s->rows);
    free(s);
}

const char *sign_refusal_text(enum sign_refusal r)
{
    switch (r) {
    case SIGN_OK: return "signed";
    case SIGN_NO_ROW: return "no row of `sign` holds this number";
    case SIGN_NOT_FOR: return "the number is not this customer's to use";
    case SIGN_NO_CALLER: return "the caller shows no telephone number";
    case SIGN_NO_CALLED: return "no telephone number is called";
    case SIGN_ALREADY: return "the call carries a shaken token already";
    case SIGN_STALE_DATE: return "the Date header is more than 60 seconds off";
    case SIGN_EMERGENCY: return "an emergency or priority call is passed on untouched";
    case SIGN_EXPIRED: return "the certificate of the row is not valid now";
    case SIGN_FAILED: return "signing failed";
    }
    return "unknown";
}

/* ppt of a token's header, as far as it can be read without judging the token. */
static bool header_says_shaken(struct span token)
{
    uint8_t bytes[BASE64URL_BYTES(LIMIT_IDENTITY_VALUE)]; /* whatever fits into an Identity value */
    char room[64];
    struct buf scratch = BUF_ON(room);
    struct json_value header, ppt;
    size_t n;
    const struct span segment = span_first(token, span_find(token, '.'));
    return base64url_decode(segment, bytes, sizeof bytes, &n, NULL) == BF_OK &&
           json_check(span_make(bytes, n), &header, NULL) == BF_OK &&
           json_member(&header, SPAN("ppt"), &ppt) && span_equal(json_chars(&ppt, &scratch), SPAN("shaken"));
}

/* Ours would stand beside it, and a verifier could not tell whose word to take. */
static bool carries_shaken(const struct call *call)
{
    struct identity id;
    for (size_t i = 0; i < call->n_identities; i++)
        if (identity_read(call->identities[i], &id, NULL) == BF_OK &&
            (span_equal(id.ppt, SPAN("shaken")) || header_says_shaken(id.token)))
            return true;
    return call->identities_too_many;
}

static bool row_holds(const struct sign_row *row, const struct number *number)
{
    for (size_t i = 0; i < row->n_numbers; i++)
        if (number_range_holds(&row->numbers[i], number))
            return true;
    return false;
}

static bool row_is_for(const struct sign_row *row, const struct sockaddr *addr)
{
    for (size_t i = 0; i < row->n_customers; i++)
        if (cidr_holds(&row->customers[i], addr))
            return true;
    return false;
}

static enum sign_refusal find_row(const struct signing *s, const struct call *call, size_t *ret)
{
    enum sign_refusal refusal = SIGN_NO_ROW;
    for (size_t i = 0; i < s->n_rows; i++) {
        if (!row_holds(&s->rows[i], &call->caller))
            continue;
        refusal = SIGN_NOT_FOR;
        if (row_is_for(&s->rows[i], (const struct sockaddr *)&call->peer.addr)) {
            *ret = i;
            return SIGN_OK;
        }
    }
    return refusal;
}

/* iat of the token: the Date header's time, which must be right; without one, the arrival (DT-001, DT-003, SHK-022). */
static enum sign_refusal date_of(const struct call *call, utc_t *ret)
{
    utc_t date = call->arrival.utc;
    if (call->date.p && sip_date_read(call->date, &date, NULL) != BF_OK)
        return SIGN_STALE_DATE;
    const utc_t off = date - call->arrival.utc;
    if (off > DATE_TOLERANCE_S || off < -DATE_TOLERANCE_S)
        return SIGN_STALE_DATE;
    *ret = date;
    return SIGN_OK;
}

static bool row_is_valid(const struct sign_row *row, utc_t at)
{
    return row->not_before <= at && at <= row->not_after;
}

static void put_uuid(struct buf *out, const uint8_t id[static 16])
{
    static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
    for (size_t i = 0, at = 0; i < ARRAY_SIZE(groups); at += groups[i++]) {
        if (i)
            buf_char(out, '-');
        buf_hex(out, id + at, groups[i]);
    }
}

static void fresh_uuid(uint8_t out[static 16])
{
    random_bytes(out, 16);
    out[6] = (uint8_t)(0x40 | (out[6] & 0x0F)); /* version 4, RFC 4122 section 4.4 */
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3F));
}

/* The signing input of the decision: the same bytes whenever it is asked for. */
static enum bf_err write_input(const struct sign_row *row, const struct call *call,
                               const struct signed_call *what, struct buf *out)
{
    char uuid[UUID_TEXT];
    struct buf id = BUF_ON(uuid);
    put_uuid(&id, what->origid);
    const struct party dest = { false, number_span(&call->called) };
    const struct token_claims claims = {
        .ppt = PPT_SHAKEN,
        .x5u = span_of(row->x5u),
        .orig = { false, number_span(&call->caller) },
        .dest = &dest,
        .n_dest = 1,
        .iat = what->iat,
        .attest = what->attest,
        .origid = buf_span(&id),
    };
    return token_write(&claims, out, NULL);
}

static enum sign_refusal may_sign(const struct signing *s, const struct call *call, size_t *ret_row,
                                  utc_t *ret_iat)
{
    if (call->never_block)
        return SIGN_EMERGENCY;
    if (carries_shaken(call))
        return SIGN_ALREADY;
    if (!call->has_caller || !number_is_canonical(number_span(&call->caller)))
        return SIGN_NO_CALLER;
    if (!call->has_called || !number_is_canonical(number_span(&call->called)))
        return SIGN_NO_CALLED;
    enum sign_refusal refusal = find_row(s, call, ret_row);
    if (refusal == SIGN_OK)
        refusal = date_of(call, ret_iat);
    if (refusal != SIGN_OK)
        return refusal;
    const struct sign_row *const row = &s->rows[*ret_row];
    return row_is_valid(row, call->arrival.utc) && row_is_valid(row, *ret_iat) ? SIGN_OK : SIGN_EXPIRED;
}

enum sign_refusal signing_sign(struct signing *s, const struct call *call, struct signed_call *ret)
{
    char room[LIMIT_X5U * 2 + 1024];
    struct buf input = BUF_ON(room);
    struct signed_call what = { 0 };
    size_t row = 0;
    const enum sign_refusal refusal = may_sign(s, call, &row, &what.iat);
    if (refusal != SIGN_OK)
        return refusal;
    what.row = (uint16_t)row;
    what.attest = s->rows[row].attest;
    fresh_uuid(what.origid);
    if (write_input(&s->rows[row], call, &what, &input) != BF_OK ||
        key_sign(s->rows[row].key, buf_span(&input), what.signature, NULL, NULL) != BF_OK)
        return SIGN_FAILED;
    *ret = what;
    return SIGN_OK;
}

enum bf_err signing_identity(const struct signing *s, const struct call *call, const struct signed_call *what,
                             struct buf *out)
{
    char room[LIMIT_X5U * 2 + 1024], signature[BASE64URL_TEXT(64)];
    struct buf token = BUF_ON(room);
    if (what->row >= s->n_rows)
        return BF_EINVAL;
    const struct sign_row *const row = &s->rows[what->row];
    const enum bf_err err = write_input(row, call, what, &token);
    if (err != BF_OK)
        return err;
    buf_char(&token, '.');
    buf_bytes(&token, signature, base64url_encode(what->signature, 64, signature));
    if (buf_ok(&token))
        identity_write(out, buf_span(&token), span_of(row->x5u), SPAN("shaken"));
    return buf_ok(&token) && buf_ok(out) ? BF_OK : BF_ELIMIT;
}
