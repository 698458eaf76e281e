/* SPDX-License-Identifier: Apache-2.0 */
/* First what the calendar says of its zones, then what their names say; each is looked up once, and remembered. */
#include "diary/zone.h"

#include <stdlib.h>

#include "diary/zone_rules.h"
#include "diary/zone_windows.h"

/* ---- names ---- */

static bool is_utc(struct span name)
{
    return span_equal_nocase(name, SPAN("UTC")) || span_equal_nocase(name, SPAN("GMT")) ||
           span_equal_nocase(name, SPAN("Z"));
}

/* Files that lie among the zones, but stand for nothing, for this machine, or for clocks that count leap seconds. */
static bool is_no_zone(struct span name)
{
    return span_equal(name, SPAN("localtime")) || span_equal(name, SPAN("posixrules")) ||
           span_equal(name, SPAN("Factory")) || span_starts(name, SPAN("right/")) ||
           span_starts(name, SPAN("posix/"));
}

static enum bf_err iana_open(struct span name, struct tz **ret)
{
    if (name.n == 0 || is_no_zone(name))
        return BF_ENOENT;
    const enum bf_err err = tz_open(is_utc(name) ? SPAN("UTC") : name, ret);
    return err == BF_EFORM || err == BF_ELIMIT ? BF_ENOENT : err;
}

/* "Eastern Standard Time 1": Outlook counts copies of a zone. */
static enum bf_err windows_open(struct span name, struct tz **ret)
{
    struct span iana = zone_of_windows(name);
    if (!iana.p) {
        size_t n = name.n;
        while (n && name.p[n - 1] >= '0' && name.p[n - 1] <= '9')
            n--;
        if (n == name.n || n == 0 || name.p[n - 1] != ' ')
            return BF_ENOENT;
        iana = zone_of_windows(span_first(name, n - 1));
    }
    return iana.p ? iana_open(iana, ret) : BF_ENOENT;
}

/* The longest end of it that is a name; one without a slash says too little, unless it is UTC. */
static enum bf_err prefixed_open(struct span name, struct tz **ret)
{
    enum bf_err err = BF_ENOENT;
    for (size_t at = span_find(name, '/'); err == BF_ENOENT && at < name.n;) {
        const struct span end = span_from(name, at + 1);
        const size_t next = span_find(end, '/');
        if (next < end.n || is_utc(end))
            err = iana_open(end, ret);
        at += 1 + next;
    }
    return err;
}

enum bf_err zone_open(struct span name, struct tz **ret, enum zone_source *ret_source)
{
    static const struct {
        enum bf_err (*open)(struct span name, struct tz **ret);
        enum zone_source source;
    } ways[] = {
        { iana_open, ZONE_OF_IANA },
        { windows_open, ZONE_OF_WINDOWS },
        { prefixed_open, ZONE_OF_PREFIXED },
    };
    enum bf_err err = BF_ENOENT;
    *ret = NULL;
    *ret_source = ZONE_UNKNOWN;
    if (name.n > ZONE_ID)
        return BF_ENOENT;
    for (size_t i = 0; err == BF_ENOENT && i < ARRAY_SIZE(ways); i++) {
        err = ways[i].open(name, ret);
        if (err == BF_OK)
            *ret_source = ways[i].source;
    }
    return err;
}

/* ---- of a calendar ---- */

struct entry {
    char *id; /* as id_put writes it; not ended */
    size_t n;
    struct zone_rules *rules; /* NULL: the calendar only names it, or what it says cannot be read */
    char *location;
    struct tz *zone;
    enum zone_source source;
    enum bf_err err;
    bool sought;
};

struct zones {
    struct entry *entries;
    size_t n, size, n_own, last;
    bool is_open; /* between BEGIN:VTIMEZONE and its END */
    bool spoiled;
    struct zone_rules *rules;
    char id[ZONE_ID];
    size_t id_n;
};

enum bf_err zones_create(struct zones **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? BF_OK : BF_ENOMEM;
}

void zones_destroy(struct zones *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->n; i++) {
        free(z->entries[i].id);
        free(z->entries[i].location);
        zone_rules_destroy(z->entries[i].rules);
        tz_close(z->entries[i].zone);
    }
    free(z->entries);
    zone_rules_destroy(z->rules);
    free(z);
}

/* A TZID as it is compared: the value of the property is escaped, that of the parameter should not be, but often is. */
static bool id_put(struct span text, char *out, size_t *ret_n)
{
    size_t n = 0;
    text = span_trim(text);
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = span_make(text.p + 1, text.n - 2);
    if (text.n > ZONE_ID)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n && strchr(",;\\", text.p[i + 1]))
            i++;
        out[n++] = text.p[i];
    }
    *ret_n = n;
    return n > 0;
}

static struct entry *entry_of(struct zones *z, const char *id, size_t n)
{
    for (size_t i = 0; i < z->n; i++) {
        const size_t at = (z->last + i) % z->n;
        struct entry *e = &z->entries[at];
        if (e->n == n && memcmp(e->id, id, n) == 0) {
            z->last = at;
            return e;
        }
    }
    return NULL;
}

static enum bf_err entry_add(struct zones *z, const char *id, size_t n, struct entry **ret)
{
    if (z->n == z->size) {
        const size_t size = z->size ? 2 * z->size : 8;
        struct entry *more = reallocarray(z->entries, size, sizeof *more);
        if (!more)
            return BF_ENOMEM;
        z->entries = more;
        z->size = size;
    }
    char *copy = malloc(n);
    if (!copy)
        return BF_ENOMEM;
    memcpy(copy, id, n);
    z->entries[z->n] = (struct entry){ .id = copy, .n = n, .source = ZONE_UNKNOWN };
    *ret = &z->entries[z->n++];
    return BF_OK;
}

/* Of two zones of one name the first counts whose rules can be read. */
static enum bf_err keep(struct zones *z, enum bf_err read)
{
    struct entry *e = entry_of(z, z->id, z->id_n);
    const char *location = zone_rules_location(z->rules);
    if (!e) {
        if (z->n_own == ZONES)
            return BF_ELIMIT;
        const enum bf_err err = entry_add(z, z->id, z->id_n, &e);
        if (err)
            return err;
        z->n_own++;
    }
    if (location && !e->location && !(e->location = strdup(location)))
        return BF_ENOMEM;
    if (!e->rules && read == BF_OK) {
        e->rules = z->rules;
        z->rules = NULL;
    }
    return BF_OK;
}

static enum bf_err begin(struct zones *z, const struct card_line *line, struct fault *fault)
{
    if (!span_equal_nocase(line->name, SPAN("BEGIN")) || !span_equal_nocase(line->value, SPAN("VTIMEZONE")))
        return fault_at(fault, BF_EFORM, 0, "no zone begins here");
    z->is_open = true;
    z->spoiled = false;
    z->id_n = 0;
    zone_rules_destroy(z->rules);
    z->rules = NULL;
    return zone_rules_create(&z->rules);
}

static enum bf_err end(struct zones *z, struct fault *fault)
{
    enum bf_err err = zone_rules_end(z->rules, fault);
    if (z->spoiled && !err)
        err = fault_at(fault, BF_EFORM, 0, "a line of this zone cannot be read");
    z->is_open = false;
    if (z->id_n == 0)
        return fault_at(fault, BF_EFORM, 0, "a zone without TZID");
    const enum bf_err kept = keep(z, err);
    if (kept == BF_ELIMIT)
        return fault_at(fault, BF_ELIMIT, 0, "more zones than a calendar needs");
    return kept ? kept : err;
}

enum bf_err zones_line(struct zones *z, const struct card_line *line, struct fault *fault)
{
    if (!z->is_open)
        return begin(z, line, fault);
    const bool outside = zone_rules_outside(z->rules);
    if (outside && span_equal_nocase(line->name, SPAN("END")))
        return end(z, fault);
    if (outside && span_equal_nocase(line->name, SPAN("TZID")) && z->id_n == 0 &&
        !id_put(line->value, z->id, &z->id_n)) {
        z->id_n = 0;
        return fault_at(fault, BF_EFORM, 0, "the name of a zone is empty or too long");
    }
    return zone_rules_line(z->rules, line, fault);
}

void zones_spoil(struct zones *z)
{
    z->spoiled = true;
}

/* ---- asking ---- */

static void seek(struct entry *e)
{
    e->sought = true;
    if (e->rules) {
        e->err = zone_rules_compile(e->rules, &e->zone);
        e->source = ZONE_OF_CALENDAR;
        if (e->err == BF_OK || e->err == BF_ENOMEM)
            return;
    }
    e->err = zone_open(span_make(e->id, e->n), &e->zone, &e->source);
    if (e->err == BF_ENOENT && e->location) {
        e->err = zone_open(span_of(e->location), &e->zone, &e->source);
        if (e->err == BF_OK)
            e->source = ZONE_OF_LOCATION;
    }
}

enum bf_err zones_find(struct zones *z, struct span tzid, const struct tz **ret, enum zone_source *ret_source)
{
    char id[ZONE_ID];
    size_t n;
    *ret = NULL;
    *ret_source = ZONE_UNKNOWN;
    if (!id_put(tzid, id, &n))
        return BF_ENOENT;
    struct entry *e = entry_of(z, id, n);
    if (!e) {
        if (z->n - z->n_own >= ZONES)
            return BF_ELIMIT;
        const enum bf_err err = entry_add(z, id, n, &e);
        if (err)
            return err;
    }
    if (!e->sought)
        seek(e);
    if (e->err)
        return e->err;
    *ret = e->zone;
    *ret_source = e->source;
    return BF_OK;
}
