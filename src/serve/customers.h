/* SPDX-License-Identifier: Apache-2.0 */
/* The option rows of `customers` and `signing`: who may have calls signed, and what for. See signing/signing.h. */
#ifndef SERVE_CUSTOMERS_H
#define SERVE_CUSTOMERS_H

#include "serve/options.h"

extern const struct config_rows customers_rows, certificate_rows;
extern const struct config_kind kind_numbers_file;

#endif
