/* SPDX-License-Identifier: Apache-2.0 */
/* base64url_decode: what is accepted is the one text of its bytes. */
#include <assert.h>
#include <stdlib.h>

#include "base/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(BASE64URL_BYTES(size) + 1);
    char *text = malloc(size + 4);
    size_t n = 0;
    struct fault fault = { 0, NULL };
    if (base64url_decode(span_make(data, size), bytes, BASE64URL_BYTES(size), &n, &fault) == BF_OK) {
        assert(n == BASE64URL_BYTES(size));
        assert(base64url_encode(bytes, n, text) == size && (!size || memcmp(text, data, size) == 0));
    } else {
        assert(fault.what && fault.at <= size);
    }
    free(bytes);
    free(text);
    return 0;
}
