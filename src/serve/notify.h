/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd wants to be told (Type=notify), said over its socket. Nothing happens where there is none. */
#ifndef SERVE_NOTIFY_H
#define SERVE_NOTIFY_H

#include "base/clock.h"

/* `READY=1`, `RELOADING=1`, `STOPPING=1`, `WATCHDOG=1`, several joined by newlines. */
void notify_say(const char *state);
/* RELOADING=1 with the monotonic time that Type=notify-reload asks for. */
void notify_reloading(mono_t now);
/* How often WATCHDOG=1 is expected, halved; 0: never. */
mono_t notify_watchdog(void);

#endif
