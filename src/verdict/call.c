/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP -> the facts of a call.
 *
 * The called number is the Request-URI's: To is written by the attacker, and is asked only where the Request-URI
 * names no number. The caller is P-Asserted-Identity where the peer may assert one, else From. Every number that
 * a phone may show is listed, whoever wrote it, the display name included when it looks like a number.
 */
#include "verdict/call.h"

#include "sip/uri.h"
#include "verdict/shown.h"

/* A URI as a number, or as canonical text in the arena. */
struct read_party {
    bool is_number;
    struct number number;
    struct span uri; /* canonical; SPAN_NONE when it cannot be written */
};

static struct span canonical_text(const struct sip_uri *uri, struct arena *arena)
{
    char memory[LIMIT_URI];
    struct buf b = BUF_ON(memory);
    if (uri_canonical(uri, &b) != BF_OK || !buf_ok(&b))
        return SPAN_NONE;
    return arena_copy(arena, buf_span(&b));
}

static enum bf_err party_read(struct span text, const struct dial_plan *plan, struct arena *arena,
                              struct sip_uri *ret_uri, struct read_party *ret, struct fault *fault)
{
    const enum bf_err err = uri_read(text, ret_uri, fault);
    if (err)
        return err;
    *ret = (struct read_party){ .uri = SPAN_NONE };
    ret->is_number = number_of_uri(ret_uri, plan, &ret->number);
    if (!ret->is_number)
        ret->uri = canonical_text(ret_uri, arena);
    return BF_OK;
}

static void shown_party(struct call *c, enum number_place place, const struct read_party *p)
{
    shown_add(c, &(struct shown_number){ place, p->is_number, p->number, p->uri });
}

static bool is_anonymous_uri(const struct sip_uri *uri)
{
    return span_equal_nocase(uri->host, SPAN("anonymous.invalid")) ||
           span_equal_nocase(uri->host, SPAN("unknown.invalid")) ||
           span_equal_nocase(uri->user, SPAN("anonymous"));
}

bool call_wants_privacy(const struct sip_message *m)
{
    const struct sip_header *h;
    for (size_t at = 0; (h = message_next(m, SIP_H_PRIVACY, &at));) {
        struct span rest = h->value;
        while (rest.n) {
            const size_t end = span_find(rest, ';');
            const struct span word = span_trim(span_first(rest, end));
            if (span_equal_nocase(word, SPAN("id")) || span_equal_nocase(word, SPAN("user")) ||
                span_equal_nocase(word, SPAN("full")))
                return true;
            rest = span_from(rest, end + 1);
        }
    }
    return false;
}

/* The verstat parameter of a URI, in its user part or behind the host.                                       SIP-062 */
static struct span verstat_param(const struct sip_uri *uri)
{
    struct span value = SPAN_NONE;
    const size_t semi = span_find(uri->user, ';');
    if (sip_param(span_from(uri->user, semi), SPAN("verstat"), &value) ||
        sip_param(uri->params, SPAN("verstat"), &value))
        return value;
    return SPAN_NONE;
}

static void hear_carrier(struct call *c, const struct sip_uri *uri)
{
    if (c->peer.says != PEER_IGNORE && span_equal(verstat_param(uri), SPAN("TN-Validation-Passed")))
        c->carrier_passed = true;
}

static enum bf_err read_from(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                             struct call *c, struct fault *fault)
{
    struct sip_address a;
    struct sip_uri uri;
    struct read_party p;
    char name[LIMIT_DISPLAY_NAME];
    enum bf_err err = sip_address_read(message_header(m, SIP_H_FROM), &a, fault);
    if (!err)
        err = party_read(a.uri, rules->plan, arena, &uri, &p, fault);
    if (err)
        return err;
    c->from_uri = a.uri;
    if (!sip_param(a.params, SPAN("tag"), &c->from_tag))
        c->from_tag = SPAN_NONE;
    c->anonymous = is_anonymous_uri(&uri) || call_wants_privacy(m);
    const struct span display = span_make(name, sip_display_text(&a, name, sizeof name));
    const struct span said = display.n ? arena_copy(arena, display) : SPAN_NONE;
    shown_display(c, display, rules->plan);
    claim_add(c, CLAIM_FROM, said);
    if (is_anonymous_uri(&uri))
        return BF_OK;
    c->claimed_name = said;
    hear_carrier(c, &uri);
    shown_party(c, PLACE_FROM, &p);
    c->has_caller = p.is_number;
    c->caller = p.number;
    c->caller_uri = p.uri;
    return BF_OK;
}

/* The numbers of one header that a phone may show; the first that can be read is *ret_first. */
static size_t read_asserted(const struct sip_message *m, enum sip_header_id id, enum number_place place,
                            const struct call_rules *rules, struct arena *arena, struct call *c,
                            struct read_party *ret_first, bool *ret_differ)
{
    const struct read_party unreadable = { .uri = SPAN_NONE };
    const struct sip_header *h;
    size_t n = 0;
    *ret_differ = false;
    for (size_t at = 0; (h = message_next(m, id, &at));) {
        struct span rest = h->value, value;
        while (sip_list_next(&rest, &value)) {
            struct sip_address a;
            struct sip_uri uri;
            struct read_party p;
            char name[LIMIT_DISPLAY_NAME];
            if (sip_address_read(value, &a, NULL) || party_read(a.uri, rules->plan, arena, &uri, &p, NULL)) {
                shown_party(c, place, &unreadable); /* a phone may be less particular */
                continue;
            }
            const struct span display = span_make(name, sip_display_text(&a, name, sizeof name));
            const struct span said = display.n ? arena_copy(arena, display) : SPAN_NONE;
            shown_display(c, display, rules->plan);
            claim_add(c, place == PLACE_PAI ? CLAIM_PAI : CLAIM_RPID, said);
            if (is_anonymous_uri(&uri))
                continue;
            if (place == PLACE_PAI)
                hear_carrier(c, &uri);
            shown_party(c, place, &p);
            if (c->claimed_name.n == 0)
                c->claimed_name = said;
            if (!p.is_number)
                continue;
            if (n++ == 0)
                *ret_first = p;
            else if (!number_equal(&ret_first->number, &p.number))
                *ret_differ = true;
        }
    }
    return n;
}

static void read_caller(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                        struct call *c)
{
    struct read_party first, unused;
    bool differ, unused_differ;
    const size_t n = read_asserted(m, SIP_H_P_ASSERTED_IDENTITY, PLACE_PAI, rules, arena, c, &first, &differ);
    read_asserted(m, SIP_H_REMOTE_PARTY_ID, PLACE_RPID, rules, arena, c, &unused, &unused_differ);
    c->pai_differ = differ;
    if (n && !differ && c->peer.pai) {
        c->has_caller = true;
        c->caller = first.number;
        c->caller_uri = SPAN_NONE;
        c->caller_from_pai = true;
    }
}

static enum bf_err read_called(const struct sip_message *m, const struct call_rules *rules,
                               struct arena *arena, struct call *c, struct fault *fault)
{
    struct sip_address a;
    struct sip_uri uri, to_uri;
    struct read_party p, to;
    enum bf_err err = sip_address_read(message_header(m, SIP_H_TO), &a, fault);
    if (!err)
        err = party_read(a.uri, rules->plan, arena, &to_uri, &to, fault);
    if (!err)
        err = party_read(m->uri, rules->plan, arena, &uri, &p, fault);
    if (err)
        return err;
    c->to_uri = a.uri;
    c->request_uri = m->uri;
    c->has_to = to.is_number;
    c->to = to.number;
    c->called_uri = p.uri;
    if (p.is_number) {
        c->has_called = true;
        c->called = p.number;
    } else if (to.is_number) {
        c->has_called = c->called_from_to = true;
        c->called = to.number;
    }
    if (uri_is_service(&uri)) {
        c->never_block = true;
        c->never_block_why = "an emergency service is called";
    }
    return BF_OK;
}

/* Who sent the call on, if that is a telephone number. */
static bool forwarded_by(struct span value, const struct call_rules *rules, struct arena *arena,
                         struct call *c)
{
    struct sip_address a;
    struct sip_uri uri;
    struct read_party p;
    if (sip_address_read(value, &a, NULL) != BF_OK ||
        party_read(a.uri, rules->plan, arena, &uri, &p, NULL) != BF_OK || !p.is_number)
        return false;
    c->has_forwarder = true;
    c->forwarder = p.number;
    return true;
}

/*
 * History-Info lists where the call was sent, the last entry to here: the one before it sent it on.
 *                                                                                        RFC 7044 section 5; SIP-067
 */
static void read_history(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                         struct call *c)
{
    struct span before = SPAN_NONE, last = SPAN_NONE, value;
    const struct sip_header *h;
    for (size_t at = 0; (h = message_next(m, SIP_H_HISTORY_INFO, &at));)
        for (struct span rest = h->value; sip_list_next(&rest, &value);) {
            before = last;
            last = value;
        }
    c->forwarder_from_history = before.p && forwarded_by(before, rules, arena, c);
}

/* Diversion, where it is there: its first value is the newest.                           RFC 5806 section 5; SIP-067 */
static void read_diversion(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                           struct call *c)
{
    struct span rest = message_header(m, SIP_H_DIVERSION), value;
    if (sip_list_next(&rest, &value) && forwarded_by(value, rules, arena, c))
        return;
    if (m->first[SIP_H_HISTORY_INFO])
        read_history(m, rules, arena, c);
}

static bool lists_namespace(struct span value, struct span namespace)
{
    struct span word;
    while (sip_list_next(&value, &word)) {
        word = span_trim(word);
        if (word.n > namespace.n && word.p[namespace.n] == '.' && span_starts_nocase(word, namespace))
            return true;
    }
    return false;
}

/* `sip:911@pbx` without user=phone is no telephone number for a token, and an emergency all the same. */
static bool dialled_number(const struct sip_message *m, const struct call *c, struct number *ret)
{
    struct sip_uri uri;
    if (c->has_called && !c->called_from_to) {
        *ret = c->called;
        return true;
    }
    if (uri_read(m->uri, &uri, NULL) != BF_OK || (uri.scheme != URI_SIP && uri.scheme != URI_SIPS) ||
        !number_is_canonical(uri.user))
        return false;
    memcpy(ret->digits, uri.user.p, uri.user.n);
    ret->n = (uint8_t)uri.user.n;
    return true;
}

static bool is_never_blocked(const struct call_rules *rules, const struct number *number)
{
    for (size_t i = 0; i < rules->n_never_block; i++)
        if (number_range_holds(&rules->never_block[i], number))
            return true;
    return false;
}

/* Calls that nothing may stand in the way of: by number for everybody, by header from peers that may say so. */
static void read_urgency(const struct sip_message *m, const struct call_rules *rules, struct call *c)
{
    const struct sip_header *h;
    struct number dialled;
    if ((dialled_number(m, c, &dialled) && is_never_blocked(rules, &dialled)) ||
        (c->has_caller && is_never_blocked(rules, &c->caller))) {
        c->never_block = true;
        c->never_block_why = "this number is never blocked";
    }
    if (!c->peer.priority)
        return;
    const struct span priority = span_trim(message_header(m, SIP_H_PRIORITY));
    if (span_equal_nocase(priority, SPAN("emergency")) ||
        span_equal_nocase(priority, SPAN("psap-callback"))) {
        c->never_block = true;
        c->never_block_why = "marked as urgent by a peer that may";
    }
    for (size_t at = 0; (h = message_next(m, SIP_H_RESOURCE_PRIORITY, &at));)
        if (lists_namespace(h->value, SPAN("esnet")) || lists_namespace(h->value, SPAN("ets")) ||
            lists_namespace(h->value, SPAN("wps"))) {
            c->never_block = true;
            c->never_block_why = "marked with a priority by a peer that may";
        }
}

static void read_identities(const struct sip_message *m, struct call *c)
{
    const struct sip_header *h;
    size_t total = 0;
    for (size_t at = 0; (h = message_next(m, SIP_H_IDENTITY, &at));) {
        total += h->value.n;
        if (c->n_identities == LIMIT_IDENTITIES || total > LIMIT_IDENTITY_TOTAL) {
            c->identities_too_many = true;
            return;
        }
        c->identities[c->n_identities++] = h->value;
    }
}

static void read_carrier_attest(const struct sip_message *m, struct call *c)
{
    struct span value = span_trim(message_header(m, SIP_H_P_ATTESTATION_INDICATOR));
    if (value.n == 0)
        value = span_trim(message_header(m, SIP_H_ATTESTATION_INFO));
    if (c->peer.says != PEER_IGNORE && value.n == 1 && value.p[0] >= 'A' && value.p[0] <= 'C')
        c->carrier_attest = value.p[0];
}

/* One call keeps these through forks and hops; somebody else's copy of its token does not know to. */
static enum bf_err digest_same(const struct sip_message *m, struct sha256 *sha, struct call *c)
{
    char cseq[16];
    struct buf b = BUF_ON(cseq);
    buf_decimal(&b, (int64_t)m->cseq);
    const struct span zero = span_make("", 1);
    const struct span parts[] = {
        c->call_id, zero,   c->from_tag, zero, buf_span(&b), zero, message_header(m, SIP_H_CONTACT),
        zero,       m->body
    };
    return sha256_many(sha, parts, ARRAY_SIZE(parts), c->same);
}

/* `sip:+12155550121;tgrp=tg-1;trunk-context=example.com@h`: the trunk group it came through.                     RFC 4904 */
static bool read_trunk_group(struct span uri_text, struct call *c)
{
    const struct span user = span_first(uri_text, span_find(uri_text, '@'));
    struct sip_uri uri;
    if (user.n == uri_text.n || span_find(user, ';') == user.n || uri_read(uri_text, &uri, NULL) != BF_OK)
        return false;
    const struct span params = span_from(uri.user, span_find(uri.user, ';'));
    if (!sip_param(params, SPAN("tgrp"), &c->trunk_group) || c->trunk_group.n == 0) {
        c->trunk_group = SPAN_NONE;
        return false;
    }
    if (!sip_param(params, SPAN("trunk-context"), &c->trunk_context))
        c->trunk_context = SPAN_NONE;
    return true;
}

/* The originating group stands in Contact; some write it into From. */
static void read_trunk(const struct sip_message *m, struct call *c)
{
    const struct span contact = message_header(m, SIP_H_CONTACT);
    struct sip_address a;
    if (span_find(contact, ';') < span_find(contact, '@') && sip_address_read(contact, &a, NULL) == BF_OK &&
        read_trunk_group(a.uri, c))
        return;
    (void)read_trunk_group(c->from_uri, c);
}

enum bf_err call_of_sip(const struct sip_message *m, const struct call_rules *rules, const struct peer *peer,
                        struct instant arrival, struct sha256 *sha, struct arena *arena, struct call *ret,
                        struct fault *fault)
{
    struct sip_via via;
    enum bf_err err;
    struct call_rules own = *rules;
    memset(ret, 0, sizeof *ret);
    ret->message = m;
    if (peer->plan)
        own.plan = peer->plan;
    rules = &own;
    ret->arrival = arrival;
    ret->peer = *peer;
    ret->call_id = message_header(m, SIP_H_CALL_ID);
    ret->cseq = m->cseq;
    ret->date = message_header(m, SIP_H_DATE);
    err = message_top_via(m, &via, fault);
    if (err != BF_OK && err != BF_ENOENT)
        return err; /* nobody could be answered */
    ret->branch = err == BF_OK ? via.branch : SPAN_NONE;
    if ((err = read_from(m, rules, arena, ret, fault)) != BF_OK ||
        (err = read_called(m, rules, arena, ret, fault)) != BF_OK)
        return err;
    read_caller(m, rules, arena, ret);
    read_urgency(m, rules, ret);
    if (m->first[SIP_H_DIVERSION] || m->first[SIP_H_HISTORY_INFO])
        read_diversion(m, rules, arena, ret);
    read_trunk(m, ret);
    read_identities(m, ret);
    read_carrier_attest(m, ret);
    return digest_same(m, sha, ret);
}

void call_of_headers(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                     struct call *call)
{
    read_urgency(m, rules, call);
    read_diversion(m, rules, arena, call);
}

enum bf_err call_of_identity(struct span identity, const struct number *orig, const struct number *dest,
                             struct instant arrival, struct arena *arena, struct call *ret)
{
    (void)arena;
    memset(ret, 0, sizeof *ret);
    ret->arrival = arrival;
    ret->has_called = ret->has_to = dest->n > 0;
    ret->called = ret->to = *dest;
    ret->has_caller = orig->n > 0;
    ret->caller = *orig;
    ret->shown[0] = (struct shown_number){ .place = PLACE_FROM, .is_number = true, .number = *orig };
    ret->n_shown = orig->n > 0;
    if (identity.n)
        ret->identities[ret->n_identities++] = identity;
    return sha256_once(identity, ret->same);
}
