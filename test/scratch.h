/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own, under $TMPDIR, and its end. */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tap.h"

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

/* A directory and all that is in it. */
static inline void scratch_remove(const char *dir)
{
    assert_int_equal(nftw(dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* dir takes its path. */
static inline void scratch_make(char *dir, size_t size, const char *name)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, size, "%s/bf-%s-XXXXXX", tmp ? tmp : "/tmp", name);
    assert_non_null(mkdtemp(dir));
}

#endif
