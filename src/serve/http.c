/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http.h"

#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS   512u
#define TIMEOUT_S     10u
#define MEMORY        (32u << 10) /* of a connection: request line and header fields */
#define METRICS_BYTES (64u << 10)

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    int fd;
    unsigned threads;
    _Atomic size_t waiting;
};

struct http_job {
    struct inbox_item item;
    struct http *http;
    struct MHD_Connection *connection;
    struct http_route route;
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool answered;
    char *body;
    size_t n;
    int status;
    const char *error;
    char *reply;
    size_t reply_n;
};

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

enum MHD_Result http_refuse(struct MHD_Connection *connection, int status, const char *sentence,
                            const char *allow, bool close)
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
    if (status == 503)
        MHD_add_response_header(r, "Retry-After", "5");
    return send_response(connection, status, r);
}

/* The value of a field that stands there once; how often it stands there. */
struct field {
    const char *name;
    struct span value;
    unsigned n;
};

static enum MHD_Result find_field(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct field *f = arg;
    (void)kind;
    if (span_equal_nocase(span_of(key), span_of(f->name))) {
        f->n++;
        f->value = value ? span_of(value) : SPAN("");
    }
    return MHD_YES;
}

static struct field field_of(struct MHD_Connection *connection, const char *name)
{
    struct field f = { name, SPAN_NONE, 0 };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, find_field, &f);
    return f;
}

struct http_head http_head_of(struct MHD_Connection *connection, const char *method, const char *path)
{
    const struct field length = field_of(connection, "Content-Length");
    return (struct http_head){ .method = span_of(method),
                               .path = span_of(path),
                               .length = length.value,
                               .lengths = length.n,
                               .encodings = field_of(connection, "Transfer-Encoding").n,
                               .type = field_of(connection, "Content-Type").value,
                               .accept = field_of(connection, "Accept").value };
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
    const bool ready = server_ready(job->http->server, &why);
    buf_printf(&b, "%s: %s\n", ready ? "ready" : "not ready", why);
    return http_say(job->connection, ready ? 200 : 503, "text/plain; charset=utf-8", buf_span(&b), NULL,
                    NULL);
}

static enum MHD_Result get_metrics(struct http_job *job)
{
    char *memory = malloc(METRICS_BYTES);
    struct buf b = buf_on(memory, memory ? METRICS_BYTES : 0);
    enum MHD_Result result = MHD_NO;
    metrics_write(job->http->server, &b);
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

static enum MHD_Result hand_over(struct http_job *job)
{
    struct server *s = job->http->server;
    if (job->n != job->route.body_n || !set_peer(job))
        return http_refuse(job->connection, 400, "the body is shorter than Content-Length says", NULL, true);
    /* Counted first: whoever drains either sees this request, or is seen by it. */
    atomic_fetch_add(&job->http->waiting, 1);
    if (atomic_load(&s->draining)) {
        atomic_fetch_sub(&job->http->waiting, 1);
        return http_refuse(job->connection, 503, "the server is about to end", NULL, true);
    }
    MHD_suspend_connection(job->connection);
    inbox_put(&server_next_worker(s)->inbox, &job->item);
    return MHD_YES;
}

static enum MHD_Result post_verdict(struct http_job *job)
{
    if (!job->answered)
        return hand_over(job);
    if (job->error)
        return http_refuse(job->connection, job->status, job->error, NULL, false);
    return http_say(job->connection, job->status,
                    job->route.word ? "text/plain; charset=utf-8" : "application/json",
                    span_make(job->reply, job->reply_n), NULL, NULL);
}

void http_take(struct worker *w, struct inbox_item *item)
{
    struct http_job *job = (struct http_job *)item;
    struct lane *lane = worker_lane(w);
    lane->bytes = span_make(job->body, job->n);
    lane->arrival = w->now;
    lane->json = job->route.json;
    lane->origin = (struct origin){
        .door = DOOR_HTTP, .role = ROLE_VERIFY, .job = job, .peer = job->peer, .peer_n = job->peer_n
    };
    count_add(&w->counts, COUNT_HTTP_VERDICTS, 1);
}

/* The worker's last word on a request: after the resume the job is the HTTP thread's again. */
void http_answer(struct worker *w, struct lane *lane)
{
    struct http_job *job = lane->origin.job;
    (void)w;
    job->status = lane->status ? lane->status : 500;
    job->error = lane->error;
    if (!job->error) {
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
    struct http *http = job->http;
    MHD_resume_connection(job->connection);
    atomic_fetch_sub(&http->waiting, 1);
}

/* ---- libmicrohttpd's door ---- */

static enum MHD_Result begin(struct http_job *job, const char *path, const char *method)
{
    const struct http_head head = http_head_of(job->connection, method, path);
    job->route = http_route(&head);
    if (!job->route.status && job->route.has_body && !(job->body = malloc(job->route.body_n)))
        job->route = (struct http_route){ .status = 500, .why = "there was no memory for the body" };
    if (job->route.status)
        return http_refuse(job->connection, job->route.status, job->route.why, job->route.allow, true);
    return MHD_YES;
}

static enum MHD_Result run(struct http_job *job)
{
    switch (job->route.what) {
    case HTTP_HEALTHZ: return get_healthz(job);
    case HTTP_READYZ: return get_readyz(job);
    case HTTP_METRICS: return get_metrics(job);
    case HTTP_VERDICT: return post_verdict(job);
    }
    return MHD_NO;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data, size_t *data_n,
                              void **state)
{
    struct http_job *job = *state;
    (void)version;
    if (!job) {
        job = calloc(1, sizeof *job);
        if (!job)
            return MHD_NO;
        *job = (struct http_job){ .item = { NULL, INBOX_HTTP }, .http = arg, .connection = connection };
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

static void done(void *arg, struct MHD_Connection *connection, void **state,
                 enum MHD_RequestTerminationCode why)
{
    struct http_job *job = *state;
    (void)arg;
    (void)connection;
    (void)why;
    if (!job)
        return;
    free(job->body);
    free(job->reply);
    free(job);
    *state = NULL;
}

/* ---- the daemon ---- */

enum bf_err http_create(struct server *server, int fd, unsigned threads, struct http **ret)
{
    struct http *h = calloc(1, sizeof *h);
    if (!h) {
        close(fd);
        return BF_ENOMEM;
    }
    h->server = server;
    h->fd = fd;
    h->threads = threads ? threads : 1;
    *ret = h;
    return BF_OK;
}

enum bf_err http_start(struct http *h)
{
    const struct MHD_OptionItem pool[] = { { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)h->threads, NULL },
                                           { MHD_OPTION_END, 0, NULL } };
    h->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, h,
                         MHD_OPTION_LISTEN_SOCKET, h->fd, MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
                         MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                         MHD_OPTION_ARRAY, h->threads > 1 ? pool : pool + 1, MHD_OPTION_END);
    return h->daemon ? BF_OK : BF_EIO;
}

void http_quiesce(struct http *h)
{
    if (h->daemon && h->fd >= 0) {
        const int fd = MHD_quiesce_daemon(h->daemon);
        if (fd >= 0)
            close(fd);
        h->fd = -1;
    }
}

size_t http_waiting(const struct http *h)
{
    return atomic_load(&h->waiting);
}

void http_stop(struct http *h)
{
    if (!h->daemon)
        return;
    http_quiesce(h);
    MHD_stop_daemon(h->daemon);
    h->daemon = NULL;
}

void http_destroy(struct http *h)
{
    if (!h)
        return;
    http_stop(h);
    if (h->fd >= 0)
        close(h->fd);
    free(h);
}
