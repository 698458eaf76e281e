/* SPDX-License-Identifier: Apache-2.0 */
/* Lines: method, path, Content-Length, Content-Type, Accept; a letter each that counts lengths and encodings. */
#include <stdlib.h>

#include "serve/http_route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_make(data, size), lines[6] = { { NULL, 0 } };
    for (size_t i = 0; i < ARRAY_SIZE(lines) && rest.n; i++) {
        const size_t n = span_find(rest, '\n');
        lines[i] = span_first(rest, n);
        rest = span_from(rest, n + 1);
    }
    const struct http_head head = { .method = lines[0],
                                    .path = lines[1],
                                    .length = lines[2],
                                    .type = lines[3],
                                    .accept = lines[4],
                                    .lengths = (unsigned)(lines[5].n & 3),
                                    .encodings = (unsigned)(lines[5].n >> 2 & 1) };
    const struct http_route r = http_route(&head);
    /* What goes on has a body of known size or none; what is refused says why. */
    if (r.status ? !r.why : r.has_body ? r.body_n == 0 || r.body_n > LIMIT_HTTP_BODY : r.body_n != 0)
        abort();
    if (http_names_certificate(lines[1]) && span_find(lines[1], '/') < lines[1].n)
        abort();
    return 0;
}
