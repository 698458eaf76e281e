/* SPDX-License-Identifier: Apache-2.0 */
/* What names.h promises of any book and any claim; how well names are told apart is test_names_set.c and docs/names.md. */
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#include "people/names.h"

static const struct names_entry book[] = {
    { 7, "Eleanor Vandersloot" }, { 7, "Nora Vandersloot" }, { 9, "Eleanor Vandersloot" }, { 4, "☎ ..." },
    { 5, "Владимир Маяковский" }, { 6, "Li Wei" },
};

struct table {
    struct names *names;
    struct names_reader *reader;
};

static int open_table(void **state)
{
    static struct table t;
    *state = &t;
    return names_create(book, ARRAY_SIZE(book), &t.names) || names_reader_create(&t.reader) ? -1 : 0;
}

static int close_table(void **state)
{
    struct table *t = *state;
    names_destroy(t->names);
    names_reader_destroy(t->reader);
    return 0;
}

static void an_empty_book_resembles_nobody(void **state)
{
    const struct table *t = *state;
    auto_(names_destroy) struct names *none = NULL;
    struct name_match m;
    assert_int_equal(names_create(NULL, 0, &none), BF_OK);
    assert_false(names_match(none, t->reader, SPAN("Eleanor Vandersloot"), &m));
    assert_int_equal(names_matches(none, t->reader, SPAN("Eleanor Vandersloot"), &m, 1), 0);
}

static void what_holds_no_letters_resembles_nobody(void **state)
{
    static const char *const rows[] = {
        "",      " ", "...", "☎ ...",   "❤️🏳️‍🌈", "\u200b\u200b", "\u202e", "+1 202 555 0143",
        "E. V.", "E", "V",   "\xff\xfe"
    };
    const struct table *t = *state;
    struct name_match m;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_false(names_match(t->names, t->reader, span_of(rows[i]), &m));
}

static void bytes_that_are_no_text_break_nothing_around_them(void **state)
{
    const struct table *t = *state;
    struct name_match m;
    assert_true(names_match(t->names, t->reader, SPAN("\xff Nora Vandersloot \xc0"), &m));
    assert_int_equal(m.person, 7);
}

static void two_people_who_share_a_name_are_both_told(void **state)
{
    const struct table *t = *state;
    struct name_match m[4];
    assert_int_equal(names_matches(t->names, t->reader, SPAN("eleanor vandersloot"), m, 4), 2);
    assert_true((m[0].person == 7 && m[1].person == 9) || (m[0].person == 9 && m[1].person == 7));
    assert_true(m[0].score >= 1 && m[1].score >= 1);
    assert_int_equal(names_matches(t->names, t->reader, SPAN("eleanor vandersloot"), m, 1), 1);
    assert_int_equal(names_matches(t->names, t->reader, SPAN("eleanor vandersloot"), m, 0), 0);
}

static void the_entry_is_the_alias_that_was_meant(void **state)
{
    const struct table *t = *state;
    struct name_match m;
    assert_true(names_match(t->names, t->reader, SPAN("Vandersloot, Nora"), &m));
    assert_int_equal(m.entry, 1);
    assert_int_equal(m.person, 7);
    assert_int_equal(m.rule, NAME_ORDER);
}

static void closer_is_more(void **state)
{
    static const char *const rows[] = { "Eleanor Vandersloot", "Elleanor Vandersloot", "Eleanro Vandersloot",
                                        "Eleanro Vanderslotos" };
    const struct table *t = *state;
    double last = 2;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct name_match m;
        assert_true(names_match(t->names, t->reader, span_of(rows[i]), &m));
        assert_true(m.score < last && m.score > 0);
        last = m.score;
    }
}

static void what_stands_beyond_the_bound_is_not_read(void **state)
{
    const struct table *t = *state;
    char *text = malloc(1 << 20);
    struct name_match m;
    assert_non_null(text);
    snprintf(text, 1 << 20, "%-*sxyz%*s", NAME_BYTES, "Eleanor Vandersloot", (1 << 20) - NAME_BYTES - 4, "");
    text[(1 << 20) - 1] = ' ';
    assert_true(names_match(t->names, t->reader, span_make(text, 1 << 20), &m));
    memset(text, 'x', 1 << 20);
    assert_false(names_match(t->names, t->reader, span_make(text, 1 << 20), &m));
    free(text);
}

static void a_short_name_is_nobody_elses(void **state)
{
    const struct table *t = *state;
    struct name_match m;
    assert_true(names_match(t->names, t->reader, SPAN("Wei Li"), &m));
    assert_int_equal(m.person, 6);
    assert_false(names_match(t->names, t->reader, SPAN("Lu Wei"), &m));
    assert_false(names_match(t->names, t->reader, SPAN("Li Wen"), &m));
}

static void every_rule_has_a_word_and_a_sentence(void **state)
{
    (void)state;
    for (int rule = 0; rule < NAME_RULES; rule++) {
        assert_true(strlen(name_rule_text((enum name_rule)rule)) > 2);
        assert_true(strlen(name_rule_sentence((enum name_rule)rule)) > 8);
        for (int other = 0; other < rule; other++)
            assert_string_not_equal(name_rule_text((enum name_rule)rule),
                                    name_rule_text((enum name_rule)other));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_book_resembles_nobody, open_table, close_table),
        cmocka_unit_test_setup_teardown(what_holds_no_letters_resembles_nobody, open_table, close_table),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_break_nothing_around_them, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(two_people_who_share_a_name_are_both_told, open_table, close_table),
        cmocka_unit_test_setup_teardown(the_entry_is_the_alias_that_was_meant, open_table, close_table),
        cmocka_unit_test_setup_teardown(closer_is_more, open_table, close_table),
        cmocka_unit_test_setup_teardown(what_stands_beyond_the_bound_is_not_read, open_table, close_table),
        cmocka_unit_test_setup_teardown(a_short_name_is_nobody_elses, open_table, close_table),
        cmocka_unit_test(every_rule_has_a_word_and_a_sentence),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
