/* SPDX-License-Identifier: Apache-2.0 */
/* A password that stands in a file which nobody else reads. */
#ifndef FETCH_PASSWORD_H
#define FETCH_PASSWORD_H

#include "base/fault.h"

#define PASSWORD_MOST 1024u

/*
 * The first line of a plain file that is ours or root's, and that nobody else may read or write. *ret: to be given to
 * password_forget. BF_EDENIED, BF_EIO, BF_EFORM; *ret_why then: what is wrong, and what to do; constant. BF_ENOMEM.
 */
enum bf_err password_read(const char *path, char **ret, const char **ret_why) must_use;
void password_forget(char *password); /* wiped and freed; NULL is fine */

AUTO_DEFINE(char, password_forget);

#endif
