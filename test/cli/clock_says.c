/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the doctor: the kernel says of its clock what BF_CLOCK says: `refused`, `alone` (nothing keeps it in
 * step), or by how many microseconds it may be off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

__attribute__((visibility("default"))) int adjtimex(struct timex *t)
{
    const char *says = getenv("BF_CLOCK");
    memset(t, 0, sizeof *t);
    if (!says || strcmp(says, "refused") == 0) {
        errno = EPERM;
        return -1;
    }
    if (strcmp(says, "alone") == 0)
        t->status = STA_UNSYNC;
    else
        t->maxerror = strtol(says, NULL, 10);
    return t->status ? TIME_ERROR : TIME_OK;
}
