/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/replay.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tap.h"

#define WINDOW MONO_S(120)

static struct replay_sighting sighting(unsigned token, unsigned call, uint64_t source, int64_t second)
{
    struct replay_sighting s = { .source = source, .at = MONO_S(second) };
    for (size_t i = 0; i < sizeof s.key; i += 8) {
        const uint64_t word = (token + i) * 0x9E3779B97F4A7C15u; /* as evenly spread as a digest is */
        memcpy(s.key + i, &word, sizeof word);
    }
    memset(s.same, (int)call, sizeof s.same);
    memcpy(s.same, &call, sizeof call);
    return s;
}

/* rp_001, rp_002: what a second use of a token is, by who brings it and when */
static void rp_002_a_second_use_is_told_from_the_same_call(void **state)
{
    static const struct {
        const char *what;
        unsigned token, call;
        uint64_t source;
        int64_t second;
        enum replay_answer want;
    } rows[] = {
        { "a first use", 1, 1, 7, 100, REPLAY_FIRST },
        { "the same call again, other source", 1, 1, 9, 130, REPLAY_SAME },
        { "another call, same peer, in time", 1, 2, 7, 108, REPLAY_NEAR },
        { "another call, same peer, too late", 1, 2, 7, 109, REPLAY_REPEAT },
        { "another call, other peer", 1, 2, 8, 101, REPLAY_REPEAT },
        { "another token", 2, 2, 7, 101, REPLAY_FIRST },
        { "at the end of the window", 1, 3, 8, 220, REPLAY_REPEAT },
        { "behind the window", 1, 3, 8, 221, REPLAY_FIRST },
    };
    struct replay *r = NULL;
    (void)state;
    assert_int_equal(replay_create(64, WINDOW, &r), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct replay_sighting s =
            sighting(rows[i].token, rows[i].call, rows[i].source, rows[i].second);
        if (replay_enter(r, &s) != rows[i].want)
            fail_msg("%s", rows[i].what);
    }
    replay_destroy(r);
}

static void a_look_enters_nothing(void **state)
{
    struct replay *r = NULL;
    const struct replay_sighting first = sighting(1, 1, 7, 100), other = sighting(1, 2, 8, 100);
    (void)state;
    assert_int_equal(replay_create(64, WINDOW, &r), BF_OK);
    assert_int_equal(replay_look(r, &first), REPLAY_FIRST);
    assert_int_equal(replay_look(r, &other), REPLAY_FIRST);
    assert_int_equal(replay_enter(r, &first), REPLAY_FIRST);
    assert_int_equal(replay_look(r, &other), REPLAY_REPEAT);
    replay_destroy(r);
}

static void a_token_of_a_refused_call_may_come_again(void **state)
{
    struct replay *r = NULL;
    const struct replay_sighting first = sighting(1, 1, 7, 100), again = sighting(1, 2, 8, 101),
                                 other = sighting(2, 1, 7, 100);
    (void)state;
    assert_int_equal(replay_create(64, WINDOW, &r), BF_OK);
    assert_int_equal(replay_enter(r, &first), REPLAY_FIRST);
    assert_int_equal(replay_enter(r, &other), REPLAY_FIRST);
    replay_forget(r, &first);
    assert_int_equal(replay_enter(r, &again), REPLAY_FIRST);
    assert_int_equal(replay_look(r, &first), REPLAY_REPEAT);
    assert_int_equal(replay_enter(r, &other), REPLAY_SAME);
    replay_destroy(r);
}

static void rp_003_memory_is_bounded_and_evictions_of_live_keys_are_counted(void **state)
{
    struct replay *r = NULL;
    (void)state;
    assert_int_equal(replay_create(8, WINDOW, &r), BF_OK); /* one group of four lines */
    for (unsigned i = 1; i <= 13; i++) {
        const struct replay_sighting s = sighting(i, i, 7, 100 + (int64_t)i);
        assert_int_equal(replay_enter(r, &s), REPLAY_FIRST);
    }
    assert_int_equal(replay_counts(r).evicted_live, 1);
    const struct replay_sighting oldest = sighting(1, 99, 8, 120), newest = sighting(13, 99, 8, 120);
    assert_int_equal(replay_look(r, &newest), REPLAY_REPEAT);
    assert_int_equal(replay_look(r, &oldest), REPLAY_FIRST);
    replay_destroy(r);
}

static void outdated_keys_make_room_without_an_alarm(void **state)
{
    struct replay *r = NULL;
    (void)state;
    assert_int_equal(replay_create(8, WINDOW, &r), BF_OK);
    for (unsigned i = 1; i <= 100; i++) {
        const struct replay_sighting s = sighting(i, i, 7, 100 + 130 * (int64_t)i);
        assert_int_equal(replay_enter(r, &s), REPLAY_FIRST);
    }
    assert_int_equal(replay_counts(r).evicted_live, 0);
    replay_destroy(r);
}

static void keys_entered_before_the_machine_booted_still_count(void **state)
{
    struct replay *r = NULL;
    struct replay_sighting early = sighting(1, 1, 7, 0), later = sighting(1, 2, 8, 30);
    (void)state;
    early.at = -MONO_S(20); /* reloaded from the records of a run before */
    assert_int_equal(replay_create(64, WINDOW, &r), BF_OK);
    assert_int_equal(replay_enter(r, &early), REPLAY_FIRST);
    assert_int_equal(replay_look(r, &later), REPLAY_REPEAT);
    replay_destroy(r);
}

/* ---- beside a memory that is a plain list ---- */

#define MODEL_TOKENS 400u

struct model {
    bool entered[MODEL_TOKENS];
    struct replay_sighting first[MODEL_TOKENS];
};

static enum replay_answer model_look(const struct model *m, unsigned token, const struct replay_sighting *s)
{
    const struct replay_sighting *f = &m->first[token];
    if (!m->entered[token] || s->at - f->at > WINDOW)
        return REPLAY_FIRST;
    if (memcmp(f->same, s->same, sizeof f->same) == 0)
        return REPLAY_SAME;
    return f->source == s->source && s->at - f->at <= MONO_S(8) ? REPLAY_NEAR : REPLAY_REPEAT;
}

static uint32_t chance(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*state * below) >> 32);
}

/* Lines fill, overflow, and empty again; nothing that lives is ever missed, and nothing else is ever found. */
static void lines_that_overflow_remember_what_a_list_would(void **state)
{
    static struct model m;
    struct replay *r = NULL;
    uint32_t luck = 1;
    (void)state;
    assert_int_equal(replay_create(32, WINDOW, &r), BF_OK); /* sixteen lines, of three each */
    for (unsigned step = 0; step < 200000; step++) {
        const unsigned token = chance(&luck, MODEL_TOKENS);
        /* about a dozen live at a time; now and then all of them go out of date */
        const int64_t second = 100 + (int64_t)step * 10 + (int64_t)(step / 5000) * 200;
        const struct replay_sighting s = sighting(token, chance(&luck, 2), chance(&luck, 2), second);
        const enum replay_answer want = model_look(&m, token, &s);
        if (chance(&luck, 8) == 0) {
            assert_int_equal(replay_look(r, &s), want);
        } else if (chance(&luck, 16) == 0) {
            replay_forget(r, &s);
            m.entered[token] = false;
        } else {
            assert_int_equal(replay_enter(r, &s), want);
            if (want == REPLAY_FIRST) {
                m.entered[token] = true;
                m.first[token] = s;
            }
        }
    }
    assert_int_equal(replay_counts(r).evicted_live, 0);
    replay_destroy(r);
}

/* ---- two workers, one token ---- */

#define TOKENS 20000u

struct racer {
    struct replay *replay;
    unsigned call;
    int64_t seconds; /* from token to token */
    _Atomic unsigned *turn;
    unsigned char firsts[TOKENS];
};

static void *race(void *arg)
{
    struct racer *me = arg;
    for (unsigned i = 0; i < TOKENS; i++) {
        const struct replay_sighting s = sighting(i, me->call, me->call, 100 + i * me->seconds);
        atomic_fetch_add(me->turn, 1);
        while (atomic_load(me->turn) < 2 * (i + 1)) /* both start every token together */
            ;
        me->firsts[i] = replay_enter(me->replay, &s) == REPLAY_FIRST;
    }
    return NULL;
}

static void race_for(size_t entries, int64_t seconds)
{
    static struct racer a, b;
    _Atomic unsigned turn = 0;
    pthread_t thread;
    unsigned first = 0;
    assert_int_equal(replay_create(entries, WINDOW, &a.replay), BF_OK);
    b.replay = a.replay;
    a.call = 1, b.call = 2, a.turn = b.turn = &turn, a.seconds = b.seconds = seconds;
    assert_int_equal(pthread_create(&thread, NULL, race, &b), 0);
    race(&a);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < TOKENS; i++) {
        assert_true(a.firsts[i] + b.firsts[i] <= 1);
        first += a.firsts[i] + b.firsts[i];
    }
    assert_true(first > 0);
    replay_destroy(a.replay);
}

static void of_two_calls_with_one_token_at_the_same_moment_at_most_one_is_the_first(void **state)
{
    (void)state;
    race_for(4 * TOKENS, 0);
}

/* One group, about ten of its twelve slots taken: homes are full more often than not. */
static void nor_is_there_a_second_first_where_lines_overflow(void **state)
{
    (void)state;
    race_for(8, 12);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rp_002_a_second_use_is_told_from_the_same_call),
        cmocka_unit_test(a_look_enters_nothing),
        cmocka_unit_test(a_token_of_a_refused_call_may_come_again),
        cmocka_unit_test(rp_003_memory_is_bounded_and_evictions_of_live_keys_are_counted),
        cmocka_unit_test(outdated_keys_make_room_without_an_alarm),
        cmocka_unit_test(keys_entered_before_the_machine_booted_still_count),
        cmocka_unit_test(lines_that_overflow_remember_what_a_list_would),
        cmocka_unit_test(of_two_calls_with_one_token_at_the_same_moment_at_most_one_is_the_first),
        cmocka_unit_test(nor_is_there_a_second_first_where_lines_overflow),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
