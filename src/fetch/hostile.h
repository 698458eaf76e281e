/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a repository that behaves as badly as it is asked to, on loopback, over HTTP or TLS. What it does is in
 * the path of the request (hostile.c has the table); a thread a connection.
 */
#ifndef FETCH_HOSTILE_H
#define FETCH_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hostile;

/* What its TLS certificate says; HOSTILE_PLAIN: no TLS at all. All are made at run time. */
enum hostile_tls { HOSTILE_PLAIN, HOSTILE_GOOD, HOSTILE_EXPIRED, HOSTILE_SELF_SIGNED };

/* name: the DNS name the certificate is for. NULL when it cannot be made. */
struct hostile *hostile_create(enum hostile_tls tls, const char *name);
void hostile_destroy(struct hostile *h);

uint16_t hostile_port(const struct hostile *h);
const char *
hostile_ca_file(const struct hostile *h); /* PEM of the authority that signed the good and the expired one */

unsigned hostile_connections(const struct hostile *h);
unsigned hostile_requests(const struct hostile *h);

/* Returns once so many requests have been read. */
void hostile_await(struct hostile *h, unsigned requests);

/* Lets those go on that asked for /hold…, now and later. */
void hostile_release(struct hostile *h);

/* The header of the last request, NUL-terminated. Not while one is on its way. */
const char *hostile_last(const struct hostile *h);

#endif
