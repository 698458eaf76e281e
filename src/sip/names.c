/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names by a hash without collisions: length, first and last letter pick one slot, one comparison decides. Two
 * names in one slot do not compile (-Woverride-init).
 */
#include "sip/names.h"

#define SLOTS                128
#define SLOT(n, first, last) (((n)*7 + ((first) | 0x20) * 16 + ((last) | 0x20) * 11) % SLOTS)

struct header_row {
    struct span name;
    bool single; /* a second one is refused: SIP-004, SEC-008 */
};

#define ROW(text)                                                                                            \
    {                                                                                                        \
        { text, sizeof(text) - 1 }, false                                                                    \
    }
#define SINGLE(text)                                                                                         \
    {                                                                                                        \
        { text, sizeof(text) - 1 }, true                                                                     \
    }

static const struct header_row rows[SIP_H_COUNT] = {
    [SIP_H_OTHER] = ROW(""),
    [SIP_H_VIA] = ROW("Via"),
    [SIP_H_FROM] = SINGLE("From"),
    [SIP_H_TO] = SINGLE("To"),
    [SIP_H_CALL_ID] = SINGLE("Call-ID"),
    [SIP_H_CSEQ] = SINGLE("CSeq"),
    [SIP_H_MAX_FORWARDS] = SINGLE("Max-Forwards"),
    [SIP_H_CONTACT] = ROW("Contact"),
    [SIP_H_ROUTE] = ROW("Route"),
    [SIP_H_RECORD_ROUTE] = ROW("Record-Route"),
    [SIP_H_CONTENT_LENGTH] = SINGLE("Content-Length"),
    [SIP_H_CONTENT_TYPE] = SINGLE("Content-Type"),
    [SIP_H_DATE] = SINGLE("Date"),
    [SIP_H_IDENTITY] = ROW("Identity"),
    [SIP_H_P_ASSERTED_IDENTITY] = ROW("P-Asserted-Identity"),
    [SIP_H_P_PREFERRED_IDENTITY] = ROW("P-Preferred-Identity"),
    [SIP_H_REMOTE_PARTY_ID] = ROW("Remote-Party-ID"),
    [SIP_H_PRIVACY] = ROW("Privacy"),
    [SIP_H_DIVERSION] = ROW("Diversion"),
    [SIP_H_HISTORY_INFO] = ROW("History-Info"),
    [SIP_H_CALL_INFO] = ROW("Call-Info"),
    [SIP_H_REASON] = ROW("Reason"),
    [SIP_H_PRIORITY] = SINGLE("Priority"),
    [SIP_H_RESOURCE_PRIORITY] = ROW("Resource-Priority"),
    [SIP_H_REQUIRE] = ROW("Require"),
    [SIP_H_PROXY_REQUIRE] = ROW("Proxy-Require"),
    [SIP_H_SUPPORTED] = ROW("Supported"),
    [SIP_H_EXPIRES] = SINGLE("Expires"),
    [SIP_H_RETRY_AFTER] = SINGLE("Retry-After"),
    [SIP_H_TIMESTAMP] = SINGLE("Timestamp"),
    [SIP_H_ALLOW] = ROW("Allow"),
    [SIP_H_USER_AGENT] = ROW("User-Agent"),
    [SIP_H_SERVER] = ROW("Server"),
    [SIP_H_ATTESTATION_INFO] = ROW("Attestation-Info"),
    [SIP_H_P_ATTESTATION_INDICATOR] = ROW("P-Attestation-Indicator"),
    [SIP_H_ORIGINATION_ID] = ROW("Origination-ID"),
    [SIP_H_P_ORIGINATION_ID] = ROW("P-Origination-ID"),
    [SIP_H_ALERT_INFO] = ROW("Alert-Info"),
    [SIP_H_WARNING] = ROW("Warning"),
    [SIP_H_X_BONAFIDE] = ROW("X-Bonafide"),
};

/* Length, first and last letter of each row's name. */
static const uint8_t slots[SLOTS] = {
    [SLOT(3, 'v', 'a')] = SIP_H_VIA,
    [SLOT(4, 'f', 'm')] = SIP_H_FROM,
    [SLOT(2, 't', 'o')] = SIP_H_TO,
    [SLOT(7, 'c', 'd')] = SIP_H_CALL_ID,
    [SLOT(4, 'c', 'q')] = SIP_H_CSEQ,
    [SLOT(12, 'm', 's')] = SIP_H_MAX_FORWARDS,
    [SLOT(7, 'c', 't')] = SIP_H_CONTACT,
    [SLOT(5, 'r', 'e')] = SIP_H_ROUTE,
    [SLOT(12, 'r', 'e')] = SIP_H_RECORD_ROUTE,
    [SLOT(14, 'c', 'h')] = SIP_H_CONTENT_LENGTH,
    [SLOT(12, 'c', 'e')] = SIP_H_CONTENT_TYPE,
    [SLOT(4, 'd', 'e')] = SIP_H_DATE,
    [SLOT(8, 'i', 'y')] = SIP_H_IDENTITY,
    [SLOT(19, 'p', 'y')] = SIP_H_P_ASSERTED_IDENTITY,
    [SLOT(20, 'p', 'y')] = SIP_H_P_PREFERRED_IDENTITY,
    [SLOT(15, 'r', 'd')] = SIP_H_REMOTE_PARTY_ID,
    [SLOT(7, 'p', 'y')] = SIP_H_PRIVACY,
    [SLOT(9, 'd', 'n')] = SIP_H_DIVERSION,
    [SLOT(12, 'h', 'o')] = SIP_H_HISTORY_INFO,
    [SLOT(9, 'c', 'o')] = SIP_H_CALL_INFO,
    [SLOT(6, 'r', 'n')] = SIP_H_REASON,
    [SLOT(8, 'p', 'y')] = SIP_H_PRIORITY,
    [SLOT(17, 'r', 'y')] = SIP_H_RESOURCE_PRIORITY,
    [SLOT(7, 'r', 'e')] = SIP_H_REQUIRE,
    [SLOT(13, 'p', 'e')] = SIP_H_PROXY_REQUIRE,
    [SLOT(9, 's', 'd')] = SIP_H_SUPPORTED,
    [SLOT(7, 'e', 's')] = SIP_H_EXPIRES,
    [SLOT(11, 'r', 'r')] = SIP_H_RETRY_AFTER,
    [SLOT(9, 't', 'p')] = SIP_H_TIMESTAMP,
    [SLOT(5, 'a', 'w')] = SIP_H_ALLOW,
    [SLOT(10, 'u', 't')] = SIP_H_USER_AGENT,
    [SLOT(6, 's', 'r')] = SIP_H_SERVER,
    [SLOT(16, 'a', 'o')] = SIP_H_ATTESTATION_INFO,
    [SLOT(23, 'p', 'r')] = SIP_H_P_ATTESTATION_INDICATOR,
    [SLOT(14, 'o', 'd')] = SIP_H_ORIGINATION_ID,
    [SLOT(16, 'p', 'd')] = SIP_H_P_ORIGINATION_ID,
    [SLOT(10, 'a', 'o')] = SIP_H_ALERT_INFO,
    [SLOT(7, 'w', 'g')] = SIP_H_WARNING,
    [SLOT(10, 'x', 'e')] = SIP_H_X_BONAFIDE,
};

/* RFC 3261 section 7.3.3 and the registry: all of them, so that message_named understands those nobody here reads. */
static const struct span compact[26] = {
    ['a' - 'a'] = SPAN("Accept-Contact"),
    ['b' - 'a'] = SPAN("Referred-By"),
    ['c' - 'a'] = SPAN("Content-Type"),
    ['d' - 'a'] = SPAN("Request-Disposition"),
    ['e' - 'a'] = SPAN("Content-Encoding"),
    ['f' - 'a'] = SPAN("From"),
    ['i' - 'a'] = SPAN("Call-ID"),
    ['j' - 'a'] = SPAN("Reject-Contact"),
    ['k' - 'a'] = SPAN("Supported"),
    ['l' - 'a'] = SPAN("Content-Length"),
    ['m' - 'a'] = SPAN("Contact"),
    ['n' - 'a'] = SPAN("Identity-Info"),
    ['o' - 'a'] = SPAN("Event"),
    ['r' - 'a'] = SPAN("Refer-To"),
    ['s' - 'a'] = SPAN("Subject"),
    ['t' - 'a'] = SPAN("To"),
    ['u' - 'a'] = SPAN("Allow-Events"),
    ['v' - 'a'] = SPAN("Via"),
    ['x' - 'a'] = SPAN("Session-Expires"),
    ['y' - 'a'] = SPAN("Identity"),
};

struct span sip_compact(struct span name)
{
    const unsigned letter = name.n == 1 ? (unsigned)((name.p[0] | 0x20) - 'a') : 26;
    return letter < 26 ? compact[letter] : SPAN_NONE;
}

enum sip_header_id sip_header_of(struct span name)
{
    if (name.n < 2)
        name = sip_compact(name);
    if (name.n == 0)
        return SIP_H_OTHER;
    const unsigned slot = SLOT((unsigned)name.n, (unsigned char)name.p[0], (unsigned char)name.p[name.n - 1]);
    const struct span known = rows[slots[slot]].name;
    /* Nearly everybody writes names as the RFC does. */
    if (span_equal(known, name) || span_equal_nocase(known, name))
        return (enum sip_header_id)slots[slot];
    return SIP_H_OTHER;
}

struct span sip_header_name(enum sip_header_id id)
{
    return rows[id].name;
}

bool sip_header_is_single(enum sip_header_id id)
{
    return rows[id].single;
}

static const char *const methods[SIP_METHOD_OTHER + 1] = {
    [SIP_INVITE] = "INVITE",   [SIP_ACK] = "ACK",
    [SIP_BYE] = "BYE",         [SIP_CANCEL] = "CANCEL",
    [SIP_OPTIONS] = "OPTIONS", [SIP_REGISTER] = "REGISTER",
    [SIP_PRACK] = "PRACK",     [SIP_SUBSCRIBE] = "SUBSCRIBE",
    [SIP_NOTIFY] = "NOTIFY",   [SIP_PUBLISH] = "PUBLISH",
    [SIP_INFO] = "INFO",       [SIP_REFER] = "REFER",
    [SIP_MESSAGE] = "MESSAGE", [SIP_UPDATE] = "UPDATE",
    [SIP_METHOD_OTHER] = "",
};

enum sip_method sip_method_of(struct span name)
{
    for (unsigned i = 0; i < SIP_METHOD_OTHER; i++)
        if (span_equal(name, span_of(methods[i])))
            return (enum sip_method)i;
    return SIP_METHOD_OTHER;
}

const char *sip_method_text(enum sip_method method)
{
    return methods[method <= SIP_METHOD_OTHER ? method : SIP_METHOD_OTHER];
}
