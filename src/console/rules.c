/* SPDX-License-Identifier: Apache-2.0 */
/* Rules written at the desk, and what they would have done with the calls of the past. */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "rules/dry_run.h"
#include "rules/stored.h"

#define ROWS_SHOWN 50u

static struct db *rules_db(struct ask *a)
{
    char *message = NULL;
    const enum bf_err err = ask_db(a) ? stored_rules_ready(ask_db(a), &message) : BF_EIO;
    free(message);
    return err ? NULL : ask_db(a);
}

static enum MHD_Result say_rules(struct ask *a)
{
    char *text = NULL, etag[32];
    int64_t generation = 0;
    if (!rules_db(a) || stored_rules_get(rules_db(a), &generation, &text) != BF_OK)
        return refuse(a, 500, "the rules cannot be read");
    json_t *list = json_of_memory(text, strlen(text));
    snprintf(etag, sizeof etag, "\"%lld\"", (long long)generation);
    return say_json(a, 200, json_pack("{s:o,s:s}", "rules", list ? list : json_array(), "etag", etag));
}

enum MHD_Result rules_get(struct ask *a)
{
    return say_rules(a);
}

enum MHD_Result rules_put(struct ask *a)
{
    auto_(rules_destroy) struct rules *rules = NULL;
    const struct rules_options options = { .may_reject = true };
    const char *known = ask_header(a, "If-Match");
    char *message = NULL;
    int64_t generation = 0;
    if (!known)
        return refuse(a, 400, "say which list is replaced (If-Match)");
    enum bf_err err = rules_of_json(span_make(a->body ? a->body : "", a->n), &options, &rules, &message);
    if (err) {
        const enum MHD_Result result = refuse(a, 400, message ? message : "the rules cannot be read");
        free(message);
        return result;
    }
    if (*known == '"')
        known++;
    err = rules_db(a) ? stored_rules_put(rules_db(a), rules, atoll(known), span_of(a->user),
                                         clock_now(&clock_system).utc, &generation)
                      : BF_EIO;
    if (err)
        return refuse_err(a, err, "somebody else changed the rules meanwhile: load them again");
    audit(a, "rules", "", "");
    return say_rules(a);
}

struct dry {
    json_t **lists;
};

static bool dry_found(void *arg, size_t rule, const struct record *r)
{
    struct dry *d = arg;
    if (json_array_size(d->lists[rule]) < ROWS_SHOWN)
        json_array_append_new(d->lists[rule], row_of(r));
    return true;
}

static utc_t time_of(const json_t *asked, const char *name)
{
    struct tm tm = { 0 };
    return strptime(json_text(asked, name), "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
}

static json_t *dry_json(struct ask *a, const struct rules *rules, const json_t *asked)
{
    const size_t n = rules_count(rules);
    struct dry d = { calloc(n + 1, sizeof *d.lists) };
    struct rules_dry_result result = { .matched = calloc(n + 1, sizeof *result.matched) };
    json_t *by_rule = json_array(), *value = NULL;
    char *message = NULL;
    for (size_t i = 0; d.lists && i < n; i++)
        d.lists[i] = json_array();
    if (d.lists && result.matched &&
        rules_dry_run(a->console->url, rules, time_of(asked, "since"), time_of(asked, "until"), &result,
                      dry_found, &d, &message) == BF_OK) {
        for (size_t i = 0; i < n; i++)
            json_array_append_new(by_rule, json_pack("{s:i,s:I,s:O}", "rule", (int)i, "matched",
                                                     (json_int_t)result.matched[i], "calls", d.lists[i]));
        value = json_pack("{s:I,s:O}", "calls", (json_int_t)result.calls, "by_rule", by_rule);
    }
    for (size_t i = 0; d.lists && i < n; i++)
        json_decref(d.lists[i]);
    json_decref(by_rule);
    free(d.lists);
    free(result.matched);
    free(message);
    return value;
}

enum MHD_Result dry_run_post(struct ask *a)
{
    auto_(rules_destroy) struct rules *rules = NULL;
    const struct rules_options options = { .may_reject = true };
    json_t *asked = ask_json(a), *value = NULL;
    char *message = NULL, *text = json_dumps(json_object_get(asked, "rules"), JSON_COMPACT);
    const enum bf_err err = text ? rules_of_json(span_of(text), &options, &rules, &message) : BF_EFORM;
    if (!err)
        value = dry_json(a, rules, asked);
    if (value && ask_masked(a))
        mask(value);
    const enum MHD_Result result =
        value ? say_json(a, 200, value)
              : refuse(a, err ? 400 : 500, message ? message : "the rules cannot be tried");
    free(text);
    free(message);
    json_decref(asked);
    return result;
}
