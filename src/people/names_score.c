/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A claimed name against an entry, in two ways: word by word in any order, where every word of ours has to be found and only
 * titles, particles and initials may be left over; and as one word, for those who set blanks elsewhere. What may differ grows
 * with the length.
 */
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
    return a == SCRIPT_KANA || b == SCRIPT_KANA ? COST_KANA : COST_PLAIN;
}

/* In percent, how much of what may differ between two Latin names may differ here: a syllable's sign says more than a letter. */
static int leeway(enum script a, enum script b)
{
    static const int same[SCRIPTS] = { [SCRIPT_ARABIC] = 75,
                                       [SCRIPT_HEBREW] = 75,
                                       [SCRIPT_KANA] = 60,
                                       [SCRIPT_HANGUL] = 45,
                                       [SCRIPT_HAN] = 45 };
    static const int alphabet[SCRIPTS] = {
        [SCRIPT_ARABIC] = 85, [SCRIPT_HEBREW] = 85, [SCRIPT_HANGUL] = 80, [SCRIPT_HAN] = 70
    };
    if (a == b)
        return same[a] ? same[a] : 100;
    if (!alphabetic(a) && !alphabetic(b))
        return 30;
    const int least = alphabet[alphabetic(a) ? b : a];
    return least ? least : 100;
}

static int most_of_word(size_t n, enum script a, enum script b)
{
    return leeway(a, b) * (n <= 2 ? 40 : n <= 4 ? 90 : n <= 6 ? 110 : n <= 9 ? 130 : 200) / 100;
}

static int most_of_name(size_t n, enum script a, enum script b)
{
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
    bool common;
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
    if (initials && (p.full_letters < 4 || p.worst > (p.common ? 0 : 20)))
        return false;
    return p.full > 0 && ret->cost <= most_of_name(p.full_letters, c->words[0].script, e->words[0].script);
}

static bool as_one(const struct costs *k, const struct form *c, const struct form *e, struct found *ret)
{
    struct form core;
    int most = most_of_name(c->n_letters < e->n_letters ? c->n_letters : e->n_letters, c->words[0].script,
                            e->words[0].script);
    bool any = false;
    const int apart = c->n_letters > e->n_letters ? c->n_letters - e->n_letters : e->n_letters - c->n_letters;
    if (c->words[0].script == e->words[0].script && apart > 1 && apart * 6 > e->n_letters)
        return false;
    if (c->words[0].script == e->words[0].script && c->n == e->n && most > 200)
        most = 200; /* word by word they have been compared already */
    if (all_han(c) && all_han(e) && !han_agrees(c->orig, c->n_orig, e->orig, e->n_orig))
        return false;
    for (size_t i = 0; i < c->n && i < 4; i++) {
        if (i > 0 && i + 1 < c->n && i > 1)
            continue;
        form_turn(c, i, &core);
        const int cost =
            cost_of(k, span_make(core.letters, core.n_letters), span_make(e->letters, e->n_letters),
                    how_of(c->words[0].script, e->words[0].script), most);
        if (cost <= most) {
            *ret = (struct found){ .cost = cost, .whole = true, .order = i > 0, .split = c->n != e->n };
            most = cost - 1;
            any = true;
        }
    }
    return any;
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
    if (!best)
        return false;
    const double share = (double)best->cost / (50.0 * (e->n_letters + 4));
    *ret = (struct name_match){ .person = ours->person,
                                .entry = ours->which,
                                .rule = rule_of(claimed, e, best) };
    ret->score = 1 - (share < 0.5 ? share : 0.5) - (best->initial ? 0.05 : 0);
    return true;
}
