/* SPDX-License-Identifier: Apache-2.0 */
/* Files of time zones: whatever stands in them, what is read can be asked, and local times come back. */
#include <stdlib.h>

#include "base/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const utc_t asked[] = { -3000000000, 0, 1000000000, 1790000000, 4000000000 };
    auto_(tz_close) struct tz *z = NULL;
    const struct span bytes = span_make(data, size);
    if (tz_of_file(bytes, &z, NULL) != BF_OK && tz_of_rule(bytes, &z, NULL) != BF_OK)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
        enum tz_sort sort;
        const utc_t found = tz_utc(z, tz_local(z, asked[i]), &sort);
        if (sort == TZ_SKIPPED || found > asked[i] || tz_change(z, asked[i]) <= asked[i] ||
            tz_local(z, found) != tz_local(z, asked[i]))
            abort();
    }
    return 0;
}
