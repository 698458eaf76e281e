/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration is read in three steps: YAML to a tree (tree.c), the tree to the fields of struct config by the table
 * (options.c, values.c, rows.c), and what only holds between options (here). Each step gathers all its faults.
 */
#include "serve/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/values.h"

#define ARENA_BLOCK  (64u << 10)
#define ARENA_MOST   (512u << 20)
#define FAULTS_BYTES (32u << 10)

/* ---- where things lie ---- */

/* Only this and default_of look at the environment. */
const char *config_state_dir(struct arena *arena)
{
    const char *given = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (given && given[0] == '/') /* systemd names several with colons between */
        return arena_printf(arena, "%.*s", (int)span_find(span_of(given), ':'), given);
    if (xdg && xdg[0] == '/')
        return arena_printf(arena, "%s/bonafide", xdg);
    if (home && home[0] == '/')
        return arena_printf(arena, "%s/.local/state/bonafide", home);
    return "/var/lib/bonafide";
}

/* "" for a name without a slash: the working directory. */
static const char *dir_of(struct arena *arena, const char *name)
{
    const char *slash = strrchr(name, '/');
    if (!slash)
        return "";
    return slash == name ? "/" : arena_printf(arena, "%.*s", (int)(slash - name), name);
}

/* ---- the tree to the table ---- */

struct loading {
    struct config_reader reader;
    struct config *config;
    struct config_memory *memory;
};

/* Is there an option whose name begins so? */
static bool is_section(struct span name)
{
    for (size_t i = 0; i < config_options_n; i++) {
        const struct span o = span_of(config_options[i].name);
        if (o.n > name.n && span_starts(o, name) && o.p[name.n] == '.')
            return true;
    }
    return false;
}

/* What a misspelt or misplaced key may have meant: an option's whole name, its last word, or a section. */
static const char *meant(const struct node *node, struct span section, struct span name)
{
    static const char *const sections[] = { "sip",     "trust",   "x5u",        "numbers", "policy", "checks",
                                            "verstat", "headers", "alert_info", "replay",  "es256",  "http",
                                            "public",  "store",   "share",      "log",     "desk" };
    const char *names[256], *last[256];
    size_t n = 0;
    for (; n < config_options_n && n < ARRAY_SIZE(names); n++) {
        const char *dot = strchr(config_options[n].name, '.');
        names[n] = config_options[n].name;
        last[n] = dot ? dot + 1 : names[n];
    }
    const char *nearest = config_nearest(name, names, n);
    if (!nearest && !section.n)
        nearest = config_nearest(node->key, sections, ARRAY_SIZE(sections));
    if (nearest)
        return nearest;
    nearest = config_nearest(node->key, last, n);
    for (size_t i = 0; nearest && i < n; i++)
        if (last[i] == nearest)
            return names[i];
    return NULL;
}

static void unknown_key(struct config_reader *r, const struct node *node, struct span section,
                        struct span name)
{
    const char *what = config_later(name);
    if (what) {
        config_fault_key(r, node, "%.*s: %s", SPAN_FMT(name), what);
        return;
    }
    const char *nearest = meant(node, section, name);
    config_fault_key(r, node, "unknown key \"%.64s\"%s%.*s%s%s%s", node->key.p, section.n ? " in " : "",
                     SPAN_FMT(section), nearest ? ": did you mean \"" : "", nearest ? nearest : "",
                     nearest ? "\"?" : "; bonafide config --sample shows all there are");
}

static bool key_repeats(struct config_reader *r, const struct node *map, const struct node *node)
{
    for (const struct node *n = map->first; n != node; n = n->next)
        if (span_equal(n->key, node->key)) {
            config_fault_key(r, node, "\"%.64s\" stands here again, after line %u: keep one", node->key.p,
                             n->key_line);
            return true;
        }
    return false;
}

static void take_option(struct loading *l, const struct config_option *o, const struct node *node)
{
    struct config_setting *s = &l->memory->settings[o - config_options];
    *s = (struct config_setting){ .node = node, .written = true };
    (void)config_value(&l->reader, o, node, l->config); /* the fault is noted */
}

static void take_map(struct loading *l, const struct node *map, struct span section)
{
    struct config_reader *r = &l->reader;
    for (const struct node *n = map->first; n; n = n->next) {
        char memory[256];
        struct buf name = BUF_ON(memory);
        buf_printf(&name, "%.*s%s%.64s", SPAN_FMT(section), section.n ? "." : "", n->key.p);
        const struct config_option *o = config_option_find(buf_span(&name));
        if (key_repeats(r, map, n))
            continue;
        if (o)
            take_option(l, o, n);
        else if (!is_section(buf_span(&name)))
            unknown_key(r, n, section, buf_span(&name));
        else if (n->kind == NODE_MAP)
            take_map(l, n, buf_span(&name));
        else if (n->kind != NODE_SCALAR || n->quoted || n->text.n)
            config_fault(r, n, 0, "%.*s is a section: its options stand below it, indented",
                         SPAN_FMT(buf_span(&name)));
    }
}

/* A variable of the environment may stand in for a default; then *ret_named. */
static bool default_of(struct config_reader *r, const struct config_option *o, struct node **ret,
                       bool *ret_named)
{
    const char *value = o->environment ? getenv(o->environment) : NULL;
    *ret_named = value && value[0];
    if (!*ret_named)
        return config_fallback(r, o, ret);
    struct node *node = arena_new(r->arena, struct node);
    const char *text = arena_printf(r->arena, "%.64s", value);
    if (!node || !text)
        return config_no_memory(r);
    *node = (struct node){ .kind = NODE_SCALAR, .text = span_of(text), .line = 1, .column = 1 };
    *ret = node;
    return true;
}

/* Options that the file does not name. */
static void take_defaults(struct loading *l)
{
    struct config_reader *r = &l->reader;
    r->fallback = true;
    for (size_t i = 0; i < config_options_n; i++) {
        struct config_setting *s = &l->memory->settings[i];
        struct node *node = NULL;
        if (s->node)
            continue;
        if (!default_of(r, &config_options[i], &node, &s->environment))
            return;
        s->node = node;
        (void)config_value(r, &config_options[i], node, l->config);
    }
    r->fallback = false;
}

/* x5u.lab decides what an x5u may be, wherever it stands in the file. */
static bool lab_of(const struct node *root)
{
    for (const struct node *n = root ? root->first : NULL; n; n = n->next)
        if (span_equal(n->key, SPAN("x5u")))
            for (const struct node *m = n->first; m; m = m->next)
                if (span_equal(m->key, SPAN("lab")) && span_equal(m->text, SPAN("true")))
                    return true;
    return false;
}

/* ---- what holds between options ---- */

static const struct node *node_of(const struct loading *l, const char *name)
{
    return l->memory->settings[config_option_find(span_of(name)) - config_options].node;
}

static void check_rules(struct loading *l)
{
    const struct config *c = l->config;
    const struct node *node = node_of(l, "rules")->first;
    for (size_t i = 0; i < c->n_rules && node; i++, node = node->next)
        if (c->rules[i].mode == RULE_ENFORCE && c->rules[i].action && !c->answer.redress[0] &&
            strncmp(c->rules[i].action, "reject", strlen("reject")) == 0)
            config_fault(
                &l->reader, node, 0,
                "rules: reject needs \"redress\": write where people whose calls are refused can complain");
}

static void check_policy(struct loading *l)
{
    static const char *const names[] = { [GENUINE] = "policy.genuine",
                                         [UNPROVEN] = "policy.unproven",
                                         [BROKEN] = "policy.broken",
                                         [IMPOSTOR] = "policy.impostor" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (l->config->answer.policy[i].action == ACTION_REJECT && !l->config->answer.redress[0])
            config_fault(&l->reader, node_of(l, names[i]), 0,
                         "%s: reject needs \"redress\": write where people whose calls are "
                         "refused can complain",
                         names[i]);
    check_rules(l);
    const struct answer_options *a = &l->config->answer;
    if (a->block_608 && (!a->block_key || !a->block_x5u))
        config_fault(&l->reader, node_of(l, "policy.block_code"), 0,
                     "policy.block_code: the card of a 608 is signed: write \"policy.block_key\" and "
                     "\"policy.block_x5u\" as well");
    if (a->block_608 && !a->redress[0])
        config_fault(
            &l->reader, node_of(l, "policy.block_code"), 0,
            "policy.block_code: the card of a 608 says where to complain: write \"redress\" as well");
}

static void check_domains(struct loading *l)
{
    const struct config *c = l->config;
    const struct node *node = node_of(l, "trust.domains")->first;
    bool real = false;
    for (size_t i = 0; i < c->trust.n_domains; i++)
        real = real || !c->trust.domains[i].lab;
    for (size_t i = 0; i < c->trust.n_domains; i++, node = node->next) {
        if (real && c->trust.domains[i].lab && !c->trust.allow_lab)
            config_fault(&l->reader, node, 0,
                         "trust.domains: the laboratory \"%s\" stands beside real domains: take it out, or "
                         "write \"trust.allow_lab: true\"",
                         c->trust.domains[i].name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(c->trust.domains[i].name, c->trust.domains[j].name) == 0)
                config_fault(&l->reader, node, 0, "trust.domains: two are called \"%s\"",
                             c->trust.domains[i].name);
    }
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    uint8_t x[16], y[16];
    const uint16_t port = addr_port((const struct sockaddr *)a);
    return addr_bytes((const struct sockaddr *)a, x) && addr_bytes((const struct sockaddr *)b, y) && port &&
           port == addr_port((const struct sockaddr *)b) && memcmp(x, y, sizeof x) == 0;
}

static void check_listeners(struct loading *l)
{
    const struct config *c = l->config;
    const struct node *node = node_of(l, "sip.listen")->first;
    for (size_t i = 0; i < c->sip.n_listen; i++, node = node->next)
        for (size_t j = 0; j < i; j++)
            if (c->sip.listen[i].transport == c->sip.listen[j].transport &&
                same_address(&c->sip.listen[i].addr, &c->sip.listen[j].addr))
                config_fault(&l->reader, node, 0, "sip.listen: %s stands there twice", c->sip.listen[i].text);
    if (c->http.on && c->public_.on && same_address(&c->http.addr, &c->public_.addr))
        config_fault(&l->reader, node_of(l, "public.listen"), 0,
                     "public.listen: http.listen has this address already");
    if (c->public_.on && !c->public_.certificates)
        config_fault(&l->reader, node_of(l, "public.listen"), 0,
                     "public.listen: there is nothing to serve: write \"public.certificates\" as well");
}

static void check_tls(struct loading *l)
{
    const struct config *c = l->config;
    const struct node *node = node_of(l, "sip.listen")->first;
    for (size_t i = 0; i < c->sip.n_listen; i++, node = node->next)
        if (c->sip.listen[i].transport == LISTEN_TLS && (!c->sip.tls.cert || !c->sip.tls.key))
            config_fault(
                &l->reader, node, 0,
                "sip.listen: %s has no certificate to show: write \"sip.tls.cert\" and \"sip.tls.key\"",
                c->sip.listen[i].text);
}

static bool is_loopback(const struct sockaddr_storage *a)
{
    static const uint8_t one[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint8_t bytes[16];
    if (!addr_bytes((const struct sockaddr *)a, bytes))
        return false;
    return memcmp(bytes, one, sizeof one) == 0 ||
           (memcmp(bytes, mapped, sizeof mapped) == 0 && bytes[12] == 127);
}

static void check_http(struct loading *l)
{
    const struct config *c = l->config;
    struct config_reader *r = &l->reader;
    const struct node *node = node_of(l, "http.keys")->first;
    const bool certified = c->http.tls_client_ca && !c->http.client_optional;
    if (!c->http.tls_cert != !c->http.tls_key)
        config_fault(r, node_of(l, c->http.tls_cert ? "http.tls.cert" : "http.tls.key"), 0,
                     "http.tls needs \"cert\" and \"key\", both");
    if (c->http.tls_client_ca && !c->http.tls_cert)
        config_fault(r, node_of(l, "http.tls.client_ca"), 0,
                     "http.tls.client_ca: without \"cert\" and \"key\" there is no TLS");
    if (c->http.on && !is_loopback(&c->http.addr) && !c->http.n_keys && !certified && !c->http.open)
        config_fault(r, node_of(l, "http.listen"), 0,
                     "http.listen: others than this machine can reach this address: write http.keys or "
                     "http.tls.client_ca, or \"http.open: true\" if anybody may ask");
    for (size_t i = 0; i < c->http.n_keys; i++, node = node->next)
        for (size_t j = 0; j < i; j++)
            if (strcmp(c->http.keys[i].name, c->http.keys[j].name) == 0)
                config_fault(r, node, 0, "http.keys: two are called \"%s\"", c->http.keys[i].name);
}

static void check_headers(struct loading *l)
{
    const struct answer_options *a = &l->config->answer;
    if (span_equal_nocase(span_of(a->verdict_header), span_of(a->attest_header)))
        config_fault(&l->reader, node_of(l, "headers.verdict"), 0,
                     "headers.verdict and headers.attestation must be two names, and both are \"%s\"",
                     a->verdict_header);
}

static bool is_written(const struct loading *l, const char *name)
{
    return l->memory->settings[config_option_find(span_of(name)) - config_options].written;
}

/* `+33*` */
static void national_by_code(struct loading *l, const char *code)
{
    struct number_range *range = arena_new(l->reader.arena, struct number_range);
    if (!range) {
        l->reader.no_memory = true;
        return;
    }
    range->start.n = (uint8_t)strlen(code);
    memcpy(range->start.digits, code, range->start.n);
    l->config->numbers.national = range;
    l->config->numbers.n_national = 1;
}

/* The country's plan, wherever the file does not say otherwise. */
static void take_country(struct loading *l)
{
    struct config *c = l->config;
    const struct country *home = country_find(span_of(c->numbers.country));
    struct dial_plan written = c->numbers.plan, *plan = &c->numbers.plan;
    c->numbers.home = home;
    if (!home) {
        memcpy(plan->country, c->numbers.country, strlen(c->numbers.country) + 1);
        if (plan->country[0] && !c->numbers.n_national)
            national_by_code(l, plan->country);
        return;
    }
    country_plan(home, plan);
    plan->digits_are_numbers = written.digits_are_numbers;
    if (is_written(l, "numbers.international_prefix")) {
        memcpy(plan->international_prefix, written.international_prefix, sizeof plan->international_prefix);
        plan->second_prefix[0] = '\0';
    }
    if (is_written(l, "numbers.trunk_prefix"))
        memcpy(plan->trunk_prefix, written.trunk_prefix, sizeof plan->trunk_prefix);
    if (is_written(l, "numbers.national_min"))
        plan->national_min = written.national_min;
    if (is_written(l, "numbers.national_max"))
        plan->national_max = written.national_max;
}

/* Most readers want the URIs alone. */
static void list_hops(struct loading *l)
{
    struct config *c = l->config;
    const char **uris = arena_take(l->reader.arena, c->sip.n_next_hop * sizeof *uris);
    l->reader.no_memory |= !uris;
    for (size_t i = 0; uris && i < c->sip.n_next_hop; i++)
        uris[i] = c->sip.hops[i].uri;
    c->sip.next_hop = uris;
}

static void check_plan(struct loading *l)
{
    const struct dial_plan *p = &l->config->numbers.plan;
    if (p->national_min > p->national_max)
        config_fault(&l->reader, node_of(l, "numbers.national_min"), 0,
                     "numbers.national_min must not be greater than numbers.national_max");
    if (p->national_min && !p->country[0])
        config_fault(&l->reader, node_of(l, "numbers.national_min"), 0,
                     "numbers.national_min needs \"numbers.country\", which is put in front");
}

/* A database put elsewhere takes its journal along: two servers with two databases must not meet in one journal. */
static void place_journal(struct loading *l)
{
    struct config *c = l->config;
    const struct span scheme = SPAN("sqlite:"), url = span_of(c->store.url ? c->store.url : "");
    if (is_written(l, "store.journal") || !is_written(l, "store.url") || !span_starts(url, scheme))
        return;
    c->store.journal = arena_printf(l->reader.arena, "%s.journal", c->store.url + scheme.n);
    l->reader.no_memory |= !c->store.journal;
}

/* A list of the operator's own never takes the emergency numbers away: only never_block_defaults does. */
static void add_emergency_numbers(struct loading *l)
{
    static const struct number_range emergency[] = {
        { .start = { .digits = "112", .n = 3 }, .count = 1 },
        { .start = { .digits = "911", .n = 3 }, .count = 1 },
        { .start = { .digits = "999", .n = 3 }, .count = 1 },
        { .start = { .digits = "000", .n = 3 }, .count = 1 },
        { .start = { .digits = "110", .n = 3 }, .count = 1 },
        { .start = { .digits = "118", .n = 3 }, .count = 1 },
        { .start = { .digits = "119", .n = 3 }, .count = 1 },
    };
    struct config *c = l->config;
    const char *services = c->numbers.home ? c->numbers.home->services : "";
    const size_t n = c->policy.n_never_block, most = n + ARRAY_SIZE(emergency) + strlen(services);
    if (!c->policy.never_block_defaults)
        return;
    struct number_range *ranges = arena_take(l->reader.arena, most * sizeof *ranges);
    if (!ranges) {
        l->reader.no_memory = true;
        return;
    }
    memcpy(ranges, emergency, sizeof emergency);
    size_t all = ARRAY_SIZE(emergency);
    for (struct span word, rest = span_of(services); rest.n; rest = span_from(rest, word.n + 1)) {
        word = span_first(rest, span_find(rest, ' '));
        ranges[all] = (struct number_range){ .start = { .n = (uint8_t)word.n }, .count = 1 };
        memcpy(ranges[all++].start.digits, word.p, word.n);
    }
    if (n)
        memcpy(ranges + all, c->policy.never_block, n * sizeof *ranges);
    c->policy.never_block = ranges;
    c->policy.n_never_block = all + n;
}

static void name_node(struct loading *l)
{
    struct config *c = l->config;
    char host[256] = "";
    if (c->node[0])
        return;
    if (gethostname(host, sizeof host - 1) != 0 || !host[0])
        strcpy(host, "localhost");
    const struct span name = arena_copy(l->reader.arena, span_of(host));
    l->reader.no_memory |= !name.p;
    c->node = name.p;
}

/* ---- the whole ---- */

static enum bf_err verdict(struct loading *l, char **ret_message)
{
    struct config_reader *r = &l->reader;
    if (r->no_memory)
        return BF_ENOMEM;
    if (r->n_faults == 0)
        return BF_OK;
    if (r->n_faults > CONFIG_FAULTS)
        buf_printf(&r->faults, "%s: and %u more\n", r->name, r->n_faults - CONFIG_FAULTS);
    while (r->faults.n && r->faults.p[r->faults.n - 1] == '\n')
        r->faults.n--;
    *ret_message = strndup(r->faults.p, r->faults.n);
    return *ret_message ? BF_EFORM : BF_ENOMEM;
}

static enum bf_err load(struct loading *l, struct span yaml, char **ret_message)
{
    struct config_reader *r = &l->reader;
    struct yaml_fault fault;
    struct node *root = NULL, here;
    enum bf_err err = yaml_read(yaml, r->arena, &root, &fault);
    if (err == BF_EFORM) {
        here = (struct node){ .line = fault.line, .column = fault.column };
        config_fault(r, &here, 0, "%s", fault.what);
        return verdict(l, ret_message);
    }
    if (err)
        return err;
    r->lab = lab_of(root);
    if (root && root->kind == NODE_MAP)
        take_map(l, root, SPAN(""));
    else if (root)
        config_fault(r, root, 0, "a configuration is a mapping: `sip:` and so on, from the first column");
    take_defaults(l);
    if (r->n_faults == 0 && !r->no_memory) {
        check_policy(l);
        check_domains(l);
        check_listeners(l);
        check_tls(l);
        check_http(l);
        check_headers(l);
        take_country(l);
        check_plan(l);
        list_hops(l);
        add_emergency_numbers(l);
        place_journal(l);
        name_node(l);
    }
    return verdict(l, ret_message);
}

/* An empty configuration with its memory; everything else comes out of that arena. */
static enum bf_err prepare(const char *name, struct loading *ret)
{
    struct arena *arena;
    if (arena_create(ARENA_BLOCK, ARENA_MOST, &arena))
        return BF_ENOMEM;
    struct config *c = arena_new(arena, struct config);
    struct config_memory *m = arena_new(arena, struct config_memory);
    struct config_setting *settings = arena_take(arena, config_options_n * sizeof *settings);
    char *faults = arena_take(arena, FAULTS_BYTES);
    const struct span copy = arena_copy(arena, span_of(name ? name : ""));
    const char *state = config_state_dir(arena), *dir = copy.p ? dir_of(arena, copy.p) : NULL;
    if (!c || !m || !settings || !faults || !state || !dir) {
        arena_destroy(arena);
        return BF_ENOMEM;
    }
    *m = (struct config_memory){ arena, copy.p, settings };
    c->memory = m;
    *ret = (struct loading){
        .reader = { .arena = arena,
                    .name = copy.n ? copy.p : "default",
                    .dir = dir,
                    .state_dir = state,
                    .faults = buf_on(faults, FAULTS_BYTES) },
        .config = c,
        .memory = m,
    };
    return BF_OK;
}

enum bf_err config_parse(struct span yaml, const char *name, struct config **ret, char **ret_message)
{
    struct loading l;
    *ret_message = NULL;
    enum bf_err err = prepare(name, &l);
    if (err)
        return err;
    err = load(&l, yaml, ret_message);
    if (err)
        config_destroy(l.config);
    else
        *ret = l.config;
    return err;
}

/* In steps: a block of the whole limit, given back, would teach malloc to keep the server's tables on the heap. */
static enum bf_err read_whole(FILE *file, char **ret, size_t *ret_n)
{
    char *bytes = NULL;
    size_t n = 0, size = 0;
    do {
        size = size ? 2 * size : 32768;
        char *more = realloc(bytes, size);
        if (!more) {
            free(bytes);
            return BF_ENOMEM;
        }
        bytes = more;
        n += fread(bytes + n, 1, size - n, file);
    } while (n == size && n <= LIMIT_CONFIG_BYTES);
    if (!ferror(file) && n <= LIMIT_CONFIG_BYTES) {
        *ret = bytes;
        *ret_n = n;
        return BF_OK;
    }
    free(bytes);
    return ferror(file) ? BF_EIO : BF_ELIMIT;
}

static char *message_of(const char *path, enum bf_err err)
{
    char text[1200];
    snprintf(text, sizeof text, "%.1000s:1:1: %s", path,
             err == BF_ELIMIT ? "larger than 4 MiB: that is no configuration" : strerror(errno));
    return strdup(text);
}

enum bf_err config_load(const char *path, struct config **ret, char **ret_message)
{
    char *bytes = NULL;
    size_t n = 0;
    *ret_message = NULL;
    if (!path)
        return config_parse(SPAN(""), NULL, ret, ret_message);
    FILE *file = fopen(path, "re");
    enum bf_err err = file ? read_whole(file, &bytes, &n) : BF_EIO;
    if (err)
        *ret_message = message_of(path, err);
    if (file)
        fclose(file);
    if (err)
        return err;
    err = config_parse(span_make(bytes, n), path, ret, ret_message);
    free(bytes);
    return err;
}

void config_destroy(struct config *c)
{
    if (c)
        arena_destroy(((struct config_memory *)c->memory)->arena);
}
