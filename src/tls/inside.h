/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room. */
#ifndef TLS_INSIDE_H
#define TLS_INSIDE_H

#include <stdatomic.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "tls/tls.h"

struct tls_context_name {
    char *name;
    SSL_CTX *ctx;
};

struct tls_context {
    _Atomic unsigned holders; /* the owner, and its streams: SNI looks into it during a handshake */
    BIO_METHOD *socket;       /* as OpenSSL's, but that a peer who has hung up is no signal */
    SSL_CTX *ctx;
    struct tls_context_name *names;
    size_t n_names;
    bool client, insecure;
};

BIO_METHOD *tls_socket(void); /* NULL: no memory */

#endif
