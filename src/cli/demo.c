/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide demo`: the whole story on one machine, in one process. A lab CA and a carrier made just now, a CA that nobody
 * trusts, the server on free loopback ports with the certificates on its own public listener; then calls of every kind
 * over real UDP, and what came of them.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/demo_back.h"
#include "cli/demo_people.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/scratch.h"
#include "credential/lab.h"
#include "record/record.h"
#include "serve/serve.h"

#define DEMO_HOST "office.example"

struct demo_carrier {
    struct lab *lab;
    struct key *key;
    char *x5u;
};

struct demo {
    char directory[SCRATCH_PATH];
    char root[SCRATCH_PATH], config[SCRATCH_PATH], lab[SCRATCH_PATH + 8], store[SCRATCH_PATH + 32];
    struct demo_carrier honest, rogue;
    struct demo_phones phones;
    struct server *server;
    bool running;
    pthread_t thread;
    enum bf_err ended;
    struct server_address doors[8];
    size_t n_doors;
};

/* ---- the lab ---- */

static bool cas_make(struct demo *d)
{
    char path[SCRATCH_PATH + 16];
    utc_t now = clock_now(&clock_system).utc;
    struct lab_options honest = { .not_before = now - 3600, .not_after = now + 7 * 86400, .name = "Lab" };
    struct lab_options rogue = honest;

    rogue.name = "Nobody";
    snprintf(path, sizeof path, "%s/certificates", d->directory);
    if (mkdir(path, 0700) || lab_create(&honest, &d->honest.lab) || lab_create(&rogue, &d->rogue.lab))
        return false;
    char *root = lab_root_pem(d->honest.lab);
    bool good = root && scratch_write(d->directory, "root.pem", root, d->root);
    free(root);
    return good;
}

/*
 * A carrier, in a directory as `bonafide lab` makes it, its chain put where the server publishes it.
 * name: of the directory, and what the chain's own name begins with.
 */
static bool carrier_make(struct demo *d, struct demo_carrier *c, const char *name, const char *repository,
                         char **ret_message)
{
    char directory[SCRATCH_PATH + 16], prefix[160], chain[SCRATCH_PATH + 64], published[SCRATCH_PATH + 64];

    snprintf(directory, sizeof directory, "%s/%s", d->directory, name);
    snprintf(prefix, sizeof prefix, "%s/%s-", repository, name);
    if (lab_write(c->lab, directory, 1, prefix, NULL, NULL, ret_message) ||
        place_carrier_load(directory, NULL, &c->key, &c->x5u, ret_message))
        return false;
    const char *file = strrchr(c->x5u, '/');
    snprintf(chain, sizeof chain, "%s/carriers/0001/chain.pem", directory);
    snprintf(published, sizeof published, "%s/certificates%s", d->directory, file ? file : "");
    return link(chain, published) == 0;
}

/* ---- the server ---- */

static char *config_text(const struct demo *d)
{
    char *text = NULL;
    if (asprintf(
            &text,
            "# made by bonafide demo\n"
            "sip:\n"
            "  listen: [\"udp:127.0.0.1:0\", \"tcp:127.0.0.1:0\"]\n"
            "  clients: [127.0.0.0/8]\n"
            "  peers: [{from: 127.0.0.0/8, pai: true}]\n"
            "  next_hop: \"sip:127.0.0.1:%u\"\n"
            "  workers: 1\n"
            "trust:\n"
            "  domains:\n"
            "    - {name: lab, anchors: [\"%s\"], lab: true}\n"
            /* a machine that is busy still shows what it is about; what a port once served is another lab's */
            "x5u: {lab: true, budget_ms: 4000, cache_dir: \"\"}\n"
            "http: {listen: \"127.0.0.1:0\"}\n"
            "public: {listen: \"127.0.0.1:0\", certificates: \"%s/certificates\"}\n"
            "store: {url: \"%s\", keep_messages: true}\n"
            "callback: {mode: 3pcc, from: \"sip:callback@" DEMO_HOST "\"}\n"
            "desk: {listen: \"127.0.0.1:0\"}\n",
            d->phones.port, d->root, d->directory, d->store) < 0)
        return NULL;
    return text;
}

static void *server_thread(void *arg)
{
    struct demo *d = arg;
    d->ended = server_run(d->server);
    return NULL;
}

static const struct server_address *door(const struct demo *d, enum server_door which)
{
    for (size_t i = 0; i < d->n_doors; i++)
        if (d->doors[i].door == which)
            return &d->doors[i];
    return NULL;
}

static bool server_start(struct demo *d, char **ret_message)
{
    struct config *config = NULL;
    snprintf(d->store, sizeof d->store, "sqlite:%s/bonafide.db", d->directory);
    char *text = config_text(d);
    bool good = text && scratch_write(d->directory, "bonafide.yaml", text, d->config);
    free(text);
    if (!good || demo_people_add(d->store, ret_message) || config_load(d->config, &config, ret_message) ||
        server_create(config, &(struct server_options){ .config_path = d->config }, &d->server, ret_message))
        return false;
    d->n_doors = server_addresses(d->server, d->doors, ARRAY_SIZE(d->doors));
    d->n_doors = d->n_doors < ARRAY_SIZE(d->doors) ? d->n_doors : ARRAY_SIZE(d->doors);
    const struct server_address *repository = door(d, DOOR_PUBLIC);
    if (!repository || !door(d, DOOR_UDP))
        return false;
    snprintf(d->lab, sizeof d->lab, "%s/lab", d->directory);
    if (!carrier_make(d, &d->honest, "lab", repository->text, ret_message) ||
        !carrier_make(d, &d->rogue, "nobody", repository->text, ret_message))
        return false;
    d->running = pthread_create(&d->thread, NULL, server_thread, d) == 0;
    return d->running;
}

/* ---- the calls ---- */

/* In the order the story is told. The name is what the caller would like to be. */
static const struct {
    enum call_kind kind;
    const char *name, *story;
    const char *caller, *verdict; /* NULL: those of the kind */
} scenes[] = {
    { KIND_SIGNED, DEMO_CALLER, "signed", NULL, NULL },
    { KIND_SIGNED, DEMO_CLAIMED, "signed, a famous name", DEMO_OTHER, "impostor" },
    { KIND_UNSIGNED, DEMO_FAMOUS, "her own, not signed", DEMO_FAMOUS_NUMBER, NULL },
    { KIND_UNSIGNED, "Bob Plain", "not signed", NULL, NULL },
    { KIND_SPOOFED, "Your Bank", "another number shown", NULL, NULL },
    { KIND_TAMPERED, "Your Bank", "token changed", NULL, NULL },
    { KIND_OTHER, "Your Bank", "token of another call", NULL, NULL },
    { KIND_STALE, "Your Bank", "old token", NULL, NULL },
    { KIND_REPLAYED, "Your Bank", "token used twice", NULL, NULL },
    { KIND_UNTRUSTED, "Your Bank", "untrusted carrier", NULL, NULL },
    { KIND_GATEWAY, "Far Away", "signed by a gateway", NULL, NULL },
};

struct scene_result {
    struct placed placed;
    char why[256];
    bool good;
};

static bool keep_why(void *arg, const struct record *r)
{
    struct scene_result *result = arg;
    struct buf b = buf_on(result->why, sizeof result->why - 1);
    buf_printable(&b, span_first(r->why, sizeof result->why - 1));
    result->why[b.n] = '\0';
    return false;
}

/* The record of the call says why; X-Bonafide says which record. The index may be a moment behind. */
static void why_find(const struct demo *d, struct scene_result *result)
{
    const char *id = strstr(result->placed.x_bonafide, "id=");
    struct record_filter filter = { .outcome = -1, .limit = 1 };

    if (result->placed.n_reasons)
        snprintf(result->why, sizeof result->why, "%s", result->placed.reasons[0]);
    if (!id)
        return;
    filter.id = span_first(span_of(id + 3), strcspn(id + 3, "; "));
    for (int tries = 0; tries < 100; tries++) {
        char *message = NULL, before[sizeof result->why];
        memcpy(before, result->why, sizeof before);
        result->why[0] = '\0';
        enum bf_err err = record_query(d->store, &filter, keep_why, result, &message);
        free(message);
        if (!err && result->why[0])
            return;
        memcpy(result->why, before, sizeof before);
        usleep(20 * 1000);
    }
}

static const char *scene_verdict(size_t at)
{
    return scenes[at].verdict ? scenes[at].verdict : call_kind_verdict(scenes[at].kind);
}

static bool scene_play(const struct demo *d, size_t at, struct scene_result *ret)
{
    const struct server_address *to = door(d, DOOR_UDP);
    struct place_options options = {
        .to = (const struct sockaddr *)&to->addr,
        .to_n = to->addr_n,
        .host = DEMO_HOST,
        .name = scenes[at].name,
        .carrier = { d->honest.key, d->honest.x5u },
        .untrusted = { d->rogue.key, d->rogue.x5u },
    };
    enum bf_err err =
        scenes[at].caller ? number_of_text(span_of(scenes[at].caller), NULL, &options.caller, NULL) : BF_OK;
    if (!err)
        err = place_call(&options, scenes[at].kind, &ret->placed);
    if (err)
        ret->placed.err = err;
    ret->good = !err && !ret->placed.err && strcmp(ret->placed.verdict, scene_verdict(at)) == 0;
    if (!ret->placed.err)
        why_find(d, ret);
    else
        snprintf(ret->why, sizeof ret->why, "no answer: %s", bf_err_text(ret->placed.err));
    return ret->good;
}

static const char *color_of(const char *verdict)
{
    static const struct {
        const char *verdict, *color;
    } rows[] = { { "genuine", "32" }, { "unproven", "33" }, { "broken", "31" }, { "impostor", "35" } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].verdict, verdict) == 0)
            return rows[i].color;
    return NULL;
}

static void scene_row(struct table *t, size_t at, const struct scene_result *r)
{
    const char *attestation = r->placed.attestation;
    bool none = !attestation[0] || strcmp(attestation, "none") == 0;
    table_row(t,
              (const char *const[]){ scenes[at].story, r->placed.caller, scenes[at].name,
                                     r->placed.verdict[0] ? r->placed.verdict : "-", none ? "-" : attestation,
                                     r->why },
              color_of(r->placed.verdict));
}

/* Ctrl-C, while signals are held back. */
static bool told_to_stop(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

static void people_tell(const struct demo *d)
{
    char memory[256];
    struct buf out = BUF_ON(memory);
    if (told_to_stop())
        return;
    demo_people_tell(d->store, &out);
    printf("\n%.*s\n", SPAN_FMT(buf_span(&out)));
}

/* Whether the callback came about; true also when there is no time for it any more. */
static bool callback_tell(struct demo *d, const struct scene_result *r, bool colors)
{
    if (told_to_stop())
        return true;
    char id[64];
    const char *begin = strstr(r->placed.x_bonafide, "id=");
    snprintf(id, sizeof id, "%.*s", begin ? (int)strcspn(begin + 3, "; ") : 0, begin ? begin + 3 : "");
    if (demo_back_tell(server_callback(d->server), &d->phones, id, colors))
        return true;
    command_fail("demo", 0, "the callback should have connected the desk and %s, and did not.", DEMO_FAMOUS);
    return false;
}

/* How many were not as expected. */
static size_t story_tell(struct demo *d, bool colors)
{
    static const char *const titles[] = {
        "the call", "shows number", "shows name", "verdict", "att.", "why"
    };
    struct table *t = table_create(titles, ARRAY_SIZE(titles));
    struct progress progress;
    struct scene_result hers = { .why = "" }; /* the call that is called back */
    size_t wrong = 0;

    progress_begin(&progress, "calls placed");
    for (size_t i = 0; i < ARRAY_SIZE(scenes) && !told_to_stop(); i++) {
        struct scene_result r = { .why = "" };
        progress_step(&progress, i, ARRAY_SIZE(scenes));
        if (!scene_play(d, i, &r)) {
            wrong++;
            command_fail("demo", 0, "the call '%s' should have been %s, and is not.", scenes[i].story,
                         scene_verdict(i));
        }
        scene_row(t, i, &r);
        if (scenes[i].caller && strcmp(scenes[i].caller, DEMO_FAMOUS_NUMBER) == 0)
            hers = r;
    }
    progress_end(&progress);
    table_wrap(t);
    table_print(t, colors);
    table_destroy(t);
    people_tell(d);
    return wrong + !callback_tell(d, &hers, colors);
}

static void next_tell(const struct demo *d, bool once)
{
    const struct server_address *udp = door(d, DOOR_UDP), *tcp = door(d, DOOR_TCP),
                                *http = door(d, DOOR_HTTP);

    if (!udp)
        return;
    printf("\nThe server %s on %s%s%s%s%s.\n", once ? "listened" : "listens", udp->text, tcp ? ", " : "",
           tcp ? tcp->text : "", http ? " and " : "", http ? http->text : "");
    char link[SERVER_DESK_LINK];
    const bool desk = server_desk_link(d->server, link);
    if (desk && once)
        printf("The desk, a page for whoever picks up, showed these calls at %.*s.\n",
               (int)strcspn(link, "#"), link);
    else if (desk)
        printf("The desk, a page for whoever picks up, shows these calls, and those to come:\n  %s\n"
               "The link works once: choose a name and a password there.\n",
               link);
    if (once) {
        puts("\nTry next: bonafide demo              leave it running, and place calls yourself");
        return;
    }
    printf("\nTry next, in another terminal:\n"
           "  bonafide call --lab %s %s\n        place one call of every kind\n",
           d->lab, udp->text + strcspn(udp->text, ":") + 1);
    printf("  bonafide calls --config %s\n        the record of all calls\n", d->config);
    if (http)
        printf("  curl -s %s/metrics\n        what the server counts\n", http->text);
}

/* ---- the subcommand ---- */

struct demo_wishes {
    bool once, no_color;
};

static const struct option_row rows[] = {
    { "once", NULL, "end after the calls; status 1 if a verdict was not as expected", OPTION_FLAG,
      offsetof(struct demo_wishes, once) },
    { "no-color", NULL, "no colours, even on a terminal", OPTION_FLAG,
      offsetof(struct demo_wishes, no_color) },
    { 0 },
};

static const struct command_help help = {
    .name = "demo",
    .example = "bonafide demo\n        see it work, on this machine, with nothing set up\n",
    .usage = "[OPTION...]",
    .about =
        "Makes a lab carrier and a lab CA, starts the server on free loopback ports, places calls of every\n"
        "kind, prints their verdicts, and leaves the server running until Ctrl-C.\n",
    .rows = rows,
};

static void demo_clear(struct demo *d)
{
    if (d->running) {
        server_stop(d->server);
        pthread_join(d->thread, NULL);
    }
    server_destroy(d->server);
    demo_phones_clear(&d->phones);
    struct demo_carrier *carriers[] = { &d->honest, &d->rogue };
    for (size_t i = 0; i < ARRAY_SIZE(carriers); i++) {
        key_destroy(carriers[i]->key);
        free(carriers[i]->x5u);
        lab_destroy(carriers[i]->lab);
    }
    scratch_remove(d->directory);
}

static void signals_wait(const sigset_t *signals)
{
    int got;
    puts("\nEnds with Ctrl-C.");
    fflush(stdout);
    sigwait(signals, &got);
}

static int demo_play(struct demo *d, const struct demo_wishes *w, const sigset_t *signals)
{
    char *message = NULL;

    if (!scratch_create("demo", d->directory) || !demo_phones_init(&d->phones) || !cas_make(d))
        return command_fail("demo", EXIT_FAILURE_OURS, "the lab cannot be made in $TMPDIR: %s.",
                            strerror(errno));
    if (!server_start(d, &message)) {
        int status = command_fail("demo", EXIT_FAILURE_OURS, "the server does not start: %s",
                                  message ? message : strerror(errno));
        free(message);
        return status;
    }
    puts("A lab carrier, a lab CA and the server are up; these calls just came in over UDP:\n");
    size_t wrong = story_tell(d, !w->no_color && command_colors());
    next_tell(d, w->once);
    if (!w->once)
        signals_wait(signals);
    return wrong ? 1 : 0;
}

int command_demo(int argc, char **argv)
{
    struct demo_wishes wishes = { 0 };
    struct option_list operands = { 0 };
    struct demo *d = calloc(1, sizeof *d);
    sigset_t signals;
    int status = EXIT_FAILURE_OURS;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* every thread from here on: sigwait takes them */
    if (!options_read(&help, argc, argv, &wishes, &operands, &status))
        ;
    else if (operands.n)
        status = command_fail("demo", EXIT_USAGE, "'%s' is not understood. See bonafide demo --help.",
                              operands.items[0]);
    else if (d)
        status = demo_play(d, &wishes, &signals);
    if (d)
        demo_clear(d);
    free(d);
    options_clear(&help, &wishes, &operands);
    return status;
}
