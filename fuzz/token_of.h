/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets of the token room share: reading a token, and what must be true of it afterwards. */
#ifndef FUZZ_TOKEN_OF_H
#define FUZZ_TOKEN_OF_H

#include <assert.h>

#include "token/token.h"

static inline void fuzz_read_token(struct span text)
{
    static struct arena *arena; /* kept: a fuzzer runs its target a million times */
    struct token t;
    enum token_flaw flaw = TOKEN_SOUND;
    struct fault fault = { 0, NULL };
    if (!arena && arena_create(1 << 17, 1 << 20, &arena) != BF_OK)
        return;
    arena_reset(arena);
    const enum bf_err err = token_read(text, arena, &t, &flaw, &fault);
    assert(err != BF_ENOMEM);
    assert((err == BF_OK) == (flaw == TOKEN_SOUND));
    if (err != BF_OK) {
        const struct span places[] = { t.text, t.header, t.payload };
        assert(fault.what && fault.at <= places[t.fault_place].n);
        return;
    }
    assert(t.header.p && t.payload.p && t.x5u.n);
    if (t.ppt != PPT_NONE && t.ppt != PPT_SHAKEN)
        return;
    assert(t.n_dest && t.orig.text.n && t.iat >= 0);
    assert(t.ppt == PPT_SHAKEN ? t.attest >= 'A' && t.attest <= 'C' : t.attest == 0);

    /* What can be written says the same, and a canonical token without further members is the same text. */
    static char room[LIMIT_IDENTITY_VALUE * 2];
    struct buf out = BUF_ON(room);
    const struct token_claims claims = { t.ppt, t.x5u,    t.orig,   t.dest, t.n_dest,
                                         t.iat, t.attest, t.origid, NULL,   0 };
    if (token_write(&claims, &out, &fault) != BF_OK)
        return;
    buf_text(&out, ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    struct token again;
    if (out.n > LIMIT_IDENTITY_VALUE)
        return;
    assert(token_read(buf_span(&out), arena, &again, &flaw, &fault) == BF_OK);
    assert(again.canonical && again.iat == t.iat && again.attest == t.attest && again.n_dest == t.n_dest);
    assert(span_equal(again.orig.text, t.orig.text) && span_equal(again.x5u, t.x5u));
}

#endif
