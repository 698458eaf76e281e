/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/der.h"

/* The length octets at p: X.690 section 8.1.3, with DER's rule that the shortest form is the only one. */
static enum bf_err read_length(struct span s, size_t at, size_t *ret_head, size_t *ret_n, struct fault *fault)
{
    if (s.n < 1)
        return fault_at(fault, BF_EFORM, at, "the value ends before its length");
    const uint8_t first = (uint8_t)s.p[0];
    if (first < 0x80) {
        *ret_head = 1;
        *ret_n = first;
        return BF_OK;
    }
    const size_t octets = first & 0x7F;
    if (octets == 0 || octets > 4)
        return fault_at(fault, BF_EFORM, at, "the length is indefinite or too long");
    if (s.n < 1 + octets)
        return fault_at(fault, BF_EFORM, at, "the value ends inside its length");
    size_t n = 0;
    for (size_t i = 1; i <= octets; i++)
        n = n << 8 | (uint8_t)s.p[i];
    if (n < 0x80 || n >> (8 * (octets - 1)) == 0)
        return fault_at(fault, BF_EFORM, at, "the length is not in its shortest form");
    *ret_head = 1 + octets;
    *ret_n = n;
    return BF_OK;
}

enum bf_err der_next(struct der *d, struct der_value *ret, struct fault *fault)
{
    size_t head, n;
    if (d->rest.n == 0)
        return fault_at(fault, BF_EFORM, d->at, "a value is missing");
    const uint8_t tag = (uint8_t)d->rest.p[0];
    if ((tag & 0x1F) == 0x1F)
        return fault_at(fault, BF_EFORM, d->at, "a tag of several bytes");
    enum bf_err err = read_length(span_from(d->rest, 1), d->at + 1, &head, &n, fault);
    if (err)
        return err;
    head++;
    if (n > d->rest.n - head)
        return fault_at(fault, BF_EFORM, d->at, "the value is longer than what holds it");
    *ret = (struct der_value){ tag, d->at, { span_make(d->rest.p + head, n), d->at + head } };
    d->rest = span_from(d->rest, head + n);
    d->at += head + n;
    return BF_OK;
}

enum bf_err der_expect(struct der *d, uint8_t tag, struct der_value *ret, struct fault *fault)
{
    struct der_value value;
    enum bf_err err = der_next(d, &value, fault);
    if (err)
        return err;
    if (value.tag != tag)
        return fault_at(fault, BF_EFORM, value.at, "a value of another type is due here");
    *ret = value;
    return BF_OK;
}

enum bf_err der_end(const struct der *d, struct fault *fault)
{
    return d->rest.n ? fault_at(fault, BF_EFORM, d->at, "bytes behind the end") : BF_OK;
}

enum bf_err der_unsigned(const struct der_value *value, uint64_t *ret, struct fault *fault)
{
    const struct span s = value->content.rest;
    uint64_t n = 0;
    if (s.n == 0)
        return fault_at(fault, BF_EFORM, value->at, "an integer without a byte");
    if ((uint8_t)s.p[0] & 0x80)
        return fault_at(fault, BF_EFORM, value->at, "a negative number");
    if (s.n > 1 && s.p[0] == 0 && !((uint8_t)s.p[1] & 0x80))
        return fault_at(fault, BF_EFORM, value->at, "an integer that is not in its shortest form");
    if (s.n > 9 || (s.n == 9 && s.p[0] != 0))
        return fault_at(fault, BF_EFORM, value->at, "a number beyond 64 bits");
    for (size_t i = 0; i < s.n; i++)
        n = n << 8 | (uint8_t)s.p[i];
    *ret = n;
    return BF_OK;
}

size_t der_head_size(size_t n)
{
    return n < 0x80 ? 2 : n < 0x100 ? 3 : 4;
}

size_t der_head_write(uint8_t *out, uint8_t tag, size_t n)
{
    size_t at = 0;
    out[at++] = tag;
    if (n >= 0x100) {
        out[at++] = 0x82;
        out[at++] = (uint8_t)(n >> 8);
    } else if (n >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (uint8_t)n;
    return at;
}
