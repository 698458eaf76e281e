/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What subcommands share in front of people: tables, progress, the sentence of a failure.
 *
 * A character is taken as one column wide, combining marks as none; that is wrong for East Asian wide letters,
 * which then make their row longer than the others and nothing worse.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "cli/command.h"

#define GAP 2u /* blanks between columns */

struct table_line {
    char **cells;
    const char *color;
};

struct table {
    size_t columns;
    struct table_line *lines; /* lines[0]: the titles */
    size_t n, size;
    bool wrap;
    bool broken; /* memory ran out: the table is printed as far as it goes */
};

int command_fail(const char *command, int status, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "bonafide %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

bool command_colors(void)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (!no || !*no) && !(term && strcmp(term, "dumb") == 0);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* U+0300 to U+036F, the combining marks that names carry. */
static bool is_combining(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (u[0] == 0xcc && u[1] >= 0x80) || (u[0] == 0xcd && u[1] >= 0x80 && u[1] <= 0xaf);
}

static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++)
        if (!is_continuation(*p) && !is_combining(p))
            n++;
    return n;
}

/* Bytes of the first `columns` columns. */
static size_t bytes_of(const char *text, size_t columns)
{
    const char *p = text;
    for (size_t n = 0; *p; p++) {
        if (!is_continuation(*p) && !is_combining(p)) {
            if (n == columns)
                break;
            n++;
        }
    }
    return (size_t)(p - text);
}

/* U+0080 to U+009F are control characters too, and some terminals obey them. */
static char *cell_copy(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        return NULL;
    for (char *p = copy; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            *p = '?';
        else if (c == 0xc2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] <= 0x9f)
            p[0] = p[1] = '?';
    }
    return copy;
}

static bool line_add(struct table *t, const char *const *cells, const char *color)
{
    if (t->n == t->size) {
        size_t size = t->size ? t->size * 2 : 16;
        struct table_line *more = reallocarray(t->lines, size, sizeof *more);
        if (!more)
            return false;
        t->lines = more;
        t->size = size;
    }
    char **copies = calloc(t->columns, sizeof *copies);
    if (!copies)
        return false;
    t->lines[t->n++] = (struct table_line){ copies, color };
    for (size_t i = 0; i < t->columns; i++)
        if (!(copies[i] = cell_copy(cells[i])))
            return false;
    return true;
}

struct table *table_create(const char *const *titles, size_t columns)
{
    struct table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->columns = columns;
    if (!line_add(t, titles, NULL)) {
        table_destroy(t);
        return NULL;
    }
    return t;
}

void table_row(struct table *t, const char *const *cells, const char *color)
{
    if (t && !t->broken && !line_add(t, cells, color))
        t->broken = true;
}

size_t command_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0)
        return SIZE_MAX;
    return size.ws_col;
}

static void print_cell(const char *text, size_t room, size_t width, bool last)
{
    size_t columns = columns_of(text);

    if (columns > room && room > 0) {
        printf("%.*s…", (int)bytes_of(text, room - 1), text);
        columns = room;
    } else if (columns <= room) {
        fputs(text, stdout);
    } else {
        columns = 0;
    }
    if (!last)
        printf("%*s", (int)(width - columns + GAP), "");
}

/* Bytes of the first words that fit into `room` columns; a word that is longer alone is cut. */
static size_t bytes_of_words(const char *text, size_t room)
{
    size_t fit = bytes_of(text, room), at = fit;
    if (!text[fit])
        return fit;
    while (at > 0 && text[at] != ' ')
        at--;
    return at ? at : fit;
}

static void print_wrapped(const char *text, size_t room, size_t indent)
{
    for (;;) {
        size_t n = bytes_of_words(text, room);
        printf("%.*s", (int)n, text);
        text += n + strspn(text + n, " ");
        if (!*text)
            return;
        printf("\n%*s", (int)indent, "");
    }
}

#define WRAP_LEAST 16u /* columns: narrower text is no text */

static void print_line(const struct table *t, const struct table_line *line, const size_t *widths,
                       size_t room, const char *color)
{
    size_t indent = 0;

    if (color)
        printf("\033[%sm", color);
    for (size_t i = 0; i < t->columns; i++) {
        bool last = i + 1 == t->columns;
        size_t width = widths[i] < room ? widths[i] : room;
        const char *text = line->cells[i] ? line->cells[i] : "";
        if (last && t->wrap && room >= WRAP_LEAST)
            print_wrapped(text, room, indent);
        else
            print_cell(text, width, width, last);
        indent += width + GAP;
        room = room - width > GAP ? room - width - GAP : 0;
        if (!room)
            break;
    }
    if (color)
        fputs("\033[0m", stdout);
    putchar('\n');
}

void table_wrap(struct table *t)
{
    if (t)
        t->wrap = true;
}

void table_print(struct table *t, bool colors)
{
    if (!t)
        return;
    size_t *widths = calloc(t->columns, sizeof *widths);
    if (!widths)
        return;
    for (size_t l = 0; l < t->n; l++)
        for (size_t i = 0; i < t->columns; i++) {
            size_t columns = t->lines[l].cells[i] ? columns_of(t->lines[l].cells[i]) : 0;
            if (columns > widths[i])
                widths[i] = columns;
        }
    size_t room = command_columns();
    for (size_t l = 0; l < t->n; l++)
        print_line(t, &t->lines[l], widths, room, !colors ? NULL : l == 0 ? "1" : t->lines[l].color);
    fflush(stdout);
    free(widths);
}

void table_destroy(struct table *t)
{
    if (!t)
        return;
    for (size_t l = 0; l < t->n; l++) {
        for (size_t i = 0; i < t->columns; i++)
            free(t->lines[l].cells[i]);
        free(t->lines[l].cells);
    }
    free(t->lines);
    free(t);
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){ .what = what, .started_ms = now_ms() };
}

/* Shown after a second, then five times a second at most. */
void progress_step(struct progress *p, size_t done, size_t all)
{
    long long now = now_ms();

    if (now - p->started_ms < 1000 || now - p->shown_ms < 200 || !isatty(STDERR_FILENO))
        return;
    p->shown_ms = now;
    if (all)
        fprintf(stderr, "\r%s: %zu of %zu (%zu %%)\033[K", p->what, done, all, done * 100 / all);
    else
        fprintf(stderr, "\r%s: %zu\033[K", p->what, done);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown_ms)
        fputs("\r\033[K", stderr);
    p->shown_ms = 0;
}
