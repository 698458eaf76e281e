/* SPDX-License-Identifier: Apache-2.0 */
/* json_check, and the walk over what it accepts: every value ends where the next begins, every name is found. */
#include <assert.h>
#include <stdlib.h>

#include "token/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct json_value *v)
{
    struct json_walk w = json_begin(v);
    struct json_value name, value, found;
    int64_t n;
    if (v->kind == JSON_KIND_STRING) {
        char *room = malloc(v->text.n);
        struct buf scratch = buf_on(room, v->text.n);
        assert(json_chars(v, &scratch).p);
        free(room);
    }
    if (json_whole(v, &n))
        assert(n >= 0 && v->kind == JSON_KIND_NUMBER);
    while (json_next(&w, &name, &value)) {
        assert(value.text.n && value.text.p >= v->text.p &&
               value.text.p + value.text.n <= v->text.p + v->text.n);
        if (v->kind == JSON_KIND_OBJECT && !name.escaped)
            assert(json_member(v, json_chars(&name, NULL), &found) && found.text.p == value.text.p);
        assert(json_check(value.text, &found, NULL) == BF_OK && found.kind == value.kind);
        walk(&value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value v, again;
    struct fault fault = { 0, NULL };
    if (json_check(span_make(data, size), &v, &fault) != BF_OK) {
        assert(fault.what && fault.at <= size);
        return 0;
    }
    (void)json_is_canonical(&v);
    assert(json_check(v.text, &again, NULL) == BF_OK && again.text.n == v.text.n);
    walk(&v);
    return 0;
}
