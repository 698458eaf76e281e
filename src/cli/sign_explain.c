/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads what `serve` would load, makes the call that the options describe, and tells of every row and customer whether it
 * signs, and if not, why not. Nothing is signed and nobody is asked.
 */
#include "cli/sign_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/command.h"
#include "serve/vouching.h"
#include "signing/explain.h"

#define EXIT_UNSIGNED 1
#define HEADERS       16u

struct telling {
    const struct explain_wishes *wishes;
    struct config *config;
    struct signing *signing; /* NULL: the configuration signs nothing */
    struct sip_message *message;
    struct call call;
    bool json;
    size_t told;
};

static void telling_clear(struct telling *t)
{
    signing_destroy(t->signing);
    config_destroy(t->config);
    free(t->message);
}

/* ---- what is asked ---- */

static int read_number(const struct telling *t, const char *option, const char *text, struct number *ret)
{
    struct fault fault = { 0, "" };
    if (!text)
        return command_fail("sign", EXIT_USAGE, "--explain needs --%s TN.", option);
    if (number_of_text(span_of(text), &t->config->numbers.plan, ret, &fault) != BF_OK)
        return command_fail("sign", EXIT_USAGE, "--%s '%.64s': %s.", option, text, fault.what);
    return 0;
}

/* With or without a port. */
static int read_address(struct telling *t)
{
    const char *const text = t->wishes->from;
    char with_port[80];
    socklen_t n;
    if (!text)
        return command_fail("sign", EXIT_USAGE, "--explain needs --from ADDRESS: where the call comes from.");
    const bool six = strchr(text, ':') != strrchr(text, ':');
    snprintf(with_port, sizeof with_port, six && text[0] != '[' ? "[%s]:5060" : "%s:5060", text);
    if (addr_read(span_of(text), &t->call.peer.addr, &n, NULL) != BF_OK &&
        addr_read(span_of(with_port), &t->call.peer.addr, &n, NULL) != BF_OK)
        return command_fail("sign", EXIT_USAGE,
                            "--from '%.64s' is no address. Write 192.0.2.7 or 2001:db8::7.", text);
    return 0;
}

static int read_headers(struct telling *t)
{
    const struct option_list *all = &t->wishes->headers;
    t->message = calloc(1, sizeof *t->message);
    if (!t->message)
        return command_fail("sign", EXIT_FAILURE_OURS, "%s.", bf_err_text(BF_ENOMEM));
    if (all->n > HEADERS)
        return command_fail("sign", EXIT_USAGE, "more than %u headers are more than anybody is known by.",
                            HEADERS);
    for (size_t i = 0; i < all->n; i++) {
        const struct span text = span_of(all->items[i]);
        const size_t colon = span_find(text, ':');
        if (colon == 0 || colon == text.n)
            return command_fail("sign", EXIT_USAGE, "--header '%.64s': write 'Name: value'.", all->items[i]);
        struct sip_header *const h = &t->message->headers[t->message->n_headers++];
        h->name = span_trim(span_first(text, colon));
        h->value = span_trim(span_from(text, colon + 1));
        h->line = text;
    }
    t->call.message = t->message;
    return 0;
}

static bool is_never_blocked(const struct config *c, const struct number *called)
{
    for (size_t i = 0; i < c->policy.n_never_block; i++)
        if (number_range_holds(&c->policy.never_block[i], called))
            return true;
    return false;
}

static bool is_gateway(const struct telling *t)
{
    for (size_t i = 0; i < t->config->sip.n_peers; i++)
        if (cidr_holds(&t->config->sip.peers[i].from, (const struct sockaddr *)&t->call.peer.addr))
            return t->config->sip.peers[i].gateway;
    return false;
}

static int read_call(struct telling *t, const char *orig, const char *dest)
{
    const struct span trunk = span_of(t->wishes->trunk_group);
    const size_t at = span_find(trunk, '@');
    int status = read_number(t, "orig", orig, &t->call.caller);
    if (!status)
        status = read_number(t, "dest", dest, &t->call.called);
    if (!status)
        status = read_address(t);
    if (!status)
        status = read_headers(t);
    t->call.arrival = clock_now(&clock_system);
    t->call.has_caller = t->call.has_called = true;
    t->call.never_block = is_never_blocked(t->config, &t->call.called);
    t->call.peer.gateway = is_gateway(t);
    t->call.peer.tls_name = span_of(t->wishes->tls_name);
    t->call.peer.api_key = span_of(t->wishes->key_name);
    t->call.trunk_group = span_first(trunk, at);
    t->call.trunk_context = span_from(trunk, at + 1);
    return status;
}

static int load(struct telling *t)
{
    auto_(trust_destroy) struct trust *trust = NULL;
    char *message = NULL;
    if (!t->wishes->config)
        return command_fail("sign", EXIT_USAGE, "--explain needs --config FILE.");
    enum bf_err err = config_load(t->wishes->config, &t->config, &message);
    if (!err)
        err = vouching_create(t->config, &t->signing, &message);
    if (!err && t->signing)
        err = trust_create(t->config->trust.domains, t->config->trust.n_domains, 1,
                           clock_now(&clock_system).utc, &trust, &message);
    if (!err && t->signing)
        signing_ask_lists(t->signing, trust);
    const int status = err == BF_OK ? 0 : err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT;
    if (status) {
        const size_t n = message ? strlen(message) : 0;
        if (n && message[n - 1] == '\n')
            message[n - 1] = '\0';
        command_fail("sign", status, "%s", message ? message : bf_err_text(err));
    }
    free(message);
    return status;
}

/* ---- what is told ---- */

static void tell_line(void *arg, const struct sign_reason *r)
{
    struct telling *t = arg;
    t->told++;
    printf("  %c %-24s %c  %s\n", r->decided ? '*' : ' ', r->name, r->attest, r->why);
}

static void tell_json(void *arg, const struct sign_reason *r)
{
    struct telling *t = arg;
    char room[1024];
    struct buf b = BUF_ON(room);
    buf_printf(&b, "%s{\"kind\":\"%s\",\"name\":", t->told++ ? "," : "", r->customer ? "customer" : "row");
    buf_json_string(&b, span_of(r->name));
    buf_printf(&b, ",\"decided\":%s,\"attest\":\"%c\",\"why\":", r->decided ? "true" : "false", r->attest);
    buf_json_string(&b, span_of(r->why));
    buf_char(&b, '}');
    printf("%.*s", SPAN_FMT(buf_span(&b)));
}

static struct sign_explained explain(struct telling *t)
{
    if (!t->signing)
        return (struct sign_explained){ .refusal = SIGN_NO_ROW };
    return signing_explain(t->signing, &t->call, t->json ? tell_json : tell_line, t);
}

static void print_json(struct telling *t)
{
    char room[4096];
    struct buf b = BUF_ON(room);
    fputs("{\"considered\":[", stdout);
    const struct sign_explained e = explain(t);
    buf_printf(&b, "],\"signed\":%s,\"attest\":", e.refusal == SIGN_OK ? "true" : "false");
    if (e.refusal == SIGN_OK)
        buf_printf(&b, "\"%c\"", e.attest);
    else
        buf_text(&b, "null");
    buf_text(&b, ",\"by\":");
    if (e.name)
        buf_json_string(&b, span_of(e.name));
    else
        buf_text(&b, "null");
    buf_text(&b, ",\"x5u\":");
    if (e.x5u)
        buf_json_string(&b, span_of(e.x5u));
    else
        buf_text(&b, "null");
    buf_text(&b, ",\"why\":");
    buf_json_string(&b, span_of(sign_refusal_text(e.refusal)));
    buf_char(&b, '}');
    printf("%.*s\n", SPAN_FMT(buf_span(&b)));
}

static void print_words(struct telling *t)
{
    char caller[LIMIT_NUMBER + 2], called[LIMIT_NUMBER + 2];
    struct sign_explained e = t->signing ? signing_explain(t->signing, &t->call, NULL, NULL) : explain(t);
    printf("%s -> %s: ", number_show(&t->call.caller, caller), number_show(&t->call.called, called));
    if (e.refusal == SIGN_OK)
        printf("signed by %s, attestation %c, %s\n", e.name, e.attest, e.x5u);
    else
        printf("goes out unsigned: %s\n", sign_refusal_text(e.refusal));
    (void)explain(t);
    if (t->told == 0 && e.refusal == SIGN_NO_ROW)
        puts("  the configuration has neither rows under sign nor customers");
}

int command_sign_explain(const struct explain_wishes *w, const char *orig, const char *dest, bool json)
{
    struct telling t = { .wishes = w, .json = json };
    int status = load(&t);
    if (!status)
        status = read_call(&t, orig, dest);
    if (!status) {
        if (json)
            print_json(&t);
        else
            print_words(&t);
        const struct sign_explained e = t.signing ? signing_explain(t.signing, &t.call, NULL, NULL)
                                                  : (struct sign_explained){ .refusal = SIGN_NO_ROW };
        status = fflush(stdout) != 0
                     ? command_fail("sign", EXIT_FAILURE_OURS, "the answer could not be written.")
                 : e.refusal == SIGN_OK ? 0
                                        : EXIT_UNSIGNED;
    }
    telling_clear(&t);
    return status;
}
