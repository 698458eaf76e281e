/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* A log that writes into a pipe, and what has come out of it so far. */
struct heard {
    int fd[2];
    struct log *log;
    char text[16384];
};

static void hear(struct heard *h, enum log_level least, bool json)
{
    assert_int_equal(pipe2(h->fd, O_NONBLOCK), 0);
    assert_int_equal(log_create(h->fd[1], least, json, &h->log), BF_OK);
}

static const char *heard(struct heard *h)
{
    const ssize_t n = read(h->fd[0], h->text, sizeof h->text - 1);
    h->text[n > 0 ? n : 0] = '\0';
    return h->text;
}

static void hush(struct heard *h)
{
    log_destroy(h->log);
    close(h->fd[0]);
    close(h->fd[1]);
}

static unsigned lines_of(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_line_has_its_time_level_and_sentence(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_INFO, false);
    log_put(h.log, LOG_WARN, "the anchor %s expires in %d days", "US-1", 12);
    const char *text = heard(&h);
    assert_int_equal(lines_of(text), 1);
    assert_int_equal(text[4], '-');
    assert_int_equal(text[19], 'Z');
    assert_string_equal(text + 20, " warning: the anchor US-1 expires in 12 days\n");
    hush(&h);
}

static void as_json_it_is_one_object(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_INFO, true);
    assert_true(log_is_json(h.log));
    log_put(h.log, LOG_INFO, "say \"%s\"", "a\nb");
    const char *text = heard(&h);
    assert_non_null(strstr(text, "\"level\":\"info\",\"text\":\"say \\\"a\\nb\\\"\"}\n"));
    assert_memory_equal(text, "{\"at\":\"", 7);
    hush(&h);
}

static void sec_048_a_caller_cannot_write_a_line_of_his_own(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_INFO, false);
    log_put(h.log, LOG_INFO, "From: %s", "x\r\n2030-01-01T00:00:00Z alarm: forged\x1B[2J");
    assert_int_equal(lines_of(heard(&h)), 1);
    assert_null(strchr(h.text, '\r'));
    assert_null(strchr(h.text, '\x1B'));
    hush(&h);
}

static void levels_above_the_chosen_one_are_silent(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_WARN, false);
    log_put(h.log, LOG_INFO, "quiet");
    log_put(h.log, LOG_DEBUG, "quiet");
    assert_string_equal(heard(&h), "");
    hush(&h);
}

static void alarms_are_counted_even_where_nobody_reads(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_ALARM, false);
    for (int i = 0; i < 50; i++)
        log_put(h.log, LOG_ALARM, "disk full");
    assert_int_equal(log_alarms(h.log), 50);
    log_put(h.log, LOG_WARN, "not one");
    assert_int_equal(log_alarms(h.log), 50);
    hush(&h);
}

/* Twenty a second: 1,000 lines written as fast as can be take far less than the 40 seconds that would let 800 pass. */
static void sec_065_a_flood_is_held_back(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_INFO, false);
    for (int i = 0; i < 1000; i++)
        log_put(h.log, LOG_INFO, "x");
    assert_in_range(lines_of(heard(&h)), 20, 800);
    hush(&h);
}

static void a_verdict_line_is_never_held_back(void **state)
{
    struct heard h;
    (void)state;
    hear(&h, LOG_ALARM, false);
    for (int i = 0; i < 100; i++)
        log_line(h.log, "verdict", 7);
    assert_int_equal(lines_of(heard(&h)), 100);
    hush(&h);
}

static void a_long_sentence_is_cut_not_lost(void **state)
{
    struct heard h;
    char text[4000];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    hear(&h, LOG_INFO, false);
    log_put(h.log, LOG_INFO, "%s", text);
    assert_int_equal(lines_of(heard(&h)), 1);
    assert_in_range(strlen(h.text), 1000, 1100);
    hush(&h);
}

static void no_log_swallows_everything(void **state)
{
    (void)state;
    log_put(NULL, LOG_ALARM, "nobody");
    log_line(NULL, "nobody", 6);
    assert_int_equal(log_alarms(NULL), 0);
    assert_false(log_is_json(NULL));
    log_destroy(NULL);
}

static void a_reader_that_went_away_is_survived(void **state)
{
    struct log *log = NULL;
    (void)state;
    assert_int_equal(log_create(-1, LOG_INFO, false, &log), BF_OK);
    log_put(log, LOG_ALARM, "nobody reads");
    assert_int_equal(log_alarms(log), 1);
    log_destroy(log);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_time_level_and_sentence),
        cmocka_unit_test(as_json_it_is_one_object),
        cmocka_unit_test(sec_048_a_caller_cannot_write_a_line_of_his_own),
        cmocka_unit_test(levels_above_the_chosen_one_are_silent),
        cmocka_unit_test(alarms_are_counted_even_where_nobody_reads),
        cmocka_unit_test(sec_065_a_flood_is_held_back),
        cmocka_unit_test(a_verdict_line_is_never_held_back),
        cmocka_unit_test(a_long_sentence_is_cut_not_lost),
        cmocka_unit_test(no_log_swallows_everything),
        cmocka_unit_test(a_reader_that_went_away_is_survived),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
