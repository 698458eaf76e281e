/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back to a proxy: any response through the readers of our Via, the ACK that it gets and the response that is passed
 * on, which must be readable again; and any order of events through a transaction, two bytes an event, where time only
 * goes forward: nothing final but a 2xx is passed on twice, and what is due comes to an end.
 * The first byte says how many events there are; the response follows them.
 */
#include <stdlib.h>

#include "proxy/forward.h"
#include "proxy/transactions.h"
#include "serve/proxy.h"
#include "sip/follow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char request[] =
    "INVITE sip:+12155550131@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKbf\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKa\r\nMax-Forwards: 69\r\n"
    "From: <sip:+12155550121@example.com>;tag=a\r\nTo: <sip:+12155550131@example.com>\r\n"
    "Call-ID: a@test\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

static struct sip_message in, out, sent;
static char passed[2 * LIMIT_SIP_MESSAGE], ack[2 * LIMIT_SIP_MESSAGE];

static void must(bool good)
{
    if (!good)
        abort();
}

static size_t count_vias(const struct sip_message *m)
{
    size_t n = 0;
    const struct sip_header *h;
    for (size_t at = 0; (h = message_next(m, SIP_H_VIA, &at));) {
        struct span rest = h->value, value;
        while (sip_list_next(&rest, &value))
            n++;
    }
    return n;
}

static void respond(struct span bytes)
{
    struct fault fault;
    struct sip_via via;
    struct proxy_branch branch;
    struct buf b = BUF_ON(passed), a = BUF_ON(ack);
    const struct forward_back back = { .from = SPAN("From: <sip:me@example.com>;tag=a"),
                                       .reasons = SPAN("Reason: STIR;cause=438;text=\"x\"\r\n") };
    if (message_read(bytes, SIP_DATAGRAM, &in, &fault) != BF_OK || in.is_request)
        return;
    if (message_top_via(&in, &via, &fault) != BF_OK)
        return; /* nobody's: it goes no further */
    if (proxy_branch_read(via.branch, &branch))
        must(branch.worker <= 0xFF && branch.attempt < ATTEMPTS_MAX && branch.name.slot <= 0xFFFFFF);
    must(message_read(SPAN(request), SIP_DATAGRAM, &sent, &fault) == BF_OK);
    if (follow_hop(&a, &sent, &in, SIP_ACK) == BF_OK)
        must(message_read(buf_span(&a), SIP_DATAGRAM, &out, &fault) == BF_OK && out.method == SIP_ACK &&
             count_vias(&out) == 1);
    if (forward_response(&in, &back, &b, NULL) != BF_OK || !buf_ok(&b))
        return;
    const enum bf_err err = message_read(buf_span(&b), SIP_DATAGRAM, &out, &fault);
    must(err == BF_OK || err == BF_ELIMIT); /* a Reason more may be one header field too many */
    if (err == BF_OK)
        must(!out.is_request && out.status == in.status && count_vias(&out) + 1 == count_vias(&in));
}

/* Everything that time demands by then, as a worker would do it. false: it is forgotten. */
static bool wait_until(struct transactions *t, struct transaction *x, mono_t now)
{
    struct transaction *due;
    struct attempt *a;
    unsigned what;
    const struct transaction_sent next = { .bytes = SPAN(request),
                                           .place = "a place",
                                           .patience = MONO_MS(400) };
    for (unsigned n = 0; transactions_due(t, now, &due, &a, &what); n++) {
        must(n < 1000 && due == x);
        if (what == TRANSACTION_FORGET) {
            transactions_end(t, x);
            return false;
        }
        if (what == TRANSACTION_NEXT && !transactions_forward(t, x, &next, now))
            transactions_answered(t, x, 408, SPAN("SIP/2.0 408"), now);
        if (what == TRANSACTION_TIMEOUT || what == TRANSACTION_GIVE_UP)
            transactions_answered(t, x, what == TRANSACTION_TIMEOUT ? 408 : 487, SPAN("SIP/2.0 4xx"), now);
    }
    return true;
}

static void play(const uint8_t *events, size_t n)
{
    struct transactions *t;
    mono_t now = 0;
    unsigned refusals = 0;
    const struct transaction_sent place = { .bytes = SPAN(request),
                                            .place = "a place",
                                            .reliable = n % 3 == 0 };
    const struct transaction_request r = { .key = { 1, 2 },
                                           .kind = n % 5 == 0 ? TRANSACTION_OTHER : TRANSACTION_INVITE,
                                           .reliable = n % 2 == 0,
                                           .bytes = SPAN(request),
                                           .context = "context" };
    must(transactions_create(1 << 16, 8, 8, &t) == BF_OK);
    struct transaction *x = transactions_begin(t, &r, now);
    for (size_t i = 0; i + 1 < n && x; i += 2) {
        struct attempt *a = transaction_attempt(x, events[i + 1] & 3);
        const int status = 100 + (events[i + 1] >> 2) * 9;
        unsigned what = 0;
        switch (events[i] % 8) {
        case 0:
            if (!x->attempt)
                transactions_forward(t, x, &place, now);
            break;
        case 1:
        case 2:
            what = a ? transactions_response(t, x, a, status, events[i] & 8 && status >= 200, now) : 0;
            break;
        case 3: transactions_cancel(t, x, now); break;
        case 4: transactions_acknowledged(t, x, now); break;
        case 5:
            if (a)
                transactions_lost(t, x, a, now);
            break;
        default: now += MONO_MS(events[i + 1]) * events[i]; break;
        }
        if (what & TRANSACTION_PASS) {
            refusals += status >= 300 || (status >= 200 && x->kind == TRANSACTION_OTHER);
            must(x->state < TRANSACTION_COMPLETED || (status >= 200 && status < 300));
            transactions_answered(t, x, status, SPAN("SIP/2.0"), now);
        }
        must(!(what & TRANSACTION_ACK) || x->kind == TRANSACTION_INVITE);
        must(refusals <= 1);
        if (!wait_until(t, x, now))
            x = NULL;
    }
    if (x)
        must(!wait_until(t, x, now + MONO_S(1000)) || wait_until(t, x, now + MONO_S(2000)) == false);
    must(transactions_counts(t).bytes == 0 && transactions_counts(t).waiting == 0);
    transactions_destroy(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const size_t n = data[0] < size ? data[0] : size - 1;
    play(data + 1, n);
    respond(span_make(data + 1 + n, size - 1 - n));
    return 0;
}
