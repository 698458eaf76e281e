/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of repetition: whatever is read can be walked; times ascend and stay in the window; a later window gives the same times. */
#include <stdlib.h>

#include "diary/recur.h"

#define START  ((local_t)1577836815) /* 2020-01-01T00:00:15 */
#define WINDOW ((local_t)1790000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recur rule;
    struct recur_walk whole, late;
    local_t t, last = START - 1, is;
    unsigned n = 0;
    if (recur_read(span_make(data, size), &rule, NULL) != BF_OK)
        return 0;
    recur_begin(&whole, &rule, START, NULL, START, WINDOW + 90 * DAY_S);
    recur_begin(&late, &rule, START, NULL, WINDOW, WINDOW + 90 * DAY_S);
    while (n++ < 20000 && recur_next(&whole, &t) == BF_OK) {
        if (t <= last || t < START || t >= WINDOW + 90 * DAY_S)
            abort();
        last = t;
        if (t < WINDOW)
            continue;
        const enum bf_err err = recur_next(&late, &is);
        if (err != BF_ELIMIT && (err || is != t))
            abort();
    }
    return 0;
}
