/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/message.h"

#include "tap.h"

static const char invite[] = "INVITE sip:+12155550131@bonafide.example;user=phone SIP/2.0\r\n"
                             "v : SIP/2.0/UDP a.example\r\n ;branch=z9hG4bKx\r\n"
                             "Via: SIP/2.0/TCP b.example;branch=z9hG4bKy\r\n"
                             "From: \"Lab\" <sip:+12155550121@a.example>;tag=1\r\n"
                             "TO:<sip:+12155550131@b.example>\r\n"
                             "i: 1@a.example\r\n"
                             "CSeq: 1 INVITE\r\n"
                             "X-Any:\r\n"
                             "Content-Length: 4\r\n\r\nbody";

static void sip_001_a_request_is_read_where_it_lies(void **state)
{
    (void)state;
    struct sip_message m;
    struct fault fault = { 0 };
    assert_int_equal(message_read(SPAN(invite), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_true(m.is_request);
    assert_int_equal(m.method, SIP_INVITE);
    assert_true(span_equal(m.uri, SPAN("sip:+12155550131@bonafide.example;user=phone")));
    assert_int_equal(m.n_headers, 8);
    assert_true(span_equal(m.body, SPAN("body")));
    assert_true(span_equal(message_header(&m, SIP_H_VIA), SPAN("SIP/2.0/UDP a.example\r\n ;branch=z9hG4bKx")));
    assert_null(message_missing(&m));
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(sip_001_a_request_is_read_where_it_lies) };
    return tap_run(tests, sizeof tests / sizeof tests[0]);
}
