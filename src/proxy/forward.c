/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that goes on: one walk over its header fields, a rule for each that does not go as it came.
 *
 *     Via of ours, those of the request, Record-Route and Route of ours; the request's own header fields by their rules;
 *     what was found; Content-Length and the body.
 */
#include "proxy/forward.h"

#include "answer/label.h"
#include "proxy/address.h"
#include "sip/date.h"
#include "sip/uri.h"

struct forwarding {
    const struct sip_message *request;
    const struct forward_route *route;
    const struct forward_boundary *boundary;
    const struct forward_edit *edit;
    struct lines lines; /* where edit is there */
    bool judged;        /* a verdict stands behind edit, not a signature of ours */
    bool labels, rings; /* rings: a rule writes the Alert-Info */
    bool hidden;        /* the caller's number may not go to this next hop: RFC 3325 section 7 */
    unsigned own_routes;
    bool failed; /* a header field that must go on cannot */
    struct buf *out;
};

typedef void header_rule(struct forwarding *f, const struct sip_header *h);

static void copy(struct forwarding *f, const struct sip_header *h)
{
    buf_span_put(f->out, h->line);
    buf_text(f->out, "\r\n");
}

static void drop(struct forwarding *f, const struct sip_header *h)
{
    (void)f;
    (void)h;
}

/* The name of the header field as the request has it. */
static size_t begin(struct forwarding *f, const struct sip_header *h)
{
    buf_span_put(f->out, h->name);
    buf_text(f->out, ": ");
    return f->out->n;
}

/* ---- names and addresses ---- */

static const struct address_edit plain = { .lines = NULL };

/* The one address of From or To. */
static void one_address(struct forwarding *f, const struct sip_header *h, const struct address_edit *edit)
{
    const size_t at = begin(f, h);
    if (address_write(h->value, edit, f->out))
        reply_header_end(f->out, at);
    else
        f->failed = true;
}

/* From's number is the one that was judged. */
static bool from_was_judged(const struct call *c)
{
    for (size_t i = 0; i < c->n_shown; i++)
        if (c->shown[i].place == PLACE_FROM)
            return c->has_caller && c->shown[i].is_number && number_equal(&c->shown[i].number, &c->caller);
    return false;
}

static void from(struct forwarding *f, const struct sip_header *h)
{
    const bool ours = f->edit && from_was_judged(f->edit->call);
    const struct address_edit edit = { .lines = f->edit ? &f->lines : NULL,
                                       .label = f->labels,
                                       .verstat = f->judged && ours,
                                       .number = ours && f->edit->number };
    if (!edit.label && !edit.verstat && !edit.number && address_is_clean(h->value))
        copy(f, h);
    else
        one_address(f, h, &edit);
}

static void to(struct forwarding *f, const struct sip_header *h)
{
    if (span_holds_nocase(h->value, SPAN("verstat")) || span_find(h->value, '%') < h->value.n)
        one_address(f, h, &plain);
    else
        copy(f, h);
}

/* A list: values that cannot be made clean are left out, and so is a header field of which nothing is left. */
static void addresses(struct forwarding *f, const struct sip_header *h)
{
    const size_t before = f->out->n;
    struct span rest = h->value, value;
    size_t n = 0;
    if (address_is_clean(h->value)) {
        copy(f, h);
        return;
    }
    const size_t at = begin(f, h);
    while (sip_list_next(&rest, &value)) {
        const size_t here = f->out->n;
        if (n)
            buf_text(f->out, ", ");
        if (address_write(value, &plain, f->out))
            n++;
        else
            f->out->n = here;
    }
    if (n)
        reply_header_end(f->out, at);
    else
        f->out->n = before;
}

/* What our P-Asserted-Identity stands for, or what may not be said to this next hop, goes. */
static void asserted(struct forwarding *f, const struct sip_header *h)
{
    if (f->boundary->from_trusted && !f->hidden && !(f->judged && f->edit->call->has_caller))
        addresses(f, h);
}

static void remote_party(struct forwarding *f, const struct sip_header *h)
{
    if (f->boundary->from_trusted && !f->hidden && !f->labels)
        addresses(f, h);
}

/* A hint to whoever asserts the identity (SIP-061); behind a verdict it is only one more number to show. */
static void preferred(struct forwarding *f, const struct sip_header *h)
{
    if (f->boundary->from_trusted && !f->hidden && !f->judged)
        addresses(f, h);
}

/* ---- lists of which some values go ---- */

typedef bool value_rule(const struct forwarding *f, struct span value);

/* Copies the values that may stay; the header field as it came where all may. */
static void some_values(struct forwarding *f, const struct sip_header *h, value_rule *stays)
{
    const size_t before = f->out->n;
    struct span rest = h->value, value;
    size_t n = 0, all = 0;
    const size_t at = begin(f, h);
    while (sip_list_next(&rest, &value)) {
        all++;
        if (!stays(f, value))
            continue;
        if (n++)
            buf_text(f->out, ", ");
        address_unfold(value, f->out);
    }
    if (n == all) {
        f->out->n = before;
        copy(f, h);
    } else if (n) {
        reply_header_end(f->out, at);
    } else {
        f->out->n = before;
    }
}

/* Rich call data: a name, a logo or a reason that a phone shows beside the caller, verified or not.                 CI-004 */
static bool is_rich(struct span value)
{
    static const char *const params[] = { "verified", "integrity", "call-reason" };
    struct sip_address a;
    struct span found;
    if (sip_address_read(value, &a, NULL) != BF_OK)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(params); i++)
        if (sip_param(a.params, span_of(params[i]), &found))
            return true;
    return sip_param(a.params, SPAN("purpose"), &found) &&
           (span_equal_nocase(found, SPAN("jcard")) || span_equal_nocase(found, SPAN("icon")) ||
            span_equal_nocase(found, SPAN("card")));
}

/* What an emergency call says of itself (RFC 7852) helps whoever answers it. */
static bool is_emergency(struct span value)
{
    struct sip_address a;
    struct span purpose;
    return sip_address_read(value, &a, NULL) == BF_OK && sip_param(a.params, SPAN("purpose"), &purpose) &&
           span_starts_nocase(purpose, SPAN("Emergency"));
}

/* A stranger's Call-Info makes phones fetch what he likes, and some of them answer by themselves. */
static bool call_info_stays(const struct forwarding *f, struct span value)
{
    if (f->boundary->from_believed)
        return true;
    return f->boundary->from_trusted ? !is_rich(value) : is_emergency(value);
}

static void call_info(struct forwarding *f, const struct sip_header *h)
{
    some_values(f, h, call_info_stays);
}

/* Other protocols than STIR are nobody's claim about the caller (RSN-008). */
static bool reason_stays(const struct forwarding *f, struct span value)
{
    const struct span protocol = span_trim(span_first(value, span_find(value, ';')));
    return f->boundary->from_trusted || !span_equal_nocase(protocol, SPAN("STIR"));
}

static void reason(struct forwarding *f, const struct sip_header *h)
{
    some_values(f, h, reason_stays);
}

static void trusted_only(struct forwarding *f, const struct sip_header *h)
{
    if (f->boundary->from_trusted)
        copy(f, h);
}

static void alert_info(struct forwarding *f, const struct sip_header *h)
{
    if (!f->rings)
        trusted_only(f, h);
}

/* ---- the way ---- */

static void hops(struct forwarding *f, const struct sip_header *h)
{
    uint64_t n;
    if (!span_decimal(h->value, 255, &n) || n == 0) {
        f->failed = true;
        return;
    }
    buf_text(f->out, "Max-Forwards: ");
    buf_decimal(f->out, (int64_t)n - 1);
    buf_text(f->out, "\r\n");
}

/* Without the values at the top that are ours. */
static void routes(struct forwarding *f, const struct sip_header *h)
{
    struct span rest = h->value, value;
    if (f->own_routes == 0) {
        copy(f, h);
        return;
    }
    while (f->own_routes && sip_list_next(&rest, &value))
        f->own_routes--;
    rest = span_trim(rest);
    if (rest.n == 0)
        return;
    const size_t at = begin(f, h);
    address_unfold(rest, f->out);
    reply_header_end(f->out, at);
}

static void value_of_ours(struct forwarding *f, const char *name, struct span value)
{
    if (value.n)
        reply_header(f->out, name, value);
}

/* ---- the rules ---- */

static header_rule *const rules[SIP_H_COUNT] = {
    [SIP_H_VIA] = drop, /* written first */
    [SIP_H_CONTENT_LENGTH] = drop,
    [SIP_H_MAX_FORWARDS] = hops,
    [SIP_H_ROUTE] = routes,
    [SIP_H_FROM] = from,
    [SIP_H_TO] = to,
    [SIP_H_CONTACT] = addresses,
    [SIP_H_DIVERSION] = addresses,
    [SIP_H_HISTORY_INFO] = addresses,
    [SIP_H_P_ASSERTED_IDENTITY] = asserted,
    [SIP_H_P_PREFERRED_IDENTITY] = preferred,
    [SIP_H_REMOTE_PARTY_ID] = remote_party,
    [SIP_H_CALL_INFO] = call_info,
    [SIP_H_ALERT_INFO] = alert_info,
    [SIP_H_REASON] = reason,
    [SIP_H_ATTESTATION_INFO] = drop,
    [SIP_H_P_ATTESTATION_INDICATOR] = drop,
    [SIP_H_ORIGINATION_ID] = drop,
    [SIP_H_P_ORIGINATION_ID] = drop,
    [SIP_H_X_BONAFIDE] = drop,
};

/* Header fields by name that only a verifier inside the network may write: TS 24.229, and our own. */
static bool is_claim(const struct forwarding *f, struct span name)
{
    const struct answer_options *names = f->boundary->names;
    return span_equal_nocase(name, span_of(lines_verdict_name(names))) ||
           span_equal_nocase(name, span_of(lines_attest_name(names))) ||
           span_equal_nocase(name, SPAN("Additional-Identity")) || span_holds_nocase(name, SPAN("verstat"));
}

/* A stranger's wish that the phone answers by itself (RFC 5373) would open a microphone. */
static bool is_wish(struct span name)
{
    return span_equal_nocase(name, SPAN("Answer-Mode")) || span_equal_nocase(name, SPAN("Priv-Answer-Mode"));
}

static header_rule *rule_of(const struct forwarding *f, const struct sip_header *h)
{
    if (h->id != SIP_H_OTHER)
        return rules[h->id] ? rules[h->id] : copy;
    if (is_wish(h->name))
        return trusted_only;
    return is_claim(f, h->name) ? drop : copy;
}

/* ---- the whole ---- */

static void request_line(struct forwarding *f)
{
    const struct forward_edit *e = f->edit;
    const struct span uri = f->route->uri.n ? f->route->uri : f->request->uri;
    char memory[LIMIT_NUMBER * 2];
    struct buf number = BUF_ON(memory);
    buf_span_put(f->out, f->request->method_name);
    buf_char(f->out, ' ');
    const size_t at = f->out->n;
    if (e && e->number && e->call->has_called && !e->call->called_from_to)
        lines_number(&f->lines, &e->call->called, &number);
    if (!number.n || !buf_ok(&number) || !address_write_uri(uri, buf_span(&number), f->out)) {
        f->out->n = at;
        buf_span_put(f->out, uri);
    }
    buf_text(f->out, " SIP/2.0\r\n");
}

static void way(struct forwarding *f, const struct sip_source *source)
{
    const struct forward_route *r = f->route;
    value_of_ours(f, "Via", r->via);
    f->failed |= reply_vias(f->out, f->request, source) != BF_OK;
    if (!f->request->first[SIP_H_MAX_FORWARDS])
        buf_text(f->out, "Max-Forwards: 70\r\n");
    value_of_ours(f, "Record-Route", r->record_route);
    value_of_ours(f, "Route", r->add_route);
}

/* The name that the caller's network gives him, for a phone that shows P-Asserted-Identity. */
static struct span asserted_name(const struct forwarding *f, char memory[static LIMIT_DISPLAY_NAME])
{
    char text[LIMIT_DISPLAY_NAME];
    struct span rest = message_header(f->request, SIP_H_P_ASSERTED_IDENTITY), value;
    struct buf clean = buf_on(memory, LIMIT_DISPLAY_NAME);
    struct sip_address a;
    if (!f->edit->call->caller_from_pai || !sip_list_next(&rest, &value) ||
        sip_address_read(value, &a, NULL) != BF_OK)
        return SPAN_NONE;
    label_clean(span_make(text, sip_display_text(&a, text, sizeof text)), &clean);
    return buf_span(&clean);
}

static void found(struct forwarding *f)
{
    char name[LIMIT_DISPLAY_NAME];
    if (!f->hidden)
        lines_asserted(&f->lines, asserted_name(f, name));
    if (!call_wants_privacy(f->request))
        lines_privacy(&f->lines);
    lines_attestation(&f->lines);
    lines_alert_info(&f->lines);
    lines_verdict(&f->lines);
}

/* What goes to somebody else's network is the token, and nothing about how we came to it. */
static void vouched(struct forwarding *f)
{
    char date[SIP_DATE_TEXT + 1];
    const struct decision *d = f->edit->decision;
    if (d->sign.refusal == SIGN_OK && !f->request->first[SIP_H_DATE])
        reply_header(f->out, "Date", span_of(sip_date_write(d->sign.what.iat, date)));
    lines_identity(&f->lines);
    if (!f->boundary->to_trusted)
        return;
    lines_origination(&f->lines);
    lines_verdict(&f->lines);
}

enum bf_err forward_request(const struct sip_message *request, const struct sip_source *source,
                            const struct forward_route *route, const struct forward_boundary *boundary,
                            const struct forward_edit *edit, struct buf *out)
{
    struct forwarding f = { .request = request,
                            .route = route,
                            .boundary = boundary,
                            .edit = edit,
                            .own_routes = route->own_routes,
                            .out = out };
    if (edit) {
        f.lines = (struct lines){ edit->options, edit->signing, edit->decision,   request,
                                  edit->call,    edit->number,  edit->number_arg, out };
        f.judged = !edit->decision->signing;
        f.labels = f.judged && lines_labels(&f.lines);
        f.rings = f.judged && answer_policy_of(edit->options, edit->decision, edit->call).alert;
    }
    f.hidden = !boundary->to_trusted && (call_wants_privacy(request) || (f.judged && edit->decision->masked));
    if (message_missing(request))
        return BF_EFORM;
    request_line(&f);
    way(&f, source);
    for (size_t i = 0; i < request->n_headers; i++)
        rule_of(&f, &request->headers[i])(&f, &request->headers[i]);
    value_of_ours(&f, "Route", route->last_route);
    if (edit)
        f.judged ? found(&f) : vouched(&f);
    reply_end(out, request->body);
    if (f.failed)
        return BF_EFORM;
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}
