/* SPDX-License-Identifier: Apache-2.0 */
/* One request, from its head to its answer; its worker's from beginning to end. */
#ifndef SERVE_HTTP_JOB_H
#define SERVE_HTTP_JOB_H

#include "serve/http.h"
#include "serve/http_keys.h"

struct http_job {
    struct http_door *door;
    struct MHD_Connection *connection; /* NULL: it was closed while the call waited */
    struct http_route route;
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool taken, suspended, answered; /* it is a lane, or parked; MHD does not ask; there is an answer */
    char *body;
    size_t n;
    char key_name[HTTP_NAME_MOST]; /* "": none */
    const char *tls_name;          /* the connection's; "": none */
    int status;
    const char *error;
    char *reply;
    size_t reply_n;
};

#endif
