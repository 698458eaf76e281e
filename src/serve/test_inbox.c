/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inbox.h"

#include <poll.h>
#include <pthread.h>

#include "tap.h"

enum { WRITERS = 4, EACH = 20000 };

struct note {
    struct inbox_item item;
    unsigned writer, number;
};

struct writer {
    struct inbox *box;
    struct note *notes;
};

static void *write_all(void *arg)
{
    const struct writer *w = arg;
    for (size_t i = 0; i < EACH; i++)
        inbox_put(w->box, &w->notes[i].item);
    return NULL;
}

static bool has_mail(const struct inbox *box, int timeout_ms)
{
    struct pollfd fd = { .fd = box->fd, .events = POLLIN };
    return poll(&fd, 1, timeout_ms) > 0;
}

static void what_is_put_in_comes_out_oldest_first(void **state)
{
    struct inbox box;
    struct note a = { .number = 1 }, b = { .number = 2 };
    (void)state;
    assert_int_equal(inbox_init(&box), BF_OK);
    assert_false(has_mail(&box, 0));
    inbox_put(&box, &a.item);
    inbox_put(&box, &b.item);
    assert_true(has_mail(&box, 0));
    struct inbox_item *item = inbox_take(&box);
    assert_ptr_equal(item, &a.item);
    assert_ptr_equal(item->next, &b.item);
    assert_null(item->next->next);
    assert_false(has_mail(&box, 0));
    assert_null(inbox_take(&box));
    inbox_clear(&box);
}

static void a_reader_can_be_woken_for_nothing(void **state)
{
    struct inbox box;
    (void)state;
    assert_int_equal(inbox_init(&box), BF_OK);
    inbox_wake(&box);
    assert_true(has_mail(&box, 0));
    assert_null(inbox_take(&box));
    inbox_clear(&box);
}

static void nothing_is_lost_between_many_writers_and_a_reader(void **state)
{
    static struct note notes[WRITERS][EACH];
    unsigned next[WRITERS] = { 0 };
    struct inbox box;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    (void)state;
    assert_int_equal(inbox_init(&box), BF_OK);
    for (unsigned w = 0; w < WRITERS; w++) {
        for (unsigned i = 0; i < EACH; i++)
            notes[w][i] = (struct note){ .writer = w, .number = i };
        writers[w] = (struct writer){ &box, notes[w] };
        assert_int_equal(pthread_create(&threads[w], NULL, write_all, &writers[w]), 0);
    }
    for (size_t seen = 0; seen < (size_t)WRITERS * EACH;) {
        assert_true(has_mail(&box, 20000)); /* whoever waits is told */
        for (struct inbox_item *item = inbox_take(&box); item; item = item->next, seen++) {
            const struct note *note = (const struct note *)item;
            assert_int_equal(note->number, next[note->writer]++);
        }
    }
    for (unsigned w = 0; w < WRITERS; w++)
        pthread_join(threads[w], NULL);
    inbox_clear(&box);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_comes_out_oldest_first),
        cmocka_unit_test(a_reader_can_be_woken_for_nothing),
        cmocka_unit_test(nothing_is_lost_between_many_writers_and_a_reader),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
