/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of values that speak of calls: networks, numbers, addresses, URIs, and what certificates must say. */
#include "answer/label.h"
#include "fetch/fetch.h"
#include "serve/values.h"
#include "sip/uri.h"

/* ---- numbers, networks, addresses ---- */

static bool read_cidr(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    struct fault fault;
    if (!config_is_scalar(r, o, node))
        return false;
    return !cidr_read(node->text, out, &fault) || config_refuse(r, o, node, fault.at, fault.what);
}

static bool read_range(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    struct fault fault;
    if (!config_is_scalar(r, o, node))
        return false;
    return !number_range_read(node->text, out, &fault) || config_refuse(r, o, node, fault.at, fault.what);
}

/* A service number is dialled as it is: `112`. Everything longer is a number with its country code. */
static bool read_service(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    struct number_range range = { .count = 1 };
    if (!config_is_scalar(r, o, node))
        return false;
    if (node->text.n == 0 || node->text.n > 6 || node->text.p[0] == '+')
        return read_range(r, o, node, out);
    for (size_t i = 0; i < node->text.n; i++) {
        if (node->text.p[i] < '0' || node->text.p[i] > '9')
            return config_refuse(r, o, node, i, "only digits may stand here");
        range.start.digits[i] = node->text.p[i];
    }
    range.start.n = (uint8_t)node->text.n;
    *(struct number_range *)out = range;
    return true;
}

/* `[a, b]`: two sets of numbers that are one line. */
static bool read_pair(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    struct number_range *pair = out;
    if (node->kind != NODE_LIST || node->n != 2)
        return config_fault(
            r, node, 0, "%s must be a list of pairs, like [[\"+12025550100\", \"+12025550101\"]]", o->name);
    return read_range(r, o, node->first, &pair[0]) && read_range(r, o, node->last, &pair[1]);
}

static bool read_address(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    struct config_address *a = out;
    struct fault fault;
    if (!config_text(r, o, node))
        return false;
    *a = (struct config_address){ .on = node->text.n > 0 };
    if (!a->on)
        return true;
    return !addr_read(node->text, &a->addr, &a->addr_n, &fault) ||
           config_refuse(r, o, node, fault.at, fault.what);
}

/* `udp:127.0.0.1:5060`; the role stands beside it. */
static bool read_endpoint(struct config_reader *r, const struct config_option *o, const struct node *node,
                          void *out)
{
    struct config_listener *l = out;
    struct fault fault;
    if (!config_is_scalar(r, o, node))
        return false;
    const bool udp = span_starts(node->text, SPAN("udp:")), tls = span_starts(node->text, SPAN("tls:"));
    if (!udp && !tls && !span_starts(node->text, SPAN("tcp:")))
        return config_refuse(r, o, node, 0, NULL);
    if (addr_read(span_from(node->text, 4), &l->addr, &l->addr_n, &fault))
        return config_refuse(r, o, node, fault.at + 4, fault.what);
    l->transport = udp ? LISTEN_UDP : tls ? LISTEN_TLS : LISTEN_TCP;
    l->text = node->text.p;
    return true;
}

static bool read_collector(struct config_reader *r, const struct config_option *o, const struct node *node,
                           void *out)
{
    if (!config_text(r, o, node))
        return false;
    memset(out, 0, sizeof(struct config_listener));
    return node->text.n == 0 || read_endpoint(r, o, node, out);
}

/* ---- URIs and texts that go on the wire ---- */

static bool sip_uri(struct config_reader *r, const struct config_option *o, const struct node *node,
                    size_t from)
{
    struct fault fault = { 0, "it has no host" };
    struct sip_uri uri;
    const struct span text = span_from(node->text, from);
    if (text.n <= LIMIT_URI && uri_read(text, &uri, &fault) == BF_OK &&
        (uri.scheme == URI_SIP || uri.scheme == URI_SIPS) && uri.host.n && uri.headers.n == 0)
        return true;
    return config_refuse(r, o, node, from + fault.at, fault.what);
}

static bool read_sip_uri(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    if (!config_text(r, o, node) || !sip_uri(r, o, node, 0))
        return false;
    *(const char **)out = node->text.p;
    return true;
}

static bool read_policy(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    struct answer_policy *policy = out;
    unsigned which = 0;
    if (node->kind != NODE_SCALAR || !span_starts(node->text, SPAN("to:"))) {
        if (!config_choose(r, o, node, &which))
            return false;
        if (which == 3)
            return config_fault(r, node, 0, "%s: write where to: to:sip:desk@192.0.2.7", o->name);
        *policy = (struct answer_policy){ .action = (enum answer_action)which };
        return true;
    }
    if (!config_text(r, o, node) || !sip_uri(r, o, node, 3))
        return false;
    *policy = (struct answer_policy){ .action = ACTION_TO, .to = node->text.p + 3 };
    return true;
}

/*
 * Names that mean something in SIP: RFC 3261 section 20, later RFCs as the registry of header fields lists them, and what
 * networks send without it. Our words under one of them would be taken for somebody else's.
 */
static const char taken_names[] =
    "Accept Accept-Contact Accept-Encoding Accept-Language Accept-Resource-Priority "
    "Additional-Identity Alert-Info Allow Allow-Events Answer-Mode Attestation-Info "
    "Authentication-Info Authorization Call-ID Call-Info Cellular-Network-Info Contact "
    "Content-Disposition Content-Encoding Content-ID Content-Language Content-Length "
    "Content-Type CSeq Date DC-Info Diversion Encryption Error-Info Event Expires "
    "Feature-Caps Flow-Timer From Geolocation Geolocation-Error Geolocation-Routing Hide "
    "History-Info Identity Identity-Info In-Reply-To Info-Package Join Max-Breadth "
    "Max-Forwards MIME-Version Min-Expires Min-SE Organization Origination-ID Path "
    "Permission-Missing Policy-Contact Policy-ID Priority Priority-Share Priority-Verstat "
    "Priv-Answer-Mode Privacy Proxy-Authenticate Proxy-Authentication-Info "
    "Proxy-Authorization Proxy-Require RAck Reason Reason-Phrase Record-Route Recv-Info "
    "Refer-Events-At Refer-Sub Refer-To Referred-By Reject-Contact Relayed-Charge "
    "Remote-Party-ID Replaces Reply-To Request-Disposition Require Resource-Priority "
    "Resource-Share Response-Key Response-Source Restoration-Info Retry-After Route RSeq "
    "Security-Client Security-Server Security-Verify Server Service-Interact-Info "
    "Service-Route Session-Expires Session-ID SIP-ETag SIP-If-Match Subject "
    "Subscription-State Supported Suppress-If-Match Target-Dialog Timestamp To "
    "Trigger-Consent Unsupported User-Agent User-to-User Via Warning WWW-Authenticate";

/* P-… is the networks' own (RFC 3427), and a single letter a compact name. */
static bool name_is_taken(struct span name)
{
    for (struct span word, rest = SPAN(taken_names); rest.n; rest = span_from(rest, word.n + 1)) {
        word = span_first(rest, span_find(rest, ' '));
        if (span_equal_nocase(name, word))
            return true;
    }
    return name.n == 1 || span_starts_nocase(name, SPAN("P-"));
}

/* The name of a header field: a token (RFC 3261 section 25.1). The name in the table is always right. */
static bool read_header(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    static const char marks[] = "-.!%*_+`'~";
    if (!config_text(r, o, node))
        return false;
    for (size_t i = 0; i < node->text.n; i++) {
        const char c = node->text.p[i], low = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'z') && !strchr(marks, c))
            return config_refuse(r, o, node, i, "this byte cannot stand in the name of a header");
    }
    if (node->text.n == 0)
        return config_refuse(r, o, node, 0, NULL);
    if (name_is_taken(node->text) && !span_equal_nocase(node->text, span_of(o->fallback)))
        return config_refuse(r, o, node, 0,
                             "this header has a meaning of its own; take a name like X-Verdict");
    *(const char **)out = node->text.p;
    return true;
}

/* Goes into a quoted string of a Reason header, and people follow it. */
static bool read_contact(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    static const char *const schemes[] = { "https://", "http://", "mailto:", "tel:", "sip:" };
    bool known = false;
    if (!config_text(r, o, node))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        known = known || (span_starts(node->text, span_of(schemes[i])) && node->text.n > strlen(schemes[i]));
    if (node->text.n && !known)
        return config_refuse(r, o, node, 0, NULL);
    for (size_t i = 0; i < node->text.n; i++)
        if ((unsigned char)node->text.p[i] <= 0x20 || (unsigned char)node->text.p[i] >= 0x7F ||
            strchr("\"\\<>;", node->text.p[i]))
            return config_refuse(r, o, node, i, "this byte cannot stand in it");
    *(const char **)out = node->text.p;
    return true;
}

/* `<urn:alert:source:external>`: put on the wire as it is written. */
static bool read_alert(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    if (!config_text(r, o, node))
        return false;
    const struct span t = node->text;
    const size_t end = span_find(t, '>'), colon = span_find(t, ':'), blank = span_find(t, ' ');
    if (t.n && (t.p[0] != '<' || end + 1 != t.n || colon > end || colon == 1 || blank < end))
        return config_refuse(r, o, node, 0, NULL);
    *(const char **)out = t.p;
    return true;
}

/* A text with codes in it, for one outcome: the row of the table says which. */
static bool read_display(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    const size_t first = offsetof(struct config, answer.display);
    struct fault fault;
    if (!config_text(r, o, node))
        return false;
    if (label_check(node->text, (enum outcome)((o->at - first) / sizeof(const char *)), &fault))
        return config_refuse(r, o, node, fault.at, fault.what);
    *(const char **)out = node->text.p;
    return true;
}

static bool read_proxy(struct config_reader *r, const struct config_option *o, const struct node *node,
                       void *out)
{
    if (!config_text(r, o, node))
        return false;
    const struct span t = node->text;
    if (t.n && !(span_starts(t, SPAN("http://")) && t.n > 7) &&
        !(span_starts(t, SPAN("https://")) && t.n > 8))
        return config_refuse(r, o, node, 0, NULL);
    *(const char **)out = node->text.n ? node->text.p : NULL;
    return true;
}

static bool read_x5u(struct config_reader *r, const struct config_option *o, const struct node *node,
                     void *out)
{
    struct fault fault;
    if (!config_text(r, o, node))
        return false;
    if (fetch_url_allowed(node->text, r->lab, &fault))
        return config_refuse(r, o, node, fault.at, fault.what);
    *(const char **)out = node->text.p;
    return true;
}

static bool read_x5u_or_none(struct config_reader *r, const struct config_option *o, const struct node *node,
                             void *out)
{
    if (!config_text(r, o, node))
        return false;
    *(const char **)out = NULL;
    return node->text.n == 0 || read_x5u(r, o, node, out);
}

/* ---- what certificates must say ---- */

/* `2.16.840.1.114569.1.1.3`, or an arc with `.*` behind it. */
static bool read_oid(struct config_reader *r, const struct config_option *o, const struct node *node,
                     void *out)
{
    size_t arcs = 0;
    if (!config_text(r, o, node))
        return false;
    struct span rest = node->text;
    if (rest.n > 2 && span_equal(span_from(rest, rest.n - 2), SPAN(".*")))
        rest.n -= 2;
    for (;; arcs++) {
        uint64_t arc;
        const size_t dot = span_find(rest, '.');
        if (!span_decimal(span_first(rest, dot), UINT32_MAX, &arc))
            return config_refuse(r, o, node, (size_t)(rest.p - node->text.p), NULL);
        if (dot == rest.n)
            break;
        rest = span_from(rest, dot + 1);
    }
    if (arcs == 0)
        return config_refuse(r, o, node, 0, NULL);
    *(const char **)out = node->text.p;
    return true;
}

static bool read_country(struct config_reader *r, const struct config_option *o, const struct node *node,
                         void *out)
{
    if (!config_text(r, o, node))
        return false;
    const struct span t = node->text;
    if (t.n != 2 || t.p[0] < 'A' || t.p[0] > 'Z' || t.p[1] < 'A' || t.p[1] > 'Z')
        return config_refuse(r, o, node, 0, NULL);
    *(const char **)out = t.p;
    return true;
}

/* ---- the kinds ---- */

#define TEXT sizeof(const char *), true
const struct config_kind kind_cidr = { "a network like 192.0.2.0/24", sizeof(struct cidr), false, read_cidr };
const struct config_kind kind_range = { "a set of numbers like \"+12025550100/100\" or \"+1202*\"",
                                        sizeof(struct number_range), false, read_range };
const struct config_kind kind_service = { "a service number like \"112\" or a set like \"+1202*\"",
                                          sizeof(struct number_range), false, read_service };
const struct config_kind kind_pair = { "a pair of numbers", 2 * sizeof(struct number_range), false,
                                       read_pair };
const struct config_kind kind_address = { "an address like 127.0.0.1:8080, or \"\" for none",
                                          sizeof(struct config_address), false, read_address };
const struct config_kind kind_endpoint = { "an address like udp:127.0.0.1:5060",
                                           sizeof(struct config_listener), false, read_endpoint };
const struct config_kind kind_collector = { "an address like udp:192.0.2.7:9060, or \"\" for none",
                                            sizeof(struct config_listener), false, read_collector };
const struct config_kind kind_sip_uri = { "a SIP URI like sip:192.0.2.7:5060", TEXT, read_sip_uri };
const struct config_kind kind_policy = { "pass, label, reject or to:<SIP URI>", sizeof(struct answer_policy),
                                         false, read_policy };
const struct config_kind kind_header = { "the name of a header", TEXT, read_header };
const struct config_kind kind_contact = { "a URL (https, http, mailto, tel or sip), or \"\" for none", TEXT,
                                          read_contact };
const struct config_kind kind_alert = {
    "a URI in angle brackets like <urn:alert:source:external>, or \"\" for none", TEXT, read_alert
};
const struct config_kind kind_display = { "a text like \"? %n[ says: %c]\"", TEXT, read_display };
const struct config_kind kind_proxy = { "an http:// or https:// URL, or \"\" for none", TEXT, read_proxy };
const struct config_kind kind_x5u = { "an https URL like https://cert.example.org/sp.pem", TEXT, read_x5u };
const struct config_kind kind_x5u_or_none = {
    "an https URL like https://cert.example.org/sp.pem, or \"\" for none", TEXT, read_x5u_or_none
};
const struct config_kind kind_oid = { "a policy OID like 2.16.840.1.114569.1.1.3 or 2.16.840.1.114569.1.1.*",
                                      TEXT, read_oid };
const struct config_kind kind_country = { "a country of two capital letters", TEXT, read_country };
