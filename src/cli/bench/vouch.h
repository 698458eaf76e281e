/* SPDX-License-Identifier: Apache-2.0 */
/* A subject for meter_in_turns: Identity values made and signed. n is a multiple of 64. */
#ifndef CLI_BENCH_VOUCH_H
#define CLI_BENCH_VOUCH_H

#include <stdbool.h>
#include <stdint.h>

struct vouch;
struct vouch *vouch_create(const char *key_path); /* NULL, and a sentence on standard error */
void vouch_destroy(struct vouch *v);
bool vouch_run(void *arg, uint64_t n);

#endif
