/* SPDX-License-Identifier: Apache-2.0 */
/* An open table by path, at most half full. Rows that share a file share its key, and the contexts a thread keeps for it. */
#include "signing/keys.h"

#include <stdlib.h>

#include "base/digest.h"

struct entry {
    char *path; /* NULL: free */
    struct key *key;
};

struct sign_keys {
    struct hash_key hash;
    size_t mask;
    struct entry entries[];
};

enum bf_err sign_keys_create(size_t most, struct sign_keys **ret)
{
    size_t size = 2;
    while (size < most * 2)
        size *= 2;
    struct sign_keys *keys = calloc(1, sizeof *keys + size * sizeof keys->entries[0]);
    if (!keys)
        return BF_ENOMEM;
    keys->hash = hash_key_random();
    keys->mask = size - 1;
    *ret = keys;
    return BF_OK;
}

void sign_keys_destroy(struct sign_keys *keys)
{
    for (size_t i = 0; keys && i <= keys->mask; i++) {
        key_destroy(keys->entries[i].key);
        free(keys->entries[i].path);
    }
    free(keys);
}

enum bf_err sign_keys_load(struct sign_keys *keys, const char *path, const struct key **ret,
                           char **ret_message)
{
    size_t at = hash_bytes(keys->hash, span_of(path)) & keys->mask;
    while (keys->entries[at].path && strcmp(keys->entries[at].path, path) != 0)
        at = (at + 1) & keys->mask;
    struct entry *e = &keys->entries[at];
    if (!e->path) {
        char *copy = strdup(path);
        const enum bf_err err = copy ? key_load(path, &e->key, ret_message) : BF_ENOMEM;
        if (err != BF_OK) {
            free(copy);
            return err;
        }
        e->path = copy;
    }
    *ret = e->key;
    return BF_OK;
}
