/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What failed a while ago, in memory of fixed size: the key is a keyed hash, the oldest of eight gives way.
 * Forgetting early costs a request too many; two URLs with one hash cost one that is not asked. Belongs to one thread.
 */
#ifndef FETCH_FAILURES_H
#define FETCH_FAILURES_H

#include "base/clock.h"
#include "base/fault.h"

#define FAILURES_SETS 512u
#define FAILURES_WAYS 8u

struct failures {
    struct failure {
        uint64_t hash;
        mono_t until; /* 0: free */
    } sets[FAILURES_SETS][FAILURES_WAYS];
};

void failures_note(struct failures *f, uint64_t hash, mono_t until);
bool failures_hold(const struct failures *f, uint64_t hash, mono_t now);
void failures_forget(struct failures *f, uint64_t hash);

#endif
