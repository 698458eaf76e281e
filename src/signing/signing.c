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
#include "signing/inside.h"
#include "sip/date.h"
#include "trust/own.h"

#define DATE_TOLERANCE_S 60                     /* DT-001, DT-003 */
#define INPUT_MOST       (LIMIT_X5U * 2 + 1024) /* a signing input of ours */

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

static enum bf_err make_inventory(struct signing *s)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < s->n_sign; i++)
        all += s->rows[i].n_numbers;
    struct inventory_entry *entries = calloc(all ? all : 1, sizeof *entries);
    if (!entries)
        return BF_ENOMEM;
    for (size_t i = 0; i < s->n_sign; i++)
        for (size_t k = 0; k < s->rows[i].n_numbers; k++)
            entries[n++] = (struct inventory_entry){ &s->rows[i].numbers[k], (uint32_t)i };
    const enum bf_err err = inventory_create(entries, n, &s->inventory);
    free(entries);
    return err;
}

static enum bf_err make_rows(struct signing *s, const struct signing_options *o, char **ret_message)
{
    enum bf_err err = BF_OK;
    while (err == BF_OK && s->n_sign < o->n_rows) {
        const size_t i = s->n_sign++;
        s->n_rows = s->n_sign;
        snprintf(s->names[i], sizeof s->names[i], "row-%zu", i + 1);
        err = row_init(&s->rows[i], &o->rows[i], s->keys, ret_message);
        if (err != BF_OK)
            name_row(ret_message, i, &o->rows[i]);
    }
    return err;
}

/* "customer acme: key.pem: …" */
static void name_customer(char **message, const char *name)
{
    char *whole;
    if (asprintf(&whole, "customer %s: %s", name, *message ? *message : "out of memory") < 0)
        return;
    free(*message);
    *message = whole;
}

static enum bf_err make_customers(struct signing *s, const struct signing_options *o, char **ret_message)
{
    enum bf_err err = BF_OK;
    while (err == BF_OK && s->n_customers < o->n_customers) {
        const size_t i = s->n_customers++;
        err = row_init_customer(&s->rows[s->n_rows++], &o->customers[i], s->keys, ret_message);
        if (err == BF_OK)
            err = customer_init(&s->customers[i], &o->customers[i], o->plan, ret_message);
        if (err != BF_OK)
            name_customer(ret_message, o->customers[i].name);
    }
    if (err == BF_OK && s->n_customers)
        err = stock_create(o, &s->stock, ret_message);
    return err;
}

enum bf_err signing_load(const struct signing_options *o, struct signing **ret, char **ret_message)
{
    *ret_message = NULL;
    const size_t n = o->n_rows + o->n_customers;
    if (n > UINT16_MAX)
        return BF_ELIMIT;
    auto_(signing_destroy) struct signing *s = calloc(1, sizeof *s);
    if (!s || !(s->rows = calloc(n ? n : 1, sizeof *s->rows)) ||
        !(s->names = calloc(o->n_rows ? o->n_rows : 1, sizeof *s->names)) ||
        !(s->customers = calloc(o->n_customers ? o->n_customers : 1, sizeof *s->customers)))
        return BF_ENOMEM;
    enum bf_err err = sign_keys_create(n, &s->keys);
    if (err == BF_OK)
        err = make_rows(s, o, ret_message);
    if (err == BF_OK)
        err = make_inventory(s);
    if (err == BF_OK)
        err = make_customers(s, o, ret_message);
    if (err != BF_OK)
        return err;
    *ret = s;
    s = NULL;
    return BF_OK;
}

enum bf_err signing_create(const struct sign_row_options *rows, size_t n, struct signing **ret,
                           char **ret_message)
{
    const struct signing_options options = { .rows = rows, .n_rows = n };
    return signing_load(&options, ret, ret_message);
}

void signing_destroy(struct signing *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_rows; i++)
        row_clear(&s->rows[i]);
    for (size_t i = 0; i < s->n_customers; i++)
        customer_clear(&s->customers[i]);
    stock_destroy(s->stock);
    free(s->customers);
    free(s->names);
    inventory_destroy(s->inventory);
    sign_keys_destroy(s->keys);
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
    case SIGN_REVOKED: return "the certificate of the row is revoked";
    case SIGN_PORTED_OUT: return "the number was ported out";
    case SIGN_SUSPENDED: return "the number is suspended";
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

bool signing_row_is_for(const struct sign_row *row, const struct sockaddr *addr)
{
    for (size_t i = 0; i < row->n_customers; i++)
        if (cidr_holds(&row->customers[i], addr))
            return true;
    return false;
}

struct search {
    const struct signing *signing;
    const struct sockaddr *customer;
    size_t row; /* the first one for this customer; n_rows: none yet */
    bool seen;
};

static void see_row(void *arg, uint32_t row)
{
    struct search *search = arg;
    search->seen = true;
    if (row < search->row && signing_row_is_for(&search->signing->rows[row], search->customer))
        search->row = row;
}

/* A row of `sign`, as they stand in the file; else a customer. */
static enum sign_refusal choose(const struct signing *s, const struct call *call, struct choice *ret)
{
    struct search search = { s, (const struct sockaddr *)&call->peer.addr, s->n_sign, false };
    inventory_look(s->inventory, &call->caller, see_row, &search);
    if (search.row < s->n_sign) {
        *ret = (struct choice){ .row = search.row, .attest = s->rows[search.row].attest };
        return SIGN_OK;
    }
    const enum sign_refusal refusal = search.seen ? SIGN_NOT_FOR : SIGN_NO_ROW;
    if (!s->stock)
        return refusal;
    const struct attested a = customers_decide(s->customers, s->n_customers, s->stock, call);
    if (a.refusal != SIGN_OK)
        return a.refusal == SIGN_NO_ROW ? refusal : a.refusal;
    *ret = (struct choice){ s->n_sign + a.customer, a.attest, a.ground };
    return SIGN_OK;
}

/* iat of the token: what was asked for, else the Date header's time; either must be right; else the arrival (DT-001, DT-003, SHK-022). */
static enum sign_refusal date_of(const struct call *call, utc_t asked, utc_t *ret)
{
    utc_t date = asked ? asked : call->arrival.utc;
    if (!asked && call->date.p && sip_date_read(call->date, &date, NULL) != BF_OK)
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

/* The signing input of the decision: the same bytes whenever it is asked for. */
static enum bf_err write_input(const struct sign_row *row, const struct call *call,
                               const struct signed_call *what, struct buf *out)
{
    char uuid[UUID_TEXT];
    uuid_text(what->origid, uuid);
    const struct party dest = { false, number_span(&call->called) };
    const struct token_claims claims = {
        .ppt = PPT_SHAKEN,
        .x5u = span_of(row->x5u),
        .orig = { false, number_span(&call->caller) },
        .dest = &dest,
        .n_dest = 1,
        .iat = what->iat,
        .attest = what->attest,
        .origid = span_make(uuid, sizeof uuid),
    };
    return token_template_write(row->tokens[what->attest - 'A'], &claims, out, NULL);
}

/* A gateway to the telephone network knows nobody's number, whoever is behind it. */
enum sign_refusal signing_choose(const struct signing *s, const struct call *call, struct choice *ret)
{
    const enum sign_refusal refusal = choose(s, call, ret);
    if (refusal == SIGN_OK && call->peer.gateway)
        ret->attest = 'C';
    return refusal;
}

enum sign_refusal signing_may(const struct call *call)
{
    if (call->never_block)
        return SIGN_EMERGENCY;
    if (carries_shaken(call))
        return SIGN_ALREADY;
    if (!call->has_caller || !number_is_canonical(number_span(&call->caller)))
        return SIGN_NO_CALLER;
    if (!call->has_called || !number_is_canonical(number_span(&call->called)))
        return SIGN_NO_CALLED;
    return SIGN_OK;
}

enum sign_refusal signing_times(const struct sign_row *row, const struct call *call, utc_t asked,
                                utc_t *ret_iat)
{
    const enum sign_refusal refusal = date_of(call, asked, ret_iat);
    if (refusal != SIGN_OK)
        return refusal;
    if (!row_is_valid(row, call->arrival.utc) || !row_is_valid(row, *ret_iat))
        return SIGN_EXPIRED;
    return atomic_load_explicit(&row->revoked, memory_order_relaxed) ? SIGN_REVOKED : SIGN_OK;
}

static enum sign_refusal may_sign(const struct signing *s, const struct sign_job *job, struct choice *ret,
                                  utc_t *ret_iat)
{
    enum sign_refusal refusal = signing_may(job->call);
    if (refusal == SIGN_OK)
        refusal = signing_choose(s, job->call, ret);
    return refusal == SIGN_OK ? signing_times(&s->rows[ret->row], job->call, job->iat, ret_iat) : refusal;
}

/* ---- names and certificates ---- */

const char *signing_name(const struct signing *s, size_t row)
{
    if (row >= s->n_rows)
        return NULL;
    return row < s->n_sign ? s->names[row] : s->customers[row - s->n_sign].name;
}

uint64_t signing_numbers(const struct signing *s)
{
    return s->stock ? stock_numbers(s->stock) : 0;
}

void signing_ask_lists(struct signing *s, const struct trust *trust)
{
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->rows[i].leaf)
            atomic_store(&s->rows[i].revoked,
                         trust_own_revoked(trust, s->rows[i].leaf, s->rows[i].chain) == REVOCATION_REVOKED);
}

bool signing_certificate(const struct signing *s, size_t i, struct sign_certificate *ret)
{
    if (i >= s->n_rows)
        return false;
    const struct sign_row *const row = &s->rows[i];
    *ret =
        (struct sign_certificate){ signing_name(s, i), row->x5u, row->not_after, atomic_load(&row->revoked) };
    return true;
}

/* ---- many at a time ---- */

struct signing_desk {
    struct es256_signer *signer;
    struct sha256 *sha256;
    struct random_pool chance;
    struct key_job keys[LIMIT_BATCH];
    struct signed_call what[LIMIT_BATCH];
    uint8_t of[LIMIT_BATCH]; /* the job that a key_job is for */
};

_Static_assert(LIMIT_BATCH <= UINT8_MAX + 1, "a job's number is a byte");

enum bf_err signing_desk_create(struct signing_desk **ret)
{
    auto_(signing_desk_destroy) struct signing_desk *desk = calloc(1, sizeof *desk);
    enum bf_err err = desk ? es256_signer_create(&desk->signer) : BF_ENOMEM;
    if (err == BF_OK)
        err = sha256_create(&desk->sha256);
    if (err == BF_OK) {
        *ret = desk;
        desk = NULL;
    }
    return err;
}

void signing_desk_destroy(struct signing_desk *desk)
{
    if (!desk)
        return;
    es256_signer_destroy(desk->signer);
    sha256_destroy(desk->sha256);
    free(desk);
}

void signing_desk_forget(struct signing_desk *desk)
{
    es256_signer_forget(desk->signer);
}

static void put_origid(struct signing_desk *desk, const uint8_t *asked, uint8_t out[static 16])
{
    if (asked) {
        memcpy(out, asked, 16);
        return;
    }
    random_take(&desk->chance, out, 16);
    uuid_mark(out);
}

/* All but the signature: the decision into *what, what is to be signed into *job. */
static enum sign_refusal begin(const struct signing *s, struct signing_desk *desk,
                               const struct sign_job *asked, struct signed_call *what, struct key_job *job)
{
    char room[INPUT_MOST];
    struct buf input = BUF_ON(room);
    struct choice choice = { 0 };
    memset(what, 0, sizeof *what);
    const enum sign_refusal refusal = may_sign(s, asked, &choice, &what->iat);
    if (refusal != SIGN_OK)
        return refusal;
    const struct sign_row *const row = &s->rows[choice.row];
    what->row = (uint16_t)choice.row;
    what->attest = choice.attest;
    if (asked->attest_most > what->attest && asked->attest_most <= 'C')
        what->attest = asked->attest_most;
    put_origid(desk, asked->origid, what->origid);
    job->key = row->key;
    return write_input(row, asked->call, what, &input) == BF_OK &&
                   sha256_one(desk->sha256, buf_span(&input), job->digest) == BF_OK
               ? SIGN_OK
               : SIGN_FAILED;
}

static void sign_batch(const struct signing *s, struct signing_desk *desk, struct sign_job *jobs, size_t n)
{
    size_t due = 0;
    for (size_t i = 0; i < n; i++) {
        jobs[i].refusal = begin(s, desk, &jobs[i], &desk->what[due], &desk->keys[due]);
        if (jobs[i].refusal == SIGN_OK)
            desk->of[due++] = (uint8_t)i;
    }
    key_sign_many(desk->signer, desk->keys, due);
    for (size_t k = 0; k < due; k++) {
        struct sign_job *job = &jobs[desk->of[k]];
        if (desk->keys[k].result != BF_OK) {
            job->refusal = SIGN_FAILED;
            continue;
        }
        memcpy(desk->what[k].signature, desk->keys[k].signature, sizeof desk->what[k].signature);
        *job->ret = desk->what[k];
    }
}

void signing_sign_many(const struct signing *s, struct signing_desk *desk, struct sign_job *jobs, size_t n)
{
    for (size_t at = 0; at < n; at += LIMIT_BATCH)
        sign_batch(s, desk, jobs + at, n - at < LIMIT_BATCH ? n - at : LIMIT_BATCH);
}

enum bf_err signing_identity(const struct signing *s, const struct call *call, const struct signed_call *what,
                             struct buf *out)
{
    char room[INPUT_MOST + 1 + BASE64URL_TEXT(64)], signature[BASE64URL_TEXT(64)];
    struct buf token = BUF_ON(room);
    if (what->row >= s->n_rows || what->attest < s->rows[what->row].attest || what->attest > 'C')
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
