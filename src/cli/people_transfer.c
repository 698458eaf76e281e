/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people import|export`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input.h"
#include "cli/people.h"
#include "people/transfer.h"

struct wishes {
    struct people_where where;
    const char *format;
};
static const struct option_row rows[] = {
    { "format", "WORD", "vcard or csv; import goes by what stands in the file, export writes vcard",
      OPTION_TEXT, offsetof(struct wishes, format) },
    PEOPLE_WHERE_ROWS(struct wishes, where),
    { 0 },
};

static const struct command_help import_help = {
    .name = "people import",
    .example = "bonafide people import contacts.vcf\nbonafide people import --format csv - < people.csv\n",
    .usage = "[OPTION...] FILE",
    .about =
        "Everybody of a vCard (4.0, 3.0) or CSV file. Who is there already, by uid, is changed; others are\n"
        "added. Nobody is removed. Exits with 65 where some could not be taken; the others are in.\n",
    .rows = rows,
    .more = "Columns of a CSV: id, uid, name, aliases, organisation, numbers, signers, least_attestation, "
            "protected,\n"
            "require_proof, language, note, tags. Only name must be there; semicolons stand between the "
            "items of a\n"
            "list. What a file does not speak of stays as it is.\n",
};
static const struct command_help export_help = {
    .name = "people export",
    .example =
        "bonafide people export > everybody.vcf\nbonafide people export --format csv board > board.csv\n",
    .usage = "[OPTION...] [TEXT]",
    .about = "Everybody, or who matches the text, to standard output: as vCard 4.0, or CSV.\n",
    .rows = rows,
};

/* *ret is left alone where no word is given. */
static bool format_read(const char *word, enum people_format *ret)
{
    if (!word)
        return true;
    *ret = strcmp(word, "csv") == 0 ? PEOPLE_CSV : PEOPLE_VCARD;
    return *ret == PEOPLE_CSV || strcmp(word, "vcard") == 0;
}

static int wrong_format(const char *verb, const char *word)
{
    return command_fail(verb, EXIT_USAGE, "--format %.32s: write vcard or csv.", word);
}

/* ---- import ---- */

static void tell_refused(void *arg, uint64_t at, const char *why)
{
    command_fail(import_help.name, 0, "%s:%llu: %s.", (const char *)arg, (unsigned long long)at, why);
}

static int import(struct book *b, enum people_format format, struct span text, const char *file)
{
    struct import_report r;
    char *message = NULL;
    const enum bf_err err =
        people_import(b, format, text, tell_refused, (void *)(uintptr_t)file, &r, &message);
    if (err != BF_OK) {
        const char *what = message ? message : *book_error(b) ? book_error(b) : bf_err_text(err);
        command_fail(import_help.name, 0, "%s: %s. Nothing was changed.", file, what);
        free(message);
        return err == BF_ENOMEM || err == BF_EIO ? EXIT_FAILURE_OURS : EXIT_INPUT;
    }
    printf("%zu added, %zu changed, %zu as they were, %zu refused\n", r.added, r.changed, r.same, r.refused);
    return r.refused ? EXIT_INPUT : EXIT_SUCCESS;
}

static int import_from(const struct wishes *w, const struct option_list *operands)
{
    auto_(book_close) struct book *b = NULL;
    struct span text = SPAN_NONE;
    enum people_format format;
    if (operands->n != 1)
        return command_fail(import_help.name, EXIT_USAGE, "one file is due, or - for standard input.");
    const char *const file = operands->items[0];
    const enum bf_err err = input_read(file, TRANSFER_BYTES, &text);
    if (err != BF_OK)
        return command_fail(import_help.name, EXIT_INPUT, "%s: %s.", file, input_error(err));
    const struct span start = span_trim(span_starts(text, SPAN("\xEF\xBB\xBF")) ? span_from(text, 3) : text);
    format = span_starts_nocase(start, SPAN("BEGIN:")) ? PEOPLE_VCARD : PEOPLE_CSV;
    int status = format_read(w->format, &format) ? people_open(import_help.name, &w->where, DB_WRITE, &b)
                                                 : wrong_format(import_help.name, w->format);
    if (status == EXIT_SUCCESS)
        status = import(b, format, text, file);
    free((char *)(uintptr_t)text.p);
    return status;
}

/* ---- export ---- */

static int export_to(const struct wishes *w, const struct option_list *operands)
{
    auto_(book_close) struct book *b = NULL;
    enum people_format format = PEOPLE_VCARD;
    if (operands->n > 1)
        return command_fail(export_help.name, EXIT_USAGE, "one text at most: put it in quotes.");
    if (!format_read(w->format, &format))
        return wrong_format(export_help.name, w->format);
    const int status = people_open(export_help.name, &w->where, DB_READ, &b);
    if (status != EXIT_SUCCESS)
        return status;
    const struct span text = operands->n ? span_of(operands->items[0]) : SPAN_NONE;
    const enum bf_err err = people_export(b, format, text, stdout);
    if (err == BF_OK && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    return err == BF_OK || ferror(stdout)
               ? command_fail(export_help.name, EXIT_FAILURE_OURS, "standard output cannot be written.")
               : people_fail(export_help.name, b, err);
}

static int run(const struct command_help *help, int argc, char **argv,
               int (*act)(const struct wishes *w, const struct option_list *operands))
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status;
    if (options_read(help, argc, argv, &w, &operands, &status)) {
        status = act(&w, &operands);
        options_clear(help, &w, &operands);
    }
    return status;
}

int people_import_file(int argc, char **argv)
{
    return run(&import_help, argc, argv, import_from);
}

int people_export_file(int argc, char **argv)
{
    return run(&export_help, argc, argv, export_to);
}
