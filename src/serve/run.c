/* SPDX-License-Identifier: Apache-2.0 */
/* A server's life: its threads start, the control thread looks after them, calls under way are answered at the end. */
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "serve/control.h"
#include "serve/http.h"
#include "serve/notify.h"
#include "serve/papers.h"
#include "serve/knowing.h"
#include "serve/ruling.h"

#define SECOND     MONO_S(1)
#define DRAIN_TIME MONO_S(10)
#define FLUSH_MS   5000
#define LINE_BYTES 256u

static void tell(struct server *s)
{
    const uint64_t one = 1;
    if (write(s->control, &one, sizeof one) < 0)
        return; /* it has been told already */
}

void server_stop(struct server *s)
{
    atomic_store(&s->stop, true);
    tell(s);
}

void server_reload(struct server *s)
{
    atomic_store(&s->reload, true);
    tell(s);
}

/* ---- starting and ending ---- */

static enum bf_err start(struct server *s)
{
    enum bf_err err = s->http ? http_start(s->http) : BF_OK;
    for (size_t i = 0; i < s->n_workers && !err; i++)
        err = worker_start(s->workers[i]);
    if (!err)
        err = hops_start(s->hops);
    if (!err)
        err = ruling_start(s->ruling);
    if (!err)
        err = knowing_start(s->knowing);
    if (!err)
        err = acceptor_start(s->acceptor);
    if (!err && s->publisher)
        err = publisher_start(s->publisher);
    return err;
}

static bool is_idle(const struct server *s)
{
    if (atomic_load(&s->parking.count) || (s->http && http_waiting(s->http)))
        return false;
    for (size_t i = 0; i < s->n_workers; i++)
        if (!worker_idle(s->workers[i]))
            return false;
    return true;
}

static void wait_briefly(const struct server *s)
{
    struct pollfd fd = { .fd = s->control, .events = 0 };
    poll(&fd, 1, 5);
}

static void drain(struct server *s)
{
    const mono_t until = clock_now(&clock_system).mono + DRAIN_TIME;
    atomic_store(&s->draining, true);
    acceptor_stop(s->acceptor);
    for (size_t i = 0; i < s->n_workers; i++)
        inbox_wake(&s->workers[i]->inbox);
    while (!is_idle(s) && clock_now(&clock_system).mono < until)
        wait_briefly(s);
}

static void end(struct server *s)
{
    acceptor_stop(s->acceptor);
    atomic_store(&s->ended, true);
    for (size_t i = 0; i < s->n_workers; i++)
        inbox_wake(&s->workers[i]->inbox);
    for (size_t i = 0; i < s->n_workers; i++)
        worker_join(s->workers[i]);
    hops_stop(s->hops);
    ruling_stop(s->ruling);
    knowing_stop(s->knowing);
    if (s->http)
        http_stop(s->http);
    if (s->recorder && recorder_flush(s->recorder, FLUSH_MS) != BF_OK)
        log_put(s->log, LOG_WARN,
                "the index of the record lags behind its journal; it catches up at the next start");
}

/* ---- once a second ---- */

struct control {
    struct watch watch;
    struct papers papers;
    mono_t measured, barked, bark_every;
};

static bool workers_turn(const struct server *s, mono_t now, mono_t within)
{
    for (size_t i = 0; i < s->n_workers; i++)
        if (now - atomic_load(&s->workers[i]->beat) > within)
            return false;
    return true;
}

/* A server whose worker hangs does not say it is well: systemd starts another. */
static void bark(struct server *s, struct control *c, mono_t now)
{
    if (!s->notify || !c->bark_every || now - c->barked < c->bark_every ||
        !workers_turn(s, clock_now(s->clock).mono, c->bark_every + MONO_S(5)))
        return;
    notify_say("WATCHDOG=1");
    c->barked = now;
}

/* An inventory of millions is read for seconds; the watchdog would take that for the end. */
struct barker {
    struct server *s;
    struct control *c;
    int done; /* eventfd */
};

static void *bark_meanwhile(void *arg)
{
    const struct barker *b = arg;
    struct pollfd fd = { .fd = b->done, .events = POLLIN };
    while (poll(&fd, 1, (int)(b->c->bark_every / 1000000)) == 0)
        bark(b->s, b->c, clock_now(&clock_system).mono);
    return NULL;
}

/* Without a thread for it: one bark before, and then as long as it takes. */
static void reload_barking(struct server *s, struct control *c)
{
    struct barker b = { s, c, -1 };
    pthread_t thread;
    const uint64_t one = 1;
    bark(s, c, clock_now(&clock_system).mono);
    if (s->notify && c->bark_every)
        b.done = eventfd(0, EFD_CLOEXEC);
    const bool barks = b.done >= 0 && pthread_create(&thread, NULL, bark_meanwhile, &b) == 0;
    control_reload(s);
    if (barks && write(b.done, &one, sizeof one) == sizeof one)
        pthread_join(thread, NULL);
    if (b.done >= 0)
        close(b.done);
}

static void reload(struct server *s, struct control *c)
{
    if (s->notify)
        notify_reloading(clock_now(&clock_system).mono);
    reload_barking(s, c);
    control_measure(s);
    if (s->notify)
        notify_say("READY=1");
}

static void look_after(struct server *s, struct control *c)
{
    uint64_t told;
    const mono_t now = clock_now(&clock_system).mono;
    struct pollfd fd = { .fd = s->control, .events = POLLIN };
    const mono_t rest = c->bark_every && c->bark_every < SECOND ? c->bark_every : SECOND;
    if (now - c->measured >= SECOND) {
        c->measured = now;
        control_watch(s, &c->watch);
        control_measure(s);
        papers_watch(&c->papers, s);
        papers_show(&c->papers, s);
    }
    bark(s, c, now);
    if (poll(&fd, 1, (int)(rest / 1000000)) > 0 && read(s->control, &told, sizeof told) < 0)
        return;
    if (atomic_exchange(&s->reload, false))
        reload(s, c);
}

enum bf_err server_run(struct server *s)
{
    struct control c = { .bark_every = s->notify ? notify_watchdog() : 0 };
    const enum bf_err err = start(s);
    atomic_store(&s->running, !err);
    if (!err && s->notify)
        notify_say("READY=1\nSTATUS=answering calls");
    while (!err && !atomic_load(&s->stop))
        look_after(s, &c);
    if (s->notify)
        notify_say("STOPPING=1");
    if (!err)
        drain(s);
    atomic_store(&s->running, false);
    end(s);
    papers_clear(&c.papers);
    return err;
}

/* ---- introducing itself ---- */

struct voice {
    const struct server *s;
    server_say *say;
    void *arg;
};

static void __attribute__((format(printf, 3, 4)))
speak(const struct voice *v, enum log_level level, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (v->say)
        v->say(v->arg, level, line);
    else
        log_put(v->s->log, level, "%s", line);
}

static void introduce_domain(const struct voice *v, const struct trust *t, size_t i, utc_t now)
{
    int64_t age = 0;
    const char *name = trust_domain_name(t, i), *file = NULL, *why;
    const size_t n = trust_domain_anchors(t, i);
    speak(v, LOG_INFO, "trust domain %s: %zu anchor%s", name, n, n == 1 ? "" : "s");
    if (trust_domain_is_lab(t, i))
        speak(v, LOG_WARN, "trust domain %s is a LABORATORY's: what it vouches for is proven to nobody else",
              name);
    switch (trust_domain_crl(t, i, now, &age)) {
    case REVOCATION_NOT_ASKED: speak(v, LOG_INFO, "trust domain %s: no revocation list", name); break;
    case REVOCATION_GOOD:
    case REVOCATION_REVOKED:
        speak(v, LOG_INFO, "trust domain %s: revocation list of %lld h ago", name, (long long)(age / 3600));
        break;
    case REVOCATION_UNKNOWN:
        why = trust_domain_crl_fault(t, i, now, &file);
        speak(v, LOG_ALARM, "trust domain %s: no valid revocation list (%s: %s): its calls are unproven",
              name, file ? file : "none", why ? why : "never fetched");
        break;
    }
}

static void introduce_trust(const struct voice *v)
{
    struct server *s = (struct server *)(uintptr_t)v->s;
    char at[21];
    const utc_t now = clock_now(s->clock).utc;
    epoch_enter(s->epoch, s->slot);
    const struct trust *t = signers_trust(s->signers);
    for (size_t i = 0; i < trust_domains(t); i++)
        introduce_domain(v, t, i, now);
    if (trust_domains(t) == 0)
        speak(v, LOG_WARN, "no trust anchors are configured: no call can be proven; see docs/anchors.md");
    else if (trust_first_expiry(t) != INT64_MAX)
        speak(v, trust_first_expiry(t) < now + 30 * 86400 ? LOG_ALARM : LOG_INFO,
              "the first anchor expires %s", utc_text(trust_first_expiry(t), at));
    epoch_exit(s->epoch, s->slot);
}

void server_introduce(const struct server *s, server_say *say, void *arg)
{
    const struct voice v = { s, say, arg };
    for (size_t i = 0; i < s->n_addresses; i++) {
        const struct server_address *a = &s->addresses[i];
        speak(&v, LOG_INFO, "listening on %s%s%s", a->text,
              a->door <= DOOR_TCP ? a->role == ROLE_SIGN ? " to sign" : " to verify" : "",
              a->door == DOOR_PUBLIC ? " (public)" : "");
    }
    introduce_trust(&v);
    speak(&v, LOG_INFO, "signatures are checked by %s: %s", es256_pool_name(s->pool),
          es256_pool_why(s->pool));
    if (s->lab_urls)
        speak(&v, LOG_WARN,
              "x5u.lab is ON: certificates are fetched over http, from any port and private addresses; "
              "not for calls of the public network");
    if (!s->recorder)
        speak(&v, LOG_WARN, "no record is kept: store.journal is empty");
}
