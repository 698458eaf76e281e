/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An append-only file of entries that survives a crash at any byte.                      design.md "Records"
 *
 * Segments `<first entry number, 20 digits>.journal` of a directory; an entry is length, CRC-32C, position, version,
 * bytes. Opening cuts a torn tail off and says how much (journal_repaired); nothing that a whole entry follows is ever
 * cut. A damaged entry in the middle is reported by whoever reads it, never skipped silently. Several processes must not
 * write the same directory: it is locked. What a crash of the machine may take is what no append has answered for.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

#define JOURNAL_ENTRY (1u << 20) /* bytes of an entry, at most */

struct journal;

struct journal_options {
    uint64_t segment_bytes; /* 0: 64 MiB */
    bool sync;              /* fdatasync before journal_append returns */
};

/* Makes the directory (0700). *ret_message: a sentence, to be freed. BF_EIO, BF_EDENIED (locked by another), BF_ENOMEM. */
enum bf_err journal_open(const char *dir, const struct journal_options *options, struct journal **ret,
                         char **ret_message) must_use;
void journal_close(struct journal *j);

/* Bytes of a torn tail that opening cut off. */
uint64_t journal_repaired(const struct journal *j);

/* A random name that the directory keeps for ever: positions of another journal are not positions of this one. */
#define JOURNAL_NAME 32u
const char *journal_name(const struct journal *j);

/*
 * Who appends has the turn: threads that share a journal take it before, one at a time, and leave it after. Taking never
 * waits: false when another has it.
 */
bool journal_take(struct journal *j) must_use;
void journal_leave(struct journal *j);

#define JOURNAL_FRAME   17u  /* bytes in front of an entry that are the journal's */
#define JOURNAL_BATCHES 256u /* of one append, at most */

/* Begins an entry of so many bytes: the JOURNAL_FRAME in front of it. */
void journal_frame(char *frame, size_t length);

/* n entries in a row, each behind its frame. The journal finishes the frames where they are. */
struct journal_batch {
    char *p;
    size_t bytes, n;
};

/*
 * All of them with one write; *ret_end: position behind the last. Allocates nothing. BF_EIO: (disk full …) none of them is
 * kept, the tail is cut back, and the next append may succeed. BF_ELIMIT: an entry is too large, or there are too many
 * batches; BF_EINVAL: frames and bytes of a batch disagree.
 */
enum bf_err journal_append(struct journal *j, const struct journal_batch *batches, size_t n,
                           uint64_t *ret_end) must_use;

uint64_t journal_end(const struct journal *j);   /* number of entries ever appended: the next position */
uint64_t journal_bytes(const struct journal *j); /* on disk */

/*
 * A place in a journal, moving forward. Independent of a writer; belongs to one thread. A position older than the oldest
 * segment starts at the oldest.
 */
struct journal_reader;
enum bf_err journal_reader_create(const char *dir, uint64_t from, struct journal_reader **ret) must_use;
void journal_reader_destroy(struct journal_reader *r);

/*
 * The next entry before position `until`: journal_end of a writer, or UINT64_MAX for whatever is there. The entry lives
 * until the next call. BF_ENOENT: no more now. BF_EFORM: entries are damaged; the next call goes on behind them.
 */
enum bf_err journal_reader_next(struct journal_reader *r, uint64_t until, uint64_t *ret_position,
                                struct span *ret_entry) must_use;
uint64_t journal_reader_position(const struct journal_reader *r); /* where the next call goes on */
uint64_t
journal_reader_rest(const struct journal_reader *r); /* bytes from there to the end, headers included */

/*
 * The same in one go: entries from position `from` on, oldest first; *ret_next: where to go on. each returning false
 * stops. Damaged entries are passed over, and make the result BF_EFORM.
 */
typedef bool journal_each(void *arg, uint64_t position, struct span entry);
enum bf_err journal_read(const char *dir, uint64_t from, journal_each *each, void *arg, uint64_t *ret_next)
    must_use;

/* *ret: a position such that every entry before it was written before `when` (a segment's granularity). */
enum bf_err journal_since(const char *dir, utc_t when, uint64_t *ret) must_use;

/* Takes the turn. Begins a new segment if the present one has entries and was begun before `begun_before`, so that it can be trimmed. */
enum bf_err journal_rotate(struct journal *j, utc_t begun_before) must_use;

/*
 * Deletes whole segments, oldest first and never the last, all of whose entries are before `position` and were written
 * before the time; stops once no more than `keep` bytes are left.
 */
enum bf_err journal_trim(struct journal *j, uint64_t position, utc_t written_before, uint64_t keep) must_use;

/*
 * Begins a new segment, and lets `change` say what shall stand in the entries of all before it: *entry may become other bytes,
 * at most JOURNAL_ENTRY, that live until the next call. Positions and ages stay. A segment that changes is written aside, synced
 * and renamed; what is damaged in it is lost. Readers that have it open go on in the old one. BF_EIO: it may be done in part;
 * again is safe.
 */
typedef enum bf_err journal_change(void *arg, struct span *entry);
enum bf_err journal_rewrite(struct journal *j, journal_change *change, void *arg) must_use;

AUTO_DEFINE(struct journal, journal_close);
AUTO_DEFINE(struct journal_reader, journal_reader_destroy);

#endif
