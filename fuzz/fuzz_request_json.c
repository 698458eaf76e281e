/* SPDX-License-Identifier: Apache-2.0 */
/* A verificationRequest as HTTP and files bring it. */
#include <stdlib.h>

#include "verdict/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dial_plan plan = {
        .country = "1", .international_prefix = "011", .national_min = 10, .national_max = 10
    };
    const struct call_rules rules = { .plan = &plan };
    struct arena *arena = NULL;
    struct sha256 *sha = NULL;
    struct fault fault = { 0, NULL };
    struct call call;
    if (arena_create(1 << 16, 1 << 20, &arena) || sha256_create(&sha))
        abort();
    const enum bf_err err = call_of_json(span_make(data, size), &rules, NULL, sha, arena, &call, &fault);
    if (err == BF_EFORM && (!fault.what || fault.at > size))
        abort();
    if (!err && call.n_identities > LIMIT_IDENTITIES)
        abort();
    arena_destroy(arena);
    sha256_destroy(sha);
    return 0;
}
