/* SPDX-License-Identifier: Apache-2.0 */
/* The same rows for people and for programs. What came from outside is never printed raw: control bytes show as '?'. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/inspect.h"

void page_begin(struct page *page, struct arena *arena, const char *kind, const char *title)
{
    *page = (struct page){ .arena = arena, .kind = kind, .title = title };
}

void page_row(struct page *page, const char *section, const char *name, struct span value,
              const char *meaning)
{
    if (page->n_rows == PAGE_ROWS) {
        page->cut = true;
        return;
    }
    page->rows[page->n_rows++] = (struct page_row){ section, name, value, meaning };
}

static const struct {
    int64_t seconds;
    const char *one, *many;
} units[] = {
    { 365 * 86400, "a year", "years" }, { 30 * 86400, "a month", "months" }, { 86400, "a day", "days" },
    { 3600, "an hour", "hours" },       { 60, "a minute", "minutes" },       { 1, "a second", "seconds" },
};

const char *page_time(struct arena *arena, utc_t at, utc_t now)
{
    char text[21];
    const int64_t off = at > now ? at - now : now - at;
    size_t i = 0;
    while (i + 1 < ARRAY_SIZE(units) && off < units[i].seconds)
        i++;
    const int64_t n = off / units[i].seconds;
    const char *way = at > now ? "from now" : "ago", *out;
    utc_text(at, text);
    if (off == 0)
        out = arena_printf(arena, "%s, now", text);
    else if (n == 1)
        out = arena_printf(arena, "%s, %s %s", text, units[i].one, way);
    else
        out = arena_printf(arena, "%s, %lld %s %s", text, (long long)n, units[i].many, way);
    return out ? out : "?";
}

/* ---- for people ---- */

static void put_span(struct span s)
{
    char room[512];
    for (size_t at = 0; at < s.n; at += sizeof room) {
        struct buf b = BUF_ON(room);
        buf_printable(&b, span_first(span_from(s, at), sizeof room));
        fwrite(b.p, 1, b.n, stdout);
    }
}

static size_t name_width(const struct page *page)
{
    size_t width = 6;
    for (size_t i = 0; i < page->n_rows; i++) {
        const size_t n = strlen(page->rows[i].name);
        if (n > width && n <= 16)
            width = n;
    }
    return width;
}

static void print_rows(const struct page *page)
{
    const char *section = "";
    const int width = (int)name_width(page);
    for (size_t i = 0; i < page->n_rows; i++) {
        const struct page_row *r = &page->rows[i];
        if (strcmp(r->section, section) != 0)
            printf("\n%s\n", section = r->section);
        fputs("  ", stdout);
        put_span(span_of(r->name)); /* of the token: as foreign as its value */
        printf("%*s", (int)strlen(r->name) < width ? width + 2 - (int)strlen(r->name) : 2, "");
        put_span(r->value);
        putchar('\n');
        if (r->meaning)
            printf("  %-*s  %s\n", width, "", r->meaning);
    }
    if (page->cut)
        puts("  (there is more)");
}

/* The surroundings of the byte that was one too many, and a caret below it. */
static void print_place(const struct page *page)
{
    enum { BEFORE = 40, AFTER = 30 };
    const size_t at = page->refused_at, n = page->refused_text.n, from = at > BEFORE ? at - BEFORE : 0;
    if (!page->refused_text.p || at > n)
        return;
    printf("  %s", from ? "\u2026" : "");
    put_span(span_first(span_from(page->refused_text, from), at - from + AFTER));
    printf("%s\n", at + AFTER < n ? "\u2026" : "");
    printf("  %*s^\n", (int)(at - from + (from ? 1 : 0)), "");
}

static void print_text(const struct page *page)
{
    printf("%s\n", page->title);
    print_rows(page);
    putchar('\n');
    if (page->refused && page->refused_in) {
        printf("Refused: %s (byte %zu of the %s).\n", page->refused, page->refused_at, page->refused_in);
        print_place(page);
    } else if (page->refused) {
        printf("Refused: %s.\n", page->refused);
    }
    if (page->signature != PAGE_NO_SIGNATURE) {
        static const char *const words[] = { "", "not checked", "holds", "does NOT hold" };
        printf("Signature: %s: %s.\n", words[page->signature], page->signature_why);
        puts("Whether to trust it is another question: bonafide verify.");
    }
}

/* ---- for programs ---- */

static void put_row(struct buf *out, const struct page_row *r)
{
    buf_text(out, "{\"section\":");
    buf_json_string(out, span_of(r->section));
    buf_text(out, ",\"name\":");
    buf_json_string(out, span_of(r->name));
    buf_text(out, ",\"value\":");
    buf_json_string(out, r->value);
    if (r->meaning) {
        buf_text(out, ",\"meaning\":");
        buf_json_string(out, span_of(r->meaning));
    }
    buf_char(out, '}');
}

static void put_fault(struct buf *out, const struct page *page)
{
    buf_text(out, ",\"fault\":{\"what\":");
    buf_json_string(out, span_of(page->refused));
    if (page->refused_in)
        buf_printf(out, ",\"in\":\"%s\",\"at\":%zu", page->refused_in, page->refused_at);
    buf_char(out, '}');
}

static void put_json(struct buf *out, const struct page *page)
{
    static const char *const words[] = { NULL, "unchecked", "holds", "fails" };
    buf_text(out, "{\"kind\":");
    buf_json_string(out, span_of(page->kind));
    buf_text(out, ",\"title\":");
    buf_json_string(out, span_of(page->title));
    buf_printf(out, ",\"sound\":%s", page->refused ? "false" : "true");
    if (page->refused)
        put_fault(out, page);
    if (page->signature != PAGE_NO_SIGNATURE) {
        buf_printf(out, ",\"signature\":\"%s\",\"signature_why\":", words[page->signature]);
        buf_json_string(out, span_of(page->signature_why));
    }
    buf_text(out, ",\"rows\":[");
    for (size_t i = 0; i < page->n_rows; i++) {
        if (i)
            buf_char(out, ',');
        put_row(out, &page->rows[i]);
    }
    buf_text(out, "]}\n");
}

static size_t json_size(const struct page *page)
{
    size_t n = 4096 + 6 * strlen(page->title);
    for (size_t i = 0; i < page->n_rows; i++) {
        const struct page_row *r = &page->rows[i];
        n += 128 +
             6 * (strlen(r->section) + strlen(r->name) + r->value.n + (r->meaning ? strlen(r->meaning) : 0));
    }
    return n + 6 * (page->signature_why ? strlen(page->signature_why) : 0);
}

static void print_json(const struct page *page)
{
    const size_t size = json_size(page);
    char *room = malloc(size);
    struct buf out = buf_on(room, room ? size : 0);
    put_json(&out, page);
    if (buf_ok(&out))
        fwrite(out.p, 1, out.n, stdout);
    else
        puts("{\"error\":\"out of memory\"}");
    free(room);
}

void page_print(const struct page *page, bool json)
{
    if (json)
        print_json(page);
    else
        print_text(page);
    fflush(stdout);
}
