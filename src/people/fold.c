/* SPDX-License-Identifier: Apache-2.0 */
/* Decompose with compatibility mappings (NFKD), drop the marks, fold the case.            Unicode chapter 3.13, UAX 15 */
#include "people/fold.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define GROWS 18 /* U+FDFA is one UTF-16 unit and becomes eighteen */
#define MOST  (4u << 20)

static int32_t without_marks(UChar *text, int32_t n)
{
    int32_t to = 0;
    for (int32_t at = 0; at < n;) {
        UChar32 c;
        int32_t put = to;
        U16_NEXT(text, at, n, c);
        if (u_charType(c) != U_NON_SPACING_MARK)
            U16_APPEND_UNSAFE(text, put, c);
        to = put;
    }
    return to;
}

static enum bf_err fold(const UChar *wide, int32_t n, char **ret)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *const nfkd = unorm2_getNFKDInstance(&status);
    const int32_t room = n * GROWS + 1;
    UChar *const apart = malloc((size_t)room * sizeof *apart), *const low =
                                                                   malloc((size_t)room * sizeof *low);
    char *const out = malloc((size_t)room * 3 + 1);
    int32_t length = 0;
    if (apart && low && out && U_SUCCESS(status)) {
        length = unorm2_normalize(nfkd, wide, n, apart, room, &status);
        length = U_SUCCESS(status) ? without_marks(apart, length) : 0;
        length = u_strFoldCase(low, room, apart, length, U_FOLD_CASE_DEFAULT, &status);
        u_strToUTF8WithSub(out, room * 3 + 1, &length, low, length, 0xFFFD, NULL, &status);
    }
    free(apart);
    free(low);
    if (!out || U_FAILURE(status)) {
        free(out);
        return !out || status == U_MEMORY_ALLOCATION_ERROR ? BF_ENOMEM : BF_EUNSUP;
    }
    char *const exact = realloc(out, (size_t)length + 1);
    *ret = exact ? exact : out;
    return BF_OK;
}

enum bf_err text_fold(struct span text, char **ret)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;
    if (text.n > MOST)
        return BF_ELIMIT;
    UChar *const wide = malloc((text.n + 1) * sizeof *wide);
    if (!wide)
        return BF_ENOMEM;
    u_strFromUTF8WithSub(wide, (int32_t)text.n + 1, &n, text.p ? text.p : "", (int32_t)text.n, 0xFFFD, NULL,
                         &status);
    const enum bf_err err = U_SUCCESS(status) ? fold(wide, n, ret) : BF_EUNSUP;
    free(wide);
    return err;
}
