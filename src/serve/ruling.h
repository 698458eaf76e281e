/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule decides a call: those of the file, which the snapshot holds, then those of the desk, which a thread of their own
 * reads from the store each second and publishes by the epoch. Workers take no lock and allocate nothing for it; without
 * rules it costs two looks at pointers that nobody writes.
 */
#ifndef SERVE_RULING_H
#define SERVE_RULING_H

#include "serve/worker.h"

struct ruling;

/* url: of the store; NULL: only the file's. Reads what is there already, so that the first call is ruled as all are. */
enum bf_err ruling_create(struct server *server, const char *url, struct ruling **ret) must_use;
enum bf_err ruling_start(struct ruling *r) must_use;
void ruling_stop(struct ruling *r); /* returns when its thread has ended */
void ruling_destroy(struct ruling *r);

/* Of a lane whose decision and verdict are made: into its decision, and into lane->ruled for the record. */
void ruling_decide(struct worker *w, struct lane *lane);
/* What the record says of it. */
void ruling_record(const struct lane *lane, struct record *ret);

AUTO_DEFINE(struct ruling, ruling_destroy);

#endif
