/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/tnauth.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be asked, and written and read again; without extensions it is the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tnauth *list = NULL;
    struct fault fault = { 0, NULL };
    static uint8_t out[65536];
    size_t n = 0;
    if (tnauth_read(span_make(data, size), &list, &fault) != BF_OK) {
        if (!fault.what || fault.at > size)
            abort();
        return 0;
    }
    tnauth_covers(list, SPAN("12155551212"));
    tnauth_spc(list);
    if (!tnauth_encompasses(list, list))
        abort();
    if (tnauth_write(list->entries, list->n, out, sizeof out, &n) == BF_OK && n > size)
        abort();
    tnauth_destroy(list);
    return 0;
}
