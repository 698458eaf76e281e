/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A claimed name against an entry, in two ways: word by word in any order, where every word of ours has to be found and only
 * titles, particles and initials may be left over; and as one word, for those who set blanks elsewhere. What may differ grows
 * with the length.
 */
#include <string.h>

#include "people/names_parts.h"

struct found {
    int cost;
    bool order, initial, title, whole, split;
};

static struct span letters_of(const struct form *f, const struct word *w)
{
    return span_make(f->letters + w->at, w->n);
}

static bool vowelless(enum script s)
{
    return s == SCRIPT_ARABIC || s == SCRIPT_HEBREW;
}

static bool alphabetic(enum script s)
{
    return s == SCRIPT_LATIN || s == SCRIPT_CYRILLIC || s == SCRIPT_GREEK || s == SCRIPT_OTHER;
}

static enum cost_how how_of(enum script a, enum script b)
{
    if (a == b || (!alphabetic(a) && !alphabetic(b)))
        return COST_PLAIN;
    if (vowelless(a) || vowelless(b))
        return COST_ABJAD;
    if (a == SCRIPT_INDIC || b == SCRIPT_INDIC)
        return COST_INDIC;
    return a == SCRIPT_GREEK || b == SCRIPT_GREEK     ? COST_GREEK
           : a == SCRIPT_KANA || b == SCRIPT_KANA     ? COST_KANA
           : a == SCRIPT_HANGUL || b == SCRIPT_HANGUL ? COST_HANGUL
                                                      : COST_PLAIN;
}

/* In percent, how much of what may differ between two Latin names may differ here: a syllable's sign says more than a letter. */
static int leeway(enum script a, enum script b)
{
    static const int same[SCRIPTS] = { [SCRIPT_ARABIC] = 75,
                                       [SCRIPT_HEBREW] = 75,
                                       [SCRIPT_KANA] = 60,
                                       [SCRIPT_HANGUL] = 35,
                                       [SCRIPT_HAN] = 45 };
    static const int alphabet[SCRIPTS] = { [SCRIPT_ARABIC] = 85,
                                           [SCRIPT_HEBREW] = 85,
                                           [SCRIPT_HANGUL] = 110,
                                           [SCRIPT_KANA] = 120,
                                           [SCRIPT_HAN] = 70 };
    if (a == b)
        return same[a] ? same[a] : 100;
    if (!alphabetic(a) && !alphabetic(b))
        return 60;
    const int least = alphabet[alphabetic(a) ? b : a];
    return least ? least : 100;
}

/* Within a script only how a sound is spelled may differ: slips of the finger are counted apart. */
static int most_of_word(size_t n, enum script a, enum script b)
{
    if (a == b)
        return leeway(a, b) * (n <= 2 ? 30 : n <= 4 ? 50 : n <= 6 ? 70 : n <= 9 ? 90 : 120) / 100;
    return leeway(a, b) * (n <= 2 ? 40 : n <= 4 ? 90 : n <= 6 ? 110 : n <= 9 ? 130 : 200) / 100;
}

static int most_of_name(size_t n, enum script a, enum script b)
{
    if (a == b)
        return leeway(a, b) *
               (n <= 4    ? 30
                : n <= 6  ? 50
                : n <= 9  ? 75
                : n <= 11 ? 90
                : n <= 15 ? 120
                          : 150) /
               100;
    return leeway(a, b) *
           (n <= 4    ? 30
            : n <= 6  ? 60
            : n <= 9  ? 115
            : n <= 11 ? 130
            : n <= 15 ? 200
                      : 230) /
           100;
}

static bool is_title(const struct word *w)
{
    return w->kind == WORD_HONORIFIC || w->kind == WORD_OFFICE;
}

/* Characters of Han carry more than their sound does: all of them, or all but one of three. */
static bool han_agrees(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    size_t other = 0;
    if (na != nb)
        return false;
    for (size_t i = 0; i < na; i++)
        other += a[i] != b[i];
    return other <= na / 3;
}

static bool all_han(const struct form *f)
{
    for (size_t i = 0; i < f->n_orig; i++)
        if (script_of(f->orig[i]) != SCRIPT_HAN)
            return false;
    return true;
}

static bool word_han_agrees(const struct form *c, const struct word *a, const struct form *e,
                            const struct word *b)
{
    return a->script != SCRIPT_HAN || b->script != SCRIPT_HAN ||
           han_agrees(c->orig + a->at_orig, a->n_orig, e->orig + b->at_orig, b->n_orig);
}

static bool begins(const struct form *c, const struct word *initial, const struct form *e,
                   const struct word *w)
{
    const char a = c->letters[initial->at], b = e->letters[w->at];
    static const char alike[][2] = { { 'c', 'k' }, { 'y', 'j' }, { 'y', 'i' }, { 'y', 'e' },
                                     { 'v', 'w' }, { 'k', 'h' }, { 'g', 'j' }, { 'c', 't' },
                                     { 'z', 'j' }, { 'f', 'p' }, { 'z', 't' }, { 'i', 'j' } };
    if (a == b)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(alike) && initial->script != w->script; i++)
        if ((a == alike[i][0] && b == alike[i][1]) || (a == alike[i][1] && b == alike[i][0]))
            return true;
    return false;
}

struct pairing {
    bool used[WORDS];
    size_t last;
    size_t full, full_letters;
    int worst;
    bool common, given; /* given: of the full words the first of ours is one, and the last is none */
};

/* The word of theirs that is nearest to ours; WORDS: none is near. */
static size_t nearest(const struct costs *k, const struct form *c, const struct pairing *p,
                      const struct form *e, const struct word *ours, int *ret_cost)
{
    size_t best = WORDS;
    int most = most_of_word(ours->n, c->words[0].script, ours->script);
    for (size_t i = 0; i < c->n; i++) {
        const struct word *w = &c->words[i];
        if (p->used[i] || w->initial || !word_han_agrees(c, w, e, ours))
            continue;
        const int cost =
            cost_of(k, letters_of(c, w), letters_of(e, ours), how_of(w->script, ours->script), most);
        if (cost <= most) {
            best = i;
            most = cost - 1;
            *ret_cost = cost;
        }
    }
    return best;
}

static size_t initial_for(const struct form *c, const struct pairing *p, const struct form *e,
                          const struct word *ours)
{
    for (size_t i = 0; i < c->n; i++)
        if (!p->used[i] && c->words[i].initial && begins(c, &c->words[i], e, ours))
            return i;
    return WORDS;
}

static void take(struct pairing *p, size_t at, struct found *f)
{
    f->order |= p->last != WORDS && at < p->last;
    p->used[at] = true;
    p->last = at;
}

/* Words left over on their side: titles and particles, and initials of names that ours leaves out. */
static bool left_over(const struct form *c, const struct pairing *p, struct found *f)
{
    size_t initials = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct word *w = &c->words[i];
        if (p->used[i])
            continue;
        if (is_title(w))
            f->title = true;
        else if (w->initial)
            initials++;
        else if (w->kind != WORD_PARTICLE)
            return false;
    }
    f->cost += (int)initials * 20;
    return initials <= 1;
}

static bool word_by_word(const struct costs *k, const struct form *c, const struct form *e, struct found *ret)
{
    struct pairing p = { .last = WORDS };
    size_t names = 0, initials = 0, middle = 0;
    for (size_t i = 0; i < e->n; i++)
        names += e->words[i].kind == WORD_NAME;
    for (size_t i = 0; i < e->n; i++) {
        const struct word *ours = &e->words[i];
        int cost = 0;
        size_t at = nearest(k, c, &p, e, ours, &cost);
        if (at < WORDS) {
            p.full++, p.full_letters += ours->n;
            p.worst = cost > p.worst ? cost : p.worst;
            p.common |= ours->common == 2;
            p.given = i == 0;
        } else if (ours->kind == WORD_PARTICLE || (ours->kind != WORD_NAME && names >= 2)) {
            ret->cost += 10;
            continue;
        } else if ((at = initial_for(c, &p, e, ours)) < WORDS) {
            initials++;
        } else if (names >= 3 && i > 0 && i + 1 < e->n && !middle++) {
            ret->cost += 40; /* a name in the middle that is left out */
            continue;
        } else {
            return false;
        }
        take(&p, at, ret);
        ret->cost += cost;
    }
    ret->initial = initials > 0;
    if (!left_over(c, &p, ret))
        return false;
    if (initials && (p.full_letters < 4 || p.worst > (p.common ? 0 : 20) ||
                     (p.given && p.common && e->n == 2 && p.full_letters > 5)))
        return false;
    return p.full > 0 && ret->cost <= most_of_name(p.full_letters, c->words[0].script, e->words[0].script);
}

/* All letters of a name, its first `rotate` words at the end: as form_turn, without the rest of a form. */
static struct span turned(const struct form *f, size_t rotate, char out[static LETTERS])
{
    const size_t at = f->words[rotate].at;
    if (at == 0)
        return span_make(f->letters, f->n_letters);
    memcpy(out, f->letters + at, f->n_letters - at);
    memcpy(out + (f->n_letters - at), f->letters, at);
    return span_make(out, f->n_letters);
}

static bool as_one(const struct costs *k, const struct form *c, const struct form *e, struct found *ret)
{
    char letters[LETTERS];
    int most = most_of_name(c->n_letters < e->n_letters ? c->n_letters : e->n_letters, c->words[0].script,
                            e->words[0].script);
    bool any = false;
    const int apart = c->n_letters > e->n_letters ? c->n_letters - e->n_letters : e->n_letters - c->n_letters;
    if (c->words[0].script == e->words[0].script && apart > 1 && apart * 6 > e->n_letters)
        return false;
    const int moved = c->n == e->n ? 20 : 60; /* word by word they have been compared already */
    if (c->words[0].script == e->words[0].script && most > moved)
        most = moved;
    if (all_han(c) && all_han(e) && !han_agrees(c->orig, c->n_orig, e->orig, e->n_orig))
        return false;
    for (size_t i = 0; i < c->n && i < 4; i++) {
        if (i > 0 && i + 1 < c->n && i > 1)
            continue;
        const int cost = cost_of(k, turned(c, i, letters), span_make(e->letters, e->n_letters),
                                 how_of(c->words[0].script, e->words[0].script), most);
        if (cost <= most) {
            *ret = (struct found){ .cost = cost, .whole = true, .order = i > 0, .split = c->n != e->n };
            most = cost - 1;
            any = true;
        }
    }
    return any;
}

#define SLIPPED 40u /* letters of a name that slips are counted in */

static uint8_t smaller(uint8_t a, unsigned b)
{
    return b < a ? (uint8_t)b : a;
}

/*
 * How many letters are another, missing, too many or swapped with their neighbour; above `most`: more than these. Only the cells
 * no further than `most` from the diagonal can be that small, and one on either side of them stands for all beyond.
 */
static size_t slips_of(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t most)
{
    uint8_t d[SLIPPED + 1][SLIPPED + 2];
    if (na > SLIPPED || nb > SLIPPED || (na > nb ? na - nb : nb - na) > most)
        return most + 1;
    for (size_t i = 0; i <= na; i++) {
        const size_t from = i > most ? i - most : 0, to = i + most < nb ? i + most : nb;
        uint8_t least_of_row = UINT8_MAX;
        for (size_t j = from; j <= to; j++) {
            uint8_t least = i && j ? (uint8_t)(d[i - 1][j - 1] + (a[i - 1] != b[j - 1])) : (uint8_t)(i + j);
            if (i && j && j < i + most)
                least = smaller(least, d[i - 1][j] + 1u);
            if (i && j > from)
                least = smaller(least, d[i][j - 1] + 1u);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                least = smaller(least, d[i - 2][j - 2] + 1u);
            d[i][j] = least;
            least_of_row = smaller(least_of_row, least);
        }
        if (least_of_row > most)
            return most + 1;
    }
    return d[na][nb];
}

static size_t most_slips(size_t n, enum script script)
{
    if (script == SCRIPT_HANGUL) /* a third of a syllable makes another name of it */
        return 0;
    return n < 6 ? 0 : n < 10 ? 1 : n < 16 ? 2 : 3;
}

/* Where words stand against words, no word may be all slips, and a name that people have is no slip of another. */
static bool words_slipped(const struct form *c, const struct form *e)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct word *a = &c->words[i], *b = &e->words[i];
        const size_t most = b->n_orig > 5 ? 2 : b->n_orig > 2 || a->n_orig > 2 || b->kind == WORD_PARTICLE;
        const size_t n = slips_of(c->orig + a->at_orig, a->n_orig, e->orig + b->at_orig, b->n_orig, most);
        if (n > most || (n > 0 && a->common && b->common))
            return false;
    }
    return true;
}

/* The same letters but for slips of the finger, which grow with the length. */
static bool by_slips(const struct form *c, const struct form *e, struct found *ret)
{
    const enum script script = e->words[0].script;
    const size_t most = most_slips(e->n_orig, script);
    if (script == SCRIPT_HAN || c->words[0].script != script)
        return false;
    const size_t n = slips_of(c->orig, c->n_orig, e->orig, e->n_orig, most);
    if (n > most || (c->n == e->n && !words_slipped(c, e)))
        return false;
    *ret = (struct found){ .cost = (int)n * 75, .whole = true, .split = c->n != e->n };
    return true;
}

static bool any_by_slips(const struct form *const claimed[2], const struct form *const ours[2],
                         struct found *ret)
{
    for (size_t i = 0; i < 4; i++)
        if (claimed[i & 1] && ours[i >> 1] && by_slips(claimed[i & 1], ours[i >> 1], ret)) {
            ret->title = i & 1;
            return true;
        }
    return false;
}

static enum name_rule rule_of(const struct form *c, const struct form *e, const struct found *f)
{
    const enum script a = script_of(c->orig[0]), b = script_of(e->orig[0]);
    if (c->altered)
        return NAME_LOOKALIKE;
    if (a != b)
        return NAME_TRANSLITERATED;
    if (f->cost >= 75)
        return NAME_TYPO;
    if (f->cost > 0 && !f->initial)
        return NAME_TRANSLITERATED;
    if (c->broken || f->split)
        return NAME_SPACING;
    if (f->title)
        return NAME_TITLE;
    return f->order || f->initial ? NAME_ORDER : NAME_SAME;
}

/* Each with its titles and without. */
static bool any_as_one(const struct costs *k, const struct form *const claimed[2],
                       const struct form *const ours[2], struct found *ret)
{
    bool any = false;
    struct found f;
    for (size_t i = 0; i < 4; i++)
        if (claimed[i & 1] && ours[i >> 1] && as_one(k, claimed[i & 1], ours[i >> 1], &f) &&
            (!any || f.cost < ret->cost)) {
            *ret = f;
            ret->title = i & 1;
            any = true;
        }
    return any;
}

/*
 * How close a name in another script has to be. The fewer letters both scripts have signs for, and the shorter the name, the more
 * names of other people it sounds like.
 */
static double least_score(const struct form *c, const struct form *e, const struct found *f)
{
    const enum script a = c->words[0].script, b = e->words[0].script;
    const unsigned n = c->n_letters > e->n_letters ? c->n_letters : e->n_letters;
    const double by_length = n < 6 ? 0.95 : n < 20 ? 0.95 - 0.01 * (n - 6) : 0.81;
    if (a == b)
        return 0;
    if (f->initial)
        return 0.93;
    if (a == SCRIPT_HAN || b == SCRIPT_HAN)
        return 0.95;
    if ((vowelless(a) || vowelless(b)) && !c->pointed)
        return by_length > 0.88 ? by_length : 0.88;
    if (a == SCRIPT_LATIN && (b == SCRIPT_KANA || b == SCRIPT_HANGUL))
        return 0.94;
    if (a == SCRIPT_KANA)
        return n < 8 ? 0.93 : n < 12 ? 0.87 : n < 16 ? 0.83 : 0.77;
    if (a == SCRIPT_HANGUL)
        return n < 8 ? 0.93 : n < 12 ? 0.9 : n < 16 ? 0.87 : 0.77;
    if (a == SCRIPT_INDIC || b == SCRIPT_INDIC)
        return a == SCRIPT_LATIN ? 0.86 : 0.87;
    return 0.8;
}

bool entry_score(const struct costs *k, const struct form *claimed, const struct form *core,
                 const struct entry *ours, struct name_match *ret)
{
    const struct form *e = ours->form;
    struct found words = { .cost = 0 }, one = { .cost = 0 }, *best = NULL;
    if (word_by_word(k, claimed, e, &words))
        best = &words;
    if ((!best || best->cost > 0) &&
        any_as_one(k, (const struct form *const[2]){ claimed, core },
                   (const struct form *const[2]){ e, ours->core }, &one) &&
        (!best || one.cost < best->cost))
        best = &one;
    if (!best && any_by_slips((const struct form *const[2]){ claimed, core },
                              (const struct form *const[2]){ e, ours->core }, &one))
        best = &one;
    if (!best)
        return false;
    const double share = (double)best->cost / (50.0 * (e->n_letters + 4));
    *ret = (struct name_match){ .person = ours->person,
                                .entry = ours->which,
                                .rule = rule_of(claimed, e, best) };
    ret->score = 1 - (share < 0.5 ? share : 0.5) - (best->initial ? 0.05 : 0);
    return ret->score >= least_score(claimed, e, best);
}
