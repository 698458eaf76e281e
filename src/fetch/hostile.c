/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/hostile.h"
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 512u

struct hostile {
    int listener, stop[2]; /* closing stop[1] wakes every thread */
    uint16_t port;
    SSL_CTX *tls;
    char ca_file[256];
    pthread_t acceptor, threads[CONNECTIONS];
    unsigned n_threads;

    pthread_mutex_t lock; /* for these: */
    pthread_cond_t changed;
    unsigned connections, requests;
    bool released, stopping;
    char last[8192];
};

struct peer {
    struct hostile *h;
    int fd;
    SSL *ssl;
    char request[8192];
};

/* ---- bytes ---- */

/* true: the socket is ready before the server ends (and, unless it is negative, before ms have passed). */
static bool await_socket(const struct peer *p, short events, int ms)
{
    struct pollfd fds[2] = { { .fd = p->fd, .events = events }, { .fd = p->h->stop[0], .events = POLLIN } };
    return poll(fds, 2, ms) > 0 && !fds[1].revents;
}

static bool put(struct peer *p, const char *bytes, size_t n)
{
    while (n) {
        const size_t part = n < 65536 ? n : 65536;
        if (!await_socket(p, POLLOUT, -1))
            return false;
        const ssize_t sent =
            p->ssl ? SSL_write(p->ssl, bytes, (int)part) : send(p->fd, bytes, part, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool say(struct peer *p, const char *text)
{
    return put(p, text, strlen(text));
}

/* Waits for the end: of the server, or of the client's patience. */
static void wait_for_the_end(const struct peer *p)
{
    await_socket(p, POLLRDHUP, -1);
}

/* ---- what it does ---- */

static void be_good(struct peer *p)
{
    say(p, "HTTP/1.1 200 OK\r\nContent-Type: Application/PEM-Certificate-Chain; charset=us-ascii\r\n"
           "Set-Cookie: a=b; Path=/\r\nStrict-Transport-Security: max-age=86400\r\nAlt-Svc: h2=\":1\"\r\n"
           "Cache-Control: public, max-age=86400\r\nContent-Length: 5\r\n\r\nchain");
}

static void be_silent(struct peer *p)
{
    wait_for_the_end(p);
}

static void drip(struct peer *p)
{
    if (!say(p, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"))
        return;
    while (!await_socket(p, POLLRDHUP, 50)) { /* a byte, then nothing for a while */
        struct pollfd stop = { .fd = p->h->stop[0], .events = POLLIN };
        if (poll(&stop, 1, 0) > 0 || !say(p, "x"))
            return;
    }
}

static void pour(struct peer *p, const char *header, const char *piece)
{
    char *block = malloc(1 << 16);
    const size_t n = strlen(piece), times = (1u << 16) / n;
    for (size_t i = 0; block && i < times; i++)
        memcpy(block + i * n, piece, n);
    bool open = block && say(p, header);
    for (uint64_t sent = 0; open && sent < 10737418240u; sent += times * n)
        open = put(p, block, times * n);
    free(block);
}

static void stream(struct peer *p)
{
    pour(p, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "0123456789abcdef");
}

static void announce(struct peer *p)
{
    pour(p, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", "0123456789abcdef");
}

static void chunk(struct peer *p)
{
    pour(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10\r\n0123456789abcdef\r\n");
}

static void flood(struct peer *p)
{
    pour(p, "HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789abcdef0123456789abcdef\r\n");
}

static void inform(struct peer *p)
{
    pour(p, "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
}

static void just_fit(struct peer *p)
{
    char body[65536];
    memset(body, 'a', sizeof body);
    if (say(p, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n"))
        put(p, body, sizeof body);
}

static void be_one_too_long(struct peer *p)
{
    char body[65537];
    memset(body, 'a', sizeof body);
    if (say(p, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
        put(p, body, sizeof body);
}

/* A gzip header and a deflate block: what follows would be zeros for ever. */
static const char bomb[] =
    "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\xEC\xC1\x01\x0D\x00\x00\x00\xC2\xA0\xF7\x4F\x6D\x0E";

static void squeeze(struct peer *p)
{
    if (say(p, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n"))
        put(p, bomb, sizeof bomb - 1);
}

static void squeeze_transfer(struct peer *p)
{
    if (say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n17\r\n") &&
        put(p, bomb, sizeof bomb - 1))
        say(p, "\r\n0\r\n\r\n");
}

/* `/301` and the like point inside; `/404` and the like say so. */
static void answer_status(struct peer *p)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "HTTP/1.1 %.3s Status\r\nLocation: http://127.0.0.1:%u/internal\r\nContent-Length: 5\r\n\r\nnever",
        strstr(p->request, " /") + 2, hostile_port(p->h));
    say(p, text);
}

static void hold(struct peer *p)
{
    pthread_mutex_lock(&p->h->lock);
    while (!p->h->released && !p->h->stopping)
        pthread_cond_wait(&p->h->changed, &p->h->lock);
    const bool go = p->h->released;
    pthread_mutex_unlock(&p->h->lock);
    if (go)
        be_good(p);
}

static void hang_up(struct peer *p)
{
    (void)p;
}

static void break_off(struct peer *p)
{
    say(p, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void talk_nonsense(struct peer *p)
{
    say(p, "SSH-2.0-nonsense\r\n\r\n");
}

static const struct {
    const char *path; /* or what it begins with */
    void (*run)(struct peer *p);
} behaviours[] = {
    { "/ok", be_good },          { "/silent", be_silent },
    { "/drip", drip },           { "/stream", stream },
    { "/announce", announce },   { "/chunk", chunk },
    { "/flood", flood },         { "/inform", inform },
    { "/gzip", squeeze },        { "/te-gzip", squeeze_transfer },
    { "/hold", hold },           { "/hang-up", hang_up },
    { "/break-off", break_off }, { "/nonsense", talk_nonsense },
    { "/fits", just_fit },       { "/too-long", be_one_too_long },
    { "/2", answer_status },     { "/3", answer_status },
    { "/4", answer_status },     { "/5", answer_status },
    { "/internal", be_good },
};

static void behave(struct peer *p)
{
    const char *path = strchr(p->request, ' ');
    for (size_t i = 0; path && i < sizeof behaviours / sizeof behaviours[0]; i++)
        if (strncmp(path + 1, behaviours[i].path, strlen(behaviours[i].path)) == 0) {
            behaviours[i].run(p);
            return;
        }
}

/* ---- connections ---- */

static bool request_read(struct peer *p)
{
    size_t n = 0;
    while (n < sizeof p->request - 1) {
        if (!(p->ssl && SSL_pending(p->ssl)) && !await_socket(p, POLLIN, -1))
            return false;
        const size_t room = sizeof p->request - 1 - n;
        const ssize_t got =
            p->ssl ? SSL_read(p->ssl, p->request + n, (int)room) : recv(p->fd, p->request + n, room, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        p->request[n] = '\0';
        if (strstr(p->request, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void note_request(struct peer *p)
{
    struct hostile *h = p->h;
    pthread_mutex_lock(&h->lock);
    h->requests++;
    memcpy(h->last, p->request, sizeof h->last);
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

static bool tls_begin(struct peer *p)
{
    if (!p->h->tls)
        return true;
    p->ssl = SSL_new(p->h->tls);
    return p->ssl && SSL_set_fd(p->ssl, p->fd) && SSL_accept(p->ssl) == 1;
}

static void *serve(void *arg)
{
    struct peer *p = arg;
    if (tls_begin(p) && request_read(p)) {
        note_request(p);
        behave(p);
    }
    SSL_free(p->ssl);
    close(p->fd);
    free(p);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct hostile *h = arg;
    for (;;) {
        struct pollfd fds[2] = { { .fd = h->listener, .events = POLLIN },
                                 { .fd = h->stop[0], .events = POLLIN } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents || h->n_threads == CONNECTIONS)
            return NULL;
        struct peer *p = calloc(1, sizeof *p);
        if (!p)
            return NULL;
        p->h = h;
        p->fd = accept(h->listener, NULL, NULL);
        pthread_mutex_lock(&h->lock);
        h->connections++;
        pthread_mutex_unlock(&h->lock);
        if (p->fd < 0 || pthread_create(&h->threads[h->n_threads], NULL, serve, p) != 0)
            free(p);
        else
            h->n_threads++;
    }
}

/* ---- certificates ---- */

static X509 *certify(EVP_PKEY *key, const char *name, long from, long to, X509 *issuer, EVP_PKEY *issuer_key)
{
    char san[300];
    X509 *x = X509_new();
    X509V3_CTX ctx;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), to);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
    snprintf(san, sizeof san, "DNS:%s", name);
    X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
    X509_EXTENSION *e = issuer ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, san)
                               : X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    if (!issuer) {
        e = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, san);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    X509_sign(x, issuer_key, EVP_sha256());
    return x;
}

static bool ca_write(struct hostile *h, X509 *ca)
{
    const char *dir = getenv("TMPDIR");
    snprintf(h->ca_file, sizeof h->ca_file, "%s/bonafide-ca-XXXXXX", dir ? dir : "/tmp");
    const int fd = mkstemp(h->ca_file);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return false;
    const bool good = PEM_write_X509(file, ca);
    return fclose(file) == 0 && good;
}

static bool tls_make(struct hostile *h, enum hostile_tls kind, const char *name)
{
    const long day = 86400;
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = certify(ca_key, "Test web authority", -day, day, NULL, ca_key), *leaf;
    if (kind == HOSTILE_SELF_SIGNED)
        leaf = certify(key, name, -day, day, NULL, key);
    else
        leaf = certify(key, name, -2 * day, kind == HOSTILE_EXPIRED ? -day : day, ca, ca_key);
    h->tls = SSL_CTX_new(TLS_server_method());
    const bool good = h->tls && SSL_CTX_use_certificate(h->tls, leaf) &&
                      SSL_CTX_use_PrivateKey(h->tls, key) && ca_write(h, ca);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return good;
}

/* ---- the whole ---- */

static bool listen_on(struct hostile *h)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof addr;
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->listener < 0 || bind(h->listener, (struct sockaddr *)&addr, n) || listen(h->listener, 512) ||
        getsockname(h->listener, (struct sockaddr *)&addr, &n))
        return false;
    h->port = ntohs(addr.sin_port);
    return true;
}

struct hostile *hostile_create(enum hostile_tls tls, const char *name)
{
    struct hostile *h = calloc(1, sizeof *h);
    if (!h || pipe(h->stop) || !listen_on(h) || (tls != HOSTILE_PLAIN && !tls_make(h, tls, name)))
        return NULL;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    return pthread_create(&h->acceptor, NULL, accept_all, h) ? NULL : h;
}

void hostile_destroy(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    close(h->stop[1]);
    pthread_join(h->acceptor, NULL);
    for (unsigned i = 0; i < h->n_threads; i++)
        pthread_join(h->threads[i], NULL);
    close(h->listener);
    close(h->stop[0]);
    if (h->tls)
        unlink(h->ca_file);
    SSL_CTX_free(h->tls);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->changed);
    free(h);
}

uint16_t hostile_port(const struct hostile *h)
{
    return h->port;
}

const char *hostile_ca_file(const struct hostile *h)
{
    return h->ca_file;
}

static unsigned locked_read(const struct hostile *h, const unsigned *value)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&h->lock;
    pthread_mutex_lock(lock);
    const unsigned copy = *value;
    pthread_mutex_unlock(lock);
    return copy;
}

unsigned hostile_connections(const struct hostile *h)
{
    return locked_read(h, &h->connections);
}

unsigned hostile_requests(const struct hostile *h)
{
    return locked_read(h, &h->requests);
}

void hostile_await(struct hostile *h, unsigned requests)
{
    pthread_mutex_lock(&h->lock);
    while (h->requests < requests)
        tap_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

void hostile_release(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    h->released = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

const char *hostile_last(const struct hostile *h)
{
    return h->last;
}
