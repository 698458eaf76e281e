/* SPDX-License-Identifier: Apache-2.0 */
/* Photos in cards: base64 with its padding, which a reader does not insist on.                     RFC 4648 section 4 */
#include "people/transfer.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool photo_of_base64(struct span text, char *out, size_t *ret_n)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
        const char *at = memchr(letters, text.p[i], sizeof letters - 1);
        if (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\r' || text.p[i] == '\n')
            continue;
        if (!at)
            return false;
        bits = (bits << 6 | (uint32_t)(at - letters)) & 0xFFFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xFF);
        }
    }
    *ret_n = n;
    return true;
}

void photo_base64(FILE *out, struct span photo)
{
    for (size_t i = 0; i < photo.n; i += 3) {
        uint32_t bits = 0;
        const size_t n = photo.n - i < 3 ? photo.n - i : 3;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (unsigned char)photo.p[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            fputc(k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=', out);
    }
}
