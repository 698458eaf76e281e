/* SPDX-License-Identifier: Apache-2.0 */
/* Who the demo knows: a caller, whose call is expected, and somebody worth impersonating. */
#ifndef CLI_DEMO_PEOPLE_H
#define CLI_DEMO_PEOPLE_H

#include "base/buf.h"
#include "base/fault.h"

#define DEMO_CALLER        "Alice Lab"                      /* has the number that honest calls come from */
#define DEMO_FAMOUS        "Aurelia Vance"                  /* protected; has another number */
#define DEMO_CLAIMED       "President Aurelia V\xd0\xb0nce" /* her name, one letter of it Cyrillic */
#define DEMO_FAMOUS_NUMBER "12155550177"
#define DEMO_OTHER         "12155550124" /* of whoever says so: a number of his own, properly signed */

/* store: an URL. *ret_message: a sentence, to be freed. */
enum bf_err demo_people_add(const char *store, char **ret_message) must_use;

/* Waits until the record says that the expected call came, some seconds; what is known of it, a sentence. */
void demo_people_tell(const char *store, struct buf *out);

#endif
