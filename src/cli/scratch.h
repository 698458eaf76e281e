/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of our own for as long as a subcommand runs, and what demo and bench put there. */
#ifndef CLI_SCRATCH_H
#define CLI_SCRATCH_H

#include <openssl/evp.h>

#include "base/fault.h"

#define SCRATCH_PATH 512u

/* Makes `$TMPDIR/bonafide-<what>-XXXXXX`, mode 0700. false: errno. */
bool scratch_create(const char *what, char out[static SCRATCH_PATH]);
/* With all that is in it; "" is fine. */
void scratch_remove(const char *directory);
/* A new file, mode 0600; its path, NUL-terminated, in out when out is not NULL. false: errno. */
bool scratch_write(const char *directory, const char *name, const char *text, char out[SCRATCH_PATH]);
/* PKCS#8 PEM, to be freed; NULL without memory. */
char *scratch_key_pem(EVP_PKEY *key);

#endif
