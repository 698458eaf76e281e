/* SPDX-License-Identifier: Apache-2.0 */
/* The dates of `diary meet`, for people, for programs and for calendars. Every time names its zone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "cli/command.h"
#include "cli/diary_meet.h"

#define MONTHS 3 /* that are drawn */
#define WHY    160u

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December" };

struct said {
    char text[48];
};

/* 2026-12-01T10:00 +00:00 */
static struct said local_text(utc_t at, int32_t offset)
{
    struct said w;
    const struct civil c = civil_of(at + offset);
    const int minutes = abs(offset) / 60;
    snprintf(w.text, sizeof w.text, "%04d-%02u-%02uT%02u:%02u %c%02d:%02d", (int)c.year, c.month, c.day,
             c.hour, c.minute, offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    return w;
}

static struct said clock_text(utc_t at, int32_t offset)
{
    struct said w;
    const struct civil c = civil_of(at + offset);
    snprintf(w.text, sizeof w.text, "%02u:%02u", c.hour, c.minute);
    return w;
}

static struct said day_text(utc_t at, int32_t offset)
{
    struct said w;
    const struct civil c = civil_of(at + offset);
    snprintf(w.text, sizeof w.text, "%s, %u %s %d", days[civil_weekday(civil_day(c.year, c.month, c.day))],
             c.day, months[c.month - 1], (int)c.year);
    return w;
}

/* ---- reasons ---- */

/* The nth reason that stands for a date: false when there are no more. */
static bool reason(const struct meeting *m, const struct meet_date *d, size_t nth, char out[static WHY])
{
    bool outside = false;
    for (size_t i = 0; i < m->wish.n; i++) {
        const struct meet_view *v = &d->views[i];
        const char *id = m->who[v->party].id;
        outside = outside || v->away_h;
        if (v->absent && nth-- == 0)
            return snprintf(out, WHY, "%s is not free, and optional", id) > 0;
        if (v->away_h && nth-- == 0)
            return snprintf(out, WHY, "%s: %s%u h outside preferred hours", id,
                            v->away_h >= 12 ? "at least " : "", v->away_h) > 0;
        if (v->tentative && nth-- == 0)
            return snprintf(out, WHY, "%s has something tentative then", id) > 0;
        if (v->follows && nth-- == 0)
            return snprintf(out, WHY, "follows a meeting of %s at %s", id,
                            clock_text(d->start, v->offset).text) > 0;
        if (v->leads && nth-- == 0)
            return snprintf(out, WHY, "touches a meeting of %s at %s", id,
                            clock_text(d->end, v->offset).text) > 0;
    }
    if (!outside && nth-- == 0)
        return snprintf(out, WHY, "nobody outside preferred hours") > 0;
    return d->lunch && nth == 0 && snprintf(out, WHY, "over somebody's lunch") > 0;
}

static struct said relaxed_text(const struct meeting *m, const struct meet_relaxed *r, char out[static WHY])
{
    static const char *const words[] = {
        [MEET_BUFFER] = "without the buffers of",
        [MEET_WAY] = "without the ways between places",
        [MEET_TENTATIVE] = "if what is tentative gives way for",
        [MEET_NOTICE] = "at shorter notice for",
        [MEET_PER_DAY] = "with more meetings a day for",
        [MEET_HOURS] = "outside the hours of",
        [MEET_LENGTH] = "if it is shorter:",
        [MEET_PRESENCE] = "without",
    };
    if (r->cause == MEET_LENGTH)
        snprintf(out, WHY, "%s %u minutes", words[r->cause], r->length_s / 60);
    else
        snprintf(out, WHY, "%s %s", words[r->cause], r->party == SIZE_MAX ? "" : m->who[r->party].id);
    return local_text(r->first, tz_offset(m->zone, r->first));
}

/* ---- for people ---- */

static bool holds_day(const struct meeting *m, const struct meet_date *dates, size_t n, day_t day)
{
    for (size_t i = 0; i < n; i++)
        if (tz_local(m->zone, dates[i].start) / DAY_S == day)
            return true;
    return false;
}

static void month_draw(const struct meeting *m, const struct meet_date *dates, size_t n, int32_t year,
                       unsigned month)
{
    const bool colors = command_colors();
    const day_t first = civil_day(year, month, 1);
    const unsigned gap = (civil_weekday(first) + 6) % 7, all = civil_month_days(year, month);
    printf("%s %d\n Mo  Tu  We  Th  Fr  Sa  Su\n%*s", months[month - 1], (int)year, (int)(4 * gap), "");
    for (unsigned d = 1; d <= all; d++) {
        const bool here = holds_day(m, dates, n, first + d - 1);
        printf(here ? (colors ? "\033[1;32m[%2u]\033[0m" : "[%2u]") : " %2u ", d);
        if ((gap + d) % 7 == 0 || d == all)
            putchar('\n');
    }
    putchar('\n');
}

static void months_draw(const struct meeting *m, const struct meet_date *dates, size_t n)
{
    utc_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        first = dates[i].start < first ? dates[i].start : first;
        last = dates[i].start > last ? dates[i].start : last;
    }
    const struct civil from = civil_of(tz_local(m->zone, first)), to = civil_of(tz_local(m->zone, last));
    int32_t year = from.year;
    unsigned month = from.month;
    for (int i = 0; i < MONTHS && year * 12 + (int32_t)month <= to.year * 12 + to.month; i++) {
        month_draw(m, dates, n, year, month);
        year += month == 12;
        month = month % 12 + 1;
    }
}

static void date_print(const struct meeting *m, const struct meet_date *d, size_t number)
{
    const int32_t offset = tz_offset(m->zone, d->start);
    char why[WHY];
    printf("%zu. %s, %s to %s %s\n", number, day_text(d->start, offset).text,
           clock_text(d->start, offset).text, clock_text(d->end, tz_offset(m->zone, d->end)).text,
           m->zone_name);
    for (size_t i = 0; i < m->wish.n; i++) {
        const struct meet_view *v = &d->views[i];
        if (m->parties[v->party].role != MEET_RESOURCE)
            printf("     %-16s %s %s\n", m->who[v->party].id, local_text(d->start, v->offset).text,
                   m->who[v->party].zone_name);
    }
    for (size_t i = 0; reason(m, d, i, why); i++)
        printf("     %s%s", i ? "" : "(", why),
            fputs(reason(m, d, i + 1, (char[WHY]){ 0 }) ? ";\n" : ")\n", stdout);
}

void meeting_dates_text(const struct meeting *m, const struct meet_date *dates, size_t n)
{
    if (command_columns() != SIZE_MAX)
        months_draw(m, dates, n);
    for (size_t i = 0; i < n; i++)
        date_print(m, &dates[i], i + 1);
}

void meeting_none_text(const struct meeting *m, const struct meet_relaxed *ways, size_t n)
{
    char why[WHY];
    puts("There is no date.");
    if (!n)
        puts("No single constraint stands in the way: leaving out any one of them gives no date.");
    for (size_t i = 0; i < n; i++) {
        const struct said first = relaxed_text(m, &ways[i], why);
        printf("%s%s: %s %s\n", i ? "     or " : "There is ", why, first.text, m->zone_name);
    }
}

/* ---- for programs ---- */

static json_t *json_of_date(const struct meeting *m, const struct meet_date *d)
{
    char start[21], end[21], why[WHY];
    json_t *local = json_object(), *reasons = json_array();
    utc_text(d->start, start);
    utc_text(d->end, end);
    for (size_t i = 0; i < m->wish.n; i++)
        json_object_set_new(local, m->who[d->views[i].party].id,
                            json_string(local_text(d->start, d->views[i].offset).text));
    for (size_t i = 0; reason(m, d, i, why); i++)
        json_array_append_new(reasons, json_string(why));
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "start", start, "end", end, "cost", (json_int_t)d->cost,
                     "local", local, "why", reasons);
}

static json_t *json_of_way(const struct meeting *m, const struct meet_relaxed *r)
{
    char first[21];
    utc_text(r->first, first);
    json_t *row = json_pack("{s:s, s:s?, s:s}", "constraint", meet_cause_word(r->cause), "party",
                            r->party == SIZE_MAX ? NULL : m->who[r->party].id, "first", first);
    if (r->cause == MEET_LENGTH)
        json_object_set_new(row, "length_s", json_integer(r->length_s));
    return row;
}

static json_t *json_of_none(const struct meeting *m, const struct meet_relaxed *ways, size_t n)
{
    json_t *none =
        n ? json_of_way(m, &ways[0]) : json_pack("{s:n, s:n, s:n}", "constraint", "party", "first");
    json_t *others = json_array();
    for (size_t i = 1; i < n; i++)
        json_array_append_new(others, json_of_way(m, &ways[i]));
    json_object_set_new(none, "others", others);
    return none;
}

enum bf_err meeting_json(const struct meeting *m, const struct meet_date *dates, size_t n,
                         const struct meet_relaxed *ways, size_t n_ways)
{
    json_t *candidates = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(candidates, json_of_date(m, &dates[i]));
    json_t *all = json_pack("{s:s, s:o, s:o, s:O}", "zone", m->zone_name, "candidates", candidates, "none",
                            n ? json_null() : json_of_none(m, ways, n_ways), "warnings", m->warnings);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (!text)
        return BF_ENOMEM;
    puts(text);
    free(text);
    return BF_OK;
}

/* ---- for calendars ---- */

static struct said basic_text(utc_t at)
{
    struct said w;
    const struct civil c = civil_of(at);
    snprintf(w.text, sizeof w.text, "%04d%02u%02uT%02u%02u%02uZ", (int)c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    return w;
}

void meeting_ics(const struct meeting *m, const struct meet_date *dates, size_t n)
{
    uint8_t id[UUID_BYTES];
    char uid[UUID_TEXT];
    if (!n)
        return; /* a calendar has at least one component */
    fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bonafide//diary meet//EN\r\n", stdout);
    for (size_t i = 0; i < n; i++) {
        random_bytes(id, sizeof id);
        uuid_mark(id);
        uuid_text(id, uid);
        printf("BEGIN:VEVENT\r\nUID:%.*s\r\nDTSTAMP:%s\r\n", (int)UUID_TEXT, uid,
               basic_text(m->wish.now).text);
        printf("DTSTART:%s\r\nDTEND:%s\r\n", basic_text(dates[i].start).text, basic_text(dates[i].end).text);
        printf("SUMMARY:Proposed date %zu of %zu\r\nSTATUS:TENTATIVE\r\nEND:VEVENT\r\n", i + 1, n);
    }
    fputs("END:VCALENDAR\r\n", stdout);
}
