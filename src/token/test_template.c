/* SPDX-License-Identifier: Apache-2.0 */
/* A template is right when nobody can tell its tokens from those of token_write. */
#include "tap.h"

#include <stdlib.h>

#include "base/random.h"
#include "token/template.h"
#include "vectors.h"

#define TN(text)                                                                                             \
    {                                                                                                        \
        false, SPAN(text)                                                                                    \
    }
#define URI(text)                                                                                            \
    {                                                                                                        \
        true, SPAN(text)                                                                                     \
    }

static struct token_template *make(const struct token_claims *c)
{
    struct token_template *t = NULL;
    struct fault fault = { 0, "" };
    if (token_template_create(c->ppt, c->x5u, c->attest, &t, &fault) != BF_OK)
        fail_msg("%s", fault.what);
    return t;
}

/* The same bytes, or the same refusal for the same reason. */
static void assert_alike(const struct token_template *t, const struct token_claims *c)
{
    char expected[16384], written[16384];
    struct buf a = BUF_ON(expected), b = BUF_ON(written);
    struct fault why_a = { 0, "" }, why_b = { 0, "" };
    const enum bf_err err_a = token_write(c, &a, &why_a), err_b = token_template_write(t, c, &b, &why_b);
    if (err_a != err_b || strcmp(why_a.what, why_b.what) != 0)
        fail_msg("%d %s, template %d %s", err_a, why_a.what, err_b, why_b.what);
    if (err_a == BF_OK && !span_equal(buf_span(&a), buf_span(&b)))
        fail_msg("%.*s\n%.*s", SPAN_FMT(buf_span(&a)), SPAN_FMT(buf_span(&b)));
}

static struct token_claims shaken(const struct party *called)
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

static void pp_055_the_published_shaken_token_comes_out_of_a_template(void **state)
{
    (void)state;
    const struct party called = TN("12155550131");
    const struct token_claims c = shaken(&called);
    auto_(token_template_destroy) struct token_template *t = make(&c);
    char room[1024];
    struct buf out = BUF_ON(room);
    assert_int_equal(token_template_write(t, &c, &out, NULL), BF_OK);
    assert_true(span_equal(buf_span(&out), SPAN(VECTOR_SHAKEN_INPUT)));
}

/* Each length of the caller, of the called number and of the time: every way the payload can fall on three bytes. */
static void pp_007_numbers_and_times_of_every_length_are_written_alike(void **state)
{
    static const char digits[] = "12#4567*9012345";
    (void)state;
    struct party called = { false, SPAN_NONE };
    struct token_claims c = shaken(&called);
    for (c.attest = 'A'; c.attest <= 'C'; c.attest++) {
        auto_(token_template_destroy) struct token_template *t = make(&c);
        for (size_t from = 0; from <= 16; from++)
            for (size_t to = 0; to <= 16; to++) {
                c.orig.text = span_make(digits, from < 16 ? from : 3);
                called.text = span_make(digits, to < 16 ? to : 3);
                for (c.iat = 1; c.iat < INT64_C(1) << 55; c.iat *= 7)
                    assert_alike(t, &c);
            }
    }
}

static void what_a_token_cannot_say_is_refused_alike(void **state)
{
    (void)state;
    const struct party called = TN("12155550131"), none[LIMIT_DEST + 1] = { TN("1") };
    static const struct party odd[] = { TN("+1215"), TN(""),       TN("1234567890123456"),
                                        URI("sip"),  URI("a b:c"), { false, SPAN_NONE } };
    const struct token_claims good = shaken(&called);
    auto_(token_template_destroy) struct token_template *t = make(&good);
    struct token_claims c = good;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        c = good, c.orig = odd[i];
        assert_alike(t, &c);
        c = good, c.dest = &odd[i];
        assert_alike(t, &c);
    }
    c = good, c.n_dest = 0;
    assert_alike(t, &c);
    c = good, c.dest = none, c.n_dest = LIMIT_DEST + 1;
    assert_alike(t, &c);
    c = good, c.n_mky = TOKEN_FINGERPRINTS + 1;
    assert_alike(t, &c);
    c = good, c.iat = -1;
    assert_alike(t, &c);
    c = good, c.iat = (INT64_C(1) << 53) + 1;
    assert_alike(t, &c);
    c = good, c.origid = SPAN("123E4567-e89b-12d3-a456-426655440000");
    assert_alike(t, &c);
    c = good, c.origid = SPAN_NONE;
    assert_alike(t, &c);
}

/* ---- by chance, from a seed ---- */

static uint64_t dice(uint64_t *seed, uint64_t sides)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % sides;
}

static const char uri_characters[] = "abcXYZ019-._~:/?#[]@!$&'()*+,;=%2F";

static struct span dice_text(uint64_t *seed, char *room, const char *start, const char *characters,
                             size_t most)
{
    struct buf b = buf_on(room, most);
    buf_text(&b, start);
    for (uint64_t n = dice(seed, most - b.n); n > 0; n--)
        buf_char(&b, characters[dice(seed, strlen(characters))]);
    return buf_span(&b);
}

struct made {
    struct party dest[LIMIT_DEST];
    struct token_fingerprint mky[TOKEN_FINGERPRINTS];
    char texts[LIMIT_DEST + 1][80], keys[TOKEN_FINGERPRINTS][80], x5u[200], origid[UUID_TEXT + 1];
    struct token_claims claims;
};

static struct party dice_party(uint64_t *seed, char room[static 80])
{
    struct party p = { dice(seed, 4) == 0, SPAN_NONE };
    p.text = p.is_uri ? dice_text(seed, room, "sip:", uri_characters, 80)
                      : dice_text(seed, room, "1", "0123456789*#", 16);
    return p;
}

static void dice_claims(uint64_t *seed, struct made *m)
{
    const bool usual = dice(seed, 2) == 0;
    memset(m, 0, sizeof *m);
    m->claims =
        (struct token_claims){ .ppt = dice(seed, 8) ? PPT_SHAKEN : PPT_NONE,
                               .attest = (char)('A' + dice(seed, 3)),
                               .iat = (utc_t)dice(seed, UINT64_C(1) << (1 + dice(seed, 31))),
                               .n_dest = usual ? 1 : dice(seed, LIMIT_DEST + 1),
                               .dest = m->dest,
                               .mky = m->mky,
                               .n_mky = usual || dice(seed, 2) ? 0 : dice(seed, TOKEN_FINGERPRINTS + 1) };
    m->claims.x5u = dice_text(seed, m->x5u, "https://", uri_characters, sizeof m->x5u);
    m->claims.orig = dice_party(seed, m->texts[LIMIT_DEST]);
    for (size_t i = 0; i < m->claims.n_dest; i++)
        m->dest[i] = dice_party(seed, m->texts[i]);
    for (size_t i = 0; i < m->claims.n_mky; i++) /* escapes: nothing says what stands in a fingerprint */
        m->mky[i] = (struct token_fingerprint){ SPAN("sha-256"), dice_text(seed, m->keys[i], "",
                                                                           "A:\"\\\n\x01/\xC3\xA4", 80) };
    uint8_t id[UUID_BYTES];
    for (size_t i = 0; i < UUID_BYTES; i++)
        id[i] = (uint8_t)dice(seed, 256);
    uuid_text(id, m->origid);
    m->claims.origid = span_of(m->origid);
}

static void pp_007_pp_014_ten_thousand_tokens_are_written_alike(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    size_t sound = 0;
    for (size_t i = 0; i < 10000; i++) {
        char room[16384];
        struct buf out = BUF_ON(room);
        struct made m;
        dice_claims(&seed, &m);
        auto_(token_template_destroy) struct token_template *t = make(&m.claims);
        assert_alike(t, &m.claims);
        sound += token_write(&m.claims, &out, NULL) == BF_OK;
    }
    assert_in_range(sound, 5000, 9999); /* most are tokens, and not all */
}

static void a_room_too_small_is_an_error_at_every_length(void **state)
{
    (void)state;
    const struct party called = TN("12155550131");
    const struct token_claims c = shaken(&called);
    auto_(token_template_destroy) struct token_template *t = make(&c);
    char room[sizeof VECTOR_SHAKEN_INPUT];
    for (size_t size = 0; size < sizeof VECTOR_SHAKEN_INPUT - 1; size++) {
        struct buf out = buf_on(room, size);
        memset(room, 0x5A, sizeof room);
        assert_int_equal(token_template_write(t, &c, &out, NULL), BF_ELIMIT);
        for (size_t i = size; i < sizeof room; i++)
            assert_int_equal(room[i], 0x5A);
    }
    struct buf out = buf_on(room, sizeof VECTOR_SHAKEN_INPUT - 1);
    assert_int_equal(token_template_write(t, &c, &out, NULL), BF_OK);
}

static void claims_of_another_kind_signer_or_attestation_are_not_the_template_s(void **state)
{
    (void)state;
    const struct party called = TN("12155550131");
    const struct token_claims good = shaken(&called);
    auto_(token_template_destroy) struct token_template *t = make(&good);
    struct token_claims other[3] = { good, good, good };
    other[0].ppt = PPT_NONE;
    other[1].x5u = SPAN(VECTOR_X5U "x");
    other[2].attest = 'B';
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        char room[1024];
        struct buf out = BUF_ON(room);
        assert_int_equal(token_template_write(t, &other[i], &out, NULL), BF_EINVAL);
        assert_int_equal(out.n, 0);
    }
}

static void a_header_that_cannot_be_makes_no_template(void **state)
{
    static char long_uri[LIMIT_X5U + 2];
    (void)state;
    memset(long_uri, 'a', sizeof long_uri);
    memcpy(long_uri, "https://", 8);
    const struct {
        enum ppt ppt;
        struct span x5u;
        char attest;
        enum bf_err err;
    } rows[] = {
        { PPT_DIV, SPAN(VECTOR_X5U), 'A', BF_EFORM },
        { PPT_SHAKEN, SPAN("no URI"), 'A', BF_EFORM },
        { PPT_SHAKEN, SPAN_NONE, 'A', BF_EFORM },
        { PPT_SHAKEN, SPAN(VECTOR_X5U), 'D', BF_EFORM },
        { PPT_SHAKEN, SPAN(VECTOR_X5U), '"', BF_EFORM },
        { PPT_NONE, span_make(long_uri, LIMIT_X5U + 1), 0, BF_ELIMIT },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct token_template *t = NULL;
        struct fault fault = { 0, NULL };
        assert_int_equal(token_template_create(rows[i].ppt, rows[i].x5u, rows[i].attest, &t, &fault),
                         rows[i].err);
        assert_null(t);
        assert_non_null(fault.what);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pp_055_the_published_shaken_token_comes_out_of_a_template),
        cmocka_unit_test(pp_007_numbers_and_times_of_every_length_are_written_alike),
        cmocka_unit_test(what_a_token_cannot_say_is_refused_alike),
        cmocka_unit_test(pp_007_pp_014_ten_thousand_tokens_are_written_alike),
        cmocka_unit_test(a_room_too_small_is_an_error_at_every_length),
        cmocka_unit_test(claims_of_another_kind_signer_or_attestation_are_not_the_template_s),
        cmocka_unit_test(a_header_that_cannot_be_makes_no_template),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
