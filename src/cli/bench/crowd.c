/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bench/crowd.h"
#include "cli/command.h"

enum { NAME_SIZE = 96 };

struct draw {
    uint64_t seed;
};

static unsigned draw(struct draw *d, size_t of)
{
    d->seed ^= d->seed << 13, d->seed ^= d->seed >> 7, d->seed ^= d->seed << 17;
    return (unsigned)(d->seed % of);
}

static size_t word(struct draw *d, unsigned syllables, char *out, size_t size)
{
    static const char *const first[] = { "b", "d", "f", "g", "h", "k",  "l",  "m",  "n",  "p",  "r",
                                         "s", "t", "v", "w", "z", "br", "ch", "dr", "gr", "kr", "sh" },
                             *const vowels[] = { "a", "e", "i", "o", "u", "ai", "ei", "ou" },
                             *const last[] = { "", "", "n", "r", "s", "l", "m", "t" };
    size_t n = 0;
    for (unsigned i = 0; i < syllables; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s%s", first[draw(d, ARRAY_SIZE(first))],
                              vowels[draw(d, ARRAY_SIZE(vowels))], last[draw(d, ARRAY_SIZE(last))]);
    out[0] = (char)(out[0] - 'a' + 'A');
    return n;
}

static void name(struct draw *d, char out[static NAME_SIZE])
{
    size_t n = word(d, 1 + draw(d, 2), out, NAME_SIZE / 2);
    out[n++] = ' ';
    word(d, 2 + draw(d, 2), out + n, NAME_SIZE - n);
}

static enum bf_err person_add(struct book *book, struct draw *d, size_t which)
{
    char names[1 + CROWD_ALIASES][NAME_SIZE], number[32];
    const char *aliases[CROWD_ALIASES];
    struct number_range range;
    int64_t id;
    for (size_t i = 0; i <= CROWD_ALIASES; i++)
        name(d, names[i]);
    for (size_t i = 0; i < CROWD_ALIASES; i++)
        aliases[i] = names[1 + i];
    snprintf(number, sizeof number, "+4930%08zu", which);
    struct fault fault;
    enum bf_err err = range_of_text(span_of(number), &range, &fault);
    if (err)
        return err;
    return book_add(book,
                    &(struct person){ .uid = "",
                                      .name = names[0],
                                      .organisation = "",
                                      .language = "",
                                      .note = "",
                                      .photo_type = "",
                                      .extra = "",
                                      .aliases = aliases,
                                      .n_aliases = CROWD_ALIASES,
                                      .numbers = &range,
                                      .n_numbers = 1,
                                      .is_protected = true },
                    &id);
}

static enum bf_err fill(struct book *book, size_t people)
{
    struct draw d = { 88172645463325252u };
    enum bf_err err = book_begin(book);
    for (size_t i = 0; i < people && !err; i++)
        err = person_add(book, &d, i);
    return err ? err : book_commit(book);
}

bool crowd_load(const char *directory, size_t people, struct people **ret)
{
    char url[1024], *message = NULL;
    struct book *book = NULL;
    snprintf(url, sizeof url, "sqlite:%s/crowd.db", directory);
    enum bf_err err = book_open(url, DB_WRITE, &book, &message);
    if (!err)
        err = fill(book, people);
    if (!err)
        err = people_load(book, ret, &message);
    if (err)
        command_fail("bench", 0, "the book of people cannot be made: %s",
                     message ? message
                     : book  ? book_error(book)
                             : "no memory");
    free(message);
    book_close(book);
    return !err;
}
