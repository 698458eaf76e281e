/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of one kind, one signer and one attestation, written from what is the same in all of them.
 *
 * The header is encoded once; of the payload of a shaken token from one number to another, the usual one, all that
 * stands before the first number. What comes out is what token_write makes of the same claims, to the byte.
 */
#ifndef TOKEN_TEMPLATE_H
#define TOKEN_TEMPLATE_H

#include "token/token.h"

struct token_template;

/* ppt: PPT_NONE or PPT_SHAKEN; attest: only for PPT_SHAKEN. BF_EFORM, BF_ELIMIT as token_write, BF_ENOMEM. */
enum bf_err token_template_create(enum ppt ppt, struct span x5u, char attest, struct token_template **ret,
                                  struct fault *fault) must_use;
void token_template_destroy(struct token_template *t);

/*
 * As token_write. ppt, x5u and attest of the claims must be those of the template: BF_EINVAL. Allocates nothing;
 * immutable, shared between threads.
 */
enum bf_err token_template_write(const struct token_template *t, const struct token_claims *claims,
                                 struct buf *out, struct fault *fault) must_use;

AUTO_DEFINE(struct token_template, token_template_destroy);

#endif
