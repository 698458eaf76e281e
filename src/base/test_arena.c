/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>

#include "tap.h"

static struct arena *arena_of(size_t block, size_t max)
{
    struct arena *a = NULL;
    assert_int_equal(arena_create(block, max, &a), BF_OK);
    return a;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(64, 1 << 16);
    unsigned char *before = NULL;
    (void)state;
    for (size_t size = 0; size < 200; size++) {
        unsigned char *p = arena_take(a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xEE, size);
        if (before && size > 1)
            assert_int_equal(before[0], 0xEE);
        before = size ? p : NULL;
    }
}

static void the_ceiling_holds_for_all_blocks_together(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(256, 1024);
    size_t taken = 0;
    (void)state;
    while (arena_take(a, 64))
        taken += 64;
    assert_int_equal(taken, 1024);
    assert_null(arena_take(a, 1));
    assert_null(arena_take(a, SIZE_MAX));
    assert_null(arena_take(a, SIZE_MAX - 8));
}

static void one_piece_may_be_larger_than_a_block(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(64, 4096);
    (void)state;
    assert_non_null(arena_take(a, 2000));
    assert_null(arena_take(a, 2100));
    assert_non_null(arena_take(a, 64));
}

static void a_block_above_the_ceiling_is_no_arena(void **state)
{
    struct arena *a = NULL;
    (void)state;
    assert_int_equal(arena_create(64, 32, &a), BF_ENOMEM);
    assert_null(a);
}

static void reset_gives_the_first_block_again_clean(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(128, 1024);
    (void)state;
    char *first = arena_take(a, 100);
    assert_non_null(first);
    memset(first, 'x', 100);
    assert_non_null(arena_take(a, 800));
    arena_reset(a);
    char *again = arena_take(a, 100);
    assert_ptr_equal(again, first);
    assert_int_equal(again[99], 0);
    assert_non_null(arena_take(a, 800)); /* the ceiling counts from the start again */
}

static void copies_end_with_a_nul_that_does_not_count(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(128, 1024);
    (void)state;
    const struct span copy = arena_copy(a, SPAN("a\0b"));
    assert_int_equal(copy.n, 3);
    assert_memory_equal(copy.p, "a\0b", 4);
    assert_non_null(arena_copy(a, SPAN_NONE).p);
    assert_string_equal(arena_printf(a, "%s-%d", "x", 12), "x-12");
}

static void without_room_copies_and_texts_are_absent(void **state)
{
    auto_(arena_destroy) struct arena *a = arena_of(32, 32);
    char text[65];
    (void)state;
    memset(text, 'a', 64);
    text[64] = '\0';
    assert_null(arena_copy(a, span_of(text)).p);
    assert_null(arena_printf(a, "%s", text));
    assert_string_equal(arena_printf(a, "%s", "fits"), "fits");
}

static void nothing_is_destroyed_without_complaint(void **state)
{
    (void)state;
    arena_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(the_ceiling_holds_for_all_blocks_together),
        cmocka_unit_test(one_piece_may_be_larger_than_a_block),
        cmocka_unit_test(a_block_above_the_ceiling_is_no_arena),
        cmocka_unit_test(reset_gives_the_first_block_again_clean),
        cmocka_unit_test(copies_end_with_a_nul_that_does_not_count),
        cmocka_unit_test(without_room_copies_and_texts_are_absent),
        cmocka_unit_test(nothing_is_destroyed_without_complaint),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
