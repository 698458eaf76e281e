/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide lab`: a directory with a lab CA and its carriers, to try everything without a real certificate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "credential/lab.h"

#define CARRIERS_MAX 1000000ul
#define DAYS_MAX     36500ul
#define DAY_S        86400

struct wishes {
    unsigned long carriers, days;
    const char *ca_key, *url_prefix, *name;
};

static const struct option_row rows[] = {
    { "carriers", "N", "how many carriers (default: 1)", OPTION_NUMBER, offsetof(struct wishes, carriers) },
    { "days", "N", "how long the certificates are valid (default: 30)", OPTION_NUMBER,
      offsetof(struct wishes, days) },
    { "ca-key", "KIND", "key of root and intermediate: p256 (default), p384, p521, rsa2048, rsa4096",
      OPTION_TEXT, offsetof(struct wishes, ca_key) },
    { "url-prefix", "URL", "x5u of a carrier is URL<spc>.pem (default: https://lab.example/)", OPTION_TEXT,
      offsetof(struct wishes, url_prefix) },
    { "name", "TEXT", "organization of the CAs (default: Lab)", OPTION_TEXT, offsetof(struct wishes, name) },
    { 0 },
};

static const struct command_help help = {
    .name = "lab",
    .example = "  bonafide lab mylab\n"
               "  bonafide lab --carriers 200 --url-prefix http://127.0.0.1:8081/ biglab\n",
    .usage = "[OPTION...] DIR",
    .about = "Makes a lab CA in DIR, which must be empty or not exist: a root, an intermediate, and carriers "
             "whose\n"
             "certificates look like production ones. Nobody outside trusts it; its verdicts say so "
             "(\"lab\":true).\n",
    .rows = rows,
    .more = "In DIR: root.pem (for --trust), intermediate.pem, carriers/<spc>/key.pem and chain.pem, certs/ "
            "(for\n"
            "--certs), lab.json (what is what). The keys of the CAs are not kept.\n",
};

static const struct {
    const char *name;
    enum lab_key kind;
} key_kinds[] = {
    { "p256", LAB_P256 },       { "p384", LAB_P384 },       { "p521", LAB_P521 },
    { "rsa2048", LAB_RSA2048 }, { "rsa4096", LAB_RSA4096 },
};

static bool key_kind_of(const char *name, enum lab_key *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(key_kinds); i++)
        if (strcmp(name, key_kinds[i].name) == 0) {
            *ret = key_kinds[i].kind;
            return true;
        }
    return false;
}

static void say_what_next(const struct wishes *w, const char *dir)
{
    printf("%s holds a lab CA and %lu carrier%s, valid for %lu day%s:\n"
           "  %s/root.pem                     the anchor\n"
           "  %s/carriers/0001/key.pem        the first carrier's key; its certificate is at %s0001.pem\n"
           "  %s/lab.json                     what is what\n"
           "\n"
           "Next:\n"
           "  bonafide sign --key %s/carriers/0001/key.pem --x5u %s0001.pem \\\n"
           "      --attest A --orig 12155550121 --dest 12155550131 > call.identity\n"
           "  bonafide verify --trust %s/root.pem --certs %s/certs --orig 12155550121 --dest 12155550131 "
           "call.identity\n"
           "  bonafide demo                   the whole story in one screen\n",
           dir, w->carriers, w->carriers == 1 ? "" : "s", w->days, w->days == 1 ? "" : "s", dir, dir,
           w->url_prefix, dir, dir, w->url_prefix, dir, dir);
}

static void show_progress(void *arg, size_t done, size_t all)
{
    progress_step(arg, done, all);
}

static int make(const struct wishes *w, enum lab_key kind, const char *dir)
{
    auto_(lab_destroy) struct lab *lab = NULL;
    const utc_t now = clock_now(&clock_system).utc;
    /* From an hour ago on: a peer's clock may be behind ours. */
    const struct lab_options options = { now - 3600, now + (utc_t)w->days * DAY_S, w->name, kind };
    struct progress progress;
    char *message = NULL;
    enum bf_err err = lab_create(&options, &lab);
    if (err)
        return command_fail("lab", EXIT_FAILURE_OURS, "the CA could not be made: %s.", bf_err_text(err));
    progress_begin(&progress, "carriers");
    err = lab_write(lab, dir, w->carriers, w->url_prefix, show_progress, &progress, &message);
    progress_end(&progress);
    if (err) {
        command_fail("lab", 0, "%s. Name a directory that is empty or does not exist.",
                     message ? message : bf_err_text(err));
        free(message);
        return err == BF_EIO ? EXIT_INPUT : EXIT_FAILURE_OURS;
    }
    say_what_next(w, dir);
    return EXIT_SUCCESS;
}

static int check_and_make(const struct wishes *w, const struct option_list *operands)
{
    enum lab_key kind;
    if (operands->n != 1)
        return command_fail("lab", EXIT_USAGE, "one directory is due. See bonafide lab --help.");
    if (!key_kind_of(w->ca_key, &kind))
        return command_fail("lab", EXIT_USAGE,
                            "--ca-key %s is not known. Take p256, p384, p521, rsa2048 or rsa4096.",
                            w->ca_key);
    if (w->carriers < 1 || w->carriers > CARRIERS_MAX)
        return command_fail("lab", EXIT_USAGE, "--carriers takes 1 to %lu.", CARRIERS_MAX);
    if (w->days < 1 || w->days > DAYS_MAX)
        return command_fail("lab", EXIT_USAGE, "--days takes 1 to %lu.", DAYS_MAX);
    if (strlen(w->url_prefix) > 900 || strpbrk(w->url_prefix, "\"\\\n\r"))
        return command_fail("lab", EXIT_USAGE, "--url-prefix is no URL. Take one like https://lab.example/.");
    if (w->name[0] == '\0' || strlen(w->name) > 48)
        return command_fail("lab", EXIT_USAGE, "--name takes 1 to 48 characters.");
    return make(w, kind, operands->items[0]);
}

int command_lab(int argc, char **argv)
{
    struct wishes w = {
        .carriers = 1, .days = 30, .ca_key = "p256", .url_prefix = "https://lab.example/", .name = "Lab"
    };
    struct option_list operands;
    int status;
    if (options_read(&help, argc, argv, &w, &operands, &status)) {
        status = check_and_make(&w, &operands);
        options_clear(&help, &w, &operands);
    }
    return status;
}
