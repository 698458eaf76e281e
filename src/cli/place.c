/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test call is an INVITE without a body, from a number shown to a number called, with or without an Identity
 * header. The kinds are a table; what each does to its token stands in place_token.c.
 */
#include "cli/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/cidr.h"
#include "cli/place_parts.h"
#include "sip/client.h"
#include "sip/date.h"

#define REPLAY_WAIT_MS 9000 /* the same peer may send a token again within 8 s: a fork, a retry */

static const struct kind_row {
    const char *name, *text, *verdict;
} kinds[KIND_COUNT] = {
    [KIND_SIGNED] = { "signed", "signed for this very call, full attestation", "genuine" },
    [KIND_UNSIGNED] = { "unsigned", "no signature at all", "unproven" },
    [KIND_SPOOFED] = { "spoofed", "signed for one number, showing another", "broken" },
    [KIND_TAMPERED] = { "tampered", "the attestation was raised after signing", "broken" },
    [KIND_OTHER] = { "other", "the token of a call to somebody else", "broken" },
    [KIND_REPLAYED] = { "replayed", "the token of an earlier call, sent again by another", "broken" },
    [KIND_STALE] = { "stale", "signed ten minutes ago", "broken" },
    [KIND_GATEWAY] = { "gateway", "signed, but only for the gateway it came in by", "unproven" },
    [KIND_UNTRUSTED] = { "untrusted", "signed by a carrier nobody vouches for", "broken" },
};

const char *call_kind_name(enum call_kind kind)
{
    return kind < KIND_COUNT ? kinds[kind].name : "";
}

const char *call_kind_text(enum call_kind kind)
{
    return kind < KIND_COUNT ? kinds[kind].text : "";
}

const char *call_kind_verdict(enum call_kind kind)
{
    return kind < KIND_COUNT ? kinds[kind].verdict : "";
}

enum call_kind call_kind_of(const char *name)
{
    unsigned kind = 0;
    while (kind < KIND_COUNT && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return (enum call_kind)kind;
}

bool placed_as_expected(const struct placed *placed)
{
    return placed->sent && placed->err == BF_OK &&
           strcmp(placed->verdict, call_kind_verdict(placed->kind)) == 0;
}

static void put_party(struct buf *out, const char *header, const char *name, const struct number *n,
                      const char *host)
{
    char text[LIMIT_NUMBER + 2];
    buf_printf(out, "%s: ", header);
    if (name) {
        buf_char(out, '"');
        for (; *name; name++) {
            if (*name == '"' || *name == '\\')
                buf_char(out, '\\');
            buf_printable(out, span_make(name, 1));
        }
        buf_text(out, "\" ");
    }
    buf_printf(out, "<sip:%s@%s;user=phone>", number_show(n, text), host);
}

static struct span write_invite(const struct client *c, const struct place_call *call, char *memory,
                                size_t size)
{
    struct buf out = buf_on(memory, size);
    char word[CLIENT_WORD + 1], text[LIMIT_NUMBER + 2], date[SIP_DATE_TEXT + 1];
    const char *here = client_local(c);
    buf_printf(&out, "INVITE sip:%s@%s;user=phone SIP/2.0\r\n", number_show(&call->called, text), call->host);
    buf_printf(&out, "Via: SIP/2.0/%s %s;branch=z9hG4bK%s;rport\r\n", client_transport(c), here,
               client_word(word));
    put_party(&out, "From", call->name, &call->caller, here);
    buf_printf(&out, ";tag=%s\r\n", client_word(word));
    put_party(&out, "To", NULL, &call->called, call->host);
    buf_printf(&out, "\r\nCall-ID: %s@bonafide.invalid\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n",
               client_word(word));
    buf_printf(&out, "Contact: <sip:%s@%s>\r\n", number_show(&call->caller, text), here);
    buf_printf(&out, "Date: %s\r\n", sip_date_write(call->date, date));
    if (call->identity.n) {
        buf_text(&out, "Identity: ");
        buf_span_put(&out, call->identity);
        buf_text(&out, "\r\n");
    }
    buf_text(&out, "User-Agent: bonafide/" BF_VERSION "\r\nContent-Length: 0\r\n\r\n");
    return buf_ok(&out) ? buf_span(&out) : SPAN_NONE;
}

#define INVITE_MAX (LIMIT_IDENTITY_VALUE + 4096u)

/* Places one INVITE on a socket of its own. from may be NULL. */
static enum bf_err ask(const struct place_options *o, const struct sockaddr *from, socklen_t from_n,
                       const struct place_call *call, struct placed *ret)
{
    auto_(client_close) struct client *c = NULL;
    const struct client_options options = { .to = o->to,
                                            .to_n = o->to_n,
                                            .from = from,
                                            .from_n = from_n,
                                            .tcp = o->tcp,
                                            .tls = o->tls,
                                            .name = o->tls_name };
    const struct sip_message *answer;
    const int timeout_ms = o->timeout_ms ? o->timeout_ms : 5000;
    ret->err = client_open(&options, &c);
    if (ret->err != BF_OK)
        return ret->err;
    char *memory = malloc(INVITE_MAX);
    if (!memory)
        return ret->err = BF_ENOMEM;
    const struct span invite = write_invite(c, call, memory, INVITE_MAX);
    const mono_t begin = clock_now(&clock_system).mono;
    ret->err = invite.n ? client_ask(c, invite, timeout_ms, NULL, NULL, &answer) : BF_ELIMIT;
    ret->us = (clock_now(&clock_system).mono - begin) / 1000;
    free(memory);
    if (ret->err != BF_OK) {
        snprintf(ret->why, sizeof ret->why, "%s", client_why(c) ? client_why(c) : "");
        return ret->err;
    }
    placed_read(answer, ret);
    if (answer->status < 300 && client_hang_up(c, timeout_ms) != BF_OK)
        snprintf(ret->phrase, sizeof ret->phrase, "answered, and did not let us hang up");
    return BF_OK;
}

/*
 * The token again, from somewhere else: on 127.0.0.0/8 another address of it. Elsewhere there is no second address
 * to be had, and the call is placed again once it cannot be a fork of the first any more.
 */
static enum bf_err ask_again(const struct place_options *o, const struct place_call *call, struct placed *ret)
{
    const struct sockaddr_in other = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000002) };
    const struct sockaddr_in *to = (const struct sockaddr_in *)o->to;
    if (o->to->sa_family == AF_INET && ntohl(to->sin_addr.s_addr) >> 24 == 127)
        return ask(o, (const struct sockaddr *)&other, sizeof other, call, ret);
    (void)poll(NULL, 0, REPLAY_WAIT_MS);
    return ask(o, NULL, 0, call, ret);
}

static struct number digits(const char *text)
{
    struct number n = { .n = 0 };
    while (*text)
        n.digits[n.n++] = *text++;
    return n;
}

/* A number nobody signed for: the last digit is another. */
static void disguise(struct number *n)
{
    char *last = &n->digits[n->n - 1];
    *last = *last == '9' ? '0' : (char)(*last + 1);
}

static struct place_call describe(const struct place_options *o, enum call_kind kind, char host[static 64])
{
    struct place_call call = { .caller = o->caller, .called = o->called, .host = o->host, .name = o->name };
    if (!call.host)
        call.host = addr_text(o->to, host);
    if (kind == KIND_SPOOFED)
        disguise(&call.caller);
    return call;
}

enum bf_err place_call(const struct place_options *options, enum call_kind kind, struct placed *ret)
{
    struct place_options o = *options;
    char host[64], memory[LIMIT_IDENTITY_VALUE];
    struct buf identity = BUF_ON(memory);
    const utc_t now = clock_now(o.clock ? o.clock : &clock_system).utc;
    if (o.caller.n == 0)
        o.caller = digits("12155550121");
    if (o.called.n == 0)
        o.called = digits("12155550131");
    struct place_call call = describe(&o, kind, host);
    *ret = (struct placed){ .kind = kind };
    number_show(&call.caller, ret->caller);
    number_show(&call.called, ret->called);
    ret->err = place_identity(&o, kind, now, &identity);
    if (ret->err != BF_OK)
        return ret->err == BF_ENOMEM ? BF_ENOMEM : BF_OK;
    ret->sent = true;
    call.date = place_signed_at(kind, now);
    call.identity = buf_span(&identity);
    if (ask(&o, NULL, 0, &call, ret) == BF_OK && kind == KIND_REPLAYED)
        (void)ask_again(&o, &call, ret);
    return ret->err == BF_ENOMEM ? BF_ENOMEM : BF_OK;
}
