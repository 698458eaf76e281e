/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward.h"

#include "base/random.h"
#include "tap.h"

/* ---- a request, as it goes on ---- */

static struct sip_message message;
static char sent[LIMIT_SIP_MESSAGE * 2];
static const struct forward_boundary stranger = { .from_trusted = false, .to_trusted = true };
static const struct forward_boundary friend = { .from_trusted = true, .to_trusted = true };
static const struct forward_route straight = { .uri = { NULL, 0 } };

#define HEAD                                                                                                 \
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKc1\r\n"                                                  \
    "To: <sip:+12155550131@term.example>\r\n"                                                                \
    "Call-ID: c1@192.0.2.10\r\nCSeq: 1 INVITE\r\n"
#define FROM "From: \"Lab\" <sip:+12155550121@orig.example;user=phone>;tag=a1\r\n"

static enum bf_err go(const char *text, const struct forward_route *route,
                      const struct forward_boundary *boundary, const struct forward_edit *edit)
{
    struct buf out = buf_on(sent, sizeof sent - 1);
    struct fault fault;
    const struct sip_source from = { .addr = NULL };
    assert_int_equal(message_read(span_of(text), SIP_DATAGRAM, &message, &fault), BF_OK);
    const enum bf_err err = forward_request(&message, &from, route, boundary, edit, &out);
    sent[err ? 0 : out.n] = '\0';
    return err;
}

static void has(const char *line)
{
    if (!strstr(sent, line))
        fail_msg("%s\nis not in\n%s", line, sent);
}

static void has_not(const char *text)
{
    if (strcasestr(sent, text))
        fail_msg("%s\nis in\n%s", text, sent);
}

static void sip_054_a_request_goes_on_with_our_via_on_top_and_one_hop_less(void **state)
{
    (void)state;
    const struct forward_route route = { .uri = SPAN("sip:+12155550131@192.0.2.20"),
                                         .via = SPAN("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKours"),
                                         .record_route = SPAN("<sip:192.0.2.1;lr>") };
    assert_int_equal(go("INVITE sip:+12155550131@192.0.2.1 SIP/2.0\r\nMax-Forwards: 70\r\nRecord-Route: "
                        "<sip:h;lr>\r\n" HEAD FROM "Content-Type: text/plain\r\nl: 5\r\n\r\nhello, and more",
                        &route, &stranger, NULL),
                     BF_OK);
    has("INVITE sip:+12155550131@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKours\r\nVia: "
        "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKc1\r\n");
    has("\r\nMax-Forwards: 69\r\n");
    has("Record-Route: <sip:192.0.2.1;lr>\r\n");
    assert_true(strstr(sent, "Record-Route: <sip:192.0.2.1;lr>") < strstr(sent, "Record-Route: <sip:h;lr>"));
    has("Content-Length: 5\r\n\r\nhello");
    has_not("more");
}

/* Everything a stranger may try to say about himself, in every spelling. */
static void sec_047_what_says_that_a_call_was_verified_is_taken_out(void **state)
{
    static const char *const claims[] = {
        "From: <sip:+12155550121;verstat=TN-Validation-Passed@orig.example>;tag=a1\r\n",
        "From: <sip:+12155550121;VERSTAT=TN-Validation-Passed@orig.example;user=phone>;tag=a1\r\n",
        "From: <sip:+12155550121;cpc=x;ver%53tat=TN-Validation-Passed@orig.example>;tag=a1\r\n",
        "From: <sip:+12155550121%3Bverstat%3dTN-Validation-Passed@orig.example>;tag=a1\r\n",
        "From: <sip:+12155550121%253bverstat=TN-Validation-Passed:x@orig.example>;tag=a1\r\n",
        "From: <sip:+12155550121@orig.example;verstat=TN-Validation-Passed>;tag=a1\r\n",
        "From: <sip:+12155550121@orig.example>;verstat=TN-Validation-Passed;tag=a1\r\n",
        "From: <sip:+12155550121@orig.example>;verstat=\"TN-Validation-Passed\";tag=a1\r\n",
        "From: sip:+12155550121@orig.example;verstat=TN-Validation-Passed;tag=a1\r\n",
        "From: <tel:+12155550121;verstat=TN-Validation-Passed>;tag=a1\r\n",
        "f:\r\n <tel:+12155550121;Verstat=TN-Validation-Passed>\r\n ;tag=a1\r\n",
        "From: \";verstat=TN-Validation-Passed\" <sip:+12155550121@orig.example>;tag=a1\r\n",
        FROM "Contact: <sip:+12155550121;verstat=TN-Validation-Passed@h>, <sip:b@h>\r\n",
        FROM "m: <sip:+12155550121@h>;verstat=TN-Validation-Passed\r\n",
        FROM "Diversion: <tel:+1202;verstat=TN-Validation-Passed>\r\n",
        FROM "P-Asserted-Identity: <sip:+12155550121;verstat=TN-Validation-Passed@h>, <tel:+12155550121>\r\n",
        FROM "p-asserted-identity : \r\n\t<tel:+12155550121;verstat=TN-Validation-Passed>\r\n",
        FROM "P-Asserted-Identity: <tel:+1;verstat=TN-Validation-Passed\r\n",
        FROM "Remote-Party-ID: <sip:+12155550121;verstat=TN-Validation-Passed@h>;screen=yes\r\n",
        FROM "P-Preferred-Identity: <sip:+12155550121;verstat=TN-Validation-Passed@h>\r\n",
        FROM "Priority-Verstat: RPH-Validation-Passed\r\n",
        FROM "priority-verstat: TN-Validation-Passed\r\nX-Verstat: TN-Validation-Passed\r\n",
        FROM "Attestation-Info: A\r\nP-Attestation-Indicator: A\r\n",
        FROM "Origination-Id: 123e4567-e89b-12d3-a456-426655440000\r\np-origination-id: x\r\n",
        FROM "X-BONAFIDE: verdict=genuine;attest=A\r\n",
        FROM "Additional-Identity: <sip:+12155550121@h>\r\n",
    };
    static const char *const gone[] = { "validation", "attest",       "genuine",   "origination-id",
                                        "bonafide",   "426655440000", "Additional" };
    char text[2048];
    (void)state;
    for (size_t trusted = 0; trusted < 2; trusted++)
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
            snprintf(text, sizeof text,
                     "INVITE sip:+12155550131@h SIP/2.0\r\n" HEAD "%sContent-Length: 0\r\n\r\n", claims[i]);
            assert_int_equal(go(text, &straight, trusted ? &friend : &stranger, NULL), BF_OK);
            has(";tag=a1\r\n");
            has("+12155550121");
            for (size_t g = 0; g < ARRAY_SIZE(gone); g++)
                has_not(gone[g]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_054_a_request_goes_on_with_our_via_on_top_and_one_hop_less),
        cmocka_unit_test(sec_047_what_says_that_a_call_was_verified_is_taken_out),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
