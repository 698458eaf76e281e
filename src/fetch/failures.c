/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/failures.h"

static struct failure *find(struct failures *f, uint64_t hash)
{
    struct failure *set = f->sets[hash % FAILURES_SETS];
    for (unsigned i = 0; i < FAILURES_WAYS; i++)
        if (set[i].hash == hash && set[i].until)
            return &set[i];
    return NULL;
}

void failures_note(struct failures *f, uint64_t hash, mono_t until)
{
    struct failure *set = f->sets[hash % FAILURES_SETS], *place = find(f, hash);
    for (unsigned i = 0; !place && i < FAILURES_WAYS; i++)
        if (!set[i].until)
            place = &set[i];
    if (!place) {
        place = &set[0];
        for (unsigned i = 1; i < FAILURES_WAYS; i++)
            if (set[i].until < place->until)
                place = &set[i];
    }
    *place = (struct failure){ hash, until };
}

bool failures_hold(const struct failures *f, uint64_t hash, mono_t now)
{
    const struct failure *set = f->sets[hash % FAILURES_SETS];
    for (unsigned i = 0; i < FAILURES_WAYS; i++)
        if (set[i].hash == hash && set[i].until)
            return now < set[i].until;
    return false;
}

void failures_forget(struct failures *f, uint64_t hash)
{
    struct failure *entry = find(f, hash);
    if (entry)
        entry->until = 0;
}
