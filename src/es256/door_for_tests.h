/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes made of OpenSSL, for any CPU: what the engine and the pool do around lanes is tested with them. They look at what
 * they are given (a table must be that of the point), count it, and can be made to err.
 */
#ifndef ES256_DOOR_FOR_TESTS_H
#define ES256_DOOR_FOR_TESTS_H

#include <stdatomic.h>

#include "es256/door.h"

struct fake_lanes {
    _Atomic uint64_t warm, cold, batches, tables_built, generators_built;
    _Atomic uint64_t wrong_tables; /* that were not those of their point: a place reused too early */
    _Atomic bool accepts_all;      /* the fault that an audit must find */
    _Atomic bool unsupported, no_memory;
    _Atomic bool held_up;   /* the builder waits in table_build until it is false again */
    _Atomic bool waits;     /* and does so now */
    _Atomic bool stop_next; /* the next reader waits in its walk until go_on */
    _Atomic bool walks, go_on;
};

/* There is one, for the functions of a door have no room for more; reset gives it back, all zero. */
struct fake_lanes *fake_lanes_reset(void);
extern const struct lanes_door fake_door;

#endif
