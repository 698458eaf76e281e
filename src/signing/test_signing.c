/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base64url.h"
#include "base/random.h"
#include "identity/identity.h"
#include "signing/keys.h"
#include "signing/signing.h"
#include "token/token.h"
#include "vectors.h"

#define NOW      VECTOR_IAT
#define DATE_NOW "Fri, 25 Sep 2015 19:12:25 GMT"

static char dir[256], key_path[300], other_key_path[300], chain_path[300];
static char old_chain_path[300], expired_chain_path[300], foreign_chain_path[300];

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static X509 *make_cert(EVP_PKEY *pkey, const char *name, X509 *issuer, EVP_PKEY *issuer_key, time_t from,
                       time_t to)
{
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    ASN1_TIME_set(X509_getm_notBefore(cert), from);
    ASN1_TIME_set(X509_getm_notAfter(cert), to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : X509_get_subject_name(cert));
    X509_set_pubkey(cert, pkey);
    assert_true(X509_sign(cert, issuer_key ? issuer_key : pkey, EVP_sha256()) > 0);
    return cert;
}

/* A leaf of the key, below a CA that is valid in [ca_from, ca_to]. The CA stands first: order does not matter. */
static void write_chain(const char *path, const char *key_pem, time_t from, time_t to, time_t ca_from,
                        time_t ca_to)
{
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_PKEY *ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    X509 *ca = make_cert(ca_key, "CA", NULL, NULL, ca_from, ca_to);
    X509 *leaf = make_cert(pkey, "SHAKEN 1234", ca, ca_key, from, to);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_X509(file, ca);
    PEM_write_X509(file, leaf);
    fclose(file);
    X509_free(ca), X509_free(leaf);
    EVP_PKEY_free(pkey), EVP_PKEY_free(ca_key);
    BIO_free(bio);
}

static int set_up(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/bonafide-signing-XXXXXX", base ? base : P_tmpdir);
    if (!mkdtemp(dir))
        return -1;
    snprintf(key_path, sizeof key_path, "%s/key.pem", dir);
    snprintf(other_key_path, sizeof other_key_path, "%s/other.pem", dir);
    snprintf(chain_path, sizeof chain_path, "%s/chain.pem", dir);
    snprintf(old_chain_path, sizeof old_chain_path, "%s/old.pem", dir);
    snprintf(expired_chain_path, sizeof expired_chain_path, "%s/expired.pem", dir);
    snprintf(foreign_chain_path, sizeof foreign_chain_path, "%s/foreign.pem", dir);
    write_text(key_path, VECTOR_A1_PRIVATE);
    write_text(other_key_path, VECTOR_8946_PRIVATE);
    write_chain(chain_path, VECTOR_A1_PRIVATE, NOW - 30, NOW + 30, NOW - 1000, NOW + 1000);
    write_chain(old_chain_path, VECTOR_A1_PRIVATE, NOW - 1000, NOW + 1000, NOW - 1000, NOW - 1);
    write_chain(expired_chain_path, VECTOR_A1_PRIVATE, NOW - 1000, NOW - 1, NOW - 1000, NOW + 1000);
    write_chain(foreign_chain_path, VECTOR_8946_PRIVATE, NOW - 1000, NOW + 1000, NOW - 1000, NOW + 1000);
    return 0;
}

static void tear_down(void)
{
    char *const paths[] = { key_path,       other_key_path,     chain_path,
                            old_chain_path, expired_chain_path, foreign_chain_path };
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        unlink(paths[i]);
    rmdir(dir);
}

static struct number_range range(const char *text)
{
    struct number_range r;
    struct fault fault;
    assert_int_equal(number_range_read(span_of(text), &r, &fault), BF_OK);
    return r;
}

static struct cidr net(const char *text)
{
    struct cidr c;
    struct fault fault;
    assert_int_equal(cidr_read(span_of(text), &c, &fault), BF_OK);
    return c;
}

static struct number number(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

/* A call from 10.1.2.3, +12155550121 to +12155550131, with the Date of the vectors. */
static struct call make_call(void)
{
    struct fault fault;
    socklen_t n;
    struct call call = { .arrival = { .utc = NOW }, .has_caller = true, .has_called = true };
    assert_int_equal(addr_read(SPAN("10.1.2.3:5060"), &call.peer.addr, &n, &fault), BF_OK);
    call.caller = number("12155550121");
    call.called = number("12155550131");
    call.date = SPAN(DATE_NOW);
    return call;
}

static struct signing *make_signing(const struct sign_row_options *rows, size_t n)
{
    struct signing *s = NULL;
    char *message = NULL;
    const enum bf_err err = signing_create(rows, n, &s, &message);
    if (err != BF_OK)
        fail_msg("%d %s", err, message ? message : "");
    return s;
}

/* A batch of one, by a thread that never signed before. */
static enum sign_refusal sign_one(const struct signing *s, const struct call *call, struct signed_call *ret)
{
    auto_(signing_desk_destroy) struct signing_desk *desk = NULL;
    struct sign_job job = { .call = call, .ret = ret, .refusal = SIGN_FAILED };
    assert_int_equal(signing_desk_create(&desk), BF_OK);
    signing_sign_many(s, desk, &job, 1);
    return job.refusal;
}

/* One row: everything, attestation A, for everybody in 10/8. */
static struct signing *simple_signing(const char *chain)
{
    const struct number_range numbers = range("+12155550100/100");
    const struct cidr customers = net("10.0.0.0/8");
    const struct sign_row_options row = { &numbers, 1, 'A', &customers, 1, key_path, VECTOR_X5U, chain };
    return make_signing(&row, 1);
}

static struct identity identity_of(const struct signing *s, const struct call *call,
                                   const struct signed_call *what, char *room, size_t size)
{
    struct buf out = buf_on(room, size);
    struct identity id;
    struct fault fault;
    assert_int_equal(signing_identity(s, call, what, &out), BF_OK);
    assert_int_equal(identity_read(buf_span(&out), &id, &fault), BF_OK);
    return id;
}

static void id_101_102_what_no_row_covers_is_not_signed(void **state)
{
    (void)state;
    const struct number_range low = range("+12025550100/10"), high = range("+12025550110/10"),
                              all = range("+");
    const struct cidr ten = net("10.0.0.0/8"), doc = net("192.0.2.0/24");
    const struct sign_row_options rows[] = {
        { &low, 1, 'A', &ten, 1, key_path, VECTOR_X5U, NULL },
        { &low, 1, 'B', &doc, 1, key_path, VECTOR_X5U, NULL },
        { &high, 1, 'A', NULL, 0, key_path, VECTOR_X5U, NULL }, /* no `for`: for nobody */
        { &low, 1, 'C', &ten, 1, key_path, VECTOR_X5U, NULL },  /* never reached: the first row wins */
        { &all, 1, 'C', &doc, 1, key_path, VECTOR_X5U, NULL },
    };
    static const struct {
        const char *caller, *peer;
        enum sign_refusal refusal;
        char attest;
        uint16_t row;
    } calls[] = {
        { "12025550100", "10.9.9.9:5060", SIGN_OK, 'A', 0 },
        { "12025550109", "192.0.2.1:5060", SIGN_OK, 'B', 1 },
        { "12025550109", "198.51.100.1:5060", SIGN_NOT_FOR, 0, 0 },
        { "12025550110", "10.9.9.9:5060", SIGN_NOT_FOR, 0, 0 },
        { "12025550110", "192.0.2.1:5060", SIGN_OK, 'C', 4 },
        { "12025550120", "10.9.9.9:5060", SIGN_NOT_FOR, 0, 0 },
        { "4930123456", "192.0.2.200:9", SIGN_OK, 'C', 4 },
    };
    auto_(signing_destroy) struct signing *s = make_signing(rows, ARRAY_SIZE(rows));
    auto_(signing_destroy) struct signing *few = make_signing(rows, 1);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        struct call call = make_call();
        struct signed_call what = { 0 };
        struct fault fault;
        socklen_t n;
        call.caller = number(calls[i].caller);
        assert_int_equal(addr_read(span_of(calls[i].peer), &call.peer.addr, &n, &fault), BF_OK);
        assert_int_equal(sign_one(s, &call, &what), calls[i].refusal);
        assert_int_equal(what.attest, calls[i].attest);
        assert_int_equal(what.row, calls[i].row);
    }
    struct call call = make_call();
    struct signed_call what;
    assert_int_equal(sign_one(few, &call, &what), SIGN_NO_ROW);
    call.peer.addr.ss_family = AF_UNSPEC; /* from a file: nobody's customer */
    call.caller = number("12025550100");
    assert_int_equal(sign_one(few, &call, &what), SIGN_NOT_FOR);
}

static void id_104_id_006_shk_021_the_token_says_what_the_call_says_and_the_signature_holds(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    auto_(arena_destroy) struct arena *arena = NULL;
    auto_(es256_destroy) struct es256 *engine = NULL;
    auto_(key_destroy) struct key *key = NULL;
    const struct call call = make_call();
    struct signed_call what;
    struct token token;
    enum token_flaw flaw;
    struct fault fault;
    char room[LIMIT_IDENTITY_VALUE];

    assert_int_equal(sign_one(s, &call, &what), SIGN_OK);
    const struct identity id = identity_of(s, &call, &what, room, sizeof room);
    assert_true(span_equal(id.info, SPAN(VECTOR_X5U)));
    assert_true(span_equal(id.alg, SPAN("ES256")));
    assert_true(span_equal(id.ppt, SPAN("shaken")));
    assert_int_equal(arena_create(1 << 15, 1 << 20, &arena), BF_OK);
    assert_int_equal(token_read(id.token, arena, &token, &flaw, &fault), BF_OK);
    assert_int_equal(token.ppt, PPT_SHAKEN);
    assert_true(token.canonical);
    assert_int_equal(token.iat, NOW);
    assert_int_equal(token.attest, 'A');
    assert_true(token.origid_is_uuid);
    assert_true(span_equal(token.orig.text, SPAN("12155550121")) && !token.orig.is_uri);
    assert_int_equal(token.n_dest, 1);
    assert_true(span_equal(token.dest[0].text, SPAN("12155550131")) && !token.dest[0].is_uri);

    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    assert_int_equal(key_read(SPAN(VECTOR_A1_PRIVATE), &key, &fault), BF_OK);
    struct es256_job job = { .key = key_public(key) };
    memcpy(job.signature, token.signature, 64);
    assert_int_equal(sha256_once(token.signed_part, job.digest), BF_OK);
    es256_verify_many(engine, &job, 1);
    assert_int_equal(job.result, BF_OK);
}

static void what_is_asked_for_lowers_the_attestation_and_never_raises_it(void **state)
{
    static const uint8_t uuid[16] = { 1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 };
    static const struct {
        char row, most, attest;
        utc_t iat;
        enum sign_refusal refusal;
    } rows[] = {
        { 'A', 0, 'A', 0, SIGN_OK },
        { 'A', 'A', 'A', 0, SIGN_OK },
        { 'A', 'B', 'B', 0, SIGN_OK },
        { 'A', 'C', 'C', NOW + 60, SIGN_OK },
        { 'B', 'A', 'B', NOW, SIGN_OK },
        { 'C', 'A', 'C', NOW - 60, SIGN_OK },
        { 'C', 'B', 'C', 0, SIGN_OK },
        { 'A', 'A', 0, NOW + 61, SIGN_STALE_DATE },
        { 'A', 'A', 0, NOW - 61, SIGN_STALE_DATE },
    };
    (void)state;
    const struct number_range all = range("+");
    const struct cidr ten = net("10.0.0.0/8");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sign_row_options row = { &all, 1, rows[i].row, &ten, 1, key_path, VECTOR_X5U, NULL };
        auto_(signing_destroy) struct signing *s = make_signing(&row, 1);
        auto_(signing_desk_destroy) struct signing_desk *desk = NULL;
        const struct call call = make_call();
        struct signed_call what = { 0 };
        struct sign_job job = { .call = &call, .ret = &what, .attest_most = rows[i].most, .origid = uuid };
        char room[LIMIT_IDENTITY_VALUE];
        job.iat = rows[i].iat;
        assert_int_equal(signing_desk_create(&desk), BF_OK);
        signing_sign_many(s, desk, &job, 1);
        assert_int_equal(job.refusal, rows[i].refusal);
        assert_int_equal(what.attest, rows[i].attest);
        if (job.refusal != SIGN_OK)
            continue;
        assert_memory_equal(what.origid, uuid, sizeof uuid);
        assert_int_equal(what.iat, rows[i].iat ? rows[i].iat : NOW);
        (void)identity_of(s, &call, &what, room, sizeof room);
    }
}

static void shk_003_every_call_has_an_origid_of_its_own(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    const struct call call = make_call();
    struct signed_call seen[16];
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
        assert_int_equal(sign_one(s, &call, &seen[i]), SIGN_OK);
        assert_int_equal(seen[i].origid[6] >> 4, 4);
        assert_int_equal(seen[i].origid[8] >> 6, 2);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i].origid, seen[k].origid, 16);
    }
}

/* More than go into one batch, of two rows and of none, before and after the desk forgot its keys. */
static void many_calls_are_signed_each_by_its_own_row_and_the_others_left_alone(void **state)
{
    enum { CALLS = 150 };
    (void)state;
    const struct number_range low = range("+12025550100/100"), high = range("+12025550200/100");
    const struct cidr ten = net("10.0.0.0/8");
    const struct sign_row_options rows[] = { { &low, 1, 'A', &ten, 1, key_path, VECTOR_X5U, NULL },
                                             { &high, 1, 'B', &ten, 1, other_key_path, VECTOR_X5U "2",
                                               NULL } };
    auto_(signing_destroy) struct signing *s = make_signing(rows, ARRAY_SIZE(rows));
    auto_(signing_desk_destroy) struct signing_desk *desk = NULL;
    auto_(es256_destroy) struct es256 *engine = NULL;
    auto_(arena_destroy) struct arena *arena = NULL;
    struct key *keys[2] = { NULL, NULL };
    static struct call calls[CALLS];
    static struct signed_call what[CALLS];
    struct sign_job jobs[CALLS];
    assert_int_equal(key_read(SPAN(VECTOR_A1_PRIVATE), &keys[0], NULL), BF_OK);
    assert_int_equal(key_read(SPAN(VECTOR_8946_PRIVATE), &keys[1], NULL), BF_OK);
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    assert_int_equal(signing_desk_create(&desk), BF_OK);
    assert_int_equal(arena_create(1 << 15, 1 << 20, &arena), BF_OK);
    for (size_t i = 0; i < CALLS; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "1202555%04zu",
                 100 + i % 3 * 100 + i / 3); /* each third is nobody's */
        calls[i] = make_call();
        calls[i].caller = number(digits);
        memset(&what[i], 0x5A, sizeof what[i]);
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < CALLS; i++)
            jobs[i] = (struct sign_job){ .call = &calls[i], .ret = &what[i], .refusal = SIGN_FAILED };
        signing_sign_many(s, desk, jobs, CALLS);
        for (size_t i = 0; i < CALLS; i++) {
            const size_t row = i % 3;
            if (row == 2) {
                assert_int_equal(jobs[i].refusal, SIGN_NO_ROW);
                assert_int_equal(what[i].attest, 0x5A);
                continue;
            }
            char room[LIMIT_IDENTITY_VALUE];
            struct token token;
            enum token_flaw flaw;
            struct fault fault;
            assert_int_equal(jobs[i].refusal, SIGN_OK);
            const struct identity id = identity_of(s, &calls[i], &what[i], room, sizeof room);
            assert_int_equal(token_read(id.token, arena, &token, &flaw, &fault), BF_OK);
            assert_true(token.canonical && token.attest == "AB"[row]);
            assert_true(span_equal(token.orig.text, number_span(&calls[i].caller)));
            assert_true(span_equal(id.info, row ? SPAN(VECTOR_X5U "2") : SPAN(VECTOR_X5U)));
            assert_true(span_equal(token.x5u, id.info));
            struct es256_job job = { .key = key_public(keys[row]) };
            memcpy(job.signature, token.signature, 64);
            assert_int_equal(sha256_once(token.signed_part, job.digest), BF_OK);
            es256_verify_many(engine, &job, 1);
            assert_int_equal(job.result, BF_OK);
            arena_reset(arena);
        }
        signing_desk_forget(desk);
    }
    key_destroy(keys[0]);
    key_destroy(keys[1]);
}

static void sip_032_a_decision_gives_the_same_header_again_byte_for_byte(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    const struct call call = make_call();
    struct signed_call what, kept;
    char first[2048], second[2048], small[100];
    struct buf a = BUF_ON(first), b = BUF_ON(second), c = BUF_ON(small);
    assert_int_equal(sign_one(s, &call, &what), SIGN_OK);
    kept = what;
    assert_int_equal(signing_identity(s, &call, &what, &a), BF_OK);
    assert_int_equal(signing_identity(s, &call, &kept, &b), BF_OK);
    assert_true(span_equal(buf_span(&a), buf_span(&b)));
    assert_int_equal(signing_identity(s, &call, &kept, &c), BF_ELIMIT);
    kept.row = 1;
    assert_int_equal(signing_identity(s, &call, &kept, &b), BF_EINVAL);
    assert_true(sizeof what <= 128);
}

static void id_103_dt_001_003_shk_022_the_date_decides_iat_and_a_stale_one_is_not_signed(void **state)
{
    static const struct {
        const char *date;
        enum sign_refusal refusal;
        utc_t iat;
    } rows[] = {
        { NULL, SIGN_OK, NOW },
        { DATE_NOW, SIGN_OK, NOW },
        { "Fri, 25 Sep 2015 19:13:25 GMT", SIGN_OK, NOW + 60 },
        { "Fri, 25 Sep 2015 19:11:25 GMT", SIGN_OK, NOW - 60 },
        { "Fri, 25 Sep 2015 19:13:26 GMT", SIGN_STALE_DATE, 0 },
        { "Fri, 25 Sep 2015 19:11:24 GMT", SIGN_STALE_DATE, 0 },
        { "Thu, 25 Sep 2014 19:12:25 GMT", SIGN_STALE_DATE, 0 },
        { "Fri, 25 Sep 2015 19:12:25 CET", SIGN_STALE_DATE, 0 }, /* not a date of SIP's */
        { "", SIGN_STALE_DATE, 0 },
    };
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct call call = make_call();
        struct signed_call what = { 0 };
        call.date = span_of(rows[i].date);
        const enum sign_refusal refusal = sign_one(s, &call, &what);
        if (refusal != rows[i].refusal || what.iat != rows[i].iat)
            fail_msg("%s: %s", rows[i].date, sign_refusal_text(refusal));
    }
}

static void dt_002_now_and_iat_must_lie_in_the_validity_of_certificate_and_chain(void **state)
{
    static const struct {
        const char *chain, *date;
        utc_t now;
        enum sign_refusal refusal;
    } rows[] = {
        { chain_path, NULL, NOW, SIGN_OK },
        { chain_path, NULL, NOW + 30, SIGN_OK },
        { chain_path, NULL, NOW + 31, SIGN_EXPIRED },
        { chain_path, NULL, NOW - 30, SIGN_OK },
        { chain_path, NULL, NOW - 31, SIGN_EXPIRED },
        { chain_path, "Fri, 25 Sep 2015 19:13:00 GMT", NOW, SIGN_EXPIRED },      /* iat past notAfter */
        { chain_path, "Fri, 25 Sep 2015 19:12:45 GMT", NOW + 31, SIGN_EXPIRED }, /* only now is past it */
        { old_chain_path, NULL, NOW, SIGN_EXPIRED },                             /* the CA ended */
        { old_chain_path, NULL, NOW - 1, SIGN_OK },
        { expired_chain_path, NULL, NOW, SIGN_EXPIRED },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(signing_destroy) struct signing *s = simple_signing(rows[i].chain);
        struct call call = make_call();
        struct signed_call what;
        call.date = span_of(rows[i].date);
        call.arrival.utc = rows[i].now;
        const enum sign_refusal refusal = sign_one(s, &call, &what);
        if (refusal != rows[i].refusal)
            fail_msg("row %zu: %s", i, sign_refusal_text(refusal));
    }
}

static void a_call_that_carries_shaken_is_not_signed_again(void **state)
{
    static const char bare[] = VECTOR_SHAKEN ";info=<" VECTOR_X5U ">"; /* only the token itself says shaken */
    static const struct {
        const char *identity;
        enum sign_refusal refusal;
    } rows[] = {
        { VECTOR_SHAKEN ";info=<" VECTOR_X5U ">;alg=ES256;ppt=\"shaken\"", SIGN_ALREADY },
        { VECTOR_SHAKEN ";info=<" VECTOR_X5U ">;ppt=shaken", SIGN_ALREADY },
        { bare, SIGN_ALREADY },
        { ".." VECTOR_SHAKEN_SIGNATURE ";info=<" VECTOR_X5U ">;ppt=shaken", SIGN_ALREADY },
        { VECTOR_DIV ";info=<" VECTOR_X5U ">;ppt=div", SIGN_OK },
        { VECTOR_8946_ORIGINAL ";info=<https://www.example.com/cert.cer>", SIGN_OK },
        { "garbage", SIGN_OK }, /* nobody can read it: it is no signature */
    };
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct call call = make_call();
        struct signed_call what;
        call.identities[0] = SPAN("garbage");
        call.identities[1] = span_of(rows[i].identity);
        call.n_identities = 2;
        const enum sign_refusal refusal = sign_one(s, &call, &what);
        if (refusal != rows[i].refusal)
            fail_msg("%.40s: %s", rows[i].identity, sign_refusal_text(refusal));
    }
    struct call call = make_call();
    struct signed_call what;
    call.identities_too_many = true;
    assert_int_equal(sign_one(s, &call, &what), SIGN_ALREADY);
}

static void shk_026_without_numbers_there_is_nothing_to_sign(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    struct signed_call what;
    struct call call = make_call();
    call.has_caller = false;
    assert_int_equal(sign_one(s, &call, &what), SIGN_NO_CALLER);
    call = make_call();
    call.caller = number("1215555012112155"); /* 16 digits are no number */
    assert_int_equal(sign_one(s, &call, &what), SIGN_NO_CALLER);
    call = make_call();
    call.has_called = false;
    assert_int_equal(sign_one(s, &call, &what), SIGN_NO_CALLED);
}

static void emergency_calls_are_never_delayed_by_signing(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = simple_signing(NULL);
    struct signed_call what;
    struct call call = make_call();
    call.never_block = true;
    assert_int_equal(sign_one(s, &call, &what), SIGN_EMERGENCY);
}

static void a_row_that_cannot_work_is_refused_at_once_and_named(void **state)
{
    (void)state;
    const struct number_range numbers = range("+12155550100/100");
    const struct cidr customers = net("10.0.0.0/8");
    const struct sign_row_options good = { &numbers, 1, 'A', &customers, 1, key_path, VECTOR_X5U, NULL };
    struct sign_row_options rows[2] = { good, good };
    const struct {
        const char *name, *key, *x5u, *chain;
        char attest;
        size_t n_numbers;
        enum bf_err err;
        const char *says;
    } bad[] = {
        { "attest", key_path, VECTOR_X5U, NULL, 'D', 1, BF_EINVAL, "attest" },
        { "no attest", key_path, VECTOR_X5U, NULL, 0, 1, BF_EINVAL, "attest" },
        { "numbers", key_path, VECTOR_X5U, NULL, 'A', 0, BF_EINVAL, "numbers" },
        { "no key", NULL, VECTOR_X5U, NULL, 'A', 1, BF_EINVAL, "key is missing" },
        { "key file", "/nonexistent/key", VECTOR_X5U, NULL, 'A', 1, BF_EIO, "/nonexistent/key" },
        { "no x5u", key_path, NULL, NULL, 'A', 1, BF_EINVAL, "x5u is missing" },
        { "x5u", key_path, "ftp://a/b", NULL, 'A', 1, BF_EINVAL, "x5u" },
        { "no chain", key_path, VECTOR_X5U, "/nonexistent/chain", 'A', 1, BF_EIO, "/nonexistent/chain" },
        { "chain is a key", key_path, VECTOR_X5U, key_path, 'A', 1, BF_EFORM, "no PEM certificate" },
        { "chain of another", key_path, VECTOR_X5U, foreign_chain_path, 'A', 1, BF_EINVAL,
          "of this row's key" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct signing *s = NULL;
        char *message = NULL;
        rows[1] = (struct sign_row_options){ &numbers, bad[i].n_numbers, bad[i].attest, &customers,
                                             1,        bad[i].key,       bad[i].x5u,    bad[i].chain };
        const enum bf_err err = signing_create(rows, 2, &s, &message);
        if (err != bad[i].err || s || !message || !strstr(message, "sign row 2") ||
            !strstr(message, bad[i].says))
            fail_msg("%s: %d %s", bad[i].name, err, message ? message : "");
        free(message);
    }
}

static void rows_that_name_the_same_file_share_its_key(void **state)
{
    (void)state;
    struct sign_keys *keys = NULL;
    const struct key *first = NULL, *again = NULL, *other = NULL, *none = NULL;
    char *message = NULL, copy[sizeof key_path];
    assert_int_equal(sign_keys_create(4, &keys), BF_OK);
    memcpy(copy, key_path, sizeof copy);
    assert_int_equal(sign_keys_load(keys, key_path, &first, &message), BF_OK);
    assert_int_equal(sign_keys_load(keys, other_key_path, &other, &message), BF_OK);
    assert_int_equal(sign_keys_load(keys, copy, &again, &message), BF_OK);
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    for (int i = 0; i < 2; i++) { /* a file that cannot be read is asked for again */
        assert_int_equal(sign_keys_load(keys, "/nonexistent/key", &none, &message), BF_EIO);
        assert_non_null(strstr(message, "/nonexistent/key"));
        free(message);
        message = NULL;
    }
    assert_null(none);
    sign_keys_destroy(keys);
}

static void an_empty_table_signs_nothing(void **state)
{
    (void)state;
    auto_(signing_destroy) struct signing *s = make_signing(NULL, 0);
    const struct call call = make_call();
    struct signed_call what;
    assert_int_equal(sign_one(s, &call, &what), SIGN_NO_ROW);
}

static void every_refusal_has_words_of_its_own(void **state)
{
    (void)state;
    for (int i = SIGN_OK; i <= SIGN_FAILED; i++)
        for (int k = SIGN_OK; k < i; k++)
            assert_string_not_equal(sign_refusal_text(i), sign_refusal_text(k));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_101_102_what_no_row_covers_is_not_signed),
        cmocka_unit_test(id_104_id_006_shk_021_the_token_says_what_the_call_says_and_the_signature_holds),
        cmocka_unit_test(what_is_asked_for_lowers_the_attestation_and_never_raises_it),
        cmocka_unit_test(shk_003_every_call_has_an_origid_of_its_own),
        cmocka_unit_test(many_calls_are_signed_each_by_its_own_row_and_the_others_left_alone),
        cmocka_unit_test(sip_032_a_decision_gives_the_same_header_again_byte_for_byte),
        cmocka_unit_test(id_103_dt_001_003_shk_022_the_date_decides_iat_and_a_stale_one_is_not_signed),
        cmocka_unit_test(dt_002_now_and_iat_must_lie_in_the_validity_of_certificate_and_chain),
        cmocka_unit_test(a_call_that_carries_shaken_is_not_signed_again),
        cmocka_unit_test(shk_026_without_numbers_there_is_nothing_to_sign),
        cmocka_unit_test(emergency_calls_are_never_delayed_by_signing),
        cmocka_unit_test(a_row_that_cannot_work_is_refused_at_once_and_named),
        cmocka_unit_test(rows_that_name_the_same_file_share_its_key),
        cmocka_unit_test(an_empty_table_signs_nothing),
        cmocka_unit_test(every_refusal_has_words_of_its_own),
    };
    if (set_up() != 0)
        return 1;
    const int failed = tap_run(tests, ARRAY_SIZE(tests));
    tear_down();
    return failed;
}
