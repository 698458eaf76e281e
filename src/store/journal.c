/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a journal. Appenders queue; the first of them leads: it writes what is queued with one pwritev, calls fdatasync
 * once, and wakes the others. Those who come meanwhile are the next group, so the busier it is, the fewer the fdatasyncs.
 * A group that cannot be written is cut off again as a whole: no entry is ever kept of which its appender was told no.
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
#include <unistd.h>

#include "base/random.h"
#include "store/segment.h"

#define SEGMENT_BYTES (64ull << 20)
#define GROUP         512u /* entries of one pwritev: half of IOV_MAX */

struct request {
    struct request *next;
    const struct span *entries;
    size_t n;
    uint64_t end; /* once done */
    enum bf_err err;
    bool done;
};

struct journal {
    int dir, lock_fd, fd;
    bool sync;
    uint64_t segment_bytes, repaired;
    char name[JOURNAL_NAME + 1];
    pthread_mutex_t lock;
    pthread_cond_t turn;
    bool leading;
    struct request *queue, **queue_tail;
    _Atomic uint64_t end, bytes;
    /* the leader's */
    struct segment_header header;
    uint64_t offset, next; /* where the next entry goes, and its position */
    bool tail_is_dirty;    /* a cut failed: bytes behind `offset` must go before anything is written */
    struct iovec parts[2 * GROUP];
    uint8_t headers[GROUP][ENTRY_HEADER];
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
    j->sync = options->sync;
    j->segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES;
    j->queue_tail = &j->queue;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->turn, NULL);
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
    pthread_cond_destroy(&j->turn);
    pthread_mutex_destroy(&j->lock);
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

/* Writes entries behind each other, as many as there is room for at a time; *offset and *next move. */
struct group {
    size_t n;        /* entries put together and not yet written */
    uint64_t offset; /* where they go */
    uint64_t bytes;  /* of them */
    uint64_t next;
};

static enum bf_err group_write(struct journal *j, struct group *g)
{
    const enum bf_err err = write_parts(j->fd, j->parts, 2 * g->n, g->offset);
    g->offset += g->bytes;
    g->bytes = 0;
    g->n = 0;
    return err;
}

static enum bf_err group_add(struct journal *j, struct group *g, struct span entry)
{
    entry_header_write(j->header.salt, g->next, entry, j->headers[g->n]);
    j->parts[2 * g->n] = (struct iovec){ j->headers[g->n], ENTRY_HEADER };
    j->parts[2 * g->n + 1] = (struct iovec){ (void *)(uintptr_t)entry.p, entry.n };
    g->n++;
    g->next++;
    g->bytes += ENTRY_HEADER + entry.n;
    return g->n == GROUP ? group_write(j, g) : BF_OK;
}

static uint64_t bytes_of(const struct request *list)
{
    uint64_t bytes = 0;
    for (; list; list = list->next)
        for (size_t i = 0; i < list->n; i++)
            bytes += ENTRY_HEADER + list->entries[i].n;
    return bytes;
}

static enum bf_err cut_back(struct journal *j)
{
    j->tail_is_dirty = ftruncate(j->fd, (off_t)j->offset) < 0;
    return j->tail_is_dirty ? BF_EIO : BF_OK;
}

static enum bf_err write_requests(struct journal *j, struct request *list)
{
    enum bf_err err = BF_OK;
    if (j->tail_is_dirty && (err = cut_back(j)) != BF_OK)
        return err;
    if (j->offset > SEGMENT_HEADER && j->offset + bytes_of(list) > j->segment_bytes)
        err = segment_begin(j);
    struct group g = { .offset = j->offset, .next = j->next };
    for (struct request *r = list; r && err == BF_OK; r = r->next) {
        for (size_t i = 0; i < r->n && err == BF_OK; i++)
            err = group_add(j, &g, r->entries[i]);
        r->end = g.next;
    }
    if (err == BF_OK && g.n)
        err = group_write(j, &g);
    if (err == BF_OK && j->sync && fdatasync(j->fd) < 0)
        err = BF_EIO;
    if (err != BF_OK) {
        const int why = errno;
        (void)!cut_back(j);
        errno = why;
        return err;
    }
    atomic_fetch_add(&j->bytes, g.offset - j->offset);
    j->offset = g.offset;
    j->next = g.next;
    atomic_store(&j->end, j->next);
    return BF_OK;
}

/* With the lock held, which is let go meanwhile: writes all that is queued. */
static void lead(struct journal *j)
{
    struct request *list = j->queue;
    j->queue = NULL;
    j->queue_tail = &j->queue;
    j->leading = true;
    pthread_mutex_unlock(&j->lock);
    const enum bf_err err = write_requests(j, list);
    pthread_mutex_lock(&j->lock);
    j->leading = false;
    for (struct request *r = list, *next; r; r = next) {
        next = r->next; /* its owner may leave, and take it along, as soon as it is done */
        r->err = err;
        r->done = true;
    }
    pthread_cond_broadcast(&j->turn);
}

enum bf_err journal_append(struct journal *j, const struct span *entries, size_t n, uint64_t *ret_end)
{
    struct request mine = { .entries = entries, .n = n };
    for (size_t i = 0; i < n; i++)
        if (entries[i].n > JOURNAL_ENTRY)
            return BF_ELIMIT;
    pthread_mutex_lock(&j->lock);
    *j->queue_tail = &mine;
    j->queue_tail = &mine.next;
    while (!mine.done && j->leading)
        pthread_cond_wait(&j->turn, &j->lock);
    if (!mine.done)
        lead(j);
    pthread_mutex_unlock(&j->lock);
    if (mine.err == BF_OK)
        *ret_end = mine.end;
    return mine.err;
}

/* ---- upkeep ---- */

enum bf_err journal_rotate(struct journal *j, utc_t begun_before)
{
    enum bf_err err = BF_OK;
    pthread_mutex_lock(&j->lock);
    while (j->leading)
        pthread_cond_wait(&j->turn, &j->lock);
    j->leading = true;
    pthread_mutex_unlock(&j->lock);
    if (j->tail_is_dirty)
        err = cut_back(j);
    if (err == BF_OK && j->offset > SEGMENT_HEADER && j->header.created < begun_before)
        err = segment_begin(j);
    pthread_mutex_lock(&j->lock);
    j->leading = false;
    pthread_cond_broadcast(&j->turn);
    pthread_mutex_unlock(&j->lock);
    return err;
}

enum bf_err journal_trim(struct journal *j, uint64_t position, utc_t written_before, uint64_t keep)
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
