/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: 1/s of all its signatures by one inversion; the scalars u1 = z/s and u2 = r/s as rows of the generator's table
 * and of the key's; the rows added up, eight sums at a time. Few warm jobs share their eight lanes: a job's rows
 * are dealt over 8, 4 or 2 lanes, whose sums are added up in the end. Cold keys are doubled along first, and then
 * add the generator's rows.
 */
#include "es256/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "es256/lanes_rows.h"
#include "es256/lanes_trace.h"

#define CHUNK     64u /* jobs that share an inversion */
#define ROWS      (WINDOWS(KEY_BITS) + WINDOWS(GENERATOR_BITS))
#define AHEAD     3u /* rows are fetched this many steps before they are added */
#define MULTIPLES WINDOW_ROWS(COLD_BITS)

struct task {
    struct lanes_job *job;
    struct scalar r, z, inverse;
    struct digits digits; /* of u2, where the key is cold */
};

/* The rows of eight lanes, step by step. */
struct walk {
    row rows[ROWS + AHEAD][8];
    __mmask8 negative[ROWS];
    unsigned steps[8];
};

struct lanes {
    row generator;
    struct task tasks[CHUNK];
    struct scalar s[CHUNK], inverses[CHUNK];
    struct task *warm[CHUNK], *cold[CHUNK];
    struct walk walk;
    uint64_t multiples[8][MULTIPLES][ROW_BYTES / 8] __attribute__((aligned(64))); /* of eight cold keys */
    struct lanes_trace trace;
};

enum bf_err lanes_create(const void *generator, struct lanes **ret)
{
    struct lanes *l = aligned_alloc(64, (sizeof *l + 63) / 64 * 64);
    if (!l)
        return BF_ENOMEM;
    memset(l, 0, sizeof *l);
    l->generator = generator;
    *ret = l;
    return BF_OK;
}

void lanes_destroy(struct lanes *l)
{
    free(l);
}

const struct lanes_trace *lanes_trace(const struct lanes *l)
{
    return &l->trace;
}

/* ---- sums that look at every step ---- */

struct sum {
    struct point p;
    __mmask8 infinite;
};

static unsigned count(__mmask8 lanes)
{
    return (unsigned)__builtin_popcount(lanes);
}

/* a + b in every case: infinity on either side, the same point twice, opposite points. */
static struct sum add_carefully(struct lanes *l, const struct sum *a, const struct sum *b)
{
    struct point level = a->p;
    struct fe p, r;
    point_level(&level, &b->p, &p, &r);
    const __mmask8 finite = (__mmask8) ~(a->infinite | b->infinite);
    const __mmask8 same_x = fe_is_zero(p) & finite, same_y = fe_is_zero(r);
    const __mmask8 equal = same_x & same_y, opposite = same_x & (__mmask8)~same_y;
    const struct point joined = point_join(&level, p, r), doubled = point_double(&a->p);
    struct sum s = { joined, (__mmask8)((a->infinite & b->infinite) | opposite) };
    s.p = point_choose(&s.p, &doubled, equal);
    s.p = point_choose(&s.p, &b->p, a->infinite);
    s.p = point_choose(&s.p, &a->p, b->infinite);
    l->trace.equal += count(equal);
    l->trace.opposite += count(opposite);
    l->trace.infinite_left += count(a->infinite);
    l->trace.infinite_right += count(b->infinite);
    return s;
}

/* A row as a point; its lanes outside of `active` are at infinity. */
static struct sum sum_of_rows(const row rows[8], __mmask8 negative, __mmask8 active)
{
    struct fe x, y;
    rows_load(rows, &x, &y);
    x = fe_masked(x);
    y = fe_masked(y);
    y = fe_tight(fe_choose(y, fe_sub(fe_zero(), y, 1), negative));
    return (struct sum){ { x, y, fe_one(), fe_one() }, (__mmask8)~active };
}

/* ---- walking ---- */

static __mmask8 lanes_beyond(const struct walk *w, unsigned step)
{
    __mmask8 active = 0;
    for (unsigned i = 0; i < 8; i++)
        active |= (__mmask8)((w->steps[i] > step) << i);
    return active;
}

static void reach(const struct walk *w, unsigned *least, unsigned *most)
{
    *least = *most = w->steps[0];
    for (unsigned i = 1; i < 8; i++) {
        *least = w->steps[i] < *least ? w->steps[i] : *least;
        *most = w->steps[i] > *most ? w->steps[i] : *most;
    }
}

static inline void fetch(const row rows[8])
{
    for (unsigned i = 0; i < 8; i++)
        _mm_prefetch((const char *)rows[i], _MM_HINT_T0);
}

static inline struct point step(const struct walk *w, const struct point *p, unsigned i)
{
    struct fe x, y;
    fetch(w->rows[i + AHEAD]);
    rows_load(w->rows[i], &x, &y);
    return point_add_affine(p, x, y, w->negative[i]);
}

/* Adds all rows to `start` (NULL: nothing). Lanes whose sum met an exception end with zz = 0. */
static struct sum walk_quickly(const struct walk *w, const struct sum *start)
{
    unsigned least, most, i = 0;
    struct sum s;
    reach(w, &least, &most);
    if (start) {
        s = *start;
    } else {
        s = sum_of_rows(w->rows[0], w->negative[0], lanes_beyond(w, 0));
        i = 1;
    }
    for (; i < least; i++)
        s.p = step(w, &s.p, i);
    for (; i < most; i++) {
        const struct point next = step(w, &s.p, i);
        s.p = point_choose(&s.p, &next, lanes_beyond(w, i));
    }
    return s;
}

static struct sum walk_carefully(struct lanes *l, const struct walk *w, const struct sum *start)
{
    unsigned least, most;
    struct sum s = { { fe_one(), fe_one(), fe_one(), fe_one() }, 0xFF };
    reach(w, &least, &most);
    if (start)
        s = *start;
    for (unsigned i = 0; i < most; i++) {
        const struct sum next = sum_of_rows(w->rows[i], w->negative[i], lanes_beyond(w, i));
        s = add_carefully(l, &s, &next);
    }
    return s;
}

/* ---- the sums of a job's lanes ---- */

static struct fe fe_moved(struct fe a, eight from)
{
    EACH(i)
    a.l[i] = _mm512_permutexvar_epi64(from, a.l[i]);
    return a;
}

/* Lane i gets what lane i ^ distance has. */
static struct sum sum_moved(const struct sum *s, unsigned distance)
{
    const eight from = _mm512_xor_si512(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), all_lanes(distance));
    struct sum m = { { fe_moved(s->p.x, from), fe_moved(s->p.y, from), fe_moved(s->p.zz, from),
                       fe_moved(s->p.zzz, from) },
                     0 };
    for (unsigned i = 0; i < 8; i++)
        m.infinite |= (__mmask8)((s->infinite >> (i ^ distance) & 1) << i);
    return m;
}

static struct sum add_quickly(const struct sum *a, const struct sum *b)
{
    struct sum s = { a->p, (__mmask8)(a->infinite & b->infinite) };
    struct fe p, r;
    point_level(&s.p, &b->p, &p, &r);
    s.p = point_join(&s.p, p, r);
    s.p = point_choose(&s.p, &b->p, a->infinite);
    s.p = point_choose(&s.p, &a->p, b->infinite);
    return s;
}

static struct sum gather(struct lanes *l, struct sum s, unsigned share, bool careful)
{
    for (unsigned distance = 1; distance < share; distance *= 2) {
        const struct sum other = sum_moved(&s, distance);
        s = careful ? add_carefully(l, &s, &other) : add_quickly(&s, &other);
    }
    return s;
}

/* ---- the last question: is the sum's x, modulo n, equal to r? ---- */

/* tight, < 1.01 */
static struct fe fe_of_scalars(const struct scalar *of[8])
{
    eight w[4];
    for (unsigned i = 0; i < 4; i++)
        w[i] = _mm512_setr_epi64((long long)of[0]->w[i], (long long)of[1]->w[i], (long long)of[2]->w[i],
                                 (long long)of[3]->w[i], (long long)of[4]->w[i], (long long)of[5]->w[i],
                                 (long long)of[6]->w[i], (long long)of[7]->w[i]);
    return fe_reduced(fe_mul(fe_of_words(w), fe_of_limbs(square_limbs)));
}

/* X = r ZZ, without dividing. */
static __mmask8 x_is(const struct sum *s, const struct scalar *r[8])
{
    return fe_is_zero(fe_sub(fe_mul(fe_of_scalars(r), s->p.zz), s->p.x, 2)) & (__mmask8)~s->infinite;
}

/* x is below p, r below n < p: where r + n < p, x may have been r + n. */
static __mmask8 x_is_modulo_order(const struct sum *s, const struct scalar *r[8])
{
    struct scalar wrapped[8];
    const struct scalar *of[8];
    __mmask8 may_wrap = 0;
    for (unsigned i = 0; i < 8; i++) {
        may_wrap |= (__mmask8)(scalar_less(r[i], &wrap_below) << i);
        wrapped[i] = scalar_add(r[i], &order);
        of[i] = &wrapped[i];
    }
    __mmask8 same = x_is(s, r);
    if (may_wrap)
        same |= x_is(s, of) & may_wrap;
    return same;
}

/* Lanes that met an exception on the quick way. */
static __mmask8 spoilt(const struct sum *s)
{
    return fe_is_zero(fe_masked(s->p.zz)) & (__mmask8)~s->infinite;
}

/* Walks, looks, and where something is spoilt walks again with care. share: lanes of each job, beginning with lane 0. */
static void settle(struct lanes *l, struct task *const *tasks, unsigned n, unsigned share,
                   const struct sum *start)
{
    const struct scalar *r[8];
    for (unsigned i = 0; i < 8; i++)
        r[i] = &tasks[i / share < n ? i / share : 0]->r;
    struct sum s = gather(l, walk_quickly(&l->walk, start), share, false);
    if (spoilt(&s) & ((1u << n * share) - 1)) {
        const struct sum careful = walk_carefully(l, &l->walk, start);
        s = gather(l, careful, share, true);
        l->trace.careful++;
    }
    /* Where zz is 0, x may be 0 as well, and X = r ZZ: no lane may leave here like that, and if one does it holds nothing. */
    const __mmask8 same = x_is_modulo_order(&s, r) & (__mmask8)~spoilt(&s);
    for (unsigned i = 0; i < n; i++)
        tasks[i]->job->holds = same >> (i * share) & 1;
}

/* ---- rows of a job ---- */

/* Where the rows of a job go: `share` lanes from `lane` on, in turn. */
struct dealer {
    struct walk *walk;
    unsigned lane, share, next;
};

static void deal(struct dealer *d, const struct scalar *scalar, unsigned bits, row table)
{
    row rows[ROWS_MOST];
    uint64_t negative;
    const unsigned n = rows_of(scalar, bits, table, rows, &negative);
    for (unsigned i = 0; i < n; i++) {
        const unsigned lane = d->lane + (d->next & (d->share - 1)), at = d->walk->steps[lane]++;
        d->next++;
        d->walk->rows[at][lane] = rows[i];
        d->walk->negative[at] |= (__mmask8)((negative >> i & 1) << lane);
    }
}

static void clear(struct walk *w)
{
    memset(w->negative, 0, sizeof w->negative);
    memset(w->steps, 0, sizeof w->steps);
}

/*
 * Lanes without a job do as the first one does, so that a step that all jobs need is a step of all lanes. Beyond its last
 * step, a lane's rows are `pad`: loaded, and not added.
 */
static void fill(struct walk *w, unsigned used, row pad)
{
    unsigned least, most;
    for (unsigned lane = used; lane < 8; lane++) {
        w->steps[lane] = w->steps[0];
        for (unsigned i = 0; i < w->steps[0]; i++)
            w->rows[i][lane] = w->rows[i][0];
    }
    reach(w, &least, &most);
    for (unsigned lane = 0; lane < 8; lane++)
        for (unsigned i = w->steps[lane]; i < most + AHEAD; i++)
            w->rows[i][lane] = pad;
}

static void deal_generator(struct lanes *l, const struct task *t, struct dealer *d)
{
    const struct scalar u1 = scalar_mul(&t->z, &t->inverse);
    deal(d, &u1, GENERATOR_BITS, l->generator);
}

static unsigned share_of(unsigned n)
{
    return n == 1 ? 8 : n == 2 ? 4 : n <= 4 ? 2 : 1;
}

static void verify_warm(struct lanes *l, struct task *const *tasks, unsigned n)
{
    const unsigned share = share_of(n);
    clear(&l->walk);
    for (unsigned i = 0; i < n; i++) {
        const struct task *const t = tasks[i];
        struct dealer d = { &l->walk, i * share, share, 0 };
        const struct scalar u2 = scalar_mul(&t->r, &t->inverse);
        deal(&d, &u2, KEY_BITS, t->job->table);
        deal_generator(l, t, &d);
    }
    fill(&l->walk, n * share, l->generator);
    settle(l, tasks, n, share, NULL);
}

/* ---- cold keys ---- */

static void load_keys(struct task *const *tasks, unsigned n, struct fe *x, struct fe *y)
{
    struct scalar words[2][8];
    const struct scalar *of[2][8];
    for (unsigned i = 0; i < 8; i++)
        for (unsigned k = 0; k < 2; k++) {
            words[k][i] = scalar_read(tasks[i < n ? i : 0]->job->point + (size_t)32 * k);
            of[k][i] = &words[k][i];
        }
    *x = fe_of_scalars(of[0]);
    *y = fe_of_scalars(of[1]);
}

/* Row k - 1 of each lane is k times its key, whose x and y are tight. */
static void put_multiples(struct lanes *l, struct fe x, struct fe y)
{
    struct jacobian p[MULTIPLES];
    struct fe before[MULTIPLES], product;
    p[0] = (struct jacobian){ x, y, fe_one() };
    p[1] = jacobian_double(&p[0]);
    for (unsigned k = 2; k < MULTIPLES; k++)
        p[k] = jacobian_add_affine(&p[k - 1], x, y, 0);
    product = p[0].z;
    for (unsigned k = 1; k < MULTIPLES; k++) {
        before[k] = product;
        product = fe_factor(fe_mul(product, p[k].z));
    }
    struct fe inverse = fe_inverse(product);
    for (unsigned k = MULTIPLES; k-- > 0;) {
        const struct fe z = k ? fe_factor(fe_mul(inverse, before[k])) : inverse, zz = fe_factor(fe_sqr(z));
        uint64_t *rows[8];
        for (unsigned lane = 0; lane < 8; lane++)
            rows[lane] = l->multiples[lane][k];
        rows_store(rows, fe_reduced(fe_mul(p[k].x, zz)),
                   fe_reduced(fe_mul(p[k].y, fe_factor(fe_mul(z, zz)))));
        inverse = fe_factor(fe_mul(inverse, p[k].z));
    }
}

/* Adds a row to those lanes that have a digit here. The sum cannot meet the row: it is 32 times a larger number, below n. */
static void add_digit(struct lanes *l, struct task *const *tasks, unsigned n, unsigned window,
                      struct jacobian *sum, __mmask8 *infinite)
{
    row rows[8];
    __mmask8 negative = 0, active = 0;
    struct fe x, y;
    for (unsigned i = 0; i < 8; i++) {
        const struct digits *const d = &tasks[i < n ? i : 0]->digits;
        const uint64_t k = d->row[window];
        rows[i] = l->multiples[i][k ? k - 1 : 0];
        active |= (__mmask8)((k != 0) << i);
        negative |= (__mmask8)((d->negative >> window & 1) << i);
    }
    rows_load(rows, &x, &y);
    const struct jacobian next = jacobian_add_affine(sum, x, y, negative);
    *sum = jacobian_choose(sum, &next, active);
    if (!(*infinite & active))
        return;
    x = fe_masked(x);
    y = fe_masked(y);
    const struct jacobian first = { fe_reduced(x),
                                    fe_reduced(fe_choose(y, fe_sub(fe_zero(), y, 1), negative)), fe_one() };
    *sum = jacobian_choose(sum, &first, *infinite & active);
    *infinite &= (__mmask8)~active;
}

/* u2 times each key. u2 is not 0, so no lane stays at infinity. */
static struct sum double_along(struct lanes *l, struct task *const *tasks, unsigned n)
{
    struct jacobian sum = { fe_one(), fe_one(), fe_one() };
    __mmask8 infinite = 0xFF;
    struct fe x, y;
    load_keys(tasks, n, &x, &y);
    put_multiples(l, x, y);
    for (unsigned i = 0; i < n; i++) {
        const struct scalar u2 = scalar_mul(&tasks[i]->r, &tasks[i]->inverse);
        digits_of(&u2, COLD_BITS, &tasks[i]->digits);
    }
    for (unsigned window = WINDOWS(COLD_BITS); window-- > 0;) {
        add_digit(l, tasks, n, window, &sum, &infinite);
        for (unsigned k = 0; window && k < COLD_BITS; k++)
            sum = jacobian_double(&sum);
    }
    return (struct sum){ point_of_jacobian(&sum), infinite };
}

static void verify_cold(struct lanes *l, struct task *const *tasks, unsigned n)
{
    const struct sum start = double_along(l, tasks, n);
    clear(&l->walk);
    for (unsigned i = 0; i < n; i++) {
        struct dealer d = { &l->walk, i, 1, 0 };
        deal_generator(l, tasks[i], &d);
    }
    fill(&l->walk, n, l->generator);
    settle(l, tasks, n, 1, &start);
}

/* ---- batches ---- */

static bool read_task(struct lanes_job *job, struct task *ret, struct scalar *s)
{
    ret->job = job;
    ret->r = scalar_read(job->signature);
    ret->z = scalar_read(job->digest);
    *s = scalar_read(job->signature + 32);
    job->holds = false;
    return !scalar_is_zero(&ret->r) && !scalar_is_zero(s) && scalar_less(&ret->r, &order) &&
           scalar_less(s, &order);
}

static void verify_chunk(struct lanes *l, struct lanes_job *jobs, size_t n)
{
    unsigned tasks = 0, warm = 0, cold = 0;
    for (size_t i = 0; i < n; i++)
        tasks += read_task(&jobs[i], &l->tasks[tasks], &l->s[tasks]);
    scalar_invert_all(l->s, l->inverses, tasks);
    for (unsigned i = 0; i < tasks; i++) {
        struct task *const t = &l->tasks[i];
        t->inverse = l->inverses[i];
        if (t->job->table)
            l->warm[warm++] = t;
        else
            l->cold[cold++] = t;
    }
    for (unsigned i = 0; i < warm; i += 8)
        verify_warm(l, l->warm + i, warm - i < 8 ? warm - i : 8);
    for (unsigned i = 0; i < cold; i += 8)
        verify_cold(l, l->cold + i, cold - i < 8 ? cold - i : 8);
}

void lanes_verify(struct lanes *l, struct lanes_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i += CHUNK)
        verify_chunk(l, jobs + i, n - i < CHUNK ? n - i : CHUNK);
}
