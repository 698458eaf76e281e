/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure, as every room speaks of it: enum bf_err and struct fault, and the attributes that keep
 * both honest. The values stand in the public header, so that the library has one vocabulary.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bonafide/error.h"

#define must_use      __attribute__((warn_unused_result))
#define printf_(f, a) __attribute__((format(printf, f, a)))
/* `auto_(token_destroy) struct token *t = NULL;` : token_destroyp(&t) runs when t leaves its scope. */
#define auto_(destroy) __attribute__((cleanup(destroy##p)))
/* Makes the pointer-to-pointer form that auto_() needs out of `void type_destroy(struct type *)`. */
#define AUTO_DEFINE(type, destroy)                                                                           \
    static inline void destroy##p(type **p)                                                                  \
    {                                                                                                        \
        destroy(*p);                                                                                         \
    }                                                                                                        \
    struct auto_define_needs_a_semicolon

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define fault bf_fault /* struct fault in here, struct bf_fault outside */

/* Fill `f` when there is one to fill, and pass `err` through: `return fault_at(f, BF_EFORM, i, "…");` */
static inline enum bf_err fault_at(struct fault *f, enum bf_err err, size_t at, const char *what)
{
    if (f) {
        f->at = at;
        f->what = what;
    }
    return err;
}

#endif
