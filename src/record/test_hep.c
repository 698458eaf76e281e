/* SPDX-License-Identifier: Apache-2.0 */
#include "record/hep.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cidr.h"
#include "tap.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage a;
    socklen_t n;
    assert_int_equal(addr_read(span_of(text), &a, &n, NULL), BF_OK);
    return a;
}

static void assert_hex(struct span got, const char *hex)
{
    char text[2048];
    struct buf b = BUF_ON(text);
    buf_hex(&b, (const uint8_t *)got.p, got.n);
    buf_char(&b, '\0');
    assert_string_equal(text, hex);
}

static void a_packet_is_what_the_format_says_byte_by_byte(void **state)
{
    const struct sockaddr_storage from = address("192.0.2.10:5060"), to = address("192.0.2.20:5070");
    const struct hep_packet p = { .from = (const struct sockaddr *)&from,
                                  .to = (const struct sockaddr *)&to,
                                  .at = { .utc = 1443208345, .ms = 500 },
                                  .type = HEP_SIP,
                                  .agent = 2001,
                                  .key = SPAN("pw"),
                                  .correlation = SPAN("a@b"),
                                  .payload = SPAN("INVITE") };
    char bytes[256];
    struct buf b = BUF_ON(bytes);
    (void)state;
    assert_int_equal(hep_write(&p, &b), BF_OK);
    assert_hex(buf_span(&b), "48455033"
                             "007a"
                             "00000001000702"
                             "00000003000ac000020a"
                             "00000004000ac0000214"
                             "00000007000813c4"
                             "00000008000813ce"
                             "00000002000711"
                             "00000009000a56059c99"
                             "0000000a000a0007a120"
                             "0000000b000701"
                             "0000000c000a000007d1"
                             "0000000e00087077"
                             "000000110009614062"
                             "0000000f000c494e56495445");
}

static void ipv6_and_tcp_have_chunks_of_their_own_and_what_is_absent_has_none(void **state)
{
    const struct sockaddr_storage from = address("[2001:db8::1]:1"), to = address("[2001:db8::2]:2");
    const struct hep_packet p = { .from = (const struct sockaddr *)&from,
                                  .to = (const struct sockaddr *)&to,
                                  .tcp = true,
                                  .type = HEP_LOG,
                                  .payload = SPAN("{}") };
    char bytes[256];
    struct buf b = BUF_ON(bytes);
    (void)state;
    assert_int_equal(hep_write(&p, &b), BF_OK);
    assert_hex(buf_span(&b), "48455033"
                             "007d"
                             "0000000100070a"
                             "00000005001620010db8000000000000000000000001"
                             "00000006001620010db8000000000000000000000002"
                             "0000000700080001"
                             "0000000800080002"
                             "00000002000706"
                             "00000009000a00000000"
                             "0000000a000a00000000"
                             "0000000b000764"
                             "0000000c000a00000000"
                             "0000000f00087b7d");
}

static void what_is_longer_than_a_length_can_say_is_refused(void **state)
{
    enum { HEADS = 56 }; /* of the packet and of its seven chunks, with their values */
    static char payload[HEP_BYTES], room[2 * HEP_BYTES];
    struct hep_packet p = { .type = HEP_SIP, .payload = { payload, HEP_BYTES - HEADS } };
    struct buf b = BUF_ON(room);
    (void)state;
    assert_int_equal(hep_write(&p, &b), BF_OK);
    for (size_t n = HEP_BYTES - HEADS + 1; n <= sizeof payload; n++) {
        b = BUF_ON(room);
        p.payload.n = n;
        assert_int_equal(hep_write(&p, &b), BF_ELIMIT);
    }
    b = buf_on(room, 50);
    p.payload.n = 6;
    assert_int_equal(hep_write(&p, &b), BF_ELIMIT);
}

/* A socket that collects, and its address. */
static int collector(struct sockaddr_storage *ret, socklen_t *n)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(addr_read(SPAN("127.0.0.1:0"), ret, n, NULL), BF_OK);
    assert_int_equal(bind(fd, (const struct sockaddr *)ret, *n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret, n), 0);
    return fd;
}

static size_t receive(int fd, char *bytes, size_t size)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 20000), 1);
    return (size_t)recv(fd, bytes, size, 0);
}

static void a_caller_who_withheld_the_number_is_told_of_without_it(void **state)
{
    auto_(hep_sender_destroy) struct hep_sender *s = NULL;
    struct hep_options o = { .messages = HEP_SHOWN };
    const int fd = collector(&o.to, &o.to_n);
    const struct record r = { .caller = SPAN("12155550121"),
                              .called = SPAN("12155550131"),
                              .pai = SPAN("<sip:+12155550121@a>"),
                              .call_id = SPAN("x"),
                              .masked = true };
    const struct hep_call call = { .record = &r,
                                   .from = (const struct sockaddr *)&o.to,
                                   .to = (const struct sockaddr *)&o.to,
                                   .message = SPAN("INVITE … P-Asserted-Identity: <sip:+12155550121@a>") };
    char bytes[65536];
    (void)state;
    assert_int_equal(hep_sender_create(&o, &s), BF_OK);
    hep_sender_call(s, &call);
    const size_t n = receive(fd, bytes, sizeof bytes);
    assert_non_null(memmem(bytes, n, "12155550131", 11));
    assert_null(memmem(bytes, n, "12155550121", 11));
    assert_null(memmem(bytes, n, "INVITE", 6));
    close(fd);
}

static void a_collector_that_takes_nothing_costs_packets_and_nothing_else(void **state)
{
    struct hep_sender *s = NULL;
    struct hep_options o = { .tcp = true };
    static char big[60000];
    const struct record r = { .call_id = SPAN("x") };
    (void)state;
    memset(big, 'x', sizeof big);
    const int fd = collector(&o.to, &o.to_n); /* of UDP: nobody listens on that port of TCP */
    assert_int_equal(hep_sender_create(&o, &s), BF_OK);
    const struct hep_call call = { .record = &r, .message = { big, sizeof big } };
    for (unsigned i = 0; i < 500; i++)
        hep_sender_call(s, &call);
    while (hep_sender_counts(s).dropped < 500)
        poll(NULL, 0, 1);
    assert_int_equal(hep_sender_counts(s).sent, 0);
    hep_sender_destroy(s);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_what_the_format_says_byte_by_byte),
        cmocka_unit_test(ipv6_and_tcp_have_chunks_of_their_own_and_what_is_absent_has_none),
        cmocka_unit_test(what_is_longer_than_a_length_can_say_is_refused),
        cmocka_unit_test(a_caller_who_withheld_the_number_is_told_of_without_it),
        cmocka_unit_test(a_collector_that_takes_nothing_costs_packets_and_nothing_else),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
