/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name as words of Latin letters: turned text turned back, what is not seen left out, syllables of Kana and Indic scripts put
 * together, titles that need no blank cut off (周恩来总理: zhouenlai, zongli).
 */
#include <string.h>

#include "base/utf8.h"
#include "people/names_parts.h"

#define CHARACTERS NAME_BYTES

struct maker {
    const struct glyphs *g;
    const struct lexicon *lexicon;
    enum reading how;
    bool cyrillic, greek; /* the name has letters of it */
    bool plain;           /* and some that look like none of Latin */
    bool mixed;           /* letters of more than one script */
    enum script first;
    struct form *f;
    uint8_t letter_at[LETTERS]; /* of each original character */
    uint8_t word_letters, word_orig;
    bool inherent, used; /* used: the reading made a difference */
};

static bool is_dependent_vowel(uint32_t cp)
{
    return cp >= 0x0900 && cp < 0x0d80 && (cp & 0x7f) >= 0x3e && (cp & 0x7f) <= 0x4d;
}

/* Small ya, yu, yo and vowels: they take the vowel before them. */
static bool is_small_kana(uint32_t cp)
{
    if (cp >= 0x30a1 && cp <= 0x30f6)
        cp -= 0x60;
    return cp == 0x3083 || cp == 0x3085 || cp == 0x3087 || (cp >= 0x3041 && cp <= 0x3049 && cp % 2 == 1);
}

static char last_letter(const struct form *f, size_t back)
{
    return f->n_letters > back ? f->letters[f->n_letters - 1 - back] : 0;
}

static void letter(struct form *f, char c)
{
    if (f->n_letters < LETTERS - 1)
        f->letters[f->n_letters++] = c;
}

static void letters_put(struct maker *m, const char *p, size_t n, uint32_t cp)
{
    struct form *f = m->f;
    if (is_small_kana(cp) && f->n_letters > m->word_letters && strchr("iue", last_letter(f, 0))) {
        const char before = last_letter(f, 1);
        f->n_letters--;
        if (n > 1 && (before == 'h' || before == 'j'))
            p++, n--;
    }
    if (m->inherent && is_dependent_vowel(cp) && last_letter(f, 0) == 'a')
        f->n_letters--;
    for (size_t i = 0; i < n; i++) {
        const char c = p[i];
        if (m->how == READ_JOIN && f->n_letters > m->word_letters) {
            static const char joins[][3] = { { 'r', 'n', 'm' }, { 'c', 'l', 'd' }, { 'v', 'v', 'w' } };
            size_t k = 0;
            while (k < ARRAY_SIZE(joins) && (last_letter(f, 0) != joins[k][0] || c != joins[k][1]))
                k++;
            if (k < ARRAY_SIZE(joins)) {
                f->letters[f->n_letters - 1] = joins[k][2];
                m->used = true;
                continue;
            }
        }
        letter(f, c);
    }
}

static void digit_put(struct maker *m, char c)
{
    static const char looks_like[2][10][3] = {
        { "o", "l", "z", "e", "a", "s", "b", "t", "b", "g" },
        { "o", "i", "z", "z", "ch", "s", "b", "t", "v", "d" }, /* among Cyrillic letters */
    };
    if (m->how == READ_DIGIT) {
        const char *as = looks_like[m->cyrillic][c - '0'];
        letters_put(m, as, strlen(as), 0);
        m->used = true;
    } else {
        letter(m->f, c);
    }
}

static void orig_put(struct maker *m, const uint32_t *p, size_t n)
{
    struct form *f = m->f;
    for (size_t i = 0; i < n && f->n_orig < LETTERS - 1; i++) {
        m->letter_at[f->n_orig] = f->n_letters;
        f->orig[f->n_orig++] = p[i];
    }
}

static void glyph_put(struct maker *m, const struct glyph *gl)
{
    struct form *f = m->f;
    const uint32_t *orig = glyph_orig(m->g, gl);
    const char *latin = glyph_latin(m->g, gl), *pair = NULL;
    size_t n = gl->n_latin;
    if (gl->kind == GLYPH_DIGIT) {
        orig_put(m, orig, gl->n_orig);
        if (n == 1 && latin[0] >= '0' && latin[0] <= '9') /* a digit of some scripts is written as a letter */
            digit_put(m, latin[0]);
        f->altered = true;
        return;
    }
    if (m->how == READ_LOOK && gl->n_look) {
        latin = glyph_look(m->g, gl), n = gl->n_look;
        m->used = true;
    }
    const enum script around = m->how == READ_CYRILLIC ? SCRIPT_CYRILLIC
                               : m->how == READ_GREEK  ? SCRIPT_GREEK
                                                       : SCRIPT_NONE;
    if (around && gl->script != around) {
        const char c = gl->n_look == 1 ? glyph_look(m->g, gl)[0] : n == 1 ? latin[0] : 0;
        const uint32_t twin = c ? script_twin(around, c) : 0;
        if (twin && script_latin(twin)) {
            latin = script_latin(twin), n = strlen(latin);
            m->used = true;
        }
    }
    if (m->how != READ_LOOK && gl->n_orig == 1 && f->n_orig > m->word_orig)
        pair = script_pair(f->orig[f->n_orig - 1], orig[0]);
    if (pair) {
        f->n_letters = m->letter_at[f->n_orig - 1];
        latin = pair, n = strlen(pair);
    }
    const uint8_t at = f->n_letters;
    letters_put(m, latin, n, orig[0]);
    const uint8_t end = f->n_letters;
    f->n_letters = at < end ? at : end;
    orig_put(m, orig, gl->n_orig);
    f->n_letters = end;
    m->inherent = gl->inherent && m->how != READ_LOOK;
}

/* It is heard, and is no letter of the name as it is mostly written. */
static void vowel_put(struct maker *m, const struct glyph *gl)
{
    const char *latin = glyph_latin(m->g, gl);
    for (size_t i = 0; i < gl->n_latin; i++)
        letter(m->f, latin[i]);
    m->f->pointed = true;
}

/* Over letters that have none by themselves: Greek romanized backwards. */
static void caron_put(struct form *f)
{
    const char c = last_letter(f, 0);
    if (script_of(f->orig[f->n_orig - 1]) != SCRIPT_GREEK || !strchr("kzs", c))
        return;
    if (c == 'k')
        f->letters[f->n_letters - 1] = 'c';
    letter(f, 'h');
}

static bool needs_no_blank(enum script s)
{
    return s == SCRIPT_HAN || s == SCRIPT_HANGUL || s == SCRIPT_KANA;
}

static void word_put(struct maker *m, uint8_t from_letter, uint8_t to_letter, uint8_t from_orig,
                     uint8_t to_orig)
{
    struct form *f = m->f;
    if (to_letter <= from_letter)
        return;
    if (f->n == WORDS) { /* of so many pieces only the whole counts */
        struct word *last = &f->words[WORDS - 1];
        last->n = (uint8_t)(to_letter - last->at);
        last->n_orig = (uint8_t)(to_orig - last->at_orig);
        return;
    }
    struct word *w = &f->words[f->n++];
    *w = (struct word){ .at = from_letter,
                        .n = (uint8_t)(to_letter - from_letter),
                        .at_orig = from_orig,
                        .n_orig = (uint8_t)(to_orig - from_orig) };
    w->script = (uint8_t)script_of(f->orig[from_orig]);
    w->initial = w->n_orig == 1 && !needs_no_blank(w->script) && w->script != SCRIPT_INDIC;
    enum word_kind kind = WORD_NAME;
    if (m->lexicon && !needs_no_blank(w->script))
        lexicon_mark(m->lexicon, f->letters + w->at, w);
    else if (m->lexicon && lexicon_title(m->lexicon, f->orig + w->at_orig, w->n_orig, &kind))
        w->kind = (uint8_t)kind;
    if (w->initial)
        w->kind = WORD_NAME;
}

/* Arabic writes its article as part of the word. */
static uint8_t article_of(const struct maker *m)
{
    const struct form *f = m->f;
    const uint32_t *o = f->orig + m->word_orig;
    return f->n_orig - m->word_orig > 4 && o[0] == 0x0627 && o[1] == 0x0644 ? 2 : 0;
}

/* Letters of two alphabets in one word are there to look like others. */
static bool is_mixed(const uint32_t *orig, size_t n)
{
    enum script first = SCRIPT_NONE;
    for (size_t i = 0; i < n; i++) {
        const enum script s = script_of(orig[i]);
        if (s != SCRIPT_LATIN && s != SCRIPT_CYRILLIC && s != SCRIPT_GREEK)
            continue;
        if (first && s != first && orig[i] > '9')
            return true;
        first = s;
    }
    return false;
}

static void word_end(struct maker *m)
{
    struct form *f = m->f;
    uint8_t end = f->n_orig, end_letter = f->n_letters;
    enum word_kind kind = WORD_NAME;
    m->inherent = false;
    if (end == m->word_orig)
        return;
    f->altered |= is_mixed(f->orig + m->word_orig, (size_t)(end - m->word_orig));
    for (uint8_t cut = 6; m->lexicon && cut > 0 && needs_no_blank(script_of(f->orig[end - 1])); cut--)
        if (end - m->word_orig >= cut + 2 && lexicon_title(m->lexicon, f->orig + end - cut, cut, &kind)) {
            end = (uint8_t)(end - cut);
            end_letter = m->letter_at[end];
            break;
        }
    uint8_t from = m->word_letters, from_orig = m->word_orig;
    const uint8_t article = article_of(m);
    if (article && m->lexicon) {
        const uint8_t at = m->letter_at[from_orig + article];
        word_put(m, from, at, from_orig, (uint8_t)(from_orig + article));
        if (f->n)
            f->words[f->n - 1].kind = WORD_PARTICLE;
        from = at, from_orig = (uint8_t)(from_orig + article);
    }
    word_put(m, from, end_letter, from_orig, end);
    if (end < f->n_orig) {
        word_put(m, end_letter, f->n_letters, end, f->n_orig);
        if (f->n)
            f->words[f->n - 1].kind = (uint8_t)kind;
    }
    m->word_letters = f->n_letters;
    m->word_orig = f->n_orig;
}

/* What an override shows from right to left, put back into the order it is seen in. */
static bool turn(const struct glyphs *g, uint32_t *cp, size_t n)
{
    bool turned = false;
    for (size_t i = 0; i < n; i++) {
        if (glyph_of(g, cp[i])->kind != GLYPH_TURN && cp[i] != 0x202d)
            continue;
        size_t end = i + 1;
        while (end < n && glyph_of(g, cp[end])->kind != GLYPH_TURN &&
               glyph_of(g, cp[end])->kind != GLYPH_TURNED)
            end++;
        for (size_t a = i + 1, b = end; a < b; a++) {
            b--;
            uint32_t c = cp[a];
            cp[a] = cp[b], cp[b] = c;
        }
        /* marks stay behind their letter */
        for (size_t a = i + 1; a + 1 < end; a++)
            if (is_dependent_vowel(cp[a]) && !is_dependent_vowel(cp[a + 1])) {
                uint32_t c = cp[a];
                cp[a] = cp[a + 1], cp[a + 1] = c;
            }
        turned = true;
        i = end - 1;
    }
    return turned;
}

static size_t decode(struct span text, uint32_t cp[static CHARACTERS])
{
    size_t n = 0;
    text = span_first(text, text.n < NAME_BYTES ? text.n : NAME_BYTES);
    while (text.n && n < CHARACTERS) {
        text = span_from(text, utf8_decode(text, &cp[n]));
        if ((cp[n] == 0x3099 || cp[n] == 0x309a) && n && script_of(cp[n - 1]) == SCRIPT_KANA)
            cp[n - 1] += cp[n] - 0x3098; /* ga, pa: one character, as they are mostly written */
        else
            n++;
    }
    return n;
}

static void look_around(struct maker *m, const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct glyph *gl = glyph_of(m->g, cp[i]);
        m->cyrillic |= gl->kind == GLYPH_LETTER && gl->script == SCRIPT_CYRILLIC;
        if (gl->kind == GLYPH_LETTER && !m->first)
            m->first = gl->script;
        m->mixed |= gl->kind == GLYPH_LETTER && gl->script != m->first;
        m->greek |= gl->kind == GLYPH_LETTER && gl->script == SCRIPT_GREEK;
        m->plain |= gl->kind == GLYPH_LETTER && !gl->n_look && cp[i] >= 0x80;
    }
}

static void read_all(struct maker *m, const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct glyph *gl = glyph_of(m->g, cp[i]);
        if (gl->kind == GLYPH_LETTER || gl->kind == GLYPH_DIGIT)
            glyph_put(m, gl);
        else if (gl->kind == GLYPH_VOWEL && m->f->n_orig > m->word_orig)
            vowel_put(m, gl);
        else if (gl->kind == GLYPH_BREAK)
            word_end(m);
        else if (cp[i] == 0x030c && m->f->n_orig > m->word_orig)
            caron_put(m->f);
        else if (cp[i] < 0x0300 || cp[i] > 0x036f)
            m->f->altered = true;
    }
    word_end(m);
}

bool form_read(const struct glyphs *g, const struct lexicon *lexicon, struct span text, enum reading how,
               struct form *ret)
{
    uint32_t cp[CHARACTERS];
    const size_t n = decode(text, cp);
    const bool turned = turn(g, cp, n);
    struct maker m = { .g = g, .lexicon = lexicon, .how = how, .f = ret };
    look_around(&m, cp, n);
    if ((how == READ_CYRILLIC && !m.cyrillic) || (how == READ_GREEK && !m.greek) ||
        (how == READ_LOOK && !m.mixed && m.first >= SCRIPT_ARABIC && m.first <= SCRIPT_INDIC) ||
        (how == READ_LOOK && !m.mixed && m.plain))
        return false;
    ret->n = ret->n_letters = ret->n_orig = 0;
    ret->altered = turned, ret->broken = ret->pointed = false;
    read_all(&m, cp, n);
    size_t single = 0, letters = 0;
    for (size_t i = 0; i < ret->n; i++)
        single += ret->words[i].n_orig == 1;
    for (size_t i = 0; i < ret->n_letters; i++)
        letters += ret->letters[i] > '9';
    ret->broken = single > 2 && single * 2 > ret->n;
    ret->altered |= how != READ_PLAIN && m.used;
    return ret->n > 0 && letters > 0 && (how == READ_PLAIN || m.used);
}

static bool is_title(const struct word *w)
{
    return w->kind == WORD_HONORIFIC || w->kind == WORD_OFFICE;
}

static void word_copy(const struct form *f, const struct word *w, struct form *ret)
{
    struct word *to = &ret->words[ret->n++];
    *to = *w;
    to->at = ret->n_letters, to->at_orig = ret->n_orig;
    memcpy(ret->letters + ret->n_letters, f->letters + w->at, w->n);
    memcpy(ret->orig + ret->n_orig, f->orig + w->at_orig, w->n_orig * sizeof(f->orig[0]));
    ret->n_letters = (uint8_t)(ret->n_letters + w->n);
    ret->n_orig = (uint8_t)(ret->n_orig + w->n_orig);
}

static void copy_words(const struct form *f, const size_t *at, size_t n, size_t rotate, struct form *ret)
{
    ret->n = ret->n_letters = ret->n_orig = 0;
    ret->altered = f->altered, ret->broken = f->broken, ret->pointed = f->pointed;
    for (size_t i = 0; i < n; i++)
        word_copy(f, &f->words[at[(i + rotate) % n]], ret);
}

bool form_core(const struct form *f, struct form *ret)
{
    size_t at[WORDS] = { 0 }, n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (!is_title(&f->words[i]))
            at[n++] = i;
    copy_words(f, at, n, 0, ret);
    return n > 0 && n < f->n;
}

void form_turn(const struct form *f, size_t rotate, struct form *ret)
{
    size_t at[WORDS] = { 0 };
    for (size_t i = 0; i < f->n; i++)
        at[i] = i;
    copy_words(f, at, f->n, rotate, ret);
}
