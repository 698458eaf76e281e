/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a call, and everything that led to it.                             design.md "The verdict"; standards.md 0.2 */
#ifndef VERDICT_VERDICT_H
#define VERDICT_VERDICT_H

#include "base/digest.h"
#include "identity/identity.h"
#include "people/names.h"
#include "people/person.h"
#include "token/token.h"
#include "trust/signer.h"
#include "verdict/call.h"

enum outcome { GENUINE, UNPROVEN, BROKEN, IMPOSTOR };
enum verstat { VERSTAT_NONE, VERSTAT_PASSED, VERSTAT_FAILED };
enum vote { PASS, ABSTAIN, VETO };
/* What a check does that may be wrong about honest callers: it says what it would do, or does it. */
enum check_mode { CHECK_OBSERVE, CHECK_ENFORCE, CHECK_OFF };

/* Why an Identity header failed: the cases of API-008, and ours behind them. Codes and phrases: stir_case.c. */
enum stir_case {
    CASE_NONE,
    CASE_E4_COMPACT,
    CASE_E5_PPT_PARAM,
    CASE_E6_NO_INFO,
    CASE_E7_INFO_URI,
    CASE_E8_NOT_FETCHED,
    CASE_E9_HEADER_MEMBER,
    CASE_E10_X5U_INFO,
    CASE_E11_TYP,
    CASE_E12_ALG,
    CASE_E13_PPT,
    CASE_E14_CLAIMS,
    CASE_E15_STALE,
    CASE_E16_MISMATCH,
    CASE_E17_CHAIN,
    CASE_E18_SIGNATURE,
    CASE_E19_ATTEST,
    CASE_FORM,        /* Identity grammar, base64url, JSON: 438 */
    CASE_CREDENTIAL,  /* the leaf is of a kind that may not sign: 437 */
    CASE_AUTHORITY,   /* the certificate does not speak for this number: 437 */
    CASE_REVOKED,     /* 437 */
    CASE_REPLAY,      /* 438 */
    CASE_NO_IDENTITY, /* nothing offered: 428 by policy */
    CASE_SHED,        /* passed unjudged under overload */
    CASE_COUNT
};
struct stir_row {
    const char *name;   /* "E16", "replay": stable, for logs, JSON and X-Bonafide */
    int code;           /* 403, 428, 436, 437, 438, or 0 */
    const char *phrase; /* RFC 8224 reason phrase */
    enum verstat sip;   /* what it means for verstat on SIP (decision on SHK-041) */
    enum verstat atis;  /* and on the ATIS dialect of HTTP */
};
const struct stir_row *stir_case_row(enum stir_case c);

const char *outcome_text(enum outcome o); /* "genuine" */
const char *verstat_text(enum verstat v); /* "TN-Validation-Passed" */
const char *vote_text(enum vote v);       /* "pass" */

/* How the certificate behind a token came, or did not. */
enum credential_state { CREDENTIAL_UNASKED, CREDENTIAL_FOUND, CREDENTIAL_FAILED, CREDENTIAL_LATE };

struct ballot {
    enum vote vote;
    const char *why; /* a sentence without its full stop; constant, or in the call's arena */
};

struct check;
struct cast {
    const struct check *check;
    int identity; /* index of the Identity header; -1: the call as a whole */
    struct ballot ballot;
};

enum identity_status { IDENTITY_VALID, IDENTITY_INVALID, IDENTITY_IGNORED };
struct identity_result {
    enum identity_status status;
    enum stir_case failure;      /* CASE_NONE when valid or ignored */
    struct identity parts;       /* parts.token.p NULL: the value could not even be split */
    struct token token;          /* token.text.p NULL: not read */
    bool is_proof;               /* shaken or baseline, readable that far */
    const struct signer *signer; /* valid inside the batch (epoch); NULL: none found */
    const struct signer_path *path;
    char attest;                  /* the token's; 'C' for a baseline under an SPC; 'A' for one by number */
    bool holds;                   /* every needed proof row passed */
    uint8_t digest[SHA256_BYTES]; /* of the signing input; set once the signature is asked */
    uint8_t replay_key[SHA256_BYTES]; /* set once the signature held */
    bool entered;                     /* its key went into the replay memory */

    /* what the checks ask, filled while it is judged */
    enum bf_err split_err, token_err;
    struct bf_fault split_fault, token_fault;
    enum token_flaw flaw;
    enum credential_state credential;
    const char *credential_why;
    enum bf_err signature; /* result of the engine, once asked */
    bool signature_asked;
    struct signer_look look; /* its short way to the signer, while it is gone */
    const struct signer
        *short_way; /* whose header segment this is known to be, or given; NULL: to be looked up */
    const struct signer_header *header; /* what that header says; NULL: it was read like any other */
    bool called_ok, shown_ok;           /* called-number and number-shown, asked of this proof */
    const struct check *blocked_by;     /* the first needed row that makes dearer ones pointless */
};

struct verdict {
    enum outcome outcome;
    enum verstat verstat;
    char attest;       /* of the proof, or the lowest of those that hold; 0: none */
    const char *proof; /* "identity", "carrier", or NULL */
    bool lab;
    const char *trust_domain; /* NULL: none */
    int winner;               /* index of the Identity header that tells signer and claims; -1 */
    enum stir_case failure;   /* the one that decides a refusal (ID-501), CASE_NONE when there is none */
    const char *why;          /* one sentence for people */
    struct identity_result *identities; /* call->n_identities of them, in the arena */
    size_t n_identities;
    struct cast *casts; /* in the order of the table, proofs first */
    size_t n_casts;
    /* People live as long as the bracket of the epoch in which the call was judged. */
    const struct person *person;         /* whose number was proven in this call: only when genuine */
    const struct person *claimed_person; /* who it says it is, or whose number it shows, unproven */
    struct name_match name_match;        /* of matched_name; a score of 0: none resembles anybody's */
    struct span matched_name;            /* the claimed name that resembles a name we know */
};

#endif
