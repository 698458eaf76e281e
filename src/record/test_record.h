/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room share: records to keep, directories to keep them in. */
#ifndef RECORD_TEST_RECORD_H
#define RECORD_TEST_RECORD_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "record/record.h"
#include "scratch.h"
#include "tap.h"

struct place {
    char dir[256], journal[300], db[300], url[320];
};

static inline struct place place_make(void)
{
    struct place p;
    scratch_make(p.dir, sizeof p.dir, "record");
    snprintf(p.journal, sizeof p.journal, "%s/journal", p.dir);
    snprintf(p.db, sizeof p.db, "%s/records.db", p.dir);
    snprintf(p.url, sizeof p.url, "sqlite:%s", p.db);
    return p;
}

static inline void place_remove(const struct place *p)
{
    scratch_remove(p->dir);
}

/* Number n makes id, key, numbers and Call-ID; its texts live in memory of the caller. */
struct sample {
    struct record record;
    char call_id[32], caller[16];
    struct record_ballot ballots[2];
};

static inline void sample_make(struct sample *s, uint64_t n, utc_t at)
{
    char id[32];
    *s = (struct sample){ .record = { .kind = RECORD_VERIFIED,
                                      .at = { .utc = at, .ms = (int32_t)(n % 1000) },
                                      .outcome = (uint8_t)(n % 4),
                                      .verstat = 1,
                                      .attest = 'A',
                                      .status = 302,
                                      .iat = at - 1,
                                      .latency_us = 90 } };
    struct record *r = &s->record;
    snprintf(id, sizeof id, "%026llu", (unsigned long long)n);
    memcpy(r->id, id, RECORD_ID);
    memcpy(r->key, &n, sizeof n);
    snprintf(s->call_id, sizeof s->call_id, "call-%llu@lab", (unsigned long long)n);
    snprintf(s->caller, sizeof s->caller, "1215555%04u", (unsigned)(n % 10000));
    r->node = SPAN("node-1");
    r->source_peer = SPAN("127.0.0.1:5062");
    r->transport = SPAN("udp");
    r->call_id = span_of(s->call_id);
    r->from = SPAN("\"Lab\" <sip:+12155550100@lab>;tag=1");
    r->to = SPAN("<sip:+12155550131@lab>");
    r->request_uri = SPAN("sip:+12155550131@127.0.0.1");
    r->claimed_name = SPAN("Lab");
    r->caller = span_of(s->caller);
    r->called = SPAN("12155550131");
    r->proof = SPAN("identity");
    r->trust_domain = SPAN("lab");
    r->why = SPAN("a trusted signature for this very call vouches for the number");
    r->origid = SPAN("7a1b2c3d-0000-4000-8000-000000000001");
    r->x5u = SPAN("https://certs.example.org/1.pem");
    r->spc = SPAN("1234");
    r->serial = SPAN("0a0b");
    r->subject = SPAN("CN=SHAKEN 1234");
    s->ballots[0] = (struct record_ballot){ SPAN("signature"), 0, 0, SPAN("the signature holds") };
    s->ballots[1] = (struct record_ballot){ SPAN("replay"), -1, 1, SPAN("not looked for") };
    r->ballots = s->ballots;
    r->n_ballots = 2;
}

#endif
