/* SPDX-License-Identifier: Apache-2.0 */
/* Known tokens under known keys: what holds, and what must not. Signature and claims are told apart. */
#include "engine.h"
#include "tap.h"

#include <stdlib.h>
#include <openssl/pem.h>

#include "base/base64url.h"
#include "es256/es256.h"
#include "es256/signature.h"
#include "token/token.h"
#include "vectors.h"

static EVP_PKEY *pkey_of(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = strstr(pem, "PRIVATE") ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                                            : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(pkey);
    return pkey;
}

static struct es256_key *key_of(const char *pem)
{
    struct es256_key *key = NULL;
    EVP_PKEY *pkey = pkey_of(pem);
    assert_int_equal(es256_key_create(pkey, &key), BF_OK);
    EVP_PKEY_free(pkey);
    return key;
}

static enum bf_err verify(const struct es256_key *key, struct span message, const uint8_t signature[64])
{
    auto_(es256_destroy) struct es256 *engine = NULL;
    struct es256_job job = { .key = key };
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    memcpy(job.signature, signature, 64);
    assert_int_equal(sha256_once(message, job.digest), BF_OK);
    es256_verify_many(engine, &job, 1);
    return job.result;
}

/* Reads the token, then asks for its signature whatever was said of its claims. */
static enum bf_err verify_token(const char *text, const char *pem, enum bf_err *ret_read,
                                enum token_flaw *flaw)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    auto_(es256_key_destroy) struct es256_key *key = key_of(pem);
    struct token token;
    struct fault fault;
    assert_int_equal(arena_create(1 << 16, 1 << 20, &arena), BF_OK);
    *ret_read = token_read(span_of(text), arena, &token, flaw, &fault);
    return verify(key, token.signed_part, token.signature);
}

static const struct row {
    const char *name, *text, *pem;
    enum bf_err signature, claims;
    enum token_flaw flaw;
} rows[] = {
    { "pp_051 appendix A, its public key",
      VECTOR_BASE_HEADER "." VECTOR_BASE_PAYLOAD "." VECTOR_BASE_BAD_SIGNATURE, VECTOR_A2_PUBLIC, BF_EFORM,
      BF_OK, TOKEN_SOUND },
    { "pp_051 appendix A, its private key",
      VECTOR_BASE_HEADER "." VECTOR_BASE_PAYLOAD "." VECTOR_BASE_BAD_SIGNATURE, VECTOR_A1_PRIVATE, BF_EFORM,
      BF_OK, TOKEN_SOUND },
    { "pp_053 section 7.1", VECTOR_BASE_HEADER "." VECTOR_STRING_IAT_PAYLOAD "." VECTOR_STRING_IAT_SIGNATURE,
      VECTOR_A2_PUBLIC, BF_OK, BF_EFORM, TOKEN_IAT },
    { "pp_054 original", VECTOR_8946_ORIGINAL, VECTOR_8946_PUBLIC, BF_OK, BF_OK, TOKEN_SOUND },
    { "pp_054 div", VECTOR_8946_DIV, VECTOR_8946_PUBLIC, BF_OK, BF_OK, TOKEN_SOUND },
    { "pp_054 original, another key", VECTOR_8946_ORIGINAL, VECTOR_A2_PUBLIC, BF_EFORM, BF_OK, TOKEN_SOUND },
    { "pp_055 baseline", VECTOR_BASE_HEADER "." VECTOR_BASE_PAYLOAD "." VECTOR_BASE_SIGNATURE,
      VECTOR_A1_PRIVATE, BF_OK, BF_OK, TOKEN_SOUND },
    { "pp_055 shaken", VECTOR_SHAKEN, VECTOR_A1_PRIVATE, BF_OK, BF_OK, TOKEN_SOUND },
    { "pp_055 div", VECTOR_DIV, VECTOR_A1_PRIVATE, BF_OK, BF_OK, TOKEN_SOUND },
    { "pp_055 shaken, another key", VECTOR_SHAKEN, VECTOR_8946_PUBLIC, BF_EFORM, BF_OK, TOKEN_SOUND },
};

static void pp_051_053_054_055_known_tokens_hold_or_fail_as_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        enum bf_err read;
        enum token_flaw flaw;
        const enum bf_err signature = verify_token(rows[i].text, rows[i].pem, &read, &flaw);
        if (signature != rows[i].signature || read != rows[i].claims || flaw != rows[i].flaw)
            fail_msg("%s: signature %d, claims %d, flaw %d", rows[i].name, signature, read, flaw);
    }
}

static void pp_052_the_two_keys_that_the_rfc_prints_are_no_pair(void **state)
{
    (void)state;
    auto_(es256_key_destroy) struct es256_key *private = key_of(VECTOR_A1_PRIVATE);
    auto_(es256_key_destroy) struct es256_key *public = key_of(VECTOR_A2_PUBLIC);
    char hex[129];
    for (size_t i = 0; i < 64; i++)
        snprintf(hex + 2 * i, 3, "%02x", es256_key_point(private)[i]);
    assert_string_equal(hex, VECTOR_A1_X VECTOR_A1_Y);
    assert_memory_not_equal(es256_key_point(private), es256_key_point(public), 64);
}

/* The signing input is byte-exact everywhere; the signature is, where OpenSSL signs by RFC 6979. */
static void pp_055_sec_057_the_vectors_are_signed_byte_for_byte_where_openssl_can(void **state)
{
    static const struct {
        const char *input, *signature;
    } vectors[] = { { VECTOR_BASE_HEADER "." VECTOR_BASE_PAYLOAD, VECTOR_BASE_SIGNATURE },
                    { VECTOR_SHAKEN_INPUT, VECTOR_SHAKEN_SIGNATURE } };
    (void)state;
    const unsigned major = OPENSSL_version_major(), minor = OPENSSL_version_minor();
    if (major < 3 || (major == 3 && minor < 2)) {
        tap_skip("this OpenSSL is older than 3.2 and cannot sign by RFC 6979");
        return;
    }
    EVP_PKEY *pkey = pkey_of(VECTOR_A1_PRIVATE);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint8_t signature[64];
        char text[BASE64URL_TEXT(64)];
        assert_int_equal(es256_sign(pkey, span_of(vectors[i].input), signature), BF_OK);
        const size_t n = base64url_encode(signature, 64, text);
        assert_true(span_equal(span_make(text, n), span_of(vectors[i].signature)));
    }
    EVP_PKEY_free(pkey);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pp_051_053_054_055_known_tokens_hold_or_fail_as_measured),
        cmocka_unit_test(pp_052_the_two_keys_that_the_rfc_prints_are_no_pair),
        cmocka_unit_test(pp_055_sec_057_the_vectors_are_signed_byte_for_byte_where_openssl_can),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
