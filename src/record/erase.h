/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: forgetting somebody, in journal and index. */
#ifndef RECORD_ERASE_H
#define RECORD_ERASE_H

#include "record/record.h"
#include "store/journal.h"

/* journal, db_url: NULL where there is none. *ret_records: of the index. *ret_message: a sentence or NULL, to be freed. */
enum bf_err record_erase(struct journal *journal, const char *db_url, const struct record_erasing *who,
                         uint64_t *ret_records, char **ret_message) must_use;

#endif
