/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by the CPU's own instructions (x86 SHA extensions): the rounds alone, for digest.c.       FIPS 180-4 section 6.2
 * OpenSSL uses the same instructions; what is saved is its set-up, which for the few hundred bytes of a token costs as
 * much as the rounds.
 */
#ifndef BASE_SHA256_CPU_H
#define BASE_SHA256_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* This CPU has them, and the build knows them. Asked once: it is slow. */
bool sha256_cpu_can(void);

/* Takes n blocks of 64 bytes into the state, eight words in the order of the standard. Only where sha256_cpu_can. */
void sha256_cpu_blocks(uint32_t state[static 8], const uint8_t *bytes, size_t n);

#endif
