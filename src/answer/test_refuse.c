/* SPDX-License-Identifier: Apache-2.0 */
#include "answer/refuse.h"

#include "answer/lines.h"
#include "base/base64url.h"
#include "tap.h"
#include "vectors.h"

static struct call call;

static struct decision decided(enum outcome outcome, enum stir_case stir_case)
{
    struct decision d;
    memset(&d, 0, sizeof d);
    d.outcome = (uint8_t)outcome;
    d.winning_case = (uint8_t)stir_case;
    return d;
}

static const struct answer_options reject_all = {
    .policy = { { .action = ACTION_REJECT },
                { .action = ACTION_REJECT },
                { .action = ACTION_REJECT },
                { .action = ACTION_REJECT } },
    .redress = "https://example.org/complain",
};

/* Section B.8, a row each, and what stands beside it. */
static void b_8_each_case_has_its_status(void **state)
{
    static const struct {
        enum stir_case stir_case;
        int status;
        const char *reason;
    } rows[] = {
        { CASE_E15_STALE, 403, "Stale Date" },
        { CASE_NO_IDENTITY, 428, "Use Identity Header" },
        { CASE_E8_NOT_FETCHED, 436, "Bad Identity Info" },
        { CASE_E6_NO_INFO, 436, "Bad Identity Info" },
        { CASE_E17_CHAIN, 437, "Unsupported Credential" },
        { CASE_REVOKED, 437, "Unsupported Credential" },
        { CASE_E18_SIGNATURE, 438, "Invalid Identity Header" },
        { CASE_E16_MISMATCH, 438, "Invalid Identity Header" },
        { CASE_REPLAY, 438, "Invalid Identity Header" },
        { CASE_NONE, 603, "Network Blocked" },
        { CASE_SHED, 0, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct decision d = decided(BROKEN, rows[i].stir_case);
        const struct refusal r = refusal_of(&reject_all, &d, &call, DECIDED_BY_POLICY);
        assert_int_equal(r.status, rows[i].status);
        assert_string_equal(r.reason, rows[i].reason);
        assert_int_equal(r.blocked, rows[i].status == 603);
    }
}

static void an_impostor_without_a_signature_is_blocked_and_not_asked_for_one(void **state)
{
    const struct decision d = decided(IMPOSTOR, CASE_NO_IDENTITY);
    (void)state;
    assert_int_equal(refusal_of(&reject_all, &d, &call, DECIDED_BY_POLICY).status, 603);
}

static void id_502_nothing_is_refused_unless_the_operator_says_so(void **state)
{
    const struct answer_options usual = { .redress = "" };
    (void)state;
    for (unsigned o = GENUINE; o <= IMPOSTOR; o++)
        for (unsigned c = CASE_NONE; c < CASE_COUNT; c++) {
            const struct decision d = decided((enum outcome)o, (enum stir_case)c);
            assert_int_equal(refusal_of(&usual, &d, &call, DECIDED_BY_POLICY).status, 0);
        }
}

/* RFC 5079 */
static void a_withheld_caller_is_refused_with_433_where_that_is_the_policy(void **state)
{
    struct answer_options options = { .refuse_anonymous = true };
    struct decision d = decided(GENUINE, CASE_NONE);
    (void)state;
    assert_int_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).status, 0);
    d.masked = 1;
    assert_int_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).status, 433);
    assert_string_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).reason, "Anonymity Disallowed");
    options.refuse_anonymous = false;
    assert_int_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).status, 0);
}

/* Every outcome, case and setting there is: 607 is a person's word. */
static void rfc_8197_no_configuration_comes_to_607_and_a_person_does(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 1u << 4; bits++)
        for (unsigned action = ACTION_PASS; action <= ACTION_TO; action++)
            for (unsigned o = GENUINE; o <= IMPOSTOR; o++)
                for (unsigned c = CASE_NONE; c < CASE_COUNT; c++) {
                    struct answer_options options = { .refuse_anonymous = bits & 1,
                                                      .block_608 = bits & 2,
                                                      .block_card = bits & 4 ? "<data:,>" : NULL,
                                                      .redress = "https://example.org" };
                    struct decision d = decided((enum outcome)o, (enum stir_case)c);
                    options.policy[o].action = (enum answer_action)action;
                    d.masked = (bits & 8) != 0;
                    assert_int_not_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).status, 607);
                    assert_int_equal(refusal_of(&options, &d, &call, DECIDED_BY_PERSON).status,
                                     c == CASE_SHED ? 0 : 607);
                }
}

static void an_emergency_call_is_never_refused_by_anybody(void **state)
{
    struct answer_options options = reject_all;
    struct decision d = decided(IMPOSTOR, CASE_E18_SIGNATURE);
    struct call emergency = { .never_block = true };
    (void)state;
    options.refuse_anonymous = true;
    d.masked = 1;
    assert_int_equal(refusal_of(&options, &d, &emergency, DECIDED_BY_POLICY).status, 0);
    assert_int_equal(refusal_of(&options, &d, &emergency, DECIDED_BY_PERSON).status, 0);
}

static void atis_1000099_a_603_says_that_the_network_blocked_and_where_to_complain(void **state)
{
    char memory[512];
    struct buf out = BUF_ON(memory);
    const struct decision d = decided(IMPOSTOR, CASE_NONE);
    const struct refusal r = refusal_of(&reject_all, &d, &call, DECIDED_BY_POLICY);
    (void)state;
    refusal_lines(&reject_all, &r, &out);
    assert_true(
        span_equal(buf_span(&out),
                   SPAN("Reason: SIP;cause=603;text=\"v=analytics1;url=https://example.org/complain\"\r\n")));
}

/* ---- the card of a 608 ---- */

static struct span part(struct span *rest)
{
    const size_t n = span_find(*rest, '.');
    const struct span p = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    return p;
}

static void decodes_to(struct span text, const char *expected)
{
    uint8_t bytes[1024];
    size_t n;
    assert_int_equal(base64url_decode(text, bytes, sizeof bytes, &n, NULL), BF_OK);
    if (!span_equal(span_make(bytes, n), span_of(expected)))
        fail_msg("%.*s", (int)n, (char *)bytes);
}

static void rfc_8688_a_608_carries_a_signed_card(void **state)
{
    char memory[REFUSAL_CARD];
    struct buf out = BUF_ON(memory);
    auto_(key_destroy) struct key *key = NULL;
    (void)state;
    assert_int_equal(key_read(SPAN(VECTOR_A1_PRIVATE), &key, NULL), BF_OK);
    const struct refusal_card card = { key, "https://cert.example.org/sp.pem", "Call \"blocking\"",
                                       "mailto:help@example.org", 1443208345 };
    assert_int_equal(refusal_card_write(&card, &out), BF_OK);
    const struct span value = buf_span(&out), head = SPAN("<data:application/jose,"),
                      tail = SPAN(">;purpose=jwscard");
    assert_true(span_starts(value, head));
    assert_true(span_equal(span_from(value, value.n - tail.n), tail));
    struct span rest = span_from(span_first(value, value.n - tail.n), head.n);
    const struct span jws = rest;
    decodes_to(part(&rest),
               "{\"alg\":\"ES256\",\"typ\":\"vcard+json\",\"x5u\":\"https://cert.example.org/sp.pem\"}");
    decodes_to(
        part(&rest),
        "{\"iat\":1443208345,\"jcard\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],[\"fn\",{},\"text\","
        "\"Call \\\"blocking\\\"\"],[\"email\",{},\"text\",\"help@example.org\"]]]}");
    const struct span signed_part = span_first(jws, (size_t)(rest.p - 1 - jws.p));
    uint8_t signature[64];
    size_t n;
    assert_int_equal(base64url_decode(rest, signature, sizeof signature, &n, NULL), BF_OK);
    assert_int_equal(n, 64);
    struct es256_job job = { .key = key_public(key) };
    memcpy(job.signature, signature, 64);
    assert_int_equal(sha256_once(signed_part, job.digest), BF_OK);
    auto_(es256_destroy) struct es256 *engine = NULL;
    assert_int_equal(es256_create(NULL, &engine), BF_OK);
    es256_verify_many(engine, &job, 1);
    assert_int_equal(job.result, BF_OK);
}

static void rfc_8688_a_608_is_answered_only_with_its_card(void **state)
{
    char memory[512];
    struct buf out = BUF_ON(memory);
    struct answer_options options = reject_all;
    const struct decision d = decided(IMPOSTOR, CASE_NONE);
    (void)state;
    options.block_608 = true;
    assert_int_equal(refusal_of(&options, &d, &call, DECIDED_BY_POLICY).status, 603);
    options.block_card = "<data:application/jose,a.b.c>;purpose=jwscard";
    const struct refusal r = refusal_of(&options, &d, &call, DECIDED_BY_POLICY);
    assert_int_equal(r.status, 608);
    refusal_lines(&options, &r, &out);
    assert_true(
        span_equal(buf_span(&out), SPAN("Call-Info: <data:application/jose,a.b.c>;purpose=jwscard\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b_8_each_case_has_its_status),
        cmocka_unit_test(an_impostor_without_a_signature_is_blocked_and_not_asked_for_one),
        cmocka_unit_test(id_502_nothing_is_refused_unless_the_operator_says_so),
        cmocka_unit_test(a_withheld_caller_is_refused_with_433_where_that_is_the_policy),
        cmocka_unit_test(rfc_8197_no_configuration_comes_to_607_and_a_person_does),
        cmocka_unit_test(an_emergency_call_is_never_refused_by_anybody),
        cmocka_unit_test(atis_1000099_a_603_says_that_the_network_blocked_and_where_to_complain),
        cmocka_unit_test(rfc_8688_a_608_carries_a_signed_card),
        cmocka_unit_test(rfc_8688_a_608_is_answered_only_with_its_card),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
