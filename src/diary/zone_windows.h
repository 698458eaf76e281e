/* SPDX-License-Identifier: Apache-2.0 */
/* Zones as Windows names them: "GMT Standard Time". */
#ifndef DIARY_ZONE_WINDOWS_H
#define DIARY_ZONE_WINDOWS_H

#include "base/fault.h"
#include "base/span.h"

/* The IANA name, whatever the case of letters; SPAN_NONE: Windows has no such zone. */
struct span zone_of_windows(struct span name);

#endif
