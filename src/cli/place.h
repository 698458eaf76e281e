/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test calls: one honest kind, and the tricks. `bonafide call`, `demo` and `doctor` place them and read the answers.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <sys/socket.h>

#include "base/clock.h"
#include "credential/key.h"
#include "sip/number.h"

enum call_kind {
    KIND_SIGNED, /* attestation A, made for this very call */
    KIND_UNSIGNED,
    KIND_SPOOFED,   /* signed by a carrier for its own number, another number shown */
    KIND_TAMPERED,  /* a claim was changed after signing */
    KIND_OTHER,     /* the token belongs to a call to somebody else */
    KIND_REPLAYED,  /* the token of an earlier call, sent again from another place */
    KIND_STALE,     /* signed ten minutes ago */
    KIND_GATEWAY,   /* attestation C */
    KIND_UNTRUSTED, /* signed by a carrier of a CA that nobody trusts */
    KIND_COUNT
};
const char *call_kind_name(enum call_kind kind); /* "signed" */
const char *call_kind_text(enum call_kind kind); /* "a call signed with full attestation" */
/* KIND_COUNT when there is no such kind. */
enum call_kind call_kind_of(const char *name);

struct tls_context;

/* A carrier to sign with. Borrowed. */
struct place_carrier {
    struct key *key; /* NULL: none, kinds that need it are not placed */
    const char *x5u;
};

struct place_options {
    const struct sockaddr *to;
    socklen_t to_n;
    bool tcp;
    struct tls_context *tls;          /* NULL: no TLS */
    const char *tls_name;             /* whom the other side must prove to be; NULL: anybody */
    int timeout_ms;                   /* 0: 5000 */
    const char *host;                 /* of the Request-URI; NULL: the address itself */
    struct number caller, called;     /* n 0: 12155550121, 12155550131 */
    const char *name;                 /* display name; NULL: none */
    struct place_carrier carrier;     /* signs everything but: */
    struct place_carrier untrusted;   /* KIND_UNTRUSTED */
    const struct clock_source *clock; /* NULL: the machine's */
};

#define PLACED_TEXT    256u
#define PLACED_REASONS 10u

/* One call and its answer; every text is NUL-terminated and printable. */
struct placed {
    enum call_kind kind;
    bool sent;       /* false: this kind needs a carrier that is not there */
    enum bf_err err; /* BF_OK: answered; BF_ETIME, BF_EIO */
    int status;
    char phrase[PLACED_TEXT];
    char caller[LIMIT_NUMBER + 2], called[LIMIT_NUMBER + 2];
    char verdict[32];             /* of X-Bonafide; empty when it has none */
    char x_bonafide[PLACED_TEXT]; /* the whole value */
    char verstat[64];             /* of P-Asserted-Identity or From; empty */
    char attestation[8];          /* of X-Bonafide, P-Attestation-Indicator or Attestation-Info; empty */
    char contact[PLACED_TEXT];
    bool identity; /* the answer carries an Identity header: it was signed */
    char reasons[PLACED_REASONS][PLACED_TEXT];
    size_t n_reasons;
    char why[PLACED_TEXT]; /* what TLS has against the other side; empty */
    int64_t us;            /* from the first byte out to the final answer in */
};

/* Places one call, waits for its final answer, hangs up if somebody answered. Errors are in *ret. BF_ENOMEM only. */
enum bf_err place_call(const struct place_options *options, enum call_kind kind, struct placed *ret) must_use;

/* Whether a call of this kind came back as it should where the carrier is trusted: genuine for signed, and so on. */
bool placed_as_expected(const struct placed *placed);
/* The verdict expected of a kind: "genuine", "unproven", "broken". */
const char *call_kind_verdict(enum call_kind kind);

/*
 * A carrier out of a directory made by `bonafide lab`: spc NULL for the first. *ret_x5u is to be freed.
 * Error: *ret_message, to be freed.
 */
enum bf_err place_carrier_load(const char *lab, const char *spc, struct key **ret_key, char **ret_x5u,
                               char **ret_message) must_use;

#endif
