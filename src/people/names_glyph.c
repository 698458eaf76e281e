/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each character is, asked of ICU once and kept, so that a look-up asks nobody. NFKC and case folding (UAX 15), the
 * prototype of UTS 39 for what it looks like, and Latin letters by our tables (names_script.c) or ICU's transforms.
 * Han characters have the reading of Han-Latin, without its tones.
 */
#include "people/names_parts.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#define PAGES 0x310u /* of 256: planes 0, 1, 2 and the beginning of 3 */

struct glyphs {
    struct glyph *pages[PAGES];
    struct glyph nothing, unseen; /* nothing breaks words */
    uint32_t *orig;
    char *text;
    size_t n_orig, size_orig, n_text, size_text, bytes;
};

struct maker { /* what is needed while it is made */
    struct glyphs *g;
    const UNormalizer2 *fold, *apart;
    USpoofChecker *spoof;
    UTransliterator *latin, *ascii, *simplified;
    enum bf_err err;
};

size_t glyphs_bytes(const struct glyphs *g)
{
    return g->bytes + sizeof(*g) + g->size_orig * sizeof(*g->orig) + g->size_text;
}

const struct glyph *glyph_of(const struct glyphs *g, uint32_t cp)
{
    if (cp >> 8 >= PAGES)
        return cp >= 0xe0000 && cp < 0xe1000 ? &g->unseen : &g->nothing;
    const struct glyph *page = g->pages[cp >> 8];
    return page ? &page[cp & 255] : &g->nothing;
}

const uint32_t *glyph_orig(const struct glyphs *g, const struct glyph *of)
{
    return g->orig + of->orig;
}

const char *glyph_latin(const struct glyphs *g, const struct glyph *of)
{
    return g->text + of->latin;
}

const uint32_t *glyph_shape(const struct glyphs *g, const struct glyph *of)
{
    return g->orig + of->shape;
}

const char *glyph_look(const struct glyphs *g, const struct glyph *of)
{
    return g->text + of->look;
}

void glyphs_destroy(struct glyphs *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < PAGES; i++)
        free(g->pages[i]);
    free(g->orig);
    free(g->text);
    free(g);
}

static uint32_t text_put(struct maker *m, const char *p, size_t n)
{
    struct glyphs *g = m->g;
    if (g->n_text + n > g->size_text) {
        size_t size = g->size_text ? g->size_text * 2 : 1u << 16;
        char *text = realloc(g->text, size);
        if (!text) {
            m->err = BF_ENOMEM;
            return 0;
        }
        g->text = text;
        g->size_text = size;
    }
    if (n)
        memcpy(g->text + g->n_text, p, n);
    g->n_text += n;
    return (uint32_t)(g->n_text - n);
}

static uint32_t orig_put(struct maker *m, const uint32_t *p, size_t n)
{
    struct glyphs *g = m->g;
    if (g->n_orig + n > g->size_orig) {
        size_t size = g->size_orig ? g->size_orig * 2 : 1u << 16;
        uint32_t *orig = realloc(g->orig, size * sizeof(*orig));
        if (!orig) {
            m->err = BF_ENOMEM;
            return 0;
        }
        g->orig = orig;
        g->size_orig = size;
    }
    if (n)
        memcpy(g->orig + g->n_orig, p, n * sizeof(*p));
    g->n_orig += n;
    return (uint32_t)(g->n_orig - n);
}

/* Only small letters and digits stay. */
static size_t ascii_only(const UChar *from, int32_t n, char *out, size_t size)
{
    size_t k = 0;
    for (int32_t i = 0; i < n && k < size; i++) {
        UChar c = from[i];
        if (c >= 'A' && c <= 'Z')
            c = (UChar)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[k++] = (char)c;
    }
    return k;
}

static int32_t transform(UTransliterator *t, const UChar *in, int32_t n, UChar *out, int32_t size)
{
    UErrorCode e = U_ZERO_ERROR;
    int32_t limit = n;
    u_memcpy(out, in, n);
    utrans_transUChars(t, out, &n, size, 0, &limit, &e);
    return U_FAILURE(e) ? 0 : n;
}

/* Scripts whose vowels are marks behind a consonant. */
static bool keeps_marks(enum script s)
{
    return s == SCRIPT_INDIC || s == SCRIPT_OTHER || s == SCRIPT_KANA;
}

static bool is_mark(UChar32 cp)
{
    return (U_GET_GC_MASK(cp) & (U_GC_MN_MASK | U_GC_ME_MASK)) != 0;
}

/* The letters that stay of a character once folded. */
static size_t fold(const struct maker *m, UChar32 cp, uint32_t out[static GLYPH_ORIG])
{
    UErrorCode e = U_ZERO_ERROR;
    UChar in[2], mid[32], end[64];
    int32_t n = 0;
    U16_APPEND_UNSAFE(in, n, cp);
    n = unorm2_normalize(m->fold, in, n, mid, 32, &e);
    enum script s = script_of((uint32_t)cp);
    if (s == SCRIPT_HAN && U_SUCCESS(e)) {
        n = transform(m->simplified, mid, n, end, 64);
    } else if (!keeps_marks(s)) {
        n = unorm2_normalize(m->apart, mid, U_SUCCESS(e) ? n : 0, end, 64, &e);
    } else {
        u_memcpy(end, mid, U_SUCCESS(e) ? n : 0);
    }
    if (U_FAILURE(e))
        return 0;
    size_t k = 0;
    for (int32_t i = 0; i < n && k < GLYPH_ORIG;) {
        UChar32 c = end[i++];
        if ((c & ~0x3ff) == 0xd800 && i < n)
            c = U16_GET_SUPPLEMENTARY(c, end[i++]);
        if (u_isalnum(c) || (keeps_marks(s) && (is_mark(c) || u_charType(c) == U_COMBINING_SPACING_MARK)))
            out[k++] = (uint32_t)c;
    }
    return k;
}

/* What it looks like, in Latin letters, by the prototype of UTS 39. */
static size_t look(const struct maker *m, UChar32 cp, char out[static 8])
{
    UErrorCode e = U_ZERO_ERROR;
    UChar in[2], mid[64], end[64];
    int32_t n = 0;
    U16_APPEND_UNSAFE(in, n, cp);
    n = uspoof_getSkeleton(m->spoof, 0, in, n, mid, 64, &e);
    if (U_FAILURE(e) || n == 0)
        return 0;
    n = transform(m->ascii, mid, n, end, 64);
    for (int32_t i = 0; i < n; i++)
        if (end[i] >= 0x80 && !is_mark(end[i]))
            return 0;
    return ascii_only(end, n, out, 8);
}

/* What it looks like, in whatever script. */
static size_t shape(const struct maker *m, UChar32 cp, uint32_t out[static GLYPH_ORIG])
{
    UErrorCode e = U_ZERO_ERROR;
    UChar in[2], end[64];
    int32_t n = 0;
    size_t k = 0;
    U16_APPEND_UNSAFE(in, n, cp);
    n = uspoof_getSkeleton(m->spoof, 0, in, n, end, 64, &e);
    for (int32_t i = 0; U_SUCCESS(e) && i < n && k < GLYPH_ORIG;) {
        UChar32 c;
        U16_NEXT_UNSAFE(end, i, c);
        if (!is_mark(c))
            out[k++] = (uint32_t)c;
    }
    return k;
}

static size_t latin_of(const struct maker *m, UChar32 cp, const uint32_t *orig, size_t n_orig,
                       char out[static 24])
{
    UChar in[16], end[64];
    size_t k = 0;
    const char *own = script_latin((uint32_t)u_tolower(cp));
    if (own) {
        memcpy(out, own, strlen(own));
        return strlen(own);
    }
    for (size_t i = 0; i < n_orig && k < 16; i++) {
        own = script_latin(orig[i]);
        if (orig[i] < 0x80) {
            out[k++] = (char)orig[i];
        } else if (own) {
            memcpy(out + k, own, strlen(own));
            k += strlen(own);
        } else {
            int32_t n = 0;
            U16_APPEND_UNSAFE(in, n, (UChar32)orig[i]);
            n = transform(m->latin, in, n, end, 64);
            k += ascii_only(end, n, out + k, 8);
        }
    }
    return k < 16 ? k : 16;
}

static enum glyph_kind kind_of(UChar32 cp)
{
    if (cp == 0x202e)
        return GLYPH_TURN;
    if (cp == 0x202c || cp == 0x202d)
        return GLYPH_TURNED;
    if (u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_charType(cp) == U_FORMAT_CHAR ||
        cp == 0x0640)
        return GLYPH_UNSEEN;
    if (is_mark(cp) && !keeps_marks(script_of((uint32_t)cp)))
        return script_latin((uint32_t)cp) ? GLYPH_VOWEL : GLYPH_UNSEEN;
    if (cp >= 0x0300 && cp <= 0x036f)
        return GLYPH_UNSEEN;
    /* apostrophes and what passes for them, inside a word; two marks of Kana are folded with their letter */
    if (cp == '\'' || cp == '`' || cp == 0xb4 || cp == 0x2018 || cp == 0x2019 || cp == 0x2bc || cp == 0x2b9 ||
        cp == 0x5f3 || cp == 0x5f4 || cp == 0x2bb || cp == 0x2bf || cp == 0x2be || cp == 0x200b)
        return GLYPH_UNSEEN;
    /* signs that fold into letters: trade marks, flags */
    if (cp == 0x2120 || cp == 0x2122 || (cp >= 0x1f16a && cp <= 0x1f16c) || (cp >= 0x1f1e6 && cp <= 0x1f1ff))
        return GLYPH_BREAK;
    return GLYPH_LETTER;
}

/* Letters in a square or a ring that NFKC leaves as they are. Those that flags are made of decorate. */
static size_t enclosed(UChar32 cp, uint32_t out[static GLYPH_ORIG])
{
    static const UChar32 first[] = { 0x1f130, 0x1f150, 0x1f170 };
    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        if (cp >= first[i] && cp < first[i] + 26) {
            out[0] = (uint32_t)('a' + (cp - first[i]));
            return 1;
        }
    return 0;
}

static void glyph_make(struct maker *m, UChar32 cp, struct glyph *ret)
{
    uint32_t orig[GLYPH_ORIG], shaped[GLYPH_ORIG];
    char latin[24], like[8];

    *ret = (struct glyph){ .kind = (uint8_t)kind_of(cp) };
    if (ret->kind == GLYPH_VOWEL) {
        ret->n_latin = (uint8_t)strlen(script_latin((uint32_t)cp));
        ret->latin = text_put(m, script_latin((uint32_t)cp), ret->n_latin);
    }
    if (ret->kind != GLYPH_LETTER)
        return;
    size_t n = enclosed(cp, orig);
    if (n == 0)
        n = fold(m, cp, orig);
    if (n == 0) {
        ret->kind = GLYPH_BREAK;
        return;
    }
    size_t n_latin = latin_of(m, cp, orig, n, latin),
           n_look = cp >= 0x80 && cp < 0x20000 ? look(m, cp, like) : 0;
    ret->script = (uint8_t)script_of(orig[0]);
    if (n_latin == 1 && latin[0] >= '0' && latin[0] <= '9')
        ret->kind = GLYPH_DIGIT;
    ret->n_orig = (uint8_t)n, ret->orig = orig_put(m, orig, n);
    ret->n_latin = (uint8_t)n_latin, ret->latin = text_put(m, latin, n_latin);
    ret->n_look = (uint8_t)n_look, ret->look = text_put(m, like, n_look);
    ret->n_shape = (uint8_t)shape(m, cp, shaped), ret->shape = orig_put(m, shaped, ret->n_shape);
    ret->inherent = ret->script == SCRIPT_INDIC && u_charType(cp) == U_OTHER_LETTER && n_latin > 1 &&
                    latin[n_latin - 1] == 'a';
}

/* A page without a letter is none. Surrogates, private characters and scripts nobody writes names in stay away. */
static bool page_counts(uint32_t page)
{
    if (page >= 0xd8 && page < 0xf9)
        return false;
    if (page >= 0x120 && page < 0x164) /* cuneiform, hieroglyphs */
        return false;
    if (page >= 0x170 && page < 0x1af) /* Tangut */
        return false;
    return page < 0x200; /* Han of the further planes: as it is written */
}

static enum bf_err pages_make(struct maker *m)
{
    for (uint32_t page = 0; page < PAGES && m->err == BF_OK; page++) {
        if (!page_counts(page))
            continue;
        struct glyph *glyphs = calloc(256, sizeof(*glyphs));
        if (!glyphs)
            return BF_ENOMEM;
        m->g->pages[page] = glyphs;
        m->g->bytes += 256 * sizeof(*glyphs);
        for (uint32_t i = 0; i < 256; i++)
            if (u_isdefined((UChar32)(page << 8 | i)))
                glyph_make(m, (UChar32)(page << 8 | i), &glyphs[i]);
    }
    return m->err;
}

static UTransliterator *transform_open(const char *id)
{
    UErrorCode e = U_ZERO_ERROR;
    UChar wide[64];
    u_uastrcpy(wide, id);
    UTransliterator *t = utrans_openU(wide, -1, UTRANS_FORWARD, NULL, 0, NULL, &e);
    return U_FAILURE(e) ? NULL : t;
}

enum bf_err glyphs_create(struct glyphs **ret)
{
    UErrorCode e = U_ZERO_ERROR;
    auto_(glyphs_destroy) struct glyphs *g = calloc(1, sizeof(*g));
    if (!g)
        return BF_ENOMEM;
    g->unseen.kind = GLYPH_UNSEEN;
    struct maker m = { .g = g, .err = BF_OK };
    m.fold = unorm2_getNFKCCasefoldInstance(&e);
    m.apart = unorm2_getNFKDInstance(&e);
    m.spoof = uspoof_open(&e);
    m.latin = transform_open("Any-Latin; Latin-ASCII");
    m.ascii = transform_open("Latin-ASCII");
    m.simplified = transform_open("Traditional-Simplified");
    enum bf_err err = U_FAILURE(e) || !m.latin || !m.ascii || !m.simplified ? BF_EUNSUP : pages_make(&m);
    utrans_close(m.latin);
    utrans_close(m.ascii);
    utrans_close(m.simplified);
    uspoof_close(m.spoof);
    if (err)
        return err;
    *ret = g, g = NULL;
    return BF_OK;
}
