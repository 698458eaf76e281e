/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/values.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MOST 1024

/* ---- faults ---- */

static void fault_put(struct config_reader *r, unsigned line, unsigned column, const char *format,
                      va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    if (r->n_faults++ >= CONFIG_FAULTS)
        return;
    buf_printf(&r->faults, "%s:%u:%u: %s%s", r->name, line, column, r->row ? r->row : "", r->row ? ": " : "");
    buf_printable(&r->faults, span_of(text));
    buf_char(&r->faults, '\n');
}

bool config_fault(struct config_reader *r, const struct node *node, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_put(r, node->line, node->column + (unsigned)at + (at && node->quoted), format, args);
    va_end(args);
    return false;
}

bool config_fault_key(struct config_reader *r, const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_put(r, node->key_line, node->key_column, format, args);
    va_end(args);
    return false;
}

bool config_no_memory(struct config_reader *r)
{
    r->no_memory = true;
    return false;
}

/* A wrong value, and what would be right. `at`, `why`: what a reader of another room said. */
bool config_refuse(struct config_reader *r, const struct config_option *o, const struct node *node, size_t at,
                   const char *why)
{
    if (node->kind != NODE_SCALAR)
        return config_fault(r, node, 0, "%s must be %s, not %s", o->name, o->kind->what,
                            node->kind == NODE_LIST ? "a list" : "a mapping");
    return config_fault(r, node, node->quoted ? 0 : at, "%s must be %s, and \"%.64s\" is not%s%s", o->name,
                        o->kind->what, node->text.p, why ? ": " : "", why ? why : "");
}

bool config_is_scalar(struct config_reader *r, const struct config_option *o, const struct node *node)
{
    return node->kind == NODE_SCALAR || config_refuse(r, o, node, 0, NULL);
}

/* Nothing behind the colon, `~` and `null` mean three things to three people. */
static bool is_null(const struct node *node)
{
    return !node->quoted && (node->text.n == 0 || span_equal(node->text, SPAN("~")) ||
                             span_equal_nocase(node->text, SPAN("null")));
}

/* ---- plain values ---- */

static bool read_bool(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    if (!config_is_scalar(r, o, node))
        return false;
    const bool yes = span_equal(node->text, SPAN("true"));
    if (node->quoted || (!yes && !span_equal(node->text, SPAN("false"))))
        return config_refuse(r, o, node, 0, node->quoted ? "write it without quotes" : NULL);
    *(bool *)out = yes;
    return true;
}

static bool integer(struct config_reader *r, const struct config_option *o, const struct node *node,
                    int64_t *ret)
{
    if (!config_is_scalar(r, o, node))
        return false;
    if (!node_integer(node, ret))
        return config_refuse(r, o, node, 0, node->quoted ? "write it without quotes" : NULL);
    if (*ret < o->min || *ret > o->max)
        return config_fault(r, node, 0, "%s must be from %lld to %lld%s%s, and %lld is not", o->name,
                            (long long)o->min, (long long)o->max, o->unit ? " " : "", o->unit ? o->unit : "",
                            (long long)*ret);
    return true;
}

static bool read_integer(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    int64_t value;
    if (!integer(r, o, node, &value))
        return false;
    *(int64_t *)out = value;
    return true;
}

static bool read_small(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    int64_t value;
    if (!integer(r, o, node, &value))
        return false;
    *(uint8_t *)out = (uint8_t)value;
    return true;
}

/* A text within its bounds, printable; its copy lives as long as the configuration. */
bool config_text(struct config_reader *r, const struct config_option *o, const struct node *node)
{
    const size_t most = o->max && o->shape == SHAPE_ONE ? (size_t)o->max : TEXT_MOST;
    if (!config_is_scalar(r, o, node))
        return false;
    if (is_null(node))
        return config_fault(r, node, 0, "%s has no value: write one, or \"\" for none", o->name);
    if (node->text.n > most)
        return config_fault(r, node, 0, "%s must have at most %zu characters", o->name, most);
    for (size_t i = 0; i < node->text.n; i++)
        if ((unsigned char)node->text.p[i] < 0x20 || node->text.p[i] == 0x7F)
            return config_refuse(r, o, node, 0, "it holds a control character");
    return true;
}

static bool read_text(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    if (!config_text(r, o, node))
        return false;
    if (node->text.n < (size_t)o->min)
        return config_fault(r, node, 0, "%s must not be empty", o->name);
    *(const char **)out = node->text.p;
    return true;
}

/* Into a field of fixed size: max characters and a NUL. */
static bool read_digits(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    if (!config_text(r, o, node))
        return false;
    for (size_t i = 0; i < node->text.n; i++)
        if (node->text.p[i] < '0' || node->text.p[i] > '9')
            return config_refuse(r, o, node, i, "only digits may stand here");
    memcpy(out, node->text.p, node->text.n + 1);
    return true;
}

/* ---- one of several words ---- */

const char *config_nearest(struct span word, const char *const *names, size_t n)
{
    enum { LONGEST = 48 };
    const char *best = NULL;
    size_t best_apart = 3; /* farther than two letters is another word */
    if (word.n > LONGEST)
        return NULL;
    for (size_t k = 0; k < n; k++) {
        size_t row[LONGEST + 1];
        const size_t length = strlen(names[k]);
        for (size_t j = 0; j <= word.n; j++)
            row[j] = j;
        for (size_t i = 0; i < length; i++) {
            size_t corner = row[0];
            row[0] = i + 1;
            for (size_t j = 0; j < word.n; j++) {
                const size_t above = row[j + 1], change = corner + (names[k][i] != word.p[j]);
                const size_t least = above < row[j] ? above + 1 : row[j] + 1;
                row[j + 1] = change < least ? change : least;
                corner = above;
            }
        }
        if (row[word.n] < best_apart && row[word.n] < length) {
            best = names[k];
            best_apart = row[word.n];
        }
    }
    return best;
}

/* `a, b or c` */
const char *config_listed(struct config_reader *r, const char *const *choices)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    for (size_t i = 0; choices[i]; i++) {
        if (i)
            buf_text(&b, choices[i + 1] ? ", " : " or ");
        buf_text(&b, choices[i]);
    }
    const struct span text = arena_copy(r->arena, buf_span(&b));
    return text.p ? text.p : "something else";
}

bool config_choose(struct config_reader *r, const struct config_option *o, const struct node *node,
                   unsigned *ret)
{
    size_t n = 0;
    if (!config_is_scalar(r, o, node))
        return false;
    for (; o->choices[n]; n++)
        if (span_equal(node->text, span_of(o->choices[n]))) {
            *ret = (unsigned)n;
            return true;
        }
    const char *later = config_later(node->text);
    if (later)
        return config_fault(r, node, 0, "%s: %s", o->name, later);
    const char *nearest = config_nearest(node->text, o->choices, n);
    return config_fault(r, node, 0, "%s must be %s, and \"%.64s\" is not%s%s%s", o->name,
                        config_listed(r, o->choices), node->text.p, nearest ? ": did you mean \"" : "",
                        nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool read_choice(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    unsigned which = 0;
    if (!config_choose(r, o, node, &which))
        return false;
    memcpy(out, &which, sizeof which);
    return true;
}

static bool read_mode(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    unsigned which = 0;
    (void)out;
    return config_choose(r, o, node, &which);
}

/* Two words for a bool: the second is true. */
static bool read_flag(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    unsigned which = 0;
    if (!config_choose(r, o, node, &which))
        return false;
    *(bool *)out = which == 1;
    return true;
}

static bool read_word(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    unsigned which = 0;
    if (!config_choose(r, o, node, &which))
        return false;
    *(const char **)out = o->choices[which];
    return true;
}

static bool read_attest(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    unsigned which = 0;
    if (!config_choose(r, o, node, &which))
        return false;
    *(char *)out = o->choices[which][0];
    return true;
}

static bool read_least(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    if (node->kind == NODE_SCALAR && span_equal(node->text, SPAN("C")))
        return config_fault(r, node, 0,
                            "%s: C vouches only for the gateway a call came through, never for its number, "
                            "so no server calls that genuine: write A or B",
                            o->name);
    return read_attest(r, o, node, out);
}

/* `1/1024`, or off: 0. */
static bool read_share(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    uint64_t n = 0;
    if (!config_text(r, o, node))
        return false;
    if (!span_equal(node->text, SPAN("off")) &&
        (!span_starts(node->text, SPAN("1/")) || !span_decimal(span_from(node->text, 2), 1000000000, &n) ||
         n == 0))
        return config_refuse(r, o, node, 0, NULL);
    *(unsigned *)out = (unsigned)n;
    return true;
}

/* ---- files ---- */

static bool path_in(struct config_reader *r, const char *dir, struct span path, const char **ret)
{
    const bool alone = path.p[0] == '/' || !dir[0];
    *ret = alone ? path.p
                 : arena_printf(r->arena, "%s%s%.*s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/",
                                SPAN_FMT(path));
    return *ret || config_no_memory(r);
}

static bool read_file(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    if (!config_text(r, o, node))
        return false;
    if (node->text.n == 0 && o->min > 0)
        return config_fault(r, node, 0, "%s must name a file", o->name);
    if (node->text.n == 0) {
        *(const char **)out = NULL;
        return true;
    }
    return path_in(r, r->dir, node->text, out);
}

static bool read_state_file(struct config_reader *r, const struct config_option *o, const struct node *node,
                            void *out)
{
    if (r->fallback && node->text.n)
        return path_in(r, r->state_dir, node->text, out);
    return read_file(r, o, node, out);
}

/* `sqlite:PATH`; "" for no database. */
static bool read_store_url(struct config_reader *r, const struct config_option *o, const struct node *node,
                           void *out)
{
    const char *path;
    if (!config_text(r, o, node))
        return false;
    if (node->text.n == 0) {
        *(const char **)out = NULL;
        return true;
    }
    if (span_starts(node->text, SPAN("postgresql:")) || span_starts(node->text, SPAN("postgres:")))
        return config_fault(r, node, 0, "%s: %s", o->name, config_later(SPAN("postgresql")));
    if (!span_starts(node->text, SPAN("sqlite:")) || node->text.n == 7)
        return config_refuse(r, o, node, 0, NULL);
    if (!path_in(r, r->fallback ? r->state_dir : r->dir, span_make(node->text.p + 7, node->text.n - 7),
                 &path))
        return false;
    return (*(const char **)out = arena_printf(r->arena, "sqlite:%s", path)) != NULL || config_no_memory(r);
}

/* ---- the kinds ---- */

#define TEXT sizeof(const char *), true
const struct config_kind kind_bool = { "true or false", sizeof(bool), false, read_bool };
const struct config_kind kind_integer = { "a whole number", sizeof(int64_t), false, read_integer };
const struct config_kind kind_small = { "a whole number", sizeof(uint8_t), false, read_small };
const struct config_kind kind_text = { "a text", TEXT, read_text };
const struct config_kind kind_digits = { "digits in quotes", 1, false, read_digits };
const struct config_kind kind_choice = { "one word of a list", sizeof(unsigned), false, read_choice };
const struct config_kind kind_mode = { "one word of a list", 0, false, read_mode };
const struct config_kind kind_flag = { "one word of a list", sizeof(bool), false, read_flag };
const struct config_kind kind_word = { "one word of a list", TEXT, read_word };
const struct config_kind kind_attest = { "A, B or C", sizeof(char), false, read_attest };
const struct config_kind kind_least = { "A or B", sizeof(char), false, read_least };
const struct config_kind kind_file = { "a path", TEXT, read_file };
const struct config_kind kind_state_file = { "a path", TEXT, read_state_file };
const struct config_kind kind_store_url = { "sqlite:PATH, or \"\" for no database", TEXT, read_store_url };
const struct config_kind kind_share = { "1/N, or off", sizeof(unsigned), false, read_share };
const struct config_kind kind_row = { "a row like {key: value}", 0, false, config_row };
