/* SPDX-License-Identifier: Apache-2.0 */
/* Journals that a crash, a disk or a hand has harmed. */
#include <fcntl.h>
#include <sys/stat.h>

#include "store/segment.h"
#include "store/test_store.h"

#define ENTRIES 20u

static char *segment_path(const struct place *p, uint64_t first)
{
    static char path[400];
    char name[SEGMENT_NAME];
    snprintf(path, sizeof path, "%s/%s", p->journal, segment_name(first, name));
    return path;
}

static size_t length_of(uint64_t n)
{
    char text[64];
    return ENTRY_HEADER + entry_text(n, text).n;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

/* ENTRIES entries in one segment; *ret_n: its size. To be freed. */
static char *one_segment(const struct place *p, size_t *ret_n)
{
    struct journal *j = journal_at(p, 0, false);
    append_many(j, 0, ENTRIES);
    journal_close(j);
    return tap_read(segment_path(p, 0), ret_n);
}

static void a_tail_torn_at_any_byte_is_cut_off(void **state)
{
    struct stat st;
    size_t n;
    (void)state;
    const struct place p = place_make();
    char *bytes = one_segment(&p, &n);
    const size_t whole = n - length_of(ENTRIES - 1);
    for (size_t cut = whole; cut <= n; cut++) {
        const bool is_torn = cut > whole && cut < n;
        const uint64_t kept = cut == n ? ENTRIES : ENTRIES - 1;
        write_file(segment_path(&p, 0), bytes, cut);
        struct tally t = tally_from(&p, 0); /* a reader alone: no more now, nothing wrong */
        assert_int_equal(t.err, BF_OK);
        assert_int_equal(t.right, kept);
        struct journal *j = journal_at(&p, 0, false);
        assert_int_equal(journal_repaired(j), is_torn ? cut - whole : 0);
        assert_int_equal(stat(segment_path(&p, 0), &st), 0);
        assert_int_equal(st.st_size, is_torn ? whole : cut);
        assert_int_equal(journal_end(j), kept);
        append_many(j, kept, ENTRIES + 2);
        journal_close(j);
        t = tally_from(&p, 0);
        assert_int_equal(t.err, BF_OK);
        assert_int_equal(t.right, ENTRIES + 2);
        assert_int_equal(t.wrong, 0);
    }
    free(bytes);
    place_remove(&p);
}

/* As file systems leave it that lengthen a file before its bytes arrive. */
static void a_tail_of_zeros_or_of_rubbish_is_cut_off(void **state)
{
    static const unsigned char fills[] = { 0x00, 0xff, 0x01, 0x5a };
    size_t n;
    (void)state;
    const struct place p = place_make();
    char *bytes = one_segment(&p, &n);
    bytes = realloc(bytes, n + 5000);
    for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
        memset(bytes + n, fills[i], 5000);
        write_file(segment_path(&p, 0), bytes, n + 5000);
        assert_int_equal(tally_from(&p, 0).right, ENTRIES);
        struct journal *j = journal_at(&p, 0, false);
        assert_int_equal(journal_repaired(j), 5000);
        assert_int_equal(journal_end(j), ENTRIES);
        journal_close(j);
    }
    free(bytes);
    place_remove(&p);
}

/* Every byte, three kinds of harm: nothing wrong is ever read, at most one entry is missing, and that is said. */
static void a_flipped_byte_never_makes_a_wrong_entry(void **state)
{
    static const unsigned char flips[] = { 0x01, 0x80, 0xff };
    size_t n;
    (void)state;
    const struct place p = place_make();
    char *bytes = one_segment(&p, &n);
    const size_t last = n - length_of(ENTRIES - 1);
    for (size_t at = 0; at < n; at++)
        for (size_t f = 0; f < ARRAY_SIZE(flips); f++) {
            bytes[at] = (char)(bytes[at] ^ flips[f]);
            write_file(segment_path(&p, 0), bytes, n);
            bytes[at] = (char)(bytes[at] ^ flips[f]);
            const struct tally t = tally_from(&p, 0);
            assert_int_equal(t.wrong, 0);
            assert_int_equal(t.right, at < SEGMENT_HEADER ? ENTRIES : ENTRIES - 1);
            assert_int_equal(t.err, at < SEGMENT_HEADER || at >= last ? BF_OK : BF_EFORM);
        }
    free(bytes);
    place_remove(&p);
}

static void a_writer_keeps_what_stands_behind_the_damage(void **state)
{
    size_t n;
    (void)state;
    const struct place p = place_make();
    char *bytes = one_segment(&p, &n);
    const size_t last = n - length_of(ENTRIES - 1);
    for (size_t at = SEGMENT_HEADER; at < last; at++) {
        bytes[at] ^= 0x10;
        write_file(segment_path(&p, 0), bytes, n);
        bytes[at] ^= 0x10;
        struct journal *j = journal_at(&p, 0, false);
        assert_int_equal(journal_repaired(j), 0);
        assert_int_equal(journal_end(j), ENTRIES);
        append_many(j, ENTRIES, ENTRIES + 1);
        journal_close(j);
        const struct tally t = tally_from(&p, 0);
        assert_int_equal(t.err, BF_EFORM);
        assert_int_equal(t.wrong, 0);
        assert_int_equal(t.right, ENTRIES);
    }
    free(bytes);
    place_remove(&p);
}

static void both_headers_lost_lose_their_segment_and_no_other(void **state)
{
    size_t n;
    uint64_t *list;
    size_t segments;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 400, false);
    append_many(j, 0, 40);
    journal_close(j);
    const int dir = open(p.journal, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segments_list(dir, &list, &segments), BF_OK);
    close(dir);
    assert_true(segments >= 3);
    char *bytes = tap_read(segment_path(&p, list[1]), &n);
    memset(bytes, 0, SEGMENT_HEADER);
    write_file(segment_path(&p, list[1]), bytes, n);
    free(bytes);
    struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_EFORM);
    assert_int_equal(t.right, 40 - (list[2] - list[1]));
    assert_int_equal(t.wrong, 0);

    const uint64_t last = list[segments - 1];
    bytes = tap_read(segment_path(&p, last), &n);
    memset(bytes, 0, SEGMENT_HEADER);
    write_file(segment_path(&p, last), bytes, n);
    free(bytes);
    j = journal_at(&p, 400, false); /* goes on behind whatever may have stood there */
    assert_true(journal_end(j) >= 40);
    const uint64_t end = journal_end(j);
    append_many(j, end, end + 2);
    journal_close(j);
    t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_EFORM);
    assert_int_equal(t.wrong, 0);
    assert_int_equal(t.last, end + 1);
    free(list);
    place_remove(&p);
}

static void a_missing_segment_is_said(void **state)
{
    uint64_t *list;
    size_t segments;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 400, false);
    append_many(j, 0, 40);
    journal_close(j);
    const int dir = open(p.journal, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segments_list(dir, &list, &segments), BF_OK);
    close(dir);
    unlink(segment_path(&p, list[1]));
    const struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_EFORM);
    assert_int_equal(t.right, 40 - (list[2] - list[1]));
    free(list);
    place_remove(&p);
}

/* Whoever writes into an entry cannot make another one of it: he does not know the salt. */
static void an_entry_inside_an_entry_is_not_taken_for_one(void **state)
{
    char inner[200];
    size_t n;
    uint64_t end;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, false);
    const struct span forged = SPAN("forged");
    for (uint64_t guess = 0; guess < 4; guess++) { /* salt 0, positions that could come */
        entry_header_write(0, guess + 1, forged, (uint8_t *)inner + guess * 23);
        memcpy(inner + guess * 23 + ENTRY_HEADER, forged.p, forged.n);
    }
    const struct span entry = { inner, 4 * 23 };
    assert_int_equal(append_spans(j, &entry, 1, &end), BF_OK);
    append_many(j, 1, 3);
    journal_close(j);
    char *bytes = tap_read(segment_path(&p, 0), &n);
    bytes[SEGMENT_HEADER] ^= 1;
    write_file(segment_path(&p, 0), bytes, n);
    const struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_EFORM);
    assert_int_equal(t.right, 2);
    assert_int_equal(t.wrong, 0);
    free(bytes);
    place_remove(&p);
}

static void a_reader_follows_a_writer_over_segments(void **state)
{
    struct journal_reader *r;
    struct span entry;
    uint64_t position;
    char text[64];
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 300, false);
    assert_int_equal(journal_reader_create(p.journal, 0, &r), BF_OK);
    for (uint64_t n = 0; n < 60; n++) {
        assert_int_equal(journal_reader_next(r, UINT64_MAX, &position, &entry), BF_ENOENT);
        assert_int_equal(journal_reader_rest(r), 0);
        append_many(j, n, n + 1);
        assert_int_equal(journal_reader_next(r, UINT64_MAX, &position, &entry), BF_OK);
        assert_int_equal(position, n);
        assert_true(span_equal(entry, entry_text(n, text)));
    }
    append_many(j, 60, 100);
    assert_true(journal_reader_rest(r) > 40 * ENTRY_HEADER);
    assert_int_equal(journal_trim(j, 100, INT64_MAX, 0), BF_OK); /* under its feet */
    uint64_t last = 0;
    enum bf_err err;
    while ((err = journal_reader_next(r, UINT64_MAX, &position, &entry)) != BF_ENOENT) {
        assert_true(err == BF_OK || err == BF_EFORM);
        last = position;
    }
    assert_int_equal(last, 99);
    journal_reader_destroy(r);
    journal_close(j);
    place_remove(&p);
}

/* Bytes read ahead of the durable end may be cut back and written anew. */
static void a_reader_forgets_what_was_behind_the_end(void **state)
{
    struct journal_reader *r;
    struct span entry;
    uint64_t position;
    char text[64];
    size_t n;
    (void)state;
    const struct place p = place_make();
    char *bytes = one_segment(&p, &n);
    assert_int_equal(journal_reader_create(p.journal, 0, &r), BF_OK);
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(journal_reader_next(r, 5, &position, &entry), BF_OK);
    assert_int_equal(journal_reader_next(r, 5, &position, &entry), BF_ENOENT);
    size_t fifth = SEGMENT_HEADER;
    for (uint64_t i = 0; i < 5; i++)
        fifth += length_of(i);
    assert_int_equal(truncate(segment_path(&p, 0), (off_t)fifth), 0);
    struct journal *j = journal_at(&p, 0, false);
    assert_int_equal(append_one(j, 77), BF_OK); /* another entry in that place */
    assert_int_equal(journal_reader_next(r, journal_end(j), &position, &entry), BF_OK);
    assert_int_equal(position, 5);
    assert_true(span_equal(entry, entry_text(77, text)));
    journal_close(j);
    journal_reader_destroy(r);
    free(bytes);
    place_remove(&p);
}

static void what_is_older_than_a_time_can_be_left_out(void **state)
{
    uint64_t from, first = 0;
    char name[SEGMENT_NAME];
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 400, false);
    append_many(j, 0, 40);
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    uint64_t *list;
    size_t n;
    const int dir = open(p.journal, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segments_list(dir, &list, &n), BF_OK);
    assert_true(n > 3);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(utimensat(dir, segment_name(list[i], name), old, 0), 0);
    first = list[2];
    assert_int_equal(journal_since(p.journal, 2000, &from), BF_OK);
    assert_int_equal(from, first);
    assert_int_equal(journal_since(p.journal, 0, &from), BF_OK);
    assert_int_equal(from, 0);
    assert_int_equal(journal_since(p.dir, 0, &from), BF_OK); /* no segments at all */
    assert_int_equal(from, 0);
    assert_int_equal(journal_since("/nowhere/at/all", 0, &from), BF_ENOENT);
    close(dir);
    free(list);
    journal_close(j);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tail_torn_at_any_byte_is_cut_off),
        cmocka_unit_test(a_tail_of_zeros_or_of_rubbish_is_cut_off),
        cmocka_unit_test(a_flipped_byte_never_makes_a_wrong_entry),
        cmocka_unit_test(a_writer_keeps_what_stands_behind_the_damage),
        cmocka_unit_test(both_headers_lost_lose_their_segment_and_no_other),
        cmocka_unit_test(a_missing_segment_is_said),
        cmocka_unit_test(an_entry_inside_an_entry_is_not_taken_for_one),
        cmocka_unit_test(a_reader_follows_a_writer_over_segments),
        cmocka_unit_test(a_reader_forgets_what_was_behind_the_end),
        cmocka_unit_test(what_is_older_than_a_time_can_be_left_out),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
