/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP in batches: one recvmmsg into the lanes, one sendmmsg out of them.                        design.md "Spread", SIP-020
 *
 * Every worker has a socket of its own on the shared port, and datagrams are dealt by what is in them (deal.h). The kernel stamps datagrams as they arrive: that is what a
 * call is judged at, and what tells overload.
 */
#include "serve/proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "serve/deal.h"

#define RECEIVE_BUFFER (4 << 20) /* asked for; the kernel gives what net.core.rmem_max allows */
#define CONTROL_BYTES  128u

struct udp_io {
    struct mmsghdr in[LIMIT_BATCH], out[LIMIT_BATCH];
    struct iovec in_parts[LIMIT_BATCH], out_parts[LIMIT_BATCH];
    char control[LIMIT_BATCH][CONTROL_BYTES] __attribute__((aligned(16)));
};

/* What the kernel changes of a header when it fills it. */
static void renew(struct mmsghdr *m)
{
    m->msg_hdr.msg_namelen = sizeof(struct sockaddr_storage);
    m->msg_hdr.msg_controllen = CONTROL_BYTES;
    m->msg_hdr.msg_flags = 0;
}

enum bf_err udp_io_create(struct lane *lanes, struct udp_io **ret)
{
    struct udp_io *io = calloc(1, sizeof *io);
    if (!io)
        return BF_ENOMEM;
    for (size_t i = 0; i < LIMIT_BATCH; i++) {
        io->in_parts[i] = (struct iovec){ lanes[i].in, LANE_IN };
        io->in[i].msg_hdr = (struct msghdr){ .msg_name = &lanes[i].origin.peer,
                                             .msg_iov = &io->in_parts[i],
                                             .msg_iovlen = 1,
                                             .msg_control = io->control[i] };
        renew(&io->in[i]);
    }
    *ret = io;
    return BF_OK;
}

void udp_io_destroy(struct udp_io *io)
{
    free(io);
}

/* ---- opening ---- */

static bool is_unspecified(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)addr)->sin6_addr);
    return ((const struct sockaddr_in *)addr)->sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Datagrams go out whole or in fragments, never "too large": an answer is not ours to make smaller. */
static bool set_options(int fd, const struct sockaddr *addr)
{
    const int one = 1, buffer = RECEIVE_BUFFER;
    const bool six = addr->sa_family == AF_INET6;
    const int level = six ? IPPROTO_IPV6 : IPPROTO_IP;
    const int discover = six ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer); /* more is better, less is no failure */
    return setsockopt(fd, level, six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &discover, sizeof discover) ==
               0 &&
           setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) == 0 &&
           (!six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0) &&
           (!is_unspecified(addr) ||
            setsockopt(fd, level, six ? IPV6_RECVPKTINFO : IP_PKTINFO, &one, sizeof one) == 0);
}

static int open_one(const struct sockaddr *addr, socklen_t n, bool share)
{
    const int one = 1, fd = socket(addr->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set_options(fd, addr) &&
        (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0) && bind(fd, addr, n) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/*
 * SO_REUSEPORT would let us share a port with another server of the same user in silence: a first socket
 * without it finds the port free, or says who is in the way; it also picks the port when 0 is asked for.
 */
static bool reserve(const struct sockaddr *addr, socklen_t n, struct sockaddr_storage *ret, socklen_t *ret_n)
{
    const int fd = open_one(addr, n, false);
    if (fd < 0)
        return false;
    *ret_n = sizeof *ret;
    const bool known = getsockname(fd, (struct sockaddr *)ret, ret_n) == 0;
    close(fd);
    return known;
}

enum bf_err udp_open(const struct sockaddr *addr, socklen_t n, enum udp_order order, int *fds, size_t count,
                     struct sockaddr_storage *ret_addr, socklen_t *ret_n, char **ret_message)
{
    char text[64];
    size_t opened = 0;
    bool good = reserve(addr, n, ret_addr, ret_n);
    while (good && opened < count) {
        fds[opened] = open_one((struct sockaddr *)ret_addr, *ret_n, count > 1);
        good = fds[opened] >= 0;
        opened += good;
    }
    if (good && (count == 1 || order == UDP_BY_SENDER || deal(fds[0], count)))
        return BF_OK;
    if (asprintf(ret_message, "udp:%s cannot be opened: %s", addr_text(addr, text), strerror(errno)) < 0)
        *ret_message = NULL;
    while (opened)
        close(fds[--opened]);
    return BF_EIO;
}

/* ---- receiving ---- */

static bool is_pktinfo(const struct cmsghdr *c)
{
    return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) ||
           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO);
}

/* The answer leaves from the address the request was sent to, by whatever interface routing says. */
static void keep_local(struct origin *o, const struct cmsghdr *c)
{
    struct cmsghdr *mine = (struct cmsghdr *)o->local;
    if (c->cmsg_len > sizeof o->local)
        return;
    memcpy(o->local, c, c->cmsg_len);
    if (c->cmsg_level == IPPROTO_IP) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        info.ipi_ifindex = 0;
        memcpy(CMSG_DATA(mine), &info, sizeof info);
    }
    o->local_n = CMSG_ALIGN(c->cmsg_len);
}

/* How long ago the kernel took the datagram, in nanoseconds; never negative, and 0 when nobody can say. */
static mono_t read_control(struct msghdr *h, struct origin *o, int64_t wall_ns)
{
    mono_t age = 0;
    o->local_n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(c), sizeof at);
            age = wall_ns - ((int64_t)at.tv_sec * 1000000000 + at.tv_nsec);
        } else if (is_pktinfo(c)) {
            keep_local(o, c);
        }
    }
    return age < 0 ? 0 : age;
}

static struct instant arrival_of(struct instant now, mono_t age)
{
    const int64_t ms = now.utc * 1000 + now.ms - age / 1000000;
    return (struct instant){ .utc = ms / 1000, .ms = (int32_t)(ms % 1000), .mono = now.mono - age };
}

static void take(struct worker *w, struct udp_socket *u, size_t i, int64_t wall_ns, mono_t *oldest)
{
    struct lane *lane = &w->lanes[i];
    struct mmsghdr *m = &w->io->in[i];
    const mono_t age = read_control(&m->msg_hdr, &lane->origin, wall_ns);
    if (age > *oldest)
        *oldest = age;
    lane->origin.door = DOOR_UDP;
    lane->origin.role = u->role;
    lane->origin.udp = u;
    lane->origin.peer_n = m->msg_hdr.msg_namelen;
    renew(m);
    lane->bytes = span_make(lane->in, m->msg_len);
    w->fresh += span_starts(lane->bytes, SPAN("INVITE "));
    lane->arrival = arrival_of(w->now, age);
    lane->shed = age > w->snapshot->overload_age;
    if (!snapshot_admits(w->snapshot, origin_addr(&lane->origin)) &&
        !(w->proxy && proxy_admits(w, origin_addr(&lane->origin)))) {
        lane->state = LANE_DROP;
        count_add(&w->counts, COUNT_DROPPED_CLIENT, 1);
    }
}

void udp_receive(struct worker *w, struct udp_socket *u)
{
    struct timespec wall;
    mono_t oldest = 0;
    if (w->n_lanes == LIMIT_BATCH)
        batch_run(w);
    const size_t first = w->n_lanes;
    const int n = recvmmsg(u->fd, w->io->in + first, (unsigned)(LIMIT_BATCH - first), MSG_DONTWAIT, NULL);
    if (n <= 0)
        return; /* nothing, or an ICMP error about an earlier answer */
    clock_gettime(CLOCK_REALTIME, &wall);
    w->now = clock_now(w->server->clock);
    for (size_t i = first; i < first + (size_t)n; i++) {
        worker_lane(w);
        take(w, u, i, (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec, &oldest);
    }
    w->received = w->now.mono;
    w->overloaded = oldest > w->snapshot->overload_age;
    atomic_store_explicit(&w->counts.oldest_us, oldest / 1000, memory_order_relaxed);
    count_add(&w->counts, COUNT_DATAGRAMS, (uint64_t)n);
}

/* ---- sending ---- */

static void fill(struct mmsghdr *m, struct iovec *part, const struct origin *o, struct span bytes)
{
    *part = (struct iovec){ (void *)(uintptr_t)bytes.p, bytes.n };
    m->msg_hdr = (struct msghdr){ .msg_name = (void *)(uintptr_t)&o->to,
                                  .msg_namelen = o->to_n,
                                  .msg_iov = part,
                                  .msg_iovlen = 1,
                                  .msg_control = o->local_n ? (void *)(uintptr_t)o->local : NULL,
                                  .msg_controllen = o->local_n };
}

/* A datagram that cannot go out is counted and left behind; the others must not wait for it. */
static void send_all(struct worker *w, int fd, struct mmsghdr *messages, size_t n)
{
    for (size_t at = 0; at < n;) {
        const int sent = sendmmsg(fd, messages + at, (unsigned)(n - at), MSG_DONTWAIT);
        if (sent > 0) {
            at += (size_t)sent;
        } else if (errno != EINTR) {
            count_add(&w->counts, COUNT_SEND_FAILED, 1);
            at++;
        }
    }
}

void udp_send(struct worker *w)
{
    struct udp_io *io = w->io;
    for (size_t s = 0; s < w->n_udp; s++) {
        size_t n = 0;
        for (size_t i = 0; i < w->n_lanes; i++) {
            struct lane *lane = &w->lanes[i];
            if (lane->origin.door == DOOR_UDP && lane->origin.udp == &w->udp[s] && lane->state != LANE_DROP &&
                lane->out.n && !lane->transaction.slot) {
                fill(&io->out[n], &io->out_parts[n], &lane->origin, buf_span(&lane->out));
                n++;
            }
        }
        send_all(w, w->udp[s].fd, io->out, n);
    }
}

void udp_send_one(struct worker *w, const struct origin *origin, struct span bytes)
{
    struct mmsghdr message = { .msg_len = 0 };
    struct iovec part;
    fill(&message, &part, origin, bytes);
    send_all(w, origin->udp->fd, &message, 1);
}
