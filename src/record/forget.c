/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that forgets, for test_recorder_crash.c: preloaded into a writer, it notes in the directory BF_SHADOW what would
 * survive a power cut. Only fsync and fdatasync make anything survive: of a file its bytes at that moment, of a directory
 * its names. Everything is about files in the directory BF_FORGET_DIR.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static int is_ours(int fd)
{
    char link[64], path[1024];
    const char *dir = getenv("BF_FORGET_DIR");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0 || !dir)
        return 0;
    path[n] = '\0';
    return strncmp(path, dir, strlen(dir)) == 0;
}

/* Written aside and renamed: being killed in between leaves the older state, as a disk may. */
static void note(const char *name, void (*write_it)(int from, FILE *to), int from)
{
    char path[1100], aside[1110];
    snprintf(path, sizeof path, "%s/%s", getenv("BF_SHADOW"), name);
    snprintf(aside, sizeof aside, "%s.new", path);
    FILE *to = fopen(aside, "wb");
    if (!to)
        abort();
    write_it(from, to);
    if (fclose(to) != 0 || rename(aside, path) != 0)
        abort();
}

static void copy_bytes(int from, FILE *to)
{
    char bytes[65536];
    off_t at = 0;
    for (ssize_t n; (n = pread(from, bytes, sizeof bytes, at)) > 0; at += n)
        fwrite(bytes, 1, (size_t)n, to);
}

static void copy_names(int from, FILE *to)
{
    struct stat st;
    const int fd = openat(from, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fdopendir(fd);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            fprintf(to, "%llu %s\n", (unsigned long long)st.st_ino, e->d_name);
    if (d)
        closedir(d);
}

static void remember(int fd)
{
    struct stat st;
    char name[32];
    if (!is_ours(fd) || fstat(fd, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        note("names", copy_names, fd);
        return;
    }
    snprintf(name, sizeof name, "%llu", (unsigned long long)st.st_ino);
    note(name, copy_bytes, fd);
}

SHOWN int fdatasync(int fd)
{
    const long result = syscall(SYS_fdatasync, fd);
    if (result == 0)
        remember(fd);
    return (int)result;
}

SHOWN int fsync(int fd)
{
    const long result = syscall(SYS_fsync, fd);
    if (result == 0)
        remember(fd);
    return (int)result;
}
