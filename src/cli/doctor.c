/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide doctor`: asks every question of the table, and says what to do where the answer is bad. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/options.h"

static const struct {
    const char *name;
    doctor_question *ask;
    bool network; /* not asked with --offline */
} questions[] = {
    { "clock", doctor_clock, false },
    { "dns", doctor_dns, true },
    { "way out", doctor_way_out, true },
    { "anchors", doctor_anchors, false },
    { "crl", doctor_crl, false },
    { "signing", doctor_sign, false },
    { "emergency", doctor_emergency, false },
    { "engine", doctor_engine, false },
    { "disk", doctor_disk, false },
    { "ports", doctor_ports, false },
    { "next hops", doctor_hops, true },
    { "test call", doctor_call, false },
};

struct doctor_wishes {
    const char *config, *url;
    bool offline, no_color;
};

static const struct option_row rows[] = {
    { "config", "FILE", "the server's configuration; default: what serve uses without a file", OPTION_TEXT,
      offsetof(struct doctor_wishes, config) },
    { "offline", NULL, "ask nothing of the network beyond this machine", OPTION_FLAG,
      offsetof(struct doctor_wishes, offline) },
    { "url", "URL", "what to fetch to see whether there is a way out; default https://example.com/",
      OPTION_TEXT, offsetof(struct doctor_wishes, url) },
    { "no-color", NULL, "no colours, even on a terminal", OPTION_FLAG,
      offsetof(struct doctor_wishes, no_color) },
    { 0 },
};

static const struct command_help help = {
    .name = "doctor",
    .example = "bonafide doctor --config /etc/bonafide/bonafide.yaml\n"
               "        is this machine fit to run the server?\n",
    .usage = "[OPTION...]",
    .about = "Looks at the clock, DNS, the way out, anchors, CRLs, signing keys, emergency numbers,\n"
             "what checks signatures, disk and ports, and places a test call when a server runs\n"
             "here. A line each: ok, warn or FAIL, and what to do.\n",
    .rows = rows,
    .more = "Exit status: 0, or 1 when anything failed; 64 wrong usage.\n",
};

void finding_set(struct finding *ret, enum finding_grade grade, const char *advice, const char *format, ...)
{
    va_list args;
    ret->grade = grade;
    snprintf(ret->advice, sizeof ret->advice, "%s", advice);
    va_start(args, format);
    vsnprintf(ret->said, sizeof ret->said, format, args);
    va_end(args);
}

static void finding_print(const char *name, const struct finding *f, bool colors)
{
    static const struct {
        const char *word, *color;
    } grades[] = {
        [FINDING_OK] = { "ok", "32" },
        [FINDING_WARN] = { "warn", "33" },
        [FINDING_FAIL] = { "FAIL", "31" },
        [FINDING_SKIPPED] = { "-", "2" },
    };
    if (colors)
        printf("\033[%sm%-5s\033[0m", grades[f->grade].color, grades[f->grade].word);
    else
        printf("%-5s", grades[f->grade].word);
    const size_t columns = command_columns();
    printf("%-10s ", name);
    prose_words(span_of(f->said), 16, 16, columns);
    if (f->advice[0]) {
        printf("\n%15s -> ", "");
        prose_words(span_of(f->advice), 19, 19, columns);
    }
    printf("\n");
    fflush(stdout);
}

static int ask_all(const struct doctor *d, bool colors)
{
    size_t failed = 0, warned = 0;

    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        struct finding f = { .grade = FINDING_SKIPPED };
        if (d->offline && questions[i].network)
            finding_set(&f, FINDING_SKIPPED, "", "not asked (--offline)");
        else
            questions[i].ask(d, &f);
        failed += f.grade == FINDING_FAIL;
        warned += f.grade == FINDING_WARN;
        finding_print(questions[i].name, &f, colors);
    }
    printf("\n%zu failed, %zu to look at\n", failed, warned);
    return failed > 0;
}

int command_doctor(int argc, char **argv)
{
    struct doctor_wishes wishes = { .url = "https://example.com/" };
    struct option_list operands = { 0 };
    struct config *config = NULL;
    char *message = NULL;
    int status = 0;

    if (!options_read(&help, argc, argv, &wishes, &operands, &status))
        goto out;
    if (operands.n) {
        status = command_fail("doctor", EXIT_USAGE, "'%s' is not understood. See bonafide doctor --help.",
                              operands.items[0]);
        goto out;
    }
    if (config_load(wishes.config, &config, &message)) {
        status = command_fail("doctor", EXIT_USAGE, "the configuration cannot be used:\n%s",
                              message ? message : "");
        goto out;
    }
    struct doctor d = { .config = config,
                        .config_path = wishes.config,
                        .url = wishes.url,
                        .offline = wishes.offline,
                        .now = clock_now(&clock_system) };
    status = ask_all(&d, !wishes.no_color && command_colors());
out:
    config_destroy(config);
    free(message);
    options_clear(&help, &wishes, &operands);
    return status;
}
