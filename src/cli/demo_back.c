/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo_back.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/demo_people.h"

#define TRIES 500 /* of 20 ms: a machine that is busy still gets there */

static bool are_connected(struct demo_phones *phones)
{
    struct demo_phone ends[DEMO_ENDS];
    demo_phones_look(phones, ends);
    return ends[DEMO_DESK_END].connected && ends[DEMO_PERSON_END].connected;
}

static bool have_hung_up(struct demo_phones *phones)
{
    struct demo_phone ends[DEMO_ENDS];
    demo_phones_look(phones, ends);
    return ends[DEMO_DESK_END].hung_up && ends[DEMO_PERSON_END].hung_up;
}

/* Until the two are connected, or it ended before. */
static bool wait_connected(struct callback *c, int64_t id, struct demo_phones *phones)
{
    struct callback_state state;
    for (int i = 0; i < TRIES && callback_look(c, id, &state) && state.step != CALLBACK_ENDED; i++) {
        if (state.step == CALLBACK_TALKING && are_connected(phones))
            return true;
        usleep(20 * 1000);
    }
    return false;
}

static bool play(struct callback *c, struct demo_phones *phones, const char *call, const char **ret_why)
{
    const struct callback_request request = {
        .desk = DEMO_DESK, .number = "+" DEMO_FAMOUS_NUMBER, .name = DEMO_FAMOUS, .call = call
    };
    int64_t id;
    *ret_why = "No callback can be made";
    if (!c || callback_start(c, &request, &id, ret_why) != BF_OK)
        return false;
    const bool connected = wait_connected(c, id, phones);
    *ret_why = connected ? "The two were connected" : "They were not connected";
    if (callback_cancel(c, id) == BF_OK)
        for (int i = 0; i < TRIES && !have_hung_up(phones); i++)
            usleep(20 * 1000);
    return connected;
}

static void phone_row(struct table *t, const char *whose, const struct demo_phone *phone)
{
    char story[96];
    snprintf(story, sizeof story, "%s%s%s", phone->uri[0] ? "rang, picked up" : "did not ring",
             phone->connected ? ", connected" : "", phone->hung_up ? ", hung up" : "");
    table_row(t, (const char *const[]){ whose, phone->uri[0] ? phone->uri : "-", phone->shown, story },
              phone->connected ? "32" : "31");
}

bool demo_back_tell(struct callback *c, struct demo_phones *phones, const char *call, bool colors)
{
    static const char *const titles[] = { "the phone of", "was called at", "showed", "and" };
    struct demo_phone ends[DEMO_ENDS];
    const char *why;
    const bool connected = play(c, phones, call, &why);
    struct table *t = table_create(titles, ARRAY_SIZE(titles));

    demo_phones_look(phones, ends);
    printf("\nNothing proved the call from the number of %s, so the desk called back: the number in the "
           "address book,\n"
           "never the one that called. %s.\n\n",
           DEMO_FAMOUS, why);
    phone_row(t, "the desk", &ends[DEMO_DESK_END]);
    phone_row(t, DEMO_FAMOUS, &ends[DEMO_PERSON_END]);
    table_wrap(t);
    table_print(t, colors);
    table_destroy(t);
    return connected;
}
