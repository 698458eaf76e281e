/* SPDX-License-Identifier: Apache-2.0 */
/* What header values are made of: comma lists and `;name=value` rows.            RFC 3261 sections 7.3.1, 25.1 */
#include "sip/params.h"

#include "base/byte_set.h"
#include "sip/chars.h"

/* " ( ) , < > and the backslash */
static const struct byte_set marks = { { 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x00,
                                         0x00, 0x2C, 0x00, 0x08, 0x00 } };

/*
 * Length up to a comma that separates values. Inside quotes and <> it does not, nor inside a comment; an open quote,
 * bracket or comment reaches to the end, and the value's own reader refuses it.
 */
static size_t value_length(struct span s)
{
    size_t comments = 0;
    bool angle = false;
    for (size_t i = 0; (i += byte_set_gap(&marks, s.p + i, s.n - i)) < s.n; i++) {
        const char c = s.p[i];
        if (c == '"' && !angle) {
            const size_t n = quoted_length(span_from(s, i));
            if (n == 0)
                return s.n;
            i += n - 1;
        } else if (angle) {
            angle = c != '>';
        } else if (c == '(') {
            comments++;
        } else if (c == ')') {
            comments -= comments > 0;
        } else if (comments) {
            i += c == '\\' && i + 1 < s.n;
        } else if (c == '<') {
            angle = true;
        } else if (c == ',') {
            return i;
        }
    }
    return s.n;
}

bool sip_list_next(struct span *rest, struct span *ret_value)
{
    if (span_skip_blanks(*rest).n == 0)
        return false;
    const size_t n = value_length(*rest);
    const struct span behind = span_from(*rest, n < rest->n ? n + 1 : n);
    *ret_value = span_trim(span_first(*rest, n));
    /* `a,` holds a second, empty value: leave its comma for the next round. */
    const bool last_is_empty = n < rest->n && ret_value->n && span_skip_blanks(behind).n == 0;
    *rest = last_is_empty ? span_from(*rest, n) : behind;
    return true;
}

/* `name [= value]` at the head of *rest, which is moved behind it; false when it is no parameter. */
static bool take_param(struct span *rest, struct span *ret_name, struct span *ret_value)
{
    struct span s = span_skip_blanks(*rest);
    *ret_name = span_first(s, chars_run(s, CHAR_TOKEN));
    *ret_value = span_make(s.p + ret_name->n, 0);
    s = span_skip_blanks(span_from(s, ret_name->n));
    if (s.n && s.p[0] == '=') {
        s = span_skip_blanks(span_from(s, 1));
        const bool quoted = s.n && s.p[0] == '"';
        *ret_value = span_first(s, quoted ? quoted_length(s) : chars_run(s, CHAR_VALUE));
        if (ret_value->n == 0)
            return false;
        s = span_skip_blanks(span_from(s, ret_value->n));
    }
    *rest = s;
    return ret_name->n > 0;
}

bool sip_param_next(struct span *rest, struct span *ret_name, struct span *ret_value)
{
    const struct span s = span_skip_blanks(*rest);
    if (s.n == 0 || s.p[0] != ';')
        return false;
    *rest = span_from(s, 1);
    return take_param(rest, ret_name, ret_value);
}

struct span sip_param_value(struct span value)
{
    return value.n >= 2 && value.p[0] == '"' ? span_make(value.p + 1, value.n - 2) : value;
}

bool sip_params_check(struct span params, size_t *ret_at)
{
    struct span rest = params, name, value;
    while (span_skip_blanks(rest).n) {
        const struct span before = rest;
        if (!sip_param_next(&rest, &name, &value)) {
            *ret_at = span_offset(params, before.p);
            return false;
        }
    }
    return true;
}

bool sip_param(struct span params, struct span name, struct span *ret_value)
{
    struct span rest = params, found, value;
    while (sip_param_next(&rest, &found, &value)) {
        if (!span_equal_nocase(found, name))
            continue;
        *ret_value = sip_param_value(value);
        return true;
    }
    return false;
}
