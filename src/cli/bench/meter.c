/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/meter.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/bench/stats.h"

static int64_t ns_of(clockid_t clock)
{
    struct timespec t = { 0, 0 };
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t cpu_ns(pid_t pid)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    if (pid && clock_getcpuclockid(pid, &clock) != 0)
        return 0;
    return ns_of(clock);
}

int64_t cpu_ns_thread(void)
{
    return ns_of(CLOCK_THREAD_CPUTIME_ID);
}

/* ---- threads of another process ---- */

/* First line of /proc/PID/task/TID/<file>. */
static bool task_line(pid_t pid, const char *tid, const char *file_name, char *line, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/%s", (int)pid, tid, file_name);
    FILE *file = fopen(path, "r");
    const bool good = file && fgets(line, (int)size, file);
    if (file)
        fclose(file);
    line[good ? strcspn(line, "\n") : 0] = '\0';
    return good;
}

/* schedstat begins with the nanoseconds the thread ran. */
int64_t cpu_ns_of(pid_t pid, const char *thread)
{
    char path[64], line[256];
    int64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] != '.' && task_line(pid, e->d_name, "comm", line, sizeof line) &&
            strcmp(line, thread) == 0 && task_line(pid, e->d_name, "schedstat", line, sizeof line))
            sum += strtoll(line, NULL, 10);
    if (dir)
        closedir(dir);
    return sum;
}

/* ---- in turns ---- */

static bool run_once(const struct subject *s, double *ret_ns)
{
    const int64_t from = cpu_ns(0);
    if (!s->run(s->arg, s->n))
        return false;
    *ret_ns = (double)(cpu_ns(0) - from) / (double)s->n;
    return true;
}

bool meter_in_turns(struct subject *subjects, size_t n_subjects, unsigned turns, int64_t budget_ns,
                    const char **ret_failed)
{
    const mono_t start = clock_now(&clock_system).mono;
    double(*took)[METER_TURNS] = calloc(n_subjects, sizeof *took);
    bool good = took != NULL;
    unsigned done = 0;
    if (turns > METER_TURNS)
        turns = METER_TURNS;
    for (unsigned turn = 0; good && turn <= turns; turn++) {
        const unsigned at = turn ? turn - 1 : 0; /* the first only warms up, and is written over */
        for (size_t i = 0; good && i < n_subjects; i++) {
            good = run_once(&subjects[i], &took[i][at]);
            if (!good && ret_failed)
                *ret_failed = subjects[i].name;
        }
        done = at + 1;
        if (turn && budget_ns && clock_now(&clock_system).mono - start > budget_ns)
            break;
    }
    for (size_t i = 0; good && i < n_subjects; i++)
        subjects[i].ns = median(took[i], done);
    free(took);
    return good;
}

/* ---- CPUs ---- */

/* The first thread of the process is never pinned by the time this is asked for the first time, so its mask is all. */
size_t cpu_pair(int ret[static 2])
{
    cpu_set_t set;
    size_t n = 0;
    ret[0] = ret[1] = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set)) {
            if (n == 0)
                ret[0] = cpu;
            ret[1] = cpu;
            n++;
        }
    return n;
}

static void set_of(int cpu, cpu_set_t *set)
{
    CPU_ZERO(set);
    for (int i = 0; i < CPU_SETSIZE; i++) /* CPUs that do not exist, or are not ours, do no harm */
        if (cpu < 0 || i == cpu)
            CPU_SET(i, set);
}

void cpu_pin(int cpu)
{
    cpu_set_t set;
    set_of(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

void cpu_pin_process(pid_t pid, int cpu)
{
    char path[64];
    cpu_set_t set;
    set_of(cpu, &set);
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] != '.')
            sched_setaffinity((pid_t)strtol(e->d_name, NULL, 10), sizeof set, &set);
    if (dir)
        closedir(dir);
}

void cpu_name(char *out, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "unknown CPU");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0)
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file)
        fclose(file);
}
