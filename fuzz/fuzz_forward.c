/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any request, through every boundary and policy: what goes on can be read again, and says of the caller only what we say. Two bytes
 * choose the boundary and the decision, which never is that a number passed: whatever says so came from outside.
 */
#include <stdlib.h>
#include <string.h>

#include "answer/label.h"
#include "base/arena.h"
#include "proxy/forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sip_message in, out;
static char sent[2 * LIMIT_SIP_MESSAGE];

static void must(bool good)
{
    if (!good)
        abort();
}

static bool holds(struct span text, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (span_starts_nocase(span_from(text, i), span_make(word, n)))
            return true;
    return false;
}

static size_t count(const struct sip_message *m, enum sip_header_id id)
{
    size_t n = 0;
    for (size_t at = 0; message_next(m, id, &at);)
        n++;
    return n;
}

/* Names and addresses: neither a verstat of others nor a tick. */
static void look_addresses(bool labelled)
{
    static const enum sip_header_id ids[] = { SIP_H_FROM,
                                              SIP_H_TO,
                                              SIP_H_CONTACT,
                                              SIP_H_DIVERSION,
                                              SIP_H_HISTORY_INFO,
                                              SIP_H_P_ASSERTED_IDENTITY,
                                              SIP_H_P_PREFERRED_IDENTITY,
                                              SIP_H_REMOTE_PARTY_ID };
    const struct sip_header *h;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        for (size_t at = 0; (h = message_next(&out, ids[i], &at));) {
            struct sip_address a;
            char name[LIMIT_DISPLAY_NAME];
            must(!holds(h->value, "verstat=TN-Validation-Passed"));
            if (ids[i] == SIP_H_TO || labelled || sip_address_read(h->value, &a, NULL) != BF_OK)
                continue;
            const size_t n = sip_display_text(&a, name, sizeof name);
            for (size_t k = 0; k < n; k++) /* a tab is a blank */
                name[k] = name[k] == '\t' ? ' ' : name[k];
            must(label_is_clean(span_make(name, n)));
        }
}

static void look(const struct forward_boundary *boundary, const struct forward_edit *edit, bool labelled)
{
    const size_t ours = edit ? 1 : 0;
    const struct span hops = message_header(&out, SIP_H_MAX_FORWARDS);
    uint64_t before, after;
    look_addresses(labelled);
    must(span_equal(in.body, out.body));
    must(span_equal(in.from_tag, out.from_tag) && span_equal(in.to_tag, out.to_tag));
    must(span_equal(message_header(&in, SIP_H_CALL_ID), message_header(&out, SIP_H_CALL_ID)));
    must(count(&in, SIP_H_IDENTITY) == count(&out, SIP_H_IDENTITY));
    must(count(&out, SIP_H_X_BONAFIDE) == ours);
    must(!holds(message_header(&out, SIP_H_X_BONAFIDE), "genuine") ||
         (edit && edit->decision->outcome == GENUINE));
    must(!out.first[SIP_H_ATTESTATION_INFO] && !out.first[SIP_H_ORIGINATION_ID] &&
         !out.first[SIP_H_P_ORIGINATION_ID]);
    must(count(&out, SIP_H_P_ATTESTATION_INDICATOR) <= ours);
    must(boundary->from_trusted || edit || !out.first[SIP_H_P_ASSERTED_IDENTITY]);
    must(boundary->to_trusted || !call_wants_privacy(&in) || !out.first[SIP_H_P_ASSERTED_IDENTITY]);
    must(span_decimal(hops, 255, &after));
    must(in.first[SIP_H_MAX_FORWARDS]
             ? span_decimal(message_header(&in, SIP_H_MAX_FORWARDS), 255, &before) && after + 1 == before
             : after == 70);
}

static void request(uint8_t way, uint8_t what, struct arena *arena, struct sha256 *sha)
{
    static const enum verstat said[] = { VERSTAT_NONE, VERSTAT_FAILED };
    struct answer_options options = { .verstat_place = (enum verstat_place)(way >> 6 & 3) };
    const struct forward_boundary boundary = { .from_trusted = way & 1,
                                               .from_believed = way & 2,
                                               .to_trusted = way & 4 };
    const struct forward_route route = { .via = SPAN("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKours"),
                                         .own_routes = way >> 3 & 1 };
    const struct peer peer = { .pai = way & 1 };
    const struct call_rules rules = { .plan = NULL };
    const struct sip_source source = { .addr = NULL };
    struct decision d;
    struct call call;
    struct fault fault;
    struct buf b = buf_on(sent, sizeof sent);
    memset(&d, 0, sizeof d);
    d.outcome = what & 3;
    d.verstat = (uint8_t)said[what >> 2 & 1];
    d.attest = what & 8 ? 'A' : 0;
    for (unsigned o = GENUINE; o <= IMPOSTOR; o++)
        options.policy[o].action = what & 16 ? ACTION_LABEL : ACTION_PASS;
    const bool judged = (way & 16) && call_of_sip(&in, &rules, &peer, (struct instant){ .utc = 1443208345 },
                                                  sha, arena, &call, &fault) == BF_OK;
    if (judged)
        d.masked = call.anonymous;
    const struct forward_edit edit = { .options = &options, .decision = &d, .call = &call };
    if (forward_request(&in, &source, &route, &boundary, judged ? &edit : NULL, &b) != BF_OK)
        return;
    const enum bf_err err = message_read(buf_span(&b), SIP_STREAM, &out, &fault);
    must(err == BF_OK || err == BF_ELIMIT);
    if (err == BF_OK)
        look(&boundary, judged ? &edit : NULL, judged && (what & 16));
}

/* Nothing of it is ours but the Via on top. */
static void response(void)
{
    const struct forward_back back = { .reasons =
                                           SPAN("Reason: STIR;cause=436;text=\"Bad Identity Info\"\r\n"),
                                       .signature = SPAN("c2ln") };
    struct buf b = buf_on(sent, sizeof sent);
    struct fault fault;
    bool own;
    if (forward_response(&in, &back, &b, &own) != BF_OK)
        return;
    const enum bf_err err = message_read(buf_span(&b), SIP_STREAM, &out, &fault);
    must(err == BF_OK || err == BF_ELIMIT);
    if (err == BF_OK)
        must(!out.is_request && out.status == in.status && span_equal(in.body, out.body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static struct sha256 *sha;
    struct fault fault;
    if (!arena && (arena_create(1 << 16, 1 << 20, &arena) || sha256_create(&sha)))
        abort();
    if (size < 3 || message_read(span_make(data + 2, size - 2), SIP_DATAGRAM, &in, &fault) != BF_OK)
        return 0;
    if (in.is_request)
        request(data[0], data[1], arena, sha);
    else
        response();
    arena_reset(arena);
    return 0;
}
