/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

bool addr_bytes(const struct sockaddr *addr, uint8_t out[static 16])
{
    if (addr->sa_family == AF_INET) {
        memcpy(out, mapped, 12);
        memcpy(out + 12, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, 4);
        return true;
    }
    if (addr->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr, 16);
        return true;
    }
    return false;
}

uint16_t addr_port(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)addr)->sin_port);
    if (addr->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)addr)->sin6_port);
    return 0;
}

char *addr_text(const struct sockaddr *addr, char out[static 64])
{
    char host[INET6_ADDRSTRLEN];
    uint8_t b[16];
    if (!addr_bytes(addr, b)) {
        snprintf(out, 64, "-");
    } else if (memcmp(b, mapped, 12) == 0) {
        snprintf(out, 64, "%u.%u.%u.%u:%u", b[12], b[13], b[14], b[15], addr_port(addr));
    } else {
        inet_ntop(AF_INET6, b, host, sizeof host);
        snprintf(out, 64, "[%s]:%u", host, addr_port(addr));
    }
    return out;
}

/* An address without port or brackets, as sixteen bytes. */
static bool host_read(struct span text, uint8_t out[static 16], bool *is_v4)
{
    char host[INET6_ADDRSTRLEN];
    if (text.n == 0 || text.n >= sizeof host)
        return false;
    memcpy(host, text.p, text.n);
    host[text.n] = '\0';
    if (inet_pton(AF_INET, host, out + 12) == 1) {
        memcpy(out, mapped, 12);
        *is_v4 = true;
        return true;
    }
    *is_v4 = false;
    return inet_pton(AF_INET6, host, out) == 1;
}

enum bf_err cidr_read(struct span text, struct cidr *ret, struct fault *fault)
{
    const size_t slash = span_find(text, '/');
    struct cidr net;
    uint64_t bits = 0;
    bool is_v4;
    if (!host_read(span_first(text, slash), net.bytes, &is_v4))
        return fault_at(fault, BF_EFORM, 0, "not an IP address");
    const uint64_t most = is_v4 ? 32 : 128;
    if (slash == text.n)
        bits = most;
    else if (!span_decimal(span_from(text, slash + 1), most, &bits))
        return fault_at(fault, BF_EFORM, slash + 1, "not a prefix length");
    net.bits = (uint8_t)(bits + (is_v4 ? 96 : 0));
    for (unsigned i = net.bits; i < 128; i++)
        if (net.bytes[i / 8] >> (7 - i % 8) & 1)
            return fault_at(fault, BF_EFORM, 0, "bits are set behind the prefix length");
    *ret = net;
    return BF_OK;
}

bool cidr_holds(const struct cidr *net, const struct sockaddr *addr)
{
    uint8_t b[16];
    if (!addr_bytes(addr, b))
        return false;
    const size_t whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(b, net->bytes, whole) != 0)
        return false;
    return rest == 0 || (b[whole] ^ net->bytes[whole]) >> (8 - rest) == 0;
}

enum bf_err addr_read(struct span text, struct sockaddr_storage *ret, socklen_t *ret_n, struct fault *fault)
{
    uint8_t b[16];
    uint64_t port;
    bool is_v4;
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return fault_at(fault, BF_EFORM, 0, "an address needs a port: 127.0.0.1:5060");
    struct span host = span_first(text, colon - 1);
    const bool brackets = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (brackets)
        host = span_make(host.p + 1, host.n - 2);
    if (!span_decimal(span_from(text, colon), 65535, &port))
        return fault_at(fault, BF_EFORM, colon, "not a port (0-65535)");
    if (!host_read(host, b, &is_v4) || is_v4 == brackets)
        return fault_at(fault, BF_EFORM, 0, "not an IP address (IPv6 goes in brackets)");
    memset(ret, 0, sizeof *ret);
    if (is_v4) {
        struct sockaddr_in *in = (struct sockaddr_in *)ret;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        memcpy(&in->sin_addr, b + 12, 4);
        *ret_n = sizeof *in;
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        memcpy(&in6->sin6_addr, b, 16);
        *ret_n = sizeof *in6;
    }
    return BF_OK;
}
