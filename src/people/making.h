/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person while it is put together from something that was written: a card, a row, a command. Everything lies in the arena.
 * `has` says what was given, so that what was not can stay as the book has it.
 */
#ifndef PEOPLE_MAKING_H
#define PEOPLE_MAKING_H

#include "base/arena.h"
#include "people/book.h"

enum person_has {
    HAS_NAME = 1 << 0,
    HAS_ALIASES = 1 << 1,
    HAS_ORGANISATION = 1 << 2,
    HAS_NUMBERS = 1 << 3,
    HAS_RANGES =
        1 << 4, /* of the numbers, those that are more than one: no card of another program tells of them */
    HAS_SIGNERS = 1 << 5,
    HAS_LEAST = 1 << 6,
    HAS_PROTECTED = 1 << 7,
    HAS_PROOF = 1 << 8,
    HAS_LANGUAGE = 1 << 9,
    HAS_NOTE = 1 << 10,
    HAS_TAGS = 1 << 11,
    HAS_PHOTO = 1 << 12,
    HAS_EXTRA = 1 << 13,
    HAS_UID = 1 << 14,
};

struct making {
    struct arena *arena;
    struct person p; /* lists of it are those below */
    unsigned has;    /* enum person_has */
    const char **aliases, **tags;
    struct number_range *numbers;
    struct person_signer *signers;
    bool no_memory, too_many;
};

/* An empty person in the arena, which is reset. BF_ENOMEM. */
enum bf_err making_begin(struct making *m, struct arena *arena) must_use;
/* A copy in the arena, blanks around it taken off; "" when memory is out (no_memory). */
const char *making_text(struct making *m, struct span text);
/* What is empty, or there already, is passed over. */
void making_alias(struct making *m, struct span text);
void making_tag(struct making *m, struct span text);
enum bf_err making_number(struct making *m, struct span text, struct fault *fault) must_use;
enum bf_err making_signer(struct making *m, struct span text, struct fault *fault) must_use;
/* BF_ENOMEM; BF_ELIMIT: a list was too long. */
enum bf_err making_end(const struct making *m) must_use;

/* What was given over what stands in the book; lists are replaced whole. false: no memory. */
bool making_over(struct making *m, const struct person *book);

bool person_has_alias(const struct person *p, const char *text);
bool person_has_tag(const struct person *p, const char *text);
bool person_has_range(const struct person *p, const struct number_range *range);

#endif
