/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Just enough of two phones to be called back by: an INVITE is taken with an answer at once, a later one of the same call
 * with another, a BYE with 200. Which phone is meant says the user of the Request-URI; Contact keeps it for what comes later.
 */
#include "cli/demo_phones.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/reply.h"
#include "sip/uri.h"

#define DATAGRAM 65536u
#define VOICE    40000 /* a port nobody listens at: what they would say stays unsaid */

/* What the phone says of itself: it takes PCMU, and the voice goes to it.                          RFC 4566, RFC 3264 */
static struct span voice(struct buf *out, enum demo_end which)
{
    buf_printf(out,
               "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
               "m=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
               VOICE + 2 * (int)which);
    return buf_span(out);
}

static void keep_text(char *out, size_t size, struct span text)
{
    struct buf b = buf_on(out, size - 1);
    buf_printable(&b, span_first(text, size - 1));
    out[b.n] = '\0';
}

/* The first INVITE rings; what a later one says of the voice connects the two. */
static void invited(struct demo_phone *phone, const struct sip_message *m)
{
    struct sip_address from;
    char name[sizeof phone->shown];
    if (phone->uri[0])
        return;
    keep_text(phone->uri, sizeof phone->uri, m->uri);
    if (sip_address_read(message_header(m, SIP_H_FROM), &from, NULL) == BF_OK)
        keep_text(phone->shown, sizeof phone->shown,
                  span_make(name, sip_display_text(&from, name, sizeof name)));
}

static void note(struct demo_phone *phone, const struct sip_message *m)
{
    if (m->method == SIP_INVITE)
        invited(phone, m);
    /* whoever has the other's address can talk: it came with the second INVITE, or with the ACK */
    if (m->body.n && ++phone->offered && phone->uri[0] && span_holds_nocase(m->body, SPAN("m=audio 4000")))
        phone->connected = true;
    if (m->method == SIP_BYE || m->method == SIP_CANCEL)
        phone->hung_up = true;
}

static enum bf_err answer(struct demo_phones *p, const struct sip_message *m, const struct sip_source *from,
                          enum demo_end which, struct buf *out)
{
    char body[512], contact[80];
    struct buf text = buf_on(body, sizeof body);
    const enum bf_err err = reply_begin(out, m, from, 200, sip_reason(200), SPAN("phone"));
    if (err)
        return err;
    if (m->method != SIP_INVITE) {
        reply_end(out, SPAN_NONE);
        return BF_OK;
    }
    snprintf(contact, sizeof contact, "<sip:%s@127.0.0.1:%u>", which == DEMO_DESK_END ? DEMO_DESK : "person",
             p->port);
    reply_header(out, "Contact", span_of(contact));
    reply_header(out, "Content-Type", SPAN("application/sdp"));
    reply_end(out, voice(&text, which));
    return BF_OK;
}

static void take(struct demo_phones *p, struct span datagram, const struct sockaddr_storage *addr)
{
    static const char desk[] = "sip:" DEMO_DESK "@";
    char memory[4096];
    struct buf out = BUF_ON(memory);
    struct sip_message m;
    struct sockaddr_storage to;
    socklen_t n;
    const struct sip_source from = { .addr = (const struct sockaddr *)addr };
    if (message_read(datagram, SIP_DATAGRAM, &m, NULL) != BF_OK || !m.is_request)
        return;
    const enum demo_end which = span_starts(m.uri, span_of(desk)) ? DEMO_DESK_END : DEMO_PERSON_END;
    pthread_mutex_lock(&p->lock);
    note(&p->phones[which], &m);
    pthread_mutex_unlock(&p->lock);
    if (m.method != SIP_ACK && answer(p, &m, &from, which, &out) == BF_OK && buf_ok(&out) &&
        reply_target(&m, &from, &to, &n))
        (void)!sendto(p->fd, memory, out.n, 0, (const struct sockaddr *)&to, n);
}

static void *ring(void *arg)
{
    struct demo_phones *p = arg;
    static _Thread_local char bytes[DATAGRAM];
    for (;;) {
        struct pollfd ready[] = { { .fd = p->fd, .events = POLLIN }, { .fd = p->stop[0], .events = POLLIN } };
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (ready[1].revents)
            return NULL;
        struct sockaddr_storage from = { 0 };
        socklen_t n = sizeof from;
        const ssize_t got = recvfrom(p->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &n);
        if (got > 0)
            take(p, span_make(bytes, (size_t)got), &from);
    }
}

bool demo_phones_init(struct demo_phones *p)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof addr;
    *p = (struct demo_phones){ .fd = -1, .stop = { -1, -1 } };
    pthread_mutex_init(&p->lock, NULL);
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    p->made = true;
    if (p->fd < 0 || bind(p->fd, (const struct sockaddr *)&addr, n) ||
        getsockname(p->fd, (struct sockaddr *)&addr, &n) || pipe2(p->stop, O_CLOEXEC))
        return false;
    p->port = ntohs(addr.sin_port);
    return p->running = pthread_create(&p->thread, NULL, ring, p) == 0;
}

void demo_phones_clear(struct demo_phones *p)
{
    if (!p->made)
        return;
    if (p->running && write(p->stop[1], "", 1) == 1)
        pthread_join(p->thread, NULL);
    const int fds[] = { p->fd, p->stop[0], p->stop[1] };
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&p->lock);
    *p = (struct demo_phones){ 0 };
}

void demo_phones_look(struct demo_phones *p, struct demo_phone ret[static DEMO_ENDS])
{
    pthread_mutex_lock(&p->lock);
    memcpy(ret, p->phones, sizeof p->phones);
    pthread_mutex_unlock(&p->lock);
}
