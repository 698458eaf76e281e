/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide completion bash|zsh`: made of the table of subcommands and of the help of each, so that it can never know
 * less, or more, than the program does.
 *
 * The options of a subcommand are the words of its --help that begin with two dashes at the start of an indented line.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"

struct completion_wishes {
    bool none;
};

static const struct option_row rows[] = { { 0 } };
static const struct command_help help = {
    .name = "completion",
    .example = "source <(bonafide completion bash)\n"
               "        complete subcommands and options in this shell\n"
               "bonafide completion zsh > ~/.zfunc/_bonafide\n"
               "        the same for zsh, where fpath holds ~/.zfunc\n",
    .usage = "bash|zsh",
    .about = "Prints a completion script.\n",
    .rows = rows,
};

struct option_names {
    char text[4096]; /* `--json --trust …` */
    size_t n;
};

static void name_add(struct option_names *names, const char *name, size_t n)
{
    if (names->n + n + 2 > sizeof names->text)
        return;
    if (names->n)
        names->text[names->n++] = ' ';
    memcpy(names->text + names->n, name, n);
    names->n += n;
    names->text[names->n] = '\0';
}

static void names_of_help(FILE *in, struct option_names *names)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, in) > 0) {
        const char *p = line + strspn(line, " ");
        if (p != line + 2 || strncmp(p, "--", 2) != 0) /* farther in, a sentence goes on */
            continue;
        size_t n = 2;
        while (isalnum((unsigned char)p[n]) || p[n] == '-')
            n++;
        if (n > 2)
            name_add(names, p, n);
    }
    free(line);
}

/* Runs the subcommand's --help with standard output led into a file of its own. */
static bool options_of(const struct command *c, struct option_names *names)
{
    char help_word[] = "--help", name[32];
    FILE *file = tmpfile();

    *names = (struct option_names){ .n = 0 };
    if (!file)
        return false;
    snprintf(name, sizeof name, "%s", c->name);
    fflush(stdout);
    int keep = dup(STDOUT_FILENO);
    bool led = keep >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0;
    if (led) {
        c->run(2, (char *[]){ name, help_word, NULL });
        fflush(stdout);
        dup2(keep, STDOUT_FILENO);
        rewind(file);
        names_of_help(file, names);
    }
    if (keep >= 0)
        close(keep);
    fclose(file);
    return led;
}

static int print_bash(void)
{
    struct option_names names;

    puts("# bash completion of bonafide; made by `bonafide completion bash`\n"
         "_bonafide() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    fputs("        words='--help --version", stdout);
    for (const struct command *c = command_table(); c->name; c++)
        printf(" %s", c->name);
    puts("'\n    else\n        case ${COMP_WORDS[1]} in");
    for (const struct command *c = command_table(); c->name; c++) {
        if (!options_of(c, &names))
            return command_fail("completion", EXIT_FAILURE_OURS,
                                "no temporary file can be made. Set TMPDIR.");
        printf("        %s) words='%s' ;;\n", c->name, names.text);
    }
    puts("        esac\n"
         "    fi\n"
         "    case $word in\n"
         "        -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
         "        *) if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "           else COMPREPLY=($(compgen -f -- \"$word\")); fi ;;\n"
         "    esac\n"
         "}\n"
         "complete -o filenames -F _bonafide bonafide");
    return 0;
}

/* In single quotes a quote ends the text, so it is put in from outside. */
static void print_quoted(const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (*text == ':')
            fputs("\\:", stdout);
        else
            putchar(*text);
}

static int print_zsh(void)
{
    struct option_names names;

    puts("#compdef bonafide\n"
         "# zsh completion of bonafide; made by `bonafide completion zsh`\n"
         "_bonafide() {\n"
         "    local -a subcommands options\n"
         "    if (( CURRENT == 2 )); then\n"
         "        subcommands=(");
    for (const struct command *c = command_table(); c->name; c++) {
        printf("            '%s:", c->name);
        print_quoted(c->help);
        puts("'");
    }
    puts("        )\n"
         "        _describe subcommand subcommands\n"
         "        return\n"
         "    fi\n"
         "    case $words[2] in");
    for (const struct command *c = command_table(); c->name; c++) {
        if (!options_of(c, &names))
            return command_fail("completion", EXIT_FAILURE_OURS,
                                "no temporary file can be made. Set TMPDIR.");
        printf("        %s) options=(%s) ;;\n", c->name, names.text);
    }
    puts("    esac\n"
         "    if [[ $PREFIX = -* ]]; then compadd -- $options; else _files; fi\n"
         "}\n"
         "_bonafide \"$@\"");
    return 0;
}

int command_completion(int argc, char **argv)
{
    struct completion_wishes wishes = { false };
    struct option_list shells = { 0 };
    int status = 0;

    if (options_read(&help, argc, argv, &wishes, &shells, &status)) {
        if (shells.n == 1 && strcmp(shells.items[0], "bash") == 0)
            status = print_bash();
        else if (shells.n == 1 && strcmp(shells.items[0], "zsh") == 0)
            status = print_zsh();
        else
            status = command_fail("completion", EXIT_USAGE, "say for which shell: bash or zsh.");
    }
    options_clear(&help, &wishes, &shells);
    return status;
}
