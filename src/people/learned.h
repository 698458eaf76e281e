/* SPDX-License-Identifier: Apache-2.0 */
/* Up to which record habits were learned: kept in the store, so that no call counts twice. */
#ifndef PEOPLE_LEARNED_H
#define PEOPLE_LEARNED_H

#include "people/book.h"

/* The id, NUL-terminated, at most size - 1 bytes; "" where nothing was learned yet. */
enum bf_err learned_get(struct book *b, char *out, size_t size) must_use;
enum bf_err learned_put(struct book *b, const char *id) must_use;

#endif
