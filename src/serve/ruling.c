/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/ruling.h"

#include <stdlib.h>
#include <time.h>

#include "rules/stored.h"

#define LOOK_S 1 /* how often the store is asked whether the list is another one */

struct ruling {
    struct server *server;
    char *url;
    struct db *db; /* the thread's; NULL: not open (yet) */
    int64_t generation,
        refused; /* of the list in force; of one that could not be read, so that it is told once */
    pthread_t thread;
    bool started, ready;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

/* ---- the desk's ---- */

static void publish(struct ruling *r, struct rules *fresh)
{
    struct rules *old = atomic_exchange(&r->server->desk_rules, fresh);
    if (old)
        epoch_retire(r->server->epoch, rules_release, old);
}

static void tell(struct ruling *r, const struct rules *fresh)
{
    size_t enforced = 0;
    for (size_t i = 0; i < rules_count(fresh); i++)
        enforced += rules_row(fresh, i)->mode == RULE_ENFORCE;
    log_put(r->server->log, LOG_INFO, "rules of the desk: %zu, of which %zu are switched on",
            rules_count(fresh), enforced);
}

/* A refusal without anywhere to complain is stopped where the answer is made, whatever the configuration says by then. */
static void load(struct ruling *r)
{
    const struct rules_options options = { .actions = r->server->rule_actions, .may_reject = true };
    struct rules *fresh = NULL;
    int64_t generation = 0;
    char *json = NULL, *message = NULL;
    if (stored_rules_get(r->db, &generation, &json))
        return;
    if (generation != r->refused && rules_of_json(span_of(json), &options, &fresh, &message)) {
        log_put(r->server->log, LOG_ALARM,
                "the rules of the desk cannot be read, those before them stay in force: %s",
                message ? message : "no memory");
        r->refused = generation;
    } else if (generation != r->refused) {
        tell(r, fresh);
        publish(r, fresh);
        r->generation = generation;
    }
    free(message);
    free(json);
}

/* Nobody stored rules yet, or the database comes with its first record: asked again the next time. */
static bool open_store(struct ruling *r)
{
    char *message = NULL;
    if (!r->db && db_open(r->url, DB_READ, &r->db, &message))
        r->db = NULL;
    free(message);
    message = NULL;
    if (r->db && !r->ready) {
        db_patience(r->db, 200);
        r->ready = stored_rules_ready(r->db, &message) == BF_OK;
    }
    free(message);
    return r->ready;
}

static void look(struct ruling *r)
{
    int64_t generation = 0;
    if (!r->url || !open_store(r) || stored_rules_generation(r->db, &generation))
        return;
    if (generation != r->generation)
        load(r);
}

static void *watch(void *arg)
{
    struct ruling *r = arg;
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_S;
        pthread_cond_timedwait(&r->wake, &r->lock, &until);
        if (r->stop)
            break;
        pthread_mutex_unlock(&r->lock);
        look(r);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum bf_err ruling_create(struct server *server, const char *url, struct ruling **ret)
{
    struct ruling *r = calloc(1, sizeof *r);
    if (!r)
        return BF_ENOMEM;
    r->server = server;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    if (url && *url && !(r->url = strdup(url))) {
        ruling_destroy(r);
        return BF_ENOMEM;
    }
    look(r);
    *ret = r;
    return BF_OK;
}

enum bf_err ruling_start(struct ruling *r)
{
    if (!r->url)
        return BF_OK;
    r->started = pthread_create(&r->thread, NULL, watch, r) == 0;
    return r->started ? BF_OK : BF_EIO;
}

void ruling_stop(struct ruling *r)
{
    if (!r || !r->started)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    r->started = false;
}

/* No worker turns any more. */
void ruling_destroy(struct ruling *r)
{
    if (!r)
        return;
    ruling_stop(r);
    rules_destroy(atomic_exchange(&r->server->desk_rules, NULL));
    db_close(r->db);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->wake);
    free(r->url);
    free(r);
}

/* ---- a call ---- */

static struct rule_facts facts_of(const struct lane *lane)
{
    const struct verdict *v = &lane->hearing.verdict;
    const struct call *c = &lane->call;
    const bool genuine = lane->decision.outcome == GENUINE; /* also once its record could not be kept */
    return (struct rule_facts){ .outcome = (enum outcome)lane->decision.outcome,
                                .person = genuine ? v->person : NULL,
                                .claimed = v->claimed_person,
                                .attest = (char)lane->decision.attest,
                                .domain = span_of(v->trust_domain),
                                .caller = c->has_caller ? &c->caller : NULL,
                                .called = c->has_called ? &c->called : NULL,
                                .at = lane->arrival.utc };
}

static void note(struct lane *lane, const struct rules *rules, int rule, bool observed)
{
    lane->ruled = (struct lane_ruled){ .name = rules_row(rules, (size_t)rule)->name,
                                       .action = rules_action(rules, (size_t)rule)->text,
                                       .observed = observed };
}

/* true: a rule decided. The first that only observes is noted, unless one decides. */
static bool ask(const struct worker *w, const struct rules *rules, const struct rule_facts *facts,
                struct lane *lane)
{
    struct rule_found found;
    if (!rules_decide(rules, facts, &found))
        return false;
    if (found.observed >= 0 && !lane->ruled.name)
        note(lane, rules, found.observed, true);
    if (found.rule < 0)
        return false;
    const bool refuses = rules_action(rules, (size_t)found.rule)->what == RULE_REJECT;
    const bool cannot = refuses && !*w->snapshot->config->answer.redress;
    note(lane, rules, found.rule, cannot);
    if (!cannot)
        lane->decision.verify.rule = rules_action_number(rules, (size_t)found.rule);
    return true;
}

void ruling_decide(struct worker *w, struct lane *lane)
{
    const struct rules *file = w->snapshot->file_rules;
    const struct rules *desk = atomic_load_explicit(&w->server->desk_rules, memory_order_acquire);
    lane->ruled = (struct lane_ruled){ .name = NULL };
    lane->decision.verify.rule = 0;
    if (!file && !desk)
        return;
    if (lane->call.never_block)
        return;
    const struct rule_facts facts = facts_of(lane);
    if (!ask(w, file, &facts, lane))
        (void)ask(w, desk, &facts, lane);
}

void ruling_record(const struct lane *lane, struct record *ret)
{
    ret->rule = span_of(lane->ruled.name);
    ret->rule_action = lane->ruled.name ? lane->ruled.action : SPAN_NONE;
    ret->rule_observed = lane->ruled.observed;
}
