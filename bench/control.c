/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/bench/stage.h"

enum control { GOOD, FLIPPED, STRANGER, STOLEN };
static const char *const control_names[CONTROLS] = { "a signed call", "a flipped bit of its signature",
                                                     "a chain to another root", "the token of another call" };

/* The status of the final answer; 0: none within two seconds. *ret_passed: it says that the number is proven. */
static int ask(const struct sockaddr_in *to, const struct made_call *call, bool *ret_passed)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int status = 0;
    *ret_passed = false;
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 && send(fd, call->p, call->invite, 0) > 0)
        while (status < 200 && poll(&wait, 1, 2000) == 1) {
            char answer[8192];
            const ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
            answer[n > 0 ? n : 0] = '\0';
            status = strncmp(answer, "SIP/2.0 ", 8) == 0 ? atoi(answer + 8) : 0;
            *ret_passed = strstr(answer, STAGE_PASSED) != NULL;
        }
    close(fd);
    return status;
}

/* The first letter of the signature: its six bits are r's. */
static bool flip(struct made_call *call)
{
    char *at = memmem(call->p, call->invite, "\r\nIdentity: ", 12), *const end = call->p + call->invite;
    for (unsigned dots = 0; at && dots < 2; dots++)
        at = memchr(at + 1, '.', (size_t)(end - at - 1));
    if (at)
        at[1] = at[1] == 'A' ? 'B' : 'A';
    return at != NULL;
}

/* Another caller than the one it was signed for, wherever it stands. */
static bool steal(struct made_call *call)
{
    static const char caller[] = "<sip:+1215";
    unsigned found = 0;
    char *at = call->p, *const end = call->p + call->invite;
    while ((at = memmem(at, (size_t)(end - at), caller, sizeof caller - 1))) {
        at += sizeof caller - 1;
        if (memcmp(at, &MADE_CALLED[4], 7) != 0) {
            *at = *at == '9' ? '8' : '9';
            found++;
        }
    }
    return found > 0;
}

static bool control_call(const struct controlled *c, enum control which, uint64_t number,
                         struct made_calls *ret)
{
    if (!calls_make(which == STRANGER ? c->stranger : c->carriers, number, 1, 1, ret))
        return false;
    if ((which != FLIPPED || flip(&ret->all[0])) && (which != STOLEN || steal(&ret->all[0])))
        return true;
    calls_free(ret);
    return false;
}

/* A line for each, of TAP or of the report; true when all are as they should be. */
bool control(const struct controlled *c, uint64_t *number, bool tap)
{
    bool all = true;
    for (unsigned i = 0; i < CONTROLS * SIDES; i++) {
        const enum control which = i / SIDES;
        const struct side *side = &c->sides[i % SIDES];
        struct made_calls call = { 0 };
        bool proven = false;
        const int status =
            control_call(c, which, (*number)++, &call) ? ask(&side->at, &call.all[0], &proven) : 0;
        const bool good = which == GOOD ? status == 302 && proven : status >= 400 && status < 500 && !proven;
        if (tap)
            printf("%sok %u - ", good ? "" : "not ", i + 1);
        printf("%s %s %s: %d%s\n", side->name, which == GOOD ? "believes" : "refuses", control_names[which],
               status, good || tap ? "" : "  WRONG, nothing is measured");
        fflush(stdout);
        calls_free(&call);
        all = all && good;
    }
    return all;
}
