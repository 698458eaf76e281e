/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key in this process's memory. The PEM text is wiped once it is read, OpenSSL wipes the number itself when the key
 * goes; nothing here prints either. A file that others may read is refused: whoever copied it can sign in our name.
 */
#include "credential/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define PEM_MOST 16384u /* a P-256 key takes 250 bytes; comments and certificates may stand beside it */

struct key {
    EVP_PKEY *pkey;
    struct es256_key *public;
};

/* Keys with a passphrase are not asked for one: a server has nobody to ask. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)writing, (void)arg;
    if (size > 0)
        out[0] = '\0';
    return -1;
}

static EVP_PKEY *parse(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

/* A private number that does not belong to its public point would make signatures nobody can verify. */
static bool halves_belong_together(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    const bool ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

enum bf_err key_read(struct span pem, struct key **ret, struct fault *fault)
{
    auto_(key_destroy) struct key *key = calloc(1, sizeof *key);
    if (!key)
        return BF_ENOMEM;
    if (pem.n > PEM_MOST)
        return fault_at(fault, BF_EFORM, PEM_MOST, "too large for a private key");
    key->pkey = parse(pem);
    if (!key->pkey)
        return fault_at(fault, BF_EFORM, 0, "no private key in PEM without a passphrase");
    const enum bf_err err = es256_key_create(key->pkey, &key->public);
    if (err != BF_OK)
        return err == BF_EUNSUP ? fault_at(fault, err, 0, "the key is not on the named curve P-256") : err;
    if (!halves_belong_together(key->pkey))
        return fault_at(fault, BF_EFORM, 0, "the private and the public half do not belong together");
    *ret = key;
    key = NULL;
    return BF_OK;
}

static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...) printf_(3, 4);
static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

static enum bf_err check_file(int fd, const char *path, char **ret_message)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return told(BF_EIO, ret_message, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return told(BF_EIO, ret_message, "%s: no regular file", path);
    if (st.st_mode & 077)
        return told(BF_EDENIED, ret_message, "%s: others may read this key (mode %04o): chmod 600 %s", path,
                    (unsigned)(st.st_mode & 07777), path);
    return BF_OK;
}

static enum bf_err read_all(int fd, const char *path, char *out, size_t size, size_t *ret_n,
                            char **ret_message)
{
    size_t n = 0;
    for (;;) {
        const ssize_t got = read(fd, out + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return told(BF_EIO, ret_message, "%s: %s", path, strerror(errno));
        if (got == 0)
            break;
        n += (size_t)got;
        if (n == size)
            return told(BF_EFORM, ret_message, "%s: too large for a private key", path);
    }
    *ret_n = n;
    return BF_OK;
}

static enum bf_err load(int fd, const char *path, struct key **ret, char **ret_message)
{
    char pem[PEM_MOST + 1];
    struct fault fault = { 0, "out of memory" };
    size_t n = 0;
    enum bf_err err = check_file(fd, path, ret_message);
    if (err == BF_OK)
        err = read_all(fd, path, pem, sizeof pem, &n, ret_message);
    if (err == BF_OK && (err = key_read(span_make(pem, n), ret, &fault)) != BF_OK)
        told(err, ret_message, "%s: %s", path, fault.what);
    OPENSSL_cleanse(pem, sizeof pem);
    return err;
}

enum bf_err key_load(const char *path, struct key **ret, char **ret_message)
{
    *ret_message = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (fd < 0)
        return told(BF_EIO, ret_message, "%s: %s", path, strerror(errno));
    const enum bf_err err = load(fd, path, ret, ret_message);
    close(fd);
    return err;
}

void key_destroy(struct key *key)
{
    if (!key)
        return;
    es256_key_destroy(key->public);
    EVP_PKEY_free(key->pkey);
    free(key);
}

enum bf_err key_sign(struct key *key, struct span message, uint8_t out[static 64], key_done *done, void *arg)
{
    (void)done, (void)arg; /* the answer is here at once */
    return es256_sign(key->pkey, message, out);
}

void key_sign_many(struct es256_signer *signer, struct key_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        jobs[i].result = es256_sign_digest(signer, jobs[i].key->pkey, jobs[i].digest, jobs[i].signature);
}

const struct es256_key *key_public(const struct key *key)
{
    return key->public;
}
