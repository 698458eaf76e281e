/* SPDX-License-Identifier: Apache-2.0 */
/* A large book of invented people, all protected, for what a call costs where many are known. */
#ifndef CLI_BENCH_CROWD_H
#define CLI_BENCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>

#include "people/people.h"

#define CROWD_PEOPLE  10000u
#define CROWD_ALIASES 5u

/* The book is made in a file of this directory. false: standard error says why. *ret: people_destroy. */
bool crowd_load(const char *directory, size_t people, struct people **ret);

#endif
