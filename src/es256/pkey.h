/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: is it a key that ES256 may use? */
#ifndef ES256_PKEY_H
#define ES256_PKEY_H

#include <stdbool.h>
#include <openssl/evp.h>

/* On the named curve P-256; parameters that are spelled out are not it (SEC-015). */
bool pkey_is_p256(EVP_PKEY *pkey);

#endif
