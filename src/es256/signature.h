/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures in their two forms: r then s, 32 bytes each (JWS), and the DER that OpenSSL speaks. */
#ifndef ES256_SIGNATURE_H
#define ES256_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ES256_DER_MOST 72u

/* 1 <= r, s <= n-1 (PP-032, SEC-013). */
bool signature_in_range(const uint8_t rs[static 64]);

/* Bytes written. rs must be in range. */
size_t signature_to_der(const uint8_t rs[static 64], uint8_t out[static ES256_DER_MOST]);

/* Strict DER with r and s in range, nothing behind it; else false. */
bool signature_of_der(const uint8_t *der, size_t n, uint8_t out[static 64]);

#endif
