/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person: an entry of the address book.                                          RFC 6350 names what vCard calls the same
 * Texts are UTF-8 and end with a NUL; "" is none, never NULL. All of it is owned by whoever made it (book.h, people.h).
 */
#ifndef PEOPLE_PERSON_H
#define PEOPLE_PERSON_H

#include "base/clock.h"
#include "base/span.h"
#include "sip/number.h"

/* Who is expected to sign this person's calls; one of them is enough. */
enum person_signer_kind { SIGNER_SPC, SIGNER_ISSUER, SIGNER_DOMAIN };
struct person_signer {
    enum person_signer_kind kind;
    const char
        *value; /* "1234"; what the certificate's issuer is called; a trust domain of the configuration */
};

/* A call from a protected person's own number that nothing proves. */
enum require_proof {
    PROOF_USUAL, /* required once a habit of the number is confirmed */
    PROOF_REQUIRED,
    PROOF_WAIVED
};

struct person {
    int64_t id;      /* of the store; 0: not in it yet */
    const char *uid; /* vCard UID; given when it is added */
    const char *name;
    const char *const *aliases;
    size_t n_aliases;
    const char *organisation;
    const struct number_range *numbers;
    size_t n_numbers;
    const struct person_signer *signers;
    size_t n_signers;
    char least_attestation; /* 'A', 'B', 'C'; 0: none is asked for */
    bool is_protected;      /* worth impersonating: nobody else may go by this name */
    enum require_proof require_proof;
    const char *language, *note; /* BCP 47 */
    struct span photo;           /* bytes; empty: none */
    const char *photo_type;      /* "image/jpeg" */
    const char *const *tags;
    size_t n_tags;
    /*
     * Content lines of a vCard that say what stands nowhere above, kept for the way out, each ended with LF. One behind a blank
     * says again, with parameters, what does stand above, and goes out as long as that is true.
     */
    const char *extra;
    utc_t changed; /* of the store */
};

/* ---- how they are written: in CSV, JSON and the store ---- */

#define RANGE_TEXT (LIMIT_NUMBER + 24u)
/* `+12025550100`, `+12025550100/100`, `+1202*`; NUL-terminated. */
char *range_text(const struct number_range *range, char out[static RANGE_TEXT]);
/* The same, and as people type a number: `+1 (202) 555-0100`. BF_EFORM. */
enum bf_err range_of_text(struct span text, struct number_range *ret, struct fault *fault) must_use;

const char *signer_kind_text(enum person_signer_kind kind); /* "spc", "issuer", "domain" */
/* `spc:1234`: *ret_value is what stands behind the colon, of `text`. BF_EFORM. */
enum bf_err signer_of_text(struct span text, enum person_signer_kind *ret, struct span *ret_value,
                           struct fault *fault) must_use;

const char *require_proof_text(enum require_proof proof);              /* "usual", "required", "waived" */
bool require_proof_of_text(struct span text, enum require_proof *ret); /* "" is usual */

#endif
