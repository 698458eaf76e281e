/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the daemon says what happens: one line an event, plain or JSON, to standard error (journald).
 * Libraries do not log; rooms that run threads of their own are handed a struct log.
 * Every level is limited to so many lines a second; what is left out is counted and said (SEC-065).
 * Thread-safe. A NULL log swallows everything.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/fault.h"

enum log_level { LOG_ALARM, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

/* fd is not closed by log_destroy. json: one JSON object a line. BF_ENOMEM. */
enum bf_err log_create(int fd, enum log_level least, bool json, struct log **ret) must_use;
void log_destroy(struct log *log);

/*
 * A sentence that says what to do next. Control bytes in it are shown as '?'. ALARM lines are for what a
 * person must act on, and are counted (log_alarms).
 */
void log_put(struct log *log, enum log_level level, const char *format, ...) printf_(3, 4);
uint64_t log_alarms(const struct log *log);

/* A line that is already put together, newline excluded; not limited (verdict lines, one a call). */
void log_line(struct log *log, const char *line, size_t n);
bool log_is_json(const struct log *log);

AUTO_DEFINE(struct log, log_destroy);

#endif
