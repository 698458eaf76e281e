/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phones of the demo: the next hop of its server, where the desk's phone and whoever is called back ring, pick up at once
 * and say what they saw. One socket of loopback, one thread.
 */
#ifndef CLI_DEMO_PHONES_H
#define CLI_DEMO_PHONES_H

#include <pthread.h>
#include <stdint.h>

#include "base/fault.h"

#define DEMO_DESK "201" /* the desk's extension */

/* One phone, as far as it has come. */
struct demo_phone {
    char uri[128];    /* that it was called at; "": it was not */
    char shown[128];  /* on its display */
    unsigned offered; /* how often it was told where the voice goes */
    bool connected, hung_up;
};
enum demo_end { DEMO_DESK_END, DEMO_PERSON_END, DEMO_ENDS };

struct demo_phones {
    int fd, stop[2];
    uint16_t port; /* UDP on 127.0.0.1 */
    bool made, running;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    struct demo_phone phones[DEMO_ENDS];
};

/* false: errno. */
bool demo_phones_init(struct demo_phones *p);
/* Ends the thread; also one of which init failed, or all of whose bytes are 0. */
void demo_phones_clear(struct demo_phones *p);
/* As they are now. */
void demo_phones_look(struct demo_phones *p, struct demo_phone ret[static DEMO_ENDS]);

#endif
