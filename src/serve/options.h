/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of every option: what config_load reads by, and what the sample file and the manual are made of.
 *
 * A default is YAML text and goes through the same readers as a file does, so that the two cannot differ. A list's
 * element may be a row with fields of its own; a field without a default must be written.
 */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include "serve/config.h"
#include "serve/tree.h"

struct config_reader; /* serve/values.h */
struct config_option;

/* A kind of value: how it is read, and how people call it. */
struct config_kind {
    const char *what; /* "a whole number"; stands behind "must be" */
    size_t size;      /* bytes of one; 0: checked and not kept */
    bool
        is_text; /* stores a const char *: what is shown is the value after defaults and paths were filled in */
    /* false, and the fault noted, when the node is none; else *out is written */
    bool (*read)(struct config_reader *r, const struct config_option *o, const struct node *node, void *out);
};

/* The fields of a row, and what it means when only one is written. */
struct config_rows {
    const struct config_option *fields;
    size_t n_fields, size;
    const char *short_field; /* `[127.0.0.0/8]` for `[{from: 127.0.0.0/8}]`; NULL: no short form */
    bool (*check)(struct config_reader *r, const struct node *node, const void *row); /* NULL: nothing more */
};

enum config_shape {
    SHAPE_ONE,
    SHAPE_LIST,        /* const T *, and size_t at n_at */
    SHAPE_ONE_OR_LIST, /* the same, written without brackets when it is one */
};

struct config_option {
    const char *name; /* "sip.listen"; of a field "role" */
    const struct config_kind *kind;
    const char *fallback; /* YAML; NULL: a field that must be written */
    const char *help;     /* sentences, each with its full stop */
    size_t at, n_at;      /* in struct config, or in the row; SHAPE_LIST: where its length stands */
    int64_t min,
        max; /* of a number its value, of a text its length (max 0: 1024), of a list how many (max 0: 4096) */
    const char *unit;           /* of a number; NULL: none */
    const char *const *choices; /* NULL-terminated */
    const struct config_rows *rows;
    enum config_shape shape;
    bool restart; /* a reload does not change it */
    bool state;   /* the default lies in the state directory, so the sample shows it as a comment */
    const char *environment; /* a variable whose value stands in for the default; NULL: none */
};

extern const struct config_option config_options[];
extern const size_t config_options_n;

/* NULL: there is none of that name. */
const struct config_option *config_option_find(struct span name);

/* Names that stand in the design and are not built yet, with what to do meanwhile; NULL: no such name. */
const char *config_later(struct span name);

/* Where state goes: $STATE_DIRECTORY, $XDG_STATE_HOME/bonafide, ~/.local/state/bonafide. NULL: no memory. */
const char *config_state_dir(struct arena *arena);

/* What is in force of one option. */
struct config_setting {
    const struct node *node;
    bool written;     /* in the file, at node->line; else the default */
    bool environment; /* the option's variable, in place of the default */
};

/* What stands behind struct config's `memory`. */
struct config_memory {
    struct arena *arena;
    const char *name;                /* of the file; "" for the defaults */
    struct config_setting *settings; /* one an option, in the table's order */
};

#endif
