/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every option, a row each. The order is that of the sample file and the manual; options of one section stand together.
 * Names are those of design.md; adding one means a row here, a field in struct config, and `man/generate`.
 */
#include "serve/options.h"

#include <stdlib.h>

#include "serve/customers.h"
#include "serve/values.h"

#define AT(member)              .at = offsetof(struct config, member)
#define LIST_AT(member, length) .at = offsetof(struct config, member), .n_at = offsetof(struct config, length)
#define IN(type, member)        .at = offsetof(struct type, member)
#define LIST_IN(type, member, length)                                                                        \
    .at = offsetof(struct type, member), .n_at = offsetof(struct type, length)
#define WORDS(...)                                                                                           \
    .choices = (const char *const[])                                                                         \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }
#define FIELDS(table) .fields = (table), .n_fields = ARRAY_SIZE(table)

/* kind_address writes a struct config_address where these stand. */
#define IS_ADDRESS(member)                                                                                   \
    _Static_assert(offsetof(struct config, member.addr) - offsetof(struct config, member.on) ==              \
                           offsetof(struct config_address, addr) &&                                          \
                       offsetof(struct config, member.addr_n) - offsetof(struct config, member.on) ==        \
                           offsetof(struct config_address, addr_n),                                          \
                   "a struct config_address")
IS_ADDRESS(http);
IS_ADDRESS(public_);

/* ---- rows ---- */

static const struct config_option listener_fields[] = {
    { "on", &kind_endpoint, NULL,
      "The transport and the address: udp:127.0.0.1:5060, tcp:[::1]:5060 or tls:0.0.0.0:5061. Port 0 takes a "
      "free "
      "one.",
      .at = 0 },
    { "role", &kind_choice, "verify", "verify judges calls that come in; sign signs calls that go out.",
      IN(config_listener, role), WORDS("verify", "sign") },
};
static const struct config_rows listeners = { FIELDS(listener_fields), sizeof(struct config_listener), "on",
                                              NULL };

static bool peer_check(struct config_reader *r, const struct node *node, const void *row)
{
    const struct config_peer *peer = row;
    if (peer->says == PEER_BELIEVE && !peer->private_link && !*peer->tls_name)
        return config_fault(r, node, 0,
                            "\"says: believe\" needs \"private_link: true\" or a \"tls_name\": over the open "
                            "network anybody can say that a call was checked");
    return true;
}

static const struct config_option peer_fields[] = {
    { "from", &kind_cidr, NULL, "The network or address of the peer.", IN(config_peer, from) },
    { "tls_name", &kind_text, "\"\"",
      "The name that its client certificate must show (RFC 5922), on a TLS listener; \"\" asks for none.",
      IN(config_peer, tls_name), .max = TLS_NAME },
    { "pai", &kind_bool, "true", "Whether its P-Asserted-Identity counts as the caller.",
      IN(config_peer, pai) },
    { "says", &kind_choice, "ignore",
      "What its own verstat is worth: ignore, show, or believe (TLS with a tls_name, or a private TCP link).",
      IN(config_peer, says), WORDS("ignore", "show", "believe") },
    { "priority", &kind_bool, "false",
      "Whether it may mark calls as urgent (Priority, Resource-Priority), so that nothing stands in their "
      "way.",
      IN(config_peer, priority) },
    { "private_link", &kind_bool, "false", "Whether nobody else can send from there.",
      IN(config_peer, private_link) },
    { "country", &kind_nation, "\"\"",
      "Where it is, two letters like FR: its numbers are read by that country's dial plan. \"\" is ours.",
      IN(config_peer, country) },
    { "format", &kind_format, "\"\"",
      "How it writes numbers, and wants them in answers: e164 (with '+' or without), or national:FR. \"\" is "
      "as "
      "numbers.country has it.",
      IN(config_peer, format) },
    { "international", &kind_bool, "false",
      "Whether its calls come from abroad, so that none of them comes from a number of ours: the check "
      "from-abroad.",
      IN(config_peer, international) },
    { "gateway", &kind_bool, "false",
      "Whether it is a gateway to the telephone network, which knows nobody's number: its word proves "
      "nothing, and "
      "its calls are signed with C at most.",
      IN(config_peer, gateway) },
};
static const struct config_option tls_name_fields[] = {
    { "name", &kind_text, NULL, "What the client asks for (SNI).", IN(config_tls_name, name), .min = 1,
      .max = TLS_NAME },
    { "cert", &kind_file, NULL, "Its certificate chain, PEM.", IN(config_tls_name, cert), .min = 1 },
    { "key", &kind_file, NULL, "Its private key, PEM.", IN(config_tls_name, key), .min = 1 },
};
static const struct config_rows tls_names = { FIELDS(tls_name_fields), sizeof(struct config_tls_name), NULL,
                                              NULL };

static const struct config_rows peers = { FIELDS(peer_fields), sizeof(struct config_peer), "from",
                                          peer_check };

static const struct config_option domain_fields[] = {
    { "name", &kind_text, NULL, "What verdicts and logs call it.", IN(trust_domain_options, name), .min = 1,
      .max = 32 },
    { "anchors", &kind_file, NULL,
      "PEM files of root certificates, or directories of them. No system CA is ever one.",
      LIST_IN(trust_domain_options, anchors, n_anchors), .min = 1, .max = 64, .shape = SHAPE_LIST },
    { "crl", &kind_file, "[]", "Revocation lists, PEM or DER.", LIST_IN(trust_domain_options, crls, n_crls),
      .max = 64, .shape = SHAPE_LIST },
    { "policy_oids", &kind_oid, "[]",
      "The certificate must carry one of these policies; a trailing .* matches the arc.",
      LIST_IN(trust_domain_options, policy_oids, n_policy_oids), .max = 64, .shape = SHAPE_LIST },
    { "subject_c", &kind_country, "[]", "The certificate's subject must name one of these countries.",
      LIST_IN(trust_domain_options, subject_c, n_subject_c), .max = 64, .shape = SHAPE_LIST },
    { "numbers", &kind_range, "[\"+\"]", "The callers it may vouch for; [\"+\"] is everybody.",
      LIST_IN(trust_domain_options, numbers, n_numbers), .min = 1, .shape = SHAPE_LIST },
    { "lab", &kind_bool, "false", "A laboratory: its verdicts say \"lab\":true.",
      IN(trust_domain_options, lab) },
};
static const struct config_rows domains = { FIELDS(domain_fields), sizeof(struct trust_domain_options), NULL,
                                            NULL };

static const struct config_option sign_fields[] = {
    { "numbers", &kind_range, NULL, "The callers that the row covers.",
      LIST_IN(config_sign_row, numbers, n_numbers), .min = 1, .shape = SHAPE_LIST },
    { "attest", &kind_attest, NULL,
      "A: the customer and the number are known; B: the customer; C: the gateway.",
      IN(config_sign_row, attest), WORDS("A", "B", "C") },
    { "for", &kind_cidr, "[]", "Who may use the row: networks of customers. A row without it matches nobody.",
      LIST_IN(config_sign_row, customers, n_customers), .shape = SHAPE_LIST },
    { "key", &kind_file, NULL, "The private key, PEM, P-256.", IN(config_sign_row, key), .min = 1 },
    { "x5u", &kind_x5u, NULL, "Where everybody finds the certificate.", IN(config_sign_row, x5u) },
    { "chain", &kind_file, "\"\"",
      "The certificate chain, PEM; where given, the key and the validity are checked against it.",
      IN(config_sign_row, chain) },
};
static const struct config_rows sign_rows = { FIELDS(sign_fields), sizeof(struct config_sign_row), NULL,
                                              NULL };

static const struct config_option hop_fields[] = {
    { "uri", &kind_sip_uri, NULL, "A SIP URI like sip:192.0.2.7:5060.", IN(config_hop, uri) },
    { "format", &kind_format, "\"\"",
      "How it wants numbers: e164 (+33123456789), or national:FR (0123456789, abroad 0044…). \"\" is as they "
      "came.",
      IN(config_hop, format) },
    { "trusted", &kind_bool, "false",
      "Whether it is inside our trust domain: then it gets P-Asserted-Identity though the caller asked for "
      "privacy.",
      IN(config_hop, trusted) },
};
static const struct config_rows hops = { FIELDS(hop_fields), sizeof(struct config_hop), "uri", NULL };

/* What is shown of a configuration does not tell the whole of a digest. */
static void redact(const struct node *row)
{
    for (struct node *n = row->first; n; n = n->next)
        if (span_equal(n->key, SPAN("sha256")) && n->text.n > 8)
            n->text = span_first(n->text, 8);
}

static bool key_check(struct config_reader *r, const struct node *node, const void *row)
{
    const struct config_http_key *key = row;
    redact(node);
    if (!key->key_file == !key->sha256[0])
        return config_fault(r, node, 0,
                            "a key needs \"key_file\" or \"sha256\", one of them: "
                            "bonafide config --key makes one");
    if (key->sha256[0] && strspn(key->sha256, "0123456789abcdefABCDEF") != 64)
        return config_fault(r, node, 0, "\"sha256\" is 64 hexadecimal digits");
    return true;
}

static const struct config_option key_fields[] = {
    { "name", &kind_text, NULL, "What records and customers call it.", IN(config_http_key, name), .min = 1,
      .max = 63 },
    { "key_file", &kind_file, "\"\"", "A file that holds the key and that nobody else may read.",
      IN(config_http_key, key_file) },
    { "sha256", &kind_text, "\"\"", "Or its SHA-256, 64 hexadecimal digits.", IN(config_http_key, sha256),
      .max = 64 },
    { "scopes", &kind_choice, "[verify]", "What it may ask for: read is /readyz and whatever only tells.",
      LIST_IN(config_http_key, scopes, n_scopes), WORDS("verify", "sign", "metrics", "read"), .min = 1,
      .max = 4, .shape = SHAPE_LIST },
    { "rate_per_s", &kind_integer, "0", "Requests a second; 0 is any number.",
      IN(config_http_key, rate_per_s), .min = 0, .max = 1000000 },
    { "burst", &kind_integer, "0", "How many of them at once; 0 is as many as in a second.",
      IN(config_http_key, burst), .min = 0, .max = 1000000 },
};
static const struct config_rows key_rows = { FIELDS(key_fields), sizeof(struct config_http_key), NULL,
                                             key_check };

/* The same questions as rules_create asks, so that a fault has its line. */
static bool rule_check(struct config_reader *r, const struct node *node, const void *row)
{
    struct rules *rules = NULL;
    char *message = NULL;
    const struct rules_options options = { .may_reject = true }; /* what holds between options comes later */
    const enum bf_err err = rules_create(row, 1, &options, &rules, &message);
    if (err == BF_ENOMEM)
        return config_no_memory(r);
    if (err) {
        const char *why = message ? strstr(message, ": ") : NULL;
        config_fault(r, node, 0, "%s", why ? why + 2 : "this rule cannot be read");
    }
    free(message);
    rules_destroy(rules);
    return !err;
}

static const struct config_option rule_fields[] = {
    { "name", &kind_text, NULL, "What records and people call it.", IN(rule_row, name), .min = 1,
      .max = RULES_NAME },
    { "mode", &kind_choice, "observe", "observe only writes down what it would do; enforce does it.",
      IN(rule_row, mode), WORDS("observe", "enforce") },
    { "action", &kind_text, NULL,
      "pass, label, to:<SIP URI>, voicemail:<SIP URI>, reject:<code> or ring:<Alert-Info>.",
      IN(rule_row, action), .min = 1, .max = 1024 },
    { "verdict", &kind_choice, "[]", "genuine, unproven, broken or impostor; [] is any.",
      LIST_IN(rule_row, verdicts, n_verdicts), WORDS("genuine", "unproven", "broken", "impostor"), .max = 4,
      .shape = SHAPE_LIST },
    { "person", &kind_text, "[]",
      "Who it is: people of the address book whose number is proven, by name, uid or #id; \"*\" is anybody "
      "in it.",
      LIST_IN(rule_row, persons, n_persons), .max = 200, .shape = SHAPE_LIST },
    { "tag", &kind_text, "[]", "A tag of that person.", LIST_IN(rule_row, tags, n_tags), .max = 200,
      .shape = SHAPE_LIST },
    { "claims", &kind_text, "[]", "Who the caller says he is, proven or not, likewise.",
      LIST_IN(rule_row, claims, n_claims), .max = 200, .shape = SHAPE_LIST },
    { "claims_tag", &kind_text, "[]", "A tag of that person.", LIST_IN(rule_row, claims_tags, n_claims_tags),
      .max = 200, .shape = SHAPE_LIST },
    { "caller", &kind_range, "[]", "The caller's number, proven or not.",
      LIST_IN(rule_row, callers, n_callers), .max = RULES_VALUES, .shape = SHAPE_LIST },
    { "called", &kind_range, "[]", "The number that is called.", LIST_IN(rule_row, called, n_called),
      .max = RULES_VALUES, .shape = SHAPE_LIST },
    { "domain", &kind_text, "[]", "The trust domain that vouches for the call.",
      LIST_IN(rule_row, domains, n_domains), .max = 64, .shape = SHAPE_LIST },
    { "attest", &kind_text, "[]", "A, B, C, or none.", LIST_IN(rule_row, attests, n_attests), .max = 4,
      .shape = SHAPE_LIST },
    { "time", &kind_text, "\"\"", "The time of day, like 08:30-18:00, or 18:00-08:30 over midnight.",
      IN(rule_row, time), .max = 16 },
    { "days", &kind_text, "[]", "mon, tue, wed, thu, fri, sat, sun: of a night, the day it began on.",
      LIST_IN(rule_row, days, n_days), .max = 7, .shape = SHAPE_LIST },
    { "zone", &kind_text, "\"\"", "The time zone of both, like Europe/Rome; \"\" is UTC.", IN(rule_row, zone),
      .max = 64 },
};
static const struct config_rows rule_rows = { FIELDS(rule_fields), sizeof(struct rule_row), NULL,
                                              rule_check };

/* ---- options ---- */

const struct config_option config_options[] = {
    { "sip.listen", &kind_row, "[udp:127.0.0.1:5060, tcp:127.0.0.1:5060]",
      "Where calls arrive. Short form: the address alone, role verify.", LIST_AT(sip.listen, sip.n_listen),
      .min = 1, .max = 64, .shape = SHAPE_LIST, .rows = &listeners, .restart = true },
    { "sip.tls.cert", &kind_file, "\"\"",
      "The certificate chain that TLS listeners show, and we show to next hops that ask, PEM, the leaf "
      "first. Read again with every reload.",
      AT(sip.tls.cert) },
    { "sip.tls.key", &kind_file, "\"\"", "Its private key, PEM, readable by nobody else.", AT(sip.tls.key) },
    { "sip.tls.client", &kind_choice, "none",
      "Whether clients show a certificate: none asks for none, optional believes one that is shown, required "
      "lets nobody "
      "else in.",
      AT(sip.tls.client), WORDS("none", "optional", "required") },
    { "sip.tls.client_ca", &kind_file, "\"\"", "The certificates that issue those of clients, PEM.",
      AT(sip.tls.client_ca) },
    { "sip.tls.names", &kind_row, "[]", "More names that TLS listeners go by, each with its certificate.",
      LIST_AT(sip.tls.names, sip.tls.n_names), .max = CONFIG_TLS_NAMES, .shape = SHAPE_LIST,
      .rows = &tls_names },
    { "sip.tls.ca", &kind_file, "\"\"",
      "The certificates that issue those of next hops, PEM; \"\" are those of the system.", AT(sip.tls.ca) },
    { "sip.clients", &kind_cidr, "[127.0.0.0/8]", "Who may send at all; others are dropped and counted.",
      LIST_AT(sip.clients, sip.n_clients), .shape = SHAPE_LIST },
    { "sip.peers", &kind_row, "[127.0.0.0/8]",
      "Trunks and proxies we know, and what they may say. The first row that matches counts. Short form: the "
      "network alone.",
      LIST_AT(sip.peers, sip.n_peers), .shape = SHAPE_LIST, .rows = &peers },
    { "sip.mode", &kind_choice, "redirect",
      "redirect answers an INVITE with 302 and what was found; proxy sends it on to sip.next_hop with what "
      "was "
      "found.",
      AT(sip.mode), WORDS("redirect", "proxy"), .restart = true },
    { "sip.record_route", &kind_bool, "false",
      "Whether a proxy stays in the way of what follows in the dialog. Without, both sides speak to each "
      "other "
      "once the call is up, and outlive us.",
      AT(sip.record_route) },
    { "sip.next_hop_timeout_ms", &kind_integer, "2000",
      "How long a proxy waits for the first word of a next hop before it asks the next one in the list; the "
      "last "
      "one has 32 s.",
      AT(sip.next_hop_timeout_ms), .min = 100, .max = 32000, .unit = "milliseconds" },
    { "sip.proxy_mb", &kind_integer, "128",
      "Memory for requests that a proxy has sent on; what does not fit is answered 503.", AT(sip.proxy_mb),
      .min = 1, .max = 65536, .unit = "MiB", .restart = true },
    { "sip.next_hop", &kind_row, "sip:127.0.0.1:5080",
      "Where calls go on: a SIP URI, over TCP or TLS with ;transport=tcp, ;transport=tls or sips:. Of a "
      "list, the first that answers OPTIONS. Short form: the SIP URI alone.",
      LIST_AT(sip.hops, sip.n_next_hop), .min = 1, .max = 32, .shape = SHAPE_ONE_OR_LIST, .rows = &hops },
    { "sip.next_hop_probe_s", &kind_integer, "5",
      "How often next hops are asked with OPTIONS, when there are several; 0 is never.",
      AT(sip.next_hop_probe_s), .min = 0, .max = 3600, .unit = "seconds" },
    { "sip.workers", &kind_integer, "0", "Threads that judge calls; 0 is one a core.", AT(sip.workers),
      .min = 0, .max = 64, .restart = true },
    { "sip.overload", &kind_choice, "pass",
      "What happens to calls beyond what can be judged: pass lets them through unjudged, 503 refuses them.",
      AT(sip.overload), WORDS("pass", "503") },
    { "sip.overload_ms", &kind_integer, "500",
      "How old the oldest waiting datagram may be before calls are no longer judged.", AT(sip.overload_ms),
      .min = 10, .max = 10000, .unit = "milliseconds" },
    { "sip.gather_us", &kind_integer, "500",
      "How long a call may wait for others to be judged with it, when so many come that it saves work; 0 is "
      "never.",
      AT(sip.gather_us), .min = 0, .max = 10000, .unit = "microseconds" },
    { "sip.parked", &kind_integer, "4096", "Calls that may wait for a certificate at a time.", AT(sip.parked),
      .min = 1, .max = 1000000, .restart = true },
    { "sip.parked_mb", &kind_integer, "64", "Memory for them.", AT(sip.parked_mb), .min = 1, .max = 65536,
      .unit = "MiB", .restart = true },
    { "sip.answers_mb", &kind_integer, "32",
      "Memory for answers that are written again when a request is sent again.", AT(sip.answers_mb), .min = 1,
      .max = 65536, .unit = "MiB", .restart = true },
    { "sip.connections", &kind_integer, "1024", "TCP connections at a time.", AT(sip.connections), .min = 1,
      .max = 1000000, .restart = true },
    { "sip.idle_s", &kind_integer, "120", "How long a TCP connection may be without a byte.", AT(sip.idle_s),
      .min = 5, .max = 86400, .unit = "seconds", .restart = true },
    { "sip.server_header", &kind_bool, "true", "Whether answers carry a Server header.",
      AT(sip.server_header) },

    { "trust.domains", &kind_row, "[]",
      "Whose word counts, and for what. Without any, a signed call stays unproven.",
      LIST_AT(trust.domains, trust.n_domains), .max = LIMIT_TRUST_DOMAINS, .shape = SHAPE_LIST,
      .rows = &domains },
    { "trust.allow_lab", &kind_bool, "false", "Whether a laboratory's domain may stand beside real ones.",
      AT(trust.allow_lab) },

    { "x5u.lab", &kind_bool, "false",
      "Fetches certificates over http, from any port, loopback and private addresses as well. Never with "
      "real calls.",
      AT(x5u.lab), .restart = true },
    { "x5u.budget_ms", &kind_integer, "800",
      "How long a call may wait for a certificate; the fetch itself goes on to 4 s.", AT(x5u.budget_ms),
      .min = 0, .max = 4000, .unit = "milliseconds" },
    { "x5u.proxy", &kind_proxy, "\"\"",
      "An HTTP proxy for certificates; then it is the proxy that must refuse private addresses.",
      AT(x5u.proxy), .restart = true },
    { "x5u.ca_file", &kind_file, "\"\"",
      "The web's certificate authorities, PEM; none is the system's. They prove a repository's name, never a "
      "caller.",
      AT(x5u.ca_file), .restart = true },
    { "x5u.cache_dir", &kind_state_file, "certificates",
      "Where fetched certificates are kept over a restart; \"\" is nowhere.", AT(x5u.cache_dir),
      .restart = true, .state = true },
    { "x5u.certs_dir", &kind_file, "\"\"",
      "A repository on disk that is asked first: <SHA-256 of the URL>.pem.", AT(x5u.certs_dir),
      .restart = true },
    { "x5u.cache_entries", &kind_integer, "8192", "Signers kept in memory.", AT(x5u.cache_entries), .min = 16,
      .max = 1000000, .restart = true },

    { "numbers.own", &kind_range, "[]",
      "Our own numbers. A call that shows one of them from outside is an impostor unless proven.",
      LIST_AT(numbers.own, numbers.n_own), .shape = SHAPE_LIST },
    { "numbers.country", &kind_home, "\"\"",
      "Where we are: two letters like FR, whose dial plan is known, or a country code like 33, put in front "
      "of "
      "national numbers. What is written below outweighs the plan.",
      AT(numbers.country), .max = sizeof((struct dial_plan *)0)->country - 1 },
    { "numbers.national", &kind_range, "[]",
      "The numbers of our country, which do not call from abroad; [] is all that numbers.country says.",
      LIST_AT(numbers.national, numbers.n_national), .shape = SHAPE_LIST },
    { "numbers.international_prefix", &kind_digits, "\"\"",
      "What is dialled before a country code; where it is not written, as in the plan of numbers.country.",
      AT(numbers.plan.international_prefix), .max = sizeof((struct dial_plan *)0)->international_prefix - 1 },
    { "numbers.trunk_prefix", &kind_digits, "\"\"",
      "What is dialled before a national number, and dropped; where it is not written, as in that plan.",
      AT(numbers.plan.trunk_prefix), .max = sizeof((struct dial_plan *)0)->trunk_prefix - 1 },
    { "numbers.national_min", &kind_small, "0",
      "Digits of the shortest national number; where it is not written, as in that plan. Without a plan and "
      "with 0 "
      "numbers stay as they are.",
      AT(numbers.plan.national_min), .min = 0, .max = 15 },
    { "numbers.national_max", &kind_small, "0", "Digits of the longest national number.",
      AT(numbers.plan.national_max), .min = 0, .max = 15 },
    { "numbers.digits_are_numbers", &kind_bool, "true",
      "Whether a user part of digits is a number without user=phone.", AT(numbers.plan.digits_are_numbers) },

    { "freshness_s", &kind_integer, "60", "How far a token's time may be from ours, in both directions.",
      AT(freshness_s), .min = 1, .max = 600, .unit = "seconds" },
    { "least_attestation", &kind_least, "A", "What makes a call genuine: A, or B as well.",
      AT(least_attestation), WORDS("A", "B") },

    { "policy.genuine", &kind_policy, "pass",
      "What happens to a genuine call: pass, label (also display name and Alert-Info), reject, or to:<SIP "
      "URI>.",
      AT(answer.policy[GENUINE]), WORDS("pass", "label", "reject", "to:<SIP URI>") },
    { "policy.unproven", &kind_policy, "pass", "The same for a call that nothing proves.",
      AT(answer.policy[UNPROVEN]), WORDS("pass", "label", "reject", "to:<SIP URI>") },
    { "policy.broken", &kind_policy, "pass", "The same for a call whose proof does not hold.",
      AT(answer.policy[BROKEN]), WORDS("pass", "label", "reject", "to:<SIP URI>") },
    { "policy.impostor", &kind_policy, "pass", "The same for a call that pretends to be someone it is not.",
      AT(answer.policy[IMPOSTOR]), WORDS("pass", "label", "reject", "to:<SIP URI>") },
    { "policy.anonymous", &kind_flag, "pass",
      "Whether a call whose caller is withheld is let through, or refused with 433 (RFC 5079).",
      AT(answer.refuse_anonymous), WORDS("pass", "reject") },
    { "policy.block_code", &kind_flag, "603",
      "What a refused call is answered with where no Identity header failed: 603 Network Blocked, or 608 "
      "Rejected with a signed card that says where to complain (RFC 8688).",
      AT(answer.block_608), WORDS("603", "608") },
    { "policy.block_name", &kind_text, "Call blocking", "The name on that card.", AT(answer.block_name),
      .min = 1, .max = 64 },
    { "policy.block_key", &kind_file, "\"\"", "The private key that signs it, PEM, P-256.",
      AT(answer.block_key) },
    { "policy.block_x5u", &kind_x5u_or_none, "\"\"", "Where everybody finds the certificate of that key.",
      AT(answer.block_x5u) },
    { "policy.never_block", &kind_service, "[]",
      "Numbers whose calls nothing may stand in the way of, to them and from them, besides the emergency "
      "numbers of policy.never_block_defaults. urn:service is always among them.",
      LIST_AT(policy.never_block, policy.n_never_block), .shape = SHAPE_LIST },
    { "policy.never_block_defaults", &kind_bool, "true",
      "Whether 112, 911, 999, 000, 110, 118 and 119 are never blocked either. With false, only what "
      "policy.never_block names.",
      AT(policy.never_block_defaults) },
    { "policy.same_line", &kind_pair, "[]",
      "Pairs of numbers that are one line, so that one may be shown and the other proven.",
      LIST_AT(policy.same_line, policy.n_same_line), .shape = SHAPE_LIST },
    { "policy.do_not_originate", &kind_file, "\"\"",
      "Numbers that never place calls, like a bank's hotline: CSV with a header row and a column `number`, "
      "or "
      "sqlite:FILE with a table `numbers`. A call from one is an impostor.",
      AT(policy.do_not_originate) },
    { "policy.roaming", &kind_range, "[]",
      "Numbers of our country that may call from abroad all the same: mobile telephones.",
      LIST_AT(policy.roaming, policy.n_roaming), .shape = SHAPE_LIST },
    { "checks.number-possible", &kind_choice, "observe",
      "A number that no numbering plan has makes an impostor: observe only says so, enforce does it, off "
      "does not "
      "ask.",
      AT(checks.number_possible), WORDS("observe", "enforce", "off") },
    { "checks.do-not-originate", &kind_choice, "observe", "The same for a caller in policy.do_not_originate.",
      AT(checks.do_not_originate), WORDS("observe", "enforce", "off") },
    { "checks.from-abroad", &kind_choice, "observe",
      "The same for a number of our country that calls from a peer that is international.",
      AT(checks.from_abroad), WORDS("observe", "enforce", "off") },
    { "people.require_proof", &kind_choice, "habit",
      "Whether a call from the number of a protected person has to be proven, or is an impostor's: habit "
      "asks it once a "
      "habit of "
      "the number was confirmed; always, never. What the person's entry says goes before.",
      AT(people.require_proof), WORDS("habit", "always", "never") },
    { "rules", &kind_row, "[]",
      "What happens to calls that all conditions of a row hold for, in place of the policy of their verdict. "
      "The first "
      "row that matches counts; what is written at the desk comes behind these. Nothing stands in the way of "
      "policy.never_block. bonafide rules dry-run tells what rows would have done with calls of the past.",
      LIST_AT(rules, n_rules), .max = RULES_MOST, .shape = SHAPE_LIST, .rows = &rule_rows },
    { "redress", &kind_contact, "\"\"",
      "Where people whose calls are refused can complain. No policy rejects without it.", AT(answer.redress),
      .max = 256 },

    { "verstat.place", &kind_choice, "user",
      "Where verstat stands: in the user part, as a URI parameter, or as a header parameter.",
      AT(answer.verstat_place), WORDS("user", "uri", "header") },
    { "verstat.on_impostor", &kind_flag, "No-TN-Validation",
      "What the wire says of an impostor with a proven number; keep is the truth about the number.",
      AT(answer.verstat_keep_on_impostor), WORDS("No-TN-Validation", "keep") },
    { "headers.verdict", &kind_header, "X-Bonafide",
      "The header that carries the verdict; stripped when it comes in. Not one that SIP gives a meaning to.",
      AT(answer.verdict_header), .max = 64 },
    { "headers.attestation", &kind_header, "P-Attestation-Indicator",
      "The header that carries the attestation.", AT(answer.attest_header), .max = 64 },
    { "alert_info.genuine", &kind_alert, "\"\"",
      "The Alert-Info of a genuine call, where the policy says label.", AT(answer.alert_info[GENUINE]),
      .max = 256 },
    { "alert_info.unproven", &kind_alert, "\"\"", "The same for an unproven one.",
      AT(answer.alert_info[UNPROVEN]), .max = 256 },
    { "alert_info.broken", &kind_alert, "\"\"", "The same for a broken one.", AT(answer.alert_info[BROKEN]),
      .max = 256 },
    { "alert_info.impostor", &kind_alert, "\"\"", "The same for an impostor.",
      AT(answer.alert_info[IMPOSTOR]), .max = 256 },

    { "display.genuine", &kind_display, "\"\xE2\x9C\x94 [%p (%n)|%n][ says: %c]\"",
      "The display name of a genuine call, where the policy says label: %n is the number, %p whose number it "
      "is "
      "by the address book, %c the name the caller claims, %a the attestation. What stands in [ ] is left "
      "out "
      "when a code in it is empty, and what stands behind | in there is written instead; %%, %[, %] and %| "
      "are "
      "the characters. Beside a tick stands %n, or %p where [ ] say what stands there of somebody unknown.",
      AT(answer.display[GENUINE]), .max = 160 },
    { "display.unproven", &kind_display, "\"?[ says: %c]\"", "The same for an unproven one, without a tick.",
      AT(answer.display[UNPROVEN]), .max = 160 },
    { "display.broken", &kind_display, "\"\xE2\x9C\x98 not proven[ says: %c]\"", "The same for a broken one.",
      AT(answer.display[BROKEN]), .max = 160 },
    { "display.impostor", &kind_display, "\"\xE2\x9C\x98 not [%c|who it says]\"", "The same for an impostor.",
      AT(answer.display[IMPOSTOR]), .max = 160 },

    { "replay.entries", &kind_integer, "1048576",
      "Tokens seen that are remembered; one that must be forgotten too early raises an alarm.",
      AT(replay_entries), .min = 1024, .max = 268435456, .restart = true },

    { "es256.engine", &kind_choice, "auto",
      "What checks signatures: lanes checks eight at a time, on CPUs with AVX-512 IFMA; openssl is OpenSSL "
      "alone; auto is lanes where they can run, once there is enough to check. Where it is not written, the "
      "environment variable BONAFIDE_ENGINE may say it.",
      AT(es256.engine), WORDS("auto", "openssl", "lanes"), .restart = true,
      .environment = "BONAFIDE_ENGINE" },
    { "es256.tables_mb", &kind_integer, "256",
      "Memory for tables of busy signers, which lanes are fastest with: 1,000 of them take 145 MiB, so that "
      "the default is for 1,800, more than sign in most countries. It is taken as signers prove busy, the "
      "least recently used go first, and what is idle for a quarter of an hour is given back; 0 is no "
      "tables.",
      AT(es256.tables_mb), .min = 0, .max = 65536, .unit = "MiB" },
    { "es256.busy", &kind_integer, "64",
      "How many signatures of a signer hold before it gets a table, by one worker's count: what a table "
      "costs is "
      "won back in about so many.",
      AT(es256.busy), .min = 1, .max = 1000000, .unit = "signatures", .restart = true },
    { "es256.audit", &kind_share, "1/1024",
      "How many of the signatures that lanes accept are checked again by OpenSSL, in the background: 1/1024 "
      "is one "
      "of 1,024, off is none. A disagreement raises an alarm, and OpenSSL checks alone until the next start.",
      AT(es256.audit) },

    { "sign", &kind_row, "[]",
      "The calls we vouch for, on listeners with role sign. What no row covers goes out unsigned.",
      LIST_AT(sign, n_sign), .shape = SHAPE_LIST, .rows = &sign_rows },
    { "signing.inventory", &kind_numbers_file, "[]",
      "Whose number is it? Files with columns number, customer and, as needed, count, status (active, "
      "ported-out, "
      "suspended) and attest: CSV with a header row, or sqlite:PATH with a table numbers. They are read "
      "again by a reload.",
      LIST_AT(signing.inventory, signing.n_inventory), .max = 64, .shape = SHAPE_LIST },
    { "signing.ported_out", &kind_numbers_file, "[]",
      "Files of numbers that left: whatever the inventory says, they are nobody's here. Column number is "
      "enough.",
      LIST_AT(signing.ported_out, signing.n_ported_out), .max = 64, .shape = SHAPE_LIST },
    { "signing.certificate", &kind_row, "{}",
      "What customers without a certificate of their own are signed with.", AT(signing.certificate),
      .rows = &certificate_rows },
    { "customers", &kind_row, "[]",
      "Whose calls are signed, on listeners with role sign, by the number they call from. The owner of the "
      "number comes "
      "first, then a letter of authority, then other_numbers, in the order of the file. Rows under sign come "
      "before all.",
      LIST_AT(customers, n_customers), .shape = SHAPE_LIST, .rows = &customers_rows },

    { "http.listen", &kind_address, "127.0.0.1:8080", "The API, /metrics, /healthz and /readyz; \"\" is off.",
      AT(http.on), .restart = true },
    { "http.open", &kind_bool, "false",
      "Whether it answers others than this machine without http.keys and without client certificates.",
      AT(http.open) },
    { "http.keys", &kind_row, "[]",
      "Who may ask. Where there are rows, everything but /healthz needs a key, sent as Authorization: Bearer "
      "or X-API-Key. bonafide config --key makes one.",
      LIST_AT(http.keys, http.n_keys), .shape = SHAPE_LIST, .rows = &key_rows },
    { "http.rate_per_s", &kind_integer, "0",
      "Requests a second of an address without a good key; 0 is any number.", AT(http.rate_per_s), .min = 0,
      .max = 1000000 },
    { "http.connections_per_address", &kind_integer, "256",
      "Connections of one address at a time, of each worker's 512.", AT(http.connections_per_address),
      .min = 1, .max = 512, .restart = true },
    { "http.tls.cert", &kind_file, "\"\"",
      "The certificate chain of the listener, PEM; with it, it speaks TLS 1.2 and 1.3 alone.",
      AT(http.tls_cert), .restart = true },
    { "http.tls.key", &kind_file, "\"\"", "Its private key, PEM; nobody else may read the file.",
      AT(http.tls_key), .restart = true },
    { "http.tls.client_ca", &kind_file, "\"\"",
      "Whose client certificates count, PEM; with it, a client needs one for everything but /healthz.",
      AT(http.tls_client_ca), .restart = true },
    { "http.tls.client", &kind_flag, "required", "Whether a client may come without a certificate.",
      AT(http.client_optional), WORDS("required", "optional"), .restart = true },
    { "http.sign", &kind_bool, "false",
      "Whether POST /stir/v1/signing signs: for whoever may use a row of sign, and never more than it "
      "allows.",
      AT(http.sign) },
    { "http.dialect", &kind_flag, "atis",
      "How requests under /stir/v1/ are answered that do not show which dialect they are in: ATIS-1000082, "
      "or "
      "3GPP TS 24.229.",
      AT(http.dialect_3gpp), WORDS("atis", "3gpp") },
    { "http.reason_case", &kind_flag, "lower",
      "How an ATIS-1000082 answer names why a call failed: lower is reasoncode, camel is reasonCode.",
      AT(http.reason_camel), WORDS("lower", "camel") },
    { "http.heartbeat", &kind_flag, "answer",
      "What a verification without a token gets, as session border controllers send to see whether we live: "
      "answer judges it like an unsigned call; refuse is an error 400.",
      AT(http.heartbeat_refused), WORDS("answer", "refuse") },
    { "desk.listen", &kind_address, "\"\"",
      "The desk: the page for people, say 127.0.0.1:8081; it needs store.url. \"\" is off. "
      "When the port is taken the server runs without it, and says so.",
      AT(desk.on), .restart = true },
    { "desk.assets", &kind_file, "\"\"",
      "A directory that its page is read from instead of what is built in.", AT(desk.assets),
      .restart = true },
    { "desk.mask", &kind_bool, "false",
      "Whether users of role desk see masked numbers, as those who only read do.", AT(desk.mask),
      .restart = true },
    { "desk.tls.cert", &kind_file, "\"\"", "The certificate chain of the desk, PEM.", AT(desk.tls_cert),
      .restart = true },
    { "desk.tls.key", &kind_file, "\"\"", "Its private key, PEM.", AT(desk.tls_key), .restart = true },
    { "public.listen", &kind_address, "\"\"", "The certificate repository, and nothing else; \"\" is off.",
      AT(public_.on), .restart = true },
    { "public.certificates", &kind_file, "\"\"", "The directory of PEM chains that it serves.",
      AT(public_.certificates), .restart = true },

    { "store.url", &kind_store_url, "sqlite:bonafide.db",
      "The database of verdicts; \"\" keeps the journal only.", AT(store.url), .restart = true,
      .state = true },
    { "store.journal", &kind_state_file, "journal",
      "The directory of the journal that every verdict is written to first; where store.url is written, "
      "its path and `.journal`; \"\" keeps no record at all.",
      AT(store.journal), .restart = true, .state = true },
    { "store.durability", &kind_choice, "strict",
      "strict: on disk before the answer leaves; relaxed: written, and on disk a little later.",
      AT(store.durability), WORDS("strict", "relaxed"), .restart = true },
    { "store.keep_days", &kind_integer, "30", "How long verdicts are kept; 0 is for ever.",
      AT(store.keep_days), .min = 0, .max = 36500, .unit = "days", .restart = true },
    { "store.keep_mb", &kind_integer, "10240", "How much disk they may take; 0 is without limit.",
      AT(store.keep_mb), .min = 0, .max = 1 << 30, .unit = "MiB", .restart = true },
    { "store.on_failure", &kind_flag, "answer",
      "When the record cannot be written: answer and raise an alarm, and then no call is genuine nor its "
      "number "
      "Passed; or refuse the call.",
      AT(store.refuse_on_failure), WORDS("answer", "refuse") },
    { "store.keep_messages", &kind_bool, "false", "Whether the whole request is kept as well.",
      AT(store.keep_messages) },
    { "hep.to", &kind_collector, "\"\"",
      "A collector of HEPv3 (HOMER, heplify-server) that gets every call with its verdict: "
      "udp:192.0.2.7:9060 or "
      "tcp:192.0.2.7:9060; \"\" is none.",
      AT(hep.to), .restart = true },
    { "hep.id", &kind_integer, "2001", "The number of this capture agent there.", AT(hep.id), .min = 0,
      .max = 4294967295, .restart = true },
    { "hep.password", &kind_text, "\"\"", "The key that the collector asks for; \"\" is none.",
      AT(hep.password), .max = 64, .restart = true },
    { "hep.messages", &kind_choice, "shown",
      "Whose requests go there beside their verdicts: all; shown, those of callers who did not withhold "
      "their "
      "number; or none.",
      AT(hep.messages), WORDS("none", "shown", "all"), .restart = true },
    { "callback.mode", &kind_choice, "off",
      "How the desk calls a person back at the number of the address book: 3pcc calls the desk's phone, then "
      "the "
      "person, and connects the two; refer asks the desk's phone to call; url fetches callback.url of the "
      "phone "
      "system; off does not. See docs/callback.md.",
      AT(callback.mode), WORDS("off", "3pcc", "refer", "url"), .restart = true },
    { "callback.from", &kind_sip_uri, "sip:callback@localhost",
      "Whom both phones see calling; its host is the domain that desk and person are called in, at "
      "sip.next_hop.",
      AT(callback.from), .restart = true },
    { "callback.user", &kind_text, "\"\"",
      "Who we are when the phone system asks (Digest of SIP, Basic of HTTP); \"\" is nobody.",
      AT(callback.user), .max = 128, .restart = true },
    { "callback.password_file", &kind_file, "\"\"",
      "A file that holds the password and that nobody else may read.", AT(callback.password_file),
      .restart = true },
    { "callback.ring_s", &kind_integer, "45", "How long either phone may ring.", AT(callback.ring_s),
      .min = 5, .max = 600, .unit = "seconds", .restart = true },
    { "callback.limit_s", &kind_integer, "7200", "How long the two may talk; 0 is as long as they like.",
      AT(callback.limit_s), .min = 0, .max = 86400, .unit = "seconds", .restart = true },
    { "callback.url", &kind_text, "\"\"",
      "What callback.mode url fetches: https://pbx.example/call?from={desk}&to={number}; {name} and {call} "
      "may "
      "stand in it, too.",
      AT(callback.url), .max = 1000, .restart = true },
    { "share.url", &kind_mode, "memory", "What nodes must know of each other; memory is this node alone.",
      WORDS("memory"), .restart = true },

    { "log.level", &kind_word, "info",
      "The least important line that is written: alarm, warning, info or debug.", AT(log.level),
      WORDS("alarm", "warning", "info", "debug"), .restart = true },
    { "log.format", &kind_flag, "plain", "plain text, or json: an object a line.", AT(log.json),
      WORDS("plain", "json"), .restart = true },
    { "log.verdicts", &kind_bool, "true", "Whether every verdict is a line.", AT(log.verdicts) },
    { "node", &kind_text, "\"\"", "The name of this node in records; \"\" is the name of the host.", AT(node),
      .max = 64 },
};
const size_t config_options_n = ARRAY_SIZE(config_options);

const struct config_option *config_option_find(struct span name)
{
    for (size_t i = 0; i < config_options_n; i++)
        if (span_equal(name, span_of(config_options[i].name)))
            return &config_options[i];
    return NULL;
}

/* ---- what comes later ---- */

static const struct {
    const char *name, *what;
} later[] = {
    { "postgresql", "PostgreSQL comes later: write sqlite:PATH" },
    { "policy.diverts", "diverted calls come later: they are unproven for now" },
};

const char *config_later(struct span name)
{
    if (span_starts(name, SPAN("redis:")) || span_starts(name, SPAN("valkey:")) ||
        span_starts(name, SPAN("rediss:")))
        return "sharing between nodes comes later: write memory";
    for (size_t i = 0; i < ARRAY_SIZE(later); i++)
        if (span_equal(name, span_of(later[i].name)))
            return later[i].what;
    return NULL;
}
