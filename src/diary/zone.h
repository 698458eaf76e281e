/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zones that a calendar's times stand in, by TZID.                         RFC 5545 sections 3.2.19, 3.3.5 and 3.6.5
 *
 * A calendar brings its own zones (VTIMEZONE), or only names them: as IANA does, with a prefix of some program's, or as Windows
 * does. Where a calendar's own rules can be read they count, since its times were written by them; else the name does. Either way
 * one gets a struct tz, so local times are read everywhere by the same function (tz_utc).
 */
#ifndef DIARY_ZONE_H
#define DIARY_ZONE_H

#include "base/tz.h"
#include "card/line.h"

/*
 * A local time in a zone that nobody knows means an instant from ZONE_EAST before it, as if it were UTC, to ZONE_WEST behind
 * it. The widest reading of [start, end) is [start - ZONE_EAST, end + ZONE_WEST).
 */
#define ZONE_EAST ((int64_t)14 * 3600)
#define ZONE_WEST ((int64_t)12 * 3600)

#define ZONE_ID          1024u /* bytes of a TZID */
#define ZONES            1024u /* VTIMEZONE of a calendar, and names looked up, each */
#define ZONE_OBSERVANCES 64u   /* STANDARD and DAYLIGHT of a VTIMEZONE */
#define ZONE_CHANGES     2000u /* of a VTIMEZONE */
#define ZONE_FIRST_YEAR  1900
#define ZONE_LAST_YEAR   2200 /* what held at its end holds from there on */

enum zone_source {
    ZONE_OF_CALENDAR, /* its own VTIMEZONE */
    ZONE_OF_IANA,
    ZONE_OF_PREFIXED, /* an IANA name behind something else: /mozilla.org/20050126_1/Europe/Berlin */
    ZONE_OF_WINDOWS,  /* GMT Standard Time */
    ZONE_OF_LOCATION, /* the X-LIC-LOCATION of a VTIMEZONE whose rules cannot be read */
    ZONE_UNKNOWN
};

/* The zone of a name, without any calendar. BF_ENOENT: nobody knows it; BF_EIO, BF_ENOMEM. */
enum bf_err zone_open(struct span name, struct tz **ret, enum zone_source *ret_source) must_use;

/* The zones of a calendar. One thread; what it gives out is immutable and lives as long as it. */
struct zones;
enum bf_err zones_create(struct zones **ret) must_use; /* BF_ENOMEM */
void zones_destroy(struct zones *z);

/*
 * A line of a VTIMEZONE, from its BEGIN to its END. Nothing of the line is kept. BF_EFORM: the line is none that a zone may
 * have, the fault says why, and the zone counts as if it had not been there, for its name is tried; BF_ELIMIT, likewise; BF_ENOMEM.
 */
enum bf_err zones_line(struct zones *z, const struct card_line *line, struct fault *fault) must_use;

/* A line that the card reader could not read stood in the VTIMEZONE: nobody knows what its rules are. */
void zones_spoil(struct zones *z);

/*
 * Quotes around it do not matter. To be asked when all of the calendar was read: a zone may stand behind what is in it. BF_ENOENT:
 * nobody knows it, ret is NULL: to be reported, and busy by its widest reading; BF_ELIMIT, likewise; BF_EIO, BF_ENOMEM.
 */
enum bf_err zones_find(struct zones *z, struct span tzid, const struct tz **ret, enum zone_source *ret_source)
    must_use;

AUTO_DEFINE(struct zones, zones_destroy);

#endif
