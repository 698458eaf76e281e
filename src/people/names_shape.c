/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that look alike in any script: the prototypes of UTS 39, letter by letter (Владимир with a Greek digamma for и). A word
 * is a hash of these, a name the sum of its words, so that their order makes no difference. Case does, for capitals look like
 * other letters than small ones: a name of the book is kept in three ways.
 */
#include <stdlib.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "people/names_parts.h"

#define LEAST 3u /* letters of a name that counts */

struct shape {
    uint64_t sum;
    uint32_t entry; /* plus one; 0: nobody */
};

struct shapes {
    size_t mask;
    struct shape *slots;
};

enum letter_case { AS_IT_IS, IN_CAPITALS, IN_SMALL_LETTERS, CASES };

static uint32_t in_case(uint32_t cp, enum letter_case how)
{
    return how == IN_CAPITALS        ? (uint32_t)u_toupper((UChar32)cp)
           : how == IN_SMALL_LETTERS ? (uint32_t)u_tolower((UChar32)cp)
                                     : cp;
}

/* The words of a name, each a hash; their number. */
static size_t words_of(const struct glyphs *g, struct span name, enum letter_case how,
                       uint64_t words[static WORDS], size_t *ret_letters)
{
    size_t n = 0, letters = 0;
    uint64_t word = 0;
    name = span_first(name, name.n < NAME_BYTES ? name.n : NAME_BYTES);
    while (name.n) {
        uint32_t cp;
        name = span_from(name, utf8_decode(name, &cp));
        const struct glyph *gl = glyph_of(g, how == AS_IT_IS ? cp : in_case(cp, how));
        const bool ends = gl->kind == GLYPH_BREAK;
        if (gl->kind == GLYPH_LETTER || gl->kind == GLYPH_DIGIT)
            for (size_t i = 0; i < gl->n_shape; i++, letters++)
                word = mix64(word + 1, glyph_shape(g, gl)[i]);
        if ((ends || !name.n) && word && n < WORDS) {
            words[n++] = word;
            word = 0;
        }
    }
    *ret_letters = letters;
    return n;
}

static struct shape *slot_of(const struct shapes *s, uint64_t sum)
{
    size_t at = (sum ^ sum >> 32) & s->mask;
    while (s->slots[at].entry && s->slots[at].sum != sum)
        at = (at + 1) & s->mask;
    return &s->slots[at];
}

static uint64_t sum_of(const uint64_t *words, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += mix64(words[i], words[i] >> 7);
    return sum;
}

enum bf_err shapes_create(const struct glyphs *g, const struct names_entry *entries, size_t n,
                          struct shapes **ret)
{
    auto_(shapes_destroy) struct shapes *s = calloc(1, sizeof(*s));
    if (!s)
        return BF_ENOMEM;
    for (s->mask = 15; s->mask < 2 * CASES * n;)
        s->mask = s->mask * 2 + 1;
    s->slots = calloc(s->mask + 1, sizeof(*s->slots));
    if (!s->slots)
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++)
        for (int how = 0; how < CASES; how++) {
            uint64_t words[WORDS];
            size_t letters;
            const size_t n_words =
                words_of(g, span_of(entries[i].name), (enum letter_case)how, words, &letters);
            struct shape *slot = slot_of(s, sum_of(words, n_words));
            if (letters >= LEAST && !slot->entry)
                *slot = (struct shape){ sum_of(words, n_words), (uint32_t)i + 1 };
        }
    *ret = s, s = NULL;
    return BF_OK;
}

void shapes_destroy(struct shapes *s)
{
    if (!s)
        return;
    free(s->slots);
    free(s);
}

size_t shapes_bytes(const struct shapes *s)
{
    return sizeof(*s) + (s->mask + 1) * sizeof(*s->slots);
}

size_t shapes_find(const struct shapes *s, const struct glyphs *g, struct span claimed)
{
    uint64_t words[WORDS];
    size_t letters;
    const size_t n = words_of(g, claimed, AS_IT_IS, words, &letters);
    for (size_t from = 0; from == 0 || (from < 4 && from + 1 < n); from++)
        for (size_t to = n; to == n || (to > from + 1 && to + 4 > n); to--) {
            if (from > 0 && to < n)
                break; /* titles stand before it or behind it */
            const struct shape *slot = slot_of(s, sum_of(words + from, to - from));
            if (slot->entry)
                return slot->entry - 1;
            if (to == 0)
                break;
        }
    return SIZE_MAX;
}
