/* SPDX-License-Identifier: Apache-2.0 */
/* Whose name would a caller be using? Tried on names as calls are: by the same snapshot, of our own, made anew when the book moves. */
#include <stdlib.h>

#include "console/inside.h"

/* With c->names_lock. false: the book cannot be read. */
static bool names_ready(struct ask *a)
{
    struct console *c = a->console;
    struct people *fresh = NULL;
    char *message = NULL;
    uint64_t generation = 0;
    if (!ask_book(a) || book_generation(a->book, &generation) != BF_OK)
        return false;
    if (c->people && people_generation(c->people) == generation)
        return true;
    if (people_load(a->book, &fresh, &message) == BF_OK) {
        people_destroy(c->people);
        c->people = fresh;
    }
    free(message);
    return fresh != NULL;
}

/* false: it resembles nobody who is protected. */
static bool find(struct console *c, struct span claimed, struct name_match *ret)
{
    if (!people_has_names(c->people, PEOPLE_PROTECTED))
        return false;
    if (!c->reader && people_reader_create(c->people, &c->reader) != BF_OK)
        return false;
    return people_matches(c->people, PEOPLE_PROTECTED, c->reader, claimed, ret, 1) > 0;
}

static json_t *answer(struct console *c, const char *claimed)
{
    struct name_match m;
    const struct person *p =
        find(c, span_first(span_of(claimed), NAME_BYTES), &m) ? people_of_match(c->people, &m) : NULL;
    if (!p)
        return json_pack("{s:s,s:b,s:n,s:i,s:n}", "claimed", claimed, "match", 0, "person", "score", 0,
                         "rule");
    return json_pack("{s:s,s:b,s:{s:I,s:s},s:f,s:s,s:s}", "claimed", claimed, "match", 1, "person", "id",
                     (json_int_t)p->id, "name", p->name, "score", m.score, "rule", name_rule_text(m.rule),
                     "sentence", name_rule_sentence(m.rule));
}

enum MHD_Result names_get(struct ask *a)
{
    const char *claimed = ask_query(a, "name");
    if (!claimed)
        return refuse(a, 400, "say which name a caller uses");
    pthread_mutex_lock(&a->console->names_lock);
    json_t *value = names_ready(a) ? answer(a->console, claimed) : NULL;
    pthread_mutex_unlock(&a->console->names_lock);
    return value ? say_json(a, 200, value) : refuse(a, 500, no_store);
}
