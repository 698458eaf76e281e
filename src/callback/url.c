/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phone system is asked over HTTP to connect the two; whatever 2xx it answers, it has taken it up.
 * The answer comes on the fetch thread: it is laid into the talk's mail, and the room's thread is woken.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "callback/talk.h"

struct mail {
    int wake;
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

static void came(void *arg, struct span url, const struct fetch_answer *answer)
{
    struct mail *mail = arg;
    const uint64_t one = 1;
    const int wake = mail->wake;
    (void)url;
    mail->status = answer->status;
    snprintf(mail->why, sizeof mail->why, "The phone system did not take it up: %s.", answer->why);
    atomic_store(&mail->come, true); /* from here on it is the other thread's */
    (void)!write(wake, &one, sizeof one);
}

static void begin(struct talk *t, mono_t now)
{
    char memory[LIMIT_URI * 2];
    struct buf url = BUF_ON(memory);
    struct mail *mail = calloc(1, sizeof *mail);
    (void)now;
    talk_step(t, CALLBACK_DESK_RINGS, "The phone system is asked to connect the two.");
    if (!mail || !url_fill(t->house->url, &t->state, &url)) {
        free(mail);
        talk_finish_with(t, 0, "The URL of the phone system is too long.");
        return;
    }
    mail->wake = t->house->wake;
    t->mail = mail;
    if (fetch_get(t->house->fetch, buf_span(&url), 0, came, mail) != BF_OK) {
        free(mail);
        t->mail = NULL;
        talk_finish_with(t, 0, "There is no memory left to ask the phone system.");
    }
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
    t->mail = NULL;
    free(mail);
}

static void end(struct talk *t, mono_t now)
{
    (void)t; /* what has been asked cannot be unasked */
    (void)now;
}

const struct talk_mode talk_url = { begin, NULL, end, turn };
