/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http_keys.h"

#include <stdlib.h>

#include "tap.h"

#define SECRET "bf_a-key-of-the-office-0123456789"
/* printf bf_a-key-of-the-office-0123456789 | sha256sum, and of the same with an x behind it */
static const unsigned verify_and_metrics[] = { SCOPE_VERIFY, SCOPE_METRICS }, only_sign[] = { SCOPE_SIGN };

static void digest(const char *text, char out[65])
{
    uint8_t sum[SHA256_BYTES];
    assert_int_equal(sha256_once(span_of(text), sum), BF_OK);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static struct http_keys *two_keys(int64_t rate, int64_t of_address)
{
    char first[65], second[65], *message = NULL;
    digest(SECRET, first);
    digest(SECRET "x", second);
    const struct config_http_key rows[] = {
        { .name = "office",
          .sha256 = first,
          .scopes = verify_and_metrics,
          .n_scopes = 2,
          .rate_per_s = rate },
        { .name = "signer", .sha256 = second, .scopes = only_sign, .n_scopes = 1 },
    };
    struct config config = { .http = { .keys = rows, .n_keys = 2, .rate_per_s = of_address } };
    struct http_keys *keys = NULL;
    assert_int_equal(http_keys_create(&config, &keys, &message), BF_OK);
    return keys;
}

static void sec_059_a_key_opens_what_its_scopes_name(void **state)
{
    static const struct {
        const char *key;
        unsigned keys;
        enum http_scope scope;
        int status;
        const char *name;
    } rows[] = {
        { NULL, 0, SCOPE_NONE, 0, NULL },
        { NULL, 0, SCOPE_VERIFY, 401, NULL },
        { "", 1, SCOPE_VERIFY, 401, NULL },
        { SECRET, 1, SCOPE_VERIFY, 0, "office" },
        { SECRET, 1, SCOPE_METRICS, 0, "office" },
        { SECRET, 1, SCOPE_SIGN, 403, NULL },
        { SECRET, 1, SCOPE_READ, 403, NULL },
        { SECRET, 2, SCOPE_VERIFY, 401, NULL },
        { SECRET "x", 1, SCOPE_SIGN, 0, "signer" },
        { SECRET "x", 1, SCOPE_VERIFY, 403, NULL },
        { SECRET "y", 1, SCOPE_VERIFY, 401, NULL },
        { "bf_a-key-of-the-office-012345678", 1, SCOPE_VERIFY, 401, NULL },
    };
    auto_(http_keys_destroy) struct http_keys *keys = two_keys(0, 0);
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct http_asker asker = { .key = span_of(rows[i].key), .keys = rows[i].keys };
        const struct http_access a = http_keys_judge(keys, &asker, rows[i].scope, MONO_S(1));
        if (a.status != rows[i].status || (a.status && !a.why) || !a.name != !rows[i].name ||
            (a.name && strcmp(a.name, rows[i].name) != 0))
            fail_msg("row %zu: %d", i, a.status);
    }
}

static void sec_059_a_key_that_asks_too_often_waits(void **state)
{
    auto_(http_keys_destroy) struct http_keys *keys = two_keys(4, 0);
    const struct http_asker asker = { .key = SPAN(SECRET), .keys = 1 };
    mono_t now = MONO_S(100);
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(http_keys_judge(keys, &asker, SCOPE_VERIFY, now).status, 0);
    const struct http_access a = http_keys_judge(keys, &asker, SCOPE_VERIFY, now);
    assert_int_equal(a.status, 429);
    assert_int_equal(a.retry_after, 1);
    now += MONO_MS(250);
    assert_int_equal(http_keys_judge(keys, &asker, SCOPE_VERIFY, now).status, 0);
    assert_int_equal(http_keys_judge(keys, &asker, SCOPE_VERIFY, now).status, 429);
    now += MONO_S(1000); /* and saves up no more than a burst */
    for (int i = 0; i < 4; i++)
        assert_int_equal(http_keys_judge(keys, &asker, SCOPE_VERIFY, now).status, 0);
    assert_int_equal(http_keys_judge(keys, &asker, SCOPE_VERIFY, now).status, 429);
}

static void sec_059_guessing_keys_is_counted_by_address(void **state)
{
    auto_(http_keys_destroy) struct http_keys *keys = two_keys(0, 2);
    const struct http_asker guess = { .key = SPAN("guess"), .keys = 1, .address = 7 };
    const struct http_asker other = { .key = SPAN("guess"), .keys = 1, .address = 8 };
    const struct http_asker good = { .key = SPAN(SECRET), .keys = 1, .address = 7 };
    (void)state;
    assert_int_equal(http_keys_judge(keys, &guess, SCOPE_VERIFY, MONO_S(1)).status, 401);
    assert_int_equal(http_keys_judge(keys, &guess, SCOPE_VERIFY, MONO_S(1)).status, 401);
    assert_int_equal(http_keys_judge(keys, &guess, SCOPE_VERIFY, MONO_S(1)).status, 429);
    assert_int_equal(http_keys_judge(keys, &other, SCOPE_VERIFY, MONO_S(1)).status, 401);
    assert_int_equal(http_keys_judge(keys, &good, SCOPE_VERIFY, MONO_S(1)).status, 0);
}

static void without_keys_everybody_may_ask(void **state)
{
    struct config config = { .http = { .n_keys = 0 } };
    struct http_keys *keys = NULL;
    char *message = NULL;
    const struct http_asker asker = { .key = SPAN("anything"), .keys = 1 };
    (void)state;
    assert_int_equal(http_keys_create(&config, &keys, &message), BF_OK);
    assert_null(keys);
    assert_int_equal(http_keys_judge(keys, &asker, SCOPE_SIGN, 0).status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sec_059_a_key_opens_what_its_scopes_name),
        cmocka_unit_test(sec_059_a_key_that_asks_too_often_waits),
        cmocka_unit_test(sec_059_guessing_keys_is_counted_by_address),
        cmocka_unit_test(without_keys_everybody_may_ask),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
