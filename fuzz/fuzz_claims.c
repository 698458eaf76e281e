/* SPDX-License-Identifier: Apache-2.0 */
/* The input is the payload's JSON, of a shaken and of a baseline token. */
#include "base/base64url.h"
#include "token_of.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *header, const uint8_t *data, size_t size)
{
    static const char rest[] =
        ".PwimjV0wnsRsOCmtANjxRqn2_o1EhP-l8ixwLTIbyhMUF4qiJVy7mRUmup5JAeX8xy4hu4uZYeVmwVJtLuYnpw";
    static char text[LIMIT_IDENTITY_VALUE * 2];
    size_t n = base64url_encode((const uint8_t *)header, strlen(header), text);
    text[n++] = '.';
    n += base64url_encode(data, size, text + n);
    memcpy(text + n, rest, sizeof rest - 1);
    fuzz_read_token(span_make(text, n + sizeof rest - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LIMIT_IDENTITY_VALUE)
        return 0;
    run("{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", data, size);
    run("{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://x/y\"}", data, size);
    return 0;
}
