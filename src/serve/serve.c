/* SPDX-License-Identifier: Apache-2.0 */
/* A server is made from its configuration here; every socket is bound before the first call is answered. */
#include "serve/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "fetch/fetch.h"
#include "serve/control.h"
#include "console/console.h"
#include "serve/http.h"
#include "serve/http_tls.h"
#include "serve/knowing.h"
#include "serve/ruling.h"

/* ---- the parts ---- */

/* The directories above what a server keeps, as private as what is in them; whoever opens it says what still fails. */
static void make_parents(const char *path)
{
    char *copy = path ? strdup(path) : NULL;
    for (char *at = copy ? strchr(copy + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            break;
        *at = '/';
    }
    free(copy);
}

static enum bf_err say(char **ret_message, enum bf_err err, const char *what)
{
    if (!*ret_message && asprintf(ret_message, "%s: %s", what, bf_err_text(err)) < 0)
        *ret_message = NULL;
    return err;
}

static enum bf_err make_trust(struct server *s, const struct config *c, char **ret_message)
{
    struct trust *trust = NULL;
    *ret_message = control_mixed_domains(c);
    if (*ret_message)
        return BF_EDENIED;
    enum bf_err err = trust_create(c->trust.domains, c->trust.n_domains, s->generation,
                                   clock_now(s->clock).utc, &trust, ret_message);
    if (err)
        return say(ret_message, err, "the trust domains cannot be read");
    const struct fetch_options fetch = {
        .lab = c->x5u.lab, .proxy = c->x5u.proxy, .ca_file = c->x5u.ca_file, .clock = s->clock, .log = s->log
    };
    err = fetch_create(&fetch, &s->fetch);
    if (err) {
        trust_destroy(trust);
        return say(ret_message, err, "the fetcher of certificates cannot be started");
    }
    make_parents(c->x5u.cache_dir);
    const struct signers_options signers = { .fetch = s->fetch,
                                             .certs_dir = c->x5u.certs_dir,
                                             .cache_dir = c->x5u.cache_dir,
                                             .trust = trust,
                                             .epoch = s->epoch,
                                             .clock = s->clock,
                                             .main_max = (size_t)c->x5u.cache_entries,
                                             .lab = c->x5u.lab,
                                             .log = s->log };
    err = signers_create(&signers, &s->signers);
    return err ? say(ret_message, err, "the index of certificates cannot be made") : BF_OK;
}

static enum bf_err make_pool(struct server *s, const struct config *c, char **ret_message)
{
    const struct es256_pool_options options = { .engine = c->es256.engine,
                                                .tables_bytes = (size_t)c->es256.tables_mb << 20,
                                                .audit = c->es256.audit,
                                                .busy = (unsigned)c->es256.busy,
                                                .log = s->log };
    *ret_message = control_engine_missing(c);
    if (*ret_message)
        return BF_EUNSUP;
    const enum bf_err err = es256_pool_create(&options, &s->pool);
    return err ? say(ret_message, err, "es256.engine: the engine cannot be made") : BF_OK;
}

struct remembering {
    struct replay *replay;
    struct instant now;
    size_t n;
};

static void remember(void *arg, const struct replay_sighting *sighting, utc_t at)
{
    struct remembering *r = arg;
    struct replay_sighting mine = *sighting;
    mine.at = r->now.mono - MONO_S(r->now.utc - at);
    if (replay_enter(r->replay, &mine) == REPLAY_FIRST)
        r->n++;
}

/* Tokens seen before a restart are seen after it. */
static enum bf_err make_memory(struct server *s, const struct config *c, char **ret_message)
{
    const mono_t window =
        MONO_S(2 * c->freshness_s + 10); /* a token is fresh from freshness_s before to after its iat */
    enum bf_err err = replay_create((size_t)c->replay_entries, window, &s->replay);
    if (err)
        return say(ret_message, err, "replay_entries: the memory of tokens cannot be made");
    parking_init(&s->parking, (uint64_t)c->sip.parked, (uint64_t)c->sip.parked_mb << 20);
    s->freshness_max = c->freshness_s;
    return BF_OK;
}

static bool is_set(const char *text)
{
    return text && *text;
}

static enum bf_err make_record(struct server *s, const struct config *c, char **ret_message)
{
    struct remembering r = { s->replay, clock_now(s->clock), 0 };
    const struct recorder_options options = { .journal_dir = c->store.journal,
                                              .db_url = is_set(c->store.url) ? c->store.url : NULL,
                                              .durability = c->store.durability,
                                              .keep_days = (unsigned)c->store.keep_days,
                                              .keep_bytes = (uint64_t)c->store.keep_mb << 20,
                                              .log = s->log };
    if (!is_set(c->store.journal))
        return BF_OK;
    make_parents(c->store.journal);
    if (options.db_url && strncmp(options.db_url, "sqlite:", 7) == 0)
        make_parents(options.db_url + 7);
    enum bf_err err = recorder_create(&options, &s->recorder, ret_message);
    if (err)
        return say(ret_message, err, "the record cannot be opened");
    err = record_replays(c->store.journal, r.now.utc - (2 * c->freshness_s + 10), remember, &r);
    if (err)
        log_put(s->log, LOG_ALARM, "tokens seen before this start cannot be read from %s: %s",
                c->store.journal, bf_err_text(err));
    count_add(&s->counts, COUNT_TOKENS, r.n);
    if (!err && r.n)
        log_put(s->log, LOG_INFO, "%zu tokens seen before this start are remembered", r.n);
    return BF_OK;
}

static enum bf_err make_hep(struct server *s, const struct config *c, char **ret_message)
{
    if (!c->hep.to.addr_n)
        return BF_OK;
    const struct hep_options options = { .to = c->hep.to.addr,
                                         .to_n = c->hep.to.addr_n,
                                         .tcp = c->hep.to.transport == LISTEN_TCP,
                                         .agent = (uint32_t)c->hep.id,
                                         .password = c->hep.password,
                                         .messages = c->hep.messages,
                                         .log = s->log };
    const enum bf_err err = hep_sender_create(&options, &s->hep);
    return err ? say(ret_message, err, "hep.to: the sender cannot be made") : BF_OK;
}

static enum bf_err make_hops(struct server *s, const struct config *c, char **ret_message)
{
    enum bf_err err = hops_create(s->log, &s->hops);
    if (!err && (c->sip.mode == MODE_PROXY || c->callback.mode != CALL_BACK_OFF))
        hops_look_up(s->hops);
    if (!err)
        err = hops_set(s->hops, c->sip.next_hop, c->sip.n_next_hop, c->sip.next_hop_probe_s);
    struct tls_context *tls = NULL;
    if (!err)
        err = snapshot_tls_out(c, &tls, ret_message);
    if (!err)
        hops_trust(s->hops, tls);
    return err ? say(ret_message, err, "sip.next_hop cannot be kept") : BF_OK;
}

/* ---- the doors ---- */

static struct server_address *add_address(struct server *s, enum server_door door, enum listener_role role,
                                          const struct sockaddr_storage *addr, socklen_t n)
{
    static const char *const schemes[] = { "udp:", "tcp:", "http://", "http://" };
    char text[64];
    struct server_address *a = &s->addresses[s->n_addresses++];
    *a = (struct server_address){ .door = door, .role = role, .addr = *addr, .addr_n = n };
    snprintf(a->text, sizeof a->text, "%s%s", schemes[door], addr_text((const struct sockaddr *)addr, text));
    return a;
}

static enum bf_err open_udp(struct server *s, const struct config *c, const struct config_listener *l,
                            char **ret_message)
{
    int fds[SERVER_WORKERS_MAX];
    struct sockaddr_storage addr;
    socklen_t n;
    /* a proxy passes requests of one Call-ID to one worker, in the order they came: they must come in order */
    const enum udp_order order = c->sip.mode == MODE_PROXY ? UDP_BY_SENDER : UDP_BY_CONTENT;
    const enum bf_err err = udp_open((const struct sockaddr *)&l->addr, l->addr_n, order, fds, s->n_workers,
                                     &addr, &n, ret_message);
    if (err)
        return err;
    for (size_t i = 0; i < s->n_workers; i++) {
        struct worker *w = s->workers[i];
        w->udp[w->n_udp++] = (struct udp_socket){ .fd = fds[i], .role = l->role };
    }
    add_address(s, DOOR_UDP, l->role, &addr, n);
    return BF_OK;
}

static enum bf_err open_tcp(struct server *s, const struct config_listener *l, char **ret_message)
{
    struct tcp_listener *mine = &s->listeners[s->n_listeners];
    struct sockaddr_storage addr;
    socklen_t n;
    const enum bf_err err =
        tcp_open((const struct sockaddr *)&l->addr, l->addr_n, &mine->fd, &addr, &n, ret_message);
    if (err)
        return err;
    mine->role = l->role;
    mine->secure = l->transport == LISTEN_TLS;
    s->n_listeners++;
    struct server_address *a = add_address(s, DOOR_TCP, l->role, &addr, n);
    if ((a->secure = mine->secure))
        memcpy(a->text, "tls", 3); /* in place of tcp */
    return BF_OK;
}

static enum bf_err open_http(struct server *s, const struct config *c, char **ret_message)
{
    auto_(http_tls_destroy) struct http_tls *tls = NULL;
    struct sockaddr_storage addr;
    socklen_t n;
    int fd;
    if (!c->http.on)
        return BF_OK;
    enum bf_err err = http_tls_create(c, &tls, ret_message);
    if (!err)
        err = tcp_open((const struct sockaddr *)&c->http.addr, c->http.addr_n, &fd, &addr, &n, ret_message);
    if (err)
        return err;
    const bool secure = tls != NULL;
    err = http_create(s, fd, tls, (unsigned)c->http.connections_per_address, &s->http);
    tls = NULL;
    if (err)
        return err;
    char text[64];
    struct server_address *a = &s->addresses[s->n_addresses];
    add_address(s, DOOR_HTTP, ROLE_VERIFY, &addr, n);
    if (secure)
        snprintf(a->text, sizeof a->text, "https://%s", addr_text((const struct sockaddr *)&addr, text));
    return BF_OK;
}

static enum bf_err open_public(struct server *s, const struct config *c, char **ret_message)
{
    struct sockaddr_storage addr;
    socklen_t n;
    int fd;
    if (!c->public_.on)
        return BF_OK;
    if (!is_set(c->public_.certificates)) {
        *ret_message = strdup("public.listen needs public.certificates: the directory of chains to publish");
        return BF_EINVAL;
    }
    enum bf_err err =
        tcp_open((const struct sockaddr *)&c->public_.addr, c->public_.addr_n, &fd, &addr, &n, ret_message);
    if (err)
        return err;
    err = publisher_create(s, fd, c->public_.certificates, &s->publisher);
    if (err)
        return say(ret_message, err, "public.certificates cannot be opened");
    add_address(s, DOOR_PUBLIC, ROLE_VERIFY, &addr, n);
    return BF_OK;
}

static enum bf_err make_workers(struct server *s, const struct config *c)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = c->sip.workers > 0 ? (size_t)c->sip.workers : cores > 0 ? (size_t)cores : 1;
    if (n > SERVER_WORKERS_MAX)
        n = SERVER_WORKERS_MAX;
    s->workers = calloc(n, sizeof *s->workers);
    s->listeners = calloc(c->sip.n_listen + 1, sizeof *s->listeners);
    s->addresses = calloc(c->sip.n_listen + 2, sizeof *s->addresses);
    if (!s->workers || !s->listeners || !s->addresses)
        return BF_ENOMEM;
    const struct worker_room room = { n, c->sip.n_listen, ((size_t)c->sip.answers_mb << 20) / n,
                                      c->sip.mode == MODE_PROXY ? ((size_t)c->sip.proxy_mb << 20) / n : 0 };
    for (size_t i = 0; i < n; i++) {
        const enum bf_err err = worker_create(s, (unsigned)i, &room, &s->workers[i]);
        if (err)
            return err;
        s->n_workers++;
    }
    return BF_OK;
}

static enum bf_err open_desk(struct server *s, const struct config *c, char **ret_message)
{
    struct console_options o = { .url = c->store.url,
                                 .assets = c->desk.assets,
                                 .cert = c->desk.tls_cert,
                                 .key = c->desk.tls_key,
                                 .masked = c->desk.mask,
                                 .callback = s->calling_back.callback,
                                 .recorder = s->recorder,
                                 .certs_dir = c->x5u.certs_dir,
                                 .cache_dir = c->x5u.cache_dir,
                                 .domains = c->trust.domains,
                                 .n_domains = c->trust.n_domains,
                                 .log = s->log };
    if (!c->desk.on)
        return BF_OK;
    if (!is_set(c->store.url)) {
        *ret_message = strdup("desk.listen needs store.url: what the desk shows stands there");
        return BF_EFORM;
    }
    o.addr = c->desk.addr;
    const enum bf_err err = console_create(&o, &s->console, ret_message);
    if (err != BF_EIO)
        return err;
    /* The page is for people; that its port is taken must not keep calls from being answered. */
    log_put(s->log, LOG_ALARM, "%s The server runs without the desk until it is started again.",
            *ret_message ? *ret_message : "the desk cannot be opened.");
    free(*ret_message);
    *ret_message = NULL;
    return BF_OK;
}

static enum bf_err make_doors(struct server *s, const struct config *c, char **ret_message)
{
    enum bf_err err = make_workers(s, c);
    if (err)
        return say(ret_message, err, "the workers cannot be made");
    for (size_t i = 0; i < c->sip.n_listen && !err; i++)
        err = c->sip.listen[i].transport == LISTEN_UDP ? open_udp(s, c, &c->sip.listen[i], ret_message)
                                                       : open_tcp(s, &c->sip.listen[i], ret_message);
    s->max_connections = (uint64_t)c->sip.connections;
    s->idle = MONO_S(c->sip.idle_s);
    if (!err)
        err = acceptor_create(s, &s->acceptor);
    if (!err)
        err = open_http(s, c, ret_message);
    if (!err)
        err = open_public(s, c, ret_message);
    return err ? say(ret_message, err, "a listener cannot be made") : BF_OK;
}

/* ---- the whole ---- */

static enum bf_err make_base(struct server *s, char **ret_message)
{
    enum bf_err err = epoch_create(&s->epoch);
    if (!err)
        err = epoch_join(s->epoch, &s->slot);
    s->control = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!err && s->control < 0)
        err = BF_EIO;
    random_bytes(s->tag_secret, sizeof s->tag_secret);
    s->source_key = hash_key_random();
    hash_wide_random(&s->call_key);
    s->generation = 1;
    return err ? say(ret_message, err, "the server cannot be made") : BF_OK;
}

static enum bf_err make(struct server *s, struct config *c, char **ret_message)
{
    struct snapshot *snapshot = NULL;
    enum bf_err err = make_base(s, ret_message);
    s->lab_urls = c->x5u.lab;
    if (!err)
        err = make_trust(s, c, ret_message);
    if (!err)
        err = make_pool(s, c, ret_message);
    if (!err)
        err = make_memory(s, c, ret_message);
    if (!err)
        err = make_hops(s, c, ret_message);
    if (!err)
        err = make_doors(s, c, ret_message);
    if (!err)
        err = make_record(s, c, ret_message);
    if (!err)
        err = make_hep(s, c, ret_message);
    if (!err)
        err = calling_back_create(s, c, ret_message);
    if (!err)
        err = open_desk(s, c, ret_message);
    if (!err)
        err = rule_actions_create(&s->rule_actions);
    if (!err)
        err = ruling_create(s, is_set(c->store.journal) ? c->store.url : NULL, &s->ruling);
    if (!err)
        err = knowing_create(s, is_set(c->store.journal) ? c->store.url : NULL, &s->knowing);
    const struct snapshot_parts parts = { s->generation, s->signers,      s->replay, s->freshness_max,
                                          s->lab_urls,   s->rule_actions, &s->people };
    if (!err)
        err = snapshot_create(c, &parts, &snapshot, ret_message);
    if (err)
        return say(ret_message, err, "the server cannot be made");
    control_ask_lists(s, snapshot);
    atomic_store(&s->snapshot, snapshot);
    control_measure(s);
    return BF_OK;
}

enum bf_err server_create(struct config *config, const struct server_options *options, struct server **ret,
                          char **ret_message)
{
    struct server *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    *ret_message = NULL;
    if (!s) {
        config_destroy(config);
        return BF_ENOMEM;
    }
    memset(s, 0, sizeof *s);
    s->clock = options->clock ? options->clock : &clock_system;
    s->log = options->log;
    s->notify = options->notify;
    s->control = -1;
    enum bf_err err = BF_OK;
    if (options->config_path && !(s->config_path = strdup(options->config_path)))
        err = BF_ENOMEM;
    if (!err)
        err = make(s, config, ret_message);
    if (err) {
        if (!atomic_load(&s->snapshot))
            config_destroy(config);
        server_destroy(s);
        return err;
    }
    *ret = s;
    return BF_OK;
}

/* Whoever may still call back goes first: HTTP, the acceptor, the builder of signers; workers own what they call into. */
void server_destroy(struct server *s)
{
    if (!s)
        return;
    console_destroy(s->console);
    publisher_destroy(s->publisher);
    http_destroy(s->http);
    acceptor_destroy(s->acceptor);
    calling_back_destroy(s); /* it asks where the next hop is */
    hops_destroy(s->hops);
    signers_destroy(s->signers);
    fetch_destroy(s->fetch);
    recorder_destroy(s->recorder); /* it wakes workers */
    for (size_t i = 0; i < s->n_workers; i++)
        worker_destroy(s->workers[i]);
    hep_sender_destroy(s->hep);
    es256_pool_destroy(s->pool);
    for (size_t i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].fd >= 0)
            close(s->listeners[i].fd);
    ruling_destroy(s->ruling);
    knowing_destroy(s->knowing);
    snapshot_destroy(atomic_load(&s->snapshot));
    epoch_destroy(s->epoch);
    rule_actions_destroy(s->rule_actions);
    replay_destroy(s->replay);
    if (s->control >= 0)
        close(s->control);
    free(s->addresses);
    free(s->listeners);
    free(s->workers);
    free(s->config_path);
    free(s);
}

/* ---- questions ---- */

size_t server_addresses(const struct server *s, struct server_address *out, size_t max)
{
    for (size_t i = 0; i < s->n_addresses && i < max; i++)
        out[i] = s->addresses[i];
    return s->n_addresses;
}

bool server_desk_link(const struct server *s, char out[static SERVER_DESK_LINK])
{
    _Static_assert(SERVER_DESK_LINK == CONSOLE_LINK, "a link of the desk has one length");
    if (s->console)
        console_link(s->console, out);
    return s->console != NULL;
}

struct callback *server_callback(const struct server *s)
{
    return s->calling_back.callback;
}

uint64_t server_count(const struct server *s, enum count what)
{
    uint64_t sum = count_of(&s->counts, what);
    for (size_t i = 0; i < s->n_workers; i++)
        sum += count_of(&s->workers[i]->counts, what);
    return sum;
}

struct worker *server_next_worker(struct server *s)
{
    return s->workers[atomic_fetch_add(&s->turns, 1) % s->n_workers];
}

bool server_ready(const struct server *s, const char **ret_why)
{
    *ret_why = atomic_load(&s->draining) ? "the server is about to end" : "the server is starting";
    if (!atomic_load(&s->running) || atomic_load(&s->draining))
        return false;
    *ret_why = "the record cannot be kept";
    if (atomic_load(&s->gauges.record_failed))
        return false;
    if (atomic_load(&s->gauges.domains) == 0)
        *ret_why = "calls are answered; no trust anchors are configured, so no call can be proven";
    else
        *ret_why = "calls are answered";
    return true;
}
