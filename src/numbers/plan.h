/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Countries and their numbers: how they are dialled at home, which of them can exist, how they are written on a trunk.
 *                                                           ITU-T E.164; RFC 8224 section 8.3; TN-004, TN-008
 * A table (countries.c) and questions asked of it. Knows lengths and shapes; whether a number is in service, only its
 * carrier knows.
 */
#ifndef NUMBERS_PLAN_H
#define NUMBERS_PLAN_H

#include "base/buf.h"
#include "sip/number.h"

struct digits_count {
    uint8_t least, most;
};

struct country {
    char iso[3];       /* "FR"; "": the code belongs to no country */
    char code[4];      /* "33" */
    const char *areas; /* beginnings of its national numbers, a blank between; "": what no other row claims */
    char out[2][6];    /* "00": dialled before a country code; the second may be "" */
    char trunk[4];     /* "0": dialled before a national number, and dropped; "": none */
    struct digits_count national; /* digits of what is dialled at home, the trunk prefix excluded */
    struct digits_count possible; /* digits that a number may have behind the country code */
    const char *services;         /* emergency numbers and the like, dialled as they stand; a blank between */
};

extern const struct country countries[];
extern const size_t n_countries;

/* By its two capital letters; NULL: there is none. */
const struct country *country_find(struct span iso);

/* Whose number it is. NULL: nobody's, or it is not known to begin with a country code (number->global). */
const struct country *country_of_number(const struct number *number);

/* The dial plan of somebody who dials there. digits_are_numbers is set. */
void country_plan(const struct country *country, struct dial_plan *ret);

/*
 * Why nobody can have this number: a sentence; NULL: it may exist, or, short as it is or without a country code, nobody can say.
 * NANP: `1[2-9]xx[2-9]xxxxxx` (TN-008). Allocates nothing, a dozen comparisons.
 */
const char *number_impossible(const struct number *number);

/* How numbers are written on a trunk. */
struct number_format {
    const struct country *national; /* NULL: `+33123456789` */
};

/*
 * A number_writer (answer/lines.h): arg is a struct number_format. Of a national format: `0123456789` at home, abroad `0044…`;
 * short codes stay as they are. A porting prefix is written where it was read.
 */
void number_write(const void *arg, const struct number *number, struct buf *out);

#endif
