/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness of the kernel, and the UUIDs made of it. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

/* Fills p. Ends the process when the kernel has none to give: nothing sensible could go on. */
void random_bytes(void *p, size_t n);

#define UUID_TEXT 36u

/* A version 4 UUID, lower case, NUL-terminated.                     RFC 4122 section 4.4, SHK-003 */
char *random_uuid(char out[static UUID_TEXT + 1]);

#endif
