/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published, not locked: snapshots (signers, configurations, address books) are read without a lock and
 * freed once every reader that could hold them has ended its batch.
 *
 * A reader thread joins once, then brackets each batch with epoch_enter and epoch_exit; whatever it read
 * through an atomic pointer in between stays valid until epoch_exit. A writer swaps the pointer, then
 * retires the old value. A reader that never exits keeps memory, never correctness, at risk.
 * Lock-free for readers; writers (retire, collect) take a mutex among themselves.
 */
#ifndef BASE_EPOCH_H
#define BASE_EPOCH_H

#include "base/fault.h"

#define EPOCH_READERS 64u

struct epoch;

enum bf_err epoch_create(struct epoch **ret) must_use; /* BF_ENOMEM */
void epoch_destroy(struct epoch *e); /* frees all that is retired: no reader may be inside */

/* *ret_slot names the thread from now on. BF_ELIMIT when EPOCH_READERS have joined. */
enum bf_err epoch_join(struct epoch *e, unsigned *ret_slot) must_use;
void epoch_leave(struct epoch *e, unsigned slot);

void epoch_enter(struct epoch *e, unsigned slot);
void epoch_exit(struct epoch *e, unsigned slot);

/*
 * For a reader whose brackets overlap: another one begins, inside others or not; returns its name. All end that began
 * before `oldest`, the name of one that is open; 0: all end.
 */
uint64_t epoch_enter_another(struct epoch *e, unsigned slot);
void epoch_exit_before(struct epoch *e, unsigned slot, uint64_t oldest);

/*
 * Calls release(p) once no reader can hold p any more: now, or in a later retire or collect.
 * p must be unreachable for readers that enter from now on. Never fails: without memory it waits for the
 * readers instead (so the calling thread must not be inside).
 */
void epoch_retire(struct epoch *e, void (*release)(void *), void *p);
void epoch_collect(struct epoch *e);

AUTO_DEFINE(struct epoch, epoch_destroy);

#endif
