/* SPDX-License-Identifier: Apache-2.0 */
/* Records for bench/desk.py: desk_fill DIR N makes DIR/journal and DIR/records.db, one call each ten seconds up to now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

#define EVERY_S    10
#define CATCH_UP_S 120u

static const struct record_ballot ballots[] = {
    { { "signature", 9 }, 0, 0, { NULL, 0 } },       { { "chain", 5 }, 0, 0, { NULL, 0 } },
    { { "fresh", 5 }, 0, 0, { NULL, 0 } },           { { "number-listed", 13 }, 0, 0, { NULL, 0 } },
    { { "called-number", 13 }, -1, 0, { NULL, 0 } }, { { "number-shown", 12 }, -1, 0, { NULL, 0 } },
};

/* Ids that rise with time, as the server's do: ten digits of milliseconds, sixteen of the number. */
static void id_make(struct record *r, uint64_t n)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t ms = (uint64_t)r->at.utc * 1000 + (uint64_t)r->at.ms;
    for (size_t i = RECORD_ID; i-- > 10; n >>= 5)
        r->id[i] = digits[n & 31];
    for (size_t i = 10; i-- > 0; ms >>= 5)
        r->id[i] = digits[ms & 31];
}

static bool append(struct recorder *recorder, uint64_t n, uint64_t of)
{
    char call_id[40], caller[16], subject[32];
    struct record r = { .kind = RECORD_VERIFIED,
                        .at = { .utc = clock_now(&clock_system).utc - (utc_t)(of - n) * EVERY_S },
                        .outcome = (uint8_t)(n % 4),
                        .verstat = 1,
                        .attest = "ABC"[n % 3],
                        .status = 302,
                        .latency_us = (int32_t)(50 + n * 7919 % 900),
                        .ballots = ballots,
                        .n_ballots = ARRAY_SIZE(ballots) };
    id_make(&r, n);
    memcpy(r.key, &n, sizeof n);
    snprintf(call_id, sizeof call_id, "%llu@bench", (unsigned long long)n);
    snprintf(caller, sizeof caller, "1215%07llu", (unsigned long long)(n * 7919 % 10000000));
    snprintf(subject, sizeof subject, "CN=SHAKEN %llu", (unsigned long long)(n % 300));
    r.call_id = span_of(call_id);
    r.caller = span_of(caller);
    r.subject = span_of(subject);
    r.called = SPAN("12155550131");
    r.claimed_name = n % 5000 == 0 ? SPAN("Ada Lovelace") : SPAN("Somebody");
    r.person_id = n % 1000 == 0 ? 1 : 0;
    r.person = r.person_id ? SPAN("Person 1") : SPAN_NONE;
    r.trust_domain = SPAN("lab");
    r.why = SPAN("a trusted signature for this very call vouches for the number");
    return recorder_append(recorder, &r, 1) == BF_OK;
}

int main(int argc, char **argv)
{
    char journal[1024], url[1024], *message = NULL;
    struct recorder *recorder = NULL;
    if (argc != 3)
        return 2;
    const uint64_t n = strtoull(argv[2], NULL, 10);
    snprintf(journal, sizeof journal, "%s/journal", argv[1]);
    snprintf(url, sizeof url, "sqlite:%s/records.db", argv[1]);
    const struct recorder_options options = { .journal_dir = journal,
                                              .db_url = url,
                                              .durability = RECORD_RELAXED };
    bool good = recorder_create(&options, &recorder, &message) == BF_OK;
    for (uint64_t i = 1; good && i <= n; i++)
        good = append(recorder, i, n);
    good = good && recorder_flush(recorder, CATCH_UP_S * 1000) == BF_OK;
    recorder_destroy(recorder);
    if (!good)
        fprintf(stderr, "desk_fill: the records cannot be made: %s\n", message ? message : "");
    free(message);
    return good ? 0 : 1;
}
