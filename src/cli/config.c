/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide config`: what is in force and where it came from; the sample file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/random.h"
#include "cli/command.h"
#include "cli/options.h"
#include "serve/config.h"

struct wishes {
    const char *file, *key;
    bool sample, manual, json;
};

static const struct option_row rows[] = {
    { "config", "FILE", "this configuration; without it, the defaults", OPTION_TEXT,
      offsetof(struct wishes, file) },
    { "sample", NULL, "a file with every option, its default and its help", OPTION_FLAG,
      offsetof(struct wishes, sample) },
    { "manual", NULL, "the options as bonafide.conf(5) has them, in mdoc", OPTION_FLAG,
      offsetof(struct wishes, manual) },
    { "key", "NAME", "make a key of the HTTP interface and the row of http.keys that knows it", OPTION_TEXT,
      offsetof(struct wishes, key) },
    { "json", NULL, "one JSON object", OPTION_FLAG, offsetof(struct wishes, json) },
    { 0 },
};

static const struct command_help help = {
    .name = "config",
    .example = "bonafide config --sample > bonafide.yaml\n"
               "        a file to start from\n"
               "bonafide config --config bonafide.yaml\n"
               "        what is in force, and the line it came from\n"
               "bonafide config --key office\n"
               "        a new key for the HTTP interface, and the row that knows it\n",
    .usage = "[OPTION...]",
    .about = "Shows every option in force and where it came from: a line of the file, or the default.\n"
             "What is wrong with a file is said with line and column (status 65).\n",
    .rows = rows,
};

/* Takes the text over. */
static int print(char *text)
{
    if (!text)
        return command_fail("config", EXIT_FAILURE_OURS, "no memory.");
    const bool good = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    free(text);
    return good ? EXIT_SUCCESS
                : command_fail("config", EXIT_FAILURE_OURS, "standard output cannot be written.");
}

static int show(const struct wishes *w)
{
    auto_(config_destroy) struct config *config = NULL;
    char *message = NULL;
    const enum bf_err err = config_load(w->file, &config, &message);
    if (err == BF_OK)
        return print(config_show(config, w->json));
    fprintf(stderr, "%s\n", message ? message : bf_err_text(err));
    free(message);
    return err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT;
}

/* The key is shown here and nowhere else: what is kept is its digest. */
static int make_key(const char *name)
{
    char text[] = "bf_...........................................", line[512];
    uint8_t chance[32], sum[SHA256_BYTES];
    struct buf b = BUF_ON(line);
    _Static_assert(sizeof text == 3 + BASE64URL_TEXT(sizeof chance) + 1, "room for the key");
    if (!*name || strlen(name) > 63)
        return command_fail("config", EXIT_USAGE, "the name of a key has from 1 to 63 characters.");
    random_bytes(chance, sizeof chance);
    base64url_encode(chance, sizeof chance, text + 3);
    if (sha256_once(span_of(text), sum) != BF_OK)
        return command_fail("config", EXIT_FAILURE_OURS, "no digest can be made.");
    buf_text(&b, "    - {name: ");
    buf_json_string(&b, span_of(name));
    buf_text(&b, ", sha256: \"");
    buf_hex(&b, sum, sizeof sum);
    buf_text(&b, "\", scopes: [verify]}");
    printf("# The key, which is shown only once: %s\n# It goes into the header field \"Authorization: Bearer "
           "KEY\" or "
           "\"X-API-Key: KEY\".\nhttp:\n  keys:\n%.*s\n",
           text, SPAN_FMT(buf_span(&b)));
    return fflush(stdout) == 0
               ? EXIT_SUCCESS
               : command_fail("config", EXIT_FAILURE_OURS, "standard output cannot be written.");
}

int command_config(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status = EXIT_USAGE;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    if (operands.n)
        command_fail("config", EXIT_USAGE, "there is no operand '%.64s'. Write --config %.64s.",
                     operands.items[0], operands.items[0]);
    else if (w.key)
        status = make_key(w.key);
    else if (w.sample)
        status = print(config_sample());
    else if (w.manual)
        status = print(config_manual());
    else
        status = show(&w);
    options_clear(&help, &w, &operands);
    return status;
}
