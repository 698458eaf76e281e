/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and revocation lists in plain words. Signatures are checked among what is at hand; nothing is trusted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "cli/inspect.h"
#include "trust/leaf.h"
#include "trust/pem.h"

#define SHOWN_ENTRIES 20 /* of a TNAuthList or a CRL */

static struct span kept(struct arena *arena, const char *text)
{
    const struct span s = arena_copy(arena, span_of(text));
    return s.p ? s : SPAN("?");
}

/* What was written into a memory BIO; frees it. */
static const char *text_of_bio(struct arena *arena, BIO *bio)
{
    char *bytes = NULL;
    const long n = BIO_get_mem_data(bio, &bytes);
    const struct span s = n >= 0 && bytes ? arena_copy(arena, span_make(bytes, (size_t)n)) : SPAN_NONE;
    BIO_free(bio);
    return s.p ? s.p : "?";
}

const char *inspect_name(struct arena *arena, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return "?";
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    return text_of_bio(arena, bio);
}

static const char *key_text(struct arena *arena, EVP_PKEY *pkey)
{
    char group[64];
    if (!pkey)
        return "a key that cannot be read";
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1) {
        const char *name = strcmp(group, "prime256v1") == 0 ? "P-256" : group;
        const char *text = arena_printf(arena, "ECDSA %s", name);
        return text ? text : "ECDSA";
    }
    const char *text = arena_printf(arena, "%s, %d bits",
                                    EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "?",
                                    EVP_PKEY_get_bits(pkey));
    return text ? text : "?";
}

static utc_t time_of(const ASN1_TIME *time)
{
    struct tm tm;
    return time && ASN1_TIME_to_tm(time, &tm) == 1 ? (utc_t)timegm(&tm) : 0;
}

static const char *hex_of(struct arena *arena, const uint8_t *bytes, size_t n)
{
    char *text = arena_take(arena, 2 * n + 1);
    struct buf b = buf_on(text, text ? 2 * n : 0);
    buf_hex(&b, bytes, n);
    return text ? text : "?";
}

static const char *serial_text(struct arena *arena, const ASN1_INTEGER *serial)
{
    return hex_of(arena, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

/* ---- certificates ---- */

static const char *entry_meaning(struct arena *arena, const struct tnauth_entry *e)
{
    const char *text = NULL;
    if (e->kind == TNAUTH_SPC)
        return "a service provider code: speaks for the numbers of that carrier";
    if (e->kind == TNAUTH_ONE)
        return "a telephone number: speaks for it";
    text =
        arena_printf(arena, "a range: speaks for %llu numbers from there on", (unsigned long long)e->count);
    return text ? text : "a range of numbers";
}

static void add_tnauth(struct page *page, const X509 *x)
{
    auto_(tnauth_destroy) struct tnauth *list = NULL;
    struct fault fault = { 0, "" };
    const enum bf_err err = leaf_tnauth(x, &list, &fault);
    if (err == BF_ENOENT)
        return;
    if (err != BF_OK) {
        const char *why = arena_printf(page->arena, "cannot be read: %s (byte %zu)", fault.what, fault.at);
        page_row(page, "Speaks for", "TNAuthList", SPAN("malformed"), why);
        return;
    }
    for (size_t i = 0; i < list->n && i < SHOWN_ENTRIES; i++) {
        static const char *const names[] = { "SPC", "range", "number" };
        const struct tnauth_entry *e = &list->entries[i];
        page_row(page, "Speaks for", names[e->kind], arena_copy(page->arena, e->text),
                 entry_meaning(page->arena, e));
    }
    if (list->n > SHOWN_ENTRIES)
        page_row(page, "Speaks for", "more", kept(page->arena, "…"), "the list is longer");
}

/* Extensions as OpenSSL words them, those that people ask for. */
static void add_extensions(struct page *page, const X509 *x)
{
    static const struct {
        int nid;
        const char *name, *meaning;
    } known[] = {
        { NID_basic_constraints, "CA", "whether it may issue certificates" },
        { NID_key_usage, "key usage", NULL },
        { NID_certificate_policies, "policies", "the rules it was issued under" },
        { NID_crl_distribution_points, "revocation", "where the list of revoked certificates is" },
        { NID_subject_alt_name, "other names", NULL },
        { NID_subject_key_identifier, "key id", NULL },
        { NID_authority_key_identifier, "issuer key", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        const int at = X509_get_ext_by_NID(x, known[i].nid, -1);
        BIO *bio = at >= 0 ? BIO_new(BIO_s_mem()) : NULL;
        if (!bio)
            continue;
        if (X509V3_EXT_print(bio, X509_get_ext(x, at), X509V3_EXT_ERROR_UNKNOWN, 0) != 1)
            BIO_puts(bio, "?");
        char *text = (char *)(uintptr_t)text_of_bio(page->arena, bio);
        for (char *c = text; *c; c++) /* one line */
            if (*c == '\n')
                *c = ' ';
        page_row(page, "Extensions", known[i].name, span_trim(span_of(text)), known[i].meaning);
    }
}

/* Is it signed by one of those that came with it? */
static void check_issuer(struct inspect *in, struct page *page, X509 *x, STACK_OF(X509) * all)
{
    page->signature = PAGE_NOT_CHECKED;
    page->signature_why = "its issuer is not among what was given (--cert FILE)";
    for (int i = 0; i < sk_X509_num(all); i++) {
        X509 *issuer = sk_X509_value(all, i);
        EVP_PKEY *pkey = X509_get0_pubkey(issuer);
        if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) != 0 || !pkey)
            continue;
        const bool holds = X509_verify(x, pkey) == 1;
        const char *why = arena_printf(in->arena, "under the key of %s%s",
                                       inspect_name(in->arena, X509_get_subject_name(issuer)),
                                       X509_cmp(issuer, x) == 0 ? " (itself)" : "");
        page->signature = holds ? PAGE_HOLDS : PAGE_FAILS;
        page->signature_why = why ? why : "under its issuer's key";
        if (holds)
            break;
    }
    ERR_clear_error();
}

static void add_validity(struct inspect *in, struct page *page, const X509 *x)
{
    const utc_t from = time_of(X509_get0_notBefore(x)), to = time_of(X509_get0_notAfter(x));
    page_row(page, "Certificate", "from", kept(in->arena, page_time(in->arena, from, in->now)), NULL);
    page_row(page, "Certificate", "to", kept(in->arena, page_time(in->arena, to, in->now)),
             in->now < from ? "not valid yet"
             : in->now > to ? "no longer valid"
                            : "valid now");
}

static void add_fingerprint(struct page *page, const X509 *x)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (X509_digest(x, EVP_sha256(), digest, &n) == 1)
        page_row(page, "Certificate", "SHA-256", span_of(hex_of(page->arena, digest, n)), NULL);
}

static void inspect_certificate(struct inspect *in, X509 *x, STACK_OF(X509) * all)
{
    struct page page;
    const bool ca = X509_check_ca(x) != 0;
    const char *unfit = ca ? NULL : leaf_unfit(x);
    page_begin(&page, in->arena, "certificate",
               ca ? "A certificate of an authority (CA)" : "A certificate that can sign calls");
    if (unfit) {
        page.title = "A certificate that cannot sign calls";
        page.refused = unfit;
    }
    page_row(&page, "Certificate", "subject", span_of(inspect_name(in->arena, X509_get_subject_name(x))),
             NULL);
    page_row(&page, "Certificate", "issuer", span_of(inspect_name(in->arena, X509_get_issuer_name(x))), NULL);
    page_row(&page, "Certificate", "serial", span_of(serial_text(in->arena, X509_get0_serialNumber(x))),
             NULL);
    add_validity(in, &page, x);
    page_row(&page, "Certificate", "key", span_of(key_text(in->arena, X509_get0_pubkey(x))), NULL);
    page_row(&page, "Certificate", "signed", span_of(OBJ_nid2ln(X509_get_signature_nid(x))), NULL);
    add_fingerprint(&page, x);
    add_tnauth(&page, x);
    add_extensions(&page, x);
    check_issuer(in, &page, x, all);
    ERR_clear_error();
    page_print(&page, in->json);
}

bool inspect_certificates(struct inspect *in, struct span bytes)
{
    auto_(pem_certificates_free) STACK_OF(X509) *chain = NULL;
    if (pem_certificates(bytes, 4096, &chain, NULL) != BF_OK)
        return false;
    STACK_OF(X509) *all =
        sk_X509_dup(chain); /* borrowed: what was asked about, then what was given besides */
    for (int i = 0; all && i < sk_X509_num(in->certificates); i++)
        sk_X509_push(all, sk_X509_value(in->certificates, i));
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (i && !in->json)
            puts("\n----\n");
        inspect_certificate(in, sk_X509_value(chain, i), all ? all : chain);
    }
    sk_X509_free(all);
    return true;
}

size_t inspect_add_certificates(struct inspect *in, struct span bytes)
{
    auto_(pem_certificates_free) STACK_OF(X509) *chain = NULL;
    size_t added = 0;
    if (pem_certificates(bytes, 64, &chain, NULL) != BF_OK)
        return 0;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *x = sk_X509_value(chain, i);
        struct inspect_key *slot = &in->keys[in->n_keys];
        if (!in->certificates)
            in->certificates = sk_X509_new_null();
        if (in->certificates && X509_up_ref(x) && !sk_X509_push(in->certificates, x))
            X509_free(x);
        added++;
        if (in->n_keys == INSPECT_KEYS || X509_check_ca(x) != 0 ||
            es256_key_create(X509_get0_pubkey(x), &slot->key) != BF_OK)
            continue;
        if (asprintf(&slot->name, "the key of %s", inspect_name(in->arena, X509_get_subject_name(x))) < 0)
            slot->name = NULL;
        in->n_keys++;
    }
    ERR_clear_error();
    return added;
}

/* ---- revocation lists ---- */

static X509_CRL *read_crl(struct span bytes)
{
    BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    X509_CRL *crl = NULL;
    if (bio && bytes.n && bytes.p[0] == 0x30)
        crl = d2i_X509_CRL_bio(bio, NULL);
    else if (bio)
        crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return crl;
}

static void add_revoked(struct page *page, X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
    const int n = revoked ? sk_X509_REVOKED_num(revoked) : 0;
    char count[32];
    snprintf(count, sizeof count, "%d", n);
    page_row(page, "Revoked", "entries", kept(page->arena, count), NULL);
    for (int i = 0; i < n && i < SHOWN_ENTRIES; i++) {
        X509_REVOKED *r = sk_X509_REVOKED_value(revoked, i);
        char when[21];
        const char *meaning = arena_printf(page->arena, "since %s",
                                           utc_text(time_of(X509_REVOKED_get0_revocationDate(r)), when));
        page_row(page, "Revoked", "serial",
                 span_of(serial_text(page->arena, X509_REVOKED_get0_serialNumber(r))), meaning);
    }
    if (n > SHOWN_ENTRIES)
        page_row(page, "Revoked", "more", kept(page->arena, "…"), "the list is longer");
}

static void check_crl(struct inspect *in, struct page *page, X509_CRL *crl)
{
    page->signature = PAGE_NOT_CHECKED;
    page->signature_why = "its issuer's certificate is not at hand; give --cert FILE";
    for (int i = 0; i < sk_X509_num(in->certificates); i++) {
        X509 *x = sk_X509_value(in->certificates, i);
        EVP_PKEY *pkey = X509_get0_pubkey(x);
        if (!pkey || X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x)) != 0)
            continue;
        page->signature = X509_CRL_verify(crl, pkey) == 1 ? PAGE_HOLDS : PAGE_FAILS;
        const char *why =
            arena_printf(in->arena, "under the key of %s", inspect_name(in->arena, X509_get_subject_name(x)));
        page->signature_why = why ? why : "under its issuer's key";
        if (page->signature == PAGE_HOLDS)
            break;
    }
    ERR_clear_error();
}

bool inspect_crl(struct inspect *in, struct span bytes)
{
    struct page page;
    X509_CRL *crl = read_crl(bytes);
    if (!crl)
        return false;
    const utc_t next = time_of(X509_CRL_get0_nextUpdate(crl));
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    const bool indirect = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0;
    page_begin(&page, in->arena, "crl", "A list of revoked certificates (CRL)");
    page_row(&page, "List", "issuer", span_of(inspect_name(in->arena, X509_CRL_get_issuer(crl))), NULL);
    if (number)
        page_row(&page, "List", "number", span_of(serial_text(in->arena, number)),
                 "hexadecimal; it only rises");
    page_row(&page, "List", "made",
             kept(in->arena, page_time(in->arena, time_of(X509_CRL_get0_lastUpdate(crl)), in->now)), NULL);
    if (next)
        page_row(&page, "List", "next", kept(in->arena, page_time(in->arena, next, in->now)),
                 in->now > next ? "overdue: a newer one must exist" : NULL);
    if (indirect)
        page_row(&page, "List", "scope", SPAN("limited"),
                 "names what it is for; it may list certificates of other issuers");
    page_row(&page, "List", "signed", span_of(OBJ_nid2ln(X509_CRL_get_signature_nid(crl))), NULL);
    add_revoked(&page, crl);
    check_crl(in, &page, crl);
    page_print(&page, in->json);
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
    return true;
}
