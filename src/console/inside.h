/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the console, a request, who asks, and how it is answered. */
#ifndef CONSOLE_INSIDE_H
#define CONSOLE_INSIDE_H

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "console/console.h"
#include "people/expected.h"
#include "people/people.h"
#include "record/record.h"

#define CONSOLE_NAME        64u /* bytes of a user's name */
#define CONSOLE_SECRET      32u
#define CONSOLE_SECRET_TEXT (2 * CONSOLE_SECRET + 1)

enum role { ROLE_READ, ROLE_DESK, ROLE_ADMIN };

/* Who guessed wrong of late: a place is an address. */
#define TRIES_PLACES 256u
struct tries {
    uint64_t who;
    unsigned failed;
    mono_t until;
};

struct follower;
struct trust;

struct console {
    char *url, *assets;
    bool masked, secure;
    struct callback *callback;
    struct recorder *recorder;
    char *certs_dir, *cache_dir;
    struct trust *trust; /* anchors as they were at the start; NULL: none */
    struct log *log;
    struct MHD_Daemon *daemon;
    char *cert, *key;
    pthread_mutex_t lock; /* of what follows */
    struct tries tries[TRIES_PLACES];
    char first[CONSOLE_SECRET_TEXT]; /* the one-time log-in, while there are no users; else "" */
    json_t *own;                     /* certificates that we sign with */
    struct follower *follower;
    pthread_mutex_t names_lock; /* of what follows */
    struct people *people;      /* for names that are tried; NULL: none were yet */
    struct people_reader *reader;
};

struct ask {
    struct console *console;
    struct MHD_Connection *connection;
    const struct route *route;
    int refused; /* before the body was read */
    char id[80];
    char *body;
    size_t n, size;
    char user[CONSOLE_NAME + 1], csrf[CONSOLE_SECRET_TEXT], session[CONSOLE_SECRET_TEXT];
    enum role role;
    struct book *book; /* opened when it is first needed */
};

typedef enum MHD_Result ask_answer(struct ask *a);
struct route {
    const char *method, *path; /* below /desk/api/; one `*` is the id */
    int role;                  /* the least one; -1: anybody */
    ask_answer *answer;
};

/* ---- http.c: answers ---- */

enum MHD_Result say(struct ask *a, int status, const char *type, struct span body, const char *extra_name,
                    const char *extra);
enum MHD_Result say_json(struct ask *a, int status,
                         json_t *value); /* takes the value over; NULL: no memory */
enum MHD_Result say_done(struct ask *a); /* {"ok":true} */
enum MHD_Result refuse(struct ask *a, int status, const char *sentence);
enum MHD_Result refuse_err(struct ask *a, enum bf_err err,
                           const char *sentence);       /* the status follows from err */
const char *ask_query(struct ask *a, const char *name); /* NULL: not asked */
const char *ask_header(struct ask *a, const char *name);
json_t *ask_json(struct ask *a); /* the body as an object; NULL */
int64_t ask_id(const struct ask *a);
utc_t ask_time(struct ask *a, const char *name); /* 0: none */
struct book *ask_book(struct ask *a);            /* NULL: the store cannot be opened */
bool ask_masked(const struct ask *a);
json_t *json_of_memory(char *text, size_t n);                  /* frees it */
const char *json_text(const json_t *object, const char *name); /* "" */

/* ---- session.c ---- */

extern const char *const role_words[];
bool session_open(struct ask *a); /* by its cookie */
enum bf_err users_begin(struct console *c, char **ret_message) must_use;
struct db *ask_db(struct ask *a); /* with the room's tables; NULL */
void audit(struct ask *a, const char *what, const char *object, const char *detail);
ask_answer login_post, first_post, logout_post, password_post, me_get;
ask_answer users_get, users_post, users_put, users_delete, audit_get;

/* ---- calls.c ---- */

json_t *text_of(struct span s); /* null where absent */
json_t *row_of(const struct record *r);
void add_feedback(struct ask *a, json_t *list); /* what was said about each call of it */
void mask(json_t *value);                       /* runs of digits that are numbers of people */
ask_answer calls_get, calls_csv, calls_jsonl, feedback_post;

/* ---- call.c, chain.c: one call ---- */

ask_answer call_get;
json_t *chain_of(struct console *c,
                 const struct record *r); /* leaf, those between, anchor; as far as known */

/* ---- follow.c ---- */

enum bf_err follower_create(struct console *c, struct follower **ret) must_use;
void follower_stop(struct follower *f);
void follower_destroy(struct follower *f);
void follower_tell(struct follower *f, const char *kind, json_t *value); /* takes it over */
void follower_renew(struct follower *f);  /* a session ended: everybody who listens comes again */
void follower_forget(struct follower *f); /* what was told: who comes again hears it from the store */
char *event_text(const char *kind, const json_t *value, size_t *ret_n); /* as it goes over the wire; NULL */
json_t *seen_of(struct follower *f, int64_t person);                    /* calls that were proven theirs */
ask_answer events_get, overview_get, certificates_get;

/* ---- people.c, learned.c, erase.c, names.c, rules.c, back.c ---- */

json_t *habit_json(const struct habit *h);
json_t *expected_json(struct book *b, const struct expected *e); /* with the person's name */
enum MHD_Result say_masked(struct ask *a, int status, json_t *value);
enum MHD_Result done(struct ask *a, enum bf_err err, const char *what);
extern const char no_store[];
ask_answer erase_post, names_get;

ask_answer people_get, people_post, person_get, person_put, person_delete, merge_post, photo_get, photo_put,
    photo_delete, import_post, export_vcf, export_csv, habit_post, exceptions_get, exceptions_post,
    exceptions_delete, expected_get, expected_post, expected_delete;
json_t *person_of(struct ask *a, int64_t id); /* {"id","name"} or NULL */
ask_answer rules_get, rules_put, dry_run_post;
ask_answer callback_post, callback_get, callback_delete;
void console_heard(void *arg, const struct callback_state *state);

/* ---- assets: generated ---- */

struct asset {
    const char *path, *type, *etag;
    const unsigned char *bytes;
    size_t n;
};
extern const struct asset assets[];
extern const size_t n_assets;

#endif
