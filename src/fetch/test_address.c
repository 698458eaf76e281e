/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "fetch/fetch.h"
#include "tap.h"

static const struct {
    const char *address;
    bool allowed, in_lab;
} rows[] = {
    { "93.184.216.34", true, true },
    { "8.8.8.8", true, true },
    { "0.0.0.0", false, false },
    { "0.255.255.255", false, false },
    { "1.0.0.0", true, true },
    { "9.255.255.255", true, true },
    { "10.0.0.0", false, true },
    { "10.255.255.255", false, true },
    { "11.0.0.0", true, true },
    { "100.63.255.255", true, true },
    { "100.64.0.0", false, true },
    { "100.127.255.255", false, true },
    { "100.128.0.0", true, true },
    { "126.255.255.255", true, true },
    { "127.0.0.1", false, true },
    { "127.255.255.255", false, true },
    { "128.0.0.0", true, true },
    { "169.253.255.255", true, true },
    { "169.254.169.254", false, false },
    { "169.255.0.0", true, true },
    { "172.15.255.255", true, true },
    { "172.16.0.0", false, true },
    { "172.31.255.255", false, true },
    { "172.32.0.0", true, true },
    { "192.0.0.8", false, false },
    { "192.0.1.0", true, true },
    { "192.0.2.1", false, true },
    { "192.0.3.0", true, true },
    { "192.88.99.1", false, false },
    { "192.88.100.0", true, true },
    { "192.167.255.255", true, true },
    { "192.168.0.1", false, true },
    { "192.169.0.0", true, true },
    { "198.17.255.255", true, true },
    { "198.18.0.0", false, true },
    { "198.19.255.255", false, true },
    { "198.20.0.0", true, true },
    { "198.51.100.7", false, true },
    { "203.0.113.7", false, true },
    { "223.255.255.255", true, true },
    { "224.0.0.1", false, false },
    { "239.255.255.255", false, false },
    { "240.0.0.1", false, false },
    { "255.255.255.255", false, false },
    { "2606:2800:220:1::1", true, true },
    { "2a00:1450:4001::1", true, true },
    { "3ffe::1", true, true },
    { "::", false, false },
    { "::1", false, true },
    { "::2", false, false },
    { "::127.0.0.1", false, false },        /* IPv4-compatible, long gone */
    { "::ffff:93.184.216.34", true, true }, /* mapped: the inner address counts */
    { "::ffff:127.0.0.1", false, true },
    { "::ffff:169.254.169.254", false, false },
    { "::ffff:0:127.0.0.1", false, false },   /* translated */
    { "64:ff9b::93.184.216.34", true, true }, /* NAT64 */
    { "64:ff9b::10.0.0.1", false, true },
    { "64:ff9b::169.254.169.254", false, false },
    { "64:ff9b:1::1", false, false },      /* NAT64 of local use */
    { "2002:5db8:d822::1", true, true },   /* 6to4 of 93.184.216.34 */
    { "2002:7f00:1::1", false, true },     /* of 127.0.0.1 */
    { "2002:a9fe:a9fe::1", false, false }, /* of 169.254.169.254 */
    { "100::1", false, false },
    { "2001::1", false, false }, /* Teredo */
    { "2001:1ff:ffff::1", false, false },
    { "2001:200::1", true, true },
    { "2001:db8::1", false, true },
    { "2001:db9::1", true, true },
    { "3fff:fff::1", false, true },
    { "fc00::1", false, true },
    { "fdff::1", false, true },
    { "fe80::1", false, false },
    { "febf::1", false, false },
    { "fec0::1", false, false },
    { "ff02::1", false, false },
    { "4000::1", false, false },
    { "5f00::1", false, false },
};

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage a = { 0 };
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&a)->sin_addr) == 1)
        a.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&a)->sin6_addr) == 1)
        a.ss_family = AF_INET6;
    else
        fail_msg("%s is no address", text);
    return a;
}

static void sec_031_private_and_special_addresses_are_refused_in_every_disguise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sockaddr_storage a = address_of(rows[i].address);
        if (fetch_address_allowed((const struct sockaddr *)&a, false) != rows[i].allowed)
            fail_msg("%s", rows[i].address);
        if (fetch_address_allowed((const struct sockaddr *)&a, true) != rows[i].in_lab)
            fail_msg("%s in a lab", rows[i].address);
    }
}

static void sec_031_other_families_are_refused(void **state)
{
    (void)state;
    const struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/run/docker.sock" };
    assert_false(fetch_address_allowed((const struct sockaddr *)&un, false));
    assert_false(fetch_address_allowed((const struct sockaddr *)&un, true));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sec_031_private_and_special_addresses_are_refused_in_every_disguise),
        cmocka_unit_test(sec_031_other_families_are_refused),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
