/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inventory of ten million numbers: memory of the process while it is read, while it is read again beside itself, and the
 * time of a look-up; a thousand customers. The numbers have 10 to 15 digits and lie far apart, in no order: the worst there is. A second set is a
 * carrier's: blocks of a hundred with gaps.
 *
 *     bench_inventory [NUMBERS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "numbers/file.h"

#define MOST_KB (200.0 * 1024)
#define MOST_NS 1000.0
#define LOOKS   2000000u

static uint64_t mixed(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t scattered(uint64_t i)
{
    static const uint64_t firsts[] = { 1000000000,    10000000000,    100000000000,
                                       1000000000000, 10000000000000, 100000000000000 };
    const uint64_t first = firsts[i % 6];
    return first + mixed(i) % (9 * first);
}

static uint64_t in_blocks(uint64_t i)
{
    return 12000000000 + i / 100 * 137 + i % 100;
}

static bool write_csv(const char *path, uint64_t n, uint64_t number(uint64_t))
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fputs("number\n", file);
    for (uint64_t i = 0; i < n; i++)
        fprintf(file, "+%" PRIu64 "\n", number(i));
    return fclose(file) == 0;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_now(void)
{
    long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double resident_peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss;
}

#define CUSTOMERS 1000u

/* Neighbours are of one customer in blocks, and of any where they lie apart. */
static enum bf_err add(void *arg, const struct number_row *row, char **ret_message)
{
    uint64_t number = 0;
    (void)ret_message;
    (void)span_decimal(number_span(&row->range.start), UINT64_MAX, &number);
    return number_set_add(arg, &row->range, (uint32_t)(mixed(number / 137) % CUSTOMERS));
}

static struct number_set *load(const char *path, const char *what)
{
    struct number_set *set = NULL;
    struct number_set_report report;
    char *message = NULL;
    const double begun = seconds();
    struct number_set_maker *maker = NULL;
    const struct number_files files = { .paths = &path, .n_paths = 1 };
    if (number_set_begin(&maker) != BF_OK || number_files_read(&files, add, maker, &message) != BF_OK ||
        number_set_end(maker, &set, &report) != BF_OK) {
        fprintf(stderr, "%s\n", message ? message : "no memory");
        exit(70);
    }
    printf("%-34s %9.1f s   %" PRIu64
           " numbers, %.1f MiB the set, %.1f MiB resident, %.1f MiB at most so far\n",
           what, seconds() - begun, report.numbers, (double)number_set_bytes(set) / (1 << 20),
           resident_now() / 1024, resident_peak() / 1024);
    return set;
}

/* Numbers that are in it and numbers that are not, in no order; made before the clock runs. */
static double look_ns(const struct number_set *set, uint64_t n, uint64_t number(uint64_t))
{
    struct number *asked = calloc(LOOKS, sizeof *asked);
    uint64_t found = 0;
    for (uint64_t i = 0; asked && i < LOOKS; i++) {
        char text[24];
        const int digits = snprintf(text, sizeof text, "%" PRIu64, number(mixed(~i) % n) + (i & 1));
        asked[i].n = (uint8_t)digits;
        memcpy(asked[i].digits, text, (size_t)digits);
    }
    const double begun = seconds();
    for (uint64_t i = 0; asked && i < LOOKS; i++)
        found += number_set_find(set, &asked[i], NULL);
    const double ns = (seconds() - begun) * 1e9 / LOOKS;
    free(asked);
    return found >= LOOKS / 2 ? ns : 1e9; /* every other one is there */
}

static bool say(const char *what, double value, const char *unit, double most)
{
    printf("%-34s %9.1f %s, at most %.0f%s\n", what, value, unit, most, value <= most ? "" : "  MISSED");
    return value <= most;
}

int main(int argc, char **argv)
{
    const uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    const char *base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/bonafide-inventory-XXXXXX", base ? base : P_tmpdir);
    const int fd = mkstemp(path);
    if (fd < 0 || n == 0)
        return 70;
    close(fd);
    bool good = write_csv(path, n, in_blocks);
    number_set_destroy(load(path, "blocks of a hundred"));
    good = write_csv(path, n, scattered) && good;
    struct number_set *set = load(path, "far apart, in no order");
    struct number_set *again = load(path, "read again beside itself");
    good = say("resident at most, with both", resident_peak() / 1024, "MiB", MOST_KB / 1024) && good;
    good = say("a look-up", look_ns(again, n, scattered), "ns", MOST_NS) && good;
    number_set_destroy(set);
    number_set_destroy(again);
    unlink(path);
    return good ? 0 : 1;
}
