/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/config.h"
#include "serve/options.h"
#include "serve/values.h"
#include "tap.h"

/* The configuration, or NULL; the message is the test's to free. */
static struct config *parse(const char *yaml, char **message)
{
    struct config *c = NULL;
    const enum bf_err err = config_parse(span_of(yaml), "t.yaml", &c, message);
    assert_true(err == BF_OK || err == BF_EFORM);
    assert_int_equal(err == BF_OK, *message == NULL);
    return err == BF_OK ? c : NULL;
}

static struct config *good(const char *yaml)
{
    char *message;
    struct config *c = parse(yaml, &message);
    if (!c)
        fail_msg("%s\nis refused: %s", yaml, message);
    return c;
}

static void bad(const char *yaml, const char *want)
{
    char *message;
    struct config *c = parse(yaml, &message);
    if (c)
        fail_msg("taken: %s", yaml);
    if (!strstr(message, want))
        fail_msg("%s\nsays %s\nnot %s", yaml, message, want);
    free(message);
}

/* ---- the files of examples/ ---- */

static int each_example(const char *prefix, void (*run)(const char *path))
{
    int n = 0;
    DIR *dir = opendir(tap_source("examples"));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char name[512];
        const size_t length = strlen(e->d_name);
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || length < 5 ||
            strcmp(e->d_name + length - 5, ".yaml") != 0)
            continue;
        snprintf(name, sizeof name, "examples/%s", e->d_name);
        run(tap_source(name));
        n++;
    }
    closedir(dir);
    return n;
}

static void must_load(const char *path)
{
    struct config *c = NULL;
    char *message = NULL;
    if (config_load(path, &c, &message))
        fail_msg("%s", message);
    config_destroy(c);
}

/* The first line: `# refused at LINE:COLUMN: what is said`. */
static void must_be_refused(const char *path)
{
    struct config *c = NULL;
    char *message = NULL, want[512], place[64];
    char *text = tap_read(path, NULL);
    unsigned line, column;
    int n = 0;
    assert_int_equal(sscanf(text, "# refused at %u:%u: %n", &line, &column, &n), 2);
    assert_true(n > 0);
    snprintf(want, sizeof want, "%.*s", (int)strcspn(text + n, "\n"), text + n);
    snprintf(place, sizeof place, ".yaml:%u:%u: ", line, column);
    if (config_load(path, &c, &message) != BF_EFORM)
        fail_msg("%s is taken", path);
    if (!strstr(message, place) || !strstr(message, want))
        fail_msg("%s\nsays %s", path, message);
    free(message);
    free(text);
}

static void examples_that_are_good_load(void **state)
{
    (void)state;
    assert_true(each_example("good.", must_load) >= 4);
}

static void examples_that_are_bad_are_refused_where_they_say(void **state)
{
    (void)state;
    assert_true(each_example("bad.", must_be_refused) >= 20);
}

static void a_share_of_signatures_is_one_of_n_or_off(void **state)
{
    static const struct {
        const char *yaml;
        unsigned audit;
    } rows[] = {
        { "1/1", 1 }, { "1/1024", 1024 }, { "\"1/8\"", 8 }, { "1/1000000000", 1000000000 }, { "off", 0 },
    };
    static const char *const none[] = { "1/0",          "2/3", "1/",    "1/x",  "0",   "1024",
                                        "1/1000000001", "on",  "[1/2]", "-1/2", "1/-2" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "es256: {audit: %s}", rows[i].yaml);
        struct config *c = good(yaml);
        assert_int_equal(c->es256.audit, rows[i].audit);
        config_destroy(c);
    }
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "es256: {audit: %s}", none[i]);
        bad(yaml, "es256.audit must be 1/N, or off");
    }
    bad("es256: {engine: lane}", "did you mean \"lanes\"?");
    bad("es256: {tables_mb: 65537}", "es256.tables_mb must be from 0 to 65536 MiB");
}

/* ---- the table ---- */

/* `section:\n  key: value\n` */
static char *one_option(const char *name, const char *value)
{
    static char yaml[4096];
    const char *dot = strchr(name, '.');
    if (dot)
        snprintf(yaml, sizeof yaml, "%.*s:\n  %s: %s\n", (int)(dot - name), name, dot + 1, value);
    else
        snprintf(yaml, sizeof yaml, "%s: %s\n", name, value);
    return yaml;
}

static bool is_number(const struct config_option *o)
{
    return o->kind == &kind_integer || o->kind == &kind_small;
}

static int64_t number_at(const struct config *c, const struct config_option *o)
{
    const char *at = (const char *)c + o->at;
    int64_t value;
    if (o->kind == &kind_small)
        return *(const uint8_t *)at;
    memcpy(&value, at, sizeof value);
    return value;
}

static void every_default_may_be_written_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_options_n; i++)
        if (!config_options[i].state)
            config_destroy(good(one_option(config_options[i].name, config_options[i].fallback)));
}

static void every_number_takes_its_bounds_and_nothing_beyond(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        if (!is_number(o))
            continue;
        char value[64], yaml[5000];
        const int64_t inside[] = { o->min, o->max }, outside[] = { o->min - 1, o->max + 1 };
        assert_true(o->min <= o->max);
        for (size_t k = 0; k < 2; k++) {
            snprintf(value, sizeof value, "%lld", (long long)inside[k]);
            /* Bounds of the dial plan hold between two options: give it all it needs. */
            if (strncmp(o->name, "numbers.national_", 17) == 0)
                snprintf(yaml, sizeof yaml, "numbers: {country: \"1\", national_%s: %lld, %s: %s}\n",
                         strcmp(o->name + 17, "min") ? "min" : "max",
                         strcmp(o->name + 17, "min") ? 0ll : 15ll, o->name + 8, value);
            else
                snprintf(yaml, sizeof yaml, "%s", one_option(o->name, value));
            struct config *c = good(yaml);
            assert_int_equal(number_at(c, o), inside[k]);
            config_destroy(c);
            snprintf(value, sizeof value, "%lld", (long long)outside[k]);
            bad(one_option(o->name, value), o->name);
        }
        tried++;
    }
    assert_true(tried >= 15);
}

static void every_word_is_taken_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        for (size_t k = 0; o->choices && o->choices[k]; k++) {
            if (o->kind == &kind_policy && k >= 2)
                continue; /* reject needs redress, to: an address: below */
            if (strcmp(o->name, "policy.block_code") == 0 && k == 1)
                continue; /* 608 needs a key: below */
            config_destroy(good(one_option(o->name, o->choices[k])));
        }
        if (o->choices)
            bad(one_option(o->name, "nonesuch"), "nonesuch");
    }
}

static void a_608_needs_a_key_its_certificate_and_where_to_complain(void **state)
{
    (void)state;
    struct config *c =
        good("policy: {block_code: 608, block_key: k.pem, block_x5u: \"https://cert.example.org/sp.pem\"}\n"
             "redress: https://example.org/\n");
    assert_true(c->answer.block_608);
    assert_string_equal(c->answer.block_name, "Call blocking");
    assert_null(c->answer.block_card);
    config_destroy(c);
    bad("policy: {block_code: 608, block_key: k.pem}\nredress: https://example.org/\n", "policy.block_x5u");
    bad("policy: {block_code: 608, block_key: k.pem, block_x5u: \"https://cert.example.org/sp.pem\"}\n",
        "redress");
    bad("policy: {block_code: 607}\n", "607");
}

static void texts_for_phones_are_checked_where_they_stand(void **state)
{
    (void)state;
    struct config *c =
        good("display: {genuine: \"\xE2\x9C\x94 %n\", unproven: \"? %n[ sagt: %c]\", broken: \"\"}\n");
    assert_string_equal(c->answer.display[GENUINE], "\xE2\x9C\x94 %n");
    assert_string_equal(c->answer.display[UNPROVEN], "? %n[ sagt: %c]");
    assert_string_equal(c->answer.display[BROKEN], "");
    assert_string_equal(c->answer.display[IMPOSTOR], "\xE2\x9C\x98 not [%c|who it says]");
    config_destroy(c);
    bad("display: {unproven: \"ab %x\"}\n", "t.yaml:1:21:");
    bad("display: {impostor: \"\xE2\x9C\x94 %n\"}\n", "a tick belongs to what is genuine alone");
    bad("display: {genuine: \"\xE2\x9C\x94 %c\"}\n", "%n");
}

static void every_text_has_a_longest_form(void **state)
{
    (void)state;
    static char longer[2048];
    memset(longer, 'a', sizeof longer - 1);
    longer[0] = '"';
    longer[sizeof longer - 2] = '"';
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        if (o->kind->is_text && o->shape == SHAPE_ONE && !o->choices)
            bad(one_option(o->name, longer), "characters");
    }
}

static void every_option_refuses_a_value_of_another_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        bad(one_option(o->name, "{a: {b: [c]}}"), o->name);
        if (o->shape != SHAPE_LIST)
            bad(one_option(o->name, "[[x], {y: z}]"), o->name);
        bad(one_option(o->name, ""), o->name);
        bad(one_option(o->name, "~"), o->name);
    }
}

static void every_option_has_a_name_of_its_own_and_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_options_n; i++) {
        const struct config_option *o = &config_options[i];
        assert_non_null(o->help);
        assert_int_equal(o->help[strlen(o->help) - 1], '.');
        assert_non_null(o->fallback);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(config_options[k].name, o->name);
        assert_ptr_equal(config_option_find(span_of(o->name)), o);
    }
}

/* ---- values ---- */

static void the_defaults_are_those_of_the_design(void **state)
{
    (void)state;
    struct config *c = NULL;
    char *message, text[64];
    assert_int_equal(config_load(NULL, &c, &message), BF_OK);
    assert_int_equal(c->sip.n_listen, 2);
    assert_int_equal(c->sip.listen[0].transport, LISTEN_UDP);
    assert_int_equal(c->sip.listen[1].transport, LISTEN_TCP);
    assert_int_equal(c->sip.listen[1].role, ROLE_VERIFY);
    assert_string_equal(addr_text((const struct sockaddr *)&c->sip.listen[0].addr, text), "127.0.0.1:5060");
    assert_int_equal(c->sip.n_peers, 1);
    assert_true(c->sip.peers[0].pai);
    assert_false(c->sip.peers[0].priority);
    assert_int_equal(c->sip.peers[0].says, PEER_IGNORE);
    assert_int_equal(c->sip.n_next_hop, 1);
    assert_string_equal(c->sip.next_hop[0], "sip:127.0.0.1:5080");
    assert_int_equal(c->sip.overload, OVERLOAD_PASS);
    assert_int_equal(c->trust.n_domains, 0);
    assert_false(c->x5u.lab);
    assert_int_equal(c->x5u.budget_ms, 800);
    assert_null(c->x5u.proxy);
    assert_int_equal(c->freshness_s, 60);
    assert_int_equal(c->least_attestation, 'A');
    for (int o = GENUINE; o <= IMPOSTOR; o++)
        assert_int_equal(c->answer.policy[o].action, ACTION_PASS);
    assert_string_equal(c->answer.redress, "");
    assert_string_equal(c->answer.verdict_header, "X-Bonafide");
    assert_true(c->http.on);
    assert_string_equal(addr_text((const struct sockaddr *)&c->http.addr, text), "127.0.0.1:8080");
    assert_false(c->public_.on);
    assert_int_equal(c->store.durability, RECORD_STRICT);
    assert_int_equal(c->store.keep_days, 30);
    assert_false(c->store.refuse_on_failure);
    assert_string_equal(c->log.level, "info");
    assert_true(c->node[0] != '\0');
    config_destroy(c);
}

static void rows_are_read_with_all_their_fields(void **state)
{
    (void)state;
    struct config *c =
        good("sip:\n  listen: [{on: 'tcp:[::1]:5061', role: sign}]\n"
             "  peers:\n  - 192.0.2.0/24\n  - {from: 10.0.0.1, pai: false, priority: true, says: believe, "
             "private_link: true}\n"
             "trust:\n  domains: [{name: us, anchors: [a.pem, /b.pem], crl: [c.crl], policy_oids: [1.2.3.*],"
             " subject_c: [US], numbers: ['+1', '+12*']}]\n"
             "sign:\n- {numbers: ['+12025550100/100'], attest: B, for: [10.0.0.0/8], key: k.pem, x5u: "
             "'https://a.example/c'}\n"
             "numbers: {own: ['+1202*']}\n"
             "policy: {same_line: [['+12025550100', '+12025550101'], ['+331', '+332']], never_block: ['112', "
             "'+1911'], impostor: 'to:sip:desk@192.0.2.7', broken: reject}\n"
             "redress: https://a.example/why\n");
    assert_int_equal(c->sip.listen[0].role, ROLE_SIGN);
    assert_int_equal(c->sip.listen[0].addr.ss_family, AF_INET6);
    assert_string_equal(c->sip.listen[0].text, "tcp:[::1]:5061");
    assert_int_equal(c->sip.n_peers, 2);
    assert_true(c->sip.peers[0].pai);
    assert_false(c->sip.peers[1].pai);
    assert_true(c->sip.peers[1].priority && c->sip.peers[1].private_link);
    assert_int_equal(c->sip.peers[1].says, PEER_BELIEVE);
    const struct trust_domain_options *d = c->trust.domains;
    assert_string_equal(d->name, "us");
    assert_int_equal(d->n_anchors, 2);
    assert_string_equal(d->anchors[0], "a.pem");
    assert_string_equal(d->anchors[1], "/b.pem");
    assert_int_equal(d->n_crls + d->n_policy_oids + d->n_subject_c, 3);
    assert_int_equal(d->n_numbers, 2);
    assert_int_equal(d->numbers[1].count, 0);
    assert_int_equal(c->sign[0].attest, 'B');
    assert_int_equal(c->sign[0].numbers[0].count, 100);
    assert_int_equal(c->sign[0].n_customers, 1);
    assert_null(c->sign[0].chain);
    assert_int_equal(c->policy.n_same_line, 4);
    assert_memory_equal(c->policy.same_line[3].start.digits, "332", 3);
    assert_int_equal(c->policy.n_never_block, 7 + 2);
    assert_memory_equal(c->policy.never_block[8].start.digits, "1911", 4);
    assert_int_equal(c->answer.policy[IMPOSTOR].action, ACTION_TO);
    assert_string_equal(c->answer.policy[IMPOSTOR].to, "sip:desk@192.0.2.7");
    assert_int_equal(c->answer.policy[BROKEN].action, ACTION_REJECT);
    config_destroy(c);
}

static bool never_blocked(const struct config *c, const char *digits)
{
    struct number number = { .n = (uint8_t)strlen(digits) };
    memcpy(number.digits, digits, number.n);
    for (size_t i = 0; i < c->policy.n_never_block; i++)
        if (number_range_holds(&c->policy.never_block[i], &number))
            return true;
    return false;
}

static void emergency_numbers_stay_unless_they_are_refused_in_so_many_words(void **state)
{
    static const char *const defaults[] = { "112", "911", "999", "000", "110", "118", "119" };
    static const struct {
        const char *yaml;
        bool emergency, own;
    } rows[] = {
        { "", true, false },
        { "policy: {never_block: ['+12025550100', '988']}\n", true, true },
        { "policy: {never_block: []}\n", true, false },
        { "policy: {never_block_defaults: true, never_block: ['+12025550100', '988']}\n", true, true },
        { "policy: {never_block_defaults: false, never_block: ['+12025550100', '988']}\n", false, true },
        { "policy: {never_block_defaults: false}\n", false, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct config *c = good(rows[i].yaml);
        for (size_t j = 0; j < ARRAY_SIZE(defaults); j++)
            assert_int_equal(never_blocked(c, defaults[j]), rows[i].emergency);
        assert_int_equal(never_blocked(c, "12025550100"), rows[i].own);
        assert_int_equal(never_blocked(c, "988"), rows[i].own);
        assert_false(never_blocked(c, "12025550101"));
        config_destroy(c);
    }
}

static void paths_are_relative_to_the_file_and_defaults_to_the_state_directory(void **state)
{
    (void)state;
    struct config *c = NULL;
    char *message;
    setenv("STATE_DIRECTORY", "/state/one:/state/two", 1);
    assert_int_equal(config_parse(SPAN("x5u: {certs_dir: certs}\nstore: {journal: j}\n"),
                                  "/etc/bonafide/b.yaml", &c, &message),
                     BF_OK);
    assert_string_equal(c->x5u.certs_dir, "/etc/bonafide/certs");
    assert_string_equal(c->store.journal, "/etc/bonafide/j");
    assert_string_equal(c->store.url, "sqlite:/state/one/bonafide.db");
    assert_string_equal(c->x5u.cache_dir, "/state/one/certificates");
    config_destroy(c);
    assert_int_equal(
        config_parse(SPAN("store: {url: 'sqlite:/a/b.db', journal: /a/j}\n"), "/b.yaml", &c, &message),
        BF_OK);
    assert_string_equal(c->store.url, "sqlite:/a/b.db");
    assert_string_equal(c->store.journal, "/a/j");
    config_destroy(c);
    assert_int_equal(config_parse(SPAN("store: {url: sqlite:b.db}\n"), "/b.yaml", &c, &message), BF_OK);
    assert_string_equal(c->store.url, "sqlite:/b.db");
    assert_string_equal(c->store.journal, "/b.db.journal");
    config_destroy(c);
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_STATE_HOME", "/xdg", 1);
    assert_int_equal(config_load(NULL, &c, &message), BF_OK);
    assert_string_equal(c->store.journal, "/xdg/bonafide/journal");
    config_destroy(c);
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", "/home/a", 1);
    assert_int_equal(config_load(NULL, &c, &message), BF_OK);
    assert_string_equal(c->store.journal, "/home/a/.local/state/bonafide/journal");
    config_destroy(c);
}

static const struct {
    const char *what, *yaml, *says;
} refusals[] = {
    { "a number with a unit", "x5u: {budget_ms: 800ms}\n",
      "t.yaml:1:18: x5u.budget_ms must be a whole number" },
    { "a number with a zero in front", "freshness_s: 060\n", "t.yaml:1:14: " },
    { "a number in hexadecimal", "freshness_s: 0x3c\n", "t.yaml:1:14: " },
    { "a number with a point", "freshness_s: 60.0\n", "t.yaml:1:14: " },
    { "a number past 64 bits", "freshness_s: 99999999999999999999\n", "t.yaml:1:14: " },
    { "an address without port", "http: {listen: 127.0.0.1}\n",
      "t.yaml:1:16: http.listen must be an address" },
    { "a name for an address", "http: {listen: \"localhost:80\"}\n", "not an IP address" },
    { "a port past 65535", "sip: {listen: [\"udp:127.0.0.1:65536\"]}\n", "not a port" },
    { "a transport of tomorrow", "sip: {listen: [\"sctp:127.0.0.1:5060\"]}\n", "udp:127.0.0.1:5060" },
    { "no listener", "sip: {listen: []}\n", "from 1 to 64 entries, and has 0" },
    { "one address twice", "sip: {listen: [udp:127.0.0.1:5060, udp:127.0.0.1:5060]}\n",
      "t.yaml:1:36: sip.listen: udp:127.0.0.1:5060 stands there twice" },
    { "http and public on one address",
      "http: {listen: \"127.0.0.1:1\"}\npublic: {listen: \"127.0.0.1:1\", certificates: c}\n",
      "has this address already" },
    { "public without certificates", "public: {listen: 127.0.0.1:1}\n", "public.certificates" },
    { "a network with too many bits", "sip: {clients: [192.0.2.0/33]}\n", "not a prefix length" },
    { "two domains of one name", "trust: {domains: [{name: a, anchors: [a]}, {name: a, anchors: [b]}]}\n",
      "two are called \"a\"" },
    { "a domain without a name", "trust: {domains: [{name: \"\", anchors: [a]}]}\n",
      "name must not be empty" },
    { "a domain with no anchor", "trust: {domains: [{name: a, anchors: []}]}\n", "from 1 to 64 entries" },
    { "nine domains", "trust: {domains: [{},{},{},{},{},{},{},{},{}]}\n", "from 0 to 8 entries, and has 9" },
    { "a policy OID that is none", "trust: {domains: [{name: a, anchors: [a], policy_oids: [1.x]}]}\n",
      "policy OID" },
    { "a policy OID of one arc", "trust: {domains: [{name: a, anchors: [a], policy_oids: [\"1\"]}]}\n",
      "policy OID" },
    { "a country that is none", "trust: {domains: [{name: a, anchors: [a], subject_c: [usa]}]}\n",
      "two capital letters" },
    { "a field twice", "sip: {peers: [{from: 10.0.0.0/8, from: 10.0.0.0/8}]}\n",
      "t.yaml:1:34: sip.peers: \"from\" stands twice" },
    { "a field of nothing", "sip: {peers: [{from: 10.0.0.0/8, form: 1}]}\n", "did you mean \"from\"?" },
    { "a row that is a list", "sip: {peers: [[10.0.0.0/8]]}\n", "sip.peers must be a row" },
    { "a policy that is none", "policy: {broken: drop}\n", "pass, label, reject or to:<SIP URI>" },
    { "a policy to nowhere", "policy: {broken: \"to:\"}\n", "t.yaml:1:18: " },
    { "a policy to a telephone", "policy: {broken: \"to:tel:+12025550100\"}\n", "SIP URI" },
    { "a next hop with headers", "sip: {next_hop: \"sip:a.example?Subject=x\"}\n", "SIP URI" },
    { "a redress that ends its string", "redress: 'https://a.example/\";x=\"'\n", "cannot stand in it" },
    { "a redress with a line end", "redress: \"https://a.example/\\r\\nX: y\"\n", "control character" },
    { "a header that is none", "headers: {verdict: \"X Y\"}\n", "name of a header" },
    { "a header with a colon", "headers: {verdict: \"X-A:\"}\n",
      "t.yaml:1:20: headers.verdict must be the name of a" },
    { "a header beyond ASCII", "headers: {verdict: \"X-\xC3\xA4\"}\n", "name of a header" },
    { "a header without a name", "headers: {verdict: \"\"}\n", "name of a header" },
    { "a verdict as From", "headers: {verdict: from}\n", "t.yaml:1:20: headers.verdict" },
    { "a verdict as Via", "headers: {verdict: Via}\n", "has a meaning of its own" },
    { "a verdict as Identity", "headers: {verdict: Identity}\n", "has a meaning of its own" },
    { "a verdict as a compact name", "headers: {verdict: y}\n", "has a meaning of its own" },
    { "a verdict as an asserted identity", "headers: {verdict: p-asserted-identity}\n",
      "take a name like X-" },
    { "a verdict where the attestation goes", "headers: {verdict: P-Attestation-Indicator}\n", "of its own" },
    { "an attestation as Contact", "headers: {attestation: Contact}\n", "has a meaning of its own" },
    { "one header for both", "headers: {attestation: x-bonafide}\n", "must be two names" },
    { "a proxy without a host", "x5u: {proxy: \"http://\"}\n", "x5u.proxy must be" },
    { "an alert with more behind it", "alert_info: {broken: \"<urn:a:b>, <http://c>\"}\n", "angle brackets" },
    { "a policy to an address in brackets", "policy: {broken: \"to:sip:a@192.0.2.1>;x\"}\n", "SIP URI" },
    { "a policy to two", "policy: {broken: \"to:sip:a@192.0.2.1 sip:b@192.0.2.1\"}\n", "SIP URI" },
    { "an alert without brackets", "alert_info: {broken: \"urn:alert:x\"}\n", "angle brackets" },
    { "attestation by nobody", "sign: [{numbers: ['+1'], attest: D, key: k, x5u: 'https://a.example/c'}]\n",
      "attest must be A, B or C" },
    { "signing without a key", "sign: [{numbers: ['+1'], attest: A, x5u: 'https://a.example/c'}]\n",
      "lacks \"key\"" },
    { "an x5u over http", "sign: [{numbers: ['+1'], attest: A, key: k, x5u: 'http://a.example/c'}]\n",
      "not https" },
    { "a pair of three", "policy: {same_line: [['+1', '+2', '+3']]}\n", "list of pairs" },
    { "a plan that ends before it begins", "numbers: {country: '1', national_min: 9, national_max: 8}\n",
      "must not be greater" },
    { "a plan without a country", "numbers: {national_min: 9, national_max: 10}\n", "numbers.country" },
    { "letters for digits", "numbers: {country: us}\n", "only digits" },
    { "a country code of four digits", "numbers: {country: '1234'}\n", "at most 3 characters" },
    { "a key that is a list", "[a]: b\n", "a key is a plain word" },
    { "nine levels", "sip: [[[[[[[[[a]]]]]]]]]\n", "eight lists and mappings" },
    { "an alias alone", "node: *x\n", "aliases (*name) are not taken" },
    { "a merge key", "sip:\n  <<: {workers: 1}\n", "unknown key \"<<\"" },
    { "bytes that are no UTF-8", "log:\n  level: in\xFF\n", "t.yaml:2:12: not YAML" },
    { "a control character", "node: \"a\"\nlog: {level: \001}\n", "t.yaml:2:14: not YAML" },
    { "UTF-16", "\xFF\xFEn\x01", "not YAML" },
    { "a NUL byte in quotes", "node: \"a\\0b\"\n", "NUL byte" },
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        bad(refusals[i].yaml, refusals[i].says);
}

static void several_faults_are_said_at_once(void **state)
{
    (void)state;
    const char *yaml = "nod: a\nfreshness_s: x\nsip: {mode: b2bua}\n";
    bad(yaml, "t.yaml:1:1: unknown key \"nod\": did you mean \"node\"?");
    bad(yaml, "\nt.yaml:2:14: freshness_s");
    bad(yaml, "\nt.yaml:3:13: sip.mode");
}

static void a_thousand_faults_are_counted(void **state)
{
    (void)state;
    char yaml[16384];
    size_t n = 0;
    for (int i = 0; i < 1000; i++)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n, "x%d: 1\n", i);
    bad(yaml, "t.yaml: and 980 more");
}

static void a_lab_x5u_may_be_http_wherever_lab_is_said(void **state)
{
    (void)state;
    config_destroy(good(
        "sign: [{numbers: ['+1'], attest: A, key: k, x5u: 'http://127.0.0.1:9/c'}]\nx5u: {lab: true}\n"));
}

static void lab_domains_alone_need_no_leave(void **state)
{
    (void)state;
    config_destroy(
        good("trust: {domains: [{name: a, anchors: [a], lab: true}, {name: b, anchors: [b], lab: true}]}\n"));
}

static void files_that_cannot_be_read_are_named(void **state)
{
    (void)state;
    struct config *c = NULL;
    char *message = NULL;
    assert_int_equal(config_load("/nonexistent/b.yaml", &c, &message), BF_EIO);
    assert_non_null(strstr(message, "/nonexistent/b.yaml:1:1: "));
    free(message);
    assert_int_equal(config_load("/dev/zero", &c, &message), BF_ELIMIT);
    assert_non_null(strstr(message, "4 MiB"));
    free(message);
}

/* ---- what is made of the table ---- */

static void the_sample_loads_and_equals_the_defaults(void **state)
{
    (void)state;
    struct config *defaults = NULL, *sample = NULL;
    char *message, *text = config_sample();
    assert_non_null(text);
    assert_int_equal(config_load(NULL, &defaults, &message), BF_OK);
    assert_int_equal(config_parse(span_of(text), "sample.yaml", &sample, &message), BF_OK);
    for (size_t i = 0; i < config_options_n; i++) {
        char key[128];
        const char *dot = strchr(config_options[i].name, '.');
        snprintf(key, sizeof key, "%s: ", dot ? dot + 1 : config_options[i].name);
        assert_non_null(strstr(text, key));
        assert_non_null(strstr(text, config_options[i].fallback));
    }
    char *a = config_show(defaults, true), *b = config_show(sample, true);
    for (char *from;
         (from = strstr(b, "sample.yaml:"));) { /* `"from":"sample.yaml:12"` against `"from":"default"` */
        char *end = strchr(from, '"');
        memmove(from + 7, end, strlen(end) + 1);
        memcpy(from, "default", 7);
    }
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(text);
    config_destroy(defaults);
    config_destroy(sample);
}

static void what_is_in_force_names_its_line(void **state)
{
    (void)state;
    struct config *c = good("# first\nnode: edge\nsip:\n  workers: 3\n  listen: [\"udp:127.0.0.1:0\"]\n"
                            "  peers: [{from: 10.0.0.0/8, \"pai\": false}]\nnumbers: {own: ['+12']}\n");
    char *plain = config_show(c, false), *json = config_show(c, true);
    assert_non_null(strstr(plain, "node                         edge"));
    assert_non_null(strstr(plain, "# t.yaml:2\n"));
    assert_non_null(strstr(plain, "# t.yaml:4\n"));
    assert_non_null(strstr(plain, "# default\n"));
    assert_non_null(strstr(json, "\"sip.workers\":{\"value\":3,\"from\":\"t.yaml:4\",\"restart\":true}"));
    assert_non_null(strstr(json, "\"sip.listen\":{\"value\":[\"udp:127.0.0.1:0\"],\"from\":\"t.yaml:5\""));
    assert_non_null(strstr(plain, " [{from: 10.0.0.0/8, pai: false}] "));
    assert_non_null(strstr(plain, " [\"+12\"] "));
    assert_non_null(strstr(json, "[{\"from\": \"10.0.0.0/8\", \"pai\": false}]"));
    free(plain);
    free(json);
    config_destroy(c);
}

static void a_reload_names_what_needs_a_restart(void **state)
{
    (void)state;
    struct config *a = good("node: a\nfreshness_s: 60\n"), *b = good("node: a\nfreshness_s: 30\n"),
                  *c = good("node: c\nsip: {workers: 2}\nlog: {format: json}\n");
    assert_null(config_needs_restart(a, a));
    assert_null(config_needs_restart(a, b));
    char *names = config_needs_restart(a, c);
    assert_string_equal(names, "sip.workers, log.format");
    free(names);
    config_destroy(a);
    config_destroy(b);
    config_destroy(c);
}

static void the_manual_holds_what_the_table_says(void **state)
{
    (void)state;
    char *page = tap_read(tap_source("man/bonafide.conf.5"), NULL), *section = config_manual();
    const char *begin = strstr(page, ".Sh OPTIONS\n"), *end = begin ? strstr(begin, ".Sh FILES\n") : NULL;
    assert_non_null(begin);
    assert_non_null(end);
    if (strlen(section) != (size_t)(end - begin) || memcmp(section, begin, strlen(section)) != 0)
        fail_msg("man/bonafide.conf.5 is behind the table: put the output of `bonafide config --manual` in "
                 "its place");
    free(section);
    free(page);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_that_are_good_load),
        cmocka_unit_test(examples_that_are_bad_are_refused_where_they_say),
        cmocka_unit_test(every_default_may_be_written_out),
        cmocka_unit_test(every_number_takes_its_bounds_and_nothing_beyond),
        cmocka_unit_test(every_word_is_taken_and_no_other),
        cmocka_unit_test(a_608_needs_a_key_its_certificate_and_where_to_complain),
        cmocka_unit_test(texts_for_phones_are_checked_where_they_stand),
        cmocka_unit_test(every_text_has_a_longest_form),
        cmocka_unit_test(every_option_refuses_a_value_of_another_kind),
        cmocka_unit_test(every_option_has_a_name_of_its_own_and_help),
        cmocka_unit_test(the_defaults_are_those_of_the_design),
        cmocka_unit_test(rows_are_read_with_all_their_fields),
        cmocka_unit_test(emergency_numbers_stay_unless_they_are_refused_in_so_many_words),
        cmocka_unit_test(paths_are_relative_to_the_file_and_defaults_to_the_state_directory),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(several_faults_are_said_at_once),
        cmocka_unit_test(a_thousand_faults_are_counted),
        cmocka_unit_test(a_lab_x5u_may_be_http_wherever_lab_is_said),
        cmocka_unit_test(lab_domains_alone_need_no_leave),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(a_share_of_signatures_is_one_of_n_or_off),
        cmocka_unit_test(the_sample_loads_and_equals_the_defaults),
        cmocka_unit_test(what_is_in_force_names_its_line),
        cmocka_unit_test(a_reload_names_what_needs_a_restart),
        cmocka_unit_test(the_manual_holds_what_the_table_says),
    };
    unsetenv("BONAFIDE_ENGINE"); /* these are about the defaults */
    return tap_run(tests, ARRAY_SIZE(tests));
}
