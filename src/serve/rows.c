/* SPDX-License-Identifier: Apache-2.0 */
/* Values made of values: rows with their fields, and lists of anything. */
#include "serve/values.h"

#define LIST_MOST   4096u
#define FIELDS_MOST 15u

/* ---- rows ---- */

static const struct config_option *field_find(const struct config_rows *rows, struct span name)
{
    for (size_t i = 0; i < rows->n_fields; i++)
        if (span_equal(name, span_of(rows->fields[i].name)))
            return &rows->fields[i];
    return NULL;
}

static bool field_unknown(struct config_reader *r, const struct config_rows *rows, const struct node *field)
{
    const char *names[FIELDS_MOST + 1];
    for (size_t i = 0; i < rows->n_fields; i++)
        names[i] = rows->fields[i].name;
    const char *nearest = config_nearest(field->key, names, rows->n_fields);
    names[rows->n_fields] = NULL;
    if (nearest)
        return config_fault_key(r, field, "unknown key \"%.64s\": did you mean \"%s\"?", field->key.p,
                                nearest);
    return config_fault_key(r, field, "unknown key \"%.64s\": write %s", field->key.p,
                            config_listed(r, names));
}

bool config_fallback(struct config_reader *r, const struct config_option *o, struct node **ret)
{
    struct yaml_fault fault;
    return yaml_read(span_of(o->fallback), r->arena, ret, &fault) == BF_OK || config_no_memory(r);
}

static bool field_default(struct config_reader *r, const struct config_option *field, const struct node *node,
                          void *out)
{
    struct node *value;
    const bool before = r->fallback;
    if (!field->fallback)
        return config_fault(r, node, 0, "the row lacks \"%s\": %s", field->name, field->help);
    r->fallback = true;
    const bool good = config_fallback(r, field, &value) && config_value(r, field, value, out);
    r->fallback = before;
    return good;
}

/* Every field that is written, then the defaults of the others. */
static bool row_fields(struct config_reader *r, const struct config_rows *rows, const struct node *node,
                       void *out)
{
    bool seen[FIELDS_MOST] = { false }, good = true;
    for (const struct node *n = node->first; n; n = n->next) {
        const struct config_option *field = field_find(rows, n->key);
        if (!field) {
            good = field_unknown(r, rows, n);
        } else if (seen[field - rows->fields]) {
            good = config_fault_key(r, n, "\"%s\" stands twice in this row: keep one", field->name);
        } else {
            seen[field - rows->fields] = true;
            good = config_value(r, field, n, out) && good;
        }
    }
    for (size_t i = 0; i < rows->n_fields; i++)
        if (!seen[i])
            good = field_default(r, &rows->fields[i], node, out) && good;
    return good;
}

bool config_row(struct config_reader *r, const struct config_option *o, const struct node *node, void *out)
{
    const struct config_rows *rows = o->rows;
    struct node value, row;
    if (node->kind == NODE_SCALAR && rows->short_field) {
        value = *node;
        value.key = span_of(rows->short_field);
        value.next = NULL;
        row = (struct node){ .kind = NODE_MAP,
                             .line = node->line,
                             .column = node->column,
                             .first = &value,
                             .last = &value,
                             .n = 1 };
        node = &row;
    }
    if (node->kind != NODE_MAP)
        return config_refuse(r, o, node, 0, NULL);
    const char *const around = r->row;
    r->row = o->name;
    const bool good = row_fields(r, rows, node, out) && (!rows->check || rows->check(r, node, out));
    r->row = around;
    return good;
}

/* ---- lists ---- */

static size_t size_of(const struct config_option *o)
{
    return o->rows ? o->rows->size : o->kind->size;
}

static bool list(struct config_reader *r, const struct config_option *o, const struct node *node, char *base)
{
    const struct node alone = { .kind = NODE_LIST, .line = node->line, .column = node->column, .n = 1 };
    const bool one = o->shape == SHAPE_ONE_OR_LIST && node->kind == NODE_SCALAR;
    const size_t size = size_of(o), least = (size_t)o->min, most = o->max ? (size_t)o->max : LIST_MOST;
    const struct node *items = one ? &alone : node;
    bool good = true;
    if (items->kind != NODE_LIST)
        return config_fault(r, node, 0, "%s must be a list, like %s", o->name,
                            o->fallback && o->fallback[1] != ']' ? o->fallback : "[…]");
    if (items->n < least || items->n > most)
        return config_fault(r, node, 0, "%s must have from %zu to %zu entries, and has %zu", o->name, least,
                            most, items->n);
    char *array = arena_take(r->arena, items->n * size + 1);
    if (!array)
        return config_no_memory(r);
    if (one)
        good = o->kind->read(r, o, node, array);
    size_t i = 0;
    for (const struct node *n = items->first; n; n = n->next)
        good = o->kind->read(r, o, n, array + size * i++) && good;
    /* A pair is two entries of its array. */
    const size_t entries = items->n * (o->kind == &kind_pair ? 2 : 1);
    memcpy(base + o->at, &array, sizeof array);
    memcpy(base + o->n_at, &entries, sizeof entries);
    return good;
}

bool config_value(struct config_reader *r, const struct config_option *o, const struct node *node, void *base)
{
    if (o->shape != SHAPE_ONE)
        return list(r, o, node, base);
    return o->kind->read(r, o, node, (char *)base + o->at);
}
