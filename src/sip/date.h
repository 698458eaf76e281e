/* SPDX-License-Identifier: Apache-2.0 */
/* The Date header: `Fri, 25 Sep 2015 19:12:25 GMT`, GMT only.     RFC 3261 section 20.17; DT-001 */
#ifndef SIP_DATE_H
#define SIP_DATE_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

#define SIP_DATE_TEXT 29u

/* BF_EFORM: anything but the one form, wrong weekday included. */
enum bf_err sip_date_read(struct span value, utc_t *ret, struct fault *fault) must_use;
char *sip_date_write(utc_t t, char out[static SIP_DATE_TEXT + 1]);

#endif
