/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: the keys of all rows, each file read once, however many rows name it. */
#ifndef SIGNING_KEYS_H
#define SIGNING_KEYS_H

#include "credential/key.h"

struct sign_keys;

/* most: how many files there will be at most. BF_ENOMEM. */
enum bf_err sign_keys_create(size_t most, struct sign_keys **ret) must_use;
void sign_keys_destroy(struct sign_keys *keys); /* and all keys in it */

/* The key in that file; lives as long as `keys`. As key_load. */
enum bf_err sign_keys_load(struct sign_keys *keys, const char *path, const struct key **ret,
                           char **ret_message) must_use;

#endif
