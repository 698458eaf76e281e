/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meetings against an oracle that looks at every minute: nothing in it knows of unions. `test_meet N SEED` tries N diaries.
 */
#include "diary/meet.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define PEOPLE  5
#define EVENTS  120
#define DAYS    60
#define MARGIN  (3 * 1440) /* minutes before and behind the window */
#define MINUTES (DAYS * 1440 + 2 * MARGIN)

static unsigned diaries = 2000;
static uint64_t seed = 20261123;

static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* ---- a case ---- */

static const char *const zone_names[] = { "Europe/London",       "America/New_York",
                                          "Asia/Kolkata",        "Pacific/Auckland",
                                          "America/Havana",      "Europe/Moscow",
                                          "Australia/Lord_Howe", "UTC" };
static struct tz *zones[ARRAY_SIZE(zone_names)];

static const char *const hours_texts[] = {
    "Mo-Fr/09:00-17:30",
    "Mo-Su/08:00-12:00+13:00-19:00",
    "Mo-Sa/22:00-06:00",
    "Mo-Fr/00:00-24:00,Sa/01:30-02:30",
    "Mo-Fr/09:00-17:00,!2026-11-02..2026-11-04,2026-10-25/01:00-03:00",
    "Mo-Su/01:00-04:00",
};

struct trial {
    struct meet_wish wish;
    struct meet_party parties[PEOPLE];
    struct hours hours[PEOPLE];
    struct period events[PEOPLE][EVENTS + 1];
    uint16_t ways[16];
};

static struct arena *memory;
static struct trial trial;
static struct period scratch[EVENTS + 1];

static void any_events(struct meet_party *p, struct period *events)
{
    const size_t n = below(2) ? below(EVENTS) : below(12);
    for (size_t i = 0; i < n; i++) {
        const utc_t from = trial.wish.from - 86400 + 300 * (utc_t)below(62 * 288);
        const uint32_t length = below(20) ? 5 * (1 + below(40)) : 60 * (1 + below(60));
        const bool before_window = from + (utc_t)length * 60 > trial.wish.to + 86400;
        events[i] =
            (struct period){ from, before_window ? trial.wish.to : from + 60 * (utc_t)length,
                             (uint16_t)(below(3) ? PERIOD_BUSY : 1u << below(4)), (uint16_t)below(4) };
    }
    periods_sort(events, n, scratch);
    p->busy = (struct periods){ events, n };
}

static void any_party(struct meet_party *p, size_t i)
{
    static const char *const ids[PEOPLE] = { "a", "b", "c", "d", "e" };
    *p = (struct meet_party){ .id = ids[i], .zone = zones[below(ARRAY_SIZE(zones))] };
    p->role = i == 0 || below(4) ? MEET_REQUIRED : below(2) ? MEET_OPTIONAL : MEET_RESOURCE;
    p->tentative = (enum meet_tentative)below(3);
    if (below(3)) {
        assert_int_equal(
            hours_read(span_of(hours_texts[below(ARRAY_SIZE(hours_texts))]), memory, &trial.hours[i], NULL),
            BF_OK);
        p->hours = &trial.hours[i];
    }
    p->before_s = below(2) ? 0 : 60 * below(60);
    p->after_s = below(2) ? 0 : 60 * below(60);
    p->notice_s = below(3) ? 0 : 3600 * below(100);
    p->per_day = below(3) ? 0 : 1 + below(4);
    any_events(p, trial.events[i]);
}

static void any_trial(void)
{
    static const uint32_t lengths[] = { 15, 30, 45, 60, 90, 240, 1500 }, steps[] = { 5, 15, 25, 30, 60, 240 };
    static const int starts[] = { 20711, 20360, 20541, 20727 };
    struct meet_wish *w = &trial.wish;
    *w = (struct meet_wish){ .parties = trial.parties,
                             .n = 1 + below(PEOPLE),
                             .zone = zones[below(ARRAY_SIZE(zones))] };
    w->from = starts[below(ARRAY_SIZE(starts))] * DAY_S + 300 * (utc_t)below(288);
    w->to = w->from + (below(4) ? 86400 * (utc_t)(1 + below(DAYS)) : 3600 * (utc_t)(1 + below(60)));
    w->now = w->from - 86400 + 3600 * (utc_t)below(48);
    w->length_s = 60 * lengths[below(ARRAY_SIZE(lengths))];
    w->step_s = 60 * steps[below(ARRAY_SIZE(steps))];
    w->top = 1 + below(10);
    w->place = (uint16_t)below(4);
    for (size_t i = 0; i < ARRAY_SIZE(trial.ways); i++)
        trial.ways[i] = (uint16_t)(i % 5 ? below(90) : 0);
    w->ways = below(3) ? NULL : trial.ways;
    w->places = 4;
    for (size_t i = 0; i < w->n; i++)
        any_party(&trial.parties[i], i);
}

/* ---- the oracle: a cell a minute ---- */

struct field {
    uint32_t firm[MINUTES + 1], soft[MINUTES + 1], closed[MINUTES + 1], far[MINUTES + 1], full[MINUTES + 1];
};
static struct field fields[PEOPLE];
static const struct meet_wish *asked;

static int64_t cell(utc_t t)
{
    const int64_t c = (t - asked->from) / 60 + MARGIN;
    return c < 0 ? 0 : c > MINUTES ? MINUTES : c;
}

static void mark(uint32_t *field, utc_t from, utc_t to)
{
    for (int64_t c = cell(from), end = cell(to); c < end; c++)
        field[c] = 1;
}

static void add_up(uint32_t *field)
{
    uint32_t sum = 0;
    for (size_t c = 0; c <= MINUTES; c++) {
        const uint32_t here = field[c];
        field[c] = sum;
        sum += here;
    }
}

static bool marked(const uint32_t *field, utc_t from, utc_t to)
{
    return field[cell(to)] != field[cell(from)];
}

static int64_t floor_by(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* What the text says, read once more, in minutes of the clock on the wall. */
static bool clock_is_open(const struct hours *h, local_t local)
{
    for (int back = 0; back < 2; back++) {
        const day_t day = floor_by(local, DAY_S) - back;
        const struct hours_day *of = &h->week[(unsigned)((day % 7 + 11) % 7)];
        bool closed_today = false;
        for (size_t i = 0; i < h->n_other; i++) {
            if (h->other[i].first <= day && day <= h->other[i].last)
                of = &h->other[i].day;
            if (back && h->other[i].first <= day + 1 && day + 1 <= h->other[i].last)
                closed_today = h->other[i].day.n == 0;
        }
        for (uint32_t k = 0; k < of->n; k++)
            if (!closed_today && local >= day * DAY_S + of->pieces[k].from &&
                local < day * DAY_S + of->pieces[k].to)
                return true;
    }
    return false;
}

static uint32_t meetings_on(const struct meet_party *p, day_t day)
{
    uint32_t n = 0;
    for (size_t i = 0; i < p->busy.n; i++) {
        const struct period *e = &p->busy.p[i];
        bool again =
            !(e->kinds & PERIOD_BUSY) && (!(e->kinds & PERIOD_TENTATIVE) || p->tentative == TENTATIVE_FREE);
        if (floor_by(tz_local(p->zone, e->from), DAY_S) > day ||
            floor_by(tz_local(p->zone, e->to - 1), DAY_S) < day)
            continue;
        again = again || e->from >= e->to;
        for (size_t k = 0; k < i; k++)
            again = again || (p->busy.p[k].from == e->from && p->busy.p[k].to == e->to &&
                              (p->busy.p[k].kinds & PERIOD_BUSY ||
                               (p->busy.p[k].kinds & PERIOD_TENTATIVE && p->tentative != TENTATIVE_FREE)));
        n += !again;
    }
    return n;
}

static void look_at_clock(const struct meet_party *p, struct field *f)
{
    day_t day = INT64_MIN;
    bool full = false;
    int32_t offset = 0;
    for (int64_t c = MARGIN; c < MINUTES; c++) {
        const utc_t t = asked->from + (c - MARGIN) * 60;
        if (t >= asked->to)
            break;
        if (c == MARGIN || t % 900 == 0)
            offset = tz_offset(p->zone, t);
        const local_t local = t + offset;
        f->closed[c] = p->hours && !clock_is_open(p->hours, local);
        if (p->per_day && floor_by(local, DAY_S) != day) {
            day = floor_by(local, DAY_S);
            full = meetings_on(p, day) >= p->per_day;
        }
        f->full[c] = full;
    }
}

static void look(const struct meet_wish *w)
{
    asked = w;
    for (size_t i = 0; i < w->n; i++) {
        const struct meet_party *p = &w->parties[i];
        struct field *f = &fields[i];
        memset(f, 0, sizeof *f);
        for (size_t k = 0; k < p->busy.n; k++) {
            const struct period *e = &p->busy.p[k];
            const bool counts = e->kinds & PERIOD_FIRM || (p->tentative == TENTATIVE_BUSY && e->kinds);
            const bool way = counts && w->ways && w->place && e->place;
            if (counts)
                mark(f->firm, e->from, e->to);
            if (way)
                mark(f->far, e->from - 60 * w->ways[w->place * 4 + e->place],
                     e->to + 60 * w->ways[e->place * 4 + w->place]);
        }
        look_at_clock(p, f);
        add_up(f->firm), add_up(f->closed), add_up(f->far), add_up(f->full);
    }
}

static bool shown_twice(const struct tz *zone, utc_t t)
{
    const local_t local = tz_local(zone, t);
    for (int m = -180; m <= 180; m += 30)
        if (m && tz_local(zone, t + m * 60) == local)
            return true;
    return false;
}

static bool oracle_allows(utc_t start)
{
    const struct meet_wish *w = asked;
    const utc_t end = start + w->length_s;
    const local_t local = tz_local(w->zone, start);
    if (start < w->from || end > w->to || (local - floor_by(local, DAY_S) * DAY_S) % w->step_s)
        return false;
    for (size_t i = 0; i < w->n; i++) {
        const struct meet_party *p = &w->parties[i];
        const struct field *f = &fields[i];
        if (p->role != MEET_RESOURCE && shown_twice(p->zone, start))
            return false;
        if (p->role == MEET_OPTIONAL)
            continue;
        if (marked(f->firm, start, end) || marked(f->firm, start - p->before_s, end + p->after_s) ||
            marked(f->far, start, end) || marked(f->closed, start, end) || marked(f->full, start, end) ||
            start < w->now + p->notice_s)
            return false;
    }
    return true;
}

static bool oracle_first(const struct meet_wish *w, utc_t *ret)
{
    look(w);
    for (utc_t t = w->from; t + w->length_s <= w->to; t += 300)
        if (oracle_allows(t)) {
            *ret = t;
            return true;
        }
    return false;
}

/* ---- the trials ---- */

static struct meet *ready(const struct meet_wish *w)
{
    struct meet *m = NULL;
    assert_int_equal(meet_ready(w, memory, &m), BF_OK);
    return m;
}

static size_t all_agree(const struct meet *m, unsigned number)
{
    const struct meet_wish *w = m ? &trial.wish : NULL;
    size_t n = 0;
    look(w);
    for (utc_t t = w->from - 600; t <= w->to; t += 300) {
        struct meet_refusal why;
        const bool allowed = oracle_allows(t);
        if (meet_possible(m, t, &why) != allowed)
            fail_msg("diary %u of this seed: at %lld the oracle says %s, meet says %s", number, (long long)t,
                     allowed ? "yes" : "no", meet_cause_word(why.cause));
        assert_int_equal(why.cause == MEET_POSSIBLE, allowed);
        n += allowed;
    }
    return n;
}

static bool overlaps_one(utc_t t, const struct meet_date *dates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t < dates[i].end && dates[i].start < t + trial.wish.length_s)
            return true;
    return false;
}

static void dates_are_fit(const struct meet *m, size_t possible)
{
    struct meet_date *dates;
    size_t n;
    utc_t first;
    assert_int_equal(meet_dates(m, memory, &dates, &n), BF_OK);
    assert_true(n <= trial.wish.top);
    assert_int_equal(n == 0, possible == 0);
    assert_int_equal(meet_first(m, &first), possible != 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(oracle_allows(dates[i].start));
        assert_true(first <= dates[i].start);
        assert_int_equal(dates[i].end - dates[i].start, trial.wish.length_s);
        assert_false(overlaps_one(dates[i].start, dates, i));
        for (size_t k = 0; k < trial.wish.n; k++) {
            const struct meet_view *v = &dates[i].views[k];
            const struct meet_party *p = &trial.parties[v->party];
            assert_int_equal(v->offset, tz_offset(p->zone, dates[i].start));
            assert_true(k == 0 || p->role == MEET_RESOURCE || v->absent || v[-1].away_h >= v->away_h);
            assert_true(!v->absent || p->role == MEET_OPTIONAL);
        }
    }
    for (utc_t t = trial.wish.from; n < trial.wish.top && t < trial.wish.to; t += 300)
        assert_true(!oracle_allows(t) || overlaps_one(t, dates, n));
}

static void relax_here(struct trial *t, const struct meet_relaxed *r)
{
    struct meet_party *p = r->party == SIZE_MAX ? NULL : &t->parties[r->party];
    switch (r->cause) {
    case MEET_BUFFER: p->before_s = p->after_s = 0; break;
    case MEET_WAY: t->wish.ways = NULL; break;
    case MEET_TENTATIVE: p->tentative = TENTATIVE_FREE; break;
    case MEET_NOTICE: p->notice_s = 0; break;
    case MEET_PER_DAY: p->per_day = 0; break;
    case MEET_HOURS: p->hours = NULL; break;
    case MEET_LENGTH: t->wish.length_s = r->length_s; break;
    case MEET_PRESENCE: p->role = MEET_OPTIONAL; break;
    default: fail_msg("%s is nothing that gives way", meet_cause_word(r->cause));
    }
}

static void what_gives_way_is_right(unsigned number)
{
    static struct trial changed;
    struct meet_relaxed *list;
    size_t n;
    assert_int_equal(meet_relax(&trial.wish, memory, &list, &n), BF_OK);
    for (size_t i = 0; i < n; i++) {
        utc_t first = 0;
        changed = trial;
        changed.wish.parties = changed.parties;
        relax_here(&changed, &list[i]);
        if (!oracle_first(&changed.wish, &first) || first != list[i].first)
            fail_msg("diary %u of this seed: without %s the first is %lld, not %lld", number,
                     meet_cause_word(list[i].cause), (long long)first, (long long)list[i].first);
        if (i && list[i].cause != MEET_PRESENCE)
            assert_true(list[i - 1].first <= list[i].first);
    }
    /* What is not named would not help. */
    for (size_t p = 0; p < trial.wish.n; p++) {
        const struct meet_relaxed alone = { .cause = MEET_PRESENCE, .party = p };
        bool named = trial.parties[p].role == MEET_OPTIONAL;
        utc_t first;
        for (size_t i = 0; i < n; i++)
            named = named || (list[i].cause == MEET_PRESENCE && list[i].party == p);
        changed = trial;
        changed.wish.parties = changed.parties;
        relax_here(&changed, &alone);
        assert_true(named || !oracle_first(&changed.wish, &first));
    }
}

static void every_minute_agrees_with_an_oracle(void **state)
{
    (void)state;
    size_t none = 0, some = 0;
    for (unsigned i = 0; i < diaries; i++) {
        arena_reset(memory);
        any_trial();
        const struct meet *m = ready(&trial.wish);
        const size_t possible = all_agree(m, i);
        dates_are_fit(m, possible);
        if (!possible && none++ % 4 == 0)
            what_gives_way_is_right(i);
        some += possible != 0;
    }
    assert_true(none > diaries / 20 && some > diaries / 20); /* the trials are worth something */
}

/* ---- what must not change the answer ---- */

static bool starts[DAYS * 288 + 1];

static size_t note_starts(const struct meet *m, bool *out)
{
    size_t n = 0;
    for (utc_t t = trial.wish.from; t < trial.wish.to; t += 300)
        n += out[(t - trial.wish.from) / 300] = meet_possible(m, t, NULL);
    return n;
}

static void an_event_never_frees_time(void **state)
{
    (void)state;
    static bool after[ARRAY_SIZE(starts)];
    for (unsigned i = 0; i < 300; i++) {
        arena_reset(memory);
        any_trial();
        struct meet_party *p = &trial.parties[below((uint32_t)trial.wish.n)];
        struct period *events = trial.events[p - trial.parties];
        const size_t before_n = note_starts(ready(&trial.wish), starts);
        const utc_t from =
            trial.wish.from + 300 * (utc_t)below((uint32_t)((trial.wish.to - trial.wish.from) / 300));
        events[p->busy.n++] =
            (struct period){ from, from + 60 * (utc_t)below(3000), (uint16_t)(1u << below(4)), 0 };
        periods_sort(events, p->busy.n, scratch);
        assert_true(note_starts(ready(&trial.wish), after) <= before_n);
        for (utc_t t = 0; t < (trial.wish.to - trial.wish.from) / 300; t++)
            assert_true(starts[t] || !after[t]);
    }
}

static void a_week_later_the_answer_is_a_week_later(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct meet_date *was, *is;
        size_t n_was, n_is;
        arena_reset(memory);
        any_trial();
        for (size_t k = 0; k < trial.wish.n; k++) {
            trial.parties[k].zone = zones[2 + 3 * below(2)]; /* their clocks are never changed */
            trial.hours[k].n_other = 0;
        }
        trial.wish.zone = zones[2];
        assert_int_equal(meet_dates(ready(&trial.wish), memory, &was, &n_was), BF_OK);
        trial.wish.from += 7 * DAY_S, trial.wish.to += 7 * DAY_S, trial.wish.now += 7 * DAY_S;
        for (size_t k = 0; k < trial.wish.n; k++)
            for (size_t e = 0; e < trial.parties[k].busy.n; e++)
                trial.events[k][e].from += 7 * DAY_S, trial.events[k][e].to += 7 * DAY_S;
        assert_int_equal(meet_dates(ready(&trial.wish), memory, &is, &n_is), BF_OK);
        assert_int_equal(n_is, n_was);
        for (size_t k = 0; k < n_is; k++) {
            assert_int_equal(is[k].start, was[k].start + 7 * DAY_S);
            assert_int_equal(is[k].cost, was[k].cost);
        }
    }
}

static void order_of_parties_and_cut_events_change_nothing(void **state)
{
    (void)state;
    static bool after[ARRAY_SIZE(starts)];
    for (unsigned i = 0; i < 200; i++) {
        arena_reset(memory);
        any_trial();
        for (size_t k = 0; k < trial.wish.n; k++)
            trial.parties[k].per_day = 0;
        note_starts(ready(&trial.wish), starts);
        const struct meet_party last = trial.parties[trial.wish.n - 1];
        trial.parties[trial.wish.n - 1] = trial.parties[0];
        trial.parties[0] = last;
        struct period *events = trial.events[0];
        struct meet_party *owner = trial.wish.n ? &trial.parties[trial.wish.n - 1] : NULL;
        if (owner->busy.n && owner->busy.n < EVENTS && events[0].to - events[0].from >= 120) {
            events[owner->busy.n] = events[0];
            events[0].to = events[owner->busy.n++].from = events[0].from + 60;
            periods_sort(events, owner->busy.n, scratch);
        }
        note_starts(ready(&trial.wish), after);
        assert_memory_equal(starts, after,
                            (size_t)((trial.wish.to - trial.wish.from) / 300) * sizeof *starts);
    }
}

/* ---- single cases ---- */

static void a_hole_within_a_long_meeting_is_not_free(void **state)
{
    (void)state;
    const utc_t day = 20786 * DAY_S; /* 2026-11-29 */
    const struct period busy[] = { { day + 9 * 3600, day + 17 * 3600, PERIOD_BUSY, 0 },
                                   { day + 10 * 3600, day + 11 * 3600, PERIOD_BUSY, 0 } };
    const struct meet_party p = { .id = "a", .zone = zones[7], .busy = { busy, 2 } };
    const struct meet_wish w = { .parties = &p,
                                 .n = 1,
                                 .zone = zones[7],
                                 .from = day,
                                 .to = day + DAY_S,
                                 .now = day,
                                 .length_s = 3600,
                                 .step_s = 900,
                                 .top = 8 };
    struct meet_refusal why;
    arena_reset(memory);
    const struct meet *m = ready(&w);
    assert_false(meet_possible(m, day + 11 * 3600, &why));
    assert_int_equal(why.cause, MEET_TAKEN);
    assert_true(meet_possible(m, day + 17 * 3600, NULL));
    assert_true(meet_possible(m, day + 8 * 3600, NULL));
    assert_false(meet_possible(m, day + 8 * 3600 + 900, NULL));
    assert_false(meet_possible(m, day + 17 * 3600 + 60, &why));
    assert_int_equal(why.cause, MEET_GRID);
    assert_false(meet_possible(m, day + DAY_S - 1800, &why));
    assert_int_equal(why.cause, MEET_WINDOW);
}

static void the_text_of_hours_is_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum bf_err err;
        size_t at;
    } rows[] = {
        { "Mo-Fr/09:00-17:30,!2026-12-25", BF_OK, 0 },
        { "mo/09:00-12:00+13:00-17:00", BF_OK, 0 },
        { "Fr-Mo/22:00-06:00", BF_OK, 0 },
        { "!2026-12-24..2026-12-26", BF_OK, 0 },
        { "2026-12-24/09:00-12:00", BF_OK, 0 },
        { "", BF_EFORM, 0 },
        { "Mo-Fr", BF_EFORM, 5 },
        { "Mo/09:00-25:00", BF_EFORM, 14 },
        { "Mo/09:00-17:00,", BF_EFORM, 15 },
        { "!2026-02-29", BF_EFORM, 11 },
        { "Mo/9-17", BF_EFORM, 3 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct hours h;
        struct fault fault = { 0 };
        arena_reset(memory);
        assert_int_equal(hours_read(span_of(rows[i].text), memory, &h, &fault), rows[i].err);
        if (rows[i].err)
            assert_int_equal(fault.at, rows[i].at);
    }
}

static int begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
        if (tz_open(span_of(zone_names[i]), &zones[i]) != BF_OK)
            return -1;
    return arena_create((size_t)8 << 20, (size_t)1 << 30, &memory) == BF_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_minute_agrees_with_an_oracle),
        cmocka_unit_test(an_event_never_frees_time),
        cmocka_unit_test(a_week_later_the_answer_is_a_week_later),
        cmocka_unit_test(order_of_parties_and_cut_events_change_nothing),
        cmocka_unit_test(a_hole_within_a_long_meeting_is_not_free),
        cmocka_unit_test(the_text_of_hours_is_read_or_refused),
    };
    if (argc > 1)
        diaries = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    if (begin(NULL))
        return 1;
    const int failed = tap_run(tests, ARRAY_SIZE(tests));
    for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
        tz_close(zones[i]);
    arena_destroy(memory);
    return failed;
}
