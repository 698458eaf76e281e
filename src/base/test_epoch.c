/* SPDX-License-Identifier: Apache-2.0 */
#include "base/epoch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tap.h"

static void count_release(void *p)
{
    ++*(int *)p;
}

static struct epoch *epoch_new(void)
{
    struct epoch *e = NULL;
    assert_int_equal(epoch_create(&e), BF_OK);
    return e;
}

static unsigned joined(struct epoch *e)
{
    unsigned slot = EPOCH_READERS;
    assert_int_equal(epoch_join(e, &slot), BF_OK);
    return slot;
}

static void without_readers_the_retired_goes_at_once(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    int released = 0;
    (void)state;
    epoch_retire(e, count_release, &released);
    assert_int_equal(released, 1);
}

static void a_reader_that_was_inside_holds_it_back(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    const unsigned a = joined(e), b = joined(e);
    int released = 0;
    (void)state;
    epoch_enter(e, a);
    epoch_retire(e, count_release, &released);
    epoch_enter(e, b); /* came later: cannot have seen it */
    epoch_collect(e);
    assert_int_equal(released, 0);
    epoch_exit(e, a);
    epoch_collect(e);
    assert_int_equal(released, 1);
    epoch_exit(e, b);
}

static void a_reader_between_batches_holds_nothing(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    const unsigned slot = joined(e);
    int released = 0;
    (void)state;
    epoch_enter(e, slot);
    epoch_exit(e, slot);
    epoch_retire(e, count_release, &released);
    assert_int_equal(released, 1);
}

static void each_value_waits_for_its_own_readers_only(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    const unsigned a = joined(e), b = joined(e);
    int first = 0, second = 0;
    (void)state;
    epoch_enter(e, a);
    epoch_retire(e, count_release, &first);
    epoch_enter(e, b);
    epoch_retire(e, count_release, &second);
    epoch_exit(e, a);
    epoch_collect(e);
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    epoch_exit(e, b);
    epoch_collect(e);
    assert_int_equal(second, 1);
}

static void what_is_still_retired_goes_with_the_epoch(void **state)
{
    struct epoch *e = epoch_new();
    const unsigned slot = joined(e);
    int released = 0;
    (void)state;
    epoch_enter(e, slot);
    epoch_retire(e, count_release, &released);
    epoch_exit(e, slot);
    epoch_destroy(e);
    assert_int_equal(released, 1);
    epoch_destroy(NULL);
}

/* Brackets that overlap: what the oldest open one can hold is held, and no more. */
static void overlapping_brackets_hold_what_the_oldest_holds(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    int released = 0, before = 0;
    const unsigned slot = joined(e);
    (void)state;
    const uint64_t first = epoch_enter_another(e, slot);
    epoch_retire(e, count_release, &released);
    const uint64_t second = epoch_enter_another(e, slot);
    assert_true(second > first);
    epoch_retire(e, count_release, &released);
    const uint64_t third = epoch_enter_another(e, slot);
    assert_int_equal(released, before);
    epoch_exit_before(e, slot, second);
    epoch_collect(e);
    assert_int_equal(released, before + 1);
    epoch_exit_before(e, slot, third);
    epoch_collect(e);
    assert_int_equal(released, before + 2);
    epoch_retire(e, count_release, &released);
    assert_int_equal(released, before + 2);
    epoch_exit_before(e, slot, 0);
    epoch_collect(e);
    assert_int_equal(released, before + 3);
    epoch_leave(e, slot);
}

static void places_are_bounded_and_come_back(void **state)
{
    auto_(epoch_destroy) struct epoch *e = epoch_new();
    unsigned slot = 0, extra = 4711;
    (void)state;
    for (unsigned i = 0; i < EPOCH_READERS; i++)
        slot = joined(e);
    assert_int_equal(epoch_join(e, &extra), BF_ELIMIT);
    assert_int_equal(extra, 4711);
    epoch_leave(e, slot);
    assert_int_equal(joined(e), slot);
}

/*
 * Readers follow a pointer that a writer keeps replacing. A released value is marked before it is freed:
 * a reader that ever sees the mark was inside while its value was given back.
 */
#define ALIVE  0x600DCA11u
#define DEAD   0xDEADu
#define ROUNDS 20000

struct value {
    _Atomic unsigned mark;
};

struct stage {
    struct epoch *epoch;
    _Atomic(struct value *) current;
    _Atomic bool done;
    _Atomic unsigned wrong, seen, released;
};

static struct stage
    *stage_of_release; /* release() has no argument for it; one test, one thread that retires */

static void value_release(void *p)
{
    struct value *v = p;
    atomic_store(&v->mark, DEAD);
    free(v);
    atomic_fetch_add(&stage_of_release->released, 1);
}

static void *read_on(void *p)
{
    struct stage *s = p;
    unsigned slot;
    if (epoch_join(s->epoch, &slot) != BF_OK) {
        atomic_fetch_add(&s->wrong, 1);
        return NULL;
    }
    while (!atomic_load(&s->done)) {
        epoch_enter(s->epoch, slot);
        const struct value *v = atomic_load(&s->current);
        for (int i = 0; i < 8; i++)
            if (atomic_load(&v->mark) != ALIVE)
                atomic_fetch_add(&s->wrong, 1);
        atomic_fetch_add(&s->seen, 1);
        epoch_exit(s->epoch, slot);
    }
    epoch_leave(s->epoch, slot);
    return NULL;
}

static struct value *value_new(void)
{
    struct value *v = malloc(sizeof *v);
    assert_non_null(v);
    atomic_init(&v->mark, ALIVE);
    return v;
}

static void no_reader_ever_sees_a_value_that_was_given_back(void **state)
{
    struct stage s = { .epoch = epoch_new() };
    pthread_t readers[3];
    (void)state;
    stage_of_release = &s;
    atomic_store(&s.current, value_new());
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &s), 0);
    unsigned retired = 0;
    for (; retired < ROUNDS || atomic_load(&s.seen) < 100; retired++)
        epoch_retire(s.epoch, value_release, atomic_exchange(&s.current, value_new()));
    atomic_store(&s.done, true);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
        pthread_join(readers[i], NULL);
    epoch_destroy(s.epoch);
    free(atomic_load(&s.current));
    assert_int_equal(s.wrong, 0);
    assert_int_equal(s.released, retired);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_readers_the_retired_goes_at_once),
        cmocka_unit_test(a_reader_that_was_inside_holds_it_back),
        cmocka_unit_test(a_reader_between_batches_holds_nothing),
        cmocka_unit_test(each_value_waits_for_its_own_readers_only),
        cmocka_unit_test(what_is_still_retired_goes_with_the_epoch),
        cmocka_unit_test(overlapping_brackets_hold_what_the_oldest_holds),
        cmocka_unit_test(places_are_bounded_and_come_back),
        cmocka_unit_test(no_reader_ever_sees_a_value_that_was_given_back),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
