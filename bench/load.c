/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/random.h"
#include "credential/key.h"
#include "token/token.h"

#define ANSWER_BYTES 8192u

struct carrier {
    struct key *key;
    char *x5u;
};

struct carrier *carrier_open(const char *key_path, const char *x5u)
{
    char *message = NULL;
    struct carrier *c = calloc(1, sizeof *c);
    if (c && key_load(key_path, &c->key, &message) == BF_OK && (c->x5u = strdup(x5u)))
        return c;
    fprintf(stderr, "%s\n", message ? message : "no memory");
    free(message);
    carrier_close(c);
    return NULL;
}

void carrier_close(struct carrier *c)
{
    if (!c)
        return;
    key_destroy(c->key);
    free(c->x5u);
    free(c);
}

static bool identity_put(const struct carrier *c, const char *orig, const char *dest, utc_t now,
                         struct buf *out)
{
    char uuid[UUID_TEXT + 1], signed_part[2048], signature_text[BASE64URL_TEXT(64)];
    uint8_t signature[64];
    struct buf input = BUF_ON(signed_part);
    const struct party called = { .text = span_of(dest) };
    const struct token_claims claims = {
        .ppt = PPT_SHAKEN,
        .x5u = span_of(c->x5u),
        .orig = { .text = span_of(orig) },
        .dest = &called,
        .n_dest = 1,
        .iat = now,
        .attest = 'A',
        .origid = span_of(random_uuid(uuid)),
    };
    if (token_write(&claims, &input, NULL) != BF_OK || !buf_ok(&input) ||
        key_sign(c->key, buf_span(&input), signature, NULL, NULL) != BF_OK)
        return false;
    base64url_encode(signature, sizeof signature, signature_text);
    buf_printf(out, "Identity: %.*s.%.*s;info=<%s>;alg=ES256;ppt=\"shaken\"\r\n", SPAN_FMT(buf_span(&input)),
               (int)sizeof signature_text, signature_text, c->x5u);
    return buf_ok(out);
}

static const char body[] = "v=0\r\no=- 20518 0 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                           "m=audio 54312 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n";

static bool call_make(const struct carrier *c, uint64_t number, utc_t now, struct datagram *ret)
{
    static const char dest[] = "12155550131";
    char memory[4096], orig[16];
    struct buf b = BUF_ON(memory);
    snprintf(orig, sizeof orig, "1215%07u", (unsigned)(number % 10000000));
    buf_printf(&b,
               "INVITE sip:+%s@127.0.0.1 SIP/2.0\r\n"
               "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-%llu;rport\r\n"
               "Max-Forwards: 69\r\n"
               "From: \"Lab\" <sip:+%s@127.0.0.1;user=phone>;tag=f%llu\r\n"
               "To: <sip:+%s@127.0.0.1;user=phone>\r\n"
               "Call-ID: %llu-bench@127.0.0.1\r\n"
               "CSeq: 1 INVITE\r\n"
               "Contact: <sip:+%s@127.0.0.1>\r\n"
               "P-Asserted-Identity: <sip:+%s@127.0.0.1;user=phone>\r\n",
               dest, (unsigned long long)number, orig, (unsigned long long)number, dest,
               (unsigned long long)number, orig, orig);
    if (c && !identity_put(c, orig, dest, now, &b))
        return false;
    buf_printf(&b, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", sizeof body - 1, body);
    ret->p = buf_ok(&b) ? malloc(b.n) : NULL;
    if (!ret->p)
        return false;
    memcpy(ret->p, memory, b.n);
    ret->n = b.n;
    return true;
}

struct datagram *calls_make(struct carrier *c, uint64_t first, size_t n)
{
    const utc_t now = clock_now(&clock_system).utc;
    struct datagram *calls = calloc(n, sizeof *calls);
    for (size_t i = 0; calls && i < n; i++)
        if (!call_make(c, first + i, now, &calls[i])) {
            calls_free(calls, n);
            return NULL;
        }
    return calls;
}

void calls_free(struct datagram *calls, size_t n)
{
    for (size_t i = 0; calls && i < n; i++)
        free(calls[i].p);
    free(calls);
}

static void send_all(int fd, const struct datagram *calls, size_t n)
{
    struct mmsghdr messages[LOAD_BATCH] = { 0 };
    struct iovec parts[LOAD_BATCH];
    for (size_t i = 0; i < n; i++) {
        parts[i] = (struct iovec){ calls[i].p, calls[i].n };
        messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
    }
    for (size_t sent = 0; sent < n;) {
        const int went = sendmmsg(fd, messages + sent, (unsigned)(n - sent), 0);
        if (went < 0 && errno != EINTR)
            return;
        sent += went > 0 ? (size_t)went : 0;
    }
}

struct load_result load_run(const struct sockaddr_in *to, const struct datagram *calls, size_t n,
                            const char *first_line, const char *holds)
{
    static const int room = 8 << 20;
    struct load_result r = { 0 };
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const mono_t from = clock_now(&clock_system).mono;
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        return r;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    for (size_t at = 0; at < n;) {
        const size_t batch = n - at < LOAD_BATCH ? n - at : LOAD_BATCH;
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        send_all(fd, calls + at, batch);
        for (size_t got = 0; got < batch && poll(&wait, 1, 1000) == 1; got++) {
            char answer[ANSWER_BYTES + 1];
            const ssize_t bytes = recv(fd, answer, ANSWER_BYTES, 0);
            if (bytes < 0)
                break;
            answer[bytes] = '\0';
            if (strncmp(answer, "SIP/2.0 1", 9) == 0) { /* 100 Trying is no answer yet */
                got--;
                continue;
            }
            r.answers++;
            r.passed += strncmp(answer, first_line, strlen(first_line)) == 0 && strstr(answer, holds);
        }
        at += batch;
    }
    close(fd);
    r.wall_ns = clock_now(&clock_system).mono - from;
    return r;
}

double load_cost(pid_t pid, const struct sockaddr_in *to, const struct datagram *calls, size_t n,
                 const char *first_line, const char *holds, double *ret_wall)
{
    const int64_t from = cpu_ns(pid);
    const struct load_result r = load_run(to, calls, n, first_line, holds);
    const double ns = (double)(cpu_ns(pid) - from) / (double)n;
    *ret_wall = (double)r.wall_ns / (double)n;
    if (r.passed == n)
        return ns;
    fprintf(stderr, "%zu calls, %zu answers, %zu of them as expected\n", n, r.answers, r.passed);
    return -1;
}

int echo_bind(struct sockaddr_in *ret)
{
    static const int room = 8 << 20;
    socklen_t n = sizeof *ret;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd < 0 || bind(fd, (const struct sockaddr *)ret, sizeof *ret) != 0 ||
        getsockname(fd, (struct sockaddr *)ret, &n) != 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return fd;
}

void echo_run(int fd)
{
    static char bytes[LOAD_BATCH][ANSWER_BYTES];
    static struct sockaddr_in from[LOAD_BATCH];
    struct mmsghdr messages[LOAD_BATCH];
    struct iovec parts[LOAD_BATCH];
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    for (;;) {
        for (size_t i = 0; i < LOAD_BATCH; i++) {
            parts[i] = (struct iovec){ bytes[i], ANSWER_BYTES };
            messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &from[i],
                                                         .msg_namelen = sizeof from[i],
                                                         .msg_iov = &parts[i],
                                                         .msg_iovlen = 1 } };
        }
        poll(&wait, 1, -1);
        const int n = recvmmsg(fd, messages, LOAD_BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++)
            parts[i].iov_len = messages[i].msg_len;
        for (int sent = 0; sent < n;) {
            const int went = sendmmsg(fd, messages + sent, (unsigned)(n - sent), 0);
            if (went < 0)
                break;
            sent += went;
        }
    }
}

pid_t echo_start(struct sockaddr_in *ret)
{
    const int fd = echo_bind(ret);
    const pid_t echo = fd < 0 ? -1 : fork();
    if (echo == 0)
        echo_run(fd);
    if (fd >= 0)
        close(fd);
    return echo > 0 ? echo : 0;
}

void echo_stop(pid_t echo)
{
    kill(echo, SIGKILL);
    waitpid(echo, NULL, 0);
}
