/* SPDX-License-Identifier: Apache-2.0 */
/* What all modes share: the wire, the clock, the words for how it ended. */
#include "callback/talk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "sip/reply.h"
#include "sip/uri.h"

/* In the order of enum callback_mode. */
static const struct talk_mode *const modes[] = { &talk_3pcc, &talk_refer, &talk_url };

static const struct talk_mode *mode_of(const struct talk *t)
{
    return modes[t->house->mode];
}

enum bf_err talk_create(const struct talk_house *house, const struct callback_state *state, struct talk **ret)
{
    struct talk *t = calloc(1, sizeof *t);
    if (!t)
        return BF_ENOMEM;
    t->house = house;
    t->state = *state;
    t->changed = true;
    *ret = t;
    return BF_OK;
}

void talk_destroy(struct talk *t)
{
    if (!t)
        return;
    wire_close(t->wire);
    url_forget(t);
    free(t);
}

/* ---- addresses ---- */

static bool all_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

#define DIGITS "0123456789"
#define WORD   DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."

/* An extension: a name or a short number. A long number is no desk: nobody's callback shall call two strangers. */
static bool is_extension(const char *text)
{
    const size_t n = strlen(text);
    return n <= 64 && (all_of(text, DIGITS "*#") ? n <= 8 : all_of(text, WORD));
}

bool talk_desk_uri(const char *desk, const char *domain, char out[static LEG_TEXT])
{
    struct sip_uri uri;
    char user[80];
    if (is_extension(desk))
        return snprintf(out, LEG_TEXT, "sip:%s@%s", desk, domain) < (int)LEG_TEXT;
    if (uri_read(span_of(desk), &uri, NULL) != BF_OK || (uri.scheme != URI_SIP && uri.scheme != URI_SIPS) ||
        uri.headers.n || uri.params.n || uri.password.n || uri.user.n == 0 || uri.user.n >= sizeof user)
        return false;
    snprintf(user, sizeof user, "%.*s", SPAN_FMT(uri.user));
    const char *host = strchr(desk, '@');
    if (!is_extension(user) || !host || !span_equal_nocase(span_of(host + 1), span_of(domain)))
        return false;
    return snprintf(out, LEG_TEXT, "%s", desk) < (int)LEG_TEXT;
}

bool talk_number_uri(const char *number, const char *domain, char out[static LEG_TEXT])
{
    const size_t n = strlen(number);
    if (n < 2 || n > 32 || !all_of(number + (*number == '+'), DIGITS))
        return false;
    return snprintf(out, LEG_TEXT, "sip:%s@%s;user=phone", number, domain) < (int)LEG_TEXT;
}

/* ---- what people are told ---- */

void talk_step(struct talk *t, enum callback_step step, const char *why)
{
    const utc_t now = clock_now(&clock_system).utc;
    if (t->state.step == CALLBACK_ENDED)
        return;
    t->state.step = step;
    snprintf(t->state.why, sizeof t->state.why, "%s", why);
    if (step == CALLBACK_TALKING && !t->state.connected_at) {
        t->state.connected = true;
        t->state.connected_at = now;
    }
    if (step == CALLBACK_ENDED)
        t->state.ended_at = now;
    t->changed = true;
    log_put(t->house->log, LOG_INFO, "callback %" PRId64 " to %s: %s: %s", t->state.id, t->state.number,
            callback_step_words[step], why);
}

void talk_finish_with(struct talk *t, int status, const char *why)
{
    t->phase = TALK_OVER;
    if (t->state.step != CALLBACK_ENDED)
        t->state.sip_status = status;
    talk_step(t, CALLBACK_ENDED, why);
}

/* Behind `The desk's phone` and `The person's phone`. */
static const struct {
    int status;
    const char *words;
} endings[] = {
    { 401, "asks for a user and a password that are not ours: see callback.user" },
    { 403, "may not be called: the phone system forbids it" },
    { 404, "is not known to the phone system" },
    { 407, "is behind a phone system that asks for another user and password: see callback.user" },
    { 408, "does not answer" },
    { 410, "is not known to the phone system any more" },
    { 480, "is not there at the moment" },
    { 484, "has a number that is not complete" },
    { 486, "is busy" },
    { 487, "does not answer" },
    { 488, "cannot agree on how to talk" },
    { 600, "is busy" },
    { 603, "does not take the call" },
    { 604, "has a number that does not exist" },
    { 607, "does not want this call" },
    { 608, "is behind somebody who rejects this call" },
};

void talk_finish(struct talk *t, int leg, int status)
{
    char why[CALLBACK_TEXT];
    const char *who = leg == DESK ? "The desk's phone" : "The person's phone";
    snprintf(why, sizeof why, "%s is not to be had: %d %s.", who, status, sip_reason(status));
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
        if (endings[i].status == status)
            snprintf(why, sizeof why, "%s %s.", who, endings[i].words);
    talk_finish_with(t, status, why);
}

/* ---- the wire ---- */

bool talk_open(struct talk *t)
{
    struct callback_target to;
    char why[CALLBACK_TEXT];
    if (!t->house->where || !t->house->where(t->house->arg, &to)) {
        talk_finish_with(t, 0, "Nobody knows where the next hop is: see sip.next_hop.");
        return false;
    }
    const enum bf_err err = wire_open(&to, t->house->tls, &t->wire);
    if (err) {
        snprintf(why, sizeof why, "The next hop cannot be reached: %s.",
                 err == BF_EIO ? strerror(errno) : bf_err_text(err));
        talk_finish_with(t, 0, why);
    }
    return !err;
}

static void lose_wire(struct talk *t)
{
    char why[CALLBACK_TEXT];
    const char *said = wire_why(t->wire);
    snprintf(why, sizeof why, "The connection to the next hop is gone: %s.", said ? said : strerror(errno));
    talk_finish_with(t, 0, why);
    for (int i = 0; i < 2; i++)
        t->legs[i].asked[0].on = t->legs[i].asked[1].on = false;
    wire_close(t->wire);
    t->wire = NULL;
}

static void hear(struct talk *t, const struct wire_heard *heard, mono_t now)
{
    for (int i = 0; i < 2; i++)
        if (t->legs[i].wire && leg_is_for(&t->legs[i], heard->message)) {
            const enum leg_event event = leg_take(&t->legs[i], heard, now);
            if (event != LEG_NOTHING)
                mode_of(t)->event(t, i, event, now);
            return;
        }
    if (heard->message->is_request && heard->message->method != SIP_ACK)
        leg_reply(t->wire, heard, 481, "");
}

#define AT_ONCE 64 /* messages of one callback a turn: others want theirs */

static void read_wire(struct talk *t, mono_t now)
{
    struct wire_heard heard;
    for (int n = 0; t->wire && n < AT_ONCE; n++) {
        const enum wire_state state = wire_next(t->wire, &heard);
        if (state == WIRE_NOTHING)
            return;
        if (state == WIRE_MESSAGE)
            hear(t, &heard, now);
        else
            lose_wire(t);
    }
}

/* ---- its life ---- */

void talk_begin(struct talk *t, mono_t now)
{
    mode_of(t)->begin(t, now);
}

void talk_cancel(struct talk *t, mono_t now)
{
    if (t->state.step == CALLBACK_ENDED)
        return;
    t->cancelled = true;
    mode_of(t)->end(t, now);
    talk_finish_with(t, 0, "The desk has ended the callback.");
}

void talk_turn(struct talk *t, mono_t now)
{
    read_wire(t, now);
    for (int i = 0; i < 2; i++) {
        const enum leg_event event = t->wire && t->legs[i].wire ? leg_turn(&t->legs[i], now) : LEG_NOTHING;
        if (event != LEG_NOTHING)
            mode_of(t)->event(t, i, event, now);
    }
    mode_of(t)->turn(t, now);
}

mono_t talk_next(const struct talk *t)
{
    mono_t next = t->until ? t->until : INT64_MAX;
    for (int i = 0; i < 2 && t->wire; i++)
        if (t->legs[i].wire && leg_next(&t->legs[i]) < next)
            next = leg_next(&t->legs[i]);
    return t->retry_at && t->retry_at < next ? t->retry_at : next;
}

int talk_fd(const struct talk *t)
{
    return t->wire ? wire_fd(t->wire) : -1;
}

bool talk_is_done(const struct talk *t)
{
    if (t->state.step != CALLBACK_ENDED || t->mail)
        return false;
    return !t->wire || (leg_quiet(&t->legs[DESK]) && leg_quiet(&t->legs[PERSON]));
}
