/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which words stand around a name (names_title.c) and which names are common (names_common.c), by their letters: one open table,
 * a word each, read from the rows as any name is read.
 */
#include <stdlib.h>
#include <string.h>

#include "people/names_parts.h"

#define SLOTS   8192u /* of words; a power of two, at most half of them taken */
#define LONGEST 24u

struct slot {
    char letters[LONGEST];
    uint8_t n, kind, common, script;
};

#define TITLES 512u /* in characters that need no blank before them; likewise */

struct lexicon {
    size_t n, n_titles;
    struct {
        uint64_t hash;
        uint8_t kind;
    } titles[TITLES];
    struct slot slots[SLOTS];
};

static struct slot *slot_of(const struct lexicon *l, const char *letters, size_t n, uint8_t script)
{
    uint64_t h = n + script * 64u;
    for (size_t i = 0; i < n; i++)
        h = mix64(h, (uint8_t)letters[i]);
    size_t at = h & (SLOTS - 1);
    while (l->slots[at].n && (l->slots[at].n != n || l->slots[at].script != script ||
                              memcmp(l->slots[at].letters, letters, n) != 0))
        at = (at + 1) & (SLOTS - 1);
    return (struct slot *)&l->slots[at];
}

/* What stands first wins: a word is a title before it is a name, and very common before it is common. */
static void put(struct lexicon *l, const struct form *f, enum word_kind kind, uint8_t common)
{
    if (!f->n_letters || f->n_letters > LONGEST || l->n >= SLOTS / 2)
        return;
    struct slot *s = slot_of(l, f->letters, f->n_letters, (uint8_t)script_of(f->orig[0]));
    if (!s->n) {
        memcpy(s->letters, f->letters, f->n_letters);
        s->n = f->n_letters;
        s->script = (uint8_t)script_of(f->orig[0]);
        s->kind = (uint8_t)kind;
        l->n++;
    }
    if (!s->common)
        s->common = common;
}

static uint64_t hash_of(const uint32_t *orig, size_t n)
{
    uint64_t h = n;
    for (size_t i = 0; i < n; i++)
        h = mix64(h, orig[i]);
    return h | 1;
}

static void put_title(struct lexicon *l, const struct form *f, enum word_kind kind)
{
    const uint64_t h = hash_of(f->orig, f->n_orig);
    size_t at = h & (TITLES - 1);
    if (l->n_titles >= TITLES / 2)
        return;
    while (l->titles[at].hash && l->titles[at].hash != h)
        at = (at + 1) & (TITLES - 1);
    l->n_titles += l->titles[at].hash == 0;
    l->titles[at].hash = h;
    l->titles[at].kind = (uint8_t)kind;
}

bool lexicon_title(const struct lexicon *l, const uint32_t *orig, size_t n, enum word_kind *ret)
{
    const uint64_t h = hash_of(orig, n);
    size_t at = h & (TITLES - 1);
    while (l->titles[at].hash && l->titles[at].hash != h)
        at = (at + 1) & (TITLES - 1);
    if (l->titles[at].hash)
        *ret = l->titles[at].kind;
    return l->titles[at].hash != 0;
}

/* A row is read a word at a time: a form holds no more than WORDS of them, and its words may be joined. */
static void put_row(struct lexicon *l, const struct glyphs *g, const char *row, enum word_kind kind,
                    uint8_t common)
{
    struct form f;
    for (struct span rest = span_of(row), word; rest.n; rest = span_from(rest, word.n + (word.n < rest.n))) {
        const char *end = memchr(rest.p, ' ', rest.n);
        word = span_first(rest, end ? (size_t)(end - rest.p) : rest.n);
        if (!form_read(g, NULL, word, READ_PLAIN, &f))
            continue;
        const enum script script = script_of(f.orig[0]);
        if (script == SCRIPT_HAN || script == SCRIPT_HANGUL || script == SCRIPT_KANA) {
            if (kind != WORD_NAME)
                put_title(l, &f, kind);
        } else {
            put(l, &f, kind, common);
        }
    }
}

enum bf_err lexicon_create(const struct glyphs *g, struct lexicon **ret)
{
    struct lexicon *l = calloc(1, sizeof(*l));
    if (!l)
        return BF_ENOMEM;
    for (const struct title *t = title_rows; t->text; t++)
        put_row(l, g, t->text, t->kind, 0);
    for (size_t i = 0; common_rows[i]; i++)
        put_row(l, g, common_rows[i], WORD_NAME, i < common_very ? 2 : 1);
    *ret = l;
    return BF_OK;
}

void lexicon_destroy(struct lexicon *l)
{
    free(l);
}

size_t lexicon_bytes(const struct lexicon *l)
{
    return sizeof(*l);
}

void lexicon_mark(const struct lexicon *l, const char *letters, struct word *w)
{
    if (w->n > LONGEST)
        return;
    const struct slot *s = slot_of(l, letters, w->n, w->script);
    if (s->n) {
        w->kind = s->kind;
        w->common = s->common;
    }
}
