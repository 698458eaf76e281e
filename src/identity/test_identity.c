/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdlib.h>

#include "base/limits.h"
#include "identity/identity.h"

/* NULL: absent. Rows are read in memory of exactly their size, so that a sanitizer sees one byte too far. */
static const struct row {
    const char *name, *value;
    const char *token, *info, *alg, *ppt;
} good[] = {
    { "id_004 as written", "a.b.c;info=<https://x/y>;alg=ES256;ppt=\"shaken\"", "a.b.c", "https://x/y",
      "ES256", "shaken" },
    { "id_001 unquoted ppt", "a.b.c;info=<https://x/y>;alg=ES256;ppt=shaken", "a.b.c", "https://x/y", "ES256",
      "shaken" },
    { "id_001 quoted alg", "a.b.c;info=<https://x/y>;alg=\"ES256\"", "a.b.c", "https://x/y", "ES256", NULL },
    { "id_001 info alone", "a.b.c;info=<https://x/y>", "a.b.c", "https://x/y", NULL, NULL },
    { "id_001 the whole alphabet", "AZaz09-_.;info=<u:v>", "AZaz09-_.", "u:v", NULL, NULL },
    { "id_001 extensions", "a.b.c;x;info=<u:v>;y=z;q=\"a;b,\\\"<\";h=[::1]:5", "a.b.c", "u:v", NULL, NULL },
    { "id_003 info last", "a.b.c;alg=ES256;ppt=div;info=<u:v>", "a.b.c", "u:v", "ES256", "div" },
    { "id_003 no info is for the caller to judge", "a.b.c;alg=ES256", "a.b.c", NULL, "ES256", NULL },
    { "id_003 an empty info", "a.b.c;info=<>", "a.b.c", "", NULL, NULL },
    { "id_004 names in any case", "a.b.c;INFO=<u:v>;Alg=ES256;pPt=shaken", "a.b.c", "u:v", "ES256",
      "shaken" },
    { "id_004 values as they are", "a.b.c;info=<u:v>;alg=es256;ppt=\"SHAKEN\"", "a.b.c", "u:v", "es256",
      "SHAKEN" },
    { "id_007 blanks", " a.b.c ; info = <u:v> ; alg = ES256 ; ppt = \"x\" ", "a.b.c", "u:v", "ES256", "x" },
    { "id_007 tabs", "\ta.b.c\t;\tinfo\t=\t<u:v>\t", "a.b.c", "u:v", NULL, NULL },
    { "id_007 folds", "\r\n a.b.c\r\n ;info=\r\n\t<u:v>;\r\n  alg=ES256", "a.b.c", "u:v", "ES256", NULL },
    { "id_007 folds of a file", "a.b.c;\n info=<u:v>\n ;alg=ES256", "a.b.c", "u:v", "ES256", NULL },
    { "id_007 a fold in a quoted string", "a.b.c;info=<u:v>;x=\"a\r\n b\"", "a.b.c", "u:v", NULL, NULL },
    { "compact form", "..c;info=<u:v>;alg=ES256;ppt=shaken", "..c", "u:v", "ES256", "shaken" },
    { "commas inside <>", "a.b.c;info=<https://x/y,z;a=b?c>", "a.b.c", "https://x/y,z;a=b?c", NULL, NULL },
};

static const struct bad {
    const char *name, *value;
    size_t at;
} bad[] = {
    { "empty", "", 0 },
    { "blank", "  ", 2 },
    { "no parameters", "a.b.c", 5 },
    { "no parameters, blanks", "a.b.c  ", 7 },
    /*                                 v */
    { "id_002 plus", "a.b+c;info=<u:v>", 3 },
    { "id_002 slash", "a.b/c;info=<u:v>", 3 },
    { "id_002 padding", "a.b.c==;info=<u:v>", 5 },
    { "id_005 comma list", "a.b.c;info=<u:v>,d.e.f;info=<u:v>", 16 },
    { "id_005 comma in the token", "a.b.c,d.e.f;info=<u:v>", 5 },
    { "id_005 comma after alg", "a.b.c;info=<u:v>;alg=ES256,x", 26 },
    { "id_003 info twice", "a.b.c;info=<u:v>;info=<u:v>", 17 },
    { "alg twice", "a.b.c;info=<u:v>;alg=a;alg=a", 23 },
    { "ppt twice", "a.b.c;ppt=a;info=<u:v>;PPT=b", 23 },
    { "id_007 a blank inside the token", "a. b.c;info=<u:v>", 3 },
    { "id_007 a fold inside the token", "a.\r\n b.c;info=<u:v>", 5 },
    { "id_007 a line break that is no fold", "a.b.c\r\n;info=<u:v>", 5 },
    { "id_007 a bare CR", "a.b.c;\rinfo=<u:v>", 6 },
    { "a second line", "a.b.c;info=<u:v>\r\nX: y", 16 },
    { "no name", "a.b.c;;info=<u:v>", 6 },
    { "a semicolon at the end", "a.b.c;info=<u:v>;", 17 },
    { "a name and no value", "a.b.c;info", 10 },
    { "alg and no value", "a.b.c;info=<u:v>;alg;x", 20 },
    { "an empty value", "a.b.c;info=<u:v>;alg=", 21 },
    { "an empty quoted value", "a.b.c;info=<u:v>;ppt=\"\"", 22 },
    { "a quote that does not end", "a.b.c;info=<u:v>;ppt=\"shaken", 28 },
    { "a blank inside quotes", "a.b.c;info=<u:v>;ppt=\"sha ken\"", 25 },
    { "an extension's quote that does not end", "a.b.c;info=<u:v>;x=\"\\", 21 },
    { "an extension without its value", "a.b.c;info=<u:v>;x=;y", 19 },
    { "info without <>", "a.b.c;info=https://x/y", 11 },
    { "info that does not end", "a.b.c;info=<https://x/y", 23 },
    { "info with a blank", "a.b.c;info=<https://x /y>", 21 },
    { "info with <", "a.b.c;info=<https://x<y>", 21 },
    { "info with a quote", "a.b.c;info=<https://x\"y>", 21 },
    { "info not in ASCII", "a.b.c;info=<https://\xC3\xA4/>", 20 },
    { "sec_048 a control byte in info", "a.b.c;info=<https://x\x01>", 21 },
    { "something behind info", "a.b.c;info=<u:v>x;alg=ES256", 16 },
    { "two words", "a.b.c;info=<u:v>;alg=a b", 23 },
    { "no semicolon before alg", "a.b.c;info=<u:v>alg=ES256", 16 },
    { "not in ASCII", "\xC3\xA4;info=<u:v>", 0 },
    { "DEL", "a\x7F.b.c;info=<u:v>", 1 },
};

static enum bf_err read_exactly(struct span value, struct identity *ret, struct fault *fault,
                                char **ret_memory)
{
    char *memory = malloc(value.n ? value.n : 1);
    if (value.n)
        memcpy(memory, value.p, value.n);
    *ret_memory = memory;
    return identity_read(span_make(memory, value.n), ret, fault);
}

static bool is(struct span s, const char *text)
{
    return text ? s.p && span_equal(s, span_of(text)) : !s.p;
}

static void id_001_003_004_007_headers_as_people_send_them_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        const struct row *r = &good[i];
        struct identity id;
        struct fault fault = { 0, "" };
        char *memory;
        const enum bf_err err = read_exactly(span_of(r->value), &id, &fault, &memory);
        if (err != BF_OK)
            fail_msg("%s: %s at %zu", r->name, fault.what, fault.at);
        if (!is(id.token, r->token) || !is(id.info, r->info) || !is(id.alg, r->alg) || !is(id.ppt, r->ppt))
            fail_msg("%s: read otherwise", r->name);
        free(memory);
    }
}

static void id_002_003_005_007_headers_that_break_the_grammar_are_refused_at_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        static const struct identity untouched = { { "x", 1 }, { "x", 1 }, { "x", 1 }, { "x", 1 } };
        struct identity id = untouched;
        struct fault fault = { 9999, NULL };
        char *memory;
        const enum bf_err err = read_exactly(span_of(bad[i].value), &id, &fault, &memory);
        if (err != BF_EFORM || fault.at != bad[i].at || !fault.what)
            fail_msg("%s: %d at %zu, not %zu", bad[i].name, err, fault.at, bad[i].at);
        assert_memory_equal(&id, &untouched, sizeof id);
        free(memory);
    }
}

static void a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    static const char inside[] = "a.b.c;info=<u:v\0>;alg=ES256";
    static const char behind[] = "a.b.c;info=<u:v>\0";
    struct identity id;
    struct fault fault;
    assert_int_equal(identity_read(span_make(inside, sizeof inside - 1), &id, &fault), BF_EFORM);
    assert_int_equal(fault.at, 15);
    assert_int_equal(identity_read(span_make(behind, sizeof behind - 1), &id, &fault), BF_EFORM);
    assert_int_equal(fault.at, 16);
}

static bool is_one_of(int c, const char *those)
{
    return c &&
           ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr(those, c));
}

/* Where each byte may stand: in a token, a parameter's name, a URI. */
static void id_002_007_every_byte_stands_where_the_grammar_lets_it(void **state)
{
    static const char seen[] = "!#$%&'()*+,-./:;=?@[\\]^_`{|}~";
    (void)state;
    for (int c = 0; c < 256; c++) {
        char token[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bb.cc;alg=ES256";
        char name[] = "aa.bb.cc;alg=ES256;xyz",
             uri[] = "aa.bb.cc;info=<https://a/bbbbbbbbbbbbbbbbbbbbbbbbbb>";
        struct identity id;
        struct fault fault = { 0, NULL };
        token[20] = name[20] = uri[30] = (char)c;
        assert_int_equal(identity_read(span_make(token, sizeof token - 1), &id, &fault) == BF_OK,
                         is_one_of(c, "-_.") || c == ';');
        assert_int_equal(identity_read(span_make(name, sizeof name - 1), &id, &fault) == BF_OK,
                         is_one_of(c, "-_.!%*+`'~=;"));
        assert_int_equal(identity_read(span_make(uri, sizeof uri - 1), &id, &fault) == BF_OK,
                         is_one_of(c, seen));
    }
}

static void sec_011_a_value_of_sixteen_kibibytes_is_read_and_one_byte_more_is_not(void **state)
{
    static const char params[] = ";info=<https://x/y>;alg=ES256";
    (void)state;
    struct identity id;
    struct fault fault;
    char *value = malloc(LIMIT_IDENTITY_VALUE + 1);
    memset(value, 'A', LIMIT_IDENTITY_VALUE + 1);
    memcpy(value + LIMIT_IDENTITY_VALUE - strlen(params), params, strlen(params));
    assert_int_equal(identity_read(span_make(value, LIMIT_IDENTITY_VALUE), &id, &fault), BF_OK);
    memset(value, 'A', LIMIT_IDENTITY_VALUE + 1);
    memcpy(value + LIMIT_IDENTITY_VALUE + 1 - strlen(params), params, strlen(params));
    assert_int_equal(identity_read(span_make(value, LIMIT_IDENTITY_VALUE + 1), &id, &fault), BF_ELIMIT);
    free(value);
}

static void what_is_written_is_read_as_it_was(void **state)
{
    static const struct {
        const char *token, *x5u, *ppt;
    } rows[] = { { "a.b.c", "https://x/y", "shaken" },
                 { "a.b.c", "https://x:8443/y?z", "" },
                 { "..c", "u:v", "div-o" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char first[256], second[256];
        struct buf out = BUF_ON(first), again = BUF_ON(second);
        struct identity id;
        struct fault fault;
        identity_write(&out, span_of(rows[i].token), span_of(rows[i].x5u), span_of(rows[i].ppt));
        assert_int_equal(identity_read(buf_span(&out), &id, &fault), BF_OK);
        assert_true(is(id.token, rows[i].token) && is(id.info, rows[i].x5u) && is(id.alg, "ES256"));
        assert_true(is(id.ppt, rows[i].ppt[0] ? rows[i].ppt : NULL));
        identity_write(&again, id.token, id.info, id.ppt);
        assert_true(span_equal(buf_span(&out), buf_span(&again)));
    }
}

static void id_004_the_written_form_is_the_documented_one(void **state)
{
    (void)state;
    char room[128], small[20];
    struct buf out = BUF_ON(room), full = BUF_ON(small);
    identity_write(&out, SPAN("a.b.c"), SPAN("https://x/y"), SPAN("shaken"));
    assert_true(span_equal(buf_span(&out), SPAN("a.b.c;info=<https://x/y>;alg=ES256;ppt=\"shaken\"")));
    identity_write(&full, SPAN("a.b.c"), SPAN("https://x/y"), SPAN("shaken"));
    assert_false(buf_ok(&full));
}

/* Cuts and single-byte changes of good values: refused or read, never a span outside the value. */
static void spans_never_leave_the_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        const struct span whole = span_of(good[i].value);
        for (size_t cut = 0; cut <= whole.n; cut++)
            for (unsigned change = 0; change < 4; change++) {
                char copy[256];
                memcpy(copy, whole.p, whole.n);
                if (change && cut < whole.n)
                    copy[cut] = "\0;\"<"[change];
                struct identity id;
                struct fault fault;
                char *memory;
                const struct span value = { copy, change ? whole.n : cut };
                if (read_exactly(value, &id, &fault, &memory) == BF_OK) {
                    const struct span parts[] = { id.token, id.info, id.alg, id.ppt };
                    for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
                        assert_true(!parts[k].p ||
                                    (parts[k].p >= memory && parts[k].p + parts[k].n <= memory + value.n));
                } else {
                    assert_true(fault.at <= value.n);
                }
                free(memory);
            }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_001_003_004_007_headers_as_people_send_them_are_read),
        cmocka_unit_test(id_002_003_005_007_headers_that_break_the_grammar_are_refused_at_the_byte),
        cmocka_unit_test(a_nul_byte_ends_nothing),
        cmocka_unit_test(id_002_007_every_byte_stands_where_the_grammar_lets_it),
        cmocka_unit_test(sec_011_a_value_of_sixteen_kibibytes_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(what_is_written_is_read_as_it_was),
        cmocka_unit_test(id_004_the_written_form_is_the_documented_one),
        cmocka_unit_test(spans_never_leave_the_value),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
