/* SPDX-License-Identifier: Apache-2.0 */
/* bonafide/sign.h: claims, a key, and the Identity value made of both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bonafide/sign.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "credential/key.h"
#include "fetch/fetch.h"
#include "identity/identity.h"
#include "sip/number.h"
#include "sip/uri.h"
#include "token/token.h"

struct bf_signer {
    struct key *key;
    char *x5u;
};

AUTO_DEFINE(struct bf_signer, bf_signer_destroy);

void bf_signer_destroy(struct bf_signer *s)
{
    if (!s)
        return;
    key_destroy(s->key);
    free(s->x5u);
    free(s);
}

static enum bf_err refuse(enum bf_err err, char *message, char **ret_message)
{
    if (ret_message)
        *ret_message = message;
    else
        free(message);
    return err;
}

/* A URL no verifier would follow is refused here, where somebody can still mend it. http is for laboratories. */
static enum bf_err signer_begin(const char *x5u, struct bf_signer **ret, char **ret_message)
{
    struct fault f = { 0, "no URL is given" };
    if (!x5u || fetch_url_allowed(span_of(x5u), true, &f)) {
        char *message = NULL;
        if (asprintf(&message, "x5u: %s", f.what) < 0)
            message = NULL;
        return refuse(BF_EINVAL, message, ret_message);
    }
    auto_(bf_signer_destroy) struct bf_signer *s = calloc(1, sizeof *s);
    if (!s || !(s->x5u = strdup(x5u)))
        return BF_ENOMEM;
    *ret = s, s = NULL;
    return BF_OK;
}

enum bf_err bf_signer_create(const char *key_path, const char *x5u, struct bf_signer **ret,
                             char **ret_message)
{
    auto_(bf_signer_destroy) struct bf_signer *s = NULL;
    char *message = NULL;

    if (ret_message)
        *ret_message = NULL;
    *ret = NULL;
    if (!key_path)
        return refuse(BF_EINVAL, strdup("no key is given"), ret_message);
    enum bf_err err = signer_begin(x5u, &s, ret_message);
    if (err)
        return err;
    if ((err = key_load(key_path, &s->key, &message)))
        return refuse(err, message, ret_message);
    *ret = s, s = NULL;
    return BF_OK;
}

enum bf_err bf_signer_create_pem(const char *key_pem, size_t n, const char *x5u, struct bf_signer **ret,
                                 char **ret_message)
{
    auto_(bf_signer_destroy) struct bf_signer *s = NULL;
    struct fault f = { 0, "the key cannot be read" };

    if (ret_message)
        *ret_message = NULL;
    *ret = NULL;
    enum bf_err err = signer_begin(x5u, &s, ret_message);
    if (err)
        return err;
    if ((err = key_read(span_make(key_pem, n), &s->key, &f)))
        return refuse(err, strdup(f.what), ret_message);
    *ret = s, s = NULL;
    return BF_OK;
}

/* A number as people write it, or a URI in its canonical form; text lies in `memory`. */
static enum bf_err party_read(const char *text, struct buf *memory, struct party *ret, struct fault *f)
{
    struct number number;
    struct sip_uri uri;
    size_t start = memory->n;

    if (!text)
        return fault_at(f, BF_EINVAL, 0, "a number is missing");
    bool is_uri = strchr(text, '@') || strncmp(text, "urn:", 4) == 0;
    if (is_uri) {
        enum bf_err err = uri_read(span_of(text), &uri, f);
        if (!err)
            err = uri_canonical(&uri, memory);
        if (err)
            return err == BF_EUNSUP ? fault_at(f, BF_EFORM, 0, "this URI names no user") : err;
    } else {
        enum bf_err err = number_of_text(span_of(text), NULL, &number, f);
        if (err)
            return err;
        buf_span_put(memory, number_span(&number));
    }
    if (!buf_ok(memory))
        return BF_ELIMIT;
    *ret = (struct party){ is_uri, span_make(memory->p + start, memory->n - start) };
    return BF_OK;
}

struct sign_desk {
    char parties[LIMIT_URI * 4];
    char input[LIMIT_IDENTITY_VALUE], identity[LIMIT_IDENTITY_VALUE];
    char origid[UUID_TEXT + 1];
    struct party dest[LIMIT_DEST];
};

static enum bf_err claims_fill(const struct bf_signer *s, const struct bf_sign_request *r,
                               struct sign_desk *d, struct token_claims *c, struct fault *f)
{
    if (r->size != sizeof *r)
        return fault_at(f, BF_EINVAL, 0, "size is that of no struct bf_sign_request");
    if (!r->n_dest || r->n_dest > LIMIT_DEST || !r->dest)
        return fault_at(f, BF_EINVAL, 0, "between 1 and 64 called numbers must be given");
    if (r->attestation && (r->attestation < 'A' || r->attestation > 'C'))
        return fault_at(f, BF_EINVAL, 0, "the attestation must be A, B or C");
    struct buf parties = BUF_ON(d->parties);
    enum bf_err err = party_read(r->orig, &parties, &c->orig, f);
    for (size_t i = 0; i < r->n_dest && !err; i++)
        err = party_read(r->dest[i], &parties, &d->dest[i], f);
    c->ppt = r->attestation ? PPT_SHAKEN : PPT_NONE;
    c->x5u = span_of(s->x5u);
    c->dest = d->dest;
    c->n_dest = r->n_dest;
    c->iat = r->iat ? r->iat : clock_now(&clock_system).utc;
    c->attest = r->attestation;
    if (r->attestation)
        c->origid = span_of(r->origid ? r->origid : random_uuid(d->origid));
    return err;
}

static enum bf_err identity_make(struct bf_signer *s, const struct bf_sign_request *r, struct sign_desk *d,
                                 char **ret, struct fault *f)
{
    struct token_claims claims = { 0 };
    struct buf input = BUF_ON(d->input), identity = BUF_ON(d->identity);
    uint8_t signature[64];

    enum bf_err err = claims_fill(s, r, d, &claims, f);
    if (!err)
        err = token_write(&claims, &input, f);
    if (!err && !buf_ok(&input))
        err = BF_ELIMIT;
    if (!err)
        err = key_sign(s->key, buf_span(&input), signature, NULL, NULL);
    if (err)
        return err;
    char text[BASE64URL_TEXT(sizeof signature)];
    size_t n = base64url_encode(signature, sizeof signature, text);
    buf_char(&input, '.');
    buf_bytes(&input, text, n);
    if (!buf_ok(&input))
        return BF_ELIMIT;
    identity_write(&identity, buf_span(&input), claims.x5u, span_of(ppt_text(claims.ppt)));
    if (!buf_ok(&identity))
        return BF_ELIMIT;
    *ret = strndup(identity.p, identity.n);
    return *ret ? BF_OK : BF_ENOMEM;
}

enum bf_err bf_sign(struct bf_signer *s, const struct bf_sign_request *request, char **ret,
                    struct bf_fault *ret_fault)
{
    struct fault f = { 0, "" };

    *ret = NULL;
    struct sign_desk *desk = calloc(1, sizeof *desk);
    enum bf_err err = desk ? identity_make(s, request, desk, ret, &f) : BF_ENOMEM;
    free(desk);
    if (ret_fault)
        *ret_fault = f;
    return err;
}
