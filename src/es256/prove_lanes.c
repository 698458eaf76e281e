/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures without end, whose verdict is known, through the eight lanes.
 *
 *     prove_lanes [--seed N] [--known N] [--openssl N] [--resume FILE]
 *
 *   --known N     so many against what is known of them by construction (default 100000)
 *   --openssl N   so many more against OpenSSL's own verdict (default 2000)
 *   --seed N      the same numbers give the same signatures (default 1)
 *   --resume FILE goes on where an earlier run, that was ended, left off; kept up to date every few seconds
 *
 * Signatures come in blocks, each made from the seed and the block's number alone. With a key d G and a point R = k G,
 * whose x is r, every s makes a valid signature of the digest s k - r d: no signing is needed. Of sixteen, ten hold; the others
 * have a bit turned in the signature or the digest, another one's key or signature, r or s at the ends of what is
 * allowed, an x that was reduced modulo n, or scalars so small that the sums on the way meet each other.
 * Ends with 1 at the first verdict that is not the expected one, and prints the job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "es256/cases_for_tests.h"
#include "es256/es256.h"
#include "es256/lanes.h"
#include "es256/lanes_trace.h"

enum { KEYS = 64, SMALL_KEYS = 24, POINTS = 512, SPECIALS = 256, BLOCK = 1 << 14, BATCH = 96 };

struct key {
    BIGNUM *d; /* in Montgomery form */
    uint8_t point[64];
    void *table;
    struct es256_key *openssl;
};

struct known_point {
    BIGNUM *k; /* in Montgomery form */
    BIGNUM *r;
    uint8_t r_bytes[32];
};

struct special {
    struct made made;
    struct es256_key *openssl;
};

struct prover {
    struct curve curve;
    BN_MONT_CTX *mont;
    BIGNUM *s, *z, *t;
    struct key keys[KEYS];
    struct known_point points[POINTS];
    struct special specials[SPECIALS];
    void *generator;
    struct lanes *lanes;
    struct es256 *openssl;
    uint64_t random[4];
};

struct job {
    struct made made;
    const void *table;
    const struct es256_key *openssl;
};

struct progress {
    uint64_t seed, known_blocks, openssl_blocks, verdicts, held, seconds;
};

static void *sure(void *p)
{
    if (!p) {
        fprintf(stderr, "prove_lanes: there is no memory\n");
        exit(70);
    }
    return p;
}

static void surely(bool done)
{
    if (!done) {
        fprintf(stderr, "prove_lanes: OpenSSL failed where it cannot fail\n");
        exit(70);
    }
}

/* ---- chance: xoshiro256** of a seed that splitmix64 spreads ---- */

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t chance(struct prover *p)
{
    uint64_t *const s = p->random;
    const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static void reseed(struct prover *p, uint64_t seed, uint64_t block)
{
    uint64_t x = seed * 0x9E3779B97F4A7C15u + block;
    for (int i = 0; i < 4; i++) {
        x += 0x9E3779B97F4A7C15u;
        uint64_t z = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        p->random[i] = z ^ z >> 31;
    }
}

/* 1 to n - 1 */
static void chance_scalar(struct prover *p, BIGNUM *ret)
{
    uint8_t bytes[32];
    do {
        for (int i = 0; i < 4; i++) {
            const uint64_t w = chance(p);
            memcpy(bytes + 8 * i, &w, 8);
        }
        surely(BN_bin2bn(bytes, sizeof bytes, ret) != NULL);
    } while (BN_is_zero(ret) || BN_cmp(ret, p->curve.n) >= 0);
}

/* ---- what signatures are made of ---- */

static struct es256_key *openssl_key(const uint8_t point[64])
{
    uint8_t octets[65] = { 4 };
    EVP_PKEY *pkey = NULL;
    struct es256_key *key = NULL;
    memcpy(octets + 1, point, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){ "P-256" },
                                                             0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof octets),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = sure(EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL));
    surely(EVP_PKEY_fromdata_init(ctx) == 1 &&
           EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
           es256_key_create(pkey, &key) == BF_OK);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return key;
}

/* The first keys are small multiples of the generator, and their opposites: their tables share rows with its own. */
static void make_key(struct prover *p, unsigned i)
{
    struct key *const k = &p->keys[i];
    k->d = sure(BN_new());
    chance_scalar(p, k->d);
    if (i < SMALL_KEYS) {
        surely(BN_set_word(k->d, 1 + i / 2));
        if (i % 2)
            surely(BN_sub(k->d, p->curve.n, k->d));
    }
    EC_POINT *q = curve_sum(&p->curve, k->d, NULL, NULL);
    surely(curve_bytes(&p->curve, q, k->point));
    EC_POINT_free(q);
    k->table = sure(aligned_alloc(64, LANES_TABLE_BYTES));
    surely(lanes_table_build(k->point, k->table) == BF_OK);
    k->openssl = openssl_key(k->point);
    surely(BN_to_montgomery(k->d, k->d, p->mont, p->curve.ctx) == 1);
}

static void make_point(struct prover *p, struct known_point *point)
{
    uint8_t xy[64];
    point->k = point->k ? point->k : sure(BN_new());
    point->r = point->r ? point->r : sure(BN_new());
    chance_scalar(p, point->k);
    EC_POINT *r = curve_sum(&p->curve, point->k, NULL, NULL);
    surely(curve_bytes(&p->curve, r, xy));
    EC_POINT_free(r);
    surely(BN_bin2bn(xy, 32, point->r) && BN_nnmod(point->r, point->r, p->curve.n, p->curve.ctx) == 1 &&
           BN_bn2binpad(point->r, point->r_bytes, 32) == 32);
    surely(BN_to_montgomery(point->k, point->k, p->mont, p->curve.ctx) == 1);
}

/* Small scalars whose sums meet; an x between n and p, right or wrong by one. */
static void make_special(struct prover *p, unsigned i)
{
    struct special *const s = &p->specials[i];
    if (i % 4 == 3) {
        s->made = made_wrapped(&p->curve, i / 4, 1 + (long)(chance(p) % 1000), (long)(chance(p) % 1000));
        if (i % 8 == 7) {
            s->made.signature[31] ^= 1;
            s->made.holds = false;
        }
    } else {
        static const long units[] = { 1, -1, 128, -128, 4096, -4096, 524288 };
        const long d = (long)(chance(p) % 9) - 4, u1 = (long)(chance(p) % 9 - 4),
                   u2 = 1 + (long)(chance(p) % 64);
        const long unit = units[chance(p) % 7], key = d ? d : 5;
        s->made = i % 4 == 2
                      ? made_lying(&p->curve, key, u1 * unit * key, u2 * unit)
                      : made_small(&p->curve, key, chance(p) % 2 ? -u2 * unit * key : u1 * unit, u2 * unit);
    }
    s->openssl = openssl_key(s->made.point);
}

static void prover_open(struct prover *p, uint64_t seed)
{
    p->curve = curve_open();
    p->mont = sure(BN_MONT_CTX_new());
    surely(BN_MONT_CTX_set(p->mont, p->curve.n, p->curve.ctx) == 1);
    p->s = sure(BN_new());
    p->z = sure(BN_new());
    p->t = sure(BN_new());
    p->generator = sure(aligned_alloc(64, LANES_GENERATOR_BYTES));
    surely(lanes_generator_build(p->generator) == BF_OK && lanes_create(p->generator, &p->lanes) == BF_OK);
    surely(es256_create(NULL, &p->openssl) == BF_OK);
    reseed(p, seed, UINT64_MAX);
    for (unsigned i = 0; i < KEYS; i++)
        make_key(p, i);
    for (unsigned i = 0; i < SPECIALS; i++)
        make_special(p, i);
}

static void prover_close(struct prover *p)
{
    for (unsigned i = 0; i < KEYS; i++) {
        BN_free(p->keys[i].d);
        free(p->keys[i].table);
        es256_key_destroy(p->keys[i].openssl);
    }
    for (unsigned i = 0; i < POINTS; i++) {
        BN_free(p->points[i].k);
        BN_free(p->points[i].r);
    }
    for (unsigned i = 0; i < SPECIALS; i++)
        es256_key_destroy(p->specials[i].openssl);
    es256_destroy(p->openssl);
    lanes_destroy(p->lanes);
    free(p->generator);
    BN_free(p->t);
    BN_free(p->z);
    BN_free(p->s);
    BN_MONT_CTX_free(p->mont);
    curve_close(&p->curve);
}

/* ---- one job ---- */

/* z = s k - r d */
static void sign(struct prover *p, const struct key *key, const struct known_point *point, struct made *ret)
{
    memcpy(ret->signature, point->r_bytes, 32);
    surely(BN_mod_mul_montgomery(p->z, p->s, point->k, p->mont, p->curve.ctx) == 1 &&
           BN_mod_mul_montgomery(p->t, point->r, key->d, p->mont, p->curve.ctx) == 1 &&
           BN_mod_sub_quick(p->z, p->z, p->t, p->curve.n) == 1 &&
           BN_bn2binpad(p->s, ret->signature + 32, 32) == 32 && BN_bn2binpad(p->z, ret->digest, 32) == 32);
    memcpy(ret->point, key->point, 64);
    ret->holds = true;
}

/* r or s becomes 0, 1, n - 1, n or n + 1; which nothing was made for. */
static void put_edge(struct prover *p, struct made *m)
{
    const uint64_t which = chance(p) % 10;
    BIGNUM *const t = p->t;
    surely(which / 2 < 2 ? BN_set_word(t, which / 2) == 1 : BN_copy(t, p->curve.n) != NULL);
    surely(which / 2 == 2 ? BN_sub_word(t, 1) == 1 : which / 2 == 4 ? BN_add_word(t, 1) == 1 : true);
    surely(BN_bn2binpad(t, m->signature + 32 * (which % 2), 32) == 32);
    m->holds = false;
}

static void turn_bit(struct prover *p, uint8_t *bytes, unsigned n)
{
    const uint64_t at = chance(p) % (8 * n);
    bytes[at / 8] ^= (uint8_t)(1u << at % 8);
}

static void make_job(struct prover *p, const struct job *before, struct job *ret)
{
    const uint64_t kind = chance(p) % 16;
    const unsigned at = (unsigned)(chance(p) % KEYS);
    const struct key *const key = &p->keys[at];
    struct made *const m = &ret->made;
    if (kind == 15) {
        const struct special *const s = &p->specials[chance(p) % SPECIALS];
        *ret = (struct job){ s->made, NULL, s->openssl };
        for (unsigned i = 0; i < SMALL_KEYS && !ret->table; i++)
            if (memcmp(p->keys[i].point, m->point, 64) == 0 && chance(p) % 2)
                ret->table = p->keys[i].table;
        return;
    }
    chance_scalar(p, p->s);
    if (kind == 14) /* s is 1 or n - 1, and right */
        surely(chance(p) % 2 ? BN_one(p->s) == 1 : BN_copy(p->s, p->curve.n) && BN_sub_word(p->s, 1) == 1);
    *ret = (struct job){ .table = chance(p) % 4 ? key->table : NULL, .openssl = key->openssl };
    sign(p, key, &p->points[chance(p) % POINTS], m);
    switch (kind) {
    case 9: turn_bit(p, m->signature, 64); break;
    case 10: turn_bit(p, m->digest, 32); break;
    case 11: put_edge(p, m); return;
    case 12: { /* another one's key */
        const struct key *const other = &p->keys[(at + 1 + chance(p) % (KEYS - 1)) % KEYS];
        memcpy(m->point, other->point, 64);
        ret->table = ret->table ? other->table : NULL;
        ret->openssl = other->openssl;
        break;
    }
    case 13: /* the signature that belongs next door */
        if (!before)
            return;
        memcpy(m->signature, before->made.signature, 64);
        break;
    default: return;
    }
    m->holds = false;
}

/* ---- batches ---- */

static void print_bytes(const char *name, const uint8_t *bytes, unsigned n)
{
    printf("  %s ", name);
    for (unsigned i = 0; i < n; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void print_job(const struct job *j, unsigned at, unsigned n, bool holds, bool expected)
{
    printf("job %u of a batch of %u, %s: the lanes say that it %s, and it %s\n", at, n,
           j->table ? "warm" : "cold", holds ? "holds" : "does not hold", expected ? "does" : "does not");
    print_bytes("point    ", j->made.point, 64);
    print_bytes("digest   ", j->made.digest, 32);
    print_bytes("signature", j->made.signature, 64);
}

static bool ask_openssl(struct prover *p, const struct job *j)
{
    struct es256_job job = { .key = j->openssl };
    memcpy(job.digest, j->made.digest, 32);
    memcpy(job.signature, j->made.signature, 64);
    es256_verify_many(p->openssl, &job, 1);
    return job.result == BF_OK;
}

static bool batch(struct prover *p, unsigned n, bool openssl, struct progress *progress)
{
    static struct job jobs[BATCH];
    struct lanes_job asked[BATCH];
    for (unsigned i = 0; i < n; i++) {
        const struct made *const m = &jobs[i].made;
        make_job(p, i ? &jobs[i - 1] : NULL, &jobs[i]);
        asked[i] = (struct lanes_job){
            .point = m->point, .table = jobs[i].table, .digest = m->digest, .signature = m->signature
        };
        asked[i].holds = !m->holds;
    }
    lanes_verify(p->lanes, asked, n);
    for (unsigned i = 0; i < n; i++) {
        const bool expected = openssl ? ask_openssl(p, &jobs[i]) : jobs[i].made.holds;
        if (asked[i].holds != expected || expected != jobs[i].made.holds) {
            print_job(&jobs[i], i, n, asked[i].holds, expected);
            return false;
        }
        progress->held += expected;
    }
    progress->verdicts += n;
    return true;
}

static bool block(struct prover *p, uint64_t number, bool openssl, struct progress *progress)
{
    reseed(p, progress->seed, 2 * number + openssl);
    for (unsigned i = 0; i < POINTS; i++)
        make_point(p, &p->points[i]);
    for (unsigned left = openssl ? BLOCK / 16 : BLOCK; left;) {
        const unsigned wish = 1 + (unsigned)(chance(p) % (chance(p) % 4 ? BATCH : 9)),
                       n = wish < left ? wish : left;
        if (!batch(p, n, openssl, progress))
            return false;
        left -= n;
    }
    return true;
}

/* ---- progress ---- */

static bool progress_read(const char *path, struct progress *ret)
{
    struct progress p = { 0 };
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f)
        return true;
    const bool good =
        fscanf(f, "seed %lu known-blocks %lu openssl-blocks %lu verdicts %lu held %lu seconds %lu", &p.seed,
               &p.known_blocks, &p.openssl_blocks, &p.verdicts, &p.held, &p.seconds) == 6;
    fclose(f);
    if (!good || p.seed != ret->seed) {
        fprintf(stderr, "%s: this is no progress of seed %lu; name another file, or remove it\n", path,
                ret->seed);
        return false;
    }
    *ret = p;
    return true;
}

static void progress_write(const char *path, const struct progress *p)
{
    FILE *f = path ? fopen(path, "w") : NULL;
    if (!f)
        return;
    fprintf(f, "seed %lu known-blocks %lu openssl-blocks %lu verdicts %lu held %lu seconds %lu\n", p->seed,
            p->known_blocks, p->openssl_blocks, p->verdicts, p->held, p->seconds);
    fclose(f);
}

static bool run(struct prover *p, uint64_t known, uint64_t openssl, const char *path,
                struct progress *progress)
{
    const uint64_t before = progress->seconds;
    const time_t start = time(NULL);
    time_t written = start;
    while (progress->known_blocks * BLOCK < known || progress->openssl_blocks * (BLOCK / 16) < openssl) {
        const bool ask = progress->known_blocks * BLOCK >= known;
        if (!block(p, ask ? progress->openssl_blocks : progress->known_blocks, ask, progress))
            return false;
        *(ask ? &progress->openssl_blocks : &progress->known_blocks) += 1;
        progress->seconds = before + (uint64_t)(time(NULL) - start);
        if (time(NULL) - written > 5) {
            progress_write(path, progress);
            written = time(NULL);
        }
    }
    progress_write(path, progress);
    return true;
}

static void report(const struct prover *p, const struct progress *g)
{
    const struct lanes_trace *const t = lanes_trace(p->lanes);
    printf("seed %lu: %lu verdicts known by construction, %lu beside OpenSSL's, all as they must be; %lu "
           "held; %lu s\n",
           g->seed, g->known_blocks * BLOCK, g->openssl_blocks * (BLOCK / 16), g->held, g->seconds);
    printf("met on the way since the last start: %lu equal points, %lu opposite, %lu times nothing on the "
           "left, %lu on the "
           "right\n",
           t->equal, t->opposite, t->infinite_left, t->infinite_right);
}

int main(int argc, char **argv)
{
    static struct prover p;
    struct progress progress = { .seed = 1 };
    uint64_t known = 100000, openssl = 2000;
    const char *path = NULL;
    for (int i = 1; i < argc; i += 2) {
        const char *const value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seed") == 0)
            progress.seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--known") == 0)
            known = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--openssl") == 0)
            openssl = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--resume") == 0)
            path = value;
        else {
            fprintf(stderr, "usage: prove_lanes [--seed N] [--known N] [--openssl N] [--resume FILE]\n");
            return 64;
        }
    }
    if (!lanes_supported()) {
        printf("this CPU has no AVX-512 IFMA: there is nothing to prove\n");
        return 77;
    }
    if (!progress_read(path, &progress))
        return 65;
    prover_open(&p, progress.seed);
    const bool good = run(&p, known, openssl, path, &progress);
    if (good)
        report(&p, &progress);
    prover_close(&p);
    return good ? 0 : 1;
}
