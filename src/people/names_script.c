/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Latin letters write the letters of scripts whose competing spellings matter most. One spelling each: what other spellings
 * there are, names_sound.c knows (zh, j and z are near each other). Everything else ICU writes (names_glyph.c).
 */
#include <stdlib.h>

#include "people/names_parts.h"

struct range {
    uint32_t from, to;
    enum script script;
};

static const struct range ranges[] = {
    { 0x0041, 0x024f, SCRIPT_LATIN },  { 0x0250, 0x02af, SCRIPT_LATIN },
    { 0x0370, 0x03ff, SCRIPT_GREEK },  { 0x0400, 0x052f, SCRIPT_CYRILLIC },
    { 0x0590, 0x05ff, SCRIPT_HEBREW }, { 0x0600, 0x06ff, SCRIPT_ARABIC },
    { 0x0750, 0x077f, SCRIPT_ARABIC }, { 0x0900, 0x0d7f, SCRIPT_INDIC },
    { 0x1100, 0x11ff, SCRIPT_HANGUL }, { 0x1c80, 0x1c8f, SCRIPT_CYRILLIC },
    { 0x1d00, 0x1dbf, SCRIPT_LATIN },  { 0x1e00, 0x1eff, SCRIPT_LATIN },
    { 0x1f00, 0x1fff, SCRIPT_GREEK },  { 0x2de0, 0x2dff, SCRIPT_CYRILLIC },
    { 0x3005, 0x3007, SCRIPT_HAN },    { 0x3041, 0x30ff, SCRIPT_KANA },
    { 0x3130, 0x318f, SCRIPT_HANGUL }, { 0x31f0, 0x31ff, SCRIPT_KANA },
    { 0x3400, 0x9fff, SCRIPT_HAN },    { 0xa640, 0xa69f, SCRIPT_CYRILLIC },
    { 0xa720, 0xa7ff, SCRIPT_LATIN },  { 0xac00, 0xd7ff, SCRIPT_HANGUL },
    { 0xf900, 0xfaff, SCRIPT_HAN },    { 0x20000, 0x323af, SCRIPT_HAN },
};

enum script script_of(uint32_t cp)
{
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        if (cp >= ranges[i].from && cp <= ranges[i].to)
            return ranges[i].script;
    return SCRIPT_OTHER;
}

struct letter {
    uint16_t cp;
    char latin[6];
};

/* Sorted; small letters, as folding leaves them. */
static const struct letter letters[] = {
    /* Latin letters that are no mark on another */
    { 0x00df, "ss" },
    { 0x00e6, "ae" },
    { 0x00f0, "d" },
    { 0x00f8, "o" },
    { 0x00fe, "th" },
    { 0x0111, "d" },
    { 0x0127, "h" },
    { 0x0131, "i" },
    { 0x0138, "k" },
    { 0x0142, "l" },
    { 0x014b, "ng" },
    { 0x0153, "oe" },
    { 0x0259, "a" },
    /* Greek */
    { 0x03b1, "a" },
    { 0x03b2, "v" },
    { 0x03b3, "g" },
    { 0x03b4, "d" },
    { 0x03b5, "e" },
    { 0x03b6, "z" },
    { 0x03b7, "i" },
    { 0x03b8, "th" },
    { 0x03b9, "i" },
    { 0x03ba, "k" },
    { 0x03bb, "l" },
    { 0x03bc, "m" },
    { 0x03bd, "n" },
    { 0x03be, "x" },
    { 0x03bf, "o" },
    { 0x03c0, "p" },
    { 0x03c1, "r" },
    { 0x03c2, "s" },
    { 0x03c3, "s" },
    { 0x03c4, "t" },
    { 0x03c5, "y" },
    { 0x03c6, "f" },
    { 0x03c7, "kh" },
    { 0x03c8, "ps" },
    { 0x03c9, "o" },
    /* Cyrillic */
    { 0x0430, "a" },
    { 0x0431, "b" },
    { 0x0432, "v" },
    { 0x0433, "g" },
    { 0x0434, "d" },
    { 0x0435, "e" },
    { 0x0436, "zh" },
    { 0x0437, "z" },
    { 0x0438, "i" },
    { 0x0439, "y" },
    { 0x043a, "k" },
    { 0x043b, "l" },
    { 0x043c, "m" },
    { 0x043d, "n" },
    { 0x043e, "o" },
    { 0x043f, "p" },
    { 0x0440, "r" },
    { 0x0441, "s" },
    { 0x0442, "t" },
    { 0x0443, "u" },
    { 0x0444, "f" },
    { 0x0445, "kh" },
    { 0x0446, "ts" },
    { 0x0447, "ch" },
    { 0x0448, "sh" },
    { 0x0449, "shch" },
    { 0x044a, "" },
    { 0x044b, "y" },
    { 0x044c, "" },
    { 0x044d, "e" },
    { 0x044e, "yu" },
    { 0x044f, "ya" },
    { 0x0450, "e" },
    { 0x0451, "e" },
    { 0x0452, "dj" },
    { 0x0453, "g" },
    { 0x0454, "ye" },
    { 0x0455, "dz" },
    { 0x0456, "i" },
    { 0x0457, "yi" },
    { 0x0458, "y" },
    { 0x0459, "lj" },
    { 0x045a, "nj" },
    { 0x045b, "ch" },
    { 0x045c, "k" },
    { 0x045d, "i" },
    { 0x045e, "u" },
    { 0x045f, "dzh" },
    { 0x0491, "g" },
    { 0x0493, "gh" },
    { 0x049b, "k" },
    { 0x04a3, "n" },
    { 0x04af, "u" },
    { 0x04b1, "u" },
    { 0x04b3, "h" },
    { 0x04b7, "j" },
    { 0x04bb, "h" },
    { 0x04d9, "a" },
    { 0x04e9, "o" },
    /* Hebrew: w, y and an empty text are what may be a vowel */
    { 0x05b1, "e" },
    { 0x05b2, "a" },
    { 0x05b3, "o" },
    { 0x05b4, "i" },
    { 0x05b5, "e" },
    { 0x05b6, "e" },
    { 0x05b7, "a" },
    { 0x05b8, "a" },
    { 0x05b9, "o" },
    { 0x05ba, "o" },
    { 0x05bb, "u" },
    { 0x05c7, "o" },
    { 0x05d0, "" },
    { 0x05d1, "b" },
    { 0x05d2, "g" },
    { 0x05d3, "d" },
    { 0x05d4, "h" },
    { 0x05d5, "w" },
    { 0x05d6, "z" },
    { 0x05d7, "kh" },
    { 0x05d8, "t" },
    { 0x05d9, "y" },
    { 0x05da, "k" },
    { 0x05db, "k" },
    { 0x05dc, "l" },
    { 0x05dd, "m" },
    { 0x05de, "m" },
    { 0x05df, "n" },
    { 0x05e0, "n" },
    { 0x05e1, "s" },
    { 0x05e2, "" },
    { 0x05e3, "p" },
    { 0x05e4, "p" },
    { 0x05e5, "ts" },
    { 0x05e6, "ts" },
    { 0x05e7, "k" },
    { 0x05e8, "r" },
    { 0x05e9, "sh" },
    { 0x05ea, "t" },
    { 0x05f0, "w" },
    { 0x05f1, "wy" },
    { 0x05f2, "y" },
    /* Arabic, Persian, Urdu */
    { 0x0621, "" },
    { 0x0622, "a" },
    { 0x0623, "a" },
    { 0x0624, "w" },
    { 0x0625, "i" },
    { 0x0626, "y" },
    { 0x0627, "a" },
    { 0x0628, "b" },
    { 0x0629, "a" },
    { 0x062a, "t" },
    { 0x062b, "th" },
    { 0x062c, "j" },
    { 0x062d, "h" },
    { 0x062e, "kh" },
    { 0x062f, "d" },
    { 0x0630, "dh" },
    { 0x0631, "r" },
    { 0x0632, "z" },
    { 0x0633, "s" },
    { 0x0634, "sh" },
    { 0x0635, "s" },
    { 0x0636, "d" },
    { 0x0637, "t" },
    { 0x0638, "z" },
    { 0x0639, "" },
    { 0x063a, "gh" },
    { 0x0641, "f" },
    { 0x0642, "q" },
    { 0x0643, "k" },
    { 0x0644, "l" },
    { 0x0645, "m" },
    { 0x0646, "n" },
    { 0x0647, "h" },
    { 0x0648, "w" },
    { 0x0649, "a" },
    { 0x064a, "y" },
    { 0x064b, "an" },
    { 0x064c, "un" },
    { 0x064d, "in" },
    { 0x064e, "a" },
    { 0x064f, "u" },
    { 0x0650, "i" },
    { 0x0671, "a" },
    { 0x0679, "t" },
    { 0x067e, "p" },
    { 0x0686, "ch" },
    { 0x0688, "d" },
    { 0x0691, "r" },
    { 0x0698, "zh" },
    { 0x06a4, "v" },
    { 0x06a9, "k" },
    { 0x06ad, "g" },
    { 0x06af, "g" },
    { 0x06ba, "n" },
    { 0x06be, "h" },
    { 0x06c1, "h" },
    { 0x06cc, "y" },
    { 0x06d2, "y" },
    /* Hangul: initials, vowels, finals */
    { 0x1100, "k" },
    { 0x1101, "k" },
    { 0x1102, "n" },
    { 0x1103, "t" },
    { 0x1104, "t" },
    { 0x1105, "r" },
    { 0x1106, "m" },
    { 0x1107, "p" },
    { 0x1108, "p" },
    { 0x1109, "s" },
    { 0x110a, "s" },
    { 0x110b, "" },
    { 0x110c, "j" },
    { 0x110d, "j" },
    { 0x110e, "ch" },
    { 0x110f, "k" },
    { 0x1110, "t" },
    { 0x1111, "p" },
    { 0x1112, "h" },
    { 0x1161, "a" },
    { 0x1162, "ae" },
    { 0x1163, "ya" },
    { 0x1164, "yae" },
    { 0x1165, "eo" },
    { 0x1166, "e" },
    { 0x1167, "yeo" },
    { 0x1168, "ye" },
    { 0x1169, "o" },
    { 0x116a, "wa" },
    { 0x116b, "wae" },
    { 0x116c, "oe" },
    { 0x116d, "yo" },
    { 0x116e, "u" },
    { 0x116f, "wo" },
    { 0x1170, "we" },
    { 0x1171, "wi" },
    { 0x1172, "yu" },
    { 0x1173, "eu" },
    { 0x1174, "ui" },
    { 0x1175, "i" },
    { 0x11a8, "k" },
    { 0x11a9, "k" },
    { 0x11aa, "ks" },
    { 0x11ab, "n" },
    { 0x11ac, "n" },
    { 0x11ad, "n" },
    { 0x11ae, "t" },
    { 0x11af, "l" },
    { 0x11b0, "k" },
    { 0x11b1, "m" },
    { 0x11b2, "l" },
    { 0x11b3, "l" },
    { 0x11b4, "l" },
    { 0x11b5, "p" },
    { 0x11b6, "l" },
    { 0x11b7, "m" },
    { 0x11b8, "p" },
    { 0x11b9, "p" },
    { 0x11ba, "t" },
    { 0x11bb, "t" },
    { 0x11bc, "ng" },
    { 0x11bd, "j" },
    { 0x11be, "ch" },
    { 0x11bf, "k" },
    { 0x11c0, "t" },
    { 0x11c1, "p" },
    { 0x11c2, "h" },
};

static int letter_compare(const void *key, const void *row)
{
    const uint32_t cp = *(const uint32_t *)key;
    const struct letter *l = row;
    return cp < l->cp ? -1 : cp > l->cp;
}

/* The syllables of Kana, from small a on; each Katakana stands 0x60 behind its Hiragana. */
static const char *const kana[] = {
    "a",  "a",  "i",   "i",  "u",  "u",   "e",  "e",   "o",  "o",  "ka", "ga", "ki", "gi", "ku",
    "gu", "ke", "ge",  "ko", "go", "sa",  "za", "shi", "ji", "su", "zu", "se", "ze", "so", "zo",
    "ta", "da", "chi", "ji", "",   "tsu", "zu", "te",  "de", "to", "do", "na", "ni", "nu", "ne",
    "no", "ha", "ba",  "pa", "hi", "bi",  "pi", "fu",  "bu", "pu", "he", "be", "pe", "ho", "bo",
    "po", "ma", "mi",  "mu", "me", "mo",  "ya", "ya",  "yu", "yu", "yo", "yo", "ra", "ri", "ru",
    "re", "ro", "wa",  "wa", "i",  "e",   "o",  "n",   "vu", "ka", "ke",
};

const char *script_latin(uint32_t cp)
{
    if (cp >= 0x30a1 && cp <= 0x30f6)
        cp -= 0x60;
    if (cp >= 0x3041 && cp < 0x3041 + ARRAY_SIZE(kana))
        return kana[cp - 0x3041];
    if (cp == 0x30fc)
        return "";
    const struct letter *l = bsearch(&cp, letters, ARRAY_SIZE(letters), sizeof(letters[0]), letter_compare);
    return l ? l->latin : NULL;
}

static const struct pair {
    uint16_t first, second;
    char latin[4];
} pairs[] = {
    { 0x03bf, 0x03c5, "u" },  { 0x03b1, 0x03c5, "av" },  { 0x03b5, 0x03c5, "ev" }, { 0x03b5, 0x03b9, "i" },
    { 0x03bf, 0x03b9, "i" },  { 0x03c5, 0x03b9, "i" },   { 0x03b1, 0x03b9, "e" },  { 0x03b3, 0x03ba, "g" },
    { 0x03b3, 0x03b3, "ng" }, { 0x03b3, 0x03c7, "nkh" }, { 0x03c4, 0x03b6, "tz" }, { 0x03bc, 0x03c0, "mb" },
    { 0x03bd, 0x03c4, "nd" },
};

const char *script_pair(uint32_t first, uint32_t second)
{
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
        if (pairs[i].first == first && pairs[i].second == second)
            return pairs[i].latin;
    return NULL;
}

static const struct twin {
    char latin;
    uint16_t cyrillic, greek;
} twins[] = {
    { 'a', 0x0430, 0x03b1 }, { 'b', 0x0432, 0x03b2 }, { 'c', 0x0441, 0 },      { 'd', 0x0501, 0 },
    { 'e', 0x0435, 0x03b5 }, { 'h', 0x043d, 0x03b7 }, { 'i', 0x0456, 0x03b9 }, { 'j', 0x0458, 0 },
    { 'k', 0x043a, 0x03ba }, { 'l', 0, 0x03b9 },      { 'm', 0x043c, 0x03bc }, { 'n', 0x043f, 0x03bd },
    { 'o', 0x043e, 0x03bf }, { 'p', 0x0440, 0x03c1 }, { 'r', 0x0433, 0 },      { 's', 0x0455, 0 },
    { 't', 0x0442, 0x03c4 }, { 'u', 0x0438, 0x03c5 }, { 'v', 0, 0x03bd },      { 'w', 0x0448, 0x03c9 },
    { 'x', 0x0445, 0x03c7 }, { 'y', 0x0443, 0x03c5 }, { 'z', 0, 0x03b6 },
};

uint32_t script_twin(enum script script, char latin)
{
    for (size_t i = 0; i < ARRAY_SIZE(twins); i++)
        if (twins[i].latin == latin)
            return script == SCRIPT_GREEK ? twins[i].greek : twins[i].cyrillic;
    return 0;
}
