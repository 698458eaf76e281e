/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide calls`, in two files: calls.c (what is asked) and calls_print.c (how it is said). */
#ifndef CLI_CALLS_H
#define CLI_CALLS_H

#include <stdbool.h>

#include "record/record.h"

enum calls_form {
    CALLS_TABLE,
    CALLS_LINES,
    CALLS_WORDS,
    CALLS_TRACE,
    CALLS_JSON,
    CALLS_TRACE_JSON,
    CALLS_CSV
};

struct calls_printer {
    enum calls_form form;
    bool colors, unmask, narrow; /* narrow: a terminal without room for names and reasons; `show` has them */
    struct table *table;         /* CALLS_TABLE */
    char *memory;                /* for an object or a line of CSV */
    size_t n;                    /* records printed */
    bool failed;                 /* standard output or memory */
};

/* false: no memory. */
bool calls_printer_init(struct calls_printer *p, enum calls_form form, bool unmask);
/* A copy is shown: masked numbers are withheld unless the printer unmasks. */
void calls_print(struct calls_printer *p, const struct record *record);
/* Prints what was gathered; false when not everything could be printed. */
bool calls_printer_end(struct calls_printer *p);

#endif
