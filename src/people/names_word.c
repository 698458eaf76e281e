/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far two spellings are from each other: the cheapest way from one to the other, where a step is a letter that is another,
 * missing or swapped (Damerau), or a sound spelled in another way (names_sound.c). Chaikovskiy to Tschaikowski: ch-tsch 5,
 * v-w 8, iy-i 5.
 */
#include <stdlib.h>
#include <string.h>

#include "people/names_parts.h"

#define LONGEST 64 /* of one side; what is longer is compared up to there */
#define BAND    8  /* so many letters one side may run ahead */
#define TRIES   64 /* of sounds that begin with the same two letters, both ways */

/* Up to eight letters in a number, the first lowest, and which of its bytes count. */
struct rule {
    uint64_t a, b, a_mask, b_mask;
    uint8_t na, nb, cost, only;
};

struct costs {
    uint16_t first[36 * 36 + 1]; /* rules by their first letters on either side */
    struct rule rules[2048];
};

static int letter_index(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= '0' && c <= '9' ? 26 + c - '0' : 0;
}

static int pair_index(char a, char b)
{
    return letter_index(a) * 36 + letter_index(b);
}

static uint64_t eight(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t mask_of(size_t n)
{
    return n >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * n) - 1;
}

static struct rule rule_of(const char *a, const char *b, const struct sound *s)
{
    const size_t na = strlen(a), nb = strlen(b);
    struct rule r = { .na = (uint8_t)na, .nb = (uint8_t)nb, .cost = s->cost, .only = s->only };
    memcpy(&r.a, a, na);
    memcpy(&r.b, b, nb);
    r.a_mask = mask_of(na), r.b_mask = mask_of(nb);
    return r;
}

enum bf_err costs_create(struct costs **ret)
{
    struct costs *c = calloc(1, sizeof(*c));
    if (!c)
        return BF_ENOMEM;
    size_t n = 0;
    for (int pair = 0; pair < 36 * 36; pair++) {
        c->first[pair] = (uint16_t)n;
        for (size_t i = 0; i < sounds_count && n + 2 <= ARRAY_SIZE(c->rules); i++) {
            const struct sound *s = &sounds[i];
            if (pair_index(s->a[0], s->b[0]) == pair)
                c->rules[n++] = rule_of(s->a, s->b, s);
            if (pair_index(s->b[0], s->a[0]) == pair)
                c->rules[n++] = rule_of(s->b, s->a, s);
        }
    }
    c->first[36 * 36] = (uint16_t)n;
    *ret = c;
    return BF_OK;
}

void costs_destroy(struct costs *c)
{
    free(c);
}

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* A letter that stands on one side only. */
static int gap(const char *p, int at, int n, enum cost_how how)
{
    const char c = p[at];
    if (at > 0 && p[at - 1] == c)
        return 12;
    if (how == COST_ABJAD && (is_vowel(c) || c == 'y' || c == 'w' || c == 'h'))
        return is_vowel(c) ? 8 : 15;
    if (how == COST_INDIC && c == 'a')
        return 10;
    if (how == COST_KANA && (c == 'u' || c == 'o' || c == 'i'))
        return c == 'i' ? 25 : 10;
    if (how == COST_GREEK && ((c == 's' && at == n - 1) || (c == 'o' && at == n - 2 && p[n - 1] == 's')))
        return 15;
    if (how == COST_HANGUL && (c == 'e' || c == 'u'))
        return 8;
    if ((how == COST_KANA || how == COST_HANGUL) && c == 'r' && (at + 1 == n || !is_vowel(p[at + 1])))
        return 25;
    if (c == 'h')
        return 30;
    if ((is_vowel(c) && at == n - 1) || c == 'y' || c == 'j')
        return 45;
    return is_vowel(c) ? 75 : COST_LETTER;
}

static int change(char a, char b)
{
    return a == b ? 0 : is_vowel(a) && is_vowel(b) ? 60 : COST_LETTER;
}

struct grid {
    char a[LONGEST + 8], b[LONGEST + 8]; /* with nothing behind them */
    int na, nb, most;
    int reached; /* the last row that something was written to */
    uint16_t cell[(LONGEST + 1) * (LONGEST + 1)];
};

static uint16_t *cell(struct grid *g, int i, int j)
{
    return &g->cell[i * (g->nb + 1) + j];
}

static void lower(struct grid *g, int i, int j, int cost)
{
    uint16_t *at = cell(g, i, j);
    if (cost > g->most || cost >= *at)
        return;
    *at = (uint16_t)cost;
    if (i > g->reached)
        g->reached = i;
}

static void steps(const struct costs *c, struct grid *g, int i, int j, enum cost_how how)
{
    const int now = *cell(g, i, j);
    const char *a = g->a, *b = g->b;
    if (i < g->na)
        lower(g, i + 1, j, now + gap(a, i, g->na, how));
    if (j < g->nb)
        lower(g, i, j + 1, now + gap(b, j, g->nb, how));
    if (i == g->na || j == g->nb)
        return;
    lower(g, i + 1, j + 1, now + change(a[i], b[j]));
    if (i + 1 < g->na && j + 1 < g->nb && a[i] == b[j + 1] && a[i + 1] == b[j])
        lower(g, i + 2, j + 2, now + 75);
    const int pair = pair_index(a[i], b[j]);
    const uint64_t next_a = eight(a + i), next_b = eight(b + j);
    for (uint16_t k = c->first[pair]; k < c->first[pair + 1]; k++) {
        const struct rule *r = &c->rules[k];
        if (((next_a ^ r->a) & r->a_mask) == 0 && ((next_b ^ r->b) & r->b_mask) == 0 &&
            (r->only == 0 || (r->only >> how & 1)))
            lower(g, i + r->na, j + r->nb, now + r->cost);
    }
}

static void grid_set(struct grid *g, struct span a, struct span b, int most)
{
    g->na = (int)a.n, g->nb = (int)b.n, g->most = most, g->reached = 0;
    memset(g->a, 0, a.n + 8);
    memset(g->b, 0, b.n + 8);
    memcpy(g->a, a.p, a.n);
    memcpy(g->b, b.p, b.n);
    memset(g->cell, 0x3f, (a.n + 1) * (b.n + 1) * sizeof(g->cell[0]));
    g->cell[0] = 0;
}

int cost_of(const struct costs *c, struct span a, struct span b, enum cost_how how, int most)
{
    struct grid g;
    a = span_first(a, a.n < LONGEST ? a.n : LONGEST);
    b = span_first(b, b.n < LONGEST ? b.n : LONGEST);
    if (span_equal(a, b))
        return 0;
    if (how == COST_PLAIN && (a.n > b.n + BAND || b.n > a.n + BAND))
        return COST_NONE;
    grid_set(&g, a, b, most);
    for (int i = 0; i <= g.reached; i++)
        for (int j = 0; j <= g.nb; j++)
            if (*cell(&g, i, j) <= most)
                steps(c, &g, i, j, how);
    const int cost = *cell(&g, g.na, g.nb);
    return cost <= most ? cost : COST_NONE;
}
