/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decision -> SIP answer.                        field.md 4.1, 4.2; SIP-041..044, SIP-060..066, RSN-001..005, EX-002, EX-003
 *
 *     SIP/2.0 302 Moved Temporarily
 *     … Via, From, To, Call-ID, CSeq of the request …
 *     Contact: <sip:+12155550131@next.example;user=phone>
 *     P-Asserted-Identity: <sip:+12155550121;verstat=TN-Validation-Passed@orig.example;user=phone>
 *     P-Attestation-Indicator: A
 *     X-Bonafide: verdict=genuine;attest=A;case=none;id=01JD…
 *
 * Everything is computed from the request, the decision and the configuration, so a retransmission gets the same bytes.
 */
#include "answer/answer.h"

#include "base/random.h"
#include "base/utf8.h"
#include "sip/uri.h"

#define ANSWER_GROWTH  2048u /* an answer is at most its request and this much */
#define LABEL_BYTES    160u
#define ASSERTED_BYTES 1024u

struct writing {
    const struct answer_options *options;
    const struct signing *signing;
    const struct decision *d;
    const struct sip_message *request;
    const struct call *call;
    const char *next_hop;
    struct buf *out;
};

static const char *text_or(const char *text, const char *fallback)
{
    return text && *text ? text : fallback;
}

static struct answer_policy policy_of(const struct writing *w)
{
    const struct answer_policy pass = { ACTION_PASS, NULL };
    if (w->call->never_block || w->d->winning_case == CASE_SHED || w->d->signing)
        return pass;
    return w->options->policy[w->d->outcome];
}

/* ---- Contact ---- */

/* The user part that is dialled next: the Request-URI's, parameters of the number included. */
static void put_user(struct buf *b, const struct sip_uri *uri)
{
    switch (uri->scheme) {
    case URI_SIP:
    case URI_SIPS: buf_span_put(b, uri->user); break;
    case URI_TEL:
        buf_span_put(b, uri->user);
        buf_span_put(b, uri->params);
        break;
    case URI_URN: /* urn:service:sos.fire -> sos.fire */
        buf_span_put(b, span_from(uri->opaque, span_find(uri->opaque, ':') + 1));
        break;
    case URI_OTHER: break;
    }
}

static bool has_user_phone(const struct sip_uri *uri)
{
    struct span value;
    return uri->scheme == URI_TEL ||
           (sip_param(uri->params, SPAN("user"), &value) && span_equal_nocase(value, SPAN("phone")));
}

/* `sip:127.0.0.1:5080;transport=tcp` and a user -> `<sip:user@127.0.0.1:5080;transport=tcp;user=phone>` */
static void put_contact(const struct writing *w)
{
    struct buf *out = w->out;
    struct sip_uri to, hop;
    if (uri_read(w->request->uri, &to, NULL) || uri_read(span_of(w->next_hop), &hop, NULL)) {
        out->full = true;
        return;
    }
    const size_t at = reply_header_begin(out, "Contact");
    buf_text(out, hop.scheme == URI_SIPS ? "<sips:" : "<sip:");
    const size_t user_at = out->n;
    put_user(out, &to);
    if (out->n > user_at)
        buf_char(out, '@');
    buf_span_put(out, hop.host);
    if (hop.port) {
        buf_char(out, ':');
        buf_decimal(out, hop.port);
    }
    buf_span_put(out, hop.params);
    if (has_user_phone(&to))
        buf_text(out, ";user=phone");
    /* A redirection to where the call came from would loop (SIP-041): a parameter tells the two apart. */
    if (span_equal(span_from(buf_span(out), at + 1), w->request->uri))
        buf_text(out, ";bonafide=1");
    buf_char(out, '>');
    reply_header_end(out, at);
}

/* ---- P-Asserted-Identity ---- */

static enum verstat shown_verstat(const struct writing *w)
{
    if (w->d->outcome == IMPOSTOR && !w->options->verstat_keep_on_impostor)
        return VERSTAT_NONE;
    return (enum verstat)w->d->verstat;
}

/* Quoted, control bytes dropped, cut between characters. */
static void put_quoted(struct buf *b, struct span text)
{
    text = utf8_cut(text, LABEL_BYTES);
    buf_char(b, '"');
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7F)
            continue;
        if (c == '"' || c == '\\')
            buf_char(b, '\\');
        buf_char(b, (char)c);
    }
    buf_text(b, "\" ");
}

/*
 * What an ordinary phone shows. Beside the tick stands only what is proven, the number; a claimed name follows as
 * what it is.
 */
static void put_label(const struct writing *w, struct buf *b)
{
    static const char *const marks[] = {
        [GENUINE] = "\xE2\x9C\x94",
        [UNPROVEN] = "?",
        [BROKEN] = "\xE2\x9C\x98 not proven",
        [IMPOSTOR] = "\xE2\x9C\x98 not",
    };
    char memory[LABEL_BYTES * 2 + LIMIT_DISPLAY_NAME], shown[LIMIT_NUMBER + 2];
    struct buf text = BUF_ON(memory);
    const struct span name = w->call->claimed_name;
    buf_text(&text, marks[w->d->outcome]);
    if (w->d->outcome == IMPOSTOR) {
        buf_char(&text, ' ');
        buf_span_put(&text, name.n ? name : SPAN("who it says"));
    } else {
        if (w->d->outcome == GENUINE)
            buf_printf(&text, " %s",
                       w->d->masked || !w->call->has_caller ? "withheld"
                                                            : number_show(&w->call->caller, shown));
        if (name.n) {
            buf_text(&text, " says: ");
            buf_span_put(&text, name);
        }
    }
    if (buf_ok(&text))
        put_quoted(b, buf_span(&text));
}

static struct span host_of(struct span uri_text)
{
    struct sip_uri uri;
    if (uri_read(uri_text, &uri, NULL) == BF_OK && (uri.scheme == URI_SIP || uri.scheme == URI_SIPS))
        return uri.host;
    return SPAN_NONE;
}

/* The URI that names the caller in the request: the asserted one, if that is the one that was judged, else From's. */
static struct span caller_host(const struct writing *w)
{
    if (w->call->caller_from_pai) {
        const struct sip_header *h;
        for (size_t at = 0; (h = message_next(w->request, SIP_H_P_ASSERTED_IDENTITY, &at));) {
            struct span rest = h->value, value;
            while (sip_list_next(&rest, &value)) {
                struct sip_address a;
                const struct span host =
                    sip_address_read(value, &a, NULL) == BF_OK ? host_of(a.uri) : SPAN_NONE;
                if (host.n)
                    return host;
            }
        }
        return SPAN_NONE;
    }
    return host_of(w->call->from_uri);
}

static void put_verstat(struct buf *b, struct span verstat)
{
    buf_text(b, ";verstat=");
    buf_span_put(b, verstat);
}

static void put_number_uri(const struct writing *w, struct buf *b)
{
    char shown[LIMIT_NUMBER + 2];
    const enum verstat_place place = w->options->verstat_place;
    const struct span host = caller_host(w);
    const struct span verstat = span_of(verstat_text(shown_verstat(w)));
    const bool in_user = host.n ? place == VERSTAT_USER : place != VERSTAT_HEADER_PARAM;
    buf_text(b, host.n ? "<sip:" : "<tel:");
    buf_text(b, number_show(&w->call->caller, shown));
    if (in_user)
        put_verstat(b, verstat);
    if (host.n) {
        buf_char(b, '@');
        buf_span_put(b, host);
        buf_text(b, ";user=phone");
        if (place == VERSTAT_URI_PARAM)
            put_verstat(b, verstat);
    }
    buf_char(b, '>');
    if (place == VERSTAT_HEADER_PARAM)
        put_verstat(b, verstat);
}

static void put_asserted(const struct writing *w)
{
    struct buf *out = w->out;
    const size_t before = out->n;
    if (!w->call->has_caller)
        return;
    const size_t at = reply_header_begin(out, "P-Asserted-Identity");
    if (policy_of(w).action == ACTION_LABEL)
        put_label(w, out);
    put_number_uri(w, out);
    if (out->n - at > ASSERTED_BYTES && buf_ok(out)) { /* better without than with one that nobody can read */
        out->n = before;
        return;
    }
    reply_header_end(out, at);
    if (w->d->masked)
        reply_header(out, "Privacy", SPAN("id"));
}

/* ---- what was found ---- */

static void put_verdict_header(const struct writing *w)
{
    char id[ANSWER_ID];
    struct buf *out = w->out;
    const struct decision *d = w->d;
    answer_id_text(&d->id, id);
    const size_t at = reply_header_begin(out, text_or(w->options->verdict_header, "X-Bonafide"));
    buf_text(out, d->signing ? "signed=" : "verdict=");
    buf_text(out, !d->signing                  ? outcome_text((enum outcome)d->outcome)
                  : d->sign.refusal == SIGN_OK ? "yes"
                                               : "no");
    buf_text(out, ";attest=");
    if (d->attest)
        buf_char(out, (char)d->attest);
    else
        buf_text(out, "none");
    buf_text(out, ";case=");
    buf_text(out, stir_case_row((enum stir_case)d->winning_case)->name);
    buf_text(out, ";id=");
    buf_bytes(out, id, sizeof id);
    reply_header_end(out, at);
}

/* RFC 9410: one Reason for every header that failed, the token in compact form so that it cannot be used again (SEC-062). */
static void put_reasons(const struct writing *w)
{
    for (size_t i = 0; i < w->d->verify.n; i++) {
        char memory[512];
        struct buf b = BUF_ON(memory);
        struct identity parts;
        const struct stir_row *row = stir_case_row((enum stir_case)w->d->verify.failed[i].stir_case);
        const size_t index = w->d->verify.failed[i].identity;
        buf_printf(&b, "STIR;cause=%d;text=\"%s\"", row->code, row->phrase);
        if (index < w->call->n_identities &&
            identity_read(w->call->identities[index], &parts, NULL) == BF_OK) {
            size_t dot = parts.token.n;
            while (dot > 0 && parts.token.p[dot - 1] != '.')
                dot--;
            const struct span signature = span_from(parts.token, dot);
            if (dot > 0 && signature.n && signature.n <= 128) {
                buf_text(&b, ";ppi=\"..");
                buf_span_put(&b, signature);
                buf_char(&b, '"');
            }
        }
        if (buf_ok(&b))
            reply_header(w->out, "Reason", buf_span(&b));
    }
}

static void put_attestation(const struct writing *w)
{
    const char letter = (char)w->d->attest;
    if (letter)
        reply_header(w->out, text_or(w->options->attest_header, "P-Attestation-Indicator"),
                     span_make(&letter, 1));
}

static void put_alert_info(const struct writing *w)
{
    const char *alert = w->options->alert_info[w->d->outcome];
    if (policy_of(w).action == ACTION_LABEL && alert && *alert)
        reply_header(w->out, "Alert-Info", span_of(alert));
}

static void put_signed(const struct writing *w)
{
    char memory[LIMIT_IDENTITY_VALUE], origid[UUID_TEXT];
    struct buf b = BUF_ON(memory);
    const struct signed_call *what = &w->d->sign.what;
    if (w->d->sign.refusal != SIGN_OK)
        return;
    if (!w->signing || signing_identity(w->signing, w->call, what, &b) != BF_OK || !buf_ok(&b)) {
        w->out->full = true;
        return;
    }
    reply_header(w->out, "Identity", buf_span(&b));
    uuid_text(what->origid, origid);
    reply_header(w->out, "P-Origination-ID", span_make(origid, sizeof origid));
}

/* ---- the whole ---- */

static void put_redirection(const struct writing *w, const struct answer_policy *policy)
{
    if (policy->action == ACTION_TO && policy->to) {
        char memory[LIMIT_URI + 2];
        struct buf b = BUF_ON(memory);
        buf_printf(&b, "<%s>", policy->to);
        if (buf_ok(&b))
            reply_header(w->out, "Contact", buf_span(&b));
    } else {
        put_contact(w);
    }
    put_asserted(w);
    put_attestation(w);
    put_alert_info(w);
}

/* The status a refusal goes out with: the code of the header that failed, else 603 with where to complain. */
static int refusal_status(const struct decision *d, const char **reason)
{
    const struct stir_row *row = stir_case_row((enum stir_case)d->winning_case);
    *reason = row->code ? row->phrase : "Network Blocked";
    return row->code ? row->code : 603;
}

static void put_blocked(const struct writing *w)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    buf_printf(&b, "SIP;cause=603;text=\"v=analytics1;url=%s\"", text_or(w->options->redress, ""));
    if (buf_ok(&b))
        reply_header(w->out, "Reason", buf_span(&b));
}

static size_t ceiling_of(const struct sip_message *request, const struct buf *out)
{
    const size_t most = request->bytes.n + ANSWER_GROWTH;
    return most < out->size ? most : out->size;
}

enum bf_err answer_sip(const struct answer_options *options, const struct signing *signing,
                       const struct decision *d, const struct sip_message *request, const struct call *call,
                       const struct sip_source *from, struct span to_tag, const char *next_hop,
                       struct buf *out, int *ret_status)
{
    const struct writing w = { options, signing, d, request, call, next_hop, out };
    const struct answer_policy policy = policy_of(&w);
    const char *reason = "Moved Temporarily";
    const bool refuse = policy.action == ACTION_REJECT;
    const int status = refuse ? refusal_status(d, &reason) : 302;
    out->size = ceiling_of(request, out);
    const enum bf_err err = reply_begin(out, request, from, status, reason, to_tag);
    if (err)
        return err;
    if (!refuse)
        put_redirection(&w, &policy);
    else if (status == 603)
        put_blocked(&w);
    put_verdict_header(&w);
    if (d->signing)
        put_signed(&w);
    else
        put_reasons(&w);
    reply_end(out, SPAN_NONE);
    if (!buf_ok(out))
        return BF_ELIMIT;
    if (ret_status)
        *ret_status = status;
    return BF_OK;
}
