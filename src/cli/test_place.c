/* SPDX-License-Identifier: Apache-2.0 */
/* Test calls, placed against a server that is a thread of this test: what they say, and what is read of their answers. */
#include "cli/place.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cidr.h"
#include "es256/es256.h"
#include "identity/identity.h"
#include "sip/reply.h"
#include "engine.h"
#include "tap.h"
#include "token/token.h"

#define NOW 1443208345

static const struct clock_fixed test_clock = { { clock_fixed_now }, { .utc = NOW } };

static struct key *new_key(void)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    struct key *key = NULL;
    char *pem;
    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    const long n = BIO_get_mem_data(bio, &pem);
    assert_int_equal(key_read(span_make(pem, (size_t)n), &key, NULL), BF_OK);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return key;
}

/* ---- the server ---- */

#define INVITES 4u
struct server {
    int fd;
    struct sockaddr_storage addr;
    socklen_t addr_n;
    int status;
    const char *headers;
    pthread_t thread;
    struct {
        char text[8192];
        struct sip_message m;
        struct sockaddr_storage from;
    } invites[INVITES];
    size_t n, n_acks, n_byes;
    bool stop;
};

static void answer(struct server *s, const struct sip_message *m, const struct sockaddr_storage *from,
                   int status)
{
    char memory[8192];
    struct buf out = BUF_ON(memory);
    const struct sip_source source = { (const struct sockaddr *)from, false };
    if (reply_begin(&out, m, &source, status, NULL, SPAN("t")) != BF_OK)
        return;
    if (m->method == SIP_INVITE)
        buf_text(&out, s->headers);
    reply_end(&out, SPAN(""));
    (void)sendto(s->fd, out.p, out.n, 0, (const struct sockaddr *)from, s->addr_n);
}

static void hear(struct server *s)
{
    static char spare[8192];
    static struct sip_message other;
    struct sockaddr_storage from = { 0 };
    socklen_t n = sizeof from;
    const bool room = s->n < INVITES;
    char *text = room ? s->invites[s->n].text : spare;
    struct sip_message *m = room ? &s->invites[s->n].m : &other;
    const ssize_t got = recvfrom(s->fd, text, sizeof spare, 0, (struct sockaddr *)&from, &n);
    if (got <= 0)
        s->stop = true; /* the empty datagram ends it */
    else if (message_read(span_make(text, (size_t)got), SIP_DATAGRAM, m, NULL) != BF_OK)
        return;
    else if (m->method == SIP_INVITE && room) {
        s->invites[s->n++].from = from;
        answer(s, m, &from, s->status);
    } else if (m->method == SIP_BYE) {
        s->n_byes++;
        answer(s, m, &from, 200);
    } else {
        s->n_acks += m->method == SIP_ACK;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    while (!s->stop)
        hear(s);
    return NULL;
}

static void server_begin(struct server *s, int status, const char *headers)
{
    memset(s, 0, sizeof *s);
    s->status = status;
    s->headers = headers;
    assert_int_equal(addr_read(SPAN("127.0.0.1:0"), &s->addr, &s->addr_n, NULL), BF_OK);
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&s->addr, s->addr_n), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&s->addr, &s->addr_n), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(sendto(fd, "", 0, 0, (struct sockaddr *)&s->addr, s->addr_n), 0);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(fd);
    close(s->fd);
}

static struct place_options options_for(const struct server *s, struct key *carrier, struct key *untrusted)
{
    return (struct place_options){ .to = (const struct sockaddr *)&s->addr,
                                   .to_n = s->addr_n,
                                   .name = "A \"quoted\" name\n",
                                   .carrier = { carrier, "https://a.example/a.pem" },
                                   .untrusted = { untrusted, "https://b.example/b.pem" },
                                   .clock = &test_clock.source };
}

/* ---- what is said ---- */

/* What the token of an INVITE says; holds: its signature does, under that key. */
static void read_token(const struct sip_message *m, struct arena *arena, struct key *key, struct token *t,
                       bool *holds)
{
    struct identity identity;
    enum token_flaw flaw;
    struct fault fault;
    struct es256 *engine;
    struct es256_job job = { .key = key_public(key) };
    assert_int_equal(identity_read(message_header(m, SIP_H_IDENTITY), &identity, &fault), BF_OK);
    assert_int_equal(token_read(identity.token, arena, t, &flaw, &fault), BF_OK);
    assert_true(span_equal(identity.info, t->x5u));
    assert_int_equal(sha256_once(t->signed_part, job.digest), BF_OK);
    memcpy(job.signature, t->signature, sizeof job.signature);
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    es256_verify_many(engine, &job, 1);
    es256_destroy(engine);
    *holds = job.result == BF_OK;
}

static struct number shown(const struct sip_message *m)
{
    struct sip_address a;
    struct sip_uri uri;
    struct number n = { .n = 0 };
    assert_int_equal(sip_address_read(message_header(m, SIP_H_FROM), &a, NULL), BF_OK);
    assert_int_equal(uri_read(a.uri, &uri, NULL), BF_OK);
    assert_true(number_of_uri(&uri, NULL, &n));
    return n;
}

static void each_kind_is_wrong_in_one_way_only(void **state)
{
    (void)state;
    static const struct {
        enum call_kind kind;
        bool holds, caller_is_shown, called_is_dest, fresh, trusted;
        char attest;
    } rows[] = {
        { KIND_SIGNED, true, true, true, true, true, 'A' },
        { KIND_SPOOFED, true, false, true, true, true, 'A' },
        { KIND_TAMPERED, false, true, true, true, true, 'A' },
        { KIND_OTHER, true, true, false, true, true, 'A' },
        { KIND_STALE, true, true, true, false, true, 'A' },
        { KIND_GATEWAY, true, true, true, true, true, 'C' },
        { KIND_UNTRUSTED, true, true, true, true, false, 'A' },
    };
    static struct server s;
    struct key *carrier = new_key(), *untrusted = new_key();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct placed placed;
        struct token t;
        struct arena *arena;
        bool holds;
        server_begin(&s, 302, "");
        const struct place_options o = options_for(&s, carrier, untrusted);
        assert_int_equal(place_call(&o, rows[i].kind, &placed), BF_OK);
        server_end(&s);
        assert_true(placed.sent);
        assert_int_equal(placed.err, BF_OK);
        assert_int_equal(s.n, 1);
        assert_int_equal(s.n_acks, 1);
        const struct sip_message *m = &s.invites[0].m;
        assert_int_equal(arena_create(65536, 1 << 20, &arena), BF_OK);
        read_token(m, arena, rows[i].trusted ? carrier : untrusted, &t, &holds);
        const struct number number = shown(m);
        assert_int_equal(holds, rows[i].holds);
        assert_int_equal(span_equal(t.orig.text, number_span(&number)), rows[i].caller_is_shown);
        assert_int_equal(span_equal(t.dest[0].text, SPAN("12155550131")), rows[i].called_is_dest);
        assert_int_equal(t.iat == NOW, rows[i].fresh);
        assert_int_equal(t.attest, rows[i].attest);
        assert_true(t.canonical);
        arena_destroy(arena);
    }
    key_destroy(carrier);
    key_destroy(untrusted);
}

static void an_unsigned_call_carries_no_identity(void **state)
{
    (void)state;
    static struct server s;
    struct placed placed;
    server_begin(&s, 302, "");
    const struct place_options o = options_for(&s, NULL, NULL);
    assert_int_equal(place_call(&o, KIND_UNSIGNED, &placed), BF_OK);
    server_end(&s);
    assert_int_equal(s.n, 1);
    assert_null(message_named(&s.invites[0].m, SPAN("Identity")));
    assert_null(message_missing(&s.invites[0].m));
    assert_non_null(strstr(s.invites[0].text, "\"A \\\"quoted\\\" name?\" <sip:+12155550121@"));
}

static void a_replayed_token_comes_again_from_elsewhere_as_another_call(void **state)
{
    (void)state;
    static struct server s;
    struct key *carrier = new_key();
    struct placed placed;
    char text[64];
    server_begin(&s, 302, "");
    const struct place_options o = options_for(&s, carrier, NULL);
    assert_int_equal(place_call(&o, KIND_REPLAYED, &placed), BF_OK);
    server_end(&s);
    assert_int_equal(s.n, 2);
    const struct sip_message *a = &s.invites[0].m, *b = &s.invites[1].m;
    assert_true(span_equal(message_header(a, SIP_H_IDENTITY), message_header(b, SIP_H_IDENTITY)));
    assert_false(span_equal(message_header(a, SIP_H_CALL_ID), message_header(b, SIP_H_CALL_ID)));
    addr_text((struct sockaddr *)&s.invites[1].from, text);
    assert_int_equal(strncmp(text, "127.0.0.2:", 10), 0);
    key_destroy(carrier);
}

static void what_needs_a_carrier_that_is_not_there_is_not_placed(void **state)
{
    (void)state;
    static struct server s;
    struct placed placed;
    server_begin(&s, 302, "");
    const struct place_options o = options_for(&s, NULL, NULL);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(place_call(&o, (enum call_kind)kind, &placed), BF_OK);
        assert_int_equal(placed.sent, kind == KIND_UNSIGNED);
        assert_true(placed.sent || placed.err == BF_EUNSUP);
    }
    server_end(&s);
    assert_int_equal(s.n, 1);
}

/* ---- what is answered ---- */

static void the_answer_is_read(void **state)
{
    (void)state;
    static struct server s;
    struct placed p;
    server_begin(&s, 302,
                 "Contact: <sip:+12155550131@next.example;user=phone>\r\n"
                 "P-Asserted-Identity: \"A\" <sip:+12155550121;verstat=TN-Validation-Failed@h;user=phone>\r\n"
                 "X-Bonafide: verdict=broken;attest=none;case=E5;id=01\r\n"
                 "P-Attestation-Indicator: B\r\n"
                 "Identity: a.b.c;info=<https://x>\r\n"
                 "Reason: STIR;cause=438;text=\"Invalid Identity Header\"\r\nReason: STIR;cause=436\r\n");
    const struct place_options o = options_for(&s, NULL, NULL);
    assert_int_equal(place_call(&o, KIND_UNSIGNED, &p), BF_OK);
    server_end(&s);
    assert_int_equal(p.status, 302);
    assert_string_equal(p.phrase, "Moved Temporarily");
    assert_string_equal(p.verdict, "broken");
    assert_string_equal(p.verstat, "TN-Validation-Failed");
    assert_string_equal(p.attestation, "none");
    assert_string_equal(p.contact, "<sip:+12155550131@next.example;user=phone>");
    assert_string_equal(p.x_bonafide, "verdict=broken;attest=none;case=E5;id=01");
    assert_true(p.identity);
    assert_int_equal(p.n_reasons, 2);
    assert_string_equal(p.reasons[1], "STIR;cause=436");
    assert_true(p.us > 0);
    assert_false(placed_as_expected(&p)); /* an unsigned call should be unproven */
    strcpy(p.verdict, "unproven");
    assert_true(placed_as_expected(&p));
}

static void verstat_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *headers, *verstat;
    } rows[] = {
        { "P-Asserted-Identity: <sip:+1@h;user=phone;verstat=TN-Validation-Passed>\r\n",
          "TN-Validation-Passed" },
        { "P-Asserted-Identity: <tel:+1>;verstat=No-TN-Validation\r\n", "No-TN-Validation" },
        { "Contact: <sip:+1;verstat=TN-Validation-Passed-A@h>\r\n", "TN-Validation-Passed-A" },
        { "P-Asserted-Identity: <tel:+1>\r\n", "" },
        { "", "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        static struct server s;
        struct placed p;
        server_begin(&s, 302, rows[i].headers);
        const struct place_options o = options_for(&s, NULL, NULL);
        assert_int_equal(place_call(&o, KIND_UNSIGNED, &p), BF_OK);
        server_end(&s);
        assert_string_equal(p.verstat, rows[i].verstat);
    }
}

static void who_answers_is_hung_up_on(void **state)
{
    (void)state;
    static struct server s;
    struct placed p;
    server_begin(&s, 200, "Contact: <sip:b@127.0.0.1>\r\n");
    const struct place_options o = options_for(&s, NULL, NULL);
    assert_int_equal(place_call(&o, KIND_UNSIGNED, &p), BF_OK);
    server_end(&s);
    assert_int_equal(p.status, 200);
    assert_int_equal(s.n_acks, 1);
    assert_int_equal(s.n_byes, 1);
}

static void nobody_there_is_said(void **state)
{
    (void)state;
    static struct server s;
    struct placed p;
    server_begin(&s, 302, "");
    const struct place_options o = options_for(&s, NULL, NULL);
    server_end(&s);
    assert_int_equal(place_call(&o, KIND_UNSIGNED, &p), BF_OK);
    assert_true(p.sent);
    assert_int_equal(p.err, BF_EIO);
    assert_int_equal(p.status, 0);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(call_kind_of(call_kind_name((enum call_kind)kind)), kind);
        assert_true(*call_kind_text((enum call_kind)kind) && *call_kind_verdict((enum call_kind)kind));
    }
    assert_int_equal(call_kind_of("none"), KIND_COUNT);
    assert_string_equal(call_kind_name(KIND_COUNT), "");
}

/* ---- labs ---- */

static void write_lab(const char *dir, const char *json)
{
    char path[320];
    snprintf(path, sizeof path, "%s/lab.json", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(json, f);
    fclose(f);
}

static void carriers_are_found_in_a_lab_or_it_says_why_not(void **state)
{
    (void)state;
    static const struct {
        const char *json, *spc, *says;
    } rows[] = {
        { "{", NULL, "lab.json: " },
        { "{}", NULL, "there is no carrier" },
        { "{\"carriers\":[{\"spc\":\"0001\",\"key\":\"k\",\"x5u\":\"u\"}]}", "0002",
          "no carrier with that code" },
        { "{\"carriers\":[{\"spc\":\"0001\",\"key\":\"k\"}]}", NULL, "no key or no x5u" },
        { "{\"carriers\":[{\"spc\":\"0001\",\"key\":\"k\",\"x5u\":\"u\"}]}", "0001", "/k" },
    };
    char dir[256], path[300];
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/bonafide-place-XXXXXX", base ? base : P_tmpdir);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct key *key = NULL;
        char *x5u = NULL, *message = NULL;
        write_lab(dir, rows[i].json);
        assert_true(place_carrier_load(dir, rows[i].spc, &key, &x5u, &message) != BF_OK);
        if (!message || !strstr(message, rows[i].says))
            fail_msg("%s: %s", rows[i].json, message ? message : "nothing is said");
        free(message);
    }
    snprintf(path, sizeof path, "%s/lab.json", dir);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_wrong_in_one_way_only),
        cmocka_unit_test(an_unsigned_call_carries_no_identity),
        cmocka_unit_test(a_replayed_token_comes_again_from_elsewhere_as_another_call),
        cmocka_unit_test(what_needs_a_carrier_that_is_not_there_is_not_placed),
        cmocka_unit_test(the_answer_is_read),
        cmocka_unit_test(verstat_is_found_wherever_it_stands),
        cmocka_unit_test(who_answers_is_hung_up_on),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(carriers_are_found_in_a_lab_or_it_says_why_not),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
