/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against a server that is this test: on loopback a datagram is there once it is sent, and time is
 * what the test says, so that nothing is waited for.
 */
#include "sip/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/cidr.h"
#include "sip/frame.h"
#include "sip/reply.h"
#include "tap.h"

struct server {
    int fd, stream;
    bool tcp;
    struct sockaddr_storage addr, peer;
    socklen_t addr_n;
    char bytes[LIMIT_SIP_MESSAGE];
    struct sip_message m;
};

static bool server_open(struct server *s, const char *address, bool tcp)
{
    memset(s, 0, sizeof *s);
    s->tcp = tcp;
    s->stream = -1;
    assert_int_equal(addr_read(span_of(address), &s->addr, &s->addr_n, NULL), BF_OK);
    s->fd = socket(s->addr.ss_family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&s->addr, s->addr_n) != 0) {
        tap_skip("no such loopback address here");
        return false;
    }
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&s->addr, &s->addr_n), 0);
    if (tcp)
        assert_int_equal(listen(s->fd, 4), 0);
    return true;
}

static void server_close(struct server *s)
{
    if (s->stream >= 0)
        close(s->stream);
    close(s->fd);
}

static struct client *client_of(const struct server *s)
{
    struct client *c = NULL;
    const struct client_options o = { .to = (const struct sockaddr *)&s->addr,
                                      .to_n = s->addr_n,
                                      .tcp = s->tcp };
    assert_int_equal(client_open(&o, &c), BF_OK);
    return c;
}

/* What came; false when nothing did. */
static bool server_hear(struct server *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    if (s->tcp && s->stream < 0) {
        assert_int_equal(poll(&p, 1, 5000), 1);
        s->stream = accept(s->fd, NULL, NULL);
    }
    socklen_t n = sizeof s->peer;
    p.fd = s->tcp ? s->stream : s->fd;
    if (poll(&p, 1, s->tcp ? 5000 : 0) != 1)
        return false;
    const ssize_t got = recvfrom(p.fd, s->bytes, sizeof s->bytes, 0, (struct sockaddr *)&s->peer, &n);
    assert_true(got > 0);
    assert_int_equal(message_read(span_make(s->bytes, (size_t)got), SIP_DATAGRAM, &s->m, NULL), BF_OK);
    return true;
}

static bool server_hears(struct server *s, enum sip_method method)
{
    return server_hear(s) && s->m.is_request && s->m.method == method;
}

static void server_send(struct server *s, struct span bytes)
{
    const ssize_t n = s->tcp ? send(s->stream, bytes.p, bytes.n, 0)
                             : sendto(s->fd, bytes.p, bytes.n, 0, (struct sockaddr *)&s->peer, s->addr_n);
    assert_int_equal(n, bytes.n);
}

/* Answers what came last; extra: whole header lines. */
static void server_answer(struct server *s, int status, const char *extra)
{
    char memory[4096];
    struct buf out = BUF_ON(memory);
    const struct sip_source from = { (const struct sockaddr *)&s->peer, s->tcp };
    assert_int_equal(
        reply_begin(&out, &s->m, &from, status, NULL, status == 100 ? SPAN("") : SPAN("servertag")), BF_OK);
    buf_text(&out, extra);
    reply_end(&out, SPAN(""));
    assert_true(buf_ok(&out));
    server_send(s, buf_span(&out));
}

static const char *request(const struct client *c, const char *method, const char *branch)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "%s sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK%s;rport\r\nFrom: "
             "<sip:a@a.example>;tag=f\r\n"
             "To: <sip:b@b.example>\r\nRoute: <sip:r.example;lr>\r\nCall-ID: c1\r\nCSeq: 4 "
             "%s\r\nMax-Forwards: 70\r\n"
             "Content-Length: 0\r\n\r\n",
             method, client_transport(c), client_local(c), branch, method);
    return text;
}

static struct span branch_of(const struct sip_message *m)
{
    struct sip_via via = { .branch = SPAN_NONE };
    assert_int_equal(sip_via_read(message_header(m, SIP_H_VIA), &via, NULL), BF_OK);
    return via.branch;
}

/* Until something is said; over TCP bytes may take a moment, and poll waits for them. */
static enum client_state turn(struct client *c, mono_t now)
{
    enum client_state state = client_turn(c, now);
    while (state == CLIENT_WAITING) {
        struct pollfd p = { .fd = client_fd(c), .events = client_events(c) };
        if (poll(&p, 1, 5000) != 1)
            break;
        state = client_turn(c, now);
    }
    return state;
}

static void an_invite_is_sent_again_until_it_is_heard(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    mono_t now = MONO_S(100);
    assert_int_equal(client_begin(c, span_of(request(c, "INVITE", "1")), now, now + MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_INVITE));
    /* Timer A: 500 ms, 1 s, 2 s … */
    for (mono_t wait = MONO_MS(500), i = 0; i < 4; wait *= 2, i++) {
        assert_int_equal(client_next(c), now + wait);
        assert_int_equal(client_turn(c, now + wait - 1), CLIENT_WAITING);
        assert_false(server_hear(&s));
        now += wait;
        assert_int_equal(client_turn(c, now), CLIENT_WAITING);
        assert_true(server_hears(&s, SIP_INVITE));
    }
    server_answer(&s, 100, "");
    assert_int_equal(turn(c, now), CLIENT_EARLY);
    assert_int_equal(client_answer(c)->status, 100);
    assert_int_equal(client_next(c), MONO_S(132)); /* heard: only the deadline is left */
    assert_int_equal(client_turn(c, now + MONO_S(9)), CLIENT_WAITING);
    assert_false(server_hear(&s));
    assert_int_equal(client_turn(c, MONO_S(132)), CLIENT_LOST);
    assert_int_equal(client_error(c), BF_ETIME);
    server_close(&s);
}

static void other_requests_are_sent_again_at_most_every_four_seconds(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    static const mono_t waits[] = { MONO_MS(500), MONO_S(1), MONO_S(2), MONO_S(4), MONO_S(4) };
    mono_t now = MONO_S(100);
    assert_int_equal(client_begin(c, span_of(request(c, "OPTIONS", "1")), now, now + MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_OPTIONS));
    for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
        now += waits[i];
        assert_int_equal(client_next(c), now);
        assert_int_equal(client_turn(c, now), CLIENT_WAITING);
        assert_true(server_hears(&s, SIP_OPTIONS));
    }
    server_answer(&s, 200, "");
    assert_int_equal(turn(c, now), CLIENT_DONE);
    assert_false(server_hear(&s)); /* no ACK for OPTIONS */
    server_close(&s);
}

static void a_refusal_is_acknowledged_on_the_same_branch_and_again_when_it_comes_again(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(client_begin(c, span_of(request(c, "INVITE", "1")), 0, MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_INVITE));
    server_answer(&s, 302, "Contact: <sip:elsewhere>\r\n");
    server_answer(&s, 302, "Contact: <sip:elsewhere>\r\n"); /* its ACK was lost */
    assert_int_equal(turn(c, 0), CLIENT_DONE);
    assert_int_equal(client_answer(c)->status, 302);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_turn(c, 0), CLIENT_WAITING);
        assert_true(server_hears(&s, SIP_ACK));
        assert_true(span_equal(s.m.uri, SPAN("sip:b@b.example")));
        assert_true(span_equal(branch_of(&s.m), SPAN("z9hG4bK1")));
        assert_true(span_equal(message_header(&s.m, SIP_H_TO), SPAN("<sip:b@b.example>;tag=servertag")));
        assert_true(span_equal(message_header(&s.m, SIP_H_ROUTE), SPAN("<sip:r.example;lr>")));
        assert_int_equal(s.m.cseq, 4);
    }
    assert_false(server_hear(&s));
    server_close(&s);
}

static void an_accepted_call_is_acknowledged_where_it_says_and_hung_up(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(client_begin(c, span_of(request(c, "INVITE", "1")), 0, MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_INVITE));
    server_answer(&s, 200,
                  "Contact: \"B\" <sip:b@10.0.0.9:5070;x=y>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
                  "Record-Route: <sip:p3;lr>\r\n");
    assert_int_equal(turn(c, 0), CLIENT_DONE);
    assert_true(server_hears(&s, SIP_ACK));
    assert_true(span_equal(s.m.uri, SPAN("sip:b@10.0.0.9:5070;x=y")));
    assert_false(
        span_equal(branch_of(&s.m), SPAN("z9hG4bK1"))); /* an ACK of 2xx is a transaction of its own */
    assert_int_equal(s.m.cseq, 4);
    assert_true(span_equal(s.m.headers[1].value, SPAN("<sip:p3;lr>")));
    assert_true(span_equal(s.m.headers[2].value, SPAN("<sip:p2;lr>")));
    assert_true(span_equal(s.m.headers[3].value, SPAN("<sip:p1;lr>")));
    assert_int_equal(client_hang_up(c, 1), BF_ETIME); /* nobody answers the BYE */
    assert_true(server_hears(&s, SIP_BYE));
    assert_int_equal(s.m.cseq, 5);
    assert_int_equal(client_hang_up(c, 1), BF_EINVAL);
    server_close(&s);
}

static void what_is_no_answer_to_us_is_not_listened_to(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(client_begin(c, span_of(request(c, "OPTIONS", "1")), 0, MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_OPTIONS));
    server_send(&s, SPAN("garbage"));
    server_send(&s, SPAN(""));
    server_send(&s, span_of(request(c, "OPTIONS", "1")));
    static const char *const strangers[] = {
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK2\r\nCSeq: 4 OPTIONS\r\nl: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 5 OPTIONS\r\nl: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 4 INVITE\r\nl: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nCSeq: 4 OPTIONS\r\nl: 0\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
        server_send(&s, span_of(strangers[i]));
    assert_int_equal(client_turn(c, 0), CLIENT_WAITING);
    server_answer(&s, 200, "");
    assert_int_equal(turn(c, 0), CLIENT_DONE);
    server_close(&s);
}

static void nobody_listening_is_known_at_once(void **state)
{
    (void)state;
    struct server s;
    const struct sip_message *answer;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    server_close(&s); /* the port is free again */
    auto_(client_close) struct client *udp = client_of(&s);
    assert_int_equal(client_ask(udp, span_of(request(udp, "OPTIONS", "1")), 20000, NULL, NULL, &answer),
                     BF_EIO);
    assert_int_equal(client_errno(udp), ECONNREFUSED);
    s.tcp = true;
    auto_(client_close) struct client *tcp = client_of(&s);
    assert_int_equal(client_ask(tcp, span_of(request(tcp, "OPTIONS", "1")), 20000, NULL, NULL, &answer),
                     BF_EIO);
    assert_int_equal(client_errno(tcp), ECONNREFUSED);
}

static void over_tcp_answers_come_in_pieces_and_together(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", true))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(client_begin(c, span_of(request(c, "INVITE", "1")), 0, MONO_S(32)), BF_OK);
    struct pollfd p = { .fd = client_fd(c), .events = client_events(c) };
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(client_turn(c, 0), CLIENT_WAITING); /* connected: it goes out */
    assert_true(server_hears(&s, SIP_INVITE));
    server_send(&s, SPAN("\r\n"));
    server_answer(&s, 100, "");
    server_answer(&s, 180, "");
    assert_int_equal(turn(c, 0), CLIENT_EARLY);
    assert_int_equal(client_answer(c)->status, 100);
    assert_int_equal(turn(c, 0), CLIENT_EARLY);
    assert_int_equal(client_answer(c)->status, 180);
    assert_int_equal(client_next(c), MONO_S(32)); /* nothing is sent again */
    char memory[2048];
    struct buf out = BUF_ON(memory);
    const struct sip_source from = { (const struct sockaddr *)&s.peer, true };
    assert_int_equal(reply_begin(&out, &s.m, &from, 486, NULL, SPAN("t")), BF_OK);
    reply_end(&out, SPAN(""));
    server_send(&s, span_first(buf_span(&out), 40));
    assert_int_equal(client_turn(c, 0), CLIENT_WAITING);
    server_send(&s, span_from(buf_span(&out), 40));
    assert_int_equal(turn(c, 0), CLIENT_DONE);
    assert_int_equal(client_answer(c)->status, 486);
    assert_true(server_hears(&s, SIP_ACK));
    server_close(&s);
}

static void a_stream_that_ends_or_breaks_is_lost(void **state)
{
    (void)state;
    static const char *const endings[] = { "", "SIP/2.0 200 OK\r\nX: no length\r\n\r\n" };
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
        struct server s;
        if (!server_open(&s, "127.0.0.1:0", true))
            return;
        struct client *c = client_of(&s);
        assert_int_equal(client_begin(c, span_of(request(c, "OPTIONS", "1")), 0, MONO_S(32)), BF_OK);
        struct pollfd p = { .fd = client_fd(c), .events = client_events(c) };
        assert_int_equal(poll(&p, 1, 5000), 1);
        assert_int_equal(client_turn(c, 0), CLIENT_WAITING);
        assert_true(server_hears(&s, SIP_OPTIONS));
        server_send(&s, span_of(endings[i]));
        server_close(&s);
        assert_int_equal(turn(c, 0), CLIENT_LOST);
        assert_int_equal(client_error(c), i == 0 ? BF_EIO : BF_EFORM);
        assert_int_equal(client_turn(c, 0), CLIENT_LOST);
        client_close(c);
    }
}

static void ipv6_is_asked_likewise(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "[::1]:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(strncmp(client_local(c), "[::1]:", 6), 0);
    assert_int_equal(client_begin(c, span_of(request(c, "OPTIONS", "1")), 0, MONO_S(32)), BF_OK);
    assert_true(server_hears(&s, SIP_OPTIONS));
    server_answer(&s, 200, "");
    assert_int_equal(turn(c, 0), CLIENT_DONE);
    server_close(&s);
}

#define NO_BRANCH                                                                                            \
    "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a>\r\nTo: <sip:a>\r\ni: 1\r\nCSeq: 1 "        \
    "OPTIONS\r\n\r\n"

static void what_is_no_request_is_not_sent(void **state)
{
    (void)state;
    struct server s;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    static const char *const rows[] = {
        "garbage",
        "SIP/2.0 200 OK\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\n\r\n",
        NO_BRANCH,
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(client_begin(c, span_of(rows[i]), 0, 1), BF_EFORM);
    assert_false(server_hear(&s));
    server_close(&s);
}

/* A phone that rings and is not picked up: the INVITE is cancelled, and its end acknowledged. */
static void *ring(void *arg)
{
    struct server *s = arg;
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    struct sip_message invite;
    static char kept[LIMIT_SIP_MESSAGE];
    bool cancelled = false, acknowledged = false;
    while (!acknowledged && poll(&p, 1, 5000) == 1 && server_hear(s)) {
        if (s->m.method == SIP_INVITE) {
            memcpy(kept, s->bytes, s->m.bytes.n);
            if (message_read(span_make(kept, s->m.bytes.n), SIP_DATAGRAM, &invite, NULL) == BF_OK)
                server_answer(s, 180, "");
        } else if (s->m.method == SIP_CANCEL) {
            server_answer(s, 200, "");
            cancelled = span_equal(branch_of(&s->m), branch_of(&invite));
            s->m = invite;
            server_answer(s, 487, "");
        } else {
            acknowledged = s->m.method == SIP_ACK;
        }
    }
    return cancelled && acknowledged ? s : NULL;
}

static void count_early(void *arg, const struct sip_message *answer)
{
    *(int *)arg = answer->status;
}

static void an_invite_that_only_rings_is_cancelled_at_the_deadline(void **state)
{
    (void)state;
    static struct server s;
    pthread_t thread;
    void *done = NULL;
    int early = 0;
    const struct sip_message *answer;
    if (!server_open(&s, "127.0.0.1:0", false))
        return;
    auto_(client_close) struct client *c = client_of(&s);
    assert_int_equal(pthread_create(&thread, NULL, ring, &s), 0);
    assert_int_equal(client_ask(c, span_of(request(c, "INVITE", "1")), 300, count_early, &early, &answer),
                     BF_ETIME);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_int_equal(early, 180);
    assert_non_null(done);
    server_close(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_is_sent_again_until_it_is_heard),
        cmocka_unit_test(other_requests_are_sent_again_at_most_every_four_seconds),
        cmocka_unit_test(a_refusal_is_acknowledged_on_the_same_branch_and_again_when_it_comes_again),
        cmocka_unit_test(an_accepted_call_is_acknowledged_where_it_says_and_hung_up),
        cmocka_unit_test(what_is_no_answer_to_us_is_not_listened_to),
        cmocka_unit_test(nobody_listening_is_known_at_once),
        cmocka_unit_test(over_tcp_answers_come_in_pieces_and_together),
        cmocka_unit_test(a_stream_that_ends_or_breaks_is_lost),
        cmocka_unit_test(ipv6_is_asked_likewise),
        cmocka_unit_test(what_is_no_request_is_not_sent),
        cmocka_unit_test(an_invite_that_only_rings_is_cancelled_at_the_deadline),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
