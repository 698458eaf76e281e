/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of a socket in one thread, certificates made at run time. */
#include "tls/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tap.h"
#include "scratch.h"

/* ---- certificates ---- */

struct made {
    EVP_PKEY *key;
    X509 *certificate;
};

static void made_clear(struct made *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->certificate);
}

static void add_extension(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(c, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* issuer NULL: a CA that issues itself. san, eku NULL: none. until: seconds from now. */
static struct made make(const struct made *issuer, const char *cn, const char *san, const char *eku,
                        long until)
{
    struct made m = { EVP_EC_gen("P-256"), X509_new() };
    X509 *c = m.certificate;
    assert_non_null(m.key);
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1 + rand() % 100000);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), until);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1,
                               -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer->certificate : c));
    X509_set_pubkey(c, m.key);
    X509 *above = issuer ? issuer->certificate : c;
    add_extension(c, above, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (san)
        add_extension(c, above, NID_subject_alt_name, san);
    if (eku)
        add_extension(c, above, NID_ext_key_usage, eku);
    assert_true(X509_sign(c, issuer ? issuer->key : m.key, EVP_sha256()) > 0);
    return m;
}

static char *write_pem(const char *dir, const char *name, const struct made *m, bool key)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(key ? PEM_write_PrivateKey(f, m->key, NULL, NULL, 0, NULL, NULL)
                         : PEM_write_X509(f, m->certificate),
                     1);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
    return path;
}

/* ---- names ---- */

static void rfc_5922_whom_a_certificate_speaks_for(void **state)
{
    (void)state;
    static const struct {
        const char *what, *cn, *san, *name;
        bool holds;
    } rows[] = {
        { "a SIP domain", "x", "URI:sip:example.com", "example.com", true },
        { "letter case", "x", "URI:sip:Example.COM", "eXample.com", true },
        { "a URI of another scheme is none", "x", "URI:https://example.com", "example.com", false },
        { "a URI with a user is of that user", "x", "URI:sip:bob@example.com", "example.com", false },
        { "a DNS name", "x", "DNS:sbc.example.com", "sbc.example.com", true },
        { "the second DNS name", "x", "DNS:a.example,DNS:b.example", "b.example", true },
        { "beside a SIP domain DNS names do not count", "x", "URI:sip:a.example,DNS:b.example", "b.example",
          false },
        { "no wildcard", "x", "DNS:*.example.com", "sbc.example.com", false },
        { "a wildcard is no name", "x", "DNS:*.example.com", "*.example.com", false },
        { "a parent is another name", "x", "DNS:example.com", "sbc.example.com", false },
        { "the common name without subjectAltName", "sbc.example.com", NULL, "sbc.example.com", true },
        { "the common name beside one does not count", "sbc.example.com", "DNS:a.example", "sbc.example.com",
          false },
        { "an address", "x", "IP:192.0.2.1", "192.0.2.1", true },
        { "another address", "x", "IP:192.0.2.1", "192.0.2.2", false },
        { "IPv6 in brackets", "x", "IP:2001:db8::1", "[2001:db8::1]", true },
        { "an address as a DNS name does not count", "x", "DNS:192.0.2.1", "192.0.2.1", false },
        { "nothing asked", "x", "DNS:a.example", "", false },
    };
    const struct made ca = make(NULL, "CA", NULL, NULL, 3600);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct made m = make(&ca, rows[i].cn, rows[i].san, NULL, 3600);
        if (tls_names_hold(m.certificate, span_of(rows[i].name)) != rows[i].holds)
            fail_msg("%s", rows[i].what);
        made_clear(&m);
    }
    made_clear((struct made *)&ca);
}

static void rfc_5922_a_nul_inside_a_name_makes_it_none(void **state)
{
    (void)state;
    char out[TLS_NAME + 1];
    struct made ca = make(NULL, "CA", NULL, NULL, 3600), m = make(&ca, "x", NULL, NULL, 3600);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, "good.example\0.evil.example", 26);
    GENERAL_NAME_set0_value(g, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, g);
    X509_add1_ext_i2d(m.certificate, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
    assert_false(tls_names_hold(m.certificate, SPAN("good.example")));
    assert_int_equal(tls_names_first(m.certificate, out), 0);
    made_clear(&m);
    made_clear(&ca);
}

/* ---- handshakes ---- */

struct ends {
    int fd[2];
    struct tls_stream *server, *client;
};

/* Both sides go on until neither wants anything of the other. */
static enum tls_step shake(struct ends *e, enum tls_step *ret_server)
{
    enum tls_step client = TLS_WANTS_READ, server = TLS_WANTS_READ;
    for (int i = 0; i < 20; i++) {
        client = tls_stream_shake(e->client);
        server = tls_stream_shake(e->server);
        if (server == TLS_BROKEN || client == TLS_BROKEN || (client == TLS_DONE && server == TLS_DONE))
            break;
    }
    *ret_server = server;
    return client;
}

static void ends_open(struct ends *e, struct tls_context *server, struct tls_context *client, const char *to)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fd), 0);
    assert_int_equal(tls_stream_create(server, e->fd[0], NULL, &e->server), BF_OK);
    assert_int_equal(tls_stream_create(client, e->fd[1], to, &e->client), BF_OK);
}

static void ends_close(struct ends *e)
{
    tls_stream_destroy(e->server);
    tls_stream_destroy(e->client);
    close(e->fd[0]);
    close(e->fd[1]);
}

static void who_may_talk_to_whom(void **state)
{
    (void)state;
    char dir[512];
    scratch_make(dir, sizeof dir, "tls");
    static const struct {
        const char *what, *san, *to, *client_san;
        enum tls_client clients;
        long until;
        bool other_ca, client_other_ca, insecure, client_eku, good;
        const char *peer;
    } rows[] = {
        { .what = "the right name",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .good = true },
        { .what = "another name", .san = "DNS:sbc.example", .to = "pbx.example", .until = 3600 },
        { .what = "an address", .san = "IP:127.0.0.1", .to = "127.0.0.1", .until = 3600, .good = true },
        { .what = "expired", .san = "DNS:sbc.example", .to = "sbc.example", .until = -60 },
        { .what = "of a CA nobody trusts",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .other_ca = true },
        { .what = "believed in a laboratory",
          .san = "DNS:x",
          .to = "sbc.example",
          .until = 3600,
          .other_ca = true,
          .insecure = true,
          .good = true },
        { .what = "a client that shows nothing, where it must",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .clients = TLS_CLIENT_REQUIRED },
        { .what = "a client that shows nothing, where it may",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .clients = TLS_CLIENT_OPTIONAL,
          .good = true },
        { .what = "a client that shows its name",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .clients = TLS_CLIENT_REQUIRED,
          .client_san = "URI:sip:carrier.example",
          .good = true,
          .peer = "carrier.example" },
        { .what = "a client of a CA nobody trusts",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .clients = TLS_CLIENT_OPTIONAL,
          .client_san = "DNS:carrier.example",
          .client_other_ca = true },
        { .what = "a client with a server's certificate only",
          .san = "DNS:sbc.example",
          .to = "sbc.example",
          .until = 3600,
          .clients = TLS_CLIENT_REQUIRED,
          .client_san = "DNS:carrier.example",
          .client_eku = true },
    };
    struct made ca = make(NULL, "CA", NULL, NULL, 3600), other = make(NULL, "Other", NULL, NULL, 3600);
    char *ca_pem = write_pem(dir, "ca.pem", &ca, false), *message = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct made server =
            make(rows[i].other_ca ? &other : &ca, "server", rows[i].san, NULL, rows[i].until);
        struct made client = make(rows[i].client_other_ca ? &other : &ca, "client", rows[i].client_san,
                                  rows[i].client_eku ? "serverAuth" : NULL, 3600);
        char *paths[] = { write_pem(dir, "s.pem", &server, false), write_pem(dir, "s.key", &server, true),
                          write_pem(dir, "c.pem", &client, false), write_pem(dir, "c.key", &client, true) };
        struct tls_context *s = NULL, *c = NULL;
        struct ends e;
        enum tls_step step;
        assert_int_equal(tls_server_create(&(struct tls_server_options){ .cert = paths[0],
                                                                         .key = paths[1],
                                                                         .client_ca = ca_pem,
                                                                         .clients = rows[i].clients },
                                           &s, &message),
                         BF_OK);
        assert_int_equal(
            tls_client_create(&(struct tls_client_options){ .ca = ca_pem,
                                                            .insecure = rows[i].insecure,
                                                            .cert = rows[i].client_san ? paths[2] : NULL,
                                                            .key = paths[3] },
                              &c, &message),
            BF_OK);
        ends_open(&e, s, c, rows[i].to);
        tls_context_destroy(s); /* streams hold on to it, as they must over a reload */
        tls_context_destroy(c);
        const bool client_done = shake(&e, &step) == TLS_DONE, good = client_done && step == TLS_DONE;
        if (good != rows[i].good)
            fail_msg("%s: server %d (%s), client %d (%s)", rows[i].what, step, tls_stream_why(e.server),
                     client_done, tls_stream_why(e.client));
        if (!good)
            assert_true(*tls_stream_why(e.server) || *tls_stream_why(e.client));
        const struct span peer = tls_stream_peer(e.server);
        if (good && !span_equal(peer, span_of(rows[i].peer ? rows[i].peer : "")))
            fail_msg("%s: the peer is %.*s", rows[i].what, (int)peer.n, peer.p);
        ends_close(&e);
        for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
            free(paths[k]);
        made_clear(&server);
        made_clear(&client);
    }
    free(ca_pem);
    made_clear(&ca);
    made_clear(&other);
    scratch_remove(dir);
}

static void large_messages_come_through_and_goodbyes_are_heard(void **state)
{
    (void)state;
    char dir[512];
    scratch_make(dir, sizeof dir, "tls");
    struct made ca = make(NULL, "CA", NULL, NULL, 3600), server = make(&ca, "s", "DNS:a.example", NULL, 3600),
                second = make(&ca, "t", "DNS:b.example", NULL, 3600);
    char *paths[] = { write_pem(dir, "ca.pem", &ca, false), write_pem(dir, "s.pem", &server, false),
                      write_pem(dir, "s.key", &server, true), write_pem(dir, "t.pem", &second, false),
                      write_pem(dir, "t.key", &second, true) };
    char *message = NULL;
    struct tls_context *s = NULL, *c = NULL;
    const struct tls_named names[] = { { "b.example", paths[3], paths[4] } };
    assert_int_equal(
        tls_server_create(
            &(struct tls_server_options){ .cert = paths[1], .key = paths[2], .names = names, .n_names = 1 },
            &s, &message),
        BF_OK);
    assert_int_equal(tls_client_create(&(struct tls_client_options){ .ca = paths[0] }, &c, &message), BF_OK);
    for (int i = 0; i < 2; i++) { /* SNI picks the certificate */
        struct ends e;
        enum tls_step step;
        ends_open(&e, s, c, i ? "b.example" : "a.example");
        assert_int_equal(shake(&e, &step), TLS_DONE);
        assert_int_equal(step, TLS_DONE);

        static char sent[200000], got[200000];
        size_t out = 0, in = 0, n = 0;
        for (size_t k = 0; k < sizeof sent; k++)
            sent[k] = (char)(k * 31 + k / 253);
        while (in < sizeof got) {
            if (out < sizeof sent &&
                tls_stream_write(e.client, span_make(sent + out, sizeof sent - out), &n) == TLS_DONE)
                out += n;
            while (in < sizeof got && tls_stream_read(e.server, got + in, sizeof got - in, &n) == TLS_DONE)
                in += n;
        }
        assert_memory_equal(sent, got, sizeof got);
        assert_int_equal(tls_stream_read(e.server, got, 1, &n), TLS_WANTS_READ);
        tls_stream_destroy(e.client);
        e.client = NULL;
        assert_int_equal(tls_stream_read(e.server, got, 1, &n), TLS_CLOSED);
        ends_close(&e);
    }
    tls_context_destroy(s);
    tls_context_destroy(c);
    for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
        free(paths[k]);
    made_clear(&ca);
    made_clear(&server);
    made_clear(&second);
    scratch_remove(dir);
}

static void what_is_no_certificate_is_told_with_its_file(void **state)
{
    (void)state;
    char dir[512];
    scratch_make(dir, sizeof dir, "tls");
    struct made ca = make(NULL, "CA", NULL, NULL, 3600), other = make(NULL, "Other", NULL, NULL, 3600);
    char *pem = write_pem(dir, "ca.pem", &ca, false), *key = write_pem(dir, "ca.key", &ca, true),
         *wrong = write_pem(dir, "other.key", &other, true);
    const struct {
        const char *cert, *key;
        mode_t mode;
        enum tls_client clients;
        const char *says;
    } rows[] = {
        { "/nowhere.pem", key, 0600, TLS_CLIENT_NONE, "/nowhere.pem: No such file" },
        { key, key, 0600, TLS_CLIENT_NONE, "no certificate chain in PEM" },
        { pem, wrong, 0600, TLS_CLIENT_NONE, "belongs to" },
        { pem, key, 0644, TLS_CLIENT_NONE, "chmod 600" },
        { pem, key, 0600, TLS_CLIENT_REQUIRED, "client_ca" },
        { pem, "", 0600, TLS_CLIENT_NONE, "needs a certificate and its key" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tls_context *c = NULL;
        char *message = NULL;
        chmod(key, rows[i].mode);
        assert_int_not_equal(tls_server_create(&(struct tls_server_options){ .cert = rows[i].cert,
                                                                             .key = rows[i].key,
                                                                             .clients = rows[i].clients },
                                               &c, &message),
                             BF_OK);
        assert_null(c);
        assert_non_null(message);
        if (!strstr(message, rows[i].says))
            fail_msg("row %zu: %s", i, message);
        free(message);
    }
    free(pem);
    free(key);
    free(wrong);
    made_clear(&ca);
    made_clear(&other);
    scratch_remove(dir);
}

static void garbage_breaks_a_handshake_and_nothing_else(void **state)
{
    (void)state;
    char dir[512], *message = NULL;
    scratch_make(dir, sizeof dir, "tls");
    struct made ca = make(NULL, "CA", "DNS:a.example", NULL, 3600);
    char *pem = write_pem(dir, "ca.pem", &ca, false), *key = write_pem(dir, "ca.key", &ca, true);
    struct tls_context *s = NULL;
    assert_int_equal(tls_server_create(&(struct tls_server_options){ .cert = pem, .key = key }, &s, &message),
                     BF_OK);
    static const char *const rows[] = { "INVITE sip:a@b SIP/2.0\r\n\r\n", "\x16\x03\x01\xFF\xFF\x01",
                                        "\x80\x2E\x01\x00\x02", "" };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int fd[2];
        struct tls_stream *stream = NULL;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
        assert_int_equal(tls_stream_create(s, fd[0], NULL, &stream), BF_OK);
        assert_int_equal(send(fd[1], rows[i], strlen(rows[i]), 0), strlen(rows[i]));
        close(fd[1]);
        for (int k = 0; k < 5 && tls_stream_shake(stream) != TLS_BROKEN; k++)
            ;
        assert_int_equal(tls_stream_shake(stream), TLS_BROKEN);
        assert_true(*tls_stream_why(stream) != '\0');
        tls_stream_destroy(stream);
        close(fd[0]);
    }
    tls_context_destroy(s);
    free(pem);
    free(key);
    made_clear(&ca);
    scratch_remove(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_5922_whom_a_certificate_speaks_for),
        cmocka_unit_test(rfc_5922_a_nul_inside_a_name_makes_it_none),
        cmocka_unit_test(who_may_talk_to_whom),
        cmocka_unit_test(large_messages_come_through_and_goodbyes_are_heard),
        cmocka_unit_test(what_is_no_certificate_is_told_with_its_file),
        cmocka_unit_test(garbage_breaks_a_handshake_and_nothing_else),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
