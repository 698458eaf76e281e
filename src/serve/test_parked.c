/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/parked.h"

#include <stdlib.h>

#include "tap.h"

static const struct want here = { SPAN_NONE, false };

static struct want want_of(const char *x5u)
{
    struct want w = here;
    w.x5u = span_of(x5u);
    return w;
}

static struct parking parking_of(uint64_t max, uint64_t bytes)
{
    struct parking p;
    parking_init(&p, max, bytes);
    return p;
}

static void calls_and_their_bytes_are_bounded(void **state)
{
    struct parking p = parking_of(3, 100);
    const struct want w = want_of("https://a.example/x.pem");
    struct parked *in[3];
    (void)state;
    in[0] = parked_create(&p, span_make("0123456789", 10), 1, &w, 1);
    in[1] = parked_create(&p, span_make("0123456789", 10), 2, &w, 1);
    assert_non_null(in[0]);
    assert_non_null(in[1]);
    assert_null(parked_create(&p, span_make((char[90]){ 0 }, 90), 3, &w, 1)); /* too many bytes */
    in[2] = parked_create(&p, SPAN("x"), 3, &w, 1);
    assert_non_null(in[2]);
    assert_null(parked_create(&p, SPAN("x"), 4, &w, 1)); /* too many calls */
    assert_int_equal(p.refused, 2);
    assert_memory_equal(in[0]->message, "0123456789", 10);
    for (size_t i = 0; i < 3; i++) {
        parked_leave(&p, in[i]);
        parked_destroy(in[i]);
    }
    assert_int_equal(p.count, 0);
    assert_int_equal(p.bytes, 0);
}

struct row {
    const char *what;
    uint64_t sources; /* how many of them take turns */
    size_t hosts, want;
};

static void of_one_source_64_may_wait_and_for_one_host_256(void **state)
{
    static const struct row rows[] = {
        { "one source, one host", 1, 1, PARKED_A_SOURCE },
        { "one source, many hosts", 1, 100, PARKED_A_SOURCE },
        { "many sources, one host", 1000, 1, PARKED_A_HOST },
    };
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        struct parking p = parking_of(100000, 1 << 30);
        struct parked *in[600];
        size_t n = 0;
        for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
            char x5u[64];
            snprintf(x5u, sizeof x5u, "https://h%zu.example:443/%zu.pem", i % rows[r].hosts, i);
            const struct want w = want_of(x5u);
            struct parked *one = parked_create(&p, SPAN("x"), 1 + i % rows[r].sources, &w, 1);
            if (one)
                in[n++] = one;
        }
        if (n != rows[r].want)
            fail_msg("%s: %zu", rows[r].what, n);
        while (n) {
            parked_leave(&p, in[--n]);
            parked_destroy(in[n]);
        }
        for (size_t i = 0; i < PARKING_ROWS; i++)
            assert_int_equal(p.sources[i] | p.hosts[i], 0);
    }
}

static void a_call_that_finds_no_room_charges_nobody(void **state)
{
    struct parking p = parking_of(1000, 1 << 20);
    struct want w[2] = { want_of("https://full.example/x"), want_of("https://free.example/x") };
    struct parked *in[PARKED_A_HOST];
    (void)state;
    for (size_t i = 0; i < PARKED_A_HOST; i++)
        assert_non_null(in[i] = parked_create(&p, SPAN("x"), i + 1, &w[0], 1));
    const struct want both[2] = { w[1], w[0] };
    assert_null(parked_create(&p, SPAN("x"), 7000, both, 2));
    assert_int_equal(p.count, PARKED_A_HOST);
    uint64_t sum = 0;
    for (size_t i = 0; i < PARKING_ROWS; i++)
        sum += p.hosts[i];
    assert_int_equal(sum, PARKED_A_HOST);
    for (size_t i = 0; i < PARKED_A_HOST; i++) {
        parked_leave(&p, in[i]);
        parked_destroy(in[i]);
    }
}

static void a_row_is_in_the_order_of_deadlines(void **state)
{
    static const mono_t deadlines[] = { 50, 10, 30, 40, 20, 30 };
    struct parking p = parking_of(100, 1 << 20);
    struct parked_row row = { NULL, NULL, 0 };
    const struct want w = want_of("https://a.example/x");
    mono_t last = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++) {
        struct parked *one = parked_create(&p, SPAN("x"), 1, &w, 1);
        assert_non_null(one);
        one->deadline = deadlines[i];
        one->number = i;
        parked_join(&row, one);
    }
    assert_int_equal(row.n, ARRAY_SIZE(deadlines));
    assert_int_equal(parked_numbered(&row, 3)->deadline, 40);
    assert_null(parked_numbered(&row, 77));
    struct parked *middle = parked_numbered(&row, 2);
    parked_cut(&row, middle);
    parked_destroy(middle);
    while (row.first) {
        struct parked *one = row.first;
        assert_true(one->deadline >= last);
        last = one->deadline;
        parked_cut(&row, one);
        parked_destroy(one);
    }
    assert_null(row.last);
    assert_int_equal(row.n, 0);
}

/* RFC 3261 section 17.2.1: timer G doubles from T1 to T2, timer H ends it. */
static void an_answer_is_sent_again_at_doubling_intervals_for_32_seconds(void **state)
{
    static const mono_t times_ms[] = { 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500 };
    const struct origin origin = { .door = DOOR_UDP };
    const struct answers_ticket ticket = { 1, 1 };
    struct resend *r = resend_create(&origin, &ticket, SPAN("SIP/2.0 302"), 0);
    (void)state;
    assert_non_null(r);
    assert_memory_equal(r->bytes, "SIP/2.0 302", r->n);
    for (size_t i = 0; i < ARRAY_SIZE(times_ms); i++) {
        assert_int_equal(r->at, MONO_MS(times_ms[i]));
        assert_int_equal(resend_next(r, r->at), i + 1 < ARRAY_SIZE(times_ms));
    }
    free(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_and_their_bytes_are_bounded),
        cmocka_unit_test(of_one_source_64_may_wait_and_for_one_host_256),
        cmocka_unit_test(a_call_that_finds_no_room_charges_nobody),
        cmocka_unit_test(a_row_is_in_the_order_of_deadlines),
        cmocka_unit_test(an_answer_is_sent_again_at_doubling_intervals_for_32_seconds),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
