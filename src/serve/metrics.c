/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics, in the text format of Prometheus: a row a number. Labels are constant words only, so that no stranger
 * can make them many (SEC-065).
 */
#include "serve/http.h"
#include "serve/knowing.h"
#include "serve/proxy.h"

#include "fetch/fetch.h"

enum kind { COUNTER, GAUGE };

struct row {
    const char *name, *help;
    enum kind kind;
    double value;
};

static void put_head(struct buf *out, const char *name, const char *help, const char *type)
{
    buf_printf(out, "# HELP bonafide_%s %s\n# TYPE bonafide_%s %s\n", name, help, name, type);
}

static void put_rows(struct buf *out, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_head(out, rows[i].name, rows[i].help, rows[i].kind == COUNTER ? "counter" : "gauge");
        buf_printf(out, "bonafide_%s %.15g\n", rows[i].name, rows[i].value);
    }
}

/* ---- what workers count ---- */

static const struct {
    enum count count;
    const char *name, *help;
} plain[] = {
    { COUNT_DATAGRAMS, "datagrams_total", "UDP datagrams received" },
    { COUNT_MESSAGES, "messages_total", "SIP messages received, all transports" },
    { COUNT_BATCHES, "batches_total", "Batches of messages answered" },
    { COUNT_MALFORMED, "malformed_total", "SIP messages that broke the grammar or a limit" },
    { COUNT_RETRANSMITTED, "retransmissions_total", "Requests answered again from the kept decision" },
    { COUNT_ABSORBED, "absorbed_total", "Requests repeated while their call was in progress" },
    { COUNT_ACKS, "acks_total", "ACK requests received" },
    { COUNT_OPTIONS, "options_total", "OPTIONS requests received" },
    { COUNT_CANCELS, "cancels_total", "CANCEL requests received" },
    { COUNT_IN_DIALOG, "in_dialog_total", "Requests with a To tag, answered 481" },
    { COUNT_REDIRECTED, "redirected_total", "Requests of other methods, redirected without a verdict" },
    { COUNT_PARKED, "parked_total", "Calls that waited for a certificate" },
    { COUNT_PARKED_LATE, "parked_late_total", "Calls answered at the end of x5u.budget_ms" },
    { COUNT_RESENT, "resent_total", "Answers sent again for want of an ACK" },
    { COUNT_SEND_FAILED, "send_failed_total", "Answers that could not be sent" },
    { COUNT_SIGN_FAILED, "sign_failed_total", "Calls that went out unsigned because signing failed" },
    { COUNT_RECORD_FAILED, "record_failed_total", "Calls whose record could not be kept" },
    { COUNT_CONNECTIONS, "connections_total", "TCP connections accepted" },
    { COUNT_CONNECTIONS_REFUSED, "connections_refused_total",
      "TCP connections refused: sip.connections was reached" },
    { COUNT_TLS_FAILED, "tls_failed_total", "TLS handshakes that failed, or took too long" },
    { COUNT_CONNECTIONS_CUT, "connections_cut_total",
      "TCP connections closed by us: idle, slow, too large, broken" },
    { COUNT_PROXY_FORWARDED, "proxy_forwarded_total", "Requests that a proxy sent on" },
    { COUNT_PROXY_OTHERS, "proxy_others_total", "Of them requests of other methods, outside a dialog" },
    { COUNT_PROXY_RESPONSES, "proxy_responses_total", "Responses that a proxy passed back" },
    { COUNT_PROXY_RESENT, "proxy_resent_total", "Requests sent again for want of a response" },
    { COUNT_PROXY_FAILOVERS, "proxy_failovers_total", "Requests that went to the next of sip.next_hop" },
    { COUNT_PROXY_TIMEOUTS, "proxy_timeouts_total", "Requests that no next hop answered" },
    { COUNT_PROXY_FAILED, "proxy_failed_total", "Requests answered 503 because no next hop took them" },
    { COUNT_PROXY_FULL, "proxy_full_total", "Requests answered 503 because sip.proxy_mb was used up" },
    { COUNT_PROXY_NOWHERE, "proxy_nowhere_total",
      "Requests in a dialog to an address that is neither a next hop's nor a client's" },
    { COUNT_PROXY_REFUSED, "proxy_refused_total", "Requests a proxy must refuse: 416, 420, 482, 483" },
    { COUNT_HTTP_VERDICTS, "http_verdicts_total", "Verdicts asked for over HTTP" },
};

static void put_plain(const struct server *s, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        const struct row row = { plain[i].name, plain[i].help, COUNTER,
                                 (double)server_count(s, plain[i].count) };
        put_rows(out, &row, 1);
    }
}

static void put_dropped(const struct server *s, struct buf *out)
{
    static const struct {
        enum count count;
        const char *why;
    } rows[] = { { COUNT_DROPPED_CLIENT, "client" },
                 { COUNT_DROPPED_RESPONSE, "response" },
                 { COUNT_DROPPED_BLANK, "blank" },
                 { COUNT_DROPPED_UNANSWERABLE, "unanswerable" } };
    put_head(out, "dropped_total", "Messages dropped without an answer", "counter");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        buf_printf(out, "bonafide_dropped_total{why=\"%s\"} %llu\n", rows[i].why,
                   (unsigned long long)server_count(s, rows[i].count));
}

static uint64_t sum_calls(const struct server *s, size_t kind, size_t code)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_workers; i++)
        sum += atomic_load_explicit(&s->workers[i]->counts.calls[kind][code], memory_order_relaxed);
    return sum;
}

/* A row for every verdict, also while it is 0: alarms want a series that exists. */
static void put_calls(const struct server *s, struct buf *out)
{
    put_head(out, "calls_total", "Calls by verdict and by the code of their answer", "counter");
    for (size_t kind = 0; kind < KIND_ALL; kind++)
        for (size_t code = 0; code < COUNT_CODES; code++) {
            const uint64_t n = sum_calls(s, kind, code);
            if (n == 0 && count_codes[code] != 302)
                continue;
            buf_printf(out, "bonafide_calls_total{verdict=\"%s\",code=\"",
                       count_kind_text((enum count_kind)kind));
            if (count_codes[code])
                buf_decimal(out, count_codes[code]);
            else
                buf_text(out, "other");
            buf_printf(out, "\"} %llu\n", (unsigned long long)n);
        }
}

static void put_latency(const struct server *s, struct buf *out)
{
    uint64_t below = 0, us = 0;
    put_head(out, "answer_seconds", "From the arrival of a call to its answer", "histogram");
    for (size_t b = 0; b <= COUNT_BUCKETS; b++) {
        for (size_t i = 0; i < s->n_workers; i++)
            below += atomic_load_explicit(&s->workers[i]->counts.latency[b], memory_order_relaxed);
        if (b < COUNT_BUCKETS)
            buf_printf(out, "bonafide_answer_seconds_bucket{le=\"%g\"} %llu\n", count_bounds_us[b] / 1e6,
                       (unsigned long long)below);
    }
    for (size_t i = 0; i < s->n_workers; i++)
        us += atomic_load_explicit(&s->workers[i]->counts.latency_us, memory_order_relaxed);
    buf_printf(out,
               "bonafide_answer_seconds_bucket{le=\"+Inf\"} %llu\nbonafide_answer_seconds_sum %.15g\n"
               "bonafide_answer_seconds_count %llu\n",
               (unsigned long long)below, (double)us / 1e6, (unsigned long long)below);
}

/* ---- what the rooms count ---- */

static double seconds_until(utc_t at)
{
    return at == INT64_MAX ? -1 : (double)at;
}

static void put_signers(const struct server *s, struct buf *out)
{
    const struct signers_counts c = signers_counts(s->signers);
    const struct row rows[] = {
        { "signers", "Certificates in use", GAUGE, (double)c.signers },
        { "signers_probation", "Certificates that have verified nothing yet", GAUGE, (double)c.probation },
        { "signers_bytes", "Memory of both", GAUGE, (double)c.bytes },
        { "signers_hits_total", "Look-ups that found a certificate", COUNTER, (double)c.hits },
        { "signers_misses_total", "Look-ups that did not", COUNTER, (double)c.misses },
        { "signers_built_total", "Certificates parsed and validated", COUNTER, (double)c.built },
        { "signers_failed_total", "Certificates that could not be had", COUNTER, (double)c.failed },
        { "signers_evicted_total", "Certificates forgotten for want of room", COUNTER, (double)c.evicted },
        { "signers_first_expiry_seconds", "When the first certificate in use expires; -1: none", GAUGE,
          seconds_until(c.first_expiry) },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

/* The engine in force is 1, the other 0: so that falling back is seen. */
static void put_engine(const struct server *s, struct buf *out)
{
    const struct es256_counts c = es256_pool_counts(s->pool);
    const struct row rows[] = {
        { "es256_tables", "Signers with a table of their own", GAUGE, (double)c.tables },
        { "es256_tables_bytes", "Memory of tables, the generator's included", GAUGE, (double)c.bytes },
        { "es256_tables_built_total", "Tables built", COUNTER, (double)c.built },
        { "es256_tables_evicted_total", "Tables given back: idle, or for want of room", COUNTER,
          (double)c.evicted },
        { "es256_tables_refused_total", "Tables not built for want of room: raise es256.tables_mb", COUNTER,
          (double)c.refused },
        { "es256_audited_total", "Accepted signatures that OpenSSL checked again", COUNTER,
          (double)c.audited },
        { "es256_unaudited_total", "Those that were chosen for it and dropped", COUNTER,
          (double)c.unaudited },
        { "es256_disagreements_total", "Those that OpenSSL refused", COUNTER, (double)c.disagreements },
    };
    static const char *const engines[] = { "lanes", "openssl" };
    put_rows(out, rows, ARRAY_SIZE(rows));
    put_head(out, "es256_engine", "1: what checks signatures now", "gauge");
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        buf_printf(out, "bonafide_es256_engine{engine=\"%s\"} %d\n", engines[i],
                   strcmp(es256_pool_name(s->pool), engines[i]) == 0);
}

static void put_fetch(const struct server *s, struct buf *out)
{
    const struct fetch_counts c = s->fetch ? fetch_counts(s->fetch) : (struct fetch_counts){ .started = 0 };
    const struct row rows[] = {
        { "fetch_started_total", "Certificates asked for", COUNTER, (double)c.started },
        { "fetch_joined_total", "Requests that joined one under way", COUNTER, (double)c.joined },
        { "fetch_ok_total", "Certificates fetched", COUNTER, (double)c.ok },
        { "fetch_refused_total", "URLs and addresses our rules forbid", COUNTER, (double)c.refused },
        { "fetch_failed_total", "Fetches that failed", COUNTER, (double)c.failed },
        { "fetch_recent_total", "Requests answered by a failure of late", COUNTER, (double)c.recent },
        { "fetch_bytes_total", "Bytes fetched", COUNTER, (double)c.bytes },
        { "fetch_in_flight", "Fetches under way", GAUGE, (double)c.in_flight },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static void put_people(const struct server *s, struct buf *out)
{
    const struct knowing_counts c = knowing_counts(s->knowing);
    const struct row rows[] = {
        { "people", "People in the address book that calls are judged by", GAUGE, (double)c.people },
        { "people_failed", "1: the address book could not be read the last time", GAUGE, (double)c.failed },
        { "habit_lessons_total", "Calls that habits were learned from", COUNTER, (double)c.lessons },
        { "expected_met_total", "Expected calls that came", COUNTER, (double)c.met },
        { "expected_missed_total", "Expected calls that did not", COUNTER, (double)c.missed },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static void put_record(const struct server *s, struct buf *out)
{
    const struct recorder_counts c =
        s->recorder ? recorder_counts(s->recorder) : (struct recorder_counts){ .lag_ms = 0 };
    const struct row rows[] = {
        { "records_total", "Records appended to the journal", COUNTER, (double)c.appended },
        { "records_failed_total", "Records the journal could not take", COUNTER, (double)c.failed },
        { "records_bytes", "Bytes of journal and database", GAUGE, (double)c.bytes },
        { "journal_lag_records", "Records that are not in the index yet", GAUGE, (double)c.lag_records },
        { "journal_lag_bytes", "Their bytes", GAUGE, (double)c.lag_bytes },
        { "journal_lag_seconds", "Age of the oldest of them", GAUGE, (double)c.lag_ms / 1000 },
        { "record_failing", "1: the last batch could not be kept", GAUGE,
          atomic_load(&s->gauges.record_failed) },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static void put_hep(const struct server *s, struct buf *out)
{
    const struct hep_counts c = hep_sender_counts(s->hep);
    const struct row rows[] = {
        { "hep_sent_total", "HEP packets given to the collector", COUNTER, (double)c.sent },
        { "hep_dropped_total", "HEP packets dropped: no room, too long, or nobody to take them", COUNTER,
          (double)c.dropped },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static struct answers_counts all_answers(const struct server *s)
{
    struct answers_counts sum = { 0 };
    for (size_t i = 0; i < s->n_workers; i++) {
        const struct answers_counts c = answers_counts(s->workers[i]->answers);
        sum.kept += c.kept;
        sum.busy += c.busy;
        sum.evicted += c.evicted;
        sum.full += c.full;
        sum.capacity += c.capacity;
    }
    return sum;
}

static void put_proxy(const struct server *s, struct buf *out)
{
    struct transactions_counts sum = { 0, 0, 0, 0 };
    for (size_t i = 0; i < s->n_workers; i++) {
        if (!s->workers[i]->proxy)
            return;
        const struct transactions_counts c = transactions_counts(s->workers[i]->proxy->transactions);
        sum.n += c.n;
        sum.waiting += c.waiting;
        sum.bytes += c.bytes;
    }
    const struct row rows[] = {
        { "proxy_transactions", "Requests that a proxy remembers", GAUGE, (double)sum.n },
        { "proxy_waiting", "Of them those without a final answer", GAUGE, (double)sum.waiting },
        { "proxy_bytes", "Memory they take, of sip.proxy_mb", GAUGE, (double)sum.bytes },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static void put_memory(const struct server *s, struct buf *out)
{
    const struct replay_counts r = replay_counts(s->replay);
    const struct answers_counts a = all_answers(s);
    const struct row rows[] = {
        { "replay_entered_total", "Tokens remembered", COUNTER, (double)server_count(s, COUNT_TOKENS) },
        { "replay_repeated_total", "Tokens seen again in another call", COUNTER, (double)r.repeated },
        { "replay_evicted_total", "Tokens forgotten before their time: raise replay_entries", COUNTER,
          (double)r.evicted_live },
        { "answers_kept", "Decisions kept for retransmissions", GAUGE, (double)a.kept },
        { "answers_busy", "Calls in progress", GAUGE, (double)a.busy },
        { "answers_capacity", "Decisions there is room for", GAUGE, (double)a.capacity },
        { "answers_evicted_total", "Decisions forgotten before their time: raise sip.answers_mb", COUNTER,
          (double)a.evicted },
        { "parked", "Calls that wait for a certificate", GAUGE, (double)atomic_load(&s->parking.count) },
        { "parked_bytes", "Bytes of their messages", GAUGE, (double)atomic_load(&s->parking.bytes) },
        { "parked_refused_total", "Calls that could not wait for want of room", COUNTER,
          (double)atomic_load(&s->parking.refused) },
        { "connections", "TCP connections open", GAUGE, (double)atomic_load(&s->connections) },
        { "connections_bytes", "Bytes they hold", GAUGE, (double)atomic_load(&s->held) },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static double oldest_datagram(const struct server *s)
{
    int64_t us = 0;
    for (size_t i = 0; i < s->n_workers; i++) {
        const int64_t mine = atomic_load_explicit(&s->workers[i]->counts.oldest_us, memory_order_relaxed);
        us = mine > us ? mine : us;
    }
    return (double)us / 1e6;
}

static void put_gauges(const struct server *s, struct buf *out)
{
    const struct gauges *g = &s->gauges;
    const struct row rows[] = {
        { "queue_age_seconds", "Age of the oldest datagram of the last batch", GAUGE, oldest_datagram(s) },
        { "workers", "Worker threads", GAUGE, (double)s->n_workers },
        { "trust_domains", "Trust domains", GAUGE, (double)atomic_load(&g->domains) },
        { "trust_anchors", "Trust anchors", GAUGE, (double)atomic_load(&g->anchors) },
        { "trust_lab_domains", "Trust domains of a laboratory", GAUGE, (double)atomic_load(&g->lab_domains) },
        { "trust_first_expiry_seconds", "When the first anchor expires; -1: none", GAUGE,
          seconds_until(atomic_load(&g->anchor_expiry)) },
        { "crl_age_seconds", "Age of the oldest revocation list; -1: none is configured", GAUGE,
          (double)atomic_load(&g->crl_age) },
        { "crl_unknown", "1: a revocation list is configured, and none is valid", GAUGE,
          atomic_load(&g->crl_unknown) },
        { "sign_certificate_expiry_seconds", "When the first of our own certificates ends; -1: none is known",
          GAUGE, seconds_until(atomic_load(&g->sign_expiry)) },
        { "sign_certificates_unusable", "Rows and customers whose certificate has ended or is revoked", GAUGE,
          (double)atomic_load(&g->sign_unusable) },
        { "sign_inventory_numbers", "Numbers in the inventory of customers", GAUGE,
          (double)atomic_load(&g->sign_numbers) },
        { "iat_offset_seconds", "Median of the signed times, seen from our clock", GAUGE,
          (double)atomic_load(&g->iat_median_s) },
        { "clock_alarms_total", "Clock steps and signed times that do not fit our clock", COUNTER,
          (double)atomic_load(&g->clock_alarms) },
        { "reloads_total", "Configurations taken into use", COUNTER, (double)atomic_load(&g->reloads) },
        { "reload_failures_total", "Configurations refused", COUNTER,
          (double)atomic_load(&g->reload_failures) },
        { "reload_failed", "1: the last reload was refused, the one before is in force", GAUGE,
          atomic_load(&g->reload_failed) },
        { "draining", "1: the server is about to end", GAUGE, atomic_load(&s->draining) },
        { "alarms_total", "Lines of level alarm", COUNTER, (double)log_alarms(s->log) },
    };
    put_rows(out, rows, ARRAY_SIZE(rows));
}

static void put_workers(const struct server *s, struct buf *out)
{
    put_head(out, "worker_datagrams_total", "UDP datagrams by worker", "counter");
    for (size_t i = 0; i < s->n_workers; i++)
        buf_printf(out, "bonafide_worker_datagrams_total{worker=\"%zu\"} %llu\n", i,
                   (unsigned long long)count_of(&s->workers[i]->counts, COUNT_DATAGRAMS));
}

static void put_hops(const struct server *s, struct buf *out)
{
    put_head(out, "hop_up", "Does the next hop answer OPTIONS? By its place in sip.next_hop", "gauge");
    for (unsigned i = 0; i < hops_count(s->hops); i++)
        buf_printf(out, "bonafide_hop_up{hop=\"%u\"} %d\n", i, hops_up(s->hops, i));
}

void metrics_write(const struct server *server, struct buf *out)
{
    put_head(out, "build_info", "The version", "gauge");
    buf_text(out, "bonafide_build_info{version=\"" BF_VERSION "\"} 1\n");
    put_calls(server, out);
    put_latency(server, out);
    put_plain(server, out);
    put_dropped(server, out);
    put_signers(server, out);
    put_engine(server, out);
    put_fetch(server, out);
    put_record(server, out);
    put_people(server, out);
    put_hep(server, out);
    put_memory(server, out);
    put_proxy(server, out);
    put_gauges(server, out);
    put_workers(server, out);
    put_hops(server, out);
}
