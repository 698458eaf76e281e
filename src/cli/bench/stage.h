/* SPDX-License-Identifier: Apache-2.0 */
/* The real program with a lab of carriers behind it, their chains at hand: what is measured when a whole call is. */
#ifndef CLI_BENCH_STAGE_H
#define CLI_BENCH_STAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cli/bench/load.h"
#include "cli/bench/made.h"
#include "cli/scratch.h"

/* A lab in a directory of its own under $TMPDIR, which servers put their things into as well. */
struct stage_lab {
    char dir[SCRATCH_PATH], root[SCRATCH_PATH + 32], certs[SCRATCH_PATH + 32];
    struct carriers carriers;
};
bool stage_lab_open(size_t carriers, struct stage_lab *ret);
void stage_lab_close(struct stage_lab *lab); /* removes the directory */

struct stage_options {
    const char *program; /* build/bonafide */
    const char *name;    /* of this server: its directory in the lab's */
    const char *store;   /* lines of the `store:` section, indented by two blanks */
    const char *more;    /* further sections of the configuration; NULL: none */
    unsigned workers;
    int cpu;      /* where it runs; -1: anywhere */
    bool metrics; /* an HTTP listener, for stage_metric */
};

struct stage {
    const struct stage_lab *lab;
    pid_t server;
    struct sockaddr_in at;      /* verifies */
    struct sockaddr_in sign_at; /* signs what +1215… sends from this machine, with the first carrier's key */
    struct sockaddr_in http_at;
};

/*
 * true once the server answers OPTIONS; false, and what it said on standard error, when it does not within 10 s. It ends
 * with the thread that opened it.
 */
bool stage_open(const struct stage_lab *lab, const struct stage_options *options, struct stage *ret);
/* Ends the server and waits for it. */
void stage_close(struct stage *s);

/* A call of each carrier, few at a time: the first one of each waits for its chain, and only so many may. */
bool stage_meet(const struct stage *s, uint64_t first_number);

/* A sample of GET /metrics, all of its labels added up; -1: there is none. */
double stage_metric(const struct stage *s, const char *name);

/* Resident kilobytes of a process; 0: it is gone. */
long resident_kb(pid_t pid);

#define STAGE_URL        "https://lab.example/"
#define STAGE_FIRST_LINE "SIP/2.0 302"
#define STAGE_PASSED     "verstat=TN-Validation-Passed"
#define STAGE_SIGNED     "\r\nIdentity: ey"

#endif
