/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one call: taken in pieces, given back at once. A block is reserved when the arena is made
 * and kept by arena_reset, so a warm worker allocates nothing; what does not fit goes into further
 * blocks, up to `max` bytes in all.
 * Not thread-safe: an arena belongs to one worker.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/fault.h"
#include "base/span.h"

struct arena;

/* block  bytes reserved at once; max  ceiling of all blocks. BF_ENOMEM. */
enum bf_err arena_create(size_t block, size_t max, struct arena **ret) must_use;
void arena_destroy(struct arena *arena);

/* Zeroed, aligned for anything. NULL when memory or the ceiling is reached. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of s, NUL-terminated behind its n bytes. p is NULL when there is no memory. */
struct span arena_copy(struct arena *arena, struct span s);

/* printf into the arena; NULL when there is no memory. */
const char *arena_printf(struct arena *arena, const char *format, ...) printf_(2, 3);

/* Forgets everything taken; keeps the first block. */
void arena_reset(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_take((arena), sizeof(type)))

AUTO_DEFINE(struct arena, arena_destroy);

#endif
