/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdlib.h>
#include <jansson.h>

#include "base/limits.h"
#include "token/json.h"

/* A copy in memory of exactly its size, so that a sanitizer sees one byte too far. */
static char *exact(struct span s)
{
    char *p = malloc(s.n ? s.n : 1);
    assert_non_null(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

static const struct good {
    const char *name, *text;
    enum json_kind kind;
    bool canonical;
} good[] = {
    { "pp_020 an object", "{\"a\":1,\"b\":[true,false,null]}", JSON_KIND_OBJECT, true },
    { "pp_020 a blank after a colon", "{\"a\": 1}", JSON_KIND_OBJECT, false },
    { "pp_020 a blank after a comma", "[1, 2]", JSON_KIND_ARRAY, false },
    { "pp_020 a blank inside empty braces", "{ }", JSON_KIND_OBJECT, false },
    { "pp_020 a line break", "{\"a\":1\r\n}", JSON_KIND_OBJECT, false },
    { "pp_020 blanks in a string", "\" a b \"", JSON_KIND_STRING, true },
    { "pp_021 sorted at all depths", "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"a\":1}}", JSON_KIND_OBJECT, true },
    { "pp_021 unsorted", "{\"b\":1,\"a\":2}", JSON_KIND_OBJECT, false },
    { "pp_021 unsorted below", "[{\"a\":{\"d\":1,\"c\":2}}]", JSON_KIND_ARRAY, false },
    { "pp_021 the shorter name first", "{\"orig\":1,\"origid\":2}", JSON_KIND_OBJECT, true },
    { "pp_021 the longer name first", "{\"origid\":1,\"orig\":2}", JSON_KIND_OBJECT, false },
    { "pp_021 upper case before lower", "{\"B\":1,\"a\":2}", JSON_KIND_OBJECT, true },
    { "pp_021 by code point, not UTF-16", "{\"\xEF\xBD\xA1\":1,\"\xF0\x9D\x84\x9E\":2}", JSON_KIND_OBJECT,
      true },
    { "pp_021 arrays keep their order", "[2,1]", JSON_KIND_ARRAY, true },
    { "pp_021 the unescaped name counts", "{\"a\\\"\":1,\"a#\":2}", JSON_KIND_OBJECT, true },
    { "pp_021 the unescaped name counts, the other way", "{\"a#\":1,\"a\\\"\":2}", JSON_KIND_OBJECT, false },
    { "pp_023 a fraction", "[1.0]", JSON_KIND_ARRAY, false },
    { "pp_023 an exponent", "1e3", JSON_KIND_NUMBER, false },
    { "pp_023 minus zero", "-0", JSON_KIND_NUMBER, false },
    { "pp_023 a negative integer", "-5", JSON_KIND_NUMBER, true },
    { "pp_024 one name in two objects", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", JSON_KIND_OBJECT, true },
    { "pp_024 one name in another case", "{\"A\":1,\"a\":1}", JSON_KIND_OBJECT, true },
    { "pp_025 escapes that must be", "\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\\u000b\"", JSON_KIND_STRING,
      true },
    { "pp_025 an escaped solidus", "\"\\/\"", JSON_KIND_STRING, false },
    { "pp_025 a letter escaped", "\"\\u0061\"", JSON_KIND_STRING, false },
    { "pp_025 upper-case digits", "\"\\u001F\"", JSON_KIND_STRING, false },
    { "pp_025 the long form of a short one", "\"\\u000a\"", JSON_KIND_STRING, false },
    { "pp_025 a quote as a number", "\"\\u0022\"", JSON_KIND_STRING, false },
    { "pp_025 raw UTF-8", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\x7F\"", JSON_KIND_STRING, true },
    { "pp_025 escaped UTF-8", "\"\\u00e9\"", JSON_KIND_STRING, false },
    { "a surrogate pair", "\"\\ud834\\udd1e\"", JSON_KIND_STRING, false },
    { "a string", "\"\"", JSON_KIND_STRING, true },
    { "true", "true", JSON_KIND_TRUE, true },
    { "false", " false ", JSON_KIND_FALSE, true },
    { "null", "null", JSON_KIND_NULL, true },
    { "sec_006 a number beyond all", "1e400", JSON_KIND_NUMBER, false },
    { "sec_006 a long number", "123456789012345678901234567890", JSON_KIND_NUMBER, true },
    { "empty", "{}", JSON_KIND_OBJECT, true },
    { "empty arrays", "[[],[[]]]", JSON_KIND_ARRAY, true },
};

static const struct bad {
    const char *name;
    struct span text;
    size_t at;
} bad[] = {
    { "nothing", { "", 0 }, 0 },
    { "blanks", { "  ", 2 }, 2 },
    { "sec_005 a name twice", SPAN("{\"orig\":1,\"orig\":2}"), 10 },
    { "sec_005 a name twice, one escaped", SPAN("{\"orig\":1,\"or\\u0069g\":2}"), 10 },
    { "sec_005 a name twice, both escaped", SPAN("{\"\\u006frig\":1,\"or\\u0069g\":2}"), 15 },
    { "sec_005 a name twice, escaped in two ways", SPAN("{\"\\n\":1,\"\\u000a\":2}"), 8 },
    { "sec_005 a name twice, raw and escaped UTF-8", SPAN("{\"\xC3\xA9\":1,\"\\u00e9\":2}"), 8 },
    { "sec_005 a name twice, a surrogate pair", SPAN("{\"\xF0\x9D\x84\x9E\":1,\"\\uD834\\uDD1E\":2}"), 10 },
    { "sec_005 the empty name twice", SPAN("{\"\":1,\"\":2}"), 6 },
    { "pp_024 a name twice below", SPAN("[{\"a\":{\"b\":1,\"c\":2,\"b\":3}}]"), 19 },
    { "pp_024 a name twice, an object between", SPAN("{\"a\":{\"b\":1},\"a\":2}"), 13 },
    { "sec_007 overlong UTF-8", SPAN("\"\xC0\x80\""), 1 },
    { "sec_007 a byte that begins nothing", SPAN("\"a\x80\""), 2 },
    { "sec_007 UTF-8 cut short", SPAN("\"\xE2\x82\""), 1 },
    { "sec_007 a raw surrogate", SPAN("\"\xED\xA0\x80\""), 1 },
    { "sec_007 past U+10FFFF", SPAN("\"\xF4\x90\x80\x80\""), 1 },
    { "sec_007 a lone high surrogate", SPAN("\"\\ud800\""), 1 },
    { "sec_007 a high surrogate and a letter", SPAN("\"\\ud800\\u0041\""), 1 },
    { "sec_007 a lone low surrogate", SPAN("\"\\udc00\""), 1 },
    { "sec_007 two high surrogates", SPAN("\"\\ud834\\ud834\""), 1 },
    { "sec_007 U+0000", SPAN("\"a\\u0000\""), 2 },
    { "sec_007 a raw NUL in a string", SPAN("\"a\0\""), 2 },
    { "sec_007 a raw NUL outside", SPAN("[1\0]"), 2 },
    { "sec_007 a byte order mark", SPAN("\xEF\xBB\xBF{}"), 0 },
    { "a tab in a string", SPAN("\"a\tb\""), 2 },
    { "a line break in a string", SPAN("\"a\nb\""), 2 },
    { "an escape JSON has not", SPAN("\"\\a\""), 1 },
    { "an escape of NUL", SPAN("\"\\\0\""), 1 },
    { "an escape at the end", SPAN("\"\\"), 1 },
    { "three digits", SPAN("\"\\u006\""), 1 },
    { "a digit that is none", SPAN("\"\\u00g1\""), 1 },
    { "a string that does not end", SPAN("\"abc"), 4 },
    { "sec_010 bytes behind", SPAN("{}x"), 2 },
    { "sec_010 a second value", SPAN("{} {}"), 3 },
    { "sec_010 a NUL behind", SPAN("{}\0"), 2 },
    { "a comma at the end of an object", SPAN("{\"a\":1,}"), 7 },
    { "a comma at the end of an array", SPAN("[1,]"), 3 },
    { "a comma at the start", SPAN("[,1]"), 1 },
    { "two commas", SPAN("[1,,2]"), 3 },
    { "no comma", SPAN("[1 2]"), 3 },
    { "no colon", SPAN("{\"a\" 1}"), 5 },
    { "no value", SPAN("{\"a\":}"), 5 },
    { "a name without quotes", SPAN("{a:1}"), 1 },
    { "a number as a name", SPAN("{1:1}"), 1 },
    { "single quotes", SPAN("['a']"), 1 },
    { "an object that does not end", SPAN("{\"a\":1"), 6 },
    { "an array that does not end", SPAN("[1"), 2 },
    { "closed by the other", SPAN("[1}"), 2 },
    { "a leading zero", SPAN("01"), 0 },
    { "a leading zero behind a minus", SPAN("-01"), 1 },
    { "a plus", SPAN("+1"), 0 },
    { "a minus alone", SPAN("-"), 1 },
    { "a point at the end", SPAN("1."), 2 },
    { "a point at the start", SPAN(".5"), 0 },
    { "an exponent without digits", SPAN("1e"), 2 },
    { "an exponent's sign without digits", SPAN("1e+"), 3 },
    { "hexadecimal", SPAN("0x1"), 1 },
    { "NaN", SPAN("NaN"), 0 },
    { "pp_022 True", SPAN("True"), 0 },
    { "pp_022 half a word", SPAN("tru"), 0 },
    { "a word and more", SPAN("truee"), 4 },
    { "a comment", SPAN("[1/**/]"), 2 },
    { "a form feed", SPAN("\f1"), 0 },
    { "a no-break space",
      SPAN("\xC2\xA0"
           "1"),
      0 },
};

static void pp_020_021_022_023_025_what_json_allows_is_read_and_the_canonical_form_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        char *memory = exact(span_of(good[i].text));
        struct json_value v;
        struct fault fault = { 0, "" };
        if (json_check(span_make(memory, strlen(good[i].text)), &v, &fault) != BF_OK)
            fail_msg("%s: %s at %zu", good[i].name, fault.what, fault.at);
        assert_int_equal(v.kind, good[i].kind);
        if (json_is_canonical(&v) != good[i].canonical)
            fail_msg("%s: canonical is %d", good[i].name, !good[i].canonical);
        free(memory);
    }
}

static void pp_024_sec_005_007_010_what_json_does_not_allow_is_refused_at_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *memory = exact(bad[i].text);
        struct json_value v = { JSON_KIND_NULL, SPAN_NONE, false };
        struct fault fault = { 9999, NULL };
        const enum bf_err err = json_check(span_make(memory, bad[i].text.n), &v, &fault);
        if (err != BF_EFORM || fault.at != bad[i].at || !fault.what)
            fail_msg("%s: %d at %zu, not %zu", bad[i].name, err, fault.at, bad[i].at);
        assert_null(v.text.p);
        free(memory);
    }
}

static enum bf_err check(struct span text, size_t *ret_at)
{
    struct json_value v;
    struct fault fault = { 0, NULL };
    const enum bf_err err = json_check(text, &v, &fault);
    *ret_at = fault.at;
    return err;
}

static void sec_006_depth_sixteen_is_read_and_seventeen_is_not(void **state)
{
    (void)state;
    char text[2 * (LIMIT_JSON_DEPTH + 1) + 1];
    size_t at;
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(check(span_make(text, 2 * depth), &at),
                         depth == LIMIT_JSON_DEPTH ? BF_OK : BF_ELIMIT);
    }
    assert_int_equal(at, LIMIT_JSON_DEPTH);
    char *many = malloc(10000);
    memset(many, '[', 10000);
    assert_int_equal(check(span_make(many, 10000), &at), BF_ELIMIT);
    free(many);
}

/* {"0000":0,"0001":0,…} with n members */
static size_t object_of(char *out, size_t n)
{
    size_t at = 0;
    out[at++] = '{';
    for (size_t i = 0; i < n; i++)
        at += (size_t)sprintf(out + at, "%s\"%04zx\":0", i ? "," : "", i);
    out[at++] = '}';
    return at;
}

static void sec_006_sixty_four_members_are_read_and_sixty_five_are_not(void **state)
{
    (void)state;
    char text[1024];
    size_t at;
    assert_int_equal(check(span_make(text, object_of(text, LIMIT_JSON_MEMBERS)), &at), BF_OK);
    assert_int_equal(check(span_make(text, object_of(text, LIMIT_JSON_MEMBERS + 1)), &at), BF_ELIMIT);
}

/* Every object that is open is full: the stack of names reaches its end and no further. */
static void sec_006_sixteen_full_objects_inside_each_other_are_read(void **state)
{
    (void)state;
    static char text[LIMIT_JSON_DEPTH * LIMIT_JSON_MEMBERS * 16];
    size_t at = 0, ignored;
    for (size_t depth = 0; depth < LIMIT_JSON_DEPTH; depth++) {
        at += object_of(text + at, LIMIT_JSON_MEMBERS);
        at -= 2; /* the last member's value is the next object */
    }
    text[at++] = '0';
    memset(text + at, '}', LIMIT_JSON_DEPTH);
    assert_int_equal(check(span_make(text, at + LIMIT_JSON_DEPTH), &ignored), BF_OK);
}

static void sec_006_a_string_of_a_mebibyte_is_read(void **state)
{
    (void)state;
    const size_t n = 1 << 20;
    char *text = malloc(n);
    size_t at;
    memset(text, 'x', n);
    text[0] = text[n - 1] = '"';
    assert_int_equal(check(span_make(text, n), &at), BF_OK);
    free(text);
}

static void pp_010_011_integers_are_digits_up_to_two_to_the_fifty_third(void **state)
{
    static const struct {
        const char *text;
        bool is;
        int64_t value;
    } rows[] = { { "0", true, 0 },
                 { "1443208345", true, 1443208345 },
                 { "9007199254740992", true, INT64_C(1) << 53 },
                 { "9007199254740993", false, 0 },
                 { "9223372036854775808", false, 0 },
                 { "18446744073709551616", false, 0 },
                 { "-1", false, 0 },
                 { "-0", false, 0 },
                 { "1.0", false, 0 },
                 { "1e3", false, 0 },
                 { "\"1\"", false, 0 },
                 { "true", false, 0 },
                 { "null", false, 0 },
                 { "[1]", false, 0 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct json_value v;
        int64_t n = 0;
        assert_int_equal(json_check(span_of(rows[i].text), &v, NULL), BF_OK);
        if (json_whole(&v, &n) != rows[i].is || n != rows[i].value)
            fail_msg("%s: %lld", rows[i].text, (long long)n);
    }
}

static void a_value_ends_at_its_last_byte_whatever_blanks_follow(void **state)
{
    (void)state;
    struct json_value v, element;
    static const struct span text = SPAN(" [ [1 ] , {\"a\" : 2 } , 3 ]\r\n");
    assert_int_equal(json_check(text, &v, NULL), BF_OK);
    assert_true(v.text.p == text.p + 1 && v.text.n == text.n - 3);
    struct json_walk walk = json_begin(&v);
    static const char *const elements[] = { "[1 ]", "{\"a\" : 2 }", "3" };
    for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
        assert_true(json_next(&walk, NULL, &element));
        assert_true(span_equal(element.text, span_of(elements[i])));
    }
    assert_false(json_next(&walk, NULL, &element));
}

static void members_are_found_by_their_unescaped_names(void **state)
{
    (void)state;
    struct json_value v, member;
    int64_t n;
    assert_int_equal(json_check(SPAN("{\"a\":{\"b\":9},\"\\u0062\":2,\"c\\n\":\"}\",\"d\":4}"), &v, NULL),
                     BF_OK);
    assert_true(json_member(&v, SPAN("b"), &member) && json_whole(&member, &n) && n == 2);
    assert_true(json_member(&v, SPAN("c\n"), &member) && member.kind == JSON_KIND_STRING);
    assert_true(json_member(&v, SPAN("d"), &member) && json_whole(&member, &n) && n == 4);
    assert_false(json_member(&v, SPAN("c"), &member));
    assert_false(json_member(&v, SPAN("\\u0062"), &member));
    assert_false(json_member(&v, SPAN(""), &member));
    assert_int_equal(json_check(SPAN("[\"a\",1]"), &v, NULL), BF_OK);
    assert_false(json_member(&v, SPAN("a"), &member));
}

static void a_string_is_decoded_only_where_it_must_be(void **state)
{
    (void)state;
    struct json_value v;
    char room[64], small[3];
    struct buf scratch = BUF_ON(room), tight = BUF_ON(small);
    static const struct span plain = SPAN("\"abc\""), escaped = SPAN("\"a\\u00e9\\ud834\\udd1e\\/\\\"\\n\"");
    assert_int_equal(json_check(plain, &v, NULL), BF_OK);
    assert_ptr_equal(json_chars(&v, NULL).p, plain.p + 1);
    assert_int_equal(json_check(escaped, &v, NULL), BF_OK);
    assert_true(span_equal(json_chars(&v, &scratch), SPAN("a\xC3\xA9\xF0\x9D\x84\x9E/\"\n")));
    assert_null(json_chars(&v, &tight).p);
    assert_int_equal(json_check(SPAN("12"), &v, NULL), BF_OK);
    assert_null(json_chars(&v, &scratch).p);
}

/* The second opinion: jansson. */

static bool same_value(const struct json_value *v, const json_t *other);

static bool same_string(const struct json_value *v, const char *other, size_t n)
{
    char *room = malloc(v->text.n);
    struct buf scratch = buf_on(room, v->text.n);
    const bool same = span_equal(json_chars(v, &scratch), span_make(other, n));
    free(room);
    return same;
}

static bool same_object(const struct json_value *v, const json_t *other)
{
    struct json_walk walk = json_begin(v);
    struct json_value name, value, found;
    size_t n = 0;
    for (; json_next(&walk, &name, &value); n++) {
        char *room = malloc(name.text.n + 1);
        struct buf scratch = buf_on(room, name.text.n);
        const struct span key = json_chars(&name, &scratch);
        char *terminated = strndup(key.p, key.n);
        const bool same = same_value(&value, json_object_get(other, terminated)) &&
                          json_member(v, key, &found) && found.text.p == value.text.p;
        free(terminated), free(room);
        if (!same)
            return false;
    }
    return n == json_object_size(other);
}

static bool same_array(const struct json_value *v, const json_t *other)
{
    struct json_walk walk = json_begin(v);
    struct json_value value;
    size_t n = 0;
    for (; json_next(&walk, NULL, &value); n++)
        if (!same_value(&value, json_array_get(other, n)))
            return false;
    return n == json_array_size(other);
}

static bool same_number(const struct json_value *v, const json_t *other)
{
    int64_t n;
    if (json_whole(v, &n))
        return json_is_integer(other) ? json_integer_value(other) == n : json_real_value(other) == (double)n;
    char *text = strndup(v->text.p, v->text.n);
    const double value = strtod(text, NULL);
    free(text);
    return json_number_value(other) == value;
}

static bool same_value(const struct json_value *v, const json_t *other)
{
    if (!other)
        return false;
    switch (v->kind) {
    case JSON_KIND_OBJECT: return json_is_object(other) && same_object(v, other);
    case JSON_KIND_ARRAY: return json_is_array(other) && same_array(v, other);
    case JSON_KIND_STRING:
        return json_is_string(other) && same_string(v, json_string_value(other), json_string_length(other));
    case JSON_KIND_NUMBER: return json_is_number(other) && same_number(v, other);
    case JSON_KIND_TRUE: return json_is_true(other);
    case JSON_KIND_FALSE: return json_is_false(other);
    case JSON_KIND_NULL: return json_is_null(other);
    }
    return false;
}

struct tally {
    size_t both, neither;
};

/*
 * jansson has no word for numbers past a double's range, and steps over NUL bytes between values; we have limits.
 * Elsewhere the two must agree.
 */
static void compare(struct span text, struct tally *tally)
{
    struct json_value v;
    json_error_t error;
    struct fault fault = { 0, "" };
    const enum bf_err err = json_check(text, &v, &fault);
    json_t *other = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    const bool overflow = !other && json_error_code(&error) == json_error_numeric_overflow;
    if (err == BF_OK && !other && !overflow)
        fail_msg("only we accept %.*s: %s", SPAN_FMT(text), error.text);
    if (err == BF_EFORM && other && !memchr(text.p, '\0', text.n))
        fail_msg("only jansson accepts %.*s: %s at %zu", SPAN_FMT(text), fault.what, fault.at);
    if (err == BF_OK && other && !same_value(&v, other))
        fail_msg("read otherwise: %.*s", SPAN_FMT(text));
    tally->both += err == BF_OK && other;
    tally->neither += err != BF_OK && !other;
    json_decref(other);
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

/* Changes a few bytes, or doubles or drops a stretch. Characters that mean something to JSON come up often. */
static size_t mutate(char *text, size_t n, size_t size, uint64_t *seed)
{
    static const char likely[] = "{}[]\",:\\u0019aeE+-.tfn \t\n\r/\x7F\x80\xC3\xE2\xF0\xED";
    for (uint32_t changes = 1 + next_random(seed) % 3; changes; changes--) {
        const size_t at = next_random(seed) % (n + 1), length = next_random(seed) % 8;
        switch (next_random(seed) % 4) {
        case 0:
            if (at < n)
                text[at] = (char)next_random(seed);
            break;
        case 1:
            if (at < n)
                text[at] = likely[next_random(seed) % (sizeof likely - 1)];
            break;
        case 2:
            if (at + length <= n && n + length <= size) {
                memmove(text + at + length, text + at, n - at);
                n += length;
            }
            break;
        default:
            if (at + length <= n) {
                memmove(text + at, text + at + length, n - at - length);
                n -= length;
            }
        }
    }
    return n;
}

static const char *const more[] = {
    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345,\"orig\":{\"tn\":"
    "\"12155550121\"},"
    "\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}",
    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/"
    "passport.cer\"}",
    "{\"a\":[1,2.5,-3e-2,{\"b\":null,\"c\":[[],{}]}],\"\\u00e9\\ud834\\udd1e\":\"\\\"\\\\\\/"
    "\\b\\f\\n\\r\\t\"}",
    "{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"02\"}]}",
};

static void jansson_accepts_what_we_accept_and_reads_the_same(void **state)
{
    (void)state;
    struct tally tally = { 0, 0 };
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        compare(span_of(good[i].text), &tally);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        compare(bad[i].text, &tally);
    assert_true(tally.both >= 30 && tally.neither >= ARRAY_SIZE(bad) - 2);
}

static void jansson_agrees_on_two_hundred_thousand_random_changes(void **state)
{
    (void)state;
    struct tally tally = { 0, 0 };
    uint64_t seed = 20150925;
    for (unsigned round = 0; round < 200000; round++) {
        const size_t pick = next_random(&seed) % (ARRAY_SIZE(good) + ARRAY_SIZE(more));
        const char *base = pick < ARRAY_SIZE(good) ? good[pick].text : more[pick - ARRAY_SIZE(good)];
        char text[1024];
        size_t n = strlen(base);
        memcpy(text, base, n);
        n = mutate(text, n, sizeof text, &seed);
        char *memory = exact(span_make(text, n));
        compare(span_make(memory, n), &tally);
        free(memory);
    }
    assert_true(tally.both > 10000 &&
                tally.neither > 10000); /* the changes are neither too tame nor too wild */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pp_020_021_022_023_025_what_json_allows_is_read_and_the_canonical_form_is_known),
        cmocka_unit_test(pp_024_sec_005_007_010_what_json_does_not_allow_is_refused_at_the_byte),
        cmocka_unit_test(sec_006_depth_sixteen_is_read_and_seventeen_is_not),
        cmocka_unit_test(sec_006_sixty_four_members_are_read_and_sixty_five_are_not),
        cmocka_unit_test(sec_006_sixteen_full_objects_inside_each_other_are_read),
        cmocka_unit_test(sec_006_a_string_of_a_mebibyte_is_read),
        cmocka_unit_test(pp_010_011_integers_are_digits_up_to_two_to_the_fifty_third),
        cmocka_unit_test(a_value_ends_at_its_last_byte_whatever_blanks_follow),
        cmocka_unit_test(members_are_found_by_their_unescaped_names),
        cmocka_unit_test(a_string_is_decoded_only_where_it_must_be),
        cmocka_unit_test(jansson_accepts_what_we_accept_and_reads_the_same),
        cmocka_unit_test(jansson_agrees_on_two_hundred_thousand_random_changes),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
