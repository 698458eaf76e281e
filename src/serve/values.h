/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of single values: from a node of YAML to a field of struct config. */
#ifndef SERVE_VALUES_H
#define SERVE_VALUES_H

#include "serve/options.h"

#define CONFIG_FAULTS 20u /* that are said; more are counted */

/* One pass over one file; several faults are gathered before it gives up. */
struct config_reader {
    struct arena *arena;
    const char *name;      /* of the file, for messages */
    const char *dir;       /* relative paths are relative to it */
    const char *state_dir; /* paths of defaults */
    const char *row;       /* the option whose row is being read; NULL: none */
    bool fallback;         /* a default is being read */
    bool lab;              /* x5u.lab: the URL rules that apply */
    bool no_memory;
    struct buf faults; /* lines */
    unsigned n_faults;
};

/* Notes `file:line:column: …`; always false. `at`: bytes into the node's text. */
bool config_fault(struct config_reader *r, const struct node *node, size_t at, const char *format, ...)
    printf_(4, 5);
bool config_fault_key(struct config_reader *r, const struct node *node, const char *format, ...)
    printf_(3, 4);

/* The same for a value that is none, saying what would be one; why: NULL, or what is wrong at `at`. Always false. */
bool config_refuse(struct config_reader *r, const struct config_option *o, const struct node *node, size_t at,
                   const char *why);
bool config_no_memory(struct config_reader *r);

/* Steps that readers share: a scalar at all; a text within its bounds, printable, not null; one of o->choices. */
bool config_is_scalar(struct config_reader *r, const struct config_option *o, const struct node *node);
bool config_text(struct config_reader *r, const struct config_option *o, const struct node *node);
bool config_choose(struct config_reader *r, const struct config_option *o, const struct node *node,
                   unsigned *ret);

/* `a, b or c`, in the arena; choices end with NULL. */
const char *config_listed(struct config_reader *r, const char *const *choices);

/* A whole option (or field): one value or a list, written into `base` at its offsets. */
bool config_value(struct config_reader *r, const struct config_option *o, const struct node *node,
                  void *base);

/* A row: its fields, the defaults of the absent ones, its check. */
bool config_row(struct config_reader *r, const struct config_option *o, const struct node *node, void *out);

/* The nearest of the names to a misspelt one, or NULL. */
const char *config_nearest(struct span word, const char *const *names, size_t n);

/* A value of the table, as a node. */
bool config_fallback(struct config_reader *r, const struct config_option *o, struct node **ret);

extern const struct config_kind kind_bool, kind_integer, kind_small, kind_text, kind_digits, kind_choice,
    kind_mode, kind_flag, kind_word, kind_attest, kind_least, kind_file, kind_state_file, kind_store_url,
    kind_cidr, kind_range, kind_service, kind_pair, kind_address, kind_endpoint, kind_collector, kind_sip_uri,
    kind_policy, kind_header, kind_contact, kind_alert, kind_display, kind_proxy, kind_x5u, kind_x5u_or_none,
    kind_oid, kind_country, kind_row, kind_share, kind_home, kind_nation, kind_format;

#endif
