/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, its inbox, its flights. fetch_get copies the request into the inbox and wakes libcurl; everything else
 * happens on the thread, so that nothing but the inbox is locked. A request that a rule, a cap or the memory of failures
 * answers never becomes a flight; one for a URL in flight joins it.
 */
#include "fetch/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "fetch/failures.h"
#include "fetch/transfer.h"
#include "fetch/url.h"

#define INBOX_MOST      65536u
#define IDLE_MS         1000 /* should a wake-up ever be lost */
#define IDLE_SOCKETS    32L
#define LINGERING_MOST  256u
#define LINGERING_S     30 /* what a C library's resolver takes at most to give up */
#define LINGERING_SHARE 4  /* times what a source may fly at a time: what it may have lingering */
#define KNOWN_HOSTS     256u

/* Somebody who waits. In the inbox first, then on a flight. */
struct request {
    struct request *next;
    uint64_t source;
    fetch_done *done;
    void *arg;
    size_t n;
    char url[];
};

struct flight {
    struct flight *next;
    struct request *waiting, *last; /* the first one's URL is the flight's */
    uint64_t url, host, source;
    struct transfer transfer;
};

/*
 * A flight that gave up on DNS may leave libcurl's resolver thread behind, and nothing says when that ends: it counts until
 * it must have. For its source it is no flight any more, and has a share of its own, a quarter of all there may be: sixteen
 * names that nobody answers for do not close the door for the new signers of an SBC, nor one SBC that of the others.
 */
struct lingering {
    uint64_t host, source;
    mono_t until;
};

enum count { STARTED, JOINED, OK, REFUSED, FAILED, RECENT, BYTES, IN_FLIGHT, COUNTS };

struct fetch {
    struct transfer_rules rules;
    struct hash_key key;
    char *texts[4]; /* copies the options point to */
    CURLM *multi;
    pthread_t thread;

    pthread_mutex_t lock; /* for these: */
    struct request *first, **last;
    size_t inbox_n;
    bool stopping;

    struct flight *flights;
    size_t n_flights;
    struct lingering lingering[LINGERING_MOST];
    uint64_t known
        [KNOWN_HOSTS]; /* of the last ones that sent a chain: what lingers for a source is not held against them */
    struct failures failures;
    _Atomic uint64_t counts[COUNTS];
};

static void count(struct fetch *f, enum count which, uint64_t n)
{
    atomic_fetch_add_explicit(&f->counts[which], n, memory_order_relaxed);
}

static struct instant now_of(const struct fetch *f)
{
    return clock_now(f->rules.options.clock);
}

static struct span url_of(const struct request *r)
{
    return span_make(r->url, r->n);
}

/* Answers all who wait, in the order they came, and forgets them. */
static void answer_all(struct request *waiting, const struct fetch_answer *answer)
{
    while (waiting) {
        struct request *r = waiting;
        waiting = r->next;
        r->done(r->arg, url_of(r), answer);
        free(r);
    }
}

/* One request that does not fly. */
static void answer_without_flight(struct fetch *f, struct request *r, enum fetch_outcome outcome,
                                  const char *why)
{
    const struct fetch_answer answer = {
        .outcome = outcome, .why = why, .max_age_s = -1, .at = now_of(f).utc
    };
    r->next = NULL;
    answer_all(r, &answer);
}

/* ---- caps ---- */

static uint64_t host_hash(const struct fetch *f, struct span host)
{
    char lower[LIMIT_X5U];
    for (size_t i = 0; i < host.n; i++)
        lower[i] = (char)(host.p[i] >= 'A' && host.p[i] <= 'Z' ? host.p[i] | 0x20 : host.p[i]);
    return hash_bytes(f->key, span_make(lower, host.n));
}

struct usage {
    size_t host, source; /* in flight; of the host, lingering as well */
    size_t lingering, source_lingering;
};

static struct usage usage_of(const struct fetch *f, uint64_t host, uint64_t source, mono_t now)
{
    struct usage u = { 0 };
    for (const struct flight *o = f->flights; o; o = o->next) {
        u.host += o->host == host;
        u.source += o->source == source;
    }
    for (size_t i = 0; i < LINGERING_MOST; i++) {
        const struct lingering *l = &f->lingering[i];
        if (l->until <= now)
            continue;
        u.lingering++;
        u.host += l->host == host;
        u.source_lingering += l->source == source;
    }
    return u;
}

/* A host is known by its last fetch: one that brought a chain. */
static uint64_t *known_slot(struct fetch *f, uint64_t host)
{
    return &f->known[host % KNOWN_HOSTS];
}

static void know_host(struct fetch *f, uint64_t host, bool good)
{
    uint64_t *slot = known_slot(f, host);
    if (good)
        *slot = host;
    else if (*slot == host)
        *slot = 0;
}

/* NULL, or the cap that is reached. */
static const char *cap_reached(struct fetch *f, uint64_t host, uint64_t source, mono_t now)
{
    const struct fetch_options *o = &f->rules.options;
    const struct usage u = usage_of(f, host, source, now);
    if (f->n_flights >= o->flights || u.lingering == LINGERING_MOST)
        return "too many certificates are being fetched";
    if (u.host >= o->per_host)
        return "too many certificates are being fetched from this host";
    if (source && u.source >= o->per_source)
        return "too many certificates are being fetched for this source";
    if (source && u.source_lingering >= (size_t)LINGERING_SHARE * o->per_source &&
        *known_slot(f, host) != host)
        return "DNS was silent for too many hosts of this source";
    return NULL;
}

static void linger(struct fetch *f, const struct flight *flight, mono_t now)
{
    for (size_t i = 0; i < LINGERING_MOST; i++)
        if (f->lingering[i].until <= now) {
            f->lingering[i] = (struct lingering){ flight->host, flight->source, now + MONO_S(LINGERING_S) };
            return;
        }
}

/* ---- flights ---- */

static void flight_unlink(struct fetch *f, const struct flight *flight)
{
    struct flight **at = &f->flights;
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    f->n_flights--;
    atomic_fetch_sub_explicit(&f->counts[IN_FLIGHT], 1, memory_order_relaxed);
}

static void flight_destroy(struct fetch *f, struct flight *flight)
{
    if (flight->transfer.easy)
        curl_multi_remove_handle(f->multi, flight->transfer.easy);
    transfer_clear(&flight->transfer);
    free(flight);
}

/* A failure is remembered; what says more about us than about the URL (busy, stopped) is not. */
static void note(struct fetch *f, const struct flight *flight, enum fetch_outcome outcome, mono_t now)
{
    if (outcome == FETCH_OK) {
        failures_forget(&f->failures, flight->url);
        count(f, OK, 1);
        return;
    }
    count(f, outcome == FETCH_REFUSED ? REFUSED : FAILED, 1);
    if (outcome != FETCH_BUSY && outcome != FETCH_STOPPED)
        failures_note(&f->failures, flight->url, now + MONO_S(f->rules.options.negative_s));
}

static void flight_end(struct fetch *f, struct flight *flight, const struct fetch_answer *answer, mono_t now)
{
    const struct span url = url_of(flight->waiting);
    note(f, flight, answer->outcome, now);
    count(f, BYTES, flight->transfer.body_n);
    const bool silent = answer->outcome == FETCH_TIMEOUT && transfer_is_resolving(&flight->transfer);
    if (silent)
        linger(f, flight, now);
    if (silent || answer->outcome == FETCH_OK)
        know_host(f, flight->host, !silent);
    log_put(f->rules.options.log, LOG_DEBUG, "fetch %.*s: %s", SPAN_FMT(url), answer->why);
    flight_unlink(f, flight); /* who hears of it may look at the counts */
    answer_all(flight->waiting, answer);
    flight_destroy(f, flight);
}

static struct flight *flight_of(struct fetch *f, uint64_t hash, struct span url)
{
    for (struct flight *o = f->flights; o; o = o->next)
        if (o->url == hash && span_equal(url_of(o->waiting), url))
            return o;
    return NULL;
}

static void flight_join(struct fetch *f, struct flight *flight, struct request *r)
{
    r->next = NULL;
    flight->last->next = r;
    flight->last = r;
    count(f, JOINED, 1);
}

static void flight_begin(struct fetch *f, struct request *r, uint64_t url, uint64_t host)
{
    struct flight *flight = calloc(1, sizeof *flight);
    r->next = NULL;
    if (!flight || transfer_init(&flight->transfer, &f->rules, r->url, flight) ||
        curl_multi_add_handle(f->multi, flight->transfer.easy)) {
        if (flight)
            flight_destroy(f, flight);
        answer_without_flight(f, r, FETCH_BUSY, "no memory to fetch with");
        return;
    }
    flight->url = url;
    flight->host = host;
    flight->source = r->source;
    flight->waiting = flight->last = r;
    flight->next = f->flights;
    f->flights = flight;
    f->n_flights++;
    count(f, STARTED, 1);
    count(f, IN_FLIGHT, 1);
}

/* One request out of the inbox: refused, remembered as failed, joined, or begun. */
static void take(struct fetch *f, struct request *r)
{
    const mono_t now = now_of(f).mono;
    const uint64_t url = hash_bytes(f->key, url_of(r));
    struct fault fault;
    if (fetch_url_allowed(url_of(r), f->rules.options.lab, &fault)) {
        count(f, REFUSED, 1);
        answer_without_flight(f, r, FETCH_REFUSED, fault.what);
        return;
    }
    struct flight *flight = flight_of(f, url, url_of(r));
    if (flight) {
        flight_join(f, flight, r);
        return;
    }
    if (failures_hold(&f->failures, url, now)) {
        count(f, RECENT, 1);
        answer_without_flight(f, r, FETCH_RECENT, "it failed a moment ago and is not asked again yet");
        return;
    }
    const uint64_t host = host_hash(f, url_host(url_of(r)));
    const char *busy = cap_reached(f, host, r->source, now);
    if (busy)
        answer_without_flight(f, r, FETCH_BUSY, busy);
    else
        flight_begin(f, r, url, host);
}

/* Flights that libcurl is done with. */
static void reap(struct fetch *f)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &left));) {
        struct flight *flight = NULL;
        struct fetch_answer answer;
        const struct instant now = now_of(f);
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &flight);
        transfer_result(&flight->transfer, m->data.result, now, &answer);
        flight_end(f, flight, &answer, now.mono);
    }
}

static void stop_all(struct fetch *f)
{
    const struct instant now = now_of(f);
    const struct fetch_answer answer = {
        .outcome = FETCH_STOPPED, .why = "bonafide is stopping", .max_age_s = -1, .at = now.utc
    };
    while (f->flights)
        flight_end(f, f->flights, &answer, now.mono);
}

/* ---- the thread ---- */

/* The whole inbox; *ret_stopping as well. */
static struct request *inbox_take(struct fetch *f, bool *ret_stopping)
{
    pthread_mutex_lock(&f->lock);
    struct request *all = f->first;
    f->first = NULL;
    f->last = &f->first;
    f->inbox_n = 0;
    *ret_stopping = f->stopping;
    pthread_mutex_unlock(&f->lock);
    return all;
}

static void *run(void *arg)
{
    struct fetch *f = arg;
    bool stopping;
    for (;;) {
        int running;
        struct request *all = inbox_take(f, &stopping);
        while (all) {
            struct request *r = all;
            all = r->next;
            if (stopping)
                answer_without_flight(f, r, FETCH_STOPPED, "bonafide is stopping");
            else
                take(f, r);
        }
        if (stopping)
            break;
        curl_multi_perform(f->multi, &running);
        reap(f);
        curl_multi_poll(f->multi, NULL, 0, IDLE_MS, NULL);
    }
    stop_all(f);
    return NULL;
}

/* No signal is ours: SIGPIPE least of all, which a TLS connection that the other side closed would raise. */
static enum bf_err thread_start(struct fetch *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&f->thread, NULL, run, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return BF_EIO;
    pthread_setname_np(f->thread, "fetch");
    return BF_OK;
}

/* ---- making and ending ---- */

static void set_default(unsigned *value, unsigned otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

/* *text becomes a copy that f owns. */
static bool text_keep(struct fetch *f, const char **text)
{
    if (!*text)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(f->texts); i++)
        if (!f->texts[i])
            return (*text = f->texts[i] = strdup(*text)) != NULL;
    return false;
}

static bool list_add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool resolve_split(struct transfer_rules *rules)
{
    if (!rules->options.resolve)
        return true;
    char *copy = strdup(rules->options.resolve), *rest = copy;
    bool good = copy != NULL;
    for (char *entry; good && (entry = strtok_r(rest, " ", &rest));)
        good = list_add(&rules->resolve, entry);
    free(copy);
    return good;
}

static enum bf_err options_keep(struct fetch *f, const struct fetch_options *options)
{
    struct fetch_options *o = &f->rules.options;
    if (options)
        *o = *options;
    set_default(&o->connect_ms, 2000);
    set_default(&o->total_ms, 4000);
    set_default(&o->per_host, 4);
    set_default(&o->per_source, 16);
    set_default(&o->flights, 256);
    set_default(&o->negative_s, 60);
    if (o->max_bytes == 0)
        o->max_bytes = LIMIT_CHAIN_BYTES;
    if (!o->clock)
        o->clock = &clock_system;
    if (o->ca_file && access(o->ca_file, R_OK) != 0)
        return BF_EIO;
    if (!text_keep(f, &o->proxy) || !text_keep(f, &o->ca_file) || !text_keep(f, &o->resolve) ||
        !text_keep(f, &o->dns_servers) || !resolve_split(&f->rules) ||
        !list_add(&f->rules.headers, "Accept: application/pem-certificate-chain, */*;q=0.1") ||
        !list_add(&f->rules.headers, "Accept-Encoding: identity"))
        return BF_ENOMEM;
    return BF_OK;
}

static void release(struct fetch *f)
{
    if (f->multi)
        curl_multi_cleanup(f->multi);
    curl_slist_free_all(f->rules.headers);
    curl_slist_free_all(f->rules.resolve);
    for (size_t i = 0; i < ARRAY_SIZE(f->texts); i++)
        free(f->texts[i]);
    pthread_mutex_destroy(&f->lock);
    free(f);
    curl_global_cleanup();
}

enum bf_err fetch_create(const struct fetch_options *options, struct fetch **ret)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return BF_ECRYPTO;
    struct fetch *f = calloc(1, sizeof *f);
    if (!f) {
        curl_global_cleanup();
        return BF_ENOMEM;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->last = &f->first;
    f->key = hash_key_random();
    enum bf_err err = options_keep(f, options);
    if (!err && !(f->multi = curl_multi_init()))
        err = BF_ENOMEM;
    if (!err && curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, IDLE_SOCKETS))
        err = BF_ENOMEM;
    if (!err)
        err = thread_start(f);
    if (err) {
        release(f);
        return err;
    }
    if (f->rules.options.lab)
        log_put(f->rules.options.log, LOG_WARN,
                "x5u.lab is on: certificates are fetched over http, from any port and from "
                "loopback and private addresses; never run it with real calls");
    *ret = f;
    return BF_OK;
}

void fetch_destroy(struct fetch *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_mutex_unlock(&f->lock);
    curl_multi_wakeup(f->multi);
    pthread_join(f->thread, NULL);
    release(f);
}

enum bf_err fetch_get(struct fetch *f, struct span url, uint64_t source, fetch_done *done, void *arg)
{
    const size_t n = url.n <= LIMIT_X5U ? url.n : LIMIT_X5U + 1; /* too long is too long, by however much */
    struct request *r = malloc(sizeof *r + n + 1);
    if (!r)
        return BF_ENOMEM;
    *r = (struct request){ .source = source, .done = done, .arg = arg, .n = n };
    if (n)
        memcpy(r->url, url.p, n);
    r->url[n] = '\0';
    pthread_mutex_lock(&f->lock);
    const bool room = f->inbox_n < INBOX_MOST && !f->stopping;
    if (room) {
        *f->last = r;
        f->last = &r->next;
        f->inbox_n++;
    }
    pthread_mutex_unlock(&f->lock);
    if (!room) {
        free(r);
        return BF_ENOMEM;
    }
    curl_multi_wakeup(f->multi);
    return BF_OK;
}

struct fetch_counts fetch_counts(const struct fetch *f)
{
    uint64_t c[COUNTS];
    for (unsigned i = 0; i < COUNTS; i++)
        c[i] = atomic_load_explicit(&f->counts[i], memory_order_relaxed);
    return (struct fetch_counts){
        .started = c[STARTED],
        .joined = c[JOINED],
        .ok = c[OK],
        .refused = c[REFUSED],
        .failed = c[FAILED],
        .recent = c[RECENT],
        .bytes = c[BYTES],
        .in_flight = c[IN_FLIGHT],
    };
}
