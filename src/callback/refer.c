/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk's phone is asked to call: REFER outside a dialog, and what it reports by NOTIFY.            RFC 3515
 * Whether the two are still talking is the phone's matter: with its last report we are done.
 */
#include "callback/talk.h"

#include <stdio.h>

static void end(struct talk *t, mono_t now)
{
    (void)now;
    t->until = 0;
    t->legs[DESK].over = true;
}

static void begin(struct talk *t, mono_t now)
{
    char from[LEG_TEXT];
    if (!talk_open(t))
        return;
    snprintf(from, sizeof from, "<%s>", t->house->from);
    leg_init(&t->legs[DESK], &(struct leg_options){ .wire = t->wire,
                                                    .user = t->house->user,
                                                    .password = t->house->password,
                                                    .from = from,
                                                    .uri = t->uris[DESK] });
    t->phase = TALK_DESK;
    t->until = now + 2 * t->house->ring;
    talk_step(t, CALLBACK_DESK_RINGS, "The desk's phone is asked to call.");
    if (!leg_refer(&t->legs[DESK], t->uris[PERSON], now))
        talk_finish_with(t, 0, "The desk's phone cannot be asked: its address is too long.");
}

/* `SIP/2.0 486 Busy Here` -> 486; 0: no status line. */
static int status_of(struct span frag)
{
    uint64_t status = 0;
    if (!span_starts(frag, SPAN("SIP/2.0 ")) ||
        !span_decimal(span_first(span_from(frag, 8), 3), 699, &status))
        return 0;
    return (int)status;
}

static void reported(struct talk *t)
{
    const int status = status_of(leg_body(&t->legs[DESK]));
    if (t->state.step == CALLBACK_ENDED || status < 100)
        return;
    if (status < 200) {
        talk_step(t, CALLBACK_PERSON_RINGS,
                  status == 100 ? "The desk's phone is calling the person." : "The person's phone rings.");
        return;
    }
    t->until = 0;
    t->legs[DESK].over = true;
    if (status >= 300) {
        talk_finish(t, PERSON, status);
        return;
    }
    talk_step(t, CALLBACK_TALKING, "The desk's phone has reached the person.");
    talk_finish_with(t, status, "The desk's phone has reached the person; it will end the call itself.");
}

static void event(struct talk *t, int leg, enum leg_event what, mono_t now)
{
    (void)now;
    if (what == LEG_NOTIFIED)
        reported(t);
    else if (what == LEG_REFUSED)
        talk_finish(t, leg, leg_status(&t->legs[leg]));
    else if (what == LEG_ACCEPTED && t->state.step == CALLBACK_DESK_RINGS)
        talk_step(t, CALLBACK_PERSON_RINGS, "The desk's phone will call the person.");
}

static void turn(struct talk *t, mono_t now)
{
    if (!t->until || now < t->until)
        return;
    end(t, now);
    talk_finish_with(t, 0, "The desk's phone does not say what became of the call.");
}

const struct talk_mode talk_refer = { begin, event, end, turn };
