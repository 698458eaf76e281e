/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust domains: whose word counts, and for what.                     TRU-003, TRU-006, INT-006; design.md "Trust domains"
 *
 * A snapshot: made from files, immutable, read by many threads. No system CA is ever an anchor.
 */
#ifndef TRUST_ANCHORS_H
#define TRUST_ANCHORS_H

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "sip/number.h"

struct trust_domain_options {
    const char *name;
    /* PEM or DER files, or directories of them. Self-signed certificates are the anchors; paths may use the others. */
    const char *const *anchors;
    size_t n_anchors;
    const char *const *crls;
    size_t n_crls; /* PEM or DER files; the CRL signer's certificate may stand in one */
    const char *const *policy_oids;
    size_t n_policy_oids; /* leaf must carry one of them; none: not asked. A trailing ".*" matches the arc */
    const char *const *subject_c;
    size_t n_subject_c; /* country codes the leaf's subject must have; none: not asked */
    const struct number_range *numbers;
    size_t n_numbers; /* callers it may vouch for; none: all */
    bool lab;
};

struct trust;

/*
 * Reads all files. BF_OK, or the error with *ret_message (to be freed; a sentence naming file and place; NULL without memory).
 * generation: what entries of caches carry; the caller raises it with every reload.
 * A CRL that cannot be used is no error: its domain's revocation is UNKNOWN (trust_domain_crl_fault says why).
 * An empty list of domains is fine: then nothing is trusted, and `chain` abstains.
 */
enum bf_err trust_create(const struct trust_domain_options *domains, size_t n, uint64_t generation, utc_t now,
                         struct trust **ret, char **ret_message) must_use;
void trust_destroy(struct trust *t);

size_t trust_domains(const struct trust *t);
const char *trust_domain_name(const struct trust *t, size_t domain);
/* `the chain leads to an anchor of trust domain us`: said of every good call, so made once. */
const char *trust_domain_leads(const struct trust *t, size_t domain);
bool trust_domain_is_lab(const struct trust *t, size_t domain);
bool trust_domain_speaks_for(const struct trust *t, size_t domain, const struct number *caller);
size_t trust_domain_anchors(const struct trust *t, size_t domain); /* how many */
utc_t trust_first_expiry(const struct trust *t);                   /* of all anchors; INT64_MAX: none */
uint64_t trust_generation(const struct trust *t);

enum revocation {
    REVOCATION_NOT_ASKED, /* no CRL is configured */
    REVOCATION_GOOD,
    REVOCATION_REVOKED,
    REVOCATION_UNKNOWN, /* a CRL is configured, and none is valid (never, or 72 h past nextUpdate) */
};
/* State of the domain's CRLs at `now`: GOOD, UNKNOWN or NOT_ASKED; *ret_age_s since thisUpdate of the oldest. */
enum revocation trust_domain_crl(const struct trust *t, size_t domain, utc_t now, int64_t *ret_age_s);
/* Why it is UNKNOWN, constant text, and the file (owned by t); NULL when nothing is wrong. For logs and `doctor`. */
const char *trust_domain_crl_fault(const struct trust *t, size_t domain, utc_t now, const char **ret_file);

/*
 * Before t takes the place of old: its generation becomes the higher one, and of a domain of the same name each CRL that
 * is older than the one in use (cRLNumber), or unreadable, is left for that one. signers_retrust does this itself.
 */
void trust_succeed(struct trust *t, const struct trust *old);

AUTO_DEFINE(struct trust, trust_destroy);

#endif
