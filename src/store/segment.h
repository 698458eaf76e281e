/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment of a journal on disk, for journal.c and journal_read.c alone.
 *
 * Header, twice, so that one flipped byte cannot lose a segment: magic, first position, salt, time of creation, CRC-32C.
 * Entry: length (4), CRC-32C over salt, length, position, version and bytes (4), position XOR salt (8), version (1), bytes.
 * The salt is random: whoever writes into an entry (a caller does) cannot forge another one inside it that a reader
 * looking for its way out of a damaged stretch would take. Little-endian.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/journal.h"

#define SEGMENT_COPY   40u
#define SEGMENT_HEADER (2 * SEGMENT_COPY)
#define ENTRY_HEADER   JOURNAL_FRAME
#define ENTRY_VERSION  1u
#define SEGMENT_NAME   29u /* 20 digits, ".journal", NUL */

struct segment_header {
    uint64_t first, salt;
    utc_t created;
};
void segment_header_write(const struct segment_header *h, uint8_t out[static SEGMENT_HEADER]);
bool segment_header_read(const uint8_t in[static SEGMENT_HEADER], struct segment_header *ret);

struct entry_header {
    uint32_t length, crc;
    uint64_t position;
    uint8_t version;
};
void entry_header_write(uint64_t salt, uint64_t position, struct span entry,
                        uint8_t out[static ENTRY_HEADER]);
struct entry_header entry_header_read(uint64_t salt, const uint8_t in[static ENTRY_HEADER]);
uint32_t entry_header_length(const uint8_t in[static ENTRY_HEADER]);
/* The bytes of an entry behind its header are what the header says. */
bool entry_holds(uint64_t salt, const uint8_t in[static ENTRY_HEADER], struct span entry);

char *segment_name(uint64_t first, char out[static SEGMENT_NAME]);

/* First positions of the segments in the directory, rising; to be freed. */
enum bf_err segments_list(int dir, uint64_t **ret, size_t *ret_n) must_use;

/* A file read through a window of memory that grows to the largest entry. */
struct segment_file {
    int fd;
    struct segment_header header;
    char *memory;
    size_t size, held; /* memory[0..held) are the bytes from `at` on */
    uint64_t at;
};
/* BF_EFORM: neither copy of the header holds; BF_ENOENT. */
enum bf_err segment_file_open(struct segment_file *f, int dir, uint64_t first) must_use;
void segment_file_close(struct segment_file *f); /* keeps the memory */
/* *ret has n bytes at the offset, or fewer at the end of the file. BF_EIO, BF_ENOMEM. */
enum bf_err segment_file_view(struct segment_file *f, uint64_t offset, size_t n, struct span *ret) must_use;
void segment_file_forget(struct segment_file *f); /* what was read may have changed */

/* BF_OK: a whole entry at the offset; BF_ENOENT: the file ends exactly there; BF_EFORM: neither. */
enum bf_err segment_entry(struct segment_file *f, uint64_t offset, struct entry_header *ret,
                          struct span *ret_entry) must_use;
/* The first whole entry behind the offset that can have come after position `expected`. BF_ENOENT: none. */
enum bf_err segment_resync(struct segment_file *f, uint64_t offset, uint64_t expected, uint64_t *ret_offset,
                           uint64_t *ret_position) must_use;

#endif
