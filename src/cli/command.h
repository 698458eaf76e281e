/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands: one row each in main.c, one file each beside it. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Exit statuses beside those of `verify` (0 genuine, 1 unproven, 2 broken, 3 impostor). */
#define EXIT_USAGE        64
#define EXIT_INPUT        65
#define EXIT_FAILURE_OURS 70

/* A row of main.c's table. run: argv[0] is the subcommand's name; returns the exit status. */
struct command {
    const char *name, *help;
    int (*run)(int argc, char **argv);
};
const struct command *command_table(void); /* ends with a row without a name */

int command_verify(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_sign(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_call(int argc, char **argv);
int command_calls(int argc, char **argv);
int command_rules(int argc, char **argv);
int command_people(int argc, char **argv);
int command_diary(int argc, char **argv);
int command_config(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_completion(int argc, char **argv);

/* `bonafide verify: what is wrong. What to do next.` to standard error; returns status. */
int command_fail(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* true when standard output is a terminal and NO_COLOR is not set. */
bool command_colors(void);

/* How wide the terminal is; SIZE_MAX when standard output is none. */
size_t command_columns(void);

/*
 * Words in lines of at most `columns`, the first going on at `column`, the others `hang` blanks in; a longer word stays
 * whole. No line end behind the last; returns the column after it.
 */
size_t prose_words(struct span text, size_t column, size_t hang, size_t columns);

/* Lines that follow each other are one paragraph, filled; a line that begins with a blank stays by itself. */
void prose_print(const char *text, size_t columns);

/*
 * A table for people: columns as wide as their cells (in characters, not bytes), cut to the terminal when it is one.
 * Cells are copied, control bytes shown as '?'.
 */
struct table;
struct table *table_create(const char *const *titles, size_t columns);
void table_row(struct table *t, const char *const *cells,
               const char *color); /* color: SGR such as "32", or NULL */
void table_wrap(
    struct table *t); /* on a terminal the last column goes on in further lines instead of being cut */
void table_print(struct table *t, bool colors);
void table_destroy(struct table *t);

/* A progress line on standard error, only when that is a terminal and the work has lasted a second. */
struct progress {
    const char *what;
    long long started_ms, shown_ms;
};
void progress_begin(struct progress *p, const char *what);
void progress_step(struct progress *p, size_t done, size_t all);
void progress_end(struct progress *p);

#endif
