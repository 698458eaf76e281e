/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 30 15 A1 13 30 11 16 0B "12155551000" 02 02 03 E8 is the range of a thousand numbers from 12155551000 on.
 * Read twice: once to count and judge the entries, once to keep them, so that one allocation fits exactly.
 */
#include "trust/tnauth.h"

#include <stdlib.h>

#include "trust/der.h"

#define NUMBER_MAX 15u /* RFC 8226 section 9: TelephoneNumber is 1 to 15 characters */

static bool is_number(struct span s, bool pure_digits)
{
    if (s.n < 1 || s.n > NUMBER_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && (pure_digits || (s.p[i] != '#' && s.p[i] != '*')))
            return false;
    return true;
}

/* At most NUMBER_MAX digits, so 64 bits are wide enough. */
static bool number_value(struct span s, uint64_t *ret)
{
    return s.n <= NUMBER_MAX && span_decimal(s, UINT64_MAX, ret);
}

static uint64_t power_of_ten(size_t digits)
{
    uint64_t n = 1;
    while (digits-- > 0)
        n *= 10;
    return n;
}

static enum bf_err read_spc(struct der *inside, struct tnauth_entry *ret, struct fault *fault)
{
    struct der_value text;
    enum bf_err err = der_expect(inside, DER_IA5STRING, &text, fault);
    if (err)
        return err;
    const struct span s = text.content.rest;
    if (s.n == 0)
        return fault_at(fault, BF_EFORM, text.at, "an empty service provider code");
    if (s.n > LIMIT_SPC)
        return fault_at(fault, BF_ELIMIT, text.at, "a service provider code of more than 15 characters");
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7F)
            return fault_at(fault, BF_EFORM, text.content.at + i, "a character no service provider code has");
    *ret = (struct tnauth_entry){ TNAUTH_SPC, s, 1 };
    return BF_OK;
}

static enum bf_err read_one(struct der *inside, struct tnauth_entry *ret, struct fault *fault)
{
    struct der_value text;
    enum bf_err err = der_expect(inside, DER_IA5STRING, &text, fault);
    if (err)
        return err;
    if (!is_number(text.content.rest, false))
        return fault_at(fault, BF_EFORM, text.at, "a telephone number is 1 to 15 of 0-9 # *");
    *ret = (struct tnauth_entry){ TNAUTH_ONE, text.content.rest, 1 };
    return BF_OK;
}

/* Members behind the count are for versions to come ("..."): they must be DER, and are not looked into. */
static enum bf_err skip_extensions(struct der *inside, struct fault *fault)
{
    struct der_value ignored;
    while (inside->rest.n) {
        enum bf_err err = der_next(inside, &ignored, fault);
        if (err)
            return err;
    }
    return BF_OK;
}

static enum bf_err judge_range(struct span start, uint64_t count, size_t at, struct fault *fault)
{
    uint64_t first;
    if (!is_number(start, true) || !number_value(start, &first))
        return fault_at(fault, BF_EFORM, at, "a range starts with 1 to 15 digits");
    if (count < 2)
        return fault_at(fault, BF_EFORM, at, "a range holds at least two numbers");
    if (count >= power_of_ten(start.n) - first)
        return fault_at(fault, BF_EFORM, at, "the range runs past the numbers of its length");
    return BF_OK;
}

static enum bf_err read_range(struct der *inside, struct tnauth_entry *ret, struct fault *fault)
{
    struct der_value sequence, start, number;
    uint64_t count;
    enum bf_err err = der_expect(inside, DER_SEQUENCE, &sequence, fault);
    if (!err)
        err = der_expect(&sequence.content, DER_IA5STRING, &start, fault);
    if (!err)
        err = der_expect(&sequence.content, DER_INTEGER, &number, fault);
    if (!err)
        err = der_unsigned(&number, &count, fault);
    if (!err)
        err = judge_range(start.content.rest, count, sequence.at, fault);
    if (!err)
        err = skip_extensions(&sequence.content, fault);
    if (!err)
        *ret = (struct tnauth_entry){ TNAUTH_RANGE, start.content.rest, count };
    return err;
}

static enum bf_err (*const readers[])(struct der *, struct tnauth_entry *, struct fault *) = {
    [TNAUTH_SPC] = read_spc,
    [TNAUTH_RANGE] = read_range,
    [TNAUTH_ONE] = read_one,
};

static enum bf_err read_entry(struct der *list, struct tnauth_entry *ret, struct fault *fault)
{
    struct der_value choice;
    enum bf_err err = der_next(list, &choice, fault);
    if (err)
        return err;
    const unsigned kind = choice.tag & 0x1Fu;
    if (choice.tag != DER_CONTEXT(kind) || kind >= ARRAY_SIZE(readers))
        return fault_at(fault, BF_EFORM, choice.at, "an entry that is neither spc, range nor one");
    err = readers[kind](&choice.content, ret, fault);
    return err ? err : der_end(&choice.content, fault);
}

/* entries NULL: only counts and judges. */
static enum bf_err read_entries(struct span der, struct tnauth_entry *entries, size_t *ret_n,
                                struct fault *fault)
{
    struct der whole = der_of(der);
    struct der_value list;
    struct tnauth_entry entry;
    size_t n = 0;
    enum bf_err err = der_expect(&whole, DER_SEQUENCE, &list, fault);
    if (!err)
        err = der_end(&whole, fault);
    while (!err && list.content.rest.n) {
        if (n == LIMIT_TNAUTH_ENTRIES)
            return fault_at(fault, BF_ELIMIT, list.content.at, "more than 4096 entries");
        err = read_entry(&list.content, entries ? &entries[n] : &entry, fault);
        n++;
    }
    if (!err && n == 0)
        return fault_at(fault, BF_EFORM, list.at, "an empty list");
    if (!err)
        *ret_n = n;
    return err;
}

enum bf_err tnauth_read(struct span der, struct tnauth **ret, struct fault *fault)
{
    size_t n = 0;
    enum bf_err err = read_entries(der, NULL, &n, fault);
    if (err)
        return err;
    struct tnauth *list = calloc(1, sizeof *list);
    if (!list)
        return BF_ENOMEM;
    list->entries = calloc(n, sizeof *list->entries);
    list->der = malloc(der.n);
    if (!list->entries || !list->der) {
        tnauth_destroy(list);
        return BF_ENOMEM;
    }
    memcpy(list->der, der.p, der.n);
    list->der_n = der.n;
    err = read_entries(span_make(list->der, der.n), list->entries, &list->n, fault);
    if (err) {
        tnauth_destroy(list);
        return err;
    }
    *ret = list;
    return BF_OK;
}

void tnauth_destroy(struct tnauth *list)
{
    if (!list)
        return;
    free(list->entries);
    free(list->der);
    free(list);
}

static bool range_holds(const struct tnauth_entry *range, struct span digits)
{
    uint64_t first, number;
    return digits.n == range->text.n && number_value(range->text, &first) && number_value(digits, &number) &&
           number >= first && number - first < range->count;
}

static bool entry_names(const struct tnauth_entry *entry, struct span digits)
{
    switch (entry->kind) {
    case TNAUTH_SPC: return false;
    case TNAUTH_ONE: return span_equal(entry->text, digits);
    case TNAUTH_RANGE: return range_holds(entry, digits);
    }
    return false;
}

enum tnauth_cover tnauth_covers(const struct tnauth *list, struct span digits)
{
    enum tnauth_cover cover = TNAUTH_NOT;
    for (size_t i = 0; i < list->n; i++) {
        if (entry_names(&list->entries[i], digits))
            return TNAUTH_BY_NUMBER;
        if (list->entries[i].kind == TNAUTH_SPC)
            cover = TNAUTH_BY_SPC;
    }
    return cover;
}

struct span tnauth_spc(const struct tnauth *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->entries[i].kind == TNAUTH_SPC)
            return list->entries[i].text;
    return SPAN_NONE;
}

static bool has_spc(const struct tnauth *list, struct span spc)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->entries[i].kind == TNAUTH_SPC && (!spc.p || span_equal(list->entries[i].text, spc)))
            return true;
    return false;
}

/* Every number of the range lies in one range or `one` of the parent; a range over two adjacent ones is refused. */
static bool covers_entry(const struct tnauth *parent, const struct tnauth_entry *child)
{
    uint64_t first, start;
    if (child->kind == TNAUTH_SPC)
        return has_spc(parent, child->text);
    if (has_spc(parent, SPAN_NONE))
        return true;
    if (child->kind == TNAUTH_ONE)
        return tnauth_covers(parent, child->text) == TNAUTH_BY_NUMBER;
    for (size_t i = 0; i < parent->n; i++) {
        const struct tnauth_entry *e = &parent->entries[i];
        if (e->kind == TNAUTH_RANGE && e->text.n == child->text.n && number_value(e->text, &start) &&
            number_value(child->text, &first) && first >= start && first - start + child->count <= e->count)
            return true;
    }
    return false;
}

bool tnauth_encompasses(const struct tnauth *parent, const struct tnauth *child)
{
    for (size_t i = 0; i < child->n; i++)
        if (!covers_entry(parent, &child->entries[i]))
            return false;
    return true;
}

/* ---- writing: the lengths first, from inside out ---- */

/* The sign bit stays free. A sound range counts below 10^15, which takes seven bytes at most. */
static size_t count_bytes(uint64_t count)
{
    size_t n = 1;
    while (n < 8 && count >> (8 * n - 1))
        n++;
    return n;
}

/* Content of the explicit context tag. */
static size_t entry_inside(const struct tnauth_entry *e)
{
    const size_t text = der_head_size(e->text.n) + e->text.n;
    if (e->kind != TNAUTH_RANGE)
        return text;
    const size_t sequence = text + 2 + count_bytes(e->count);
    return der_head_size(sequence) + sequence;
}

static bool entry_is_sound(const struct tnauth_entry *e)
{
    switch (e->kind) {
    case TNAUTH_SPC: return e->text.n >= 1 && e->text.n <= LIMIT_SPC;
    case TNAUTH_ONE: return is_number(e->text, false);
    case TNAUTH_RANGE: return judge_range(e->text, e->count, 0, NULL) == BF_OK;
    }
    return false;
}

static size_t text_write(uint8_t *out, struct span text)
{
    const size_t at = der_head_write(out, DER_IA5STRING, text.n);
    memcpy(out + at, text.p, text.n);
    return at + text.n;
}

static size_t entry_write(uint8_t *out, const struct tnauth_entry *e)
{
    size_t at = der_head_write(out, (uint8_t)DER_CONTEXT(e->kind), entry_inside(e));
    if (e->kind != TNAUTH_RANGE)
        return at + text_write(out + at, e->text);
    const size_t bytes = count_bytes(e->count);
    at += der_head_write(out + at, DER_SEQUENCE, der_head_size(e->text.n) + e->text.n + 2 + bytes);
    at += text_write(out + at, e->text);
    at += der_head_write(out + at, DER_INTEGER, bytes);
    for (size_t i = bytes; i-- > 0;)
        out[at++] = (uint8_t)(e->count >> (8 * i));
    return at;
}

enum bf_err tnauth_write(const struct tnauth_entry *entries, size_t n, uint8_t *out, size_t size,
                         size_t *ret_n)
{
    size_t inside = 0, at;
    if (n == 0 || n > LIMIT_TNAUTH_ENTRIES)
        return BF_EFORM;
    for (size_t i = 0; i < n; i++) {
        if (!entry_is_sound(&entries[i]))
            return BF_EFORM;
        const size_t content = entry_inside(&entries[i]);
        inside += der_head_size(content) + content;
    }
    if (inside >= 65536 || der_head_size(inside) + inside > size)
        return BF_ELIMIT;
    at = der_head_write(out, DER_SEQUENCE, inside);
    for (size_t i = 0; i < n; i++)
        at += entry_write(out + at, &entries[i]);
    *ret_n = at;
    return BF_OK;
}
