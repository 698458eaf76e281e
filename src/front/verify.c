/* SPDX-License-Identifier: Apache-2.0 */
/* bonafide/verify.h: three doors in (SIP, JSON, a bare Identity value), one verdict out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "front/verifier.h"
#include "sip/message.h"
#include "sip/number.h"

struct bf_verdict {
    enum outcome outcome;
    enum verstat verstat;
    char attest;
    bool lab;
    int stir_code;
    char caller[LIMIT_NUMBER + 1], called[LIMIT_NUMBER + 1];
    char *why, *json, *line, *words;
};

_Static_assert((int)BF_GENUINE == GENUINE && (int)BF_UNPROVEN == UNPROVEN && (int)BF_BROKEN == BROKEN &&
                   (int)BF_IMPOSTOR == IMPOSTOR,
               "the public outcomes are those of the verdict");
_Static_assert((int)BF_ENGINE_AUTO == ES256_AUTO && (int)BF_ENGINE_OPENSSL == ES256_OPENSSL &&
                   (int)BF_ENGINE_LANES == ES256_LANES,
               "the public engines are those of es256");

/* ---- options ---- */

static bool options_possible(const struct bf_verify_options *o, const char **ret_why)
{
    const char *why = NULL;
    if (o->least_attestation < 'A' || o->least_attestation > 'C')
        why = "least_attestation must be 'A', 'B' or 'C'";
    else if (o->freshness_s == 0 || o->freshness_s > 86400)
        why = "freshness_s must be between 1 and 86400";
    else if (o->n_trust && !o->trust)
        why = "n_trust is set and trust is NULL";
    else if (o->replay_entries > ((size_t)1 << 28))
        why = "replay_entries must be at most 268435456";
    else if ((unsigned)o->engine > BF_ENGINE_LANES)
        why = "engine must be one of enum bf_engine";
    else if (o->tables_mb > 65536)
        why = "tables_mb must be at most 65536";
    *ret_why = why;
    return !why;
}

enum bf_err bf_verifier_create(const struct bf_verify_options *options, struct bf_verifier **ret,
                               char **ret_message)
{
    struct bf_verify_options o = BF_VERIFY_OPTIONS;
    const char *why = "size is that of no struct bf_verify_options";

    if (ret_message)
        *ret_message = NULL;
    if (!ret)
        return BF_EINVAL;
    *ret = NULL;
    bool sized = !options || options->size == sizeof o;
    if (options && sized)
        o = *options;
    if (!sized || !options_possible(&o, &why)) {
        if (ret_message)
            *ret_message = strdup(why);
        return BF_EINVAL;
    }
    struct trust_domain_options domain = { .name = "given", .anchors = o.trust, .n_anchors = o.n_trust };
    struct verifier_options inside = {
        .domains = &domain,
        .n_domains = o.n_trust > 0,
        .judge = { .freshness_s = o.freshness_s,
                   .least_attestation = o.least_attestation,
                   .no_chain = o.no_chain,
                   .lab_urls = o.lab_urls },
        .rules = { .plan = &dial_plan_usual },
        .cert = o.cert,
        .certs = o.certs,
        .cache = o.cache,
        .offline = o.offline,
        .ignore_pai = o.ignore_pai,
        .color = o.color,
        .budget_ms = o.budget_ms,
        .replay_entries = o.replay_entries,
        .engine = (enum es256_choice)o.engine,
        .tables_bytes = (size_t)o.tables_mb << 20,
    };
    return verifier_create(&inside, ret, ret_message);
}

/* ---- the verdict ---- */

static char *text_of(const struct buf *b)
{
    return buf_ok(b) ? strndup(b->p, b->n) : NULL;
}

static void number_copy(bool there, const struct number *number, char out[static LIMIT_NUMBER + 1])
{
    size_t n = there ? number->n : 0;
    memcpy(out, number->digits, n);
    out[n] = '\0';
}

/* Everything the verdict points to belongs to the call and to the index: what outlives them is copied. */
static enum bf_err verdict_keep(void *arg, const struct bf_verifier *v, struct seat *seat,
                                const struct verdict *verdict, const struct call *call)
{
    struct bf_verdict **ret = arg;
    struct bf_verdict *kept = calloc(1, sizeof *kept);
    if (!kept)
        return BF_ENOMEM;
    kept->outcome = verdict->outcome;
    kept->verstat = verdict->verstat;
    kept->attest = verdict->attest;
    kept->lab = verdict->lab;
    kept->stir_code = stir_case_row(verdict->failure)->code;
    number_copy(call->has_caller, &call->caller, kept->caller);
    number_copy(call->has_called, &call->called, kept->called);
    kept->why = strdup(verdict->why ? verdict->why : "");

    struct buf text = buf_on(seat->text, SEAT_TEXT);
    enum bf_err err = answer_json(verdict, call, &text);
    kept->json = text_of(&text);
    text = buf_on(seat->text, SEAT_TEXT);
    answer_line(verdict, call, verifier_colors(v), &text);
    kept->line = text_of(&text);
    text = buf_on(seat->text, SEAT_TEXT);
    answer_words(verdict, call, verifier_colors(v), &text);
    kept->words = text_of(&text);
    if (!err && !(kept->why && kept->json && kept->line && kept->words))
        err = BF_ENOMEM;
    if (err)
        bf_verdict_destroy(kept);
    else
        *ret = kept;
    return err;
}

void bf_verdict_destroy(struct bf_verdict *v)
{
    if (!v)
        return;
    free(v->why);
    free(v->json);
    free(v->line);
    free(v->words);
    free(v);
}

/* ---- the doors ---- */

/*
 * People save messages with the line ends of their system. Content-Length counts the CRLFs that went over the wire, so they
 * are put back; a header that ends with the file gets its empty line.
 */
static struct span lines_restored(struct span bytes, struct arena *arena)
{
    size_t first = span_find(bytes, '\n'), lines = 0;
    if (first == bytes.n || (first > 0 && bytes.p[first - 1] == '\r') || bytes.n > LIMIT_SIP_MESSAGE)
        return bytes;
    for (size_t i = 0; i < bytes.n; i++)
        lines += bytes.p[i] == '\n';
    char *out = arena_take(arena, bytes.n + lines + 4);
    if (!out)
        return SPAN_NONE;
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\n' && (i == 0 || bytes.p[i - 1] != '\r'))
            out[n++] = '\r';
        out[n++] = bytes.p[i];
    }
    if (!memmem(out, n, "\r\n\r\n", 4)) {
        if (n < 2 || out[n - 1] != '\n')
            out[n++] = '\r', out[n++] = '\n';
        out[n++] = '\r', out[n++] = '\n';
    }
    return span_make(out, n);
}

static bool has_to_tag(const struct sip_message *m)
{
    struct sip_address to;
    struct span tag;
    return sip_address_read(message_header(m, SIP_H_TO), &to, NULL) == BF_OK &&
           sip_param(to.params, SPAN("tag"), &tag);
}

/* A fault's text is constant; message_missing gives a name. */
static const char *missing_text(const char *name)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "Via", "there is no Via header" },   { "From", "there is no From header" },
        { "To", "there is no To header" },     { "Call-ID", "there is no Call-ID header" },
        { "CSeq", "there is no CSeq header" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].text;
    return "a mandatory header is missing";
}

enum bf_err verifier_invite_check(const struct sip_message *m, struct fault *f)
{
    const char *missing = message_missing(m);

    if (!m->is_request)
        return fault_at(f, BF_EUNSUP, 0, "a response, not a request that starts a call");
    if (m->method != SIP_INVITE)
        return fault_at(f, BF_EUNSUP, 0, "not an INVITE: this request starts no call");
    if (missing)
        return fault_at(f, BF_EFORM, m->bytes.n, missing_text(missing));
    if (has_to_tag(m))
        return fault_at(f, BF_EUNSUP, 0, "a request inside a dialog (To has a tag), not a new call");
    return BF_OK;
}

static enum bf_err hear_sip(struct bf_verifier *v, struct seat *seat, struct span bytes,
                            struct instant arrival, struct bf_verdict **ret, struct fault *f)
{
    struct span message = lines_restored(bytes, seat->arena);
    if (!message.p)
        return BF_ENOMEM;
    enum bf_err err = message_read(message, SIP_BARE_LF, seat->message, f);
    if (!err)
        err = verifier_invite_check(seat->message, f);
    struct peer nobody = { .pai = !verifier_ignores_pai(v) };
    struct call call = { 0 };
    if (!err)
        err = call_of_sip(seat->message, verifier_rules(v), &nobody, arrival, desk_sha256(seat->desk),
                          seat->arena, &call, f);
    return err ? err : verifier_hear(v, seat, &call, verdict_keep, ret);
}

enum bf_err bf_verify_sip(struct bf_verifier *v, const void *message, size_t n, int64_t at,
                          struct bf_verdict **ret, struct bf_fault *ret_fault)
{
    struct fault unset = { 0, "" };
    struct seat *seat;

    *ret = NULL;
    if (ret_fault)
        *ret_fault = unset;
    enum bf_err err = verifier_sit(v, &seat);
    if (err)
        return err;
    err = hear_sip(v, seat, span_make(message, n), verifier_arrival(v, at), ret, ret_fault);
    verifier_leave(v, seat);
    return err;
}

enum bf_err bf_verify_json(struct bf_verifier *v, const void *json, size_t n, int64_t at,
                           struct bf_verdict **ret, struct bf_fault *ret_fault)
{
    struct fault unset = { 0, "" };
    struct seat *seat;

    *ret = NULL;
    if (ret_fault)
        *ret_fault = unset;
    enum bf_err err = verifier_sit(v, &seat);
    if (err)
        return err;
    struct instant arrival = verifier_arrival(v, at);
    struct call call = { 0 };
    arrival.utc = at; /* 0: what the JSON says */
    err = call_of_json(span_make(json, n), verifier_rules(v), &arrival, desk_sha256(seat->desk), seat->arena,
                       &call, ret_fault);
    if (!err) {
        call.arrival = verifier_arrival(v, call.arrival.utc);
        err = verifier_hear(v, seat, &call, verdict_keep, ret);
    }
    verifier_leave(v, seat);
    return err;
}

static enum bf_err number_given(const struct bf_verifier *v, const char *text, struct number *ret,
                                struct fault *f)
{
    if (!text)
        return fault_at(f, BF_EINVAL, 0, "no number is given");
    return number_of_text(span_of(text), verifier_rules(v)->plan, ret, f) ? BF_EINVAL : BF_OK;
}

enum bf_err bf_verify_identity(struct bf_verifier *v, const void *identity, size_t n, const char *orig,
                               const char *dest, int64_t at, struct bf_verdict **ret,
                               struct bf_fault *ret_fault)
{
    struct fault unset = { 0, "" };
    struct number caller, called;
    struct seat *seat;

    *ret = NULL;
    if (ret_fault)
        *ret_fault = unset;
    enum bf_err err = number_given(v, orig, &caller, ret_fault);
    if (!err)
        err = number_given(v, dest, &called, ret_fault);
    if (!err)
        err = verifier_sit(v, &seat);
    if (err)
        return err;
    struct call call = { 0 };
    err = call_of_identity(span_trim(span_make(identity, n)), &caller, &called, verifier_arrival(v, at),
                           seat->arena, &call);
    if (!err)
        err = verifier_hear(v, seat, &call, verdict_keep, ret);
    verifier_leave(v, seat);
    return err;
}

/* ---- what a verdict says ---- */

enum bf_outcome bf_verdict_outcome(const struct bf_verdict *v)
{
    return (enum bf_outcome)v->outcome;
}

const char *bf_outcome_text(enum bf_outcome outcome)
{
    return (unsigned)outcome <= BF_IMPOSTOR ? outcome_text((enum outcome)outcome) : "";
}

const char *bf_verdict_verstat(const struct bf_verdict *v)
{
    return verstat_text(v->verstat);
}

char bf_verdict_attestation(const struct bf_verdict *v)
{
    return v->attest;
}

bool bf_verdict_lab(const struct bf_verdict *v)
{
    return v->lab;
}

int bf_verdict_stir_code(const struct bf_verdict *v)
{
    return v->stir_code;
}

const char *bf_verdict_caller(const struct bf_verdict *v)
{
    return v->caller;
}

const char *bf_verdict_called(const struct bf_verdict *v)
{
    return v->called;
}

const char *bf_verdict_why(const struct bf_verdict *v)
{
    return v->why;
}

const char *bf_verdict_json(const struct bf_verdict *v)
{
    return v->json;
}

const char *bf_verdict_line(const struct bf_verdict *v)
{
    return v->line;
}

const char *bf_verdict_words(const struct bf_verdict *v)
{
    return v->words;
}
