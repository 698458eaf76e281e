/* SPDX-License-Identifier: Apache-2.0 */
/* The book as a table: a row that was read, written and read again says the same. */
#include <stdlib.h>
#include <string.h>

#include "people/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(void *arg, uint64_t line, const char *why)
{
    (void)arg;
    (void)line;
    (void)why;
}

struct written {
    char *text;
    size_t n;
};

static enum bf_err write_one(void *arg, struct making *m, uint64_t line)
{
    struct written *const w = arg;
    (void)line;
    if (w->text) /* one at a time */
        return BF_EAGAIN;
    FILE *const f = open_memstream(&w->text, &w->n);
    if (!f)
        return BF_ENOMEM;
    people_csv_head(f, true);
    people_csv_row(f, &m->p, true);
    fclose(f);
    return BF_OK;
}

static struct written round_trip(struct span text)
{
    struct written w = { 0 };
    const struct transfer t = { write_one, refused, &w };
    char *message = NULL;
    (void)!people_csv_read(text, &t, &message);
    free(message);
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct written one = round_trip(span_make(data, size));
    if (one.text) {
        const struct written two = round_trip(span_make(one.text, one.n));
        if (!two.text || two.n != one.n || memcmp(two.text, one.text, one.n) != 0)
            abort();
        free(two.text);
    }
    free(one.text);
    return 0;
}
