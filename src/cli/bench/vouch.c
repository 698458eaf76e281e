/* SPDX-License-Identifier: Apache-2.0 */
/* Identity values in memory, as a signing listener makes them: the row is found, the token written and signed, 64 at a time. */
#include <stdlib.h>
#include <string.h>

#include "cli/bench/run.h"
#include "cli/bench/vouch.h"
#include "signing/signing.h"

#define BATCH 64u

struct vouch {
    struct signing *signing;
    struct signing_desk *desk;
    struct call calls[BATCH];
};

bool vouch_run(void *arg, uint64_t n)
{
    struct vouch *v = arg;
    struct signed_call what[BATCH];
    struct sign_job jobs[BATCH];
    for (uint64_t done = 0; done < n; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            jobs[i] = (struct sign_job){ .call = &v->calls[i], .ret = &what[i] };
        signing_sign_many(v->signing, v->desk, jobs, BATCH);
        for (size_t i = 0; i < BATCH; i++) {
            char memory[LIMIT_IDENTITY_VALUE];
            struct buf out = BUF_ON(memory);
            if (jobs[i].refusal != SIGN_OK ||
                signing_identity(v->signing, jobs[i].call, &what[i], &out) != BF_OK)
                return false;
        }
    }
    return true;
}

static bool calls_fill(struct vouch *v)
{
    socklen_t n;
    struct call call = { .arrival = clock_now(&clock_system), .has_caller = true, .has_called = true };
    if (addr_read(SPAN("127.0.0.1:5060"), &call.peer.addr, &n, NULL) != BF_OK)
        return false;
    call.called = (struct number){ .digits = MADE_CALLED, .n = sizeof MADE_CALLED - 1 };
    for (size_t i = 0; i < BATCH; i++) {
        char digits[16];
        call.caller.n = (uint8_t)snprintf(digits, sizeof digits, "1215555%04zu", i);
        memcpy(call.caller.digits, digits, call.caller.n);
        v->calls[i] = call;
    }
    return true;
}

static bool row_make(struct vouch *v, const char *key_path)
{
    char *message = NULL;
    struct number_range numbers;
    struct cidr customers;
    const struct sign_row_options row = { .numbers = &numbers,
                                          .n_numbers = 1,
                                          .attest = 'A',
                                          .customers = &customers,
                                          .n_customers = 1,
                                          .key_path = key_path,
                                          .x5u = STAGE_URL "0001.pem" };
    const bool good = number_range_read(SPAN("+1215"), &numbers, NULL) == BF_OK &&
                      cidr_read(SPAN("127.0.0.0/8"), &customers, NULL) == BF_OK &&
                      signing_create(&row, 1, &v->signing, &message) == BF_OK;
    if (message)
        command_fail("bench", 0, "%s", message);
    free(message);
    return good;
}

struct vouch *vouch_create(const char *key_path)
{
    struct vouch *v = calloc(1, sizeof *v);
    if (v && row_make(v, key_path) && signing_desk_create(&v->desk) == BF_OK && calls_fill(v))
        return v;
    vouch_destroy(v);
    return NULL;
}

void vouch_destroy(struct vouch *v)
{
    if (!v)
        return;
    signing_desk_destroy(v->desk);
    signing_destroy(v->signing);
    free(v);
}
