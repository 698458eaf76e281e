/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <ftw.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/scratch.h"

bool scratch_create(const char *what, char out[static SCRATCH_PATH])
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(out, SCRATCH_PATH, "%s/bonafide-%s-XXXXXX", tmp && *tmp ? tmp : P_tmpdir, what);
    if (n > 0 && n < (int)SCRATCH_PATH && mkdtemp(out))
        return true;
    out[0] = '\0';
    return false;
}

static int entry_remove(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

void scratch_remove(const char *directory)
{
    if (directory[0])
        nftw(directory, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

bool scratch_write(const char *directory, const char *name, const char *text, char out[SCRATCH_PATH])
{
    char path[SCRATCH_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (n < 0 || n >= (int)sizeof path)
        return false;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    size_t size = strlen(text);
    bool good = write(fd, text, size) == (ssize_t)size;
    if (close(fd))
        good = false;
    if (out)
        memcpy(out, path, (size_t)n + 1);
    return good;
}

char *scratch_key_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem = NULL;
    if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long n = BIO_get_mem_data(bio, &data);
        pem = strndup(data, (size_t)n);
    }
    BIO_free(bio);
    return pem;
}
