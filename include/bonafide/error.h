/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways in which bonafide itself can say no.
 *
 * A call that is not believed is never one of these: it is a verdict (bonafide/verify.h).
 * Negative values are "we failed" or "the input is malformed"; 0 is success; nothing is positive.
 */
#ifndef BONAFIDE_ERROR_H
#define BONAFIDE_ERROR_H

#include <stddef.h>

#if defined(__GNUC__)
#define BF_API      __attribute__((visibility("default")))
#define BF_MUST_USE __attribute__((warn_unused_result))
#else
#define BF_API
#define BF_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum bf_err {
    BF_OK = 0,
    BF_ENOMEM = -1,   /* no memory */
    BF_EIO = -2,      /* the system refused: errno says why */
    BF_EFORM = -3,    /* the input breaks its grammar: the fault says where */
    BF_ELIMIT = -4,   /* the input is larger than the ceiling of base/limits.h */
    BF_ENOENT = -5,   /* there is no such thing */
    BF_EAGAIN = -6,   /* not now: the answer is on its way */
    BF_EUNSUP = -7,   /* understood, and not supported (a P-384 leaf, a version from tomorrow) */
    BF_EDENIED = -8,  /* a rule forbids it (an address, a port, a scheme) */
    BF_ETIME = -9,    /* the deadline passed */
    BF_ECRYPTO = -10, /* the cryptographic library failed */
    BF_EINVAL = -11,  /* the caller broke the contract of the function */
};

/* Where a malformed input broke its grammar, and why. */
struct bf_fault {
    size_t at;        /* offset of the first byte that cannot stand there */
    const char *what; /* constant text, never NULL once set */
};

/* A sentence for the error: constant text, never NULL, unknown values included. */
BF_API const char *bf_err_text(enum bf_err err);

#ifdef __cplusplus
}
#endif
#endif
