/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of names.h share, in the order of a look-up:
 *   glyphs   a character: what it is, how Latin letters write it, what it looks like          names_glyph.c, names_script.c
 *   form     a name: its words in Latin letters                                               names_form.c
 *   lexicon  words that stand around a name, names that many people have        names_lexicon.c, names_title.c, names_common.c
 *   keys     what is left of a name whoever spells it, which leads to the few entries worth a look           names_index.c
 *   cost     how far two spellings are from each other                                        names_word.c, names_sound.c
 *   score    a claimed name against an entry                                                  names_score.c
 *   shapes   whole names that look alike, letter by letter, in any script                     names_shape.c
 */
#ifndef PEOPLE_NAMES_PARTS_H
#define PEOPLE_NAMES_PARTS_H

#include "people/names.h"

enum script {
    SCRIPT_NONE,
    SCRIPT_LATIN,
    SCRIPT_CYRILLIC,
    SCRIPT_GREEK,
    SCRIPT_ARABIC,
    SCRIPT_HEBREW,
    SCRIPT_HAN,
    SCRIPT_HANGUL,
    SCRIPT_KANA,
    SCRIPT_INDIC,
    SCRIPT_OTHER,
    SCRIPTS
};

enum glyph_kind {
    GLYPH_BREAK,  /* a blank, a sign: what stands between words */
    GLYPH_UNSEEN, /* left out: not seen, or a mark on a letter */
    GLYPH_LETTER,
    GLYPH_DIGIT,
    GLYPH_VOWEL, /* a mark that is heard, but mostly not written: Hebrew points, Arabic signs */
    GLYPH_TURN,  /* what follows is shown from right to left, letter by letter */
    GLYPH_TURNED
};

#define GLYPH_ORIG 4u

struct glyph {
    uint8_t kind, script;
    uint8_t n_orig, n_latin, n_look;
    uint8_t inherent; /* an Indic consonant: the vowel at its end goes where another follows */
    uint8_t n_shape;
    uint32_t orig; /* where they stand in the pools */
    uint32_t latin, look, shape;
};

struct glyphs;
enum bf_err glyphs_create(struct glyphs **ret) must_use;
void glyphs_destroy(struct glyphs *g);
size_t glyphs_bytes(const struct glyphs *g);
const struct glyph *glyph_of(const struct glyphs *g, uint32_t cp); /* never NULL */
const uint32_t *glyph_orig(const struct glyphs *g, const struct glyph *of);
const char *glyph_latin(const struct glyphs *g, const struct glyph *of);
const uint32_t *glyph_shape(const struct glyphs *g,
                            const struct glyph *of); /* its prototype of UTS 39, without marks */
const char *glyph_look(const struct glyphs *g, const struct glyph *of);
AUTO_DEFINE(struct glyphs, glyphs_destroy);

/* How Latin letters write a character of a script that we have a table of; NULL: we have none of it. names_script.c */
const char *script_latin(uint32_t cp);
enum script script_of(uint32_t cp);
/* Two characters that are read as one; NULL: they are not. */
const char *script_pair(uint32_t first, uint32_t second);
/* The Cyrillic or Greek letter that looks as the Latin one; 0: none. */
uint32_t script_twin(enum script script, char latin);

#define WORDS   16u  /* of a name */
#define LETTERS 160u /* of a name */

enum word_kind {
    WORD_NAME,
    WORD_PARTICLE,  /* von, al, de: may be missing */
    WORD_HONORIFIC, /* Dr., Mrs., Jr.; also (mobile), (office) */
    WORD_OFFICE     /* President, Minister */
};

struct word {
    uint8_t at, n;           /* its letters, in those of the form */
    uint8_t at_orig, n_orig; /* as it was written, folded */
    uint8_t script, kind;    /* enum script, enum word_kind */
    uint8_t common;          /* 0: no name that we know; 1: a name that people have; 2: that very many have */
    bool initial;            /* a letter, perhaps written with two */
};

/* A name, its words one behind the other, so that the letters are also those of the name written as one word. */
struct form {
    struct word words[WORDS];
    char letters[LETTERS]; /* a to z; digits */
    uint32_t orig[LETTERS];
    uint8_t n, n_letters, n_orig;
    bool altered; /* written with look-alikes, digits, what is not seen, or turned around */
    bool broken;  /* in pieces of a letter or some */
    bool pointed; /* with the vowels that its script leaves out */
};

enum reading {
    READ_PLAIN,    /* each letter as its script reads it */
    READ_LOOK,     /* look-alikes as the Latin letters that they look like */
    READ_CYRILLIC, /* what looks like Cyrillic letters, as these, where the name has some */
    READ_GREEK,    /* likewise */
    READ_DIGIT,    /* 1 as l; beside Cyrillic 3 as z, 4 as ch */
    READ_JOIN,     /* rn as m, cl as d, vv as w */
    READINGS
};

struct lexicon;
/* false: nothing is left, or there is nothing in it that could be read in this way. lexicon: NULL: words have no kind. */
bool form_read(const struct glyphs *g, const struct lexicon *lexicon, struct span text, enum reading how,
               struct form *ret);
/* Without titles; false: there are none, or nothing else. */
bool form_core(const struct form *f, struct form *ret);
/* The first `rotate` words go to the end. */
void form_turn(const struct form *f, size_t rotate, struct form *ret);

enum bf_err lexicon_create(const struct glyphs *g, struct lexicon **ret) must_use;
void lexicon_destroy(struct lexicon *l);
size_t lexicon_bytes(const struct lexicon *l);
void lexicon_mark(const struct lexicon *l, const char *letters, struct word *w);
/* A title in characters that need no blank before it. */
bool lexicon_title(const struct lexicon *l, const uint32_t *orig, size_t n, enum word_kind *ret);
AUTO_DEFINE(struct lexicon, lexicon_destroy);
struct title {
    const char *text; /* words, a blank between */
    enum word_kind kind;
};
extern const struct title title_rows[]; /* names_title.c; the last has no text */
extern const char *const common_rows[]; /* NULL at the end. names_common.c */
extern const size_t common_very;        /* so many of the rows: those that very many have */

/* A spelling and another of the same sound, and what the difference costs: 100 is a letter that is another one. names_sound.c */
struct sound {
    char a[8], b[8];
    uint8_t cost;
    uint8_t only; /* between which scripts alone: bits of enum cost_how; 0: between any */
};
extern const struct sound sounds[];
extern const size_t sounds_count;

#define COST_LETTER 100
#define COST_NONE   10000 /* they are different words */
enum cost_how {
    COST_PLAIN,
    COST_ABJAD, /* one of them is written without vowels */
    COST_INDIC, /* one of them with a behind each consonant */
    COST_KANA,  /* one of them with u or o behind each */
    COST_GREEK, /* one of them in Greek, which has no sign for b, d, g, v, ch, and puts s at the end */
    COST_HANGUL /* one of them with eu behind some, and one sign for b and p, d and t, g and k, l and r */
};
struct costs; /* the sounds, sorted by what they begin with */
enum bf_err costs_create(struct costs **ret) must_use;
void costs_destroy(struct costs *c);
/* COST_NONE where it is above `most`. */
int cost_of(const struct costs *c, struct span a, struct span b, enum cost_how how, int most);
AUTO_DEFINE(struct costs, costs_destroy);

struct entry {
    const struct form *form;
    const struct form *core; /* without titles; NULL: it has none, or nothing else */
    uint32_t person, which;
};
/* false: they are different names. core: claimed without its titles, or NULL. */
bool entry_score(const struct costs *c, const struct form *claimed, const struct form *core,
                 const struct entry *ours, struct name_match *ret);

#define KEYS 640u
size_t form_keys(const struct form *f, bool claimed, uint64_t keys[static KEYS]);

/* How many of each letter a name has: what tells most of those apart who share a key. */
struct trait {
    uint64_t letters[2];                 /* a count in four bits, at most seven */
    uint64_t heard;                      /* of b, c, t, l, n, as every script can write them; likewise */
    uint8_t n_letters, n_heard, n_words; /* no words: there is no such name */
    uint8_t script, initials;
};
void trait_of(const struct form *f, struct trait *ret);

struct index;
enum bf_err index_create(const struct entry *entries, size_t n, struct index **ret) must_use;
void index_destroy(struct index *i);
size_t index_bytes(const struct index *i);
/* Entries of the keys, each once, at most `most`; seen: a number an entry, of which those of this look-up equal `stamp`. */
#define SEEN 8192u
#define HITS 4096u /* fewer than SEEN: there is always a place for one more */
#define NEAR 512u
struct seen {
    uint32_t of[SEEN], stamps[SEEN], stamp;
    uint32_t hits[HITS]; /* who shares a key */
    uint32_t found[NEAR];
    uint8_t distances[NEAR];
};
struct index_question {
    const uint64_t *keys;
    size_t n_keys;
    struct trait traits[2]; /* of the name as it is, and without its titles */
    size_t n_traits;
};
size_t index_find(const struct index *i, const struct index_question *q, struct seen *seen, uint32_t *ret,
                  size_t most);
AUTO_DEFINE(struct index, index_destroy);

/* Names by what they look like, case and all: as the book writes them, in capitals and in small letters. */
struct shapes;
enum bf_err shapes_create(const struct glyphs *g, const struct names_entry *entries, size_t n,
                          struct shapes **ret) must_use;
void shapes_destroy(struct shapes *s);
size_t shapes_bytes(const struct shapes *s);
/* The entry that the words of a claimed name look like, in whatever order, titles before or behind them; SIZE_MAX: none. */
size_t shapes_find(const struct shapes *s, const struct glyphs *g, struct span claimed);
AUTO_DEFINE(struct shapes, shapes_destroy);

static inline uint64_t mix64(uint64_t h, uint64_t with)
{
    h = (h ^ with) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

#endif
