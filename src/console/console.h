/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk's side of the server: a web page, its log-in, and the JSON that it lives on.              docs/desk.md
 *
 * A daemon of its own on threads of its own, so that nothing a browser asks can hold up a call. It reads the records that are
 * indexed and the address book, and writes users, sessions, feedback and what was changed by whom to the same store.
 * Nothing of it judges a call.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/log.h"
#include "callback/callback.h"
#include "record/record.h"
#include "trust/anchors.h"

struct console;

/* Texts are copied. */
struct console_options {
    struct sockaddr_storage addr;
    const char *url;           /* of the store */
    const char *assets;        /* directory of the page; "" or NULL: what was compiled in */
    const char *cert, *key;    /* PEM files; "" or NULL: no TLS */
    bool masked;               /* numbers are masked for role `desk`, too; for `read` they always are */
    struct callback *callback; /* NULL: nobody is called back; outlives the console */
    struct recorder
        *recorder; /* NULL: nothing is recorded, and nobody can be forgotten; outlives the console */
    /* Where certificates of signers stand, and the anchors they lead to, to show a call's chain. "" or NULL: not there. */
    const char *certs_dir, *cache_dir;
    const struct trust_domain_options *domains;
    size_t n_domains;
    struct log *log;
};

/* Its threads run when it returns. *ret_message: a sentence, to be freed. BF_EIO: it cannot listen; BF_EFORM, BF_ENOMEM. */
enum bf_err console_create(const struct console_options *options, struct console **ret, char **ret_message)
    must_use;
/* A certificate that our own calls are signed with. */
struct console_certificate {
    const char *name, *x5u; /* of the row or customer */
    utc_t not_after;        /* INT64_MAX: not known */
    const char *state;      /* "good", "month", "week", "day", "ended", "revoked" */
};
/* All there are, in place of those before; copied. From any thread. */
void console_certificates(struct console *c, const struct console_certificate *list, size_t n);

uint16_t console_port(const struct console *c);
/*
 * The link that makes the first user, once: `http://localhost:8081/desk/#first=...`; without the secret where there are users.
 * From any thread.
 */
#define CONSOLE_LINK 128u
void console_link(struct console *c, char out[static CONSOLE_LINK]);
void console_destroy(struct console *c);

AUTO_DEFINE(struct console, console_destroy);

#endif
