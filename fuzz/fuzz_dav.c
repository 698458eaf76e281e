/* SPDX-License-Identifier: Apache-2.0 */
/* What a server of address books answers: read in bounds, and an href never leads to another host. */
#include <stdlib.h>

#include "card/dav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look(void *arg, const struct dav_member *m)
{
    char memory[4096];
    struct buf out = BUF_ON(memory);
    size_t *bytes = arg;
    *bytes += m->href.n + m->etag.n + m->data.n + m->name.n + m->principal.n + m->home.n + m->sync_token.n;
    if (dav_url(SPAN("https://dav.example/x"), m->href, &out) == BF_OK &&
        !span_starts_nocase(buf_span(&out), SPAN("https://dav.example")))
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char memory[256];
    struct buf token = BUF_ON(memory);
    struct fault fault = { 0, NULL };
    size_t bytes = 0;
    const enum bf_err err = dav_read(span_make(data, size), look, &bytes, &token, &fault);
    if ((err == BF_EFORM && (!fault.what || fault.at > size)))
        abort();
    return 0;
}
