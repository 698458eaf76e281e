/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a subcommand: a row each, from which --help is printed and the command line is read.
 *
 *     static const struct option_row rows[] = {
 *         { "json",  NULL,   "one JSON object a line", OPTION_FLAG, offsetof(struct wishes, json) },
 *         { "trust", "FILE", "PEM anchors; repeatable", OPTION_LIST, offsetof(struct wishes, trust) },
 *         { 0 } };
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, of argv */
    OPTION_LIST,   /* struct option_list */
    OPTION_NUMBER, /* unsigned long, decimal */
};

struct option_list {
    const char **items; /* of argv */
    size_t n;
};

struct option_row {
    const char *name;     /* without its dashes */
    const char *argument; /* as help shows it; NULL for flags */
    const char *help;
    enum option_kind kind;
    size_t offset; /* in the struct that options_read fills */
};

struct command_help {
    const char *name;              /* "verify" */
    const char *example;           /* what help begins with: lines, newline at the end */
    const char *usage;             /* "[OPTION...] [FILE...]" */
    const char *about;             /* a sentence or some, newline at the end */
    const struct option_row *rows; /* the last has no name */
    const char *more;              /* behind the options; NULL: nothing */
};

/*
 * Fills `into`, whose defaults stand there already. Operands may stand among options and are gathered, in order, in *ret_operands
 * (of argv; room for argc is malloc'd, as is that of lists: options_clear). `--` ends the options.
 * true: go on. false: *ret_status is the exit status: help was printed (0), or what is wrong was (64).
 */
bool options_read(const struct command_help *help, int argc, char **argv, void *into,
                  struct option_list *ret_operands, int *ret_status);
void options_clear(const struct command_help *help, void *into, struct option_list *operands);

#endif
