/* SPDX-License-Identifier: Apache-2.0 */
/* The index of signers: from files, from the network, over a restart, under a flood, and while everything changes. */
#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "trust/cache.h"
#include "trust/pki_for_tests.h"

/* ---- a clock that the test sets while others read it ---- */

struct test_clock {
    struct clock_source source;
    _Atomic int64_t passed_s;
};

static struct instant test_clock_now(const struct clock_source *self)
{
    const int64_t passed = atomic_load(&((const struct test_clock *)self)->passed_s);
    return (struct instant){ .utc = PKI_NOW + passed, .mono = MONO_S(1000 + passed) };
}

/* ---- a repository on loopback ---- */

struct repository {
    int fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *body;
    const char *type, *head; /* head: the status line's end and further lines */
    unsigned asked;
    bool held; /* answers wait */
    bool over;
};

static void answer(struct repository *r, int fd)
{
    char request[4096], head[512];
    ssize_t n = 0, got;
    while (n < (ssize_t)sizeof request - 1 &&
           (got = read(fd, request + n, sizeof request - 1 - (size_t)n)) > 0) {
        n += got;
        request[n] = '\0';
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    pthread_mutex_lock(&r->lock);
    r->asked++;
    pthread_cond_broadcast(&r->changed);
    while (r->held && !r->over)
        pthread_cond_wait(&r->changed, &r->lock);
    const int head_n =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                 r->head, r->type, strlen(r->body));
    const bool sent = write(fd, head, (size_t)head_n) == head_n && write(fd, r->body, strlen(r->body)) >= 0;
    (void)sent;
    pthread_mutex_unlock(&r->lock);
    close(fd);
}

static void *serve(void *arg)
{
    struct repository *r = arg;
    for (;;) {
        const int fd = accept(r->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        answer(r, fd);
    }
}

static struct repository *repository_start(char *body)
{
    struct repository *r = calloc(1, sizeof *r);
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof addr;
    r->body = body;
    r->head = "200 OK";
    r->type = "application/pem-certificate-chain";
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(r->fd, 64), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&addr, &n), 0);
    r->port = ntohs(addr.sin_port);
    assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
    return r;
}

static void repository_stop(struct repository *r)
{
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    shutdown(r->fd, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->fd);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    free(r->body);
    free(r);
}

static void repository_say(struct repository *r, const char *head, const char *type, char *body)
{
    pthread_mutex_lock(&r->lock);
    r->head = head;
    r->type = type;
    if (body) {
        free(r->body);
        r->body = body;
    }
    pthread_mutex_unlock(&r->lock);
}

static void repository_hold(struct repository *r, bool held)
{
    pthread_mutex_lock(&r->lock);
    r->held = held;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static unsigned repository_asked(struct repository *r)
{
    pthread_mutex_lock(&r->lock);
    const unsigned n = r->asked;
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void repository_await(struct repository *r, unsigned n)
{
    pthread_mutex_lock(&r->lock);
    while (r->asked < n)
        tap_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

/* ---- somebody who waits ---- */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned done;
};

static void on_done(void *arg)
{
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->done++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void await(struct waiter *w, unsigned n)
{
    pthread_mutex_lock(&w->lock);
    while (w->done < n)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* ---- a stage ---- */

struct stage {
    struct pki_dir dir;
    struct pki p;
    struct test_clock clock;
    struct epoch *epoch;
    unsigned slot;
    struct fetch *fetch;
    struct signers *signers;
    struct waiter waiter;
    unsigned wanted;
};

static struct trust *stage_trust(struct stage *g, X509 *root)
{
    return PKI_TRUST(&g->dir, NULL, root ? root : g->p.root.x);
}

static void stage_open(struct stage *g, const struct signers_options *options)
{
    struct signers_options o = *options;
    o.epoch = g->epoch;
    o.clock = &g->clock.source;
    o.fetch = g->fetch;
    o.trust = o.trust ? o.trust : stage_trust(g, NULL);
    assert_int_equal(signers_create(&o, &g->signers), BF_OK);
}

static void stage_begin(struct stage *g, bool network)
{
    *g = (struct stage){ .dir = pki_dir(), .p = pki_usual(), .clock = { .source = { test_clock_now } } };
    const struct fetch_options o = { .lab = true, .clock = &g->clock.source, .negative_s = 1 };
    assert_int_equal(epoch_create(&g->epoch), BF_OK);
    assert_int_equal(epoch_join(g->epoch, &g->slot), BF_OK);
    if (network)
        assert_int_equal(fetch_create(&o, &g->fetch), BF_OK);
    pthread_mutex_init(&g->waiter.lock, NULL);
    pthread_cond_init(&g->waiter.changed, NULL);
}

static void stage_end(struct stage *g)
{
    signers_destroy(g->signers);
    fetch_destroy(g->fetch);
    epoch_destroy(g->epoch);
    pthread_mutex_destroy(&g->waiter.lock);
    pthread_cond_destroy(&g->waiter.changed);
    pki_free(&g->p);
    pki_dir_remove(&g->dir);
}

static void want(struct stage *g, const char *url, uint64_t source, bool stale)
{
    assert_int_equal(signers_want(g->signers, span_of(url), source, stale, on_done, &g->waiter), BF_OK);
    g->wanted++;
}

static void bring(struct stage *g, const char *url)
{
    want(g, url, 1, false);
    await(&g->waiter, g->wanted);
}

/* Two letters: when the second is answered, the round of upkeep behind the first is over. */
static void settle(struct stage *g)
{
    bring(g, "https://nowhere.example/settle");
    bring(g, "https://nowhere.example/settle");
}

static enum signer_found find(struct stage *g, const char *url)
{
    const struct signer *s = NULL;
    const char *why = NULL;
    epoch_enter(g->epoch, g->slot);
    const enum signer_found found =
        signers_find(g->signers, signers_trust(g->signers), span_of(url), &s, &why);
    if (found == SIGNER_FOUND)
        assert_string_equal(s->x5u, url);
    if (found == SIGNER_FAILED)
        assert_non_null(why);
    epoch_exit(g->epoch, g->slot);
    return found;
}

static const char *failure(struct stage *g, const char *url, char out[static 200])
{
    const struct signer *s = NULL;
    const char *why = NULL;
    epoch_enter(g->epoch, g->slot);
    assert_int_equal(signers_find(g->signers, signers_trust(g->signers), span_of(url), &s, &why),
                     SIGNER_FAILED);
    snprintf(out, 200, "%s", why);
    epoch_exit(g->epoch, g->slot);
    return out;
}

static enum signer_standing standing(struct stage *g, const char *url, utc_t at)
{
    const struct signer *s = NULL;
    const char *why;
    epoch_enter(g->epoch, g->slot);
    assert_int_equal(signers_find(g->signers, signers_trust(g->signers), span_of(url), &s, &why),
                     SIGNER_FOUND);
    const enum signer_standing result = signer_standing(s, at, NULL);
    epoch_exit(g->epoch, g->slot);
    return result;
}

static void prove(struct stage *g, const char *url, const char *header)
{
    const struct signer *s = NULL;
    const char *why;
    epoch_enter(g->epoch, g->slot);
    assert_int_equal(signers_find(g->signers, signers_trust(g->signers), span_of(url), &s, &why),
                     SIGNER_FOUND);
    signers_proven(g->signers, s, span_of(header));
    epoch_exit(g->epoch, g->slot);
}

/* signers_proven may forget: until it does not. */
static void prove_surely(struct stage *g, const char *url, const char *header)
{
    const struct signer *s = NULL;
    const struct signer_header *says;
    while (!s) {
        prove(g, url, header);
        settle(g);
        epoch_enter(g->epoch, g->slot);
        s = signers_find_header(g->signers, signers_trust(g->signers), span_of(header), &says);
        if (s)
            assert_string_equal(s->x5u, url);
        epoch_exit(g->epoch, g->slot);
    }
}

static bool header_is_known(struct stage *g, const char *header)
{
    const struct signer_header *says;
    epoch_enter(g->epoch, g->slot);
    const bool known =
        signers_find_header(g->signers, signers_trust(g->signers), span_of(header), &says) != NULL;
    epoch_exit(g->epoch, g->slot);
    return known;
}

/* The name of a URL's file. */
static const char *file_name(const char *url)
{
    static char name[80];
    uint8_t digest[SHA256_BYTES];
    assert_int_equal(sha256_once(span_of(url), digest), BF_OK);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
    snprintf(name + 64, sizeof name - 64, ".pem");
    return name;
}

static void put(struct stage *g, const char *url)
{
    X509 *chain[] = { g->p.leaf.x, g->p.ca.x };
    pki_pem_file(&g->dir, file_name(url), chain, 2);
}

static const char *sub(struct stage *g, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", g->dir.path, name);
    return path;
}

static char *url_at(const struct repository *r, const char *name, char out[static 100])
{
    snprintf(out, 100, "http://127.0.0.1:%u/%s.pem", r->port, name);
    return out;
}

#define URL "https://cert.example/1.pem"

/* ---- files ---- */

static void a_url_is_missing_until_it_is_wanted(void **state)
{
    static struct stage g;
    char why[200];
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_MISSING);
    bring(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_FOUND);
    assert_int_equal(standing(&g, URL, PKI_NOW), STANDING_TRUSTED);
    bring(&g, "https://cert.example/2.pem");
    assert_non_null(strstr(failure(&g, "https://cert.example/2.pem", why), "offline"));
    assert_int_equal(signers_want(g.signers, SPAN_NONE, 0, false, on_done, &g.waiter), BF_ELIMIT);
    stage_end(&g);
}

static void x5u_008_a_failure_is_remembered_for_a_minute(void **state)
{
    static struct stage g;
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    bring(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_FAILED);
    put(&g, URL);
    atomic_store(&g.clock.passed_s, 59);
    bring(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_FAILED);
    atomic_store(&g.clock.passed_s, 60);
    bring(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_FOUND);
    stage_end(&g);
}

static void a_header_segment_is_learned_only_when_a_signature_held(void **state)
{
    static struct stage g;
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    bring(&g, URL);
    assert_false(header_is_known(&g, "eyJh"));
    prove_surely(&g, URL, "eyJh");
    assert_true(header_is_known(&g, "eyJh"));
    assert_false(header_is_known(&g, "eyJ"));
    assert_false(header_is_known(&g, "eyJhe"));
    assert_int_equal(signers_counts(g.signers).signers, 1);
    stage_end(&g);
}

static void only_a_fit_and_trusted_signer_can_be_proven(void **state)
{
    static struct stage g;
    (void)state;
    stage_begin(&g, false);
    struct pki_pair stranger = pki_make(&(struct pki_order){ .name = "Root", .extensions = PKI_ROOT });
    stage_open(&g,
               &(struct signers_options){ .certs_dir = g.dir.path, .trust = stage_trust(&g, stranger.x) });
    put(&g, URL);
    bring(&g, URL);
    assert_int_equal(standing(&g, URL, PKI_NOW), STANDING_UNTRUSTED);
    prove(&g, URL, "eyJh");
    settle(&g);
    assert_false(header_is_known(&g, "eyJh"));
    assert_int_equal(signers_counts(g.signers).signers, 0);
    pki_clear(&stranger);
    stage_end(&g);
}

static void sec_038_a_flood_of_urls_pushes_no_proven_signer_out(void **state)
{
    static struct stage g;
    char url[100];
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path, .main_max = 4, .probation_max = 8 });
    put(&g, URL);
    bring(&g, URL);
    prove_surely(&g, URL, "eyJh");
    for (unsigned i = 0; i < 500; i++) {
        snprintf(url, sizeof url, "https://flood.example/%u.pem", i);
        want(&g, url, 7, false);
    }
    await(&g.waiter, g.wanted);
    settle(&g);
    const struct signers_counts c = signers_counts(g.signers);
    assert_int_equal(c.signers, 1);
    assert_true(c.probation <= 8);
    assert_true(c.evicted >= 490);
    assert_int_equal(find(&g, URL), SIGNER_FOUND);
    assert_true(header_is_known(&g, "eyJh"));
    stage_end(&g);
}

static void the_least_recently_used_of_the_main_part_leaves_first(void **state)
{
    static struct stage g;
    char url[6][100], header[8];
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path, .main_max = 4 });
    for (unsigned i = 0; i < 6; i++) {
        snprintf(url[i], sizeof url[i], "https://cert.example/%u.pem", i);
        snprintf(header, sizeof header, "h%u", i);
        put(&g, url[i]);
        bring(&g, url[i]);
        prove_surely(&g, url[i], header);
        assert_int_equal(find(&g, url[0]), SIGNER_FOUND); /* in use all the time */
    }
    assert_int_equal(signers_counts(g.signers).signers, 4);
    assert_int_equal(find(&g, url[0]), SIGNER_FOUND);
    assert_int_equal(find(&g, url[1]), SIGNER_MISSING);
    assert_int_equal(find(&g, url[5]), SIGNER_FOUND);
    assert_true(header_is_known(&g, "h0"));
    assert_false(header_is_known(&g, "h1"));
    stage_end(&g);
}

static void a_usual_signer_takes_less_than_16_kib(void **state)
{
    static struct stage g;
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    bring(&g, URL);
    prove_surely(&g, URL,
                 "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jIn0");
    const uint64_t bytes = signers_counts(g.signers).bytes;
    assert_true(bytes > 2000 && bytes < 16384);
    stage_end(&g);
}

/* ---- other anchors ---- */

static void after_other_anchors_every_entry_is_judged_again(void **state)
{
    static struct stage g;
    (void)state;
    stage_begin(&g, false);
    struct pki_pair stranger = pki_make(&(struct pki_order){ .name = "Root", .extensions = PKI_ROOT });
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    bring(&g, URL);
    prove_surely(&g, URL, "eyJh");
    signers_retrust(g.signers, stage_trust(&g, stranger.x));
    /* Whatever is found from now on was judged under the new anchors. */
    bring(&g, URL);
    assert_int_equal(standing(&g, URL, PKI_NOW), STANDING_UNTRUSTED);
    signers_retrust(g.signers, stage_trust(&g, NULL));
    bring(&g, URL);
    assert_int_equal(standing(&g, URL, PKI_NOW), STANDING_TRUSTED);
    assert_true(header_is_known(&g, "eyJh"));
    epoch_enter(g.epoch, g.slot);
    assert_int_equal(trust_generation(signers_trust(g.signers)), 3);
    epoch_exit(g.epoch, g.slot);
    pki_clear(&stranger);
    stage_end(&g);
}

/* On the builder's thread: it stands still until the test says so. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool reached, open;
};

static void wait_at_gate(void *arg)
{
    struct gate *gate = arg;
    pthread_mutex_lock(&gate->lock);
    gate->reached = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void what_was_judged_under_other_anchors_is_not_there(void **state)
{
    static struct stage g;
    struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    bring(&g, URL);
    prove_surely(&g, URL, "eyJh");
    assert_int_equal(signers_want(g.signers, SPAN(URL), 0, false, wait_at_gate, &gate), BF_OK);
    pthread_mutex_lock(&gate.lock);
    while (!gate.reached)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(find(&g, URL), SIGNER_FOUND);
    signers_retrust(g.signers, stage_trust(&g, NULL));
    assert_int_equal(find(&g, URL), SIGNER_MISSING);
    assert_false(header_is_known(&g, "eyJh"));
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    bring(&g, URL);
    assert_int_equal(find(&g, URL), SIGNER_FOUND);
    stage_end(&g);
}

static void what_was_proven_of_another_certificate_is_not_learned(void **state)
{
    static struct stage g;
    const struct signer *s = NULL;
    const char *why;
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path });
    put(&g, URL);
    bring(&g, URL);
    epoch_enter(g.epoch, g.slot);
    assert_int_equal(signers_find(g.signers, signers_trust(g.signers), SPAN(URL), &s, &why), SIGNER_FOUND);
    struct signer other = *s;
    other.leaf_id[0] ^= 1;
    for (unsigned i = 0; i < 20; i++) /* it may be forgotten, but hardly each time */
        signers_proven(g.signers, &other, SPAN("eyJh"));
    epoch_exit(g.epoch, g.slot);
    settle(&g);
    assert_false(header_is_known(&g, "eyJh"));
    assert_int_equal(signers_counts(g.signers).signers, 0);
    stage_end(&g);
}

/* ---- the network ---- */

static void sec_037_a_thousand_callers_cause_one_fetch(void **state)
{
    static struct stage g;
    char url[100];
    (void)state;
    stage_begin(&g, true);
    struct repository *r = repository_start(PKI_PEM(g.p.leaf.x, g.p.ca.x));
    stage_open(&g, &(struct signers_options){ .lab = true });
    url_at(r, "1", url);
    repository_hold(r, true);
    for (unsigned i = 0; i < 1000; i++)
        want(&g, url, i, false);
    repository_await(r, 1);
    assert_int_equal(find(&g, url), SIGNER_MISSING);
    repository_hold(r, false);
    await(&g.waiter, 1000);
    assert_int_equal(find(&g, url), SIGNER_FOUND);
    assert_int_equal(repository_asked(r), 1);
    signers_destroy(g.signers);
    g.signers = NULL;
    repository_stop(r);
    stage_end(&g);
}

static void x5u_004_content_types_are_tolerated_as_far_as_repositories_need(void **state)
{
    static const struct {
        const char *type;
        bool taken;
    } rows[] = { { "application/pem-certificate-chain; charset=utf-8", true },
                 { "Application/PEM-certificate-chain", true },
                 { "application/x-pem-file", true },
                 { "application/octet-stream", true },
                 { "text/plain", true },
                 { "text/html", false },
                 { "application/json", false } };
    static struct stage g;
    char url[100], name[8], why[200];
    (void)state;
    stage_begin(&g, true);
    struct repository *r = repository_start(PKI_PEM(g.p.leaf.x, g.p.ca.x));
    stage_open(&g, &(struct signers_options){ .lab = true });
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(name, sizeof name, "%u", i);
        repository_say(r, "200 OK", rows[i].type, NULL);
        bring(&g, url_at(r, name, url));
        if (rows[i].taken)
            assert_int_equal(find(&g, url), SIGNER_FOUND);
        else
            assert_non_null(strstr(failure(&g, url, why), "content type"));
    }
    repository_stop(r);
    stage_end(&g);
}

static void a_body_without_a_chain_is_found_as_unparsed(void **state)
{
    static struct stage g;
    char url[100];
    const struct signer *s = NULL;
    const char *why;
    (void)state;
    stage_begin(&g, true);
    struct repository *r = repository_start(strdup("nothing of the kind"));
    stage_open(&g, &(struct signers_options){ .lab = true });
    bring(&g, url_at(r, "1", url));
    epoch_enter(g.epoch, g.slot);
    assert_int_equal(signers_find(g.signers, signers_trust(g.signers), span_of(url), &s, &why), SIGNER_FOUND);
    assert_int_equal(s->fitness, SIGNER_UNPARSED);
    epoch_exit(g.epoch, g.slot);
    repository_stop(r);
    stage_end(&g);
}

static void a_stale_copy_is_fetched_again_at_most_once_a_minute(void **state)
{
    static struct stage g;
    char url[100];
    (void)state;
    stage_begin(&g, true);
    struct repository *r = repository_start(PKI_PEM(g.p.leaf.x, g.p.ca.x));
    stage_open(&g, &(struct signers_options){ .lab = true });
    bring(&g, url_at(r, "1", url));
    assert_int_equal(repository_asked(r), 1);
    bring(&g, url);
    assert_int_equal(repository_asked(r), 1);
    want(&g, url, 1, true);
    await(&g.waiter, g.wanted);
    assert_int_equal(repository_asked(r), 2);
    atomic_store(&g.clock.passed_s, 59);
    want(&g, url, 1, true);
    await(&g.waiter, g.wanted);
    assert_int_equal(repository_asked(r), 2);
    atomic_store(&g.clock.passed_s, 60);
    want(&g, url, 1, true);
    await(&g.waiter, g.wanted);
    assert_int_equal(repository_asked(r), 3);
    repository_stop(r);
    stage_end(&g);
}

/* A day's cache with a leaf of 20 hours: the leaf's end counts. */
static void x5u_007_a_copy_is_fetched_ahead_of_its_end_and_never_outlives_the_leaf(void **state)
{
    static struct stage g;
    char url[100];
    const struct signer *s = NULL;
    const char *why;
    (void)state;
    stage_begin(&g, true);
    struct pki_pair brief =
        pki_make(&(struct pki_order){ .issuer = g.p.ca.x, .issuer_key = g.p.ca.key, .to = PKI_NOW + 72000 });
    struct repository *r = repository_start(PKI_PEM(brief.x, g.p.ca.x));
    repository_say(r, "200 OK\r\nCache-Control: max-age=60", "application/pem-certificate-chain", NULL);
    stage_open(&g, &(struct signers_options){ .lab = true });
    bring(&g, url_at(r, "1", url));
    epoch_enter(g.epoch, g.slot);
    assert_int_equal(signers_find(g.signers, signers_trust(g.signers), span_of(url), &s, &why), SIGNER_FOUND);
    assert_true(s->fresh_until == MONO_S(1000 + 72000));
    epoch_exit(g.epoch, g.slot);
    prove_surely(&g, url, "eyJh");
    atomic_store(&g.clock.passed_s, 1);
    settle(&g);
    assert_int_equal(find(&g, url), SIGNER_FOUND);
    assert_int_equal(signers_counts(g.signers).first_expiry, PKI_NOW + 72000);
    repository_say(r, "200 OK", "application/pem-certificate-chain", PKI_PEM(g.p.leaf.x, g.p.ca.x));
    atomic_store(&g.clock.passed_s, 72000 - 3601);
    settle(&g);
    assert_int_equal(repository_asked(r), 1);
    atomic_store(&g.clock.passed_s, 72000 - 3600);
    settle(&g);
    repository_await(r, 2);
    while (standing(&g, url, PKI_NOW + 72001) != STANDING_TRUSTED) /* the next leaf, when it is published */
        settle(&g);
    pki_clear(&brief);
    repository_stop(r);
    stage_end(&g);
}

static void x5u_008_an_old_copy_serves_on_for_an_hour_while_the_repository_fails(void **state)
{
    static struct stage g;
    char url[100];
    (void)state;
    stage_begin(&g, true);
    struct pki_pair leaf = pki_make(
        &(struct pki_order){ .issuer = g.p.ca.x, .issuer_key = g.p.ca.key, .to = PKI_NOW + 30 * 86400 });
    struct repository *r = repository_start(PKI_PEM(leaf.x, g.p.ca.x));
    stage_open(&g, &(struct signers_options){ .lab = true });
    bring(&g, url_at(r, "1", url));
    prove_surely(&g, url, "eyJh");
    repository_say(r, "503 Service Unavailable", "text/plain", NULL);
    assert_int_equal(find(&g, url), SIGNER_FOUND);
    atomic_store(&g.clock.passed_s, 86400 + 3599);
    settle(&g);
    assert_int_equal(find(&g, url), SIGNER_FOUND);
    atomic_store(&g.clock.passed_s, 86400 + 3601);
    settle(&g);
    settle(&g);
    assert_int_not_equal(find(&g, url), SIGNER_FOUND);
    assert_false(header_is_known(&g, "eyJh"));
    pki_clear(&leaf);
    repository_stop(r);
    stage_end(&g);
}

static void one_source_s_flood_delays_nobody_else(void **state)
{
    static struct stage g;
    char url[100], name[8];
    (void)state;
    stage_begin(&g, false);
    const struct fetch_options o = { .lab = true, .clock = &g.clock.source, .per_source = 1, .per_host = 64 };
    assert_int_equal(fetch_create(&o, &g.fetch), BF_OK);
    struct repository *slow = repository_start(strdup("never")),
                      *r = repository_start(PKI_PEM(g.p.leaf.x, g.p.ca.x));
    stage_open(&g, &(struct signers_options){ .lab = true });
    repository_hold(slow, true);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%u", i);
        want(&g, url_at(slow, name, url), 7, false);
    }
    /* The flooding source also asks for the honest URL, and is held back; then somebody else does. */
    url_at(r, "1", url);
    want(&g, url, 7, false);
    want(&g, url, 8, false);
    await(&g.waiter, 2);
    assert_int_equal(find(&g, url), SIGNER_FOUND);
    signers_destroy(g.signers);
    g.signers = NULL;
    await(&g.waiter, g.wanted);
    repository_stop(slow);
    repository_stop(r);
    stage_end(&g);
}

static void the_end_of_the_index_ends_every_wait(void **state)
{
    static struct stage g;
    char url[100];
    (void)state;
    stage_begin(&g, true);
    struct repository *r = repository_start(strdup("never"));
    stage_open(&g, &(struct signers_options){ .lab = true });
    repository_hold(r, true);
    want(&g, url_at(r, "1", url), 1, false);
    want(&g, url_at(r, "2", url), 2, false);
    repository_await(r, 1);
    signers_destroy(g.signers);
    g.signers = NULL;
    assert_int_equal(g.waiter.done, 2);
    repository_stop(r);
    stage_end(&g);
}

/* ---- over a restart ---- */

static void reopen(struct stage *g, const struct signers_options *options)
{
    signers_destroy(g->signers);
    g->signers = NULL;
    stage_open(g, options);
}

static void a_proven_chain_is_kept_on_disk_and_judged_again_after_a_restart(void **state)
{
    static struct stage g;
    struct stat st;
    char url[100], cache[400], file[500];
    (void)state;
    stage_begin(&g, true);
    struct pki_pair stranger = pki_make(&(struct pki_order){ .name = "Root", .extensions = PKI_ROOT });
    struct repository *r = repository_start(PKI_PEM(g.p.leaf.x, g.p.ca.x));
    snprintf(cache, sizeof cache, "%s", sub(&g, "cache"));
    const struct signers_options options = { .lab = true, .cache_dir = cache };
    stage_open(&g, &options);
    bring(&g, url_at(r, "1", url));
    snprintf(file, sizeof file, "%s/%s", cache, file_name(url));
    assert_int_not_equal(stat(file, &st), 0); /* not before a signature held */
    prove_surely(&g, url, "eyJh");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(cache, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    reopen(&g, &options);
    assert_int_equal(find(&g, url), SIGNER_MISSING);
    bring(&g, url);
    assert_int_equal(standing(&g, url, PKI_NOW), STANDING_TRUSTED);
    assert_int_equal(repository_asked(r), 1);
    assert_false(header_is_known(&g, "eyJh"));
    struct signers_options other = options;
    other.trust = stage_trust(&g, stranger.x);
    reopen(&g, &other);
    bring(&g, url);
    assert_int_equal(standing(&g, url, PKI_NOW), STANDING_UNTRUSTED);
    assert_int_equal(repository_asked(r), 1);
    atomic_store(&g.clock.passed_s, 86401); /* past: fetched again */
    reopen(&g, &options);
    assert_int_not_equal(stat(file, &st), 0);
    bring(&g, url);
    assert_int_equal(repository_asked(r), 2);
    pki_clear(&stranger);
    repository_stop(r);
    stage_end(&g);
}

static void sec_036_a_file_serves_only_the_url_it_names(void **state)
{
    static struct stage g;
    struct cached c, back;
    (void)state;
    stage_begin(&g, false);
    char *pem = PKI_PEM(g.p.leaf.x);
    c = (struct cached){ pem, strlen(pem), PKI_NOW, PKI_NOW + 100 };
    assert_int_equal(cache_write(g.dir.path, SPAN(URL), &c), BF_OK);
    assert_int_equal(cache_read(g.dir.path, SPAN(URL), PKI_NOW, &back), BF_OK);
    assert_true(span_equal(span_make(back.body, back.n), span_of(pem)));
    assert_int_equal(back.fetched, PKI_NOW);
    free(back.body);
    /* Under another URL's name. */
    char from[500], to[500];
    snprintf(from, sizeof from, "%s/%s", g.dir.path, file_name(URL));
    snprintf(to, sizeof to, "%s/%s", g.dir.path, file_name("https://other.example/1.pem"));
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(cache_read(g.dir.path, SPAN("https://other.example/1.pem"), PKI_NOW, &back), BF_ENOENT);
    assert_int_not_equal(access(to, F_OK), 0);
    /* Past, or from the future. */
    assert_int_equal(cache_write(g.dir.path, SPAN(URL), &c), BF_OK);
    assert_int_equal(cache_read(g.dir.path, SPAN(URL), PKI_NOW + 100, &back), BF_ENOENT);
    assert_int_equal(cache_write(g.dir.path, SPAN(URL), &c), BF_OK);
    assert_int_equal(cache_read(g.dir.path, SPAN(URL), PKI_NOW - 1, &back), BF_ENOENT);
    assert_int_equal(cache_write(g.dir.path, SPAN("https://a.example/\nurl b"), &c), BF_EIO);
    free(pem);
    stage_end(&g);
}

static void a_cache_directory_is_put_in_order_at_the_start(void **state)
{
    static const char header[] = "bonafide-chain 1\nurl u\nfetched 5\nuntil %lld\n\nbody";
    static struct stage g;
    char text[200], name[80];
    (void)state;
    stage_begin(&g, false);
    for (unsigned i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%064u.%s", i, i == 5 ? "part" : "pem");
        snprintf(text, sizeof text, header, (long long)(i < 2 ? PKI_NOW : PKI_NOW + 100));
        pki_file(&g.dir, name, text, strlen(text));
    }
    pki_file(&g.dir, "mine.pem", "mine", 4);
    assert_int_equal(cache_prepare(g.dir.path, PKI_NOW, 2), BF_OK);
    unsigned left = 0;
    DIR *dir = opendir(g.dir.path);
    for (struct dirent *e; (e = readdir(dir));)
        left += e->d_name[0] != '.';
    closedir(dir);
    assert_int_equal(left, 3); /* two that are fresh, and what is not ours */
    stage_end(&g);
}

/* ---- everything at once ---- */

struct hammer {
    struct stage *g;
    _Atomic bool over;
    _Atomic uint64_t found;
};

static void look_up(struct hammer *h, unsigned i)
{
    char url[100], header[16];
    const struct signer *s = NULL;
    const char *why = NULL;
    snprintf(url, sizeof url, "https://cert.example/%u.pem", i % 12);
    snprintf(header, sizeof header, "h%u", i % 12);
    const struct trust *trust = signers_trust(h->g->signers);
    if (signers_find(h->g->signers, trust, span_of(url), &s, &why) == SIGNER_FOUND) {
        assert_string_equal(s->x5u, url);
        assert_string_equal(s->spc, "1234");
        assert_int_equal(s->generation, trust_generation(trust));
        if (s->n_paths)
            assert_string_equal(trust_domain_name(trust, s->paths[0].domain), "test");
        signers_proven(h->g->signers, s, span_of(header));
        atomic_fetch_add(&h->found, 1);
    }
    const struct signer_header *says;
    const struct signer *t = signers_find_header(h->g->signers, trust, span_of(header), &says);
    if (t)
        assert_string_equal(t->x5u, url);
}

static void *hammer_run(void *arg)
{
    struct hammer *h = arg;
    unsigned slot, i = 0;
    assert_int_equal(epoch_join(h->g->epoch, &slot), BF_OK);
    while (!atomic_load(&h->over)) {
        epoch_enter(h->g->epoch, slot);
        for (unsigned k = 0; k < 16; k++)
            look_up(h, i++);
        epoch_exit(h->g->epoch, slot);
    }
    epoch_leave(h->g->epoch, slot);
    return NULL;
}

static void readers_never_meet_a_freed_signer(void **state)
{
    static struct stage g;
    static struct hammer h;
    h.g = &g;
    pthread_t threads[3];
    char url[100];
    (void)state;
    stage_begin(&g, false);
    stage_open(&g, &(struct signers_options){ .certs_dir = g.dir.path, .main_max = 4, .probation_max = 3 });
    for (unsigned i = 0; i < 12; i++) {
        snprintf(url, sizeof url, "https://cert.example/%u.pem", i);
        put(&g, url);
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer_run, &h), 0);
    for (unsigned i = 0; i < 600; i++) {
        snprintf(url, sizeof url, "https://cert.example/%u.pem", i * 7 % 12);
        want(&g, url, 0, i % 3 == 0);
        await(&g.waiter, g.wanted);
        if (i % 20 == 0)
            signers_retrust(g.signers, stage_trust(&g, NULL));
        if (i % 50 == 0)
            atomic_fetch_add(&g.clock.passed_s, 61);
    }
    atomic_store(&h.over, true);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    const struct signers_counts c = signers_counts(g.signers);
    assert_true(atomic_load(&h.found) > 0);
    assert_true(c.evicted > 0 && c.built > 100);
    assert_true(c.signers <= 4 && c.probation <= 3);
    stage_end(&g);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_missing_until_it_is_wanted),
        cmocka_unit_test(x5u_008_a_failure_is_remembered_for_a_minute),
        cmocka_unit_test(a_header_segment_is_learned_only_when_a_signature_held),
        cmocka_unit_test(only_a_fit_and_trusted_signer_can_be_proven),
        cmocka_unit_test(sec_038_a_flood_of_urls_pushes_no_proven_signer_out),
        cmocka_unit_test(the_least_recently_used_of_the_main_part_leaves_first),
        cmocka_unit_test(a_usual_signer_takes_less_than_16_kib),
        cmocka_unit_test(after_other_anchors_every_entry_is_judged_again),
        cmocka_unit_test(what_was_judged_under_other_anchors_is_not_there),
        cmocka_unit_test(what_was_proven_of_another_certificate_is_not_learned),
        cmocka_unit_test(sec_037_a_thousand_callers_cause_one_fetch),
        cmocka_unit_test(x5u_004_content_types_are_tolerated_as_far_as_repositories_need),
        cmocka_unit_test(a_body_without_a_chain_is_found_as_unparsed),
        cmocka_unit_test(a_stale_copy_is_fetched_again_at_most_once_a_minute),
        cmocka_unit_test(x5u_007_a_copy_is_fetched_ahead_of_its_end_and_never_outlives_the_leaf),
        cmocka_unit_test(x5u_008_an_old_copy_serves_on_for_an_hour_while_the_repository_fails),
        cmocka_unit_test(one_source_s_flood_delays_nobody_else),
        cmocka_unit_test(the_end_of_the_index_ends_every_wait),
        cmocka_unit_test(a_proven_chain_is_kept_on_disk_and_judged_again_after_a_restart),
        cmocka_unit_test(sec_036_a_file_serves_only_the_url_it_names),
        cmocka_unit_test(a_cache_directory_is_put_in_order_at_the_start),
        cmocka_unit_test(readers_never_meet_a_freed_signer),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
