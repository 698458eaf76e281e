/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An append-only file of entries that survives a crash at any byte.                      design.md "Records"
 *
 * Segments `<first entry number, 20 digits>.journal` of a directory; an entry is length, CRC-32C, version, bytes.
 * Opening cuts a torn tail off (and says how much); a broken entry in the middle ends that segment's reading and
 * is reported, never skipped silently. Several processes must not write the same directory (it is locked).
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/fault.h"
#include "base/span.h"

struct journal;

struct journal_options {
    uint64_t segment_bytes; /* 0: 64 MiB */
    bool sync;              /* fdatasync before journal_append returns; batches of several threads share one */
};

/* Makes the directory (0700). *ret_message: a sentence, to be freed. BF_EIO, BF_EDENIED (locked by another), BF_ENOMEM. */
enum bf_err journal_open(const char *dir, const struct journal_options *options, struct journal **ret, char **ret_message) must_use;
void journal_close(struct journal *j);

/* Entries with one write; *ret_end: position behind the last. BF_EIO: none of them is kept (the tail is cut back). From any thread. */
enum bf_err journal_append(struct journal *j, const struct span *entries, size_t n, uint64_t *ret_end) must_use;

uint64_t journal_end(const struct journal *j);   /* number of entries ever appended: the next position */
uint64_t journal_bytes(const struct journal *j); /* on disk */

/*
 * Reads entries from position `from` on, oldest first, up to the durable end; independent of a writer. *ret_next: where to go on.
 * A position older than the oldest segment starts at the oldest. each returning false stops.
 */
typedef bool journal_each(void *arg, uint64_t position, struct span entry);
enum bf_err journal_read(const char *dir, uint64_t from, journal_each *each, void *arg, uint64_t *ret_next) must_use;

/* Deletes whole segments all of whose entries are before `position`. */
enum bf_err journal_trim(struct journal *j, uint64_t position) must_use;

AUTO_DEFINE(struct journal, journal_close);

#endif
