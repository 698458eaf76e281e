/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/snapshot.h"

#include <stdlib.h>
#include <time.h>

#include "answer/refuse.h"

#include "numbers/file.h"
#include "sip/uri.h"
#include "tls/tls.h"
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

static enum bf_err load_rules(struct snapshot *s, struct config *c, const struct snapshot_parts *parts,
                              char **ret_message)
{
    const struct rules_options options = { .actions = parts->rule_actions, .may_reject = *c->answer.redress };
    c->answer.rule_actions = parts->rule_actions;
    return c->n_rules ? rules_create(c->rules, c->n_rules, &options, &s->file_rules, ret_message) : BF_OK;
}

/* What TLS listeners show, and whom they ask. */
static enum bf_err load_tls(struct snapshot *s, const struct config *c, char **ret_message)
{
    struct tls_named names[CONFIG_TLS_NAMES];
    bool any = false;
    for (size_t i = 0; i < c->sip.n_listen; i++)
        any |= c->sip.listen[i].transport == LISTEN_TLS;
    for (size_t i = 0; i < c->sip.tls.n_names; i++)
        names[i] =
            (struct tls_named){ c->sip.tls.names[i].name, c->sip.tls.names[i].cert, c->sip.tls.names[i].key };
    const struct tls_server_options options = { .cert = c->sip.tls.cert,
                                                .key = c->sip.tls.key,
                                                .client_ca = c->sip.tls.client_ca,
                                                .clients = c->sip.tls.client,
                                                .names = names,
                                                .n_names = c->sip.tls.n_names };
    return any ? tls_server_create(&options, &s->tls, ret_message) : BF_OK;
}

static bool speaks_tls(const char *uri)
{
    struct sip_uri u;
    struct span transport;
    return uri_read(span_of(uri), &u, NULL) == BF_OK &&
           (u.scheme == URI_SIPS || (sip_param(u.params, SPAN("transport"), &transport) &&
                                     span_equal_nocase(transport, SPAN("tls"))));
}

enum bf_err snapshot_tls_out(const struct config *c, struct tls_context **ret, char **ret_message)
{
    bool any = false;
    for (size_t i = 0; i < c->sip.n_listen; i++)
        any |= c->sip.mode == MODE_PROXY && c->sip.listen[i].transport == LISTEN_TLS;
    for (size_t i = 0; i < c->sip.n_next_hop; i++)
        any |= speaks_tls(c->sip.next_hop[i]);
    const struct tls_client_options options = { .ca = c->sip.tls.ca,
                                                .cert = c->sip.tls.cert,
                                                .key = c->sip.tls.key };
    *ret = NULL;
    return any ? tls_client_create(&options, ret, ret_message) : BF_OK;
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
                     .n_roaming = c->policy.n_roaming,
                     .require_proof = c->people.require_proof },
        .signers = parts->signers,
        .replay = parts->replay,
        .people = parts->people,
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
    if (!err)
        err = load_rules(s, config, parts, ret_message);
    if (!err)
        err = load_tls(s, config, ret_message);
    if (!err)
        err = snapshot_tls_out(config, &s->tls_out, ret_message);
    if (!err)
        err = http_keys_create(config, &s->http_keys, ret_message);
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
    rules_destroy(s->file_rules);
    tls_context_destroy(s->tls);
    tls_context_destroy(s->tls_out);
    http_keys_destroy(s->http_keys);
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

static bool is_peer(const struct config_peer *row, const struct origin *origin)
{
    return cidr_holds(&row->from, origin_addr(origin)) &&
           (!*row->tls_name || span_equal_nocase(origin->tls_name, span_of(row->tls_name)));
}

static bool may_believe(const struct config_peer *row, const struct origin *origin)
{
    return origin->door == DOOR_TCP && (row->private_link || (origin->secure && *row->tls_name));
}

void snapshot_peer(const struct snapshot *s, const struct origin *origin, struct hash_key key,
                   struct peer *ret)
{
    *ret = (struct peer){ .source = source_of(origin_addr(origin), key),
                          .says = PEER_IGNORE,
                          .tls_name = origin->tls_name,
                          .api_key = origin->api_key };
    memcpy(&ret->addr, &origin->peer, origin->peer_n < sizeof ret->addr ? origin->peer_n : sizeof ret->addr);
    for (size_t i = 0; i < s->config->sip.n_peers; i++) {
        const struct config_peer *row = &s->config->sip.peers[i];
        if (!is_peer(row, origin))
            continue;
        ret->pai = row->pai;
        ret->priority = row->priority;
        ret->says = row->says;
        ret->international = row->international;
        ret->gateway = row->gateway;
        ret->plan = &s->peer_plans[i];
        ret->format = row->format.written ? &row->format.how : NULL;
        if (row->says == PEER_BELIEVE && !may_believe(row, origin))
            ret->says = PEER_SHOW;
        return;
    }
}
