/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/dry_run.h"

#include "people/book.h"
#include "record/test_record.h"
#include "tap.h"

#define AT    1795435200 /* 2026-11-23 12:00 UTC */
#define CALLS 40

/* Half of them of a person, a fifth withheld, one that was never judged. */
static void place_fill(const struct place *p, int64_t person)
{
    struct recorder *r;
    char *message = NULL;
    const struct recorder_options options = { .journal_dir = p->journal, .db_url = p->url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    for (uint64_t i = 0; i < CALLS; i++) {
        struct sample s;
        sample_make(&s, i, AT + 600 * (utc_t)i);
        s.record.kind = i == CALLS - 1 ? RECORD_SHED : RECORD_VERIFIED;
        s.record.person_id = i % 4 == GENUINE ? person : 0;
        s.record.person = i % 4 == GENUINE ? SPAN("Ada Miller") : SPAN_NONE;
        s.record.masked = i % 5 == 0;
        assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
    }
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    recorder_destroy(r);
}

static int64_t person_add(const struct place *p)
{
    static const char *const tags[] = { "press" };
    auto_(book_close) struct book *book = NULL;
    const struct person ada = { .uid = "",
                                .name = "Ada Miller",
                                .organisation = "",
                                .language = "",
                                .note = "",
                                .photo_type = "",
                                .tags = tags,
                                .n_tags = 1,
                                .extra = "" };
    char *message = NULL;
    int64_t id = 0;
    assert_int_equal(book_open(p->url, DB_WRITE, &book, &message), BF_OK);
    assert_int_equal(book_add(book, &ada, &id), BF_OK);
    return id;
}

struct answer {
    uint64_t matched[8];
    struct rules_dry_result result;
    size_t told, most;
    utc_t last;
};

static bool note(void *arg, size_t rule, const struct record *r)
{
    struct answer *a = arg;
    assert_true(rule < 8);
    assert_true(a->told == 0 || r->at.utc <= a->last); /* the newest first */
    a->last = r->at.utc;
    return ++a->told < a->most;
}

static void dry_run(const struct place *p, const char *json, utc_t since, utc_t until, struct answer *a)
{
    auto_(rules_destroy) struct rules *rules = NULL;
    char *message = NULL;
    *a = (struct answer){ .most = SIZE_MAX };
    a->result.matched = a->matched;
    assert_int_equal(rules_of_json(span_of(json), &(struct rules_options){ 0 }, &rules, &message), BF_OK);
    assert_int_equal(rules_dry_run(p->url, rules, since, until, &a->result, note, a, &message), BF_OK);
}

static void calls_of_the_past_are_asked_again(void **state)
{
    struct answer a;
    (void)state;
    const struct place p = place_make();
    place_fill(&p, person_add(&p));
    dry_run(&p,
            "[{\"name\":\"press\",\"action\":\"pass\",\"tag\":[\"press\"]},"
            "{\"name\":\"proven\",\"action\":\"pass\",\"verdict\":[\"genuine\"]},"
            "{\"name\":\"broken\",\"action\":\"reject:603\",\"verdict\":[\"broken\"]},"
            "{\"name\":\"late\",\"action\":\"label\",\"time\":\"15:00-24:00\"}]",
            0, 0, &a);
    assert_int_equal(a.result.calls, CALLS - 1); /* but not the one that was not judged */
    assert_int_equal(a.matched[0], 10);          /* every fourth: by the tag that she has today */
    assert_int_equal(a.matched[1], 0);           /* the first that matches counts */
    assert_int_equal(a.matched[2], 10);
    assert_int_equal(a.matched[3],
                     10); /* of the last 22 calls, those that neither rule took, without the shed one */
    assert_int_equal(a.told, 30);
    place_remove(&p);
}

static void a_window_of_time_is_kept_to(void **state)
{
    struct answer a;
    (void)state;
    const struct place p = place_make();
    place_fill(&p, 0);
    dry_run(&p, "[{\"name\":\"all\",\"action\":\"pass\"}]", AT + 600, AT + 6000, &a);
    assert_int_equal(a.result.calls, 9);
    assert_int_equal(a.matched[0], 9);
    place_remove(&p);
}

static void a_person_is_asked_for_without_an_address_book(void **state)
{
    struct answer a;
    (void)state;
    const struct place p = place_make();
    place_fill(&p, 7);
    dry_run(&p,
            "[{\"name\":\"tag\",\"action\":\"pass\",\"tag\":[\"press\"]},"
            "{\"name\":\"id\",\"action\":\"pass\",\"person\":[\"#7\"]}]",
            0, 0, &a);
    assert_int_equal(a.matched[0], 0);
    assert_int_equal(a.matched[1], 10);
    place_remove(&p);
}

static void who_has_seen_enough_hears_no_more_and_the_count_goes_on(void **state)
{
    auto_(rules_destroy) struct rules *rules = NULL;
    struct answer a = { .most = 3 };
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    place_fill(&p, 0);
    a.result.matched = a.matched;
    assert_int_equal(rules_of_json(SPAN("[{\"name\":\"x\",\"action\":\"pass\"}]"),
                                   &(struct rules_options){ 0 }, &rules, &message),
                     BF_OK);
    assert_int_equal(rules_dry_run(p.url, rules, 0, 0, &a.result, note, &a, &message), BF_OK);
    assert_int_equal(a.told, 3);
    assert_int_equal(a.matched[0], CALLS - 1);
    place_remove(&p);
}

static void a_store_that_is_not_there_is_an_error(void **state)
{
    auto_(rules_destroy) struct rules *rules = NULL;
    struct answer a = { .most = 3 };
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    a.result.matched = a.matched;
    assert_int_equal(rules_of_json(SPAN("[{\"name\":\"x\",\"action\":\"pass\"}]"),
                                   &(struct rules_options){ 0 }, &rules, &message),
                     BF_OK);
    assert_int_equal(rules_dry_run(p.url, rules, 0, 0, &a.result, note, &a, &message), BF_ENOENT);
    free(message);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_the_past_are_asked_again),
        cmocka_unit_test(a_window_of_time_is_kept_to),
        cmocka_unit_test(a_person_is_asked_for_without_an_address_book),
        cmocka_unit_test(who_has_seen_enough_hears_no_more_and_the_count_goes_on),
        cmocka_unit_test(a_store_that_is_not_there_is_an_error),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
