/* SPDX-License-Identifier: Apache-2.0 */
#include "answer/refuse.h"

#include "sip/fax.h"

#include "base/base64url.h"

/* What a rule decided; a refusal only where there is somewhere to complain. */
static bool rule_policy(const struct answer_options *options, const struct decision *d,
                        struct answer_policy *ret)
{
    const struct rule_action *a = rule_actions_look(options->rule_actions, d->verify.rule);
    if (!a || (a->what == RULE_REJECT && (!options->redress || !*options->redress)))
        return false;
    switch (a->what) {
    case RULE_PASS: *ret = (struct answer_policy){ .action = ACTION_PASS }; break;
    case RULE_LABEL: *ret = (struct answer_policy){ .action = ACTION_LABEL }; break;
    case RULE_TO: *ret = (struct answer_policy){ .action = ACTION_TO, .to = a->value.p }; break;
    case RULE_VOICEMAIL:
        *ret = (struct answer_policy){ .action = ACTION_TO, .to = a->value.p, .mailbox = true };
        break;
    case RULE_REJECT: *ret = (struct answer_policy){ .action = ACTION_REJECT, .code = a->code }; break;
    case RULE_RING: *ret = (struct answer_policy){ .action = ACTION_PASS, .alert = a->value.p }; break;
    }
    return true;
}

struct answer_policy answer_policy_of(const struct answer_options *options, const struct decision *d,
                                      const struct call *call)
{
    const struct answer_policy pass = { .action = ACTION_PASS }, reject = { .action = ACTION_REJECT };
    struct answer_policy policy = options->policy[d->outcome];
    if (call->never_block || d->winning_case == CASE_SHED || d->signing)
        return pass;
    if (d->masked && options->refuse_anonymous)
        return reject;
    (void)rule_policy(options, d, &policy); /* else that of the verdict */
    if (policy.action == ACTION_LABEL && call->message && message_fax(call->message) == FAX_ONLY)
        return pass; /* no machine reads a label */
    return policy;
}

struct refusal refusal_of(const struct answer_options *options, const struct decision *d,
                          const struct call *call, enum refuse_decider by)
{
    const struct stir_row *row = stir_case_row((enum stir_case)d->winning_case);
    const bool may = !call->never_block && d->winning_case != CASE_SHED && !d->signing;
    if (may && by == DECIDED_BY_PERSON)
        return (struct refusal){ 607, "Unwanted", false };
    const struct answer_policy policy = answer_policy_of(options, d, call);
    if (policy.action != ACTION_REJECT)
        return (struct refusal){ 0, "", false };
    if (policy.code && policy.code != 603 && policy.code != 608)
        return (struct refusal){ policy.code, rule_reason(policy.code), false };
    if (!policy.code && options->policy[d->outcome].action != ACTION_REJECT)
        return (struct refusal){ 433, "Anonymity Disallowed", false };
    /* An impostor without a signature is not asked for one: it is refused for what it pretends, not for what it lacks. */
    if (!policy.code && row->code && !(d->outcome == IMPOSTOR && d->winning_case == CASE_NO_IDENTITY))
        return (struct refusal){ row->code, row->phrase, false };
    if (options->block_card && (policy.code ? policy.code == 608 : options->block_608))
        return (struct refusal){ 608, "Rejected", true };
    return (struct refusal){ 603, "Network Blocked", true };
}

void refusal_lines(const struct answer_options *options, const struct refusal *refusal, struct buf *out)
{
    char memory[512];
    struct buf b = BUF_ON(memory);
    if (!refusal->blocked)
        return;
    if (refusal->status == 608) {
        reply_header(out, "Call-Info", span_of(options->block_card));
        return;
    }
    buf_printf(&b, "SIP;cause=603;text=\"v=analytics1;url=%s\"", options->redress ? options->redress : "");
    if (buf_ok(&b))
        reply_header(out, "Reason", buf_span(&b));
}

/* ---- the card ---- */

static void put_part(struct buf *out, const struct buf *json)
{
    const size_t n = BASE64URL_TEXT(json->n);
    if (!buf_ok(json) || out->full || n > out->size - out->n)
        out->full = true;
    else
        out->n += base64url_encode((const uint8_t *)json->p, json->n, out->p + out->n);
}

/* `mailto:x` -> email, `tel:x` -> tel, anything else url. */
static const char *property_of(struct span contact)
{
    return span_starts(contact, SPAN("mailto:")) ? "email"
           : span_starts(contact, SPAN("tel:"))  ? "tel"
                                                 : "url";
}

static void put_header(const struct refusal_card *card, struct buf *out)
{
    char memory[LIMIT_X5U * 2];
    struct buf json = BUF_ON(memory);
    buf_text(&json, "{\"alg\":\"ES256\",\"typ\":\"vcard+json\",\"x5u\":");
    buf_json_string(&json, span_of(card->x5u));
    buf_char(&json, '}');
    put_part(out, &json);
}

static void put_payload(const struct refusal_card *card, struct buf *out)
{
    char memory[1024];
    struct buf json = BUF_ON(memory);
    const char *property = property_of(span_of(card->contact));
    const bool email = strcmp(property, "email") == 0;
    buf_printf(&json,
               "{\"iat\":%lld,\"jcard\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],[\"fn\",{},\"text\",",
               (long long)card->iat);
    buf_json_string(&json, span_of(card->name));
    buf_printf(&json, "],[\"%s\",{},\"%s\",", property, email ? "text" : "uri");
    buf_json_string(&json, span_of(email ? card->contact + strlen("mailto:") : card->contact));
    buf_text(&json, "]]]}");
    put_part(out, &json);
}

enum bf_err refusal_card_write(const struct refusal_card *card, struct buf *out)
{
    uint8_t signature[64];
    buf_text(out, "<data:application/jose,");
    const size_t at = out->n;
    put_header(card, out);
    buf_char(out, '.');
    put_payload(card, out);
    if (!buf_ok(out))
        return BF_ELIMIT;
    const enum bf_err err = key_sign(card->key, span_from(buf_span(out), at), signature, NULL, NULL);
    if (err)
        return err;
    const struct buf last = { .p = (char *)signature, .n = sizeof signature, .size = sizeof signature };
    buf_char(out, '.');
    put_part(out, &last);
    buf_text(out, ">;purpose=jwscard");
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}
