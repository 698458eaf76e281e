/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static enum bf_err read_stream(FILE *f, size_t max, struct span *ret)
{
    size_t size = 1 << 14, n = 0;
    char *bytes = malloc(size + 1);
    for (size_t got; bytes && (got = fread(bytes + n, 1, size - n, f)) > 0;) {
        n += got;
        if (n > max)
            break;
        if (n < size)
            continue;
        char *larger = realloc(bytes, 2 * size + 1);
        if (!larger)
            free(bytes);
        bytes = larger;
        size *= 2;
    }
    if (!bytes)
        return BF_ENOMEM;
    if (n > max || ferror(f)) {
        free(bytes);
        return n > max ? BF_ELIMIT : BF_EIO;
    }
    bytes[n] = '\0';
    *ret = span_make(bytes, n);
    return BF_OK;
}

enum bf_err input_read(const char *file, size_t max, struct span *ret)
{
    if (strcmp(file, "-") == 0)
        return read_stream(stdin, max, ret);
    FILE *f = fopen(file, "re");
    if (!f)
        return BF_EIO;
    const enum bf_err err = read_stream(f, max, ret);
    const int kept = errno;
    fclose(f);
    errno = kept;
    return err;
}

const char *input_error(enum bf_err err)
{
    if (err == BF_EIO)
        return strerror(errno);
    return err == BF_ELIMIT ? "it is too large" : bf_err_text(err);
}
