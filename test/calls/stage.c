/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "engine.h"
#include "es256/pool.h"
#include "tap.h"
#include "vectors.h"

utc_t stage_time(const char *text)
{
    struct tm tm = { .tm_isdst = 0 };
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
    return timegm(&tm);
}

size_t stage_ranges(const char *text, struct number_range *out, size_t max)
{
    size_t n = 0;
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&rest, " ,")) && n < max;)
        if (*word)
            assert_int_equal(number_range_read(span_of(word), &out[n++], NULL), BF_OK);
    return n;
}

/* ---- numbers ---- */

static const struct country *country(const char *iso)
{
    const struct country *c = country_find(span_first(span_of(iso), 2));
    if (!c)
        fail_msg("there is no country %s", iso);
    return c;
}

void stage_country(struct stage *s, const char *iso)
{
    s->judge.options.home = country(iso);
    country_plan(country(iso), &s->plan);
    s->rules.plan = &s->plan;
}

void stage_peer_country(struct stage *s, const char *iso)
{
    country_plan(country(iso), &s->peer_plan);
    s->peer.plan = &s->peer_plan;
}

void stage_do_not_originate(struct stage *s, const char *ranges)
{
    struct number_range range[8];
    struct number_set_maker *maker;
    struct number_set_report report;
    const size_t n = stage_ranges(ranges, range, ARRAY_SIZE(range));
    assert_int_equal(number_set_begin(&maker), BF_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(number_set_add(maker, &range[i], 0), BF_OK);
    number_set_destroy(s->do_not_originate);
    assert_int_equal(number_set_end(maker, &s->do_not_originate, &report), BF_OK);
    s->judge.options.do_not_originate = s->do_not_originate;
}

/* ---- signers ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_non_null(text);
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

EVP_PKEY *stage_key(const char *name)
{
    const char *pem = strcmp(name, "PP-054") == 0 ? VECTOR_8946_PRIVATE : VECTOR_A1_PRIVATE;
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

struct signer_wishes {
    struct tnauth_entry entries[8];
    struct lab_carrier_options carrier;
    bool untrusted, no_tnauth;
    const char *san;
};

static void wish(struct signer_wishes *w, const char *word)
{
    struct lab_carrier_options *o = &w->carrier;
    if (strncmp(word, "key=", 4) == 0)
        o->key = stage_key(word + 4);
    else if (strncmp(word, "spc=", 4) == 0)
        o->spc = word + 4, entry_of(word + 4, TNAUTH_SPC, &w->entries[o->n_tnauth++]);
    else if (strncmp(word, "one=", 4) == 0)
        entry_of(word + 4, TNAUTH_ONE, &w->entries[o->n_tnauth++]);
    else if (strncmp(word, "range=", 6) == 0)
        entry_of(word + 6, TNAUTH_RANGE, &w->entries[o->n_tnauth++]);
    else if (strncmp(word, "from=", 5) == 0)
        o->not_before = stage_time(word + 5);
    else if (strncmp(word, "to=", 3) == 0)
        o->not_after = stage_time(word + 3);
    else if (strncmp(word, "san=", 4) == 0)
        w->san = word + 4;
    else if (strcmp(word, "no-tnauth") == 0)
        w->no_tnauth = true;
    else if (strcmp(word, "untrusted") == 0)
        w->untrusted = true;
    else if (*word)
        fail_msg("signer: %s is not known", word);
}

/* By the lab: what a carrier's certificate looks like. */
static char *lab_signer(struct stage *s, const struct signer_wishes *w)
{
    struct lab *lab = w->untrusted ? s->stranger : s->trusted;
    struct lab_carrier carrier;
    assert_int_equal(lab_carrier(lab, &w->carrier, &carrier), BF_OK);
    char *pem = lab_chain_pem(lab, &carrier);
    s->leaf = carrier.leaf;
    carrier.leaf = NULL;
    lab_carrier_clear(&carrier);
    return pem;
}

/* By the stage's own CA: certificates that carriers do not have. */
static char *own_signer(struct stage *s, const struct signer_wishes *w)
{
    char extensions[512];
    snprintf(extensions, sizeof extensions, "%s%s%s%s", PKI_EE, w->no_tnauth ? "" : PKI_SPC,
             w->san ? "subjectAltName=" : "", w->san ? w->san : "");
    struct pki_pair leaf = pki_make(&(struct pki_order){
        .extensions = extensions, .own = w->carrier.key, .issuer = s->ca.x, .issuer_key = s->ca.key });
    s->leaf = leaf.x;
    leaf.x = NULL;
    pki_clear(&leaf);
    return PKI_PEM(s->leaf);
}

void stage_signer(struct stage *s, const char *text)
{
    struct signer_wishes w = { .carrier = { .spc = "1234" } };
    char copy[512], *rest = copy, *word;
    snprintf(copy, sizeof copy, "%s", text);
    const char *url = strsep(&rest, " ");
    while ((word = strsep(&rest, " ")))
        wish(&w, word);
    w.carrier.tnauth = w.carrier.n_tnauth ? w.entries : NULL;
    X509_free(s->leaf);
    char *pem = w.san || w.no_tnauth ? own_signer(s, &w) : lab_signer(s, &w);
    assert_non_null(pem);
    publish(s, url, pem);
    free(pem);
    EVP_PKEY_free(w.carrier.key);
}

/* ---- trust ---- */

/* The domain as the story has it, with a list or without one. */
static struct trust *make_trust(struct stage *s, const char *list)
{
    char path[512], *message = NULL;
    const char *anchors[1] = { path }, *numbers = strstr(s->domain, "numbers=");
    struct trust_domain_options domain = {
        .name = "us", .anchors = anchors, .n_anchors = 1, .crls = &list, .n_crls = list ? 1 : 0
    };
    struct trust *trust = NULL;
    domain.lab = strstr(s->domain, "lab") != NULL;
    if (numbers) {
        domain.n_numbers = stage_ranges(numbers + 8, s->domain_numbers, ARRAY_SIZE(s->domain_numbers));
        domain.numbers = s->domain_numbers;
    }
    snprintf(path, sizeof path, "%s/root.pem", s->dir);
    if (trust_create(&domain, strstr(s->domain, "none") ? 0 : 1, 1, s->clock.at.utc, &trust, &message))
        fail_msg("%s", message);
    return trust;
}

static void open_trust(struct stage *s)
{
    char path[512], *lab = lab_root_pem(s->trusted), *own = NULL, *both = NULL;
    s->ca = pki_make(&(struct pki_order){
        .name = "C=US/CN=Other CA", .extensions = PKI_ROOT, .from = 1400000000, .to = 2100000000 });
    own = PKI_PEM(s->ca.x);
    assert_true(asprintf(&both, "%s%s", lab, own) > 0);
    snprintf(path, sizeof path, "%s/root.pem", s->dir);
    write_file(path, both);
    free(lab), free(own), free(both);
    s->trust = make_trust(s, NULL);
}

/* ---- a revocation list ---- */

static void set_time(X509_CRL *list, int (*set)(X509_CRL *, const ASN1_TIME *), utc_t at)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
    assert_int_equal(set(list, time), 1);
    ASN1_TIME_free(time);
}

/* An entry of an indirect list names the CA as well as the serial number. */
static void add_revoked(X509_CRL *list, X509 *leaf)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, STAGE_TIME - 7200);
    name->type = GEN_DIRNAME;
    name->d.directoryName = X509_NAME_dup(X509_get_issuer_name(leaf));
    sk_GENERAL_NAME_push(names, name);
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(leaf));
    X509_REVOKED_set_revocationDate(entry, when);
    assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0), 1);
    assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
    GENERAL_NAMES_free(names);
    ASN1_TIME_free(when);
}

static void mark_indirect(X509_CRL *list)
{
    ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();
    idp->indirectCRL = 0xFF;
    assert_int_equal(X509_CRL_add1_ext_i2d(list, NID_issuing_distribution_point, idp, 1, 0), 1);
    ISSUING_DIST_POINT_free(idp);
}

static char *list_pem(const struct stage *s, utc_t from, utc_t to, bool direct, bool revokes)
{
    char *bytes, *text;
    X509_CRL *list = X509_CRL_new();
    BIO *out = BIO_new(BIO_s_mem());
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(s->ca.x));
    set_time(list, X509_CRL_set1_lastUpdate, from);
    set_time(list, X509_CRL_set1_nextUpdate, to);
    if (!direct)
        mark_indirect(list);
    if (revokes)
        add_revoked(list, s->leaf);
    assert_true(X509_CRL_sign(list, s->ca.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_CRL(out, list), 1);
    const long n = BIO_get_mem_data(out, &bytes);
    text = strndup(bytes, (size_t)n);
    BIO_free(out);
    X509_CRL_free(list);
    return text;
}

void stage_list(struct stage *s, const char *text)
{
    utc_t from = STAGE_TIME - 3600, to = STAGE_TIME + 3600;
    bool revokes = false, direct = false, junk = false;
    char copy[256], path[512], *rest = copy, *word;
    snprintf(copy, sizeof copy, "%s", text);
    while ((word = strsep(&rest, " ")))
        if (strncmp(word, "from=", 5) == 0)
            from = stage_time(word + 5);
        else if (strncmp(word, "to=", 3) == 0)
            to = stage_time(word + 3);
        else if (strcmp(word, "revokes") == 0)
            revokes = true;
        else if (strcmp(word, "direct") == 0)
            direct = true;
        else if (strcmp(word, "junk") == 0)
            junk = true;
        else if (*word)
            fail_msg("list: %s is not known", word);
    char *pem = junk ? strdup("no list at all\n") : list_pem(s, from, to, direct, revokes);
    snprintf(path, sizeof path, "%s/list.pem", s->dir);
    write_file(path, pem);
    free(pem);
    signers_retrust(s->signers, make_trust(s, path));
}

/* ---- the stage ---- */

void stage_open(struct stage *s, const char *domain)
{
    stage_open_with(s, domain, engine_pool(), false);
}

void stage_open_with(struct stage *s, const char *domain, struct es256_pool *pool, bool warm)
{
    const struct lab_options o = {
        .not_before = 1400000000, .not_after = 2100000000, .name = "Lab", .ca_key = LAB_P256
    };
    const char *tmp = getenv("TMPDIR");
    memset(s, 0, sizeof *s);
    s->pool = pool;
    s->warm = warm;
    snprintf(s->dir, sizeof s->dir, "%s/bonafide-calls-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(lab_create(&o, &s->trusted), BF_OK);
    assert_int_equal(lab_create(&o, &s->stranger), BF_OK);
    s->clock = (struct clock_fixed){ { clock_fixed_now }, { .utc = STAGE_TIME, .mono = MONO_S(1000) } };
    s->peer = (struct peer){ .pai = true, .source = 1 };
    s->rules = (struct call_rules){ .plan = NULL, .never_block = s->never_block };
    s->answer.redress = "https://example.com/redress";
    snprintf(s->domain, sizeof s->domain, "%s", domain);
    open_trust(s);
    assert_int_equal(epoch_create(&s->epoch), BF_OK);
    assert_int_equal(epoch_join(s->epoch, &s->slot), BF_OK);
    const struct signers_options so = {
        .certs_dir = s->dir, .trust = s->trust, .epoch = s->epoch, .clock = &s->clock.source
    };
    assert_int_equal(signers_create(&so, &s->signers), BF_OK);
    assert_int_equal(replay_create(64, MONO_S(150), &s->replay), BF_OK);
    assert_int_equal(desk_create(pool, &s->desk), BF_OK);
    assert_int_equal(arena_create(1 << 18, 1 << 22, &s->arena), BF_OK);
    s->judge = (struct judge){
        .options = { .freshness_s = 60,
                     .least_attestation = 'A',
                     .own = s->own,
                     .same_line = s->same_line,
                     .national = s->national,
                     .roaming = s->roaming },
        .signers = s->signers,
        .replay = s->replay,
        .people = &s->people,
    };
}

void stage_close(struct stage *s)
{
    char command[512];
    stage_people_close(s);
    signers_destroy(s->signers);
    epoch_leave(s->epoch, s->slot);
    epoch_destroy(s->epoch);
    replay_destroy(s->replay);
    desk_destroy(s->desk);
    arena_destroy(s->arena);
    number_set_destroy(s->do_not_originate);
    X509_free(s->leaf);
    pki_clear(&s->ca);
    lab_destroy(s->trusted);
    lab_destroy(s->stranger);
    snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
}

static void arrived(void *arg)
{
    const uint64_t one = 1;
    if (write(*(int *)arg, &one, sizeof one) < 0)
        abort();
}

static void bring(struct stage *s, struct hearing *h)
{
    uint64_t n;
    int done = eventfd(0, 0);
    assert_true(done >= 0);
    for (size_t i = 0; i < h->n_wants; i++) {
        assert_int_equal(signers_want(s->signers, h->wants[i].x5u, 1, h->wants[i].stale, arrived, &done),
                         BF_OK);
        assert_int_equal(read(done, &n, sizeof n), sizeof n); /* the builder is another thread */
    }
    close(done);
}

/* Inside the epoch when it returns. */
static void judge_to_the_end(struct stage *s, const struct judge *judge, const struct call *call,
                             struct hearing *h)
{
    struct hearing *const one[] = { h };
    *h = (struct hearing){ .call = call, .arena = s->arena };
    for (unsigned turn = 0;; turn++) {
        h->last = turn == 3;
        epoch_enter(s->epoch, s->slot);
        judge_many(judge, s->desk, one, 1);
        if (h->state == HEARING_JUDGED)
            return;
        epoch_exit(s->epoch, s->slot);
        bring(s, h);
        h->asked_again = turn > 0;
    }
}

/* A rehearsal that no memory keeps; then the tables of all who signed. */
static void warm_up(struct stage *s, const struct call *call)
{
    struct judge rehearsal = s->judge;
    struct hearing h;
    rehearsal.replay = NULL;
    judge_to_the_end(s, &rehearsal, call, &h);
    for (size_t i = 0; i < h.verdict.n_identities; i++)
        if (h.verdict.identities[i].signer && h.verdict.identities[i].signer->key)
            pool_ask_table(s->pool, h.verdict.identities[i].signer->key);
    epoch_exit(s->epoch, s->slot);
    es256_pool_settle(s->pool);
}

void stage_judge(struct stage *s, const struct call *call, struct hearing *h)
{
    if (s->warm)
        warm_up(s, call);
    judge_to_the_end(s, &s->judge, call, h);
}

void stage_done(struct stage *s)
{
    epoch_exit(s->epoch, s->slot);
}

void stage_teach(struct stage *s, const struct hearing *h)
{
    const struct signer_header *header;
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        const struct identity_result *id = &h->verdict.identities[i];
        const struct signer *signer = id->signer;
        if (!signer || signer->fitness != SIGNER_FIT || !signer->n_paths)
            continue;
        signers_proven(s->signers, signer, id->token.header_segment);
        for (int ms = 0; ms < 5000; ms++) {
            if (signers_find_header(s->signers, h->trust, id->token.header_segment, &header))
                break;
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
    }
}

bool stage_knows(const struct stage *s, const struct hearing *h)
{
    const struct signer_header *header = NULL;
    for (size_t i = 0; i < h->verdict.n_identities && !header; i++)
        if (h->verdict.identities[i].short_way)
            (void)signers_find_header(s->signers, h->trust, h->verdict.identities[i].token.header_segment,
                                      &header);
    return header != NULL;
}

void stage_blot_serials(char *json)
{
    const char *const key = "\"serial\":\"";
    for (char *at = json; (at = strstr(at, key));) {
        at += strlen(key);
        const char *end = strchr(at, '"');
        assert_non_null(end);
        memmove(at, end, strlen(end) + 1);
    }
}
