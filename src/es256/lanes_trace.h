/* SPDX-License-Identifier: Apache-2.0 */
/* What the additions of an engine met: for tests, which must see every exception happen. */
#ifndef ES256_LANES_TRACE_H
#define ES256_LANES_TRACE_H

#include <stdint.h>

struct lanes;

/* Counted in the careful additions, one a lane. */
struct lanes_trace {
    uint64_t careful;                       /* groups that were walked again */
    uint64_t equal, opposite;               /* the same point twice; P and -P */
    uint64_t infinite_left, infinite_right; /* nothing yet; nothing to add */
};

const struct lanes_trace *lanes_trace(const struct lanes *l);

#endif
