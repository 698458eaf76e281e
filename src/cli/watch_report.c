/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of a call: a line for people, or an object for programs.
 *
 *     19:12:25  genuine   +12155550121 -> +12155550131  A  1234  says: Lab  the number is vouched for, and …
 */
#include "cli/watch_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/cidr.h"
#include "cli/command.h"

enum watch_report_bytes { LINE_BYTES = 2048, JSON_BYTES = 1 << 17 };

enum bf_err watch_report_create(const struct watch_report_options *o, struct watch_report **ret)
{
    struct watch_report *r = calloc(1, sizeof *r);
    if (!r || !(r->text = malloc(JSON_BYTES))) {
        free(r);
        return BF_ENOMEM;
    }
    r->o = *o;
    r->terminal = isatty(STDOUT_FILENO);
    r->colors = !o->no_color && command_colors();
    *ret = r;
    return BF_OK;
}

void watch_report_destroy(struct watch_report *r)
{
    if (!r)
        return;
    free(r->text);
    free(r);
}

/* ---- for people ---- */

static void put_time(struct buf *b, const struct watch_report *r, const struct instant *at)
{
    char text[21];
    struct tm local;
    const time_t t = at->utc;
    if (r->terminal && localtime_r(&t, &local))
        buf_printf(b, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
    else
        buf_text(b, utc_text(at->utc, text));
}

static void put_caller(struct buf *b, const struct call *c)
{
    char shown[LIMIT_NUMBER + 2];
    if (c->anonymous)
        buf_text(b, "withheld");
    else if (c->has_caller)
        buf_text(b, number_show(&c->caller, shown));
    else
        buf_printable(b, c->caller_uri.n ? c->caller_uri : SPAN("unknown"));
}

static void put_called(struct buf *b, const struct call *c)
{
    char shown[LIMIT_NUMBER + 2];
    if (c->has_called)
        buf_text(b, number_show(&c->called, shown));
    else
        buf_printable(b, c->called_uri.n ? c->called_uri : SPAN("unknown"));
}

/* So wide at least, so that lines stand below each other. */
static void put_column(struct buf *b, size_t from, size_t width)
{
    do
        buf_char(b, ' ');
    while (b->n < from + width);
    buf_char(b, ' ');
}

/* Everything behind the verdict, which alone has a colour. */
static void put_rest(struct buf *b, const struct watch_heard *h)
{
    const struct verdict *v = h->verdict;
    const struct span spc = watch_signer_code(v);
    size_t from = b->n;
    put_caller(b, h->call);
    buf_text(b, " -> ");
    put_called(b, h->call);
    put_column(b, from, 28);
    buf_char(b, v->attest ? v->attest : '-');
    buf_text(b, "  ");
    from = b->n;
    buf_printable(b, spc.n ? spc : SPAN("-"));
    put_column(b, from, 5);
    if (h->call->claimed_name.n && !h->call->anonymous) {
        buf_text(b, "says: ");
        buf_printable(b, span_first(h->call->claimed_name, 64));
        buf_text(b, "  ");
    }
    buf_text(b, v->lab ? "(lab) " : "");
    buf_printable(b, span_of(v->why));
}

/* The first so many characters of UTF-8. */
static struct span cut(struct span s, size_t columns)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        const bool begins = ((unsigned char)s.p[i] & 0xC0) != 0x80;
        if (begins && columns-- == 0)
            break;
    }
    return span_first(s, i);
}

static void print_line(struct watch_report *r, const struct watch_heard *h)
{
    static const char *const colors[] = {
        [GENUINE] = "32", [UNPROVEN] = "33", [BROKEN] = "31", [IMPOSTOR] = "1;31"
    };
    char front[64], rest[LINE_BYTES];
    struct buf f = BUF_ON(front), b = BUF_ON(rest);
    const size_t columns = command_columns();
    put_time(&f, r, &h->at);
    put_rest(&b, h);
    const size_t taken = f.n + 2 + 10;
    const struct span shown =
        columns == SIZE_MAX ? buf_span(&b) : cut(buf_span(&b), columns > taken ? columns - taken : 0);
    const char *word = outcome_text(h->verdict->outcome);
    printf("%.*s  %s%s%s%s%s%*s%.*s\n", SPAN_FMT(buf_span(&f)), r->colors ? "\x1b[" : "",
           r->colors ? colors[h->verdict->outcome] : "", r->colors ? "m" : "", word,
           r->colors ? "\x1b[0m" : "", (int)(10 - strlen(word)), "", SPAN_FMT(shown));
}

/* ---- for programs ---- */

static void put_member(struct buf *b, const char *name, const struct sockaddr_storage *addr)
{
    char text[64];
    buf_printf(b, "\"%s\":\"%s\",", name, addr_text((const struct sockaddr *)addr, text));
}

static void put_place(struct buf *b, const struct capture_request *r, const struct instant *at)
{
    char text[21];
    buf_printf(b, "{\"time\":\"%.19s.%03dZ\",\"packet\":%zu,\"transport\":\"%s\",", utc_text(at->utc, text),
               at->ms, r->packet, r->reliable ? "tcp" : "udp");
    put_member(b, "source", &r->from);
    put_member(b, "destination", &r->to);
}

/* The object of `verify --json`, with where and when it was seen in front. */
static void print_json(struct watch_report *r, const struct watch_heard *h)
{
    struct buf b = buf_on(r->text, JSON_BYTES), v = buf_on(h->seat->text, SEAT_TEXT);
    put_place(&b, h->request, &h->at);
    buf_text(&b, "\"call_id\":");
    buf_json_string(&b, h->call->call_id);
    buf_printf(&b, ",\"late\":%s,", h->late ? "true" : "false");
    if (answer_json(h->verdict, h->call, &v) == BF_OK)
        buf_span_put(&b, span_from(buf_span(&v), 1));
    if (buf_ok(&b) && buf_ok(&v))
        printf("%.*s\n", SPAN_FMT(buf_span(&b)));
    else
        puts("{\"error\":\"this verdict is too long to be shown\"}");
}

/* ---- the doors ---- */

void watch_report_call(struct watch_report *r, const struct watch_heard *h)
{
    watch_count(r, h);
    if (r->o.quiet)
        return;
    if (r->o.json)
        print_json(r, h);
    else
        print_line(r, h);
    fflush(stdout);
}

void watch_report_refused(struct watch_report *r, const struct capture_request *request, const char *what)
{
    struct instant at = { .utc = request->utc, .ms = request->us / 1000 };
    char from[64];
    r->unreadable++;
    if (r->o.quiet)
        return;
    if (r->o.json) {
        struct buf b = buf_on(r->text, JSON_BYTES);
        put_place(&b, request, &at);
        buf_text(&b, "\"error\":");
        buf_json_string(&b, span_of(what));
        printf("%.*s}\n", SPAN_FMT(buf_span(&b)));
    } else {
        struct buf b = buf_on(r->text, JSON_BYTES);
        put_time(&b, r, &at);
        buf_printf(&b, "  no call   %s: ", addr_text((const struct sockaddr *)&request->from, from));
        buf_printable(&b, span_of(what));
        printf("%.*s\n", SPAN_FMT(buf_span(&b)));
    }
    fflush(stdout);
}

size_t watch_report_calls(const struct watch_report *r)
{
    return r->calls;
}
