/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/reply.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/cidr.h"
#include "tap.h"

#define REST                                                                                                 \
    "From: \"Lab\" <sip:+12155550121@a.example>;tag=f1\r\nTo: <sip:+12155550131@b.example>\r\n"              \
    "i: 1@a.example\r\nCSeq: 1 INVITE\r\n"

static struct sip_message m, answer;

static void read_request(const char *via, const char *rest)
{
    static char text[4096];
    struct fault fault = { 0 };
    snprintf(text, sizeof text, "INVITE sip:b@b.example SIP/2.0\r\n%s%s\r\n", via, rest);
    if (message_read(span_of(text), SIP_DATAGRAM, &m, &fault) != BF_OK)
        fail_msg("%s at %zu", fault.what, fault.at);
}

static struct sockaddr_storage source_of(const char *text, struct sip_source *ret, bool reliable)
{
    static struct sockaddr_storage kept;
    socklen_t n;
    assert_int_equal(addr_read(span_of(text), &kept, &n, NULL), BF_OK);
    *ret = (struct sip_source){ (const struct sockaddr *)&kept, reliable };
    return kept;
}

static const char *reply_text(const char *from, int status, const char *tag)
{
    static char memory[8192];
    struct buf out = buf_on(memory, sizeof memory - 1);
    struct sip_source source;
    source_of(from, &source, false);
    assert_int_equal(reply_begin(&out, &m, &source, status, NULL, span_of(tag)), BF_OK);
    reply_end(&out, SPAN(""));
    assert_true(buf_ok(&out));
    memory[out.n] = '\0';
    return memory;
}

static void sip_030_what_the_request_said_is_copied(void **state)
{
    (void)state;
    read_request("v: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKx\r\nVia : SIP/2.0/TCP b\r\n ;branch=y \r\n",
                 REST);
    assert_string_equal(reply_text("192.0.2.1:5070", 302, "tag1"),
                        "SIP/2.0 302 Moved Temporarily\r\n"
                        "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKx\r\n"
                        "Via : SIP/2.0/TCP b\r\n ;branch=y \r\n"
                        "From: \"Lab\" <sip:+12155550121@a.example>;tag=f1\r\n"
                        "To: <sip:+12155550131@b.example>;tag=tag1\r\n"
                        "i: 1@a.example\r\n"
                        "CSeq: 1 INVITE\r\n"
                        "Content-Length: 0\r\n\r\n");
}

static void sip_030_a_tag_is_added_once_and_not_to_100(void **state)
{
    (void)state;
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n", REST);
    assert_null(strstr(reply_text("192.0.2.1:5060", 100, ""), ";tag=tag1"));
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n",
                 "From: <sip:a@b>;tag=f\r\nTo: <sip:c@d>;Tag=t\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n");
    const char *text = reply_text("192.0.2.1:5060", 302, "tag1");
    assert_non_null(strstr(text, "To: <sip:c@d>;Tag=t\r\n"));
    /* A parameter of the URI is no tag of the header. */
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n",
                 "From: <sip:a@b>;tag=f\r\nTo: <sip:c@d;tag=t>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n");
    assert_non_null(strstr(reply_text("192.0.2.1:5060", 302, "tag1"), "To: <sip:c@d;tag=t>;tag=tag1\r\n"));
}

static void sip_022_the_top_via_says_where_the_request_came_from(void **state)
{
    (void)state;
    static const struct {
        const char *via, *from, *written;
    } rows[] = {
        { "SIP/2.0/UDP 192.0.2.1;branch=x", "192.0.2.1:9", "SIP/2.0/UDP 192.0.2.1;branch=x" },
        { "SIP/2.0/UDP a.example;branch=x", "192.0.2.1:9",
          "SIP/2.0/UDP a.example;branch=x;received=192.0.2.1" },
        { "SIP/2.0/UDP 192.0.2.2;branch=x", "192.0.2.1:9",
          "SIP/2.0/UDP 192.0.2.2;branch=x;received=192.0.2.1" },
        { "SIP/2.0/UDP 192.0.2.1;rport;branch=x", "192.0.2.1:9",
          "SIP/2.0/UDP 192.0.2.1;branch=x;rport=9;received=192.0.2.1" },
        { "SIP/2.0/UDP 192.0.2.1;rport=5;branch=x;received=10.0.0.1", "192.0.2.1:9",
          "SIP/2.0/UDP 192.0.2.1;branch=x;rport=9;received=192.0.2.1" },
        { "SIP/2.0/UDP 192.0.2.1;received=10.0.0.1", "192.0.2.1:9", "SIP/2.0/UDP 192.0.2.1" },
        { "SIP/2.0/UDP [2001:DB8:0::1]:5060;branch=x", "[2001:db8::1]:9",
          "SIP/2.0/UDP [2001:DB8:0::1]:5060;branch=x" },
        { "SIP/2.0/UDP [2001:db8::2];rport", "[2001:db8::1]:9",
          "SIP/2.0/UDP [2001:db8::2];rport=9;received=2001:db8::1" },
        { "SIP/2.0/UDP 192.0.2.1", "[::ffff:192.0.2.1]:9", "SIP/2.0/UDP 192.0.2.1" },
        { "SIP/2.0/UDP a;x=\"y;z\" , SIP/2.0/TCP b;received=c", "192.0.2.1:9",
          "SIP/2.0/UDP a;x=\"y;z\";received=192.0.2.1, SIP/2.0/TCP b;received=c" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char line[512], expected[512];
        snprintf(line, sizeof line, "Via: %s\r\n", rows[i].via);
        snprintf(expected, sizeof expected, "Via: %s\r\nFrom", rows[i].written);
        read_request(line, REST);
        const char *text = reply_text(rows[i].from, 200, "t");
        if (!strstr(text, expected))
            fail_msg("`%s` became `%s`", rows[i].via, text);
    }
}

static void sip_005_sip_030_what_cannot_be_answered_is_said(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", REST },
        { "Via: nonsense\r\n", REST },
        { "Via: SIP/2.0/UDP a\r\n", "From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCSeq: 1 INVITE\r\n" },
        { "Via: SIP/2.0/UDP a\r\n", "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n" },
    };
    char memory[1024];
    struct sip_source source;
    source_of("192.0.2.1:5060", &source, false);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = BUF_ON(memory);
        read_request(rows[i][0], rows[i][1]);
        assert_int_equal(reply_begin(&out, &m, &source, 400, NULL, SPAN("t")), BF_EFORM);
    }
}

static void sip_033_the_timestamp_goes_into_100_only(void **state)
{
    (void)state;
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n", REST "Timestamp: 54\r\n");
    assert_non_null(strstr(reply_text("192.0.2.1:5060", 100, ""), "\r\nTimestamp: 54\r\n"));
    assert_null(strstr(reply_text("192.0.2.1:5060", 200, "t"), "Timestamp"));
}

static void sip_033_answers_can_be_read_again(void **state)
{
    (void)state;
    struct sip_via via;
    read_request("Via: SIP/2.0/UDP a.example;rport;branch=z9hG4bKx\r\n", REST);
    assert_int_equal(message_read(span_of(reply_text("192.0.2.9:4711", 438, "t")), SIP_STREAM, &answer, NULL),
                     BF_OK);
    assert_int_equal(answer.status, 438);
    assert_true(span_equal(answer.reason, SPAN("Invalid Identity Header")));
    assert_null(message_missing(&answer));
    assert_int_equal(sip_via_read(message_header(&answer, SIP_H_VIA), &via, NULL), BF_OK);
    assert_int_equal(via.rport_value, 4711);
}

static void sec_048_no_control_byte_gets_into_what_we_add(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct span value;
        bool written;
    } rows[] = {
        { "X", SPAN("plain \xc3\xab"), true },
        { "X", SPAN("a\r\nIdentity: y"), false },
        { "X", SPAN("a\nb"), false },
        { "X", SPAN("a\0b"), false },
        { "X", SPAN("\x1b[31m"), false },
        { "X", SPAN("\x7f"), false },
        { "X", SPAN("a\tb"), false },
        { "", SPAN("a"), false },
        { "X", SPAN(""), true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[64];
        struct buf out = BUF_ON(memory);
        reply_header(&out, rows[i].name, rows[i].value);
        assert_int_equal(buf_ok(&out), rows[i].written);
    }
    /* Nor into the reason phrase. */
    char memory[1024];
    struct buf out = BUF_ON(memory);
    struct sip_source source;
    source_of("192.0.2.1:5060", &source, false);
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n", REST);
    assert_int_equal(reply_begin(&out, &m, &source, 603, "a\r\nX: y", SPAN("t")), BF_OK);
    assert_non_null(memmem(out.p, out.n, "SIP/2.0 603 a??X: y\r\n", 21));
}

static void an_answer_that_does_not_fit_is_not_ok(void **state)
{
    (void)state;
    char memory[100];
    struct buf out = BUF_ON(memory);
    struct sip_source source;
    source_of("192.0.2.1:5060", &source, false);
    read_request("Via: SIP/2.0/UDP 192.0.2.1\r\n", REST);
    assert_int_equal(reply_begin(&out, &m, &source, 302, NULL, SPAN("t")), BF_OK);
    reply_end(&out, SPAN("body"));
    assert_false(buf_ok(&out));
}

static void sip_031_the_tag_is_a_function_of_the_request(void **state)
{
    (void)state;
    static const uint8_t secret[16] = "0123456789abcde", other[16] = "0123456789abcdf";
    static const char *const variants[][2] = {
        { "Via: SIP/2.0/UDP a;branch=z1\r\n", REST },
        { "Via: SIP/2.0/UDP a;branch=z2\r\n", REST },
        { "Via: SIP/2.0/UDP a;branch=z1\r\n",
          "From: <sip:a@b>;tag=f2\r\nTo: <sip:a@b>\r\ni: 1@a.example\r\nCSeq: 1 INVITE\r\n" },
        { "Via: SIP/2.0/UDP a;branch=z1\r\n",
          "From: <sip:a@b>;tag=f1\r\nTo: <sip:a@b>\r\ni: 2@a.example\r\nCSeq: 1 INVITE\r\n" },
        { "Via: SIP/2.0/UDP a;branch=z1\r\n",
          "From: <sip:a@b>;tag=f1\r\nTo: <sip:a@b>\r\ni: 1@a.example\r\nCSeq: 2 INVITE\r\n" },
    };
    char first[REPLY_TAG], again[REPLY_TAG];
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        read_request(variants[i][0], variants[i][1]);
        reply_tag(secret, &m, again);
        if (i == 0)
            memcpy(first, again, sizeof first);
        assert_int_equal(memcmp(first, again, sizeof first) == 0, i == 0);
    }
    read_request(variants[0][0], variants[0][1]);
    reply_tag(secret, &m, again);
    assert_memory_equal(first, again, sizeof first);
    reply_tag(other, &m, again);
    assert_memory_not_equal(first, again, sizeof first);
    for (size_t i = 0; i < REPLY_TAG; i++)
        assert_non_null(strchr("0123456789abcdef", first[i]));
}

static void sip_032_the_same_request_gets_the_same_bytes(void **state)
{
    (void)state;
    static const uint8_t secret[16] = "0123456789abcde";
    char tag[REPLY_TAG + 1] = "", first[8192];
    for (int i = 0; i < 2; i++) {
        read_request("Via: SIP/2.0/UDP a;branch=z1;rport\r\n", REST);
        reply_tag(secret, &m, tag);
        const char *text = reply_text("192.0.2.1:9", 302, tag);
        if (i == 0)
            strcpy(first, text);
        assert_string_equal(first, text);
    }
}

static void sip_023_where_answers_go_over_udp(void **state)
{
    (void)state;
    static const struct {
        const char *via, *from, *to; /* NULL: not answerable */
    } rows[] = {
        { "SIP/2.0/UDP a.example", "192.0.2.1:9", "192.0.2.1:5060" },
        { "SIP/2.0/UDP a.example:5070", "192.0.2.1:9", "192.0.2.1:5070" },
        { "SIP/2.0/UDP 10.0.0.1:5070;rport", "192.0.2.1:9", "192.0.2.1:9" },
        { "SIP/2.0/UDP 10.0.0.1:5070;received=10.9.9.9", "192.0.2.1:9", "192.0.2.1:5070" },
        { "SIP/2.0/UDP a;maddr=239.1.1.1", "192.0.2.1:9", "239.1.1.1:5060" },
        { "SIP/2.0/UDP a:5070;maddr=[ff02::1]", "[2001:db8::1]:9", "[ff02::1]:5070" },
        { "SIP/2.0/UDP a:5070;maddr=203.0.113.7", "192.0.2.1:9", "192.0.2.1:5070" }, /* nobody is aimed at */
        { "SIP/2.0/UDP a;maddr=victim.example", "192.0.2.1:9", "192.0.2.1:5060" },
        { "SIP/2.0/UDP [2001:db8::9];rport", "[2001:db8::1]:9", "[2001:db8::1]:9" },
        { "nonsense", "192.0.2.1:9", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char line[256], text[64];
        struct sip_source source;
        struct sockaddr_storage to;
        socklen_t n;
        snprintf(line, sizeof line, "Via: %s\r\n", rows[i].via);
        read_request(line, REST);
        source_of(rows[i].from, &source, false);
        assert_int_equal(reply_target(&m, &source, &to, &n), rows[i].to != NULL);
        if (rows[i].to)
            assert_string_equal(addr_text((const struct sockaddr *)&to, text), rows[i].to);
    }
}

static void sip_024_the_default_port_is_5060_and_streams_answer_where_they_are(void **state)
{
    (void)state;
    struct sip_source source;
    struct sockaddr_storage to;
    socklen_t n;
    char text[64];
    read_request("Via: SIP/2.0/TCP a.example\r\n", REST);
    source_of("192.0.2.1:40001", &source, true);
    assert_true(reply_target(&m, &source, &to, &n));
    assert_string_equal(addr_text((const struct sockaddr *)&to, text), "192.0.2.1:40001");
    source.addr = NULL;
    assert_false(reply_target(&m, &source, &to, &n));
}

static void sip_034_sip_035_reasons_are_the_standards(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *reason;
    } rows[] = { { 100, "Trying" },
                 { 200, "OK" },
                 { 302, "Moved Temporarily" },
                 { 400, "Bad Request" },
                 { 405, "Method Not Allowed" },
                 { 416, "Unsupported URI Scheme" },
                 { 420, "Bad Extension" },
                 { 428, "Use Identity Header" },
                 { 436, "Bad Identity Info" },
                 { 437, "Unsupported Credential" },
                 { 438, "Invalid Identity Header" },
                 { 481, "Call/Transaction Does Not Exist" },
                 { 482, "Loop Detected" },
                 { 483, "Too Many Hops" },
                 { 487, "Request Terminated" },
                 { 503, "Service Unavailable" },
                 { 513, "Message Too Large" },
                 { 599, "" },
                 { 0, "" } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(sip_reason(rows[i].status), rows[i].reason);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_030_what_the_request_said_is_copied),
        cmocka_unit_test(sip_030_a_tag_is_added_once_and_not_to_100),
        cmocka_unit_test(sip_022_the_top_via_says_where_the_request_came_from),
        cmocka_unit_test(sip_005_sip_030_what_cannot_be_answered_is_said),
        cmocka_unit_test(sip_033_the_timestamp_goes_into_100_only),
        cmocka_unit_test(sip_033_answers_can_be_read_again),
        cmocka_unit_test(sec_048_no_control_byte_gets_into_what_we_add),
        cmocka_unit_test(an_answer_that_does_not_fit_is_not_ok),
        cmocka_unit_test(sip_031_the_tag_is_a_function_of_the_request),
        cmocka_unit_test(sip_032_the_same_request_gets_the_same_bytes),
        cmocka_unit_test(sip_023_where_answers_go_over_udp),
        cmocka_unit_test(sip_024_the_default_port_is_5060_and_streams_answer_where_they_are),
        cmocka_unit_test(sip_034_sip_035_reasons_are_the_standards),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
