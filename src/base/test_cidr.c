/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cidr.h"

#include <arpa/inet.h>

#include "tap.h"

static struct sockaddr_storage addr_of(const char *text)
{
    struct sockaddr_storage addr;
    socklen_t n;
    assert_int_equal(addr_read(span_of(text), &addr, &n, NULL), BF_OK);
    return addr;
}

static void a_network_holds_what_shares_its_prefix(void **state)
{
    static const struct {
        const char *net, *addr;
        bool holds;
    } rows[] = {
        { "10.0.0.0/8", "10.255.255.255:1", true },
        { "10.0.0.0/8", "11.0.0.0:1", false },
        { "192.0.2.128/25", "192.0.2.127:1", false },
        { "192.0.2.128/25", "192.0.2.128:1", true },
        { "192.0.2.7", "192.0.2.7:1", true },
        { "192.0.2.7", "192.0.2.6:1", false },
        { "0.0.0.0/0", "255.255.255.255:1", true },
        { "0.0.0.0/0", "[2001:db8::1]:1", false },
        { "::/0", "127.0.0.1:1", true },
        { "2001:db8::/33", "[2001:db8:7fff::1]:1", true },
        { "2001:db8::/33", "[2001:db8:8000::1]:1", false },
        { "::1", "[::1]:1", true },
        { "::1", "[::2]:1", false },
        { "127.0.0.0/8", "[::ffff:127.0.0.1]:1", true },
        { "::ffff:10.0.0.0/104", "10.9.9.9:1", true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sockaddr_storage addr = addr_of(rows[i].addr);
        struct cidr net;
        print_message("%s in %s\n", rows[i].addr, rows[i].net);
        assert_int_equal(cidr_read(span_of(rows[i].net), &net, NULL), BF_OK);
        assert_int_equal(cidr_holds(&net, (const struct sockaddr *)&addr), rows[i].holds);
    }
}

static void networks_that_say_two_things_are_refused(void **state)
{
    static const char *const rows[] = { "",
                                        "10.0.0.1/8",
                                        "10.0.0.0/33",
                                        "10.0.0.0/",
                                        "10.0.0/8",
                                        "2001:db8::1/64",
                                        "::/129",
                                        "10.0.0.0/8 ",
                                        " 10.0.0.0/8",
                                        "10.0.0.0/-1",
                                        "localhost",
                                        "10.0.0.0/8/8",
                                        "[::1]",
                                        "1.2.3.4.5",
                                        "010.0.0.0/8x",
                                        "::ffff:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cidr net = { .bits = 77 };
        struct fault fault = { 0, NULL };
        print_message("%s\n", rows[i]);
        assert_int_equal(cidr_read(span_of(rows[i]), &net, &fault), BF_EFORM);
        assert_non_null(fault.what);
        assert_int_equal(net.bits, 77);
    }
}

static void addresses_read_back_as_they_are_written(void **state)
{
    static const char *const rows[] = { "127.0.0.1:5060", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:5060",
                                        "[2001:db8::1]:65535" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sockaddr_storage addr = addr_of(rows[i]);
        char text[64];
        assert_string_equal(addr_text((const struct sockaddr *)&addr, text), rows[i]);
    }
}

static void addresses_without_port_brackets_or_sense_are_refused(void **state)
{
    static const char *const rows[] = {
        "",         "127.0.0.1",     "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":5060",      "::1",
        "::1:5060", "[127.0.0.1]:1", "[::1]",      "localhost:5060",  "[]:1",         "1.2.3.4:5 ", "[::1]x:5"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr_storage addr;
        socklen_t n;
        struct fault fault = { 0, NULL };
        print_message("%s\n", rows[i]);
        assert_int_equal(addr_read(span_of(rows[i]), &addr, &n, &fault), BF_EFORM);
        assert_non_null(fault.what);
    }
}

static void a_mapped_address_is_shown_as_the_ipv4_it_is(void **state)
{
    const struct sockaddr_storage mapped = addr_of("[::ffff:192.0.2.7]:5060");
    char text[64];
    (void)state;
    assert_string_equal(addr_text((const struct sockaddr *)&mapped, text), "192.0.2.7:5060");
}

static void other_families_are_in_no_network(void **state)
{
    const struct sockaddr local = { .sa_family = AF_UNIX };
    const struct cidr all = { .bits = 0 };
    uint8_t bytes[16];
    char text[64];
    (void)state;
    assert_false(addr_bytes(&local, bytes));
    assert_false(cidr_holds(&all, &local));
    assert_int_equal(addr_port(&local), 0);
    assert_string_equal(addr_text(&local, text), "-");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_holds_what_shares_its_prefix),
        cmocka_unit_test(networks_that_say_two_things_are_refused),
        cmocka_unit_test(addresses_read_back_as_they_are_written),
        cmocka_unit_test(addresses_without_port_brackets_or_sense_are_refused),
        cmocka_unit_test(a_mapped_address_is_shown_as_the_ipv4_it_is),
        cmocka_unit_test(other_families_are_in_no_network),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
