/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published keys and tokens, the same for every test: standards.md PP-050..055 (RFC 8225 section 7.1 and appendix A,
 * RFC 8946 section 4 and appendix A). The private keys are printed in those RFCs; nobody may use them for anything else.
 */
#ifndef TEST_VECTORS_H
#define TEST_VECTORS_H

#define VECTOR_A1_PRIVATE                                                                                    \
    "-----BEGIN PRIVATE KEY-----\n"                                                                          \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgi7q2TZvN9VDFg8Vy\n"                                     \
    "qCP06bETrR2v8MRvr89rn4i+UAahRANCAAQWfaj1HUETpoNCrOtp9KA8o0V79IuW\n"                                     \
    "ARKt9C1cFPkyd3FBP4SeiNZxQhDrD0tdBHls3/wFe8++K2FrPyQF9vuh\n"                                             \
    "-----END PRIVATE KEY-----\n"
#define VECTOR_A1_X "167da8f51d4113a68342aceb69f4a03ca3457bf48b960112adf42d5c14f93277"
#define VECTOR_A1_Y "71413f849e88d6714210eb0f4b5d04796cdffc057bcfbe2b616b3f2405f6fba1"

#define VECTOR_A2_PUBLIC                                                                                     \
    "-----BEGIN PUBLIC KEY-----\n"                                                                           \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH\n"                                     \
    "78YTU8qLS8I5HLHSSmlATLcslQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g==\n"                                         \
    "-----END PUBLIC KEY-----\n"

#define VECTOR_8946_PUBLIC                                                                                   \
    "-----BEGIN PUBLIC KEY-----\n"                                                                           \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmzGM1VsO+3IqbMF54rQMaYKQftO4\n"                                     \
    "hUYm9wv5wutLgEd9FsiTy3+4+Wa2O7pffOXPC0QzO+yD8hGEXGP/2mZo6w==\n"                                         \
    "-----END PUBLIC KEY-----\n"
#define VECTOR_8946_PRIVATE                                                                                  \
    "-----BEGIN EC PRIVATE KEY-----\n"                                                                       \
    "MHcCAQEEIFKCsFZ4Wsw3ZpBxgc4Z0sOjaXDdMk07Ny1fKg6OntAkoAoGCCqGSM49\n"                                     \
    "AwEHoUQDQgAEmzGM1VsO+3IqbMF54rQMaYKQftO4hUYm9wv5wutLgEd9FsiTy3+4\n"                                     \
    "+Wa2O7pffOXPC0QzO+yD8hGEXGP/2mZo6w==\n"                                                                 \
    "-----END EC PRIVATE KEY-----\n"

#define VECTOR_IAT 1443208345 /* Fri, 25 Sep 2015 19:12:25 GMT */
#define VECTOR_X5U "https://cert.example.org/passport.cer"

/* PP-050 */
#define VECTOR_BASE_HEADER                                                                                   \
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlci" \
    "J9"
#define VECTOR_BASE_PAYLOAD                                                                                  \
    "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMT" \
    "U1NT"                                                                                                   \
    "UxMjEyIn19"
/* PP-051: as printed in the RFC; it holds under no key */
#define VECTOR_BASE_BAD_SIGNATURE                                                                            \
    "VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw"
/* PP-053, key A.2 */
#define VECTOR_STRING_IAT_PAYLOAD                                                                            \
    "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMT" \
    "IxNT"                                                                                                   \
    "U1NTEyMTIifX0"
#define VECTOR_STRING_IAT_SIGNATURE                                                                          \
    "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
/* PP-055, key A.1, RFC 6979 */
#define VECTOR_BASE_SIGNATURE                                                                                \
    "2c_SAul3BxIuvMR3G8VfbFwj6ZoOHBQF-qVaR-Mef0V2ipEhTe0ZYBaLrnhuSRVNwy1Tu-tr334XUBdnPYi3tA"
#define VECTOR_SHAKEN_INPUT                                                                                  \
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3" \
    "JnL3"                                                                                                   \
    "Bhc3Nwb3J0LmNlciJ9."                                                                                    \
    "eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJvcml"                \
    "nIjp7InRuIjoiMTIxNTU1NTAxMjEifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0"
#define VECTOR_SHAKEN_SIGNATURE                                                                              \
    "PwimjV0wnsRsOCmtANjxRqn2_o1EhP-l8ixwLTIbyhMUF4qiJVy7mRUmup5JAeX8xy4hu4uZYeVmwVJtLuYnpw"
#define VECTOR_SHAKEN        VECTOR_SHAKEN_INPUT "." VECTOR_SHAKEN_SIGNATURE
#define VECTOR_SHAKEN_ORIGID "123e4567-e89b-12d3-a456-426655440000"
#define VECTOR_DIV                                                                                           \
    "eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3" \
    "Bhc3"                                                                                                   \
    "Nwb3J0LmNlciJ9."                                                                                        \
    "eyJkZXN0Ijp7InRuIjpbIjEyMTU1NTUwMTk5Il19LCJkaXYiOnsidG4iOiIxMjE1NTU1MDEzMSJ9LCJpYXQiOjE0NDM"            \
    "yMDgzNDUsIm9yaWciOnsidG4iOiIxMjE1NTU1MDEyMSJ9fQ.91FX23IDNKRbUUy-sn0sMi24oHy4EOcE6RCPxbwZ_"              \
    "efXkfC0e68BRf7Ha5"                                                                                      \
    "fQDlScLkCkwmIRgP01OatD9Z2nqQ"
/* PP-054, key of RFC 8946 */
#define VECTOR_8946_ORIGINAL                                                                                 \
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vY2VydC5jZXIifQ."    \
    "eyJkZXN"                                                                                                \
    "0Ijp7InRuIjpbIjEyMTU1NTUxMjEzIl19LCJpYXQiOjE0NDMyMDgzNDUsIm9yaWciOnsidG4iOiIxMjE1NTU1MTIxMiJ9fQ."       \
    "1bEzkzcNbK"                                                                                             \
    "vgz4QoMx0_DJ2T8qFMDC1sPqHPXl1WvbauzRJRvYlZqQ0qgGTlS8tJ_wXjVe07Z3wvDrdApHhhYw"
#define VECTOR_8946_DIV                                                                                      \
    "eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vY2" \
    "VydC"                                                                                                   \
    "5jZXIifQ."                                                                                              \
    "eyJkZXN0Ijp7InRuIjpbIjEyMTU1NTUxMjE0Il19LCJkaXYiOnsidG4iOiIxMjE1NTU1NTEyMTMifSwiaWF0IjoxNDQzMjA4M"      \
    "zQ1LCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0."                                                            \
    "xBHWipDEEJ8a6TsdX6xUXAnblsFiGUiAxwLiv0HLC9IICj6eG9jQd6WzeSSjHRB"                                        \
    "wxmChHhVIiMTSqIlk3yCNkg"

#endif
