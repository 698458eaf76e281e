/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs tokens for tests that speak to a server: a line in, `key.pem x5u orig dest iat attest count`, so many tokens
 * out, a line each, every one with an origid of its own. Signed with a lab carrier's key, made at run time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/random.h"
#include "credential/key.h"
#include "token/token.h"

#define FIELDS 7u
#define LINE   4096u

/* The same key is asked for again and again. */
struct keyring {
    char path[1024];
    struct key *key;
};

static struct key *key_of(struct keyring *ring, const char *path)
{
    char *message = NULL;
    if (ring->key && strcmp(ring->path, path) == 0)
        return ring->key;
    key_destroy(ring->key);
    ring->key = NULL;
    snprintf(ring->path, sizeof ring->path, "%s", path);
    if (key_load(path, &ring->key, &message) != BF_OK)
        fprintf(stderr, "sign_tokens: %s\n", message ? message : path);
    free(message);
    return ring->key;
}

static bool put_token(struct key *key, char *const *f)
{
    char memory[LIMIT_IDENTITY_VALUE], text[BASE64URL_TEXT(64)], origid[UUID_TEXT + 1];
    struct buf b = BUF_ON(memory);
    uint8_t signature[64];
    const struct party dest = { .text = span_of(f[3]) };
    const struct token_claims claims = { .ppt = PPT_SHAKEN,
                                         .x5u = span_of(f[1]),
                                         .orig = { .text = span_of(f[2]) },
                                         .dest = &dest,
                                         .n_dest = 1,
                                         .iat = strtoll(f[4], NULL, 10),
                                         .attest = f[5][0],
                                         .origid = span_of(random_uuid(origid)) };
    if (token_write(&claims, &b, NULL) != BF_OK ||
        key_sign(key, buf_span(&b), signature, NULL, NULL) != BF_OK)
        return false;
    buf_char(&b, '.');
    buf_bytes(&b, text, base64url_encode(signature, sizeof signature, text));
    buf_char(&b, '\n');
    return buf_ok(&b) && fwrite(b.p, 1, b.n, stdout) == b.n;
}

static bool answer(struct keyring *ring, char *line)
{
    char *f[FIELDS], *rest = NULL;
    size_t n = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && n < FIELDS; word = strtok_r(NULL, " \n", &rest))
        f[n++] = word;
    struct key *key = n == FIELDS ? key_of(ring, f[0]) : NULL;
    for (long i = 0; key && i < strtol(f[6], NULL, 10); i++)
        if (!put_token(key, f))
            return false;
    return key && fflush(stdout) == 0;
}

int main(void)
{
    struct keyring ring = { "", NULL };
    char line[LINE];
    bool good = true;
    while (good && fgets(line, sizeof line, stdin))
        good = answer(&ring, line);
    key_destroy(ring.key);
    return good ? 0 : 1;
}
