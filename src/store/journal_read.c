/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a journal, segment by segment. Where an entry does not hold, three things can be: the tail that is being
 * written (nothing whole behind it: no more now), the end of a segment (the next one goes on with the very position),
 * or damage (reported, then passed over).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/segment.h"

struct journal_reader {
    int dir;
    struct segment_file file; /* fd < 0: to be found again */
    uint64_t offset, at;      /* where the next entry begins, and the position it must have */
    uint64_t position;        /* what is wanted: entries before it are passed over */
};

enum bf_err journal_reader_create(const char *dir, uint64_t from, struct journal_reader **ret)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    if (!r)
        return BF_ENOMEM;
    r->file.fd = -1;
    r->position = from;
    r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->dir < 0) {
        const enum bf_err err = errno == ENOENT ? BF_ENOENT : BF_EIO;
        journal_reader_destroy(r);
        return err;
    }
    *ret = r;
    return BF_OK;
}

void journal_reader_destroy(struct journal_reader *r)
{
    if (!r)
        return;
    segment_file_close(&r->file);
    free(r->file.memory);
    if (r->dir >= 0)
        close(r->dir);
    free(r);
}

uint64_t journal_reader_position(const struct journal_reader *r)
{
    return r->position;
}

/* The segment that holds `position` (or the oldest), and the one behind it; UINT64_MAX where there is none. */
static enum bf_err find_segments(int dir, uint64_t position, uint64_t *ret_mine, uint64_t *ret_next)
{
    uint64_t *list;
    size_t n, i = 0;
    enum bf_err err = segments_list(dir, &list, &n);
    if (err != BF_OK)
        return err;
    while (i + 1 < n && list[i + 1] <= position)
        i++;
    *ret_mine = n ? list[i] : UINT64_MAX;
    *ret_next = i + 1 < n ? list[i + 1] : UINT64_MAX;
    free(list);
    return BF_OK;
}

/* Upper bound of the positions that a segment without a readable header can have held. */
static enum bf_err unreadable_end(int dir, uint64_t first, uint64_t *ret)
{
    char name[SEGMENT_NAME];
    struct stat st;
    if (fstatat(dir, segment_name(first, name), &st, 0) < 0)
        return BF_EIO;
    *ret = first + (st.st_size > (off_t)SEGMENT_HEADER ? (uint64_t)st.st_size / ENTRY_HEADER : 0);
    return BF_OK;
}

/* A header that does not hold: go on behind the segment, saying so once. */
static enum bf_err pass_segment(struct journal_reader *r, uint64_t mine, uint64_t next)
{
    uint64_t end = next;
    if (next == UINT64_MAX) {
        const enum bf_err err = unreadable_end(r->dir, mine, &end);
        if (err != BF_OK)
            return err;
        if (r->position >= end)
            return BF_ENOENT;
    }
    r->position = end;
    return BF_EFORM;
}

static enum bf_err open_segment(struct journal_reader *r)
{
    uint64_t mine, next;
    enum bf_err err = find_segments(r->dir, r->position, &mine, &next);
    if (err != BF_OK)
        return err;
    if (mine == UINT64_MAX)
        return BF_ENOENT;
    if (r->position < mine)
        r->position = mine;
    err = segment_file_open(&r->file, r->dir, mine);
    if (err == BF_EFORM)
        return pass_segment(r, mine, next);
    r->offset = SEGMENT_HEADER;
    r->at = mine;
    return err == BF_ENOENT ? BF_EAGAIN : err; /* trimmed in between */
}

static enum bf_err whole_entry(struct journal_reader *r, struct entry_header *h, struct span *entry)
{
    const enum bf_err err = segment_entry(&r->file, r->offset, h, entry);
    return err == BF_OK && h->position != r->at ? BF_EFORM : err;
}

/* What stands at the offset is damaged. BF_ENOENT: nothing whole behind it in this segment. */
static enum bf_err pass_damage(struct journal_reader *r)
{
    uint64_t offset, position;
    const enum bf_err err = segment_resync(&r->file, r->offset, r->at, &offset, &position);
    if (err != BF_OK)
        return err;
    r->offset = offset;
    r->at = position;
    if (position <= r->position)
        return BF_EAGAIN;
    r->position = position;
    return BF_EFORM;
}

/*
 * No whole entry at the offset, as far as memory knew. A segment with another behind it is complete, so look for that
 * one first, and only then again at this one.
 */
static enum bf_err look_again(struct journal_reader *r, struct entry_header *h, struct span *entry)
{
    uint64_t mine, next;
    enum bf_err err = find_segments(r->dir, r->file.header.first, &mine, &next);
    if (err != BF_OK)
        return err;
    if (mine > r->file.header.first)
        next = mine; /* ours is trimmed away */
    segment_file_forget(&r->file);
    err = whole_entry(r, h, entry);
    if (err == BF_EFORM)
        err = pass_damage(r);
    if (err != BF_ENOENT || next == UINT64_MAX)
        return err;
    segment_file_close(&r->file);
    if (next <= r->position)
        return BF_EAGAIN;
    r->position = next;
    return BF_EFORM;
}

/* BF_EAGAIN: something moved, look again. */
static enum bf_err step(struct journal_reader *r, uint64_t *ret_position, struct span *ret_entry)
{
    struct entry_header h;
    enum bf_err err = r->file.fd < 0 ? open_segment(r) : BF_OK;
    if (err != BF_OK)
        return err;
    err = whole_entry(r, &h, ret_entry);
    if (err == BF_ENOENT || err == BF_EFORM)
        err = look_again(r, &h, ret_entry);
    if (err != BF_OK)
        return err;
    r->offset += ENTRY_HEADER + h.length;
    r->at = h.position + 1;
    if (h.position < r->position)
        return BF_EAGAIN;
    r->position = r->at;
    *ret_position = h.position;
    return BF_OK;
}

enum bf_err journal_reader_next(struct journal_reader *r, uint64_t until, uint64_t *ret_position,
                                struct span *ret_entry)
{
    enum bf_err err = BF_EAGAIN;
    while (err == BF_EAGAIN && r->position < until)
        err = step(r, ret_position, ret_entry);
    if (err == BF_EAGAIN)
        err = BF_ENOENT;
    if (err == BF_ENOENT)
        segment_file_forget(&r->file); /* bytes read ahead may yet be cut back and written anew */
    return err;
}

uint64_t journal_reader_rest(const struct journal_reader *r)
{
    uint64_t mine, next, *list = NULL, rest = 0;
    size_t n = 0;
    char name[SEGMENT_NAME];
    struct stat st;
    if (find_segments(r->dir, r->position, &mine, &next) != BF_OK ||
        segments_list(r->dir, &list, &n) != BF_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (list[i] >= mine && fstatat(r->dir, segment_name(list[i], name), &st, 0) == 0)
            rest += (uint64_t)st.st_size;
    free(list);
    if (r->file.fd < 0 || r->file.header.first != mine)
        return rest;
    return rest > r->offset ? rest - r->offset : 0;
}

enum bf_err journal_read(const char *dir, uint64_t from, journal_each *each, void *arg, uint64_t *ret_next)
{
    auto_(journal_reader_destroy) struct journal_reader *r = NULL;
    uint64_t position = from;
    struct span entry;
    bool damaged = false;
    enum bf_err err = journal_reader_create(dir, from, &r);
    if (err != BF_OK)
        return err;
    for (;;) {
        err = journal_reader_next(r, UINT64_MAX, &position, &entry);
        damaged |= err == BF_EFORM;
        if (err == BF_OK ? !each(arg, position, entry) : err != BF_EFORM)
            break;
    }
    *ret_next = journal_reader_position(r);
    if (err != BF_OK && err != BF_ENOENT)
        return err;
    return damaged ? BF_EFORM : BF_OK;
}

enum bf_err journal_since(const char *dir, utc_t when, uint64_t *ret)
{
    uint64_t *list = NULL;
    size_t n = 0, i = 0;
    char name[SEGMENT_NAME];
    struct stat st;
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? BF_ENOENT : BF_EIO;
    const enum bf_err err = segments_list(fd, &list, &n);
    while (i + 1 < n && fstatat(fd, segment_name(list[i], name), &st, 0) == 0 && st.st_mtime < when)
        i++;
    if (err == BF_OK)
        *ret = n ? list[i] : 0;
    free(list);
    close(fd);
    return err;
}
