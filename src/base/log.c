/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"

#define LINES_A_SECOND 20u

struct quota {
    mono_t second;
    unsigned used, left_out;
};

struct log {
    int fd;
    enum log_level least;
    bool json;
    pthread_mutex_t lock;
    struct quota quota[LOG_DEBUG + 1];
    _Atomic uint64_t alarms;
};

static const char *const level_names[] = { "alarm", "warning", "info", "debug" };

enum bf_err log_create(int fd, enum log_level least, bool json, struct log **ret)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return BF_ENOMEM;
    log->fd = fd;
    log->least = least;
    log->json = json;
    pthread_mutex_init(&log->lock, NULL);
    *ret = log;
    return BF_OK;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_destroy(&log->lock);
    free(log);
}

bool log_is_json(const struct log *log)
{
    return log && log->json;
}

uint64_t log_alarms(const struct log *log)
{
    return log ? atomic_load(&log->alarms) : 0;
}

void log_line(struct log *log, const char *line, size_t n)
{
    if (!log)
        return;
    struct iovec parts[2] = { { (void *)(uintptr_t)line, n }, { (void *)(uintptr_t) "\n", 1 } };
    if (writev(log->fd, parts, 2) < 0)
        return; /* nowhere left to say so */
}

/* true: the line may go out; *left_out lines of this level were held back in the last second. */
static bool may_pass(struct log *log, enum log_level level, mono_t now, unsigned *left_out)
{
    struct quota *q = &log->quota[level];
    bool pass;
    pthread_mutex_lock(&log->lock);
    *left_out = 0;
    if (now - q->second >= MONO_S(1)) {
        *left_out = q->left_out;
        *q = (struct quota){ .second = now };
    }
    pass = q->used < LINES_A_SECOND;
    if (pass)
        q->used++;
    else
        q->left_out++;
    pthread_mutex_unlock(&log->lock);
    return pass;
}

static void write_event(struct log *log, enum log_level level, struct instant now, struct span text)
{
    char memory[4096], at[21];
    struct buf b = BUF_ON(memory);
    utc_text(now.utc, at);
    if (log->json) {
        buf_printf(&b, "{\"at\":\"%s\",\"level\":\"%s\",\"text\":", at, level_names[level]);
        buf_json_string(&b, text);
        buf_text(&b, "}");
    } else {
        buf_printf(&b, "%s %s: ", at, level_names[level]);
        buf_printable(&b, text);
    }
    if (buf_ok(&b))
        log_line(log, memory, b.n);
}

void log_put(struct log *log, enum log_level level, const char *format, ...)
{
    char memory[1024];
    unsigned left_out;
    va_list args;
    if (!log)
        return;
    if (level == LOG_ALARM)
        atomic_fetch_add(&log->alarms, 1);
    const struct instant now = clock_now(&clock_system);
    if (level > log->least || !may_pass(log, level, now.mono, &left_out))
        return;
    if (left_out) {
        int n = snprintf(memory, sizeof memory, "%u more lines of level %s were left out", left_out,
                         level_names[level]);
        write_event(log, level, now, span_make(memory, (size_t)n));
    }
    va_start(args, format);
    int n = vsnprintf(memory, sizeof memory, format, args);
    va_end(args);
    if (n > 0)
        write_event(log, level, now,
                    span_make(memory, (size_t)n < sizeof memory ? (size_t)n : sizeof memory - 1));
}
