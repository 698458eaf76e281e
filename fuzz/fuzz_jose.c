/* SPDX-License-Identifier: Apache-2.0 */
/* The input is the header's JSON; the fuzzer need not learn base64url. */
#include "base/base64url.h"
#include "token_of.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char rest[] =
        ".eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJvcmlnIjp7InRuIjo"
        "iMTIxNTU1"
        "NTAxMjEifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0."
        "PwimjV0wnsRsOCmtANjxRqn2_o1EhP-l8ixwLTIbyhMUF4qiJVy7mRUmup5JAeX8xy4hu4uZYeVmwVJtLuYnpw";
    static char text[LIMIT_IDENTITY_VALUE * 2];
    if (size > LIMIT_IDENTITY_VALUE)
        return 0;
    size_t n = base64url_encode(data, size, text);
    memcpy(text + n, rest, sizeof rest - 1);
    fuzz_read_token(span_make(text, n + sizeof rest - 1));
    return 0;
}
