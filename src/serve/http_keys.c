/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>

#define ADDRESSES 16384u /* buckets: addresses share one by chance, so that nobody can fill a memory */
#define SECRET    1024u  /* bytes of a key, at most */

struct http_key {
    const char *name;
    uint8_t sha256[SHA256_BYTES];
    unsigned scopes; /* bits */
    mono_t interval, burst;
    _Atomic mono_t full_at;
};

struct http_keys {
    struct http_key *all;
    size_t n;
    mono_t interval, burst; /* of an address without a key; interval 0: any */
    _Atomic mono_t *addresses;
};

mono_t bucket_take(_Atomic mono_t *full_at, mono_t interval, mono_t burst, mono_t now)
{
    mono_t before = atomic_load_explicit(full_at, memory_order_relaxed), after;
    if (interval == 0)
        return 0;
    do {
        after = (before > now ? before : now) + interval;
        if (after - now > interval * burst)
            return after - now - interval * burst;
    } while (!atomic_compare_exchange_weak_explicit(full_at, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    return 0;
}

/* ---- reading ---- */

static enum bf_err say(char **ret_message, enum bf_err err, const struct config_http_key *row,
                       const char *what)
{
    if (asprintf(ret_message, "http.keys: %s: %s: %s", row->name, row->key_file ? row->key_file : "sha256",
                 what) < 0)
        *ret_message = NULL;
    return err;
}

static bool hex(struct span text, uint8_t out[static SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (text.n != 2 * SHA256_BYTES)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *d = strchr(digits, text.p[i] >= 'A' && text.p[i] <= 'F' ? text.p[i] + 32 : text.p[i]);
        if (!d || !text.p[i])
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (d - digits));
    }
    return true;
}

static enum bf_err read_file(const struct config_http_key *row, uint8_t out[static SHA256_BYTES],
                             char **ret_message)
{
    struct stat st;
    char text[SECRET];
    const int fd = open(row->key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return say(ret_message, BF_EIO, row, strerror(errno));
    const bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const bool private = regular && !(st.st_mode & 077);
    const ssize_t n = private ? read(fd, text, sizeof text) : -1;
    close(fd);
    if (!regular)
        return say(ret_message, BF_EIO, row, "no regular file");
    if (!private)
        return say(ret_message, BF_EDENIED, row, "others may read this key: chmod 600");
    const struct span key = span_trim(span_make(text, n > 0 ? (size_t)n : 0));
    if (key.n < 16 || n == sizeof text)
        return say(ret_message, BF_EFORM, row, "a key has from 16 to 1023 characters");
    const enum bf_err err = sha256_once(key, out);
    OPENSSL_cleanse(text, sizeof text);
    return err;
}

static enum bf_err read_row(const struct config_http_key *row, struct http_key *ret, char **ret_message)
{
    *ret = (struct http_key){ .name = row->name };
    for (size_t i = 0; i < row->n_scopes; i++)
        ret->scopes |= 1u << row->scopes[i];
    if (row->rate_per_s > 0) {
        ret->interval = MONO_S(1) / row->rate_per_s;
        ret->burst = row->burst > 0 ? row->burst : row->rate_per_s;
    }
    if (row->key_file)
        return read_file(row, ret->sha256, ret_message);
    return hex(span_of(row->sha256), ret->sha256)
               ? BF_OK
               : say(ret_message, BF_EFORM, row, "a SHA-256 is 64 hexadecimal digits");
}

enum bf_err http_keys_create(const struct config *config, struct http_keys **ret, char **ret_message)
{
    auto_(http_keys_destroy) struct http_keys *k = calloc(1, sizeof *k);
    *ret = NULL;
    if (!k)
        return BF_ENOMEM;
    if (config->http.n_keys == 0 && config->http.rate_per_s == 0)
        return BF_OK;
    k->all = calloc(config->http.n_keys + 1, sizeof *k->all);
    if (config->http.rate_per_s > 0) {
        k->interval = MONO_S(1) / config->http.rate_per_s;
        k->burst = config->http.rate_per_s;
        k->addresses = calloc(ADDRESSES, sizeof *k->addresses);
    }
    if (!k->all || (k->interval && !k->addresses))
        return BF_ENOMEM;
    for (; k->n < config->http.n_keys; k->n++) {
        const enum bf_err err = read_row(&config->http.keys[k->n], &k->all[k->n], ret_message);
        if (err)
            return err;
    }
    *ret = k, k = NULL;
    return BF_OK;
}

void http_keys_destroy(struct http_keys *k)
{
    if (!k)
        return;
    free((void *)(uintptr_t)k->addresses);
    free(k->all);
    free(k);
}

/* ---- judging ---- */

static struct http_access refuse(int status, const char *why)
{
    return (struct http_access){ .status = status, .why = why };
}

static struct http_access too_often(mono_t wait)
{
    struct http_access a = refuse(429, "too many requests: ask again after Retry-After seconds");
    a.retry_after = (unsigned)(wait / MONO_S(1)) + 1;
    return a;
}

static struct http_key *find(struct http_keys *k, struct span presented)
{
    uint8_t sum[SHA256_BYTES];
    struct http_key *found = NULL;
    if (sha256_once(presented, sum) != BF_OK)
        return NULL;
    for (size_t i = 0; i < k->n; i++)
        if (CRYPTO_memcmp(sum, k->all[i].sha256, sizeof sum) == 0)
            found = &k->all[i];
    return found;
}

static struct http_access judge_address(struct http_keys *k, uint64_t address, mono_t now)
{
    const mono_t wait =
        k->interval ? bucket_take(&k->addresses[address % ADDRESSES], k->interval, k->burst, now) : 0;
    return wait ? too_often(wait) : (struct http_access){ .status = 0 };
}

struct http_access http_keys_judge(struct http_keys *k, const struct http_asker *asker, enum http_scope scope,
                                   mono_t now)
{
    if (!k || scope == SCOPE_NONE)
        return (struct http_access){ .status = 0 };
    /* Guessing costs as much as asking: who has no good key is counted by address. */
    struct http_key *key = k->n && asker->keys == 1 ? find(k, asker->key) : NULL;
    if (!key) {
        const struct http_access a = judge_address(k, asker->address, now);
        if (a.status || k->n == 0)
            return a;
        return refuse(401, asker->keys > 1    ? "say the key once: Authorization: Bearer, or X-API-Key"
                           : asker->keys == 1 ? "this key is not known"
                                              : "a key is missing: Authorization: Bearer, or X-API-Key");
    }
    if (!(key->scopes & 1u << scope))
        return refuse(403, "this key is not for that: its row of http.keys says what it is for");
    const mono_t wait = bucket_take(&key->full_at, key->interval, key->burst, now);
    if (wait)
        return too_often(wait);
    return (struct http_access){ .name = key->name };
}
