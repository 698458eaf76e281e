/* SPDX-License-Identifier: Apache-2.0 */
/* The real program with a lab of one carrier behind it, its chain at hand, one worker: what the benches measure. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "load.h"

struct stage {
    char dir[256]; /* under $TMPDIR, removed by stage_close */
    pid_t server;
    struct sockaddr_in at;      /* verifies */
    struct sockaddr_in sign_at; /* signs what +1215… sends from this machine, with the first carrier's key */
    size_t n_carriers;
    struct carrier *carrier; /* the first one */
};

/*
 * program  build/bonafide; store: a line for the `store:` section; carriers: how many there are in the lab
 * true once the server answers OPTIONS. false, and a sentence on standard error, when it does not within 10 s.
 */
bool stage_open(const char *program, const char *store, size_t carriers, struct stage *ret);
/* The lab alone: no server, nothing listens. */
bool stage_lab(size_t carriers, struct stage *ret);
/* Another carrier of the lab, 0 to n_carriers - 1; to be closed. */
struct carrier *stage_carrier(const struct stage *s, size_t i);
/* Ends the server and waits for it; removes the directory. */
void stage_close(struct stage *s);

/* Resident kilobytes of a process; 0: it is gone. */
long resident_kb(pid_t pid);

#endif
