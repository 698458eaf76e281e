/* SPDX-License-Identifier: Apache-2.0 */
#include "token_of.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_token(span_make(data, size));
    return 0;
}
