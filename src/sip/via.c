/* SPDX-License-Identifier: Apache-2.0 */
/* `SIP/2.0/UDP host:port;branch=z9hG4bK…`, blanks and folds allowed around its marks.   RFC 3261 section 20.42; SIP-009 */
#include "sip/chars.h"
#include "sip/params.h"

/* A word and, behind blanks, the mark that must follow it (0: at least one blank). */
static bool take_word(struct span *rest, char mark, struct span *ret)
{
    *ret = span_first(*rest, chars_run(*rest, CHAR_TOKEN));
    struct span behind = span_skip_blanks(span_from(*rest, ret->n));
    if (ret->n == 0 || behind.n == 0)
        return false;
    if (mark == 0) {
        *rest = behind;
        return behind.p > ret->p + ret->n;
    }
    *rest = span_skip_blanks(span_from(behind, 1));
    return behind.p[0] == mark;
}

static enum bf_err take_protocol(struct span value, struct span *rest, struct sip_via *via,
                                 struct fault *fault)
{
    struct span name, version;
    *rest = value;
    if (!take_word(rest, '/', &name) || !span_equal_nocase(name, SPAN("SIP")) ||
        !take_word(rest, '/', &version) || !span_equal(version, SPAN("2.0")) ||
        !take_word(rest, 0, &via->transport))
        return fault_at(fault, BF_EFORM, span_offset(value, rest->p),
                        "Via does not begin with SIP/2.0/transport");
    return BF_OK;
}

static enum bf_err take_sent_by(struct span value, struct span *rest, struct sip_via *via,
                                struct fault *fault)
{
    via->host = span_first(*rest, host_length(*rest));
    if (via->host.n == 0)
        return fault_at(fault, BF_EFORM, span_offset(value, rest->p), "Via names no host");
    *rest = span_skip_blanks(span_from(*rest, via->host.n));
    if (rest->n == 0 || rest->p[0] != ':')
        return BF_OK;
    *rest = span_skip_blanks(span_from(*rest, 1));
    const size_t n = chars_run(*rest, CHAR_DIGIT);
    uint64_t port;
    if (!span_decimal(span_first(*rest, n), UINT16_MAX, &port) || port == 0)
        return fault_at(fault, BF_EFORM, span_offset(value, rest->p), "the port in Via is not 1 to 65535");
    via->port = (uint16_t)port;
    *rest = span_skip_blanks(span_from(*rest, n));
    return BF_OK;
}

/* What is known of a Via's parameters: of two of a name the first counts. */
struct via_params {
    struct span branch, received, maddr, rport;
};

static void take_param(struct via_params *params, struct span name, struct span value)
{
    struct span *known = NULL;
    if (span_equal_nocase(name, SPAN("branch")))
        known = &params->branch;
    else if (span_equal_nocase(name, SPAN("rport")))
        known = &params->rport;
    else if (span_equal_nocase(name, SPAN("received")))
        known = &params->received;
    else if (span_equal_nocase(name, SPAN("maddr")))
        known = &params->maddr;
    if (known && !known->p)
        *known = sip_param_value(value);
}

static enum bf_err take_params(struct span value, struct span rest, struct sip_via *via, struct fault *fault)
{
    struct via_params params = { .rport = SPAN_NONE };
    struct span name, one;
    uint64_t port;
    via->params = rest;
    while (span_skip_blanks(rest).n) {
        const struct span before = rest;
        if (!sip_param_next(&rest, &name, &one))
            return fault_at(fault, BF_EFORM, span_offset(value, before.p), "`;name=value` is expected here");
        take_param(&params, name, one);
    }
    via->branch = params.branch;
    via->received = params.received;
    via->maddr = params.maddr;
    via->rport = params.rport.p != NULL;
    if (params.rport.n == 0)
        return BF_OK;
    if (!span_decimal(params.rport, UINT16_MAX, &port) || port == 0)
        return fault_at(fault, BF_EFORM, span_offset(value, params.rport.p), "rport is not 1 to 65535");
    via->rport_value = (uint16_t)port;
    return BF_OK;
}

enum bf_err sip_via_read(struct span value, struct sip_via *ret, struct fault *fault)
{
    struct sip_via via = { .port = 0 };
    struct span rest;
    enum bf_err err = take_protocol(value, &rest, &via, fault);
    if (err == BF_OK)
        err = take_sent_by(value, &rest, &via, fault);
    if (err == BF_OK)
        err = take_params(value, rest, &via, fault);
    if (err == BF_OK)
        *ret = via;
    return err;
}

enum bf_err message_top_via(const struct sip_message *m, struct sip_via *ret, struct fault *fault)
{
    struct span rest = message_header(m, SIP_H_VIA), top;
    if (m->has_top_via) {
        *ret = m->top_via;
        return BF_OK;
    }
    if (!sip_list_next(&rest, &top))
        return fault_at(fault, BF_ENOENT, 0, "there is no Via header");
    enum bf_err err = sip_via_read(top, ret, fault);
    if (err != BF_OK && fault)
        fault->at += span_offset(m->bytes, top.p);
    return err;
}
