/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a journal: what is appended at a time is finished in the memory of whoever appends it (positions and checksums),
 * written with one pwritev and synced with one fdatasync. What cannot be written is cut off again as a whole: no entry is
 * ever kept of which its appender was told no.
 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "store/segment.h"

#define SEGMENT_BYTES (64ull << 20)
#define TURN_MS       1 /* between two looks whether the turn is free */

struct journal {
    int dir, lock_fd, fd;
    bool sync;
    uint64_t segment_bytes, repaired;
    char name[JOURNAL_NAME + 1];
    _Atomic bool taken;
    _Atomic uint64_t end, bytes;
    pthread_mutex_t upkeep; /* which segments there are, but for the last */
    /* of whoever has the turn */
    struct segment_header header;
    uint64_t offset, next; /* where the next entry goes, and its position */
    bool tail_is_dirty;    /* a cut failed: bytes behind `offset` must go before anything is written */
    struct iovec parts[JOURNAL_BATCHES];
};

static enum bf_err say(char **message, enum bf_err err, const char *dir, const char *what)
{
    if (asprintf(message, "journal %s: %s", dir, what) < 0)
        *message = NULL;
    return err;
}

/* ---- segments ---- */

/* Made under another name, so that a segment that bears its name has a whole header. */
static int segment_make(int dir, const struct segment_header *h)
{
    uint8_t bytes[SEGMENT_HEADER];
    char name[SEGMENT_NAME];
    const int fd = openat(dir, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    segment_header_write(h, bytes);
    if (pwrite(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes && fsync(fd) == 0 &&
        renameat(dir, "new", dir, segment_name(h->first, name)) == 0) {
        if (fsync(dir) == 0)
            return fd;
        unlinkat(dir, name, 0);
    }
    unlinkat(dir, "new", 0);
    close(fd);
    return -1;
}

static enum bf_err segment_begin(struct journal *j)
{
    struct segment_header h = { .first = j->next, .created = clock_now(&clock_system).utc };
    random_bytes(&h.salt, sizeof h.salt);
    const int fd = segment_make(j->dir, &h);
    if (fd < 0)
        return BF_EIO;
    if (j->fd >= 0)
        close(j->fd);
    j->fd = fd;
    j->header = h;
    j->offset = SEGMENT_HEADER;
    j->tail_is_dirty = false;
    atomic_fetch_add(&j->bytes, SEGMENT_HEADER);
    return BF_OK;
}

/* ---- opening ---- */

/* Finds the end of the last segment: behind the last whole entry, whatever lies before that. */
static enum bf_err find_end(struct journal *j, struct segment_file *f)
{
    struct entry_header h;
    struct span entry;
    j->header = f->header;
    j->offset = SEGMENT_HEADER;
    j->next = f->header.first;
    for (;;) {
        enum bf_err err = segment_entry(f, j->offset, &h, &entry);
        if (err == BF_EFORM || (err == BF_OK && h.position != j->next))
            err = segment_resync(f, j->offset, j->next, &j->offset, &j->next);
        else if (err == BF_OK) {
            j->offset += ENTRY_HEADER + h.length;
            j->next = h.position + 1;
        }
        if (err != BF_OK)
            return err == BF_ENOENT ? BF_OK : err;
    }
}

static enum bf_err cut_tail(struct journal *j)
{
    struct stat st;
    if (fstat(j->fd, &st) < 0)
        return BF_EIO;
    if ((uint64_t)st.st_size <= j->offset)
        return BF_OK;
    j->repaired = (uint64_t)st.st_size - j->offset;
    return ftruncate(j->fd, (off_t)j->offset) < 0 || fsync(j->fd) < 0 ? BF_EIO : BF_OK;
}

/* Goes on in the last segment, or, when its header is lost, behind everything it can have held. */
static enum bf_err go_on(struct journal *j, uint64_t last)
{
    char name[SEGMENT_NAME];
    struct segment_file f = { .fd = -1 };
    struct stat st;
    enum bf_err err = segment_file_open(&f, j->dir, last);
    if (err == BF_OK && (err = find_end(j, &f)) == BF_OK) {
        j->fd = openat(j->dir, segment_name(last, name), O_RDWR | O_CLOEXEC);
        err = j->fd < 0 ? BF_EIO : cut_tail(j);
    } else if (err == BF_EFORM && fstatat(j->dir, segment_name(last, name), &st, 0) == 0) {
        j->next = last + (uint64_t)st.st_size / ENTRY_HEADER + 1;
        err = segment_begin(j);
    }
    segment_file_close(&f);
    free(f.memory);
    return err;
}

static enum bf_err sum_bytes(struct journal *j, const uint64_t *list, size_t n)
{
    char name[SEGMENT_NAME];
    struct stat st;
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (fstatat(j->dir, segment_name(list[i], name), &st, 0) < 0)
            return BF_EIO;
        sum += (uint64_t)st.st_size;
    }
    atomic_store(&j->bytes, sum);
    return BF_OK;
}

static enum bf_err open_segments(struct journal *j)
{
    uint64_t *list = NULL;
    size_t n = 0;
    unlinkat(j->dir, "new", 0);
    unlinkat(j->dir, "rewritten", 0);
    enum bf_err err = segments_list(j->dir, &list, &n);
    if (err == BF_OK)
        err = sum_bytes(j, list, n);
    if (err == BF_OK)
        err = n ? go_on(j, list[n - 1]) : segment_begin(j);
    atomic_fetch_sub(&j->bytes, j->repaired);
    atomic_store(&j->end, j->next);
    free(list);
    return err;
}

/* The name stands in the lock file. A new one is on disk before anybody hears it. */
static enum bf_err read_name(struct journal *j)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t fresh[JOURNAL_NAME / 2];
    if (pread(j->lock_fd, j->name, JOURNAL_NAME, 0) == (ssize_t)JOURNAL_NAME &&
        strspn(j->name, digits) == JOURNAL_NAME)
        return BF_OK;
    random_bytes(fresh, sizeof fresh);
    for (size_t i = 0; i < JOURNAL_NAME; i++)
        j->name[i] = digits[fresh[i / 2] >> (i % 2 ? 0 : 4) & 15];
    if (pwrite(j->lock_fd, j->name, JOURNAL_NAME, 0) != (ssize_t)JOURNAL_NAME || fsync(j->lock_fd) < 0 ||
        fsync(j->dir) < 0)
        return BF_EIO;
    return BF_OK;
}

/* A directory that a crash forgets takes its segments along. */
static bool parent_is_synced(int dir)
{
    const int parent = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = parent >= 0 && fsync(parent) == 0;
    if (parent >= 0)
        close(parent);
    return synced;
}

static enum bf_err open_directory(struct journal *j, const char *dir, char **message)
{
    const bool made = mkdir(dir, 0700) == 0;
    if (!made && errno != EEXIST)
        return say(message, BF_EIO, dir, strerror(errno));
    j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir < 0 || (made && !parent_is_synced(j->dir)))
        return say(message, BF_EIO, dir, strerror(errno));
    j->lock_fd = openat(j->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->lock_fd < 0)
        return say(message, BF_EIO, dir, strerror(errno));
    if (flock(j->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? say(message, BF_EDENIED, dir,
                                          "another process writes it: end that one, or set another directory")
                                    : say(message, BF_EIO, dir, strerror(errno));
    return BF_OK;
}

enum bf_err journal_open(const char *dir, const struct journal_options *options, struct journal **ret,
                         char **ret_message)
{
    auto_(journal_close) struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return say(ret_message, BF_ENOMEM, dir, "out of memory");
    j->dir = j->lock_fd = j->fd = -1;
    pthread_mutex_init(&j->upkeep, NULL);
    j->sync = options->sync;
    j->segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES;
    enum bf_err err = open_directory(j, dir, ret_message);
    if (err != BF_OK)
        return err;
    if ((err = read_name(j)) != BF_OK || (err = open_segments(j)) != BF_OK)
        return say(ret_message, err, dir, err == BF_EIO ? strerror(errno) : bf_err_text(err));
    *ret = j;
    j = NULL;
    return BF_OK;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    const int fds[] = { j->fd, j->lock_fd, j->dir };
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&j->upkeep);
    free(j);
}

uint64_t journal_repaired(const struct journal *j)
{
    return j->repaired;
}

const char *journal_name(const struct journal *j)
{
    return j->name;
}

uint64_t journal_end(const struct journal *j)
{
    return atomic_load(&j->end);
}

uint64_t journal_bytes(const struct journal *j)
{
    return atomic_load(&j->bytes);
}

/* ---- appending ---- */

/* All the bytes of the parts at `offset`; parts are used up. */
static enum bf_err write_parts(int fd, struct iovec *parts, size_t n, uint64_t offset)
{
    while (n) {
        ssize_t wrote = pwritev(fd, parts, (int)n, (off_t)offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return BF_EIO;
        offset += (uint64_t)wrote;
        while (n && (size_t)wrote >= parts->iov_len) {
            wrote -= (ssize_t)parts->iov_len;
            parts++;
            n--;
        }
        if (n) {
            parts->iov_base = (char *)parts->iov_base + wrote;
            parts->iov_len -= (size_t)wrote;
        }
    }
    return BF_OK;
}

void journal_frame(char *frame, size_t length)
{
    memset(frame, 0, JOURNAL_FRAME);
    for (size_t i = 0; i < 4; i++)
        frame[i] = (char)(length >> (8 * i) & 0xff);
}

/* The lengths that journal_frame wrote are the one thing here that can be wrong. */
static enum bf_err look_at(const struct journal_batch *batches, size_t n, uint64_t *ret_bytes)
{
    *ret_bytes = 0;
    if (n > JOURNAL_BATCHES)
        return BF_ELIMIT;
    for (size_t i = 0; i < n; i++)
        *ret_bytes += batches[i].bytes;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        for (size_t e = 0; e < batches[i].n; e++) {
            if (batches[i].bytes - at < JOURNAL_FRAME)
                return BF_EINVAL;
            const size_t length = entry_header_length((const uint8_t *)batches[i].p + at);
            if (length > JOURNAL_ENTRY)
                return BF_ELIMIT;
            if (batches[i].bytes - at - JOURNAL_FRAME < length)
                return BF_EINVAL;
            at += JOURNAL_FRAME + length;
        }
        if (at != batches[i].bytes)
            return BF_EINVAL;
    }
    return BF_OK;
}

/* Positions and checksums; returns the next position. */
static uint64_t finish(const struct journal *j, const struct journal_batch *b, uint64_t next)
{
    char *p = b->p;
    for (size_t i = 0; i < b->n; i++) {
        const struct span entry = span_make(p + ENTRY_HEADER, entry_header_length((const uint8_t *)p));
        entry_header_write(j->header.salt, next++, entry, (uint8_t *)p);
        p += ENTRY_HEADER + entry.n;
    }
    return next;
}

static enum bf_err cut_back(struct journal *j)
{
    j->tail_is_dirty = ftruncate(j->fd, (off_t)j->offset) < 0;
    return j->tail_is_dirty ? BF_EIO : BF_OK;
}

static enum bf_err write_all(struct journal *j, const struct journal_batch *batches, size_t n, uint64_t bytes,
                             uint64_t *ret_next)
{
    enum bf_err err = BF_OK;
    if (j->tail_is_dirty && (err = cut_back(j)) != BF_OK)
        return err;
    if (j->offset > SEGMENT_HEADER && j->offset + bytes > j->segment_bytes)
        err = segment_begin(j);
    if (err != BF_OK)
        return err;
    *ret_next = j->next;
    for (size_t i = 0; i < n; i++) {
        *ret_next = finish(j, &batches[i], *ret_next);
        j->parts[i] = (struct iovec){ batches[i].p, batches[i].bytes };
    }
    err = write_parts(j->fd, j->parts, n, j->offset);
    if (err == BF_OK && j->sync && fdatasync(j->fd) < 0)
        err = BF_EIO;
    if (err != BF_OK) {
        const int why = errno;
        (void)!cut_back(j);
        errno = why;
    }
    return err;
}

enum bf_err journal_append(struct journal *j, const struct journal_batch *batches, size_t n,
                           uint64_t *ret_end)
{
    uint64_t bytes, next;
    enum bf_err err = look_at(batches, n, &bytes);
    if (err == BF_OK)
        err = write_all(j, batches, n, bytes, &next);
    if (err != BF_OK)
        return err;
    atomic_fetch_add(&j->bytes, bytes);
    j->offset += bytes;
    j->next = next;
    atomic_store(&j->end, j->next);
    *ret_end = j->next;
    return BF_OK;
}

/* ---- turns ---- */

bool journal_take(struct journal *j)
{
    return !atomic_exchange(&j->taken, true);
}

void journal_leave(struct journal *j)
{
    atomic_store(&j->taken, false);
}

static void take_in_time(struct journal *j)
{
    while (!journal_take(j))
        nanosleep(&(struct timespec){ .tv_nsec = TURN_MS * 1000000L }, NULL);
}

/* ---- upkeep ---- */

enum bf_err journal_rotate(struct journal *j, utc_t begun_before)
{
    enum bf_err err = BF_OK;
    take_in_time(j);
    if (j->tail_is_dirty)
        err = cut_back(j);
    if (err == BF_OK && j->offset > SEGMENT_HEADER && j->header.created < begun_before)
        err = segment_begin(j);
    journal_leave(j);
    return err;
}

static enum bf_err trim(struct journal *j, uint64_t position, utc_t written_before, uint64_t keep)
{
    uint64_t *list;
    size_t n, i = 0;
    struct stat st;
    char name[SEGMENT_NAME];
    enum bf_err err = segments_list(j->dir, &list, &n);
    if (err != BF_OK)
        return err;
    for (; err == BF_OK && i + 1 < n && list[i + 1] <= position && journal_bytes(j) > keep; i++) {
        if (fstatat(j->dir, segment_name(list[i], name), &st, 0) < 0)
            err = BF_EIO;
        else if (st.st_mtime >= written_before)
            break;
        else if (unlinkat(j->dir, name, 0) < 0)
            err = BF_EIO;
        else
            atomic_fetch_sub(&j->bytes, (uint64_t)st.st_size);
    }
    free(list);
    if (i && fsync(j->dir) < 0)
        err = BF_EIO;
    return err;
}

enum bf_err journal_trim(struct journal *j, uint64_t position, utc_t written_before, uint64_t keep)
{
    pthread_mutex_lock(&j->upkeep);
    const enum bf_err err = trim(j, position, written_before, keep);
    pthread_mutex_unlock(&j->upkeep);
    return err;
}

/* ---- changing what was written ---- */

/* A segment on its way to another file. */
struct rewriting {
    struct segment_file from;
    int to;
    uint64_t offset, written; /* read so far; and bytes of the other file */
    bool changed;
    journal_change *change;
    void *arg;
};

static enum bf_err put_entry(struct rewriting *w, uint64_t position, struct span entry)
{
    uint8_t header[ENTRY_HEADER];
    struct iovec parts[2] = { { header, sizeof header }, { (void *)(uintptr_t)entry.p, entry.n } };
    if (entry.n > JOURNAL_ENTRY)
        return BF_ELIMIT;
    entry_header_write(w->from.header.salt, position, entry, header);
    const enum bf_err err = write_parts(w->to, parts, entry.n ? 2 : 1, w->written);
    w->written += sizeof header + entry.n;
    return err;
}

static enum bf_err rewrite_entries(struct rewriting *w)
{
    struct entry_header h;
    struct span entry;
    uint64_t position = w->from.header.first;
    for (;;) {
        enum bf_err err = segment_entry(&w->from, w->offset, &h, &entry);
        if (err == BF_EFORM) {
            err = segment_resync(&w->from, w->offset, position, &w->offset, &position);
            if (err == BF_OK)
                continue;
        }
        if (err != BF_OK)
            return err == BF_ENOENT ? BF_OK : err;
        const struct span before = entry;
        err = w->change(w->arg, &entry);
        w->changed |= entry.p != before.p || entry.n != before.n;
        if (err == BF_OK)
            err = put_entry(w, h.position, entry);
        if (err != BF_OK)
            return err;
        w->offset += ENTRY_HEADER + h.length;
        position = h.position + 1;
    }
}

/* The new file takes the place of the old one, as old as that was: its age says when it may go. */
static enum bf_err take_place(struct journal *j, const struct rewriting *w, const struct stat *was)
{
    char name[SEGMENT_NAME];
    const struct timespec times[2] = { was->st_atim, was->st_mtim };
    if (futimens(w->to, times) < 0 || fsync(w->to) < 0 ||
        renameat(j->dir, "rewritten", j->dir, segment_name(w->from.header.first, name)) < 0)
        return BF_EIO;
    atomic_fetch_add(&j->bytes, w->written);
    atomic_fetch_sub(&j->bytes, (uint64_t)was->st_size);
    return fsync(j->dir) < 0 ? BF_EIO : BF_OK;
}

static enum bf_err rewrite_open(struct journal *j, struct rewriting *w)
{
    uint8_t header[SEGMENT_HEADER];
    struct iovec part = { header, sizeof header };
    struct stat was;
    if (fstat(w->from.fd, &was) < 0)
        return BF_EIO;
    segment_header_write(&w->from.header, header);
    w->offset = w->written = SEGMENT_HEADER;
    enum bf_err err = write_parts(w->to, &part, 1, 0);
    if (err == BF_OK)
        err = rewrite_entries(w);
    return err == BF_OK && w->changed ? take_place(j, w, &was) : err;
}

static enum bf_err rewrite_segment(struct journal *j, uint64_t first, journal_change *change, void *arg)
{
    struct rewriting w = { .from = { .fd = -1 }, .to = -1, .change = change, .arg = arg };
    enum bf_err err = segment_file_open(&w.from, j->dir, first);
    if (err == BF_OK) {
        w.to = openat(j->dir, "rewritten", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        err = w.to < 0 ? BF_EIO : rewrite_open(j, &w);
    }
    if (w.to >= 0)
        close(w.to);
    unlinkat(j->dir, "rewritten", 0);
    segment_file_close(&w.from);
    free(w.from.memory);
    return err == BF_EFORM ? BF_OK : err; /* without a header nobody reads it */
}

enum bf_err journal_rewrite(struct journal *j, journal_change *change, void *arg)
{
    uint64_t *list = NULL;
    size_t n = 0;
    enum bf_err err = journal_rotate(j, INT64_MAX);
    pthread_mutex_lock(&j->upkeep);
    if (err == BF_OK)
        err = segments_list(j->dir, &list, &n);
    for (size_t i = 0; err == BF_OK && i + 1 < n; i++)
        err = rewrite_segment(j, list[i], change, arg);
    pthread_mutex_unlock(&j->upkeep);
    free(list);
    return err;
}
