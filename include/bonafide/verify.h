/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this caller who it says it is?                                                      man 3 bf_verify
 *
 *     struct bf_verify_options options = BF_VERIFY_OPTIONS;
 *     const char *roots[] = { "roots.pem" };
 *     options.trust = roots, options.n_trust = 1;
 *
 *     struct bf_verifier *verifier;
 *     char *message = NULL;
 *     if (bf_verifier_create(&options, &verifier, &message))
 *         return fprintf(stderr, "%s\n", message), free(message), 1;
 *
 *     struct bf_verdict *verdict;
 *     struct bf_fault fault;
 *     if (bf_verify_sip(verifier, invite, invite_bytes, 0, &verdict, &fault) == BF_OK)
 *         puts(bf_verdict_json(verdict));
 *     bf_verdict_destroy(verdict);
 *     bf_verifier_destroy(verifier);
 *
 * The library writes nothing to standard output or error, reads no environment, never exits, and installs no
 * signal handler. It opens the files and directories that the options name, and, unless `offline` is set, connects
 * to the certificate repositories that tokens name, under the rules of bonafide(1).
 *
 * What it does not do: keep records, answer SIP, decide what happens to the call.
 */
#ifndef BONAFIDE_VERIFY_H
#define BONAFIDE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "bonafide/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Holds trust anchors, the certificates met so far and the memory of tokens seen. Thread-safe: any number of threads may
 * verify with one verifier at the same time (at most 56 are served at once, others wait for a seat).
 */
struct bf_verifier;

/* What checks signatures; the verdicts are the same. */
enum bf_engine {
    BF_ENGINE_AUTO = 0,    /* eight at a time where the CPU has AVX-512 IFMA and there is enough to check */
    BF_ENGINE_OPENSSL = 1, /* OpenSSL alone */
    BF_ENGINE_LANES = 2,   /* eight at a time from the first on; BF_EUNSUP where the CPU cannot */
};

/* What was found about one call. Immutable, independent of its verifier once made; may be read by many threads. */
struct bf_verdict;

/* The verdict speaks of the caller. The values are the exit statuses of bonafide-verify. */
enum bf_outcome {
    BF_GENUINE = 0,  /* a trusted signature made for this very call vouches for the number */
    BF_UNPROVEN = 1, /* nothing proves it, nothing speaks against it */
    BF_BROKEN = 2,   /* a proof was offered and it does not hold */
    BF_IMPOSTOR = 3, /* the call pretends to be someone it is not */
};

/* Start from BF_VERIFY_OPTIONS and set what you need. All texts are copied or read before bf_verifier_create returns. */
struct bf_verify_options {
    size_t size; /* sizeof(struct bf_verify_options): how a later library knows an earlier caller */

    const char *const
        *trust; /* PEM files, or directories of them: the anchors. None: nothing is ever trusted */
    size_t n_trust;
    const char *cert; /* PEM file with a chain that is used whatever x5u says; the verdict says "lab" */
    const char *
        certs; /* directory: the chain for URL u is `<lower-case hex SHA-256 of u>.pem`; asked before the network */
    const char *cache; /* directory (made, mode 0700) where fetched chains are kept; NULL: only in memory */
    bool offline;      /* fetch nothing */
    bool no_chain;     /* take every leaf certificate as trusted; the verdict says "lab" */
    bool lab_urls;     /* certificate URLs may be http, use any port, and lead to private addresses */
    bool
        ignore_pai; /* P-Asserted-Identity does not count: the message does not come from a trusted network */
    bool color;     /* bf_verdict_words and bf_verdict_line with the colours of a terminal */
    char least_attestation; /* 'A', 'B', or 'C'; with 'C' the verdict says "lab" */
    unsigned freshness_s;   /* how far `iat` may be from the call's time */
    unsigned budget_ms;     /* how long one call may wait for certificates; then it is judged without */
    size_t replay_entries;  /* how many tokens are remembered, 64 bytes each; 0: repeats are not looked for */
    enum bf_engine engine;
    unsigned
        tables_mb; /* memory, at most, for tables of signers that prove busy: 145 MiB are for 1,000; 0: none */
};

#define BF_VERIFY_OPTIONS                                                                                    \
    {                                                                                                        \
        .size = sizeof(struct bf_verify_options), .least_attestation = 'A', .freshness_s = 60,               \
        .budget_ms = 4000, .replay_entries = 65536, .tables_mb = 64                                          \
    }

/*
 * options NULL: BF_VERIFY_OPTIONS. Reads all anchors; starts the threads that fetch and build certificates.
 * ret_message  may be NULL; on error a sentence that names the file and what is wrong with it, to be given to free(),
 *              or NULL where there is no memory for it
 * BF_EINVAL an option that cannot be; BF_EUNSUP an engine that this CPU cannot run; BF_EFORM a file that holds no certificate; BF_EIO a file that cannot be read;
 * BF_ENOMEM; BF_ECRYPTO.
 */
BF_API enum bf_err bf_verifier_create(const struct bf_verify_options *options, struct bf_verifier **ret,
                                      char **ret_message) BF_MUST_USE;

/* No thread may be verifying. NULL is fine. Verdicts stay valid. */
BF_API void bf_verifier_destroy(struct bf_verifier *verifier);

/*
 * The verdict on a SIP INVITE, in lines that end with CRLF or LF.
 * at         UTC seconds: when the call arrived; 0: now. Freshness, certificates and repeats are judged at this time.
 * ret        on BF_OK a verdict to be given to bf_verdict_destroy; else NULL
 * ret_fault  may be NULL; on BF_EFORM, BF_ELIMIT and BF_EUNSUP: where the message broke its grammar, and why
 * BF_EFORM this is no SIP request, or its caller or callee cannot be read; BF_EUNSUP a SIP message that starts no call
 * (a response, another method, a request inside a dialog); BF_ELIMIT too large; BF_ENOMEM; BF_ECRYPTO.
 * A call that is not believed is not an error: it is BF_OK and a verdict.
 * Blocks at most budget_ms (and the time of the arithmetic). message is not kept.
 */
BF_API enum bf_err bf_verify_sip(struct bf_verifier *verifier, const void *message, size_t message_bytes,
                                 int64_t at, struct bf_verdict **ret, struct bf_fault *ret_fault) BF_MUST_USE;

/*
 * The same for the JSON of ATIS-1000082: `{"verificationRequest":{"from":{"tn":"…"},"to":{"tn":["…"]},"time":…,
 * "identity":"…"}}`, or what is inside. at 0: its `time`, else now. `callId`, your own name for the call, tells a
 * question asked twice from a replayed call.
 */
BF_API enum bf_err bf_verify_json(struct bf_verifier *verifier, const void *json, size_t json_bytes,
                                  int64_t at, struct bf_verdict **ret,
                                  struct bf_fault *ret_fault) BF_MUST_USE;

/*
 * The same for a bare Identity header value and the two numbers of the call, as people write them (`+1 202 555 0100`,
 * `12025550100`). BF_EINVAL: orig or dest is no telephone number (the fault says why).
 */
BF_API enum bf_err bf_verify_identity(struct bf_verifier *verifier, const void *identity,
                                      size_t identity_bytes, const char *orig, const char *dest, int64_t at,
                                      struct bf_verdict **ret, struct bf_fault *ret_fault) BF_MUST_USE;

/* NULL is fine. */
BF_API void bf_verdict_destroy(struct bf_verdict *verdict);

BF_API enum bf_outcome bf_verdict_outcome(const struct bf_verdict *verdict);
BF_API const char *bf_outcome_text(enum bf_outcome outcome); /* "genuine"; constant; "" for other values */

/* Texts below live as long as the verdict. */

/* Of the number alone: "TN-Validation-Passed", "TN-Validation-Failed" or "No-TN-Validation". */
BF_API const char *bf_verdict_verstat(const struct bf_verdict *verdict);
/* 'A', 'B' or 'C': the lowest attestation among the proofs that hold; 0 when none does. */
BF_API char bf_verdict_attestation(const struct bf_verdict *verdict);
/* A switch for laboratories made it so (no_chain, cert, least_attestation 'C', a lab's trust domain). */
BF_API bool bf_verdict_lab(const struct bf_verdict *verdict);
/* 403, 428, 436, 437 or 438: what a SIP refusal would say; 0 when there is nothing to refuse. */
BF_API int bf_verdict_stir_code(const struct bf_verdict *verdict);
/* Canonical digits, no '+'; "" where the signalling has no number there. */
BF_API const char *bf_verdict_caller(const struct bf_verdict *verdict);
BF_API const char *bf_verdict_called(const struct bf_verdict *verdict);
/* One sentence for people, without its full stop. */
BF_API const char *bf_verdict_why(const struct bf_verdict *verdict);
/* The object of `bonafide verify --json`: one line, no newline. */
BF_API const char *bf_verdict_json(const struct bf_verdict *verdict);
/* For people: one line, no newline; and everything that was asked, in several lines, newline at the end. */
BF_API const char *bf_verdict_line(const struct bf_verdict *verdict);
BF_API const char *bf_verdict_words(const struct bf_verdict *verdict);

#ifdef __cplusplus
}
#endif
#endif
