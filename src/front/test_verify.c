/* SPDX-License-Identifier: Apache-2.0 */
/* The library's doors, against a lab made here: its carrier signs with bf_sign, its root is the only anchor. */
#include <ftw.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bonafide/sign.h"
#include "bonafide/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "credential/lab.h"
#include "engine.h"
#include "tap.h"

#define URL    "https://certs.lab.example/1234.pem"
#define CALLER "12155550121"
#define CALLED "12155550131"

struct world {
    char dir[256], root[300], chain[300], certs[300];
    struct bf_signer *signer;
    int64_t now;
};

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static char *pem_of(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    long n = BIO_get_mem_data(bio, &data);
    char *pem = strndup(data, (size_t)n);
    BIO_free(bio);
    return pem;
}

static int world_make(void **state)
{
    static struct world w;
    struct lab *lab = NULL;
    struct lab_carrier carrier = { 0 };
    uint8_t digest[SHA256_BYTES];
    const char *tmp = getenv("TMPDIR");

    w.now = clock_now(&clock_system).utc;
    snprintf(w.dir, sizeof w.dir, "%s/bonafide-front-XXXXXX", tmp && *tmp ? tmp : P_tmpdir);
    assert_non_null(mkdtemp(w.dir));
    struct lab_options options = { .not_before = w.now - 86400, .not_after = w.now + 86400, .name = "Lab" };
    struct lab_carrier_options of_carrier = { .spc = "1234" };
    assert_int_equal(lab_create(&options, &lab), BF_OK);
    assert_int_equal(lab_carrier(lab, &of_carrier, &carrier), BF_OK);

    char *root = lab_root_pem(lab), *chain = lab_chain_pem(lab, &carrier), *key = pem_of(carrier.key);
    assert_true(root && chain && key);
    assert_int_equal(sha256_once(SPAN(URL), digest), BF_OK);
    struct buf name = BUF_ON(w.certs);
    buf_printf(&name, "%s/", w.dir);
    buf_hex(&name, digest, sizeof digest);
    buf_bytes(&name, ".pem", 5);
    snprintf(w.root, sizeof w.root, "%s/root.pem", w.dir);
    snprintf(w.chain, sizeof w.chain, "%s/chain.pem", w.dir);
    put(w.root, root);
    put(w.chain, chain);
    put(w.certs, chain);
    assert_int_equal(bf_signer_create_pem(key, strlen(key), URL, &w.signer, NULL), BF_OK);
    free(root);
    free(chain);
    free(key);
    lab_carrier_clear(&carrier);
    lab_destroy(lab);
    *state = &w;
    return 0;
}

static int entry_remove(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

static int world_end(void **state)
{
    struct world *w = *state;
    bf_signer_destroy(w->signer);
    return nftw(w->dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* With the engine that this run of the tests is for. */
static struct bf_verify_options options_usual(void)
{
    struct bf_verify_options o = BF_VERIFY_OPTIONS;
    o.engine = engine_wanted() == ES256_LANES ? BF_ENGINE_LANES : BF_ENGINE_AUTO;
    return o;
}

static struct bf_verifier *verifier(const struct world *w, const struct bf_verify_options *changes)
{
    struct bf_verify_options o = options_usual();
    const char *roots[] = { w->root };
    struct bf_verifier *v = NULL;
    char *message = NULL;

    if (changes)
        o = *changes;
    o.trust = roots;
    o.n_trust = 1;
    o.certs = w->dir;
    o.offline = true;
    if (bf_verifier_create(&o, &v, &message))
        fail_msg("%s", message);
    return v;
}

static char *identity(const struct world *w, char attestation, int64_t iat)
{
    const char *dest[] = { CALLED };
    struct bf_sign_request r = {
        .size = sizeof r, .orig = CALLER, .dest = dest, .n_dest = 1, .attestation = attestation, .iat = iat
    };
    char *value = NULL;
    assert_int_equal(bf_sign(w->signer, &r, &value, NULL), BF_OK);
    return value;
}

/* call_id tells calls apart; eol is the end of a line. */
static char *invite(const char *value, const char *called, const char *call_id, const char *eol)
{
    char *text = NULL;
    assert_true(asprintf(&text,
                         "INVITE sip:+%s@term.example;user=phone SIP/2.0%s"
                         "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%s%s"
                         "From: \"Lab\" <sip:+" CALLER "@orig.example;user=phone>;tag=a1%s"
                         "To: <sip:+%s@term.example;user=phone>%s"
                         "Call-ID: %s%sCSeq: 1 INVITE%sContact: <sip:192.0.2.10>%s"
                         "%s%s%sContent-Length: 0%s%s",
                         called, eol, call_id, eol, eol, called, eol, call_id, eol, eol, eol,
                         value ? "Identity: " : "", value ? value : "Subject: x", eol, eol, eol) > 0);
    return text;
}

static struct bf_verdict *heard(struct bf_verifier *v, char *text, int64_t at)
{
    struct bf_verdict *verdict = NULL;
    struct bf_fault f;
    enum bf_err err = bf_verify_sip(v, text, strlen(text), at, &verdict, &f);
    if (err)
        fail_msg("%s: %s", bf_err_text(err), f.what);
    free(text);
    return verdict;
}

static void expect(struct bf_verdict *verdict, enum bf_outcome outcome, const char *verstat)
{
    if (bf_verdict_outcome(verdict) != outcome || strcmp(bf_verdict_verstat(verdict), verstat) != 0)
        fail_msg("%s", bf_verdict_words(verdict));
    bf_verdict_destroy(verdict);
}

static void a_signed_call_is_genuine_and_says_so_in_every_form(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    char *value = identity(w, 'A', w->now);
    struct bf_verdict *verdict = heard(v, invite(value, CALLED, "one", "\r\n"), w->now);

    assert_int_equal(bf_verdict_attestation(verdict), 'A');
    assert_string_equal(bf_verdict_caller(verdict), CALLER);
    assert_string_equal(bf_verdict_called(verdict), CALLED);
    assert_int_equal(bf_verdict_stir_code(verdict), 0);
    assert_false(bf_verdict_lab(verdict));
    assert_non_null(strstr(bf_verdict_json(verdict), "\"verdict\":\"genuine\""));
    assert_null(strchr(bf_verdict_json(verdict), '\n'));
    assert_null(strchr(bf_verdict_line(verdict), '\n'));
    assert_null(strchr(bf_verdict_words(verdict), '\033'));
    assert_string_not_equal(bf_verdict_why(verdict), "");
    bf_verifier_destroy(v); /* a verdict outlives its verifier */
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);
}

static void lines_may_end_with_lf(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    char *value = identity(w, 'A', w->now);
    expect(heard(v, invite(value, CALLED, "lf", "\n"), w->now), BF_GENUINE, "TN-Validation-Passed");
    free(value);
    bf_verifier_destroy(v);
}

static void a_file_of_lf_keeps_its_body(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    struct bf_verdict *verdict = NULL;
    /* Content-Length counts CRLFs: 2 lines of 3 + 2 */
    char text[] = "INVITE sip:+12155550131@t.example SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\n"
                  "From: <sip:+12155550121@o.example>;tag=1\nTo: <sip:+12155550131@t.example>\nCall-ID: x\n"
                  "CSeq: 1 INVITE\nContent-Length: 10\n\nv=0\na=b\n";
    assert_int_equal(bf_verify_sip(v, text, strlen(text), w->now, &verdict, NULL), BF_OK);
    expect(verdict, BF_UNPROVEN, "No-TN-Validation");
    bf_verifier_destroy(v);
}

static void a_token_of_another_call_is_broken(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    char *value = identity(w, 'A', w->now);
    expect(heard(v, invite(value, "12155550199", "other", "\r\n"), w->now), BF_BROKEN,
           "TN-Validation-Failed");
    free(value);
    bf_verifier_destroy(v);
}

static void a_token_serves_once(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    char *value = identity(w, 'A', w->now);
    expect(heard(v, invite(value, CALLED, "first", "\r\n"), w->now), BF_GENUINE, "TN-Validation-Passed");
    struct bf_verdict *again = heard(v, invite(value, CALLED, "second", "\r\n"), w->now + 20);
    assert_int_equal(bf_verdict_outcome(again), BF_BROKEN);
    bf_verdict_destroy(again);
    free(value);
    bf_verifier_destroy(v);
}

static void freshness_goes_both_ways(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    const struct {
        int off;
        enum bf_outcome outcome;
    } rows[] = { { -61, BF_BROKEN }, { -60, BF_GENUINE }, { 60, BF_GENUINE }, { 61, BF_BROKEN } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *value = identity(w, 'A', w->now), id[16];
        snprintf(id, sizeof id, "fresh%zu", i);
        struct bf_verdict *verdict = heard(v, invite(value, CALLED, id, "\r\n"), w->now + rows[i].off);
        if (bf_verdict_outcome(verdict) != rows[i].outcome)
            fail_msg("%d s: %s", rows[i].off, bf_verdict_line(verdict));
        bf_verdict_destroy(verdict);
        free(value);
    }
    bf_verifier_destroy(v);
}

static void attestation_c_is_genuine_only_in_the_lab(void **state)
{
    const struct world *w = *state;
    struct bf_verify_options lenient = options_usual();
    lenient.least_attestation = 'C';
    struct bf_verifier *strict = verifier(w, NULL), *lab = verifier(w, &lenient);
    char *value = identity(w, 'C', w->now);

    expect(heard(strict, invite(value, CALLED, "c", "\r\n"), w->now), BF_UNPROVEN, "TN-Validation-Passed");
    struct bf_verdict *verdict = heard(lab, invite(value, CALLED, "c", "\r\n"), w->now);
    assert_true(bf_verdict_lab(verdict));
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);
    bf_verifier_destroy(strict);
    bf_verifier_destroy(lab);
}

static void without_anchors_nothing_is_genuine_and_nothing_broken(void **state)
{
    const struct world *w = *state;
    struct bf_verify_options o = options_usual();
    struct bf_verifier *v = NULL;
    o.certs = w->dir;
    o.offline = true;
    assert_int_equal(bf_verifier_create(&o, &v, NULL), BF_OK);
    char *value = identity(w, 'A', w->now);
    struct bf_verdict *verdict = heard(v, invite(value, CALLED, "none", "\r\n"), w->now);
    assert_int_equal(bf_verdict_outcome(verdict), BF_UNPROVEN);
    assert_string_not_equal(bf_verdict_verstat(verdict), "TN-Validation-Passed");
    bf_verdict_destroy(verdict);
    bf_verifier_destroy(v);

    o.no_chain = true; /* the leaf itself, then: and the verdict says that this is no life */
    assert_int_equal(bf_verifier_create(&o, &v, NULL), BF_OK);
    verdict = heard(v, invite(value, CALLED, "none", "\r\n"), w->now);
    assert_true(bf_verdict_lab(verdict));
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);
    bf_verifier_destroy(v);
}

static void a_given_chain_counts_whatever_the_url_says(void **state)
{
    const struct world *w = *state;
    struct bf_verify_options o = options_usual();
    const char *roots[] = { w->root };
    struct bf_verifier *v = NULL;
    o.trust = roots;
    o.n_trust = 1;
    o.cert = w->chain;
    o.offline = true;
    assert_int_equal(bf_verifier_create(&o, &v, NULL), BF_OK);
    char *value = identity(w, 'A', w->now);
    struct bf_verdict *verdict = heard(v, invite(value, CALLED, "given", "\r\n"), w->now);
    assert_true(bf_verdict_lab(verdict));
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);
    bf_verifier_destroy(v);
}

static void json_and_bare_values_get_the_same_verdict(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    char *value = identity(w, 'A', w->now), *json = NULL, escaped[4096];
    struct buf b = BUF_ON(escaped);
    buf_json_string(&b, span_of(value));
    assert_true(buf_ok(&b));
    assert_true(asprintf(&json,
                         "{\"verificationRequest\":{\"from\":{\"tn\":\"" CALLER
                         "\"},\"to\":{\"tn\":[\"" CALLED "\"]},\"time\":%lld,\"identity\":%.*s}}",
                         (long long)w->now, SPAN_FMT(buf_span(&b))) > 0);
    struct bf_verdict *verdict = NULL;
    struct bf_fault f = { 0, "" };
    if (bf_verify_json(v, json, strlen(json), 0, &verdict, &f))
        fail_msg("%s", f.what);
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);

    value = identity(w, 'A', w->now);
    assert_int_equal(
        bf_verify_identity(v, value, strlen(value), "+1 215 555 0121", CALLED, w->now, &verdict, &f), BF_OK);
    expect(verdict, BF_GENUINE, "TN-Validation-Passed");
    free(value);
    free(json);
    bf_verifier_destroy(v);
}

static void rp_001_json_is_the_same_call_for_seconds_or_by_its_name(void **state)
{
    const struct world *w = *state;
    struct bf_verify_options o = options_usual();
    o.replay_entries = 64;
    struct bf_verifier *v = verifier(w, &o);
    const struct {
        const char *name;
        int64_t later;
        enum bf_outcome outcome;
    } rows[] = {
        { "", 0, BF_GENUINE },
        { "", 30, BF_BROKEN },
        { ",\"callId\":\"1447.8\"", 30, BF_GENUINE },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *value = identity(w, 'A', w->now), *json = NULL, escaped[4096];
        struct buf b = BUF_ON(escaped);
        buf_json_string(&b, span_of(value));
        assert_true(asprintf(&json,
                             "{\"from\":{\"tn\":\"" CALLER "\"},\"to\":{\"tn\":[\"" CALLED
                             "\"]},\"identity\":%.*s%s}",
                             SPAN_FMT(buf_span(&b)), rows[i].name) > 0);
        for (size_t again = 0; again < 2; again++) {
            struct bf_verdict *verdict = NULL;
            assert_int_equal(
                bf_verify_json(v, json, strlen(json), w->now + (again ? rows[i].later : 0), &verdict, NULL),
                BF_OK);
            assert_int_equal(bf_verdict_outcome(verdict), again ? rows[i].outcome : BF_GENUINE);
            bf_verdict_destroy(verdict);
        }
        free(json);
        free(value);
    }
    bf_verifier_destroy(v);
}

static void what_is_no_call_is_an_error_and_no_verdict(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    const struct {
        const char *text;
        enum bf_err err;
    } rows[] = {
        { "", BF_EFORM },
        { "hello", BF_EFORM },
        { "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"
          "Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
          BF_EUNSUP },
        { "OPTIONS sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: "
          "<sip:c@d>\r\n"
          "Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n",
          BF_EUNSUP },
        { "INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
          "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
          BF_EUNSUP },
        { "INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nTo: <sip:c@d>\r\nCall-ID: x\r\n"
          "CSeq: 1 INVITE\r\n\r\n",
          BF_EFORM },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bf_verdict *verdict = (struct bf_verdict *)&v;
        struct bf_fault f = { 0, NULL };
        enum bf_err err = bf_verify_sip(v, rows[i].text, strlen(rows[i].text), 0, &verdict, &f);
        if (err != rows[i].err || verdict)
            fail_msg("row %zu: %s (%s)", i, bf_err_text(err), f.what);
        assert_non_null(f.what);
    }
    struct bf_verdict *verdict;
    assert_int_equal(bf_verify_json(v, "{}", 2, 0, &verdict, NULL), BF_EFORM);
    assert_int_equal(bf_verify_identity(v, "x", 1, "alice", CALLED, 0, &verdict, NULL), BF_EINVAL);
    assert_int_equal(bf_verify_identity(v, "x", 1, NULL, CALLED, 0, &verdict, NULL), BF_EINVAL);
    assert_null(verdict);
    bf_verifier_destroy(v);
}

static void options_that_cannot_be_are_refused_with_a_sentence(void **state)
{
    const struct world *w = *state;
    const char *absent[] = { "/nonexistent/roots.pem" };
    struct bf_verify_options rows[] = { BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS,
                                        BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS,
                                        BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS, BF_VERIFY_OPTIONS };
    rows[0].size = 8;
    rows[1].least_attestation = 'D';
    rows[2].freshness_s = 0;
    rows[3].trust = absent, rows[3].n_trust = 1;
    rows[4].certs = "/nonexistent";
    rows[5].cert = "/nonexistent/cert.pem";
    rows[6].n_trust = 1;
    rows[7].engine = (enum bf_engine)3;
    rows[8].tables_mb = 1 << 20;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bf_verifier *v = (struct bf_verifier *)w;
        char *message = NULL;
        rows[i].offline = true;
        if (bf_verifier_create(&rows[i], &v, &message) == BF_OK || v || !message)
            fail_msg("row %zu", i);
        free(message);
    }
    bf_verifier_destroy(NULL);
    bf_verdict_destroy(NULL);
}

static void every_engine_gives_the_same_verdicts(void **state)
{
    const struct world *w = *state;
    char *good = identity(w, 'A', w->now), *other = identity(w, 'B', w->now);
    char *said[3][3] = { { NULL } };
    for (int engine = BF_ENGINE_AUTO; engine <= BF_ENGINE_LANES; engine++) {
        struct bf_verify_options o = BF_VERIFY_OPTIONS;
        o.engine = (enum bf_engine)engine;
        if (engine == BF_ENGINE_LANES && es256_unsupported()) {
            struct bf_verifier *none = NULL;
            assert_int_equal(bf_verifier_create(&o, &none, NULL), BF_EUNSUP);
            continue;
        }
        struct bf_verifier *v = verifier(w, &o);
        struct bf_verdict *verdicts[] = { heard(v, invite(good, CALLED, "a", "\r\n"), w->now),
                                          heard(v, invite(other, CALLED, "b", "\r\n"), w->now),
                                          heard(v, invite(good, "12155550199", "c", "\r\n"), w->now) };
        for (size_t i = 0; i < 3; i++) {
            said[engine][i] = strdup(bf_verdict_json(verdicts[i]));
            bf_verdict_destroy(verdicts[i]);
            assert_string_equal(said[engine][i], said[0][i]);
        }
        bf_verifier_destroy(v);
    }
    for (size_t i = 0; i < 9; i++)
        free(said[i / 3][i % 3]);
    free(good);
    free(other);
}

struct crowd {
    const struct world *world;
    struct bf_verifier *verifier;
    int number;
};

static void *one_of_a_crowd(void *arg)
{
    struct crowd *c = arg;
    for (int i = 0; i < 20; i++) {
        char id[32], *value = identity(c->world, 'A', c->world->now);
        snprintf(id, sizeof id, "crowd-%d-%d", c->number, i);
        struct bf_verdict *v = heard(c->verifier, invite(value, CALLED, id, "\r\n"), c->world->now);
        bool genuine = bf_verdict_outcome(v) == BF_GENUINE;
        bf_verdict_destroy(v);
        free(value);
        if (!genuine)
            return NULL;
    }
    return c;
}

static void threads_share_a_verifier(void **state)
{
    const struct world *w = *state;
    struct bf_verifier *v = verifier(w, NULL);
    pthread_t threads[80]; /* more than there are seats */
    struct crowd crowd[80];
    for (int i = 0; i < 80; i++) {
        crowd[i] = (struct crowd){ w, v, i };
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_a_crowd, &crowd[i]), 0);
    }
    for (int i = 0; i < 80; i++) {
        void *ret;
        pthread_join(threads[i], &ret);
        assert_ptr_equal(ret, &crowd[i]);
    }
    bf_verifier_destroy(v);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_call_is_genuine_and_says_so_in_every_form, world_make,
                                        world_end),
        cmocka_unit_test_setup_teardown(lines_may_end_with_lf, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_file_of_lf_keeps_its_body, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_token_of_another_call_is_broken, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_token_serves_once, world_make, world_end),
        cmocka_unit_test_setup_teardown(freshness_goes_both_ways, world_make, world_end),
        cmocka_unit_test_setup_teardown(attestation_c_is_genuine_only_in_the_lab, world_make, world_end),
        cmocka_unit_test_setup_teardown(without_anchors_nothing_is_genuine_and_nothing_broken, world_make,
                                        world_end),
        cmocka_unit_test_setup_teardown(a_given_chain_counts_whatever_the_url_says, world_make, world_end),
        cmocka_unit_test_setup_teardown(json_and_bare_values_get_the_same_verdict, world_make, world_end),
        cmocka_unit_test_setup_teardown(rp_001_json_is_the_same_call_for_seconds_or_by_its_name, world_make,
                                        world_end),
        cmocka_unit_test_setup_teardown(what_is_no_call_is_an_error_and_no_verdict, world_make, world_end),
        cmocka_unit_test_setup_teardown(options_that_cannot_be_are_refused_with_a_sentence, world_make,
                                        world_end),
        cmocka_unit_test_setup_teardown(every_engine_gives_the_same_verdicts, world_make, world_end),
        cmocka_unit_test_setup_teardown(threads_share_a_verifier, world_make, world_end),
    };
    return tap_run(tests, sizeof tests / sizeof tests[0]);
}
