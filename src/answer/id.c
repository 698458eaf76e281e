/* SPDX-License-Identifier: Apache-2.0 */
/* Ids that sort by time: 48 bits of milliseconds, 80 of chance, in Crockford's base 32. */
#include "answer/answer.h"
#include "base/random.h"

struct answer_id answer_id_of(struct instant now, const uint8_t chance[static 10])
{
    struct answer_id id;
    uint64_t ms = (uint64_t)now.utc * 1000 + (uint64_t)now.ms;
    for (int i = 5; i >= 0; i--, ms >>= 8)
        id.bytes[i] = (uint8_t)ms;
    memcpy(id.bytes + 6, chance, 10);
    return id;
}

struct answer_id answer_id_make(struct instant now)
{
    uint8_t chance[10];
    random_bytes(chance, sizeof chance);
    return answer_id_of(now, chance);
}

void answer_id_text(const struct answer_id *id, char out[static ANSWER_ID])
{
    /* 128 bits as 26 digits of 5: the first carries the upper three. */
    unsigned at = 0, bits = 0, have = 2;
    for (size_t i = 0; i < 16; i++) {
        bits = bits << 8 | id->bytes[i];
        for (have += 8; have >= 5; have -= 5)
            out[at++] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> (have - 5) & 31];
    }
}
