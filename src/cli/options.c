/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"

#define COLUMNS 80u /* of a help text, wherever it is shown */

static void help_print(const struct command_help *h)
{
    size_t width = strlen("--help");
    for (const struct option_row *r = h->rows; r->name; r++) {
        size_t n = strlen(r->name) + 2 + (r->argument ? strlen(r->argument) + 1 : 0);
        width = n > width ? n : width;
    }
    printf("%s\nusage: bonafide %s ", h->example, h->name);
    const size_t at = strlen("usage: bonafide  ") + strlen(h->name);
    prose_words(span_of(h->usage), at, at, COLUMNS);
    printf("\n\n");
    prose_print(h->about, COLUMNS);
    printf("\n");
    for (const struct option_row *r = h->rows; r->name; r++) {
        int n = printf("  --%s%s%s", r->name, r->argument ? " " : "", r->argument ? r->argument : "");
        printf("%*s", (int)width + 4 - n, "");
        prose_words(span_of(r->help), width + 4, width + 4, COLUMNS);
        printf("\n");
    }
    printf("  --help%*sthis text\n", (int)(width - strlen("--help")) + 2, "");
    if (h->more) {
        printf("\n");
        prose_print(h->more, COLUMNS);
    }
}

static const struct option_row *row_find(const struct command_help *h, const char *name, size_t n)
{
    for (const struct option_row *r = h->rows; r->name; r++)
        if (strlen(r->name) == n && memcmp(r->name, name, n) == 0)
            return r;
    return NULL;
}

static bool list_add(struct option_list *list, size_t most, const char *item)
{
    if (!list->items && !(list->items = calloc(most, sizeof *list->items)))
        return false;
    list->items[list->n++] = item;
    return true;
}

static bool number_read(const char *text, unsigned long *ret)
{
    char *end;
    if (!text)
        return false;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] < '0' || text[0] > '9')
        return false;
    *ret = value;
    return true;
}

/* Sets one option; false when the value is none. most: how many a list can get. */
static bool option_set(const struct option_row *r, void *into, const char *value, size_t most)
{
    char *place = (char *)into + r->offset;
    switch (r->kind) {
    case OPTION_FLAG: memcpy(place, &(bool){ true }, sizeof(bool)); return true;
    case OPTION_TEXT: memcpy(place, &value, sizeof value); return true;
    case OPTION_LIST: return list_add((struct option_list *)(void *)place, most, value);
    case OPTION_NUMBER: return number_read(value, (unsigned long *)(void *)place);
    }
    return false;
}

/* One option at argv[at]; how many words it took, or 0 and *ret_status. */
static int option_take(const struct command_help *h, int argc, char **argv, int at, void *into,
                       int *ret_status)
{
    const char *name = argv[at] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_row *r = row_find(h, name, n);
    const char *value = equals ? equals + 1 : NULL;
    int words = 1;

    *ret_status = EXIT_USAGE;
    if (!r) {
        command_fail(h->name, 0, "there is no option --%.*s. See bonafide %s --help.", (int)n, name, h->name);
        return 0;
    }
    if (!r->argument && value) {
        command_fail(h->name, 0, "--%s takes no value.", r->name);
        return 0;
    }
    if (r->argument && !value) {
        if (at + 1 == argc) {
            command_fail(h->name, 0, "--%s needs a value: --%s %s.", r->name, r->name, r->argument);
            return 0;
        }
        value = argv[at + 1];
        words = 2;
    }
    if (!option_set(r, into, value, (size_t)argc)) {
        command_fail(h->name, 0, "--%s: '%s' is no %s.", r->name, value, r->argument);
        return 0;
    }
    return words;
}

bool options_read(const struct command_help *h, int argc, char **argv, void *into,
                  struct option_list *ret_operands, int *ret_status)
{
    bool open = true;

    *ret_operands = (struct option_list){ NULL, 0 };
    for (int at = 1; at < argc;) {
        if (open && strcmp(argv[at], "--") == 0) {
            open = false;
            at++;
        } else if (open && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
            help_print(h);
            *ret_status = EXIT_SUCCESS;
            return false;
        } else if (open && argv[at][0] == '-' && argv[at][1] == '-') {
            int words = option_take(h, argc, argv, at, into, ret_status);
            if (!words)
                return false;
            at += words;
        } else if (open && argv[at][0] == '-' && argv[at][1]) {
            *ret_status = command_fail(h->name, EXIT_USAGE, "there is no option %s. See bonafide %s --help.",
                                       argv[at], h->name);
            return false;
        } else if (!list_add(ret_operands, (size_t)argc, argv[at++])) {
            *ret_status = command_fail(h->name, EXIT_FAILURE_OURS, "out of memory.");
            return false;
        }
    }
    return true;
}

void options_clear(const struct command_help *h, void *into, struct option_list *operands)
{
    for (const struct option_row *r = h->rows; r->name; r++)
        if (r->kind == OPTION_LIST)
            free(((struct option_list *)(void *)((char *)into + r->offset))->items);
    free(operands->items);
}
