/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's room for callbacks: made of `callback.*`, its requests through sip.next_hop, numbers written as that wants them.
 * Whoever starts one (the desk's page) takes the number from the address book, and asks server->calling_back.callback, which is
 * NULL where callback.mode is off.
 */
#ifndef SERVE_CALLING_BACK_H
#define SERVE_CALLING_BACK_H

#include "callback/callback.h"
#include "serve/config.h"

struct server;

/* What stays as it was at the start, also over a reload. */
struct calling_back {
    struct callback *callback;
    struct config_format formats[32]; /* how the next hops write numbers */
    size_t n;
};

/* BF_OK and nothing made where it is off. *ret_message: a sentence, to be freed. */
enum bf_err calling_back_create(struct server *s, const struct config *c, char **ret_message) must_use;
void calling_back_destroy(struct server *s);

#endif
