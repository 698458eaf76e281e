/* SPDX-License-Identifier: Apache-2.0 */
#include "record/member.h"
#include "record/test_record.h"

#define AT 1700000000

/* Eight records that differ in what filters look at: each in a chunk of its own, or all in one. */
static void keep_eight(const struct place *p, bool apart)
{
    struct sample s[8];
    struct record records[8];
    struct recorder *r;
    char *message = NULL;
    const struct recorder_options options = { .journal_dir = p->journal, .db_url = p->url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    for (uint64_t i = 0; i < 8; i++) {
        sample_make(&s[i], i, AT + 8 * (utc_t)i);
        s[i].record.outcome = (uint8_t)(i % 4);
        s[i].record.kind = i == 5 ? RECORD_SHED : RECORD_VERIFIED;
        s[i].record.called = i < 4 ? SPAN("12155550131") : SPAN("12155550132");
        s[i].record.spc = i == 2 ? SPAN("77") : SPAN("1234");
        s[i].record.origid = i == 3 ? SPAN("o'r; DROP TABLE records --") : SPAN("x");
        records[i] = s[i].record;
        if (apart)
            assert_int_equal(recorder_append(r, &records[i], 1), BF_OK);
        if (apart)
            assert_int_equal(recorder_flush(r, 5000), BF_OK);
    }
    if (!apart)
        assert_int_equal(recorder_append(r, records, 8), BF_OK);
    recorder_destroy(r);
}

struct answer {
    char ids[64]; /* a digit a record */
    size_t n, stop_after;
};

static bool note(void *arg, const struct record *r)
{
    struct answer *a = arg;
    a->ids[a->n++] = r->id[RECORD_ID - 1];
    return a->n != a->stop_after;
}

static void filters_find_what_they_name(void **state)
{
    static const struct {
        struct record_filter filter;
        const char *ids;
    } rows[] = {
        { { .outcome = -1 }, "76543210" },
        { { .outcome = -1, .limit = 3 }, "765" },
        { { .outcome = 1 }, "1" }, /* what was passed unjudged has no verdict */
        { { .outcome = 3 }, "73" },
        { { .outcome = -1, .since = AT + 48 }, "76" },
        { { .outcome = -1, .until = AT + 16 }, "10" },
        { { .outcome = -1, .since = AT + 16, .until = AT + 32 }, "32" },
        { { .outcome = -1, .caller = { "12155550003", 11 } }, "3" },
        { { .outcome = -1, .caller = { "1215555000", 10 } }, "" }, /* whole numbers */
        { { .outcome = -1, .called = { "12155550132", 11 }, .limit = 2 }, "76" },
        { { .outcome = -1, .call_id = { "call-4@lab", 10 } }, "4" },
        { { .outcome = -1, .spc = { "77", 2 } }, "2" },
        { { .outcome = -1, .origid = { "o'r; DROP TABLE records --", 26 } }, "3" },
        { { .outcome = -1, .id = { "00000000000000000000000006", 26 } }, "6" },
        { { .outcome = 2, .spc = { "77", 2 } }, "2" },
        { { .outcome = -1, .after_id = "" }, "01234567" },
        { { .outcome = -1, .after_id = "", .limit = 2 }, "01" },
        { { .outcome = -1, .after_id = "00000000000000000000000005" }, "67" },
        { { .outcome = -1, .after_id = "00000000000000000000000007" }, "" },
        { { .outcome = 2, .after_id = "00000000000000000000000003" }, "6" },
        { { .outcome = -1, .after_id = "0000000000000000000000000" }, "01234567" }, /* no such: ids decide */
        { { .outcome = -1, .after_id = "00000000000000000000000006X" }, "7" },
    };
    (void)state;
    for (unsigned apart = 0; apart < 2; apart++) {
        const struct place p = place_make();
        keep_eight(&p, apart);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
            struct answer a = { .n = 0 };
            char *message = NULL;
            assert_int_equal(record_query(p.url, &rows[i].filter, note, &a, &message), BF_OK);
            if (strcmp(a.ids, rows[i].ids) != 0)
                fail_msg("row %zu: %s instead of %s", i, a.ids, rows[i].ids);
        }
        place_remove(&p);
    }
}

static void asking_ends_when_the_asker_has_enough(void **state)
{
    struct answer a = { .stop_after = 2 };
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    keep_eight(&p, false);
    assert_int_equal(record_query(p.url, &(struct record_filter){ .outcome = -1 }, note, &a, &message),
                     BF_OK);
    assert_string_equal(a.ids, "76");
    place_remove(&p);
}

/* A call that was parked has an older id than calls recorded before it; whoever follows sees it all the same. */
static void following_misses_no_late_record(void **state)
{
    struct recorder *r;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    const struct recorder_options options = { .journal_dir = p.journal, .db_url = p.url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    static const uint64_t order[] = { 1, 3, 2, 5, 4 };
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        struct sample s;
        sample_make(&s, order[i], AT + (utc_t)order[i]);
        assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
    }
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    struct answer a = { .n = 0 };
    const struct record_filter f = { .outcome = -1, .after_id = "00000000000000000000000003" };
    assert_int_equal(record_query(p.url, &f, note, &a, &message), BF_OK);
    assert_string_equal(a.ids, "254");
    recorder_destroy(r);
    place_remove(&p);
}

static void what_is_not_there_is_said(void **state)
{
    struct answer a = { .n = 0 };
    struct db *db;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    const struct record_filter all = { .outcome = -1 };
    assert_int_equal(record_query(p.url, &all, note, &a, &message), BF_ENOENT);
    free(message);
    message = NULL;
    assert_int_equal(db_open(p.url, DB_WRITE, &db, &message), BF_OK);
    assert_int_equal(record_query(p.url, &all, note, &a, &message), BF_ENOENT); /* no table yet */
    free(message);
    db_close(db);
    message = NULL;
    assert_int_equal(record_query("mysql:x", &all, note, &a, &message), BF_EFORM);
    free(message);
    place_remove(&p);
}

/* The database is a file that others can reach. */
static void rows_that_cannot_be_are_left_out(void **state)
{
    static const struct {
        const char *harm, *ids;
    } rows[] = {
        { "UPDATE chunks SET entries = x''", "" },
        { "UPDATE chunks SET entries = 7", "" },
        { "UPDATE chunks SET entries = zeroblob(5000)", "" },
        { "UPDATE chunks SET entries = CAST('\x01 text' AS TEXT)", "" },
        { "UPDATE chunks SET entries = substr(entries, 1, length(entries) - 40)", "6543210" },
        { "UPDATE chunks SET n = 1", "" },
        { "UPDATE chunks SET n = -1", "76543210" },
        { "UPDATE chunks SET entries = substr(entries, 1, 40) || x'ff' || substr(entries, 42)", "7654321" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct place p = place_make();
        struct db *db;
        struct answer a = { .n = 0 };
        char *message = NULL;
        keep_eight(&p, false);
        assert_int_equal(db_open(p.url, DB_WRITE, &db, &message), BF_OK);
        assert_int_equal(db_run(db, "SELECT 1 FROM chunks WHERE n = 8"), BF_OK);
        assert_int_equal(db_run(db, rows[i].harm), BF_OK);
        assert_int_equal(db_changes(db), 1);
        db_close(db);
        assert_int_equal(record_query(p.url, &(struct record_filter){ .outcome = -1 }, note, &a, &message),
                         BF_OK);
        if (strcmp(a.ids, rows[i].ids) != 0)
            fail_msg("%s: %s instead of %s", rows[i].harm, a.ids, rows[i].ids);
        place_remove(&p);
    }
}

static bool note_whole_id(void *arg, const struct record *r)
{
    memcpy(arg, r->id, RECORD_ID);
    return true;
}

/* By the time it tells; where the clock was set meanwhile, by looking at all. */
static void an_id_is_found_near_its_time_and_elsewhere(void **state)
{
    static const struct {
        char id[RECORD_ID + 1];
        bool is_there;
    } rows[] = {
        { "01HF7YAT00ABCDEFGHJKMNPQRS", true }, /* 1700000000 in the digits */
        { "01M82B7VFSRXBTQ6NXTFW09JFF", true }, /* 2026 */
        { "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", true }, /* the year 10889 */
        { "01HF7YAT00ABCDEFGHJKMNPQRT", false },
    };
    struct recorder *r;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    const struct recorder_options options = { .journal_dir = p.journal, .db_url = p.url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sample s;
        sample_make(&s, i, AT);
        memcpy(s.record.id, rows[i].id, RECORD_ID);
        if (rows[i].is_there)
            assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
    }
    recorder_destroy(r);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char found[RECORD_ID + 1] = "";
        const struct record_filter f = { .outcome = -1, .id = span_of(rows[i].id) };
        assert_int_equal(record_query(p.url, &f, note_whole_id, found, &message), BF_OK);
        assert_string_equal(found, rows[i].is_there ? rows[i].id : "");
    }
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_find_what_they_name),
        cmocka_unit_test(asking_ends_when_the_asker_has_enough),
        cmocka_unit_test(following_misses_no_late_record),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(rows_that_cannot_be_are_left_out),
        cmocka_unit_test(an_id_is_found_near_its_time_and_elsewhere),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
