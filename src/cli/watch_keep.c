/* SPDX-License-Identifier: Apache-2.0 */
/* Records of calls that came by: the same as a server's, so that `bonafide calls` shows them. They were answered by others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/cidr.h"
#include "cli/watch.h"
#include "record/judged.h"

struct watch_keep {
    struct recorder *recorder;
    char node[64];
    size_t failed;
};

enum bf_err watch_keep_open(const char *url, struct watch_keep **ret, char **ret_message)
{
    static const char scheme[] = "sqlite:";
    char *journal = NULL;
    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || !url[sizeof scheme - 1]) {
        *ret_message = strdup("--store: write sqlite:PATH");
        return BF_EFORM;
    }
    struct watch_keep *k = calloc(1, sizeof *k);
    if (!k || asprintf(&journal, "%s.journal", url + sizeof scheme - 1) < 0) {
        free(k);
        return BF_ENOMEM;
    }
    gethostname(k->node, sizeof k->node - 1);
    const struct recorder_options options = {
        .journal_dir = journal, .db_url = url, .durability = RECORD_RELAXED, .keep_days = 30
    };
    const enum bf_err err = recorder_create(&options, &k->recorder, ret_message);
    free(journal);
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
    k->failed += recorder_append(k->recorder, &r, 1) != BF_OK;
}

size_t watch_keep_failed(const struct watch_keep *k)
{
    return k->failed;
}
