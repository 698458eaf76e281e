/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to a test call says, made fit to print. */
#include "cli/place_parts.h"

static void copy(char *out, size_t size, struct span s)
{
    struct buf b = buf_on(out, size - 1);
    buf_printable(&b, span_first(s, size - 1));
    out[b.n] = '\0';
}

/* One of `verdict=genuine;attest=A;…`. */
static void copy_part(char *out, size_t size, struct span value, struct span name)
{
    char memory[1024];
    struct buf params = BUF_ON(memory);
    struct span part;
    buf_char(&params, ';');
    buf_span_put(&params, value);
    if (buf_ok(&params) && sip_param(buf_span(&params), name, &part))
        copy(out, size, part);
}

/* verstat may stand in the user part, behind the host or behind the brackets: its name finds it. */
static bool copy_verstat(struct placed *ret, struct span value)
{
    const struct span name = SPAN("verstat=");
    const char *at = value.n ? memmem(value.p, value.n, name.p, name.n) : NULL;
    if (!at)
        return false;
    struct span rest = span_from(value, (size_t)(at - value.p) + name.n);
    size_t n = 0;
    while (n < rest.n && !strchr(";@>,\"? \t\r\n", rest.p[n]))
        n++;
    copy(ret->verstat, sizeof ret->verstat, span_first(rest, n));
    return true;
}

static void read_verstat(const struct sip_message *m, struct placed *ret)
{
    const struct sip_header *h;
    for (size_t at = 0; (h = message_next(m, SIP_H_P_ASSERTED_IDENTITY, &at));)
        if (copy_verstat(ret, h->value))
            return;
    if (!copy_verstat(ret, message_header(m, SIP_H_CONTACT)))
        (void)copy_verstat(ret, message_header(m, SIP_H_FROM));
}

static void read_attestation(const struct sip_message *m, struct placed *ret)
{
    static const enum sip_header_id places[] = { SIP_H_P_ATTESTATION_INDICATOR, SIP_H_ATTESTATION_INFO };
    copy_part(ret->attestation, sizeof ret->attestation, message_header(m, SIP_H_X_BONAFIDE), SPAN("attest"));
    for (size_t i = 0; i < ARRAY_SIZE(places) && ret->attestation[0] == '\0'; i++)
        copy(ret->attestation, sizeof ret->attestation, message_header(m, places[i]));
}

void placed_read(const struct sip_message *answer, struct placed *ret)
{
    const struct span verdict = message_header(answer, SIP_H_X_BONAFIDE);
    const struct sip_header *h;
    ret->status = answer->status;
    ret->identity = answer->first[SIP_H_IDENTITY] != 0;
    ret->n_reasons = 0;
    copy(ret->phrase, sizeof ret->phrase, answer->reason);
    copy(ret->x_bonafide, sizeof ret->x_bonafide, verdict);
    copy(ret->contact, sizeof ret->contact, message_header(answer, SIP_H_CONTACT));
    copy_part(ret->verdict, sizeof ret->verdict, verdict, SPAN("verdict"));
    read_verstat(answer, ret);
    read_attestation(answer, ret);
    for (size_t at = 0; ret->n_reasons < PLACED_REASONS && (h = message_next(answer, SIP_H_REASON, &at));)
        copy(ret->reasons[ret->n_reasons++], PLACED_TEXT, h->value);
}
