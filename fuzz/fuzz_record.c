/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record: what is read can be written, read again alike, and said in JSON that another reader takes. */
#include <jansson.h>
#include <stdlib.h>

#include "record/member.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_again(const struct record *r, char *memory)
{
    struct buf b = buf_on(memory, RECORD_ENTRY);
    record_entry_write(r, &b);
    if (!buf_ok(&b))
        abort();
    return b.n;
}

static void say(const struct record *r)
{
    static char memory[RECORD_SHOWN];
    struct buf b = BUF_ON(memory);
    if (record_json(r, &b) != BF_OK)
        abort();
    json_t *object = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!object)
        abort();
    json_decref(object);
    b = BUF_ON(memory);
    record_csv(r, &b);
    if (!buf_ok(&b))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record_ballot ballots[RECORD_BALLOTS], again_ballots[RECORD_BALLOTS];
    static char first[RECORD_ENTRY], second[RECORD_ENTRY];
    struct record r, again;
    if (record_entry_read(span_make(data, size), ballots, &r) != BF_OK)
        return 0;
    const size_t n = write_again(&r, first);
    if (record_entry_read(span_make(first, n), again_ballots, &again) != BF_OK ||
        write_again(&again, second) != n || memcmp(first, second, n) != 0)
        abort();
    say(&r);
    return 0;
}
