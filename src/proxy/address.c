/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `"x" <sip:+1215;verstat=TN-Validation-Passed@h;verstat=…>;verstat=…;tag=1` -> `"x" <sip:+1215@h>;tag=1`, in whatever case and
 * however escaped: a reader less strict than ours must not find the word either.
 */
#include "proxy/address.h"

#include "answer/label.h"
#include "sip/uri.h"

#define WORD SPAN("verstat")

/* A byte that stands in a header field as it is: of a fold, or ASCII that is seen, and no escape. */
static bool is_plain(char c)
{
    return c == '\t' || c == '\r' || c == '\n' ||
           ((unsigned char)c >= 0x20 && (unsigned char)c < 0x7F && c != '%');
}

bool address_is_clean(struct span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_plain(text.p[i]))
            return false;
    return !span_holds_nocase(text, WORD);
}

void address_unfold(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if (c == '\r' || c == '\n') {
            while (i + 1 < text.n && strchr("\r\n\t ", text.p[i + 1]))
                i++;
            buf_char(out, ' ');
        } else {
            buf_printable(out, span_make(&c, 1));
        }
    }
}

/* ---- the URI ---- */

static int hex(char c)
{
    const char low = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The byte that s, not empty, begins with, its escape undone. */
static char decoded(struct span s, size_t *ret_n)
{
    const bool escape = s.n > 2 && s.p[0] == '%' && hex(s.p[1]) >= 0 && hex(s.p[2]) >= 0;
    *ret_n = escape ? 3 : 1;
    return escape ? (char)(hex(s.p[1]) * 16 + hex(s.p[2])) : s.p[0];
}

/* Escapes of escapes too: `%2576erstat` is the word to whoever undoes them twice. */
static bool says_verstat(struct span piece)
{
    char memory[2][LIMIT_URI];
    struct buf b;
    for (unsigned round = 0; round < 4; round++) {
        if (span_holds_nocase(piece, WORD))
            return true;
        b = buf_on(memory[round & 1], LIMIT_URI);
        for (size_t i = 0, n; i < piece.n; i += n)
            buf_char(&b, decoded(span_from(piece, i), &n));
        if (!buf_ok(&b) || b.n == piece.n)
            return !buf_ok(&b);
        piece = buf_span(&b);
    }
    return true;
}

/* Bytes up to the next ';', escaped or not. */
static size_t piece_length(struct span s)
{
    size_t n;
    for (size_t i = 0; i < s.n; i += n)
        if (decoded(span_from(s, i), &n) == ';')
            return i;
    return s.n;
}

/* `;a;verstat=x;b` -> `;a;b` */
static void put_pieces(struct span rest, struct buf *out)
{
    while (rest.n) {
        size_t mark;
        (void)decoded(rest, &mark);
        const size_t n = mark + piece_length(span_from(rest, mark));
        const struct span piece = span_first(rest, n);
        if (!says_verstat(piece))
            buf_span_put(out, piece);
        rest = span_from(rest, n);
    }
}

struct uri_edit {
    struct span number; /* empty: as it is */
    bool verstat;
    enum verstat_place place;
    enum verstat value;
};

/* user[;params], the number first. */
static bool put_user(struct span user, const struct uri_edit *e, struct buf *out)
{
    const size_t n = piece_length(user);
    struct span first = span_first(user, n);
    if (says_verstat(first)) /* escaped more than once: what stands in front of it may be a number */
        first = span_first(first, span_find(first, '%'));
    if (says_verstat(first) || first.n == 0)
        return false;
    buf_span_put(out, e->number.n ? e->number : first);
    put_pieces(span_from(user, n), out);
    return true;
}

static bool put_sip_uri(const struct sip_uri *u, const struct uri_edit *e, struct buf *out)
{
    const bool has_user = u->user.n > 0;
    buf_text(out, u->scheme == URI_SIPS ? "sips:" : "sip:");
    if (has_user) {
        if (!put_user(u->user, e, out))
            return false;
        if (e->verstat && e->place == VERSTAT_USER)
            lines_verstat_param(out, e->value);
        if (u->password.n && !says_verstat(u->password)) {
            buf_char(out, ':');
            buf_span_put(out, u->password);
        }
        buf_char(out, '@');
    }
    buf_span_put(out, u->host);
    if (u->port) {
        buf_char(out, ':');
        buf_decimal(out, u->port);
    }
    put_pieces(u->params, out);
    if (e->verstat && (e->place == VERSTAT_URI_PARAM || (e->place == VERSTAT_USER && !has_user)))
        lines_verstat_param(out, e->value);
    if (u->headers.n && !says_verstat(u->headers)) {
        buf_char(out, '?');
        buf_span_put(out, u->headers);
    }
    return true;
}

static bool put_uri(struct span text, const struct uri_edit *e, struct buf *out)
{
    struct sip_uri u;
    if (uri_read(text, &u, NULL) != BF_OK)
        return false;
    switch (u.scheme) {
    case URI_SIP:
    case URI_SIPS: return put_sip_uri(&u, e, out);
    case URI_TEL:
        buf_text(out, "tel:");
        if (!put_user(u.user, e, out))
            return false;
        put_pieces(u.params, out);
        if (e->verstat && e->place != VERSTAT_HEADER_PARAM)
            lines_verstat_param(out, e->value);
        return true;
    case URI_URN:
    case URI_OTHER: break;
    }
    buf_span_put(out, text);
    return !says_verstat(text);
}

bool address_write_uri(struct span uri, struct span number, struct buf *out)
{
    const struct uri_edit e = { .number = number };
    return put_uri(uri, &e, out);
}

/* ---- the name, and the whole ---- */

static void put_name(const struct sip_address *a, struct buf *out)
{
    char name[LIMIT_DISPLAY_NAME], clean[LIMIT_DISPLAY_NAME];
    const struct span text = span_make(name, sip_display_text(a, name, sizeof name));
    struct buf b = BUF_ON(clean);
    label_clean(text, &b);
    if (b.n)
        label_quoted(buf_span(&b), out);
}

/* Parameters of the header field: `;tag=x` to the byte, for dialogs live by it. */
static bool put_params(struct span params, struct buf *out)
{
    struct span name, value;
    while (sip_param_next(&params, &name, &value)) {
        const bool says = span_holds_nocase(value, WORD), tag = span_equal_nocase(name, SPAN("tag"));
        if (tag && says && value.p[0] == '"')
            return false;
        if (span_holds_nocase(name, WORD) || (says && !tag))
            continue;
        buf_char(out, ';');
        buf_span_put(out, name);
        if (value.n) {
            buf_char(out, '=');
            address_unfold(value, out);
        }
    }
    return true;
}

bool address_write(struct span value, const struct address_edit *edit, struct buf *out)
{
    char memory[LIMIT_NUMBER * 2];
    struct buf number = BUF_ON(memory);
    struct sip_address a;
    struct uri_edit e = { .verstat = edit->verstat };
    if (sip_address_read(value, &a, NULL) != BF_OK)
        return false;
    if (edit->verstat) {
        e.place = edit->lines->options->verstat_place;
        e.value = lines_verstat(edit->lines);
    }
    if (edit->number && edit->lines->number) {
        lines_number(edit->lines, &edit->lines->call->caller, &number);
        e.number = buf_ok(&number) ? buf_span(&number) : SPAN_NONE;
    }
    if (edit->label)
        lines_label(edit->lines, out);
    else
        put_name(&a, out);
    buf_char(out, '<');
    if (!put_uri(a.uri, &e, out))
        return false;
    buf_char(out, '>');
    if (edit->verstat && e.place == VERSTAT_HEADER_PARAM)
        lines_verstat_param(out, e.value);
    return put_params(a.params, out);
}
