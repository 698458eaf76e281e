/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/answers.h"

#include "tap.h"

static struct answers_key key_of(uint64_t transaction, uint64_t message)
{
    /* As evenly spread as digests are. */
    return (struct answers_key){ { transaction * 0x9E3779B97F4A7C15u, transaction * 0xD1B54A32D192ED03u },
                                 { message * 0x9E3779B97F4A7C15u, message } };
}

static struct answer_kept kept_of(int status, uint8_t mark)
{
    struct answer_kept kept = { .status = status };
    kept.decision.id.bytes[0] = mark;
    return kept;
}

static struct answers *table(size_t memory)
{
    struct answers *a = NULL;
    assert_int_equal(answers_create(memory, &a), BF_OK);
    return a;
}

static enum answers_found claim(struct answers *a, uint64_t transaction, uint64_t message, mono_t now,
                                struct answers_ticket *ticket, struct answer_kept *kept)
{
    const struct answers_key key = key_of(transaction, message);
    return answers_claim(a, &key, 1, now, ticket, kept);
}

static void sip_032_a_repeated_request_finds_its_decision(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t, again;
    struct answer_kept kept, mine = kept_of(0, 7);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    assert_int_equal(claim(a, 1, 1, 0, &again, &kept), ANSWERS_BUSY);
    answers_give(a, &t, &mine, 0);
    assert_int_equal(claim(a, 1, 1, MONO_S(1), &again, &kept), ANSWERS_GIVEN);
    assert_int_equal(kept.decision.id.bytes[0], 7);
    assert_int_equal(answers_counts(a).kept, 1);
    assert_int_equal(answers_counts(a).busy, 0);
}

static void other_bytes_of_the_same_transaction_are_another_call(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t, other;
    struct answer_kept kept, mine = kept_of(0, 1);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_give(a, &t, &mine, 0);
    assert_int_equal(claim(a, 1, 2, 0, &other, &kept), ANSWERS_NEW);
}

static void an_ack_ends_all_decisions_of_its_transaction_and_no_other(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t[3];
    struct answer_kept kept, mine = kept_of(0, 1);
    const struct answers_key acked = key_of(1, 0);
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(claim(a, i < 2 ? 1 : 2, i, 0, &t[i], &kept), ANSWERS_NEW);
        assert_true(answers_unacknowledged(a, &t[i]));
        answers_give(a, &t[i], &mine, 0);
    }
    answers_acknowledge(a, acked.transaction, MONO_S(1));
    assert_false(answers_unacknowledged(a, &t[0]));
    assert_false(answers_unacknowledged(a, &t[1]));
    assert_true(answers_unacknowledged(a, &t[2]));
    assert_int_equal(answers_counts(a).kept, 1);
}

/* RFC 3261 section 17.2.1, timer I: the ACK may overtake a repeated request. */
static void a_request_that_was_repeated_before_its_ack_is_no_new_call(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t;
    struct answer_kept kept, mine = kept_of(0, 1);
    const struct answers_key key = key_of(1, 1);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_give(a, &t, &mine, 0);
    answers_acknowledge(a, key.transaction, MONO_S(1));
    assert_int_equal(claim(a, 1, 1, MONO_S(6), &t, &kept), ANSWERS_GIVEN);
    answers_acknowledge(a, key.transaction, MONO_S(6));
    assert_int_equal(claim(a, 1, 1, MONO_S(6) + 1, &t, &kept), ANSWERS_NEW);
}

static void a_signing_decision_of_another_configuration_is_worth_nothing(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t;
    struct answer_kept kept, mine = kept_of(0, 1);
    const struct answers_key key = key_of(1, 1), other = key_of(2, 2);
    (void)state;
    mine.generation = 1;
    mine.decision.signing = 1;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_give(a, &t, &mine, 0);
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_GIVEN);
    assert_int_equal(answers_claim(a, &key, 2, 0, &t, &kept), ANSWERS_NEW);
    mine.decision.signing = 0;
    assert_int_equal(claim(a, 2, 2, 0, &t, &kept), ANSWERS_NEW);
    answers_give(a, &t, &mine, 0);
    assert_int_equal(answers_claim(a, &other, 2, 0, &t, &kept), ANSWERS_GIVEN);
}

static void an_ack_leaves_a_call_in_progress_alone(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t, again;
    struct answer_kept kept;
    const struct answers_key key = key_of(1, 1);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_acknowledge(a, key.transaction, 0);
    assert_int_equal(claim(a, 1, 1, 0, &again, &kept), ANSWERS_BUSY);
}

static void a_decision_lives_for_32_seconds(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t;
    struct answer_kept kept, mine = kept_of(0, 1);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_give(a, &t, &mine, MONO_S(10));
    assert_int_equal(claim(a, 1, 1, MONO_S(42), &t, &kept), ANSWERS_GIVEN);
    assert_int_equal(claim(a, 1, 1, MONO_S(42) + 1, &t, &kept), ANSWERS_NEW);
}

static void a_full_table_forgets_the_oldest_decision_and_never_a_call_in_progress(void **state)
{
    auto_(answers_destroy) struct answers *a = table(0); /* the least */
    const uint64_t capacity = answers_counts(a).capacity;
    struct answers_ticket busy, t;
    struct answer_kept kept, mine = kept_of(0, 1);
    (void)state;
    assert_int_equal(claim(a, 0, 0, 0, &busy, &kept), ANSWERS_NEW);
    for (uint64_t i = 1; i <= 20 * capacity; i++) {
        assert_int_equal(claim(a, i, i, (mono_t)i, &t, &kept), ANSWERS_NEW);
        answers_give(a, &t, &mine, (mono_t)i);
    }
    assert_true(answers_counts(a).kept < capacity);
    assert_true(answers_counts(a).evicted > 0);
    assert_int_equal(claim(a, 0, 0, 0, &t, &kept), ANSWERS_BUSY);
    assert_int_equal(claim(a, 20 * capacity, 20 * capacity, 0, &t, &kept), ANSWERS_GIVEN);
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
}

static void without_room_a_call_is_still_answered(void **state)
{
    auto_(answers_destroy) struct answers *a = table(0);
    const uint64_t capacity = answers_counts(a).capacity;
    struct answers_ticket t;
    struct answer_kept kept, mine = kept_of(0, 1);
    bool seen = false;
    (void)state;
    for (uint64_t i = 0; i < 4 * capacity; i++) {
        assert_int_equal(claim(a, i, i, 0, &t, &kept), ANSWERS_NEW);
        if (t.slot)
            continue;
        seen = true;
        assert_false(answers_park(a, &t, 1));
        answers_give(a, &t, &mine, 0);
        answers_forget(a, &t);
        assert_false(answers_unacknowledged(a, &t));
    }
    assert_true(seen);
    assert_true(answers_counts(a).full > 0);
}

static void a_ticket_of_an_earlier_use_is_worth_nothing(void **state)
{
    auto_(answers_destroy) struct answers *a = table(0);
    struct answers_ticket old, t;
    struct answer_kept kept, mine = kept_of(0, 1);
    (void)state;
    assert_int_equal(claim(a, 1, 1, 0, &old, &kept), ANSWERS_NEW);
    answers_forget(a, &old);
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    answers_forget(a, &old);
    answers_give(a, &old, &mine, 0);
    assert_int_equal(claim(a, 1, 1, 0, &old, &kept), ANSWERS_BUSY);
}

static void sip_040_cancel_finds_the_call_in_every_state(void **state)
{
    auto_(answers_destroy) struct answers *a = table(1 << 20);
    struct answers_ticket t;
    struct answer_kept kept, mine = kept_of(0, 1);
    const struct answers_key key = key_of(1, 1), early = key_of(2, 1);
    uint64_t parked = 0;
    (void)state;
    assert_int_equal(answers_cancel(a, key.transaction, &parked), CANCEL_UNKNOWN);
    assert_int_equal(claim(a, 1, 1, 0, &t, &kept), ANSWERS_NEW);
    assert_false(answers_park(a, &t, 99));
    assert_int_equal(answers_cancel(a, key.transaction, &parked), CANCEL_PARKED);
    assert_int_equal(parked, 99);
    assert_int_equal(answers_cancel(a, key.transaction, &parked), CANCEL_TOO_LATE);
    answers_give(a, &t, &mine, 0);
    assert_int_equal(answers_cancel(a, key.transaction, &parked), CANCEL_TOO_LATE);

    /* A CANCEL that overtakes: the call learns of it when it is about to wait. */
    assert_int_equal(claim(a, 2, 1, 0, &t, &kept), ANSWERS_NEW);
    assert_int_equal(answers_cancel(a, early.transaction, &parked), CANCEL_TOO_LATE);
    assert_true(answers_park(a, &t, 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_032_a_repeated_request_finds_its_decision),
        cmocka_unit_test(other_bytes_of_the_same_transaction_are_another_call),
        cmocka_unit_test(an_ack_ends_all_decisions_of_its_transaction_and_no_other),
        cmocka_unit_test(a_request_that_was_repeated_before_its_ack_is_no_new_call),
        cmocka_unit_test(a_signing_decision_of_another_configuration_is_worth_nothing),
        cmocka_unit_test(an_ack_leaves_a_call_in_progress_alone),
        cmocka_unit_test(a_decision_lives_for_32_seconds),
        cmocka_unit_test(a_full_table_forgets_the_oldest_decision_and_never_a_call_in_progress),
        cmocka_unit_test(without_room_a_call_is_still_answered),
        cmocka_unit_test(a_ticket_of_an_earlier_use_is_worth_nothing),
        cmocka_unit_test(sip_040_cancel_finds_the_call_in_every_state),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
