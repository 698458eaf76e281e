/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/shown.h"

#include "base/byte_set.h"
#include "base/utf8.h"

#define DISPLAY_DIGITS 7u /* so many digits in a row are a number */

void shown_add(struct call *c, const struct shown_number *shown)
{
    if (c->n_shown == CALL_SHOWN)
        c->shown_too_many = true;
    else
        c->shown[c->n_shown++] = *shown;
}

void claim_add(struct call *c, enum claim_place place, struct span text)
{
    if (text.n == 0)
        return;
    for (size_t i = 0; i < c->n_claims; i++)
        if (span_equal(c->claims[i].text, text))
            return;
    if (c->n_claims == CALL_CLAIMS)
        c->claims_too_many = true;
    else
        c->claims[c->n_claims++] = (struct name_claim){ .place = place, .text = text };
}

/* Digits that look like ours: a phone shows them as they are. The first of a row of ten, or of several such rows. */
static const struct {
    uint32_t first, n;
} digit_rows[] = {
    { 0x0660, 10 },  { 0x06F0, 10 },  /* Arabic-Indic, and its eastern forms */
    { 0x0966, 10 },  { 0xFF10, 10 },  /* Devanagari; of full width */
    { 0x1D7CE, 50 }, { 0x1FBF0, 10 }, /* mathematical; segmented */
};

/* '0' to '9', or 0. */
static char digit_of(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (char)c : 0;
    for (size_t i = 0; i < ARRAY_SIZE(digit_rows); i++)
        if (c >= digit_rows[i].first && c - digit_rows[i].first < digit_rows[i].n)
            return (char)('0' + (c - digit_rows[i].first) % 10);
    return 0;
}

/* + - . / ( ) [ ] and the blank */
static const struct byte_set ascii_marks = { { 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x04,
                                               0x00, 0x24, 0x00, 0x24, 0x04, 0x04 } };

/* What people write between the digits of a number: ASCII marks, spaces and dashes of any width, what is not seen. */
static bool is_number_mark(uint32_t c)
{
    if (c < 0x80)
        return byte_set_has(&ascii_marks, (char)c);
    return c == 0xA0 || c == 0xAD || (c >= 0x2000 && c <= 0x2015) || (c >= 0x2028 && c <= 0x202F) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0x2212 || c == 0x3000 || c == 0xFEFF || c == 0xFFFD ||
           (c >= 0xFF08 && c <= 0xFF0F);
}

static void shown_digits(struct call *c, struct span digits, size_t seen, bool plus,
                         const struct dial_plan *plan)
{
    struct shown_number shown = { .place = PLACE_DISPLAY, .uri = SPAN_NONE };
    char text[LIMIT_NUMBER + 2];
    struct buf b = BUF_ON(text);
    if (seen < DISPLAY_DIGITS)
        return;
    if (plus)
        buf_char(&b, '+');
    buf_span_put(&b, digits);
    shown.is_number =
        seen == digits.n && buf_ok(&b) && number_of_text(buf_span(&b), plan, &shown.number, NULL) == BF_OK;
    shown_add(c, &shown);
}

void shown_display(struct call *c, struct span display, const struct dial_plan *plan)
{
    char digits[LIMIT_NUMBER];
    size_t n = 0, seen = 0;
    bool plus = false;
    for (size_t i = 0, length; i < display.n; i += length) {
        uint32_t point = 0;
        length = utf8_decode(span_from(display, i), &point);
        const char digit = digit_of(point);
        if (digit && seen++ < sizeof digits)
            digits[n++] = digit;
        plus = plus || (!seen && (point == '+' || point == 0xFF0B));
        if (digit || is_number_mark(point))
            continue;
        shown_digits(c, span_make(digits, n), seen, plus, plan);
        n = seen = 0;
        plus = false;
    }
    shown_digits(c, span_make(digits, n), seen, plus, plan);
}
