/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are put together from JSON text here, so that each row shows what is wrong with it. */
#include "tap.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "token/token.h"
#include "vectors.h"

#define H(members) "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"" members "}"
#define S          "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}"
#define BASE       "{\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"}}"
#define UUID       "123e4567-e89b-12d3-a456-426655440000"
#define SHAKEN                                                                                               \
    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"},\"origid\":\"" UUID "\"}"
#define SIGNATURE VECTOR_SHAKEN_SIGNATURE

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_create(1 << 16, 1 << 20, &arena);
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    arena = NULL;
    return 0;
}

static size_t put_segment(char *out, const char *json)
{
    return base64url_encode((const uint8_t *)json, strlen(json), out);
}

/* The token in memory of exactly its size, to be freed. */
static char *join(const char *header, const char *payload, const char *signature, size_t *ret_n)
{
    static char room[1 << 16];
    size_t n = put_segment(room, header);
    room[n++] = '.';
    n += put_segment(room + n, payload);
    room[n++] = '.';
    memcpy(room + n, signature, strlen(signature));
    *ret_n = n + strlen(signature);
    char *exact = malloc(*ret_n);
    memcpy(exact, room, *ret_n);
    return exact;
}

struct outcome {
    enum bf_err err;
    enum token_flaw flaw;
    struct fault fault;
};

static struct outcome read_text(struct span text, struct token *ret)
{
    struct outcome o = { BF_OK, TOKEN_SOUND, { 0, "" } };
    arena_reset(arena);
    o.err = token_read(text, arena, ret, &o.flaw, &o.fault);
    return o;
}

/* The token keeps no span into the text but text, segments: good enough for what is asked here. */
static struct outcome read_json(const char *header, const char *payload, struct token *ret)
{
    size_t n;
    char *text = join(header, payload, SIGNATURE, &n);
    const struct outcome o = read_text(span_make(text, n), ret);
    free(text);
    return o;
}

static const struct row {
    const char *name, *header, *payload;
    enum token_flaw flaw; /* TOKEN_SOUND: is read */
} rows[] = {
    { "baseline", H(""), BASE, TOKEN_SOUND },
    { "shaken", S, SHAKEN, TOKEN_SOUND },

    { "pp_001 no typ", "{\"alg\":\"ES256\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_HEADER },
    { "pp_001 typ JWT", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_TYP },
    { "pp_001 typ in another case", "{\"alg\":\"ES256\",\"typ\":\"Passport\",\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_TYP },
    { "pp_001 typ is no string", "{\"alg\":\"ES256\",\"typ\":[\"passport\"],\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_TYP },
    { "pp_002 no alg", "{\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_HEADER },
    { "pp_002 sec_001 none", "{\"alg\":\"none\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_ALG },
    { "pp_002 sec_002 HS256", "{\"alg\":\"HS256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_ALG },
    { "pp_002 RS256", "{\"alg\":\"RS256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_ALG },
    { "pp_002 ES384", "{\"alg\":\"ES384\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_ALG },
    { "sec_003 es256", "{\"alg\":\"es256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_ALG },
    { "sec_003 a blank", "{\"alg\":\" ES256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_ALG },
    { "sec_003 an array", "{\"alg\":[\"ES256\"],\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE,
      TOKEN_ALG },
    { "sec_003 null", "{\"alg\":null,\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, TOKEN_ALG },
    { "pp_003 no x5u", "{\"alg\":\"ES256\",\"typ\":\"passport\"}", BASE, TOKEN_HEADER },
    { "pp_003 x5u is no string", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":1}", BASE, TOKEN_HEADER },
    { "pp_003 x5u is empty", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"\"}", BASE, TOKEN_HEADER },
    { "pp_003 x5u without a scheme", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"/a/b\"}", BASE,
      TOKEN_HEADER },
    { "pp_003 x5u with a blank", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://x/ y\"}", BASE,
      TOKEN_HEADER },
    { "sec_048 CR LF in x5u", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://x/\\r\\nX: y\"}",
      BASE, TOKEN_HEADER },
    { "pp_004 ppt is no string", H(",\"ppt\":[\"shaken\"]"), BASE, TOKEN_HEADER },
    { "pp_004 ppt is null", H(",\"ppt\":null"), BASE, TOKEN_HEADER },
    { "pp_004 an unknown ppt", H(",\"ppt\":\"msg\""), "{}", TOKEN_SOUND },
    { "pp_004 ppt in another case", H(",\"ppt\":\"SHAKEN\""), "{}", TOKEN_SOUND },
    { "pp_005 crit", H(",\"crit\":[\"ppt\"]"), BASE, TOKEN_CRIT },
    { "pp_005 an empty crit", H(",\"crit\":[]"), BASE, TOKEN_CRIT },
    { "pp_006 others are ignored", H(",\"jku\":\"https://z\",\"jwk\":{},\"kid\":\"1\",\"x5c\":[]"), BASE,
      TOKEN_SOUND },

    { "pp_010 no iat", H(""), "{\"dest\":{\"tn\":[\"12\"]},\"orig\":{\"tn\":\"34\"}}", TOKEN_CLAIMS },
#define IAT(text) "{\"dest\":{\"tn\":[\"12\"]},\"iat\":" text ",\"orig\":{\"tn\":\"34\"}}"
    { "pp_011 shk_006 iat is a string", H(""), IAT("\"1443208345\""), TOKEN_IAT },
    { "pp_011 a fraction", H(""), IAT("1443208345.0"), TOKEN_IAT },
    { "pp_011 an exponent", H(""), IAT("1e9"), TOKEN_IAT },
    { "pp_011 negative", H(""), IAT("-1"), TOKEN_IAT },
    { "pp_011 2^53", H(""), IAT("9007199254740992"), TOKEN_SOUND },
    { "pp_011 past 2^53", H(""), IAT("9007199254740993"), TOKEN_IAT },
    { "pp_011 2^63", H(""), IAT("9223372036854775808"), TOKEN_IAT },
    { "pp_011 null", H(""), IAT("null"), TOKEN_IAT },
    { "pp_011 an array", H(""), IAT("[5]"), TOKEN_IAT },

#define ORIG(text) "{\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":" text "}"
    { "pp_012 no orig", H(""), "{\"dest\":{\"tn\":[\"12\"]},\"iat\":5}", TOKEN_CLAIMS },
    { "pp_012 a uri", H(""), ORIG("{\"uri\":\"sip:alice@example.com\"}"), TOKEN_SOUND },
    { "pp_012 empty", H(""), ORIG("{}"), TOKEN_CLAIMS },
    { "pp_012 both", H(""), ORIG("{\"tn\":\"1\",\"uri\":\"sip:a@b\"}"), TOKEN_CLAIMS },
    { "pp_012 a stranger beside", H(""), ORIG("{\"tn\":\"1\",\"x\":1}"), TOKEN_CLAIMS },
    { "pp_012 neither", H(""), ORIG("{\"x\":\"1\"}"), TOKEN_CLAIMS },
    { "pp_012 an array of one", H(""), ORIG("{\"tn\":[\"1\"]}"), TOKEN_CLAIMS },
    { "pp_012 a number", H(""), ORIG("{\"tn\":12155551212}"), TOKEN_CLAIMS },
    { "pp_012 JSON in a string", H(""), ORIG("\"{\\\"tn\\\":\\\"1\\\"}\""), TOKEN_CLAIMS },
    { "pp_012 an array", H(""), ORIG("[{\"tn\":\"1\"}]"), TOKEN_CLAIMS },

#define DEST(text) "{\"dest\":" text ",\"iat\":5,\"orig\":{\"tn\":\"34\"}}"
    { "pp_013 no dest", H(""), "{\"iat\":5,\"orig\":{\"tn\":\"34\"}}", TOKEN_CLAIMS },
    { "pp_013 several", H(""), DEST("{\"tn\":[\"1\",\"2\"],\"uri\":[\"sip:a@b\"]}"), TOKEN_SOUND },
    { "pp_013 empty", H(""), DEST("{}"), TOKEN_CLAIMS },
    { "pp_013 an empty list", H(""), DEST("{\"tn\":[]}"), TOKEN_CLAIMS },
    { "pp_013 an empty list beside another", H(""), DEST("{\"tn\":[\"1\"],\"uri\":[]}"), TOKEN_CLAIMS },
    { "pp_013 a bare string", H(""), DEST("{\"tn\":\"12155551214\"}"), TOKEN_CLAIMS },
    { "pp_013 a number in the list", H(""), DEST("{\"tn\":[12]}"), TOKEN_CLAIMS },
    { "pp_013 null in the list", H(""), DEST("{\"tn\":[\"1\",null]}"), TOKEN_CLAIMS },
    { "pp_013 neither", H(""), DEST("{\"x\":[\"1\"]}"), TOKEN_CLAIMS },
    { "pp_013 an array", H(""), DEST("[\"12\"]"), TOKEN_CLAIMS },

    { "pp_015 a plus", H(""), ORIG("{\"tn\":\"+12155551212\"}"), TOKEN_CLAIMS },
    { "pp_015 a hyphen", H(""), ORIG("{\"tn\":\"1215-5551212\"}"), TOKEN_CLAIMS },
    { "pp_015 letters", H(""), ORIG("{\"tn\":\"Bob\"}"), TOKEN_CLAIMS },
    { "pp_015 empty", H(""), ORIG("{\"tn\":\"\"}"), TOKEN_CLAIMS },
    { "pp_015 star and hash", H(""), ORIG("{\"tn\":\"*67#\"}"), TOKEN_SOUND },
    { "pp_015 fifteen", H(""), ORIG("{\"tn\":\"123456789012345\"}"), TOKEN_SOUND },
    { "pp_015 sixteen", H(""), ORIG("{\"tn\":\"1234567890123456\"}"), TOKEN_CLAIMS },
    { "pp_015 a blank", H(""), ORIG("{\"tn\":\" 12\"}"), TOKEN_CLAIMS },
    { "pp_015 Arabic-Indic digits", H(""), ORIG("{\"tn\":\"\xD9\xA1\"}"), TOKEN_CLAIMS },
    { "pp_015 escaped digits are digits", H(""), ORIG("{\"tn\":\"\\u0031\\u0032\"}"), TOKEN_SOUND },
    { "pp_015 a urn", H(""), DEST("{\"uri\":[\"urn:service:sos\"]}"), TOKEN_SOUND },
    { "pp_015 no scheme", H(""), ORIG("{\"uri\":\"alice@example.com\"}"), TOKEN_CLAIMS },
    { "pp_015 a blank in a uri", H(""), ORIG("{\"uri\":\"sip:a b@c\"}"), TOKEN_CLAIMS },
    { "pp_015 a uri not in ASCII", H(""), ORIG("{\"uri\":\"sip:\xC3\xA9@c\"}"), TOKEN_CLAIMS },
    { "sec_048 CR LF in a uri", H(""), ORIG("{\"uri\":\"sip:a@c\\r\\nX: y\"}"), TOKEN_CLAIMS },

    { "pp_017 mky", H(""),
      "{\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"00\"}],"
      "\"orig\":{\"tn\":\"3\"}}",
      TOKEN_SOUND },
    { "pp_017 mky is no array", H(""),
      "{\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"mky\":{},\"orig\":{\"tn\":\"3\"}}", TOKEN_CLAIMS },
    { "pp_017 mky without dig", H(""),
      "{\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"mky\":[{\"alg\":\"sha-256\"}],\"orig\":{\"tn\":\"3\"}}",
      TOKEN_CLAIMS },
    { "pp_018 other claims", H(""),
      "{\"a\":{\"b\":[1]},\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"orig\":{\"tn\":\"3\"},\"z\":0}",
      TOKEN_SOUND },

    { "shk_001 no attest", S,
      "{\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"},\"origid\":\"" UUID "\"}",
      TOKEN_CLAIMS },
    { "shk_001 no origid", S,
      "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"}}", TOKEN_CLAIMS },
    { "shk_001 pp_019 no dest", S,
      "{\"attest\":\"A\",\"iat\":5,\"orig\":{\"tn\":\"34\"},\"origid\":\"" UUID "\"}", TOKEN_CLAIMS },
#define ATTEST(text)                                                                                         \
    "{\"attest\":" text ",\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"},\"origid\":\"" UUID  \
    "\"}"
    { "shk_002 B", S, ATTEST("\"B\""), TOKEN_SOUND },
    { "shk_002 C", S, ATTEST("\"C\""), TOKEN_SOUND },
    { "shk_002 D", S, ATTEST("\"D\""), TOKEN_ATTEST },
    { "shk_002 a", S, ATTEST("\"a\""), TOKEN_ATTEST },
    { "shk_002 AA", S, ATTEST("\"AA\""), TOKEN_ATTEST },
    { "shk_002 empty", S, ATTEST("\"\""), TOKEN_ATTEST },
    { "shk_002 an array", S, ATTEST("[\"A\"]"), TOKEN_ATTEST },
    { "shk_002 null", S, ATTEST("null"), TOKEN_ATTEST },
#define ORIGID(text)                                                                                         \
    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12\"]},\"iat\":5,\"orig\":{\"tn\":\"34\"},\"origid\":" text "}"
    { "shk_003 not a UUID is read, and told", S, ORIGID("\"ref\""), TOKEN_SOUND },
    { "shk_003 a number", S, ORIGID("5"), TOKEN_CLAIMS },

    { "shk_001 div asks for no attest", H(",\"ppt\":\"div\""), BASE, TOKEN_SOUND },
    { "pp_013 a div with a bare dest is not judged yet", H(",\"ppt\":\"div-o\""), DEST("{\"tn\":\"1\"}"),
      TOKEN_SOUND },

    { "sec_005 orig twice", H(""),
      "{\"orig\":{\"tn\":\"3\"},\"orig\":{\"tn\":\"4\"},\"dest\":{\"tn\":[\"1\"]},\"iat\":5}", TOKEN_FORM },
    { "sec_005 orig twice, escaped", H(""),
      "{\"orig\":{\"tn\":\"3\"},\"or\\u0069g\":{\"tn\":\"4\"},\"dest\":{\"tn\":[\"1\"]},\"iat\":5}",
      TOKEN_FORM },
    { "sec_005 alg twice", H(",\"alg\":\"none\""), BASE, TOKEN_FORM },
    { "sec_005 tn twice", H(""), ORIG("{\"tn\":\"1\",\"tn\":\"2\"}"), TOKEN_FORM },
    { "sec_007 NUL in a tn", H(""), ORIG("{\"tn\":\"1\\u00002\"}"), TOKEN_FORM },
    { "sec_007 no UTF-8", H(""), ORIG("{\"tn\":\"\xC0\x80\"}"), TOKEN_FORM },
    { "sec_007 a lone surrogate", H(""), ORIG("{\"tn\":\"\\ud800\"}"), TOKEN_FORM },
    { "sec_007 a byte order mark", H(""), "\xEF\xBB\xBF" BASE, TOKEN_FORM },
    { "sec_010 bytes behind the payload", H(""), BASE "x", TOKEN_FORM },
    { "sec_010 bytes behind the header", H("") "x", BASE, TOKEN_FORM },
    { "a header that is an array", "[]", BASE, TOKEN_FORM },
    { "a payload that is a string", H(""), "\"x\"", TOKEN_FORM },
    { "a payload that is no JSON", H(""), "hello", TOKEN_FORM },
};

/* The rows whose names hold the item, which must be some. */
static void run_rows(const char *item)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct token token;
        if (!strstr(rows[i].name, item))
            continue;
        const struct outcome o = read_json(rows[i].header, rows[i].payload, &token);
        const enum bf_err err = rows[i].flaw == TOKEN_SOUND ? BF_OK : BF_EFORM;
        if (o.err != err || o.flaw != rows[i].flaw)
            fail_msg("%s: %d, flaw %d: %s", rows[i].name, o.err, o.flaw, o.fault.what);
        n++;
    }
    assert_int_not_equal(n, 0);
}

#define ITEM(item, sentence)                                                                                 \
    static void item##_##sentence(void **state)                                                              \
    {                                                                                                        \
        (void)state;                                                                                         \
        run_rows(#item);                                                                                     \
    }
ITEM(pp_001, typ_is_exactly_passport)
ITEM(pp_002, alg_is_exactly_es256)
ITEM(pp_003, x5u_is_a_uri)
ITEM(pp_004, ppt_is_a_string_and_unknown_types_are_read)
ITEM(pp_005, crit_is_never_understood)
ITEM(pp_006, other_header_members_are_ignored)
ITEM(pp_010, iat_must_be_there)
ITEM(pp_011, iat_is_digits)
ITEM(pp_012, orig_is_one_string)
ITEM(pp_013, dest_is_lists_of_strings)
ITEM(pp_015, numbers_are_canonical_and_uris_are_uris)
ITEM(pp_017, mky_is_a_list_of_fingerprints)
ITEM(pp_018, other_claims_are_ignored)
ITEM(pp_019, a_type_takes_no_claim_away)
ITEM(shk_001, a_shaken_token_has_all_its_claims)
ITEM(shk_002, attest_is_one_of_three_letters)
ITEM(shk_003, an_origid_of_another_shape_is_read)
ITEM(shk_006, the_iat_of_the_rfc_example_is_no_iat)
ITEM(sec_001, alg_none_is_refused)
ITEM(sec_002, alg_hs256_is_refused)
ITEM(sec_003, alg_has_one_spelling)
ITEM(sec_005, duplicate_members_refuse_the_token)
ITEM(sec_007, what_is_no_unicode_refuses_the_token)
ITEM(sec_010, bytes_behind_the_json_refuse_the_token)
ITEM(sec_048, control_bytes_refuse_the_token)

static void every_row_is_read_or_refused_as_it_says(void **state)
{
    (void)state;
    run_rows("");
}

/* Nothing of a refused token is worth trusting; but what a refusal was for can be shown. */
static void header_and_payload_are_there_whatever_is_wrong_with_the_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct token token;
        const struct outcome o = read_json(rows[i].header, rows[i].payload, &token);
        if (o.flaw == TOKEN_FORM)
            continue;
        assert_true(span_equal(token.header, span_of(rows[i].header)));
        assert_true(span_equal(token.payload, span_of(rows[i].payload)));
        uint8_t signature[64];
        size_t n;
        assert_int_equal(base64url_decode(SPAN(SIGNATURE), signature, 64, &n, NULL), BF_OK);
        assert_memory_equal(token.signature, signature, 64);
    }
}

static const struct text_row {
    const char *name, *text;
    enum token_flaw flaw;
    enum token_place place;
    size_t at;
} texts[] = {
    { "pp_035 nothing", "", TOKEN_FORM, TOKEN_IN_TEXT, 0 },
    { "pp_035 one part", "abcd", TOKEN_FORM, TOKEN_IN_TEXT, 4 },
    { "pp_035 two parts", "abcd.abcd", TOKEN_FORM, TOKEN_IN_TEXT, 9 },
    { "pp_035 sec_010 four parts", "ab.cd.ef.gh", TOKEN_FORM, TOKEN_IN_TEXT, 8 },
    { "pp_035 a dot at the end", VECTOR_SHAKEN ".", TOKEN_FORM, TOKEN_IN_TEXT, sizeof VECTOR_SHAKEN - 1 },
    { "pp_036 pp_038 the compact form", ".." SIGNATURE, TOKEN_COMPACT, TOKEN_IN_TEXT, 0 },
    { "pp_036 an empty header", ".abcd." SIGNATURE, TOKEN_FORM, TOKEN_IN_TEXT, 0 },
    { "pp_036 an empty payload", "abcd.." SIGNATURE, TOKEN_FORM, TOKEN_IN_TEXT, 5 },
    { "pp_036 a compact form with a short signature", "..abcd", TOKEN_SIGNATURE_LENGTH, TOKEN_IN_TEXT, 2 },
    { "pp_037 JSON serialization", "{\"payload\":\"\",\"signatures\":[]}", TOKEN_FORM, TOKEN_IN_TEXT, 0 },
    { "pp_034 padding", VECTOR_SHAKEN "==", TOKEN_FORM, TOKEN_IN_TEXT, sizeof VECTOR_SHAKEN - 1 },
    { "pp_034 a plus", "ab+d." VECTOR_BASE_PAYLOAD "." SIGNATURE, TOKEN_FORM, TOKEN_IN_TEXT, 2 },
    { "pp_034 a blank", "ab d." VECTOR_BASE_PAYLOAD "." SIGNATURE, TOKEN_FORM, TOKEN_IN_TEXT, 2 },
    { "pp_034 a length of 1 modulo 4", VECTOR_BASE_HEADER "A." VECTOR_BASE_PAYLOAD "." SIGNATURE, TOKEN_FORM,
      TOKEN_IN_TEXT, sizeof VECTOR_BASE_HEADER - 1 },
    { "pp_034 base64 that is no JSON", VECTOR_BASE_HEADER ".abcd." SIGNATURE, TOKEN_FORM, TOKEN_IN_PAYLOAD,
      0 },
    { "pp_031 no signature", VECTOR_SHAKEN_INPUT ".", TOKEN_SIGNATURE_LENGTH, TOKEN_IN_TEXT,
      sizeof VECTOR_SHAKEN_INPUT },
    { "pp_031 63 bytes",
      VECTOR_SHAKEN_INPUT ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                          "AAAAAAAAAAAAAAAAAA",
      TOKEN_SIGNATURE_LENGTH, TOKEN_IN_TEXT, sizeof VECTOR_SHAKEN_INPUT },
    /* MEUCIQ…: SEQUENCE of two INTEGERs, 71 bytes */
    { "sec_012 DER",
      VECTOR_SHAKEN_INPUT ".MEUCIQCbNR4QK1um-0vq2CE1B1_W3avYeREsPi_7RKHffL-5eQIgarHot-X9Rl7SOyNBq5X5JyEM"
                          "x0SQhRLkCY3Zoz2OCNQ",
      TOKEN_SIGNATURE_LENGTH, TOKEN_IN_TEXT, sizeof VECTOR_SHAKEN_INPUT },
    { "pp_030 two soft hyphens of a line break", VECTOR_SHAKEN_INPUT "\n." SIGNATURE, TOKEN_FORM,
      TOKEN_IN_TEXT, sizeof VECTOR_SHAKEN_INPUT - 1 },
};

static void run_texts(const char *item)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct token token;
        if (!strstr(texts[i].name, item))
            continue;
        const struct outcome o = read_text(span_of(texts[i].text), &token);
        if (o.err != BF_EFORM || o.flaw != texts[i].flaw || token.fault_place != texts[i].place ||
            o.fault.at != texts[i].at)
            fail_msg("%s: %d, flaw %d, at %zu of %d: %s", texts[i].name, o.err, o.flaw, o.fault.at,
                     token.fault_place, o.fault.what);
        n++;
    }
    assert_int_not_equal(n, 0);
}

#define TEXT_ITEM(item, sentence)                                                                            \
    static void item##_##sentence(void **state)                                                              \
    {                                                                                                        \
        (void)state;                                                                                         \
        run_texts(#item);                                                                                    \
    }
TEXT_ITEM(pp_030, the_signed_bytes_are_those_received)
TEXT_ITEM(pp_031, a_signature_is_64_bytes)
TEXT_ITEM(pp_034, base64url_has_one_form)
TEXT_ITEM(pp_035, a_token_has_three_parts)
TEXT_ITEM(pp_036, the_compact_form_is_known)
TEXT_ITEM(pp_037, json_serialization_is_not_used)
TEXT_ITEM(pp_038, the_compact_form_is_read_for_no_type)
TEXT_ITEM(sec_012, a_der_signature_is_refused_by_its_length)

static void every_text_is_refused_at_its_byte(void **state)
{
    (void)state;
    run_texts("");
}

static void pp_034_sec_009_only_a_q_g_w_can_end_a_signature(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (void)state;
    char text[] = VECTOR_SHAKEN;
    for (const char *c = alphabet; *c; c++) {
        struct token token;
        text[sizeof text - 2] = *c;
        const struct outcome o = read_text(SPAN(text), &token);
        assert_int_equal(o.err, strchr("AQgw", *c) ? BF_OK : BF_EFORM);
    }
}

static void sec_001_alg_none_without_a_signature_is_refused_for_its_alg(void **state)
{
    (void)state;
    size_t n;
    char *text = join("{\"alg\":\"none\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", BASE, "", &n);
    struct token token;
    const struct outcome o = read_text(span_make(text, n), &token);
    free(text);
    assert_int_equal(o.err, BF_EFORM);
    assert_int_equal(o.flaw, TOKEN_ALG);
}

static void pp_004_the_type_is_known_even_if_all_else_is_wrong(void **state)
{
    static const struct {
        const char *header, *payload;
        enum ppt ppt;
    } types[] = { { "{\"ppt\":\"rph\"}", "{[", PPT_RPH },
                  { "{\"alg\":\"none\",\"ppt\":\"div\"}", BASE, PPT_DIV },
                  { "{\"ppt\":\"div-o\"}", BASE, PPT_DIV_O },
                  { "{\"ppt\":\"rcd\"}", BASE, PPT_RCD },
                  { "{\"ppt\":\"rsp\"}", BASE, PPT_RSP },
                  { "{\"ppt\":\"msec\"}", BASE, PPT_MSEC },
                  { "{\"ppt\":\"shak\\u0065n\"}", BASE, PPT_SHAKEN },
                  { "{\"ppt\":\"msg\"}", BASE, PPT_OTHER },
                  { "{\"ppt\":\"\"}", BASE, PPT_OTHER },
                  { "{\"ppt\":5}", BASE, PPT_OTHER },
                  { "{}", BASE, PPT_NONE } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct token token;
        assert_int_equal(read_json(types[i].header, types[i].payload, &token).err, BF_EFORM);
        if (token.ppt != types[i].ppt)
            fail_msg("%s: %d", types[i].header, token.ppt);
    }
}

static void pp_055_the_shaken_vector_is_read_in_full(void **state)
{
    (void)state;
    struct token t;
    assert_int_equal(read_text(SPAN(VECTOR_SHAKEN), &t).err, BF_OK);
    assert_int_equal(t.ppt, PPT_SHAKEN);
    assert_true(span_equal(t.ppt_text, SPAN("shaken")));
    assert_true(span_equal(t.x5u, SPAN(VECTOR_X5U)));
    assert_true(!t.orig.is_uri && span_equal(t.orig.text, SPAN("12155550121")));
    assert_int_equal(t.n_dest, 1);
    assert_true(!t.dest[0].is_uri && span_equal(t.dest[0].text, SPAN("12155550131")));
    assert_int_equal(t.iat, VECTOR_IAT);
    assert_int_equal(t.attest, 'A');
    assert_true(span_equal(t.origid, SPAN(VECTOR_SHAKEN_ORIGID)) && t.origid_is_uuid);
    assert_true(t.canonical);
    assert_true(span_equal(t.signed_part, SPAN(VECTOR_SHAKEN_INPUT)));
    assert_true(span_equal(t.header_segment, span_first(t.text, span_find(t.text, '.'))));
}

static void pp_026_another_order_is_read_over_the_received_bytes_and_told(void **state)
{
    (void)state;
    struct token t;
    assert_int_equal(read_json(S, SHAKEN, &t).err, BF_OK);
    assert_true(t.canonical);
    assert_int_equal(read_json(S,
                               "{\"iat\":5,"
                               "\"attest\":\"A\",\"dest\":{\"tn\":[\"12\"]},\"orig\":{\"tn\":\"34\"},"
                               "\"origid\":\"" UUID "\"}",
                               &t)
                         .err,
                     BF_OK);
    assert_false(t.canonical);
    assert_int_equal(t.iat, 5);
    assert_int_equal(
        read_json("{\"typ\":\"passport\",\"alg\":\"ES256\",\"x5u\":\"https://x/y\"}", BASE, &t).err, BF_OK);
    assert_false(t.canonical);
}

static void shk_001_a_baseline_token_attests_nothing_whatever_it_says(void **state)
{
    (void)state;
    struct token t;
    assert_int_equal(read_json(H(""), SHAKEN, &t).err, BF_OK);
    assert_int_equal(t.attest, 0);
    assert_null(t.origid.p);
    assert_int_equal(read_json(H(",\"ppt\":\"div\""), SHAKEN, &t).err, BF_OK);
    assert_int_equal(t.attest, 0);
}

static void pp_016_values_in_any_script_are_read_raw_and_escaped_they_are_not_canonical(void **state)
{
    (void)state;
    struct token t;
    assert_int_equal(
        read_json(H(""),
                  "{\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"name\":\"\xC3\xA9\",\"orig\":{\"tn\":\"3\"}}", &t)
            .err,
        BF_OK);
    assert_true(t.canonical);
    assert_int_equal(
        read_json(H(""), "{\"dest\":{\"tn\":[\"1\"]},\"iat\":5,\"name\":\"\\u00e9\",\"orig\":{\"tn\":\"3\"}}",
                  &t)
            .err,
        BF_OK);
    assert_false(t.canonical);
}

static void shk_003_either_case_of_a_uuid_and_nothing_else_is_one(void **state)
{
    static const struct {
        const char *origid;
        bool is;
    } ids[] = { { UUID, true },
                { "123E4567-E89B-12D3-A456-426655440000", true },
                { "123e4567-e89b-12d3-a456-42665544000", false },
                { "123e4567-e89b-12d3-a456-4266554400000", false },
                { "123e4567e89b-12d3-a456-4266554400000", false },
                { "g23e4567-e89b-12d3-a456-426655440000", false },
                { "{23e4567-e89b-12d3-a456-42665544000}", false },
                { "ref", false },
                { "", false },
                { "x\\r\\nIdentity: y", false } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        char payload[256];
        struct token t;
        snprintf(payload, sizeof payload, ORIGID("\"%s\""), ids[i].origid);
        assert_int_equal(read_json(S, payload, &t).err, BF_OK);
        assert_int_equal(t.origid_is_uuid, ids[i].is);
    }
}

static void sec_006_sixty_four_called_numbers_are_read_and_one_more_is_not(void **state)
{
    (void)state;
    for (size_t n = LIMIT_DEST; n <= LIMIT_DEST + 1; n++) {
        char payload[1024];
        struct buf b = BUF_ON(payload);
        struct token t;
        buf_text(&b, "{\"dest\":{\"tn\":[");
        for (size_t i = 0; i < n; i++)
            buf_printf(&b, "%s\"%zu\"", i ? "," : "", i);
        buf_text(&b, "]},\"iat\":5,\"orig\":{\"tn\":\"34\"}}");
        buf_char(&b, '\0');
        const struct outcome o = read_json(H(""), payload, &t);
        assert_int_equal(o.err, n == LIMIT_DEST ? BF_OK : BF_ELIMIT);
        assert_int_equal(t.n_dest, LIMIT_DEST);
    }
}

static void sec_011_a_token_longer_than_a_header_may_be_is_not_looked_at(void **state)
{
    (void)state;
    char *text = malloc(LIMIT_IDENTITY_VALUE + 1);
    struct token t;
    memset(text, 'A', LIMIT_IDENTITY_VALUE + 1);
    assert_int_equal(read_text(span_make(text, LIMIT_IDENTITY_VALUE + 1), &t).err, BF_ELIMIT);
    assert_int_equal(read_text(span_make(text, LIMIT_IDENTITY_VALUE), &t).err, BF_EFORM);
    free(text);
}

static void without_memory_a_token_is_not_refused_but_not_read(void **state)
{
    (void)state;
    auto_(arena_destroy) struct arena *small = NULL;
    struct token t;
    enum token_flaw flaw;
    struct fault fault;
    assert_int_equal(arena_create(64, 64, &small), BF_OK);
    assert_int_equal(token_read(SPAN(VECTOR_SHAKEN), small, &t, &flaw, &fault), BF_ENOMEM);
}

/* Every bit of a good token: never read as another token with the same signed bytes, never a crash. */
static void a_flipped_bit_changes_the_signed_bytes_or_the_signature_or_refuses(void **state)
{
    (void)state;
    char text[] = VECTOR_SHAKEN;
    struct token before;
    assert_int_equal(read_text(SPAN(VECTOR_SHAKEN), &before).err, BF_OK);
    uint8_t signature[64];
    memcpy(signature, before.signature, 64);
    for (size_t i = 0; i < (sizeof text - 1) * 8; i++) {
        struct token t;
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        if (read_text(SPAN(text), &t).err == BF_OK)
            assert_true(!span_equal(t.signed_part, SPAN(VECTOR_SHAKEN_INPUT)) ||
                        memcmp(t.signature, signature, 64) != 0);
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
    }
}

static void types_have_names_and_names_have_types(void **state)
{
    (void)state;
    for (enum ppt p = PPT_SHAKEN; p < PPT_OTHER; p++)
        assert_int_equal(ppt_of(span_of(ppt_text(p))), p);
    assert_string_equal(ppt_text(PPT_NONE), "");
    assert_string_equal(ppt_text(PPT_OTHER), "");
    assert_int_equal(ppt_of(SPAN_NONE), PPT_NONE);
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        WITH_ARENA(pp_001_typ_is_exactly_passport),
        WITH_ARENA(pp_002_alg_is_exactly_es256),
        WITH_ARENA(pp_003_x5u_is_a_uri),
        WITH_ARENA(pp_004_ppt_is_a_string_and_unknown_types_are_read),
        WITH_ARENA(pp_005_crit_is_never_understood),
        WITH_ARENA(pp_006_other_header_members_are_ignored),
        WITH_ARENA(pp_010_iat_must_be_there),
        WITH_ARENA(pp_011_iat_is_digits),
        WITH_ARENA(pp_012_orig_is_one_string),
        WITH_ARENA(pp_013_dest_is_lists_of_strings),
        WITH_ARENA(pp_015_numbers_are_canonical_and_uris_are_uris),
        WITH_ARENA(pp_017_mky_is_a_list_of_fingerprints),
        WITH_ARENA(pp_018_other_claims_are_ignored),
        WITH_ARENA(pp_019_a_type_takes_no_claim_away),
        WITH_ARENA(shk_001_a_shaken_token_has_all_its_claims),
        WITH_ARENA(shk_002_attest_is_one_of_three_letters),
        WITH_ARENA(shk_003_an_origid_of_another_shape_is_read),
        WITH_ARENA(shk_006_the_iat_of_the_rfc_example_is_no_iat),
        WITH_ARENA(sec_001_alg_none_is_refused),
        WITH_ARENA(sec_002_alg_hs256_is_refused),
        WITH_ARENA(sec_003_alg_has_one_spelling),
        WITH_ARENA(sec_005_duplicate_members_refuse_the_token),
        WITH_ARENA(sec_007_what_is_no_unicode_refuses_the_token),
        WITH_ARENA(sec_010_bytes_behind_the_json_refuse_the_token),
        WITH_ARENA(sec_048_control_bytes_refuse_the_token),
        WITH_ARENA(pp_030_the_signed_bytes_are_those_received),
        WITH_ARENA(pp_031_a_signature_is_64_bytes),
        WITH_ARENA(pp_034_base64url_has_one_form),
        WITH_ARENA(pp_035_a_token_has_three_parts),
        WITH_ARENA(pp_036_the_compact_form_is_known),
        WITH_ARENA(pp_037_json_serialization_is_not_used),
        WITH_ARENA(pp_038_the_compact_form_is_read_for_no_type),
        WITH_ARENA(sec_012_a_der_signature_is_refused_by_its_length),
        WITH_ARENA(every_row_is_read_or_refused_as_it_says),
        WITH_ARENA(every_text_is_refused_at_its_byte),
        WITH_ARENA(pp_016_values_in_any_script_are_read_raw_and_escaped_they_are_not_canonical),
        WITH_ARENA(header_and_payload_are_there_whatever_is_wrong_with_the_claims),
        WITH_ARENA(pp_034_sec_009_only_a_q_g_w_can_end_a_signature),
        WITH_ARENA(sec_001_alg_none_without_a_signature_is_refused_for_its_alg),
        WITH_ARENA(pp_004_the_type_is_known_even_if_all_else_is_wrong),
        WITH_ARENA(pp_055_the_shaken_vector_is_read_in_full),
        WITH_ARENA(pp_026_another_order_is_read_over_the_received_bytes_and_told),
        WITH_ARENA(shk_001_a_baseline_token_attests_nothing_whatever_it_says),
        WITH_ARENA(shk_003_either_case_of_a_uuid_and_nothing_else_is_one),
        WITH_ARENA(sec_006_sixty_four_called_numbers_are_read_and_one_more_is_not),
        WITH_ARENA(sec_011_a_token_longer_than_a_header_may_be_is_not_looked_at),
        WITH_ARENA(without_memory_a_token_is_not_refused_but_not_read),
        WITH_ARENA(a_flipped_bit_changes_the_signed_bytes_or_the_signature_or_refuses),
        cmocka_unit_test(types_have_names_and_names_have_types),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
