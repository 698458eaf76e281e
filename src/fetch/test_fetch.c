/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetcher against repositories that misbehave. libcurl's resolver and its connect() are this file's: names have the
 * addresses a test gives them, and a connection to a public address ends at the hostile server on loopback, so that the
 * rules of production run as they are and nothing leaves the machine.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/fetch.h"
#include "fetch/hostile.h"
#include "tap.h"

/* ---- the network of the tests ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *addresses[8]; /* of every name; NULL ends */
    bool silent;              /* DNS does not answer */
    unsigned asked, waiting;
    uint16_t server;              /* where connections to public addresses end up */
    unsigned connects, elsewhere; /* connect() at all; to what is neither loopback nor mapped */
} net = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void net_set(const struct hostile *server, const char *first, const char *second)
{
    pthread_mutex_lock(&net.lock);
    net.addresses[0] = first;
    net.addresses[1] = second;
    net.addresses[2] = NULL;
    net.server = server ? hostile_port(server) : 0;
    net.asked = net.connects = net.elsewhere = 0;
    pthread_mutex_unlock(&net.lock);
}

static struct addrinfo *entry(const char *address, const char *service, const struct addrinfo *hints)
{
    struct {
        struct addrinfo info;
        struct sockaddr_storage addr;
    } *e = calloc(1, sizeof *e);
    struct sockaddr_in *in = (struct sockaddr_in *)&e->addr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&e->addr;
    const in_port_t port = htons((uint16_t)atoi(service ? service : "0"));
    e->info = (struct addrinfo){ .ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM,
                                 .ai_addr = (struct sockaddr *)&e->addr };
    if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = port;
        e->info.ai_addrlen = sizeof *in;
    } else {
        inet_pton(AF_INET6, address, &in6->sin6_addr);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = port;
        e->info.ai_addrlen = sizeof *in6;
    }
    e->info.ai_family = e->addr.ss_family;
    return &e->info;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **ret)
{
    struct addrinfo **end = ret;
    (void)node;
    *ret = NULL;
    pthread_mutex_lock(&net.lock);
    net.asked++;
    net.waiting++;
    pthread_cond_broadcast(&net.changed);
    while (net.silent)
        pthread_cond_wait(&net.changed, &net.lock);
    net.waiting--;
    for (size_t i = 0; net.addresses[i]; i++, end = &(*end)->ai_next)
        *end = entry(net.addresses[i], service, hints);
    pthread_cond_broadcast(&net.changed);
    pthread_mutex_unlock(&net.lock);
    return *ret ? 0 : EAI_NONAME;
}

__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    int (*real)(int, const struct sockaddr *, socklen_t) = NULL;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    *(void **)&real = dlsym(RTLD_NEXT, "connect");
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
    pthread_mutex_lock(&net.lock);
    net.connects++;
    const bool loopback = addr->sa_family == AF_INET && ntohl(in->sin_addr.s_addr) == INADDR_LOOPBACK;
    const bool mapped = addr->sa_family == AF_INET && net.server && !loopback &&
                        strncmp(inet_ntoa(in->sin_addr), "93.184.", 7) == 0;
    to.sin_port = htons(net.server);
    net.elsewhere += !loopback && !mapped;
    pthread_mutex_unlock(&net.lock);
    if (mapped)
        return real(fd, (const struct sockaddr *)&to, sizeof to);
    if (loopback)
        return real(fd, addr, n);
    errno = ENETUNREACH;
    return -1;
}

/* ---- what a fetch came to ---- */

struct box {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned n, outcomes[FETCH_STOPPED + 1];
    struct {
        enum fetch_outcome outcome;
        int status;
        int64_t max_age_s;
        size_t body_n;
        char body[16], type[64], why[256];
    } last;
};

#define BOX ((struct box){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER })

static void done(void *arg, struct span url, const struct fetch_answer *a)
{
    struct box *b = arg;
    (void)url;
    pthread_mutex_lock(&b->lock);
    b->n++;
    b->outcomes[a->outcome]++;
    b->last.outcome = a->outcome;
    b->last.status = a->status;
    b->last.max_age_s = a->max_age_s;
    b->last.body_n = a->body.n;
    snprintf(b->last.body, sizeof b->last.body, "%.*s", SPAN_FMT(a->body));
    snprintf(b->last.type, sizeof b->last.type, "%.*s", SPAN_FMT(a->content_type));
    snprintf(b->last.why, sizeof b->last.why, "%s", a->why);
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void box_await(struct box *b, unsigned n)
{
    pthread_mutex_lock(&b->lock);
    while (b->n < n)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static void ask(struct fetch *f, struct box *b, uint64_t source, const char *format, ...) printf_(4, 5);
static void ask(struct fetch *f, struct box *b, uint64_t source, const char *format, ...)
{
    char url[256];
    va_list args;
    va_start(args, format);
    vsnprintf(url, sizeof url, format, args);
    va_end(args);
    assert_int_equal(fetch_get(f, span_of(url), source, done, b), BF_OK);
}

/* One fetch, waited for; the outcome. */
static enum fetch_outcome outcome(struct fetch *f, struct box *b, const char *url)
{
    const unsigned before = b->n;
    ask(f, b, 0, "%s", url);
    box_await(b, before + 1);
    return b->last.outcome;
}

static struct fetch *fetcher(const struct fetch_options *options)
{
    struct fetch *f = NULL;
    assert_int_equal(fetch_create(options, &f), BF_OK);
    return f;
}

static const char *local(const struct hostile *h, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", hostile_port(h), path);
    return url;
}

/* ---- the answer ---- */

static void x5u_004_a_good_answer_is_handed_over_whole(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct fetch *f = fetcher(&(struct fetch_options){ .ca_file = hostile_ca_file(h) });
    struct box b = BOX;
    net_set(h, "93.184.216.34", NULL);
    if (outcome(f, &b, "https://cert.example.org/ok.pem") != FETCH_OK)
        fail_msg("%s", b.last.why);
    assert_int_equal(b.last.status, 200);
    assert_string_equal(b.last.body, "chain");
    assert_string_equal(b.last.type, "application/pem-certificate-chain");
    assert_int_equal(b.last.max_age_s, 86400);
    const struct fetch_counts c = fetch_counts(f);
    assert_int_equal(c.started, 1);
    assert_int_equal(c.ok, 1);
    assert_int_equal(c.bytes, 5);
    assert_int_equal(c.in_flight, 0);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void sec_035_a_request_says_nothing_it_need_not(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct fetch *f = fetcher(&(struct fetch_options){ .ca_file = hostile_ca_file(h) });
    struct box b = BOX;
    net_set(h, "93.184.216.34", NULL);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/ok/../1.pem"), FETCH_OK);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/ok/2.pem"),
                     FETCH_OK); /* a cookie was offered */
    hostile_await(h, 2);
    assert_non_null(strstr(hostile_last(h), "GET /ok/2.pem HTTP/1.1\r\n"));
    assert_non_null(strstr(hostile_last(h), "\r\nAccept-Encoding: identity\r\n"));
    assert_non_null(strstr(hostile_last(h), "\r\nUser-Agent: bonafide/"));
    assert_null(strstr(hostile_last(h), "Cookie:"));
    assert_null(strstr(hostile_last(h), "Authorization:"));
    assert_null(strstr(hostile_last(h), "Referer:"));
    fetch_destroy(f);
    hostile_destroy(h);
}

static void the_proxy_of_the_environment_is_not_used(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct box b = BOX;
    static const char *const names[] = { "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY",
                                         "ALL_PROXY" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        setenv(names[i], "http://127.0.0.1:9", 1);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true });
    net_set(h, "127.0.0.1", NULL);
    assert_int_equal(outcome(f, &b, local(h, "/ok")), FETCH_OK);
    fetch_destroy(f);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
    hostile_destroy(h);
}

static void a_proxy_that_is_asked_for_is_used(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct box b = BOX;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", hostile_port(h));
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .proxy = proxy });
    net_set(h, NULL, NULL);
    outcome(f, &b, "http://cert.example.org/ok");
    assert_int_equal(hostile_requests(h), 1);
    assert_non_null(strstr(hostile_last(h), "GET http://cert.example.org/ok"));
    fetch_destroy(f);
    hostile_destroy(h);
}

/* ---- what is never sent ---- */

static void sec_030_a_url_against_the_rules_is_never_asked(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://cert.example.org/a",   "ftp://cert.example.org/a",
        "file:///etc/passwd",          "https://cert.example.org:1/",
        "https://u@cert.example.org/", "https://cert.example.org/?",
        "https://cert.example.org/#",  "https://2130706433/",
        "https://0177.0.0.1/",         "https://0x7f.1/",
        "https://127.0.0.1/",          "https://[::ffff:127.0.0.1]/",
        "https://localhost/",          "",
    };
    struct fetch *f = fetcher(NULL);
    struct box b = BOX;
    net_set(NULL, "93.184.216.34", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
        if (outcome(f, &b, urls[i]) != FETCH_REFUSED)
            fail_msg("%s: %s", urls[i], b.last.why);
    assert_int_equal(net.asked, 0);
    assert_int_equal(net.connects, 0);
    assert_int_equal(fetch_counts(f).refused, ARRAY_SIZE(urls));
    assert_int_equal(fetch_counts(f).started, 0);
    fetch_destroy(f);
}

static void sec_030_a_url_of_any_length_is_refused(void **state)
{
    (void)state;
    struct fetch *f = fetcher(NULL);
    struct box b = BOX;
    static char url[1 << 20] = "https://cert.example.org/";
    memset(url + 25, 'a', sizeof url - 25);
    assert_int_equal(fetch_get(f, span_make(url, sizeof url), 0, done, &b), BF_OK);
    box_await(&b, 1);
    assert_int_equal(b.last.outcome, FETCH_REFUSED);
    fetch_destroy(f);
}

static void sec_031_no_socket_is_opened_to_a_private_address(void **state)
{
    (void)state;
    static const char *const addresses[] = { "127.0.0.1",       "10.0.0.1",      "169.254.169.254",
                                             "0.0.0.0",         "::1",           "::ffff:127.0.0.1",
                                             "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1",
                                             "fe80::1",         "192.168.1.1" };
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        struct fetch *f = fetcher(NULL);
        struct box b = BOX;
        net_set(NULL, addresses[i], "10.9.8.7");
        if (outcome(f, &b, "https://cert.example.org/a") != FETCH_REFUSED)
            fail_msg("%s: %s", addresses[i], b.last.why);
        assert_non_null(strstr(b.last.why, "private or special"));
        assert_int_equal(net.asked, 1);
        assert_int_equal(net.connects, 0);
        fetch_destroy(f);
    }
}

static void sec_031_sec_032_of_several_addresses_each_is_checked_when_it_is_used(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct fetch *f = fetcher(&(struct fetch_options){ .ca_file = hostile_ca_file(h) });
    struct box b = BOX;
    net_set(h, "10.0.0.1", "93.184.216.34");
    if (outcome(f, &b, "https://cert.example.org/ok") != FETCH_OK)
        fail_msg("%s", b.last.why);
    assert_int_equal(net.elsewhere, 0);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void sec_032_a_name_that_flips_to_a_private_address_gains_nothing(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct box b = BOX;
    for (int flipped = 0; flipped < 2; flipped++) { /* two fetchers: two memories of names */
        struct fetch *f = fetcher(&(struct fetch_options){ .ca_file = hostile_ca_file(h) });
        net_set(h, flipped ? "127.0.0.1" : "93.184.216.34", NULL);
        assert_int_equal(outcome(f, &b, "https://cert.example.org/ok"), flipped ? FETCH_REFUSED : FETCH_OK);
        assert_int_equal(net.asked, 1); /* one resolution a connection: what is checked is what is used */
        assert_int_equal(net.connects, !flipped);
        fetch_destroy(f);
    }
    assert_int_equal(hostile_connections(h), 1);
    hostile_destroy(h);
}

static void sec_033_x5u_003_redirects_are_not_followed(void **state)
{
    (void)state;
    static const char *const paths[] = { "/301", "/302", "/303", "/307", "/308" };
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true });
    struct box b = BOX;
    net_set(h, "127.0.0.1", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_int_equal(outcome(f, &b, local(h, paths[i])), FETCH_STATUS);
        assert_int_equal(b.last.status, atoi(paths[i] + 1));
        assert_non_null(strstr(b.last.why, "redirects are not followed"));
        assert_int_equal(b.last.body_n, 0);
    }
    assert_int_equal(hostile_requests(h), ARRAY_SIZE(paths)); /* the place they point to was never asked */
    fetch_destroy(f);
    hostile_destroy(h);
}

static void x5u_004_only_200_counts(void **state)
{
    (void)state;
    static const char *const paths[] = { "/201", "/203", "/206", "/400", "/404", "/410", "/500", "/503" };
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true });
    struct box b = BOX;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_int_equal(outcome(f, &b, local(h, paths[i])), FETCH_STATUS);
        assert_int_equal(b.last.status, atoi(paths[i] + 1));
    }
    fetch_destroy(f);
    hostile_destroy(h);
}

/* ---- servers that misbehave ---- */

static const struct {
    const char *path;
    enum fetch_outcome outcome;
} misbehaviours[] = {
    { "/silent", FETCH_TIMEOUT },     /* takes the request and says nothing */
    { "/drip", FETCH_TIMEOUT },       /* a byte at a time */
    { "/stream", FETCH_TOO_LARGE },   /* 10 GB without a length */
    { "/announce", FETCH_TOO_LARGE }, /* 10 GB with one */
    { "/chunk", FETCH_TOO_LARGE },    /* chunks without end */
    { "/flood", FETCH_TOO_LARGE },    /* a header without end */
    { "/inform", FETCH_TOO_LARGE },   /* 1xx answers without end */
    { "/too-long", FETCH_TOO_LARGE }, /* one byte */
    { "/fits", FETCH_OK },            /* not one */
    { "/gzip", FETCH_STATUS },
    { "/te-gzip", FETCH_STATUS },
    { "/hang-up", FETCH_UNREACHED },
    { "/break-off", FETCH_UNREACHED },
    { "/nonsense", FETCH_UNREACHED },
};

static void misbehave(enum hostile_tls tls, const char *prefix)
{
    struct hostile *h = hostile_create(tls, "cert.example.org");
    const struct fetch_options patient = { .lab = tls == HOSTILE_PLAIN,
                                           .ca_file = tls ? hostile_ca_file(h) : NULL };
    struct fetch_options hasty = patient;
    hasty.total_ms = 400;
    struct fetch *f = fetcher(&patient), *g = fetcher(&hasty);
    struct box b = BOX;
    net_set(h, tls ? "93.184.216.34" : "127.0.0.1", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(misbehaviours); i++) {
        char url[256];
        snprintf(url, sizeof url, "%s%s", tls ? prefix : local(h, ""), misbehaviours[i].path);
        if (outcome(misbehaviours[i].outcome == FETCH_TIMEOUT ? g : f, &b, url) != misbehaviours[i].outcome)
            fail_msg("%s: %s", url, b.last.why);
        assert_true(b.last.body_n == (misbehaviours[i].outcome == FETCH_OK ? 65536 : 0));
    }
    assert_true(fetch_counts(f).bytes <= ARRAY_SIZE(misbehaviours) * 65536u);
    fetch_destroy(f);
    fetch_destroy(g);
    hostile_destroy(h);
}

static void sec_034_sec_035_misbehaving_servers_cost_a_bounded_amount(void **state)
{
    (void)state;
    misbehave(HOSTILE_PLAIN, NULL);
}

static void sec_034_sec_035_and_so_they_do_behind_tls(void **state)
{
    (void)state;
    misbehave(HOSTILE_GOOD, "https://cert.example.org");
}

/* A socket that listens and never accepts: the kernel connects, and then there is silence. */
static void sec_034_a_server_that_is_silent_after_connect_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof addr;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, n) | listen(fd, 8) |
                         getsockname(fd, (struct sockaddr *)&addr, &n),
                     0);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .connect_ms = 200, .total_ms = 60000 });
    struct box b = BOX;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", ntohs(addr.sin_port));
    assert_int_equal(outcome(f, &b, url), FETCH_TIMEOUT);
    assert_non_null(strstr(b.last.why, "silent or slow"));
    fetch_destroy(f);
    close(fd);
}

static void a_server_that_is_gone_is_unreached(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    char url[256];
    snprintf(url, sizeof url, "%s", local(h, "/ok"));
    hostile_destroy(h);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true });
    struct box b = BOX;
    assert_int_equal(outcome(f, &b, url), FETCH_UNREACHED);
    fetch_destroy(f);
}

static void a_name_without_address_is_unreached(void **state)
{
    (void)state;
    struct fetch *f = fetcher(NULL);
    struct box b = BOX;
    net_set(NULL, NULL, NULL);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/"), FETCH_UNREACHED);
    assert_non_null(strstr(b.last.why, "resolve"));
    fetch_destroy(f);
}

static void net_silence(bool silent)
{
    pthread_mutex_lock(&net.lock);
    net.silent = silent;
    pthread_cond_broadcast(&net.changed);
    while (!silent && net.waiting)
        pthread_cond_wait(&net.changed, &net.lock);
    pthread_mutex_unlock(&net.lock);
}

static void silent_dns_is_given_up_and_its_threads_are_counted(void **state)
{
    (void)state;
    struct fetch *f = fetcher(&(struct fetch_options){ .connect_ms = 200, .per_source = 2, .per_host = 3 });
    struct box b = BOX;
    net_set(NULL, "93.184.216.34", NULL);
    net_silence(true);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/1"), FETCH_TIMEOUT);
    assert_non_null(strstr(b.last.why, "DNS did not answer"));
    ask(f, &b, 5, "https://a.example.org/1");
    ask(f, &b, 5, "https://b.example.org/1");
    box_await(&b, 3);
    assert_int_equal(b.outcomes[FETCH_TIMEOUT], 3);
    /* They are over, so the source may fly again; but libcurl's threads still hang in the resolver. */
    for (unsigned i = 2; i < 8; i += 2) {
        ask(f, &b, 5, "https://a%u.example.org/1", i);
        ask(f, &b, 5, "https://b%u.example.org/1", i);
        box_await(&b, 3 + i);
        assert_int_equal(b.outcomes[FETCH_TIMEOUT], 3 + i);
    }
    /* The source's share of them is used up, another's is not. */
    ask(f, &b, 5, "https://c.example.org/1");
    box_await(&b, 10);
    assert_int_equal(b.last.outcome, FETCH_BUSY);
    assert_non_null(strstr(b.last.why, "DNS was silent"));
    ask(f, &b, 6, "https://c.example.org/1");
    box_await(&b, 11);
    assert_int_equal(b.last.outcome, FETCH_TIMEOUT);
    ask(f, &b, 0, "https://cert.example.org/2");
    fetch_destroy(f); /* with one that hangs: it does not wait for it */
    assert_int_equal(b.n, 12);
    net_silence(false);
}

static void what_lingers_for_a_source_does_not_keep_it_from_hosts_that_answered_before(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct fetch *f = fetcher(
        &(struct fetch_options){ .ca_file = hostile_ca_file(h), .connect_ms = 1000, .per_source = 1 });
    struct box b = BOX;
    net_set(h, "93.184.216.34", NULL);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/ok/1"), FETCH_OK);
    net_silence(true); /* the address of the host is remembered by libcurl for a minute */
    for (unsigned i = 0; i < 4; i++) {
        ask(f, &b, 5, "https://a%u.example.org/1", i);
        box_await(&b, 2 + i);
        assert_int_equal(b.last.outcome, FETCH_TIMEOUT);
    }
    ask(f, &b, 5, "https://b.example.org/1");
    box_await(&b, 6);
    assert_int_equal(b.last.outcome, FETCH_BUSY);
    ask(f, &b, 5, "https://cert.example.org/ok/2");
    box_await(&b, 7);
    if (b.last.outcome != FETCH_OK)
        fail_msg("%s", b.last.why);
    fetch_destroy(f);
    net_silence(false);
    hostile_destroy(h);
}

/* ---- TLS ---- */

static void sec_039_certificates_of_repositories_must_hold(void **state)
{
    (void)state;
    static const struct {
        enum hostile_tls tls;
        const char *name, *why;
    } servers[] = {
        { HOSTILE_GOOD, "cert.example.org", NULL },
        { HOSTILE_GOOD, "other.example.org", "SSL" }, /* somebody else's name */
        { HOSTILE_EXPIRED, "cert.example.org", "expired" },
        { HOSTILE_SELF_SIGNED, "cert.example.org", "self-signed" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
        struct hostile *h = hostile_create(servers[i].tls, servers[i].name);
        for (int lab = 0; lab < 2; lab++) { /* a laboratory's repository is not believed more easily */
            struct fetch *f = fetcher(&(struct fetch_options){ .ca_file = hostile_ca_file(h), .lab = lab });
            struct box b = BOX;
            net_set(h, "93.184.216.34", NULL);
            const enum fetch_outcome want = servers[i].why ? FETCH_UNREACHED : FETCH_OK;
            if (outcome(f, &b, "https://cert.example.org/ok") != want)
                fail_msg("%zu: %s", i, b.last.why);
            if (servers[i].why && !strstr(b.last.why, servers[i].why))
                fail_msg("%zu: %s", i, b.last.why);
            fetch_destroy(f);
        }
        assert_int_equal(hostile_requests(h), servers[i].why ? 0 : 2);
        hostile_destroy(h);
    }
}

static void sec_039_the_web_trust_store_does_not_know_our_authority(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_GOOD, "cert.example.org");
    struct fetch *f = fetcher(NULL);
    struct box b = BOX;
    net_set(h, "93.184.216.34", NULL);
    assert_int_equal(outcome(f, &b, "https://cert.example.org/ok"), FETCH_UNREACHED);
    assert_int_equal(hostile_requests(h), 0);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void a_trust_store_that_cannot_be_read_is_said_at_once(void **state)
{
    (void)state;
    struct fetch *f = NULL;
    assert_int_equal(fetch_create(&(struct fetch_options){ .ca_file = "/nonexistent.pem" }, &f), BF_EIO);
}

/* ---- one flight, caps ---- */

static void await_joined(const struct fetch *f, uint64_t n)
{
    while (fetch_counts(f).joined < n)
        sched_yield();
}

struct caller {
    struct fetch *fetch;
    struct box *box;
    const char *url;
    unsigned times;
    _Atomic unsigned failed;
};

static void *call(void *arg)
{
    struct caller *c = arg;
    for (unsigned i = 0; i < c->times; i++)
        if (fetch_get(c->fetch, span_of(c->url), i, done, c->box) != BF_OK)
            atomic_fetch_add(&c->failed, 1);
    return NULL;
}

static void sec_037_a_thousand_callers_of_one_url_are_one_request(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .total_ms = 60000 });
    struct box b = BOX;
    struct caller c = { f, &b, local(h, "/hold"), 125, 0 };
    pthread_t threads[8];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call, &c), 0);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c.failed, 0);
    await_joined(f, 999);
    hostile_release(h);
    box_await(&b, 1000);
    assert_int_equal(b.outcomes[FETCH_OK], 1000);
    assert_int_equal(hostile_requests(h), 1);
    assert_int_equal(fetch_counts(f).started, 1);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void sec_034_a_host_has_so_many_flights_and_no_more(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .total_ms = 60000 });
    struct box b = BOX;
    net_set(h, "127.0.0.1", NULL);
    for (unsigned i = 0; i < 4; i++)
        ask(f, &b, 0, "http://a.example:%u/hold/%u", hostile_port(h), i);
    ask(f, &b, 0, "http://A.Example:%u/hold/9", hostile_port(h)); /* the same host in other letters */
    box_await(&b, 1);
    assert_int_equal(b.last.outcome, FETCH_BUSY);
    ask(f, &b, 0, "http://b.example:%u/hold/9", hostile_port(h));
    hostile_await(h, 5);
    assert_int_equal(fetch_counts(f).in_flight, 5);
    hostile_release(h);
    box_await(&b, 6);
    assert_int_equal(b.outcomes[FETCH_OK], 5);
    assert_int_equal(outcome(f, &b, local(h, "/hold")), FETCH_OK);
    ask(f, &b, 0, "http://a.example:%u/hold/9", hostile_port(h)); /* busy is not remembered as a failure */
    box_await(&b, 8);
    assert_int_equal(b.last.outcome, FETCH_OK);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void sec_038_a_source_has_so_many_flights_and_no_more(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .total_ms = 60000, .flights = 40 });
    struct box b = BOX;
    net_set(h, "127.0.0.1", NULL);
    for (unsigned i = 0; i < 100; i++)
        ask(f, &b, 7, "http://h%u.example:%u/hold", i, hostile_port(h));
    box_await(&b, 84); /* 16 fly */
    assert_int_equal(b.outcomes[FETCH_BUSY], 84);
    for (unsigned i = 0; i < 24; i++) /* another source; ourselves, without a cap of our own */
        ask(f, &b, i < 4 ? 8 : 0, "http://i%u.example:%u/hold", i, hostile_port(h));
    hostile_await(h, 40);
    ask(f, &b, 0, "http://j.example:%u/hold", hostile_port(h)); /* 40 in all */
    box_await(&b, 85);
    assert_int_equal(b.outcomes[FETCH_BUSY], 85);
    hostile_release(h);
    box_await(&b, 125);
    assert_int_equal(b.outcomes[FETCH_OK], 40);
    fetch_destroy(f);
    hostile_destroy(h);
}

/* ---- the memory of failures ---- */

struct test_clock {
    struct clock_source source;
    _Atomic int64_t mono;
};

static struct instant test_now(const struct clock_source *self)
{
    return (struct instant){ .utc = 1443208345,
                             .mono = atomic_load(&((const struct test_clock *)self)->mono) };
}

static void x5u_008_what_failed_is_not_asked_again_for_a_minute(void **state)
{
    (void)state;
    struct test_clock clock = { { test_now }, MONO_S(1000) };
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .clock = &clock.source });
    struct box b = BOX;
    assert_int_equal(outcome(f, &b, local(h, "/404")), FETCH_STATUS);
    assert_int_equal(outcome(f, &b, local(h, "/404")), FETCH_RECENT);
    assert_int_equal(outcome(f, &b, local(h, "/ok")), FETCH_OK); /* the key is the URL, not the host */
    assert_int_equal(outcome(f, &b, local(h, "/ok")), FETCH_OK);
    atomic_store(&clock.mono, MONO_S(1059));
    assert_int_equal(outcome(f, &b, local(h, "/404")), FETCH_RECENT);
    assert_int_equal(hostile_requests(h), 3);
    atomic_store(&clock.mono, MONO_S(1060));
    assert_int_equal(outcome(f, &b, local(h, "/404")), FETCH_STATUS);
    assert_int_equal(hostile_requests(h), 4);
    assert_int_equal(fetch_counts(f).recent, 2);
    assert_int_equal(fetch_counts(f).failed, 2);
    fetch_destroy(f);
    hostile_destroy(h);
}

static void sec_036_urls_of_one_host_are_not_one_another(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .total_ms = 60000 });
    struct box b = BOX;
    ask(f, &b, 0, "%s", local(h, "/hold/a"));
    ask(f, &b, 0, "%s", local(h, "/hold/A"));
    hostile_await(h, 2);
    assert_int_equal(fetch_counts(f).joined, 0);
    hostile_release(h);
    box_await(&b, 2);
    fetch_destroy(f);
    hostile_destroy(h);
}

/* ---- the end ---- */

static void flights_that_are_open_at_the_end_are_answered(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .total_ms = 600000 });
    struct box b = BOX;
    for (unsigned i = 0; i < 3; i++)
        ask(f, &b, 0, "%s", local(h, i < 2 ? "/silent/1" : "/silent/2"));
    hostile_await(h, 2);
    fetch_destroy(f);
    assert_int_equal(b.outcomes[FETCH_STOPPED], 3);
    fetch_destroy(NULL);
    hostile_destroy(h);
}

struct again {
    struct fetch *fetch;
    struct box box;
    char url[256];
};

static void ask_again(void *arg, struct span url, const struct fetch_answer *answer)
{
    struct again *a = arg;
    if (fetch_get(a->fetch, span_of(a->url), 0, done, &a->box) != BF_OK)
        abort();
    done(&a->box, url, answer);
}

static void an_answer_may_ask_for_the_next(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    struct again a = { .fetch = fetcher(&(struct fetch_options){ .lab = true }), .box = BOX };
    snprintf(a.url, sizeof a.url, "%s", local(h, "/ok/second"));
    assert_int_equal(fetch_get(a.fetch, span_of(local(h, "/ok/first")), 0, ask_again, &a), BF_OK);
    box_await(&a.box, 2);
    assert_int_equal(a.box.outcomes[FETCH_OK], 2);
    fetch_destroy(a.fetch);
    hostile_destroy(h);
}

static void entries_of_the_resolve_option_replace_dns(void **state)
{
    (void)state;
    struct hostile *h = hostile_create(HOSTILE_PLAIN, NULL);
    char resolve[256], url[256];
    snprintf(resolve, sizeof resolve, "a.example:%u:127.0.0.1 b.example:%u:127.0.0.1", hostile_port(h),
             hostile_port(h));
    struct fetch *f = fetcher(&(struct fetch_options){ .lab = true, .resolve = resolve });
    struct box b = BOX;
    net_set(NULL, NULL, NULL);
    snprintf(url, sizeof url, "http://b.example:%u/ok", hostile_port(h));
    assert_int_equal(outcome(f, &b, url), FETCH_OK);
    assert_int_equal(net.asked, 0);
    fetch_destroy(f);
    hostile_destroy(h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(x5u_004_a_good_answer_is_handed_over_whole),
        cmocka_unit_test(sec_035_a_request_says_nothing_it_need_not),
        cmocka_unit_test(the_proxy_of_the_environment_is_not_used),
        cmocka_unit_test(a_proxy_that_is_asked_for_is_used),
        cmocka_unit_test(sec_030_a_url_against_the_rules_is_never_asked),
        cmocka_unit_test(sec_030_a_url_of_any_length_is_refused),
        cmocka_unit_test(sec_031_no_socket_is_opened_to_a_private_address),
        cmocka_unit_test(sec_031_sec_032_of_several_addresses_each_is_checked_when_it_is_used),
        cmocka_unit_test(sec_032_a_name_that_flips_to_a_private_address_gains_nothing),
        cmocka_unit_test(sec_033_x5u_003_redirects_are_not_followed),
        cmocka_unit_test(x5u_004_only_200_counts),
        cmocka_unit_test(sec_034_sec_035_misbehaving_servers_cost_a_bounded_amount),
        cmocka_unit_test(sec_034_sec_035_and_so_they_do_behind_tls),
        cmocka_unit_test(sec_034_a_server_that_is_silent_after_connect_is_given_up),
        cmocka_unit_test(a_server_that_is_gone_is_unreached),
        cmocka_unit_test(a_name_without_address_is_unreached),
        cmocka_unit_test(silent_dns_is_given_up_and_its_threads_are_counted),
        cmocka_unit_test(what_lingers_for_a_source_does_not_keep_it_from_hosts_that_answered_before),
        cmocka_unit_test(sec_039_certificates_of_repositories_must_hold),
        cmocka_unit_test(sec_039_the_web_trust_store_does_not_know_our_authority),
        cmocka_unit_test(a_trust_store_that_cannot_be_read_is_said_at_once),
        cmocka_unit_test(sec_037_a_thousand_callers_of_one_url_are_one_request),
        cmocka_unit_test(sec_034_a_host_has_so_many_flights_and_no_more),
        cmocka_unit_test(sec_038_a_source_has_so_many_flights_and_no_more),
        cmocka_unit_test(x5u_008_what_failed_is_not_asked_again_for_a_minute),
        cmocka_unit_test(sec_036_urls_of_one_host_are_not_one_another),
        cmocka_unit_test(flights_that_are_open_at_the_end_are_answered),
        cmocka_unit_test(an_answer_may_ask_for_the_next),
        cmocka_unit_test(entries_of_the_resolve_option_replace_dns),
    };
    signal(SIGPIPE, SIG_IGN); /* the hostile server's TLS writes to clients that went away */
    return tap_run(tests, ARRAY_SIZE(tests));
}
