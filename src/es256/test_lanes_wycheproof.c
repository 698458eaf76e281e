/* SPDX-License-Identifier: Apache-2.0 */
/* Every ECDSA case of Wycheproof in every lane, warm and cold, its neighbours being signatures that hold. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "base/digest.h"
#include "es256/cases_for_tests.h"
#include "es256/lanes.h"
#include "es256/signature.h"

struct bench {
    struct lanes *lanes;
    void *generator, *table, *neighbour_table;
    struct made neighbour;
};

static size_t unhex(const char *hex, uint8_t *out, size_t size)
{
    const size_t n = strlen(hex) / 2;
    assert_true(n <= size);
    for (size_t i = 0; i < n; i++) {
        const char two[] = { hex[2 * i], hex[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    assert_non_null(s);
    return s;
}

static void ask_in_every_lane(struct bench *b, const struct made *m, bool warm, long long id)
{
    for (unsigned lane = 0; lane < 8; lane++) {
        struct lanes_job jobs[8];
        for (unsigned i = 0; i < 8; i++) {
            const struct made *const of = i == lane ? m : &b->neighbour;
            jobs[i] = (struct lanes_job){ .point = of->point,
                                          .table = !warm       ? NULL
                                                   : i == lane ? b->table
                                                               : b->neighbour_table,
                                          .digest = of->digest,
                                          .signature = of->signature,
                                          .holds = !of->holds };
        }
        lanes_verify(b->lanes, jobs, 8);
        for (unsigned i = 0; i < 8; i++)
            if (jobs[i].holds != (i == lane ? m->holds : true))
                fail_msg("case %lld in lane %u, %s: lane %u says %d", id, lane, warm ? "warm" : "cold", i,
                         jobs[i].holds);
    }
}

/* A DER signature that is none, or whose numbers need more than 32 bytes, never comes to an engine. */
static bool read_case(const json_t *test, struct made *m)
{
    static uint8_t message[1024], der[8192];
    const size_t n = unhex(string_of(test, "msg"), message, sizeof message);
    const size_t d = unhex(string_of(test, "sig"), der, sizeof der);
    m->holds = strcmp(string_of(test, "result"), "valid") == 0;
    return signature_of_der(der, d, m->signature) && sha256_once(span_make(message, n), m->digest) == BF_OK;
}

static size_t ask_group(struct bench *b, const json_t *group)
{
    const char *point = string_of(json_object_get(group, "publicKey"), "uncompressed");
    struct made m = { .holds = false };
    uint8_t octets[65];
    json_t *test;
    size_t i, n = 0;
    assert_int_equal(unhex(point, octets, sizeof octets), sizeof octets);
    memcpy(m.point, octets + 1, 64);
    assert_int_equal(lanes_table_build(m.point, b->table), BF_OK);
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        const long long id = json_integer_value(json_object_get(test, "tcId"));
        if (!read_case(test, &m))
            continue;
        ask_in_every_lane(b, &m, true, id);
        ask_in_every_lane(b, &m, false, id);
        n++;
    }
    return n;
}

static void *room(size_t bytes)
{
    void *p = aligned_alloc(64, bytes);
    assert_non_null(p);
    return p;
}

static void sec_013_014_every_case_of_wycheproof_agrees_in_every_lane(void **state)
{
    (void)state;
    const char *path = tap_shared("wycheproof/ecdsa_secp256r1_sha256_test.json");
    if (!path)
        return;
    if (!lanes_supported()) {
        tap_skip("this CPU has no AVX-512 IFMA");
        return;
    }
    struct bench b = { .generator = room(LANES_GENERATOR_BYTES),
                       .table = room(LANES_TABLE_BYTES),
                       .neighbour_table = room(LANES_TABLE_BYTES) };
    struct curve curve = curve_open();
    json_t *all = json_load_file(path, 0, NULL), *group;
    size_t i, n = 0;
    assert_non_null(all);
    b.neighbour = made_small(&curve, 4711, 1234567, 7654321);
    assert_true(lanes_generator_build(b.generator) == BF_OK && lanes_create(b.generator, &b.lanes) == BF_OK &&
                lanes_table_build(b.neighbour.point, b.neighbour_table) == BF_OK);
    json_array_foreach(json_object_get(all, "testGroups"), i, group) n += ask_group(&b, group);
    assert_int_equal(n, 197); /* the others are no DER, or hold numbers of more than 32 bytes */
    json_decref(all);
    curve_close(&curve);
    lanes_destroy(b.lanes);
    free(b.neighbour_table);
    free(b.table);
    free(b.generator);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sec_013_014_every_case_of_wycheproof_agrees_in_every_lane),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
