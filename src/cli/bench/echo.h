/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that an answer over UDP can cost: a process that receives INVITEs and ACKs in batches, sends each INVITE back
 * as it came, and does nothing with an ACK. What a server takes beyond that is its own.
 */
#ifndef CLI_BENCH_ECHO_H
#define CLI_BENCH_ECHO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct echo_counts;

struct echo {
    pid_t pid;
    struct sockaddr_in at;
    const struct echo_counts *counts;
};

#define ECHO_FIRST_LINE "INVITE "
#define ECHO_HOLDS      "Contact: "

/* On a free port of 127.0.0.1; ends with this process. false: errno. */
bool echo_start(struct echo *ret);
void echo_stop(struct echo *e);

/* Datagrams and batches so far. */
void echo_look(const struct echo *e, uint64_t *ret_datagrams, uint64_t *ret_batches);

#endif
