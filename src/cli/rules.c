/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide rules`: what is done with calls, what would have been done, and the list of the desk. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/verify.h"
#include "rules/dry_run.h"
#include "rules/stored.h"
#include "serve/config.h"

#define SHOWN_USUAL 50u /* calls of a rule that are listed */
#define WEEK        (7 * 86400)
#define FILE_MOST   RULES_JSON

struct wishes {
    const char *config, *store, *since, *until, *as;
    unsigned long limit;
    bool json;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("config", "FILE", "the server's configuration, with its rules and its store", OPTION_TEXT, config),
    ROW("store", "URL", "the store itself: sqlite:PATH", OPTION_TEXT, store),
    ROW("since", "TIME", "dry-run: calls from then on: 2015-09-25T19:12:25Z, or 12h, 7d ago; default 7d",
        OPTION_TEXT, since),
    ROW("until", "TIME", "dry-run: calls before then", OPTION_TEXT, until),
    ROW("limit", "N", "dry-run: calls of each rule that are listed; default 50", OPTION_NUMBER, limit),
    ROW("as", "NAME", "put: who changes the list; default the name of the user", OPTION_TEXT, as),
    ROW("json", NULL, "one JSON object", OPTION_FLAG, json),
    { 0 },
};

static const struct command_help help = {
    .name = "rules",
    .example = "bonafide rules dry-run --since 7d\n"
               "        which calls of the last week the rules would have decided\n"
               "bonafide rules dry-run wanted.json\n"
               "        the same with rules that are not in force yet\n",
    .usage = "[OPTION...] list | check [FILE] | dry-run [FILE] | put FILE",
    .about = "Says what is done with calls, and what would have been done with those of the past.\n",
    .rows = rows,
    .more = "list     the rules in force, those of the file first, then those of the desk\n"
            "check    reads rules and says what is wrong with them; without FILE, those in force\n"
            "dry-run  asks the record: how many calls each rule would have decided if all were switched on\n"
            "put      makes FILE the list of the desk, which a running server takes within seconds\n"
            "\n"
            "FILE is a list in JSON, as rules list --json writes it, or a configuration (.yaml) with rules "
            "in it.\n",
};

static int fail(int status, char *message, enum bf_err err)
{
    const int ret = command_fail("rules", err == BF_ENOMEM ? EXIT_FAILURE_OURS : status, "%s.",
                                 message ? message : bf_err_text(err));
    free(message);
    return ret;
}

/* ---- where rules come from ---- */

struct sources {
    struct config *config;
    const char *url;
    struct rules *file, *desk, *given; /* NULL: none */
    int64_t generation;                /* of the desk's list */
};

static void sources_clear(struct sources *s)
{
    config_destroy(s->config);
    rules_destroy(s->file);
    rules_destroy(s->desk);
    rules_destroy(s->given);
}

static int load_config(const struct wishes *w, struct sources *s)
{
    char *message = NULL;
    if (w->store && !w->config) {
        s->url = w->store;
        return EXIT_SUCCESS;
    }
    const enum bf_err err = config_load(w->config, &s->config, &message);
    if (err) {
        fprintf(stderr, "%s\n", message ? message : bf_err_text(err));
        free(message);
        return EXIT_INPUT;
    }
    s->url = w->store ? w->store : s->config->store.url;
    if (s->url && !*s->url)
        s->url = NULL;
    return EXIT_SUCCESS;
}

static enum bf_err of_config(const struct config *c, struct rules **ret, char **message)
{
    const struct rules_options options = { .may_reject = *c->answer.redress };
    return rules_create(c->rules, c->n_rules, &options, ret, message);
}

/* Nobody wrote any, or there is no store yet: none. */
static enum bf_err of_desk(struct sources *s, char **message)
{
    auto_(db_close) struct db *db = NULL;
    char *json = NULL;
    if (!s->url)
        return BF_OK;
    enum bf_err err = db_open(s->url, DB_READ, &db, message);
    if (!err)
        err = stored_rules_ready(db, message);
    if (err == BF_ENOENT) {
        free(*message);
        *message = NULL;
        return BF_OK;
    }
    if (!err)
        err = stored_rules_get(db, &s->generation, &json);
    if (!err)
        err = rules_of_json(span_of(json), &(struct rules_options){ .may_reject = true }, &s->desk, message);
    free(json);
    return err;
}

static int load_in_force(const struct wishes *w, struct sources *s)
{
    char *message = NULL;
    const int status = load_config(w, s);
    if (status)
        return status;
    enum bf_err err = s->config ? of_config(s->config, &s->file, &message) : BF_OK;
    if (!err)
        err = of_desk(s, &message);
    return err ? fail(EXIT_INPUT, message, err) : EXIT_SUCCESS;
}

static char *file_read(const char *path, size_t *ret_n)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *memory = f ? malloc(FILE_MOST + 1) : NULL;
    *ret_n = memory ? fread(memory, 1, FILE_MOST + 1, f) : 0;
    if (f && f != stdin)
        fclose(f);
    return memory;
}

static bool is_yaml(const char *path)
{
    const char *suffix = strrchr(path, '.');
    return suffix && suffix != path && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0);
}

/* may_reject: as the configuration says, where there is one to ask. */
static int load_given(const char *path, struct sources *s)
{
    auto_(config_destroy) struct config *config = NULL;
    const struct rules_options options = { .may_reject = !s->config || *s->config->answer.redress };
    char *message = NULL;
    enum bf_err err;
    if (is_yaml(path)) {
        err = config_load(path, &config, &message);
        if (!err)
            err = of_config(config, &s->given, &message);
        return err ? fail(EXIT_INPUT, message, err) : EXIT_SUCCESS;
    }
    size_t n;
    char *json = file_read(path, &n);
    if (!json)
        return command_fail("rules", EXIT_INPUT, "%s cannot be read.", path);
    err = rules_of_json(span_make(json, n), &options, &s->given, &message);
    free(json);
    return err ? fail(EXIT_INPUT, message, err) : EXIT_SUCCESS;
}

/* ---- list, check ---- */

static char *json_memory(struct buf *out)
{
    char *memory = malloc(RULES_JSON);
    *out = buf_on(memory, memory ? RULES_JSON : 0);
    return memory;
}

static void put_rules(const struct rules *r, const char *from, bool *first)
{
    for (size_t i = 0; i < rules_count(r); i++) {
        struct buf out;
        char *memory = json_memory(&out);
        rules_json_row(r, i, &out);
        if (buf_ok(&out) && out.n) /* where it comes from stands behind its last member */
            printf("%s%.*s,\"from\":\"%s\"}", *first ? "" : ",", (int)(out.n - 1), out.p, from);
        *first = false;
        free(memory);
    }
}

static void table_rules(struct table *t, const struct rules *r, const char *from)
{
    for (size_t i = 0; i < rules_count(r); i++) {
        const struct rule_row *row = rules_row(r, i);
        struct buf out;
        char *memory = json_memory(&out);
        rules_json_row(r, i, &out);
        buf_char(&out, '\0');
        /* conditions: what stands behind the action */
        const char *action = buf_ok(&out) ? strstr(memory, "\"action\":\"") : NULL;
        const char *rest =
            action ? strstr(action + strlen("\"action\":\"") + strlen(row->action), "\",") : NULL;
        char *conditions = strdup(rest ? rest + 2 : "");
        if (conditions && *conditions)
            conditions[strlen(conditions) - 1] = '\0';
        const char *const cells[] = { from, row->name, rule_mode_text((enum rule_mode)row->mode), row->action,
                                      conditions ? conditions : "" };
        table_row(t, cells, row->mode == RULE_ENFORCE ? NULL : "2");
        free(conditions);
        free(memory);
    }
}

static int list(const struct sources *s, bool json)
{
    if (json) {
        bool first = true;
        printf("{\"etag\":%" PRId64 ",\"rules\":[", s->generation);
        put_rules(s->file, "file", &first);
        put_rules(s->desk, "desk", &first);
        printf("]}\n");
        return EXIT_SUCCESS;
    }
    if (rules_count(s->file) + rules_count(s->desk) == 0) {
        fprintf(
            stderr,
            "bonafide rules: there are none: what happens to a call follows from its verdict (policy.*).\n");
        return EXIT_SUCCESS;
    }
    static const char *const titles[] = { "FROM", "RULE", "MODE", "ACTION", "WHERE" };
    struct table *t = table_create(titles, ARRAY_SIZE(titles));
    if (!t)
        return command_fail("rules", EXIT_FAILURE_OURS, "out of memory.");
    table_rules(t, s->file, "file");
    table_rules(t, s->desk, "desk");
    table_wrap(t);
    table_print(t, command_colors());
    table_destroy(t);
    return EXIT_SUCCESS;
}

static int check(const struct sources *s, const char *path)
{
    const size_t n = path ? rules_count(s->given) : rules_count(s->file) + rules_count(s->desk);
    printf("%zu rule%s can be read.\n", n, n == 1 ? "" : "s");
    return EXIT_SUCCESS;
}

/* ---- put ---- */

static int put(const struct wishes *w, const struct sources *s)
{
    auto_(db_close) struct db *db = NULL;
    char *message = NULL;
    int64_t seen = 0, now = 0;
    if (!s->url)
        return command_fail("rules", EXIT_INPUT, "store.url is empty: there is no store to put rules into.");
    enum bf_err err = db_open(s->url, DB_WRITE, &db, &message);
    if (!err)
        err = stored_rules_ready(db, &message);
    if (!err)
        err = stored_rules_generation(db, &seen);
    const char *who = w->as ? w->as : getenv("USER");
    if (!err)
        err = stored_rules_put(db, s->given, seen, span_of(who ? who : "command"),
                               clock_now(&clock_system).utc, &now);
    if (err)
        return fail(EXIT_INPUT, message, err);
    printf("The list of the desk has %zu rule%s now.\n", rules_count(s->given),
           rules_count(s->given) == 1 ? "" : "s");
    return EXIT_SUCCESS;
}

/* ---- dry run ---- */

struct seen {
    size_t rule;
    char *json;  /* of a call, with --json */
    char *words; /* a line of it, without */
};
struct report {
    const struct rules *rules;
    bool json;
    size_t limit, *listed; /* a rule */
    struct seen *seen;
    size_t n, size;
    char *memory; /* of one record */
};

static char *call_words(const struct record *r)
{
    char at[RECORD_TIME], memory[1024];
    struct buf b = BUF_ON(memory);
    record_time(r, at);
    buf_printf(&b, "  %s  %-8s  ", at, record_verdict_text(r));
    if (r->masked)
        buf_text(&b, "withheld");
    else if (r->caller.n)
        buf_printf(&b, "+%.*s", SPAN_FMT(r->caller));
    buf_printf(&b, " -> %s%.*s  ", r->called.n > 6 ? "+" : "", SPAN_FMT(r->called));
    if (r->claimed_name.n) {
        buf_text(&b, "says: ");
        buf_printable(&b, r->claimed_name);
    }
    return buf_ok(&b) ? strndup(memory, b.n) : NULL;
}

static bool keep(void *arg, size_t rule, const struct record *r)
{
    struct report *p = arg;
    if (p->listed[rule] >= p->limit)
        return true;
    if (p->n == p->size) {
        const size_t size = p->size ? 2 * p->size : 64;
        struct seen *more = realloc(p->seen, size * sizeof *more);
        if (!more)
            return false;
        p->seen = more;
        p->size = size;
    }
    struct seen one = { .rule = rule };
    if (p->json) {
        struct buf b = buf_on(p->memory, RECORD_SHOWN);
        one.json = record_json(r, &b) == BF_OK ? strndup(b.p, b.n) : NULL;
    } else {
        one.words = call_words(r);
    }
    p->listed[rule]++;
    p->seen[p->n++] = one;
    return true;
}

static void report_json(const struct report *p, const struct rules_dry_result *result)
{
    printf("{\"calls\":%" PRIu64 ",\"by_rule\":[", result->calls);
    for (size_t i = 0; i < rules_count(p->rules); i++) {
        struct buf name;
        char *memory = json_memory(&name);
        bool first = true;
        buf_json_string(&name, span_of(rules_row(p->rules, i)->name));
        printf("%s{\"rule\":%zu,\"name\":%.*s,\"matched\":%" PRIu64 ",\"calls\":[", i ? "," : "", i,
               (int)name.n, name.p, result->matched[i]);
        for (size_t j = 0; j < p->n; j++)
            if (p->seen[j].rule == i && p->seen[j].json) {
                printf("%s%s", first ? "" : ",", p->seen[j].json);
                first = false;
            }
        printf("]}");
        free(memory);
    }
    printf("]}\n");
}

/* `With "nights", 14 of 2310 calls would have got voicemail:…; here they are:` */
static void report_words(const struct report *p, const struct rules_dry_result *result)
{
    for (size_t i = 0; i < rules_count(p->rules); i++) {
        const struct rule_row *row = rules_row(p->rules, i);
        printf("With \"%s\", %" PRIu64 " of %" PRIu64 " calls would have got %s%s\n", row->name,
               result->matched[i], result->calls, row->action, p->listed[i] ? "; here they are:" : ".");
        for (size_t j = 0; j < p->n; j++)
            if (p->seen[j].rule == i && p->seen[j].words)
                puts(p->seen[j].words);
        if (result->matched[i] > p->listed[i])
            printf("  ... and %" PRIu64 " before them (--limit)\n", result->matched[i] - p->listed[i]);
    }
}

/* `90s`, `12h`, `7d` ago, or a time. */
static bool when_read(const char *text, utc_t *ret)
{
    const struct span s = span_of(text);
    const utc_t unit = s.n == 0              ? 0
                       : s.p[s.n - 1] == 's' ? 1
                       : s.p[s.n - 1] == 'm' ? 60
                       : s.p[s.n - 1] == 'h' ? 3600
                       : s.p[s.n - 1] == 'd' ? 86400
                                             : 0;
    uint64_t n;
    if (unit && span_decimal(span_first(s, s.n - 1), 1000000000, &n)) {
        *ret = clock_now(&clock_system).utc - (utc_t)n * unit;
        return true;
    }
    return time_read(text, ret);
}

static int dry_run_of(const struct wishes *w, const struct sources *s, const struct rules *rules)
{
    const size_t n = rules_count(rules);
    struct report p = { .rules = rules, .json = w->json, .limit = w->limit };
    struct rules_dry_result result = { .matched = calloc(n + 1, sizeof *result.matched) };
    utc_t since = clock_now(&clock_system).utc - WEEK, until = 0;
    char *message = NULL;
    int status = EXIT_SUCCESS;
    p.listed = calloc(n + 1, sizeof *p.listed);
    p.memory = malloc(RECORD_SHOWN);
    if ((w->since && !when_read(w->since, &since)) || (w->until && !when_read(w->until, &until)))
        status = command_fail("rules", EXIT_USAGE, "write a time like 2015-09-25T19:12:25Z, or 12h, 7d ago.");
    else if (!p.listed || !result.matched || !p.memory)
        status = command_fail("rules", EXIT_FAILURE_OURS, "out of memory.");
    const enum bf_err err =
        status ? BF_OK : rules_dry_run(s->url, rules, since, until, &result, keep, &p, &message);
    if (err)
        status = fail(EXIT_INPUT, message, err);
    else if (!status && w->json)
        report_json(&p, &result);
    else if (!status)
        report_words(&p, &result);
    for (size_t i = 0; i < p.n; i++) {
        free(p.seen[i].json);
        free(p.seen[i].words);
    }
    free(p.seen);
    free(p.memory);
    free(p.listed);
    free(result.matched);
    return status;
}

/* Those in force are two lists, which a dry run takes as one. */
static int join(struct sources *s)
{
    struct rule_row *all = NULL;
    const size_t n = rules_count(s->file), m = rules_count(s->desk);
    char *message = NULL;
    if (s->given)
        return EXIT_SUCCESS;
    all = calloc(n + m + 1, sizeof *all);
    if (!all)
        return command_fail("rules", EXIT_FAILURE_OURS, "out of memory.");
    for (size_t i = 0; i < n + m; i++)
        all[i] = *(i < n ? rules_row(s->file, i) : rules_row(s->desk, i - n));
    const enum bf_err err =
        rules_create(all, n + m, &(struct rules_options){ .may_reject = true }, &s->given, &message);
    free(all);
    return err ? fail(EXIT_INPUT, message, err) : EXIT_SUCCESS;
}

static int dry_run(const struct wishes *w, struct sources *s)
{
    const int status = join(s);
    if (status)
        return status;
    if (!s->url)
        return command_fail("rules", EXIT_INPUT, "store.url is empty: there is no record to ask.");
    if (rules_count(s->given) == 0)
        return command_fail("rules", EXIT_INPUT, "there are no rules to ask about.");
    return dry_run_of(w, s, s->given);
}

/* ---- the whole ---- */

static int run(const struct wishes *w, const struct option_list *operands, struct sources *s)
{
    const char *verb = operands->n ? operands->items[0] : "list",
               *path = operands->n > 1 ? operands->items[1] : NULL;
    const bool is_list = strcmp(verb, "list") == 0, is_put = strcmp(verb, "put") == 0;
    if ((!is_list && !is_put && strcmp(verb, "check") != 0 && strcmp(verb, "dry-run") != 0) ||
        operands->n > 2 || (is_list && path) || (is_put && !path))
        return command_fail(
            "rules", EXIT_USAGE,
            "write list, check [FILE], dry-run [FILE] or put FILE. See bonafide rules --help.");
    int status = path ? load_config(w, s) : load_in_force(w, s);
    if (!status && path)
        status = load_given(path, s);
    if (status)
        return status;
    return is_list                      ? list(s, w->json)
           : is_put                     ? put(w, s)
           : strcmp(verb, "check") == 0 ? check(s, path)
                                        : dry_run(w, s);
}

int command_rules(int argc, char **argv)
{
    struct wishes w = { .limit = SHOWN_USUAL };
    struct option_list operands;
    struct sources s = { .url = NULL };
    int status;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = run(&w, &operands, &s);
    sources_clear(&s);
    options_clear(&help, &w, &operands);
    return status;
}
