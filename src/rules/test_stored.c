/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/stored.h"

#include <stdlib.h>

#include "tap.h"

static struct rules *rules_said(const char *json)
{
    struct rules *r = NULL;
    char *message = NULL;
    assert_int_equal(rules_of_json(span_of(json), &(struct rules_options){ 0 }, &r, &message), BF_OK);
    return r;
}

static struct db *memory_db(void)
{
    struct db *db = NULL;
    char *message = NULL;
    assert_int_equal(db_open("sqlite::memory:", DB_WRITE, &db, &message), BF_OK);
    assert_int_equal(stored_rules_ready(db, &message), BF_OK);
    return db;
}

static void there_are_no_rules_until_somebody_writes_them(void **state)
{
    (void)state;
    auto_(db_close) struct db *db = memory_db();
    int64_t generation = -1;
    char *json = NULL;
    assert_int_equal(stored_rules_generation(db, &generation), BF_OK);
    assert_int_equal(generation, 0);
    assert_int_equal(stored_rules_get(db, &generation, &json), BF_OK);
    assert_int_equal(generation, 0);
    assert_string_equal(json, "[]");
    free(json);
}

static void nobody_overwrites_what_he_has_not_seen(void **state)
{
    (void)state;
    auto_(db_close) struct db *db = memory_db();
    auto_(rules_destroy) struct rules *a = rules_said("[{\"name\":\"a\",\"action\":\"pass\"}]");
    auto_(rules_destroy) struct rules *b = rules_said("[{\"name\":\"b\",\"action\":\"label\"}]");
    int64_t generation = -1;
    char *json = NULL;
    assert_int_equal(stored_rules_put(db, a, 0, SPAN("ada"), 1000, &generation), BF_OK);
    assert_int_equal(generation, 1);
    assert_int_equal(stored_rules_put(db, b, 0, SPAN("bob"), 1001, &generation), BF_EAGAIN);
    assert_int_equal(generation, 1); /* what he should look at */
    assert_int_equal(stored_rules_put(db, b, 1, SPAN("bob"), 1002, &generation), BF_OK);
    assert_int_equal(generation, 2);
    assert_int_equal(stored_rules_get(db, &generation, &json), BF_OK);
    assert_int_equal(generation, 2);
    assert_string_equal(json, "[{\"name\":\"b\",\"mode\":\"observe\",\"action\":\"label\"}]");
    free(json);
}

static void a_list_can_be_emptied_and_still_has_its_number(void **state)
{
    (void)state;
    auto_(db_close) struct db *db = memory_db();
    auto_(rules_destroy) struct rules *none = rules_said("[]");
    int64_t generation = -1;
    char *json = NULL;
    assert_int_equal(stored_rules_put(db, none, 0, SPAN_NONE, 1000, &generation), BF_OK);
    assert_int_equal(stored_rules_get(db, &generation, &json), BF_OK);
    assert_int_equal(generation, 1);
    assert_string_equal(json, "[]");
    free(json);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_no_rules_until_somebody_writes_them),
        cmocka_unit_test(nobody_overwrites_what_he_has_not_seen),
        cmocka_unit_test(a_list_can_be_emptied_and_still_has_its_number),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
