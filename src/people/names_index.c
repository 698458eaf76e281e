/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a name whoever spells it: the classes of its consonants (Tchaikovsky, Tschaikowski: C C B C). A key is made of
 * two words, or of all letters as one word, or of a word and an initial, with a class left out on either side, so that a slip of
 * the finger in each still leads there.
 */
#include <stdlib.h>
#include <string.h>

#include "people/names_parts.h"

#define CLASSES 16u /* of a word that count */
#define WHOLE   24u /* of a name */

struct bones {
    char c[WHOLE];
    size_t n;
};

static char class_of(char c)
{
    /*                           abcdefghijklmnopqrstuvwxyz */
    static const char classes[] = ".BCT.BC..CCLNN.BCRCT.BBC.C";
    static const char digits[] = "..C..CBTBC";
    return c >= 'a' && c <= 'z' ? classes[c - 'a'] : c >= '0' && c <= '9' ? digits[c - '0'] : '.';
}

/* Equal neighbours are one; t before a sibilant is part of it; j and w between letters may be vowels. */
static struct bones bones_of(const char *p, size_t n, enum script script, size_t most)
{
    struct bones b = { .n = 0 };
    char last = '.';
    for (size_t i = 0; i < n && b.n < most; i++) {
        char k = class_of(p[i]);
        const char next = i + 1 < n ? p[i + 1] : 0;
        if (p[i] == 'j' && i > 0 && last != 'T' && script == SCRIPT_LATIN)
            k = '.';
        if (p[i] == 'w' && i > 0 && (script == SCRIPT_ARABIC || script == SCRIPT_HEBREW))
            k = '.';
        if (i == 0 && p[i] == 'm' && next == 'b')
            k = '.';
        if (p[i] == 'p' && next == 'h')
            k = 'B';
        if (k == 'C' && last == 'T' && b.n) {
            b.n--;
            last = '.';
        }
        if (k != '.' && k != last)
            b.c[b.n++] = k;
        if (k != '.' || (p[i] != 'h' && p[i] != 'j'))
            last = k;
    }
    return b;
}

static uint64_t hash_without(const struct bones *b, size_t without)
{
    uint64_t h = 0x51;
    for (size_t i = 0; i < b->n; i++)
        if (i != without)
            h = mix64(h, (uint8_t)b->c[i]);
    return h;
}

struct keys {
    uint64_t *out;
    size_t n;
};

static void key_put(struct keys *k, uint64_t key)
{
    if (k->n < KEYS)
        k->out[k->n++] = key ^ key >> 31;
}

/* What has to be left of a name for its key to tell anything: of two words with a class less in each, in one; of a whole. */
#define LEFT_OF_BOTH  6u
#define LEFT_OF_ONE   5u
#define LEFT_OF_WHOLE 4u

static uint64_t letters_hash(const struct form *f, const struct word *w)
{
    uint64_t h = 0x33;
    for (size_t i = 0; i < w->n; i++)
        h = mix64(h, (uint8_t)f->letters[w->at + i]);
    return h;
}

static void both_put(struct keys *k, uint64_t a, uint64_t b)
{
    key_put(k, mix64(a < b ? a : b, a < b ? b : a)); /* in whatever order */
}

struct part {
    const struct word *word;
    struct bones bones;
};

static void pair_put(struct keys *k, const struct form *f, const struct part *a, const struct part *b)
{
    const size_t all = a->bones.n + b->bones.n;
    for (size_t i = 0; i <= a->bones.n; i++)
        for (size_t j = 0; j <= b->bones.n; j++) {
            const size_t less = (i > 0) + (j > 0);
            if (less && all < (less == 2 ? LEFT_OF_BOTH : LEFT_OF_ONE) + less)
                continue;
            both_put(k, hash_without(&a->bones, a->bones.n - i), hash_without(&b->bones, b->bones.n - j));
        }
    /* of short ones, one as it is written and the other with a class less */
    for (size_t i = 1; i <= a->bones.n && all < LEFT_OF_BOTH + 2; i++)
        both_put(k, hash_without(&a->bones, a->bones.n - i), letters_hash(f, b->word));
    for (size_t j = 1; j <= b->bones.n && all < LEFT_OF_BOTH + 2; j++)
        both_put(k, letters_hash(f, a->word), hash_without(&b->bones, b->bones.n - j));
    if (all < LEFT_OF_BOTH + 2) {
        both_put(k, hash_without(&a->bones, SIZE_MAX), letters_hash(f, b->word));
        both_put(k, letters_hash(f, a->word), hash_without(&b->bones, SIZE_MAX));
    }
}

static void whole_put(struct keys *k, const struct form *f)
{
    const struct bones b = bones_of(f->letters, f->n_letters, f->words[0].script, WHOLE);
    for (size_t i = 0; i <= b.n && (i == 0 || b.n > LEFT_OF_WHOLE); i++)
        key_put(k, mix64(0x77, hash_without(&b, b.n - i)));
}

/*
 * Between scripts less is left: what one of them has no sign for, another leaves out. Vowels, y, w, h and what is heard as h; r
 * before a consonant; l is r, m is n.
 */
static struct bones cross_bones_of(const struct form *f)
{
    /*                           abcdefghijklmnopqrstuvwxyz */
    static const char classes[] = ".BCT.BC..CCLNN.BCLCT.B.C.C";
    struct bones b = { .n = 0 };
    const bool greek = f->words[0].script == SCRIPT_GREEK; /* which writes d as nt */
    for (size_t i = 0; i < f->n_letters && b.n < WHOLE; i++) {
        const char c = f->letters[i], next = i + 1 < f->n_letters ? f->letters[i + 1] : 'x';
        const char k = c >= 'a' && c <= 'z' ? classes[c - 'a'] : '.';
        const bool silent = (c == 'k' && next == 'h') || (c == 'r' && !strchr("aeiouyw", next)) ||
                            ((c == 't' || c == 'd') && strchr("szj", next)) ||
                            (greek && ((c == 'n' && next == 'd') || (c == 'm' && next == 'b'))) ||
                            (c == 'g' && i > 0 && f->letters[i - 1] == 'n' && !strchr("aeiouyw", next));
        if (k != '.' && !silent && (b.n == 0 || b.c[b.n - 1] != k))
            b.c[b.n++] = k;
    }
    return b;
}

/* Entries in Latin letters are looked for by names in others, and entries in others by all. */
static void cross_put(struct keys *k, const struct form *f, bool claimed)
{
    const struct bones b = cross_bones_of(f);
    const bool latin = f->words[0].script == SCRIPT_LATIN;
    for (size_t i = 0; i <= b.n && b.n >= 2; i++) {
        const uint64_t h = hash_without(&b, b.n - i);
        if (!claimed || !latin)
            key_put(k, mix64(0xaa, h));
        if (claimed ? latin : !latin)
            key_put(k, mix64(0xbb, h));
        if (b.n < 4)
            break;
    }
}

static char initial_class(char c)
{
    const char k = class_of(c);
    return k == '.' ? 'V' : k;
}

static void initial_put(struct keys *k, const struct bones *whole, char initial)
{
    key_put(k, mix64(mix64(0x99, hash_without(whole, SIZE_MAX)), (uint8_t)initial_class(initial)));
}

static bool counts(const struct word *w)
{
    return w->kind != WORD_PARTICLE && !w->initial;
}

static void pairs_put(struct keys *k, const struct form *f, bool claimed)
{
    struct part parts[WORDS];
    size_t n = 0;
    for (size_t i = 0; i < f->n && n < 6; i++) {
        const struct word *w = &f->words[i];
        if (counts(w))
            parts[n++] = (struct part){ w, bones_of(f->letters + w->at, w->n, w->script, CLASSES) };
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            pair_put(k, f, &parts[i], &parts[j]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < f->n; j++)
            if (parts[i].word != &f->words[j] && parts[i].word->n >= 4 && f->words[j].kind != WORD_PARTICLE &&
                (!claimed || f->words[j].initial))
                initial_put(k, &parts[i].bones, f->letters[f->words[j].at]);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): k writes there */
size_t form_keys(const struct form *f, bool claimed, uint64_t keys[static KEYS])
{
    struct keys k = { .out = keys };
    struct form turned;
    whole_put(&k, f);
    cross_put(&k, f, claimed);
    for (size_t i = 1; claimed && i < f->n && f->n <= 4; i += f->n > 2 && i == 1 ? f->n - 2 : 1) {
        form_turn(f, i, &turned);
        whole_put(&k, &turned);
        cross_put(&k, &turned, claimed);
    }
    pairs_put(&k, f, claimed);
    return k.n;
}

/* ---- who shares a key and has other letters ---- */

#define NIBBLES 0x0f0f0f0f0f0f0f0fu
#define ONES    0x0101010101010101u
#define HIGHS   0x8888888888888888u

static void count(uint64_t *counts, size_t at)
{
    if ((counts[at / 16] >> at % 16 * 4 & 0x0f) < 7)
        counts[at / 16] += (uint64_t)1 << at % 16 * 4;
}

static unsigned sum_of(uint64_t counts)
{
    return (unsigned)(((counts & NIBBLES) + (counts >> 4 & NIBBLES)) * ONES >> 56);
}

/* Letters that stand for one another in most spellings are one. */
static size_t place_of(char c)
{
    static const char same[] = "abkdefghiiklmnopkrstuvvsis";
    return c >= 'a' && c <= 'z' ? (size_t)(same[c - 'a'] - 'a') : 26;
}

void trait_of(const struct form *f, struct trait *ret)
{
    const struct bones heard = cross_bones_of(f);
    *ret = (struct trait){ .n_words = f->n, .script = f->words[0].script };
    for (size_t i = 0; i < f->n_letters; i++)
        if (f->letters[i] != 'h') /* with or without it, many sounds are the same */
            count(ret->letters, place_of(f->letters[i]));
    for (size_t i = 0; i < heard.n; i++)
        count(&ret->heard, (size_t)(strchr("BCTLN", heard.c[i]) - "BCTLN"));
    ret->n_letters = (uint8_t)(sum_of(ret->letters[0]) + sum_of(ret->letters[1]));
    ret->n_heard = (uint8_t)sum_of(ret->heard);
    for (size_t i = 0; i < f->n; i++)
        ret->initials = (uint8_t)(ret->initials + f->words[i].initial);
}

/* How many more there are of theirs than of ours, letter by letter. */
static unsigned excess(uint64_t theirs, uint64_t ours)
{
    const uint64_t d = (theirs | HIGHS) - ours, is_more = (d & HIGHS) >> 3;
    return sum_of(d & is_more * 7);
}

#define TOO_FAR 32u

/* In how many letters they differ; TOO_FAR: in more than a name and what resembles it can. */
static unsigned distance(const struct trait *c, const struct trait *e)
{
    const bool same = c->script == e->script;
    const unsigned letters = excess(c->letters[0], e->letters[0]) + excess(c->letters[1], e->letters[1]);
    const unsigned more = same ? letters : excess(c->heard, e->heard);
    const int less = (int)more + (same ? e->n_letters - c->n_letters : e->n_heard - c->n_heard);
    const int n = same ? c->n_letters : c->n_heard;
    const int most = same ? (n < 8 ? 2 : n < 16 ? 3 : 4) : n < 5 ? 2 : 4;
    const bool part = c->initials || e->initials || e->n_words > c->n_words;
    const bool may_be = (int)more <= most + (c->n_words > e->n_words ? 2 : 0) && (part || less <= most + 1);
    const unsigned all = more + (part ? 0 : (unsigned)less) + (same ? 0 : letters);
    return !may_be ? TOO_FAR : all < TOO_FAR ? all : TOO_FAR - 1;
}

struct slot {
    uint32_t key, entry;
};

struct index {
    size_t n, bits;
    size_t n_entries;
    uint32_t *first; /* of each bucket */
    struct slot *slots;
    struct trait *traits; /* of each entry, as it is and without its titles */
};

static uint32_t bucket_of(const struct index *x, uint64_t key)
{
    return (uint32_t)(key >> (64 - x->bits));
}

static enum bf_err fill(struct index *x, const struct entry *entries, size_t n, bool count)
{
    uint64_t *keys = malloc(2 * KEYS * sizeof(*keys));
    if (!keys)
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t n_keys = form_keys(entries[i].form, false, keys);
        if (entries[i].core)
            n_keys += form_keys(entries[i].core, false, keys + n_keys);
        for (size_t k = 0; k < n_keys; k++) {
            const uint32_t bucket = bucket_of(x, keys[k]);
            if (count)
                x->first[bucket + 1]++, x->n++;
            else
                x->slots[--x->first[bucket + 1]] = (struct slot){ (uint32_t)keys[k], (uint32_t)i };
        }
    }
    free(keys);
    return BF_OK;
}

enum bf_err index_create(const struct entry *entries, size_t n, struct index **ret)
{
    auto_(index_destroy) struct index *x = calloc(1, sizeof(*x));
    if (!x)
        return BF_ENOMEM;
    for (x->bits = 10; x->bits < 22 && (size_t)1 << x->bits < n * 32;)
        x->bits++;
    const size_t buckets = (size_t)1 << x->bits;
    x->first = calloc(buckets + 2, sizeof(*x->first));
    x->traits = calloc(n + 1, 2 * sizeof(*x->traits));
    x->n_entries = n;
    if (!x->first || !x->traits)
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        trait_of(entries[i].form, &x->traits[2 * i]);
        if (entries[i].core)
            trait_of(entries[i].core, &x->traits[2 * i + 1]);
    }
    enum bf_err err = fill(x, entries, n, true);
    if (err)
        return err;
    /* first[b + 1] becomes the end of bucket b, which filling moves to its beginning */
    for (size_t i = 1; i <= buckets; i++)
        x->first[i] += x->first[i - 1];
    x->slots = calloc(x->n + 1, sizeof(*x->slots));
    if (!x->slots)
        return BF_ENOMEM;
    err = fill(x, entries, n, false);
    if (err)
        return err;
    x->first[buckets + 1] = (uint32_t)x->n;
    *ret = x, x = NULL;
    return BF_OK;
}

void index_destroy(struct index *x)
{
    if (!x)
        return;
    free(x->first);
    free(x->slots);
    free(x->traits);
    free(x);
}

size_t index_bytes(const struct index *x)
{
    return sizeof(*x) + (((size_t)1 << x->bits) + 2) * sizeof(*x->first) + x->n * sizeof(*x->slots) +
           x->n_entries * 2 * sizeof(*x->traits);
}

static bool is_new(struct seen *s, uint32_t entry)
{
    for (size_t at = entry * 2654435761u % SEEN;; at = (at + 1) % SEEN) {
        if (s->stamps[at] != s->stamp) {
            s->stamps[at] = s->stamp;
            s->of[at] = entry;
            return true;
        }
        if (s->of[at] == entry)
            return false;
    }
}

static unsigned nearest(const struct index *x, const struct index_question *q, uint32_t entry)
{
    unsigned least = TOO_FAR;
    for (size_t i = 0; i < q->n_traits; i++)
        for (size_t j = 0; j < 2 && x->traits[2 * entry + j].n_words; j++) {
            const unsigned d = distance(&q->traits[i], &x->traits[2 * entry + j]);
            least = d < least ? d : least;
        }
    return least;
}

/* Buckets lie anywhere in memory: all are asked for before the first is read. */
static void fetch(const struct index *x, const struct index_question *q)
{
    for (size_t k = 0; k < q->n_keys; k++)
        __builtin_prefetch(&x->first[bucket_of(x, q->keys[k]) + 1]);
    for (size_t k = 0; k < q->n_keys; k++)
        __builtin_prefetch(&x->slots[x->first[bucket_of(x, q->keys[k]) + 1]]);
}

/* The nearest come first, and are all that is kept. */
static size_t nearest_first(struct seen *s, size_t n, uint32_t *ret, size_t most)
{
    size_t kept = 0;
    for (unsigned d = 0; d < TOO_FAR && kept < most; d++)
        for (size_t i = 0; i < n && kept < most; i++)
            if (s->distances[i] == d)
                ret[kept++] = s->found[i];
    return kept;
}

/* Who shares a key, as often as they do. */
static size_t hits_of(const struct index *x, const struct index_question *q, uint32_t hits[static HITS])
{
    size_t n = 0;
    fetch(x, q);
    for (size_t k = 0; k < q->n_keys; k++) {
        const uint32_t bucket = bucket_of(x, q->keys[k]);
        for (uint32_t i = x->first[bucket + 1]; i < x->first[bucket + 2] && n < HITS; i++)
            if (x->slots[i].key == (uint32_t)q->keys[k]) {
                hits[n++] = x->slots[i].entry;
                __builtin_prefetch(&x->traits[2 * x->slots[i].entry]);
            }
    }
    return n;
}

size_t index_find(const struct index *x, const struct index_question *q, struct seen *seen, uint32_t *ret,
                  size_t most)
{
    const size_t hits = hits_of(x, q, seen->hits);
    size_t n = 0;
    seen->stamp++;
    for (size_t i = 0; i < hits && n < NEAR; i++) {
        if (!is_new(seen, seen->hits[i]))
            continue;
        const unsigned d = nearest(x, q, seen->hits[i]);
        if (d == TOO_FAR)
            continue;
        seen->distances[n] = (uint8_t)d;
        seen->found[n++] = seen->hits[i];
    }
    return nearest_first(seen, n, ret, most);
}
