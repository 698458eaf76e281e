/* SPDX-License-Identifier: Apache-2.0 */
/* What the control thread does once a second and when it is told to. */
#ifndef SERVE_CONTROL_H
#define SERVE_CONTROL_H

#include "serve/server.h"
#include "serve/watch.h"

/* Anchors, expiries, revocation: into server->gauges. */
void control_measure(struct server *s);
/* Are our own certificates revoked? Asked before a snapshot is published. */
void control_ask_lists(struct server *s, const struct snapshot *fresh);

/* Clock steps and the median of signed times. */
void control_watch(struct server *s, struct watch *watch);
/* Reads the configuration again; everything or nothing. */
void control_reload(struct server *s);

/* A lab domain beside real ones is refused unless trust.allow_lab. NULL: fine; else a sentence, to be freed. */
char *control_mixed_domains(const struct config *c);
/* The same of an engine that this CPU cannot run. */
char *control_engine_missing(const struct config *c);

#endif
