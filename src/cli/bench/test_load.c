/* SPDX-License-Identifier: Apache-2.0 */
/* The caller counts what comes back: right, wrong, twice, not at all; and its ACKs carry the tag of their answer. */
#include "cli/bench/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#define CALLS 200u

enum manner { MANNER_RIGHT, MANNER_WRONG, MANNER_TWICE, MANNER_TRYING_FIRST, MANNER_SILENT };

/* Answers every call by its number: manners[number % n]. */
struct server {
    int fd;
    struct sockaddr_in at;
    enum manner manners[5];
    size_t n_manners;
    _Atomic bool stop;
    _Atomic size_t invites, acks, tagged; /* ACKs with the tag of their answer */
    pthread_t thread;
};

static void answer(const struct server *s, const char *line, uint64_t number, const struct sockaddr_in *to)
{
    char text[512];
    const int n = snprintf(text, sizeof text,
                           "%s\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nTo: <sip:a@b>;tag=t%llu\r\n"
                           "Call-ID: %010llu-bench@127.0.0.1\r\nContact: <sip:a@b;verstat=Good>\r\n\r\n",
                           line, (unsigned long long)number, (unsigned long long)number);
    sendto(s->fd, text, (size_t)n, 0, (const struct sockaddr *)to, sizeof *to);
}

static void serve_one(struct server *s, const char *message, size_t n, const struct sockaddr_in *from)
{
    char tag[32];
    const uint64_t number = call_number(message, n);
    if (memcmp(message, "ACK ", 4) == 0) {
        snprintf(tag, sizeof tag, ";tag=t%llu\r\n", (unsigned long long)number);
        atomic_fetch_add(&s->acks, 1);
        atomic_fetch_add(&s->tagged, memmem(message, n, tag, strlen(tag)) != NULL);
        return;
    }
    atomic_fetch_add(&s->invites, 1);
    switch (s->manners[number % s->n_manners]) {
    case MANNER_TWICE: answer(s, "SIP/2.0 302 Found", number, from); /* fall through */
    case MANNER_RIGHT: answer(s, "SIP/2.0 302 Found", number, from); break;
    case MANNER_WRONG: answer(s, "SIP/2.0 503 Busy", number, from); break;
    case MANNER_TRYING_FIRST:
        answer(s, "SIP/2.0 100 Trying", number, from);
        answer(s, "SIP/2.0 302 Found", number, from);
        break;
    case MANNER_SILENT: break;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stop)) {
        char message[4096];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        const ssize_t n = recvfrom(s->fd, message, sizeof message, 0, (struct sockaddr *)&from, &size);
        if (n > 4)
            serve_one(s, message, (size_t)n, &from);
    }
    return NULL;
}

static void server_start(struct server *s)
{
    static const struct timeval soon = { .tv_usec = 20000 };
    socklen_t n = sizeof s->at;
    s->at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&s->at, sizeof s->at), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&s->at, &n), 0);
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* When nothing comes any more. */
static void server_stop(struct server *s, size_t acks)
{
    for (unsigned tries = 0; atomic_load(&s->acks) < acks && tries < 500; tries++)
        usleep(10000);
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static bool place(struct server *s, double interval_ns, struct load_result *ret)
{
    struct made_calls calls;
    assert_true(calls_make(NULL, 7000, CALLS, 2, &calls));
    server_start(s);
    const struct load load = { .to = s->at,
                               .first_line = "SIP/2.0 302",
                               .holds = "verstat=Good",
                               .calls = &calls,
                               .interval_ns = interval_ns,
                               .window = 32,
                               .shares_cpu = true };
    const bool clean = load_run(&load, ret);
    server_stop(s, ret->answered);
    calls_free(&calls);
    return clean;
}

static void every_call_is_answered_rightly_and_acknowledged_by_its_tag(void **state)
{
    (void)state;
    struct load_result result;
    struct server s = { .manners = { MANNER_RIGHT }, .n_manners = 1 };
    assert_true(place(&s, 0, &result));
    assert_int_equal(result.sent, CALLS);
    assert_int_equal(result.answered, CALLS);
    assert_int_equal(result.right, CALLS);
    assert_int_equal(result.latency.n, CALLS);
    assert_int_equal(s.invites, CALLS);
    assert_int_equal(s.acks, CALLS);
    assert_int_equal(s.tagged, CALLS);
}

static void wrong_and_second_answers_are_told_from_right_ones(void **state)
{
    (void)state;
    struct load_result result;
    struct server s = { .manners = { MANNER_RIGHT, MANNER_WRONG, MANNER_TWICE, MANNER_TRYING_FIRST },
                        .n_manners = 4 };
    assert_false(place(&s, 0, &result));
    assert_int_equal(result.answered, CALLS);
    assert_int_equal(result.right, CALLS * 3 / 4);
    assert_in_range(result.again, CALLS / 4 - 1, CALLS / 4); /* of the last call it may come after the end */
    assert_int_equal(result.lost, 0);
}

static void calls_without_an_answer_are_lost_and_the_others_go_on(void **state)
{
    (void)state;
    struct load_result result;
    struct server s = { .manners = { MANNER_RIGHT, MANNER_RIGHT, MANNER_RIGHT, MANNER_RIGHT, MANNER_SILENT },
                        .n_manners = 5 };
    assert_false(place(&s, 100000, &result));
    assert_int_equal(result.sent, CALLS);
    assert_int_equal(result.right, CALLS * 4 / 5);
    assert_int_equal(result.lost, CALLS / 5);
}

static void a_server_that_answers_nothing_is_given_up(void **state)
{
    (void)state;
    struct load_result result;
    struct server s = { .manners = { MANNER_SILENT }, .n_manners = 1 };
    assert_false(place(&s, 0, &result));
    assert_int_equal(result.answered, 0);
    assert_true(result.sent < CALLS);
    assert_true(result.lost >= 32 && !result.stopped);
}

static bool at_once(void *arg)
{
    return *(bool *)arg;
}

static void whoever_is_told_to_stop_stops(void **state)
{
    (void)state;
    bool yes = true;
    struct load_result result;
    struct made_calls calls;
    struct server s = { .manners = { MANNER_SILENT }, .n_manners = 1 };
    assert_true(calls_make(NULL, 0, 100, 1, &calls));
    server_start(&s);
    const struct load load = { .to = s.at,
                               .first_line = "SIP/2.0 302",
                               .holds = "x",
                               .calls = &calls,
                               .window = 4,
                               .shares_cpu = true,
                               .stop = at_once,
                               .stop_arg = &yes };
    assert_false(load_run(&load, &result));
    assert_true(result.stopped);
    assert_true(result.sent < 100);
    server_stop(&s, 0);
    calls_free(&calls);
}

static void the_number_of_a_message_stands_in_its_call_id(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t number;
    } rows[] = {
        { "INVITE x\r\nCall-ID: 0000000042-bench@a\r\n", 42 },
        { "INVITE x\r\nCall-ID: 9999999999", 9999999999 },
        { "INVITE x\r\nCall-ID: 999999999", UINT64_MAX },
        { "INVITE x\r\nCall-ID: 00000000x2-bench@a\r\n", UINT64_MAX },
        { "INVITE x\r\n", UINT64_MAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(call_number(rows[i].text, strlen(rows[i].text)), rows[i].number);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_a_message_stands_in_its_call_id),
        cmocka_unit_test(every_call_is_answered_rightly_and_acknowledged_by_its_tag),
        cmocka_unit_test(wrong_and_second_answers_are_told_from_right_ones),
        cmocka_unit_test(calls_without_an_answer_are_lost_and_the_others_go_on),
        cmocka_unit_test(a_server_that_answers_nothing_is_given_up),
        cmocka_unit_test(whoever_is_told_to_stop_stops),
    };
    return tap_run(tests, sizeof tests / sizeof tests[0]);
}
