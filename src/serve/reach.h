/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an address that did not let us in is tried again.                                RFC 5626 section 4.5
 *
 * Each failure doubles the time, from half a second to half a minute, and chance takes up to half of it off, so that many
 * workers and many nodes do not come back at one moment. One table a worker; it knows sockets and clocks only as numbers.
 */
#ifndef SERVE_REACH_H
#define SERVE_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"

#define REACH_ROWS 32u /* addresses that failed last; what is forgotten is tried at once */
#define REACH_MIN  MONO_MS(500)
#define REACH_MAX  MONO_S(30)

struct reach {
    struct reach_row {
        struct sockaddr_storage addr;
        socklen_t n; /* 0: nobody */
        unsigned failures;
        mono_t until;
    } rows[REACH_ROWS];
};

/* It is not to be tried yet. */
bool reach_rests(const struct reach *r, const struct sockaddr *addr, socklen_t n, mono_t now);
/* chance: any 32 bits. */
void reach_failed(struct reach *r, const struct sockaddr *addr, socklen_t n, mono_t now, uint32_t chance);
void reach_stood(struct reach *r, const struct sockaddr *addr, socklen_t n);

#endif
