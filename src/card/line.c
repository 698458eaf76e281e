/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `TEL;TYPE=home,"a;b":+1 202 555 0100` is name TEL, two values of TYPE, and what stands behind the first colon that no quote
 * holds.
 */
#include "card/line.h"

#include <stdlib.h>

#include "base/utf8.h"

#define FOLD 75u

struct card_reader {
    struct span text;
    size_t at;
    uint64_t line;
    size_t n; /* bytes of `unfolded` in use */
    char unfolded[];
};

enum bf_err card_reader_create(struct span text, struct card_reader **ret)
{
    if (text.n > CARD_BYTES)
        return BF_ELIMIT;
    struct card_reader *const r = malloc(sizeof *r + text.n);
    if (!r)
        return BF_ENOMEM;
    *r = (struct card_reader){ .text = text, .line = 1 };
    if (span_starts(text, SPAN("\xEF\xBB\xBF")))
        r->at = 3;
    *ret = r;
    return BF_OK;
}

void card_reader_destroy(struct card_reader *r)
{
    free(r);
}

/* ---- unfolding ---- */

/* The line at r->at, its end taken off. */
static struct span physical(struct card_reader *r)
{
    const struct span rest = span_from(r->text, r->at);
    const size_t n = span_find(rest, '\n');
    struct span line = span_first(rest, n);
    r->at += n < rest.n ? n + 1 : n;
    r->line++;
    while (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static bool goes_on(const struct card_reader *r)
{
    return r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t');
}

static void append(struct card_reader *r, struct span part)
{
    if (part.n)
        memcpy(r->unfolded + r->n, part.p, part.n);
    r->n += part.n;
}

/* false: that was all. */
static bool unfold(struct card_reader *r, struct span *ret, uint64_t *ret_line)
{
    struct span first = SPAN_NONE;
    while (span_trim(first).n == 0) {
        if (r->at >= r->text.n)
            return false;
        *ret_line = r->line;
        first = physical(r);
    }
    const size_t start = r->n;
    append(r, first);
    while (goes_on(r))
        append(r, span_from(physical(r), 1));
    *ret = span_make(r->unfolded + start, r->n - start);
    return true;
}

/* ---- splitting ---- */

static bool is_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/'; /* '_' and '/': no standard has them, some programs do */
}

static struct span word_at(struct span s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_word(s.p[at + n]))
        n++;
    return span_make(s.p + at, n);
}

/* One value, at *at; afterwards *at is behind it. */
static enum bf_err param_value(struct span s, size_t *at, struct span *ret, struct fault *fault)
{
    size_t from = *at, to = from;
    if (from < s.n && s.p[from] == '"') {
        to = ++from;
        while (to < s.n && s.p[to] != '"')
            to++;
        if (to == s.n)
            return fault_at(fault, BF_EFORM, from - 1, "a quote is opened and never closed");
        *at = to + 1;
    } else {
        while (to < s.n && !strchr(",;:\"", s.p[to]))
            to++;
        *at = to;
    }
    *ret = span_make(s.p + from, to - from);
    return BF_OK;
}

/* `;NAME=value,value` behind its semicolon. */
static enum bf_err param(struct span s, size_t *at, struct card_line *line, struct fault *fault)
{
    struct span name = word_at(s, *at);
    const bool named = *at + name.n < s.n && s.p[*at + name.n] == '=';
    if (named)
        *at += name.n + 1;
    else
        name = SPAN_NONE;
    for (;;) {
        if (line->n_params == CARD_PARAMS)
            return fault_at(fault, BF_ELIMIT, *at, "a line of more than 64 parameters");
        struct card_param *const p = &line->params[line->n_params];
        p->name = name;
        const enum bf_err err = param_value(s, at, &p->value, fault);
        if (err != BF_OK)
            return err;
        line->n_params++;
        if (*at == s.n || s.p[*at] != ',')
            return BF_OK;
        ++*at;
    }
}

enum bf_err card_line_split(struct span whole, struct card_line *ret, struct fault *fault)
{
    ret->whole = whole;
    ret->group = SPAN_NONE;
    ret->n_params = 0;
    ret->name = word_at(whole, 0);
    size_t at = ret->name.n;
    if (at && at < whole.n && whole.p[at] == '.') {
        ret->group = ret->name;
        ret->name = word_at(whole, at + 1);
        at += 1 + ret->name.n;
    }
    if (ret->name.n == 0)
        return fault_at(fault, BF_EFORM, at, "a line begins with the name of a property");
    if (memchr(whole.p, '\0', whole.n))
        return fault_at(fault, BF_EFORM, 0, "a NUL cannot stand here");
    while (at < whole.n && whole.p[at] == ';') {
        at++;
        const enum bf_err err = param(whole, &at, ret, fault);
        if (err != BF_OK)
            return err;
    }
    if (at == whole.n || whole.p[at] != ':')
        return fault_at(fault, BF_EFORM, at, "a colon is expected in front of the value");
    ret->value = span_from(whole, at + 1);
    return BF_OK;
}

enum bf_err card_next(struct card_reader *r, struct card_line *ret, struct fault *fault)
{
    struct span whole;
    return unfold(r, &whole, &ret->line) ? card_line_split(whole, ret, fault) : BF_ENOENT;
}

/* ---- what stands in a line ---- */

struct span card_param(const struct card_line *line, const char *name)
{
    for (size_t i = 0; i < line->n_params; i++)
        if (span_equal_nocase(line->params[i].name, span_of(name)))
            return line->params[i].value;
    return SPAN_NONE;
}

bool card_has_param(const struct card_line *line, const char *name, const char *value)
{
    for (size_t i = 0; i < line->n_params; i++)
        if (span_equal_nocase(line->params[i].name, span_of(name)) &&
            span_equal_nocase(line->params[i].value, span_of(value)))
            return true;
    return false;
}

void card_param_text(struct span value, struct buf *out)
{
    for (size_t i = 0; i < value.n; i++) {
        const char next = i + 1 < value.n ? value.p[i + 1] : '\0';
        const bool escaped = value.p[i] == '^' && (next == 'n' || next == '\'' || next == '^');
        buf_char(out, !escaped ? value.p[i] : next == 'n' ? '\n' : next == '\'' ? '"' : '^');
        i += escaped;
    }
}

bool card_text_next(struct span *rest, char separator, struct buf *out)
{
    const struct span s = *rest;
    size_t i = 0;
    if (!s.p)
        return false;
    for (; i < s.n && !(separator && s.p[i] == separator); i++) {
        const char c = s.p[i];
        if (c == '\\' && i + 1 < s.n) {
            const char next = s.p[++i];
            buf_char(out, next == 'n' || next == 'N' ? '\n' : next);
        } else {
            buf_char(out, c);
        }
    }
    *rest = i < s.n ? span_from(s, i + 1) : SPAN_NONE;
    return true;
}

/* ---- writing ---- */

void card_put_text(FILE *out, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if (c == '\n')
            fputs("\\n", out);
        else if (c == '\\' || c == ',' || c == ';')
            fprintf(out, "\\%c", c);
        else if (c != '\r')
            fputc(c, out);
    }
}

void card_put_param(FILE *out, struct span value)
{
    bool quoted = false;
    for (size_t i = 0; i < value.n; i++)
        quoted |= strchr(",;:", value.p[i]) != NULL;
    if (quoted)
        fputc('"', out);
    for (size_t i = 0; i < value.n; i++)
        switch (value.p[i]) {
        case '\n': fputs("^n", out); break;
        case '"': fputs("^'", out); break;
        case '^': fputs("^^", out); break;
        default: fputc(value.p[i], out);
        }
    if (quoted)
        fputc('"', out);
}

void card_put_line(FILE *out, struct span line)
{
    size_t room = FOLD;
    while (line.n > room) {
        struct span part = utf8_cut(line, room);
        if (part.n == 0 || part.n + 4 < room) /* no UTF-8: anywhere */
            part = span_first(line, room);
        fwrite(part.p, 1, part.n, out);
        fputs("\r\n ", out);
        line = span_from(line, part.n);
        room = FOLD - 1;
    }
    fwrite(line.p ? line.p : "", 1, line.n, out);
    fputs("\r\n", out);
}
