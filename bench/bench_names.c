/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a claimed name costs against a large book: 10,000 protected people with five aliases each, names put together from
 * syllables by a fixed seed. CPU time of this thread, the median and the ninety-ninth of a hundred look-ups of each kind. The
 * goal: at most 20 microseconds, whoever claims what.
 *
 *     bench_names [PEOPLE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "people/names.h"

#define PEOPLE  10000u
#define ALIASES 5u
#define ASKED   4000u
#define GOAL_US 20.0

enum { NAME_SIZE = 96 };

static uint64_t chance(uint64_t *seed)
{
    *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
    return *seed;
}

static void word(uint64_t *seed, unsigned syllables, char *out, size_t size)
{
    static const char *const first[] = { "b",  "d",  "f",  "g",  "h",  "k",  "l",  "m",  "n",
                                         "p",  "r",  "s",  "t",  "v",  "w",  "z",  "br", "ch",
                                         "dr", "gr", "kr", "sh", "st", "th", "tr", "j" },
                             *const vowels[] = { "a", "e", "i", "o", "u", "ai", "ei", "ou", "a", "e" },
                             *const last[] = { "", "", "", "n", "r", "s", "l", "m", "t", "nd", "ck", "rt" };
    size_t n = 0;
    for (unsigned i = 0; i < syllables; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s%s", first[chance(seed) % 26],
                              vowels[chance(seed) % 10], last[chance(seed) % 12]);
    out[0] = (char)(out[0] - 'a' + 'A');
}

static void name(uint64_t *seed, char out[static NAME_SIZE])
{
    char given[32], family[40];
    word(seed, 1 + chance(seed) % 2, given, sizeof given);
    word(seed, 2 + chance(seed) % 2, family, sizeof family);
    snprintf(out, NAME_SIZE, "%s %s", given, family);
}

/* A letter of it is another one. */
static void slip(uint64_t *seed, char *text)
{
    text[1 + chance(seed) % (strlen(text) - 1)] = (char)('a' + chance(seed) % 26);
}

enum kind { INNOCENT, THEIR_OWN, SLIPPED, TITLED, LOOKALIKE, CYRILLIC, TEN_WORDS, KINDS };
static const char *const kinds[] = { "innocent",   "a name of the book", "with a slip", "with a title",
                                     "look-alike", "Cyrillic",           "ten words" };

static void claim(uint64_t *seed, enum kind kind, const char *book, char out[static NAME_BYTES])
{
    char other[NAME_SIZE];
    name(seed, other);
    snprintf(out, NAME_BYTES, "%s", kind == INNOCENT ? other : book);
    if (kind == SLIPPED)
        slip(seed, out);
    if (kind == TITLED)
        snprintf(out, NAME_BYTES, "Office of President %s", book);
    if (kind == LOOKALIKE)
        snprintf(out, NAME_BYTES, "%c\u0430%s", book[0], book + 1);
    if (kind == CYRILLIC)
        snprintf(out, NAME_BYTES, "\u0418\u0432\u0430\u043d %s \u041f\u0435\u0442\u0440\u043e\u0432",
                 chance(seed) % 2 ? "\u041c\u0438\u0445\u0430\u0438\u043b"
                                  : "\u0411\u043e\u0440\u0438\u0441");
    for (unsigned i = 0; kind == TEN_WORDS && i < 4; i++) {
        name(seed, other);
        const size_t n = strlen(out);
        snprintf(out + n, NAME_BYTES - n, " %s", other);
    }
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

static bool ask(const struct names *n, struct names_reader *r, enum kind kind, char (*book)[NAME_SIZE],
                size_t people)
{
    static double took[ASKED];
    uint64_t seed = 0x9e3779b97f4a7c15u + kind;
    unsigned matched = 0;
    char claimed[NAME_BYTES];
    struct name_match m;
    for (size_t i = 0; i < ASKED; i++) {
        claim(&seed, kind, book[chance(&seed) % people * (ALIASES + 1)], claimed);
        const double before = now_us();
        matched += names_match(n, r, span_of(claimed), &m);
        took[i] = now_us() - before;
    }
    qsort(took, ASKED, sizeof took[0], by_size);
    const double median = took[ASKED / 2], late = took[ASKED * 99 / 100];
    printf("%-20s %8.1f %8.1f   %5.1f %%\n", kinds[kind], median, late, 100.0 * matched / ASKED);
    return late <= GOAL_US;
}

int main(int argc, char **argv)
{
    const size_t people = argc > 1 ? strtoul(argv[1], NULL, 10) : PEOPLE, n = people * (ALIASES + 1);
    char(*book)[NAME_SIZE] = calloc(n, sizeof *book);
    struct names_entry *entries = calloc(n, sizeof *entries);
    auto_(names_destroy) struct names *names = NULL;
    auto_(names_reader_destroy) struct names_reader *reader = NULL;
    uint64_t seed = 88172645463325252u;
    bool good = true;
    if (!people || !book || !entries)
        return 2;
    for (size_t i = 0; i < n; i++) {
        name(&seed, book[i]);
        entries[i] = (struct names_entry){ (uint32_t)(i / (ALIASES + 1)), book[i] };
    }
    const double before = now_us();
    if (names_create(entries, n, &names) || names_reader_create(&reader))
        return 2;
    printf("%zu people, %u aliases each: made in %.0f ms, %.0f bytes a name\n\n%-20s %8s %8s   %s\n", people,
           ALIASES, (now_us() - before) / 1e3, (double)names_bytes(names) / (double)n, "microseconds",
           "median", "p99", "matched");
    for (int kind = 0; kind < KINDS; kind++)
        good &= ask(names, reader, (enum kind)kind, book, people);
    printf("\n%s\n", good ? "the goal of 20 microseconds is met" : "missed: 20 microseconds");
    free(entries);
    free(book);
    return !good;
}
