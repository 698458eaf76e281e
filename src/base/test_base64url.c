/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64url.h"

#include <string.h>

#include "tap.h"

static void the_examples_of_rfc_4648_hold_without_their_padding(void **state)
{
    static const char *const rows[][2] = {
        { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },         { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct span plain = span_of(rows[i][0]), text = span_of(rows[i][1]);
        uint8_t bytes[16];
        char again[16];
        size_t n = 99;
        assert_int_equal(base64url_decode(text, bytes, sizeof bytes, &n, NULL), BF_OK);
        assert_int_equal(n, plain.n);
        assert_memory_equal(bytes, plain.p, n);
        assert_int_equal(base64url_encode(bytes, n, again), text.n);
        assert_memory_equal(again, text.p, text.n);
        assert_int_equal(BASE64URL_TEXT(plain.n), text.n);
        assert_int_equal(BASE64URL_BYTES(text.n), plain.n);
    }
}

static void pp_034_the_last_two_characters_are_the_url_ones(void **state)
{
    uint8_t bytes[3];
    char text[4];
    size_t n;
    (void)state;
    assert_int_equal(base64url_decode(SPAN("-_-_"), bytes, sizeof bytes, &n, NULL), BF_OK);
    assert_memory_equal(bytes, ((const uint8_t[]){ 0xFB, 0xFF, 0xBF }), 3);
    assert_int_equal(base64url_encode(bytes, 3, text), 4);
    assert_memory_equal(text, "-_-_", 4);
}

static void sec_009_every_other_spelling_is_refused_at_its_byte(void **state)
{
    static const struct {
        const char *what, *text;
        size_t at;
    } rows[] = {
        { "padding", "Zg==", 2 },
        { "padding of one", "Zm8=", 3 },
        { "plus", "ab+/", 2 },
        { "slash", "ab/a", 2 },
        { "blank", "Zm 8", 2 },
        { "newline at the end", "Zm9\n", 3 },
        { "newline behind", "Zm9v\nZg", 4 },
        { "tab", "\tZm9", 0 },
        { "length 1", "Z", 0 },
        { "length 5", "Zm9vY", 4 },
        { "four spare bits", "Zh", 1 },
        { "two spare bits", "Zm9", 2 },
        { "top bit", "Zm\xE9w", 2 },
        { "dot", "Zm.v", 2 },
        { "bad in the tail", "Zm9v!g", 4 },
        { "bad last", "Zm9vZ!", 5 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t bytes[16];
        size_t n = 99;
        struct fault fault = { 99, NULL };
        print_message("%s\n", rows[i].what);
        assert_int_equal(base64url_decode(span_of(rows[i].text), bytes, sizeof bytes, &n, &fault), BF_EFORM);
        assert_int_equal(fault.at, rows[i].at);
        assert_non_null(fault.what);
        assert_int_equal(n, 99);
    }
    assert_int_equal(base64url_decode(SPAN("Zm\0v"), (uint8_t[4]){ 0 }, 4, &(size_t){ 0 }, NULL), BF_EFORM);
}

/* 64 bytes take 86 characters, the last of which has four spare bits: A, Q, g and w are the only ones. */
static void pp_034_spare_bits_of_a_signature_are_refused(void **state)
{
    char text[86];
    unsigned taken = 0;
    (void)state;
    memset(text, 'A', sizeof text);
    for (unsigned c = 0; c < 256; c++) {
        uint8_t bytes[64];
        size_t n;
        text[85] = (char)c;
        const bool good = base64url_decode(span_make(text, 86), bytes, 64, &n, NULL) == BF_OK;
        assert_int_equal(good, c && strchr("AQgw", (int)c) != NULL);
        taken += good;
    }
    assert_int_equal(taken, 4);
}

static void what_does_not_fit_is_over_the_limit(void **state)
{
    uint8_t bytes[3] = { 7, 7, 7 };
    size_t n = 99;
    (void)state;
    assert_int_equal(base64url_decode(SPAN("Zm9v"), bytes, 3, &n, NULL), BF_OK);
    assert_int_equal(base64url_decode(SPAN("Zm9vYg"), bytes, 3, &n, NULL), BF_ELIMIT);
    assert_int_equal(base64url_decode(SPAN("Zm8"), bytes, 1, &n, NULL), BF_ELIMIT);
    assert_int_equal(base64url_decode(SPAN_NONE, bytes, 0, &n, NULL), BF_OK);
    assert_int_equal(n, 0);
}

/* Long texts are read sixteen characters at a time; what stands at each place is judged all the same. */
static void sec_009_every_byte_is_judged_at_every_place(void **state)
{
    uint8_t bytes[90], again[BASE64URL_BYTES(120)];
    char text[120];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 101 + 7);
    assert_int_equal(base64url_encode(bytes, sizeof bytes, text), sizeof text);
    for (size_t at = 0; at < sizeof text; at++) {
        const char before = text[at];
        for (int c = 0; c < 256; c++) {
            struct fault fault = { 99, NULL };
            size_t n;
            const bool known =
                c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c);
            text[at] = (char)c;
            const enum bf_err err =
                base64url_decode(span_make(text, sizeof text), again, sizeof again, &n, &fault);
            assert_int_equal(err, known ? BF_OK : BF_EFORM);
            if (!known) {
                assert_int_equal(fault.at, at);
            } else {
                char written[sizeof text];
                assert_int_equal(base64url_encode(again, n, written), sizeof text);
                assert_memory_equal(written, text, sizeof text);
            }
        }
        text[at] = before;
    }
}

static void whatever_is_written_reads_back(void **state)
{
    uint8_t bytes[130], again[131];
    char text[BASE64URL_TEXT(130)];
    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        size_t got;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(i * 83 + n * 29);
        const size_t chars = base64url_encode(bytes, n, text);
        again[n] = 0xA5;
        assert_int_equal(base64url_decode(span_make(text, chars), again, n, &got, NULL), BF_OK);
        assert_int_equal(got, n);
        assert_memory_equal(again, bytes, n);
        assert_int_equal(again[n], 0xA5);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4648_hold_without_their_padding),
        cmocka_unit_test(pp_034_the_last_two_characters_are_the_url_ones),
        cmocka_unit_test(sec_009_every_other_spelling_is_refused_at_its_byte),
        cmocka_unit_test(pp_034_spare_bits_of_a_signature_are_refused),
        cmocka_unit_test(what_does_not_fit_is_over_the_limit),
        cmocka_unit_test(sec_009_every_byte_is_judged_at_every_place),
        cmocka_unit_test(whatever_is_written_reads_back),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
