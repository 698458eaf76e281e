/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER 65536u
#define END    (-1)
#define FAILED (-2)

struct csv {
    int fd; /* -1: all bytes lie at `p` */
    const char *p;
    size_t at, n;
    uint64_t line;
    uint32_t column;
    char separator; /* 0: not known yet */
    int error;
    size_t most; /* bytes of a record */
    char *text;  /* so many */
    char buffer[];
};

static enum bf_err create(int fd, size_t most, struct csv **ret)
{
    const size_t buffer = fd >= 0 ? BUFFER : 0;
    struct csv *c = calloc(1, sizeof *c + buffer + most);
    if (!c)
        return BF_ENOMEM;
    c->fd = fd;
    c->p = c->buffer;
    c->text = c->buffer + buffer;
    c->most = most;
    c->line = 1;
    *ret = c;
    return BF_OK;
}

enum bf_err csv_open(const char *path, struct csv **ret)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return BF_EIO;
    const enum bf_err err = create(fd, CSV_RECORD_BYTES, ret);
    if (err != BF_OK)
        close(fd);
    return err;
}

enum bf_err csv_of(struct span bytes, struct csv **ret)
{
    return csv_of_wide(bytes, CSV_RECORD_BYTES, ret);
}

enum bf_err csv_of_wide(struct span bytes, size_t record_bytes, struct csv **ret)
{
    const enum bf_err err = create(-1, record_bytes, ret);
    if (err == BF_OK) {
        (*ret)->p = bytes.p;
        (*ret)->n = bytes.n;
    }
    return err;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

/* ---- bytes ---- */

static int fill(struct csv *c)
{
    ssize_t n = 0;
    if (c->fd < 0)
        return END;
    do
        n = read(c->fd, c->buffer, BUFFER);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        c->error = errno;
    c->at = 0;
    c->n = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : n == 0 ? END : FAILED;
}

static int peek(struct csv *c)
{
    if (c->at == c->n) {
        const int end = fill(c);
        if (end)
            return end;
    }
    return (unsigned char)c->p[c->at];
}

static void step(struct csv *c)
{
    if (c->p[c->at++] == '\n') {
        c->line++;
        c->column = 0;
    } else {
        c->column++;
    }
}

static bool accept(struct csv *c, int wanted)
{
    if (peek(c) != wanted)
        return false;
    step(c);
    return true;
}

/* ---- fields ---- */

struct reading {
    struct csv *c;
    struct csv_record *record;
    size_t n; /* bytes of text */
    struct fault *fault;
};

static enum bf_err put(struct reading *r, char ch)
{
    if (r->n == r->c->most)
        return fault_at(r->fault, BF_ELIMIT, 0,
                        r->c->most == CSV_RECORD_BYTES ? "a row of more than 4096 bytes" : "too long a row");
    r->c->text[r->n++] = ch;
    return BF_OK;
}

static bool ends_line(int ch)
{
    return ch == '\n' || ch == '\r' || ch == END;
}

static bool separates(const struct csv *c, int ch)
{
    return c->separator ? ch == c->separator : ch == ',' || ch == ';';
}

static enum bf_err read_quoted(struct reading *r)
{
    for (;;) {
        const int ch = peek(r->c);
        if (ch == FAILED)
            return BF_EIO;
        if (ch == END)
            return fault_at(r->fault, BF_EFORM, 0, "a quote is opened and never closed");
        if ((ch < 0x20 && ch != '\t' && ch != '\n' && ch != '\r') || ch == 0x7F)
            return fault_at(r->fault, BF_EFORM, 0, "a control character cannot stand here");
        step(r->c);
        if (ch == '"' && !accept(r->c, '"'))
            return BF_OK;
        const enum bf_err err = put(r, (char)ch);
        if (err != BF_OK)
            return err;
    }
}

static enum bf_err read_bare(struct reading *r)
{
    for (;;) {
        const int ch = peek(r->c);
        if (ch == FAILED)
            return BF_EIO;
        if (ends_line(ch) || separates(r->c, ch))
            return BF_OK;
        if (ch == '"')
            return fault_at(r->fault, BF_EFORM, 0, "a quote stands within a field: put the field in quotes");
        if ((ch < 0x20 && ch != '\t') || ch == 0x7F)
            return fault_at(r->fault, BF_EFORM, 0, "a control character cannot stand here");
        const enum bf_err err = put(r, (char)ch);
        if (err != BF_OK)
            return err;
        step(r->c);
    }
}

static enum bf_err read_field(struct reading *r)
{
    struct csv_record *const record = r->record;
    if (record->n == CSV_FIELDS)
        return fault_at(r->fault, BF_ELIMIT, 0, "a row of more than 32 fields");
    const size_t start = r->n;
    record->columns[record->n] = r->c->column + 1;
    const bool quoted = accept(r->c, '"');
    const enum bf_err err = quoted ? read_quoted(r) : read_bare(r);
    if (err != BF_OK)
        return err;
    struct span field = span_make(r->c->text + start, r->n - start);
    record->fields[record->n++] = quoted ? field : span_trim(field);
    const int ch = peek(r->c);
    if (ch == FAILED)
        return BF_EIO;
    if (!ends_line(ch) && !separates(r->c, ch))
        return fault_at(r->fault, BF_EFORM, 0, "a separator is expected behind the closing quote");
    return BF_OK;
}

/* The first line says what separates: the first of both that stands between two fields. */
static enum bf_err read_fields(struct reading *r)
{
    for (;;) {
        enum bf_err err = read_field(r);
        if (err != BF_OK)
            return err;
        const int ch = peek(r->c);
        if (ends_line(ch)) {
            (void)accept(r->c, '\r');
            if (!accept(r->c, '\n') && peek(r->c) != END)
                return fault_at(r->fault, BF_EFORM, 0, "a line ends with LF or CR LF");
            return BF_OK;
        }
        r->c->separator = (char)ch;
        step(r->c);
    }
}

static void skip_blank(struct csv *c)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (c->line == 1 && c->column == 0 && peek(c) == 0xEF && c->n - c->at >= 3 &&
        memcmp(c->p + c->at, mark, 3) == 0)
        c->at += 3;
    while (peek(c) == '\n' || peek(c) == '\r')
        step(c);
    c->column = 0;
}

enum bf_err csv_next(struct csv *c, struct csv_record *ret, uint32_t *ret_column, struct fault *fault)
{
    struct reading r = { c, ret, 0, fault };
    skip_blank(c);
    ret->n = 0;
    ret->line = c->line;
    const int ch = peek(c);
    enum bf_err err = ch == END ? BF_ENOENT : ch == FAILED ? BF_EIO : read_fields(&r);
    if (err == BF_EIO)
        errno = c->error;
    if (err == BF_EFORM || err == BF_ELIMIT) {
        ret->line = c->line;
        *ret_column = c->column + 1;
    }
    return err;
}
