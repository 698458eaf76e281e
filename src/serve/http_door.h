/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the HTTP listener that a worker has: a daemon without a thread, which is run when its sockets have news. */
#ifndef SERVE_HTTP_DOOR_H
#define SERVE_HTTP_DOOR_H

#include "serve/http.h"
#include "serve/http_tls.h"

struct http_door {
    struct http *http;
    struct worker *worker;
    struct MHD_Daemon *daemon;
    int fd;    /* the listening socket, one name of it a door */
    int epoll; /* readable when the daemon should be run */
    bool busy; /* run it again without waiting */
    _Atomic size_t waiting;
};

struct http {
    struct server *server;
    struct http_door *doors;
    size_t n;
    int fd;
    struct http_tls *tls; /* owned; NULL: none */
    unsigned per_address; /* connections, of a door */
};

/* http_tls.c: may this connection's client ask? *ret_name: the name of its certificate, as long as the connection lives. */
bool http_tls_admits(const struct http_door *d, struct MHD_Connection *connection, const char **ret_name);
void http_connection_event(void *door, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what);

/* What libmicrohttpd calls (http.c). */
enum MHD_Result http_handle(void *door, struct MHD_Connection *connection, const char *path,
                            const char *method, const char *version, const char *data, size_t *data_n,
                            void **state);
void http_done(void *door, struct MHD_Connection *connection, void **state,
               enum MHD_RequestTerminationCode why);

#endif
