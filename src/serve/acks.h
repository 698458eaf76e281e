/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACKs that reached another worker than their call: a ring of one worker for each of the others.
 *
 * A ring has one writer and one reader; what is put in is seen after acks_publish, once a batch. One that is full loses
 * the ACK: its decision is kept for as long as one that nobody acknowledges.
 */
#ifndef SERVE_ACKS_H
#define SERVE_ACKS_H

#include "base/fault.h"
#include "base/span.h"

#define ACKS_RING 256u /* ACKs of one writer that wait */

struct acks;

/* writers: how many. BF_ENOMEM. */
enum bf_err acks_create(size_t writers, struct acks **ret) must_use;
void acks_destroy(struct acks *a);

/* The writer's thread. false: the ring is full. */
bool acks_put(struct acks *a, size_t writer, const uint64_t transaction[static 2]);
void acks_publish(struct acks *a, size_t writer);

/* The reader's thread: the next one of any writer; false when there is none. *at: where to go on, 0 at first. */
bool acks_take(struct acks *a, size_t *at, uint64_t ret[static 2]);

AUTO_DEFINE(struct acks, acks_destroy);

#endif
