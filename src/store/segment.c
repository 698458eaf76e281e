/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing of the bytes of a segment: both sides of one format. */
#include "store/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/crc32c.h"

#define WINDOW 65536u

static const char magic[8] = { 'b', 'f', 'j', 'o', 'u', 'r', 'n', '1' };

static void put(uint8_t *p, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

void segment_header_write(const struct segment_header *h, uint8_t out[static SEGMENT_HEADER])
{
    memset(out, 0, SEGMENT_HEADER);
    memcpy(out, magic, sizeof magic);
    put(out + 8, h->first, 8);
    put(out + 16, h->salt, 8);
    put(out + 24, (uint64_t)h->created, 8);
    put(out + 32, crc32c(0, out, 32), 4);
    memcpy(out + SEGMENT_COPY, out, SEGMENT_COPY);
}

bool segment_header_read(const uint8_t in[static SEGMENT_HEADER], struct segment_header *ret)
{
    for (const uint8_t *p = in; p < in + SEGMENT_HEADER; p += SEGMENT_COPY) {
        if (memcmp(p, magic, sizeof magic) != 0 || crc32c(0, p, 32) != get(p + 32, 4))
            continue;
        *ret = (struct segment_header){ get(p + 8, 8), get(p + 16, 8), (utc_t)get(p + 24, 8) };
        return true;
    }
    return false;
}

static uint32_t entry_crc(uint64_t salt, const uint8_t *header, struct span entry)
{
    uint8_t first[12];
    put(first, salt, 8);
    memcpy(first + 8, header, 4);
    uint32_t crc = crc32c(0, first, sizeof first);
    crc = crc32c(crc, header + 8, 9);
    return crc32c(crc, entry.p, entry.n);
}

void entry_header_write(uint64_t salt, uint64_t position, struct span entry, uint8_t out[static ENTRY_HEADER])
{
    put(out, entry.n, 4);
    put(out + 8, position ^ salt, 8);
    out[16] = ENTRY_VERSION;
    put(out + 4, entry_crc(salt, out, entry), 4);
}

struct entry_header entry_header_read(uint64_t salt, const uint8_t in[static ENTRY_HEADER])
{
    return (struct entry_header){
        .length = (uint32_t)get(in, 4),
        .crc = (uint32_t)get(in + 4, 4),
        .position = get(in + 8, 8) ^ salt,
        .version = in[16],
    };
}

uint32_t entry_header_length(const uint8_t in[static ENTRY_HEADER])
{
    return (uint32_t)get(in, 4);
}

bool entry_holds(uint64_t salt, const uint8_t in[static ENTRY_HEADER], struct span entry)
{
    return entry_crc(salt, in, entry) == get(in + 4, 4);
}

char *segment_name(uint64_t first, char out[static SEGMENT_NAME])
{
    snprintf(out, SEGMENT_NAME, "%020" PRIu64 ".journal", first);
    return out;
}

static bool segment_number(const char *name, uint64_t *ret)
{
    return strlen(name) == SEGMENT_NAME - 1 && strcmp(name + 20, ".journal") == 0 &&
           span_decimal(span_make(name, 20), UINT64_MAX - 1, ret);
}

static int rising(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum bf_err numbers_push(uint64_t **list, size_t n, uint64_t number)
{
    if ((n & (n - 1)) == 0) { /* at 0, 1, 2, 4, 8 …: room for twice as many */
        uint64_t *more = realloc(*list, (n ? 2 * n : 1) * sizeof *more);
        if (!more)
            return BF_ENOMEM;
        *list = more;
    }
    (*list)[n] = number;
    return BF_OK;
}

enum bf_err segments_list(int dir, uint64_t **ret, size_t *ret_n)
{
    uint64_t *list = NULL, number;
    size_t n = 0;
    enum bf_err err = BF_OK;
    const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return BF_EIO;
    }
    for (const struct dirent *e; err == BF_OK && (e = readdir(d));)
        if (segment_number(e->d_name, &number))
            err = numbers_push(&list, n++, number);
    closedir(d);
    if (err != BF_OK) {
        free(list);
        return err;
    }
    if (n)
        qsort(list, n, sizeof *list, rising);
    *ret = list;
    *ret_n = n;
    return BF_OK;
}

enum bf_err segment_file_open(struct segment_file *f, int dir, uint64_t first)
{
    char name[SEGMENT_NAME];
    struct span bytes;
    segment_file_close(f);
    const int fd = openat(dir, segment_name(first, name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? BF_ENOENT : BF_EIO;
    f->fd = fd;
    enum bf_err err = segment_file_view(f, 0, SEGMENT_HEADER, &bytes);
    if (err == BF_OK &&
        (bytes.n < SEGMENT_HEADER || !segment_header_read((const uint8_t *)bytes.p, &f->header) ||
         f->header.first != first))
        err = BF_EFORM;
    if (err != BF_OK)
        segment_file_close(f);
    return err;
}

void segment_file_close(struct segment_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    segment_file_forget(f);
}

void segment_file_forget(struct segment_file *f)
{
    f->held = 0;
}

static enum bf_err window_grow(struct segment_file *f, size_t n)
{
    const size_t size = n < WINDOW ? WINDOW : 2 * n;
    if (f->size >= n && f->memory)
        return BF_OK;
    char *memory = realloc(f->memory, size);
    if (!memory)
        return BF_ENOMEM;
    f->memory = memory;
    f->size = size;
    return BF_OK;
}

static enum bf_err window_fill(struct segment_file *f)
{
    while (f->held < f->size) {
        const ssize_t got = pread(f->fd, f->memory + f->held, f->size - f->held, (off_t)(f->at + f->held));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return BF_EIO;
        if (got == 0)
            break;
        f->held += (size_t)got;
    }
    return BF_OK;
}

enum bf_err segment_file_view(struct segment_file *f, uint64_t offset, size_t n, struct span *ret)
{
    const bool inside = offset >= f->at && offset - f->at <= f->held;
    if (!inside || f->held - (offset - f->at) < n) {
        enum bf_err err = window_grow(f, n);
        if (err != BF_OK)
            return err;
        const size_t keep = inside ? f->held - (size_t)(offset - f->at) : 0;
        if (keep)
            memmove(f->memory, f->memory + (offset - f->at), keep);
        f->at = offset;
        f->held = keep;
        if ((err = window_fill(f)) != BF_OK)
            return err;
    }
    *ret = span_first(span_make(f->memory + (offset - f->at), f->held - (size_t)(offset - f->at)), n);
    return BF_OK;
}

enum bf_err segment_entry(struct segment_file *f, uint64_t offset, struct entry_header *ret,
                          struct span *ret_entry)
{
    struct span bytes;
    enum bf_err err = segment_file_view(f, offset, ENTRY_HEADER, &bytes);
    if (err != BF_OK)
        return err;
    if (bytes.n < ENTRY_HEADER)
        return bytes.n == 0 ? BF_ENOENT : BF_EFORM;
    const struct entry_header h = entry_header_read(f->header.salt, (const uint8_t *)bytes.p);
    if (h.length > JOURNAL_ENTRY || h.version != ENTRY_VERSION)
        return BF_EFORM;
    err = segment_file_view(f, offset, ENTRY_HEADER + h.length, &bytes);
    if (err != BF_OK)
        return err;
    const struct span entry = span_from(bytes, ENTRY_HEADER);
    if (entry.n < h.length || !entry_holds(f->header.salt, (const uint8_t *)bytes.p, entry))
        return BF_EFORM;
    *ret = h;
    *ret_entry = entry;
    return BF_OK;
}

/*
 * Byte by byte. A position that can have followed is one in a range of the size of the stretch, and it is
 * stored XOR the salt: other bytes pass this test about once in 2^40.
 */
enum bf_err segment_resync(struct segment_file *f, uint64_t offset, uint64_t expected, uint64_t *ret_offset,
                           uint64_t *ret_position)
{
    for (uint64_t at = offset + 1;; at++) {
        struct span bytes;
        enum bf_err err = segment_file_view(f, at, ENTRY_HEADER, &bytes);
        if (err != BF_OK)
            return err;
        if (bytes.n < ENTRY_HEADER)
            return BF_ENOENT;
        struct entry_header h = entry_header_read(f->header.salt, (const uint8_t *)bytes.p);
        if (h.position <= expected || h.position - expected > (at - offset) / ENTRY_HEADER)
            continue;
        err = segment_entry(f, at, &h, &bytes);
        if (err == BF_EFORM)
            continue;
        if (err == BF_OK) {
            *ret_offset = at;
            *ret_position = h.position;
        }
        return err;
    }
}
