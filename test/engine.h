/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine that a run of the tests asks for: BONAFIDE_ENGINE=lanes (meson test --setup lanes), else OpenSSL. Every
 * test that verifies takes its pool from here, so that the whole suite runs with either.
 */
#ifndef TEST_ENGINE_H
#define TEST_ENGINE_H

#include <stdlib.h>
#include <openssl/crypto.h>

#include "es256/es256.h"
#include "tap.h"

static inline enum es256_choice engine_wanted(void)
{
    const char *name = getenv("BONAFIDE_ENGINE");
    return name && strcmp(name, "lanes") == 0 ? ES256_LANES : ES256_OPENSSL;
}

/* One a program, for its engines end before it does. */
static inline struct es256_pool **engine_kept(void)
{
    static struct es256_pool *pool;
    return &pool;
}

static inline void engine_end(void)
{
    es256_pool_destroy(*engine_kept());
    *engine_kept() = NULL;
}

/* NULL: OpenSSL alone. Of lanes: a key is busy with its second signature, and every fourth is audited. */
static inline struct es256_pool *engine_pool(void)
{
    struct es256_pool **kept = engine_kept();
    if (*kept || engine_wanted() != ES256_LANES)
        return *kept;
    const struct es256_pool_options o = {
        .engine = ES256_LANES, .tables_bytes = ES256_TABLES_BYTES, .busy = 1, .audit = 4
    };
    /* its own end is to come after ours; with no option at all it would do nothing */
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    assert_int_equal(es256_pool_create(&o, kept), BF_OK);
    atexit(engine_end);
    return *kept;
}

static inline const char *engine_name(void)
{
    return engine_wanted() == ES256_LANES ? "lanes" : "openssl";
}

#endif
