/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a URL that fetch_url_allowed has let through (its rules: fetch.h). */
#ifndef FETCH_URL_H
#define FETCH_URL_H

#include "base/span.h"

/* Without port; IPv6 in its brackets. Not for other URLs. */
struct span url_host(struct span url);

#endif
