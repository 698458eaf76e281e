/* SPDX-License-Identifier: Apache-2.0 */
/* Files of numbers: whatever stands in them, what is read is in bounds, and what was added is found. */
#include <stdlib.h>

#include "numbers/csv.h"
#include "numbers/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct number_set_maker *maker, const struct csv_record *r, struct number *last)
{
    const struct span count = r->n > 1 ? r->fields[1] : SPAN_NONE;
    struct number_range range;
    for (size_t i = 0; i < r->n; i++)
        if (r->columns[i] == 0 || r->fields[i].n > CSV_RECORD_BYTES)
            abort();
    if (number_row_range(r->fields[0], count, &dial_plan_usual, &range, NULL) == BF_OK &&
        number_set_add(maker, &range, 1) == BF_OK)
        *last = range.start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_(csv_close) struct csv *csv = NULL;
    auto_(number_set_destroy) struct number_set *set = NULL;
    struct number_set_maker *maker = NULL;
    struct number_set_report report;
    struct csv_record record;
    struct number last = { .n = 0 };
    uint32_t column;
    if (csv_of(span_make(data, size), &csv) != BF_OK || number_set_begin(&maker) != BF_OK)
        return 0;
    while (csv_next(csv, &record, &column, NULL) == BF_OK)
        add(maker, &record, &last);
    if (number_set_end(maker, &set, &report) != BF_OK || (last.n && !number_set_find(set, &last, NULL)))
        abort();
    return 0;
}
