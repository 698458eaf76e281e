/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "people/expected.h"

#define WINDOW_S 1800
#define TRIES    100 /* of 100 ms: the server looks at its records each second */

static enum bf_err person_add(struct book *b, const char *name, const char *number, bool is_protected,
                              int64_t *ret)
{
    struct number_range range;
    const char *const aliases[] = { "President Vance" };
    struct person p = {
        .name = name, .uid = "", .organisation = "", .language = "", .note = "", .photo_type = "", .extra = ""
    };
    enum bf_err err = number_range_read(span_of(number), &range, NULL);
    p.numbers = &range;
    p.n_numbers = 1;
    p.is_protected = is_protected;
    p.aliases = is_protected ? aliases : NULL;
    p.n_aliases = is_protected ? ARRAY_SIZE(aliases) : 0;
    return err ? err : book_add(b, &p, ret);
}

enum bf_err demo_people_add(const char *store, char **ret_message)
{
    auto_(book_close) struct book *b = NULL;
    int64_t caller = 0, famous, id;
    const utc_t now = clock_now(&clock_system).utc;
    enum bf_err err = book_open(store, DB_WRITE, &b, ret_message);
    if (!err)
        err = person_add(b, DEMO_CALLER, "+12155550121", false, &caller);
    if (!err)
        err = person_add(b, DEMO_FAMOUS, "+" DEMO_FAMOUS_NUMBER, true, &famous);
    const struct expected e = { .person = caller,
                                .from = now - 60,
                                .until = now + WINDOW_S,
                                .zone = "UTC",
                                .word = "",
                                .source = "command",
                                .call = "",
                                .by = "demo" };
    return err ? err : expected_add(b, &e, &id);
}

struct hearing_of {
    bool met;
    utc_t until;
};

static bool look(void *arg, const struct expected *e)
{
    struct hearing_of *h = arg;
    h->met = e->state == EXPECTED_MET;
    h->until = e->until;
    return false;
}

void demo_people_tell(const char *store, struct buf *out)
{
    auto_(book_close) struct book *b = NULL;
    struct hearing_of h = { .met = false };
    char *message = NULL, until[21];
    if (book_open(store, DB_READ, &b, &message)) {
        free(message);
        return;
    }
    for (int i = 0; i < TRIES && !h.met; i++) {
        if (expected_list(b, 0, 0, 0, look, &h))
            break;
        if (!h.met)
            usleep(100 * 1000);
    }
    buf_printf(out, "%s is in the address book, and a call of hers was expected until %.16s UTC: it %s.",
               DEMO_CALLER, utc_text(h.until, until), h.met ? "came" : "has not come");
}
