/* SPDX-License-Identifier: Apache-2.0 */
/* The real program with a lab behind it, its chains at hand, one worker: what the benches measure. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct carrier;

#define STAGE_URL          "https://lab.example/"      /* x5u of a carrier: this, its SPC, `.pem` */
#define STAGE_STRANGER_URL "https://stranger.example/" /* the same of the stranger */
#define STAGE_SPC          5u

struct stage {
    char dir[256]; /* under $TMPDIR, removed by stage_close */
    pid_t server;
    struct sockaddr_in at;      /* verifies */
    struct sockaddr_in sign_at; /* signs what +1215… sends from this machine, with the first carrier's key */
    size_t n_carriers;
};

/*
 * program  build/bonafide; carriers: how many there are in the lab
 * store    a line for the `store:` section, and whatever sections may follow it
 * true once the server answers OPTIONS. false, and a sentence on standard error, when it does not within 10 s.
 */
bool stage_open(const char *program, const char *store, size_t carriers, struct stage *ret);
/* The lab alone: no server, nothing listens. */
bool stage_lab(size_t carriers, struct stage *ret);
/* A carrier of the lab, 0 to n_carriers - 1; to be closed. NULL, and a sentence on standard error: it failed. (signer.c) */
struct carrier *stage_carrier(const struct stage *s, size_t i);
/* Another lab, of one carrier, whose chain is at hand as well and whose root nobody trusts: in stranger/, as lab/ is. */
bool stage_stranger(const struct stage *s);
/* Ends the server and waits for it; removes the directory. */
void stage_close(struct stage *s);

/* ---- for other servers beside it ---- */

/* The SPC of carrier i: its files are lab/carriers/<SPC>/key.pem and chain.pem. */
void stage_spc(size_t i, char ret[static STAGE_SPC]);
/* 127.0.0.1 and a port that nobody has: asked for, and given back. */
bool stage_port(struct sockaddr_in *ret);
/* Whether process `pid`, a child, answers OPTIONS there within ten seconds. */
bool stage_answers(pid_t pid, const struct sockaddr_in *at);
/* What the servers wrote, to standard error. */
void stage_tell_log(const struct stage *s);

/* Resident kilobytes of a process; 0: it is gone. */
long resident_kb(pid_t pid);

#endif
