/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what both kinds of request are read with. Each says what is wrong in *r->error and gives BF_EFORM. */
#ifndef API_READING_H
#define API_READING_H

#include "api/api.h"

struct reading {
    struct span body;
    const struct dial_plan *plan; /* may be NULL */
    struct arena *arena;
    struct api_error *error;
};

enum bf_err api_missing(const struct reading *r, struct span name) must_use;                /* SVC4001 */
enum bf_err api_wrong(const struct reading *r, struct span name, const char *why) must_use; /* SVC4005 */
enum bf_err api_no_memory(const struct reading *r) must_use;                                /* POL5000 */

/* The object inside `{"<wrapper>":{…}}`. */
enum bf_err api_open(const struct reading *r, struct span wrapper, struct json_value *ret) must_use;

/* A name, another that some clients write, and the name in errors. alias.p may be NULL. */
struct api_name {
    struct span name, alias;
};
bool api_find(const struct json_value *object, struct api_name name, struct json_value *ret);

/* A string, unescaped; BF_ENOMEM. v must be a string. */
enum bf_err api_text(const struct reading *r, const struct json_value *v, struct span *ret) must_use;
/* A member that is a string where it is there: SPAN_NONE, or its text. */
enum bf_err api_optional_text(const struct reading *r, const struct json_value *object, struct span name,
                              struct span *ret) must_use;
/* A member that must be there: a whole number of seconds. */
enum bf_err api_time(const struct reading *r, const struct json_value *object, struct api_name name,
                     utc_t *ret) must_use;

struct api_party {
    bool is_number;
    struct number number;
    size_t n; /* how many there are; the first is the one above */
};
/* A member that must be there: `{"tn":"…"}`, `{"tn":["…"]}`, `{"uri":…}`; every number and URI in it is sound. */
enum bf_err api_party(const struct reading *r, const struct json_value *object, struct api_name name,
                      struct api_party *ret) must_use;

bool api_is_fresh(utc_t time, const struct api_options *options, struct instant now);

#endif
