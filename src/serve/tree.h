/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML file as a tree of values that know where they stand.
 *
 * One document of mappings, lists and scalars; anchors, aliases, tags and a second document are refused: a
 * configuration says what it means where it says it. Bounded: 4 MiB, eight levels.
 */
#ifndef SERVE_TREE_H
#define SERVE_TREE_H

#include "base/arena.h"
#include "base/buf.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool quoted;           /* scalar: in quotes, so a text whatever it looks like */
    unsigned line, column; /* of its first byte, from 1 */
    struct span text;      /* scalar: NUL-terminated behind its end */
    struct span key;       /* value of a mapping: its key, NUL-terminated; else SPAN_NONE */
    unsigned key_line, key_column;
    struct node *next, *first, *last;
    size_t n; /* children */
};

struct yaml_fault {
    unsigned line, column;
    const char *what; /* in the arena or constant */
};

/* BF_OK with *ret NULL: an empty document. BF_EFORM with *fault; BF_ENOMEM. Everything lives in the arena. */
enum bf_err yaml_read(struct span text, struct arena *arena, struct node **ret, struct yaml_fault *fault)
    must_use;

/* The value on one line, as YAML (flow style) or as JSON. */
void yaml_print(const struct node *node, struct buf *out);
void yaml_print_json(const struct node *node, struct buf *out);

/* true: a plain scalar that is a whole decimal number, `-1`, `60`; without leading zeros. */
bool node_integer(const struct node *node, int64_t *ret);

#endif
