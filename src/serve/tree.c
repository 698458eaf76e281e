/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/tree.h"

#include <yaml.h>

#define DEPTH_MOST 8u

struct reading {
    yaml_parser_t parser;
    struct arena *arena;
    struct yaml_fault *fault;
    struct node *open[DEPTH_MOST]; /* containers that are not closed yet, outermost first */
    struct node *root;
    struct node *pending; /* carries a key that waits for its value */
    unsigned depth, documents;
};

static enum bf_err refuse(struct reading *r, yaml_mark_t at, const char *what)
{
    *r->fault = (struct yaml_fault){ (unsigned)at.line + 1, (unsigned)at.column + 1, what };
    return what ? BF_EFORM : BF_ENOMEM;
}

static struct span copy(struct reading *r, const yaml_char_t *p, size_t n)
{
    return arena_copy(r->arena, span_make(p, n));
}

static enum bf_err node_make(struct reading *r, enum node_kind kind, yaml_mark_t at, struct node **ret)
{
    /* A key has made the node already: its value fills it. */
    struct node *n = r->pending ? r->pending : arena_new(r->arena, struct node);
    if (!n)
        return BF_ENOMEM;
    n->kind = kind;
    n->line = (unsigned)at.line + 1;
    n->column = (unsigned)at.column + 1;
    *ret = n;
    return BF_OK;
}

static void node_attach(struct reading *r, struct node *n)
{
    struct node *parent = r->depth ? r->open[r->depth - 1] : NULL;
    r->pending = NULL;
    if (!parent) {
        r->root = n;
        return;
    }
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
    parent->n++;
}

static enum bf_err key_begin(struct reading *r, const yaml_event_t *e)
{
    struct node *n = arena_new(r->arena, struct node);
    if (!n)
        return BF_ENOMEM;
    n->key = copy(r, e->data.scalar.value, e->data.scalar.length);
    n->key_line = (unsigned)e->start_mark.line + 1;
    n->key_column = (unsigned)e->start_mark.column + 1;
    r->pending = n;
    return n->key.p ? BF_OK : BF_ENOMEM;
}

static bool wants_key(const struct reading *r)
{
    return r->depth && r->open[r->depth - 1]->kind == NODE_MAP && !r->pending;
}

static enum bf_err on_scalar(struct reading *r, const yaml_event_t *e)
{
    struct node *n;
    if (memchr(e->data.scalar.value, 0, e->data.scalar.length))
        return refuse(r, e->start_mark, "a text with a NUL byte");
    if (wants_key(r))
        return key_begin(r, e);
    const enum bf_err err = node_make(r, NODE_SCALAR, e->start_mark, &n);
    if (err)
        return err;
    n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = copy(r, e->data.scalar.value, e->data.scalar.length);
    node_attach(r, n);
    return n->text.p ? BF_OK : BF_ENOMEM;
}

static enum bf_err on_open(struct reading *r, enum node_kind kind, yaml_mark_t at)
{
    struct node *n;
    if (wants_key(r))
        return refuse(r, at, "a key is a plain word, not a list or a mapping");
    if (r->depth == DEPTH_MOST)
        return refuse(r, at, "more than eight lists and mappings inside each other");
    const enum bf_err err = node_make(r, kind, at, &n);
    if (err)
        return err;
    node_attach(r, n);
    r->open[r->depth++] = n;
    return BF_OK;
}

static bool has_anchor(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor;
    default: return false;
    }
}

static bool has_tag(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.tag;
    default: return false;
    }
}

static enum bf_err on_event(struct reading *r, const yaml_event_t *e)
{
    if (has_anchor(e))
        return refuse(r, e->start_mark, "anchors (&name) are not taken: write the value out where it counts");
    if (has_tag(e))
        return refuse(r, e->start_mark, "tags (!name) are not taken: write the value alone");
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return refuse(r, e->start_mark, "aliases (*name) are not taken: write the value out where it counts");
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++)
            return refuse(r, e->start_mark, "a second document begins here: a configuration is one document");
        return BF_OK;
    case YAML_SCALAR_EVENT: return on_scalar(r, e);
    case YAML_SEQUENCE_START_EVENT: return on_open(r, NODE_LIST, e->start_mark);
    case YAML_MAPPING_START_EVENT: return on_open(r, NODE_MAP, e->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: r->depth--; return BF_OK;
    default: return BF_OK;
    }
}

/* libyaml's own complaint. Errors of the byte reader have an offset and no mark. */
static enum bf_err complain(struct reading *r, struct span text)
{
    const yaml_parser_t *p = &r->parser;
    yaml_mark_t at = p->problem_mark;
    if (p->error == YAML_MEMORY_ERROR)
        return BF_ENOMEM;
    if (p->error == YAML_READER_ERROR) {
        at = (yaml_mark_t){ 0 };
        for (size_t i = 0; i < p->problem_offset && i < text.n; i++) {
            at.column = text.p[i] == '\n' ? 0 : at.column + 1;
            at.line += text.p[i] == '\n';
        }
    }
    return refuse(r, at,
                  arena_printf(r->arena, "not YAML: %s%s%s", p->problem ? p->problem : "unreadable",
                               p->context ? " " : "", p->context ? p->context : ""));
}

static enum bf_err read_events(struct reading *r, struct span text)
{
    for (;;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&r->parser, &e))
            return complain(r, text);
        const bool end = e.type == YAML_STREAM_END_EVENT;
        const enum bf_err err = on_event(r, &e);
        yaml_event_delete(&e);
        if (err || end)
            return err;
    }
}

enum bf_err yaml_read(struct span text, struct arena *arena, struct node **ret, struct yaml_fault *fault)
{
    struct reading r = { .arena = arena, .fault = fault };
    *fault = (struct yaml_fault){ 1, 1, "unreadable" };
    if (!yaml_parser_initialize(&r.parser))
        return BF_ENOMEM;
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    const enum bf_err err = read_events(&r, text);
    yaml_parser_delete(&r.parser);
    if (err)
        return err;
    /* `---` alone gives one empty plain scalar: nothing was said. */
    const bool said = r.root && (r.root->kind != NODE_SCALAR || r.root->quoted || r.root->text.n);
    *ret = said ? r.root : NULL;
    return BF_OK;
}

bool node_integer(const struct node *node, int64_t *ret)
{
    uint64_t value;
    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    const bool minus = node->text.n && node->text.p[0] == '-';
    const struct span digits = span_from(node->text, minus);
    if (!span_decimal(digits, INT64_MAX, &value) || (digits.n > 1 && digits.p[0] == '0'))
        return false;
    *ret = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

/* ---- printing ---- */

static bool is_plain(struct span text)
{
    static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
    if (text.n == 0 || text.p[text.n - 1] == ':' || text.p[0] == '-')
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(bytes, text.p[i]) && (text.p[i] != ':' || i == 0))
            return false;
    return true;
}

static void print(const struct node *node, bool json, struct buf *out)
{
    int64_t value;
    const bool bare = !node->quoted && (span_equal(node->text, SPAN("true")) ||
                                        span_equal(node->text, SPAN("false")) || node_integer(node, &value));
    if (node->kind == NODE_SCALAR) {
        if (json ? bare : !node->quoted && is_plain(node->text))
            buf_span_put(out, node->text);
        else
            buf_json_string(out, node->text);
        return;
    }
    buf_char(out, node->kind == NODE_LIST ? '[' : '{');
    for (const struct node *n = node->first; n; n = n->next) {
        if (n != node->first)
            buf_text(out, ", ");
        if (node->kind == NODE_MAP) {
            if (json || !is_plain(n->key))
                buf_json_string(out, n->key);
            else
                buf_span_put(out, n->key);
            buf_text(out, ": ");
        }
        print(n, json, out);
    }
    buf_char(out, node->kind == NODE_LIST ? ']' : '}');
}

void yaml_print(const struct node *node, struct buf *out)
{
    print(node, false, out);
}

void yaml_print_json(const struct node *node, struct buf *out)
{
    print(node, true, out);
}
