/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/snapshot.h"

#include <stdlib.h>
#include <time.h>

#include "answer/refuse.h"

#include "numbers/file.h"
#include "serve/vouching.h"

/* The card of a 608 is signed once, when the configuration comes into force. */
static enum bf_err make_card(struct snapshot *s, struct config *config, char **ret_message)
{
    auto_(key_destroy) struct key *key = NULL;
    struct answer_options *a = &config->answer;
    if (!a->block_608)
        return BF_OK;
    enum bf_err err = key_load(a->block_key, &key, ret_message);
    if (err)
        return err;
    s->block_card = malloc(REFUSAL_CARD + 1);
    if (!s->block_card)
        return BF_ENOMEM;
    struct buf b = buf_on(s->block_card, REFUSAL_CARD);
    const struct refusal_card card = { key, a->block_x5u, a->block_name, a->redress, (utc_t)time(NULL) };
    err = refusal_card_write(&card, &b);
    s->block_card[b.n] = '\0';
    a->block_card = s->block_card;
    return err;
}

/* How each peer writes its numbers: by its country's plan, or with their country code. */
static enum bf_err load_plans(struct snapshot *s, const struct config *c)
{
    s->peer_plans = calloc(c->sip.n_peers + 1, sizeof *s->peer_plans);
    if (!s->peer_plans)
        return BF_ENOMEM;
    for (size_t i = 0; i < c->sip.n_peers; i++) {
        const struct config_peer *row = &c->sip.peers[i];
        const struct country *country = row->country ? row->country : row->format.how.national;
        s->peer_plans[i] = c->numbers.plan;
        if (country)
            country_plan(country, &s->peer_plans[i]);
        s->peer_plans[i].digits_are_numbers = c->numbers.plan.digits_are_numbers;
        s->peer_plans[i].digits_are_global = !country && row->format.written;
    }
    return BF_OK;
}

static enum bf_err load_do_not_originate(struct snapshot *s, const struct config *c, char **ret_message)
{
    const char *path = c->policy.do_not_originate;
    if (!path)
        return BF_OK;
    return number_set_load(&path, 1, &c->numbers.plan, &s->do_not_originate, NULL, ret_message);
}

static void set_rules(struct snapshot *s, const struct config *c, const struct snapshot_parts *parts)
{
    utc_t freshness = c->freshness_s;
    if (freshness > parts->freshness_max)
        freshness = parts->freshness_max;
    s->judge = (struct judge){
        .options = { .freshness_s = freshness,
                     .least_attestation = c->least_attestation,
                     .lab_urls = parts->lab_urls,
                     .own = c->numbers.own,
                     .n_own = c->numbers.n_own,
                     .same_line = c->policy.same_line,
                     .n_same_line = c->policy.n_same_line,
                     .number_possible = c->checks.number_possible,
                     .do_not_originate_mode = c->checks.do_not_originate,
                     .from_abroad = c->checks.from_abroad,
                     .do_not_originate = s->do_not_originate,
                     .home = c->numbers.home,
                     .national = c->numbers.national,
                     .n_national = c->numbers.n_national,
                     .roaming = c->policy.roaming,
                     .n_roaming = c->policy.n_roaming },
        .signers = parts->signers,
        .replay = parts->replay,
    };
    s->rules = (struct call_rules){ .plan = &c->numbers.plan,
                                    .never_block = c->policy.never_block,
                                    .n_never_block = c->policy.n_never_block };
    s->budget = MONO_MS(c->x5u.budget_ms);
    s->overload_age = MONO_MS(c->sip.overload_ms);
    s->generation = parts->generation;
}

enum bf_err snapshot_create(struct config *config, const struct snapshot_parts *parts, struct snapshot **ret,
                            char **ret_message)
{
    auto_(snapshot_destroy) struct snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    enum bf_err err = vouching_create(config, &s->signing, ret_message);
    if (!err)
        err = make_card(s, config, ret_message);
    if (!err)
        err = load_plans(s, config);
    if (!err)
        err = load_do_not_originate(s, config, ret_message);
    if (err)
        return err;
    set_rules(s, config, parts);
    s->config = config;
    *ret = s, s = NULL;
    return BF_OK;
}

void snapshot_destroy(struct snapshot *s)
{
    if (!s)
        return;
    signing_destroy(s->signing);
    free(s->block_card);
    free(s->peer_plans);
    number_set_destroy(s->do_not_originate);
    config_destroy(s->config);
    free(s);
}

void snapshot_release(void *s)
{
    snapshot_destroy(s);
}

bool snapshot_admits(const struct snapshot *s, const struct sockaddr *addr)
{
    for (size_t i = 0; i < s->config->sip.n_clients; i++)
        if (cidr_holds(&s->config->sip.clients[i], addr))
            return true;
    return false;
}

static uint64_t source_of(const struct sockaddr *addr, struct hash_key key)
{
    uint8_t bytes[16];
    if (!addr_bytes(addr, bytes))
        return 1;
    const uint64_t hash = hash_bytes(key, span_make(bytes, sizeof bytes));
    return hash ? hash : 1; /* 0 means ourselves */
}

void snapshot_peer(const struct snapshot *s, const struct sockaddr *addr, socklen_t n, enum server_door door,
                   struct hash_key key, struct peer *ret)
{
    *ret = (struct peer){ .source = source_of(addr, key), .says = PEER_IGNORE };
    memcpy(&ret->addr, addr, n < sizeof ret->addr ? n : sizeof ret->addr);
    for (size_t i = 0; i < s->config->sip.n_peers; i++) {
        const struct config_peer *row = &s->config->sip.peers[i];
        if (!cidr_holds(&row->from, addr))
            continue;
        ret->pai = row->pai;
        ret->priority = row->priority;
        ret->says = row->says;
        ret->international = row->international;
        ret->gateway = row->gateway;
        ret->plan = &s->peer_plans[i];
        ret->format = row->format.written ? &row->format.how : NULL;
        if (row->says == PEER_BELIEVE && !(door == DOOR_TCP && row->private_link))
            ret->says = PEER_SHOW;
        return;
    }
}
