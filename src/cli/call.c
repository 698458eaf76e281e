/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide call`: places test calls and shows what came back. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/place.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "tls/tls.h"

struct wishes {
    const char *lab, *carrier, *untrusted, *key, *x5u, *caller, *called, *name;
    const char *ca, *tls_cert, *tls_key, *server_name;
    unsigned long timeout_ms;
    bool tcp, tls, insecure, json, expect;
};

static const struct option_row rows[] = {
    { "lab", "DIR", "sign as a carrier of this lab (made by `bonafide lab`)", OPTION_TEXT,
      offsetof(struct wishes, lab) },
    { "carrier", "SPC", "which of its carriers (default: the first)", OPTION_TEXT,
      offsetof(struct wishes, carrier) },
    { "untrusted", "DIR", "another lab, for calls of a carrier that is not trusted", OPTION_TEXT,
      offsetof(struct wishes, untrusted) },
    { "key", "FILE", "sign with this key instead of a lab's", OPTION_TEXT, offsetof(struct wishes, key) },
    { "x5u", "URL", "and name this URL of its certificate", OPTION_TEXT, offsetof(struct wishes, x5u) },
    { "caller", "TN", "calling number (default: +12155550121)", OPTION_TEXT,
      offsetof(struct wishes, caller) },
    { "called", "TN", "called number (default: +12155550131)", OPTION_TEXT, offsetof(struct wishes, called) },
    { "name", "TEXT", "display name", OPTION_TEXT, offsetof(struct wishes, name) },
    { "tcp", NULL, "call over TCP", OPTION_FLAG, offsetof(struct wishes, tcp) },
    { "tls", NULL, "call over TLS, port 5061 unless ADDRESS names another", OPTION_FLAG,
      offsetof(struct wishes, tls) },
    { "ca", "FILE", "TLS: anchors of the other side's certificate, PEM (default: the system's)", OPTION_TEXT,
      offsetof(struct wishes, ca) },
    { "server-name", "NAME", "TLS: whom that certificate must speak for (default: the host of ADDRESS)",
      OPTION_TEXT, offsetof(struct wishes, server_name) },
    { "tls-cert", "FILE", "TLS: our own certificate chain, PEM", OPTION_TEXT,
      offsetof(struct wishes, tls_cert) },
    { "tls-key", "FILE", "TLS: and its key", OPTION_TEXT, offsetof(struct wishes, tls_key) },
    { "insecure", NULL, "TLS: believe any certificate; for laboratories", OPTION_FLAG,
      offsetof(struct wishes, insecure) },
    { "timeout", "MS", "how long to wait for an answer (default: 5000)", OPTION_NUMBER,
      offsetof(struct wishes, timeout_ms) },
    { "expect", NULL, "fail unless each kind gets the verdict it deserves", OPTION_FLAG,
      offsetof(struct wishes, expect) },
    { "json", NULL, "one JSON object a line and nothing else", OPTION_FLAG, offsetof(struct wishes, json) },
    { 0 },
};

static const struct command_help help = {
    .name = "call",
    .example = "  bonafide lab --url-prefix http://127.0.0.1:8081/ lab\n"
               "  bonafide call --lab lab sip:127.0.0.1:5060            # one call of every kind\n"
               "  bonafide call --lab lab --tcp 127.0.0.1:5060 signed stale\n"
               "  bonafide call --lab lab --ca ca.pem sips:sbc.example.com signed\n",
    .usage = "[OPTION...] ADDRESS [KIND...]",
    .about = "Places test calls against a SIP address and shows the answers: verdict, verstat, attestation, "
             "reasons.\n"
             "KIND is one of those below, or `all`, which is what no KIND means. It calls nobody but "
             "ADDRESS, and hangs\n"
             "up if somebody answers.\n",
    .rows = rows,
    .more = "KIND:\n"
            "  signed     signed for this very call, full attestation\n"
            "  unsigned   no signature at all\n"
            "  spoofed    signed for one number, showing another\n"
            "  tampered   the attestation was raised after signing\n"
            "  other      the token of a call to somebody else\n"
            "  replayed   the token of an earlier call, sent again (takes 9 s where no second address is to "
            "be had)\n"
            "  stale      signed ten minutes ago\n"
            "  gateway    signed with attestation C\n"
            "  untrusted  signed by a carrier of another lab (--untrusted)\n"
            "\n"
            "Exit status: 0 each call was answered, 1 one was not (or, with --expect, not as it should), 64 "
            "wrong usage.\n",
};

/* Where to: `sip:host:port;transport=tcp`, `sips:host`, `host:port`, `host`. */
struct target {
    struct sockaddr_storage addr;
    socklen_t n;
    char host[256], name[256]; /* to look up; of a certificate: an IPv6 address keeps its brackets */
    uint16_t port;             /* 0: the transport's */
    bool tcp, tls;
};

static bool target_read(const char *text, struct target *ret)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    struct sip_uri uri;
    struct span transport = SPAN_NONE;
    if (strncasecmp(text, "sip:", 4) != 0 && strncasecmp(text, "sips:", 5) != 0)
        buf_text(&b, "sip:");
    buf_text(&b, text);
    if (!buf_ok(&b) || uri_read(buf_span(&b), &uri, NULL) != BF_OK ||
        (uri.scheme != URI_SIP && uri.scheme != URI_SIPS) || uri.host.n >= sizeof ret->host)
        return false;
    const bool brackets = uri.host.p[0] == '[';
    const struct span host = brackets ? span_make(uri.host.p + 1, uri.host.n - 2) : uri.host;
    memcpy(ret->host, host.p, host.n);
    memcpy(ret->name, uri.host.p, uri.host.n);
    ret->name[uri.host.n] = '\0';
    ret->host[host.n] = '\0';
    ret->port = uri.port;
    const bool named = sip_param(uri.params, SPAN("transport"), &transport);
    ret->tls = uri.scheme == URI_SIPS || (named && span_equal_nocase(transport, SPAN("tls")));
    ret->tcp = named && span_equal_nocase(transport, SPAN("tcp"));
    return true;
}

/* 0, or getaddrinfo's error. */
static int target_resolve(struct target *t)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    char port[8];
    snprintf(port, sizeof port, "%u", t->port ? t->port : t->tls ? 5061u : 5060u);
    const int err = getaddrinfo(t->host, port, &hints, &found);
    if (err)
        return err;
    memcpy(&t->addr, found->ai_addr, found->ai_addrlen);
    t->n = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* ---- showing ---- */

static const char *error_words(const struct placed *p)
{
    if (!p->sent)
        return p->err == BF_EUNSUP
                   ? p->kind == KIND_UNTRUSTED ? "not placed: needs --untrusted" : "not placed: needs --lab"
                   : bf_err_text(p->err);
    if (*p->why)
        return p->why;
    if (p->err == BF_ETIME)
        return "no answer";
    return p->err == BF_EIO ? "nobody listens there" : bf_err_text(p->err);
}

static const char *color_of(const struct placed *p)
{
    if (strcmp(p->verdict, "genuine") == 0)
        return "32";
    if (strcmp(p->verdict, "broken") == 0 || strcmp(p->verdict, "impostor") == 0)
        return "31";
    return p->err == BF_OK && p->verdict[0] ? "33" : NULL;
}

/* `STIR;cause=436;text="Bad Identity Info";ppi="…"` in short: `STIR 436 Bad Identity Info`. */
static void put_reason(struct buf *out, const char *value)
{
    const struct span reason = span_of(value);
    const size_t protocol = span_find(reason, ';');
    struct span cause = SPAN_NONE, text = SPAN_NONE;
    (void)sip_param(span_from(reason, protocol), SPAN("cause"), &cause);
    (void)sip_param(span_from(reason, protocol), SPAN("text"), &text);
    buf_printf(out, "%.*s %.*s %.*s", SPAN_FMT(span_first(reason, protocol)), SPAN_FMT(cause),
               SPAN_FMT(text));
}

static void show_row(struct table *t, const struct placed *p)
{
    char answer[PLACED_TEXT + 16], why[PLACED_REASONS * PLACED_TEXT];
    struct buf reasons = buf_on(why, sizeof why - 1);
    snprintf(answer, sizeof answer, "%d %s", p->status, p->phrase);
    if (p->n_reasons == 0)
        buf_text(&reasons, call_kind_text(p->kind));
    for (size_t i = 0; i < p->n_reasons; i++) {
        buf_text(&reasons, i ? ", " : "");
        put_reason(&reasons, p->reasons[i]);
    }
    why[reasons.n] = '\0';
    const bool answered = p->sent && p->err == BF_OK;
    const char *cells[] = {
        call_kind_name(p->kind), p->caller, answered ? answer : error_words(p), p->verdict, p->verstat,
        p->attestation,          why
    };
    table_row(t, cells, color_of(p));
}

static void put_member(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ",\"%s\":", name);
    if (*value)
        buf_json_string(b, span_of(value));
    else
        buf_text(b, "null");
}

static void show_json(const struct placed *p)
{
    char memory[16384];
    struct buf b = BUF_ON(memory);
    const bool answered = p->sent && p->err == BF_OK;
    buf_printf(&b, "{\"kind\":\"%s\",\"placed\":%s,\"status\":", call_kind_name(p->kind),
               p->sent ? "true" : "false");
    if (answered)
        buf_decimal(&b, p->status);
    else
        buf_text(&b, "null");
    put_member(&b, "phrase", p->phrase);
    put_member(&b, "caller", p->caller);
    put_member(&b, "called", p->called);
    put_member(&b, "verdict", p->verdict);
    put_member(&b, "expected", call_kind_verdict(p->kind));
    put_member(&b, "verstat", p->verstat);
    put_member(&b, "attest", p->attestation);
    put_member(&b, "x_bonafide", p->x_bonafide);
    put_member(&b, "contact", p->contact);
    buf_printf(&b, ",\"signed_on_the_way\":%s,\"reasons\":[", p->identity ? "true" : "false");
    for (size_t i = 0; i < p->n_reasons; i++) {
        buf_text(&b, i ? "," : "");
        buf_json_string(&b, span_of(p->reasons[i]));
    }
    buf_printf(&b, "],\"us\":%lld", (long long)p->us);
    put_member(&b, "error", answered ? "" : error_words(p));
    buf_text(&b, "}\n");
    fwrite(b.p, 1, b.n, stdout);
    fflush(stdout);
}

/* ---- placing ---- */

/* Kinds asked for, a bit each; 0: one of them is none. */
static unsigned kinds_read(const struct option_list *operands)
{
    unsigned kinds = 0;
    for (size_t i = 1; i < operands->n; i++) {
        const enum call_kind kind = call_kind_of(operands->items[i]);
        if (kind == KIND_COUNT && strcmp(operands->items[i], "all") != 0)
            return command_fail("call", 0, "there is no kind of call named %s. See bonafide call --help.",
                                operands->items[i]);
        kinds |= kind == KIND_COUNT ? (1u << KIND_COUNT) - 1 : 1u << kind;
    }
    return kinds ? kinds : (1u << KIND_COUNT) - 1;
}

static int place_all(const struct wishes *w, const struct place_options *o, unsigned kinds)
{
    static const char *const titles[] = { "call", "caller", "answer", "verdict", "verstat", "attest", "why" };
    struct table *t = w->json ? NULL : table_create(titles, ARRAY_SIZE(titles));
    struct progress progress;
    int status = EXIT_SUCCESS;
    progress_begin(&progress, "calling");
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        struct placed p;
        if (!(kinds >> kind & 1))
            continue;
        progress_step(&progress, kind, KIND_COUNT);
        if (place_call(o, (enum call_kind)kind, &p) != BF_OK)
            status = EXIT_FAILURE_OURS;
        else if (p.sent && (p.err != BF_OK || (w->expect && !placed_as_expected(&p))))
            status = EXIT_FAILURE;
        if (w->json)
            show_json(&p);
        else if (t)
            show_row(t, &p);
    }
    progress_end(&progress);
    if (t)
        table_print(t, command_colors());
    table_destroy(t);
    return status;
}

/* What signs: loaded keys and their URLs. */
struct signers {
    struct key *key, *untrusted_key;
    char *x5u, *untrusted_x5u;
};

static int signers_load(const struct wishes *w, struct signers *s)
{
    char *message = NULL;
    enum bf_err err = BF_OK;
    if (w->key && !w->x5u)
        return command_fail("call", EXIT_USAGE, "--key needs --x5u, the URL where its certificate is found.");
    if (w->key)
        err = key_load(w->key, &s->key, &message);
    else if (w->lab)
        err = place_carrier_load(w->lab, w->carrier, &s->key, &s->x5u, &message);
    if (err == BF_OK && w->untrusted)
        err = place_carrier_load(w->untrusted, NULL, &s->untrusted_key, &s->untrusted_x5u, &message);
    const int status =
        err == BF_OK ? 0 : command_fail("call", EXIT_INPUT, "%s.", message ? message : bf_err_text(err));
    free(message);
    return status;
}

static void signers_clear(struct signers *s)
{
    key_destroy(s->key);
    key_destroy(s->untrusted_key);
    free(s->x5u);
    free(s->untrusted_x5u);
}

static bool number_wish(const char *option, const char *text, struct number *ret)
{
    struct fault fault;
    if (!text || number_of_text(span_of(text), NULL, ret, &fault) == BF_OK)
        return true;
    return command_fail("call", 0, "--%s: %s.", option, fault.what);
}

/* TLS, and whom the other side must prove to be. */
static int tls_load(const struct wishes *w, const struct target *t, struct place_options *o,
                    struct tls_context **ret)
{
    const struct tls_client_options options = {
        .ca = w->ca, .cert = w->tls_cert, .key = w->tls_key, .insecure = w->insecure
    };
    char *message = NULL;
    const enum bf_err err = tls_client_create(&options, ret, &message);
    const int status =
        err == BF_OK ? 0 : command_fail("call", EXIT_INPUT, "%s.", message ? message : bf_err_text(err));
    free(message);
    o->tls = *ret;
    o->tls_name = w->server_name ? w->server_name : t->name;
    return status;
}

static int call(const struct wishes *w, const struct option_list *operands)
{
    struct target target = { .n = 0 };
    struct signers signers = { .key = NULL };
    struct place_options o = { .timeout_ms = (int)(w->timeout_ms < 600000 ? w->timeout_ms : 600000),
                               .name = w->name };
    if (operands->n == 0)
        return command_fail("call", EXIT_USAGE, "whom? Give an address, such as sip:127.0.0.1:5060.");
    if (!target_read(operands->items[0], &target))
        return command_fail("call", EXIT_USAGE, "%s is no SIP address. It looks like sip:127.0.0.1:5060.",
                            operands->items[0]);
    const unsigned kinds = kinds_read(operands);
    if (kinds == 0 || !number_wish("caller", w->caller, &o.caller) ||
        !number_wish("called", w->called, &o.called))
        return EXIT_USAGE;
    target.tls |= w->tls;
    const int unresolved = target_resolve(&target);
    if (unresolved)
        return command_fail("call", EXIT_INPUT, "%s: %s.", target.host, gai_strerror(unresolved));
    o.to = (const struct sockaddr *)&target.addr;
    o.to_n = target.n;
    o.tcp = w->tcp || target.tcp;
    auto_(tls_context_destroy) struct tls_context *tls = NULL;
    int status = target.tls ? tls_load(w, &target, &o, &tls) : 0;
    if (status == 0)
        status = signers_load(w, &signers);
    o.carrier = (struct place_carrier){ signers.key, signers.x5u ? signers.x5u : w->x5u };
    o.untrusted = (struct place_carrier){ signers.untrusted_key, signers.untrusted_x5u };
    if (status == 0)
        status = place_all(w, &o, kinds);
    signers_clear(&signers);
    return status;
}

int command_call(int argc, char **argv)
{
    struct wishes wishes = { .timeout_ms = 5000 };
    struct option_list operands;
    int status;
    if (!options_read(&help, argc, argv, &wishes, &operands, &status))
        return status;
    status = call(&wishes, &operands);
    options_clear(&help, &wishes, &operands);
    return status;
}
