/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "tap.h"
#include "base/buf.h"
#include "base/random.h"

static void assert_digest(const uint8_t digest[static SHA256_BYTES], const char *hex)
{
    char text[64];
    struct buf b = BUF_ON(text);
    buf_hex(&b, digest, SHA256_BYTES);
    assert_true(buf_ok(&b));
    assert_memory_equal(text, hex, 64);
}

/* The examples that NIST publishes with FIPS 180-4. */
static const struct {
    const char *message, *digest;
} sha256_rows[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void gives_the_published_digests(struct sha256 *s)
{
    uint8_t digest[SHA256_BYTES];
    for (size_t i = 0; i < ARRAY_SIZE(sha256_rows); i++) {
        assert_int_equal(sha256_one(s, span_of(sha256_rows[i].message), digest), BF_OK);
        assert_digest(digest, sha256_rows[i].digest);
        assert_int_equal(sha256_once(span_of(sha256_rows[i].message), digest), BF_OK);
        assert_digest(digest, sha256_rows[i].digest);
    }
}

static void sha256_gives_the_published_digests(void **state)
{
    auto_(sha256_destroy) struct sha256 *usual = NULL, *openssl = NULL;
    (void)state;
    assert_int_equal(sha256_create(&usual), BF_OK);
    assert_int_equal(sha256_create_openssl(&openssl), BF_OK);
    gives_the_published_digests(usual);
    gives_the_published_digests(openssl);
}

static void cuts_do_not_matter(struct sha256 *s)
{
    const struct span whole = span_of(sha256_rows[2].message);
    uint8_t digest[SHA256_BYTES];
    for (size_t cut = 0; cut <= whole.n; cut++) {
        const struct span parts[] = { span_first(whole, cut), SPAN_NONE, span_from(whole, cut) };
        assert_int_equal(sha256_many(s, parts, ARRAY_SIZE(parts), digest), BF_OK);
        assert_digest(digest, sha256_rows[2].digest);
    }
    assert_int_equal(sha256_many(s, NULL, 0, digest), BF_OK);
    assert_digest(digest, sha256_rows[0].digest);
}

static void parts_are_one_message_wherever_they_are_cut(void **state)
{
    auto_(sha256_destroy) struct sha256 *usual = NULL, *openssl = NULL;
    (void)state;
    assert_int_equal(sha256_create(&usual), BF_OK);
    assert_int_equal(sha256_create_openssl(&openssl), BF_OK);
    cuts_do_not_matter(usual);
    cuts_do_not_matter(openssl);
}

/* OpenSSL is the second opinion, on every length that ends differently and wherever the parts are cut. */
static void sha256_agrees_with_openssl_over_all_lengths_and_cuts(void **state)
{
    auto_(sha256_destroy) struct sha256 *s = NULL;
    uint8_t bytes[5 * 64 + 3], ours[SHA256_BYTES], theirs[SHA256_BYTES], cuts[2];
    (void)state;
    assert_int_equal(sha256_create(&s), BF_OK);
    random_bytes(bytes, sizeof bytes);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        const struct span whole = span_make(bytes, n);
        assert_int_equal(sha256_once(whole, theirs), BF_OK);
        assert_int_equal(sha256_one(s, whole, ours), BF_OK);
        assert_memory_equal(ours, theirs, sizeof ours);
        for (size_t round = 0; round < 20; round++) {
            random_bytes(cuts, sizeof cuts);
            const size_t first = cuts[0] % (n + 1), second = cuts[1] % (n - first + 1);
            const struct span rest = span_from(whole, first);
            const struct span parts[] = { span_first(whole, first), span_first(rest, second),
                                          span_from(rest, second) };
            assert_int_equal(sha256_many(s, parts, ARRAY_SIZE(parts), ours), BF_OK);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

/* Key 00 01 .. 0f, message 00 01 .. n-1: the sequence of the SipHash paper (Aumasson, Bernstein), whose appendix A works n = 15. */
static void siphash_gives_the_published_values(void **state)
{
    static const uint64_t rows[] = {
        0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
        0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
        0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
        0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
    };
    const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    char message[ARRAY_SIZE(rows)];
    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
        message[n] = (char)n;
        assert_true(hash_bytes(key, span_make(message, n)) == rows[n]);
    }
}

static void the_key_decides_the_bucket(void **state)
{
    const struct hash_key a = hash_key_random(), b = hash_key_random();
    (void)state;
    assert_true(a.k0 != b.k0 || a.k1 != b.k1);
    assert_true(hash_bytes(a, SPAN("x5u")) != hash_bytes(b, SPAN("x5u")));
    assert_true(hash_bytes(a, SPAN("x5u")) == hash_bytes(a, SPAN("x5u")));
}

static void nothing_is_destroyed_without_complaint(void **state)
{
    (void)state;
    sha256_destroy(NULL);
}

static bool wide_equal(const uint64_t a[static 2], const uint64_t b[static 2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static void a_wide_hash_depends_on_every_bit_of_long_messages_and_on_nothing_else(void **state)
{
    static const size_t lengths[] = { 1, 15, 16, 17, 1023, 1024, 1025, 2100 };
    struct hash_wide key;
    char bytes[2100];
    (void)state;
    hash_wide_random(&key);
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        const struct span whole = span_make(bytes, lengths[i]);
        uint64_t was[2], is[2];
        hash_parts(&key, &whole, 1, was);
        for (size_t bit = 0; bit < 8 * lengths[i]; bit++) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            hash_parts(&key, &whole, 1, is);
            assert_true(was[0] != is[0] && was[1] != is[1]);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        }
        hash_parts(&key, &whole, 1, is);
        assert_true(wide_equal(was, is));
    }
}

static void a_wide_hash_tells_borders_zeros_and_keys_apart(void **state)
{
    static const char zeros[64];
    struct hash_wide key, other;
    uint64_t seen[64][2];
    (void)state;
    hash_wide_random(&key);
    hash_wide_random(&other);
    for (size_t n = 0; n < ARRAY_SIZE(seen); n++) { /* so many zeros, and then the rest of them */
        const struct span parts[] = { span_make(zeros, n), span_make(zeros, sizeof zeros - n) };
        uint64_t under_other[2];
        hash_parts(&key, parts, ARRAY_SIZE(parts), seen[n]);
        hash_parts(&other, parts, ARRAY_SIZE(parts), under_other);
        assert_false(wide_equal(seen[n], under_other));
        for (size_t i = 0; i < n; i++)
            assert_false(wide_equal(seen[n], seen[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(parts_are_one_message_wherever_they_are_cut),
        cmocka_unit_test(sha256_agrees_with_openssl_over_all_lengths_and_cuts),
        cmocka_unit_test(siphash_gives_the_published_values),
        cmocka_unit_test(the_key_decides_the_bucket),
        cmocka_unit_test(nothing_is_destroyed_without_complaint),
        cmocka_unit_test(a_wide_hash_depends_on_every_bit_of_long_messages_and_on_nothing_else),
        cmocka_unit_test(a_wide_hash_tells_borders_zeros_and_keys_apart),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
