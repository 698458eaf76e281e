/* SPDX-License-Identifier: Apache-2.0 */
/* A stream, at once and in pieces (the first byte says how large): both cut it at the same places. */
#include <stdlib.h>

#include "sip/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first thing that is no FRAME_MORE, with pieces of `step` bytes. */
static enum frame_kind first(struct span s, size_t step, size_t *ret_n)
{
    size_t from = 0;
    for (size_t n = step < s.n ? step : s.n;; n = n + step < s.n ? n + step : s.n) {
        const enum frame_kind kind = frame_next(span_first(s, n), &from, ret_n, NULL);
        if (kind != FRAME_MORE || n == s.n)
            return kind;
        if (*ret_n)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_make(data + (size > 0), size - (size > 0));
    const size_t step = size ? data[0] % 64 + 1u : 1;
    while (s.n) {
        size_t whole, pieces;
        const enum frame_kind kind = first(s, s.n, &whole);
        if (first(s, step, &pieces) != kind || (kind != FRAME_BROKEN && whole != pieces) || whole > s.n)
            abort();
        if (kind == FRAME_MORE || kind == FRAME_BROKEN)
            break;
        s = span_from(s, whole);
    }
    return 0;
}
