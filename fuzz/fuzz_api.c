/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the HTTP API, both kinds and both dialects by the first byte: whatever is asked, an error is one JSON object, a
 * call that is to be signed has two numbers, and header lines inside JSON are read in bounds.
 */
#include <stdlib.h>

#include "api/api.h"
#include "token/json.h"

#define NOW 1443208345

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const struct api_error *error)
{
    char memory[1 << 15];
    struct buf b = BUF_ON(memory);
    struct json_value v;
    api_error_write(error, &b);
    if (buf_ok(&b) && json_check(buf_span(&b), &v, NULL) != BF_OK)
        abort();
    if (api_error_status(error) < 400)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct instant now = { .utc = NOW, .mono = 1 };
    const struct call_rules rules = { .plan = &dial_plan_usual };
    struct arena *arena = NULL;
    struct api_request request;
    struct api_error error;
    struct call call = { 0 };
    if (size == 0 || arena_create(1 << 12, 1 << 20, &arena) != BF_OK)
        return 0;
    const unsigned wish = data[0];
    const struct span body = span_make(data + 1, size - 1);
    const struct api_options options = { .dialect = wish & 1 ? API_3GPP : API_ATIS,
                                         .heartbeat_refused = wish & 2,
                                         .freshness_s = 60 };
    enum bf_err err;
    if (wish & 4) {
        err = api_signing_read(body, &options, &rules, now, arena, &request, &call, &error);
        if (err == BF_OK &&
            (!call.has_caller || !call.has_called || !number_is_canonical(number_span(&call.caller))))
            abort();
    } else {
        err = api_verification_read(body, &options, rules.plan, now, arena, &request, &error);
        if (err == BF_OK)
            api_protected_headers(&request, &rules, arena, &call);
    }
    if (err != BF_OK)
        must_be_json(&error);
    arena_destroy(arena);
    return 0;
}
