/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, as header fields. Everything goes through reply_header, which refuses control bytes. */
#include "answer/lines.h"

#include "answer/label.h"
#include "base/random.h"
#include "sip/uri.h"

#define ASSERTED_BYTES  1024u
#define SHOWN_URI       64u
#define SIGNATURE_BYTES 128u /* of a signature that is shown: ES256's has 86 */

static const char *text_or(const char *text, const char *fallback)
{
    return text && *text ? text : fallback;
}

const char *lines_verdict_name(const struct answer_options *options)
{
    return text_or(options ? options->verdict_header : NULL, "X-Bonafide");
}

const char *lines_attest_name(const struct answer_options *options)
{
    return text_or(options ? options->attest_header : NULL, "P-Attestation-Indicator");
}

/* ---- the caller ---- */

enum verstat lines_verstat(const struct lines *w)
{
    if (w->d->outcome == IMPOSTOR && !w->options->verstat_keep_on_impostor)
        return VERSTAT_NONE;
    return (enum verstat)w->d->verstat;
}

void lines_verstat_param(struct buf *out, enum verstat verstat)
{
    buf_text(out, ";verstat=");
    buf_text(out, verstat_text(verstat));
}

void lines_number(const struct lines *w, const struct number *number, struct buf *out)
{
    char shown[LIMIT_NUMBER + 2];
    if (w->number)
        w->number(w->number_arg, number, out);
    else
        buf_text(out, number_show(number, shown));
}

bool lines_labels(const struct lines *w)
{
    return answer_policy_of(w->options, w->d, w->call).action == ACTION_LABEL;
}

/*
 * The number; of a caller who has none, his canonical URI, which is what a token proves then, if all of it can be shown: one
 * that is cut would be another.
 */
static struct span caller_text(const struct lines *w, char shown[static LIMIT_NUMBER + 2])
{
    const struct span uri = w->call->caller_uri;
    if (w->d->masked || (!w->call->has_caller && (uri.n == 0 || uri.n > SHOWN_URI)))
        return SPAN("withheld");
    return w->call->has_caller ? span_of(number_show(&w->call->caller, shown)) : uri;
}

struct span lines_person(const struct decision *d)
{
    return d->signing || d->outcome != GENUINE ? SPAN_NONE : span_make(d->verify.person, d->verify.person_n);
}

/*
 * What an ordinary phone shows. Beside the tick stands only what is proven, the number and whose it is by the book; a claimed
 * name follows as what it is (answer/label.h).
 */
void lines_label(const struct lines *w, struct buf *out)
{
    char memory[LABEL_BYTES], shown[LIMIT_NUMBER + 2];
    struct buf text = BUF_ON(memory);
    const enum outcome outcome = (enum outcome)w->d->outcome;
    const struct label_facts facts = {
        .number = caller_text(w, shown),
        .name = w->call->claimed_name,
        .person = lines_person(w->d),
        .attest = (char)w->d->attest,
    };
    label_write(span_of(text_or(w->options->display[outcome], label_usual(outcome))), &facts, &text);
    if (buf_ok(&text))
        label_quoted(buf_span(&text), out);
}

static struct span host_of(struct span uri_text)
{
    struct sip_uri uri;
    if (uri_read(uri_text, &uri, NULL) == BF_OK && (uri.scheme == URI_SIP || uri.scheme == URI_SIPS))
        return uri.host;
    return SPAN_NONE;
}

/* The URI that names the caller in the request: the asserted one, if that is the one that was judged, else From's. */
static struct span caller_host(const struct lines *w)
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

static void put_number_uri(const struct lines *w)
{
    struct buf *b = w->out;
    const enum verstat_place place = w->options->verstat_place;
    const struct span host = caller_host(w);
    const enum verstat verstat = lines_verstat(w);
    const bool in_user = host.n ? place == VERSTAT_USER : place != VERSTAT_HEADER_PARAM;
    buf_text(b, host.n ? "<sip:" : "<tel:");
    lines_number(w, &w->call->caller, b);
    if (in_user)
        lines_verstat_param(b, verstat);
    if (host.n) {
        buf_char(b, '@');
        buf_span_put(b, host);
        buf_text(b, ";user=phone");
        if (place == VERSTAT_URI_PARAM)
            lines_verstat_param(b, verstat);
    }
    buf_char(b, '>');
    if (place == VERSTAT_HEADER_PARAM)
        lines_verstat_param(b, verstat);
}

void lines_asserted(const struct lines *w, struct span name)
{
    struct buf *out = w->out;
    const size_t before = out->n;
    if (!w->call->has_caller)
        return;
    const size_t at = reply_header_begin(out, "P-Asserted-Identity");
    if (lines_labels(w))
        lines_label(w, out);
    else if (name.n)
        label_quoted(name, out);
    put_number_uri(w);
    if (out->n - at > ASSERTED_BYTES && buf_ok(out)) { /* better without than with one that nobody can read */
        out->n = before;
        return;
    }
    reply_header_end(out, at);
}

void lines_privacy(const struct lines *w)
{
    if (w->d->masked && w->call->has_caller)
        reply_header(w->out, "Privacy", SPAN("id"));
}

/* ---- what was found ---- */

/* `;person=Ronald%20Putnam` */
static void put_person(struct span name, struct buf *out)
{
    if (name.n)
        buf_text(out, ";person=");
    for (size_t i = 0; i < name.n; i++) {
        const unsigned char c = (unsigned char)name.p[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_';
        if (plain)
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

void lines_verdict(const struct lines *w)
{
    char id[ANSWER_ID];
    struct buf *out = w->out;
    const struct decision *d = w->d;
    answer_id_text(&d->id, id);
    const size_t at = reply_header_begin(out, lines_verdict_name(w->options));
    buf_text(out, d->signing ? "signed=" : "verdict=");
    buf_text(out, !d->signing                  ? outcome_text((enum outcome)d->outcome)
                  : d->sign.refusal == SIGN_OK ? "yes"
                                               : "no");
    buf_text(out, ";attest=");
    const bool is_signed = d->signing && d->sign.refusal == SIGN_OK;
    const char attest = is_signed ? d->sign.what.attest : (char)d->attest;
    if (attest)
        buf_char(out, attest);
    else
        buf_text(out, "none");
    buf_text(out, ";case=");
    buf_text(out, stir_case_row((enum stir_case)d->winning_case)->name);
    if (is_signed && w->signing) {
        buf_text(out, ";by=");
        buf_text(out, signing_name(w->signing, d->sign.what.row));
    }
    put_person(lines_person(d), out);
    buf_text(out, ";id=");
    buf_bytes(out, id, sizeof id);
    reply_header_end(out, at);
}

struct span lines_signature(struct span token)
{
    size_t dot = token.n;
    while (dot > 0 && token.p[dot - 1] != '.')
        dot--;
    return dot > 0 && dot < token.n ? span_from(token, dot) : SPAN_NONE;
}

void lines_reasons(const struct decision *d, const struct call *call, bool trusted, struct buf *out)
{
    for (size_t i = 0; !d->signing && i < d->verify.n; i++) {
        char memory[512];
        struct buf b = BUF_ON(memory);
        struct identity parts;
        const struct stir_row *row = stir_case_row((enum stir_case)d->verify.failed[i].stir_case);
        const size_t index = d->verify.failed[i].identity;
        buf_printf(&b, "STIR;cause=%d;text=\"%s\"", row->code, row->phrase);
        if (trusted && index < call->n_identities &&
            identity_read(call->identities[index], &parts, NULL) == BF_OK) {
            const struct span signature = lines_signature(parts.token);
            if (signature.n && signature.n <= SIGNATURE_BYTES) {
                buf_text(&b, ";ppi=\"..");
                buf_span_put(&b, signature);
                buf_char(&b, '"');
            }
        }
        if (buf_ok(&b))
            reply_header(out, "Reason", buf_span(&b));
    }
}

void lines_attestation(const struct lines *w)
{
    const char letter = (char)w->d->attest;
    if (letter)
        reply_header(w->out, lines_attest_name(w->options), span_make(&letter, 1));
}

void lines_alert_info(const struct lines *w)
{
    const struct answer_policy policy = answer_policy_of(w->options, w->d, w->call);
    const char *alert = policy.action == ACTION_LABEL ? w->options->alert_info[w->d->outcome] : policy.alert;
    if (alert && *alert)
        reply_header(w->out, "Alert-Info", span_of(alert));
}

void lines_identity(const struct lines *w)
{
    char memory[LIMIT_IDENTITY_VALUE];
    struct buf b = BUF_ON(memory);
    if (w->d->sign.refusal != SIGN_OK)
        return;
    if (!w->signing || signing_identity(w->signing, w->call, &w->d->sign.what, &b) != BF_OK || !buf_ok(&b))
        w->out->full = true;
    else
        reply_header(w->out, "Identity", buf_span(&b));
}

void lines_origination(const struct lines *w)
{
    char origid[UUID_TEXT];
    if (w->d->sign.refusal != SIGN_OK)
        return;
    uuid_text(w->d->sign.what.origid, origid);
    reply_header(w->out, "P-Origination-ID", span_make(origid, sizeof origid));
}
