/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "token/token.h"
#include "vectors.h"

#define TN(text)                                                                                             \
    {                                                                                                        \
        false, SPAN(text)                                                                                    \
    }
#define URI(text)                                                                                            \
    {                                                                                                        \
        true, SPAN(text)                                                                                     \
    }

static const struct party alice[] = { URI("sip:alice@example.com") };
static const struct party called[] = { TN("12155550131") };

/* The claims of PP-055's shaken vector. */
static struct token_claims shaken(void)
{
    return (struct token_claims){
        .ppt = PPT_SHAKEN,
        .x5u = SPAN(VECTOR_X5U),
        .orig = TN("12155550121"),
        .dest = called,
        .n_dest = 1,
        .iat = VECTOR_IAT,
        .attest = 'A',
        .origid = SPAN(VECTOR_SHAKEN_ORIGID),
    };
}

static struct token_claims baseline(void)
{
    return (struct token_claims){
        .ppt = PPT_NONE,
        .x5u = SPAN(VECTOR_X5U),
        .orig = TN("12155551212"),
        .dest = alice,
        .n_dest = 1,
        .iat = 1471375418,
    };
}

static void assert_writes(const struct token_claims *claims, struct span expected)
{
    char room[8192];
    struct buf out = BUF_ON(room);
    struct fault fault = { 0, "" };
    if (token_write(claims, &out, &fault) != BF_OK)
        fail_msg("%s", fault.what);
    if (!span_equal(buf_span(&out), expected))
        fail_msg("%.*s", SPAN_FMT(buf_span(&out)));
}

/* The decoded payload of what is written. */
static struct span payload_of(const struct token_claims *claims, uint8_t *room, size_t size)
{
    char text[16384];
    struct buf out = BUF_ON(text);
    size_t n;
    assert_int_equal(token_write(claims, &out, NULL), BF_OK);
    const struct span whole = buf_span(&out);
    assert_int_equal(base64url_decode(span_from(whole, span_find(whole, '.') + 1), room, size, &n, NULL),
                     BF_OK);
    return span_make(room, n);
}

static void pp_050_the_baseline_of_the_rfc_is_written_byte_for_byte(void **state)
{
    (void)state;
    const struct token_claims claims = baseline();
    assert_writes(&claims, SPAN(VECTOR_BASE_HEADER "." VECTOR_BASE_PAYLOAD));
}

static void pp_055_pp_007_pp_021_the_shaken_vector_is_written_byte_for_byte(void **state)
{
    (void)state;
    const struct token_claims claims = shaken();
    assert_writes(&claims, SPAN(VECTOR_SHAKEN_INPUT));
}

static void pp_014_dest_is_sorted_numbers_first(void **state)
{
    static const struct party dest[] = { URI("urn:service:sos"), TN("300"), URI("sip:a@b"), TN("12"),
                                         TN("2") };
    (void)state;
    uint8_t room[1024];
    struct token_claims claims = baseline();
    claims.dest = dest;
    claims.n_dest = ARRAY_SIZE(dest);
    claims.iat = 5;
    const struct span payload = payload_of(&claims, room, sizeof room);
    assert_true(span_equal(
        payload, SPAN("{\"dest\":{\"tn\":[\"12\",\"2\",\"300\"],\"uri\":[\"sip:a@b\",\"urn:service:sos\"]},"
                      "\"iat\":5,\"orig\":{\"tn\":\"12155551212\"}}")));
}

#define DIG_4A "4AADB9B13F82183B540212DF3E5D496B19E57CAB3E4B652E7D463F5442CD54F1"
#define DIG_02 "021ACC5427ABEB9C533F3E4B652E7D463F5442CD54F17A03A27DF9B07F4619B2"

static void pp_056_pp_017_fingerprints_are_sorted_by_algorithm_and_digest(void **state)
{
    static const struct token_fingerprint sdp[] = { { SPAN("sha-256"), SPAN(DIG_4A) },
                                                    { SPAN("sha-256"), SPAN(DIG_02) } };
    (void)state;
    uint8_t room[1024];
    struct token_claims claims = baseline();
    struct json_value v;
    claims.mky = sdp;
    claims.n_mky = ARRAY_SIZE(sdp);
    claims.iat = VECTOR_IAT;
    const struct span payload = payload_of(&claims, room, sizeof room);
    assert_true(
        span_equal(payload, SPAN("{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"iat\":1443208345,\"mky\":"
                                 "[{\"alg\":\"sha-256\",\"dig\":\"" DIG_02 "\"},"
                                 "{\"alg\":\"sha-256\",\"dig\":\"" DIG_4A "\"}],"
                                 "\"orig\":{\"tn\":\"12155551212\"}}")));
    assert_int_equal(json_check(payload, &v, NULL), BF_OK);
    assert_true(json_is_canonical(&v));
}

static void pp_010_times_are_digits(void **state)
{
    static const struct {
        utc_t iat;
        const char *text;
    } rows[] = { { 0, "\"iat\":0," },
                 { 5, "\"iat\":5," },
                 { INT64_C(1) << 53, "\"iat\":9007199254740992," } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t room[1024];
        struct token_claims claims = baseline();
        claims.iat = rows[i].iat;
        const struct span payload = payload_of(&claims, room, sizeof room - 1);
        room[payload.n] = '\0';
        assert_non_null(strstr((char *)room, rows[i].text));
    }
}

static void assert_refused(const char *name, const struct token_claims *claims, enum bf_err err)
{
    char room[16384];
    struct buf out = BUF_ON(room);
    struct fault fault = { 0, NULL };
    const enum bf_err got = token_write(claims, &out, &fault);
    if (got != err || !fault.what)
        fail_msg("%s: %d", name, got);
}

static void shk_005_what_no_token_can_say_is_refused(void **state)
{
    static const struct party plus[] = { TN("+12155550131") }, no_uri[] = { URI("alice") };
    static struct party many[LIMIT_DEST + 1];
    static const struct token_fingerprint prints[TOKEN_FINGERPRINTS + 1];
    (void)state;
    static char long_url[LIMIT_X5U + 2] = "https://x/";
    struct token_claims good = shaken(), c;
    memset(long_url + 10, 'y', LIMIT_X5U + 1 - 10);
#define REFUSE(name, err, change)                                                                            \
    c = good;                                                                                                \
    change;                                                                                                  \
    assert_refused(name, &c, err)
    REFUSE("pp_015 orig with a plus", BF_EFORM, c.orig.text = SPAN("+12155550121"));
    REFUSE("pp_015 orig empty", BF_EFORM, c.orig.text = SPAN(""));
    REFUSE("pp_015 dest with a plus", BF_EFORM, c.dest = plus);
    REFUSE("pp_015 dest no URI", BF_EFORM, c.dest = no_uri);
    REFUSE("pp_013 no dest", BF_EFORM, c.n_dest = 0);
    REFUSE("sec_006 too many dest", BF_ELIMIT, (c.dest = many, c.n_dest = ARRAY_SIZE(many)));
    REFUSE("too many fingerprints", BF_ELIMIT, (c.mky = prints, c.n_mky = ARRAY_SIZE(prints)));
    REFUSE("shk_005 orig a URI", BF_EFORM, c.orig = alice[0]);
    REFUSE("shk_002 attest D", BF_EFORM, c.attest = 'D');
    REFUSE("shk_002 no attest", BF_EFORM, c.attest = 0);
    REFUSE("shk_003 no origid", BF_EFORM, c.origid = SPAN_NONE);
    REFUSE("shk_003 upper case", BF_EFORM, c.origid = SPAN("123E4567-e89b-12d3-a456-426655440000"));
    REFUSE("sec_048 origid", BF_EFORM, c.origid = SPAN("x\r\nIdentity: y"));
    REFUSE("pp_003 no x5u", BF_EFORM, c.x5u = SPAN(""));
    REFUSE("sec_048 x5u", BF_EFORM, c.x5u = SPAN("https://x/\r\ny"));
    REFUSE("x5u too long", BF_ELIMIT, c.x5u = SPAN(long_url));
    REFUSE("pp_010 negative", BF_EFORM, c.iat = -1);
    REFUSE("pp_010 past 2^53", BF_EFORM, c.iat = (INT64_C(1) << 53) + 1);
    REFUSE("another type", BF_EFORM, c.ppt = PPT_DIV);
}

static void a_buffer_too_small_is_told(void **state)
{
    (void)state;
    const struct token_claims claims = shaken();
    for (size_t size = 0; size < sizeof VECTOR_SHAKEN_INPUT - 1; size += 7) {
        char room[sizeof VECTOR_SHAKEN_INPUT];
        struct buf out = buf_on(room, size);
        struct fault fault;
        assert_int_equal(token_write(&claims, &out, &fault), BF_ELIMIT);
    }
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*seed >> 33);
}

static struct span random_tn(uint64_t *seed, char room[16])
{
    const size_t n = 1 + next_random(seed) % 15;
    for (size_t i = 0; i < n; i++)
        room[i] = "0123456789#*"[next_random(seed) % 12];
    return span_make(room, n);
}

/* Claims -> text -> claims -> text: the same text, and the same claims but for the order of dest. */
static void pp_027_what_is_written_is_canonical_read_and_written_again_the_same(void **state)
{
    (void)state;
    uint64_t seed = 1443208345;
    auto_(arena_destroy) struct arena *arena = NULL;
    assert_int_equal(arena_create(1 << 17, 1 << 20, &arena), BF_OK);
    for (unsigned round = 0; round < 500; round++) {
        char digits[8][16], first[16384], second[16384];
        struct party dest[7];
        struct token_claims claims = round % 2 ? shaken() : baseline();
        claims.orig.text = random_tn(&seed, digits[7]);
        claims.n_dest = 1 + next_random(&seed) % 7;
        for (size_t i = 0; i < claims.n_dest; i++)
            dest[i] =
                next_random(&seed) % 3 ? (struct party){ false, random_tn(&seed, digits[i]) } : alice[0];
        claims.dest = dest;
        claims.iat = next_random(&seed);
        claims.attest = round % 2 ? (char)('A' + next_random(&seed) % 3) : 0;
        struct buf out = BUF_ON(first), again = BUF_ON(second);
        assert_int_equal(token_write(&claims, &out, NULL), BF_OK);
        buf_text(&out, "." VECTOR_SHAKEN_SIGNATURE);

        struct token t;
        enum token_flaw flaw;
        struct fault fault;
        arena_reset(arena);
        assert_int_equal(token_read(buf_span(&out), arena, &t, &flaw, &fault), BF_OK);
        assert_true(t.canonical && t.iat == claims.iat && t.attest == claims.attest && t.ppt == claims.ppt);
        assert_true(span_equal(t.orig.text, claims.orig.text) && t.n_dest == claims.n_dest);
        const struct token_claims read = { t.ppt, t.x5u,    t.orig,   t.dest, t.n_dest,
                                           t.iat, t.attest, t.origid, NULL,   0 };
        assert_int_equal(token_write(&read, &again, NULL), BF_OK);
        assert_true(span_equal(buf_span(&again), t.signed_part));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pp_050_the_baseline_of_the_rfc_is_written_byte_for_byte),
        cmocka_unit_test(pp_055_pp_007_pp_021_the_shaken_vector_is_written_byte_for_byte),
        cmocka_unit_test(pp_014_dest_is_sorted_numbers_first),
        cmocka_unit_test(pp_056_pp_017_fingerprints_are_sorted_by_algorithm_and_digest),
        cmocka_unit_test(pp_010_times_are_digits),
        cmocka_unit_test(shk_005_what_no_token_can_say_is_refused),
        cmocka_unit_test(a_buffer_too_small_is_told),
        cmocka_unit_test(pp_027_what_is_written_is_canonical_read_and_written_again_the_same),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
