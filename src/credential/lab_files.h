/* SPDX-License-Identifier: Apache-2.0 */
/* What lab_files.c (the directory) needs of lab.c (the certificates). Texts are to be freed; NULL without memory. */
#ifndef CREDENTIAL_LAB_FILES_H
#define CREDENTIAL_LAB_FILES_H

#include "credential/lab.h"

char *lab_intermediate_pem(struct lab *lab);
char *lab_key_pem(const struct lab_carrier *carrier);
utc_t lab_not_before(const struct lab *lab);
utc_t lab_not_after(const struct lab *lab);

#endif
