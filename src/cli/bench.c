/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide bench`: what a signature, a verification and a whole call cost on this machine, beside OpenSSL's own figure and
 * a bare echo measured in the same run. The parts that measure stand in bench/.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bench/meter.h"
#include "cli/bench/run.h"
#include "cli/command.h"
#include "cli/options.h"

#define QUICK_S 22 /* nothing new begins then, so that all is over within 30 s */
#define FULL_S  240

struct bench_wishes {
    bool quick, json, no_color;
    const char *plots, *only;
};

static const struct option_row rows[] = {
    { "quick", NULL, "be done within 30 s", OPTION_FLAG, offsetof(struct bench_wishes, quick) },
    { "json", NULL, "one JSON object", OPTION_FLAG, offsetof(struct bench_wishes, json) },
    { "only", "PART", "signatures, memory or udp", OPTION_TEXT, offsetof(struct bench_wishes, only) },
    { "plots", "DIR", "also draw: SVG files in DIR, which is made", OPTION_TEXT,
      offsetof(struct bench_wishes, plots) },
    { "no-color", NULL, "no colours, even on a terminal", OPTION_FLAG,
      offsetof(struct bench_wishes, no_color) },
    { 0 },
};

static const struct command_help help = {
    .name = "bench",
    .example = "bonafide bench\n"
               "        what does a call cost on this machine? two or three minutes\n"
               "bonafide bench --quick --json\n"
               "        the same in half a minute, for programs\n",
    .usage = "[OPTION...]",
    .about = "Measures signatures, calls in memory, and calls over UDP: `bonafide serve` on one\n"
             "CPU, a caller on the other, beside OpenSSL's own figures and a bare UDP echo in\n"
             "the same run. 1,000 lab carriers sign in turn. All of it happens on loopback and\n"
             "in $TMPDIR, and is removed at the end.\n",
    .rows = rows,
    .more = "Exit status: 0; 130 when it was stopped; 64 wrong usage; 65 DIR cannot be\n"
            "written; 70 something did not work as it must.\n",
};

static const struct part {
    const char *name;
    bool (*measure)(struct bench_run *r);
} parts[] = {
    { "signatures", measure_signatures },
    { "memory", measure_inside },
    { "udp", measure_outside },
};

static const struct part *part_find(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(parts); i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

static bool measure_all(struct bench_run *r, const struct bench_wishes *w)
{
    const struct part *only = part_find(w->only);
    bool good = true;
    for (size_t i = 0; good && i < ARRAY_SIZE(parts); i++)
        if ((!only || only == &parts[i]) && !run_over(r))
            good = parts[i].measure(r);
    return good;
}

/* As the servers will choose, which look at the same variable. */
static void choose_engine(struct bench_run *r)
{
    const char *wanted = getenv("BONAFIDE_ENGINE");
    struct figures *f = r->figures;
    r->engine = ES256_AUTO;
    f->why_no_lanes = es256_unsupported();
    if (wanted && strcmp(wanted, "openssl") == 0) {
        r->engine = ES256_OPENSSL;
        f->why_no_lanes = "BONAFIDE_ENGINE asks for OpenSSL";
    }
    f->engine = f->why_no_lanes ? "openssl" : "lanes";
}

static void begin(struct bench_run *r, const struct bench_wishes *w, struct figures *f, mono_t start)
{
    int cpus[2];
    *r = (struct bench_run){ .figures = f,
                             .program = "/proc/self/exe",
                             .quick = w->quick,
                             .plots = w->plots != NULL,
                             .deadline = start + MONO_S(w->quick ? QUICK_S : FULL_S),
                             .next_number = 1 };
    choose_engine(r);
    cpu_pair(cpus);
    r->server_cpu = cpus[0];
    r->load_cpu = cpus[1];
    f->quick = w->quick;
    cpu_name(f->cpu, sizeof f->cpu);
}

static int tell(const struct bench_wishes *w, const struct figures *f)
{
    char command[512];
    (w->json ? report_json(f) : report_table(f, !w->no_color && command_colors()));
    if (!w->plots)
        return EXIT_SUCCESS;
    snprintf(command, sizeof command, "bonafide bench%s --plots %s", w->quick ? " --quick" : "", w->plots);
    if (plots_write(f, w->plots, command))
        return EXIT_SUCCESS;
    return command_fail("bench", EXIT_INPUT, "%s cannot be written: %s.", w->plots, strerror(errno));
}

static int bench_run(const struct bench_wishes *w)
{
    const mono_t start = clock_now(&clock_system).mono;
    struct figures *f = calloc(1, sizeof *f);
    struct stage_lab lab = { .dir = "" };
    struct bench_run r;
    int status = EXIT_FAILURE_OURS;
    if (!f)
        return status;
    begin(&r, w, f, start);
    progress_begin(&r.progress, "measured");
    bool good = stage_lab_open(FIGURE_SIGNERS, &lab);
    r.lab = &lab;
    good = good && measure_all(&r, w);
    stage_lab_close(&lab);
    progress_end(&r.progress);
    f->cut = !w->only && !figures_complete(f);
    f->seconds = (double)(clock_now(&clock_system).mono - start) / 1e9;
    if (run_stopped(NULL))
        status = 130; /* as a shell says it of Ctrl-C */
    else if (good)
        status = tell(w, f);
    free(f);
    return status;
}

static int check_and_run(const struct bench_wishes *w, const struct option_list *operands)
{
    sigset_t signals;
    if (operands->n)
        return command_fail("bench", EXIT_USAGE, "'%.64s' is not understood. See bonafide bench --help.",
                            operands->items[0]);
    if (w->only && !part_find(w->only))
        return command_fail("bench", EXIT_USAGE, "--only takes signatures, memory or udp.");
    if (w->plots && mkdir(w->plots, 0777) != 0 && errno != EEXIST)
        return command_fail("bench", EXIT_INPUT, "%s cannot be made: %s.", w->plots, strerror(errno));
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* what is under way is put away first (run_stopped) */
    return bench_run(w);
}

int command_bench(int argc, char **argv)
{
    struct bench_wishes wishes = { 0 };
    struct option_list operands = { 0 };
    int status = 0;
    if (options_read(&help, argc, argv, &wishes, &operands, &status))
        status = check_and_run(&wishes, &operands);
    options_clear(&help, &wishes, &operands);
    return status;
}
