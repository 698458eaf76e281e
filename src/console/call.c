/* SPDX-License-Identifier: Apache-2.0 */
/* One call with everything: its record, the tokens of the message that was kept, its chain, and what was known of the person. */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "identity/identity.h"
#include "sip/message.h"
#include "token/token.h"
#include "verdict/verdict.h"

#define TOKEN_BLOCK 65536u
#define TOKEN_MOST  (1u << 20)

struct one {
    struct ask *ask;
    json_t *row, *record, *message, *answer, *identities, *chain;
    int64_t person;
    struct number caller;
};

/* ---- tokens ---- */

/* What the ballots say of an Identity header. */
static const char *status_of(const struct record *r, int identity)
{
    bool held = false, refused = false;
    for (size_t i = 0; i < r->n_ballots; i++) {
        const struct record_ballot *b = &r->ballots[i];
        if (b->identity != identity)
            continue;
        refused |= b->vote == VETO;
        held |= b->vote == PASS && span_equal(b->check, SPAN("signature"));
    }
    return refused ? "invalid" : held ? "valid" : "ignored";
}

static json_t *json_of_span(struct span s)
{
    json_t *value = s.n ? json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return value ? value : json_null();
}

static json_t *identity_of(const struct record *r, struct span value, int at, struct arena *arena)
{
    struct identity parts = { 0 };
    struct token token = { 0 };
    struct fault fault = { 0, NULL };
    enum token_flaw flaw = TOKEN_SOUND;
    bool is_sound = identity_read(value, &parts, &fault) == BF_OK;
    if (is_sound)
        is_sound = token_read(parts.token, arena, &token, &flaw, &fault) == BF_OK;
    return json_pack("{s:o,s:o,s:o,s:s,s:s?}", "header", json_of_span(token.header), "claims",
                     json_of_span(token.payload), "info", text_of(parts.info), "status", status_of(r, at),
                     "fault", is_sound ? NULL : fault.what);
}

/* Of a message that was kept; else there is nothing to decode. */
static json_t *identities_of(const struct record *r)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct sip_message *m = malloc(sizeof *m);
    struct fault fault;
    const struct sip_header *h;
    json_t *list = json_array();
    int n = 0;
    if (m && r->message.n && arena_create(TOKEN_BLOCK, TOKEN_MOST, &arena) == BF_OK &&
        message_read(r->message, SIP_DATAGRAM, m, &fault) == BF_OK)
        for (size_t at = 0; (h = message_next(m, SIP_H_IDENTITY, &at));)
            json_array_append_new(list, identity_of(r, h->value, n++, arena));
    free(m);
    return list;
}

/* ---- the record ---- */

static json_t *whole_record(const struct record *r)
{
    char *memory = malloc(RECORD_SHOWN);
    struct buf b = buf_on(memory, memory ? RECORD_SHOWN : 0);
    json_t *value = memory && record_json(r, &b) == BF_OK ? json_loadb(b.p, b.n, 0, NULL) : NULL;
    free(memory);
    return value ? value : json_object();
}

static bool keep_one(void *arg, const struct record *r)
{
    struct one *one = arg;
    const bool hidden = ask_masked(one->ask) || r->masked;
    one->record = whole_record(r);
    one->row = row_of(r);
    one->message = hidden ? json_null() : text_of(r->message);
    one->answer = hidden ? json_null() : text_of(r->answer);
    one->identities = r->masked ? json_array() : identities_of(r);
    one->chain = chain_of(one->ask->console, r);
    one->person = r->person_id ? r->person_id : r->claimed_person_id;
    if (!r->masked && r->caller.n <= sizeof one->caller.digits) {
        one->caller.n = (uint8_t)r->caller.n;
        if (r->caller.n)
            memcpy(one->caller.digits, r->caller.p, r->caller.n);
    }
    return false;
}

/* ---- what was known ---- */

struct known {
    const struct one *one;
    struct book *book;
    const char *call;
    json_t *value;
};

static bool find_habit(void *arg, const struct habit *h)
{
    struct known *k = arg;
    const struct number *n = &k->one->caller;
    if (h->number.n != n->n || memcmp(h->number.digits, n->digits, n->n) != 0)
        return true;
    json_decref(k->value);
    k->value = habit_json(h);
    return h->state != HABIT_CONFIRMED;
}

static bool find_expected(void *arg, const struct expected *e)
{
    struct known *k = arg;
    if (strcmp(e->call, k->call) == 0)
        k->value = expected_json(k->book, e);
    return !k->value;
}

static json_t *habit_of(struct ask *a, const struct one *one)
{
    struct known k = { one, ask_book(a), a->id, NULL };
    if (!one->person || !k.book || habit_list(k.book, one->person, find_habit, &k) != BF_OK || !k.value)
        return json_null();
    return k.value;
}

static json_t *expected_of(struct ask *a, const struct one *one)
{
    struct known k = { one, ask_book(a), a->id, NULL };
    if (!one->person || !k.book || expected_list(k.book, one->person, 0, 0, find_expected, &k) != BF_OK ||
        !k.value)
        return json_null();
    return k.value;
}

enum MHD_Result call_get(struct ask *a)
{
    struct one one = { .ask = a };
    char *message = NULL;
    const struct record_filter filter = { .outcome = -1, .id = span_of(a->id), .limit = 1 };
    const enum bf_err err = record_query(a->console->url, &filter, keep_one, &one, &message);
    free(message);
    if ((err && err != BF_ENOENT) || !one.row)
        return refuse(a, err && err != BF_ENOENT ? 500 : 404, "there is no such call");
    json_t *list = json_pack("[O]", one.row), *person = one.person ? person_of(a, one.person) : NULL;
    add_feedback(a, list);
    json_t *whole =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:O,s:o,s:o,s:o,s:O}", "record", one.record, "identities",
                  one.identities, "chain", one.chain, "message", one.message, "answer", one.answer,
                  "feedback", json_object_get(one.row, "feedback"), "person", person ? person : json_null(),
                  "habit", habit_of(a, &one), "expected", expected_of(a, &one), "row", one.row);
    json_decref(list);
    json_decref(one.row);
    if (ask_masked(a))
        mask(whole);
    return say_json(a, 200, whole);
}
