/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /stir/v1/verification and /stir/v1/signing: from a request to a lane, and from its decision to an answer in its
 * dialect. What is asked and how it is answered stands in the room `api`.              API-001..012; field.md section 3
 *
 * A request names itself: X-RequestID of its head, else requestId or callId of its body. The same bytes under the same name
 * are the same question, and its token is not a replay; it gets X-RequestID and X-InstanceID back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "answer/lines.h"
#include "serve/http_door.h"
#include "serve/http_job.h"

#define HEADER_MOST 256u /* of a name that is given back */

struct lane_stir {
    struct api_request request;
    struct api_error error; /* API_OK: there is none */
};

static struct api_options options_of(const struct worker *w)
{
    const struct config *c = w->snapshot->config;
    return (struct api_options){ .dialect = c->http.dialect_3gpp ? API_3GPP : API_ATIS,
                                 .reason_camel = c->http.reason_camel,
                                 .heartbeat_refused = c->http.heartbeat_refused,
                                 .verstat_keep_on_impostor = c->answer.verstat_keep_on_impostor,
                                 .freshness_s = w->snapshot->judge.options.freshness_s };
}

/* ---- what a request calls itself ---- */

/* Visible characters, and not too many: it is written back. SPAN_NONE: there is none. */
static struct span head_value(struct MHD_Connection *connection, const char *name)
{
    const char *text = connection ? MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name) : NULL;
    const struct span s = text ? span_of(text) : SPAN_NONE;
    if (s.n == 0 || s.n > HEADER_MOST)
        return SPAN_NONE;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7E)
            return SPAN_NONE;
    return s;
}

/*
 * The same name and the same bytes from the same client: the same call, asked about again. From anybody else they are a
 * token of somebody else's call.
 */
static enum bf_err name_call(struct worker *w, struct lane *lane)
{
    const struct api_request *q = &lane->stir->request;
    const struct span head = head_value(lane->origin.job->connection, "X-RequestID");
    const struct span name = head.p ? head : q->request_id;
    const uint64_t n = name.n;
    const struct span parts[] = { span_make(&n, sizeof n), name, lane->bytes };
    uint8_t named[SHA256_BYTES];
    if (!name.p)
        return BF_OK;
    if (!lane->call.call_id.p) {
        char *copy = arena_take(lane->arena, name.n + 1); /* a record may outlive the connection */
        if (!copy)
            return BF_ENOMEM;
        memcpy(copy, name.p, name.n);
        lane->call.call_id = span_make(copy, name.n);
    }
    const enum bf_err err = sha256_many(desk_sha256(w->desk), parts, ARRAY_SIZE(parts), named);
    return err ? err : request_same(w, lane, span_make(named, sizeof named));
}

/* ---- a lane ---- */

void stir_take(const struct http_job *job, struct lane *lane)
{
    lane->origin.stir = true;
    if (job->route.what == HTTP_SIGNING)
        lane->origin.role = ROLE_SIGN;
}

static void refuse(struct lane *lane, struct api_error error)
{
    lane->stir->error = error;
    lane->state = LANE_ANSWER;
    lane->status = api_error_status(&error);
}

static const struct api_error our_failure = { .fault = POL5000 };

static void look_verification(struct worker *w, struct lane *lane)
{
    struct lane_stir *s = lane->stir;
    const struct api_options options = options_of(w);
    struct fault fault = { 0, NULL };
    enum bf_err err = api_verification_read(lane->bytes, &options, w->snapshot->rules.plan, lane->arrival,
                                            lane->arena, &s->request, &s->error);
    if (err != BF_OK) {
        refuse(lane, s->error);
        return;
    }
    if (s->request.is_stale) {
        lane->state = LANE_ANSWER;
        lane->status = 200;
        return;
    }
    request_read_call(w, lane, &err, &fault);
    if (err == BF_OK)
        err = name_call(w, lane);
    if (err != BF_OK) {
        refuse(lane, err == BF_EFORM
                         ? (struct api_error){ .fault = SVC4006, .variables = { span_of(fault.what) } }
                         : our_failure);
        return;
    }
    api_protected_headers(&s->request, &w->snapshot->rules, lane->arena, &lane->call);
    if (!lane->parked)
        lane->id = request_id(w, lane->arrival);
    lane->last = lane->last || lane->call.never_block;
    lane->state = LANE_JUDGE;
}

static void look_signing(struct worker *w, struct lane *lane)
{
    struct lane_stir *s = lane->stir;
    const struct api_options options = options_of(w);
    if (!w->snapshot->config->http.sign) {
        refuse(lane,
               (struct api_error){ .fault = API_POLICY,
                                   .status = 403,
                                   .variables = { SPAN("signing over HTTP is switched off: http.sign") } });
        return;
    }
    if (api_signing_read(lane->bytes, &options, &w->snapshot->rules, lane->arrival, lane->arena, &s->request,
                         &lane->call, &s->error) != BF_OK) {
        refuse(lane, s->error);
        return;
    }
    snapshot_peer(w->snapshot, &lane->origin, w->server->source_key, &lane->call.peer);
    http_asker(lane->origin.job, &lane->call.peer);
    if (name_call(w, lane) != BF_OK) {
        refuse(lane, our_failure);
        return;
    }
    lane->id = request_id(w, lane->arrival);
    request_sign(w, lane);
}

void stir_look(struct worker *w, struct lane *lane)
{
    lane->stir = arena_take(lane->arena, sizeof *lane->stir);
    if (!lane->stir) {
        lane->state = LANE_ANSWER;
        lane->status = 500;
        return;
    }
    memset(lane->stir, 0, sizeof *lane->stir);
    if (lane->origin.role == ROLE_SIGN)
        look_signing(w, lane);
    else
        look_verification(w, lane);
}

void stir_wish(const struct lane *lane, struct sign_job *job)
{
    const struct api_request *q = &lane->stir->request;
    if (q->attest > job->attest_most) /* A is the highest */
        job->attest_most = q->attest;
    job->origid = q->has_origid ? q->origid : NULL;
    job->iat = q->iat;
}

int stir_status(const struct lane *lane)
{
    const enum sign_refusal refusal = (enum sign_refusal)lane->decision.sign.refusal;
    if (lane->origin.role != ROLE_SIGN || refusal == SIGN_OK)
        return 200;
    const struct api_error error = api_signing_refused(refusal);
    return api_error_status(&error);
}

/* ---- an answer ---- */

static void write_signed(struct worker *w, struct lane *lane, struct buf *out)
{
    const enum sign_refusal refusal = (enum sign_refusal)lane->decision.sign.refusal;
    struct api_error error = our_failure;
    char *memory = arena_take(lane->arena, LIMIT_IDENTITY_VALUE);
    struct buf identity = buf_on(memory, memory ? LIMIT_IDENTITY_VALUE : 0);
    if (refusal == SIGN_OK && w->snapshot->signing &&
        signing_identity(w->snapshot->signing, &lane->call, &lane->decision.sign.what, &identity) == BF_OK &&
        buf_ok(&identity)) {
        api_signing_write(&lane->stir->request, buf_span(&identity), out);
        return;
    }
    if (refusal != SIGN_OK)
        error = api_signing_refused(refusal);
    lane->status = api_error_status(&error);
    api_error_write(&error, out);
}

static void write_answer(struct worker *w, struct lane *lane, struct buf *out)
{
    const struct lane_stir *s = lane->stir;
    const struct api_options options = options_of(w);
    struct api_error error = our_failure;
    if (s && s->error.fault != API_OK) {
        error = s->error;
    } else if (lane->error) { /* the record cannot be kept */
        error = (struct api_error){ .fault = API_POLICY,
                                    .status = lane->status,
                                    .variables = { span_of(lane->error) } };
    } else if (s && s->request.is_stale) {
        api_stale_write(&s->request, &options, out);
        return;
    } else if (s && lane->origin.role == ROLE_SIGN) {
        write_signed(w, lane, out);
        return;
    } else if (s && lane->status == 200) {
        api_verification_write(&s->request, &options, &lane->hearing.verdict, out);
        return;
    }
    lane->status = api_error_status(&error);
    api_error_write(&error, out);
}

/* What the bodies of the standards have no member for: the verdict, and the id of its record. */
static void note_verdict(const struct worker *w, const struct lane *lane, struct http_job *job)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    const struct answer_options *options = &w->snapshot->config->answer;
    const struct lines lines = { .options = options, .d = &lane->decision, .call = &lane->call, .out = &b };
    const size_t name = strlen(lines_verdict_name(options)) + 2;
    if (lane->state != LANE_DECIDED || lane->status != 200)
        return;
    lines_verdict(&lines);
    if (buf_ok(&b) && b.n > name + 2 && b.n - name - 2 < sizeof job->verdict)
        memcpy(job->verdict, b.p + name, b.n - name - 2); /* the job was all zeros */
}

void stir_answer(struct worker *w, struct lane *lane)
{
    struct http_job *job = lane->origin.job;
    lane->out = buf_on(lane->out_memory, LANE_OUT);
    write_answer(w, lane, &lane->out);
    if (!buf_ok(&lane->out)) {
        lane->out = buf_on(lane->out_memory, LANE_OUT);
        api_error_write(&our_failure, &lane->out);
        lane->status = 500;
    }
    job->status = lane->status;
    job->error = NULL;
    note_verdict(w, lane, job);
    job->reply = lane->out.n ? malloc(lane->out.n) : NULL;
    job->reply_n = job->reply ? lane->out.n : 0;
    if (job->reply)
        memcpy(job->reply, lane->out.p, lane->out.n);
}

/* The names that came; a request without one gets one: no two are alike, and none costs a system call. */
static void give_names(struct http_job *job, struct MHD_Response *r)
{
    struct worker *w = job->door->worker;
    const struct span request = head_value(job->connection, "X-RequestID"),
                      instance = head_value(job->connection, "X-InstanceID");
    char made[ANSWER_ID + 1] = "";
    if (!request.p) {
        const struct answer_id id = request_id(w, w->now);
        answer_id_text(&id, made);
    }
    MHD_add_response_header(r, "X-RequestID", request.p ? request.p : made);
    if (*job->verdict)
        MHD_add_response_header(r, lines_verdict_name(&w->snapshot->config->answer), job->verdict);
    if (instance.p)
        MHD_add_response_header(r, "X-InstanceID", instance.p);
}

static enum MHD_Result say(struct http_job *job, int status, struct MHD_Response *r)
{
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", "application/json");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    if (status == 503)
        MHD_add_response_header(r, "Retry-After", "5");
    give_names(job, r);
    const enum MHD_Result result = MHD_queue_response(job->connection, (unsigned)status, r);
    MHD_destroy_response(r);
    return result;
}

enum MHD_Result stir_say(struct http_job *job)
{
    if (!job->reply)
        return stir_refuse(job, 500, "there was no memory for the answer");
    struct MHD_Response *r = MHD_create_response_from_buffer(job->reply_n, job->reply, MHD_RESPMEM_MUST_FREE);
    if (r)
        job->reply = NULL; /* the response's */
    return say(job, job->status, r);
}

static enum MHD_Result say_error(struct http_job *job, const struct api_error *error, const char *allow,
                                 unsigned retry_after)
{
    const int status = api_error_status(error);
    char seconds[12];
    char memory[1024];
    struct buf b = BUF_ON(memory);
    api_error_write(error, &b);
    if (!buf_ok(&b)) {
        b = buf_on(memory, sizeof memory);
        api_error_write(&our_failure, &b);
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(b.n, memory, MHD_RESPMEM_MUST_COPY);
    if (r && allow)
        MHD_add_response_header(r, "Allow", allow);
    if (r)
        MHD_add_response_header(r, "Connection", "close");
    if (r && status == 401)
        MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"bonafide\"");
    snprintf(seconds, sizeof seconds, "%u", retry_after);
    if (r && retry_after)
        MHD_add_response_header(r, "Retry-After", seconds);
    return say(job, status, r);
}

enum MHD_Result stir_refuse_route(struct http_job *job)
{
    return say_error(job, &job->route.error, job->route.allow, (unsigned)job->route.retry_after);
}

enum MHD_Result stir_refuse(struct http_job *job, int status, const char *why)
{
    const struct api_error error = { .fault = status == 400   ? SVC4006
                                              : status == 500 ? POL5000
                                                              : API_POLICY,
                                     .status = status,
                                     .variables = { span_of(why) } };
    return say_error(job, &error, NULL, 0);
}
