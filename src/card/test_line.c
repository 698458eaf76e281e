/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "card/line.h"
#include "tap.h"

static struct card_reader *reader(const char *text)
{
    struct card_reader *r = NULL;
    assert_int_equal(card_reader_create(span_of(text), &r), BF_OK);
    return r;
}

static void expect(struct span got, const char *wanted)
{
    if (!span_equal(got, span_of(wanted)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(got), wanted);
}

static void lines_are_unfolded_and_counted(void **state)
{
    (void)state;
    struct card_reader *r = reader("\xEF\xBB\xBF\r\nBEGIN:VCARD\r\nNOTE:a b\r\n  c\n\td\r\n\r\nEND:VCARD");
    struct card_line l;
    assert_int_equal(card_next(r, &l, NULL), BF_OK);
    expect(l.name, "BEGIN");
    assert_int_equal(l.line, 2);
    assert_int_equal(card_next(r, &l, NULL), BF_OK);
    expect(l.value, "a b cd");
    assert_int_equal(l.line, 3);
    assert_int_equal(card_next(r, &l, NULL), BF_OK);
    expect(l.value, "VCARD");
    assert_int_equal(l.line, 7);
    assert_int_equal(card_next(r, &l, NULL), BF_ENOENT);
    card_reader_destroy(r);
}

static void a_line_is_group_name_parameters_value(void **state)
{
    (void)state;
    struct card_line l;
    const struct span whole = SPAN("item1.TEL;HOME;type=a,\"b;c:d\";X-Y=^'hi^n^^:tel:+1;ext=2");
    assert_int_equal(card_line_split(whole, &l, NULL), BF_OK);
    expect(l.group, "item1");
    expect(l.name, "TEL");
    assert_int_equal(l.n_params, 4);
    assert_null(l.params[0].name.p);
    expect(l.params[0].value, "HOME");
    expect(l.params[1].value, "a");
    expect(l.params[2].value, "b;c:d");
    assert_true(card_has_param(&l, "TYPE", "B;C:D"));
    assert_false(card_has_param(&l, "TYPE", "e"));
    expect(l.value, "tel:+1;ext=2");
    char room[32];
    struct buf b = BUF_ON(room);
    card_param_text(card_param(&l, "X-Y"), &b);
    expect(buf_span(&b), "\"hi\n^");
}

static void what_is_no_content_line_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        enum bf_err err;
        size_t at;
    } rows[] = {
        { SPAN("no colon"), BF_EFORM, 2 },
        { SPAN(":value"), BF_EFORM, 0 },
        { SPAN("TEL;A=\"b:c"), BF_EFORM, 6 },
        { SPAN("g.:x"), BF_EFORM, 2 },
        { SPAN("TEL;A=b\"c\":d"), BF_EFORM, 7 },
        { SPAN("NOTE:a\0b"), BF_EFORM, 0 },
        { SPAN("TEL"), BF_EFORM, 3 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct card_line l;
        struct fault fault = { 99, NULL };
        assert_int_equal(card_line_split(rows[i].text, &l, &fault), rows[i].err);
        assert_int_equal(fault.at, rows[i].at);
        assert_non_null(fault.what);
    }
}

static void texts_are_read_up_to_their_separator(void **state)
{
    (void)state;
    static const char *const wanted[] = { "a,b", "c;\n\\", "", "d\\" };
    struct span rest = SPAN("a\\,b,c\\;\\N\\\\,,d\\");
    char room[64];
    size_t n = 0;
    for (struct buf b = BUF_ON(room); card_text_next(&rest, ',', &b); b = BUF_ON(room))
        expect(buf_span(&b), wanted[n++]);
    assert_int_equal(n, 4);
}

/* Written, folded, read again: the same. */
static void what_is_written_reads_back(void **state)
{
    (void)state;
    const char *note = "Zoë, of \"Söhne\"; with a \\ and\na line that goes on much longer than seventy-five "
                       "bytes ✓✓✓✓✓✓✓✓✓✓✓✓✓✓✓";
    char *text = NULL, *line = NULL;
    size_t n = 0, n_line = 0;
    FILE *f = open_memstream(&line, &n_line);
    assert_non_null(f);
    fputs("NOTE;X-A=", f);
    card_put_param(f, span_of("a:\"b\"^\n"));
    fputc(':', f);
    card_put_text(f, span_of(note));
    fclose(f);
    f = open_memstream(&text, &n);
    assert_non_null(f);
    card_put_line(f, span_make(line, n_line));
    fclose(f);
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        width = text[i] == '\n' ? 0 : width + 1;
        assert_true(width <= 76); /* with its CR */
    }
    struct card_reader *r = reader(text);
    struct card_line l;
    char room[256];
    struct buf b = BUF_ON(room), param = BUF_ON(room);
    assert_int_equal(card_next(r, &l, NULL), BF_OK);
    expect(l.whole, line);
    card_param_text(card_param(&l, "X-A"), &param);
    expect(buf_span(&param), "a:\"b\"^\n");
    assert_true(card_text_next(&l.value, '\0', &b));
    expect(buf_span(&b), note);
    card_reader_destroy(r);
    free(text);
    free(line);
}

static void a_line_of_too_many_parameters_is_refused_and_the_next_one_read(void **state)
{
    (void)state;
    char text[1024] = "TEL";
    for (unsigned i = 0; i <= CARD_PARAMS; i++)
        strcat(text, ";A=b");
    strcat(text, ":1\nFN:next\n");
    struct card_reader *r = reader(text);
    struct card_line l;
    assert_int_equal(card_next(r, &l, NULL), BF_ELIMIT);
    assert_int_equal(card_next(r, &l, NULL), BF_OK);
    expect(l.value, "next");
    card_reader_destroy(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_unfolded_and_counted),
        cmocka_unit_test(a_line_is_group_name_parameters_value),
        cmocka_unit_test(what_is_no_content_line_is_refused),
        cmocka_unit_test(texts_are_read_up_to_their_separator),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_line_of_too_many_parameters_is_refused_and_the_next_one_read),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
