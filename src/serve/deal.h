/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which worker gets a datagram: a program in the kernel that hashes what is in it, so that a retransmission reaches the
 * worker that has its answer, and one client sending from one socket fills all workers.
 *
 * The hash is linear with multipliers of chance (of this process alone): two datagrams that differ in what it covers go to
 * the same of n workers with a chance of 1/n. Covered is the beginning, where the branch of the top Via, Call-ID and tags
 * of any usual request stand, and after that a sample now and then, which meets the signature of a token.
 *
 * The price: two requests of one dialog, sent right behind each other, may reach two workers, and the second may overtake
 * the first, as UDP always allowed. A proxy does without it, for BYE must not overtake ACK.
 */
#ifndef SERVE_DEAL_H
#define SERVE_DEAL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEAL_ALL    384u  /* bytes from the beginning that are covered whole */
#define DEAL_SOME   1536u /* up to here, four bytes of each DEAL_STRIDE are */
#define DEAL_STRIDE 64u

#define DEAL_CODE 1024u /* instructions, at most */

/* The program for `count` sockets, dealt in the order they were bound. seed: chance. Length. */
size_t deal_program(const uint32_t *seed, size_t n_seed, size_t count,
                    struct sock_filter code[static DEAL_CODE]);

/* To the first of `count` sockets that share a port. false: errno says why. */
bool deal(int fd, size_t count);

#endif
