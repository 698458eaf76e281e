/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>

#include "record/test_record.h"

static const struct span names[] = { { "Ada Lovelace", 12 }, { "Al", 2 } };
static const struct span numbers[] = { { "12125550199", 11 } };
static const struct record_erasing ada = {
    .person = 7, .names = names, .n_names = 2, .numbers = numbers, .n_numbers = 1
};

static struct recorder *recorder_at(const struct place *p)
{
    struct recorder *r = NULL;
    char *message = NULL;
    const struct recorder_options options = { .journal_dir = p->journal, .db_url = p->url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    return r;
}

/* Calls 0 to 9; 3 is hers, 4 is somebody's who says her name, 5 from her number, 6 has a reason that names her. */
static void append_calls(struct recorder *r)
{
    for (uint64_t n = 0; n < 10; n++) {
        struct sample s;
        sample_make(&s, n, clock_now(&clock_system).utc);
        s.record.message = SPAN("INVITE sip:+12155550131@example.com SIP/2.0\r\n\r\n");
        s.record.claimed_name = n == 4 ? SPAN("ADA LOVELACE") : SPAN("Alice");
        if (n == 3) {
            s.record.person_id = 7;
            s.record.person = SPAN("Ada Lovelace");
        }
        if (n == 4) {
            s.record.claimed_person_id = 7;
            s.record.claimed_person = SPAN("Ada Lovelace");
            s.ballots[1].why = SPAN("says the name of Ada Lovelace");
        }
        if (n == 5)
            s.record.caller = SPAN("12125550199");
        if (n == 6)
            s.record.why = SPAN("not the number +12125550199");
        assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
    }
    assert_int_equal(recorder_flush(r, 20000), BF_OK);
}

struct seen {
    size_t n, theirs, others, reasons;
};

static bool look(void *arg, const struct record *r)
{
    struct seen *s = arg;
    const unsigned n = (unsigned)(r->id[RECORD_ID - 1] - '0');
    s->n++;
    assert_int_equal(r->outcome, n % 4);
    assert_int_equal(r->status, 302);
    if (n >= 3 && n <= 5) {
        s->theirs += !r->person_id && !r->claimed_person_id && !r->caller.p && !r->claimed_name.p &&
                     !r->message.p && !r->person.p;
    } else
        s->others += r->caller.n == 11 && span_equal(r->claimed_name, SPAN("Alice")) && r->message.n > 0;
    s->reasons += span_starts(r->why, SPAN("no longer kept"));
    for (size_t i = 0; i < r->n_ballots; i++)
        s->reasons += span_starts(r->ballots[i].why, SPAN("no longer kept"));
    return true;
}

static struct seen look_at(const struct place *p)
{
    struct seen s = { 0 };
    char *message = NULL;
    const struct record_filter all = { .outcome = -1, .limit = 100 };
    assert_int_equal(record_query(p->url, &all, look, &s, &message), BF_OK);
    return s;
}

/* Is it in a file? */
static bool file_has(const char *path, const char *text)
{
    FILE *f = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 22);
    const size_t n = f && bytes ? fread(bytes, 1, (1 << 22) - 1, f) : 0;
    const bool has = n && memmem(bytes, n, text, strlen(text));
    if (f)
        fclose(f);
    free(bytes);
    return has;
}

static size_t files_with(const char *dir, const char *text)
{
    char path[1024];
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        n += file_has(path, text);
    }
    closedir(d);
    return n;
}

static void who_is_forgotten_leaves_the_verdicts(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = recorder_at(&p);
    char *message = NULL;
    uint64_t n = 0;
    append_calls(r);
    assert_true(files_with(p.journal, "Ada Lovelace") > 0);
    assert_int_equal(recorder_erase(r, &ada, &n, &message), BF_OK);
    assert_int_equal(n, 4);
    const struct seen s = look_at(&p);
    assert_int_equal(s.n, 10);
    assert_int_equal(s.theirs, 3);
    assert_int_equal(s.others, 7);
    assert_int_equal(s.reasons, 2);
    recorder_destroy(r);
    place_remove(&p);
}

static void no_file_names_who_is_forgotten(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = recorder_at(&p);
    char *message = NULL;
    uint64_t n = 0;
    append_calls(r);
    assert_int_equal(recorder_erase(r, &ada, &n, &message), BF_OK);
    recorder_destroy(r);
    assert_int_equal(files_with(p.journal, "Ada Lovelace") + files_with(p.journal, "12125550199"), 0);
    assert_int_equal(files_with(p.dir, "Ada Lovelace") + files_with(p.dir, "12125550199"), 0);
    place_remove(&p);
}

/* The journal, made an index of anew, says the same; and what comes later is kept as ever. */
static void an_index_made_anew_does_not_know_them(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = recorder_at(&p);
    char *message = NULL;
    uint64_t n = 0;
    append_calls(r);
    assert_int_equal(recorder_erase(r, &ada, &n, &message), BF_OK);
    recorder_destroy(r);
    assert_int_equal(unlink(p.db), 0);
    r = recorder_at(&p);
    assert_int_equal(recorder_flush(r, 20000), BF_OK);
    const struct seen s = look_at(&p);
    assert_int_equal(s.n, 10);
    assert_int_equal(s.theirs, 3);
    assert_int_equal(recorder_erase(r, &ada, &n, &message), BF_OK);
    assert_int_equal(n, 0);
    recorder_destroy(r);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_forgotten_leaves_the_verdicts),
        cmocka_unit_test(no_file_names_who_is_forgotten),
        cmocka_unit_test(an_index_made_anew_does_not_know_them),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
