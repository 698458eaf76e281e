/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PASSporT: three base64url parts, a JOSE header, claims.                  RFC 8225; standards.md A; RFC 8588
 *
 * token_read does everything that needs neither a key nor the call: it is strict (section A, SEC-001..013), works over
 * the received bytes, and keeps spans into what it decoded in the arena. It does not verify the signature,
 * fetch, or compare with SIP.
 */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "token/json.h"

enum ppt { PPT_NONE, PPT_SHAKEN, PPT_DIV, PPT_DIV_O, PPT_RPH, PPT_RCD, PPT_RSP, PPT_MSEC, PPT_OTHER };

/* What broke, so that STIR code and ATIS case follow from a table (verdict/), never from the text. */
enum token_flaw {
    TOKEN_SOUND,
    TOKEN_FORM,             /* not three parts, base64url, JSON, UTF-8, duplicate members, too long */
    TOKEN_COMPACT,          /* `..signature`: recognized; not supported here for this ppt */
    TOKEN_HEADER,           /* alg, typ or x5u missing */
    TOKEN_ALG,              /* alg is not ES256 */
    TOKEN_TYP,              /* typ is not passport */
    TOKEN_CRIT,             /* crit is there */
    TOKEN_SIGNATURE_LENGTH, /* not 64 bytes */
    TOKEN_CLAIMS,           /* a mandatory claim is missing or malformed */
    TOKEN_IAT,              /* iat is no integer */
    TOKEN_ATTEST,           /* attest is none of A, B, C */
};

/* What the offset of a fault counts in: a text is all of the token; header and payload are the decoded JSON. */
enum token_place { TOKEN_IN_TEXT, TOKEN_IN_HEADER, TOKEN_IN_PAYLOAD };

struct party { /* orig, or one of dest */
    bool is_uri;
    struct span text; /* canonical digits, or a URI */
};

struct token {
    struct span text;            /* as received */
    struct span header_segment;  /* base64url text */
    struct span signed_part;     /* header "." payload, as received: what the signature is over */
    uint8_t signature[64];       /* r then s, big-endian */
    struct span header, payload; /* decoded JSON, in the arena */
    enum ppt ppt;
    struct span ppt_text; /* SPAN_NONE for baseline */
    struct span x5u;
    struct party orig;
    const struct party *dest; /* in the arena */
    size_t n_dest;            /* at most LIMIT_DEST */
    utc_t iat;
    char attest;        /* 'A', 'B', 'C'; 0 when there is none */
    struct span origid; /* SPAN_NONE when absent */
    bool origid_is_uuid;
    bool canonical;               /* header and payload are serialized as A.3 asks */
    enum token_place fault_place; /* after an error */
};

/*
 * ret     filled as far as reading came, also on error (ret->header and ret->payload SPAN_NONE when not reached), so
 *         that `inspect` can show it
 * flaw    on BF_EFORM: which kind
 * BF_OK, BF_EFORM (fault->what says what; at is an offset into ret->fault_place), BF_ELIMIT, BF_ENOMEM.
 * Unknown ppt: BF_OK when header, base64url and JSON are sound; claims of shaken and baseline only are demanded for
 * these two; for other types orig, dest and iat are read where they have the known shape.
 */
enum bf_err token_read(struct span text, struct arena *arena, struct token *ret, enum token_flaw *flaw,
                       struct fault *fault) must_use;

/*
 * A JOSE header that was read and found sound. It is a carrier's, and the same for all its calls: who meets the same
 * segment again need not read it again.
 */
struct token_header {
    struct span json, ppt_text, x5u; /* in the arena it was read into */
    enum ppt ppt;
    bool canonical;
};
/* BF_EFORM: it is not sound. */
enum bf_err token_header_read(struct span segment, struct arena *arena, struct token_header *ret) must_use;
/*
 * token_read of a token whose header segment, all before the first dot, token_header_read has read before: the same answers.
 * known: outlives the token, which points into it; NULL: it is not known.
 */
enum bf_err token_read_known(struct span text, const struct token_header *known, struct arena *arena,
                             struct token *ret, enum token_flaw *flaw, struct fault *fault) must_use;

enum ppt ppt_of(struct span text);
const char *ppt_text(enum ppt ppt); /* "shaken"; "" for PPT_NONE and PPT_OTHER */

/* A fingerprint of the call's media keys (mky). RFC 8225 section 5.2.2 */
struct token_fingerprint {
    struct span alg; /* "sha-256" */
    struct span dig; /* hexadecimal, no colons */
};
#define TOKEN_FINGERPRINTS 16u

/* What a new token says. */
struct token_claims {
    enum ppt ppt; /* PPT_NONE, PPT_SHAKEN */
    struct span x5u;
    struct party orig;
    const struct party *dest;
    size_t n_dest;
    utc_t iat;
    char attest;                         /* shaken only */
    struct span origid;                  /* shaken only; a UUID in lower case */
    const struct token_fingerprint *mky; /* sorted here; at most TOKEN_FINGERPRINTS */
    size_t n_mky;                        /* 0: no mky */
};

/*
 * Canonical header "." payload, base64url (PP-007, PP-014, PP-020..027): the signing input. dest is sorted and
 * its numbers put before its URIs. BF_EFORM when a claim cannot stand there (a number that is not canonical, an
 * attest outside A-C, no dest, a shaken orig that is no number), BF_ELIMIT too many or too long.
 */
enum bf_err token_write(const struct token_claims *claims, struct buf *out, struct fault *fault) must_use;

#endif
