/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences in as many columns as there are. A byte is taken as a column: help and advice are ASCII. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

size_t prose_words(struct span text, size_t column, size_t hang, size_t columns)
{
    while (text.n) {
        size_t blanks = 0;
        while (blanks < text.n && text.p[blanks] == ' ')
            blanks++;
        const size_t n = span_find(span_from(text, blanks), ' ');
        if (column > hang && column + blanks + n > columns) {
            printf("\n%*s", (int)hang, "");
            column = hang;
        } else {
            printf("%*s", (int)blanks, "");
            column += blanks;
        }
        printf("%.*s", (int)n, text.p + blanks);
        column += n;
        text = span_from(text, blanks + n);
    }
    return column;
}

/* Where the lines after the first of `  stale      signed ten minutes ago` begin: under `signed`. */
static size_t hang_of(struct span line)
{
    size_t first = 0;
    while (first < line.n && line.p[first] == ' ')
        first++;
    for (size_t i = first; first && i + 2 < line.n; i++)
        if (line.p[i] == ' ' && line.p[i + 1] == ' ') {
            while (i < line.n && line.p[i] == ' ')
                i++;
            return i;
        }
    return first;
}

void prose_print(const char *text, size_t columns)
{
    size_t column = 0;
    bool open = false; /* a paragraph that the next line may go on with */
    for (struct span rest = span_of(text); rest.n;) {
        const struct span line = span_first(rest, span_find(rest, '\n'));
        const bool plain = line.n && line.p[0] != ' ';
        rest = span_from(rest, line.n + 1);
        if (open && plain && column + 1 + span_find(line, ' ') <= columns)
            column += (size_t)printf(" ");
        else if (open)
            column = 0, putchar('\n');
        column = prose_words(line, plain ? column : 0, hang_of(line), columns);
        open = plain;
        if (!open)
            column = 0, putchar('\n');
    }
    if (open)
        putchar('\n');
}
