/* SPDX-License-Identifier: Apache-2.0 */
/* How what a person has is written: one text for CSV, JSON and the store. */
#include "people/person.h"

#include "base/buf.h"
#include "numbers/file.h"

char *range_text(const struct number_range *range, char out[static RANGE_TEXT])
{
    struct buf b = buf_on(out, RANGE_TEXT);
    char number[LIMIT_NUMBER + 2];
    buf_text(&b, number_show(&range->start, number));
    if (range->count == 0)
        buf_char(&b, '*');
    else if (range->count > 1)
        buf_printf(&b, "/%llu", (unsigned long long)range->count);
    buf_char(&b, '\0');
    return out;
}

/* The last number has as many digits as the first (SEC-054). */
static bool count_fits(const struct number_range *r)
{
    uint64_t end = 1, first;
    if (r->count <= 1)
        return true;
    for (unsigned i = 0; i < r->start.n && i < 18; i++)
        end *= 10;
    return span_decimal(number_span(&r->start), UINT64_MAX, &first) && first < end && r->count <= end - first;
}

enum bf_err range_of_text(struct span text, struct number_range *ret, struct fault *fault)
{
    struct number_range r = { 0 };
    const enum bf_err err = number_row_range(span_trim(text), SPAN_NONE, NULL, &r, fault);
    if (err != BF_OK)
        return err;
    if (!number_is_canonical(number_span(&r.start)))
        return fault_at(fault, BF_EFORM, 0, "no number has more than 15 digits");
    if (!count_fits(&r))
        return fault_at(fault, BF_EFORM, 0, "so many numbers do not follow this one");
    *ret = r;
    return BF_OK;
}

static const char *const kinds[] = {
    [SIGNER_SPC] = "spc", [SIGNER_ISSUER] = "issuer", [SIGNER_DOMAIN] = "domain"
};

const char *signer_kind_text(enum person_signer_kind kind)
{
    return kinds[kind];
}

enum bf_err signer_of_text(struct span text, enum person_signer_kind *ret, struct span *ret_value,
                           struct fault *fault)
{
    const size_t colon = span_find(text, ':');
    const struct span value = span_trim(span_from(text, colon + 1));
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (colon < text.n && span_equal_nocase(span_trim(span_first(text, colon)), span_of(kinds[i]))) {
            if (value.n == 0)
                return fault_at(fault, BF_EFORM, colon, "a signer's name is missing behind the colon");
            *ret = (enum person_signer_kind)i;
            *ret_value = value;
            return BF_OK;
        }
    return fault_at(fault, BF_EFORM, 0, "a signer is written spc:1234, issuer:NAME or domain:NAME");
}

static const char *const proofs[] = {
    [PROOF_USUAL] = "usual", [PROOF_REQUIRED] = "required", [PROOF_WAIVED] = "waived"
};

const char *require_proof_text(enum require_proof proof)
{
    return proofs[proof];
}

bool require_proof_of_text(struct span text, enum require_proof *ret)
{
    if (text.n == 0)
        text = span_of(proofs[PROOF_USUAL]);
    for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
        if (span_equal_nocase(text, span_of(proofs[i]))) {
            *ret = (enum require_proof)i;
            return true;
        }
    return false;
}
