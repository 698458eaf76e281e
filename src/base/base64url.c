/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four characters carry three bytes; a tail of two or three characters carries one or two, and its
 * spare bits must be zero.   "bf" -> 0x6d, "bg" -> refused at 1, "YQ" -> "a".
 */
#include "base/base64url.h"

static const char alphabet[64] = { 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
                                   'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
                                   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
                                   'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
                                   '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_' };

/* value + 1 of each character; 0 marks what is not in the alphabet */
static const uint8_t reverse[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* Decodes n <= 4 characters into a number of 6n bits; false at the first bad one (*bad). */
static bool quad(const char *p, size_t n, uint32_t *ret, size_t *bad)
{
    uint32_t bits = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t value = reverse[(unsigned char)p[i]] - 1u; /* past 63 where there is none */
        all |= value;
        bits = bits << 6 | (value & 63);
    }
    *ret = bits;
    if (all <= 63)
        return true;
    for (*bad = 0; reverse[(unsigned char)p[*bad]]; ++*bad)
        ;
    return false;
}

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_SSSE3 __attribute__((target("ssse3")))

/*
 * Sixteen characters into twelve bytes, as long as sixteen bytes may be written: how many characters were taken. Stops at
 * sixteen that are not all of the alphabet.
 *
 * A shuffle looks up by a character's low half which high halves go with it, another what separates its code from its
 * value, which is the same for all of one high half but '_'. Then 6 + 6 bits, 12 + 12 bits, and the three bytes of
 * each 24 in their order.
 */
WITH_SSSE3 static size_t decode_wide(struct span text, uint8_t *out)
{
    const __m128i high_halves =
        _mm_setr_epi8((char)0xA8, (char)0xF8, (char)0xF8, (char)0xF8, (char)0xF8, (char)0xF8, (char)0xF8,
                      (char)0xF8, (char)0xF8, (char)0xF8, (char)0xF0, 0x50, 0x50, 0x54, 0x50, 0x70);
    const __m128i bits = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)0x80, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i away =
        _mm_setr_epi8(0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    size_t i = 0;
    for (; text.n - i >= 22; i += 16, out += 12) {
        const __m128i codes = _mm_loadu_si128((const __m128i *)(text.p + i));
        const __m128i high = _mm_and_si128(_mm_srli_epi16(codes, 4), _mm_set1_epi8(0x0F));
        const __m128i known =
            _mm_and_si128(_mm_shuffle_epi8(high_halves, codes), _mm_shuffle_epi8(bits, high));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(known, _mm_setzero_si128())))
            break;
        const __m128i low_line =
            _mm_and_si128(_mm_cmpeq_epi8(codes, _mm_set1_epi8('_')), _mm_set1_epi8(63 - ('_' - 'A')));
        const __m128i values = _mm_add_epi8(_mm_add_epi8(codes, _mm_shuffle_epi8(away, high)), low_line);
        const __m128i twelves = _mm_maddubs_epi16(values, _mm_set1_epi16(0x0140));
        const __m128i threes = _mm_madd_epi16(twelves, _mm_set1_epi32(0x00011000));
        _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(threes, order));
    }
    return i;
}

static bool is_wide(void)
{
    return __builtin_cpu_supports("ssse3");
}

#else

static size_t decode_wide(struct span text, uint8_t *out)
{
    (void)text, (void)out;
    return 0;
}

static bool is_wide(void)
{
    return false;
}

#endif

enum bf_err base64url_decode(struct span text, uint8_t *out, size_t size, size_t *ret_n, struct fault *fault)
{
    const size_t tail = text.n % 4, whole = text.n - tail;
    uint32_t bits;
    size_t bad;

    if (tail == 1)
        return fault_at(fault, BF_EFORM, text.n - 1, "base64url cannot have this length");
    if (BASE64URL_BYTES(text.n) > size)
        return fault_at(fault, BF_ELIMIT, 0, "base64url text is too long");
    const size_t wide = text.n >= 22 && is_wide() ? decode_wide(text, out) : 0;
    size_t n = BASE64URL_BYTES(wide);
    for (size_t i = wide; i < whole; i += 4) {
        if (!quad(text.p + i, 4, &bits, &bad))
            return fault_at(fault, BF_EFORM, i + bad, "character outside base64url");
        out[n++] = (uint8_t)(bits >> 16);
        out[n++] = (uint8_t)(bits >> 8);
        out[n++] = (uint8_t)bits;
    }
    if (tail) {
        if (!quad(text.p + whole, tail, &bits, &bad))
            return fault_at(fault, BF_EFORM, whole + bad, "character outside base64url");
        unsigned spare = tail == 2 ? 4 : 2;
        if (bits & ((1u << spare) - 1))
            return fault_at(fault, BF_EFORM, text.n - 1, "unused bits of the last character are not zero");
        bits >>= spare;
        if (tail == 3)
            out[n++] = (uint8_t)(bits >> 8);
        out[n++] = (uint8_t)bits;
    }
    *ret_n = n;
    return BF_OK;
}

static void encode_quad(uint32_t bits, char out[static 4])
{
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = alphabet[bits >> 6 & 63];
    out[3] = alphabet[bits & 63];
}

size_t base64url_encode(const uint8_t *bytes, size_t n, char *out)
{
    const size_t tail = n % 3, whole = n - tail;
    size_t at = 0;
    for (size_t i = 0; i < whole; i += 3, at += 4)
        encode_quad((uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2], out + at);
    if (tail) {
        char last[4];
        const uint32_t second = tail > 1 ? bytes[whole + 1] : 0;
        encode_quad((uint32_t)bytes[whole] << 16 | second << 8, last);
        memcpy(out + at, last, tail + 1);
        at += tail + 1;
    }
    return at;
}
