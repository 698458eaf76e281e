/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product's description, run: every file of test/calls is a story of one or more calls, what was thought of each, and
 * what was answered. test/calls/README.md says how they are written. Chains are made at run time for the published
 * test keys (standards.md PP-052, PP-054), so the tokens in the files are real and stay as they are.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/forward.h"
#include "sip/message.h"
#include "stage.h"
#include "tap.h"
#include "verdict/check.h"

#define MAX_LINES 4096

/* ---- a story: settings, then calls with what is expected of each ---- */

struct story_lines {
    char *text;
    char *at[MAX_LINES];
    size_t n;
};

static int failures;
static unsigned compared; /* calls whose tokens went both ways */

static void complain(const char *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "  %s: ", file);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    failures++;
}

static bool setting(const char *line, const char *key, const char **ret_value)
{
    const size_t n = strlen(key);
    if (line[0] != '-' || line[1] != ' ' || strncmp(line + 2, key, n) != 0 || line[2 + n] != ':')
        return false;
    *ret_value = line + 3 + n;
    while (**ret_value == ' ')
        (*ret_value)++;
    return true;
}

/* ---- settings ---- */

static enum answer_action action_of(struct stage *s, const char *word, enum outcome o)
{
    if (strncmp(word, "to:", 3) == 0) {
        snprintf(s->to[o], sizeof s->to[o], "%s", word + 3);
        s->answer.policy[o].to = s->to[o];
        return ACTION_TO;
    }
    return strcmp(word, "label") == 0    ? ACTION_LABEL
           : strcmp(word, "reject") == 0 ? ACTION_REJECT
                                         : ACTION_PASS;
}

static void set_peer(struct stage *s, const char *v)
{
    s->peer.pai = strstr(v, "pai") && !strstr(v, "no-pai");
    s->peer.priority = strstr(v, "priority") != NULL;
    s->peer.says = strstr(v, "believe") ? PEER_BELIEVE : strstr(v, "show") ? PEER_SHOW : PEER_IGNORE;
    s->peer.source = strstr(v, "second") ? 2 : 1;
    s->peer.international = strstr(v, "international") != NULL;
    s->peer.gateway = strstr(v, "gateway") != NULL;
    const char *country = strstr(v, "country=");
    if (country)
        stage_peer_country(s, country + 8);
}

static enum check_mode mode_of(const char *word)
{
    return strcmp(word, "enforce") == 0 ? CHECK_ENFORCE
           : strcmp(word, "off") == 0   ? CHECK_OFF
                                        : CHECK_OBSERVE;
}

/* Whose numbers are whose, and what the checks on them may do. false: it is another setting. */
static bool apply_numbers(struct stage *s, const char *line)
{
    struct judge_options *o = &s->judge.options;
    const char *v;
    if (setting(line, "numbers.country", &v))
        stage_country(s, v);
    else if (setting(line, "numbers.national", &v))
        o->n_national = stage_ranges(v, s->national, 8);
    else if (setting(line, "format", &v)) {
        s->hop_written = true;
        if (strncmp(v, "national:", 9) == 0)
            s->hop_format.national = country_find(span_from(span_of(v), 9));
    } else if (setting(line, "roaming", &v))
        o->n_roaming = stage_ranges(v, s->roaming, 8);
    else if (setting(line, "do_not_originate", &v))
        stage_do_not_originate(s, v);
    else if (setting(line, "checks.number-possible", &v))
        o->number_possible = mode_of(v);
    else if (setting(line, "checks.do-not-originate", &v))
        o->do_not_originate_mode = mode_of(v);
    else if (setting(line, "checks.from-abroad", &v))
        o->from_abroad = mode_of(v);
    else
        return false;
    return true;
}

/* Who is known. false: it is another setting. */
static bool apply_people(struct stage *s, const char *line)
{
    const char *v;
    if (setting(line, "person", &v))
        stage_person(s, v);
    else if (setting(line, "habit", &v))
        stage_habit(s, v);
    else if (setting(line, "expected", &v))
        stage_expected(s, v);
    else if (setting(line, "exception", &v))
        stage_exception(s, v);
    else if (setting(line, "people.require_proof", &v))
        s->judge.options.require_proof = strcmp(v, "always") == 0  ? PROOF_REQUIRED
                                         : strcmp(v, "never") == 0 ? PROOF_WAIVED
                                                                   : PROOF_USUAL;
    else
        return false;
    return true;
}

static void apply(struct stage *s, const char *line)
{
    const char *v;
    char key[64];
    if (apply_numbers(s, line) || apply_people(s, line))
        return;
    if (setting(line, "time", &v)) {
        const utc_t now = stage_time(v);
        clock_fixed_set(&s->clock,
                        (struct instant){ .utc = now,
                                          .ms = s->clock.at.ms,
                                          .mono = s->clock.at.mono + MONO_S(now - s->clock.at.utc) });
    } else if (setting(line, "signer", &v))
        stage_signer(s, v);
    else if (setting(line, "peer", &v))
        set_peer(s, v);
    else if (setting(line, "least_attestation", &v))
        s->judge.options.least_attestation = *v;
    else if (setting(line, "numbers.own", &v))
        s->judge.options.n_own = stage_ranges(v, s->own, 8);
    else if (setting(line, "same_line", &v))
        s->judge.options.n_same_line = stage_ranges(v, s->same_line, 8);
    else if (setting(line, "never_block", &v))
        s->rules.n_never_block = stage_ranges(v, s->never_block, 8);
    else if (setting(line, "verstat", &v))
        s->answer.verstat_place = strcmp(v, "uri") == 0      ? VERSTAT_URI_PARAM
                                  : strcmp(v, "header") == 0 ? VERSTAT_HEADER_PARAM
                                                             : VERSTAT_USER;
    else if (setting(line, "verstat.on_impostor", &v))
        s->answer.verstat_keep_on_impostor = strcmp(v, "keep") == 0;
    else if (setting(line, "policy.anonymous", &v))
        s->answer.refuse_anonymous = strcmp(v, "reject") == 0;
    else if (setting(line, "policy.block_code", &v)) {
        s->answer.block_608 = strcmp(v, "608") == 0;
        s->answer.block_card = "<data:application/jose,a.b.c>;purpose=jwscard";
    } else if (setting(line, "next_hop", &v))
        s->outside = strcmp(v, "outside") == 0;
    for (int o = GENUINE; o <= IMPOSTOR; o++) {
        snprintf(key, sizeof key, "policy.%s", outcome_text((enum outcome)o));
        if (setting(line, key, &v))
            s->answer.policy[o].action = action_of(s, v, (enum outcome)o);
        snprintf(key, sizeof key, "alert_info.%s", outcome_text((enum outcome)o));
        if (setting(line, key, &v))
            s->answer.alert_info[o] = v;
        snprintf(key, sizeof key, "display.%s", outcome_text((enum outcome)o));
        if (setting(line, key, &v))
            s->answer.display[o] = v;
    }
}

/* ---- what is expected ---- */

static bool people_fact(const struct verdict *v, const char *name, char *out, size_t size)
{
    if (strcmp(name, "person") == 0)
        snprintf(out, size, "%s", v->person ? v->person->name : "none");
    else if (strcmp(name, "claimed_person") == 0)
        snprintf(out, size, "%s", v->claimed_person ? v->claimed_person->name : "none");
    else if (strcmp(name, "match") == 0)
        snprintf(out, size, "%s", v->matched_name.n ? name_rule_text(v->name_match.rule) : "none");
    else
        return false;
    return true;
}

/* `signature: pass`, `signature[1]: veto`, `person-habit.why: …`, `verdict: genuine`, `verstat: …`, `attest: A`, `case: E16`, `status[0]: valid`, `why: …` */
static void fact_of(const struct verdict *v, const struct call *c, const char *key, char *out, size_t size)
{
    int index = 0;
    char name[64];
    snprintf(name, sizeof name, "%s", key);
    char *bracket = strchr(name, '[');
    if (bracket) {
        index = atoi(bracket + 1);
        *bracket = '\0';
    }
    char *dot = strstr(name, ".why");
    if (dot)
        *dot = '\0';
    snprintf(out, size, "(no such fact)");
    if (people_fact(v, name, out, size))
        return;
    if (strcmp(name, "verdict") == 0)
        snprintf(out, size, "%s", outcome_text(v->outcome));
    else if (strcmp(name, "verstat") == 0)
        snprintf(out, size, "%s", verstat_text(v->verstat));
    else if (strcmp(name, "attest") == 0)
        snprintf(out, size, v->attest ? "%c" : "none", v->attest);
    else if (strcmp(name, "case") == 0)
        snprintf(out, size, "%s", stir_case_row(v->failure)->name);
    else if (strcmp(name, "proof") == 0)
        snprintf(out, size, "%s", v->proof ? v->proof : "none");
    else if (strcmp(name, "lab") == 0)
        snprintf(out, size, "%s", v->lab ? "true" : "false");
    else if (strcmp(name, "why") == 0)
        snprintf(out, size, "%s", v->why);
    else if (strcmp(name, "name") == 0)
        snprintf(out, size, "%.*s", SPAN_FMT(c->claimed_name));
    else if (strcmp(name, "status") == 0 && (size_t)index < v->n_identities)
        snprintf(out, size, "%s",
                 v->identities[index].status == IDENTITY_VALID     ? "valid"
                 : v->identities[index].status == IDENTITY_INVALID ? "invalid"
                                                                   : "ignored");
    else if (strcmp(name, "code") == 0 && (size_t)index < v->n_identities)
        snprintf(out, size, "%d", stir_case_row(v->identities[index].failure)->code);
    for (size_t i = 0; i < v->n_casts; i++)
        if (v->casts[i].check && strcmp(v->casts[i].check->name, name) == 0 &&
            (v->casts[i].identity == index || v->casts[i].identity == -1))
            snprintf(out, size, "%s", dot ? v->casts[i].ballot.why : vote_text(v->casts[i].ballot.vote));
}

static void expect_fact(const char *file, const struct verdict *v, const struct call *c, const char *line)
{
    char key[64], fact[512];
    const char *colon = strchr(line, ':');
    if (!colon || (size_t)(colon - line) >= sizeof key)
        return;
    snprintf(key, sizeof key, "%.*s", (int)(colon - line), line);
    const char *want = colon + 1 + strspn(colon + 1, " ");
    fact_of(v, c, key, fact, sizeof fact);
    if (strcmp(fact, want) != 0)
        complain(file, "%s: expected %s, found %s (%s)", key, want, fact, v->why);
}

/* A line of the answer block is the status, a header as it stands, or `no Name`. `…` at its end: it begins like this. */
static void expect_answer(const char *file, const char *answer, const char *line)
{
    char wanted[2048];
    const size_t n = strlen(line);
    const bool begins = n > 3 && strcmp(line + n - 3, "\xE2\x80\xA6") == 0;
    if (strncmp(line, "no ", 3) == 0) {
        snprintf(wanted, sizeof wanted, "\r\n%s:", line + 3);
        if (strstr(answer, wanted))
            complain(file, "the answer has %s", line + 3);
        return;
    }
    const bool status = strspn(line, "0123456789") == 3;
    snprintf(wanted, sizeof wanted, "%s%.*s%s", status ? "SIP/2.0 " : "\r\n", (int)(begins ? n - 3 : n), line,
             begins || status ? "" : "\r\n");
    if (!strstr(answer, wanted))
        complain(file, "the answer lacks: %s\n--- it is:\n%s---", line, answer);
}

struct scene {
    char sip[LIMIT_SIP_MESSAGE];
    size_t sip_n;
    struct sip_message message;
    struct call call;
    struct hearing hearing;
    char answer[LIMIT_SIP_MESSAGE];
    char forwarded[LIMIT_SIP_MESSAGE]; /* what a proxy sends on */
    bool judged;
};

/*
 * The short way to a signer (its header segment is known) says what the long way says, to the byte, whatever is wrong with
 * the token: so it is taught the header of every token whose signer was found, though only tokens that hold teach it
 * outside of tests.
 */
static void compare_ways(const char *file, struct stage *s, const struct call *call)
{
    static char ways[2][LIMIT_SIP_MESSAGE];
    struct replay *const replay = s->judge.replay;
    s->judge.replay = NULL;
    for (int way = 0; way < 2; way++) {
        struct hearing h;
        struct buf out = buf_on(ways[way], sizeof ways[way] - 1);
        stage_judge(s, call, &h);
        if (answer_json(&h.verdict, call, &out) != BF_OK)
            complain(file, "no JSON");
        ways[way][out.n] = '\0';
        if (way == 0)
            stage_teach(s, &h);
        else if (stage_knows(s, &h))
            compared++;
        stage_done(s);
    }
    s->judge.replay = replay;
    if (strcmp(ways[0], ways[1]) != 0)
        complain(file, "the long way says\n%s\nthe short way says\n%s", ways[0], ways[1]);
}

/* ---- the engines a story is played with, which must make no difference ---- */

static struct engine {
    const char *name;
    struct es256_pool_options options;
    bool warm;
    struct es256_pool *pool; /* NULL: OpenSSL alone, or this CPU has no lanes */
} engines[] = {
    { .name = "OpenSSL" },
    { .name = "lanes", .options = { .engine = ES256_LANES, .audit = 1 } },
    { .name = "lanes with tables",
      .options = { .engine = ES256_LANES, .audit = 1, .tables_bytes = ES256_TABLES_BYTES },
      .warm = true },
};

static bool engines_open(void)
{
    for (size_t i = 1; i < ARRAY_SIZE(engines); i++)
        if (!es256_unsupported() && es256_pool_create(&engines[i].options, &engines[i].pool) != BF_OK)
            return false;
    return true;
}

static void engines_close(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        es256_pool_destroy(engines[i].pool);
}

/* All that is said of a call, byte for byte. */
static void write_down(FILE *transcript, const struct scene *scene)
{
    static char json[LIMIT_SIP_MESSAGE];
    struct buf b = buf_on(json, sizeof json - 1);
    assert_int_equal(answer_json(&scene->hearing.verdict, &scene->call, &b), BF_OK);
    json[b.n] = '\0';
    stage_blot_serials(json);
    fprintf(transcript, "%s\n%s\n%s\n", json, scene->answer, scene->forwarded);
}

/* What goes on where the server is a proxy; empty where the call is refused or sent elsewhere. */
static void forward(const char *file, struct stage *s, struct scene *scene, const struct decision *d,
                    const struct sip_source *source)
{
    const struct forward_route route = { .via = SPAN("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours") };
    const struct forward_boundary boundary = { .from_trusted = s->peer.pai,
                                               .from_believed = s->peer.says == PEER_BELIEVE,
                                               .to_trusted = !s->outside,
                                               .names = &s->answer };
    const struct forward_edit edit = { .options = &s->answer, .decision = d, .call = &scene->call };
    const enum answer_action action = answer_policy_of(&s->answer, d, &scene->call).action;
    struct buf out = buf_on(scene->forwarded, sizeof scene->forwarded - 1);
    scene->forwarded[0] = '\0';
    if (action == ACTION_REJECT || action == ACTION_TO)
        return;
    const enum bf_err err = forward_request(&scene->message, source, &route, &boundary, &edit, &out);
    if (err)
        complain(file, "it cannot go on: %s", bf_err_text(err));
    scene->forwarded[err ? 0 : out.n] = '\0';
}

static void play(const char *file, struct stage *s, struct scene *scene, FILE *transcript)
{
    struct fault fault = { 0, "" };
    arena_reset(s->arena);
    const enum bf_err read =
        message_read(span_make(scene->sip, scene->sip_n), SIP_DATAGRAM, &scene->message, &fault);
    if (read) {
        complain(file, "the message cannot be read: %s at %zu", fault.what, fault.at);
        return;
    }
    const enum bf_err err = call_of_sip(&scene->message, &s->rules, &s->peer, s->clock.at,
                                        desk_sha256(s->desk), s->arena, &scene->call, &fault);
    if (err) {
        complain(file, "no call: %s", fault.what);
        return;
    }
    compare_ways(file, s, &scene->call);
    stage_judge(s, &scene->call, &scene->hearing);
    scene->judged = true;

    struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(5060) };
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct sip_source source = { (const struct sockaddr *)&from, false };
    struct answer_id id = { { 0 } };
    struct decision d;
    struct buf out = buf_on(scene->answer, sizeof scene->answer - 1);
    decision_of_verdict(&scene->hearing.verdict, &scene->call, &id, 0, &d);
    const struct answer_hop hop = { "sip:next.example:5080", s->hop_written ? &s->hop_format : NULL };
    const enum bf_err answered = answer_sip(&s->answer, NULL, &d, &scene->message, &scene->call, &source,
                                            SPAN("feedbeef"), &hop, &out, NULL);
    if (answered)
        complain(file, "no answer: %s", bf_err_text(answered));
    scene->answer[answered ? 0 : out.n] = '\0';
    forward(file, s, scene, &d, &source);
    write_down(transcript, scene);
}

static void scene_end(struct stage *s, struct scene *scene)
{
    if (scene->judged)
        stage_done(s);
    scene->judged = false;
    scene->sip_n = 0;
}

static const char *domain_of(const struct story_lines *l)
{
    const char *v = "";
    for (size_t i = 0; i < l->n; i++)
        if (setting(l->at[i], "domain", &v))
            break;
    return v;
}

/* A list takes the place of the trust that the last call was judged by, so that call is over. */
static void apply_list(struct stage *s, struct scene *scene, const char *line)
{
    const char *v;
    if (!setting(line, "list", &v))
        return;
    scene_end(s, scene);
    stage_list(s, v);
}

static void run_story(const char *file, struct story_lines *l, const struct engine *engine, FILE *transcript)
{
    static struct scene scene;
    static struct stage s; /* a thread reads its clock, even after a test that failed */
    enum { PROSE, SIP, BALLOTS, ANSWER, FORWARDED } in = PROSE;
    stage_open_with(&s, domain_of(l), engine->pool, engine->warm);
    memset(&scene, 0, sizeof scene);
    for (size_t i = 0; i < l->n; i++) {
        const char *line = l->at[i];
        if (strcmp(line, "```sip") == 0) {
            scene_end(&s, &scene);
            in = SIP;
        } else if (strcmp(line, "```ballots") == 0)
            in = BALLOTS;
        else if (strcmp(line, "```answer") == 0)
            in = ANSWER;
        else if (strcmp(line, "```forwarded") == 0)
            in = FORWARDED;
        else if (strcmp(line, "```") == 0) {
            if (in == SIP)
                play(file, &s, &scene, transcript);
            in = PROSE;
        } else if (in == SIP)
            scene.sip_n +=
                (size_t)snprintf(scene.sip + scene.sip_n, sizeof scene.sip - scene.sip_n, "%s\r\n", line);
        else if (in == BALLOTS && scene.judged && *line)
            expect_fact(file, &scene.hearing.verdict, &scene.call, line);
        else if (in == ANSWER && *line)
            expect_answer(file, scene.answer, line);
        else if (in == FORWARDED && *line)
            expect_answer(file, scene.forwarded, line);
        else if (in == PROSE) {
            apply(&s, line);
            apply_list(&s, &scene, line);
        }
    }
    scene_end(&s, &scene);
    stage_close(&s);
}

static void story(void **state)
{
    const char *file = *state;
    struct story_lines l = { .n = 0 };
    l.text = tap_read(file, NULL);
    char *rest = l.text;
    while (l.n < MAX_LINES && (l.at[l.n] = strsep(&rest, "\n")))
        l.n++;
    failures = 0;
    char *first = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        char *said = NULL;
        size_t n = 0;
        if (i && !engines[i].pool)
            continue;
        FILE *transcript = open_memstream(&said, &n);
        assert_non_null(transcript);
        run_story(strrchr(file, '/') + 1, &l, &engines[i], transcript);
        assert_int_equal(fclose(transcript), 0);
        if (first && strcmp(first, said) != 0)
            complain(file, "%s says\n%s\n%s says\n%s", engines[0].name, first, engines[i].name, said);
        if (first)
            free(said);
        else
            first = said;
    }
    free(first);
    free(l.text);
    assert_int_equal(failures, 0);
}

/* Stands behind all stories. */
static void most_stories_went_the_short_way_too(void **state)
{
    (void)state;
    assert_true(compared > 80);
}

static void stories_were_played_with_lanes_cold_and_warm_and_openssl_agreed(void **state)
{
    (void)state;
    if (es256_unsupported()) {
        tap_skip(es256_unsupported());
        return;
    }
    for (size_t i = 1; i < ARRAY_SIZE(engines); i++) {
        es256_pool_settle(engines[i].pool);
        const struct es256_counts c = es256_pool_counts(engines[i].pool);
        assert_true(c.audited > 50);
        assert_int_equal(c.disagreements, 0);
        if (engines[i].warm)
            assert_true(c.built > 50);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
    static struct CMUnitTest tests[512];
    size_t n = 0;
    DIR *dir = opendir(tap_source("test/calls"));
    for (struct dirent *e; dir && (e = readdir(dir)) && n + 2 < ARRAY_SIZE(tests);) {
        const size_t length = strlen(e->d_name);
        if (length < 4 || strcmp(e->d_name + length - 3, ".md") != 0 || strcmp(e->d_name, "README.md") == 0)
            continue;
        char *path = strdup(tap_source("test/calls")), *name = strndup(e->d_name, length - 3), *full = NULL;
        if (asprintf(&full, "%s/%s", path, e->d_name) < 0)
            return 1;
        free(path);
        tests[n++] = (struct CMUnitTest){ .name = name, .test_func = story, .initial_state = full };
    }
    if (dir)
        closedir(dir);
    qsort(tests, n, sizeof tests[0], by_name);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(most_stories_went_the_short_way_too);
    tests[n++] =
        (struct CMUnitTest)cmocka_unit_test(stories_were_played_with_lanes_cold_and_warm_and_openssl_agreed);
    if (!engines_open())
        return 1;
    const int failed = tap_run(tests, n);
    engines_close();
    return failed;
}
