/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `Cache-Control: public, max-age=86400` with `Age: 400` leaves 86000. A directive beats Expires; an Expires that is no
 * date is in the past (RFC 9111 section 5.3). Numbers past 2^31 are 2^31, as section 1.2.2 has it.
 */
#include "fetch/freshness.h"

#include <curl/curl.h>

#define FOREVER_S 2147483648u

/* A delta-seconds, quoted or not. An unreadable one counts as 0: the server wanted a limit. */
static int64_t delta_seconds(struct span value)
{
    uint64_t seconds;
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = span_make(value.p + 1, value.n - 2);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < '0' || value.p[i] > '9')
            return 0;
    if (value.n == 0)
        return 0;
    return span_decimal(value, FOREVER_S, &seconds) ? (int64_t)seconds : (int64_t)FOREVER_S;
}

static void directive(struct freshness *f, struct span text)
{
    const size_t equals = span_find(text, '=');
    const struct span name = span_trim(span_first(text, equals));
    if (span_equal_nocase(name, SPAN("no-store")) || span_equal_nocase(name, SPAN("no-cache"))) {
        f->no_store = true;
    } else if (span_equal_nocase(name, SPAN("max-age"))) {
        const int64_t seconds = delta_seconds(span_trim(span_from(text, equals + 1)));
        if (f->max_age_s < 0 || seconds < f->max_age_s)
            f->max_age_s = seconds;
    }
}

/* Splits at commas outside of quotes: `private="set-cookie, x", max-age=60`. */
static void cache_control(struct freshness *f, struct span value)
{
    size_t from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= value.n; i++) {
        if (i < value.n && value.p[i] == '"')
            quoted = !quoted;
        if (i == value.n || (value.p[i] == ',' && !quoted)) {
            directive(f, span_trim(span_make(value.p + from, i - from)));
            from = i + 1;
        }
    }
}

static bool http_date(struct span value, utc_t *ret)
{
    char text[64];
    if (value.n == 0 || value.n >= sizeof text)
        return false;
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    const time_t t = curl_getdate(text, NULL);
    if (t < 0)
        return false;
    *ret = t;
    return true;
}

void freshness_header(struct freshness *f, struct span name, struct span value)
{
    if (span_equal_nocase(name, SPAN("cache-control"))) {
        f->has_control = true;
        cache_control(f, value);
    } else if (span_equal_nocase(name, SPAN("pragma"))) {
        f->pragma = span_equal_nocase(value, SPAN("no-cache"));
    } else if (span_equal_nocase(name, SPAN("age"))) {
        f->age_s = delta_seconds(value);
    } else if (span_equal_nocase(name, SPAN("date"))) {
        f->has_date = http_date(value, &f->date);
    } else if (span_equal_nocase(name, SPAN("expires"))) {
        f->has_expires = true;
        if (!http_date(value, &f->expires))
            f->expires = 0;
    }
}

int64_t freshness_left(const struct freshness *f, utc_t now)
{
    int64_t left;
    if (f->no_store || (f->pragma && !f->has_control))
        return 0;
    if (f->max_age_s >= 0)
        left = f->max_age_s;
    else if (f->has_expires)
        left = f->expires - (f->has_date ? f->date : now);
    else
        return -1;
    if (left > (int64_t)FOREVER_S)
        left = FOREVER_S;
    return left > f->age_s ? left - f->age_s : 0;
}
