/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file has its changes twice, with times of 32 and of 64 bits; the second part counts where there is one, and behind it
 * stands the rule for all time after its last change.                                              RFC 8536 section 3
 */
#include "base/tz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tz_rule.h"

#define HEADER      44u
#define OFFSET_MOST 93599 /* 25:59:59, RFC 8536 section 3.2 */
#define AROUND      ((utc_t)2 * OFFSET_MOST)

struct tz {
    int32_t first; /* what held before the first change */
    size_t n;
    struct tz_rule rule; /* behind the last change, where it is set */
    struct tz_period at[];
};

/* ---- the file ---- */

struct header {
    char version;
    uint32_t isut, isstd, leaps, times, types, chars;
};

static uint64_t big_endian(const char *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | (unsigned char)p[i];
    return value;
}

static bool header_read(struct span s, struct header *ret)
{
    if (s.n < HEADER || memcmp(s.p, "TZif", 4) != 0)
        return false;
    uint32_t counts[6];
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        counts[i] = (uint32_t)big_endian(s.p + 20 + 4 * i, 4);
    *ret = (struct header){ s.p[4], counts[0], counts[1], counts[2], counts[3], counts[4], counts[5] };
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        if (counts[i] > TZ_BYTES)
            return false;
    return true;
}

static size_t body_bytes(const struct header *h, size_t time_bytes)
{
    return (size_t)h->times * (time_bytes + 1) + (size_t)h->types * 6 + h->chars +
           (size_t)h->leaps * (time_bytes + 4) + h->isstd + h->isut;
}

static bool type_offset(const char *types, uint32_t n, unsigned type, int32_t *ret)
{
    if (type >= n)
        return false;
    *ret = (int32_t)(uint32_t)big_endian(types + 6 * type, 4);
    return *ret >= -OFFSET_MOST && *ret <= OFFSET_MOST;
}

/* Periods that change nothing but a name are left out. Ascending, or it is no file. */
static enum bf_err body_read(const struct header *h, size_t time_bytes, const char *p, struct tz **ret)
{
    struct tz *z = calloc(1, sizeof *z + h->times * sizeof z->at[0]);
    const char *indices = p + h->times * time_bytes, *types = indices + h->times;
    if (!z)
        return BF_ENOMEM;
    bool good = type_offset(types, h->types, 0, &z->first);
    utc_t last = INT64_MIN;
    for (uint32_t i = 0; good && i < h->times; i++) {
        const uint64_t raw = big_endian(p + i * time_bytes, time_bytes);
        const utc_t from = time_bytes == 4 ? (int32_t)(uint32_t)raw : (int64_t)raw;
        int32_t offset = 0;
        good = type_offset(types, h->types, (unsigned char)indices[i], &offset) && (i == 0 || from > last);
        last = from;
        if (good && offset != (z->n ? z->at[z->n - 1].offset : z->first))
            z->at[z->n++] = (struct tz_period){ from, offset };
    }
    if (!good) {
        free(z);
        return BF_EFORM;
    }
    *ret = z;
    return BF_OK;
}

/* `\n` rule `\n`, or nothing between them. */
static enum bf_err footer_read(struct span s, struct tz *z, size_t at, struct fault *fault)
{
    if (s.n < 2 || s.p[0] != '\n' || s.p[s.n - 1] != '\n')
        return fault_at(fault, BF_EFORM, at, "the rule behind the changes is missing");
    if (s.n == 2)
        return BF_OK;
    const enum bf_err err = tz_rule_read(span_make(s.p + 1, s.n - 2), &z->rule, fault);
    if (err && fault)
        fault->at += at + 1;
    return err;
}

enum bf_err tz_of_file(struct span bytes, struct tz **ret, struct fault *fault)
{
    auto_(tz_close) struct tz *z = NULL;
    struct header h;
    size_t at = 0, time_bytes = 4;
    if (bytes.n > TZ_BYTES)
        return fault_at(fault, BF_ELIMIT, TZ_BYTES, "a file of a time zone is never this large");
    if (!header_read(bytes, &h))
        return fault_at(fault, BF_EFORM, 0, "not a file of a time zone (TZif)");
    if (h.version >= '2') {
        at = HEADER + body_bytes(&h, 4);
        time_bytes = 8;
        if (!header_read(span_from(bytes, at), &h))
            return fault_at(fault, BF_EFORM, at, "the second part of the file is missing");
    }
    at += HEADER;
    const size_t n = body_bytes(&h, time_bytes);
    if (at > bytes.n || n > bytes.n - at)
        return fault_at(fault, BF_EFORM, bytes.n, "the file ends too early");
    enum bf_err err = body_read(&h, time_bytes, bytes.p + at, &z);
    if (err)
        return fault_at(fault, err, at, "the changes of the zone are in disorder");
    if (time_bytes == 8)
        err = footer_read(span_from(bytes, at + n), z, at + n, fault);
    if (err)
        return err;
    *ret = z;
    z = NULL;
    return BF_OK;
}

enum bf_err tz_of_rule(struct span text, struct tz **ret, struct fault *fault)
{
    struct tz *z = calloc(1, sizeof *z);
    if (!z)
        return BF_ENOMEM;
    const enum bf_err err = tz_rule_read(text, &z->rule, fault);
    if (err) {
        free(z);
        return err;
    }
    z->first = z->rule.usual;
    *ret = z;
    return BF_OK;
}

static bool is_offset(int32_t offset)
{
    return offset >= -OFFSET_MOST && offset <= OFFSET_MOST;
}

enum bf_err tz_of_periods(int32_t first, const struct tz_period *periods, size_t n, struct tz **ret)
{
    bool good = is_offset(first);
    for (size_t i = 0; good && i < n; i++)
        good = is_offset(periods[i].offset) && (i == 0 || periods[i].from > periods[i - 1].from);
    if (!good)
        return BF_EFORM;
    struct tz *z = calloc(1, sizeof *z + n * sizeof z->at[0]);
    if (!z)
        return BF_ENOMEM;
    z->first = first;
    for (size_t i = 0; i < n; i++)
        if (periods[i].offset != (z->n ? z->at[z->n - 1].offset : first))
            z->at[z->n++] = periods[i];
    *ret = z;
    return BF_OK;
}

void tz_close(struct tz *z)
{
    free(z);
}

/* ---- finding it ---- */

/* Letters, digits, `_`, `+`, `-`, and slashes between parts, none of which begins with a dot or is one. */
static bool is_name(struct span name)
{
    bool begins = true;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (!letter && !(other && !begins) && !(c == '/' && !begins))
            return false;
        begins = c == '/';
    }
    return name.n > 0 && name.n <= TZ_NAME && !begins;
}

static enum bf_err file_open(struct span name, int *ret)
{
    char path[512];
    struct stat st;
    const char *where = getenv("TZDIR");
    const int n = snprintf(path, sizeof path, "%s/%.*s", where && where[0] ? where : "/usr/share/zoneinfo",
                           SPAN_FMT(name));
    if (n < 0 || (size_t)n >= sizeof path)
        return BF_ELIMIT;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? BF_ENOENT : BF_EIO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return BF_ENOENT; /* "Europe" is a directory, and no zone */
    }
    *ret = fd;
    return BF_OK;
}

enum bf_err tz_open(struct span name, struct tz **ret)
{
    int fd = -1;
    if (name.n == 0 || span_equal(name, SPAN("UTC")))
        return tz_of_rule(SPAN("UTC0"), ret, NULL);
    if (!is_name(name))
        return BF_EFORM;
    enum bf_err err = file_open(name, &fd);
    if (err)
        return err;
    char *bytes = malloc(TZ_BYTES + 1);
    size_t n = 0;
    ssize_t got = 1;
    while (bytes && n <= TZ_BYTES && (got = read(fd, bytes + n, TZ_BYTES + 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    err = !bytes ? BF_ENOMEM : got < 0 ? BF_EIO : tz_of_file(span_make(bytes, n), ret, NULL);
    free(bytes);
    return err;
}

/* ---- asking ---- */

/* How many changes are at or before the instant. */
static size_t changes_until(const struct tz *z, utc_t at)
{
    size_t low = 0, high = z->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (z->at[middle].from <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t tz_offset(const struct tz *z, utc_t at)
{
    const size_t n = changes_until(z, at);
    if (n == z->n && z->rule.is_set)
        return tz_rule_offset(&z->rule, at);
    return n ? z->at[n - 1].offset : z->first;
}

utc_t tz_change(const struct tz *z, utc_t at)
{
    const size_t n = changes_until(z, at);
    if (n < z->n)
        return z->at[n].from;
    return z->rule.is_set ? tz_rule_change(&z->rule, at) : INT64_MAX;
}

/*
 * Walks the periods that could hold it, early ones first. Within a period, the local time means exactly one instant, which lies
 * in the period or does not.
 */
utc_t tz_utc(const struct tz *z, local_t local, enum tz_sort *ret_sort)
{
    utc_t found = 0, begin = local - AROUND;
    utc_t before_gap = local - tz_offset(z, begin);
    unsigned times = 0;
    while (begin <= local + AROUND) {
        const int32_t offset = tz_offset(z, begin);
        const utc_t end = tz_change(z, begin), at = local - offset;
        if (at >= begin && at < end && times++ == 0)
            found = at;
        if (at >= begin)
            before_gap = at; /* behind this period: if no later one has it, the clock skipped it here */
        if (end == INT64_MAX)
            break;
        begin = end;
    }
    if (ret_sort)
        *ret_sort = times == 0 ? TZ_SKIPPED : times == 1 ? TZ_ONCE : TZ_TWICE;
    return times ? found : before_gap;
}
