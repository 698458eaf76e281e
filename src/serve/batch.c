/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From messages to answers, LIMIT_BATCH at a time. The order is the promise: all are judged, all answers are written, all
 * records are kept, and only then do answers leave.                               design.md "Many at a time", "Records"
 * While the records of a batch are on their way to the disk, the worker is in another room (rooms.c).
 */
#include "serve/proxy.h"
#include "serve/ruling.h"
#include "sip/fax.h"

#include <stdlib.h>

/* ---- waiting ---- */

static void signer_arrived(void *arg)
{
    struct parked_want *want = arg;
    inbox_put(want->inbox, &want->item);
}

static void ask_for_signers(struct worker *w, struct parked *p, const struct hearing *h)
{
    for (size_t i = 0; i < h->n_wants; i++) {
        struct parked_want *want = &p->wants[i];
        *want = (struct parked_want){ .item = { NULL, INBOX_SIGNER }, .parked = p, .inbox = &w->inbox };
        if (h->wants[i].stale)
            p->asked_again = true;
        p->pending++;
        if (signers_want(w->server->signers, h->wants[i].x5u, p->source, h->wants[i].stale, signer_arrived,
                         want) != BF_OK)
            p->pending--;
    }
}

static struct parked *park_new(struct worker *w, struct lane *lane)
{
    struct server *server = w->server;
    struct parked *p = parked_create(&server->parking, lane->bytes, lane->call.peer.source,
                                     lane->hearing.wants, lane->hearing.n_wants);
    if (!p)
        return NULL;
    p->number = atomic_fetch_add(&server->numbers, 1) + 1;
    p->origin = lane->origin;
    p->arrival = lane->arrival;
    p->id = lane->id;
    p->json = lane->json;
    p->deadline = lane->arrival.mono + w->snapshot->budget;
    p->ticket = lane->ticket;
    p->transaction = lane->transaction;
    parked_join(&w->row, p);
    connection_wait(w, &p->origin, 1);
    count_add(&w->counts, COUNT_PARKED, 1);
    return p;
}

/* false: it cannot wait (no room, no time left, too often in vain), and is judged with what there is. */
static bool park(struct worker *w, struct lane *lane)
{
    const bool first = !lane->parked;
    struct parked *p = lane->parked;
    if (first && w->now.mono < lane->arrival.mono + w->snapshot->budget &&
        !(lane->call.message && message_fax(lane->call.message)))
        p = park_new(w, lane);
    if (!p || p->rounds++ >= PARKED_ROUNDS)
        return false;
    lane->state = LANE_PARK;
    p->resumed = false;
    ask_for_signers(w, p, &lane->hearing);
    if (answers_park(w->answers, &p->ticket, p->number)) {
        lane->state = LANE_CANCEL;
        lane->parked = p;
        return true;
    }
    lane->parked = NULL;
    lane->out.n = 0;
    if (first && lane->origin.door != DOOR_HTTP) {
        request_status(w, lane, 100, NULL);
        if (lane->state != LANE_ANSWER)
            lane->out.n = 0;
        lane->state = LANE_PARK;
    }
    return true;
}

/* ---- judging ---- */

static size_t gather(struct worker *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (lane->state != LANE_JUDGE)
            continue;
        lane->hearing.judge = &w->snapshot->judge;
        lane->hearing.call = &lane->call;
        lane->hearing.arena = lane->arena;
        lane->hearing.desk = w->desk;
        lane->hearing.last = lane->last;
        lane->hearing.asked_again = lane->parked && lane->parked->asked_again;
        lane->hearing.n_wants = 0;
        w->hearings[n++] = &lane->hearing;
    }
    return n;
}

/* Signed times as callers see them: their median tells a wrong clock of our own. */
static void sample_iat(struct worker *w, const struct lane *lane)
{
    const struct verdict *v = &lane->hearing.verdict;
    for (size_t i = 0; i < v->n_identities; i++) {
        const struct identity_result *id = &v->identities[i];
        if (!id->is_proof)
            continue;
        if (id->entered)
            count_add(&w->counts, COUNT_TOKENS, 1);
        count_iat(&w->counts, id->token.iat - lane->arrival.utc);
    }
}

static void decide(struct worker *w, struct lane *lane)
{
    const struct verdict *v = &lane->hearing.verdict;
    decision_of_verdict(v, &lane->call, &lane->id, hops_choose(w->server->hops), &lane->decision);
    ruling_decide(w, lane);
    lane->kind = (enum count_kind)v->outcome;
    lane->state = LANE_DECIDED;
    lane->keep = true;
    sample_iat(w, lane);
}

/* Twice at most: the second time for those that must wait and cannot. */
static void judge(struct worker *w)
{
    for (size_t n; (n = gather(w)) > 0;) {
        judge_many(&w->snapshot->judge, w->desk, w->hearings, n);
        for (size_t i = 0; i < w->n_lanes; i++) {
            struct lane *lane = &w->lanes[i];
            if (lane->state != LANE_JUDGE)
                continue;
            if (lane->hearing.state == HEARING_JUDGED || lane->last)
                decide(w, lane);
            else if (!park(w, lane))
                lane->last = true;
        }
    }
}

/* ---- signing ---- */

static size_t gather_signed(struct worker *w, struct sign_job *jobs, struct lane **lanes)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (lane->state != LANE_SIGN)
            continue;
        jobs[n] = (struct sign_job){ .call = &lane->call,
                                     .ret = &lane->decision.sign.what,
                                     .refusal = SIGN_NO_ROW,
                                     .attest_most = lane->call.peer.gateway ? 'C' : 0 };
        if (lane->stir)
            stir_wish(lane, &jobs[n]);
        lanes[n++] = lane;
    }
    return n;
}

/* SEC-066: what should have been signed and was not goes out unsigned, and somebody is told. */
static void tell_failed(struct worker *w, size_t failed)
{
    count_add(&w->counts, COUNT_SIGN_FAILED, failed);
    log_put(w->log, LOG_ALARM,
            "%zu calls go out unsigned: signing failed, or the certificate has ended or is revoked", failed);
}

static bool is_our_failure(enum sign_refusal r)
{
    return r == SIGN_FAILED || r == SIGN_EXPIRED || r == SIGN_REVOKED;
}

static void sign(struct worker *w)
{
    struct sign_job jobs[LIMIT_BATCH];
    struct lane *lanes[LIMIT_BATCH];
    size_t failed = 0;
    const size_t n = gather_signed(w, jobs, lanes);
    if (n && w->snapshot->signing)
        signing_sign_many(w->snapshot->signing, w->signing, jobs, n);
    for (size_t i = 0; i < n; i++) {
        struct lane *lane = lanes[i];
        lane->decision.sign.refusal = (uint8_t)jobs[i].refusal;
        lane->kind = jobs[i].refusal == SIGN_OK ? KIND_SIGNED : KIND_UNSIGNED;
        lane->state = LANE_DECIDED;
        lane->keep = true;
        failed += is_our_failure(jobs[i].refusal);
    }
    if (failed)
        tell_failed(w, failed);
}

/* ---- answers and records ---- */

static bool is_call(const struct lane *lane)
{
    return lane->state == LANE_DECIDED || lane->state == LANE_CANCEL;
}

static void write_answers(struct worker *w)
{
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (lane->state == LANE_DECIDED) {
            request_write(w, lane);
        } else if (lane->state == LANE_CANCEL) {
            lane->kind = KIND_CANCELLED;
            request_status(w, lane, 487, NULL);
            lane->keep = true;
            lane->state = LANE_CANCEL;
        }
    }
}

/* A call refused for want of a record may come again with the same token. */
static void give_back_tokens(struct worker *w, const struct lane *lane)
{
    const struct verdict *v = &lane->hearing.verdict;
    for (size_t i = 0; lane->kind <= KIND_IMPOSTOR && i < v->n_identities; i++)
        if (v->identities[i].entered) {
            struct replay_sighting sighting = { .source = lane->call.peer.source };
            memcpy(sighting.key, v->identities[i].replay_key, sizeof sighting.key);
            replay_forget(w->server->replay, &sighting);
        }
}

/* Nothing is vouched for without its record: never `genuine`; and verstat does not say Passed, for a tick may hang on it. */
static void vouch_for_nothing(struct worker *w, struct lane *lane)
{
    struct verdict *v = &lane->hearing.verdict;
    if (lane->kind == KIND_GENUINE) {
        lane->kind = KIND_UNPROVEN;
        lane->decision.outcome = UNPROVEN;
        v->outcome = UNPROVEN;
        v->why = "the record of this call could not be kept";
        lane->record->outcome = UNPROVEN;
        lane->record->why = span_of(v->why);
    }
    lane->decision.verstat = VERSTAT_NONE;
    v->verstat = VERSTAT_NONE;
    lane->record->verstat = VERSTAT_NONE;
    ruling_decide(w, lane); /* a rule for genuine calls is not for this one */
    ruling_record(lane, lane->record);
    request_write(w, lane);
}

/* No record, and nothing at all where the operator asked for that. */
static void refuse(struct worker *w, struct lane *lane)
{
    const bool may_refuse = w->snapshot->config->store.refuse_on_failure && !lane->call.never_block;
    if (may_refuse && lane->state == LANE_DECIDED) {
        lane->error = "the record cannot be kept";
        give_back_tokens(w, lane);
        if (lane->origin.door != DOOR_HTTP)
            request_status(w, lane, 503, NULL);
        lane->status = 503;
        lane->keep = false;
        lane->state = LANE_ANSWER;
        count_call(&w->counts, lane->kind, 503, w->now.mono - lane->arrival.mono);
    } else if (lane->kind <= KIND_IMPOSTOR && lane->hearing.verdict.verstat == VERSTAT_PASSED) {
        vouch_for_nothing(w, lane);
    }
}

static size_t fill_records(struct worker *w)
{
    size_t n = 0;
    w->judged = clock_now(w->server->clock).mono;
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        lane->record = NULL;
        if (!is_call(lane))
            continue;
        lane->record = &w->records[n];
        keeping_record(w, lane, lane->record, w->peer_texts[n]);
        n++;
    }
    return n;
}

static void tell_records(struct worker *w, size_t n, bool failed)
{
    if (n && failed != atomic_load_explicit(&w->server->gauges.record_failed, memory_order_relaxed))
        atomic_store(&w->server->gauges.record_failed, failed);
    if (failed) {
        count_add(&w->counts, COUNT_RECORD_FAILED, n);
        log_put(w->log, LOG_ALARM,
                "the records of %zu calls could not be kept: look at the disk of store.journal", n);
    }
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (!lane->record)
            continue;
        if (failed)
            refuse(w, lane);
        lane->record->status = lane->status;
        keeping_line(w, lane, lane->record);
    }
}

static void remember(struct worker *w, struct lane *lane)
{
    struct answer_kept kept = { .generation = w->snapshot->generation, .decision = lane->decision };
    if (!lane->has_ticket || lane->state == LANE_PARK)
        return;
    if (!lane->keep || lane->origin.door != DOOR_UDP) {
        answers_forget(w->answers, &lane->ticket);
        return;
    }
    if (lane->state == LANE_CANCEL)
        kept.status = 487;
    answers_give(w->answers, &lane->ticket, &kept, w->now.mono);
}

/* After a 100 nobody repeats the INVITE, so the answer must repeat itself (RFC 3261 section 17.2.1). */
static void repeat_later(struct worker *w, struct lane *lane)
{
    if (!lane->parked || !lane->keep || !lane->ticket.slot || lane->origin.door != DOOR_UDP)
        return;
    struct resend *r = resend_create(&lane->origin, &lane->ticket, buf_span(&lane->out), w->now.mono);
    if (!r)
        return;
    r->next = w->resends;
    w->resends = r;
}

static void send_answers(struct worker *w)
{
    bool only_udp = true;
    udp_send(w);
    if (w->server->hep)
        exporting_batch(w);
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (lane->transaction.slot)
            proxy_leave(w, lane);
        else if (lane->origin.door == DOOR_TCP && lane->state != LANE_DROP && lane->out.n)
            connection_send(w, &lane->origin, buf_span(&lane->out));
        else if (lane->origin.door == DOOR_HTTP && lane->state != LANE_PARK)
            http_answer(w, lane);
        only_udp &= lane->origin.door == DOOR_UDP;
    }
    if (!only_udp) /* bytes of connections may stand in lanes of another room, which are not answered yet */
        connections_flush(w);
}

static void count_answers(struct worker *w)
{
    const mono_t now = clock_now(w->server->clock).mono;
    count_add(&w->counts, COUNT_BATCHES, 1);
    for (size_t i = 0; i < w->n_lanes; i++)
        if (is_call(&w->lanes[i]))
            count_call(&w->counts, w->lanes[i].kind, w->lanes[i].status, now - w->lanes[i].arrival.mono);
}

void parked_end(struct worker *w, struct parked *p)
{
    parked_cut(&w->row, p);
    connection_wait(w, &p->origin, -1);
    parked_leave(&w->server->parking, p);
    p->over = true;
    if (p->pending == 0)
        parked_destroy(p);
}

static void empty(struct worker *w)
{
    for (size_t i = 0; i < w->n_lanes; i++) {
        struct lane *lane = &w->lanes[i];
        if (lane->parked && lane->state != LANE_PARK)
            parked_end(w, lane->parked);
        arena_reset(lane->arena);
    }
    w->n_lanes = 0;
}

void batch_finish(struct worker *w, size_t n, bool failed)
{
    tell_records(w, n, failed);
    for (size_t i = 0; i < w->n_lanes; i++) {
        remember(w, &w->lanes[i]);
        repeat_later(w, &w->lanes[i]);
    }
    send_answers(w);
    count_answers(w);
    if (w->lines.n)
        log_line(w->log, w->lines.p, w->lines.n);
    w->lines.n = 0;
    empty(w);
}

/* Nothing but its lanes holds what it needs: no buffer of a connection, no parked call. */
static bool may_leave(const struct worker *w)
{
    for (size_t i = 0; i < w->n_lanes; i++)
        if (w->lanes[i].origin.door != DOOR_UDP || w->lanes[i].parked)
            return false;
    return w->n_rooms > 1;
}

static void keep_records(struct worker *w, size_t n)
{
    const bool leaves = may_leave(w);
    if (!leaves)
        rooms_settle_all(w); /* news comes in order */
    enum bf_err err = record_queue_put(w->queue, w->records, n);
    if (err == BF_OK && leaves) {
        rooms_leave(w, n);
        return;
    }
    if (err == BF_OK)
        err = record_queue_wait(w->queue);
    batch_finish(w, n, err != BF_OK);
}

void batch_run(struct worker *w)
{
    if (w->n_lanes == 0)
        return;
    for (size_t i = 0; i < w->n_lanes; i++)
        if (w->lanes[i].state == LANE_NEW)
            request_look(w, &w->lanes[i]);
    judge(w);
    sign(w);
    write_answers(w);
    const size_t n = fill_records(w);
    if (n && w->queue)
        keep_records(w, n);
    else
        batch_finish(w, n, false);
}
