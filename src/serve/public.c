/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate repository: `GET /<name>.pem` out of one directory, and nothing else.       X5U-001..010, D.5
 *
 * A name is letters, digits, '.', '_' and '-', and does not begin with a dot: it cannot leave the directory. What is not
 * a chain of certificates is not there, whatever lies in the directory; a private key least of all.
 */
#include "serve/http.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECTIONS 512u
#define TIMEOUT_S   10u
#define MEMORY      (16u << 10)
#define CACHE       "public, max-age=86400" /* cacheable for a day, as ATIS-1000074 asks */

struct publisher {
    struct server *server;
    struct MHD_Daemon *daemon;
    int fd, directory;
};

enum bf_err publisher_create(struct server *server, int fd, const char *directory, struct publisher **ret)
{
    struct publisher *p = calloc(1, sizeof *p);
    if (!p) {
        close(fd);
        return BF_ENOMEM;
    }
    p->server = server;
    p->fd = fd;
    p->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->directory < 0) {
        publisher_destroy(p);
        return BF_EIO;
    }
    *ret = p;
    return BF_OK;
}

static bool holds(struct span s, struct span part)
{
    return s.n >= part.n && memmem(s.p, s.n, part.p, part.n) != NULL;
}

/* The whole file, to be freed; NULL: it is not there, or no chain of certificates. */
static char *read_chain(int directory, const char *name, size_t *ret_n)
{
    struct stat st;
    char *body = NULL;
    ssize_t n = -1;
    const int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        st.st_size <= (off_t)LIMIT_CHAIN_BYTES && (body = malloc((size_t)st.st_size)) != NULL)
        n = read(fd, body, (size_t)st.st_size);
    close(fd);
    const struct span text = span_make(body, n > 0 ? (size_t)n : 0);
    if (n > 0 && holds(text, SPAN("-----BEGIN CERTIFICATE-----")) && !holds(text, SPAN("PRIVATE KEY"))) {
        *ret_n = (size_t)n;
        return body;
    }
    free(body);
    return NULL;
}

static void etag_of(struct span body, char out[static 36])
{
    uint8_t sum[SHA256_BYTES] = { 0 };
    struct buf b = buf_on(out, 36);
    if (sha256_once(body, sum) != BF_OK)
        memset(sum, 0, sizeof sum);
    buf_char(&b, '"');
    buf_hex(&b, sum, 16);
    buf_text(&b, "\"");
    out[b.n] = '\0';
}

static enum MHD_Result publish(struct publisher *p, struct MHD_Connection *connection, const char *path)
{
    size_t n = 0;
    char etag[36];
    const struct span name = span_from(span_of(path), 1);
    char *body = http_names_certificate(name) ? read_chain(p->directory, name.p, &n) : NULL;
    if (!body)
        return http_refuse(connection, 404, "there is no such certificate", NULL, false);
    etag_of(span_make(body, n), etag);
    const struct span known =
        span_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match"));
    const bool same = known.p && holds(known, span_of(etag));
    const enum MHD_Result result = http_say(connection, same ? 304 : 200, "application/pem-certificate-chain",
                                            same ? SPAN_NONE : span_make(body, n), CACHE, etag);
    free(body);
    return result;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data, size_t *data_n,
                              void **state)
{
    (void)version;
    (void)data;
    if (!*state) { /* the header fields are there; without a body the second call follows at once */
        *state = arg;
        const struct http_head head = http_head_of(connection, method, path);
        if (http_is_ambiguous(&head))
            return http_refuse(connection, 400, "say once, and in one way only, how long the body is", NULL,
                               true);
        if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
            return http_refuse(connection, 405, "certificates can only be read", "GET, HEAD", true);
        return MHD_YES;
    }
    if (*data_n) {
        *data_n = 0;
        return MHD_YES;
    }
    return publish(arg, connection, path);
}

/* A name is taken as it was sent: `%` is no part of any, so what somebody escaped is not there. */
static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

enum bf_err publisher_start(struct publisher *p)
{
    p->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, p,
                                 MHD_OPTION_LISTEN_SOCKET, p->fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
                                 MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                 (size_t)MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                 MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
    return p->daemon ? BF_OK : BF_EIO;
}

void publisher_destroy(struct publisher *p)
{
    if (!p)
        return;
    if (p->daemon) {
        MHD_stop_daemon(p->daemon); /* closes the socket */
        p->fd = -1;
    }
    if (p->fd >= 0)
        close(p->fd);
    if (p->directory >= 0)
        close(p->directory);
    free(p);
}
