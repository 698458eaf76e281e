/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide doctor`: a table of questions asked of this machine and of a configuration. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "serve/config.h"

enum finding_grade { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_SKIPPED };
struct finding {
    enum finding_grade grade;
    char said[384];   /* what was found */
    char advice[256]; /* what to do; "" where there is nothing to do */
};

struct doctor {
    const struct config *config;
    const char *config_path; /* NULL: the defaults */
    const char *url;         /* what is fetched to see whether there is a way out */
    bool offline;
    struct instant now;
};

typedef void doctor_question(const struct doctor *d, struct finding *ret);

/* Fills ret and returns. */
void finding_set(struct finding *ret, enum finding_grade grade, const char *advice, const char *format, ...)
    printf_(4, 5);

/* doctor_machine.c */
doctor_question doctor_clock, doctor_dns, doctor_way_out, doctor_engine, doctor_disk;
/* doctor_config.c */
doctor_question doctor_anchors, doctor_crl, doctor_sign, doctor_emergency, doctor_hops, doctor_ports,
    doctor_call;

#endif
