/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we know, while the server runs: a thread of its own reads the address book from the store, looks each second whether it
 * changed, and publishes it by the epoch. It also learns: habits from the records of genuine calls, which expected call
 * came and which did not. Workers take no lock and allocate nothing for it; where nobody is known it costs a look at a pointer.
 */
#ifndef SERVE_KNOWING_H
#define SERVE_KNOWING_H

#include "serve/server.h"

struct knowing;

/* url: of the store; NULL or "": nobody is known. Reads what is there, so that the first call is judged as all are. */
enum bf_err knowing_create(struct server *server, const char *url, struct knowing **ret) must_use;
enum bf_err knowing_start(struct knowing *k) must_use;
void knowing_stop(struct knowing *k); /* returns when its thread has ended */
void knowing_destroy(struct knowing *k);

struct knowing_counts {
    uint64_t people, met, missed, lessons;
    bool failed; /* the book could not be read the last time */
};
struct knowing_counts knowing_counts(const struct knowing *k); /* k may be NULL */

AUTO_DEFINE(struct knowing, knowing_destroy);

#endif
