/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide serve`: the server, its signals and its log. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "serve/serve.h"

struct wishes {
    const char *file;
    bool check;
};

static const struct option_row rows[] = {
    { "config", "FILE", "this configuration; without it, the defaults: on loopback", OPTION_TEXT,
      offsetof(struct wishes, file) },
    { "check", NULL, "only check the configuration, its keys and its anchors", OPTION_FLAG,
      offsetof(struct wishes, check) },
    { 0 },
};

static const struct command_help help = {
    .name = "serve",
    .example = "bonafide serve\n"
               "        answer calls on 127.0.0.1:5060, the API on http://127.0.0.1:8080\n"
               "bonafide serve --check --config /etc/bonafide/bonafide.yaml\n"
               "        is this configuration good?\n",
    .usage = "[OPTION...]",
    .about =
        "Answers calls until SIGTERM or SIGINT; calls under way are answered first. SIGHUP reads the\n"
        "configuration again. What is wrong with a configuration is said with line and column (status 65).\n",
    .rows = rows,
};

/* ---- signals ---- */

struct listening {
    struct server *server;
    sigset_t set;
};

/* Ends with the first signal that ends the server, which is also how the main thread ends it. */
static void *listen_to_signals(void *arg)
{
    const struct listening *l = arg;
    for (;;) {
        const int number = sigwaitinfo(&l->set, NULL);
        if (number == SIGHUP) {
            server_reload(l->server);
        } else if (number > 0) {
            server_stop(l->server);
            return NULL;
        }
    }
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a record that cannot grow is an error like a full disk */
}

/* Every connection is a descriptor: as many as the system lets us have. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        fputs("bonafide serve: the limit of open files stays low.\n", stderr);
}

/* ---- the server ---- */

static enum log_level level_of(const char *name)
{
    static const char *const names[] = { "alarm", "warning", "info", "debug" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (name && strcmp(name, names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

static void say(void *arg, enum log_level level, const char *line)
{
    if (level <= LOG_WARN) {
        log_put(arg, level, "%s", line);
        return;
    }
    puts(line);
    fflush(stdout);
}

static int run(struct server *s, struct log *log, sigset_t set)
{
    struct listening l = { s, set };
    pthread_t thread;
    server_introduce(s, say, log);
    if (pthread_create(&thread, NULL, listen_to_signals, &l) != 0)
        return command_fail("serve", EXIT_FAILURE_OURS, "a thread could not be started.");
    const enum bf_err err = server_run(s);
    /* that thread blocks the signal and takes it with sigwait: nothing is terminated */
    pthread_kill(thread, SIGTERM); /* NOLINT(bugprone-bad-signal-to-kill-thread,cert-pos44-c) */
    pthread_join(thread, NULL);
    return err ? command_fail("serve", EXIT_FAILURE_OURS,
                              "the threads of the server could not be started: %s.", bf_err_text(err))
               : EXIT_SUCCESS;
}

static int fail_with(char *message, enum bf_err err, int status)
{
    fprintf(stderr, "bonafide serve: %s\n", message ? message : bf_err_text(err));
    free(message);
    return status;
}

static int check(const struct wishes *w, struct config *config)
{
    char *message = NULL;
    const enum bf_err err = server_check(config, &message);
    if (err)
        return fail_with(message, err, EXIT_INPUT);
    printf("%s is good.\n", w->file ? w->file : "The default configuration");
    return EXIT_SUCCESS;
}

static int serve(const struct wishes *w)
{
    struct config *config = NULL;
    auto_(log_destroy) struct log *log = NULL;
    auto_(server_destroy) struct server *s = NULL;
    char *message = NULL;
    sigset_t set;
    enum bf_err err = config_load(w->file, &config, &message);
    if (err)
        return fail_with(message, err, err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT);
    if (w->check)
        return check(w, config);
    err = log_create(STDERR_FILENO, level_of(config->log.level), config->log.json, &log);
    if (err) {
        config_destroy(config);
        return fail_with(NULL, err, EXIT_FAILURE_OURS);
    }
    block_signals(&set);
    raise_limits();
    const struct server_options options = { .config_path = w->file, .log = log, .notify = true };
    err = server_create(config, &options, &s, &message);
    return err ? fail_with(message, err, EXIT_FAILURE_OURS) : run(s, log, set);
}

int command_serve(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status = EXIT_USAGE;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    if (operands.n)
        command_fail("serve", EXIT_USAGE, "there is no operand '%.64s'. Write --config %.64s.",
                     operands.items[0], operands.items[0]);
    else
        status = serve(&w);
    options_clear(&help, &w, &operands);
    return status;
}
