/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request goes, and what it says of us.                       RFC 3261 sections 16.4, 16.5, 16.6, 16.12; SIP-051, SIP-055 */
#include "serve/proxy.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sip/uri.h"

#define COOKIE SPAN("z9hG4bKbf")

struct own_address {
    uint8_t bytes[16];
};

/* ---- addresses ---- */

enum bf_err proxy_learn_addresses(struct proxy *p)
{
    struct ifaddrs *list = NULL;
    size_t n = 0;
    if (getifaddrs(&list) != 0)
        return BF_EIO;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next)
        n++;
    p->own = calloc(n + 1, sizeof *p->own);
    for (const struct ifaddrs *i = list; p->own && i; i = i->ifa_next)
        p->n_own += i->ifa_addr && addr_bytes(i->ifa_addr, p->own[p->n_own].bytes);
    freeifaddrs(list);
    return p->own ? BF_OK : BF_ENOMEM;
}

void proxy_refresh(struct worker *w)
{
    struct proxy *p = w->proxy;
    const uint64_t version = hops_version(w->server->hops);
    if (version == p->version)
        return;
    p->version = version;
    p->n_hops = hops_targets(w->server->hops, p->hops);
    if (p->n_hops > HOPS_MAX)
        p->n_hops = HOPS_MAX;
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    uint8_t one[16], other[16];
    return addr_bytes(a, one) && addr_bytes(b, other) && memcmp(one, other, sizeof one) == 0;
}

bool proxy_is_hop(const struct worker *w, const struct sockaddr *addr)
{
    const struct proxy *p = w->proxy;
    for (size_t i = 0; i < p->n_hops; i++)
        if (p->hops[i].known && same_host(addr, (const struct sockaddr *)&p->hops[i].addr))
            return true;
    return false;
}

static bool is_unspecified(const struct sockaddr *addr)
{
    static const uint8_t any4[16] = { [10] = 0xFF, [11] = 0xFF }, any6[16] = { 0 };
    uint8_t bytes[16];
    return addr_bytes(addr, bytes) && (memcmp(bytes, any4, 16) == 0 || memcmp(bytes, any6, 16) == 0);
}

static bool is_local(const struct proxy *p, const struct sockaddr *addr)
{
    uint8_t bytes[16];
    if (!addr_bytes(addr, bytes))
        return false;
    for (size_t i = 0; i < p->n_own; i++)
        if (memcmp(p->own[i].bytes, bytes, sizeof bytes) == 0)
            return true;
    return false;
}

static bool is_listener(const struct worker *w, const struct sockaddr *addr)
{
    for (size_t i = 0; i < w->server->n_addresses; i++) {
        const struct server_address *a = &w->server->addresses[i];
        const struct sockaddr *mine = (const struct sockaddr *)&a->addr;
        if ((a->door == DOOR_UDP || a->door == DOOR_TCP) && addr_port(mine) == addr_port(addr) &&
            (same_host(mine, addr) || (is_unspecified(mine) && is_local(w->proxy, addr))))
            return true;
    }
    return false;
}

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
}

/* A host that is an address; names are nobody's business here, for a worker never waits. */
static bool host_address(struct span host, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_n)
{
    char text[80];
    struct fault fault;
    struct buf b = BUF_ON(text);
    buf_span_put(&b, host);
    buf_text(&b, ":5060");
    if (!buf_ok(&b) || addr_read(buf_span(&b), ret, ret_n, &fault) != BF_OK)
        return false;
    set_port(ret, port);
    return true;
}

static enum hop_transport transport_of(const struct sip_uri *u)
{
    struct span transport;
    if (u->scheme == URI_SIPS)
        return HOP_TLS;
    if (!sip_param(u->params, SPAN("transport"), &transport))
        return HOP_UDP;
    return span_equal_nocase(transport, SPAN("tcp"))   ? HOP_TCP
           : span_equal_nocase(transport, SPAN("tls")) ? HOP_TLS
                                                       : HOP_UDP;
}

static uint16_t port_of(const struct sip_uri *u)
{
    return u->port ? u->port : transport_of(u) == HOP_TLS ? 5061 : 5060;
}

static bool read_sip(struct span text, struct sip_uri *ret)
{
    struct fault fault;
    return uri_read(text, ret, &fault) == BF_OK && (ret->scheme == URI_SIP || ret->scheme == URI_SIPS);
}

bool proxy_is_ours(const struct worker *w, struct span uri)
{
    struct sip_uri u;
    struct sockaddr_storage addr;
    socklen_t n;
    return read_sip(uri, &u) && host_address(u.host, port_of(&u), &addr, &n) &&
           is_listener(w, (struct sockaddr *)&addr);
}

/* ---- the way out ---- */

static struct udp_socket *socket_for(struct worker *w, const struct lane *lane, const struct sockaddr *to)
{
    struct udp_socket *found = NULL;
    size_t at = 0;
    for (size_t i = 0; i < w->server->n_addresses; i++) {
        const struct server_address *a = &w->server->addresses[i];
        if (a->door != DOOR_UDP)
            continue;
        struct udp_socket *u = &w->udp[at++];
        if (a->addr.ss_family != to->sa_family)
            continue;
        if (lane->origin.door == DOOR_UDP && lane->origin.udp == u)
            return u;
        if (!found || (found->role != lane->origin.role && u->role == lane->origin.role))
            found = u;
    }
    return found;
}

static const struct server_address *address_of(const struct worker *w, const struct udp_socket *u)
{
    size_t at = 0;
    for (size_t i = 0; i < w->server->n_addresses; i++)
        if (w->server->addresses[i].door == DOOR_UDP && &w->udp[at++] == u)
            return &w->server->addresses[i];
    return NULL;
}

/* The address we have on the way to somebody, for a socket that is bound to none. */
static bool local_towards(const struct sockaddr *to, socklen_t n, struct sockaddr_storage *ret)
{
    socklen_t ret_n = sizeof *ret;
    const int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool good =
        fd >= 0 && connect(fd, to, n) == 0 && getsockname(fd, (struct sockaddr *)ret, &ret_n) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static void put_host(struct proxy_place *place, const struct sockaddr *addr)
{
    char text[64];
    const struct span all = span_of(addr_text(addr, text));
    size_t n = all.n;
    while (n && all.p[n - 1] != ':')
        n--;
    place->host_n = (uint16_t)(n ? n - 1 : 0);
    memcpy(place->host, text, place->host_n);
}

/* Where connections are taken, else where datagrams are: answers to a connection come back on it. */
static const struct server_address *stream_address(const struct worker *w, int family, bool secure)
{
    const struct server_address *found = NULL;
    int best = -1;
    for (size_t i = 0; i < w->server->n_addresses; i++) {
        const struct server_address *a = &w->server->addresses[i];
        const int worth = a->door == DOOR_TCP ? 1 + (a->secure == secure) : 0;
        if (a->addr.ss_family == family && (a->door == DOOR_TCP || a->door == DOOR_UDP) && worth > best) {
            found = a;
            best = worth;
        }
    }
    return found;
}

/* What we call ourselves towards there. */
static void name_us(const struct server_address *a, struct proxy_place *place)
{
    const struct sockaddr *mine = (const struct sockaddr *)&a->addr;
    struct sockaddr_storage local;
    if (is_unspecified(mine) &&
        local_towards((struct sockaddr *)&place->origin.to, place->origin.to_n, &local))
        mine = (const struct sockaddr *)&local;
    put_host(place, mine);
    place->port = addr_port((const struct sockaddr *)&a->addr);
}

static bool place_udp(struct worker *w, const struct lane *lane, const struct sockaddr_storage *to,
                      socklen_t n, struct proxy_place *ret)
{
    struct udp_socket *u = socket_for(w, lane, (const struct sockaddr *)to);
    if (!u)
        return false;
    ret->transport = HOP_UDP;
    ret->origin = (struct origin){ .door = DOOR_UDP, .role = u->role, .udp = u, .to = *to, .to_n = n };
    name_us(address_of(w, u), ret);
    return true;
}

static bool place_stream(struct worker *w, enum hop_transport transport, const struct sockaddr_storage *to,
                         socklen_t n, struct proxy_place *ret)
{
    const struct server_address *a = stream_address(w, to->ss_family, transport == HOP_TLS);
    if (!a)
        return false;
    ret->transport = transport;
    ret->origin = (struct origin){ .door = DOOR_TCP, .to = *to, .to_n = n, .secure = transport == HOP_TLS };
    name_us(a, ret);
    return true;
}

static bool place_at(struct worker *w, const struct lane *lane, enum hop_transport transport,
                     const struct sockaddr_storage *to, socklen_t n, struct proxy_place *ret)
{
    return transport == HOP_UDP ? place_udp(w, lane, to, n, ret) : place_stream(w, transport, to, n, ret);
}

/* ---- outside a dialog ---- */

int proxy_choose(const struct worker *w, const struct proxy_context *c, unsigned first)
{
    const struct proxy *p = w->proxy;
    for (int pass = 0; pass < 2; pass++) /* those that are up; then any */
        for (unsigned i = 0; i < p->n_hops; i++) {
            const unsigned hop = (unsigned)((first + i) % p->n_hops);
            if (!(c->tried >> hop & 1) && p->hops[hop].known && (pass || hops_up(w->server->hops, hop)))
                return (int)hop;
        }
    return -1;
}

static bool place_hop(struct worker *w, struct lane *lane, int hop, struct proxy_place *ret)
{
    const struct hop_target *target = &w->proxy->hops[hop];
    ret->hop = hop;
    return place_at(w, lane, target->transport, &target->addr, target->n, ret);
}

/* The Request-URI at the next hop, where it named us: `sip:user@hop:port`. */
static void rewrite_uri(const struct worker *w, const struct lane *lane, int hop, struct proxy_going *g)
{
    struct buf b = BUF_ON(g->uri);
    struct sip_uri uri, to;
    struct span value;
    const char *text =
        w->snapshot->config->sip.next_hop[(size_t)hop < w->snapshot->config->sip.n_next_hop ? hop : 0];
    if (!read_sip(lane->message.uri, &uri) || !read_sip(span_of(text), &to))
        return;
    buf_text(&b, to.scheme == URI_SIPS ? "sips:" : "sip:");
    if (uri.user.n) {
        buf_span_put(&b, uri.user);
        buf_char(&b, '@');
    }
    buf_span_put(&b, to.host);
    if (to.port)
        buf_printf(&b, ":%u", to.port);
    buf_span_put(&b, to.params);
    if (sip_param(uri.params, SPAN("user"), &value) && span_equal_nocase(value, SPAN("phone")))
        buf_text(&b, ";user=phone");
    if (buf_ok(&b))
        g->route.uri = buf_span(&b);
}

/* Route values of ours on top. */
static unsigned own_routes(const struct worker *w, const struct sip_message *m, struct sip_address *ret_next,
                           bool *ret_more)
{
    const struct sip_header *h;
    struct fault fault;
    unsigned n = 0;
    *ret_more = false;
    for (size_t at = 0; (h = message_next(m, SIP_H_ROUTE, &at));) {
        struct span rest = h->value, value;
        while (sip_list_next(&rest, &value)) {
            if (sip_address_read(value, ret_next, &fault) != BF_OK || !proxy_is_ours(w, ret_next->uri)) {
                *ret_more = true;
                return n;
            }
            n++;
        }
    }
    return n;
}

bool proxy_route_hop(struct worker *w, struct lane *lane, int hop, struct proxy_going *ret)
{
    struct sip_address next;
    bool more;
    memset(&ret->route, 0, sizeof ret->route);
    if (!place_hop(w, lane, hop, &ret->place))
        return false;
    ret->route.own_routes = own_routes(w, &lane->message, &next, &more);
    if (proxy_is_ours(w, lane->message.uri))
        rewrite_uri(w, lane, hop, ret);
    return true;
}

/* ---- in a dialog ---- */

/* The last Route value, which a strict router before us kept for the Request-URI (section 16.4). */
static bool last_route(const struct sip_message *m, struct sip_address *ret)
{
    const struct sip_header *h;
    struct fault fault;
    bool found = false;
    for (size_t at = 0; (h = message_next(m, SIP_H_ROUTE, &at));) {
        struct span rest = h->value, value;
        while (sip_list_next(&rest, &value))
            found = sip_address_read(value, ret, &fault) == BF_OK;
    }
    return found;
}

static int place_uri(struct worker *w, struct lane *lane, struct span text, struct proxy_place *ret)
{
    struct sip_uri u;
    struct sockaddr_storage addr;
    socklen_t n;
    const struct config *c = w->snapshot->config;
    ret->hop = -1;
    if (!read_sip(text, &u))
        return 416;
    for (size_t i = 0; i < c->sip.n_next_hop && i < w->proxy->n_hops; i++) {
        struct sip_uri hop;
        if (read_sip(span_of(c->sip.next_hop[i]), &hop) && span_equal_nocase(hop.host, u.host) &&
            port_of(&hop) == port_of(&u) && w->proxy->hops[i].known)
            return place_hop(w, lane, (int)i, ret) ? 0 : 503;
    }
    if (!host_address(u.host, port_of(&u), &addr, &n))
        return 404;
    if (is_listener(w, (struct sockaddr *)&addr))
        return 482;
    if (!snapshot_admits(w->snapshot, (struct sockaddr *)&addr) &&
        !proxy_is_hop(w, (struct sockaddr *)&addr)) {
        count_add(&w->counts, COUNT_PROXY_NOWHERE, 1);
        return 403;
    }
    return place_at(w, lane, transport_of(&u), &addr, n, ret) ? 0 : 503;
}

int proxy_route_dialog(struct worker *w, struct lane *lane, struct proxy_going *ret)
{
    const struct sip_message *m = &lane->message;
    struct sip_address next, last;
    struct span value;
    struct sip_uri u;
    bool more;
    memset(&ret->route, 0, sizeof ret->route);
    ret->route.own_routes = own_routes(w, m, &next, &more);
    const bool strict_before =
        proxy_is_ours(w, m->uri) && last_route(m, &last) && !proxy_is_ours(w, last.uri);
    const struct span uri = strict_before ? last.uri : m->uri;
    if (strict_before)
        ret->route.uri = uri;
    if (!more || (strict_before && span_equal(next.uri, last.uri)))
        return place_uri(w, lane, uri, &ret->place);
    if (!read_sip(next.uri, &u))
        return 416;
    if (!sip_param(u.params, SPAN("lr"), &value)) { /* a strict router comes next (section 16.6 item 6) */
        struct buf b = BUF_ON(ret->last_route);
        buf_char(&b, '<');
        buf_span_put(&b, uri);
        buf_char(&b, '>');
        if (!buf_ok(&b))
            return 414;
        ret->route.last_route = buf_span(&b);
        ret->route.uri = next.uri;
        ret->route.own_routes++;
    }
    return place_uri(w, lane, next.uri, &ret->place);
}

/* ---- what it says of us ---- */

uint64_t proxy_loop(struct worker *w, const struct lane *lane)
{
    const struct sip_message *m = &lane->message;
    const struct {
        uint32_t cseq, role;
    } fixed = { m->cseq, (uint32_t)lane->origin.role };
    uint64_t hash[2];
    const struct span parts[] = { span_make(&fixed, sizeof fixed),
                                  m->method_name,
                                  m->uri,
                                  m->from_tag,
                                  m->to_tag,
                                  message_header(m, SIP_H_CALL_ID),
                                  message_header(m, SIP_H_ROUTE),
                                  message_header(m, SIP_H_PROXY_REQUIRE) };
    hash_parts(&w->server->call_key, parts, ARRAY_SIZE(parts), hash);
    return hash[0];
}

static bool read_hex(struct span *rest, size_t digits, uint64_t *ret)
{
    *ret = 0;
    if (rest->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        const size_t value = span_find(SPAN("0123456789abcdef"), rest->p[i]);
        if (value > 15)
            return false;
        *ret = *ret << 4 | value;
    }
    *rest = span_from(*rest, digits);
    return true;
}

bool proxy_branch_read(struct span branch, struct proxy_branch *ret)
{
    uint64_t worker, slot, number, attempt;
    if (branch.n != PROXY_BRANCH || !span_starts(branch, COOKIE))
        return false;
    struct span rest = span_from(branch, COOKIE.n);
    if (!read_hex(&rest, 2, &worker) || !read_hex(&rest, 6, &slot) || !read_hex(&rest, 8, &number) ||
        !read_hex(&rest, 1, &attempt))
        return false;
    *ret = (struct proxy_branch){ (unsigned)worker, (unsigned)attempt, { (uint32_t)slot, (uint32_t)number } };
    return true;
}

bool proxy_is_loop(const struct sip_message *m, uint64_t loop)
{
    const struct sip_header *h;
    struct fault fault;
    for (size_t at = 0; (h = message_next(m, SIP_H_VIA, &at));) {
        struct span rest = h->value, value;
        struct sip_via via;
        while (sip_list_next(&rest, &value)) {
            uint64_t theirs;
            if (sip_via_read(value, &via, &fault) != BF_OK || via.branch.n != PROXY_BRANCH ||
                !span_starts(via.branch, COOKIE))
                continue;
            struct span tail = span_from(via.branch, PROXY_BRANCH - 16);
            if (read_hex(&tail, 16, &theirs) && theirs == loop)
                return true;
        }
    }
    return false;
}

static const char *const transports[] = { [HOP_UDP] = "UDP", [HOP_TCP] = "TCP", [HOP_TLS] = "TLS" };
static const char *const transport_params[] = {
    [HOP_UDP] = "", [HOP_TCP] = ";transport=tcp", [HOP_TLS] = ";transport=tls"
};

/* Where those who speak to us on that side find us again. */
static void put_record(struct worker *w, const struct lane *lane, struct proxy_going *g)
{
    struct buf b = BUF_ON(g->record_route);
    const enum hop_transport theirs = lane->origin.door == DOOR_UDP ? HOP_UDP
                                      : lane->origin.secure         ? HOP_TLS
                                                                    : HOP_TCP;
    const struct proxy_place *place = &g->place;
    buf_printf(&b, "<sip:%.*s:%u%s;lr>", (int)place->host_n, place->host, place->port,
               transport_params[place->transport]);
    if (theirs != place->transport) { /* RFC 5658: one for each side */
        for (size_t i = 0; i < w->server->n_addresses; i++) {
            const struct server_address *a = &w->server->addresses[i];
            if (a->door != (theirs == HOP_UDP ? DOOR_UDP : DOOR_TCP) || a->secure != (theirs == HOP_TLS))
                continue;
            buf_printf(&b, ", <sip:%.*s:%u%s;lr>", (int)place->host_n, place->host,
                       addr_port((const struct sockaddr *)&a->addr), transport_params[theirs]);
            break;
        }
    }
    if (buf_ok(&b))
        g->route.record_route = buf_span(&b);
}

void proxy_sign_route(struct worker *w, const struct lane *lane, struct transaction_name name,
                      unsigned attempt, bool record, struct proxy_going *g)
{
    char branch[PROXY_BRANCH + 1];
    struct buf b = BUF_ON(g->via);
    snprintf(branch, sizeof branch, "z9hG4bKbf%02x%06x%08x%x%016llx", w->number & 0xFF, name.slot & 0xFFFFFF,
             name.number, attempt & 15, (unsigned long long)proxy_loop(w, lane));
    memcpy(g->place.branch, branch, PROXY_BRANCH);
    buf_printf(&b, "SIP/2.0/%s %.*s:%u;branch=%s;rport", transports[g->place.transport], (int)g->place.host_n,
               g->place.host, g->place.port, branch);
    g->route.via = buf_span(&b);
    if (record)
        put_record(w, lane, g);
}
