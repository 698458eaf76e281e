/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary meet`: the options become a wish, the diaries what is taken, and the wish dates. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/diary.h"
#include "cli/diary_meet.h"
#include "cli/input.h"
#include "cli/options.h"
#include "diary/when.h"

#define VERB       "diary meet"
#define WINDOW     (14 * DAY_S)
#define BLOCK      ((size_t)1 << 20)
#define MEMORY     ((size_t)1 << 30)
#define WAYS_BYTES ((size_t)1 << 20)
#define DURATION   (400 * DAY_S)

struct wishes {
    const char *from, *to, *now, *length, *step, *zone, *travel, *place, *format;
    unsigned long top;
    struct option_list who, hours, prefer, holidays, buffer, notice, per_day, tentative, at;
    bool strict;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("who", "ID:ROLE:ZONE:SOURCE",
        "somebody, required (req), optional (opt) or a resource (res), and a diary; an ID again: one more "
        "diary",
        OPTION_LIST, who),
    ROW("from", "TIME",
        "when the window begins: 2026-12-01, 2026-12-01T09:00, 2026-12-01T08:00:00Z; default now",
        OPTION_TEXT, from),
    ROW("to", "TIME", "when it ends; default 14 days later", OPTION_TEXT, to),
    ROW("length", "TIME", "of the meeting: 30m, 1h30m; default 30m", OPTION_TEXT, length),
    ROW("step", "TIME", "between two starts, from midnight in --zone; default 15m", OPTION_TEXT, step),
    ROW("top", "N", "dates at most; default 8", OPTION_NUMBER, top),
    ROW("zone", "ZONE",
        "whose clock the grid and the times without Z are of; default that of the first --who", OPTION_TEXT,
        zone),
    ROW("hours", "[ID=]HOURS",
        "when somebody can be met: Mo-Fr/09:00-12:00+13:00-17:30,!2026-12-25; default always", OPTION_LIST,
        hours),
    ROW("prefer", "[ID=]HOURS", "when somebody would rather be met; default --hours, else Mo-Fr/09:00-17:00",
        OPTION_LIST, prefer),
    ROW("holidays", "[ID=]FILE", "a diary all of whose entries are days off", OPTION_LIST, holidays),
    ROW("buffer", "[ID=]BEFORE/AFTER", "free time around the meeting: 10m/5m", OPTION_LIST, buffer),
    ROW("notice", "[ID=]TIME", "between now and the meeting", OPTION_LIST, notice),
    ROW("per-day", "[ID=]N", "meetings of a day at most, with this one", OPTION_LIST, per_day),
    ROW("tentative", "[ID=]HOW", "what is tentative counts as busy, soft or free; default soft", OPTION_LIST,
        tentative),
    ROW("place", "PLACE", "where the meeting is", OPTION_TEXT, place),
    ROW("at", "ID=PLACE", "where the other meetings of somebody are", OPTION_LIST, at),
    ROW("travel", "FILE", "minutes between places: lines of PLACE,PLACE,MINUTES", OPTION_TEXT, travel),
    ROW("now", "TIME", "what counts as now; default now", OPTION_TEXT, now),
    ROW("format", "FORMAT", "text, json or ics; default text", OPTION_TEXT, format),
    ROW("strict", NULL, "anything wrong with a diary is exit status 3", OPTION_FLAG, strict),
    { 0 },
};

static const struct command_help help = {
    .name = VERB,
    .example = "  bonafide diary meet --length 30m --zone Europe/London --hours Mo-Fr/09:00-17:30 \\\n"
               "      --who alice:req:Europe/London:alice.busy --who bob:req:Europe/Moscow:bob.busy\n",
    .usage = "--who ID:ROLE:ZONE:SOURCE [--who ...] [OPTION...]",
    .about =
        "Finds dates that suit all, the best first, and says how each sees them; or, when there is none, "
        "what stands in the way.\n",
    .rows = rows,
    .more =
        "An option with [ID=] is for all when it has no ID. SOURCE is a file as `bonafide diary busy --json` "
        "prints it, - is standard input.\n"
        "What cannot be read counts as taken.\n"
        "Exit status: 0 there are dates, 1 there is none, 3 a diary could not be used, 4 a limit was hit.\n",
};

/* ---- small texts ---- */

static int wrong(const char *option, const char *text, const char *like)
{
    return command_fail(VERB, EXIT_USAGE, "--%s %.64s is not understood. Write %s.", option, text, like);
}

/* `1h30m`, `45` are minutes. */
static bool duration_read(const char *text, uint32_t *ret)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } };
    uint64_t sum = 0, value;
    for (struct span s = span_of(text); s.n;) {
        size_t n = 0;
        uint32_t unit = 60;
        while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
            n++;
        if (n == 0 || !span_decimal(span_first(s, n), 1000000, &value))
            return false;
        for (size_t u = 0; n < s.n && u < ARRAY_SIZE(units); u++)
            unit = s.p[n] == units[u].unit ? units[u].seconds : unit;
        if (n < s.n && !strchr("dhm", s.p[n]))
            return false;
        sum += value * unit;
        s = span_from(s, n + 1);
    }
    *ret = (uint32_t)sum;
    return *text && sum <= (uint64_t)DURATION;
}

/* The forms of when_read, and with - and : between, and without seconds. */
static bool time_read(const char *text, const struct tz *zone, utc_t *ret)
{
    char basic[24];
    size_t n = 0;
    struct when when;
    for (const char *c = text; *c && n < sizeof basic - 3; c++) {
        if (*c == 'Z' && n == 13)
            n += (size_t)snprintf(basic + n, 3, "00");
        if (*c != '-' && *c != ':')
            basic[n++] = *c;
    }
    if (n == 13)
        n += (size_t)snprintf(basic + n, 3, "00");
    if (!when_read(span_make(basic, n), &when))
        return false;
    *ret = when.form == WHEN_UTC ? when.t : tz_utc(zone, when.t, NULL);
    return true;
}

static int party_zone(const char *name, struct tz **ret)
{
    const enum bf_err err = tz_open(span_of(name), ret);
    if (err == BF_OK)
        return EXIT_SUCCESS;
    return command_fail(VERB, err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT,
                        "there is no time zone \"%.64s\" on this system: %s.", name, bf_err_text(err));
}

static int out_of_memory(void)
{
    return command_fail(VERB, EXIT_FAILURE_OURS, "out of memory.");
}

/* ---- who ---- */

static struct meet_who *who_find(struct meeting *m, struct span id)
{
    for (size_t i = 0; i < m->wish.n; i++)
        if (span_equal(span_of(m->who[i].id), id))
            return &m->who[i];
    return NULL;
}

static bool role_read(struct span text, enum meet_role *ret)
{
    static const char *const words[] = { "req", "opt", "res", "required", "optional", "resource" };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_equal(text, span_of(words[i]))) {
            *ret = (enum meet_role)(i % 3);
            return true;
        }
    return false;
}

/* `alice:req:Europe/London:alice.busy` */
struct who_parts {
    struct span id, role, zone;
    const char *source;
};
static bool who_cut(const char *text, struct who_parts *ret)
{
    struct span rest = span_of(text), *const parts[] = { &ret->id, &ret->role, &ret->zone };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const size_t at = span_find(rest, ':');
        if (at == rest.n)
            return false;
        *parts[i] = span_first(rest, at);
        rest = span_from(rest, at + 1);
    }
    ret->source = rest.p;
    return ret->id.n && ret->id.n < MEET_ID && ret->zone.n < TZ_NAME && rest.n;
}

static int who_add(struct meeting *m, const char *text)
{
    struct who_parts p;
    enum meet_role role;
    if (!who_cut(text, &p) || !role_read(p.role, &role))
        return wrong("who", text, "alice:req:Europe/London:alice.busy");
    if (who_find(m, p.id))
        return EXIT_SUCCESS;
    if (m->wish.n == MEET_PARTIES)
        return command_fail(VERB, EXIT_LIMIT, "there are more than %u parties.", MEET_PARTIES);
    struct meet_who *who = &m->who[m->wish.n];
    memcpy(who->id, p.id.p, p.id.n);
    who->zone_name = arena_copy(m->arena, p.zone).p;
    m->parties[m->wish.n++] = (struct meet_party){ .id = who->id, .role = role, .tentative = TENTATIVE_SOFT };
    return who->zone_name ? EXIT_SUCCESS : out_of_memory();
}

static int zones_open(struct meeting *m, const struct wishes *w)
{
    m->zone_name = w->zone;
    for (size_t i = 0; i < m->wish.n && !m->zone_name; i++)
        m->zone_name = *m->who[i].zone_name ? m->who[i].zone_name : NULL;
    m->zone_name = m->zone_name ? m->zone_name : "UTC";
    int status = party_zone(m->zone_name, &m->zone);
    for (size_t i = 0; i < m->wish.n && !status; i++) {
        if (!*m->who[i].zone_name)
            m->who[i].zone_name = m->zone_name;
        status = party_zone(m->who[i].zone_name, &m->who[i].zone);
        m->parties[i].zone = m->who[i].zone;
    }
    m->wish.zone = m->zone;
    return status;
}

/* ---- what is said of one or of all: [ID=]VALUE ---- */

static bool set_hours(struct meeting *m, size_t i, const char *value)
{
    m->parties[i].hours = &m->who[i].hours;
    return hours_read(span_of(value), m->arena, &m->who[i].hours, NULL) == BF_OK;
}
static bool set_preferred(struct meeting *m, size_t i, const char *value)
{
    m->parties[i].preferred = &m->who[i].preferred;
    return hours_read(span_of(value), m->arena, &m->who[i].preferred, NULL) == BF_OK;
}
static bool set_buffer(struct meeting *m, size_t i, const char *value)
{
    char before[32];
    const char *slash = strchr(value, '/');
    if (!slash || (size_t)(slash - value) >= sizeof before)
        return false;
    snprintf(before, sizeof before, "%.*s", (int)(slash - value), value);
    return duration_read(before, &m->parties[i].before_s) && duration_read(slash + 1, &m->parties[i].after_s);
}
static bool set_notice(struct meeting *m, size_t i, const char *value)
{
    return duration_read(value, &m->parties[i].notice_s);
}
static bool set_per_day(struct meeting *m, size_t i, const char *value)
{
    uint64_t n;
    const bool good = span_decimal(span_of(value), 1000, &n);
    m->parties[i].per_day = good ? (uint32_t)n : 0;
    return good;
}
static bool set_tentative(struct meeting *m, size_t i, const char *value)
{
    static const char *const words[] = { "busy", "soft", "free" };
    for (size_t k = 0; k < ARRAY_SIZE(words); k++)
        if (strcmp(value, words[k]) == 0) {
            m->parties[i].tentative = (enum meet_tentative)k;
            return true;
        }
    return false;
}

/* The number of a place; 0: there are too many. */
static uint16_t place_of(struct meeting *m, struct span name)
{
    if (name.n == 0 || name.n >= MEET_ID)
        return 0;
    for (uint16_t i = 1; i < MEET_PLACES; i++) {
        if (!*m->places[i])
            memcpy(m->places[i], name.p, name.n);
        if (span_equal(span_of(m->places[i]), name))
            return i;
    }
    return 0;
}
static bool set_at(struct meeting *m, size_t i, const char *value)
{
    m->who[i].place = place_of(m, span_of(value));
    return m->who[i].place != 0;
}
static bool set_holidays(struct meeting *m, size_t i, const char *value)
{
    return meeting_source(m, &m->who[i], value, true) == BF_OK;
}

typedef bool setter(struct meeting *m, size_t i, const char *value);

/* First what is for all, then what is for one: the order on the command line does not matter. */
static int apply(struct meeting *m, const char *option, const struct option_list *list, setter *set,
                 const char *like)
{
    for (int own = 0; own < 2; own++)
        for (size_t i = 0; i < list->n; i++) {
            const char *equals = strchr(list->items[i], '=');
            struct meet_who *who =
                equals ? who_find(m, span_make(list->items[i], (size_t)(equals - list->items[i]))) : NULL;
            if (equals && !who)
                return command_fail(VERB, EXIT_USAGE, "--%s %.64s is for nobody of --who.", option,
                                    list->items[i]);
            for (size_t k = 0; k < m->wish.n && (who != NULL) == own; k++)
                if ((!who || who == &m->who[k]) && !set(m, k, equals ? equals + 1 : list->items[i]))
                    return wrong(option, list->items[i], like);
        }
    return EXIT_SUCCESS;
}

/* ---- ways ---- */

static bool way_line(struct meeting *m, struct span line)
{
    const size_t first = span_find(line, ',');
    const struct span rest = span_from(line, first + 1);
    const size_t second = span_find(rest, ',');
    const uint16_t a = place_of(m, span_trim(span_first(line, first))),
                   b = place_of(m, span_trim(span_first(rest, second)));
    uint64_t minutes;
    if (!a || !b || !span_decimal(span_trim(span_from(rest, second + 1)), 1440, &minutes))
        return false;
    m->ways[(size_t)a * MEET_PLACES + b] = (uint16_t)minutes;
    if (m->ways[(size_t)b * MEET_PLACES + a] == MEET_WAYS)
        m->ways[(size_t)b * MEET_PLACES + a] = (uint16_t)minutes;
    return true;
}

static int ways_read(struct meeting *m, const char *file)
{
    struct span text;
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < ARRAY_SIZE(m->ways); i++)
        m->ways[i] = i / MEET_PLACES == i % MEET_PLACES ? 0 : MEET_WAYS;
    m->wish.ways = m->ways;
    m->wish.places = MEET_PLACES;
    const enum bf_err err = input_read(file, WAYS_BYTES, &text);
    if (err)
        return command_fail(VERB, EXIT_INPUT, "%.300s: %s.", file, input_error(err));
    size_t number = 0;
    for (struct span rest = text; rest.n && !status;) {
        const size_t end = span_find(rest, '\n');
        const struct span line = span_trim(span_first(rest, end));
        number++;
        if (line.n && *line.p != '#' && !way_line(m, line))
            status = command_fail(VERB, EXIT_INPUT,
                                  "%.300s: line %zu is not PLACE,PLACE,MINUTES, of %u places at most.", file,
                                  number, MEET_PLACES - 1);
        rest = span_from(rest, end + 1);
    }
    free((void *)(uintptr_t)text.p);
    return status;
}

/* ---- the wish ---- */

static int window_read(struct meeting *m, const struct wishes *w)
{
    struct meet_wish *wish = &m->wish;
    const char *like = "2026-12-01, 2026-12-01T09:00 or 2026-12-01T08:00:00Z";
    wish->now = clock_now(&clock_system).utc;
    if (w->now && !time_read(w->now, m->zone, &wish->now))
        return wrong("now", w->now, like);
    wish->from = wish->now;
    if (w->from && !time_read(w->from, m->zone, &wish->from))
        return wrong("from", w->from, like);
    wish->to = wish->from + WINDOW;
    if (w->to && !time_read(w->to, m->zone, &wish->to))
        return wrong("to", w->to, like);
    if (wish->from >= wish->to)
        return command_fail(VERB, EXIT_USAGE, "--to does not lie behind --from.");
    if (!duration_read(w->length ? w->length : "30m", &wish->length_s) || !wish->length_s)
        return wrong("length", w->length, "30m");
    if (!duration_read(w->step ? w->step : "15m", &wish->step_s) || !wish->step_s || wish->step_s > DAY_S)
        return wrong("step", w->step, "15m, at most 1d");
    if (w->top > MEET_TOP)
        return command_fail(VERB, EXIT_USAGE, "--top is at most %u.", MEET_TOP);
    wish->top = w->top ? w->top : 8;
    m->reach = (struct period){ wish->from - DURATION, wish->to + DURATION, PERIOD_UNKNOWN, 0 };
    return EXIT_SUCCESS;
}

static int wish_read(struct meeting *m, const struct wishes *w)
{
    int status = w->who.n ? EXIT_SUCCESS : command_fail(VERB, EXIT_USAGE, "nobody is named: --who.");
    for (size_t i = 0; i < w->who.n && !status; i++)
        status = who_add(m, w->who.items[i]);
    if (!status)
        status = zones_open(m, w);
    if (!status)
        status = window_read(m, w);
    const char *hours = "Mo-Fr/09:00-12:00+13:00-17:30,!2026-12-25";
    const struct {
        const char *option;
        const struct option_list *list;
        setter *set;
        const char *like;
    } all[] = {
        { "hours", &w->hours, set_hours, hours },
        { "prefer", &w->prefer, set_preferred, hours },
        { "buffer", &w->buffer, set_buffer, "10m/5m" },
        { "notice", &w->notice, set_notice, "4h" },
        { "per-day", &w->per_day, set_per_day, "3" },
        { "tentative", &w->tentative, set_tentative, "busy, soft or free" },
        { "at", &w->at, set_at, "alice=PLACE" },
        { "holidays", &w->holidays, set_holidays, "alice=FILE" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(all) && !status; i++)
        status = apply(m, all[i].option, all[i].list, all[i].set, all[i].like);
    if (!status && w->place && !(m->wish.place = place_of(m, span_of(w->place))))
        status = wrong("place", w->place, "the name of a place");
    return !status && w->travel ? ways_read(m, w->travel) : status;
}

/* ---- the search ---- */

static int diaries_read(struct meeting *m, const struct wishes *w)
{
    struct progress progress;
    struct who_parts p = { 0 };
    enum bf_err err = BF_OK;
    progress_begin(&progress, "reading diaries");
    for (size_t i = 0; i < w->who.n && !err; i++) {
        (void)who_cut(w->who.items[i], &p);
        err = meeting_source(m, who_find(m, p.id), p.source, false);
        progress_step(&progress, i + 1, w->who.n);
    }
    progress_end(&progress);
    if (err == BF_ELIMIT)
        return command_fail(VERB, EXIT_LIMIT, "%.64s has more entries than can be kept.", p.id.p);
    for (size_t i = 0; i < m->wish.n && !err; i++) {
        struct meet_who *who = &m->who[i];
        struct period *scratch = calloc(who->n + 1, sizeof *scratch);
        if (!scratch)
            return out_of_memory();
        if (who->n)
            periods_sort(who->busy, who->n, scratch);
        free(scratch);
        m->parties[i].busy = (struct periods){ who->busy, who->n };
    }
    return err ? out_of_memory() : EXIT_SUCCESS;
}

static int show(struct meeting *m, const char *format, const struct meet_date *dates, size_t n)
{
    struct meet_relaxed *ways = NULL;
    size_t n_ways = 0;
    if (!n && meet_relax(&m->wish, m->arena, &ways, &n_ways) != BF_OK)
        return out_of_memory();
    if (strcmp(format, "json") == 0)
        return meeting_json(m, dates, n, ways, n_ways) == BF_OK ? n == 0 : out_of_memory();
    if (strcmp(format, "ics") == 0 && n)
        meeting_ics(m, dates, n);
    else if (strcmp(format, "text") == 0 && n)
        meeting_dates_text(m, dates, n);
    else
        meeting_none_text(m, ways, n_ways);
    return n == 0;
}

static int search(struct meeting *m, const struct wishes *w)
{
    struct meet *meet = NULL;
    struct meet_date *dates = NULL;
    size_t n = 0;
    bool unusable = w->strict && json_array_size(m->warnings);
    m->wish.parties = m->parties;
    enum bf_err err = meet_ready(&m->wish, m->arena, &meet);
    if (!err)
        err = meet_dates(meet, m->arena, &dates, &n);
    if (err)
        return err == BF_ELIMIT
                   ? command_fail(VERB, EXIT_LIMIT, "the window has more than %u starts.", MEET_SLOTS)
                   : out_of_memory();
    const int status = show(m, w->format ? w->format : "text", dates, n);
    for (size_t i = 0; i < json_array_size(m->warnings); i++) {
        const json_t *row = json_array_get(m->warnings, i);
        fprintf(stderr, "bonafide " VERB ": %s: %s.\n", json_string_value(json_object_get(row, "diary")),
                json_string_value(json_object_get(row, "what")));
    }
    for (size_t i = 0; i < m->wish.n; i++)
        unusable = unusable || (m->who[i].unusable && m->parties[i].role != MEET_OPTIONAL);
    return status <= 1 && unusable ? EXIT_DIARY : status;
}

static int run(const struct wishes *w)
{
    static const char *const formats[] = { "text", "json", "ics" };
    bool known = !w->format;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        known = known || strcmp(w->format, formats[i]) == 0;
    if (!known)
        return wrong("format", w->format, "text, json or ics");
    struct meeting *m = calloc(1, sizeof *m);
    if (!m || arena_create(BLOCK, MEMORY, &m->arena) != BF_OK || !(m->warnings = json_array())) {
        if (m)
            arena_destroy(m->arena);
        free(m);
        return out_of_memory();
    }
    int status = wish_read(m, w);
    if (!status)
        status = diaries_read(m, w);
    if (!status)
        status = search(m, w);
    for (size_t i = 0; i < MEET_PARTIES; i++) {
        tz_close(m->who[i].zone);
        free(m->who[i].busy);
    }
    tz_close(m->zone);
    json_decref(m->warnings);
    arena_destroy(m->arena);
    free(m);
    return status;
}

int diary_meet(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = operands.n
                 ? command_fail(VERB, EXIT_USAGE, "%.64s: diaries are named by --who.", operands.items[0])
                 : run(&w);
    options_clear(&help, &w, &operands);
    return status;
}
