/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The echo is quicker than any caller, so it would find one datagram at a time and pay a system call for each: a high
 * figure that flatters whatever is held against it. So it waits a moment when its last batch was not full, which a busy
 * server does by being busy.
 */
#include "cli/bench/echo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH  64
#define BYTES  4096u
#define GATHER 300000 /* nanoseconds in which a caller sends a batch */

struct echo_counts {
    _Atomic uint64_t datagrams, batches;
};

static int bind_free(struct sockaddr_in *ret)
{
    static const int room = 8 << 20;
    socklen_t n = sizeof *ret;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (bind(fd, (const struct sockaddr *)ret, sizeof *ret) == 0 &&
        getsockname(fd, (struct sockaddr *)ret, &n) == 0)
        return fd;
    close(fd);
    return -1;
}

struct batch {
    char bytes[BATCH][BYTES];
    struct sockaddr_in from[BATCH];
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_parts[BATCH], out_parts[BATCH];
};

static int take(struct batch *b, int fd)
{
    for (int i = 0; i < BATCH; i++)
        b->in[i].msg_hdr.msg_namelen = sizeof b->from[i];
    return recvmmsg(fd, b->in, BATCH, MSG_DONTWAIT, NULL);
}

static void give_back(struct batch *b, int fd, int n)
{
    int out = 0;
    for (int i = 0; i < n; i++) {
        if (b->bytes[i][0] != 'I') /* an ACK */
            continue;
        b->out_parts[out] = (struct iovec){ b->bytes[i], b->in[i].msg_len };
        b->out[out].msg_hdr = (struct msghdr){ .msg_name = &b->from[i],
                                               .msg_namelen = sizeof b->from[i],
                                               .msg_iov = &b->out_parts[out],
                                               .msg_iovlen = 1 };
        out++;
    }
    for (int sent = 0; sent < out;) {
        const int went = sendmmsg(fd, b->out + sent, (unsigned)(out - sent), 0);
        if (went < 0)
            break;
        sent += went;
    }
}

static _Noreturn void run(int fd, struct echo_counts *counts)
{
    struct batch b = { 0 };
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    for (int i = 0; i < BATCH; i++) {
        b.in_parts[i] = (struct iovec){ b.bytes[i], BYTES };
        b.in[i].msg_hdr =
            (struct msghdr){ .msg_name = &b.from[i], .msg_iov = &b.in_parts[i], .msg_iovlen = 1 };
    }
    for (int n = 0;;) {
        if (n < BATCH) {
            poll(&wait, 1, -1);
            nanosleep(&(struct timespec){ .tv_nsec = GATHER }, NULL);
        }
        n = take(&b, fd);
        if (n <= 0)
            continue;
        atomic_fetch_add_explicit(&counts->datagrams, (uint64_t)n, memory_order_relaxed);
        atomic_fetch_add_explicit(&counts->batches, 1, memory_order_relaxed);
        give_back(&b, fd, n);
    }
}

bool echo_start(struct echo *ret)
{
    const pid_t parent = getpid();
    void *shared =
        mmap(NULL, sizeof(struct echo_counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *ret = (struct echo){ .pid = -1 };
    if (shared == MAP_FAILED)
        return false;
    const int fd = bind_free(&ret->at);
    ret->counts = shared;
    ret->pid = fd >= 0 ? fork() : -1;
    if (ret->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        run(fd, shared);
    }
    if (fd >= 0)
        close(fd);
    if (ret->pid > 0)
        return true;
    echo_stop(ret);
    return false;
}

void echo_stop(struct echo *e)
{
    if (e->pid > 0) {
        kill(e->pid, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    if (e->counts)
        munmap((void *)(uintptr_t)e->counts, sizeof(struct echo_counts));
    *e = (struct echo){ .pid = -1 };
}

void echo_look(const struct echo *e, uint64_t *ret_datagrams, uint64_t *ret_batches)
{
    *ret_datagrams = atomic_load(&e->counts->datagrams);
    *ret_batches = atomic_load(&e->counts->batches);
}
