/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One callback for the tests beside it: `drive_callback NAME=VALUE…`; a line for every state on standard output, `cancel` on
 * standard input.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cidr.h"
#include "callback/callback.h"

static const char *value(int argc, char **argv, const char *name, const char *fallback)
{
    const size_t n = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
            return argv[i] + n + 1;
    return fallback;
}

static bool where(void *arg, struct callback_target *ret)
{
    const struct callback_target *target = arg;
    *ret = *target;
    return true;
}

/* As a next hop would have it that dials abroad with 00. */
static void written(void *arg, const char *number, struct buf *out)
{
    (void)arg;
    buf_text(out, "00");
    buf_text(out, number + 1);
}

/* Ends the program with the callback: whatever the thread has to say afterwards goes out while standard input is open. */
static void heard(void *arg, const struct callback_state *s)
{
    (void)arg;
    printf("%s|%d|%d|%s|%s\n", callback_step_words[s->step], s->connected, s->sip_status,
           callback_reached_words[s->reached], s->why);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = { "3pcc", "refer", "url" }, *const transports[] = { "udp", "tcp",
                                                                                           "tls" };
    struct callback_target target = { .n = 0 };
    auto_(callback_destroy) struct callback *c = NULL;
    struct callback_options options = { .from = value(argc, argv, "from", "sip:desk@127.0.0.1"),
                                        .user = value(argc, argv, "user", ""),
                                        .password = value(argc, argv, "password", ""),
                                        .url = value(argc, argv, "url", ""),
                                        .ring_s = atoi(value(argc, argv, "ring", "20")),
                                        .limit_s = atoi(value(argc, argv, "limit", "60")),
                                        .where = where,
                                        .arg = &target };
    const struct callback_request request = { .desk = value(argc, argv, "desk", "201"),
                                              .number = value(argc, argv, "number", "+12155550131"),
                                              .name = value(argc, argv, "name", "Alice"),
                                              .call = "42" };
    char *message = NULL, line[64];
    const char *why = "";
    int64_t id = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value(argc, argv, "mode", "3pcc"), modes[i]) == 0)
            options.mode = i;
        if (strcmp(value(argc, argv, "transport", "udp"), transports[i]) == 0)
            target.transport = i;
    }
    if (value(argc, argv, "dial", NULL))
        options.written = written;
    snprintf(target.name, sizeof target.name, "%s", value(argc, argv, "host", "127.0.0.1"));
    if (addr_read(span_of(value(argc, argv, "hop", "127.0.0.1:5060")), &target.addr, &target.n, NULL) !=
        BF_OK)
        return 2;
    const struct tls_client_options tls = { .ca = value(argc, argv, "ca", "") };
    if (target.transport == CALLBACK_TLS && tls_client_create(&tls, &options.tls, &message) != BF_OK)
        return 2;
    if (callback_create(&options, &c, &message) != BF_OK) {
        printf("refused|%s\n", message ? message : "");
        free(message);
        return 1;
    }
    callback_hears(c, heard, NULL);
    if (callback_start(c, &request, &id, &why) != BF_OK) {
        printf("refused|%s\n", why);
        return 1;
    }
    while (fgets(line, sizeof line, stdin))
        if (strcmp(line, "cancel\n") == 0 && callback_cancel(c, id) != BF_OK)
            printf("refused|there is nothing to cancel\n");
    return 0;
}
