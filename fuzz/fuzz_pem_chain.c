/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signer.h"
#include "trust_of_lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signer *s = NULL;
    if (signer_build(trust_of_lab(), SPAN("https://lab.example/1.pem"), span_make(data, size), 0, &s) !=
        BF_OK)
        return 0;
    /* A reason is always there, a key exactly when it may sign, and a path only of sense. */
    if (!s->why || !s->path_why || (s->fitness == SIGNER_FIT) != (s->key != NULL))
        abort();
    for (size_t i = 0; i < s->n_paths; i++)
        if (s->paths[i].from > s->paths[i].to ||
            signer_standing(s, s->paths[i].from, NULL) != STANDING_TRUSTED)
            abort();
    signer_destroy(s);
    return 0;
}
