/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, customers and their inventory, of a configuration: what struct signing is made of. Also for `sign --explain`. */
#ifndef SERVE_VOUCHING_H
#define SERVE_VOUCHING_H

#include "serve/config.h"

/* *ret is NULL where nothing is signed. Nothing of the configuration is kept. *ret_message as signing_load. */
enum bf_err vouching_create(const struct config *config, struct signing **ret, char **ret_message) must_use;

#endif
