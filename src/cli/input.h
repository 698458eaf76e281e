/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file in memory, `-` being standard input. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/fault.h"
#include "base/span.h"

/* *ret->p is NUL-terminated behind its n bytes, and to be freed. BF_EIO: errno; BF_ELIMIT: more than max; BF_ENOMEM. */
enum bf_err input_read(const char *file, size_t max, struct span *ret) must_use;

/* What went wrong, for people: "No such file or directory", "it is larger than …". */
const char *input_error(enum bf_err err);

#endif
