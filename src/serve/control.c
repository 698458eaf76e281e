/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/control.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/http_tls.h"
#include "serve/notify.h"
#include "serve/worker.h"

/* ---- measuring ---- */

struct trust_sum {
    int64_t anchors, lab, crl_age;
    bool crl_unknown;
};

static struct trust_sum add_up(const struct trust *t, utc_t now)
{
    struct trust_sum sum = { 0, 0, -1, false };
    for (size_t i = 0; i < trust_domains(t); i++) {
        int64_t age = 0;
        const enum revocation r = trust_domain_crl(t, i, now, &age);
        sum.anchors += (int64_t)trust_domain_anchors(t, i);
        sum.lab += trust_domain_is_lab(t, i);
        sum.crl_unknown = sum.crl_unknown || r == REVOCATION_UNKNOWN;
        if (r == REVOCATION_GOOD && age > sum.crl_age)
            sum.crl_age = age;
    }
    return sum;
}

void control_measure(struct server *s)
{
    struct gauges *g = &s->gauges;
    const utc_t now = clock_now(s->clock).utc;
    epoch_enter(s->epoch, s->slot);
    const struct trust *t = signers_trust(s->signers);
    const struct trust_sum sum = add_up(t, now);
    atomic_store(&g->domains, (int64_t)trust_domains(t));
    atomic_store(&g->anchor_expiry, trust_first_expiry(t));
    epoch_exit(s->epoch, s->slot);
    atomic_store(&g->anchors, sum.anchors);
    atomic_store(&g->lab_domains, sum.lab);
    atomic_store(&g->crl_age, sum.crl_age);
    if (sum.crl_unknown && !atomic_exchange(&g->crl_unknown, true))
        log_put(s->log, LOG_ALARM,
                "a revocation list is configured and none is valid: its calls are unproven; fetch a new one");
    else
        atomic_store(&g->crl_unknown, sum.crl_unknown);
    epoch_collect(s->epoch);
}

void control_watch(struct server *s, struct watch *watch)
{
    int32_t offsets[IAT_SAMPLES], scratch[IAT_SAMPLES];
    int64_t jump, median;
    uint64_t total = 0, of_worker;
    size_t n = 0;
    for (size_t i = 0; i < s->n_workers; i++) {
        n += count_iat_newest(&s->workers[i]->counts, IAT_SAMPLES / s->n_workers, offsets + n, &of_worker);
        total += of_worker;
    }
    if (watch_step(watch, clock_now(s->clock), &jump)) {
        atomic_fetch_add(&s->gauges.clock_alarms, 1);
        log_put(s->log, LOG_ALARM, "the clock jumped by %lld ms: look at the time service", (long long)jump);
    }
    if (watch_median(watch, offsets, scratch, n, total, &median)) {
        atomic_fetch_add(&s->gauges.clock_alarms, 1);
        log_put(s->log, LOG_ALARM,
                "callers sign %lld s off our clock in the middle: look at the time service",
                (long long)median);
    }
    atomic_store(&s->gauges.iat_median_s, median);
}

/* ---- reload ---- */

char *control_mixed_domains(const struct config *c)
{
    const char *lab = NULL, *real = NULL;
    char *message = NULL;
    for (size_t i = 0; i < c->trust.n_domains; i++)
        if (c->trust.domains[i].lab)
            lab = c->trust.domains[i].name;
        else
            real = c->trust.domains[i].name;
    if (!lab || !real || c->trust.allow_lab)
        return NULL;
    if (asprintf(&message,
                 "trust domain %s is a laboratory's and stands beside %s: remove it, or set trust.allow_lab "
                 "if you mean it",
                 lab, real) < 0)
        return NULL;
    return message;
}

char *control_engine_missing(const struct config *c)
{
    char *message = NULL;
    if (c->es256.engine != ES256_LANES || !es256_unsupported())
        return NULL;
    if (asprintf(&message, "es256.engine: lanes cannot run here: %s; write auto or openssl",
                 es256_unsupported()) < 0)
        return NULL;
    return message;
}

enum bf_err server_check(struct config *config, char **ret_message)
{
    struct snapshot *snapshot = NULL;
    struct trust *trust = NULL;
    auto_(http_tls_destroy) struct http_tls *tls = NULL;
    const struct snapshot_parts parts = { .generation = 1, .freshness_max = config->freshness_s };
    *ret_message = control_mixed_domains(config);
    enum bf_err err = *ret_message ? BF_EDENIED : BF_OK;
    if (!err && (*ret_message = control_engine_missing(config)))
        err = BF_EUNSUP;
    if (!err)
        err = trust_create(config->trust.domains, config->trust.n_domains, 1, clock_now(&clock_system).utc,
                           &trust, ret_message);
    if (!err)
        err = http_tls_create(config, &tls, ret_message);
    if (!err)
        err = snapshot_create(config, &parts, &snapshot, ret_message);
    if (!snapshot)
        config_destroy(config);
    snapshot_destroy(snapshot);
    trust_destroy(trust);
    return err;
}

static void refuse(struct server *s, char *message)
{
    atomic_store(&s->gauges.reload_failed, true);
    atomic_fetch_add(&s->gauges.reload_failures, 1);
    log_put(s->log, LOG_ALARM, "the new configuration is refused, the one before stays in force: %s",
            message ? message : "there was no memory to read it");
    free(message);
}

static void name_restarts(struct server *s, const struct config *fresh)
{
    const struct snapshot *old = atomic_load(&s->snapshot);
    char *names = config_needs_restart(old->config, fresh);
    if (names)
        log_put(s->log, LOG_WARN, "these options keep their value until the next start: %s", names);
    free(names);
    if (fresh->freshness_s > s->freshness_max)
        log_put(s->log, LOG_WARN,
                "freshness_s stays at %lld until the next start: the memory of tokens was made for it",
                (long long)s->freshness_max);
}

/* Everything is made before anything is swapped. */
static bool make(struct server *s, struct config *fresh, struct snapshot **ret, struct trust **ret_trust,
                 char **message)
{
    const struct snapshot_parts parts = { s->generation + 1, s->signers,      s->replay, s->freshness_max,
                                          s->lab_urls,       s->rule_actions, &s->people };
    *message = control_mixed_domains(fresh);
    return !*message &&
           trust_create(fresh->trust.domains, fresh->trust.n_domains, s->generation + 1,
                        clock_now(s->clock).utc, ret_trust, message) == BF_OK &&
           snapshot_create(fresh, &parts, ret, message) == BF_OK;
}

void control_ask_lists(struct server *s, const struct snapshot *fresh)
{
    if (!fresh->signing)
        return;
    epoch_enter(s->epoch, s->slot);
    signing_ask_lists(fresh->signing, signers_trust(s->signers));
    epoch_exit(s->epoch, s->slot);
}

/* The snapshot has read the same files a moment ago. */
static void retrust_hops(struct server *s, const struct config *c)
{
    struct tls_context *tls = NULL;
    char *message = NULL;
    if (snapshot_tls_out(c, &tls, &message) == BF_OK)
        hops_trust(s->hops, tls);
    else
        log_put(s->log, LOG_ALARM, "next hops are probed with the certificates of before: %s",
                message ? message : "no memory");
    free(message);
}

static void swap(struct server *s, struct snapshot *fresh, struct trust *trust)
{
    s->generation++;
    signers_retrust(s->signers, trust);
    control_ask_lists(s, fresh); /* before anybody signs with it */
    struct snapshot *old = atomic_exchange(&s->snapshot, fresh);
    if (hops_set(s->hops, fresh->config->sip.next_hop, fresh->config->sip.n_next_hop,
                 fresh->config->sip.next_hop_probe_s) != BF_OK)
        log_put(s->log, LOG_ALARM,
                "the list of next hops could not be kept for want of memory: they are not probed");
    retrust_hops(s, fresh->config);
    es256_pool_set(s->pool, (size_t)fresh->config->es256.tables_mb << 20, fresh->config->es256.audit);
    epoch_retire(s->epoch, snapshot_release, old);
    atomic_store(&s->gauges.reload_failed, false);
    atomic_fetch_add(&s->gauges.reloads, 1);
    log_put(s->log, LOG_INFO, "the new configuration is in force");
}

void control_reload(struct server *s)
{
    struct config *fresh = NULL;
    struct snapshot *snapshot = NULL;
    struct trust *trust = NULL;
    char *message = NULL;
    if (!s->config_path) {
        log_put(s->log, LOG_WARN, "there is no configuration file to read again");
        return;
    }
    if (config_load(s->config_path, &fresh, &message) != BF_OK) {
        refuse(s, message);
        return;
    }
    name_restarts(s, fresh);
    if (make(s, fresh, &snapshot, &trust, &message)) {
        swap(s, snapshot, trust);
        return;
    }
    trust_destroy(trust);
    config_destroy(fresh);
    refuse(s, message);
}
