/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/names asks of ICU, so that the set and its comparison owe nothing to src/people.    Unicode UTS 39; CLDR; ICU 72
 *
 *   forms confusables          every character that is drawn like another: code point, tab, skeleton
 *   forms transform ID         each line of standard input through an ICU transform
 *   forms compare BOOK         each line of standard input against the lines (person, tab, name) of BOOK: whom plain
 *                              comparison finds, whom uspoof, whom Jaro-Winkler, and how near that one is; "-": nobody
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#define LINE    2048
#define LETTERS 256
#define PREFIX  4 /* letters at the front that weigh more: Winkler 1990 */

struct text {
    UChar s[LINE];
    int32_t n;
};

static void fail(const char *what, UErrorCode e)
{
    fprintf(stderr, "forms: %s: %s\n", what, u_errorName(e));
    exit(70);
}

static bool read_line(FILE *f, char line[static LINE])
{
    if (!fgets(line, LINE, f))
        return false;
    line[strcspn(line, "\n")] = 0;
    return true;
}

static void text_of(const char *utf8, struct text *t)
{
    UErrorCode e = U_ZERO_ERROR;
    u_strFromUTF8WithSub(t->s, LINE, &t->n, utf8, -1, 0xfffd, NULL, &e);
    if (U_FAILURE(e))
        fail("text", e);
}

static void put(const UChar *s, int32_t n)
{
    char out[4 * LINE];
    UErrorCode e = U_ZERO_ERROR;
    int32_t len = 0;
    u_strToUTF8WithSub(out, sizeof out, &len, s, n, 0xfffd, NULL, &e);
    if (U_FAILURE(e))
        fail("output", e);
    fwrite(out, 1, (size_t)len, stdout);
}

static USpoofChecker *spoof_open(void)
{
    UErrorCode e = U_ZERO_ERROR;
    USpoofChecker *sc = uspoof_open(&e);
    if (U_FAILURE(e))
        fail("uspoof", e);
    return sc;
}

static int confusables(const char *unused)
{
    (void)unused;
    USpoofChecker *sc = spoof_open();
    for (UChar32 c = 0x21; c < 0x30000; c++) {
        if (!u_isdefined(c) || u_charType(c) == U_SURROGATE || u_charType(c) == U_PRIVATE_USE_CHAR)
            continue;
        UChar s[2], skeleton[64];
        int32_t n = 0;
        UErrorCode e = U_ZERO_ERROR;
        U16_APPEND_UNSAFE(s, n, c);
        int32_t m = uspoof_getSkeleton(sc, 0, s, n, skeleton, 64, &e);
        if (U_FAILURE(e) || !m)
            continue;
        printf("%04x\t", (unsigned)c);
        put(skeleton, m);
        putchar('\n');
    }
    uspoof_close(sc);
    return 0;
}

static int transform(const char *id)
{
    struct text t, u;
    UErrorCode e = U_ZERO_ERROR;
    text_of(id, &t);
    UTransliterator *tr = utrans_openU(t.s, t.n, UTRANS_FORWARD, NULL, 0, NULL, &e);
    if (U_FAILURE(e))
        fail(id, e);
    for (char line[LINE]; read_line(stdin, line);) {
        text_of(line, &u);
        int32_t limit = u.n;
        e = U_ZERO_ERROR;
        utrans_transUChars(tr, u.s, &u.n, LINE, 0, &limit, &e);
        if (U_FAILURE(e))
            fail(line, e);
        put(u.s, u.n);
        putchar('\n');
    }
    utrans_close(tr);
    return 0;
}

/*
 * One name in the shapes that are compared, each way given its best: plain is composed and without case; uspoof sees the name as
 * it came and without case; Jaro-Winkler sees letters that have lost their font and what is not seen (NFKC_Casefold).
 */
struct name {
    char person[32];
    struct text plain, skeleton, skeleton_folded;
    UChar32 letters[LETTERS];
    int32_t n;
};

static void name_fill(struct name *k, const UNormalizer2 *fold, const USpoofChecker *sc, const char *utf8)
{
    struct text t, nfc;
    UErrorCode e = U_ZERO_ERROR;
    text_of(utf8, &t);
    nfc.n = unorm2_normalize(unorm2_getNFCInstance(&e), t.s, t.n, nfc.s, LINE, &e);
    k->plain.n = u_strFoldCase(k->plain.s, LINE, nfc.s, nfc.n, U_FOLD_CASE_DEFAULT, &e);
    k->skeleton.n = uspoof_getSkeleton(sc, 0, t.s, t.n, k->skeleton.s, LINE, &e);
    k->skeleton_folded.n = uspoof_getSkeleton(sc, 0, k->plain.s, k->plain.n, k->skeleton_folded.s, LINE, &e);
    nfc.n = unorm2_normalize(fold, t.s, t.n, nfc.s, LINE, &e);
    u_strToUTF32(k->letters, LETTERS, &k->n, nfc.s, nfc.n, &e);
    if (U_FAILURE(e))
        fail(utf8, e);
}

static bool same(const struct text *a, const struct text *b)
{
    return a->n == b->n && !u_memcmp(a->s, b->s, a->n);
}

/* Jaro 1989, with Winkler's weight on a common beginning: 0 to 1. */
static double jaro_winkler(const struct name *a, const struct name *b)
{
    int far = (a->n > b->n ? a->n : b->n) / 2 - 1, common = 0, swapped = 0, front = 0;
    bool in_a[LETTERS] = { 0 }, in_b[LETTERS] = { 0 };
    for (int i = 0; i < a->n; i++)
        for (int j = i > far ? i - far : 0; j < b->n && j <= i + far; j++)
            if (!in_b[j] && a->letters[i] == b->letters[j]) {
                in_a[i] = in_b[j] = true, common++;
                break;
            }
    if (!common)
        return 0;
    for (int i = 0, j = 0; i < a->n; i++) {
        if (!in_a[i])
            continue;
        while (!in_b[j])
            j++;
        swapped += a->letters[i] != b->letters[j++];
    }
    while (front < PREFIX && front < a->n && front < b->n && a->letters[front] == b->letters[front])
        front++;
    double m = common, jaro = (m / a->n + m / b->n + (m - swapped / 2.0) / m) / 3;
    return jaro + front * 0.1 * (1 - jaro);
}

static size_t book_read(const char *path, const UNormalizer2 *fold, const USpoofChecker *sc,
                        struct name **ret_book)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(66);
    }
    struct name *book = NULL;
    size_t n = 0, room = 0;
    for (char line[LINE]; read_line(f, line); n++) {
        if (n == room && !(book = realloc(book, (room = room ? 2 * room : 1024) * sizeof *book)))
            exit(71);
        size_t to = strcspn(line, "\t");
        snprintf(book[n].person, sizeof book[n].person, "%.*s", (int)to, line);
        name_fill(&book[n], fold, sc, line[to] ? line + to + 1 : "");
    }
    fclose(f);
    *ret_book = book;
    return n;
}

static int compare(const char *path)
{
    UErrorCode e = U_ZERO_ERROR;
    const UNormalizer2 *fold = unorm2_getNFKCCasefoldInstance(&e);
    if (U_FAILURE(e))
        fail("normalizer", e);
    USpoofChecker *sc = spoof_open();
    struct name *book = NULL, claim;
    size_t n = book_read(path, fold, sc, &book);
    for (char line[LINE]; read_line(stdin, line);) {
        const char *plain = "-", *spoof = "-", *near = "-";
        double best = 0;
        name_fill(&claim, fold, sc, line);
        for (size_t i = 0; i < n; i++) {
            double d = jaro_winkler(&claim, &book[i]);
            if (d > best)
                best = d, near = book[i].person;
            if (same(&claim.plain, &book[i].plain))
                plain = book[i].person;
            if (same(&claim.skeleton, &book[i].skeleton) ||
                same(&claim.skeleton_folded, &book[i].skeleton_folded))
                spoof = book[i].person;
        }
        printf("%s\t%s\t%s\t%.4f\n", plain, spoof, near, best);
    }
    free(book);
    uspoof_close(sc);
    return 0;
}

static const struct verb {
    const char *name, *argument;
    int (*run)(const char *argument);
} verbs[] = {
    { "confusables", NULL, confusables },
    { "transform", "ID", transform },
    { "compare", "BOOK", compare },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(argv[1], verbs[i].name) && argc == 2 + !!verbs[i].argument)
            return verbs[i].run(argv[2]);
    fputs("usage: forms confusables | transform ID | compare BOOK\n", stderr);
    return 64;
}
