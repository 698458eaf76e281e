/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a capture; the requests in it are read as `verify` reads them. */
#include <stdlib.h>

#include "cli/capture.h"
#include "sip/torture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct capture_request *request)
{
    static struct sip_message m;
    (void)arg;
    (void)torture(request->bytes, request->reliable ? SIP_STREAM : SIP_DATAGRAM, &m);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct capture_counts counts;
    char *message = NULL;
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (file && capture_read(file, "fuzz", take, NULL, &counts, &message) != BF_OK && !message)
        abort();
    free(message);
    return 0;
}
