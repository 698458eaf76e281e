/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: health, metrics, verdicts; and, on a listener of its own, the certificate repository.     API-010, SEC-059; X5U-001..010
 *
 * Workers read requests themselves, and judge what they read at a time as a batch (http_door.c).
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <microhttpd.h>

#include "serve/http_route.h"
#include "serve/worker.h"

struct http;
struct http_tls;
/* fd, tls: taken over, also on error; tls NULL: none. per_address: connections of one address, of each worker's. */
enum bf_err http_create(struct server *server, int fd, struct http_tls *tls, unsigned per_address,
                        struct http **ret) must_use;
enum bf_err http_start(struct http *h) must_use; /* before the workers start */
size_t http_waiting(const struct http *h);       /* requests that wait for their answer to have left */
void http_stop(struct http *h);                  /* when the workers have ended */
void http_destroy(struct http *h);

/* `{"error":"…"}` and the status; allow: the methods of a 405, or NULL. Ends the connection when `close`. */
enum MHD_Result http_refuse(struct MHD_Connection *connection, int status, const char *sentence,
                            const char *allow, bool close);
/* A body that is copied. etag, cache may be NULL. */
enum MHD_Result http_say(struct MHD_Connection *connection, int status, const char *type, struct span body,
                         const char *cache, const char *etag);
/* Spans live as long as the connection's request. */
struct http_head http_head_of(struct MHD_Connection *connection, const char *method, const char *path);

/* public.c */
struct publisher;
/* directory: of PEM chains; fd as above. */
enum bf_err publisher_create(struct server *server, int fd, const char *directory, struct publisher **ret)
    must_use;
enum bf_err publisher_start(struct publisher *p) must_use;
void publisher_destroy(struct publisher *p);

/* metrics.c: the Prometheus text. */
void metrics_write(const struct server *server, struct buf *out);

AUTO_DEFINE(struct http, http_destroy);
AUTO_DEFINE(struct publisher, publisher_destroy);

#endif
