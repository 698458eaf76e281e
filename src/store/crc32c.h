/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli), by the CPU where it can.                                    RFC 3720 section 12.1, appendix B.4 */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or the result for the bytes before these. Every change of up to 32 bits in a row is noticed. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
