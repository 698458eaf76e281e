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
    char verdict[256]; /* below /stir/: `verdict=…;attest=…;case=…;id=…`; "": none */
};

/* http_stir.c: requests below /stir/. */
void stir_take(const struct http_job *job, struct lane *lane);
void stir_answer(struct worker *w, struct lane *lane); /* fills the job's reply */
enum MHD_Result stir_say(struct http_job *job);        /* its reply */
/* A refusal that its head already earned; one for a reason of ours. Both end the connection. */
enum MHD_Result stir_refuse_route(struct http_job *job);
enum MHD_Result stir_refuse(struct http_job *job, int status, const char *why);

#endif
