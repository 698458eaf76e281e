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
    const char *extra; /* content lines of a vCard that say what stands nowhere above, kept for the way out */
    utc_t changed;     /* of the store */
};

#endif
