/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own certificates, looked after by the control thread: an alarm 30, 7 and 1 days before one ends, when it has ended, and
 * when a revocation list names it; each once.                                                                SEC-066
 */
#ifndef SERVE_PAPERS_H
#define SERVE_PAPERS_H

#include "serve/server.h"

enum paper_state { PAPER_GOOD, PAPER_MONTH, PAPER_WEEK, PAPER_DAY, PAPER_ENDED, PAPER_REVOKED };
enum paper_state paper_state(const struct sign_certificate *c, utc_t now);

/* What was said already, by certificate. */
struct papers {
    struct paper_told {
        uint64_t certificate; /* a hash of its URL and its end */
        enum paper_state told;
    } * all;
    size_t n, size;
    mono_t show_next; /* when the desk is told again */
};

/* Says what is new, and writes the gauges. */
void papers_watch(struct papers *p, struct server *s);
/* Shows them at the desk, where there is one: once a minute, and at most DESK_CERTIFICATES of them. */
#define DESK_CERTIFICATES 500u
void papers_show(struct papers *p, struct server *s);
void papers_clear(struct papers *p);

#endif
