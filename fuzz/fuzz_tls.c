/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the other side of a TLS connection may send before anybody knows who it is. The first byte says to whom: bit 0 to our client
 * or to our server, the others after how many turns of an honest handshake it cuts in. Whatever comes, nobody who has not
 * finished a handshake is heard, and every stream comes to an end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (64u << 10)
#define TURNS     16

static void must(bool good)
{
    if (!good)
        abort();
}

static void write_pair(const char *cert, const char *key)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    must(k && x);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 360000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"a.example", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, k);
    must(X509_sign(x, k, EVP_sha256()) > 0);
    FILE *f = fopen(cert, "w"), *g = fopen(key, "w");
    must(f && g && PEM_write_X509(f, x) == 1 && PEM_write_PrivateKey(g, k, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(f);
    fclose(g);
    X509_free(x);
    EVP_PKEY_free(k);
}

/* One of each for all inputs: they are not changed once made. */
static void make(struct tls_context **server, struct tls_context **client)
{
    char dir[512], cert[600], key[600], *message = NULL;
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/fuzz-tls-XXXXXX", tmp ? tmp : P_tmpdir);
    must(mkdtemp(dir) != NULL);
    snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    snprintf(key, sizeof key, "%s/key.pem", dir);
    umask(077);
    write_pair(cert, key);
    must(tls_server_create(
             &(struct tls_server_options){
                 .cert = cert, .key = key, .client_ca = cert, .clients = TLS_CLIENT_REQUIRED },
             server, &message) == BF_OK);
    must(tls_client_create(&(struct tls_client_options){ .ca = cert, .cert = cert, .key = key }, client,
                           &message) == BF_OK);
    unlink(cert);
    unlink(key);
    rmdir(dir);
}

/* What it is sent until it hangs up; nothing it says without a handshake is heard. */
static void end(struct tls_stream *s)
{
    char out[4096];
    size_t n = 0;
    enum tls_step step = TLS_DONE;
    for (size_t i = 0; i < INPUT_MAX && step == TLS_DONE; i++) {
        step = tls_stream_read(s, out, sizeof out, &n);
        must(step != TLS_DONE || tls_stream_shaken(s));
    }
    must(step == TLS_BROKEN || step == TLS_CLOSED);
    must(step != TLS_BROKEN || *tls_stream_why(s) || tls_stream_shaken(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_context *server, *client;
    int fd[2];
    struct tls_stream *one = NULL, *other = NULL;
    if (!server)
        make(&server, &client);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
    const bool to_client = data[0] & 1;
    must(tls_stream_create(to_client ? client : server, fd[0], to_client ? "a.example" : NULL, &one) ==
         BF_OK);
    must(tls_stream_create(to_client ? server : client, fd[1], to_client ? NULL : "a.example", &other) ==
         BF_OK);
    for (int i = (data[0] >> 1) % TURNS; i > 0; i--) {
        (void)tls_stream_shake(other);
        (void)tls_stream_shake(one);
    }
    (void)!send(fd[1], data + 1, size - 1, MSG_NOSIGNAL);
    shutdown(fd[1], SHUT_WR);
    end(one);
    tls_stream_destroy(one);
    tls_stream_destroy(other);
    close(fd[0]);
    close(fd[1]);
    return 0;
}
