/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Country codes are prefix-free: 1 and 7 are whole, some pairs of digits are, of the rest three digits are one. So a number
 * names its row by arithmetic on its first digits and one search in a sorted table: 33123456789 -> "33".
 */
#include "numbers/plan.h"

/* How long the code is that begins with this digit, then that one: a bit a second digit where two digits are a code. */
static const uint16_t two_digit_codes[10] = {
    [2] = 1u << 0 | 1u << 7,
    [3] = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 9,
    [4] = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9,
    [5] = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8,
    [6] = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6,
    [8] = 1u << 1 | 1u << 2 | 1u << 4 | 1u << 6,
    [9] = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 8,
};

static size_t code_length(const struct number *n)
{
    const char first = n->digits[0];
    if (first == '1' || first == '7')
        return 1;
    return two_digit_codes[first - '0'] >> (n->digits[1] - '0') & 1u ? 2 : 3;
}

/* Four bytes of a code, so that codes compare as numbers. */
static uint32_t code_key(const char code[static 4])
{
    return (uint32_t)(unsigned char)code[0] << 24 | (uint32_t)(unsigned char)code[1] << 16 |
           (uint32_t)(unsigned char)code[2] << 8;
}

/* The first row of the code; n_countries: none has it. */
static size_t first_row(const char code[static 4])
{
    const uint32_t wanted = code_key(code);
    size_t low = 0, high = n_countries;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (code_key(countries[middle].code) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n_countries && code_key(countries[low].code) == wanted ? low : n_countries;
}

/* The next word of a list with blanks between; false: there is none. */
static bool next_word(struct span *rest, struct span *ret)
{
    if (rest->n == 0)
        return false;
    *ret = span_first(*rest, span_find(*rest, ' '));
    *rest = span_from(*rest, ret->n + 1);
    return true;
}

static bool claims(const struct country *country, struct span national)
{
    struct span rest = span_of(country->areas), area;
    if (country->code[0] == '1') { /* areas of three digits all */
        for (size_t at = 0; at + 3 <= rest.n; at += 4)
            if (rest.p[at] == national.p[0] && rest.p[at + 1] == national.p[1] &&
                rest.p[at + 2] == national.p[2])
                return true;
        return false;
    }
    while (next_word(&rest, &area))
        if (span_starts(national, area))
            return true;
    return false;
}

/* The main row of the number's country code. */
static const struct country *code_row(const struct number *number)
{
    if (!number->global || number->n < 4)
        return NULL;
    if (number->digits[0] == '1') /* a third of the world's telephony */
        return &countries[0];
    char code[4] = "";
    memcpy(code, number->digits, code_length(number));
    const size_t row = first_row(code);
    return row < n_countries ? &countries[row] : NULL;
}

const struct country *country_find(struct span iso)
{
    for (size_t i = 0; iso.n == 2 && i < n_countries; i++)
        if (span_equal(span_of(countries[i].iso), iso))
            return &countries[i];
    return NULL;
}

const struct country *country_of_number(const struct number *number)
{
    const struct country *main = code_row(number);
    if (!main)
        return NULL;
    const struct span code = span_of(main->code), national = span_from(number_span(number), code.n);
    const struct country *const end = countries + n_countries;
    for (const struct country *c = main + 1; c < end && span_equal(span_of(c->code), code); c++)
        if (claims(c, national))
            return c;
    return main;
}

void country_plan(const struct country *country, struct dial_plan *ret)
{
    *ret = (struct dial_plan){ .national_min = country->national.least,
                               .national_max = country->national.most,
                               .digits_are_numbers = true,
                               .services = country->services };
    memcpy(ret->country, country->code, sizeof ret->country);
    memcpy(ret->international_prefix, country->out[0], sizeof country->out[0]);
    memcpy(ret->second_prefix, country->out[1], sizeof country->out[1]);
    memcpy(ret->trunk_prefix, country->trunk, sizeof ret->trunk_prefix);
}

/* 1[2-9]xx[2-9]xxxxxx, what follows N11 in either place excepted. */
static const char *nanp_flaw(const char *national)
{
    if (national[0] < '2')
        return "no area code of North America begins with 0 or 1";
    if (national[1] == '1' && national[2] == '1')
        return "N11 is no area code of North America";
    if (national[3] < '2')
        return "no exchange of North America begins with 0 or 1";
    return NULL;
}

const char *number_impossible(const struct number *number)
{
    if (!number->global)
        return NULL;
    if (number->n < 4)
        return "too short for a number of any country";
    const struct country *c = code_row(number);
    if (!c)
        return "no country has this country code";
    const size_t national = number->n - strlen(c->code);
    if (national < c->possible.least)
        return "too short for a number of its country";
    if (national > c->possible.most)
        return "too long for a number of its country";
    return c->code[0] == '1' ? nanp_flaw(number->digits + 1) : NULL;
}

void number_write(const void *arg, const struct number *number, struct buf *out)
{
    const struct number_format *format = arg;
    const struct span digits = number_span(number);
    /* a country code alone is nobody's number, and has nothing behind it to write */
    const bool bare = format->national && span_equal(digits, span_of(format->national->code));
    const struct country *home = bare ? NULL : format->national;
    if (!number->global && !(number->n >= NUMBER_LOCAL_MIN && number->digits[0] != '0')) {
        buf_span_put(out, digits);
        return;
    }
    const bool abroad = home && !span_starts(digits, span_of(home->code));
    const size_t code = home && !abroad ? strlen(home->code) : number->ported[0] ? 2 : 0;
    if (!home)
        buf_char(out, '+');
    else
        buf_text(out, abroad ? home->out[0] : home->trunk);
    if (!home || abroad)
        buf_span_put(out, span_first(digits, code));
    buf_text(out, number->ported);
    buf_span_put(out, span_from(digits, code));
}
