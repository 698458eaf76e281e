/* SPDX-License-Identifier: Apache-2.0 */
#include "people/habit.h"

#include "tap.h"

#define DAY 86400
#define MAY 1777593600 /* 2026-05-01T00:00:00Z */

static const struct person ada = {
    .uid = "", .name = "Ada", .organisation = "", .language = "", .note = "", .photo_type = "", .extra = ""
};
static const struct number desk = { "12025550100", 11, true, "" };

static struct book *book_with(int64_t *ret_id)
{
    struct book *b = NULL;
    char *message = NULL;
    assert_int_equal(book_open("sqlite::memory:", DB_WRITE, &b, &message), BF_OK);
    assert_int_equal(book_add(b, &ada, ret_id), BF_OK);
    return b;
}

static void learn(struct book *b, int64_t person, const char *spc, const char *issuer, utc_t at)
{
    const struct habit_lesson lesson = { .person = person,
                                         .number = desk,
                                         .spc = span_of(spc),
                                         .issuer = span_of(issuer),
                                         .trust_domain = SPAN("us"),
                                         .at = at };
    assert_int_equal(habit_learn(b, &lesson), BF_OK);
}

struct list {
    struct habit all[8];
    size_t n;
};

static bool keep(void *arg, const struct habit *h)
{
    struct list *l = arg;
    l->all[l->n++] = *h; /* its texts end with this */
    assert_true(number_equal(&h->number, &desk) && h->number.global);
    assert_string_equal(h->trust_domain, "us");
    return l->n < ARRAY_SIZE(l->all);
}

static struct list habits(struct book *b, int64_t person)
{
    struct list l = { .n = 0 };
    assert_int_equal(habit_list(b, person, keep, &l), BF_OK);
    return l;
}

static void a_habit_is_proposed_on_its_third_day_and_counts_once_confirmed(void **state)
{
    int64_t id;
    auto_(book_close) struct book *b = book_with(&id);
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        learn(b, id, "1234", "CN=A", MAY + i);
    learn(b, id, "1234", "CN=A", MAY + DAY);
    struct list l = habits(b, id);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.all[0].state, HABIT_LEARNING);
    assert_int_equal(l.all[0].days, 2);
    assert_int_equal(habit_decide(b, l.all[0].id, true, "desk"), BF_EAGAIN);
    learn(b, id, "1234", "CN=B", MAY + 2 * DAY); /* its CA changed: the signer is the same */
    l = habits(b, 0);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.all[0].state, HABIT_PROPOSED);
    assert_int_equal(l.all[0].calls, 7);
    assert_true(l.all[0].since == MAY && l.all[0].last == MAY + 2 * DAY);
    assert_int_equal(habit_decide(b, l.all[0].id, true, "desk"), BF_OK);
    assert_int_equal(habits(b, id).all[0].state, HABIT_CONFIRMED);
    assert_int_equal(habit_decide(b, l.all[0].id, false, "desk"), BF_OK);
    learn(b, id, "1234", "CN=B", MAY + 9 * DAY);
    assert_int_equal(habits(b, id).all[0].state, HABIT_REFUSED); /* nothing learned changes that */
    assert_int_equal(habit_decide(b, 99, true, "desk"), BF_ENOENT);
}

static void another_signer_is_another_habit(void **state)
{
    int64_t id;
    auto_(book_close) struct book *b = book_with(&id);
    (void)state;
    learn(b, id, "1234", "CN=A", MAY);
    learn(b, id, "5678", "CN=A", MAY + DAY);
    learn(b, id, "", "CN=A", MAY + 2 * DAY);
    learn(b, id, "", "CN=B", MAY + 3 * DAY); /* without a code the CA is all there is */
    const struct list l = habits(b, id);
    assert_int_equal(l.n, 4);
    for (size_t i = 0; i < l.n; i++)
        assert_int_equal(l.all[i].days, 1);
}

static void that_a_habit_goes_on_does_not_ask_for_a_new_snapshot(void **state)
{
    int64_t id;
    uint64_t before, after;
    auto_(book_close) struct book *b = book_with(&id);
    (void)state;
    learn(b, id, "1234", "", MAY);
    assert_int_equal(book_generation(b, &before), BF_OK);
    learn(b, id, "1234", "", MAY + 1);
    assert_int_equal(book_generation(b, &after), BF_OK);
    assert_true(before == after);
    assert_int_equal(habit_decide(b, habits(b, id).all[0].id, false, "desk"), BF_OK);
    assert_int_equal(book_generation(b, &after), BF_OK);
    assert_true(after > before);
}

static bool one_exception(void *arg, const struct exception *e)
{
    int64_t *id = arg;
    assert_true(number_equal(&e->number, &desk));
    assert_string_equal(e->name, "Office of Ada");
    assert_string_equal(e->by, "second");
    assert_int_equal(*id, 0);
    *id = e->id;
    return true;
}

static bool no_exception(void *arg, const struct exception *e)
{
    (void)arg;
    fail_msg("%s", e->name);
    return true;
}

static void an_exception_is_a_number_that_may_say_a_name(void **state)
{
    int64_t person, id = 0;
    auto_(book_close) struct book *b = book_with(&person);
    const struct number none = { .n = 0 };
    (void)state;
    assert_int_equal(exception_add(b, &desk, SPAN(" Office of Ada "), "first"), BF_OK);
    assert_int_equal(exception_add(b, &desk, SPAN("Office of Ada"), "second"), BF_OK);
    assert_int_equal(exception_list(b, one_exception, &id), BF_OK);
    assert_true(id > 0);
    assert_int_equal(exception_remove(b, id), BF_OK);
    assert_int_equal(exception_remove(b, id), BF_ENOENT);
    assert_int_equal(exception_list(b, no_exception, NULL), BF_OK);
    assert_int_equal(exception_add(b, &none, SPAN("Ada"), ""), BF_EFORM);
    assert_int_equal(exception_add(b, &desk, SPAN("  "), ""), BF_EFORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_habit_is_proposed_on_its_third_day_and_counts_once_confirmed),
        cmocka_unit_test(another_signer_is_another_habit),
        cmocka_unit_test(that_a_habit_goes_on_does_not_ask_for_a_new_snapshot),
        cmocka_unit_test(an_exception_is_a_number_that_may_say_a_name),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
