/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Third-party call control.                                                                RFC 3725 section 4.4, flow IV
 *
 *     desk                 we                 person
 *       |<-- INVITE, held --|                    |
 *       |--- 200, answer -->|                    |
 *       |<------ ACK -------|                    |
 *       |                   |-- INVITE, empty -->|
 *       |                   |<--- 200, offer ----|
 *       |<-- INVITE, offer -|                    |
 *       |--- 200, answer -->|                    |
 *       |<------ ACK -------|--- ACK, answer --->|
 *       |<================ RTP =================>|
 *
 * Where the flow's first offer has no stream at all, ours has one that is held: phones refuse an offer without media (488).
 * Later re-INVITEs of either are put to the other (section 7).
 */
#include "callback/talk.h"

#include <stdio.h>

/* What of the desk's phone is shown while it rings: who is being called back. */
static void desk_from(const struct talk *t, char *out, size_t size)
{
    struct buf b = buf_on(out, size - 1);
    const char *name = t->state.name[0] ? t->state.name : t->state.number;
    buf_text(&b, "\"Call back: ");
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            buf_char(&b, '\\');
        buf_char(&b, (unsigned char)*name < 0x20 || *name == 0x7F ? ' ' : *name);
    }
    buf_printf(&b, "\" <%s>", t->house->from);
    out[b.n] = '\0';
    if (!buf_ok(&b))
        snprintf(out, size, "<%s>", t->house->from);
}

static void init_leg(struct talk *t, int leg)
{
    char from[LEG_TEXT];
    if (leg == DESK)
        desk_from(t, from, sizeof from);
    else
        snprintf(from, sizeof from, "<%s>", t->house->from);
    leg_init(&t->legs[leg], &(struct leg_options){ .wire = t->wire,
                                                   .user = t->house->user,
                                                   .password = t->house->password,
                                                   .from = from,
                                                   .uri = t->uris[leg] });
}

static void end_both(struct talk *t, mono_t now)
{
    struct leg *person = &t->legs[PERSON];
    char memory[LEG_BODY];
    struct buf answer = BUF_ON(memory);
    t->retry_at = t->until = 0;
    if (person->wire && person->up &&
        !person->n_ack) /* its 2xx is owed an ACK, with an answer that takes nothing */
        leg_ack(person, sdp_refuse(&person->sdp, span_make(t->offer, t->n_offer), &answer) ? buf_span(&answer)
                                                                                           : SPAN_NONE);
    for (int i = 0; i < 2 && t->wire; i++)
        if (t->legs[i].wire)
            leg_end(&t->legs[i], now);
}

static void finish(struct talk *t, int leg, int status, mono_t now)
{
    talk_finish(t, leg, status);
    end_both(t, now);
}

static void finish_with(struct talk *t, const char *why, mono_t now)
{
    talk_finish_with(t, 0, why);
    end_both(t, now);
}

static void begin(struct talk *t, mono_t now)
{
    char memory[LEG_BODY];
    struct buf offer = BUF_ON(memory);
    if (!talk_open(t))
        return;
    init_leg(t, DESK);
    t->phase = TALK_DESK;
    t->until = now + t->house->ring;
    sdp_hold(&t->legs[DESK].sdp, &offer);
    talk_step(t, CALLBACK_DESK_RINGS, "The desk's phone is being called.");
    if (!leg_invite(&t->legs[DESK], buf_span(&offer), now))
        finish_with(t, "The desk's phone cannot be called: its address is too long.", now);
}

/* The desk has picked up. */
static void call_person(struct talk *t, mono_t now)
{
    leg_ack(&t->legs[DESK], SPAN_NONE);
    init_leg(t, PERSON);
    t->phase = TALK_PERSON;
    t->until = now + t->house->ring;
    talk_step(t, CALLBACK_PERSON_RINGS, "The desk has picked up; the person is being called.");
    if (!leg_invite(&t->legs[PERSON], SPAN_NONE, now))
        finish_with(t, "The person cannot be called: the number is too long.", now);
}

/* The person's offer, put to the desk. */
static void offer_desk(struct talk *t, mono_t now)
{
    char memory[LEG_BODY];
    struct buf offer = BUF_ON(memory);
    struct leg *desk = &t->legs[DESK];
    t->retry_at = 0;
    if (!sdp_forward(&desk->sdp, span_make(t->offer, t->n_offer), &offer))
        finish_with(t, "The person's phone does not say where its voice is to be sent.", now);
    else if (!leg_invite(desk, buf_span(&offer), now))
        t->retry_at = now + MONO_MS(2100); /* the desk's phone wants something of its own just now */
}

static void join(struct talk *t, mono_t now)
{
    const struct span offer = leg_body(&t->legs[PERSON]);
    t->phase = TALK_JOINING;
    t->until = now + MONO_S(32);
    t->n_offer = offer.n;
    if (offer.n)
        memcpy(t->offer, offer.p, offer.n);
    offer_desk(t, now);
}

static void connect_both(struct talk *t, mono_t now)
{
    char memory[LEG_BODY];
    struct buf answer = BUF_ON(memory);
    leg_ack(&t->legs[DESK], SPAN_NONE);
    if (!sdp_forward(&t->legs[PERSON].sdp, leg_body(&t->legs[DESK]), &answer)) {
        finish_with(t, "The desk's phone does not say where its voice is to be sent.", now);
        return;
    }
    leg_ack(&t->legs[PERSON], buf_span(&answer));
    t->phase = TALK_TALKING;
    t->until = t->house->limit ? now + t->house->limit : 0;
    talk_step(t, CALLBACK_TALKING, "The desk and the person are connected.");
}

/* ---- later wishes ---- */

/* What this leg said last, as the other side is to see it. */
static struct span pass(struct talk *t, int from, char memory[static LEG_BODY])
{
    struct buf out = buf_on(memory, LEG_BODY);
    return sdp_forward(&t->legs[!from].sdp, leg_body(&t->legs[from]), &out) ? buf_span(&out) : SPAN_NONE;
}

static void ask_other(struct talk *t, int leg, mono_t now)
{
    char memory[LEG_BODY];
    const bool empty = leg_body(&t->legs[leg]).n == 0;
    if (t->phase != TALK_TALKING || leg_inviting(&t->legs[!leg])) {
        leg_answer(&t->legs[leg], 491, SPAN_NONE, now);
        return;
    }
    const struct span offer = pass(t, leg, memory);
    if ((!empty && !offer.n) || !leg_invite(&t->legs[!leg], offer, now)) {
        leg_answer(&t->legs[leg], 488, SPAN_NONE, now);
        return;
    }
    t->phase = TALK_ASKING;
    t->asker = leg;
}

/* The other has agreed. An answer is passed on; an offer, too, and its ACK waits for what the asker answers. */
static void answer_asker(struct talk *t, int leg, mono_t now)
{
    char memory[LEG_BODY];
    const bool offered = t->legs[leg].n_offer > 0; /* by us: so this is the answer */
    const struct span body = pass(t, leg, memory);
    if (offered || !body.n)
        leg_ack(&t->legs[leg], SPAN_NONE);
    t->phase = offered || !body.n ? TALK_TALKING : TALK_HANDING;
    leg_answer(&t->legs[t->asker], body.n ? 200 : 488, body, now);
}

static void hand_answer(struct talk *t, int leg)
{
    char memory[LEG_BODY];
    if (t->phase != TALK_HANDING || leg != t->asker)
        return;
    leg_ack(&t->legs[!leg], pass(t, leg, memory));
    t->phase = TALK_TALKING;
}

/* ---- what may happen when ---- */

static void on_answered(struct talk *t, int leg, mono_t now)
{
    if (t->phase == TALK_DESK && leg == DESK)
        call_person(t, now);
    else if (t->phase == TALK_PERSON && leg == PERSON)
        join(t, now);
    else if (t->phase == TALK_JOINING && leg == DESK)
        connect_both(t, now);
    else if (t->phase == TALK_ASKING && leg != t->asker)
        answer_asker(t, leg, now);
    else
        leg_ack(&t->legs[leg], SPAN_NONE);
}

static void on_refused(struct talk *t, int leg, mono_t now)
{
    const int status = leg_status(&t->legs[leg]);
    if (t->phase == TALK_JOINING && leg == DESK && status == 491)
        t->retry_at = now + MONO_MS(2100); /* RFC 3261 section 14.1: who chose the Call-ID waits 2.1 to 4 s */
    else if (t->phase == TALK_ASKING && leg != t->asker && status != 408 && status != 481) {
        t->phase = TALK_TALKING;
        leg_answer(&t->legs[t->asker], status, SPAN_NONE, now);
    } else if (t->phase != TALK_OVER)
        finish(t, leg, status, now);
}

static void on_ended(struct talk *t, int leg, mono_t now)
{
    static const char *const words[2][2] = {
        { "The desk has hung up before the person was there.", "The desk has hung up." },
        { "The person has hung up before the two were connected.", "The person has hung up." },
    };
    if (t->phase != TALK_OVER)
        talk_finish_with(t, 0, words[leg][t->state.connected]);
    end_both(t, now);
}

static void event(struct talk *t, int leg, enum leg_event what, mono_t now)
{
    static const char *const rings[] = { "The desk's phone rings.", "The person's phone rings." };
    static const enum callback_step steps[] = { CALLBACK_DESK_RINGS, CALLBACK_PERSON_RINGS };
    switch (what) {
    case LEG_RINGS:
        if (t->phase == (leg == DESK ? TALK_DESK : TALK_PERSON) && strcmp(t->state.why, rings[leg]) != 0)
            talk_step(t, steps[leg], rings[leg]);
        return;
    case LEG_ANSWERED: on_answered(t, leg, now); return;
    case LEG_REFUSED: on_refused(t, leg, now); return;
    case LEG_OFFERED: ask_other(t, leg, now); return;
    case LEG_ACKED: hand_answer(t, leg); return;
    case LEG_ENDED: on_ended(t, leg, now); return;
    case LEG_ACCEPTED:
    case LEG_NOTIFIED:
    case LEG_NOTHING: return;
    }
}

/* The clock has come to t->until. */
static void time_is_up(struct talk *t, mono_t now)
{
    switch (t->phase) {
    case TALK_DESK: finish(t, DESK, 408, now); return;
    case TALK_PERSON: finish(t, PERSON, 408, now); return;
    case TALK_JOINING: finish_with(t, "The desk's phone does not take up the person's call.", now); return;
    case TALK_TALKING:
    case TALK_ASKING:
    case TALK_HANDING: finish_with(t, "The time limit for callbacks has come.", now); return;
    case TALK_OVER: t->until = 0; return;
    }
}

static void turn(struct talk *t, mono_t now)
{
    if (t->retry_at && now >= t->retry_at && t->phase == TALK_JOINING)
        offer_desk(t, now);
    if (t->until && now >= t->until)
        time_is_up(t, now);
}

const struct talk_mode talk_3pcc = { begin, event, end_both, turn };
