/* SPDX-License-Identifier: Apache-2.0 */
/* Our own certificates, asked about as a verifier would: does any list that we have name them?        SEC-066, TRU-004 */
#ifndef TRUST_OWN_H
#define TRUST_OWN_H

#include <openssl/x509.h>

#include "trust/anchors.h"

/*
 * REVOKED: a usable list of any domain names the leaf, or a certificate above it, be it along the paths to the domain's
 * anchors or along `chain` itself. Else GOOD, when some list spoke of it, or NOT_ASKED. chain may hold the leaf.
 */
enum revocation trust_own_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * chain);

#endif
