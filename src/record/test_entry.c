/* SPDX-License-Identifier: Apache-2.0 */
#include "record/member.h"
#include "record/test_record.h"

#define AT 1700000000

static struct record_ballot ballots[RECORD_BALLOTS];

static size_t write_entry(const struct record *r, char *memory, size_t size)
{
    struct buf b = buf_on(memory, size);
    record_entry_write(r, &b);
    assert_true(buf_ok(&b));
    return b.n;
}

/* Every row of the table, by its own number or text. */
static void fill_members(struct record *r, char texts[64][32])
{
    for (size_t i = 0; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        snprintf(texts[i], 32, "text %zu", i);
        if (m->kind == MEMBER_CHAR)
            member_set_number(m, r, 'B');
        else if (member_is_number(m))
            member_set_number(m, r, m->most ? 1 : -70000 - (int64_t)i);
        else if (m->kind == MEMBER_TEXT || m->kind == MEMBER_BYTES)
            member_set_bytes(m, r, span_of(texts[i]));
    }
}

static void every_member_comes_back(void **state)
{
    char memory[8192], texts[64][32];
    struct sample s;
    struct record r;
    (void)state;
    sample_make(&s, 7, AT);
    fill_members(&s.record, texts);
    s.record.n_replays = LIMIT_IDENTITIES;
    for (size_t i = 0; i < LIMIT_IDENTITIES; i++) {
        memset(s.record.replays[i].key, (int)i, SHA256_BYTES);
        memset(s.record.replays[i].same, 4, SHA256_BYTES);
        s.record.replays[i].source = 0x1122334455667788 + i;
    }
    const struct span entry = { memory, write_entry(&s.record, memory, sizeof memory) };
    assert_int_equal(record_entry_read(entry, ballots, &r), BF_OK);
    for (size_t i = 0; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        if (member_is_number(m))
            assert_int_equal(member_number(m, &r), member_number(m, &s.record));
        else
            assert_true(span_equal(member_bytes(m, &r), member_bytes(m, &s.record)));
    }
    assert_int_equal(r.n_replays, LIMIT_IDENTITIES);
    assert_memory_equal(r.replays, s.record.replays, sizeof r.replays);
    assert_int_equal(r.n_ballots, 2);
    assert_int_equal(r.ballots[0].identity, 0);
    assert_int_equal(r.ballots[1].identity, -1);
    assert_int_equal(r.ballots[1].vote, 1);
    assert_int_equal(r.ballots[0].why.n, 0); /* of a pass */
    assert_true(span_equal(r.ballots[1].why, SPAN("not looked for")));
}

/* Absent and empty differ; numbers at their ends. */
static void edges_come_back(void **state)
{
    char memory[8192];
    struct record r,
        in = { .iat = INT64_MIN, .status = INT32_MIN, .at = { .utc = INT64_MAX }, .call_id = SPAN("") };
    (void)state;
    memset(in.id, 'x', RECORD_ID);
    const struct span entry = { memory, write_entry(&in, memory, sizeof memory) };
    assert_int_equal(record_entry_read(entry, ballots, &r), BF_OK);
    assert_int_equal(r.iat, INT64_MIN);
    assert_int_equal(r.status, INT32_MIN);
    assert_int_equal(r.at.utc, INT64_MAX);
    assert_non_null(r.call_id.p);
    assert_int_equal(r.call_id.n, 0);
    assert_null(r.from.p);
    assert_int_equal(r.n_replays, 0);
    assert_int_equal(r.n_ballots, 0);
}

static void what_is_too_long_is_cut_and_never_refused(void **state)
{
    static char memory[RECORD_ENTRY], text[100000];
    static struct record_ballot many[RECORD_BALLOTS + 10];
    struct record r, in = { .ballots = many, .n_ballots = ARRAY_SIZE(many) };
    const struct span all = { text, sizeof text };
    (void)state;
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xab", 2); /* cut between characters */
    for (size_t i = 0; i < n_record_members; i++)
        if (record_members[i].kind == MEMBER_TEXT || record_members[i].kind == MEMBER_BYTES)
            member_set_bytes(&record_members[i], &in, all);
    for (size_t i = 0; i < ARRAY_SIZE(many); i++)
        many[i] = (struct record_ballot){ all, 3, 2, all };
    const struct span entry = { memory, write_entry(&in, memory, sizeof memory) };
    assert_int_equal(record_entry_read(entry, ballots, &r), BF_OK);
    assert_int_equal(r.claimed_name.n, 256);
    assert_int_equal(r.message.n, 65536);
    assert_int_equal(r.n_ballots, RECORD_BALLOTS);
    assert_int_equal(r.ballots[RECORD_BALLOTS - 1].check.n, 254);
    assert_int_equal(r.ballots[RECORD_BALLOTS - 1].why.n, RECORD_WHY);
}

static void an_entry_cut_at_any_byte_is_refused_or_lacks_a_tail(void **state)
{
    char memory[8192];
    struct sample s;
    struct record r;
    (void)state;
    sample_make(&s, 7, AT);
    const size_t n = write_entry(&s.record, memory, sizeof memory);
    for (size_t cut = 0; cut < n; cut++) {
        char *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees one byte too far */
        memcpy(exact, memory, cut);
        const enum bf_err err = record_entry_read(span_make(exact, cut), ballots, &r);
        assert_true(err == BF_EFORM || (err == BF_OK && memcmp(r.id, s.record.id, RECORD_ID) == 0));
        free(exact);
    }
}

#define HEAD                                                                                                 \
    "\x01"                                                                                                   \
    "\x01\x1a"                                                                                               \
    "01234567890123456789012345"                                                                             \
    "\x02\x10"                                                                                               \
    "0123456789abcdef"

static void the_form_is_strict(void **state)
{
    static const struct {
        const char *what;
        struct span entry;
        enum bf_err err;
    } rows[] = {
        { "the least", SPAN(HEAD), BF_OK },
        { "nothing", SPAN(""), BF_EFORM },
        { "version 0", SPAN("\x00"), BF_EFORM },
        { "version 3", SPAN("\x03\x01\x1a"), BF_EUNSUP },
        { "no key",
          SPAN("\x01"
               "\x01\x1a"
               "01234567890123456789012345"),
          BF_EFORM },
        { "an id too short",
          SPAN("\x01"
               "\x01\x19"
               "0123456789012345678901234"
               "\x02\x10"
               "0123456789abcdef"),
          BF_EFORM },
        { "a member twice",
          SPAN(HEAD "\x09\x01"
                    "a"
                    "\x09\x01"
                    "b"),
          BF_EFORM },
        { "members out of order",
          SPAN(HEAD "\x09\x01"
                    "a"
                    "\x08\x01"
                    "b"),
          BF_EFORM },
        { "a length of two forms",
          SPAN(HEAD "\x09\x81\x00"
                    "a"),
          BF_EFORM },
        { "a length past the end",
          SPAN(HEAD "\x09\x02"
                    "a"),
          BF_EFORM },
        { "a length without end", SPAN(HEAD "\x09\xff\xff\xff\xff\xff"), BF_EFORM },
        { "a tag alone", SPAN(HEAD "\x09"), BF_EFORM },
        { "a number", SPAN(HEAD "\x12\x01\x06"), BF_OK },
        { "a number without bytes", SPAN(HEAD "\x12\x00"), BF_EFORM },
        { "a number with a zero on top", SPAN(HEAD "\x12\x02\x06\x00"), BF_EFORM },
        { "a number of nine bytes",
          SPAN(HEAD "\x1f\x09"
                    "123456789"),
          BF_EFORM },
        { "an outcome there is not", SPAN(HEAD "\x12\x01\x08"), BF_EFORM },
        { "a negative outcome", SPAN(HEAD "\x12\x01\x01"), BF_EFORM },
        { "attestation A", SPAN(HEAD "\x14\x01\x82"), BF_OK },
        { "attestation D", SPAN(HEAD "\x14\x01\x88"), BF_EFORM },
        { "a member of tomorrow",
          SPAN(HEAD "\x12\x01\x06"
                    "\x60\x03"
                    "new"),
          BF_OK },
        { "a replay too short",
          SPAN(HEAD "\x78\x03"
                    "abc"),
          BF_EFORM },
        { "two ballots",
          SPAN(HEAD "\x79\x06\x00\x01\x01"
                    "c"
                    "wh"
                    "\x79\x04\x02\x00\x01"
                    "d"),
          BF_OK },
        { "a ballot too short", SPAN(HEAD "\x79\x02\x00\x01"), BF_EFORM },
        { "a ballot of no vote",
          SPAN(HEAD "\x79\x04\x03\x01\x01"
                    "c"),
          BF_EFORM },
        { "a ballot whose name is longer than it",
          SPAN(HEAD "\x79\x04\x00\x01\x02"
                    "c"),
          BF_EFORM },
    };
    struct record r;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const enum bf_err err = record_entry_read(rows[i].entry, ballots, &r);
        if (err != rows[i].err)
            fail_msg("%s: %d instead of %d", rows[i].what, err, rows[i].err);
    }
}

#define HEAD_2                                                                                               \
    "\x02"                                                                                                   \
    "\x01\x10"                                                                                               \
    "\x01\x8b\xcf\xe5\x68\x00\x2a\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"                                       \
    "\x02\x10"                                                                                               \
    "0123456789abcdef"

static void version_2_is_as_strict(void **state)
{
    static const struct {
        const char *what;
        struct span entry;
        enum bf_err err;
    } rows[] = {
        { "the least", SPAN(HEAD_2), BF_OK },
        { "an id of 26 bytes",
          SPAN("\x02\x01\x1a"
               "id that is not of base 32."
               "\x02\x10"
               "0123456789abcdef"),
          BF_OK },
        { "an id of 16 bytes in version 1",
          SPAN("\x01\x01\x10"
               "0123456789abcdef"
               "\x02\x10"
               "0123456789abcdef"),
          BF_EFORM },
        { "a word", SPAN(HEAD_2 "\x48\x01\x15"), BF_OK },
        { "a word of version 1", SPAN(HEAD "\x48\x01\x15"), BF_OK }, /* a member it does not know */
        { "a word there is not", SPAN(HEAD_2 "\x48\x01\xff"), BF_EFORM },
        { "a word without a number", SPAN(HEAD_2 "\x48\x01\x00"), BF_EFORM },
        { "a word of two bytes", SPAN(HEAD_2 "\x48\x02\x15\x15"), BF_EFORM },
        { "a word too long for its member", SPAN(HEAD_2 "\x48\x01\x18"), BF_EFORM },
        { "a word where none stands", SPAN(HEAD_2 "\x49\x01\x15"), BF_EFORM },
        { "a word beside its text", SPAN(HEAD_2 "\x08\x03udp\x48\x01\x15"), BF_EFORM },
        { "a member of tomorrow", SPAN(HEAD_2 "\x30\x01\x15"), BF_OK },
        { "a word of tomorrow", SPAN(HEAD_2 "\x70\x01\x15"), BF_OK },
        { "a ballot of version 1",
          SPAN(HEAD_2 "\x79\x04\x02\x00\x01"
                      "d"),
          BF_OK }, /* not known any more */
        { "no ballots", SPAN(HEAD_2 "\x7a"), BF_OK },
        { "a passed check", SPAN(HEAD_2 "\x7a\x01\x10"), BF_OK },
        { "a check of another name", SPAN(HEAD_2 "\x7a\x00\x02hm\x00"), BF_OK },
        { "a check without a vote", SPAN(HEAD_2 "\x7a\x01"), BF_EFORM },
        { "a check there is not", SPAN(HEAD_2 "\x7a\xfe\x10"), BF_EFORM },
        { "a name longer than the rest", SPAN(HEAD_2 "\x7a\x00\x09hm\x00"), BF_EFORM },
        { "a vote there is not", SPAN(HEAD_2 "\x7a\x01\x13"), BF_EFORM },
        { "a reason of no form", SPAN(HEAD_2 "\x7a\x01\x1d"), BF_EFORM },
        { "a reason by its word", SPAN(HEAD_2 "\x7a\x01\x15\x1b"), BF_OK },
        { "a reason by no word", SPAN(HEAD_2 "\x7a\x01\x15"), BF_EFORM },
        { "a reason in words", SPAN(HEAD_2 "\x7a\x01\x19\x02hm"), BF_OK },
        { "a reason longer than the rest", SPAN(HEAD_2 "\x7a\x01\x19\x03hm"), BF_EFORM },
        { "a far identity", SPAN(HEAD_2 "\x7a\x01\xf0\x20"), BF_OK },
        { "a far identity that is not there", SPAN(HEAD_2 "\x7a\x01\xf0"), BF_EFORM },
    };
    struct record r;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const enum bf_err err = record_entry_read(rows[i].entry, ballots, &r);
        if (err != rows[i].err)
            fail_msg("%s: %d instead of %d", rows[i].what, err, rows[i].err);
    }
}

static void an_id_comes_back_by_its_digits_or_as_it_is(void **state)
{
    static const struct {
        const char id[RECORD_ID + 1];
        size_t bytes; /* of the entry that holds it */
    } rows[] = {
        { "01HF7YAT00ABCDEFGHJKMNPQRS", 37 }, { "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 37 },
        { "00000000000000000000000000", 37 }, { "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", 47 }, /* 131 bits */
        { "01HF7YAT00ABCDEFGHJKMNPQRs", 47 }, { "01HF7YAT00ABCDEFGHJKMNPQRU", 47 },
    };
    char memory[200];
    struct record r;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct record in = { .lab = false };
        memcpy(in.id, rows[i].id, RECORD_ID);
        const struct span entry = { memory, write_entry(&in, memory, sizeof memory) };
        assert_int_equal(entry.n, rows[i].bytes);
        assert_int_equal(record_entry_read(entry, ballots, &r), BF_OK);
        assert_memory_equal(r.id, rows[i].id, RECORD_ID);
    }
}

static void every_word_is_found_by_its_text(void **state)
{
    unsigned n = 1;
    (void)state;
    for (; record_word_text((uint8_t)n).p; n++)
        if (record_word(record_word_text((uint8_t)n)) != n)
            fail_msg("of_length[%zu] lacks %u", record_word_text((uint8_t)n).n, n);
    assert_true(n > 30 && n <= UINT8_MAX);
    assert_int_equal(record_word(SPAN("no word")), 0);
    assert_int_equal(record_word(SPAN("")), 0);
    assert_int_equal(record_word(SPAN_NONE), 0);
    assert_null(record_word_text(0).p);
}

/* As it was written before there was version 2. */
static void version_1_is_still_read(void **state)
{
    struct record r;
    (void)state;
    assert_int_equal(record_entry_read(SPAN(HEAD "\x08\x03udp\x12\x01\x06\x79\x06\x00\x01\x01"
                                                 "cwh\x79\x08\x02\x00\x05"
                                                 "fresh"),
                                       ballots, &r),
                     BF_OK);
    assert_memory_equal(r.id, "01234567890123456789012345", RECORD_ID);
    assert_true(span_equal(r.transport, SPAN("udp")));
    assert_int_equal(r.outcome, 3);
    assert_int_equal(r.n_ballots, 2);
    assert_true(span_equal(r.ballots[0].why, SPAN("wh")));
    assert_true(span_equal(r.ballots[1].check, SPAN("fresh")));
    assert_int_equal(r.ballots[1].vote, 2);
    assert_int_equal(r.ballots[1].identity, -1);
}

/* The size of a usual call's entry is what journal, index and disk pay for. */
static void a_usual_ballot_takes_two_bytes(void **state)
{
    char memory[200];
    static const struct record_ballot two[] = { { { "signature", 9 }, 0, 0, { "it holds", 8 } },
                                                { { "carrier", 7 }, -1, 1, { "no proof holds", 14 } } };
    struct record in = { .ballots = two, .n_ballots = 2 };
    (void)state;
    memset(in.id, '0', RECORD_ID);
    assert_int_equal(write_entry(&in, memory, sizeof memory), 37 + 1 + 2 + 3);
}

static void a_record_that_does_not_fit_leaves_the_buffer_full(void **state)
{
    char memory[8192];
    struct sample s;
    (void)state;
    sample_make(&s, 7, AT);
    const size_t n = write_entry(&s.record, memory, sizeof memory);
    for (size_t size = 0; size < n; size++) {
        char *exact = malloc(size ? size : 1);
        struct buf b = buf_on(exact, size);
        record_entry_write(&s.record, &b);
        assert_false(buf_ok(&b));
        assert_int_equal(b.n, 0);
        free(exact);
    }
}

/* The checksum is the journal's; here, any byte may be any. */
static void no_byte_makes_the_reader_stumble(void **state)
{
    char memory[8192];
    struct sample s;
    struct record r;
    (void)state;
    sample_make(&s, 7, AT);
    const size_t n = write_entry(&s.record, memory, sizeof memory);
    for (size_t at = 0; at < n; at++)
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            memory[at] = (char)(memory[at] ^ (char)flip);
            const enum bf_err err = record_entry_read(span_make(memory, n), ballots, &r);
            assert_true(err == BF_OK || err == BF_EFORM || err == BF_EUNSUP);
            if (err == BF_OK)
                for (size_t i = 0; i < n_record_members; i++)
                    if (!member_is_number(&record_members[i]))
                        assert_true(member_bytes(&record_members[i], &r).n <= n);
            memory[at] = (char)(memory[at] ^ (char)flip);
        }
}

static void tags_count_and_names_differ(void **state)
{
    (void)state;
    for (size_t i = 1; i < n_record_members; i++) {
        assert_int_equal(record_members[i].tag, i + 1);
        assert_true(record_members[i].tag < 56); /* with the bit of a word: before replays */
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(record_members[i].name, record_members[k].name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_comes_back),
        cmocka_unit_test(edges_come_back),
        cmocka_unit_test(what_is_too_long_is_cut_and_never_refused),
        cmocka_unit_test(an_entry_cut_at_any_byte_is_refused_or_lacks_a_tail),
        cmocka_unit_test(the_form_is_strict),
        cmocka_unit_test(version_2_is_as_strict),
        cmocka_unit_test(an_id_comes_back_by_its_digits_or_as_it_is),
        cmocka_unit_test(every_word_is_found_by_its_text),
        cmocka_unit_test(version_1_is_still_read),
        cmocka_unit_test(a_usual_ballot_takes_two_bytes),
        cmocka_unit_test(a_record_that_does_not_fit_leaves_the_buffer_full),
        cmocka_unit_test(no_byte_makes_the_reader_stumble),
        cmocka_unit_test(tags_count_and_names_differ),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
