/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people carddav`: the people of a CardDAV server. */
#include "people/carddav.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/people.h"

#define VERB          "people carddav"
#define PASSWORD_MOST 1024u

struct wishes {
    struct people_where where;
    const char *user, *password_file, *ca;
    bool remove, json;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("user", "NAME", "who asks", OPTION_TEXT, user),
    ROW("password-file", "FILE", "a file whose first line is the password", OPTION_TEXT, password_file),
    ROW("ca", "FILE", "the certificates that issue the server's, PEM; default the system's", OPTION_TEXT, ca),
    ROW("remove", NULL, "who is gone there goes here, too", OPTION_FLAG, remove),
    PEOPLE_WHERE_ROWS(struct wishes, where),
    ROW("json", NULL, "one JSON object", OPTION_FLAG, json),
    { 0 },
};

static const struct command_help help = {
    .name = VERB,
    .example =
        "bonafide people carddav https://dav.example.org/ada/contacts/ --user ada --password-file secret\n"
        "        takes over a server's address book; again, what has changed since\n",
    .usage = "URL [OPTION...]",
    .about = "Reads the people of a CardDAV server into the book. Nothing is written there.\n",
    .rows = rows,
    .more = "URL is that of the address book, or of a server that has only one. https; http on this machine "
            "alone.\n"
            "Who is gone there stays here, unless --remove is given.\n",
};

/* The first line, to be freed. */
static char *password_read(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = f ? calloc(1, PASSWORD_MOST) : NULL;
    if (line && !fgets(line, PASSWORD_MOST, f))
        line[0] = '\0';
    if (f)
        fclose(f);
    if (line)
        line[strcspn(line, "\r\n")] = '\0';
    return line;
}

static void say_refused(void *arg, uint64_t line, const char *why)
{
    (void)arg;
    fprintf(stderr, "bonafide " VERB ": line %llu of the cards: %s; left out.\n", (unsigned long long)line,
            why);
}

static void say_report(const struct carddav_report *r, bool json)
{
    if (json) {
        char memory[2048];
        struct buf url = BUF_ON(memory);
        buf_json_string(&url, span_of(r->book));
        printf("{\"book\":%.*s,\"added\":%zu,\"changed\":%zu,\"same\":%zu,\"refused\":%zu,\"gone\":%zu,"
               "\"removed\":%zu,"
               "\"whole\":%s}\n",
               (int)url.n, url.p, r->cards.added, r->cards.changed, r->cards.same, r->cards.refused, r->gone,
               r->removed, r->whole ? "true" : "false");
        return;
    }
    printf("%s: %zu added, %zu changed", r->book, r->cards.added, r->cards.changed);
    if (r->cards.same)
        printf(", %zu as they were", r->cards.same);
    if (r->cards.refused)
        printf(", %zu left out", r->cards.refused);
    if (r->gone)
        printf(", %zu gone there, %zu removed here", r->gone, r->removed);
    printf(".\n");
}

static int run(const struct wishes *w, const char *url)
{
    auto_(book_close) struct book *book = NULL;
    struct carddav_report report;
    char *message = NULL, *password = NULL;
    if (w->password_file && !(password = password_read(w->password_file)))
        return command_fail(VERB, EXIT_INPUT, "%s cannot be read.", w->password_file);
    int status = people_open(VERB, &w->where, DB_WRITE, &book);
    const struct carddav_options options = {
        .url = url, .user = w->user, .password = password, .ca_file = w->ca, .remove = w->remove
    };
    const enum bf_err err =
        status ? BF_OK : carddav_take(book, &options, say_refused, NULL, &report, &message);
    if (err)
        status = command_fail(VERB, err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT, "%s.",
                              message ? message : bf_err_text(err));
    else if (!status)
        say_report(&report, w->json);
    free(message);
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    return status;
}

int people_carddav(int argc, char **argv)
{
    struct wishes w = { .user = NULL };
    struct option_list operands;
    int status;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = operands.n == 1
                 ? run(&w, operands.items[0])
                 : command_fail(VERB, EXIT_USAGE,
                                "write the URL of the address book. See bonafide people carddav --help.");
    options_clear(&help, &w, &operands);
    return status;
}
