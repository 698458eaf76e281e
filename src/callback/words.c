/* SPDX-License-Identifier: Apache-2.0 */
/* What the outside calls the steps of a callback. */
#include "callback/callback.h"

const char *const callback_step_words[] = { "calling-desk", "calling-person", "talking", "ended" };
const char *const callback_reached_words[] = { "unknown", "proven", "another" };
