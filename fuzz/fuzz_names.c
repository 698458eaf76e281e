/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claimed names against a book: the first lines up to an empty one are the book, the others are claims. A look-up ends, says the
 * same twice, names an entry that is there, and the best of all is the one alone.
 */
#include <stdlib.h>
#include <string.h>

#include "people/names.h"

#define BOOK 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span line_of(struct span *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    const struct span line = span_first(*rest, end ? (size_t)(end - rest->p) : rest->n);
    *rest = span_from(*rest, line.n + (end != NULL));
    return line;
}

static void ask(const struct names *names, struct names_reader *r, size_t n, struct span claimed)
{
    struct name_match one, again, all[3];
    const bool found = names_match(names, r, claimed, &one);
    const size_t most = names_matches(names, r, claimed, all, 3);
    if (names_match(names, r, claimed, &again) != found || (most > 0) != found || most > 3)
        abort();
    if (!found)
        return;
    if (one.entry != again.entry || one.score < again.score || one.score > again.score ||
        one.score < all[0].score)
        abort();
    if (one.entry >= n || one.person != one.entry % 3 || one.score < 0 || one.score > 1 ||
        one.rule >= NAME_RULES)
        abort();
    for (size_t i = 1; i < most; i++)
        if (all[i].person == all[0].person || all[i].score > all[i - 1].score)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct names_entry entries[BOOK];
    struct span rest = span_make(data, size), line;
    auto_(names_destroy) struct names *names = NULL;
    auto_(names_reader_destroy) struct names_reader *reader = NULL;
    size_t n = 0;
    while (n < BOOK && (line = line_of(&rest)).n) {
        char *name = strndup(line.p, line.n);
        if (!name)
            abort();
        entries[n] = (struct names_entry){ (uint32_t)n % 3, name };
        n++;
    }
    if (names_create(entries, n, &names) || names_reader_create(&reader))
        abort();
    while (rest.n)
        ask(names, reader, n, line_of(&rest));
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)entries[i].name);
    return 0;
}
