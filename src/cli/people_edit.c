/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people add|edit|merge|remove`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input.h"
#include "cli/people.h"
#include "people/making.h"

struct wishes {
    struct people_where where;
    struct option_list alias, number, signer, tag;
    const char *name, *organisation, *least, *proof, *language, *note, *photo, *uid;
    bool is_protected, unprotected;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("number", "NUMBER", "+12025550100, a hundred from it: +12025550100/100, all: +1202*; repeatable",
        OPTION_LIST, number),
    ROW("alias", "NAME", "another name, in any script; repeatable", OPTION_LIST, alias),
    ROW("name", "NAME", "the name itself", OPTION_TEXT, name),
    ROW("organisation", "TEXT", "for whom", OPTION_TEXT, organisation),
    ROW("protected", NULL, "worth impersonating: nobody else may go by this name", OPTION_FLAG, is_protected),
    ROW("unprotected", NULL, "others may", OPTION_FLAG, unprotected),
    ROW("signer", "KIND:NAME", "who signs their calls: spc:1234, issuer:NAME, domain:NAME; repeatable",
        OPTION_LIST, signer),
    ROW("least-attestation", "LETTER", "A, B or C; empty: none is asked for", OPTION_TEXT, least),
    ROW("require-proof", "WORD", "of calls from their numbers: usual, required, waived", OPTION_TEXT, proof),
    ROW("tag", "TEXT", "a word of yours; repeatable", OPTION_LIST, tag),
    ROW("language", "TAG", "en, de, pt-BR", OPTION_TEXT, language),
    ROW("note", "TEXT", "anything", OPTION_TEXT, note),
    ROW("photo", "FILE", "JPEG, PNG, GIF or WebP; empty: none", OPTION_TEXT, photo),
    ROW("uid", "TEXT", "what other address books call this entry", OPTION_TEXT, uid),
    PEOPLE_WHERE_ROWS(struct wishes, where),
    { 0 },
};

static const struct command_help add_help = {
    .name = "people add",
    .example =
        "bonafide people add \"Ronald Putnam\" --alias \"R. Putnam\" --number +12025550100 --protected\n",
    .usage = "[OPTION...] NAME",
    .about = "Adds somebody, and prints the number of the entry.\n",
    .rows = rows,
};
static const struct command_help edit_help = {
    .name = "people edit",
    .example = "bonafide people edit 7 --number +12025550100 --number +12025550101\n",
    .usage = "[OPTION...] ID|TEXT",
    .about =
        "Changes what is given, and leaves the rest. Lists are replaced: name all numbers that shall stay.\n"
        "An empty value takes away.\n",
    .rows = rows,
};

/* ---- what was given ---- */

static int take_list(struct making *m, const struct option_list *list, unsigned has, const char *option,
                     enum bf_err (*add)(struct making *m, struct span text, struct fault *fault),
                     const char *verb)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct span item = span_of(list->items[i]);
        struct fault fault = { 0, "" };
        m->has |= has;
        if (item.n && add(m, item, &fault) != BF_OK)
            return command_fail(verb, EXIT_USAGE, "--%s %.64s: %s.", option, list->items[i], fault.what);
    }
    return EXIT_SUCCESS;
}

static enum bf_err add_alias(struct making *m, struct span text, struct fault *fault)
{
    (void)fault;
    making_alias(m, text);
    return BF_OK;
}

static enum bf_err add_tag(struct making *m, struct span text, struct fault *fault)
{
    (void)fault;
    making_tag(m, text);
    return BF_OK;
}

static int take_lists(struct making *m, const struct wishes *w, const char *verb)
{
    int status = take_list(m, &w->number, HAS_NUMBERS | HAS_RANGES, "number", making_number, verb);
    if (status == EXIT_SUCCESS)
        status = take_list(m, &w->signer, HAS_SIGNERS, "signer", making_signer, verb);
    if (status == EXIT_SUCCESS)
        status = take_list(m, &w->alias, HAS_ALIASES, "alias", add_alias, verb);
    return status == EXIT_SUCCESS ? take_list(m, &w->tag, HAS_TAGS, "tag", add_tag, verb) : status;
}

static void take_texts(struct making *m, const struct wishes *w)
{
    const struct {
        const char *given, **to;
        unsigned has;
    } texts[] = {
        { w->name, &m->p.name, HAS_NAME },
        { w->organisation, &m->p.organisation, HAS_ORGANISATION },
        { w->language, &m->p.language, HAS_LANGUAGE },
        { w->note, &m->p.note, HAS_NOTE },
        { w->uid, &m->p.uid, HAS_UID },
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (texts[i].given) {
            *texts[i].to = making_text(m, span_of(texts[i].given));
            m->has |= texts[i].has;
        }
}

/* By how it begins. */
static const char *photo_type(struct span photo)
{
    static const struct {
        struct span begins;
        const char *type;
    } types[] = { { { "\xFF\xD8\xFF", 3 }, "image/jpeg" },
                  { { "\x89PNG", 4 }, "image/png" },
                  { { "GIF8", 4 }, "image/gif" },
                  { { "RIFF", 4 }, "image/webp" } };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (span_starts(photo, types[i].begins))
            return types[i].type;
    return NULL;
}

/* The bytes stay until the command ends: *ret_owned. */
static int take_photo(struct making *m, const struct wishes *w, char **ret_owned, const char *verb)
{
    struct span photo = SPAN_NONE;
    if (!w->photo)
        return EXIT_SUCCESS;
    m->has |= HAS_PHOTO;
    if (!*w->photo)
        return EXIT_SUCCESS;
    const enum bf_err err = input_read(w->photo, BOOK_PHOTO_BYTES, &photo);
    if (err != BF_OK)
        return command_fail(verb, EXIT_INPUT, "%s: %s.", w->photo, input_error(err));
    *ret_owned = (char *)(uintptr_t)photo.p;
    m->p.photo = photo;
    m->p.photo_type = photo_type(photo);
    return m->p.photo_type ? EXIT_SUCCESS
                           : command_fail(verb, EXIT_INPUT, "%s is no JPEG, PNG, GIF or WebP.", w->photo);
}

static int take_marks(struct making *m, const struct wishes *w, const char *verb)
{
    if (w->is_protected && w->unprotected)
        return command_fail(verb, EXIT_USAGE, "--protected and --unprotected do not go together.");
    if (w->is_protected || w->unprotected)
        m->has |= HAS_PROTECTED;
    m->p.is_protected = w->is_protected;
    if (w->least) {
        m->has |= HAS_LEAST;
        m->p.least_attestation = w->least[0];
        if (*w->least && (w->least[1] || !strchr("ABC", w->least[0])))
            return command_fail(verb, EXIT_USAGE, "--least-attestation takes A, B or C.");
    }
    if (w->proof) {
        m->has |= HAS_PROOF;
        if (!require_proof_of_text(span_of(w->proof), &m->p.require_proof))
            return command_fail(verb, EXIT_USAGE, "--require-proof takes usual, required or waived.");
    }
    return EXIT_SUCCESS;
}

static int take_all(struct making *m, const struct wishes *w, char **ret_owned, const char *verb)
{
    int status = take_lists(m, w, verb);
    take_texts(m, w);
    if (status == EXIT_SUCCESS)
        status = take_marks(m, w, verb);
    if (status == EXIT_SUCCESS)
        status = take_photo(m, w, ret_owned, verb);
    if (status == EXIT_SUCCESS && making_end(m) != BF_OK)
        status = command_fail(verb, EXIT_USAGE, "that is more than an entry holds.");
    return status;
}

/* ---- add, edit ---- */

struct change {
    struct making *m;
    struct book *b;
    enum bf_err err;
};

/* Here, for the entry as it was lives only so long. */
static bool change_one(void *arg, const struct person *p)
{
    struct change *const c = arg;
    c->err = making_over(c->m, p) ? book_put(c->b, &c->m->p) : BF_ENOMEM;
    return false;
}

/* who: NULL for somebody new. */
static int put(struct book *b, struct making *m, const char *who, const char *verb)
{
    struct change c = { m, b, BF_OK };
    int64_t id = 0;
    if (who) {
        const int status = people_find(verb, b, who, &id);
        if (status != EXIT_SUCCESS)
            return status;
        const enum bf_err err = book_get(b, id, change_one, &c);
        c.err = err != BF_OK ? err : c.err;
    } else {
        c.err = book_add(b, &m->p, &id);
    }
    if (c.err != BF_OK)
        return people_fail(verb, b, c.err);
    if (!who)
        printf("%lld\n", (long long)id);
    return EXIT_SUCCESS;
}

static int open_and_put(const struct wishes *w, const char *operand, bool is_new, const char *verb)
{
    auto_(book_close) struct book *b = NULL;
    auto_(arena_destroy) struct arena *arena = NULL;
    struct making m;
    char *owned = NULL;
    if (arena_create(65536, 8u << 20, &arena) != BF_OK || making_begin(&m, arena) != BF_OK)
        return command_fail(verb, EXIT_FAILURE_OURS, "out of memory.");
    int status = take_all(&m, w, &owned, verb);
    if (status == EXIT_SUCCESS && is_new)
        m.p.name = making_text(&m, span_of(operand));
    if (status == EXIT_SUCCESS)
        status = people_open(verb, &w->where, DB_WRITE, &b);
    if (status == EXIT_SUCCESS)
        status = put(b, &m, is_new ? NULL : operand, verb);
    free(owned);
    return status;
}

static int run(const struct command_help *help, int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status;
    const bool is_new = help == &add_help;
    if (!options_read(help, argc, argv, &w, &operands, &status))
        return status;
    if (operands.n != 1)
        status = command_fail(help->name, EXIT_USAGE, "%s is due. See bonafide %s --help.",
                              is_new ? "one name" : "one entry", help->name);
    else if (is_new && w.name)
        status = command_fail(help->name, EXIT_USAGE, "the name stands behind the options, without --name.");
    else
        status = open_and_put(&w, operands.items[0], is_new, help->name);
    options_clear(help, &w, &operands);
    return status;
}

int people_add(int argc, char **argv)
{
    return run(&add_help, argc, argv);
}

int people_edit(int argc, char **argv)
{
    return run(&edit_help, argc, argv);
}

/* ---- merge, remove ---- */

struct where_wishes {
    struct people_where where;
};
static const struct option_row where_rows[] = { PEOPLE_WHERE_ROWS(struct where_wishes, where), { 0 } };

static const struct command_help merge_help = {
    .name = "people merge",
    .example = "bonafide people merge 7 12\n        12 was the same person as 7, and is gone\n",
    .usage = "[OPTION...] ID|TEXT ID|TEXT",
    .about =
        "What the second has and the first has not goes over to it: names, numbers, signers, tags, habits,\n"
        "expected calls. The second entry goes.\n",
    .rows = where_rows,
};
static const struct command_help remove_help = {
    .name = "people remove",
    .example = "bonafide people remove 12\n",
    .usage = "[OPTION...] ID|TEXT...",
    .about = "Takes entries out of the book, with their habits and expected calls.\n",
    .rows = where_rows,
};

static int merge(struct book *b, const struct option_list *operands)
{
    int64_t into = 0, from = 0;
    if (operands->n != 2)
        return command_fail(merge_help.name, EXIT_USAGE,
                            "two entries are due: the one that stays comes first.");
    int status = people_find(merge_help.name, b, operands->items[0], &into);
    if (status == EXIT_SUCCESS)
        status = people_find(merge_help.name, b, operands->items[1], &from);
    if (status != EXIT_SUCCESS)
        return status;
    const enum bf_err err = book_merge(b, into, from);
    return err == BF_OK ? EXIT_SUCCESS : people_fail(merge_help.name, b, err);
}

static int remove_all(struct book *b, const struct option_list *operands)
{
    if (operands->n == 0)
        return command_fail(remove_help.name, EXIT_USAGE,
                            "nobody is named. See bonafide people remove --help.");
    for (size_t i = 0; i < operands->n; i++) {
        int64_t id = 0;
        const int status = people_find(remove_help.name, b, operands->items[i], &id);
        if (status != EXIT_SUCCESS)
            return status;
        const enum bf_err err = book_remove(b, id);
        if (err != BF_OK)
            return people_fail(remove_help.name, b, err);
    }
    return EXIT_SUCCESS;
}

static int run_on_book(const struct command_help *help, int argc, char **argv,
                       int (*act)(struct book *b, const struct option_list *operands))
{
    auto_(book_close) struct book *b = NULL;
    struct where_wishes w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(help, argc, argv, &w, &operands, &status))
        return status;
    status = people_open(help->name, &w.where, DB_WRITE, &b);
    if (status == EXIT_SUCCESS)
        status = act(b, &operands);
    options_clear(help, &w, &operands);
    return status;
}

int people_merge(int argc, char **argv)
{
    return run_on_book(&merge_help, argc, argv, merge);
}

int people_remove(int argc, char **argv)
{
    return run_on_book(&remove_help, argc, argv, remove_all);
}
