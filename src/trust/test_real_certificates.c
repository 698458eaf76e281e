/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every production certificate of the material, judged and compared with what others said of it. Where we differ, the
 * rows below say so, and docs/certificate-paths.md says why.
 */
#include "trust/signer.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"

#define INDEX_COLUMNS  33u
#define ORACLE_COLUMNS 11u

enum { DIGEST, OFFSET, LENGTH, KIND, SPC = 13, TNAUTH_HEX, TNAUTH_PROBLEMS, CHAIN_STATUS = 30 };
enum { PLAIN = 2, AT_NOT_BEFORE = 5, AT_NOT_AFTER, AT_FIRST, AT_LAST, FIRST_TESTED, LAST_TESTED };

struct row {
    struct span index[INDEX_COLUMNS], oracle[ORACLE_COLUMNS];
};

/* What we say otherwise. */
enum difference {
    PATHS_NONE,  /* they found a path, through an issuer that is not in the material */
    PATHS_LATER, /* they found one that holds at a later moment too */
    PATHS_MORE,  /* they found none */
};
static const struct {
    const char *digest; /* how it begins */
    enum difference difference;
    const char *why; /* ours */
} differences[] = {
    { "061fc531a379", PATHS_NONE, "no issuer of the chain leads to an anchor" },
    { "328011b837c2", PATHS_NONE, "no issuer of the chain leads to an anchor" },
    { "74c13973204e", PATHS_NONE, "no issuer of the chain leads to an anchor" },
    { "edc37467b2db", PATHS_NONE, "no issuer of the chain leads to an anchor" },
    { "06c343355c0d", PATHS_LATER, "a path holds" },
    { "2b980444a460", PATHS_LATER, "a path holds" },
    { "540f2fd3efaf", PATHS_LATER, "a path holds" },
    { "97e964a51937", PATHS_LATER, "a path holds" },
    { "b6c27ce63b22", PATHS_LATER, "a path holds" },
    { "d54b8c44268d", PATHS_MORE, "a path holds" },
};
#define UNFIT_LEAVES 10u

/* The next line's fields, cut at tabs. */
static bool next_row(struct span *rest, struct span *fields, size_t n)
{
    if (rest->n == 0)
        return false;
    struct span line = span_first(*rest, span_find(*rest, '\n'));
    *rest = span_from(*rest, line.n + 1);
    for (size_t i = 0; i < n; i++) {
        fields[i] = span_first(line, span_find(line, '\t'));
        line = span_from(line, fields[i].n + 1);
    }
    return true;
}

static utc_t read_time(struct span text)
{
    char copy[32];
    struct tm tm = { 0 };
    snprintf(copy, sizeof copy, "%.*s", SPAN_FMT(text));
    return strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &tm) ? timegm(&tm) : 0;
}

static struct trust *trust_in_public_roots(void)
{
    const char *anchors[] = { tap_shared("certs/roots.pem"), tap_shared("certs/intermediates.pem") };
    const struct trust_domain_options domain = { .name = "us", .anchors = anchors, .n_anchors = 2 };
    struct trust *trust = NULL;
    char *message = NULL;
    if (trust_create(&domain, 1, 1, 1700000000, &trust, &message) != BF_OK)
        fail_msg("%s", message);
    assert_int_equal(trust_domain_anchors(trust, 0), 18);
    return trust;
}

static int known_difference(const struct row *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(differences); i++)
        if (span_starts(r->index[DIGEST], span_of(differences[i].digest)))
            return (int)i;
    return -1;
}

/* Does a path hold where theirs does? Returns how many of the four moments we judge otherwise. */
static unsigned moments_apart(const struct row *r, const struct signer *s)
{
    const utc_t at[] = { s->not_before, s->not_after, read_time(r->oracle[FIRST_TESTED]),
                         read_time(r->oracle[LAST_TESTED]) };
    unsigned apart = 0;
    for (size_t i = 0; i < ARRAY_SIZE(at); i++)
        apart += span_equal(r->oracle[AT_NOT_BEFORE + i], SPAN("true")) !=
                 (signer_standing(s, at[i], NULL) == STANDING_TRUSTED);
    return apart;
}

static void check_paths(const struct row *r, const struct signer *s)
{
    const int known = known_difference(r);
    const bool theirs = span_equal(r->oracle[PLAIN], SPAN("OK"));
    const bool root_ok = span_equal(r->index[CHAIN_STATUS], SPAN("root-ok"));
    const bool same = (s->n_paths > 0) == theirs && (s->n_paths > 0) == root_ok && moments_apart(r, s) == 0;
    if (same != (known < 0))
        fail_msg("%.12s: %s: %s", r->index[DIGEST].p, same ? "no difference any more" : "a new difference",
                 s->path_why);
    if (known < 0)
        return;
    assert_string_equal(s->path_why, differences[known].why);
    switch (differences[known].difference) {
    case PATHS_NONE: assert_true(theirs && s->n_paths == 0); break;
    case PATHS_LATER: assert_true(theirs && s->n_paths > 0 && moments_apart(r, s) <= 2); break;
    case PATHS_MORE: assert_true(!theirs && root_ok && s->n_paths > 0); break;
    }
}

/* TNAuthLists as others read them, and a reason wherever a leaf may not sign. */
static bool check_leaf(const struct row *r, const struct signer *s)
{
    const bool sound = r->index[TNAUTH_HEX].n && r->index[TNAUTH_PROBLEMS].n == 0;
    assert_true(span_equal(r->index[SPC], span_of(s->spc)));
    assert_int_equal(s->tnauth != NULL, sound);
    assert_true(strlen(s->why) > 0);
    if (s->fitness == SIGNER_FIT) {
        assert_true(span_equal(r->index[KIND], SPAN("leaf")) && sound);
        return false;
    }
    assert_int_equal(s->fitness, SIGNER_UNFIT);
    return span_equal(r->index[KIND], SPAN("leaf"));
}

static void crt_042_all_real_certificates_are_read_and_their_paths_agree(void **state)
{
    const char *path = tap_shared("certs/certs.der.bin");
    size_t der_n, index_n, oracles_n, rows = 0, unfit = 0, most = 0;
    struct row r;
    (void)state;
    if (!path)
        return;
    auto_(trust_destroy) struct trust *trust = trust_in_public_roots();
    char *der = tap_read(path, &der_n), *index = tap_read(tap_shared("certs/index.tsv"), &index_n),
         *oracles = tap_read(tap_shared("certs/oracles.tsv"), &oracles_n);
    struct span index_rest = span_make(index, index_n), oracle_rest = span_make(oracles, oracles_n);
    assert_true(next_row(&index_rest, r.index, INDEX_COLUMNS) &&
                next_row(&oracle_rest, r.oracle, ORACLE_COLUMNS));
    while (next_row(&index_rest, r.index, INDEX_COLUMNS) &&
           next_row(&oracle_rest, r.oracle, ORACLE_COLUMNS)) {
        auto_(signer_destroy) struct signer *s = NULL;
        uint64_t offset, length;
        assert_true(span_equal(r.index[DIGEST], r.oracle[DIGEST]));
        assert_true(span_decimal(r.index[OFFSET], der_n, &offset));
        assert_true(span_decimal(r.index[LENGTH], der_n - offset, &length));
        assert_int_equal(signer_build(trust, SPAN(""), span_make(der + offset, length), 0, &s), BF_OK);
        check_paths(&r, s);
        unfit += check_leaf(&r, s);
        most = s->bytes > most ? s->bytes : most;
        rows++;
    }
    assert_int_equal(rows, 13648);
    assert_int_equal(unfit, UNFIT_LEAVES);
    assert_true(most < 16384);
    free(der);
    free(index);
    free(oracles);
}

static void unusual_certificates_are_taken_or_refused_with_a_reason(void **state)
{
    const char *path = tap_shared("certs/weird");
    size_t files = 0;
    (void)state;
    if (!path)
        return;
    auto_(trust_destroy) struct trust *trust = trust_in_public_roots();
    DIR *dir = opendir(path);
    if (!dir)
        fail_msg("%s is no directory", path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        auto_(signer_destroy) struct signer *s = NULL;
        char name[1024];
        size_t n;
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        char *bytes = tap_read(name, &n);
        assert_int_equal(signer_build(trust, SPAN(""), span_make(bytes, n), 0, &s), BF_OK);
        assert_true(strlen(s->why) > 0 && strlen(s->path_why) > 0);
        assert_int_equal(s->fitness == SIGNER_FIT, s->key != NULL);
        free(bytes);
        files++;
    }
    if (dir)
        closedir(dir);
    assert_true(files > 50);
}

static void the_chain_of_the_real_call_of_2022_holds_at_its_time_and_not_today(void **state)
{
    const char *leaf = tap_shared("tokens/keys/prod_266e4919267dfd27.der");
    size_t n;
    (void)state;
    if (!leaf)
        return;
    auto_(trust_destroy) struct trust *trust = trust_in_public_roots();
    auto_(signer_destroy) struct signer *s = NULL;
    char *bytes = tap_read(leaf, &n);
    assert_int_equal(signer_build(trust, SPAN(""), span_make(bytes, n), 0, &s), BF_OK);
    assert_int_equal(s->fitness, SIGNER_FIT);
    assert_int_equal(signer_standing(s, 1651056041, NULL), STANDING_TRUSTED);
    assert_int_equal(signer_standing(s, 1800000000, NULL), STANDING_EXPIRED);
    free(bytes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crt_042_all_real_certificates_are_read_and_their_paths_agree),
        cmocka_unit_test(unusual_certificates_are_taken_or_refused_with_a_reason),
        cmocka_unit_test(the_chain_of_the_real_call_of_2022_holds_at_its_time_and_not_today),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
