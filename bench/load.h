/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls for the benches: INVITEs of one lab carrier with a token of their own each, and somebody who sends them
 * over UDP in batches and waits for every answer.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_BATCH 64u

struct datagram {
    char *p;
    size_t n;
};

struct carrier; /* a key and the URL of its chain */

/* key_path: PEM, as `bonafide lab` writes it. NULL when it cannot be read; says why on standard error. */
struct carrier *carrier_open(const char *key_path, const char *x5u);
void carrier_close(struct carrier *c);

/*
 * n calls with `iat` now, attestation A, from a caller of their own to +12155550131; `first` numbers them. c NULL:
 * without an Identity header, as customers send them to be signed. NULL: it failed.
 */
struct datagram *calls_make(struct carrier *c, uint64_t first, size_t n);
void calls_free(struct datagram *calls, size_t n);

struct load_result {
    size_t answers; /* to how many calls there was one */
    size_t passed;  /* answers that begin with the expected text and hold the second one */
    int64_t wall_ns;
};

/*
 * Sends the calls LOAD_BATCH at a time, the next batch when the last is answered; an answer that takes longer than
 * a second counts as lost. `first_line` and `holds`: what a good answer starts with and contains.
 */
struct load_result load_run(const struct sockaddr_in *to, const struct datagram *calls, size_t n,
                            const char *first_line, const char *holds);

/*
 * CPU nanoseconds, all threads counted, that an answer takes process `pid` at `to`; negative when one was missing or
 * wrong. *ret_wall: nanoseconds of the wall's clock.
 */
double load_cost(pid_t pid, const struct sockaddr_in *to, const struct datagram *calls, size_t n,
                 const char *first_line, const char *holds, double *ret_wall);

/* Echoes datagrams in batches until the process is ended: the least that any answer can cost. Binds 127.0.0.1:0; -1 or the socket. */
int echo_bind(struct sockaddr_in *ret);
_Noreturn void echo_run(int fd);

/* The same in a process of its own. 0: it could not be started. */
pid_t echo_start(struct sockaddr_in *ret);
void echo_stop(pid_t echo);

#endif
