/* SPDX-License-Identifier: Apache-2.0 */
/* What the table says in words: what is in force, the sample file, the manual, and what a reload cannot change. */
#include <stdio.h>
#include <stdlib.h>

#include "serve/values.h"

/* A buffer that grows: texts for people, written once and freed. */
struct text {
    FILE *file;
    char *p;
    size_t n;
};

static bool text_open(struct text *t)
{
    *t = (struct text){ NULL, NULL, 0 };
    t->file = open_memstream(&t->p, &t->n);
    return t->file != NULL;
}

static char *text_close(struct text *t)
{
    const bool bad = ferror(t->file);
    if (fclose(t->file) != 0 || bad) {
        free(t->p);
        return NULL;
    }
    return t->p;
}

/* ---- what is in force ---- */

/* The value on a line; of texts, with paths and the host's name filled in. To be freed. */
static char *value_of(const struct config *c, size_t i, bool json)
{
    const struct config_option *o = &config_options[i];
    const struct config_memory *m = c->memory;
    struct node node = *m->settings[i].node;
    if (o->shape == SHAPE_ONE && o->kind->is_text) {
        const char *stored;
        memcpy(&stored, (const char *)c + o->at, sizeof stored);
        node = (struct node){ .kind = NODE_SCALAR, .text = span_of(stored ? stored : "") };
    }
    for (size_t size = 1024; size <= 8u * LIMIT_CONFIG_BYTES; size *= 8) {
        char *p = malloc(size);
        struct buf b = buf_on(p, p ? size - 1 : 0);
        if (!p)
            return NULL;
        if (json)
            yaml_print_json(&node, &b);
        else
            yaml_print(&node, &b);
        if (buf_ok(&b)) {
            p[b.n] = '\0';
            return p;
        }
        free(p);
    }
    return NULL;
}

static void origin(const struct config_memory *m, size_t i, char *out, size_t size)
{
    if (m->settings[i].written)
        snprintf(out, size, "%s:%u", m->name, m->settings[i].node->key_line);
    else if (m->settings[i].environment)
        snprintf(out, size, "environment:%s", config_options[i].environment);
    else
        snprintf(out, size, "default");
}

static void show_line(FILE *out, const char *name, const char *value, const char *from)
{
    fprintf(out, "%-28s %-44s # %s\n", name, value, from);
}

static void show_json(FILE *out, size_t i, const char *value, const char *from)
{
    char memory[4096];
    struct buf b = BUF_ON(memory);
    buf_json_string(&b, span_of(from));
    fprintf(out, "%s\"%s\":{\"value\":%s,\"from\":%.*s,\"restart\":%s}", i ? "," : "{",
            config_options[i].name, value, SPAN_FMT(buf_span(&b)),
            config_options[i].restart ? "true" : "false");
}

char *config_show(const struct config *c, bool json)
{
    struct text t;
    if (!text_open(&t))
        return NULL;
    for (size_t i = 0; i < config_options_n; i++) {
        char from[2048];
        char *value = value_of(c, i, json);
        origin(c->memory, i, from, sizeof from);
        if (json)
            show_json(t.file, i, value ? value : "null", from);
        else
            show_line(t.file, config_options[i].name, value ? value : "?", from);
        free(value);
    }
    if (json)
        fputs("}\n", t.file);
    return text_close(&t);
}

char *config_needs_restart(const struct config *old, const struct config *fresh)
{
    struct text t;
    bool any = false;
    if (!text_open(&t))
        return NULL;
    for (size_t i = 0; i < config_options_n; i++) {
        if (!config_options[i].restart)
            continue;
        char *a = value_of(old, i, false), *b = value_of(fresh, i, false);
        if (!a || !b || strcmp(a, b) != 0) {
            fprintf(t.file, "%s%s", any ? ", " : "", config_options[i].name);
            any = true;
        }
        free(a);
        free(b);
    }
    char *names = text_close(&t);
    if (any)
        return names;
    free(names);
    return NULL;
}

/* ---- the sample ---- */

#define WIDTH 100

/* Words as comment lines, `indent` deep. */
static void put_comment(FILE *out, int indent, const char *words)
{
    int column = 0;
    while (*words) {
        const size_t blank = strcspn(words, " ");
        if (column == 0 || column + 1 + (int)blank > WIDTH) {
            column = fprintf(out, "%s%*s#", column ? "\n" : "", indent, "");
        }
        column += fprintf(out, " %.*s", (int)blank, words);
        words += blank;
        words += strspn(words, " ");
    }
    if (column)
        fputc('\n', out);
}

/* `0 to 64 seconds`, `strict or relaxed`; "" when the kind says it all. */
static void bounds(const struct config_option *o, char *out, size_t size)
{
    struct buf b = buf_on(out, size - 1);
    if (o->kind == &kind_integer || o->kind == &kind_small) {
        buf_printf(&b, "%lld to %lld%s%s", (long long)o->min, (long long)o->max, o->unit ? " " : "",
                   o->unit ? o->unit : "");
    } else if (o->choices) {
        for (size_t i = 0; o->choices[i]; i++)
            buf_printf(&b, "%s%s", i ? " | " : "", o->choices[i]);
    } else {
        buf_printf(&b, "%s%s", o->shape == SHAPE_LIST ? "a list, each entry " : "", o->kind->what);
    }
    out[b.n] = '\0';
}

static void sample_rows(FILE *out, int indent, int depth, const struct config_rows *rows)
{
    for (size_t i = 0; i < rows->n_fields; i++) {
        const struct config_option *f = &rows->fields[i];
        char line[1024], range[256];
        bounds(f, range, sizeof range);
        snprintf(line, sizeof line, "%*s%s: %s (%s%s%s)", depth, "", f->name, f->help, range,
                 f->fallback ? "; default " : "; must be there", f->fallback ? f->fallback : "");
        put_comment(out, indent, line);
        if (f->rows)
            sample_rows(out, indent, depth + 2, f->rows);
    }
}

static void sample_option(FILE *out, const struct config_option *o, int indent, const char *key)
{
    char line[1024], range[256];
    bounds(o, range, sizeof range);
    if (o->rows)
        snprintf(line, sizeof line, "%s %s of:", o->help, o->shape == SHAPE_ONE ? "A row" : "Rows");
    else
        snprintf(line, sizeof line, "%s (%s)%s", o->help, range, o->restart ? " Needs a restart." : "");
    put_comment(out, indent, line);
    if (o->rows)
        sample_rows(out, indent, 2, o->rows);
    fprintf(out, "%*s%s%s: %s%s\n", indent, "", o->state ? "# " : "", key, o->fallback,
            o->state ? "   # in the state directory" : "");
}

char *config_sample(void)
{
    struct text t;
    struct span section = SPAN("");
    if (!text_open(&t))
        return NULL;
    fputs("# The configuration of bonafide: every option with its default. Delete what you do not change.\n"
          "# `bonafide serve --config FILE --check` says whether a file is good, `bonafide config` what is "
          "in force.\n",
          t.file);
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        const struct span name = span_of(o->name);
        const size_t dot = span_find(name, '.');
        const struct span head = dot < name.n ? span_first(name, dot) : SPAN("");
        if (!span_equal(head, section) || head.n == 0)
            fputc('\n', t.file);
        if (!span_equal(head, section) && head.n)
            fprintf(t.file, "%.*s:\n", SPAN_FMT(head));
        section = head;
        sample_option(t.file, o, head.n ? 2 : 0, head.n ? o->name + dot + 1 : o->name);
    }
    return text_close(&t);
}

/* ---- the manual ---- */

/* Text in mdoc: a backslash is \e, and no line may begin with a dot or an apostrophe. */
static void put_mdoc(FILE *out, const char *words)
{
    if (*words == '.' || *words == '\'')
        fputs("\\&", out);
    for (; *words; words++) {
        if (*words == '\\')
            fputs("\\e", out);
        else
            fputc(*words, out);
    }
}

/* Sentences a line each, as mdoc wants them. */
static void put_sentences(FILE *out, const char *words)
{
    for (const char *end; *words; words = end + strspn(end, " ")) {
        char line[1024];
        end = strstr(words, ". ");
        end = end ? end + 1 : words + strlen(words);
        snprintf(line, sizeof line, "%.*s", (int)(end - words), words);
        put_mdoc(out, line);
        fputc('\n', out);
    }
}

static void manual_facts(FILE *out, const struct config_option *o)
{
    char range[256];
    if (o->rows)
        snprintf(range, sizeof range, o->shape == SHAPE_ONE ? "a row" : "a list of rows");
    else
        bounds(o, range, sizeof range);
    fputs("Value: ", out);
    put_mdoc(out, range);
    fputc('.', out);
    if (o->fallback) {
        fputs("\nDefault: ", out);
        put_mdoc(out, o->fallback);
        fputs(o->state ? ", in the state directory." : ".", out);
    } else {
        fputs("\nMust be there.", out);
    }
    fputs(o->restart ? "\nA change needs a restart.\n" : "\n", out);
}

static void manual_option(FILE *out, const struct config_option *o)
{
    fprintf(out, ".It Ic %s\n", o->name);
    put_sentences(out, o->help);
    manual_facts(out, o);
    if (!o->rows)
        return;
    fputs(".Bl -tag -width private_link\n", out);
    for (size_t i = 0; i < o->rows->n_fields; i++)
        manual_option(out, &o->rows->fields[i]);
    fputs(".El\n", out);
}

char *config_manual(void)
{
    struct text t;
    if (!text_open(&t))
        return NULL;
    fputs(".Sh OPTIONS\n.Bl -tag -width Ds\n", t.file);
    for (size_t i = 0; i < config_options_n; i++)
        manual_option(t.file, &config_options[i]);
    fputs(".El\n", t.file);
    return text_close(&t);
}
