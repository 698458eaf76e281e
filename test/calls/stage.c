/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/pem.h>

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

/* ---- signers: `https://… key=PP-052 spc=1234 [one=…] [range=…/…] [untrusted] [from=…] [to=…] [none] [no-tnauth]` ---- */

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

void stage_signer(struct stage *s, const char *text)
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
            o.key = stage_key(word + 4);
        else if (strncmp(word, "spc=", 4) == 0)
            o.spc = word + 4, entry_of(word + 4, TNAUTH_SPC, &entries[o.n_tnauth++]);
        else if (strncmp(word, "one=", 4) == 0)
            entry_of(word + 4, TNAUTH_ONE, &entries[o.n_tnauth++]);
        else if (strncmp(word, "range=", 6) == 0)
            entry_of(word + 6, TNAUTH_RANGE, &entries[o.n_tnauth++]);
        else if (strncmp(word, "from=", 5) == 0)
            o.not_before = stage_time(word + 5);
        else if (strncmp(word, "to=", 3) == 0)
            o.not_after = stage_time(word + 3);
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

/* ---- the stage ---- */

static void open_trust(struct stage *s, const char *text)
{
    char path[512], *message = NULL;
    const char *anchors[1] = { path }, *numbers = strstr(text, "numbers=");
    struct trust_domain_options domain = { .name = "us", .anchors = anchors, .n_anchors = 1 };
    domain.lab = strstr(text, "lab") != NULL;
    if (numbers) {
        domain.n_numbers = stage_ranges(numbers + 8, s->domain_numbers, ARRAY_SIZE(s->domain_numbers));
        domain.numbers = s->domain_numbers;
    }
    snprintf(path, sizeof path, "%s/root.pem", s->dir);
    char *pem = lab_root_pem(s->trusted);
    write_file(path, pem);
    free(pem);
    if (trust_create(&domain, strstr(text, "none") ? 0 : 1, 1, s->clock.at.utc, &s->trust, &message))
        fail_msg("%s", message);
}

void stage_open(struct stage *s, const char *domain)
{
    const struct lab_options o = {
        .not_before = 1400000000, .not_after = 2100000000, .name = "Lab", .ca_key = LAB_P256
    };
    const char *tmp = getenv("TMPDIR");
    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "%s/bonafide-calls-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(lab_create(&o, &s->trusted), BF_OK);
    assert_int_equal(lab_create(&o, &s->stranger), BF_OK);
    s->clock = (struct clock_fixed){ { clock_fixed_now }, { .utc = STAGE_TIME, .mono = MONO_S(1000) } };
    s->peer = (struct peer){ .pai = true, .source = 1 };
    s->rules = (struct call_rules){ .plan = NULL, .never_block = s->never_block };
    s->answer.redress = "https://example.com/redress";
    open_trust(s, domain);
    assert_int_equal(epoch_create(&s->epoch), BF_OK);
    assert_int_equal(epoch_join(s->epoch, &s->slot), BF_OK);
    const struct signers_options so = {
        .certs_dir = s->dir, .trust = s->trust, .epoch = s->epoch, .clock = &s->clock.source
    };
    assert_int_equal(signers_create(&so, &s->signers), BF_OK);
    assert_int_equal(replay_create(64, MONO_S(150), &s->replay), BF_OK);
    assert_int_equal(desk_create(NULL, &s->desk), BF_OK);
    assert_int_equal(arena_create(1 << 18, 1 << 22, &s->arena), BF_OK);
    s->judge = (struct judge){
        .options = { .freshness_s = 60, .least_attestation = 'A', .own = s->own, .same_line = s->same_line },
        .signers = s->signers,
        .replay = s->replay,
    };
}

void stage_close(struct stage *s)
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

void stage_judge(struct stage *s, const struct call *call, struct hearing *h)
{
    struct hearing *const one[] = { h };
    *h = (struct hearing){ .call = call, .arena = s->arena };
    for (unsigned turn = 0;; turn++) {
        h->last = turn == 3;
        epoch_enter(s->epoch, s->slot);
        judge_many(&s->judge, s->desk, one, 1);
        if (h->state == HEARING_JUDGED)
            return;
        epoch_exit(s->epoch, s->slot);
        bring(s, h);
        h->asked_again = turn > 0;
    }
}

void stage_done(struct stage *s)
{
    epoch_exit(s->epoch, s->slot);
}

void stage_teach(struct stage *s, const struct hearing *h)
{
    const struct token_header *header;
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
    const struct token_header *header = NULL;
    for (size_t i = 0; i < h->verdict.n_identities && !header; i++)
        if (h->verdict.identities[i].short_way)
            (void)signers_find_header(s->signers, h->trust, h->verdict.identities[i].token.header_segment,
                                      &header);
    return header != NULL;
}
