/* SPDX-License-Identifier: Apache-2.0 */
#include "record/index.h"
#include "record/test_record.h"

#define AT 1700000000

static struct recorder *open_recorder(const struct place *p)
{
    struct recorder *r;
    char *message = NULL;
    const struct recorder_options options = { .journal_dir = p->journal, .db_url = p->url };
    if (recorder_create(&options, &r, &message) != BF_OK)
        fail_msg("%s", message);
    return r;
}

static void append_some(struct recorder *r, uint64_t from, size_t n)
{
    struct sample *samples = calloc(n, sizeof *samples);
    struct record *records = calloc(n, sizeof *records);
    for (size_t i = 0; i < n; i++) {
        sample_make(&samples[i], from + i, AT + (utc_t)(from + i));
        records[i] = samples[i].record;
    }
    assert_int_equal(recorder_append(r, records, n), BF_OK);
    free(samples);
    free(records);
}

struct seen {
    size_t n;
    char first[RECORD_ID + 1], last[RECORD_ID + 1];
    bool same;
};

static bool count(void *arg, const struct record *r)
{
    struct seen *s = arg;
    struct sample expected;
    memcpy(s->n ? s->last : s->first, r->id, RECORD_ID);
    if (s->n++ == 0)
        memcpy(s->last, r->id, RECORD_ID);
    sample_make(&expected, strtoull(s->last, NULL, 10), r->at.utc);
    s->same = span_equal(r->call_id, expected.record.call_id) && span_equal(r->x5u, expected.record.x5u) &&
              r->n_ballots == 2 && span_equal(r->ballots[1].check, SPAN("replay")) && r->ballots[1].identity == -1;
    return true;
}

static struct seen query(const struct place *p, struct record_filter f)
{
    struct seen s = { 0 };
    char *message = NULL;
    if (record_query(p->url, &f, count, &s, &message) != BF_OK)
        fail_msg("%s", message);
    return s;
}

static void what_is_appended_is_found(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    append_some(r, 0, 64);
    append_some(r, 64, 3);
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    const struct seen s = query(&p, (struct record_filter){ .outcome = -1, .limit = 1000 });
    assert_int_equal(s.n, 67);
    assert_true(s.same);
    recorder_destroy(r);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_found),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
