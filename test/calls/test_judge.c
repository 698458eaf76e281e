/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "stage.h"
#include "verdict/check.h"
#include "tap.h"

#define URL "https://cert.example.org/passport.cer"
/* The token of standards.md PP-055, made by a deterministic signer that is not ours. */
#define TOKEN                                                                                                \
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3" \
    "Jn"                                                                                                     \
    "L3Bhc3Nwb3J0LmNlciJ9."                                                                                  \
    "eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJv"                   \
    "cmlnIjp7InRuIjoiMTIxNTU1NTAxMjEifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0."   \
    "PwimjV0"                                                                                                \
    "wnsRsOCmtANjxRqn2_o1EhP-l8ixwLTIbyhMUF4qiJVy7mRUmup5JAeX8xy4hu4uZYeVmwVJtLuYnpw"
#define IDENTITY TOKEN ";info=<" URL ">;alg=ES256;ppt=\"shaken\""

static struct number number_of(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

static void call_between(struct stage *s, const char *identity, const char *orig, const char *dest,
                         struct call *ret)
{
    const struct number from = number_of(orig), to = number_of(dest);
    assert_int_equal(call_of_identity(span_of(identity), &from, &to, s->clock.at, s->arena, ret), BF_OK);
    ret->peer.source = 1;
}

static void open_with_signer(struct stage *s)
{
    stage_open(s, "");
    stage_signer(s, URL " key=PP-052 spc=1234");
}

/* A call judged to its end, at once; replays are not looked for, so that a token can be used again and again. */
static enum outcome outcome_of(struct stage *s, const struct call *call, enum verstat *ret_verstat)
{
    struct hearing h;
    s->judge.replay = NULL;
    stage_judge(s, call, &h);
    const enum outcome outcome = h.verdict.outcome;
    *ret_verstat = h.verdict.verstat;
    stage_done(s);
    arena_reset(s->arena);
    return outcome;
}

static void no_flipped_bit_of_a_token_is_ever_genuine_or_passed(void **state)
{
    static struct stage s;
    struct call call;
    char identity[] = IDENTITY;
    enum verstat verstat;
    (void)state;
    open_with_signer(&s);
    s.judge.options.least_attestation = 'C';
    call_between(&s, identity, "12155550121", "12155550131", &call);
    assert_int_equal(outcome_of(&s, &call, &verstat), GENUINE);
    assert_int_equal(verstat, VERSTAT_PASSED);
    for (size_t i = 0; i < sizeof TOKEN - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            identity[i] = (char)(identity[i] ^ 1 << bit);
            call_between(&s, identity, "12155550121", "12155550131", &call);
            if (outcome_of(&s, &call, &verstat) == GENUINE || verstat == VERSTAT_PASSED)
                fail_msg("bit %d of byte %zu", bit, i);
            identity[i] = (char)(identity[i] ^ 1 << bit);
        }
    stage_close(&s);
}

/* What is said of a call, in full; replays are not looked for. */
static void json_of(struct stage *s, const struct call *call, char *out, size_t size, bool *ret_known)
{
    struct hearing h;
    struct buf b = buf_on(out, size - 1);
    s->judge.replay = NULL;
    stage_judge(s, call, &h);
    assert_int_equal(answer_json(&h.verdict, call, &b), BF_OK);
    out[b.n] = '\0';
    stage_blot_serials(out);
    *ret_known = stage_knows(s, &h);
    stage_done(s);
}

/* One stage has seen a good token with this header, the other never has. */
static void a_header_that_is_known_changes_no_word_of_any_verdict(void **state)
{
    static char known_says[65536], unknown_says[65536];
    static struct stage known, unknown;
    struct call call;
    struct hearing h;
    char identity[] = IDENTITY;
    unsigned short_ways = 0;
    (void)state;
    open_with_signer(&known);
    open_with_signer(&unknown);
    call_between(&known, identity, "12155550121", "12155550131", &call);
    stage_judge(&known, &call, &h);
    stage_teach(&known, &h);
    stage_done(&known);
    for (size_t i = 0; i < sizeof TOKEN - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            bool is_known, is_known_here;
            identity[i] = (char)(identity[i] ^ 1 << bit);
            call_between(&known, identity, "12155550121", "12155550131", &call);
            json_of(&known, &call, known_says, sizeof known_says, &is_known);
            json_of(&unknown, &call, unknown_says, sizeof unknown_says, &is_known_here);
            assert_false(is_known_here);
            short_ways += is_known;
            if (strcmp(known_says, unknown_says) != 0)
                fail_msg("bit %d of byte %zu:\n%s\n%s", bit, i, known_says, unknown_says);
            identity[i] = (char)(identity[i] ^ 1 << bit);
            arena_reset(known.arena);
            arena_reset(unknown.arena);
        }
    assert_true(short_ways > 1000);
    stage_close(&known);
    stage_close(&unknown);
}

/* ---- many at a time ---- */

static const struct {
    const char *identity, *orig, *dest;
    enum outcome want;
} kinds[] = {
    { IDENTITY, "12155550121", "12155550131", GENUINE },
    { "", "12155550121", "12155550131", UNPROVEN },
    { IDENTITY, "12155550122", "12155550131", BROKEN },
    { "a.b.c;info=<" URL ">;alg=ES256;ppt=shaken", "12155550121", "12155550131", BROKEN },
    { TOKEN "A;info=<" URL ">;alg=ES256;ppt=shaken", "12155550121", "12155550131", BROKEN },
    { IDENTITY, "12155550121", "12155550199", BROKEN },
    { TOKEN ";alg=ES256;ppt=shaken", "12155550121", "12155550131", UNPROVEN },
};

#define MANY 200u

static void many_at_a_time_get_the_verdicts_of_one_at_a_time(void **state)
{
    static struct call calls[MANY];
    static struct hearing hearings[MANY];
    static struct hearing *pointers[MANY];
    static struct stage s;
    enum verstat verstat;
    (void)state;
    open_with_signer(&s);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        call_between(&s, kinds[i].identity, kinds[i].orig, kinds[i].dest, &calls[0]);
        if (outcome_of(&s, &calls[0], &verstat) != kinds[i].want)
            fail_msg("kind %zu alone", i);
    }
    for (size_t i = 0; i < MANY; i++) {
        const size_t kind = i * 5 % ARRAY_SIZE(kinds);
        call_between(&s, kinds[kind].identity, kinds[kind].orig, kinds[kind].dest, &calls[i]);
        hearings[i] = (struct hearing){ .call = &calls[i], .arena = s.arena };
        pointers[i] = &hearings[i];
    }
    epoch_enter(s.epoch, s.slot);
    judge_many(&s.judge, s.desk, pointers, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(hearings[i].state, HEARING_JUDGED);
        if (hearings[i].verdict.outcome != kinds[i * 5 % ARRAY_SIZE(kinds)].want)
            fail_msg("call %zu: %s", i, hearings[i].verdict.why);
    }
    epoch_exit(s.epoch, s.slot);
    stage_close(&s);
}

static void what_is_missing_is_named_and_in_the_end_done_without(void **state)
{
    static struct stage s;
    struct call call;
    struct hearing h = { .call = &call };
    struct hearing *const one[] = { &h };
    (void)state;
    stage_open(&s, "");
    h.arena = s.arena;
    call_between(&s, IDENTITY, "12155550121", "12155550131", &call);
    epoch_enter(s.epoch, s.slot);
    judge_many(&s.judge, s.desk, one, 1);
    assert_int_equal(h.state, HEARING_WAITING);
    assert_int_equal(h.n_wants, 1);
    assert_true(span_equal(h.wants[0].x5u, SPAN(URL)));
    assert_false(h.wants[0].stale);
    h.last = true;
    judge_many(&s.judge, s.desk, one, 1);
    assert_int_equal(h.state, HEARING_JUDGED);
    assert_int_equal(h.verdict.outcome, UNPROVEN);
    assert_int_equal(h.verdict.failure, CASE_E8_NOT_FETCHED);
    assert_int_equal(h.verdict.verstat, VERSTAT_NONE);
    epoch_exit(s.epoch, s.slot);
    stage_close(&s);
}

/* With however little memory: judged, and genuine only with every ballot in its place. */
static void without_memory_nothing_is_genuine_by_accident(void **state)
{
    static struct stage s;
    struct call call;
    bool seen_short = false, seen_whole = false;
    (void)state;
    open_with_signer(&s);
    s.judge.replay = NULL;
    enum verstat verstat;
    call_between(&s, IDENTITY, "12155550121", "12155550131", &call);
    (void)outcome_of(&s, &call, &verstat); /* the certificate is there from now on */
    for (size_t size = 16; size < 16384; size += 16) {
        struct arena *arena = NULL;
        assert_int_equal(arena_create(size, size, &arena), BF_OK);
        struct hearing h = { .call = &call, .arena = arena, .last = true };
        struct hearing *const one[] = { &h };
        epoch_enter(s.epoch, s.slot);
        judge_many(&s.judge, s.desk, one, 1);
        assert_non_null(h.verdict.why);
        if (h.verdict.outcome == GENUINE) {
            assert_true(h.verdict.n_casts >= n_checks);
            for (size_t i = 0; i < h.verdict.n_casts; i++)
                assert_non_null(h.verdict.casts[i].check);
            seen_whole = true;
        } else {
            assert_int_equal(h.verdict.outcome, UNPROVEN);
            seen_short = true;
        }
        epoch_exit(s.epoch, s.slot);
        arena_destroy(arena);
    }
    assert_true(seen_short && seen_whole);
    stage_close(&s);
}

/* The repository served another key under this URL two minutes before the token was made. */
static void a_signature_that_fails_on_an_old_copy_is_judged_on_a_fresh_one(void **state)
{
    static struct stage s;
    struct call call;
    struct hearing h;
    (void)state;
    stage_open(&s, "");
    stage_signer(&s, URL " key=PP-054 spc=1234");
    clock_fixed_set(&s.clock, (struct instant){ .utc = STAGE_TIME - 120, .mono = s.clock.at.mono });
    call_between(&s, IDENTITY, "12155550121", "12155550131", &call);
    s.judge.options.freshness_s = 600;
    stage_judge(&s, &call, &h);
    assert_int_equal(h.verdict.outcome, BROKEN);
    assert_int_equal(h.verdict.failure, CASE_E18_SIGNATURE);
    stage_done(&s);

    stage_signer(&s, URL " key=PP-052 spc=1234");
    clock_fixed_set(&s.clock, (struct instant){ .utc = STAGE_TIME, .mono = s.clock.at.mono + MONO_S(120) });
    call_between(&s, IDENTITY, "12155550121", "12155550131", &call);
    stage_judge(&s, &call, &h);
    assert_int_equal(h.verdict.outcome, GENUINE);
    stage_done(&s);
    stage_close(&s);
}

/* Options that make a verdict one of the lab say so. */
static void verdicts_of_the_lab_say_so(void **state)
{
    static struct stage s;
    struct call call;
    struct hearing h;
    (void)state;
    open_with_signer(&s);
    for (int i = 0; i < 3; i++) {
        s.judge.replay = NULL;
        s.judge.options.no_chain = i == 1;
        s.judge.options.least_attestation = i == 2 ? 'C' : 'A';
        call_between(&s, IDENTITY, "12155550121", "12155550131", &call);
        stage_judge(&s, &call, &h);
        assert_int_equal(h.verdict.outcome, GENUINE);
        assert_int_equal(h.verdict.lab, i > 0);
        stage_done(&s);
    }
    stage_close(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_bit_of_a_token_is_ever_genuine_or_passed),
        cmocka_unit_test(a_header_that_is_known_changes_no_word_of_any_verdict),
        cmocka_unit_test(many_at_a_time_get_the_verdicts_of_one_at_a_time),
        cmocka_unit_test(what_is_missing_is_named_and_in_the_end_done_without),
        cmocka_unit_test(without_memory_nothing_is_genuine_by_accident),
        cmocka_unit_test(a_signature_that_fails_on_an_old_copy_is_judged_on_a_fresh_one),
        cmocka_unit_test(verdicts_of_the_lab_say_so),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
