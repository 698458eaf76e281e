/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a segment of a journal: read, repaired by opening, appended to, and read again. Opening must not change
 * what can be read, and what is appended must be found. First byte: 0 takes the rest as the whole file; else the rest
 * follows a header of salt 0, so that a corpus can hold entries whose checksum is right.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEGMENT "00000000000000000000.journal"

struct tally {
    size_t n, bytes;
    struct span last;
    char memory[64];
};

static bool count(void *arg, uint64_t position, struct span entry)
{
    struct tally *t = arg;
    (void)position;
    t->n++;
    t->bytes += entry.n;
    t->last = span_first(entry, sizeof t->memory);
    memcpy(t->memory, entry.p, t->last.n);
    t->last.p = t->memory;
    return true;
}

static void tally(const char *dir, struct tally *t)
{
    uint64_t next;
    *t = (struct tally){ .n = 0 };
    const enum bf_err err = journal_read(dir, 0, count, t, &next);
    if (err != BF_OK && err != BF_EFORM)
        abort();
}

static void write_segment(int dir, const uint8_t *data, size_t size)
{
    uint8_t header[SEGMENT_HEADER];
    const int fd = openat(dir, SEGMENT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    segment_header_write(&(struct segment_header){ .created = 1 }, header);
    if (fd < 0 || (size && data[0] && write(fd, header, sizeof header) < 0) ||
        (size > 1 && write(fd, data + 1, size - 1) < 0))
        abort();
    close(fd);
}

static void open_and_append(const char *dir)
{
    const struct journal_options options = { 0 };
    struct journal *j;
    char *message = NULL;
    uint64_t end;
    char entry[JOURNAL_FRAME + 8];
    const struct journal_batch batch = { entry, sizeof entry, 1 };
    journal_frame(entry, 8);
    memcpy(entry + JOURNAL_FRAME, "appended", 8);
    if (journal_open(dir, &options, &j, &message) != BF_OK || journal_append(j, &batch, 1, &end) != BF_OK)
        abort();
    journal_close(j);
}

static void clear(int dir)
{
    uint64_t *list;
    size_t n;
    char name[SEGMENT_NAME];
    if (segments_list(dir, &list, &n) != BF_OK)
        abort();
    for (size_t i = 0; i < n; i++)
        unlinkat(dir, segment_name(list[i], name), 0);
    unlinkat(dir, "lock", 0);
    free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    char path[300];
    struct tally before, after;
    snprintf(path, sizeof path, "%s/bf-fuzz-journal-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(path))
        abort();
    const int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    write_segment(dir, data, size);
    tally(path, &before);
    open_and_append(path);
    tally(path, &after);
    if (after.n != before.n + 1 || after.bytes != before.bytes + 8 ||
        !span_equal(after.last, SPAN("appended")))
        abort();
    clear(dir);
    close(dir);
    rmdir(path);
    return 0;
}
