/* SPDX-License-Identifier: Apache-2.0 */
/* Calling back: the number must be one that the address book has of the person; the number that called is never taken. */
#include <stdio.h>

#include "console/inside.h"

static json_t *state_json(const struct callback_state *s)
{
    return json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "id", (json_int_t)s->id, "state",
                     callback_step_words[s->step], "why", s->why, "reached",
                     callback_reached_words[s->reached], "number", s->number, "name", s->name, "call",
                     s->call, "connected", (int)s->connected);
}

void console_heard(void *arg, const struct callback_state *state)
{
    struct console *c = arg;
    follower_tell(c->follower, "callback", state_json(state));
}

struct choice {
    const char *number;
    char name[CALLBACK_TEXT];
    bool theirs;
};

static bool look(void *arg, const struct person *p)
{
    struct choice *choice = arg;
    char text[RANGE_TEXT];
    snprintf(choice->name, sizeof choice->name, "%s", p->name);
    for (size_t i = 0; i < p->n_numbers; i++)
        choice->theirs |= strcmp(range_text(&p->numbers[i], text), choice->number) == 0;
    return false;
}

enum MHD_Result callback_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    struct choice choice = { .number = json_text(asked, "number") };
    const int64_t person = json_integer_value(json_object_get(asked, "person"));
    const char *why = "the person has no such number in the address book";
    int64_t id = 0;
    enum bf_err err = BF_EUNSUP;
    if (!a->console->callback)
        why = "no callbacks are configured here";
    else if (ask_book(a) && book_get(a->book, person, look, &choice) == BF_OK && choice.theirs &&
             choice.number[0] == '+' && !strpbrk(choice.number, "*/")) {
        const struct callback_request request = { json_text(asked, "desk"), choice.number, choice.name,
                                                  json_text(asked, "call") };
        err = callback_start(a->console->callback, &request, &id, &why);
    }
    if (!err)
        audit(a, "callback", choice.name, choice.number);
    json_decref(asked);
    return err ? refuse_err(a, err, why) : say_json(a, 202, json_pack("{s:I}", "id", (json_int_t)id));
}

enum MHD_Result callback_get(struct ask *a)
{
    struct callback_state state;
    if (!a->console->callback || !callback_look(a->console->callback, ask_id(a), &state))
        return refuse(a, 404, "there is no such callback");
    return say_json(a, 200, state_json(&state));
}

enum MHD_Result callback_delete(struct ask *a)
{
    if (!a->console->callback || callback_cancel(a->console->callback, ask_id(a)) != BF_OK)
        return refuse(a, 404, "there is no such callback, or it has ended");
    return say_done(a);
}
