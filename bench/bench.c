/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t cpu_ns(pid_t pid)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    struct timespec t = { 0, 0 };
    if (pid && clock_getcpuclockid(pid, &clock) != 0)
        return 0;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The fields of /proc/PID/task/TID/stat: `TID (name) S …`; user and system ticks are the 12th and 13th behind the name. */
int64_t cpu_ns_of(pid_t pid, const char *thread)
{
    char path[64], line[1024];
    int64_t ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char file_name[384];
        long user, system;
        snprintf(file_name, sizeof file_name, "%s/%s/stat", path, e->d_name);
        FILE *file = fopen(file_name, "r");
        const char *name = file && fgets(line, sizeof line, file) ? strchr(line, '(') : NULL;
        const char *end = name ? strrchr(name, ')') : NULL;
        if (end && (size_t)(end - name - 1) == strlen(thread) &&
            memcmp(name + 1, thread, strlen(thread)) == 0 &&
            sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) == 2)
            ticks += user + system;
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
    return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, unsigned n)
{
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#define TURNS 64u

bool bench_in_turns(const struct subject subjects[2], unsigned turns, uint64_t n, double ret_ns[2])
{
    double took[2][TURNS];
    if (turns > TURNS)
        turns = TURNS;
    for (int s = 0; s < 2; s++) /* caches, branch predictors, first allocations */
        if (!subjects[s].run(subjects[s].arg, n / 4 + 1))
            return false;
    for (unsigned turn = 0; turn < turns; turn++)
        for (int s = 0; s < 2; s++) {
            const int64_t from = cpu_ns(0);
            if (!subjects[s].run(subjects[s].arg, n))
                return false;
            took[s][turn] = (double)(cpu_ns(0) - from) / (double)n;
        }
    for (int s = 0; s < 2; s++)
        ret_ns[s] = bench_median(took[s], turns);
    return true;
}

bool bench_say(const char *name, double ours_ns, double theirs_ns, const char *theirs, double goal)
{
    const double ratio = ours_ns / theirs_ns;
    const bool good = goal == 0 || ratio <= goal;
    printf("%-28s %9.2f µs beside %9.2f µs (%s): %.2f", name, ours_ns / 1000, theirs_ns / 1000, theirs,
           ratio);
    if (goal > 0)
        printf(", goal %.2f%s", goal, good ? "" : "  MISSED");
    printf("\n");
    fflush(stdout);
    return good;
}
