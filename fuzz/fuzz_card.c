/* SPDX-License-Identifier: Apache-2.0 */
/* Content lines: whatever stands in them, a line that was read and written reads the same. */
#include <stdlib.h>

#include "card/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const struct card_line *l)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    char *text = NULL;
    size_t n = 0;
    struct card_line again;
    FILE *const f = open_memstream(&text, &n);
    if (!f)
        return;
    card_put_line(f, l->whole);
    fclose(f);
    if (card_reader_create(span_make(text, n), &r) == BF_OK &&
        (card_next(r, &again, NULL) != BF_OK || !span_equal(again.name, l->name) ||
         again.n_params != l->n_params))
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    struct card_line l;
    enum bf_err err;
    if (card_reader_create(span_make(data, size), &r) != BF_OK)
        return 0;
    while ((err = card_next(r, &l, NULL)) != BF_ENOENT) {
        char *const room = err == BF_OK ? malloc(l.value.n + 1) : NULL;
        if (room) {
            struct buf b = buf_on(room, l.value.n);
            for (struct span rest = l.value; card_text_next(&rest, ',', &b); b = buf_on(room, l.value.n))
                if (!buf_ok(&b))
                    abort();
            write_and_read(&l);
        }
        free(room);
    }
    return 0;
}
