/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a test program: lets the n-th allocation of our own code fail, and all others through.
 *
 *     BF_ALLOC_FAIL=7          the seventh gives NULL (0: none, only counted)
 *     BF_ALLOC_SKIP=1a0-2f4,…  ranges of the program, as offsets, whose allocations are not ours: the test's functions
 *     BF_ALLOC_LIBS=jansson,…  libraries whose allocations count as ours: they stand for results we must look at
 *     BF_ALLOC_COUNT=FILE      where the number of allocations is written when the program ends
 *
 * Ours is what is called from the program itself: cmocka, libc and OpenSSL get their memory. glibc only.
 */
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIM __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t grain, size_t size);

#define RANGES 512

struct range {
    uintptr_t from, to;
};

static struct range counted[16], skipped[RANGES];
static size_t n_counted, n_skipped;
static _Atomic long at;
static long fail_at = -1; /* -1: not set up yet, everything passes */

static bool is_in(const struct range *ranges, size_t n, uintptr_t p)
{
    for (size_t i = 0; i < n; i++)
        if (p >= ranges[i].from && p < ranges[i].to)
            return true;
    return false;
}

static bool fails(const void *caller)
{
    const uintptr_t p = (uintptr_t)caller;
    if (fail_at < 0 || !is_in(counted, n_counted, p) || is_in(skipped, n_skipped, p))
        return false;
    if (atomic_fetch_add(&at, 1) + 1 != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

static bool is_wanted(const char *path)
{
    const char *libs = getenv("BF_ALLOC_LIBS");
    const char *name = strrchr(path, '/');
    char list[256];
    if (!libs || !name || strncmp(name, "/lib", 4) != 0)
        return false;
    snprintf(list, sizeof list, "%s", libs);
    for (char *save, *lib = strtok_r(list, ",", &save); lib; lib = strtok_r(NULL, ",", &save))
        if (strncmp(name + 4, lib, strlen(lib)) == 0)
            return true;
    return false;
}

/* The program comes first, with an empty name. */
static int note_object(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    if (info->dlpi_name[0] != '\0' && !is_wanted(info->dlpi_name))
        return 0;
    if (info->dlpi_name[0] == '\0')
        *(uintptr_t *)base = info->dlpi_addr;
    for (size_t i = 0; i < info->dlpi_phnum && n_counted < 16; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
            const uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            counted[n_counted++] = (struct range){ from, from + info->dlpi_phdr[i].p_memsz };
        }
    return 0;
}

__attribute__((constructor)) static void set_up(void)
{
    const char *n = getenv("BF_ALLOC_FAIL"), *skip = getenv("BF_ALLOC_SKIP");
    uintptr_t base = 0;
    dl_iterate_phdr(note_object, &base);
    for (char *end; skip && *skip && n_skipped < RANGES; skip = *end == ',' ? end + 1 : end) {
        const uintptr_t from = strtoul(skip, &end, 16);
        if (*end != '-')
            break;
        skipped[n_skipped++] = (struct range){ base + from, base + strtoul(end + 1, &end, 16) };
    }
    unsetenv("LD_PRELOAD"); /* programs that a test starts get their memory */
    fail_at = n ? atol(n) : 0;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("BF_ALLOC_COUNT");
    const long n = atomic_load(&at);
    fail_at = -1;
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", n);
        fclose(file);
    }
}

SHIM void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

SHIM void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

SHIM void *realloc(void *p, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

SHIM void *aligned_alloc(size_t grain, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(grain, size);
}

static char *copied(const char *s, size_t n)
{
    char *p = __libc_malloc(n + 1);
    if (p) {
        memcpy(p, s, n);
        p[n] = '\0';
    }
    return p;
}

SHIM char *strdup(const char *s)
{
    return fails(__builtin_return_address(0)) ? NULL : copied(s, strlen(s));
}

SHIM char *strndup(const char *s, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : copied(s, strnlen(s, n));
}
