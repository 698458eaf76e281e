/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phone system is asked over HTTP to connect the two; whatever 2xx it answers, it has taken it up.
 * The request is waited for by a thread of its own, which lays the answer into the talk's mail and wakes the room's thread.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "callback/talk.h"
#include "fetch/exchange.h"

#define PATIENCE_MS 5000u

struct mail {
    const struct talk_house *house;
    char url[2 * LIMIT_URI];
    pthread_t thread;
    int status;
    char why[CALLBACK_TEXT];
    _Atomic bool come;
};

/* ---- the URL ---- */

static void put_escaped(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c)) {
            buf_char(out, (char)c);
            continue;
        }
        buf_char(out, '%');
        buf_char(out, hex[c >> 4]);
        buf_char(out, hex[c & 15]);
    }
}

static const char *value_of(struct span name, const struct callback_state *s)
{
    const struct {
        struct span name;
        const char *value;
    } values[] = { { SPAN("desk"), s->desk },
                   { SPAN("number"), s->number },
                   { SPAN("name"), s->name },
                   { SPAN("call"), s->call } };
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        if (span_equal(name, values[i].name))
            return values[i].value;
    return NULL;
}

bool url_fill(const char *url, const struct callback_state *state, struct buf *out)
{
    struct span rest = span_of(url);
    while (rest.n) {
        const size_t n = span_find(rest, '{');
        buf_span_put(out, span_first(rest, n));
        rest = span_from(rest, n);
        if (rest.n == 0)
            break;
        const size_t end = span_find(rest, '}');
        const char *value = end < rest.n ? value_of(span_make(rest.p + 1, end - 1), state) : NULL;
        if (!value)
            return false;
        put_escaped(out, value);
        rest = span_from(rest, end + 1);
    }
    return buf_ok(out);
}

/* ---- asking ---- */

static void *ask(void *arg)
{
    struct mail *mail = arg;
    struct exchange_answer answer;
    const uint64_t one = 1;
    const char *user = mail->house->user;
    const struct exchange exchange = { .method = "GET",
                                       .url = mail->url,
                                       .user = *user ? user : NULL,
                                       .password = mail->house->password,
                                       .total_ms = PATIENCE_MS,
                                       .max_bytes = LIMIT_HTTP_BODY };
    const enum bf_err err = exchange_run(&exchange, &answer);
    mail->status = err ? 0 : answer.status;
    if (err)
        snprintf(mail->why, sizeof mail->why, "The phone system was not reached: %.80s.",
                 answer.why[0] ? answer.why : bf_err_text(err));
    else
        snprintf(mail->why, sizeof mail->why, "The phone system did not take it up: it answered %d.",
                 answer.status);
    exchange_clear(&answer);
    atomic_store(&mail->come, true);
    (void)!write(mail->house->wake, &one, sizeof one);
    return NULL;
}

static void begin(struct talk *t, mono_t now)
{
    struct mail *mail = calloc(1, sizeof *mail);
    struct buf url = mail ? buf_on(mail->url, sizeof mail->url - 1) : buf_on(NULL, 0);
    (void)now;
    talk_step(t, CALLBACK_DESK_RINGS, "The phone system is asked to connect the two.");
    if (mail && url_fill(t->house->url, &t->state, &url)) {
        mail->house = t->house;
        if (pthread_create(&mail->thread, NULL, ask, mail) == 0) {
            t->mail = mail;
            return;
        }
    }
    free(mail);
    talk_finish_with(t, 0,
                     "The phone system cannot be asked: the URL is too long, or there is no memory left.");
}

void url_forget(struct talk *t)
{
    struct mail *mail = t->mail;
    if (!mail)
        return;
    pthread_join(mail->thread, NULL);
    free(mail);
    t->mail = NULL;
}

static void turn(struct talk *t, mono_t now)
{
    struct mail *mail = t->mail;
    (void)now;
    if (!mail || !atomic_load(&mail->come))
        return;
    const bool taken = mail->status >= 200 && mail->status < 300;
    if (taken && t->state.step != CALLBACK_ENDED)
        t->state.connected = true;
    talk_finish_with(t, mail->status, taken ? "The phone system has taken it up." : mail->why);
    url_forget(t);
}

static void end(struct talk *t, mono_t now)
{
    (void)t; /* what has been asked cannot be unasked */
    (void)now;
}

const struct talk_mode talk_url = { begin, NULL, end, turn };
