/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: a message with a place, or a snapshot that can be shown. */
#include <stdlib.h>

#include "serve/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c = NULL;
    char *message = NULL;
    if (config_parse(span_make(data, size), "fuzz.yaml", &c, &message) == BF_OK) {
        free(config_show(c, size & 1));
        free(config_needs_restart(c, c));
        config_destroy(c);
    } else if (!message) {
        abort();
    }
    free(message);
    return 0;
}
