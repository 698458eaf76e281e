/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recent.h"

#include <stdlib.h>

struct recent {
    uint8_t keys[RECENT_N][RECORD_KEY]; /* all zero: free */
};

enum bf_err recent_create(struct recent **ret)
{
    return (*ret = calloc(1, sizeof **ret)) ? BF_OK : BF_ENOMEM;
}

void recent_destroy(struct recent *r)
{
    free(r);
}

/* Keys are digests, so any bytes of them choose a place as well as any others. */
bool recent_enter(struct recent *r, const uint8_t key[static RECORD_KEY])
{
    static const uint8_t none[RECORD_KEY];
    uint32_t place;
    memcpy(&place, key, sizeof place);
    uint8_t *slot = r->keys[place % RECENT_N];
    if (memcmp(slot, key, RECORD_KEY) == 0 && memcmp(key, none, RECORD_KEY) != 0)
        return false;
    memcpy(slot, key, RECORD_KEY);
    return true;
}
