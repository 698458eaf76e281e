/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide inspect`, in five files: inspect.c (what is it?), inspect_token.c, inspect_number.c, inspect_certificate.c (certificates and
 * revocation lists), inspect_page.c (what was found, as text or JSON).
 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include <openssl/x509.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "es256/es256.h"
#include "numbers/plan.h"

/* A page: one thing, explained in rows. */
enum page_signature { PAGE_NO_SIGNATURE, PAGE_NOT_CHECKED, PAGE_HOLDS, PAGE_FAILS };
struct page_row {
    const char *section, *name; /* section: a heading; constant text */
    struct span value;
    const char *meaning; /* a few words, may be NULL */
};
#define PAGE_ROWS 256u
struct page {
    struct arena *arena; /* keeps what is printed */
    const char *kind; /* "token", "identity", "certificate", "crl", "url", "uri", "key": stable, for JSON */
    const char *title;
    struct page_row rows[PAGE_ROWS];
    size_t n_rows;
    bool cut;               /* there were more */
    const char *refused;    /* NULL: sound; else why not */
    const char *refused_in; /* "header", "payload", "token", "value"; NULL: nowhere in particular */
    size_t refused_at;
    struct span refused_text; /* what refused_at counts in; SPAN_NONE: not to be shown */
    enum page_signature signature;
    const char *signature_why;
};

void page_begin(struct page *page, struct arena *arena, const char *kind, const char *title);
void page_row(struct page *page, const char *section, const char *name, struct span value,
              const char *meaning);
void page_print(const struct page *page, bool json);

/* A time and how far it is from now: "2015-09-25T19:12:25Z, 9 years ago". In the arena; "?" without memory. */
const char *page_time(struct arena *arena, utc_t at, utc_t now);

/* What a signature can be checked with. */
struct inspect_key {
    struct es256_key *key;
    char *name; /* "the key of CN=…" */
};
#define INSPECT_KEYS 16u
struct inspect {
    bool json;
    utc_t now;
    struct arena *arena;
    struct es256 *engine;
    struct inspect_key keys[INSPECT_KEYS];
    size_t n_keys;
    STACK_OF(X509) * certificates; /* of --cert; may be NULL */
    const char *certs_dir;         /* --certs; may be NULL */
    bool fetch, lab_urls;
    const struct country *country; /* --country; NULL: numbers stay as they are */
    struct dial_plan plan;
};

/* A bare token, or an Identity value. */
void inspect_token(struct inspect *in, struct span text);
void inspect_identity(struct inspect *in, struct span value);

/* Every certificate and list of a PEM text, or one in DER. false: there is none that can be read. */
bool inspect_certificates(struct inspect *in, struct span bytes);
bool inspect_crl(struct inspect *in, struct span bytes);

/* A telephone number as people type it. false: it is none. */
bool inspect_number(struct inspect *in, struct span text);
void inspect_number_rows(struct inspect *in, struct page *page, const char *section,
                         const struct number *number);

void inspect_url(struct inspect *in, struct span text);
void inspect_uri(struct inspect *in, struct span text);

/* Adds the keys of the P-256 certificates in a PEM or DER text. Returns how many. */
size_t inspect_add_certificates(struct inspect *in, struct span bytes);
/* Subject or issuer, one line; in the arena. */
const char *inspect_name(struct arena *arena, const X509_NAME *name);

#endif
