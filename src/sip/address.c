/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who: `"A. Lab" <sip:a@b>;tag=x`, or `sip:a@b;tag=x`, where the parameters are the header's (SIP-006).
 * A comma, a question mark or a semicolon inside a URI needs the brackets.             RFC 3261 section 20.10
 */
#include "base/byte_set.h"
#include "base/utf8.h"
#include "sip/chars.h"
#include "sip/params.h"

/* Words in front of '<'. Bytes past ASCII are not in the grammar, and in the field everywhere. */
static size_t display_words(struct span s)
{
    size_t n = 0;
    while (n < s.n && ((s.p[n] & 0x80) || char_is(s.p[n], CHAR_TOKEN | CHAR_BLANK)))
        n++;
    return n;
}

/* The display name; *rest begins with '<' when there is a bracket. */
static enum bf_err take_display(struct span value, struct span *rest, struct sip_address *a,
                                struct fault *fault)
{
    *rest = value;
    if (value.n && value.p[0] == '"') {
        const size_t n = quoted_length(value);
        if (n == 0)
            return fault_at(fault, BF_EFORM, 0, "the display name's quotes do not end");
        a->display = span_make(value.p + 1, n - 2);
        a->display_quoted = true;
        *rest = span_skip_blanks(span_from(value, n));
        if (rest->n == 0 || rest->p[0] != '<')
            return fault_at(fault, BF_EFORM, span_offset(value, rest->p), "an address in <> is missing");
        return BF_OK;
    }
    const size_t n = display_words(value);
    if (n < value.n && value.p[n] == '<') {
        const struct span words = span_trim(span_first(value, n));
        a->display = words.n ? words : SPAN_NONE;
        *rest = span_from(value, n);
    }
    return BF_OK;
}

/* What ends a URI between brackets, or may not stand in it: NUL, blanks, line ends, " < > */
static const struct byte_set ends_in_brackets = { { 0x05, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                                    0x01, 0x01, 0x00, 0x08, 0x01, 0x08, 0x00 } };
/* And without brackets: these and , ; ? */
static const struct byte_set ends_without = { { 0x05, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
                                                0x01, 0x08, 0x0C, 0x01, 0x08, 0x08 } };

/* The URI, up to '>' or, without brackets, to what ends it. */
static enum bf_err take_uri(struct span value, struct span *rest, struct sip_address *a, struct fault *fault)
{
    const bool bracket = rest->n && rest->p[0] == '<';
    const struct span s = span_from(*rest, bracket);
    const size_t n = byte_set_gap(bracket ? &ends_in_brackets : &ends_without, s.p, s.n);
    if (n < s.n && (bracket ? s.p[n] != '>' : s.p[n] != ';' && !char_is(s.p[n], CHAR_BLANK)))
        return fault_at(fault, BF_EFORM, span_offset(value, s.p + n), "this byte cannot stand in an address");
    if (n == 0 || (bracket && n == s.n))
        return fault_at(fault, BF_EFORM, span_offset(value, s.p + n), "the address is not complete");
    a->uri = span_first(s, n);
    *rest = span_skip_blanks(span_from(s, n + bracket));
    return BF_OK;
}

enum bf_err sip_address_read(struct span value, struct sip_address *ret, struct fault *fault)
{
    struct sip_address a = { .display = SPAN_NONE };
    struct span rest;
    size_t at;
    const struct span whole = span_trim(value);
    enum bf_err err = take_display(whole, &rest, &a, fault);
    if (err == BF_OK)
        err = take_uri(whole, &rest, &a, fault);
    if (err == BF_OK && !sip_params_check(rest, &at)) {
        at += span_offset(whole, rest.p);
        err = fault_at(fault, BF_EFORM, at, "`;name=value` is expected here");
    }
    if (err != BF_OK) {
        if (fault)
            fault->at += span_offset(value, whole.p);
        return err;
    }
    a.params = rest;
    *ret = a;
    return BF_OK;
}

/* One character of the name as it is read: a fold is a blank, `\x` is x. Returns how many bytes it took. */
static size_t display_char(const struct sip_address *a, struct span s, struct span *ret)
{
    if (a->display_quoted && s.p[0] == '\\' && s.n > 1) {
        *ret = span_make(s.p + 1, 1);
        return 2;
    }
    if (s.p[0] == '\r' || s.p[0] == '\n') {
        *ret = SPAN(" ");
        return chars_run(s, CHAR_BLANK);
    }
    const size_t n = utf8_length(s);
    *ret = span_first(s, n ? n : 1);
    return ret->n;
}

size_t sip_display_text(const struct sip_address *a, char *out, size_t size)
{
    size_t n = 0;
    struct span c;
    for (size_t i = 0; i < a->display.n;) {
        i += display_char(a, span_from(a->display, i), &c);
        if (c.n > size - n)
            break;
        memcpy(out + n, c.p, c.n);
        n += c.n;
    }
    return n;
}
