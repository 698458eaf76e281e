/* SPDX-License-Identifier: Apache-2.0 */
/* A text without letter case, accents and compatibility forms, for searching: `Zoë ＫＲＡＵẞ` is `zoe krauss`. */
#ifndef PEOPLE_FOLD_H
#define PEOPLE_FOLD_H

#include "base/fault.h"
#include "base/span.h"

/* *ret: NUL-terminated UTF-8, to be freed. BF_ENOMEM, BF_ELIMIT; BF_EUNSUP: ICU lacks its data. */
enum bf_err text_fold(struct span text, char **ret) must_use;

#endif
