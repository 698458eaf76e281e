/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define NOW 1443208345

static const struct api_options usual = { .freshness_s = 60 };
static const struct instant now = { .utc = NOW, .mono = 1 };

#define PARTIES "\"from\":{\"tn\":\"12155550121\"},\"to\":{\"tn\":[\"12155550131\"]}"
#define TIME    ",\"time\":1443208345"
#define TOKEN   ",\"identity\":\"aa.bb.cc;info=<https://a.example/b>\""

static struct arena *some_memory(void)
{
    struct arena *arena = NULL;
    assert_int_equal(arena_create(4096, 1 << 16, &arena), BF_OK);
    return arena;
}

/* What the error says, or "" for a request that can be judged. */
static void written(enum bf_err err, const struct api_error *error, char *out, size_t size)
{
    struct buf b = buf_on(out, size);
    if (err != BF_OK)
        api_error_write(error, &b);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
}

static void api_006_and_011_what_is_wrong_with_a_verification_request(void **state)
{
    (void)state;
    static const struct {
        const char *what, *body, *id, *says;
    } rows[] = {
        { "all of it", "{\"verificationRequest\":{" PARTIES TIME TOKEN "}}", "", "" },
        { "older names",
          "{\"verificationRequest\":{\"orig\":{\"tn\":[\"12155550121\"]},\"dest\":{\"tn\":[\"12155550131\"]},"
          "\"iat\":1443208345" TOKEN "}}",
          "", "" },
        { "letter case",
          "{\"VerificationRequest\":{\"From\":{\"TN\":\"12155550121\"},\"To\":{\"tn\":\"12155550131\"},"
          "\"Time\":1443208345,\"Identity\":\"a.b.c\"}}",
          "", "" },
        { "a heartbeat", "{\"verificationRequest\":{" PARTIES TIME "}}", "", "" },
        { "separators in a number",
          "{\"verificationRequest\":{\"from\":{\"tn\":\"+1 (215) "
          "555-0121\"},\"to\":{\"tn\":[\"12155550131\"]}" TIME TOKEN "}}",
          "", "" },
        { "no JSON", "nonsense", "SVC4006", "" },
        { "not an object", "[]", "SVC4006", "" },
        { "bytes behind", "{\"verificationRequest\":{" PARTIES TIME TOKEN "}}x", "SVC4006", "" },
        { "a member twice", "{\"verificationRequest\":{" PARTIES TIME TIME TOKEN "}}", "SVC4006", "" },
        { "no wrapper", "{}", "SVC4001", "\"verificationRequest\"" },
        { "no from", "{\"verificationRequest\":{\"to\":{\"tn\":[\"12155550131\"]}" TIME TOKEN "}}", "SVC4001",
          "\"from\"" },
        { "no to", "{\"verificationRequest\":{\"from\":{\"tn\":\"12155550121\"}" TIME TOKEN "}}", "SVC4001",
          "\"to\"" },
        { "no time", "{\"verificationRequest\":{" PARTIES TOKEN "}}", "SVC4001", "\"time\"" },
        { "time a text", "{\"verificationRequest\":{" PARTIES ",\"time\":\"now\"" TOKEN "}}", "SVC4005",
          "\"time\"" },
        { "time below zero", "{\"verificationRequest\":{" PARTIES ",\"time\":-5" TOKEN "}}", "SVC4005",
          "\"time\"" },
        { "letters in a number",
          "{\"verificationRequest\":{\"from\":{\"tn\":\"1215ALICE\"},\"to\":{\"tn\":[\"12155550131\"]}" TIME
              TOKEN "}}",
          "SVC4005", "\"from" },
        { "nobody called",
          "{\"verificationRequest\":{\"from\":{\"tn\":\"12155550121\"},\"to\":{\"tn\":[]}" TIME TOKEN "}}",
          "SVC4005", "\"to" },
        { "identity a number", "{\"verificationRequest\":{" PARTIES TIME ",\"identity\":5}}", "SVC4005",
          "\"identity\"" },
        { "identity empty", "{\"verificationRequest\":{" PARTIES TIME ",\"identity\":\"\"}}", "SVC4005",
          "\"identity\"" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct arena *arena = some_memory();
        struct api_request request;
        struct api_error error;
        char out[1024];
        const enum bf_err err =
            api_verification_read(span_of(rows[i].body), &usual, NULL, now, arena, &request, &error);
        written(err, &error, out, sizeof out);
        if ((err == BF_OK) != (*rows[i].id == '\0') ||
            (err != BF_OK && (!strstr(out, rows[i].id) || !strstr(out, rows[i].says))))
            fail_msg("%s: %s", rows[i].what, out);
        arena_destroy(arena);
    }
}

static void api_009a_the_members_show_the_dialect(void **state)
{
    (void)state;
    static const struct {
        const char *member;
        enum api_dialect dialect;
    } rows[] = {
        { ",\"identity\":\"a.b.c\"", API_ATIS },
        { ",\"identityHeader\":\"a.b.c\"", API_3GPP },
        { ",\"identityHeaders\":[\"a.b.c\"]", API_3GPP },
        { ",\"requestId\":\"7\"", API_3GPP },
        { "", API_ATIS },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char body[512];
        struct arena *arena = some_memory();
        struct api_request request;
        struct api_error error;
        snprintf(body, sizeof body, "{\"verificationRequest\":{" PARTIES TIME "%s}}", rows[i].member);
        assert_int_equal(api_verification_read(span_of(body), &usual, NULL, now, arena, &request, &error),
                         BF_OK);
        assert_int_equal(request.dialect, rows[i].dialect);
        arena_destroy(arena);
    }
}

static void api_008_e3_the_request_itself_must_be_fresh(void **state)
{
    (void)state;
    for (int off = -61; off <= 61; off++) {
        char body[512];
        struct arena *arena = some_memory();
        struct api_request request;
        struct api_error error;
        snprintf(body, sizeof body, "{\"verificationRequest\":{" PARTIES ",\"time\":%d" TOKEN "}}",
                 NOW + off);
        assert_int_equal(api_verification_read(span_of(body), &usual, NULL, now, arena, &request, &error),
                         BF_OK);
        assert_int_equal(request.is_stale, off < -60 || off > 60);
        arena_destroy(arena);
    }
}

static void api_001_and_005_what_is_wrong_with_a_signing_request(void **state)
{
    (void)state;
#define ORIG "\"orig\":{\"tn\":\"12155550121\"},\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345"
#define ID   ",\"origid\":\"de305d54-75b4-431b-adb2-eb6b9e546014\""
    static const struct {
        const char *what, *inside, *id, *says;
    } rows[] = {
        { "all of it", "\"attest\":\"A\"," ORIG ID, "", "" },
        { "no attest", ORIG ID, "SVC4001", "\"attest\"" },
        { "attest of another letter", "\"attest\":\"D\"," ORIG ID, "SVC4005", "\"attest\"" },
        { "attest in a small letter", "\"attest\":\"a\"," ORIG ID, "SVC4005", "\"attest\"" },
        { "no origid", "\"attest\":\"A\"," ORIG, "SVC4001", "\"origid\"" },
        { "origid no UUID", "\"attest\":\"A\"," ORIG ",\"origid\":\"7\"", "SVC4005", "\"origid\"" },
        { "no dest", "\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"iat\":1443208345" ID, "SVC4001",
          "\"dest\"" },
        { "a stale iat",
          "\"attest\":\"A\",\"orig\":{\"tn\":\"12155550121\"},\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":"
          "1443208000" ID,
          "SVC4005", "\"iat\"" },
        { "a kind nobody signs here", "\"ppt\":\"div\",\"attest\":\"A\"," ORIG ID, "SVC4005", "\"ppt\"" },
        { "3GPP: the table decides", "\"ppt\":\"shaken\"," ORIG, "", "" },
    };
    const struct call_rules rules = { 0 };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char body[512], out[1024];
        struct arena *arena = some_memory();
        struct api_request request;
        struct api_error error;
        struct call call;
        snprintf(body, sizeof body, "{\"signingRequest\":{%s}}", rows[i].inside);
        const enum bf_err err =
            api_signing_read(span_of(body), &usual, &rules, now, arena, &request, &call, &error);
        written(err, &error, out, sizeof out);
        if ((err == BF_OK) != (*rows[i].id == '\0') ||
            (err != BF_OK && (!strstr(out, rows[i].id) || !strstr(out, rows[i].says))))
            fail_msg("%s: %s", rows[i].what, out);
        if (err == BF_OK) {
            assert_true(call.has_caller && call.has_called);
            assert_memory_equal(call.caller.digits, "12155550121", 11);
        }
        arena_destroy(arena);
    }
}

static void api_006_errors_are_written_as_the_table_says(void **state)
{
    (void)state;
    static const struct {
        struct api_error error;
        int status;
        const char *text;
    } rows[] = {
        { { .fault = SVC4000 },
          400,
          "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4000\",\"text\":\"Missing request "
          "body\",\"variables\":[]}}}\n" },
        { { .fault = SVC4001, .variables = { SPAN("iat") } },
          400,
          "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4001\",\"text\":\"Missing mandatory "
          "parameter '%1'\",\"variables\":[\"iat\"]}}}\n" },
        { { .fault = SVC4005, .variables = { SPAN("a"), SPAN("b\"c") } },
          400,
          "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4005\",\"text\":\"Invalid '%1' "
          "parameter value: %2\",\"variables\":[\"a\",\"b\\\"c\"]}}}\n" },
        { { .fault = POL4050 },
          405,
          "{\"requestError\":{\"policyException\":{\"messageId\":\"POL4050\",\"text\":\"Method not "
          "allowed\",\"variables\":[]}}}\n" },
        { { .fault = POL5000 },
          500,
          "{\"requestError\":{\"policyException\":{\"messageId\":\"POL5000\",\"text\":\"Internal Server "
          "Error. Please try again later\",\"variables\":[]}}}\n" },
        { { .fault = API_POLICY, .status = 429, .variables = { SPAN("too many") } },
          429,
          "{\"requestError\":{\"policyException\":{\"messageId\":\"POL4290\",\"text\":\"Refused by policy: "
          "%1\",\"variables\":[\"too many\"]}}}\n" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char out[512];
        struct buf b = BUF_ON(out);
        api_error_write(&rows[i].error, &b);
        buf_char(&b, '\0');
        assert_string_equal(out, rows[i].text);
        assert_int_equal(api_error_status(&rows[i].error), rows[i].status);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_006_and_011_what_is_wrong_with_a_verification_request),
        cmocka_unit_test(api_009a_the_members_show_the_dialect),
        cmocka_unit_test(api_008_e3_the_request_itself_must_be_fresh),
        cmocka_unit_test(api_001_and_005_what_is_wrong_with_a_signing_request),
        cmocka_unit_test(api_006_errors_are_written_as_the_table_says),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
