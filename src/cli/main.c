/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide`: a table of subcommands and one lookup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "cli/command.h"

/* In the order of --help: what a newcomer wants first comes first. The help is one line, without a full stop. */
static const struct command commands[] = {
    { "demo", "see it work, on this machine, with nothing set up", command_demo },
    { "serve", "answer calls: SIP, HTTP, the record", command_serve },
    { "verify", "is this caller who it says it is? SIP files, captures, JSON lines", command_verify },
    { "watch", "verdicts on calls that come by: a mirror port, a capture", command_watch },
    { "calls", "who called, with which verdict, and why; traceback; CSV", command_calls },
    { "rules", "what is done with calls; what would have been: a dry run", command_rules },
    { "people", "the address book: whose number it is, which names are protected", command_people },
    { "diary", "calendars: what a rule of repetition gives, what a time means", command_diary },
    { "call", "place test calls: honest, forged, replayed", command_call },
    { "sign", "vouch for a call: an Identity value, or a SIP request with one", command_sign },
    { "inspect", "a token, certificate, revocation list or URL in plain words", command_inspect },
    { "lab", "a lab CA and carriers, to try everything with", command_lab },
    { "config", "what is in force and where it came from; a sample file", command_config },
    { "doctor", "is this machine fit to run the server, and what to do if not", command_doctor },
    { "bench", "what a signature, a verification and a whole call cost here", command_bench },
    { "completion", "a completion script for bash or zsh", command_completion },
    { NULL, NULL, NULL },
};

const struct command *command_table(void)
{
    return commands;
}

static const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters must be put in, left out or changed to make one word of the other (Levenshtein). */
static size_t words_apart(const char *a, const char *b)
{
    enum { MOST = 32 };
    size_t row[MOST + 1], nb = strlen(b);

    if (nb > MOST)
        return MOST;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < nb; j++) {
            size_t above = row[j + 1];
            row[j + 1] = least(corner + (a[i] != b[j]), above + 1, row[j] + 1);
            corner = above;
        }
    }
    return row[nb];
}

static int unknown_command(const char *name)
{
    const struct command *nearest = NULL;
    size_t nearest_apart = 4; /* farther than three letters is another word */

    for (const struct command *c = commands; c->name; c++) {
        size_t apart = words_apart(name, c->name);
        if (apart < nearest_apart && apart < strlen(c->name)) {
            nearest = c;
            nearest_apart = apart;
        }
    }
    fputs("bonafide: there is no subcommand '", stderr);
    for (size_t i = 0; name[i] && i < 64; i++)
        fputc((unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i], stderr);
    fputs("'.", stderr);
    if (nearest)
        fprintf(stderr, " Did you mean '%s'?", nearest->name);
    fputs(" See bonafide --help.\n", stderr);
    return EXIT_USAGE;
}

static void print_help(FILE *out)
{
    fputs("bonafide demo\n"
          "        see it work: a lab carrier, a server, calls of every kind, all here\n"
          "\n"
          "usage: bonafide SUBCOMMAND [OPTION...]\n"
          "       bonafide SUBCOMMAND --help\n"
          "       bonafide --version\n"
          "\n"
          "Tells you who is really calling: signs and verifies calls (STIR/SHAKEN).\n"
          "\n",
          out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-12s%s\n", c->name, c->help);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("bonafide " BF_VERSION);
        return EXIT_SUCCESS;
    }
    const struct command *c = command_find(argv[1]);
    return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
