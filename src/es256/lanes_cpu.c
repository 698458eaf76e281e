/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled for any CPU, unlike its neighbours. */
#include "es256/lanes.h"

#if defined(BF_LANES)

bool lanes_supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("bmi2");
}

#else

/* No other architecture has eight 64-bit lanes with a 52-bit multiplier: nothing calls these. */
bool lanes_supported(void)
{
    return false;
}

enum bf_err lanes_table_build(const uint8_t point[static 64], void *ret_table)
{
    (void)point, (void)ret_table;
    return BF_EUNSUP;
}

enum bf_err lanes_generator_build(void *ret_table)
{
    (void)ret_table;
    return BF_EUNSUP;
}

enum bf_err lanes_create(const void *generator, struct lanes **ret)
{
    (void)generator, (void)ret;
    return BF_EUNSUP;
}

void lanes_destroy(struct lanes *l)
{
    (void)l;
}

void lanes_verify(struct lanes *l, struct lanes_job *jobs, size_t n)
{
    (void)l;
    for (size_t i = 0; i < n; i++)
        jobs[i].holds = false;
}

#endif
