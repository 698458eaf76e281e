/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: doors (UDP, TCP, HTTP), workers, and everything a call needs to become an answer.
 *                                                                    design.md "Many at a time", "A call never waits", "Spread"
 *
 * A server is made whole or not at all: server_create reads keys and anchors, opens the record and binds every
 * socket, so that ports are known (0 asks for a free one) before the first call is answered. It installs no signal
 * handler, never exits the process and writes nothing but its log: the command (cli/serve.c) and the demo do that.
 *
 *     auto_(server_destroy) struct server *s = NULL;
 *     if (server_create(config, &(struct server_options){ .log = log }, &s, &message) == BF_OK)
 *         return server_run(s);            // until server_stop(s) from another thread
 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/log.h"
#include "serve/config.h"

struct server;

struct server_options {
    const char
        *config_path; /* what server_reload reads again; NULL: there is no file, a reload changes nothing */
    const struct clock_source *clock; /* NULL: clock_system */
    struct log *log;                  /* borrowed; NULL: silence */
    bool notify;                      /* speak to systemd (NOTIFY_SOCKET, WATCHDOG_USEC) */
};

/*
 * config    taken over, also on error
 * BF_OK, or *ret_message: a sentence that names what is wrong and what to do, to be freed.
 */
enum bf_err server_create(struct config *config, const struct server_options *options, struct server **ret,
                          char **ret_message) must_use;

/*
 * Could a server be made of it? Reads anchors and keys, opens no port and no record. config is taken over. Errors as above.
 */
enum bf_err server_check(struct config *config, char **ret_message) must_use;

/* Frees everything. Not while server_run runs. */
void server_destroy(struct server *s);

/*
 * Starts the threads, answers calls, and returns after server_stop once every call under way is answered and the record
 * is in its index (at most 10 s). BF_OK, or why a thread could not be started. Once per server.
 */
enum bf_err server_run(struct server *s) must_use;

/* From any thread, never blocks, any number of times: no new connection, OPTIONS 503, the rest is answered, server_run returns. */
void server_stop(struct server *s);

/*
 * From any thread, never blocks: reads the file again and swaps the snapshot. An invalid file changes nothing, raises
 * bonafide_reload_failed in /metrics and an alarm line; options marked `restart` keep their value and are named.
 */
void server_reload(struct server *s);

/* Where it listens; known as soon as it is created. */
enum server_door { DOOR_UDP, DOOR_TCP, DOOR_HTTP, DOOR_PUBLIC };
struct server_address {
    enum server_door door;
    enum listener_role role;      /* UDP and TCP */
    bool secure;                  /* TCP: TLS on it */
    struct sockaddr_storage addr; /* with the port it got */
    socklen_t addr_n;
    char text[80]; /* `udp:127.0.0.1:5060`, `http://127.0.0.1:8080` */
};
/* Writes at most `max` of them; returns how many there are. */
size_t server_addresses(const struct server *s, struct server_address *out, size_t max);

/* The desk's link (console.h), with what makes its first user; false: there is no desk. */
#define SERVER_DESK_LINK 128u
bool server_desk_link(const struct server *s, char out[static SERVER_DESK_LINK]);
/* Who calls people back; NULL: nobody (callback.mode). Lives as long as the server. */
struct callback;
struct callback *server_callback(const struct server *s);

/*
 * Before server_run: the lines of a start: where it listens, anchors, first expiry, age of the CRL, lab settings said
 * loudly (LOG_WARN). To `say`, or to the log when it is NULL.
 */
typedef void server_say(void *arg, enum log_level level, const char *line);
void server_introduce(const struct server *s, server_say *say, void *arg);

AUTO_DEFINE(struct server, server_destroy);

#endif
