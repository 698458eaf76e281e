/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people`: the address book, a verb each. Here: the table of verbs, and where the book is. */
#include "cli/people.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "serve/config.h"

static const struct command verbs[] = {
    { "add", "somebody new", people_add },
    { "edit", "change what is known of somebody", people_edit },
    { "list", "everybody, by name", people_list },
    { "search", "by name, number, organisation, tag or note", people_search },
    { "show", "all that is known of somebody", people_show },
    { "merge", "two entries are one person", people_merge },
    { "remove", "take somebody out", people_remove },
    { "import", "from a vCard or CSV file", people_import_file },
    { "export", "as vCards or CSV", people_export_file },
    { "name", "whose name a claimed one resembles, and how", people_name },
    { "carddav", "from the address book of a CardDAV server", people_carddav },
    { "expect", "somebody will call, within a window", people_expect },
    { "expected", "the calls that are awaited", people_expected_calls },
    { "habits", "who always signed the calls of whose number", people_habits_verb },
    { "exceptions", "which number may say whose name", people_exceptions },
    { NULL, NULL, NULL },
};

static void print_help(FILE *out)
{
    fputs("bonafide people add \"Ronald Putnam\" --number +12025550100 --protected\n"
          "        nobody else may go by this name\n"
          "bonafide people import contacts.vcf\n"
          "        all of an address book\n"
          "\n"
          "usage: bonafide people VERB [OPTION...]\n"
          "       bonafide people VERB --help\n"
          "\n"
          "The people you know: whose number it is, and whose name is worth protecting.\n"
          "\n",
          out);
    for (const struct command *v = verbs; v->name; v++)
        fprintf(out, "  %-12s%s\n", v->name, v->help);
    fputs("  --help      this text; of a verb, its options\n", out);
}

int command_people(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    for (const struct command *v = verbs; v->name; v++)
        if (strcmp(v->name, argv[1]) == 0)
            return v->run(argc - 1, argv + 1);
    return command_fail("people", EXIT_USAGE, "there is no verb '%.32s'. See bonafide people --help.",
                        argv[1]);
}

/* ---- the book ---- */

/* The directory that the store lies in, as the server makes it. */
static void directory_make(const char *url)
{
    const struct span scheme = SPAN("sqlite:");
    char path[4096];
    if (!span_starts(span_of(url), scheme) || strlen(url) >= sizeof path)
        return;
    snprintf(path, sizeof path, "%s", url + scheme.n);
    for (char *slash = strchr(path + 1, '/'); path[0] == '/' && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return; /* opening the store says why */
        *slash = '/';
    }
}

static int say_why(const char *verb, enum bf_err err, char *message)
{
    const char *next =
        err == BF_ENOENT ? ". `bonafide people add` makes the first entry; --store names another store" : "";
    const int status = command_fail(verb, err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT, "%s%s.",
                                    message ? message : bf_err_text(err), next);
    free(message);
    return status;
}

int people_open(const char *verb, const struct people_where *where, enum db_mode mode, struct book **ret)
{
    auto_(config_destroy) struct config *config = NULL;
    char *message = NULL;
    if (where->store && where->config)
        return command_fail(verb, EXIT_USAGE, "--store and --config do not go together.");
    enum bf_err err = where->store ? BF_OK : config_load(where->config, &config, &message);
    if (err != BF_OK)
        return say_why(verb, err == BF_ENOENT ? BF_EIO : err, message);
    const char *url = where->store ? where->store : config->store.url;
    if (!url || !*url)
        return command_fail(verb, EXIT_INPUT, "store.url is empty: this server keeps no book.");
    if (mode == DB_WRITE)
        directory_make(url);
    err = book_open(url, mode, ret, &message);
    return err == BF_OK ? EXIT_SUCCESS : say_why(verb, err, message);
}

int people_fail(const char *verb, const struct book *b, enum bf_err err)
{
    const int status = err == BF_ENOMEM || err == BF_EIO ? EXIT_FAILURE_OURS : EXIT_INPUT;
    const char *what = book_error(b);
    return command_fail(verb, status, "%s.", *what ? what : bf_err_text(err));
}

struct finding {
    int64_t ids[2];
    size_t n;
};

static bool note_id(void *arg, const struct person *p)
{
    struct finding *f = arg;
    if (f->n < ARRAY_SIZE(f->ids))
        f->ids[f->n] = p->id;
    f->n++;
    return true;
}

int people_find(const char *verb, struct book *b, const char *text, int64_t *ret_id)
{
    struct finding f = { .n = 0 };
    uint64_t id;
    const bool is_id = span_decimal(span_of(text), INT64_MAX, &id);
    const enum bf_err err =
        is_id ? book_get(b, (int64_t)id, note_id, &f) : book_search(b, span_of(text), note_id, &f);
    if (err != BF_OK)
        return people_fail(verb, b, err);
    if (f.n == 1) {
        *ret_id = f.ids[0];
        return EXIT_SUCCESS;
    }
    return f.n ? command_fail(
                     verb, EXIT_INPUT,
                     "%zu people match \"%.64s\". Take one's number: `bonafide people search` lists them.",
                     f.n, text)
               : command_fail(verb, EXIT_INPUT,
                              "nobody matches \"%.64s\". `bonafide people list` shows who is there.", text);
}
