/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over its corpus: every file in a buffer of exactly its size, so that a sanitizer sees one byte too far. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return 0;
    const long size = ftell(file);
    uint8_t *bytes = size < 0 ? NULL : malloc(size ? (size_t)size : 1);
    rewind(file);
    const int whole = bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (whole)
        LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return whole;
}

int main(int argc, char **argv)
{
    char *names[4096], path[4096];
    size_t n = 0;
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    if (!dir) {
        printf("TAP version 13\n1..1\nnot ok 1 - the corpus is there\n");
        return 1;
    }
    for (struct dirent *e; (e = readdir(dir)) && n < 4096;)
        if (e->d_name[0] != '.')
            names[n++] = strdup(e->d_name);
    closedir(dir);
    qsort(names, n, sizeof names[0], by_name);
    printf("TAP version 13\n1..%zu\n", n + 1);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]);
        printf("%s %zu - survives %s\n", run_file(path) ? "ok" : "not ok", i + 1, names[i]);
        fflush(stdout);
        free(names[i]);
    }
    printf("%s %zu - the corpus holds inputs\n", n ? "ok" : "not ok", n + 1);
    return n == 0;
}
