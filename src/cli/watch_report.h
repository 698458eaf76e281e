/* SPDX-License-Identifier: Apache-2.0 */
/* What watch_report.c (a line a call) and watch_summary.c (all of them) share. Internal. */
#ifndef CLI_WATCH_REPORT_H
#define CLI_WATCH_REPORT_H

#include "cli/watch.h"

/* Signers counted apart, by the URL of their certificate; when there are more, the one with the fewest calls makes room. */
#define WATCH_SIGNERS 256u

struct watch_signer {
    char url[192], spc[32]; /* spc: empty until a certificate was looked at */
    size_t calls, failed;
};

struct watch_report {
    struct watch_report_options o;
    bool terminal, colors;
    char *text; /* room for one object */
    size_t calls, unreadable, late, signed_, refused;
    size_t verdicts[IMPOSTOR + 1], attests[3], cases[CASE_COUNT];
    struct watch_signer signers[WATCH_SIGNERS];
    size_t n_signers;
    uint64_t lost_told;
};

/* The SPC of who signed, as far as it is known; the last part of a certificate URL is no code. */
struct span watch_signer_code(const struct verdict *v);
void watch_count(struct watch_report *r, const struct watch_heard *h);

#endif
