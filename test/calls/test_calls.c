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
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "answer/answer.h"
#include "base/base64url.h"
#include "credential/lab.h"
#include "sip/date.h"
#include "sip/message.h"
#include "tap.h"
#include "verdict/check.h"

#define MAX_LINES 4096

/* The two published private keys. */
static const char pp_052[] = "-----BEGIN PRIVATE KEY-----\n"
                             "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgi7q2TZvN9VDFg8Vy\n"
                             "qCP06bETrR2v8MRvr89rn4i+UAahRANCAAQWfaj1HUETpoNCrOtp9KA8o0V79IuW\n"
                             "ARKt9C1cFPkyd3FBP4SeiNZxQhDrD0tdBHls3/wFe8++K2FrPyQF9vuh\n"
                             "-----END PRIVATE KEY-----\n";
static const char pp_054[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIFKCsFZ4Wsw3ZpBxgc4Z0sOjaXDdMk07Ny1fKg6OntAkoAoGCCqGSM49\n"
                             "AwEHoUQDQgAEmzGM1VsO+3IqbMF54rQMaYKQftO4hUYm9wv5wutLgEd9FsiTy3+4\n"
                             "+Wa2O7pffOXPC0QzO+yD8hGEXGP/2mZo6w==\n"
                             "-----END EC PRIVATE KEY-----\n";

/* ---- a story: settings, then calls with what is expected of each ---- */

struct lines {
    char *text;
    char *at[MAX_LINES];
    size_t n;
};

struct stage {
    char dir[256];
    struct lab *trusted, *stranger;
    struct trust *trust;
    struct epoch *epoch;
    struct signers *signers;
    struct replay *replay;
    struct desk *desk;
    struct arena *arena;
    struct clock_fixed clock;
    struct judge judge;
    struct answer_options answer;
    struct call_rules rules;
    struct dial_plan plan;
    struct peer peer;
    struct number_range own[8], same_line[8], never_block[8], domain_numbers[8];
    char to[4][128];
    bool lab_domain, no_anchors;
    unsigned slot;
    mono_t mono;
};

static int failures;

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

static utc_t time_of(const char *text)
{
    struct tm tm = { .tm_isdst = 0 };
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
    return timegm(&tm);
}

static size_t read_ranges(const char *text, struct number_range *out, size_t max)
{
    size_t n = 0;
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&rest, " ,")) && n < max;)
        if (*word)
            assert_int_equal(number_range_read(span_of(word), &out[n++], NULL), BF_OK);
    return n;
}

/* ---- signers: `https://… key=PP-052 spc=1234 [one=…] [range=…/…] [untrusted] [from=…] [to=…] [none] [no-tnauth]` ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void publish(const struct stage *s, const char *url, const char *pem)
{
    uint8_t digest[SHA256_BYTES];
    char path[512], hex[65];
    struct buf b = buf_on(hex, sizeof hex);
    assert_int_equal(sha256_once(span_of(url), digest), BF_OK);
    buf_hex(&b, digest, sizeof digest);
    hex[64] = '\0';
    snprintf(path, sizeof path, "%s/%s.pem", s->dir, hex);
    write_file(path, pem);
}

static EVP_PKEY *key_named(const char *name)
{
    const char *pem = strcmp(name, "PP-054") == 0 ? pp_054 : pp_052;
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(key);
    return key;
}

static void entry_of(const char *text, enum tnauth_kind kind, struct tnauth_entry *out)
{
    const struct span all = span_of(text);
    const size_t slash = span_find(all, '/');
    *out = (struct tnauth_entry){ .kind = kind, .text = span_first(all, slash), .count = 1 };
    if (slash < all.n)
        assert_true(span_decimal(span_from(all, slash + 1), UINT64_MAX, &out->count));
}

static void add_signer(struct stage *s, const char *text)
{
    struct tnauth_entry entries[8];
    struct lab_carrier_options o = { .spc = "1234", .tnauth = entries };
    struct lab_carrier carrier;
    char copy[512], *rest = copy, *word;
    bool untrusted = false;
    snprintf(copy, sizeof copy, "%s", text);
    const char *url = strsep(&rest, " ");
    while ((word = strsep(&rest, " "))) {
        if (strncmp(word, "key=", 4) == 0)
            o.key = key_named(word + 4);
        else if (strncmp(word, "spc=", 4) == 0)
            o.spc = word + 4, entry_of(word + 4, TNAUTH_SPC, &entries[o.n_tnauth++]);
        else if (strncmp(word, "one=", 4) == 0)
            entry_of(word + 4, TNAUTH_ONE, &entries[o.n_tnauth++]);
        else if (strncmp(word, "range=", 6) == 0)
            entry_of(word + 6, TNAUTH_RANGE, &entries[o.n_tnauth++]);
        else if (strncmp(word, "from=", 5) == 0)
            o.not_before = time_of(word + 5);
        else if (strncmp(word, "to=", 3) == 0)
            o.not_after = time_of(word + 3);
        else if (strcmp(word, "untrusted") == 0)
            untrusted = true;
        else if (*word)
            fail_msg("signer: %s is not known", word);
    }
    if (o.n_tnauth == 0)
        o.tnauth = NULL;
    struct lab *lab = untrusted ? s->stranger : s->trusted;
    assert_int_equal(lab_carrier(lab, &o, &carrier), BF_OK);
    char *pem = lab_chain_pem(lab, &carrier);
    assert_non_null(pem);
    publish(s, url, pem);
    free(pem);
    lab_carrier_clear(&carrier);
    EVP_PKEY_free(o.key);
}

/* ---- settings ---- */

static enum answer_action action_of(struct stage *s, const char *word, enum outcome o)
{
    if (strncmp(word, "to:", 3) == 0) {
        snprintf(s->to[o], sizeof s->to[o], "%s", word + 3);
        s->answer.policy[o].to = s->to[o];
        return ACTION_TO;
    }
    return strcmp(word, "label") == 0 ? ACTION_LABEL : strcmp(word, "reject") == 0 ? ACTION_REJECT : ACTION_PASS;
}

static void set_peer(struct stage *s, const char *v)
{
    s->peer.pai = strstr(v, "pai") && !strstr(v, "no-pai");
    s->peer.priority = strstr(v, "priority") != NULL;
    s->peer.says = strstr(v, "believe") ? PEER_BELIEVE : strstr(v, "show") ? PEER_SHOW : PEER_IGNORE;
    s->peer.source = strstr(v, "second") ? 2 : 1;
}

static void apply(struct stage *s, const char *line)
{
    const char *v;
    char key[64];
    if (setting(line, "time", &v)) {
        s->mono += MONO_S(time_of(v) - s->clock.at.utc);
        s->clock.at.utc = time_of(v);
    } else if (setting(line, "signer", &v))
        add_signer(s, v);
    else if (setting(line, "peer", &v))
        set_peer(s, v);
    else if (setting(line, "least_attestation", &v))
        s->judge.options.least_attestation = *v;
    else if (setting(line, "numbers.own", &v))
        s->judge.options.n_own = read_ranges(v, s->own, 8);
    else if (setting(line, "same_line", &v))
        s->judge.options.n_same_line = read_ranges(v, s->same_line, 8);
    else if (setting(line, "never_block", &v))
        s->rules.n_never_block = read_ranges(v, s->never_block, 8);
    else if (setting(line, "verstat", &v))
        s->answer.verstat_place = strcmp(v, "uri") == 0      ? VERSTAT_URI_PARAM
                                  : strcmp(v, "header") == 0 ? VERSTAT_HEADER_PARAM
                                                             : VERSTAT_USER;
    else if (setting(line, "verstat.on_impostor", &v))
        s->answer.verstat_keep_on_impostor = strcmp(v, "keep") == 0;
    for (int o = GENUINE; o <= IMPOSTOR; o++) {
        snprintf(key, sizeof key, "policy.%s", outcome_text((enum outcome)o));
        if (setting(line, key, &v))
            s->answer.policy[o].action = action_of(s, v, (enum outcome)o);
        snprintf(key, sizeof key, "alert_info.%s", outcome_text((enum outcome)o));
        if (setting(line, key, &v))
            s->answer.alert_info[o] = v;
    }
}

/* ---- the stage ---- */

static void open_trust(struct stage *s, const struct lines *l)
{
    char path[512], *message = NULL;
    const char *anchors[1] = { path }, *v;
    struct trust_domain_options domain = { .name = "us", .anchors = anchors, .n_anchors = 1 };
    for (size_t i = 0; i < l->n; i++) {
        if (setting(l->at[i], "domain", &v)) {
            domain.lab = strstr(v, "lab") != NULL;
            if (strstr(v, "none"))
                s->no_anchors = true;
            if (strstr(v, "numbers=")) {
                domain.n_numbers = read_ranges(strstr(v, "numbers=") + 8, s->domain_numbers, 8);
                domain.numbers = s->domain_numbers;
            }
        }
    }
    snprintf(path, sizeof path, "%s/root.pem", s->dir);
    char *pem = lab_root_pem(s->trusted);
    write_file(path, pem);
    free(pem);
    const enum bf_err err = trust_create(&domain, s->no_anchors ? 0 : 1, 1, s->clock.at.utc, &s->trust, &message);
    if (err)
        fail_msg("%s", message);
}

static void stage_open(struct stage *s, const struct lines *l)
{
    const struct lab_options o = { .not_before = 1400000000, .not_after = 2100000000, .name = "Lab", .ca_key = LAB_P256 };
    const char *tmp = getenv("TMPDIR");
    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "%s/bonafide-calls-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(lab_create(&o, &s->trusted), BF_OK);
    assert_int_equal(lab_create(&o, &s->stranger), BF_OK);
    s->clock = (struct clock_fixed){ { clock_fixed_now }, { .utc = 1443208345 } };
    s->mono = MONO_S(1000);
    s->peer = (struct peer){ .pai = true, .source = 1 };
    s->rules = (struct call_rules){ .plan = NULL, .never_block = s->never_block };
    s->answer.redress = "https://example.com/redress";
    open_trust(s, l);
    assert_int_equal(epoch_create(&s->epoch), BF_OK);
    assert_int_equal(epoch_join(s->epoch, &s->slot), BF_OK);
    const struct signers_options so = { .certs_dir = s->dir, .trust = s->trust, .epoch = s->epoch, .clock = &s->clock.source };
    assert_int_equal(signers_create(&so, &s->signers), BF_OK);
    assert_int_equal(replay_create(64, MONO_S(150), &s->replay), BF_OK);
    assert_int_equal(desk_create(&s->desk), BF_OK);
    assert_int_equal(arena_create(1 << 18, 1 << 22, &s->arena), BF_OK);
    s->judge = (struct judge){ .options = { .freshness_s = 60, .least_attestation = 'A', .own = s->own, .same_line = s->same_line },
                               .signers = s->signers, .replay = s->replay };
}

static void stage_close(struct stage *s)
{
    char command[512];
    signers_destroy(s->signers);
    epoch_leave(s->epoch, s->slot);
    epoch_destroy(s->epoch);
    replay_destroy(s->replay);
    desk_destroy(s->desk);
    arena_destroy(s->arena);
    lab_destroy(s->trusted);
    lab_destroy(s->stranger);
    snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
}

static void arrived(void *arg)
{
    *(_Atomic bool *)arg = true;
}

static void fetch_wants(struct stage *s, struct hearing *h)
{
    for (size_t i = 0; i < h->n_wants; i++) {
        _Atomic bool done = false;
        assert_int_equal(signers_want(s->signers, h->wants[i].x5u, 1, h->wants[i].stale, arrived, (void *)&done), BF_OK);
        while (!done)
            usleep(200); /* the builder is another thread; its word is what is awaited */
    }
}

static void judge_one(struct stage *s, const struct call *call, struct hearing *h)
{
    struct hearing *const one[] = { h };
    *h = (struct hearing){ .call = call, .arena = s->arena };
    for (unsigned turn = 0; turn < 4; turn++) {
        h->last = turn == 3;
        epoch_enter(s->epoch, s->slot);
        judge_many(&s->judge, s->desk, one, 1);
        if (h->state == HEARING_JUDGED)
            return; /* the epoch is left when the verdict is used up */
        epoch_exit(s->epoch, s->slot);
        fetch_wants(s, h);
        h->asked_again = turn > 0;
    }
}

/* ---- what is expected ---- */

/* `signature: pass`, `signature[1]: veto`, `verdict: genuine`, `verstat: …`, `attest: A`, `case: E16`, `status[0]: valid`, `why: …` */
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
    snprintf(out, size, "(no such fact)");
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
        snprintf(out, size, "%s", v->identities[index].status == IDENTITY_VALID     ? "valid"
                                  : v->identities[index].status == IDENTITY_INVALID ? "invalid"
                                                                                     : "ignored");
    else if (strcmp(name, "code") == 0 && (size_t)index < v->n_identities)
        snprintf(out, size, "%d", stir_case_row(v->identities[index].failure)->code);
    for (size_t i = 0; i < v->n_casts; i++)
        if (v->casts[i].check && strcmp(v->casts[i].check->name, name) == 0 &&
            (v->casts[i].identity == index || v->casts[i].identity == -1))
            snprintf(out, size, "%s", vote_text(v->casts[i].ballot.vote));
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
    bool judged;
};

static void play(const char *file, struct stage *s, struct scene *scene)
{
    struct fault fault = { 0, "" };
    arena_reset(s->arena);
    const enum bf_err read = message_read(span_make(scene->sip, scene->sip_n), SIP_DATAGRAM, &scene->message, &fault);
    if (read) {
        complain(file, "the message cannot be read: %s at %zu", fault.what, fault.at);
        return;
    }
    struct instant at = s->clock.at;
    at.mono = s->mono;
    const enum bf_err err = call_of_sip(&scene->message, &s->rules, &s->peer, at, desk_sha256(s->desk), s->arena,
                                        &scene->call, &fault);
    if (err) {
        complain(file, "no call: %s", fault.what);
        return;
    }
    judge_one(s, &scene->call, &scene->hearing);
    scene->judged = true;

    struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(5060) };
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct sip_source source = { (const struct sockaddr *)&from, false };
    struct answer_id id = { { 0 } };
    struct decision d;
    struct buf out = buf_on(scene->answer, sizeof scene->answer - 1);
    decision_of_verdict(&scene->hearing.verdict, &scene->call, &id, 0, &d);
    const enum bf_err answered = answer_sip(&s->answer, NULL, &d, &scene->message, &scene->call, &source, SPAN("feedbeef"),
                                            "sip:next.example:5080", &out, NULL);
    if (answered)
        complain(file, "no answer: %s", bf_err_text(answered));
    scene->answer[answered ? 0 : out.n] = '\0';
}

static void scene_end(struct stage *s, struct scene *scene)
{
    if (scene->judged)
        epoch_exit(s->epoch, s->slot);
    scene->judged = false;
    scene->sip_n = 0;
}

static void run_story(const char *file, struct lines *l)
{
    static struct scene scene;
    struct stage s;
    enum { PROSE, SIP, BALLOTS, ANSWER } in = PROSE;
    stage_open(&s, l);
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
        else if (strcmp(line, "```") == 0) {
            if (in == SIP)
                play(file, &s, &scene);
            in = PROSE;
        } else if (in == SIP)
            scene.sip_n += (size_t)snprintf(scene.sip + scene.sip_n, sizeof scene.sip - scene.sip_n, "%s\r\n", line);
        else if (in == BALLOTS && scene.judged && *line)
            expect_fact(file, &scene.hearing.verdict, &scene.call, line);
        else if (in == ANSWER && *line)
            expect_answer(file, scene.answer, line);
        else if (in == PROSE)
            apply(&s, line);
    }
    scene_end(&s, &scene);
    stage_close(&s);
}

static void story(void **state)
{
    const char *file = *state;
    struct lines l = { .n = 0 };
    l.text = tap_read(file, NULL);
    char *rest = l.text;
    while (l.n < MAX_LINES && (l.at[l.n] = strsep(&rest, "\n")))
        l.n++;
    failures = 0;
    run_story(strrchr(file, '/') + 1, &l);
    free(l.text);
    assert_int_equal(failures, 0);
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
    for (struct dirent *e; dir && (e = readdir(dir)) && n < ARRAY_SIZE(tests);) {
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
    return tap_run(tests, n);
}
