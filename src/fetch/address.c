/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses a socket may be opened to.                       SEC-031; IANA special-purpose registries, RFC 6890
 *
 * IPv4 is judged by what is forbidden. IPv6 is judged by what exists: only 2000::/3 is global unicast; and an IPv4
 * address inside another (mapped, NAT64, 6to4) is judged as that address.
 */
#include "base/cidr.h"
#include "fetch/fetch.h"

struct rule {
    uint8_t bytes[16], bits; /* of `bytes` */
    bool lab;                /* laboratories live here */
};

#define V4(a, b, c, n, lab)                                                                                  \
    {                                                                                                        \
        { a, b, c }, n, lab                                                                                  \
    }
static const struct rule refused_v4[] = {
    V4(0, 0, 0, 8, false),     V4(10, 0, 0, 8, true),      V4(100, 64, 0, 10, true),
    V4(127, 0, 0, 8, true),    V4(169, 254, 0, 16, false), V4(172, 16, 0, 12, true),
    V4(192, 0, 0, 24, false),  V4(192, 0, 2, 24, true),    V4(192, 88, 99, 24, false),
    V4(192, 168, 0, 16, true), V4(198, 18, 0, 15, true),   V4(198, 51, 100, 24, true),
    V4(203, 0, 113, 24, true), V4(224, 0, 0, 4, false),    V4(240, 0, 0, 4, false),
};

static const struct rule mapped = { { [10] = 0xFF, 0xFF }, 96, false };
static const struct rule nat64 = { { 0x00, 0x64, 0xFF, 0x9B }, 96, false };
static const struct rule six_to_four = { { 0x20, 0x02 }, 16, false };
static const struct rule global_unicast = { { 0x20 }, 3, false };
static const struct rule refused_v6[] = {
    { { 0x20, 0x01, 0x00 },
      23,
      false }, /* protocol assignments, Teredo (an IPv4 address in disguise) included */
    { { 0x20, 0x01, 0x0D, 0xB8 }, 32, true }, /* documentation */
    { { 0x3F, 0xFF, 0x00 }, 20, true },       /* documentation, RFC 9637 */
};
static const struct rule lab_v6[] = {
    { { [15] = 1 }, 128, true }, /* loopback */
    { { 0xFC }, 7, true },       /* unique local */
};

static bool holds(const struct rule *rule, const uint8_t *bytes)
{
    const size_t whole = rule->bits / 8, rest = rule->bits % 8;
    if (memcmp(rule->bytes, bytes, whole) != 0)
        return false;
    return rest == 0 || (rule->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

static bool refused(const struct rule *rules, size_t n, const uint8_t *bytes, bool lab)
{
    for (size_t i = 0; i < n; i++)
        if (holds(&rules[i], bytes) && !(lab && rules[i].lab))
            return true;
    return false;
}

static bool v4_allowed(const uint8_t *bytes, bool lab)
{
    return !refused(refused_v4, ARRAY_SIZE(refused_v4), bytes, lab);
}

bool fetch_address_allowed(const struct sockaddr *addr, bool lab)
{
    uint8_t b[16];
    if (!addr_bytes(addr, b))
        return false;
    if (holds(&mapped, b) || holds(&nat64, b))
        return v4_allowed(b + 12, lab);
    if (holds(&six_to_four, b))
        return v4_allowed(b + 2, lab);
    for (size_t i = 0; lab && i < ARRAY_SIZE(lab_v6); i++)
        if (holds(&lab_v6[i], b))
            return true;
    return holds(&global_unicast, b) && !refused(refused_v6, ARRAY_SIZE(refused_v6), b, lab);
}
