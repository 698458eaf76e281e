/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary meet`: what the options said (diary_meet.c), what the diaries say (diary_meet_source.c), what is printed. */
#ifndef CLI_DIARY_MEET_H
#define CLI_DIARY_MEET_H

#include <jansson.h>

#include "base/arena.h"
#include "diary/meet.h"

#define MEET_ID     64u /* bytes of a party's id */
#define MEET_PLACES 64u

struct meet_who {
    char id[MEET_ID];
    const char *zone_name;
    struct tz *zone;
    bool unusable; /* a diary of theirs could not be read: all their time is taken */
    struct hours hours, preferred;
    uint16_t place;
    struct period *busy;
    size_t n, size;
};

struct meeting {
    const char *zone_name;
    struct tz *zone;
    struct meet_who who[MEET_PARTIES];
    struct meet_party parties[MEET_PARTIES];
    struct meet_wish wish;
    char places[MEET_PLACES][MEET_ID]; /* from 1 on */
    uint16_t ways[MEET_PLACES * MEET_PLACES];
    struct arena *arena;
    json_t *warnings;    /* of {"diary","what"}, with "uid_sha256" where it is an event */
    struct period reach; /* what of the diaries matters */
};

/* Adds a period; BF_ENOMEM, BF_ELIMIT. */
enum bf_err meeting_take(struct meet_who *who, const struct period *p) must_use;
void meeting_warn(struct meeting *m, const struct meet_who *who, const char *what);

/*
 * Adds what a source says: a list of busy time as `diary busy --json` prints it. What cannot be read makes all the time of the
 * party taken, and is a warning. closed: all that stands in it is a holiday. BF_ENOMEM, BF_ELIMIT.
 */
enum bf_err meeting_source(struct meeting *m, struct meet_who *who, const char *source, bool closed) must_use;

/* ---- what is printed ---- */

void meeting_dates_text(const struct meeting *m, const struct meet_date *dates, size_t n);
void meeting_none_text(const struct meeting *m, const struct meet_relaxed *ways, size_t n);
/* BF_ENOMEM. dates, or none of them and the ways out. */
enum bf_err meeting_json(const struct meeting *m, const struct meet_date *dates, size_t n,
                         const struct meet_relaxed *ways, size_t n_ways) must_use;
void meeting_ics(const struct meeting *m, const struct meet_date *dates, size_t n);

#endif
