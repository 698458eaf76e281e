/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one transaction, a row an event: what happens, when, and what has to be done about it. */
#include "proxy/transactions.h"

#include "tap.h"

enum event {
    END,      /* of the story */
    FORWARD,  /* n: milliseconds of patience */
    RELIABLY, /* the same, over a connection */
    LOST,     /* the last attempt's place cannot be reached */
    RESPONSE, /* n: status; attempt */
    TO_CANCEL,
    ANSWERED, /* n: status */
    ACKED,
    CANCELLED,
    TIME, /* what is due at that moment: exactly one thing */
    QUIET /* nothing is due up to that moment */
};

struct row {
    int at; /* milliseconds */
    enum event event;
    int n;
    unsigned attempt, wants;
};

struct story {
    const char *name;
    enum transaction_kind kind;
    bool reliable;
    struct row rows[24];
};

#define PASS        TRANSACTION_PASS
#define ACK         TRANSACTION_ACK
#define SEND        TRANSACTION_SEND
#define SEND_CANCEL TRANSACTION_SEND_CANCEL
#define SEND_ANSWER TRANSACTION_SEND_ANSWER
#define NEXT        TRANSACTION_NEXT
#define TIMEOUT     TRANSACTION_TIMEOUT
#define GIVE_UP     TRANSACTION_GIVE_UP
#define FORGET      TRANSACTION_FORGET

static const struct story stories[] = {
    { "timer A: an INVITE is sent again at 0.5, 1.5, 3.5 s until something is heard",
      TRANSACTION_INVITE,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 499, QUIET, 0, 0, 0 },
        { 500, TIME, 0, 0, SEND },
        { 1499, QUIET, 0, 0, 0 },
        { 1500, TIME, 0, 0, SEND },
        { 3500, TIME, 0, 0, SEND },
        { 3600, RESPONSE, 100, 0, 0 },
        { 60000, QUIET, 0, 0, 0 },
        { 60000, RESPONSE, 180, 0, PASS } } },
    { "timer B: nobody answers for 32 s",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 0, 0, 0 },
        { 31999, QUIET, 0, 0, 0 },
        { 32000, TIME, 0, 0, NEXT },
        { 32000, ANSWERED, 408, 0, 0 },
        { 32001, ACKED, 0, 0, 0 },
        { 64000, TIME, 0, 0, FORGET } } },
    { "timer C: it rings for 3 minutes after the last ringing",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 0, 0, 0 },
        { 1000, RESPONSE, 180, 0, PASS },
        { 10000, RESPONSE, 183, 0, PASS },
        { 189999, QUIET, 0, 0, 0 },
        { 190000, TIME, 0, 0, TIMEOUT },
        { 190000, ANSWERED, 408, 0, 0 },
        { 190000, TIME, 0, 0, SEND_CANCEL },
        { 190010, TO_CANCEL, 200, 0, 0 },
        { 190020, RESPONSE, 487, 0, ACK } } },
    { "it rings again and again, and is given up after 5 minutes",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 0, 0, 0 },
        { 100000, RESPONSE, 180, 0, PASS },
        { 200000, RESPONSE, 180, 0, PASS },
        { 299999, QUIET, 0, 0, 0 },
        { 300000, TIME, 0, 0, TIMEOUT } } },
    { "timer G: a refusal is repeated at 0.5, 1.5, 3.5, 7.5, 11.5 s until the ACK, then timer I",
      TRANSACTION_INVITE,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 10, RESPONSE, 486, 0, ACK | PASS },
        { 10, ANSWERED, 486, 0, 0 },
        { 510, TIME, 0, 0, SEND_ANSWER },
        { 1510, TIME, 0, 0, SEND_ANSWER },
        { 3510, TIME, 0, 0, SEND_ANSWER },
        { 7510, TIME, 0, 0, SEND_ANSWER },
        { 11510, TIME, 0, 0, SEND_ANSWER },
        { 12000, ACKED, 0, 0, 0 },
        { 16999, QUIET, 0, 0, 0 },
        { 12500, RESPONSE, 486, 0, ACK },
        { 17000, TIME, 0, 0, FORGET } } },
    { "timer H: nobody acknowledges over a connection: nothing is repeated, and it ends",
      TRANSACTION_INVITE,
      true,
      { { 0, FORWARD, 0, 0, 0 },
        { 10, RESPONSE, 603, 0, ACK | PASS },
        { 10, ANSWERED, 603, 0, 0 },
        { 32009, QUIET, 0, 0, 0 },
        { 32010, TIME, 0, 0, FORGET } } },
    { "every 2xx passes, and 1xx no more; the repeated 2xx as well (RFC 6026)",
      TRANSACTION_INVITE,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 10, RESPONSE, 180, 0, PASS },
        { 20, RESPONSE, 200, 0, PASS },
        { 20, ANSWERED, 200, 0, 0 },
        { 30, RESPONSE, 183, 0, 0 },
        { 40, RESPONSE, 200, 0, PASS },
        { 40, ANSWERED, 200, 0, 0 },
        { 500, RESPONSE, 200, 0, PASS },
        { 500, RESPONSE, 486, 0, ACK },
        { 32039, QUIET, 0, 0, 0 },
        { 32040, TIME, 0, 0, FORGET } } },
    { "CANCEL before a 1xx waits for it (9.1), then it is repeated until it is answered",
      TRANSACTION_INVITE,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 100, CANCELLED, 0, 0, 0 },
        { 499, QUIET, 0, 0, 0 },
        { 500, TIME, 0, 0, SEND },
        { 600, RESPONSE, 100, 0, 0 },
        { 600, TIME, 0, 0, SEND_CANCEL },
        { 1100, TIME, 0, 0, SEND_CANCEL },
        { 2100, TIME, 0, 0, SEND_CANCEL },
        { 2200, TO_CANCEL, 200, 0, 0 },
        { 30000, QUIET, 0, 0, 0 },
        { 30000, RESPONSE, 487, 0, ACK | PASS },
        { 30000, ANSWERED, 487, 0, 0 } } },
    { "CANCEL that nobody answers: 487 after 32 s",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 0, 0, 0 },
        { 100, RESPONSE, 180, 0, PASS },
        { 200, CANCELLED, 0, 0, 0 },
        { 200, TIME, 0, 0, SEND_CANCEL },
        { 200, TO_CANCEL, 481, 0, 0 },
        { 32199, QUIET, 0, 0, 0 },
        { 32200, TIME, 0, 0, GIVE_UP } } },
    { "CANCEL after the 200 does nothing; one that crosses it neither",
      TRANSACTION_INVITE,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 10, RESPONSE, 180, 0, PASS },
        { 20, CANCELLED, 0, 0, 0 },
        { 20, TIME, 0, 0, SEND_CANCEL },
        { 30, RESPONSE, 200, 0, PASS },
        { 30, ANSWERED, 200, 0, 0 },
        { 40, CANCELLED, 0, 0, 0 },
        { 32029, QUIET, 0, 0, 0 } } },
    { "no word within the patience: the next place; a late 1xx of the first is cancelled, a late 200 passes",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 400, 0, 0 },
        { 400, TIME, 0, 0, NEXT },
        { 400, RELIABLY, 0, 0, 0 },
        { 500, RESPONSE, 180, 1, PASS },
        { 600, RESPONSE, 180, 0, 0 },
        { 600, TIME, 0, 0, SEND_CANCEL },
        { 700, RESPONSE, 200, 0, PASS },
        { 700, ANSWERED, 200, 0, 0 },
        { 700, TIME, 0, 1, SEND_CANCEL },
        { 800, RESPONSE, 487, 1, ACK } } },
    { "503 is acknowledged, and the next place is asked; a late refusal of the first is only acknowledged",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 400, 0, 0 },
        { 10, RESPONSE, 503, 0, ACK },
        { 10, TIME, 0, 0, NEXT },
        { 10, RELIABLY, 0, 0, 0 },
        { 20, RESPONSE, 503, 0, ACK },
        { 30, RESPONSE, 404, 1, ACK | PASS } } },
    { "a place that cannot be reached: the next one at once",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 400, 0, 0 },
        { 1, LOST, 0, 0, 0 },
        { 1, TIME, 0, 0, NEXT },
        { 2, RELIABLY, 0, 0, 0 },
        { 31999, QUIET, 0, 0, 0 } } },
    { "cancelled, and the place says 503 or nothing: 487, no other place",
      TRANSACTION_INVITE,
      true,
      { { 0, RELIABLY, 400, 0, 0 }, { 10, CANCELLED, 0, 0, 0 }, { 400, TIME, 0, 0, GIVE_UP } } },
    { "timers E and F: another method is sent again every 4 s at last, and given up after 32 s",
      TRANSACTION_OTHER,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 500, TIME, 0, 0, SEND },
        { 1500, TIME, 0, 0, SEND },
        { 3500, TIME, 0, 0, SEND },
        { 7500, TIME, 0, 0, SEND },
        { 11500, TIME, 0, 0, SEND },
        { 11600, RESPONSE, 100, 0, 0 },
        { 15500, TIME, 0, 0, SEND },
        { 19500, TIME, 0, 0, SEND },
        { 23500, TIME, 0, 0, SEND },
        { 27500, TIME, 0, 0, SEND },
        { 31500, TIME, 0, 0, SEND },
        { 32000, TIME, 0, 0, TIMEOUT } } },
    { "timer J: the answer of another method is kept for 32 s, and never acknowledged or repeated unasked",
      TRANSACTION_OTHER,
      false,
      { { 0, FORWARD, 0, 0, 0 },
        { 10, RESPONSE, 404, 0, PASS },
        { 10, ANSWERED, 404, 0, 0 },
        { 20, RESPONSE, 404, 0, 0 },
        { 32009, QUIET, 0, 0, 0 },
        { 32010, TIME, 0, 0, FORGET } } },
    { "what is never sent on is forgotten in the end",
      TRANSACTION_INVITE,
      false,
      { { 331999, QUIET, 0, 0, 0 }, { 332000, TIME, 0, 0, FORGET } } },
};

static struct transactions *table(size_t memory)
{
    struct transactions *t;
    assert_int_equal(transactions_create(memory, 8, 8, &t), BF_OK);
    return t;
}

static struct transaction *start(struct transactions *t, uint64_t key, enum transaction_kind kind,
                                 bool reliable)
{
    const struct transaction_request r = { .key = { key, key * 7 },
                                           .kind = kind,
                                           .reliable = reliable,
                                           .bytes = SPAN("INVITE"),
                                           .context = "context" };
    return transactions_begin(t, &r, 0);
}

static struct attempt *forward(struct transactions *t, struct transaction *x, bool reliable, int patience,
                               mono_t now)
{
    const struct transaction_sent sent = {
        .bytes = SPAN("INVITE there"), .place = "a place", .reliable = reliable, .patience = MONO_MS(patience)
    };
    return transactions_forward(t, x, &sent, now);
}

static void expect(const struct story *s, size_t i, unsigned got, unsigned wanted)
{
    if (got != wanted)
        fail_msg("%s: row %zu: %u in place of %u", s->name, i, got, wanted);
}

/* true: it was forgotten. */
static bool play(const struct story *s, size_t i, struct transactions *t, struct transaction *x)
{
    const struct row *r = &s->rows[i];
    const mono_t now = MONO_MS(r->at);
    struct transaction *due;
    struct attempt *a = NULL;
    unsigned what = 0;
    switch (r->event) {
    case FORWARD:
    case RELIABLY: assert_non_null(forward(t, x, r->event == RELIABLY, r->n, now)); break;
    case LOST: transactions_lost(t, x, x->attempt, now); break;
    case RESPONSE:
    case TO_CANCEL:
        a = transaction_attempt(x, r->attempt);
        assert_non_null(a);
        expect(s, i, transactions_response(t, x, a, r->n, r->event == TO_CANCEL, now), r->wants);
        break;
    case ANSWERED: transactions_answered(t, x, r->n, SPAN("SIP/2.0"), now); break;
    case ACKED: transactions_acknowledged(t, x, now); break;
    case CANCELLED: transactions_cancel(t, x, now); break;
    case TIME:
        if (transactions_next(t) > now)
            fail_msg("%s: row %zu: nothing is due", s->name, i);
        assert_true(transactions_due(t, now, &due, &a, &what));
        expect(s, i, what, r->wants);
        assert_ptr_equal(due, x);
        if (what & (TRANSACTION_SEND | TRANSACTION_SEND_CANCEL))
            assert_int_equal(a->index, r->attempt);
        return what == TRANSACTION_FORGET;
    case QUIET: expect(s, i, transactions_due(t, now, &due, &a, &what) ? what : 0, 0); break;
    case END: break;
    }
    return false;
}

static void sip_053_every_story_goes_as_rfc_3261_tells_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
        auto_(transactions_destroy) struct transactions *t = table(1 << 20);
        struct transaction *x = start(t, 1, stories[i].kind, stories[i].reliable);
        for (size_t j = 0; stories[i].rows[j].event != END; j++)
            if (play(&stories[i], j, t, x))
                transactions_end(t, x);
    }
}

static void a_transaction_is_found_by_its_key_and_its_name_until_it_ends(void **state)
{
    (void)state;
    auto_(transactions_destroy) struct transactions *t = table(1 << 20);
    struct transaction *x[100];
    for (uint64_t i = 0; i < ARRAY_SIZE(x); i++)
        x[i] = start(t, i, TRANSACTION_INVITE, false);
    for (uint64_t i = 0; i < ARRAY_SIZE(x); i++) {
        const uint64_t key[2] = { i, i * 7 };
        const struct transaction_name name = x[i]->name;
        assert_ptr_equal(transactions_find(t, key), x[i]);
        assert_ptr_equal(transactions_named(t, name), x[i]);
        transactions_end(t, x[i]);
        assert_null(transactions_find(t, key));
        assert_null(transactions_named(t, name));
        x[i] = start(t, i + 1000, TRANSACTION_INVITE, false); /* in the same slot, under another number */
        assert_null(transactions_named(t, name));
    }
    assert_null(transactions_named(t, (struct transaction_name){ 0xFFFFFF, 1 }));
    assert_null(transactions_named(t, (struct transaction_name){ 0, 0 }));
}

static void memory_is_bounded_the_urgent_have_a_part_of_it_and_all_of_it_comes_back(void **state)
{
    (void)state;
    auto_(transactions_destroy) struct transactions *t = table(64 << 10);
    static char bytes[2000];
    struct transaction_request r = { .key = { 0, 0 },
                                     .bytes = span_make(bytes, sizeof bytes),
                                     .context = "context" };
    struct transaction *x = NULL, *last = NULL;
    while ((x = transactions_begin(t, &r, 0))) {
        last = x;
        r.key[1]++;
    }
    assert_in_range(transactions_counts(t).n, 20, 32);
    assert_int_equal(transactions_counts(t).full, 1);
    r.urgent = true;
    assert_non_null(transactions_begin(t, &r, 0));
    while (forward(t, last, true, 0, 0))
        ;
    assert_in_range(transactions_counts(t).bytes, 48 << 10, 64 << 10);
    while ((x = transactions_any(t)))
        transactions_end(t, x);
    assert_int_equal(transactions_counts(t).bytes, 0);
    assert_int_equal(transactions_counts(t).waiting, 0);
}

/* The heap gives them in the order of their time, whatever order they came in. */
static void what_is_due_first_comes_first(void **state)
{
    (void)state;
    auto_(transactions_destroy) struct transactions *t = table(8 << 20);
    mono_t before = 0;
    size_t seen = 0;
    for (uint64_t i = 0; i < 1000; i++)
        assert_non_null(
            forward(t, start(t, i, TRANSACTION_INVITE, false), true, (int)(i * 7919 % 1000 + 1), 0));
    while (transactions_next(t) < MONO_S(2)) {
        struct transaction *x;
        struct attempt *a;
        unsigned what;
        const mono_t now = transactions_next(t);
        assert_true(now >= before);
        before = now;
        assert_true(transactions_due(t, now, &x, &a, &what));
        assert_int_equal(what, TRANSACTION_NEXT);
        seen++;
    }
    assert_int_equal(seen, 1000);
}

static void at_most_sixteen_places_are_asked(void **state)
{
    (void)state;
    auto_(transactions_destroy) struct transactions *t = table(1 << 20);
    struct transaction *x = start(t, 1, TRANSACTION_INVITE, false);
    for (unsigned i = 0; i < ATTEMPTS_MAX; i++)
        assert_non_null(forward(t, x, true, 0, 0));
    assert_null(forward(t, x, true, 0, 0));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_053_every_story_goes_as_rfc_3261_tells_it),
        cmocka_unit_test(a_transaction_is_found_by_its_key_and_its_name_until_it_ends),
        cmocka_unit_test(memory_is_bounded_the_urgent_have_a_part_of_it_and_all_of_it_comes_back),
        cmocka_unit_test(what_is_due_first_comes_first),
        cmocka_unit_test(at_most_sixteen_places_are_asked),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
