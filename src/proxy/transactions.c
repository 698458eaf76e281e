/* SPDX-License-Identifier: Apache-2.0 */
/* A hash of chains, a heap by time, and what RFC 3261 says happens when. */
#include "proxy/transactions.h"

#include <stdatomic.h>
#include <stdlib.h>

#define LEAST      64u       /* transactions there are room for in any case */
#define USUAL      2048u     /* bytes of a small one: so many slots there are */
#define SLOTS_MAX  0xFFFFFFu /* a name of one fits six digits */
#define NEVER      INT64_MAX
#define URGENT_ONE 16u /* one part of so many is kept for the urgent */

struct transactions {
    size_t memory, context_n, place_n, bytes;
    uint32_t capacity, mask, used, numbers, heap_n;
    uint32_t free; /* a list by `next_free` */
    struct transaction **slots;
    uint32_t *next_free, *buckets, *heap; /* slots count from 1 */
    _Atomic uint64_t n, waiting, charged, full;
};

/* ---- the table ---- */

static void add(_Atomic uint64_t *count, int64_t n)
{
    const uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before + (uint64_t)n, memory_order_relaxed);
}

enum bf_err transactions_create(size_t memory, size_t context_n, size_t place_n, struct transactions **ret)
{
    auto_(transactions_destroy) struct transactions *t = calloc(1, sizeof *t);
    uint32_t buckets = LEAST;
    if (!t)
        return BF_ENOMEM;
    t->memory = memory;
    t->context_n = context_n;
    t->place_n = place_n;
    t->capacity = memory / USUAL > SLOTS_MAX - LEAST ? SLOTS_MAX : (uint32_t)(memory / USUAL) + LEAST;
    while (buckets < t->capacity)
        buckets *= 2;
    t->mask = buckets - 1;
    t->slots = calloc((size_t)t->capacity + 1, sizeof *t->slots);
    t->next_free = calloc((size_t)t->capacity + 1, sizeof *t->next_free);
    t->buckets = calloc(buckets, sizeof *t->buckets);
    t->heap = calloc((size_t)t->capacity + 1, sizeof *t->heap);
    if (!t->slots || !t->next_free || !t->buckets || !t->heap)
        return BF_ENOMEM;
    *ret = t, t = NULL;
    return BF_OK;
}

void transactions_destroy(struct transactions *t)
{
    if (!t)
        return;
    for (struct transaction *x; t->slots && (x = transactions_any(t));)
        transactions_end(t, x);
    free(t->slots);
    free(t->next_free);
    free(t->buckets);
    free(t->heap);
    free(t);
}

static bool charge(struct transactions *t, struct transaction *x, size_t n)
{
    if (t->bytes + n > t->memory)
        return false;
    t->bytes += n;
    x->charged += n;
    add(&t->charged, (int64_t)n);
    return true;
}

static void refund(struct transactions *t, struct transaction *x, size_t n)
{
    t->bytes -= n;
    x->charged -= n;
    add(&t->charged, -(int64_t)n);
}

/* { NULL, 0 }: no room. */
static struct span copy_of(struct transactions *t, struct transaction *x, struct span bytes)
{
    char *copy = charge(t, x, bytes.n) ? malloc(bytes.n + 1) : NULL;
    if (!copy)
        return SPAN_NONE;
    memcpy(copy, bytes.p, bytes.n);
    return span_make(copy, bytes.n);
}

static void drop(struct transactions *t, struct transaction *x, struct span *bytes)
{
    if (!bytes->p)
        return;
    refund(t, x, bytes->n);
    free((void *)(uintptr_t)bytes->p);
    *bytes = SPAN_NONE;
}

/* ---- the heap: whose turn is next ---- */

static mono_t heap_due(const struct transactions *t, uint32_t at)
{
    return t->slots[t->heap[at]]->due;
}

static void heap_set(struct transactions *t, uint32_t at, uint32_t slot)
{
    t->heap[at] = slot;
    t->slots[slot]->heap = at;
}

static void heap_swap(struct transactions *t, uint32_t a, uint32_t b)
{
    const uint32_t slot = t->heap[a];
    heap_set(t, a, t->heap[b]);
    heap_set(t, b, slot);
}

/* Places count from 1. */
static void heap_settle(struct transactions *t, uint32_t at)
{
    for (; at > 1 && heap_due(t, at) < heap_due(t, at / 2); at /= 2)
        heap_swap(t, at, at / 2);
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at; child <= 2 * at + 1 && child <= t->heap_n; child++)
            if (heap_due(t, child) < heap_due(t, least))
                least = child;
        if (least == at)
            return;
        heap_swap(t, at, least);
        at = least;
    }
}

static void heap_cut(struct transactions *t, uint32_t at)
{
    const uint32_t last = t->heap_n--;
    if (at == last)
        return;
    heap_set(t, at, t->heap[last]);
    heap_settle(t, at);
}

/* ---- when something is due ---- */

static bool is_final(const struct transaction *x)
{
    return x->state >= TRANSACTION_COMPLETED;
}

static bool waits(const struct attempt *a)
{
    return a->state == ATTEMPT_CALLING || a->state == ATTEMPT_PROCEEDING;
}

static bool repeats(const struct transaction *x, const struct attempt *a)
{
    return !a->reliable &&
           (a->state == ATTEMPT_CALLING || (x->kind == TRANSACTION_OTHER && a->state == ATTEMPT_PROCEEDING));
}

static bool repeats_answer(const struct transaction *x)
{
    return x->state == TRANSACTION_COMPLETED && x->kind == TRANSACTION_INVITE && !x->reliable && x->answer.p;
}

static mono_t sooner(mono_t a, mono_t b)
{
    return a < b ? a : b;
}

static bool may_cancel(const struct attempt *a)
{
    return a->cancel == CANCEL_WANTED && a->state == ATTEMPT_PROCEEDING;
}

static mono_t attempt_due(const struct transaction *x, const struct attempt *a)
{
    mono_t due = NEVER;
    if (waits(a))
        due = a->end;
    if (repeats(x, a))
        due = sooner(due, a->repeat);
    if (may_cancel(a))
        due = sooner(due, a->cancel_at);
    if (a->cancel >= CANCEL_SENT && waits(a))
        due = sooner(due, a->cancel_end);
    if (a->cancel == CANCEL_SENT && !a->reliable && waits(a))
        due = sooner(due, a->cancel_at);
    return due;
}

static void settle(struct transactions *t, struct transaction *x)
{
    mono_t due = x->again ? 0 : x->end;
    if (repeats_answer(x))
        due = sooner(due, x->repeat);
    for (const struct attempt *a = x->attempt; a; a = a->before)
        due = sooner(due, attempt_due(x, a));
    x->due = due;
    heap_settle(t, x->heap);
}

static void last_until(struct transaction *x, mono_t at)
{
    if (at > x->end)
        x->end = at;
}

/* ---- beginning and end ---- */

static uint32_t take_slot(struct transactions *t)
{
    const uint32_t slot = t->free;
    if (!slot)
        return t->used < t->capacity ? ++t->used : 0;
    t->free = t->next_free[slot];
    return slot;
}

static bool has_room(const struct transactions *t, size_t n, bool urgent)
{
    const size_t most = urgent ? t->memory : t->memory - t->memory / URGENT_ONE;
    return t->bytes + n <= most && (t->free || t->used < t->capacity);
}

/* Its bytes and its context lie behind it. */
static struct transaction *make(struct transactions *t, const struct transaction_request *r)
{
    struct transaction *x = calloc(1, sizeof *x + t->context_n + r->bytes.n);
    if (!x)
        return NULL;
    x->context = x + 1;
    char *bytes = (char *)(x + 1) + t->context_n;
    memcpy(x->context, r->context, t->context_n);
    memcpy(bytes, r->bytes.p, r->bytes.n);
    x->request = span_make(bytes, r->bytes.n);
    memcpy(x->key, r->key, sizeof x->key);
    x->kind = r->kind;
    x->reliable = r->reliable;
    return x;
}

struct transaction *transactions_begin(struct transactions *t, const struct transaction_request *r,
                                       mono_t now)
{
    const size_t n = sizeof(struct transaction) + t->context_n + r->bytes.n;
    struct transaction *x = has_room(t, n, r->urgent) ? make(t, r) : NULL;
    if (!x) {
        add(&t->full, 1);
        return NULL;
    }
    const uint32_t slot = take_slot(t);
    uint32_t *bucket = &t->buckets[x->key[1] & t->mask];
    charge(t, x, n);
    t->numbers = t->numbers + 1 ? t->numbers + 1 : 1;
    x->name = (struct transaction_name){ slot, t->numbers };
    t->slots[slot] = x;
    x->chain = *bucket;
    *bucket = slot;
    x->began = now;
    x->end = now + TIMER_NO_FINAL + TIMER_LIFE;
    x->due = x->end;
    heap_set(t, ++t->heap_n, slot);
    heap_settle(t, x->heap);
    add(&t->n, 1);
    add(&t->waiting, 1);
    return x;
}

struct transaction *transactions_find(const struct transactions *t, const uint64_t key[static 2])
{
    uint32_t at = t->buckets[key[1] & t->mask];
    while (at && memcmp(t->slots[at]->key, key, sizeof t->slots[at]->key) != 0)
        at = t->slots[at]->chain;
    return at ? t->slots[at] : NULL;
}

struct transaction *transactions_named(const struct transactions *t, struct transaction_name name)
{
    struct transaction *x = name.slot && name.slot <= t->used ? t->slots[name.slot] : NULL;
    return x && x->name.number == name.number ? x : NULL;
}

struct attempt *transaction_attempt(const struct transaction *x, unsigned index)
{
    struct attempt *a = x->attempt;
    while (a && a->index != index)
        a = a->before;
    return a;
}

void transactions_end(struct transactions *t, struct transaction *x)
{
    const uint32_t slot = x->name.slot;
    uint32_t *link = &t->buckets[x->key[1] & t->mask];
    while (*link != slot)
        link = &t->slots[*link]->chain;
    *link = x->chain;
    heap_cut(t, x->heap);
    for (struct attempt *a = x->attempt, *before; a; a = before) {
        before = a->before;
        drop(t, x, &a->bytes);
        free(a);
    }
    drop(t, x, &x->answer);
    if (!is_final(x))
        add(&t->waiting, -1);
    refund(t, x, x->charged);
    add(&t->n, -1);
    t->slots[slot] = NULL;
    t->next_free[slot] = t->free;
    t->free = slot;
    free(x);
}

struct transaction *transactions_any(const struct transactions *t)
{
    return t->heap_n ? t->slots[t->heap[1]] : NULL;
}

/* ---- sending on ---- */

struct attempt *transactions_forward(struct transactions *t, struct transaction *x,
                                     const struct transaction_sent *s, mono_t now)
{
    const size_t n = sizeof(struct attempt) + t->place_n;
    if (x->n_attempts == ATTEMPTS_MAX || !charge(t, x, n))
        return NULL;
    struct attempt *a = calloc(1, n);
    if (a)
        a->bytes = copy_of(t, x, s->bytes);
    if (!a || !a->bytes.p) {
        refund(t, x, n);
        free(a);
        return NULL;
    }
    a->place = a + 1;
    memcpy(a->place, s->place, t->place_n);
    a->index = x->n_attempts++;
    a->reliable = s->reliable;
    a->interval = TIMER_T1;
    a->repeat = now + TIMER_T1;
    a->end = now + (s->patience ? s->patience : TIMER_LIFE);
    a->cancel = x->cancelled ? CANCEL_WANTED : CANCEL_NONE;
    a->cancel_at = now;
    a->before = x->attempt;
    x->attempt = a;
    if (x->state == TRANSACTION_NEW)
        x->state = TRANSACTION_UNDER_WAY;
    settle(t, x);
    return a;
}

void transactions_lost(struct transactions *t, struct transaction *x, struct attempt *a, mono_t now)
{
    if (!waits(a))
        return;
    a->state = ATTEMPT_LOST;
    last_until(x, now + TIMER_LIFE);
    if (a == x->attempt && !is_final(x))
        x->again = true;
    settle(t, x);
}

void transactions_lost_all(struct transactions *t, bool (*is)(const struct attempt *a, void *arg), void *arg,
                           mono_t now)
{
    for (uint32_t slot = 1; slot <= t->used; slot++)
        for (struct attempt *a = t->slots[slot] ? t->slots[slot]->attempt : NULL; a; a = a->before)
            if (a->state == ATTEMPT_CALLING && is(a, arg))
                transactions_lost(t, t->slots[slot], a, now);
}

/* ---- responses ---- */

static void want_cancel(struct transaction *x, struct attempt *a, mono_t now)
{
    if (x->kind != TRANSACTION_INVITE || a->cancel != CANCEL_NONE)
        return;
    a->cancel = CANCEL_WANTED;
    a->cancel_at = now;
}

static void cancel_others(struct transaction *x, const struct attempt *but, mono_t now)
{
    for (struct attempt *a = x->attempt; a; a = a->before)
        if (a != but && waits(a))
            want_cancel(x, a, now);
}

static unsigned provisional(struct transaction *x, struct attempt *a, int status, mono_t now)
{
    if (a->state == ATTEMPT_COMPLETED || a->state == ATTEMPT_ACCEPTED)
        return 0;
    const bool late = a != x->attempt || a->state == ATTEMPT_LOST || is_final(x);
    const bool first = a->state != ATTEMPT_PROCEEDING;
    if (x->kind == TRANSACTION_OTHER) {
        if (late)
            return 0;
        if (first) {
            a->interval = TIMER_T2;
            a->end = x->began + TIMER_LIFE; /* timer F runs on */
        }
    } else if (first || status > 100) {
        a->end = sooner(now + TIMER_C, x->began + TIMER_NO_FINAL);
    }
    a->state = ATTEMPT_PROCEEDING;
    if (late) {
        want_cancel(x, a, now);
        last_until(x, now + TIMER_LIFE);
        return 0;
    }
    return status > 100 ? TRANSACTION_PASS : 0;
}

static unsigned accepted(struct transaction *x, struct attempt *a, mono_t now)
{
    a->state = ATTEMPT_ACCEPTED;
    x->again = false;
    cancel_others(x, a, now);
    return TRANSACTION_PASS;
}

static unsigned refused(struct transaction *x, struct attempt *a, int status)
{
    const unsigned acknowledge = x->kind == TRANSACTION_INVITE ? TRANSACTION_ACK : 0;
    const bool first = waits(a);
    if (a->state == ATTEMPT_ACCEPTED)
        return acknowledge;
    a->state = ATTEMPT_COMPLETED;
    if (!first || a != x->attempt || is_final(x))
        return acknowledge;
    if (status == 503 && !x->cancelled) {
        x->again = true;
        x->refused = status;
        return acknowledge;
    }
    return acknowledge | TRANSACTION_PASS;
}

unsigned transactions_response(struct transactions *t, struct transaction *x, struct attempt *a, int status,
                               bool to_cancel, mono_t now)
{
    unsigned what = 0;
    if (to_cancel) {
        if (status >= 200 && a->cancel == CANCEL_SENT)
            a->cancel = CANCEL_DONE;
    } else if (status < 200) {
        what = provisional(x, a, status, now);
    } else if (status < 300 && x->kind == TRANSACTION_INVITE) {
        what = accepted(x, a, now);
    } else {
        what = refused(x, a, status);
    }
    settle(t, x);
    return what;
}

/* ---- towards whoever asked ---- */

static void finish(struct transactions *t, struct transaction *x, int status, mono_t now)
{
    if (!is_final(x))
        add(&t->waiting, -1);
    x->again = false;
    x->state = status < 300 && x->kind == TRANSACTION_INVITE ? TRANSACTION_ACCEPTED : TRANSACTION_COMPLETED;
    x->interval = TIMER_T1;
    x->repeat = now + TIMER_T1;
    x->end = now + TIMER_LIFE;
}

void transactions_answered(struct transactions *t, struct transaction *x, int status, struct span bytes,
                           mono_t now)
{
    if (status < 200 && is_final(x))
        return;
    x->status = status;
    drop(t, x, &x->answer);
    if (status >= 200)
        finish(t, x, status, now);
    if (x->state != TRANSACTION_ACCEPTED) /* nobody repeats a 2xx but who gave it */
        x->answer = copy_of(t, x, bytes);
    settle(t, x);
}

void transactions_acknowledged(struct transactions *t, struct transaction *x, mono_t now)
{
    if (x->state != TRANSACTION_COMPLETED || x->kind != TRANSACTION_INVITE)
        return;
    x->state = TRANSACTION_CONFIRMED;
    bool open = false;
    for (const struct attempt *a = x->attempt; a; a = a->before)
        open |= waits(a) || a->state == ATTEMPT_LOST;
    if (!open)
        x->end = now + TIMER_T4;
    settle(t, x);
}

void transactions_cancel(struct transactions *t, struct transaction *x, mono_t now)
{
    if (x->kind != TRANSACTION_INVITE || is_final(x))
        return;
    x->cancelled = true;
    for (struct attempt *a = x->attempt; a; a = a->before)
        if (waits(a))
            want_cancel(x, a, now);
    settle(t, x);
}

/* ---- time ---- */

static void double_up(mono_t *interval, mono_t *at, bool capped, mono_t now)
{
    *interval *= 2;
    if (capped && *interval > TIMER_T2)
        *interval = TIMER_T2;
    *at = now + *interval;
}

static unsigned cancel_due(struct transaction *x, struct attempt *a, mono_t now)
{
    if (may_cancel(a) && a->cancel_at <= now) {
        a->cancel = CANCEL_SENT;
        a->cancel_interval = TIMER_T1;
        a->cancel_at = now + TIMER_T1;
        a->cancel_end = now + TIMER_LIFE;
        last_until(x, a->cancel_end);
        return TRANSACTION_SEND_CANCEL;
    }
    if (a->cancel < CANCEL_SENT || !waits(a))
        return 0;
    if (a->cancel_end <= now) { /* neither it nor the INVITE was answered */
        a->state = ATTEMPT_LOST;
        return a == x->attempt && !is_final(x) ? TRANSACTION_GIVE_UP : 0;
    }
    if (a->cancel == CANCEL_SENT && !a->reliable && a->cancel_at <= now) {
        double_up(&a->cancel_interval, &a->cancel_at, true, now);
        return TRANSACTION_SEND_CANCEL;
    }
    return 0;
}

static unsigned patience_due(struct transaction *x, struct attempt *a, mono_t now)
{
    const bool counts = a == x->attempt && !is_final(x);
    if (a->state == ATTEMPT_PROCEEDING && x->kind == TRANSACTION_INVITE) { /* timer C */
        want_cancel(x, a, now);
        a->end = NEVER;
        last_until(x, now + TIMER_LIFE);
        return counts ? TRANSACTION_TIMEOUT : 0;
    }
    const bool began = a->state == ATTEMPT_PROCEEDING;
    a->state = ATTEMPT_LOST;
    last_until(x, now + TIMER_LIFE);
    return !counts ? 0 : x->cancelled ? TRANSACTION_GIVE_UP : began ? TRANSACTION_TIMEOUT : TRANSACTION_NEXT;
}

static unsigned attempt_time(struct transaction *x, struct attempt *a, mono_t now)
{
    unsigned what = cancel_due(x, a, now);
    if (!what && waits(a) && a->end <= now)
        what = patience_due(x, a, now);
    if (!what && repeats(x, a) && a->repeat <= now) {
        double_up(&a->interval, &a->repeat, x->kind == TRANSACTION_OTHER, now);
        what = TRANSACTION_SEND;
    }
    return what;
}

static unsigned own_time(struct transaction *x, mono_t now)
{
    if (x->again) {
        x->again = false;
        return x->cancelled ? TRANSACTION_GIVE_UP : TRANSACTION_NEXT;
    }
    if (repeats_answer(x) && x->repeat <= now) {
        double_up(&x->interval, &x->repeat, true, now);
        if (x->end > now)
            return TRANSACTION_SEND_ANSWER;
    }
    return x->end <= now ? TRANSACTION_FORGET : 0;
}

bool transactions_due(struct transactions *t, mono_t now, struct transaction **ret,
                      struct attempt **ret_attempt, unsigned *ret_do)
{
    while (t->heap_n && heap_due(t, 1) <= now) {
        struct transaction *x = t->slots[t->heap[1]];
        struct attempt *a = NULL;
        unsigned what = own_time(x, now);
        if (!what)
            for (a = x->attempt; a && !(what = attempt_time(x, a, now));)
                a = a->before;
        settle(t, x);
        if (what == 0)
            continue;
        *ret = x;
        *ret_attempt = a ? a : x->attempt;
        *ret_do = what;
        return true;
    }
    return false;
}

mono_t transactions_next(const struct transactions *t)
{
    return t->heap_n ? heap_due(t, 1) : NEVER;
}

struct transactions_counts transactions_counts(const struct transactions *t)
{
    return (struct transactions_counts){
        .n = atomic_load_explicit(&t->n, memory_order_relaxed),
        .waiting = atomic_load_explicit(&t->waiting, memory_order_relaxed),
        .bytes = atomic_load_explicit(&t->charged, memory_order_relaxed),
        .full = atomic_load_explicit(&t->full, memory_order_relaxed),
    };
}
