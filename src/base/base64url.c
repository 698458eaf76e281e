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
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t value = reverse[(unsigned char)p[i]];
        if (value == 0) {
            *bad = i;
            return false;
        }
        bits = bits << 6 | (value - 1);
    }
    *ret = bits;
    return true;
}

enum bf_err base64url_decode(struct span text, uint8_t *out, size_t size, size_t *ret_n, struct fault *fault)
{
    const size_t tail = text.n % 4, whole = text.n - tail;
    uint32_t bits;
    size_t bad, n = 0;

    if (tail == 1)
        return fault_at(fault, BF_EFORM, text.n - 1, "base64url cannot have this length");
    if (BASE64URL_BYTES(text.n) > size)
        return fault_at(fault, BF_ELIMIT, 0, "base64url text is too long");
    for (size_t i = 0; i < whole; i += 4) {
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
