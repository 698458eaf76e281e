/* SPDX-License-Identifier: Apache-2.0 */
/* Records of calls that came by: the same as a server's, so that `bonafide calls` shows them. They were answered by others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/cidr.h"
#include "cli/watch.h"
#include "record/hep.h"
#include "record/judged.h"

#define KEEP_DAYS 30
#define HEP_AGENT 2001 /* as hep.id */

struct watch_keep {
    struct recorder *recorder; /* NULL: none */
    struct hep_sender *hep;    /* likewise */
    char node[64];
    size_t failed;
};

static enum bf_err recorder_open(struct watch_keep *k, const char *url, char **ret_message)
{
    static const char scheme[] = "sqlite:";
    char *journal = NULL;
    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || !url[sizeof scheme - 1]) {
        *ret_message = strdup("--store: write sqlite:PATH");
        return BF_EFORM;
    }
    if (asprintf(&journal, "%s.journal", url + sizeof scheme - 1) < 0)
        return BF_ENOMEM;
    const struct recorder_options options = {
        .journal_dir = journal, .db_url = url, .durability = RECORD_RELAXED, .keep_days = KEEP_DAYS
    };
    const enum bf_err err = recorder_create(&options, &k->recorder, ret_message);
    free(journal);
    return err;
}

static enum bf_err hep_open(struct watch_keep *k, const char *text, char **ret_message)
{
    struct hep_options o = { .tcp = strncmp(text, "tcp:", 4) == 0,
                             .agent = HEP_AGENT,
                             .messages = HEP_SHOWN };
    struct fault fault;
    if ((o.tcp || strncmp(text, "udp:", 4) == 0) &&
        addr_read(span_of(text + 4), &o.to, &o.to_n, &fault) == BF_OK)
        return hep_sender_create(&o, &k->hep);
    *ret_message = strdup("--hep: write udp:192.0.2.7:9060 or tcp:192.0.2.7:9060");
    return BF_EFORM;
}

enum bf_err watch_keep_open(const char *url, const char *hep, struct watch_keep **ret, char **ret_message)
{
    struct watch_keep *k = calloc(1, sizeof *k);
    if (!k)
        return BF_ENOMEM;
    gethostname(k->node, sizeof k->node - 1);
    enum bf_err err = url ? recorder_open(k, url, ret_message) : BF_OK;
    if (!err && hep)
        err = hep_open(k, hep, ret_message);
    if (err)
        watch_keep_close(k);
    else
        *ret = k;
    return err;
}

void watch_keep_close(struct watch_keep *k)
{
    if (!k)
        return;
    recorder_destroy(k->recorder);
    hep_sender_destroy(k->hep);
    free(k);
}

/* The same call in a capture that is read again is the same record. */
static void set_key(const struct watch_heard *h, struct record *ret)
{
    uint8_t sum[SHA256_BYTES];
    const struct {
        int64_t utc;
        int64_t ms;
    } at = { h->at.utc, h->at.ms };
    const struct span parts[] = { span_make(&at, sizeof at), h->request->bytes };
    if (sha256_many(desk_sha256(h->seat->desk), parts, ARRAY_SIZE(parts), sum) == BF_OK)
        memcpy(ret->key, sum, sizeof ret->key);
}

void watch_keep_call(struct watch_keep *k, const struct watch_heard *h)
{
    char peer[64];
    struct record r = { .at = h->at, .node = span_of(k->node) };
    const struct answer_id id = answer_id_make(h->at);
    answer_id_text(&id, r.id);
    set_key(h, &r);
    r.source_peer = span_of(addr_text((const struct sockaddr *)&h->request->from, peer));
    r.transport = h->request->reliable ? SPAN("tcp") : SPAN("udp");
    record_of_call(h->call, h->message, &r);
    record_of_verdict(h->verdict, h->call, h->seat->arena, &r);
    k->failed += k->recorder && recorder_append(k->recorder, &r, 1) != BF_OK;
    if (k->hep)
        hep_sender_call(k->hep, &(struct hep_call){ .record = &r,
                                                    .from = (const struct sockaddr *)&h->request->from,
                                                    .to = (const struct sockaddr *)&h->request->to,
                                                    .tcp = h->request->reliable,
                                                    .message = h->request->bytes });
}

size_t watch_keep_failed(const struct watch_keep *k)
{
    return k->failed;
}
