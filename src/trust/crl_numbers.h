/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The highest cRLNumber seen of every list, in a small file beside the cache of chains: an older list that was put in the
 * place of a newer one is known for what it is after a restart, too.                    RFC 5280 section 5.2.3; SEC-067
 *
 * A list is known by domain, issuer, kind and scope (its issuing distribution point). Only lists whose signature was
 * checked raise a number: a file of somebody else's cannot lock ours out. Numbers of lists that are no longer configured
 * stay. An administrator who begins to count anew is let in by removing the file, and nothing else does.
 */
#ifndef TRUST_CRL_NUMBERS_H
#define TRUST_CRL_NUMBERS_H

#include "trust/anchors.h"

/*
 * t, which no other thread sees yet: each list below its number is not used any more (trust_domain_crl_fault says why).
 * keep: numbers that rose are written, aside and renamed, mode 0600.
 * BF_EIO: the file is there and cannot be read, or was not written; BF_EFORM: it is not a file of ours, and begins anew;
 * BF_ENOMEM.
 */
enum bf_err crl_numbers_heed(struct trust *t, const char *dir, bool keep) must_use;

#endif
