/* SPDX-License-Identifier: Apache-2.0 */
#include "people/expected.h"

#include "tap.h"

static void times_are_those_of_the_clock_on_the_wall(void **state)
{
    static const struct {
        const char *text, *zone, *utc; /* NULL: refused */
    } rows[] = {
        { "2026-11-24 15:00", "Europe/Rome", "2026-11-24T14:00:00Z" },
        { "2026-07-24 15:00", "Europe/Rome", "2026-07-24T13:00:00Z" },
        { "2026-11-24T15:00:30", "America/New_York", "2026-11-24T20:00:30Z" },
        { "2026-11-24 15:00", "", "2026-11-24T15:00:00Z" },
        { "2026-11-24T15:00Z", "Europe/Rome", "2026-11-24T15:00:00Z" },
        { "2026-11-24T15:00:00+05:30", "", "2026-11-24T09:30:00Z" },
        { "2026-11-24T15:00:00-05:00", "", "2026-11-24T20:00:00Z" },
        { "2028-02-29 00:00", "", "2028-02-29T00:00:00Z" },
        { "2026-03-29 02:30", "Europe/Rome", NULL }, /* the clocks go from 2 to 3 */
        { "2026-02-29 00:00", "", NULL },
        { "2026-11-24 15:00", "Europe/Atlantis", NULL },
        { "2026-11-24 24:00", "", NULL },
        { "2026-11-24", "", NULL },
        { "2026-11-24 15:00+1", "", NULL },
        { "2026-11-24 15:00 tomorrow", "", NULL },
        { "", "", NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[21] = "";
        utc_t at = 0;
        struct fault fault = { 0 };
        const enum bf_err err = expected_time(span_of(rows[i].text), rows[i].zone, &at, &fault);
        if (err != (rows[i].utc ? BF_OK : BF_EFORM) || (err && !fault.what) ||
            (rows[i].utc && strcmp(utc_text(at, text), rows[i].utc) != 0))
            fail_msg("%s %s: %d %s", rows[i].text, rows[i].zone, err, text);
    }
}

static const struct person ada = {
    .uid = "", .name = "Ada", .organisation = "", .language = "", .note = "", .photo_type = "", .extra = ""
};

static struct book *book_with(int64_t *ret_id)
{
    struct book *b = NULL;
    char *message = NULL;
    assert_int_equal(book_open("sqlite::memory:", DB_WRITE, &b, &message), BF_OK);
    assert_int_equal(book_add(b, &ada, ret_id), BF_OK);
    return b;
}

static struct expected in_hours(int64_t person, int from, int until)
{
    const utc_t now = clock_now(&clock_system).utc;
    return (struct expected){ .person = person,
                              .from = now + from * 3600,
                              .until = now + until * 3600,
                              .zone = "Europe/Rome",
                              .word = "heron",
                              .source = "command",
                              .call = "",
                              .by = "ada" };
}

struct seen {
    int64_t id;
    size_t n;
    enum expected_state state;
    char call[32];
};

static bool see(void *arg, const struct expected *e)
{
    struct seen *s = arg;
    s->id = e->id;
    s->state = e->state;
    s->n++;
    snprintf(s->call, sizeof s->call, "%s", e->call);
    assert_string_equal(e->word, "heron");
    assert_string_equal(e->zone, "Europe/Rome");
    return true;
}

static struct seen all(struct book *b)
{
    struct seen s = { 0 };
    assert_int_equal(expected_list(b, 0, 0, 0, see, &s), BF_OK);
    return s;
}

static void a_window_is_met_once_or_cancelled_or_missed(void **state)
{
    int64_t person, id;
    auto_(book_close) struct book *b = book_with(&person);
    const struct expected e = in_hours(person, -1, 1);
    struct seen missed = { 0 };
    (void)state;
    assert_int_equal(expected_add(b, &e, &id), BF_OK);
    assert_int_equal(all(b).state, EXPECTED_OPEN);
    assert_int_equal(expected_sweep(b, e.until - 1, see, &missed), BF_OK);
    assert_int_equal(missed.n, 0);
    assert_int_equal(expected_met(b, id, SPAN("01ABC")), BF_OK);
    assert_int_equal(expected_met(b, id, SPAN("01DEF")), BF_ENOENT);
    assert_string_equal(all(b).call, "01ABC");
    assert_int_equal(expected_add(b, &e, &id), BF_OK);
    assert_int_equal(expected_cancel(b, id, "desk"), BF_OK);
    assert_int_equal(all(b).state, EXPECTED_CANCELLED);
    assert_int_equal(expected_add(b, &e, &id), BF_OK);
    assert_int_equal(expected_sweep(b, e.until, see, &missed), BF_OK);
    assert_true(missed.n == 1 && missed.id == id && missed.state == EXPECTED_MISSED);
    assert_int_equal(expected_sweep(b, e.until, see, &missed), BF_OK);
    assert_int_equal(missed.n, 1); /* told once */
    assert_int_equal(all(b).state, EXPECTED_MISSED);
}

static void windows_that_make_no_sense_are_refused_in_words(void **state)
{
    int64_t person, id;
    auto_(book_close) struct book *b = book_with(&person);
    (void)state;
    struct expected rows[] = { in_hours(person, 2, 1), in_hours(person, 1, 1), in_hours(person, -2, -1),
                               in_hours(person, 0, 1) };
    rows[3].zone = "Europe/Atlantis";
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(expected_add(b, &rows[i], &id), BF_EFORM);
        assert_true(strlen(book_error(b)) > 10);
    }
    const struct expected nobody = in_hours(person + 1, 0, 1);
    assert_int_equal(expected_add(b, &nobody, &id), BF_ENOENT);
    assert_int_equal(all(b).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_those_of_the_clock_on_the_wall),
        cmocka_unit_test(a_window_is_met_once_or_cancelled_or_missed),
        cmocka_unit_test(windows_that_make_no_sense_are_refused_in_words),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
