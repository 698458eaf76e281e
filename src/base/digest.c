/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <endian.h>
#include <stdlib.h>
#include <openssl/evp.h>

#include "base/random.h"
#include "base/sha256_cpu.h"

struct sha256 {
    bool cpu;   /* the CPU's own instructions; else OpenSSL's */
    EVP_MD *md; /* NULL where the CPU does it */
    EVP_MD_CTX *ctx;
};

enum bf_err sha256_create_openssl(struct sha256 **ret)
{
    struct sha256 *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    s->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    s->ctx = EVP_MD_CTX_new();
    if (!s->md || !s->ctx) {
        sha256_destroy(s);
        return BF_ECRYPTO;
    }
    *ret = s;
    return BF_OK;
}

enum bf_err sha256_create(struct sha256 **ret)
{
    if (!sha256_cpu_can())
        return sha256_create_openssl(ret);
    struct sha256 *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    s->cpu = true;
    *ret = s;
    return BF_OK;
}

void sha256_destroy(struct sha256 *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->ctx);
    EVP_MD_free(s->md);
    free(s);
}

#define BLOCK 64u

/* A message on its way: what is not yet a whole block lies in `rest`. */
struct running {
    uint32_t state[8];
    uint64_t n; /* bytes so far */
    uint8_t rest[2 * BLOCK];
};

static void running_add(struct running *r, struct span part)
{
    const size_t held = r->n % BLOCK;
    const uint8_t *bytes = (const uint8_t *)part.p;
    size_t n = part.n;
    if (n == 0)
        return;
    r->n += n;
    if (held) {
        const size_t taken = n < BLOCK - held ? n : BLOCK - held;
        memcpy(r->rest + held, bytes, taken);
        if (held + taken < BLOCK)
            return;
        sha256_cpu_blocks(r->state, r->rest, 1);
        bytes += taken;
        n -= taken;
    }
    sha256_cpu_blocks(r->state, bytes, n / BLOCK);
    if (n % BLOCK)
        memcpy(r->rest, bytes + n / BLOCK * BLOCK, n % BLOCK);
}

/* A bit that is set, zeroes, and how many bits there were: FIPS 180-4 section 5.1.1. */
static void running_end(struct running *r, uint8_t out[static SHA256_BYTES])
{
    const size_t held = r->n % BLOCK, blocks = held + 9 > BLOCK ? 2 : 1;
    const uint64_t bits = htobe64(r->n * 8);
    memset(r->rest + held, 0, blocks * BLOCK - held - sizeof bits);
    r->rest[held] = 0x80;
    memcpy(r->rest + blocks * BLOCK - sizeof bits, &bits, sizeof bits);
    sha256_cpu_blocks(r->state, r->rest, blocks);
    for (size_t i = 0; i < 8; i++) {
        const uint32_t word = htobe32(r->state[i]);
        memcpy(out + 4 * i, &word, sizeof word);
    }
}

static void digest_by_cpu(const struct span *parts, size_t n, uint8_t out[static SHA256_BYTES])
{
    struct running r;
    memcpy(r.state,
           (const uint32_t[8]){ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                0x1f83d9ab, 0x5be0cd19 },
           sizeof r.state);
    r.n = 0;
    for (size_t i = 0; i < n; i++)
        running_add(&r, parts[i]);
    running_end(&r, out);
}

enum bf_err sha256_many(struct sha256 *s, const struct span *parts, size_t n,
                        uint8_t out[static SHA256_BYTES])
{
    if (s->cpu) {
        digest_by_cpu(parts, n, out);
        return BF_OK;
    }
    if (EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1)
        return BF_ECRYPTO;
    for (size_t i = 0; i < n; i++)
        if (EVP_DigestUpdate(s->ctx, parts[i].p, parts[i].n) != 1)
            return BF_ECRYPTO;
    return EVP_DigestFinal_ex(s->ctx, out, NULL) == 1 ? BF_OK : BF_ECRYPTO;
}

enum bf_err sha256_once(struct span part, uint8_t out[static SHA256_BYTES])
{
    return EVP_Digest(part.p, part.n, out, NULL, EVP_sha256(), NULL) == 1 ? BF_OK : BF_ECRYPTO;
}

struct hash_key hash_key_random(void)
{
    struct hash_key key = { 0, 0 };
    random_bytes(&key, sizeof key);
    return key;
}

static uint64_t rotate(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip_state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip_state *s, uint64_t m)
{
    s->v3 ^= m;
    sip_round(s);
    sip_round(s);
    s->v0 ^= m;
}

static void sip_word_quick(struct sip_state *s, uint64_t m)
{
    s->v3 ^= m;
    sip_round(s);
    s->v0 ^= m;
}

static struct sip_state sip_begin(struct hash_key key)
{
    return (struct sip_state){ key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                               key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573 };
}

static uint64_t sip_end(struct sip_state *s)
{
    for (int k = 0; k < 4; k++)
        sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t hash_bytes(struct hash_key key, struct span bytes)
{
    struct sip_state s = sip_begin(key);
    size_t i = 0;
    for (; i + 8 <= bytes.n; i += 8) {
        uint64_t m;
        memcpy(&m, bytes.p + i, 8);
        sip_word(&s, m);
    }
    uint64_t last = (uint64_t)bytes.n << 56;
    for (size_t k = 0; i + k < bytes.n; k++)
        last |= (uint64_t)(unsigned char)bytes.p[i + k] << (8 * k);
    sip_word(&s, last);
    s.v2 ^= 0xff;
    return sip_end(&s);
}

void hash_wide_random(struct hash_wide *ret)
{
    random_bytes(ret->words, sizeof ret->words);
    ret->key = hash_key_random();
}

__extension__ typedef unsigned __int128 uint128;

/* The sum of (m0 + k0)(m1 + k1) over pairs of words; n is at most HASH_BLOCK, the last pair is filled with zeros. */
static uint128 nh(const uint64_t *key, const char *p, size_t n)
{
    uint128 sum = 0;
    uint64_t m[2];
    for (; n >= sizeof m; n -= sizeof m, p += sizeof m, key += 2) {
        memcpy(m, p, sizeof m);
        sum += (uint128)(m[0] + key[0]) * (m[1] + key[1]);
    }
    if (n) {
        m[0] = m[1] = 0;
        memcpy(m, p, n);
        sum += (uint128)(m[0] + key[0]) * (m[1] + key[1]);
    }
    return sum;
}

void hash_parts(const struct hash_wide *key, const struct span *parts, size_t n, uint64_t ret[static 2])
{
    struct sip_state s = sip_begin(key->key);
    s.v1 ^= 0xee;
    for (size_t i = 0; i < n; i++) {
        sip_word_quick(&s, parts[i].n);
        for (size_t at = 0; at < parts[i].n; at += HASH_BLOCK) {
            const size_t left = parts[i].n - at;
            const uint128 sum = nh(key->words, parts[i].p + at, left < HASH_BLOCK ? left : HASH_BLOCK);
            sip_word_quick(&s, (uint64_t)sum);
            sip_word_quick(&s, (uint64_t)(sum >> 64));
        }
    }
    s.v2 ^= 0xee;
    ret[0] = sip_end(&s);
    s.v1 ^= 0xdd;
    ret[1] = sip_end(&s);
}
