/* SPDX-License-Identifier: Apache-2.0 */
#include "sipp.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/sipp"

bool sipp_there(void)
{
    return access(PROGRAM, X_OK) == 0;
}

/* What stands between `before` and `after` in a message; n 0: it is not there. */
struct part {
    const char *p;
    int n;
};

static struct part part_of(const struct made_call *call, const char *before, const char *after)
{
    const char *from = memmem(call->p, call->invite, before, strlen(before));
    if (!from)
        return (struct part){ "", 0 };
    from += strlen(before);
    const char *to = memmem(from, call->invite - (size_t)(from - call->p), after, strlen(after));
    return (struct part){ from, to ? (int)(to - from) : 0 };
}

/* A line a call: caller;token;x5u. */
static bool table_put(const char *path, const struct made_calls *calls)
{
    FILE *file = fopen(path, "w");
    bool good = file && fputs("SEQUENTIAL\n", file) >= 0;
    for (size_t i = 0; good && i < calls->n; i++) {
        const struct part caller = part_of(&calls->all[i], "\r\nFrom: \"Lab\" <sip:+", "@");
        const struct part token = part_of(&calls->all[i], "\r\nIdentity: ", ";");
        const struct part x5u = part_of(&calls->all[i], ";info=<", ">");
        good = caller.n && token.n && x5u.n &&
               fprintf(file, "%.*s;%.*s;%.*s;\n", caller.n, caller.p, token.n, token.p, x5u.n, x5u.p) > 0;
    }
    return file && (fclose(file) == 0) && good;
}

static _Noreturn void become(const char *dir, const char *table, const char *scenario, const char *to,
                             size_t n, unsigned rate)
{
    char calls[24], a_second[16], most[16], errors[400];
    snprintf(calls, sizeof calls, "%zu", n);
    snprintf(a_second, sizeof a_second, "%u", rate);
    snprintf(most, sizeof most, "%zu", n / rate + 20);
    snprintf(errors, sizeof errors, "%s/sipp.err", dir);
    const char *const argv[] = { "sipp",       to,
                                 "-sf",        scenario,
                                 "-inf",       table,
                                 "-r",         a_second,
                                 "-m",         calls,
                                 "-l",         "20000",
                                 "-i",         "127.0.0.1",
                                 "-t",         "u1",
                                 "-nostdin",   "-buff_size",
                                 "8388608",    "-timeout",
                                 most,         "-timeout_error",
                                 "-trace_err", "-error_file",
                                 errors,       NULL };
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("TERM", "xterm", 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execv(PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* The first lines of what went wrong. */
static void tell(const char *dir, int status)
{
    char path[400], line[512];
    snprintf(path, sizeof path, "%s/sipp.err", dir);
    FILE *file = fopen(path, "r");
    fprintf(stderr, "SIPp ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    for (unsigned i = 0; file && i < 12 && fgets(line, sizeof line, file); i++)
        fputs(line, stderr);
    if (file)
        fclose(file);
}

bool sipp_run(const char *dir, const char *scenario, const struct sockaddr_in *to,
              const struct made_calls *calls, unsigned rate)
{
    char table[400], address[32];
    int status = -1;
    snprintf(table, sizeof table, "%s/sipp.csv", dir);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(to->sin_port));
    if (!table_put(table, calls)) {
        fprintf(stderr, "the table of calls cannot be written\n");
        return false;
    }
    const pid_t pid = fork();
    if (pid == 0)
        become(dir, table, scenario, address, calls->n, rate);
    if (pid > 0)
        waitpid(pid, &status, 0);
    if (status != 0)
        tell(dir, status);
    return status == 0;
}
