/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide verify`, in four files: verify.c (judge and print), verify_setup.c (options), verify_people.c (who is
 * known), verify_input.c (calls in files). */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "base/clock.h"
#include "base/span.h"
#include "bonafide/verify.h"
#include "cli/options.h"
#include "people/people.h"

struct verify_wishes {
    const char *command; /* whose options these are; NULL: verify */
    const char *at_text, *cert, *certs, *least, *orig, *dest, *config, *book, *store;
    struct option_list trust;
    bool json, offline, no_chain, lab_urls, no_color;
    utc_t at;          /* 0: by the input */
    unsigned fetch_ms; /* a fetch may outlast its call; 0: it may not */
};
extern const struct command_help verify_help;

struct config;
/* Everything the options ask for. false: said on standard error, *ret_status is the exit status. */
struct verify_setup {
    struct bf_verifier *verifier;
    struct config *config; /* the verifier borrows from it; NULL: none */
    people_place people;   /* and from here; it stays where it is until verify_setup_clear */
};
bool verify_setup(struct verify_wishes *w, struct verify_setup *ret, int *ret_status);
void verify_setup_clear(struct verify_setup *s);
/* Whom --book or --store, one of which is there, names. EXIT_SUCCESS; else what is wrong has been said: the exit status. */
int verify_people(const char *verb, const struct verify_wishes *w, struct people **ret);

/* `2015-09-25T19:12:25Z`, `2015-09-25T21:12:25.5+02:00`, `1443208345`. */
bool time_read(const char *text, utc_t *ret);

#define AT_UNREADABLE INT64_MIN /* the request has a Date, and it cannot be read */

enum verify_kind { VERIFY_SIP, VERIFY_JSON, VERIFY_IDENTITY };
struct verify_input {
    enum verify_kind kind;
    struct span bytes;
    utc_t at;         /* the packet's time, the request's Date; 0: the input does not say; or AT_UNREADABLE */
    const char *file; /* as named on the command line */
    size_t place;     /* line or packet; 0: the file as a whole */
    bool passing;     /* came by in a capture: what starts no call is passed over in silence */
};

struct verify_sink {
    size_t calls; /* judged or refused so far: the command counts */
    void (*call)(struct verify_sink *sink, const struct verify_input *input);
    /* This is no call: what is wrong, in a sentence without its full stop. input->bytes is not to be looked at. */
    void (*refused)(struct verify_sink *sink, const struct verify_input *input, const char *what);
};

/* All calls of a file (`-`: standard input), in order. bare: it holds Identity values. */
void verify_read(const char *file, bool bare, struct verify_sink *sink);

#endif
