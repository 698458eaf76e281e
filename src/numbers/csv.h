/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV, a record at a time.                                                                                  RFC 4180
 *
 * Fields are separated by commas, or by semicolons where the first line has those and no comma. A field may stand in
 * quotes, "" is a quote in it; lines end with LF or CRLF; blank lines are skipped; a byte order mark is, too. Blanks
 * around a field without quotes do not count. Control characters are refused.
 *
 * Reads in one pass, a buffer at a time; does not know what columns mean.
 */
#ifndef NUMBERS_CSV_H
#define NUMBERS_CSV_H

#include "base/fault.h"
#include "base/span.h"

#define CSV_FIELDS       32u   /* of a record */
#define CSV_RECORD_BYTES 4096u /* of its fields together, unless asked for more */

struct csv;

struct csv_record {
    struct span fields[CSV_FIELDS]; /* until the next record is read */
    uint32_t columns[CSV_FIELDS];   /* byte of the line where each begins, from 1 */
    size_t n;
    uint64_t line; /* where it begins, from 1 */
};

/* BF_EIO (errno), BF_ENOMEM. */
enum bf_err csv_open(const char *path, struct csv **ret) must_use;
/* From memory, which must outlive it. */
enum bf_err csv_of(struct span bytes, struct csv **ret) must_use;
/* The same, where the fields of a record may have that many bytes together. */
enum bf_err csv_of_wide(struct span bytes, size_t record_bytes, struct csv **ret) must_use;
void csv_close(struct csv *c);

/*
 * BF_ENOENT: that was all. BF_EFORM, BF_ELIMIT: fault->what says why, ret->line and *ret_column where; reading may not go on.
 * BF_EIO (errno).
 */
enum bf_err csv_next(struct csv *c, struct csv_record *ret, uint32_t *ret_column, struct fault *fault)
    must_use;

AUTO_DEFINE(struct csv, csv_close);

#endif
