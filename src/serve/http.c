/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/http_door.h"
#include "serve/http_job.h"

#define METRICS_BYTES (64u << 10)

/* ---- saying ---- */

static enum MHD_Result send_response(struct MHD_Connection *connection, int status, struct MHD_Response *r)
{
    const enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, r);
    MHD_destroy_response(r);
    return result;
}

static struct MHD_Response *response_of(const char *type, struct span body)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        body.n, (void *)(uintptr_t)(body.n ? body.p : ""), MHD_RESPMEM_MUST_COPY);
    if (r) {
        MHD_add_response_header(r, "Content-Type", type);
        MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    }
    return r;
}

enum MHD_Result http_say(struct MHD_Connection *connection, int status, const char *type, struct span body,
                         const char *cache, const char *etag)
{
    struct MHD_Response *r = response_of(type, body);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Cache-Control", cache ? cache : "no-store");
    if (etag)
        MHD_add_response_header(r, "ETag", etag);
    return send_response(connection, status, r);
}

static enum MHD_Result refuse_with(struct MHD_Connection *connection, int status, const char *sentence,
                                   const char *allow, unsigned retry_after, bool close)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    buf_text(&b, "{\"error\":");
    buf_json_string(&b, span_of(sentence));
    buf_text(&b, "}\n");
    struct MHD_Response *r = response_of("application/json", buf_span(&b));
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Cache-Control", "no-store");
    if (allow)
        MHD_add_response_header(r, "Allow", allow);
    if (close)
        MHD_add_response_header(r, "Connection", "close");
    if (status == 401)
        MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"bonafide\"");
    snprintf(memory, sizeof memory, "%u", retry_after);
    if (retry_after)
        MHD_add_response_header(r, "Retry-After", memory);
    return send_response(connection, status, r);
}

enum MHD_Result http_refuse(struct MHD_Connection *connection, int status, const char *sentence,
                            const char *allow, bool close)
{
    return refuse_with(connection, status, sentence, allow, status == 503 ? 5 : 0, close);
}

/* One pass over the header fields, whatever their order. */
static enum MHD_Result take_field(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct http_head *head = arg;
    const struct span name = span_of(key), text = value ? span_of(value) : SPAN("");
    (void)kind;
    if (span_equal_nocase(name, SPAN("Content-Length"))) {
        head->lengths++;
        head->length = text;
    } else if (span_equal_nocase(name, SPAN("Transfer-Encoding"))) {
        head->encodings++;
    } else if (span_equal_nocase(name, SPAN("Content-Type"))) {
        head->type = text;
    } else if (span_equal_nocase(name, SPAN("Accept"))) {
        head->accept = text;
    } else if (span_equal_nocase(name, SPAN("X-API-Key"))) {
        head->keys++;
        head->key = text;
    } else if (span_equal_nocase(name, SPAN("Authorization")) && text.n > 7 &&
               span_equal_nocase(span_first(text, 7), SPAN("Bearer "))) {
        head->keys++;
        head->key = span_trim(span_from(text, 7));
    }
    return MHD_YES;
}

struct http_head http_head_of(struct MHD_Connection *connection, const char *method, const char *path)
{
    struct http_head head = { .method = span_of(method), .path = span_of(path) };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_field, &head);
    return head;
}

/* ---- routes ---- */

static enum MHD_Result get_healthz(struct http_job *job)
{
    return http_say(job->connection, 200, "text/plain; charset=utf-8", SPAN("ok\n"), NULL, NULL);
}

static enum MHD_Result get_readyz(struct http_job *job)
{
    char memory[256];
    struct buf b = BUF_ON(memory);
    const char *why;
    const bool ready = server_ready(job->door->http->server, &why);
    buf_printf(&b, "%s: %s\n", ready ? "ready" : "not ready", why);
    return http_say(job->connection, ready ? 200 : 503, "text/plain; charset=utf-8", buf_span(&b), NULL,
                    NULL);
}

static enum MHD_Result get_metrics(struct http_job *job)
{
    char *memory = malloc(METRICS_BYTES);
    struct buf b = buf_on(memory, memory ? METRICS_BYTES : 0);
    enum MHD_Result result = MHD_NO;
    metrics_write(job->door->http->server, &b);
    if (buf_ok(&b))
        result = http_say(job->connection, 200, "text/plain; version=0.0.4; charset=utf-8", buf_span(&b),
                          NULL, NULL);
    free(memory);
    return result;
}

/* ---- a verdict ---- */

static bool set_peer(struct http_job *job)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(job->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return false;
    job->peer_n =
        info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memcpy(&job->peer, info->client_addr, job->peer_n);
    return true;
}

static void take(struct worker *w, struct http_job *job)
{
    struct lane *lane = worker_lane(w);
    lane->bytes = span_make(job->body, job->n);
    lane->arrival = w->now;
    lane->json = job->route.json;
    lane->origin = (struct origin){
        .door = DOOR_HTTP, .role = ROLE_VERIFY, .job = job, .peer = job->peer, .peer_n = job->peer_n
    };
    if (job->route.stir)
        stir_take(job, lane);
    if (lane->origin.role == ROLE_VERIFY)
        count_add(&w->counts, COUNT_HTTP_VERDICTS, 1);
}

/* Before a worker has it: ends the connection. */
static enum MHD_Result refuse(struct http_job *job, int status, const char *why)
{
    return job->route.stir ? stir_refuse(job, status, why)
                           : http_refuse(job->connection, status, why, NULL, true);
}

/* It becomes a lane of its worker: the answer is there when libmicrohttpd asks again. */
static enum MHD_Result hand_over(struct http_job *job)
{
    const struct server *s = job->door->http->server;
    if (job->n != job->route.body_n)
        return refuse(job, 400, "the body is shorter than Content-Length says");
    if (atomic_load(&s->draining) || atomic_load(&s->ended))
        return refuse(job, 503, "the server is about to end");
    atomic_fetch_add_explicit(&job->door->waiting, 1, memory_order_relaxed);
    job->taken = true;
    take(job->door->worker, job);
    job->door->busy = true;
    return MHD_YES;
}

/* Its batch is over and it has no answer: it is parked, and resumed with one. */
static enum MHD_Result wait_for_answer(struct http_job *job)
{
    job->suspended = true;
    MHD_suspend_connection(job->connection);
    return MHD_YES;
}

static enum MHD_Result say_verdict(struct http_job *job)
{
    const char *type = job->route.word ? "text/plain; charset=utf-8" : "application/json";
    struct MHD_Response *r = MHD_create_response_from_buffer(job->reply_n, job->reply, MHD_RESPMEM_MUST_FREE);
    if (!r)
        return MHD_NO;
    job->reply = NULL; /* the response's */
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    return send_response(job->connection, job->status, r);
}

static enum MHD_Result post_verdict(struct http_job *job)
{
    if (!job->taken)
        return hand_over(job);
    if (!job->answered)
        return wait_for_answer(job);
    if (job->route.stir)
        return stir_say(job);
    if (job->error)
        return http_refuse(job->connection, job->status, job->error, NULL, false);
    return say_verdict(job);
}

static void job_free(struct http_job *job)
{
    if (job->taken)
        atomic_fetch_sub_explicit(&job->door->waiting, 1, memory_order_relaxed);
    free(job->body);
    free(job->reply);
    free(job);
}

/* The worker's last word on a request; libmicrohttpd asks for it with the next turn. */
void http_answer(struct worker *w, struct lane *lane)
{
    struct http_job *job = lane->origin.job;
    (void)w;
    job->status = lane->status ? lane->status : 500;
    job->error = lane->error;
    if (job->route.stir) {
        stir_answer(w, lane);
    } else if (!job->error) {
        lane->out = buf_on(lane->out_memory, LANE_OUT);
        if (job->route.word)
            buf_text(&lane->out, outcome_text(lane->hearing.verdict.outcome));
        else if (answer_json(&lane->hearing.verdict, &lane->call, &lane->out) != BF_OK)
            lane->out.full = true;
        buf_char(&lane->out, '\n');
        job->reply = buf_ok(&lane->out) ? malloc(lane->out.n) : NULL;
        if (job->reply) {
            memcpy(job->reply, lane->out.p, lane->out.n);
            job->reply_n = lane->out.n;
        } else {
            job->status = 500;
            job->error = "the answer could not be written";
        }
    }
    job->answered = true;
    job->door->busy = true;
    if (!job->connection)
        job_free(job);
    else if (job->suspended)
        MHD_resume_connection(job->connection);
}

/* ---- libmicrohttpd's door ---- */

/* Before its body is taken: the connection ends with it. */
static enum MHD_Result refuse_route(struct http_job *job)
{
    const struct http_route *r = &job->route;
    return refuse_with(job->connection, r->status, r->why, r->allow, r->retry_after, true);
}

static enum http_scope scope_of(enum http_what what)
{
    switch (what) {
    case HTTP_HEALTHZ: return SCOPE_NONE;
    case HTTP_READYZ: return SCOPE_READ;
    case HTTP_METRICS: return SCOPE_METRICS;
    case HTTP_VERDICT:
    case HTTP_VERIFICATION: return SCOPE_VERIFY;
    case HTTP_SIGNING: return SCOPE_SIGN;
    }
    return SCOPE_SIGN;
}

static uint64_t address_of(const struct http_job *job)
{
    uint8_t bytes[16] = { 0 };
    addr_bytes((const struct sockaddr *)&job->peer, bytes);
    return hash_bytes(job->door->http->server->source_key, span_make(bytes, sizeof bytes));
}

/* What a client must show: a certificate where one is asked for, then a key. */
static struct http_access judge_access(struct http_job *job, const struct http_head *head)
{
    struct worker *w = job->door->worker;
    const enum http_scope scope = scope_of(job->route.what);
    const struct http_asker asker = { .key = head->key, .keys = head->keys, .address = address_of(job) };
    job->tls_name = "";
    if (scope != SCOPE_NONE && !http_tls_admits(job->door, job->connection, &job->tls_name))
        return (struct http_access){ .status = 403,
                                     .why = "a client certificate that counts here is missing" };
    return http_keys_judge(w->snapshot->http_keys, &asker, scope, w->now.mono);
}

static void check_access(struct http_job *job, const struct http_head *head)
{
    const struct http_access a = judge_access(job, head);
    if (a.name)
        snprintf(job->key_name, sizeof job->key_name, "%s", a.name);
    if (!a.status)
        return;
    job->route.status = a.status;
    job->route.why = a.why;
    job->route.retry_after = a.retry_after;
    job->route.error =
        (struct api_error){ .fault = API_POLICY, .status = a.status, .variables = { span_of(a.why) } };
}

void http_asker(const struct http_job *job, struct peer *ret)
{
    ret->api_key = span_of(job->key_name);
    ret->tls_name = span_of(job->tls_name);
}

static enum MHD_Result begin(struct http_job *job, const char *path, const char *method)
{
    const struct http_head head = http_head_of(job->connection, method, path);
    job->route = http_route(&head);
    if (!set_peer(job))
        return MHD_NO;
    if (!job->route.status)
        check_access(job, &head);
    if (!job->route.status && job->route.has_body && !(job->body = malloc(job->route.body_n)))
        job->route = (struct http_route){ .status = 500,
                                          .why = "there was no memory for the body",
                                          .stir = job->route.stir,
                                          .error = { .fault = POL5000 } };
    if (job->route.status && job->route.stir)
        return stir_refuse_route(job);
    if (job->route.status)
        return refuse_route(job);
    return MHD_YES;
}

static enum MHD_Result run(struct http_job *job)
{
    switch (job->route.what) {
    case HTTP_HEALTHZ: return get_healthz(job);
    case HTTP_READYZ: return get_readyz(job);
    case HTTP_METRICS: return get_metrics(job);
    case HTTP_VERDICT:
    case HTTP_VERIFICATION:
    case HTTP_SIGNING: return post_verdict(job);
    }
    return MHD_NO;
}

enum MHD_Result http_handle(void *door, struct MHD_Connection *connection, const char *path,
                            const char *method, const char *version, const char *data, size_t *data_n,
                            void **state)
{
    struct http_job *job = *state;
    (void)version;
    if (!job) {
        job = calloc(1, sizeof *job);
        if (!job)
            return MHD_NO;
        *job = (struct http_job){ .door = door, .connection = connection };
        *state = job;
        return begin(job, path, method);
    }
    if (*data_n) {
        if (job->body && *data_n <= job->route.body_n - job->n) {
            memcpy(job->body + job->n, data, *data_n);
            job->n += *data_n;
        }
        *data_n = 0;
        return MHD_YES;
    }
    return job->route.status ? MHD_YES : run(job); /* a refusal is on its way */
}

/* A call that is parked outlives its connection. */
void http_done(void *door, struct MHD_Connection *connection, void **state,
               enum MHD_RequestTerminationCode why)
{
    struct http_job *job = *state;
    (void)door;
    (void)connection;
    (void)why;
    *state = NULL;
    if (job && job->taken && !job->answered) {
        job->connection = NULL;
        job->tls_name = ""; /* the connection's, which ends */
    } else if (job) {
        job_free(job);
    }
}
