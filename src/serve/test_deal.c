/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/deal.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "serve/worker.h"
#include "tap.h"

enum { SOCKETS = 4, CALLS = 400 };

struct table {
    int fds[SOCKETS], client;
};

static void open_table(struct table *t, enum udp_order order)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_storage addr;
    socklen_t n;
    char *message = NULL;
    assert_int_equal(
        udp_open((struct sockaddr *)&any, sizeof any, order, t->fds, SOCKETS, &addr, &n, &message), BF_OK);
    t->client = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(t->client, (struct sockaddr *)&addr, n), 0);
}

static void close_table(struct table *t)
{
    for (size_t i = 0; i < SOCKETS; i++)
        close(t->fds[i]);
    close(t->client);
}

/* Which socket it reached. */
static size_t dealt(struct table *t, const char *bytes, size_t n)
{
    struct pollfd fds[SOCKETS];
    char got[2048];
    size_t which = SOCKETS;
    assert_int_equal(send(t->client, bytes, n, 0), n);
    for (size_t i = 0; i < SOCKETS; i++)
        fds[i] = (struct pollfd){ .fd = t->fds[i], .events = POLLIN };
    assert_int_equal(poll(fds, SOCKETS, 5000), 1);
    for (size_t i = 0; i < SOCKETS; i++)
        if (fds[i].revents)
            which = i;
    assert_int_equal(recv(t->fds[which], got, sizeof got, 0), n);
    assert_memory_equal(got, bytes, n);
    return which;
}

/* No socket gets less than half of its share; the same bytes reach the same one. */
static void expect_fair(size_t (*write)(char *out, size_t size, unsigned call))
{
    struct table t;
    size_t of[SOCKETS] = { 0 };
    char bytes[2048];
    open_table(&t, UDP_BY_CONTENT);
    for (unsigned call = 0; call < CALLS; call++) {
        const size_t n = write(bytes, sizeof bytes, call), first = dealt(&t, bytes, n);
        of[first]++;
        assert_int_equal(dealt(&t, bytes, n), first);
    }
    for (size_t i = 0; i < SOCKETS; i++)
        assert_true(of[i] > CALLS / SOCKETS / 2);
    close_table(&t);
}

static size_t counted(char *out, size_t size, unsigned call)
{
    return (size_t)snprintf(out, size,
                            "INVITE sip:+12155550131@127.0.0.1 SIP/2.0\r\n"
                            "Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-%u\r\n"
                            "From: <sip:+12155550121@127.0.0.1>;tag=1\r\nTo: <sip:+12155550131@127.0.0.1>\r\n"
                            "Call-ID: %u@127.0.0.1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
                            call, call);
}

static void calls_of_one_socket_that_differ_in_a_counter_reach_all_workers(void **state)
{
    (void)state;
    expect_fair(counted);
}

/* The beginning says nothing; what tells the calls apart is a signature somewhere behind. */
static size_t signed_late(char *out, size_t size, unsigned call)
{
    uint8_t chance[43];
    struct buf b = buf_on(out, size);
    (void)call;
    for (unsigned i = 0; i < 500 + call % 300; i++)
        buf_char(&b, 'x');
    random_bytes(chance, sizeof chance);
    buf_hex(&b, chance, sizeof chance); /* as long as the signature of a token */
    for (unsigned i = 0; i < 400; i++)
        buf_char(&b, 'y');
    return b.n;
}

static void a_signature_anywhere_is_met(void **state)
{
    (void)state;
    expect_fair(signed_late);
}

static void datagrams_of_every_length_arrive(void **state)
{
    struct table t;
    char bytes[1700];
    (void)state;
    open_table(&t, UDP_BY_CONTENT);
    memset(bytes, 'x', sizeof bytes);
    for (size_t n = 1; n <= sizeof bytes; n += n < 80 ? 1 : 13)
        assert_true(dealt(&t, bytes, n) < SOCKETS);
    close_table(&t);
}

/* Of twenty senders each has a socket, and they have not all the same. */
static void what_one_sender_sends_reaches_one_socket_where_order_counts(void **state)
{
    struct table t;
    char bytes[2048];
    size_t of[SOCKETS] = { 0 }, used = 0;
    (void)state;
    open_table(&t, UDP_BY_SENDER);
    struct sockaddr_storage server;
    socklen_t n = sizeof server;
    assert_int_equal(getpeername(t.client, (struct sockaddr *)&server, &n), 0);
    for (unsigned sender = 0; sender < 20; sender++) {
        close(t.client);
        t.client = socket(AF_INET, SOCK_DGRAM, 0);
        assert_int_equal(connect(t.client, (struct sockaddr *)&server, n), 0);
        const size_t first = dealt(&t, bytes, counted(bytes, sizeof bytes, 0));
        for (unsigned call = 1; call < 20; call++)
            assert_int_equal(dealt(&t, bytes, counted(bytes, sizeof bytes, call)), first);
        of[first]++;
    }
    for (size_t i = 0; i < SOCKETS; i++)
        used += of[i] > 0;
    assert_true(used > 1);
    close_table(&t);
}

static void the_program_fits_for_any_number_of_workers(void **state)
{
    static struct sock_filter code[2 * DEAL_CODE];
    const uint32_t seed[3] = { 1, 2, 3 };
    (void)state;
    for (size_t count = 2; count <= SERVER_WORKERS_MAX; count++)
        assert_true(deal_program(seed, ARRAY_SIZE(seed), count, code) <= DEAL_CODE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_one_socket_that_differ_in_a_counter_reach_all_workers),
        cmocka_unit_test(a_signature_anywhere_is_met),
        cmocka_unit_test(datagrams_of_every_length_arrive),
        cmocka_unit_test(what_one_sender_sends_reaches_one_socket_where_order_counts),
        cmocka_unit_test(the_program_fits_for_any_number_of_workers),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
