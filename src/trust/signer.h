/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed: a chain that was parsed, validated and published once, so that a call costs a look-up.
 *                                       CRT-040..043, CRT-062, CPF-003/004, X5U-007/008, SEC-014..024, SEC-036..038
 *
 * struct signer is immutable. signer_build makes one from the bytes of a repository; struct signers is the index of
 * those in use: its builder thread fetches, builds and publishes, readers look up without a lock (base/epoch.h).
 */
#ifndef TRUST_SIGNER_H
#define TRUST_SIGNER_H

#include "base/clock.h"
#include "base/epoch.h"
#include "es256/es256.h"
#include "fetch/fetch.h"
#include "token/token.h"
#include "trust/anchors.h"
#include "trust/tnauth.h"

/* A span of time in which some path from the leaf to an anchor of the domain holds. */
struct signer_path {
    uint8_t domain; /* index in the struct trust it was built against */
    utc_t from, to; /* both inclusive */
    enum revocation
        revocation; /* what the lists say of the whole path; whether they are fresh: trust_domain_crl */
};
#define SIGNER_PATHS 16u

enum signer_fitness {
    SIGNER_FIT,      /* leaf P-256 on the named curve, digitalSignature, no CA, TNAuthList (or SAN) there */
    SIGNER_UNPARSED, /* the bytes hold no certificate chain: 436 */
    SIGNER_UNFIT,    /* a leaf that may not sign PASSporTs: 437 */
};

struct signer {
    char *x5u; /* "" for --cert */
    enum signer_fitness fitness;
    const char *why;               /* constant text; never NULL: why it is not fit, or why no path holds */
    struct es256_key *key;         /* SIGNER_FIT only */
    uint8_t key_id[SHA256_BYTES];  /* SHA-256 of the SubjectPublicKeyInfo */
    uint8_t leaf_id[SHA256_BYTES]; /* SHA-256 of the leaf's DER */
    struct tnauth *tnauth;         /* NULL: no such extension */
    char *subject, *issuer;        /* one line, RFC 2253 style; "" when unparsed */
    char *serial;                  /* lower-case hex */
    char *spc;                     /* "" when there is none */
    char **san_domains;
    size_t
        n_san_domains; /* SIP domains the leaf may speak for (RFC 5922 section 7.2: uriName sip:host, dNSName) */
    utc_t not_before, not_after; /* of the leaf */
    size_t n_certificates;
    struct signer_path paths[SIGNER_PATHS];
    size_t n_paths;       /* 0: untrusted everywhere */
    const char *path_why; /* constant or static text: why there is no path (SEC-016..023) */
    uint64_t generation;  /* of the struct trust */
    utc_t fetched;        /* when its bytes were fetched; 0: given by hand */
    mono_t fresh_until;   /* when to prefetch it again */
    size_t bytes;         /* memory it takes */
};

/*
 * pem: certificates in any order, blocks of other kinds ignored; the leaf is the one that issued no other, the first of
 * them when there are several (a CA only when there is nothing else); a bare DER certificate is taken too. Paths may
 * also use what stands in the anchor files. fetched 0: given by hand, up to LIMIT_GIVEN_CERTS of them.
 * Always gives a signer, SIGNER_UNPARSED included; BF_ENOMEM, BF_ECRYPTO.
 */
enum bf_err signer_build(const struct trust *trust, struct span x5u, struct span pem, utc_t fetched,
                         struct signer **ret) must_use;
void signer_destroy(struct signer *s);

/* Is there a path at `at` (and revocation on it)? The first domain in the order of configuration that holds. */
enum signer_standing { STANDING_TRUSTED, STANDING_UNTRUSTED, STANDING_EXPIRED, STANDING_NOT_YET };
enum signer_standing signer_standing(const struct signer *s, utc_t at, const struct signer_path **ret_path);

/* ---- the index ---- */

struct signers;

struct signers_options {
    struct fetch *fetch;   /* NULL: offline, nothing is fetched; must outlive the signers */
    const char *certs_dir; /* NULL, or the offline repository: <sha256 of the URL>.pem */
    const char *cache_dir; /* NULL, or where bodies are kept over a restart (mode 0700) */
    struct trust *trust;   /* taken over when signers_create succeeds; NULL: nothing is trusted */
    struct epoch *epoch;
    const struct clock_source *clock;
    size_t main_max;      /* 0: 8192 signers that verified something */
    size_t probation_max; /* 0: 256 others */
    bool lab;             /* URL rules of x5u.lab */
    struct log *log;
};

enum bf_err signers_create(const struct signers_options *options, struct signers **ret) must_use;
void signers_destroy(struct signers *s);

/*
 * Readers: inside epoch_enter/epoch_exit; the result is valid until epoch_exit. trust: the snapshot of this batch
 * (signers_trust); a signer that was judged under another one is not found, so that its paths and the domains they name
 * always belong together.
 */
enum signer_found {
    SIGNER_FOUND,   /* *ret is set (fit or not) */
    SIGNER_MISSING, /* nobody has asked yet, or it is on its way: signers_want */
    SIGNER_FAILED,  /* could not be fetched lately: *ret_why says so: 436 */
};
enum signer_found signers_find(const struct signers *s, const struct trust *trust, struct span x5u,
                               const struct signer **ret, const char **ret_why);
/* A JOSE header over which a signature has held. */
struct signer_header {
    struct token_header read;
    bool url_allowed; /* by fetch_url_allowed, without the latitude of labs */
};
/*
 * The short way: by the raw header segment of a token over which a signature has held. NULL: take the long way.
 * *ret_header: what that header says, valid as long as the signer; NULL where it must be read.
 */
const struct signer *signers_find_header(const struct signers *s, const struct trust *trust,
                                         struct span header_segment, const struct signer_header **ret_header);
/*
 * The same for many at once: begin, then three steps, then end. Between two steps of one look-up stand those of the others,
 * so that the memory they need comes for all of them together.
 */
struct signer_look {
    struct span segment;
    uint64_t hash;
    const void *at; /* what the last step found */
    unsigned steps;
};
#define SIGNER_STEPS 3u
void signers_look_begin(const struct signers *s, struct span header_segment, struct signer_look *ret);
void signers_look_step(const struct signers *s, struct signer_look *look);
const struct signer *signers_look_end(const struct signers *s, const struct trust *trust,
                                      const struct signer_look *look,
                                      const struct signer_header **ret_header);
/* So many of them found a signer: told once a batch, so that no call writes to memory that threads share. */
void signers_count_hits(const struct signers *s, size_t n);
/* A signature of this signer held, under a trusted chain: the URL leaves probation, the header segment is learned. Never blocks; may forget. */
void signers_proven(struct signers *s, const struct signer *signer, struct span header_segment);

/*
 * Asks for the chain behind x5u: from certs_dir, the cache on disk, or the network. done is called once, from another
 * thread, when signers_find has an answer (soon when it has one already), or when signers_destroy ends the wait.
 * BF_ENOMEM, BF_ELIMIT (a URL too long, too many wants): done is not called. stale: the caller saw a signature fail on
 * an older copy: fetch again, at most once a minute a URL (else done soon). source as in fetch_get.
 */
typedef void signers_done(void *arg);
enum bf_err signers_want(struct signers *s, struct span x5u, uint64_t source, bool stale, signers_done *done,
                         void *arg) must_use;

/*
 * Swaps the trust snapshot (taken over; trust_succeed); every entry is built again in the background, and looks up as
 * MISSING until then. The calling thread must not be inside the epoch.
 */
void signers_retrust(struct signers *s, struct trust *trust);
const struct trust *signers_trust(const struct signers *s); /* inside an epoch */

struct signers_counts {
    uint64_t signers, probation, bytes, hits, misses, built, failed, evicted;
    utc_t first_expiry; /* of the leaves in use; INT64_MAX: none */
};
struct signers_counts signers_counts(const struct signers *s);

AUTO_DEFINE(struct signer, signer_destroy);
AUTO_DEFINE(struct signers, signers_destroy);

#endif
