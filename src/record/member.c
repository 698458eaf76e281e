/* SPDX-License-Identifier: Apache-2.0 */
#include "record/member.h"

#include "base/limits.h"
#include "base/utf8.h"

#define AT(member) offsetof(struct record, member)
#define TEXT(t, member, name, most)                                                                          \
    {                                                                                                        \
        t, name, MEMBER_TEXT, AT(member), most, false, false                                                 \
    }
#define WORD(t, member, name, most) /* mostly one of words.c */                                              \
    {                                                                                                        \
        t, name, MEMBER_TEXT, AT(member), most, false, true                                                  \
    }

/* Outcome and verstat are known by their numbers in verdict/verdict.h, kind by its own. */
const struct member record_members[] = {
    { 1, "id", MEMBER_FIXED_TEXT, AT(id), RECORD_ID, true, false },
    { 2, "key", MEMBER_FIXED_BYTES, AT(key), RECORD_KEY, true, false },
    { 3, "kind", MEMBER_ENUM, AT(kind), RECORD_CANCELLED, false, false },
    { 4, "at", MEMBER_I64, AT(at.utc), 0, false, false },
    { 5, "at_ms", MEMBER_I32, AT(at.ms), 0, false, false },
    TEXT(6, node, "node", 256),
    TEXT(7, source_peer, "source_peer", 256),
    WORD(8, transport, "transport", 16),
    TEXT(9, call_id, "call_id", LIMIT_SIP_LINE),
    TEXT(10, from, "from_header", LIMIT_SIP_LINE),
    TEXT(11, pai, "pai", LIMIT_SIP_LINE),
    TEXT(12, to, "to_header", LIMIT_SIP_LINE),
    TEXT(13, request_uri, "request_uri", LIMIT_SIP_LINE),
    TEXT(14, claimed_name, "claimed_name", LIMIT_DISPLAY_NAME),
    TEXT(15, caller, "caller", LIMIT_NUMBER),
    TEXT(16, called, "called", LIMIT_NUMBER),
    { 17, "masked", MEMBER_BOOL, AT(masked), 1, false, false },
    { 18, "outcome", MEMBER_U8, AT(outcome), 3, false, false },
    { 19, "verstat", MEMBER_U8, AT(verstat), 2, false, false },
    { 20, "attest", MEMBER_CHAR, AT(attest), 0, false, false },
    { 21, "lab", MEMBER_BOOL, AT(lab), 1, false, false },
    WORD(22, proof, "proof", 32),
    TEXT(23, trust_domain, "trust_domain", 256),
    TEXT(24, failure, "failure", 32),
    WORD(25, why, "why", RECORD_WHY),
    TEXT(26, origid, "origid", 256),
    TEXT(27, x5u, "x5u", LIMIT_X5U),
    TEXT(28, spc, "spc", 64),
    TEXT(29, serial, "serial", 128),
    TEXT(30, subject, "subject", 1024),
    { 31, "iat", MEMBER_I64, AT(iat), 0, false, false },
    { 32, "status", MEMBER_I32, AT(status), 0, false, false },
    { 33, "latency_us", MEMBER_I32, AT(latency_us), 0, false, false },
    { 34, "answer", MEMBER_BYTES, AT(answer), LIMIT_SIP_MESSAGE + 2048, false, false },
    { 35, "message", MEMBER_BYTES, AT(message), LIMIT_SIP_MESSAGE, false, false },
    { 36, "person_id", MEMBER_I64, AT(person_id), 0, false, false },
    TEXT(37, person, "person", 512),
    { 38, "claimed_person_id", MEMBER_I64, AT(claimed_person_id), 0, false, false },
    TEXT(39, claimed_person, "claimed_person", 512),
    TEXT(40, rule, "rule", 64),
    TEXT(41, rule_action, "rule_action", 1100),
    { 42, "rule_observed", MEMBER_BOOL, AT(rule_observed), 1, false, false },
    TEXT(43, issuer, "issuer", 1024),
    { 44, "diverted", MEMBER_BOOL, AT(diverted), 1, false, false },
};
const size_t n_record_members = ARRAY_SIZE(record_members);

static const void *place(const struct member *m, const struct record *r)
{
    return (const char *)r + m->offset;
}

static void *place_in(const struct member *m, struct record *r)
{
    return (char *)r + m->offset;
}

static bool is_fixed(const struct member *m)
{
    return m->kind == MEMBER_FIXED_TEXT || m->kind == MEMBER_FIXED_BYTES;
}

bool member_is_number(const struct member *m)
{
    return m->kind > MEMBER_BYTES;
}

int64_t member_number(const struct member *m, const struct record *r)
{
    const void *p = place(m, r);
    switch (m->kind) {
    case MEMBER_U8: return *(const uint8_t *)p;
    case MEMBER_CHAR: return *(const char *)p;
    case MEMBER_BOOL: return *(const bool *)p;
    case MEMBER_ENUM: return *(const enum record_kind *)p;
    case MEMBER_I32: return *(const int32_t *)p;
    case MEMBER_I64: return *(const int64_t *)p;
    default: return 0; /* bytes, no number */
    }
}

void member_set_number(const struct member *m, struct record *r, int64_t value)
{
    void *p = place_in(m, r);
    switch (m->kind) {
    case MEMBER_U8: *(uint8_t *)p = (uint8_t)value; break;
    case MEMBER_CHAR: *(char *)p = (char)value; break;
    case MEMBER_BOOL: *(bool *)p = value != 0; break;
    case MEMBER_ENUM: *(enum record_kind *)p = (enum record_kind)value; break;
    case MEMBER_I32: *(int32_t *)p = (int32_t)value; break;
    case MEMBER_I64: *(int64_t *)p = value; break;
    default: break; /* bytes, no number */
    }
}

bool member_takes_number(const struct member *m, int64_t value)
{
    switch (m->kind) {
    case MEMBER_U8:
    case MEMBER_BOOL:
    case MEMBER_ENUM: return value >= 0 && value <= (int64_t)m->most;
    case MEMBER_CHAR: return value == 0 || (value >= 'A' && value <= 'C');
    case MEMBER_I32: return value >= INT32_MIN && value <= INT32_MAX;
    case MEMBER_I64: return true;
    default: return false; /* bytes, no number */
    }
}

struct span member_bytes(const struct member *m, const struct record *r)
{
    const void *p = place(m, r);
    if (is_fixed(m))
        return span_make(p, m->most);
    const struct span s = *(const struct span *)p;
    return m->kind == MEMBER_TEXT ? utf8_cut(s, m->most) : span_first(s, m->most);
}

void member_set_bytes(const struct member *m, struct record *r, struct span bytes)
{
    if (is_fixed(m))
        memcpy(place_in(m, r), bytes.p, m->most);
    else
        *(struct span *)place_in(m, r) = bytes;
}

bool member_takes_bytes(const struct member *m, struct span bytes)
{
    return is_fixed(m) ? bytes.n == m->most : bytes.n <= m->most;
}
