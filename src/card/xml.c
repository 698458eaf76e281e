/* SPDX-License-Identifier: Apache-2.0 */
#include "card/xml.h"

#include <stdlib.h>

#include "base/utf8.h"

#define BINDINGS 64u

struct binding {
    struct span prefix, uri;
};

struct element {
    struct span qname, space, name, label;
    size_t n_bindings; /* before it */
};

struct xml_reader {
    struct span text;
    size_t at;
    char *decoded; /* as large as text */
    size_t n_decoded;
    struct element stack[XML_DEPTH];
    size_t depth;
    struct binding bindings[BINDINGS];
    size_t n_bindings;
    bool closing, begun; /* a CLOSE of `<a/>` is due; the root was opened */
};

enum bf_err xml_reader_create(struct span text, struct xml_reader **ret)
{
    struct xml_reader *r = calloc(1, sizeof *r);
    if (!r || !(r->decoded = malloc(text.n + 1))) {
        free(r);
        return BF_ENOMEM;
    }
    r->text = text;
    if (span_starts(text, SPAN("\xEF\xBB\xBF")))
        r->at = 3;
    *ret = r;
    return BF_OK;
}

void xml_reader_destroy(struct xml_reader *r)
{
    if (!r)
        return;
    free(r->decoded);
    free(r);
}

/* ---- letters ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
    const char low = (char)(c | 0x20);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           c == ':' || (unsigned char)c >= 0x80;
}

static struct span rest_of(const struct xml_reader *r)
{
    return span_from(r->text, r->at);
}

static void blanks_skip(struct xml_reader *r)
{
    while (r->at < r->text.n && is_blank(r->text.p[r->at]))
        r->at++;
}

/* Index of `mark` from here on, or n. */
static size_t find(struct span s, const char *mark)
{
    const char *hit = s.n ? memmem(s.p, s.n, mark, strlen(mark)) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

static enum bf_err wrong(const struct xml_reader *r, struct fault *fault, const char *what)
{
    return fault_at(fault, BF_EFORM, r->at, what);
}

/* ---- text ---- */

static bool reference_number(struct span digits, uint32_t *ret)
{
    const bool hex = digits.n && (digits.p[0] == 'x' || digits.p[0] == 'X');
    uint32_t value = 0;
    if (hex)
        digits = span_from(digits, 1);
    if (digits.n == 0 || digits.n > 7)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        const char c = digits.p[i], low = (char)(c | 0x20);
        const int digit = c >= '0' && c <= '9'              ? c - '0'
                          : hex && low >= 'a' && low <= 'f' ? low - 'a' + 10
                                                            : -1;
        if (digit < 0)
            return false;
        value = value * (hex ? 16 : 10) + (uint32_t)digit;
    }
    *ret = value;
    return value > 0 && value <= 0x10FFFF;
}

/* `&amp;` -> `&`. false: it is none of those there are. */
static bool reference(struct span name, char out[4], size_t *ret_n)
{
    static const struct {
        struct span name;
        char c;
    } known[] = { { SPAN("amp"), '&' },
                  { SPAN("lt"), '<' },
                  { SPAN("gt"), '>' },
                  { SPAN("quot"), '"' },
                  { SPAN("apos"), '\'' } };
    uint32_t point;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (span_equal(name, known[i].name)) {
            out[0] = known[i].c;
            *ret_n = 1;
            return true;
        }
    if (name.n < 2 || name.p[0] != '#' || !reference_number(span_from(name, 1), &point))
        return false;
    *ret_n = utf8_encode(point, out);
    return *ret_n > 0;
}

/* Up to `<`, references read, line ends as XML wants them. */
static enum bf_err text_read(struct xml_reader *r, struct span raw, bool plain, struct span *ret,
                             struct fault *fault)
{
    char *const out = r->decoded + r->n_decoded;
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '\r') {
            if (i + 1 < raw.n && raw.p[i + 1] == '\n')
                continue;
            c = '\n';
        }
        if (c != '&' || plain) {
            out[n++] = c;
            continue;
        }
        const struct span name = span_first(span_from(raw, i + 1), 12);
        const size_t end = span_find(name, ';');
        size_t put = 0;
        char bytes[4];
        if (end == name.n || !reference(span_first(name, end), bytes, &put))
            return wrong(r, fault, "a reference that is none of XML's own");
        memcpy(out + n, bytes, put); /* `&#x41;` is longer than what it stands for */
        n += put;
        i += end + 1;
    }
    *ret = span_make(out, n);
    r->n_decoded += n;
    return utf8_check(*ret) == ret->n ? BF_OK : wrong(r, fault, "no UTF-8");
}

/* ---- tags ---- */

static struct span name_read(struct xml_reader *r)
{
    const size_t begin = r->at;
    while (r->at < r->text.n && is_name(r->text.p[r->at]))
        r->at++;
    return span_first(span_from(r->text, begin), r->at - begin);
}

static enum bf_err bind(struct xml_reader *r, struct span prefix, struct span uri, struct fault *fault)
{
    if (r->n_bindings == BINDINGS)
        return fault_at(fault, BF_ELIMIT, r->at, "more namespaces than there may be");
    r->bindings[r->n_bindings++] = (struct binding){ prefix, uri };
    return BF_OK;
}

/* `name="value"` of the element that is being opened; xmlns ones are kept, and `name`. */
static enum bf_err attribute_read(struct xml_reader *r, struct fault *fault)
{
    const struct span name = name_read(r);
    blanks_skip(r);
    if (name.n == 0 || r->at == r->text.n || r->text.p[r->at] != '=')
        return wrong(r, fault, "an attribute is expected here");
    r->at++;
    blanks_skip(r);
    const char quote = r->at < r->text.n ? r->text.p[r->at] : 0;
    if (quote != '"' && quote != '\'')
        return wrong(r, fault, "a quoted value is expected here");
    r->at++;
    const size_t n = span_find(rest_of(r), quote);
    const struct span raw = span_first(rest_of(r), n);
    struct span value;
    if (r->at + n == r->text.n || span_find(raw, '<') < raw.n)
        return wrong(r, fault, "a value has no end");
    const enum bf_err err = text_read(r, raw, false, &value, fault);
    r->at += n + 1;
    if (err)
        return err;
    if (span_equal(name, SPAN("xmlns")))
        return bind(r, SPAN(""), value, fault);
    if (span_starts(name, SPAN("xmlns:")))
        return bind(r, span_from(name, strlen("xmlns:")), value, fault);
    if (span_equal(name, SPAN("name")))
        r->stack[r->depth].label = value;
    return BF_OK;
}

static enum bf_err resolve(const struct xml_reader *r, struct element *e, struct fault *fault)
{
    const size_t colon = span_find(e->qname, ':');
    const struct span prefix = colon < e->qname.n ? span_first(e->qname, colon) : SPAN("");
    e->name = colon < e->qname.n ? span_from(e->qname, colon + 1) : e->qname;
    e->space = SPAN("");
    for (size_t i = r->n_bindings; i-- > 0;)
        if (span_equal(r->bindings[i].prefix, prefix)) {
            e->space = r->bindings[i].uri;
            return BF_OK;
        }
    return prefix.n ? wrong(r, fault, "a prefix that was never bound") : BF_OK;
}

static enum bf_err open_read(struct xml_reader *r, struct xml_event *ret, struct fault *fault)
{
    if (r->depth == XML_DEPTH)
        return fault_at(fault, BF_ELIMIT, r->at, "more levels than there may be");
    if (r->begun && r->depth == 0)
        return wrong(r, fault, "a second root");
    struct element *e = &r->stack[r->depth];
    *e = (struct element){ .n_bindings = r->n_bindings };
    r->at++;
    e->qname = name_read(r);
    if (e->qname.n == 0)
        return wrong(r, fault, "a name is expected here");
    for (;;) {
        const size_t before = r->at;
        blanks_skip(r);
        const struct span rest = rest_of(r);
        r->closing = span_starts(rest, SPAN("/>"));
        if (r->closing || span_starts(rest, SPAN(">")))
            break;
        if (before == r->at)
            return wrong(r, fault, "a blank is expected here");
        const enum bf_err err = attribute_read(r, fault);
        if (err)
            return err;
    }
    r->at += r->closing ? 2 : 1;
    const enum bf_err err = resolve(r, e, fault);
    r->depth++;
    r->begun = true;
    *ret = (struct xml_event){ .kind = XML_OPEN, .space = e->space, .name = e->name, .label = e->label };
    return err;
}

static void close_top(struct xml_reader *r, struct xml_event *ret)
{
    const struct element *e = &r->stack[--r->depth];
    *ret = (struct xml_event){ .kind = XML_CLOSE, .space = e->space, .name = e->name };
    r->n_bindings = e->n_bindings;
    r->closing = false;
}

static enum bf_err close_read(struct xml_reader *r, struct xml_event *ret, struct fault *fault)
{
    r->at += 2;
    const struct span qname = name_read(r);
    blanks_skip(r);
    if (r->depth == 0 || !span_equal(qname, r->stack[r->depth - 1].qname) || r->at == r->text.n ||
        r->text.p[r->at] != '>')
        return wrong(r, fault, "a tag that closes what was not opened");
    r->at++;
    close_top(r, ret);
    return BF_OK;
}

/* ---- pieces ---- */

/* What stands between the marks is passed over. */
static enum bf_err skip_to(struct xml_reader *r, size_t from, const char *end, struct fault *fault)
{
    const size_t n = find(span_from(r->text, r->at + from), end);
    if (r->at + from + n >= r->text.n)
        return wrong(r, fault, "it has no end");
    r->at += from + n + strlen(end);
    return BF_OK;
}

static enum bf_err cdata_read(struct xml_reader *r, struct xml_event *ret, struct fault *fault)
{
    const size_t from = strlen("<![CDATA[");
    const size_t n = find(span_from(r->text, r->at + from), "]]>");
    if (r->at + from + n >= r->text.n || r->depth == 0)
        return wrong(r, fault, "it has no end, or stands outside the root");
    *ret = (struct xml_event){ .kind = XML_TEXT };
    const enum bf_err err =
        text_read(r, span_first(span_from(r->text, r->at + from), n), true, &ret->text, fault);
    r->at += from + n + 3;
    return err;
}

static enum bf_err chars_read(struct xml_reader *r, struct xml_event *ret, struct fault *fault)
{
    const struct span raw = span_first(rest_of(r), span_find(rest_of(r), '<'));
    if (r->depth == 0)
        return wrong(r, fault, "text outside the root");
    *ret = (struct xml_event){ .kind = XML_TEXT };
    const enum bf_err err = text_read(r, raw, false, &ret->text, fault);
    r->at += raw.n;
    return err;
}

enum bf_err xml_next(struct xml_reader *r, struct xml_event *ret, struct fault *fault)
{
    if (r->closing) {
        close_top(r, ret);
        return BF_OK;
    }
    for (;;) {
        enum bf_err err = BF_OK;
        if (r->depth == 0)
            blanks_skip(r);
        const struct span rest = rest_of(r);
        if (rest.n == 0) {
            *ret = (struct xml_event){ .kind = XML_END };
            return r->begun && r->depth == 0 ? BF_OK : wrong(r, fault, "it ends too early");
        }
        if (span_starts(rest, SPAN("<!--")))
            err = skip_to(r, 4, "-->", fault);
        else if (span_starts(rest, SPAN("<?")))
            err = skip_to(r, 2, "?>", fault);
        else if (span_starts(rest, SPAN("<![CDATA[")))
            return cdata_read(r, ret, fault);
        else if (span_starts(rest, SPAN("<!")))
            return wrong(r, fault, "a document type, which is not read");
        else if (span_starts(rest, SPAN("</")))
            return close_read(r, ret, fault);
        else if (rest.p[0] == '<')
            return open_read(r, ret, fault);
        else
            return chars_read(r, ret, fault);
        if (err)
            return err;
    }
}
