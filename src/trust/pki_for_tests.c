/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pki_for_tests.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "tap.h"

EVP_PKEY *pki_key(const char *kind)
{
    EVP_PKEY *key;
    if (!kind)
        kind = "P-256";
    if (strncmp(kind, "RSA:", 4) == 0)
        key = EVP_RSA_gen((unsigned)atoi(kind + 4));
    else if (strcmp(kind, "ED25519") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        key = EVP_EC_gen(kind);
    assert_non_null(key);
    return key;
}

/* `C=US/CN=Root`, or a bare common name. */
static void fill_name(X509_NAME *name, const char *text)
{
    char copy[256], *rest = copy, *part;
    snprintf(copy, sizeof copy, "%s", text);
    while ((part = strsep(&rest, "/"))) {
        char *value = strchr(part, '=');
        if (value)
            *value++ = '\0';
        assert_int_equal(X509_NAME_add_entry_by_txt(name, value ? part : "CN", MBSTRING_UTF8,
                                                    (const unsigned char *)(value ? value : part), -1, -1, 0),
                         1);
    }
}

static void add_extensions(X509 *x, X509 *issuer, const char *lines)
{
    char text[4096];
    long line;
    X509V3_CTX ctx;
    snprintf(text, sizeof text, "[here]\n%s", lines);
    BIO *in = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    assert_int_equal(NCONF_load_bio(conf, in, &line), 1);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509V3_set_nconf(&ctx, conf);
    if (X509V3_EXT_add_nconf(conf, &ctx, "here", x) != 1)
        fail_msg("extensions: %s", lines);
    NCONF_free(conf);
    BIO_free(in);
}

static void set_names(X509 *x, const struct pki_order *o)
{
    fill_name(X509_get_subject_name(x), o->name ? o->name : "C=US/CN=Leaf");
    if (o->issuer_name)
        fill_name(X509_get_issuer_name(x), o->issuer_name);
    else
        X509_set_issuer_name(x, X509_get_subject_name(o->issuer ? o->issuer : x));
}

static void set_serial(X509 *x, long serial)
{
    uint64_t random = 0;
    if (serial == 0)
        RAND_bytes((unsigned char *)&random, 7);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial ? (uint64_t)serial : random + 1);
}

struct pki_pair pki_make(const struct pki_order *o)
{
    struct pki_pair pair = { X509_new(), o->own ? o->own : pki_key(o->key) };
    if (o->own)
        EVP_PKEY_up_ref(o->own);
    X509 *x = pair.x;
    X509_set_version(x, o->version ? o->version - 1 : X509_VERSION_3);
    set_serial(x, o->serial);
    set_names(x, o);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(o->from ? o->from : PKI_FROM));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(o->to ? o->to : PKI_TO));
    X509_set_pubkey(x, pair.key);
    const char *extensions = o->extensions ? o->extensions : PKI_LEAF;
    if (*extensions)
        add_extensions(x, o->issuer ? o->issuer : x, extensions);
    EVP_PKEY *signer = o->issuer_key ? o->issuer_key : pair.key;
    const bool pure = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    assert_true(X509_sign(x, signer, pure ? NULL : EVP_get_digestbyname(o->digest ? o->digest : "SHA256")) >
                0);
    return pair;
}

void pki_clear(struct pki_pair *pair)
{
    X509_free(pair->x);
    EVP_PKEY_free(pair->key);
    *pair = (struct pki_pair){ NULL, NULL };
}

struct pki pki_usual(void)
{
    struct pki p;
    p.root = pki_make(&(struct pki_order){ .name = "C=US/CN=Root", .extensions = PKI_ROOT });
    p.ca = pki_make(&(struct pki_order){
        .name = "C=US/CN=CA", .extensions = PKI_CA, .issuer = p.root.x, .issuer_key = p.root.key });
    p.leaf = pki_make(&(struct pki_order){ .issuer = p.ca.x, .issuer_key = p.ca.key });
    return p;
}

void pki_free(struct pki *p)
{
    pki_clear(&p->root);
    pki_clear(&p->ca);
    pki_clear(&p->leaf);
}

char *pki_pem(X509 *const *all, size_t n)
{
    char *bytes;
    BIO *out = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < n; i++)
        if (all[i])
            PEM_write_bio_X509(out, all[i]);
    const long size = BIO_get_mem_data(out, &bytes);
    char *text = calloc(1, (size_t)size + 1);
    if (size > 0)
        memcpy(text, bytes, (size_t)size);
    BIO_free(out);
    return text;
}

struct pki_dir pki_dir(void)
{
    struct pki_dir dir;
    const char *base = getenv("TMPDIR");
    snprintf(dir.path, sizeof dir.path, "%s/bonafide-trust-XXXXXX", base ? base : P_tmpdir);
    assert_non_null(mkdtemp(dir.path));
    return dir;
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[1024];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (unlink(name) != 0)
            remove_all(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

void pki_dir_remove(const struct pki_dir *dir)
{
    remove_all(dir->path);
}

const char *pki_file(const struct pki_dir *dir, const char *name, const void *bytes, size_t n)
{
    static char paths[8][512];
    static unsigned at;
    char *path = paths[at++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    return path;
}

const char *pki_pem_file(const struct pki_dir *dir, const char *name, X509 *const *all, size_t n)
{
    char *pem = pki_pem(all, n);
    const char *path = pki_file(dir, name, pem, strlen(pem));
    free(pem);
    return path;
}

struct trust *pki_trust(const struct pki_dir *dir, X509 *const *anchors, size_t n,
                        const struct trust_domain_options *options)
{
    struct trust_domain_options o = options ? *options : (struct trust_domain_options){ .name = "test" };
    const char *file = pki_pem_file(dir, "anchors.pem", anchors, n);
    struct trust *trust = NULL;
    char *message = NULL;
    o.anchors = &file;
    o.n_anchors = 1;
    if (trust_create(&o, 1, 1, PKI_NOW, &trust, &message) != BF_OK)
        fail_msg("%s", message);
    return trust;
}

struct signer *pki_signer(const struct trust *trust, char *pem)
{
    struct signer *s = NULL;
    assert_int_equal(signer_build(trust, SPAN("https://test.example/1.pem"), span_of(pem), PKI_NOW, &s),
                     BF_OK);
    free(pem);
    return s;
}
