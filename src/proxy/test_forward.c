/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward.h"

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

static void sec_047_nothing_is_taken_out_that_says_nothing(void **state)
{
    static const char text[] =
        "INVITE sip:+12155550131@h SIP/2.0\r\n" HEAD FROM
        "Max-Forwards:7\r\nContact:   <sip:a@h;ob>;+sip.instance=\"<urn:uuid:0>\"\r\nIdentity: "
        "a.b.c;info=<https://h/x>;alg=ES256\r\n"
        "y: d.e.f;info=<https://h/x>;alg=ES256\r\nSupported: 100rel,\r\n timer\r\nX-Other: "
        "verstat\r\nReason: SIP;cause=200\r\n"
        "Privacy: none\r\nSubject: \xE2\x9C\x94 hello\r\nContent-Length: 0\r\n\r\n";
    (void)state;
    assert_int_equal(go(text, &straight, &stranger, NULL), BF_OK);
    has("\r\nMax-Forwards: 6\r\n");
    has("\r\nContact:   <sip:a@h;ob>;+sip.instance=\"<urn:uuid:0>\"\r\n");
    has("\r\nIdentity: a.b.c;info=<https://h/x>;alg=ES256\r\n");
    has("\r\ny: d.e.f;info=<https://h/x>;alg=ES256\r\n");
    has("\r\nSupported: 100rel,\r\n timer\r\n");
    has("\r\nX-Other: verstat\r\n");
    has("\r\nReason: SIP;cause=200\r\n");
    has("\r\nPrivacy: none\r\n");
    has(FROM);
}

/* Names of headers that the house gave its own. */
static void sec_047_headers_of_ours_are_taken_out_by_whatever_name_they_have_here(void **state)
{
    const struct answer_options names = { .verdict_header = "X-Verdict", .attest_header = "X-Attest" };
    const struct forward_boundary boundary = { .from_trusted = true, .to_trusted = true, .names = &names };
    (void)state;
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM
                        "x-verdict: verdict=genuine\r\nX-ATTEST : A\r\nX-Bonafide: verdict=genuine\r\n\r\n",
                        &straight, &boundary, NULL),
                     BF_OK);
    has_not("genuine");
    has_not("attest");
}

/* What makes a phone answer by itself, ring as if from inside, or show a logo. */
static void ci_004_a_strangers_wishes_for_the_phone_go_no_further(void **state)
{
    static const struct {
        const char *line;
        const char *stranger, *friend, *believed; /* what is left; NULL: nothing */
    } rows[] = {
        { "Answer-Mode: Auto", NULL, "Answer-Mode: Auto", "Answer-Mode: Auto" },
        { "priv-answer-mode: Auto;require", NULL, "priv-answer-mode: Auto;require",
          "priv-answer-mode: Auto;require" },
        { "Alert-Info: <http://h/ring>", NULL, "Alert-Info: <http://h/ring>", "Alert-Info: <http://h/ring>" },
        { "Call-Info: <sip:h>;answer-after=0", NULL, "Call-Info: <sip:h>;answer-after=0",
          "Call-Info: <sip:h>;answer-after=0" },
        { "Call-Info: <http://h/l.png>;purpose=icon", NULL, NULL,
          "Call-Info: <http://h/l.png>;purpose=icon" },
        { "Call-Info: <data:>;Purpose=JCARD;verified=\"true\", <http://h>;purpose=info", NULL,
          "Call-Info: <http://h>;purpose=info",
          "Call-Info: <data:>;Purpose=JCARD;verified=\"true\", <http://h>;purpose=info" },
        { "Call-Info: <data:>;call-reason=\"a, b\"", NULL, NULL, "Call-Info: <data:>;call-reason=\"a, b\"" },
        { "Call-Info: <cid:1@h>;purpose=EmergencyCallData.DeviceInfo",
          "Call-Info: <cid:1@h>;purpose=EmergencyCallData.DeviceInfo",
          "Call-Info: <cid:1@h>;purpose=EmergencyCallData.DeviceInfo",
          "Call-Info: <cid:1@h>;purpose=EmergencyCallData.DeviceInfo" },
        { "Call-Info: <junk", NULL, NULL, "Call-Info: <junk" },
    };
    static const struct forward_boundary believed = { .from_trusted = true, .from_believed = true };
    const struct forward_boundary *const boundaries[] = { &stranger, &friend, &believed };
    char text[1024], line[256];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t k = 0; k < 3; k++) {
            const char *left = k == 0 ? rows[i].stranger : k == 1 ? rows[i].friend : rows[i].believed;
            snprintf(text, sizeof text, "INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "%s\r\n\r\n", rows[i].line);
            assert_int_equal(go(text, &straight, boundaries[k], NULL), BF_OK);
            snprintf(line, sizeof line, "\r\n%s\r\n", left ? left : "Content-Length: 0");
            has(line);
            if (!left)
                has_not(span_starts(span_of(rows[i].line), SPAN("Call-Info")) ? "Call-Info"
                                                                              : "nswer-Mode: A");
        }
}

static void sip_055_routes_of_ours_go_and_others_stay(void **state)
{
    static const struct {
        const char *routes;
        unsigned own;
        const char *left; /* NULL: no Route at all */
    } rows[] = {
        { "Route: <sip:us;lr>\r\n", 1, NULL },
        { "Route: <sip:us;lr>, <sip:next;lr>\r\n", 1, "\r\nRoute: <sip:next;lr>\r\n" },
        { "Route: <sip:us;lr>\r\nRoute: <sip:next;lr>\r\n", 1, "\r\nRoute: <sip:next;lr>\r\n" },
        { "Route: <sip:us;lr>,<sip:us2;lr>\r\nroute: \"a, b\" <sip:next;lr>,\r\n <sip:last>\r\n", 2,
          "\r\nroute: \"a, b\" <sip:next;lr>,\r\n <sip:last>\r\n" },
        { "Route: <sip:us;lr>,<sip:us2;lr>\r\nroute: <sip:us3>, <sip:next;lr>\r\n", 3,
          "\r\nroute: <sip:next;lr>\r\n" },
        { "Route: <sip:next;lr>\r\n", 0, "\r\nRoute: <sip:next;lr>\r\n" },
    };
    char text[1024];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct forward_route route = { .own_routes = rows[i].own };
        snprintf(text, sizeof text, "INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "%s\r\n", rows[i].routes);
        assert_int_equal(go(text, &route, &stranger, NULL), BF_OK);
        has_not("sip:us");
        if (rows[i].left)
            has(rows[i].left);
        else
            has_not("Route");
    }
    /* A strict router: RFC 3261 section 16.6 item 6. */
    const struct forward_route strict = { .uri = SPAN("sip:strict"),
                                          .own_routes = 1,
                                          .last_route = SPAN("<sip:b@h>") };
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM
                        "Route: <sip:strict>\r\nRoute: <sip:second;lr>\r\n\r\n",
                        &strict, &stranger, NULL),
                     BF_OK);
    has("INVITE sip:strict SIP/2.0\r\n");
    assert_true(strstr(sent, "Route: <sip:second;lr>") < strstr(sent, "Route: <sip:b@h>"));
    const struct forward_route added = { .add_route = SPAN("<sip:edge;lr>") };
    assert_int_equal(
        go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "Route: <sip:second;lr>\r\n\r\n", &added, &stranger, NULL),
        BF_OK);
    assert_true(strstr(sent, "Route: <sip:edge;lr>") < strstr(sent, "Route: <sip:second;lr>"));
}

static void sip_054_hops_run_out_and_are_added_where_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "\r\n", &straight, &stranger, NULL), BF_OK);
    has("\r\nMax-Forwards: 70\r\n");
    assert_int_equal(
        go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "Max-Forwards: 0\r\n\r\n", &straight, &stranger, NULL),
        BF_EFORM);
    assert_int_equal(
        go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "Max-Forwards: 255\r\n\r\n", &straight, &stranger, NULL),
        BF_OK);
    has("\r\nMax-Forwards: 254\r\n");
}

static void sip_022_the_top_via_says_where_the_request_came_from(void **state)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(40000) };
    const struct sip_source from = { (const struct sockaddr *)&addr, false };
    struct buf out = buf_on(sent, sizeof sent - 1);
    (void)state;
    addr.sin_addr.s_addr = htonl(0xC0000242); /* 192.0.2.66 */
    assert_int_equal(
        message_read(SPAN("INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;rport;branch=z9hG4bKx\r\n"
                          "To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n" FROM "\r\n"),
                     SIP_DATAGRAM, &message, NULL),
        BF_OK);
    assert_int_equal(forward_request(&message, &from, &straight, &stranger, NULL, &out), BF_OK);
    sent[out.n] = '\0';
    has("Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx;rport=40000;received=192.0.2.66\r\n");
}

/* What is added is the house's own text, and still looked at. */
static void sec_048_nothing_with_control_bytes_is_added(void **state)
{
    const struct forward_route routes[] = { { .via = SPAN("SIP/2.0/UDP h\r\nX: y") },
                                            { .record_route = SPAN("<sip:h>\r\nX: y") },
                                            { .add_route = SPAN("<sip:h\x7F>") } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
        assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "\r\n", &routes[i], &stranger, NULL),
                         BF_ELIMIT);
}

static void sec_048_a_name_cannot_start_a_line_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD
                        "From: \"\xE2\x9C\x94 x\\\x01\\\x7FIdentity: y\" <sip:a@h>;tag=a1\r\n\r\n",
                        &straight, &stranger, NULL),
                     BF_OK);
    has_not("\nIdentity");
    has("From: \"xIdentity: y\" <sip:a@h>;tag=a1\r\n");
}

static void sip_060_asserted_numbers_do_not_leave_the_trust_domain_against_the_callers_wish(void **state)
{
    static const struct {
        const char *privacy;
        bool goes;
    } rows[] = { { "Privacy: id\r\n", false },
                 { "privacy: header;ID\r\n", false },
                 { "Privacy: user;critical\r\n", false },
                 { "Privacy: none\r\n", true },
                 { "", true },
                 { "Privacy: header\r\n", true } };
    static const struct forward_boundary outward = { .from_trusted = true, .to_trusted = false };
    char text[1024];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (int to_trusted = 0; to_trusted < 2; to_trusted++) {
            snprintf(
                text, sizeof text,
                "INVITE sip:b@h SIP/2.0\r\n" HEAD FROM
                "%sP-Asserted-Identity: <tel:+12025550100>\r\nRemote-Party-ID: <sip:+12025550100@h>\r\n\r\n",
                rows[i].privacy);
            assert_int_equal(go(text, &straight, to_trusted ? &friend : &outward, NULL), BF_OK);
            if (to_trusted || rows[i].goes)
                has("P-Asserted-Identity: <tel:+12025550100>\r\n");
            else
                has_not("+12025550100");
        }
}

/* ---- a signed call ---- */

static void date_is_added_when_we_sign_and_there_is_none(void **state)
{
    struct answer_options options = { .redress = "" };
    struct call judged = { .has_caller = false };
    struct decision d;
    (void)state;
    memset(&d, 0, sizeof d);
    d.signing = 1;
    d.sign.refusal = SIGN_NO_ROW;
    const struct forward_edit edit = { .options = &options, .decision = &d, .call = &judged };
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM
                        "P-Preferred-Identity: <tel:+12155550121>\r\n\r\n",
                        &straight, &friend, &edit),
                     BF_OK);
    has_not("Date");
    has_not("verstat");
    has("X-Bonafide: signed=no;");
    has("P-Preferred-Identity: <tel:+12155550121>\r\n");
    has(FROM);
    d.sign.refusal =
        SIGN_OK; /* without a struct signing there is no token, and nothing may go out as if there were */
    assert_int_equal(go("INVITE sip:b@h SIP/2.0\r\n" HEAD FROM "\r\n", &straight, &friend, &edit), BF_ELIMIT);
}

/* ---- numbers as the next hop wants them ---- */

static void national(const void *arg, const struct number *number, struct buf *out)
{
    (void)arg;
    buf_text(out, "0");
    buf_bytes(out, number->digits + 1, number->n - 1u);
}

static void numbers_are_written_as_the_next_hop_wants_them(void **state)
{
    struct answer_options options = { .redress = "" };
    struct call judged = { .has_caller = true,
                           .has_called = true,
                           .n_shown = 1,
                           .from_uri = SPAN("sip:+12155550121@orig.example") };
    struct decision d;
    (void)state;
    memset(&d, 0, sizeof d);
    d.outcome = UNPROVEN;
    judged.caller = (struct number){ .digits = "12155550121", .n = 11 };
    judged.called = (struct number){ .digits = "12155550131", .n = 11 };
    judged.shown[0] =
        (struct shown_number){ .place = PLACE_FROM, .is_number = true, .number = judged.caller };
    const struct forward_edit edit = {
        .options = &options, .decision = &d, .call = &judged, .number = national
    };
    assert_int_equal(go("INVITE sip:+12155550131;npdi@h;user=phone SIP/2.0\r\n" HEAD FROM "\r\n", &straight,
                        &friend, &edit),
                     BF_OK);
    has("INVITE sip:02155550131;npdi@h;user=phone SIP/2.0\r\n");
    has("From: \"Lab\" <sip:02155550121;verstat=No-TN-Validation@orig.example;user=phone>;tag=a1\r\n");
    has("P-Asserted-Identity: <sip:02155550121;verstat=No-TN-Validation@orig.example;user=phone>\r\n");
    has("To: <sip:+12155550131@term.example>\r\n");
}

/* ---- responses ---- */

#define RESPONSE_HEAD                                                                                        \
    "From: \"rewritten\" <sip:a@h>;tag=a1\r\nTo: <sip:b@h>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"

static enum bf_err come_back(const char *text, const struct forward_back *back, bool *ret_own)
{
    struct buf out = buf_on(sent, sizeof sent - 1);
    assert_int_equal(message_read(span_of(text), SIP_DATAGRAM, &message, NULL), BF_OK);
    const enum bf_err err = forward_response(&message, back, &out, ret_own);
    sent[err ? 0 : out.n] = '\0';
    return err;
}

static void sip_054_a_response_comes_back_without_our_via(void **state)
{
    (void)state;
    assert_int_equal(come_back("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\nv: "
                               "SIP/2.0/UDP them;branch=z\r\n" RESPONSE_HEAD "\r\nhello",
                               NULL, NULL),
                     BF_OK);
    assert_string_equal(sent, "SIP/2.0 180 Ringing\r\nv: SIP/2.0/UDP them;branch=z\r\n" RESPONSE_HEAD
                              "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(come_back("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours,\r\n SIP/2.0/UDP "
                               "them;branch=z\r\n" RESPONSE_HEAD "\r\n",
                               NULL, NULL),
                     BF_OK);
    has("200 OK\r\nVia: SIP/2.0/UDP them;branch=z\r\n");
    has_not("ours");
    assert_int_equal(come_back("SIP/2.0 200 OK\r\n" RESPONSE_HEAD "\r\n", NULL, NULL), BF_EFORM);
}

static void sip_065_the_caller_sees_the_from_he_wrote(void **state)
{
    const struct forward_back back = { .from = SPAN("f: <sip:a@h>;tag=a1") };
    (void)state;
    assert_int_equal(come_back("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n" RESPONSE_HEAD
                               "\r\n",
                               &back, NULL),
                     BF_OK);
    has("\r\nf: <sip:a@h>;tag=a1\r\n");
    has_not("rewritten");
}

static void sip_060_whom_a_stranger_reached_is_not_asserted_to_him_against_their_wish(void **state)
{
    static const struct {
        const char *privacy;
        bool outside, goes;
    } rows[] = { { "Privacy: id\r\n", true, false }, { "Privacy: id\r\n", false, true }, { "", true, true } };
    char text[1024];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct forward_back back = { .outside = rows[i].outside };
        snprintf(text, sizeof text,
                 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n" RESPONSE_HEAD
                 "%sP-Asserted-Identity: <tel:+12025550100>\r\n\r\n",
                 rows[i].privacy);
        assert_int_equal(come_back(text, &back, NULL), BF_OK);
        if (rows[i].goes)
            has("P-Asserted-Identity: <tel:+12025550100>\r\n");
        else
            has_not("+12025550100");
    }
}

#define FAILED "Reason: STIR;cause=438;text=\"Invalid Identity Header\"\r\n"

static void rsn_003_what_failed_stands_in_the_next_response_and_not_in_a_100(void **state)
{
    static const struct {
        const char *status;
        bool there;
    } rows[] = { { "100 Trying", false },
                 { "180 Ringing", true },
                 { "183 Session Progress", true },
                 { "200 OK", true },
                 { "486 Busy Here", true } };
    const struct forward_back back = { .reasons = SPAN(FAILED) };
    char text[1024];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(text, sizeof text,
                 "SIP/2.0 %s\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n" RESPONSE_HEAD
                 "Reason: Q.850;cause=16\r\n\r\n",
                 rows[i].status);
        assert_int_equal(come_back(text, &back, NULL), BF_OK);
        has("Reason: Q.850;cause=16\r\n"); /* RSN-008 */
        if (rows[i].there)
            has(FAILED);
        else
            has_not("STIR");
    }
}

static void rsn_006_a_reason_with_our_own_token_goes_no_further(void **state)
{
    static const struct {
        const char *reason, *left; /* NULL: nothing */
        bool own;
    } rows[] = {
        { "Reason: STIR;cause=436;text=\"Bad Identity Info\";ppi=\"..c2ln\"", NULL, true },
        { "reason : stir ; cause=436 ; PPI = \"aa.bb.c2ln\"", NULL, true },
        { "Reason: Q.850;cause=16, STIR;cause=436;ppi=\"..c2ln\", SIP;cause=200",
          "Reason: Q.850;cause=16, SIP;cause=200\r\n", true },
        { "Reason: STIR;cause=436;ppi=\"..c2ln\",STIR;cause=437;ppi=\"..b3RoZXI\"",
          "Reason: STIR;cause=437;ppi=\"..b3RoZXI\"\r\n", true },
        { "Reason: STIR;cause=436;ppi=\"..b3RoZXI\"", "Reason: STIR;cause=436;ppi=\"..b3RoZXI\"\r\n", false },
        { "Reason: STIR;cause=436", "Reason: STIR;cause=436\r\n", false },
        { "Reason: SIP;cause=436;text=\"..c2ln\"", "Reason: SIP;cause=436;text=\"..c2ln\"\r\n", false },
        { "Reason: STIR;cause=436;text=\"a\\\"b, c\"", "Reason: STIR;cause=436;text=\"a\\\"b, c\"\r\n",
          false }, /* RSN-009 */
    };
    const struct forward_back back = { .signature = SPAN("c2ln") };
    char text[2048];
    bool own;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(text, sizeof text,
                 "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n" RESPONSE_HEAD
                 "%s\r\n\r\n",
                 rows[i].reason);
        assert_int_equal(come_back(text, &back, &own), BF_OK);
        assert_int_equal(own, rows[i].own);
        if (rows[i].left)
            has(rows[i].left);
        else
            has_not("reason");
        if (own)
            has_not("c2ln");
    }
}

static void rsn_009_a_long_token_in_a_reason_is_found_too(void **state)
{
    static char text[6000];
    const struct forward_back back = { .signature = SPAN("c2ln") };
    struct buf b = buf_on(text, sizeof text - 1);
    bool own;
    (void)state;
    buf_text(&b, "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n" RESPONSE_HEAD
                 "Reason: STIR;cause=436;ppi=\"");
    for (size_t i = 0; i < 4000; i++)
        buf_char(&b, 'a');
    buf_text(&b, ".bb.c2ln\"\r\n\r\n");
    assert_int_equal(come_back(text, &back, &own), BF_OK);
    assert_true(own);
    has_not("STIR");
}

/* ---- which header failed ---- */

static void reasons_of(unsigned n, bool trusted, const char *expected)
{
    static const char *const values[] = { "a.b.c2ln;info=<https://h/x>;alg=ES256",
                                          "d.e.b3RoZXI;info=<https://h/x>;alg=ES256" };
    struct call judged = { .n_identities = 2, .identities = { span_of(values[0]), span_of(values[1]) } };
    char memory[1024];
    struct buf out = BUF_ON(memory);
    struct decision d;
    memset(&d, 0, sizeof d);
    d.verify.n = (uint8_t)n;
    d.verify.failed[0].stir_case = CASE_E8_NOT_FETCHED;
    d.verify.failed[1].identity = 1;
    d.verify.failed[1].stir_case = CASE_E17_CHAIN;
    forward_reasons(&d, &judged, trusted, &out);
    assert_true(buf_ok(&out));
    if (!span_equal(buf_span(&out), span_of(expected)))
        fail_msg("%.*s", SPAN_FMT(buf_span(&out)));
}

static void rsn_002_a_failed_header_is_told_by_its_code_and_phrase(void **state)
{
    (void)state;
    reasons_of(0, true, "");
    reasons_of(1, false, "Reason: STIR;cause=436;text=\"Bad Identity Info\"\r\n");
}

static void rsn_004_each_header_that_failed_has_a_reason_with_the_compact_token(void **state)
{
    (void)state;
    reasons_of(1, true, "Reason: STIR;cause=436;text=\"Bad Identity Info\";ppi=\"..c2ln\"\r\n");
    reasons_of(2, true,
               "Reason: STIR;cause=436;text=\"Bad Identity Info\";ppi=\"..c2ln\"\r\n"
               "Reason: STIR;cause=437;text=\"Unsupported Credential\";ppi=\"..b3RoZXI\"\r\n");
}

static void rsn_007_a_stranger_is_not_told_which_token(void **state)
{
    (void)state;
    reasons_of(2, false,
               "Reason: STIR;cause=436;text=\"Bad Identity Info\"\r\n"
               "Reason: STIR;cause=437;text=\"Unsupported Credential\"\r\n");
}

static void rsn_006_our_own_token_is_known_by_its_signature(void **state)
{
    (void)state;
    assert_true(span_equal(forward_signature(SPAN("a.b.c2ln;info=<https://h/x>;alg=ES256")), SPAN("c2ln")));
    assert_true(span_equal(forward_signature(SPAN("a.b.c2ln")), SPAN("c2ln")));
    assert_int_equal(forward_signature(SPAN("nothing")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_054_a_request_goes_on_with_our_via_on_top_and_one_hop_less),
        cmocka_unit_test(sec_047_what_says_that_a_call_was_verified_is_taken_out),
        cmocka_unit_test(sec_047_nothing_is_taken_out_that_says_nothing),
        cmocka_unit_test(sec_047_headers_of_ours_are_taken_out_by_whatever_name_they_have_here),
        cmocka_unit_test(ci_004_a_strangers_wishes_for_the_phone_go_no_further),
        cmocka_unit_test(sip_055_routes_of_ours_go_and_others_stay),
        cmocka_unit_test(sip_054_hops_run_out_and_are_added_where_there_are_none),
        cmocka_unit_test(sip_022_the_top_via_says_where_the_request_came_from),
        cmocka_unit_test(sec_048_nothing_with_control_bytes_is_added),
        cmocka_unit_test(sec_048_a_name_cannot_start_a_line_of_its_own),
        cmocka_unit_test(sip_060_asserted_numbers_do_not_leave_the_trust_domain_against_the_callers_wish),
        cmocka_unit_test(date_is_added_when_we_sign_and_there_is_none),
        cmocka_unit_test(numbers_are_written_as_the_next_hop_wants_them),
        cmocka_unit_test(sip_054_a_response_comes_back_without_our_via),
        cmocka_unit_test(sip_065_the_caller_sees_the_from_he_wrote),
        cmocka_unit_test(sip_060_whom_a_stranger_reached_is_not_asserted_to_him_against_their_wish),
        cmocka_unit_test(rsn_003_what_failed_stands_in_the_next_response_and_not_in_a_100),
        cmocka_unit_test(rsn_006_a_reason_with_our_own_token_goes_no_further),
        cmocka_unit_test(rsn_009_a_long_token_in_a_reason_is_found_too),
        cmocka_unit_test(rsn_002_a_failed_header_is_told_by_its_code_and_phrase),
        cmocka_unit_test(rsn_004_each_header_that_failed_has_a_reason_with_the_compact_token),
        cmocka_unit_test(rsn_007_a_stranger_is_not_told_which_token),
        cmocka_unit_test(rsn_006_our_own_token_is_known_by_its_signature),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
