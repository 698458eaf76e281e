/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every worker runs a libmicrohttpd daemon of its own on its own thread, over the one listening socket: what was asked
 * in one run is a batch, and its answers leave with the next run. No request changes threads, so none pays a wake-up for
 * it. A slow client is a connection without news and costs nothing; a worker never waits for one.
 */
#include "serve/http_door.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS 512u
#define TIMEOUT_S   10u
#define PRIORITIES  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define MEMORY      (32u << 10) /* of a connection: request line and header fields */

enum bf_err http_create(struct server *server, int fd, struct http_tls *tls, unsigned per_address,
                        struct http **ret)
{
    struct http *h = calloc(1, sizeof *h);
    struct http_door *doors = calloc(server->n_workers, sizeof *doors);
    if (!h || !doors) {
        close(fd);
        http_tls_destroy(tls);
        free(doors);
        free(h);
        return BF_ENOMEM;
    }
    *h = (struct http){ .server = server,
                        .doors = doors,
                        .n = server->n_workers,
                        .fd = fd,
                        .tls = tls,
                        .per_address = per_address };
    for (size_t i = 0; i < h->n; i++)
        h->doors[i] = (struct http_door){ .http = h, .worker = server->workers[i], .fd = -1, .epoll = -1 };
    *ret = h;
    return BF_OK;
}

static enum bf_err door_start(struct http_door *d)
{
    const struct http *h = d->http;
    d->fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
    if (d->fd < 0)
        return BF_EIO;
    const struct MHD_OptionItem ca[] = { { MHD_OPTION_HTTPS_MEM_TRUST, 0, h->tls ? h->tls->client_ca : NULL },
                                         { MHD_OPTION_END, 0, NULL } };
    const struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, h->tls ? h->tls->cert : NULL },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, h->tls ? h->tls->key : NULL },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES },
        { MHD_OPTION_ARRAY, 0, (void *)(uintptr_t)(h->tls && h->tls->client_ca ? ca : ca + 1) },
        { MHD_OPTION_END, 0, NULL },
    };
    d->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (h->tls ? MHD_USE_TLS : 0u), 0, NULL, NULL, http_handle, d,
        MHD_OPTION_LISTEN_SOCKET, d->fd, MHD_OPTION_NOTIFY_COMPLETED, http_done, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, http_connection_event, d, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, h->per_address, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        h->tls ? secure : secure + ARRAY_SIZE(secure) - 1, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        d->daemon ? MHD_get_daemon_info(d->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return BF_EIO;
    d->epoll = info->epoll_fd;
    d->worker->http = d;
    return BF_OK;
}

enum bf_err http_start(struct http *h)
{
    enum bf_err err = BF_OK;
    for (size_t i = 0; i < h->n && !err; i++)
        err = door_start(&h->doors[i]);
    return err;
}

int http_door_fd(const struct http_door *d)
{
    return d->epoll;
}

bool http_door_busy(const struct http_door *d)
{
    return d->busy;
}

static void close_door(struct http_door *d)
{
    if (d->daemon && d->fd >= 0 && MHD_quiesce_daemon(d->daemon) >= 0) {
        close(d->fd);
        d->fd = -1;
    }
}

void http_turn(struct worker *w)
{
    struct http_door *d = w->http;
    MHD_UNSIGNED_LONG_LONG ms = 1;
    d->busy = false;
    if (atomic_load_explicit(&w->server->draining, memory_order_relaxed))
        close_door(d);
    MHD_run(d->daemon);
    if (MHD_get_timeout(d->daemon, &ms) == MHD_YES && ms == 0)
        d->busy = true;
}

size_t http_waiting(const struct http *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        n += atomic_load(&h->doors[i].waiting);
    return n;
}

void http_stop(struct http *h)
{
    for (size_t i = 0; i < h->n; i++) {
        struct http_door *d = &h->doors[i];
        if (d->daemon)
            MHD_stop_daemon(d->daemon); /* closes its socket, if it has one */
        else if (d->fd >= 0)
            close(d->fd);
        d->worker->http = NULL;
        d->daemon = NULL;
        d->fd = -1;
    }
}

void http_destroy(struct http *h)
{
    if (!h)
        return;
    http_stop(h);
    if (h->fd >= 0)
        close(h->fd);
    http_tls_destroy(h->tls);
    free(h->doors);
    free(h);
}
