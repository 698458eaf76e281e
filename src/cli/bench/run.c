/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/run.h"

bool run_stopped(void *unused)
{
    sigset_t pending;
    (void)unused;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

mono_t run_left(const struct bench_run *r)
{
    return r->deadline - clock_now(&clock_system).mono;
}

bool run_over(const struct bench_run *r)
{
    return run_left(r) <= 0 || run_stopped(NULL);
}

#define STEPS 8u

void run_step(struct bench_run *r)
{
    progress_step(&r->progress, ++r->step, STEPS);
}

bool run_calls(struct bench_run *r, bool signed_, size_t n, struct made_calls *ret)
{
    const uint64_t first = r->next_number;
    r->next_number += n;
    return calls_make(signed_ ? &r->lab->carriers : NULL, first, n, 2, ret);
}

bool run_pool(enum es256_choice engine, bool tables, struct es256_pool **ret)
{
    const struct es256_pool_options options = {
        .engine = engine, .tables_bytes = tables ? ES256_TABLES_BYTES : 0, .busy = 1, .audit = ES256_AUDIT
    };
    return es256_pool_create(&options, ret) == BF_OK ||
           command_fail("bench", false, "the engine cannot be set up.");
}
