/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide sign`: an Identity value for two numbers, or for the SIP request that shall carry it.
 *
 * The person at the keyboard vouches: nothing is signed without --attest. What may be signed for whom is the server's
 * table (signing/); here it is checked only that the call does not carry a shaken token, and that its Date is right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "bonafide/sign.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/sign_explain.h"
#include "cli/verify.h"
#include "identity/identity.h"
#include "sip/date.h"
#include "sip/message.h"
#include "token/token.h"
#include "verdict/call.h"

#define DATE_TOLERANCE_S 60 /* DT-001 */

struct wishes {
    const char *orig, *attest, *iat, *origid, *key, *x5u, *sip;
    struct option_list dest;
    struct explain_wishes explain;
    bool json;
};

static const struct option_row rows[] = {
    { "orig", "TN", "the number that calls", OPTION_TEXT, offsetof(struct wishes, orig) },
    { "dest", "TN", "the number that is called; repeatable", OPTION_LIST, offsetof(struct wishes, dest) },
    { "attest", "A|B|C", "what you vouch for: A the caller and the number, B the caller, C where it came in",
      OPTION_TEXT, offsetof(struct wishes, attest) },
    { "key", "FILE", "private key, PEM, P-256, mode 0600; `-` reads it from standard input", OPTION_TEXT,
      offsetof(struct wishes, key) },
    { "x5u", "URL", "where verifiers find the certificate chain", OPTION_TEXT, offsetof(struct wishes, x5u) },
    { "iat", "TIME",
      "when the call began: 2015-09-25T19:12:25Z, or seconds since 1970 (default: the Date, or now)",
      OPTION_TEXT, offsetof(struct wishes, iat) },
    { "origid", "UUID", "what traces the call back to you (default: a new random one)", OPTION_TEXT,
      offsetof(struct wishes, origid) },
    { "sip", "FILE", "sign this request, and print it with its Identity; `-` is standard input", OPTION_TEXT,
      offsetof(struct wishes, sip) },
    { "explain", NULL, "sign nothing: say what a server with --config would do with the call, and why",
      OPTION_FLAG, offsetof(struct wishes, explain.on) },
    { "config", "FILE", "with --explain: the server's configuration", OPTION_TEXT,
      offsetof(struct wishes, explain.config) },
    { "from", "ADDRESS", "with --explain: where the call comes from", OPTION_TEXT,
      offsetof(struct wishes, explain.from) },
    { "tls-name", "NAME", "with --explain: the name in the TLS client certificate", OPTION_TEXT,
      offsetof(struct wishes, explain.tls_name) },
    { "key-name", "NAME", "with --explain: the name of the API key", OPTION_TEXT,
      offsetof(struct wishes, explain.key_name) },
    { "trunk-group", "TGRP@CONTEXT", "with --explain: the trunk group in Contact", OPTION_TEXT,
      offsetof(struct wishes, explain.trunk_group) },
    { "header", "NAME: VALUE", "with --explain: a header of the call; repeatable", OPTION_LIST,
      offsetof(struct wishes, explain.headers) },
    { "json", NULL, "one JSON object, and nothing else on standard output", OPTION_FLAG,
      offsetof(struct wishes, json) },
    { 0 },
};

static const struct command_help help = {
    .name = "sign",
    .example = "bonafide sign --orig 12155550121 --dest 12155550131 --attest A \\\n"
               "        --key sp.key --x5u https://certs.example.net/sp.pem\n"
               "        the value of an Identity header that vouches for this call\n"
               "bonafide sign --explain --config bonafide.yaml --from 10.1.2.3 \\\n"
               "        --orig 12025550100 --dest 12155550131\n"
               "        what the server would do with such a call, and why\n",
    .usage = "[OPTION...] --attest A|B|C --key FILE --x5u URL (--orig TN --dest TN | --sip FILE)\n"
             "       bonafide sign --explain --config FILE --from ADDRESS --orig TN --dest TN [OPTION...]",
    .about =
        "Vouches for a call. Without --attest nothing is signed: an attestation is a statement of yours.\n"
        "With --sip the numbers are those of the request: P-Asserted-Identity, else From; and the\n"
        "Request-URI. A Date is added where there is none.\n",
    .rows = rows,
    .more = "Exit status:\n"
            "  0 signed  64 wrong usage  65 input that cannot be signed  70 our own failure\n"
            "  With --explain: 0 it would be signed  1 it would go out unsigned\n"
            "  65 what the server would refuse, too\n",
};

/* What is to be signed, and the room its texts lie in. */
struct order {
    struct bf_sign_request request;
    const char *dest[1];
    char orig_text[LIMIT_URI + 1], dest_text[LIMIT_URI + 1], origid[UUID_TEXT + 1];
    struct span sip; /* the request's bytes, to be freed; SPAN_NONE without --sip */
    struct sip_message *message;
    bool has_date;
};

static void order_clear(struct order *o)
{
    free((char *)(uintptr_t)o->sip.p);
    free(o->message);
}

/* What the options say that cannot be; 0 when nothing is. */
static int check_wishes(const struct wishes *w)
{
    if (!w->attest)
        return command_fail(
            "sign", EXIT_USAGE,
            "nothing is signed without an attestation. Say with --attest A, B or C what you vouch for.");
    if (strlen(w->attest) != 1 || w->attest[0] < 'A' || w->attest[0] > 'C')
        return command_fail("sign", EXIT_USAGE, "--attest must be A, B or C, not '%.16s'.", w->attest);
    if (!w->key || !w->x5u)
        return command_fail("sign", EXIT_USAGE, "%s is missing. See bonafide sign --help.",
                            w->key ? "--x5u URL" : "--key FILE");
    if (w->sip && (w->orig || w->dest.n))
        return command_fail("sign", EXIT_USAGE,
                            "with --sip the numbers are those of the request: leave --orig and --dest out.");
    if (!w->sip && (!w->orig || !w->dest.n))
        return command_fail("sign", EXIT_USAGE,
                            "who calls whom? Give --orig TN and --dest TN, or a request with --sip FILE.");
    if (w->sip && strcmp(w->sip, "-") == 0 && strcmp(w->key, "-") == 0)
        return command_fail("sign", EXIT_USAGE, "standard input cannot be both the key and the request.");
    return 0;
}

static int read_time(const struct wishes *w, struct order *o)
{
    utc_t at;
    if (!w->iat)
        return 0;
    if (!time_read(w->iat, &at))
        return command_fail("sign", EXIT_USAGE,
                            "'%.64s' is no time. Write 2015-09-25T19:12:25Z, or seconds since 1970.", w->iat);
    o->request.iat = at;
    return 0;
}

static int read_origid(const struct wishes *w, struct order *o)
{
    o->request.origid = random_uuid(o->origid);
    if (!w->origid)
        return 0;
    if (strlen(w->origid) != UUID_TEXT)
        return command_fail("sign", EXIT_USAGE, "--origid must be a UUID such as %s.", o->origid);
    for (size_t i = 0; i < UUID_TEXT; i++) /* it is written in lower case (SHK-003) */
        o->origid[i] =
            (char)(w->origid[i] >= 'A' && w->origid[i] <= 'F' ? w->origid[i] | 0x20 : w->origid[i]);
    return 0;
}

/* ---- a request ---- */

static bool carries_shaken(const struct sip_message *m, struct arena *arena)
{
    const struct sip_header *h;
    for (size_t at = 0; (h = message_next(m, SIP_H_IDENTITY, &at));) {
        struct identity id;
        struct token token;
        enum token_flaw flaw;
        if (identity_read(h->value, &id, NULL) != BF_OK)
            continue;
        if (token_read(id.token, arena, &token, &flaw, NULL) == BF_ENOMEM || token.ppt == PPT_SHAKEN ||
            span_equal(id.ppt, SPAN("shaken")))
            return true;
    }
    return false;
}

static bool copy_party(bool is_number, const struct number *number, struct span uri, char out[LIMIT_URI + 1])
{
    const struct span text = is_number ? number_span(number) : uri;
    if (text.n == 0 || text.n > LIMIT_URI)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

/* iat is the Date of the request, which must be right, unless --iat says otherwise (DT-001, DT-003). */
static int take_date(struct order *o, utc_t now)
{
    utc_t date;
    const struct span text = message_header(o->message, SIP_H_DATE);
    o->has_date = text.p != NULL;
    if (!text.p || o->request.iat)
        return 0;
    if (sip_date_read(text, &date, NULL) != BF_OK)
        return command_fail("sign", EXIT_INPUT,
                            "the Date of the request cannot be read. Mend it, or give --iat TIME.");
    if (date - now > DATE_TOLERANCE_S || now - date > DATE_TOLERANCE_S)
        return command_fail(
            "sign", EXIT_INPUT,
            "the Date of the request is more than 60 seconds off. Verifiers would call it stale; "
            "to sign it all the same, give --iat TIME.");
    o->request.iat = date;
    return 0;
}

static int take_parties(struct order *o, const struct call *call)
{
    if (!copy_party(call->has_caller, &call->caller, call->caller_uri, o->orig_text))
        return command_fail("sign", EXIT_INPUT, "the request names no caller that could be vouched for.");
    if (!copy_party(call->has_called, &call->called, call->called_uri, o->dest_text))
        return command_fail("sign", EXIT_INPUT, "the request calls nobody that could be named.");
    o->request.orig = o->orig_text;
    o->dest[0] = o->dest_text;
    o->request.dest = o->dest;
    o->request.n_dest = 1;
    return 0;
}

static int read_call(struct order *o, utc_t now, struct arena *arena)
{
    auto_(sha256_destroy) struct sha256 *sha = NULL;
    const struct call_rules rules = { .plan = &dial_plan_usual };
    const struct peer peer = { .pai = true };
    struct fault fault = { 0, "" };
    struct call call;
    enum bf_err err = sha256_create(&sha);
    if (!err)
        err =
            call_of_sip(o->message, &rules, &peer, (struct instant){ .utc = now }, sha, arena, &call, &fault);
    if (err == BF_EFORM)
        return command_fail("sign", EXIT_INPUT, "this is no call: %s.", fault.what);
    if (err)
        return command_fail("sign", EXIT_FAILURE_OURS, "%s.", bf_err_text(err));
    if (carries_shaken(o->message, arena))
        return command_fail("sign", EXIT_INPUT,
                            "the request carries a shaken token already. Two would contradict each other.");
    const int status = take_date(o, now);
    return status ? status : take_parties(o, &call);
}

static int read_sip(const char *file, utc_t now, struct order *o)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct fault fault = { 0, "" };
    enum bf_err err = input_read(file, LIMIT_SIP_MESSAGE, &o->sip);
    if (err)
        return command_fail("sign", EXIT_INPUT, "%s: %s.", file, input_error(err));
    o->message = calloc(1, sizeof *o->message);
    if (!o->message || arena_create(1 << 18, 1 << 22, &arena) != BF_OK)
        return command_fail("sign", EXIT_FAILURE_OURS, "%s.", bf_err_text(BF_ENOMEM));
    err = message_read(o->sip, SIP_BARE_LF, o->message, &fault);
    if (err)
        return command_fail("sign", EXIT_INPUT, "%s is no SIP message: %s (byte %zu).", file, fault.what,
                            fault.at);
    if (!o->message->is_request || o->message->method != SIP_INVITE)
        return command_fail("sign", EXIT_INPUT, "%s is no INVITE: there is no call to vouch for.", file);
    return read_call(o, now, arena);
}

/* The message with our lines behind its last header, ended as that line is (CRLF, or LF in a file). */
static void put_signed(struct buf *out, const struct order *o, const char *identity)
{
    const struct sip_message *m = o->message;
    const struct span last = m->headers[m->n_headers - 1].line;
    const size_t at = (size_t)(last.p + last.n - o->sip.p);
    const char *end = at < o->sip.n && o->sip.p[at] == '\r' ? "\r\n" : "\n";
    char date[SIP_DATE_TEXT + 1];
    buf_bytes(out, o->sip.p, at);
    if (!o->has_date)
        buf_printf(out, "%sDate: %s", end, sip_date_write(o->request.iat, date));
    buf_printf(out, "%sIdentity: %s", end, identity);
    buf_span_put(out, span_from(o->sip, at));
}

/* ---- output ---- */

static bool is_number(const char *text, struct number *ret)
{
    return number_of_text(span_of(text), NULL, ret, NULL) == BF_OK;
}

static void put_party(struct buf *out, const char *text)
{
    struct number number;
    buf_json_string(out, is_number(text, &number) ? number_span(&number) : span_of(text));
}

static void put_dest(struct buf *out, const struct order *o)
{
    static const char *const names[] = { "tn", "uri" };
    struct number number;
    bool any = false;
    buf_text(out, "\"dest\":{");
    for (size_t kind = 0; kind < 2; kind++) {
        size_t n = 0;
        for (size_t i = 0; i < o->request.n_dest; i++) {
            if (is_number(o->request.dest[i], &number) != (kind == 0))
                continue;
            if (n++ == 0)
                buf_printf(out, "%s\"%s\":[", any ? "," : "", names[kind]);
            else
                buf_char(out, ',');
            put_party(out, o->request.dest[i]);
        }
        any = any || n;
        buf_text(out, n ? "]" : "");
    }
    buf_char(out, '}');
}

static void put_json(struct buf *out, const struct wishes *w, const struct order *o, const char *identity,
                     struct span message)
{
    struct number number;
    buf_text(out, "{\"identity\":");
    buf_json_string(out, span_of(identity));
    buf_printf(out, ",\"ppt\":\"shaken\",\"attest\":\"%c\",\"orig\":{\"%s\":", o->request.attestation,
               is_number(o->request.orig, &number) ? "tn" : "uri");
    put_party(out, o->request.orig);
    buf_text(out, "},");
    put_dest(out, o);
    buf_printf(out, ",\"iat\":%lld,\"origid\":", (long long)o->request.iat);
    buf_json_string(out, span_of(o->request.origid));
    buf_text(out, ",\"x5u\":");
    buf_json_string(out, span_of(w->x5u));
    if (message.p) {
        buf_text(out, ",\"message\":");
        buf_json_string(out, message);
    }
    buf_text(out, "}\n");
}

static int print(const struct wishes *w, const struct order *o, const char *identity)
{
    const size_t size = o->sip.n + strlen(identity) + 256,
                 json_size = 7 * size + 8192; /* \u00xx is the longest escape */
    char *text = malloc(size), *json = malloc(json_size);
    int status = 0;
    if (text && json) {
        struct buf message = buf_on(text, size), out = buf_on(json, json_size);
        if (o->sip.p)
            put_signed(&message, o, identity);
        if (w->json)
            put_json(&out, w, o, identity, o->sip.p ? buf_span(&message) : SPAN_NONE);
        else if (o->sip.p)
            buf_span_put(&out, buf_span(&message));
        else
            buf_printf(&out, "%s\n", identity);
        if (!buf_ok(&message) || !buf_ok(&out) || fwrite(out.p, 1, out.n, stdout) != out.n ||
            fflush(stdout) != 0)
            status = command_fail("sign", EXIT_FAILURE_OURS, "the answer could not be written.");
    } else {
        status = command_fail("sign", EXIT_FAILURE_OURS, "%s.", bf_err_text(BF_ENOMEM));
    }
    free(text);
    free(json);
    return status;
}

/* ---- the signature ---- */

static int open_signer(const struct wishes *w, struct bf_signer **ret)
{
    char *message = NULL;
    struct span pem = SPAN_NONE;
    enum bf_err err;
    if (strcmp(w->key, "-") == 0) {
        err = input_read("-", LIMIT_CHAIN_BYTES, &pem);
        if (err)
            return command_fail("sign", EXIT_INPUT, "the key cannot be read: %s.", input_error(err));
        err = bf_signer_create_pem(pem.p, pem.n, w->x5u, ret, &message);
        explicit_bzero((char *)(uintptr_t)pem.p, pem.n);
        free((char *)(uintptr_t)pem.p);
    } else {
        err = bf_signer_create(w->key, w->x5u, ret, &message);
    }
    const bool usage = err == BF_EINVAL;
    const int status = usage ? EXIT_USAGE : err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT;
    if (err)
        command_fail("sign", status, "%s.", message ? message : bf_err_text(err));
    free(message);
    return err ? status : 0;
}

static int sign(const struct wishes *w, struct order *o)
{
    struct bf_signer *signer = NULL;
    struct bf_fault fault = { 0, "" };
    char *identity = NULL;
    int status = open_signer(w, &signer);
    if (status)
        return status;
    const enum bf_err err = bf_sign(signer, &o->request, &identity, &fault);
    bf_signer_destroy(signer);
    if (err == BF_EFORM || err == BF_EINVAL || err == BF_ELIMIT)
        return command_fail("sign", o->sip.p ? EXIT_INPUT : EXIT_USAGE, "no token can say this: %s.",
                            fault.what && fault.what[0] ? fault.what : bf_err_text(err));
    if (err)
        return command_fail("sign", EXIT_FAILURE_OURS, "%s.", bf_err_text(err));
    status = print(w, o, identity);
    free(identity);
    return status;
}

static int run(const struct wishes *w, struct order *o)
{
    const utc_t now = clock_now(&clock_system).utc;
    int status = check_wishes(w);
    o->request = (struct bf_sign_request){ .size = sizeof o->request,
                                           .orig = w->orig,
                                           .dest = w->dest.items,
                                           .n_dest = w->dest.n,
                                           .attestation = w->attest ? w->attest[0] : 0 };
    if (!status)
        status = read_time(w, o);
    if (!status)
        status = read_origid(w, o);
    if (!status && w->sip)
        status = read_sip(w->sip, now, o);
    if (status)
        return status;
    if (!o->request.iat)
        o->request.iat = now;
    return sign(w, o);
}

int command_sign(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands = { 0 };
    struct order order = { 0 };
    int status;

    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = operands.n ? command_fail("sign", EXIT_USAGE,
                                       "'%.64s' is one word too many. A request is given with --sip FILE.",
                                       operands.items[0])
             : w.explain.on
                 ? command_sign_explain(&w.explain, w.orig, w.dest.n ? w.dest.items[0] : NULL, w.json)
                 : run(&w, &order);
    order_clear(&order);
    options_clear(&help, &w, &operands);
    return status;
}
