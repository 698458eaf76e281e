/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide inspect`: what is this thing, and what does it say?
 *
 * What a thing is shows in its first bytes; a word that names no file is taken as the thing itself. The command explains;
 * it never says whom to trust, and a thing that is refused is explained with the reason.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/inspect.h"
#include "cli/options.h"
#include "cli/verify.h"
#include "fetch/fetch.h"
#include "identity/identity.h"
#include "sip/message.h"
#include "sip/number.h"
#include "token/token.h"
#include "trust/pem.h"

struct wishes {
    const char *cert, *certs, *key, *at, *country;
    bool json, fetch, lab_urls;
};

static const struct option_row rows[] = {
    { "cert", "FILE", "check the signature with this certificate or chain (PEM or DER)", OPTION_TEXT,
      offsetof(struct wishes, cert) },
    { "key", "FILE", "check the signature with this key (PEM, public or private)", OPTION_TEXT,
      offsetof(struct wishes, key) },
    { "certs", "DIR", "chains at hand: DIR/<SHA-256 of the URL, hex>.pem", OPTION_TEXT,
      offsetof(struct wishes, certs) },
    { "fetch", NULL, "fetch the chain from the URL that the token names", OPTION_FLAG,
      offsetof(struct wishes, fetch) },
    { "lab-urls", NULL, "that URL may be http, on any port, on private addresses", OPTION_FLAG,
      offsetof(struct wishes, lab_urls) },
    { "at", "TIME", "tell ages as of this time: 2015-09-25T19:12:25Z, or seconds since 1970", OPTION_TEXT,
      offsetof(struct wishes, at) },
    { "country", "CC", "read telephone numbers as they are dialled in this country: FR", OPTION_TEXT,
      offsetof(struct wishes, country) },
    { "json", NULL, "one JSON object a thing, and nothing else on standard output", OPTION_FLAG,
      offsetof(struct wishes, json) },
    { 0 },
};

static const struct command_help help = {
    .name = "inspect",
    .example = "bonafide inspect --cert sp.pem invite.sip\n"
               "        what does the token in this call say, and does its signature hold?\n",
    .usage = "[OPTION...] THING",
    .about =
        "Explains a thing in plain words: a token, an Identity value, a SIP request with one, a certificate "
        "or\n"
        "chain (PEM, DER), a revocation list, a URL or URI, a telephone number. THING is a file, `-` for\n"
        "standard input, or the thing itself. It says whether a signature holds, never whether to trust "
        "it.\n",
    .rows = rows,
    .more = "Exit status:\n"
            "  0 explained, refused things included\n"
            "  64 wrong usage  65 nothing that is known here  70 our own failure\n",
};

/* ---- URLs and URIs ---- */

void inspect_url(struct inspect *in, struct span text)
{
    struct page page;
    struct fault fault = { 0, "" };
    page_begin(&page, in->arena, "url", "A URL");
    page_row(&page, "URL", "text", text, NULL);
    if (fetch_url_allowed(text, false, &fault) == BF_OK) {
        page_row(&page, "URL", "use", SPAN("allowed"), "a certificate chain may be fetched from there");
    } else {
        page.refused = fault.what, page.refused_in = "URL", page.refused_at = fault.at;
        page.refused_text = text;
        if (fetch_url_allowed(text, true, NULL) == BF_OK)
            page_row(&page, "URL", "use", SPAN("lab"), "allowed in a lab only (x5u.lab, --lab-urls)");
        else
            page_row(&page, "URL", "use", SPAN("refused"), "no certificate chain is ever fetched from there");
    }
    page_print(&page, in->json);
}

void inspect_uri(struct inspect *in, struct span text)
{
    struct page page;
    struct fault fault = { 0, "" };
    struct sip_uri uri;
    struct number number;
    char room[LIMIT_URI];
    struct buf canonical = BUF_ON(room);
    page_begin(&page, in->arena, "uri", "A URI that names a caller or somebody who is called");
    page_row(&page, "URI", "text", text, NULL);
    if (uri_read(text, &uri, &fault) != BF_OK)
        page.refused = fault.what, page.refused_in = "URI", page.refused_at = fault.at;
    else if (number_of_uri(&uri, in->country ? &in->plan : NULL, &number))
        inspect_number_rows(in, &page, "URI", &number);
    else if (uri_canonical(&uri, &canonical) == BF_OK && buf_ok(&canonical))
        page_row(&page, "URI", "canonical", arena_copy(in->arena, buf_span(&canonical)),
                 "no telephone number; tokens write it so");
    page_print(&page, in->json);
}

/* ---- the chain a token names ---- */

static void add_from_directory(struct inspect *in, struct span url)
{
    uint8_t digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES];
    struct buf b = BUF_ON(hex);
    struct span pem;
    if (sha256_once(url, digest) != BF_OK)
        return;
    buf_hex(&b, digest, sizeof digest);
    const char *path = arena_printf(in->arena, "%s/%.*s.pem", in->certs_dir, SPAN_FMT(buf_span(&b)));
    if (!path || input_read(path, LIMIT_CHAIN_BYTES, &pem) != BF_OK)
        return;
    inspect_add_certificates(in, pem);
    free((char *)(uintptr_t)pem.p);
}

struct awaited {
    pthread_mutex_t mutex;
    pthread_cond_t come;
    bool there;
    struct inspect *in;
    const char *why; /* in the arena; NULL: fetched */
};

static void fetched(void *arg, struct span url, const struct fetch_answer *answer)
{
    struct awaited *a = arg;
    (void)url;
    pthread_mutex_lock(&a->mutex);
    if (answer->outcome == FETCH_OK)
        inspect_add_certificates(a->in, answer->body);
    else
        a->why = arena_printf(a->in->arena, "%s", answer->why);
    a->there = true;
    pthread_cond_signal(&a->come);
    pthread_mutex_unlock(&a->mutex);
}

static void add_by_fetching(struct inspect *in, struct span url)
{
    const struct fetch_options options = { .lab = in->lab_urls };
    struct fetch *fetch = NULL;
    struct awaited a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, in, NULL };
    if (fetch_create(&options, &fetch) != BF_OK) {
        command_fail("inspect", 0, "nothing can be fetched here.");
        return;
    }
    pthread_mutex_lock(&a.mutex);
    if (fetch_get(fetch, url, 0, fetched, &a) != BF_OK)
        a.there = true;
    while (!a.there)
        pthread_cond_wait(&a.come, &a.mutex);
    pthread_mutex_unlock(&a.mutex);
    fetch_destroy(fetch);
    if (a.why)
        command_fail("inspect", 0, "%.*s: %s.", SPAN_FMT(url), a.why);
}

/* The keys to check a token with, unless they were given: from --certs, else from its URL. */
static void find_chain(struct inspect *in, struct span token)
{
    struct token t;
    enum token_flaw flaw;
    if (in->n_keys || (!in->certs_dir && !in->fetch))
        return;
    if (token_read(token, in->arena, &t, &flaw, NULL) == BF_ENOMEM || !t.x5u.n)
        return;
    if (in->certs_dir)
        add_from_directory(in, t.x5u);
    if (in->n_keys == 0 && in->fetch)
        add_by_fetching(in, t.x5u);
}

/* ---- what is it? ---- */

/* base64url of `{"`, or the two dots of the compact form. */
static bool begins_token(struct span s)
{
    return span_starts(s, SPAN("eyJ")) || span_starts(s, SPAN(".."));
}

/* A token and nothing behind it; what base64url does not allow is for its reader to name. */
static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr(" \t\r\n;,<>\"", s.p[i]) || s.p[i] == '\0')
            return false;
    return begins_token(s);
}

/* `Identity: …` and `y: …` lose their name. */
static struct span without_name(struct span s)
{
    static const struct span names[] = { { "identity", 8 }, { "y", 1 } };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct span rest = span_trim(span_from(s, names[i].n));
        if (span_starts_nocase(s, names[i]) && rest.n && rest.p[0] == ':')
            return span_trim(span_from(rest, 1));
    }
    return s;
}

static bool inspect_identity_found(struct inspect *in, struct span value)
{
    struct identity id;
    if (identity_read(value, &id, NULL) == BF_OK)
        find_chain(in, id.token);
    inspect_identity(in, value);
    return true;
}

static bool inspect_sip(struct inspect *in, struct span bytes)
{
    struct sip_message *m = calloc(1, sizeof *m);
    const struct sip_header *h;
    size_t n = 0;
    const bool is_sip = m && message_read(bytes, SIP_BARE_LF, m, NULL) == BF_OK;
    for (size_t at = 0; is_sip && (h = message_next(m, SIP_H_IDENTITY, &at)); n++) {
        if (n && !in->json)
            puts("\n----\n");
        inspect_identity_found(in, h->value);
    }
    if (is_sip && n == 0)
        command_fail("inspect", 0, "this SIP message carries no Identity. bonafide verify judges the call.");
    free(m);
    return is_sip && n > 0;
}

static bool inspect_key_file(struct inspect *in, struct span bytes)
{
    struct page page;
    if (memmem(bytes.p, bytes.n, "PRIVATE KEY-----", 16)) {
        page_begin(&page, in->arena, "key", "A private key");
        page_row(&page, "Key", "advice", SPAN("keep it to yourself"),
                 "mode 0600; whoever has it can sign in your name");
    } else if (memmem(bytes.p, bytes.n, "PUBLIC KEY-----", 15)) {
        page_begin(&page, in->arena, "key", "A public key");
    } else {
        return false;
    }
    page_print(&page, in->json);
    return true;
}

static bool inspect_text(struct inspect *in, struct span text)
{
    const struct span value = without_name(text);
    const size_t colon = span_find(text, ':');
    if (is_token(value)) {
        find_chain(in, value);
        inspect_token(in, value);
        return true;
    }
    if (begins_token(value))
        return inspect_identity_found(in, value);
    if (span_starts_nocase(text, SPAN("http:")) || span_starts_nocase(text, SPAN("https:")) ||
        (colon + 2 < text.n && text.p[colon + 1] == '/' && text.p[colon + 2] == '/' &&
         span_find(text, '\n') == text.n))
        return inspect_url(in, text), true;
    static const struct span schemes[] = { { "sip:", 4 }, { "sips:", 5 }, { "tel:", 4 }, { "urn:", 4 } };
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (span_starts_nocase(text, schemes[i]))
            return inspect_uri(in, text), true;
    return (value.p != text.p && inspect_identity_found(in, value)) || inspect_number(in, text);
}

static bool inspect_bytes(struct inspect *in, struct span bytes)
{
    const bool binary = bytes.n && bytes.p[0] == 0x30 && memchr(bytes.p, '\0', bytes.n);
    if (binary || memmem(bytes.p, bytes.n, "-----BEGIN ", 11)) {
        const bool crl = inspect_crl(in, bytes);
        return inspect_certificates(in, bytes) || crl || inspect_key_file(in, bytes);
    }
    return inspect_text(in, span_trim(bytes)) || inspect_sip(in, bytes);
}

/* ---- the command ---- */

static int add_key_file(struct inspect *in, const char *file)
{
    struct span pem;
    const enum bf_err err = input_read(file, LIMIT_CHAIN_BYTES, &pem);
    if (err)
        return command_fail("inspect", EXIT_INPUT, "%s: %s.", file, input_error(err));
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n), *again = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    if (!pkey && again && memmem(pem.p, pem.n, "PRIVATE KEY-----", 16))
        pkey = PEM_read_bio_PrivateKey(again, NULL, NULL, (char *)(uintptr_t) "");
    const bool ok =
        pkey && in->n_keys < INSPECT_KEYS && es256_key_create(pkey, &in->keys[in->n_keys].key) == BF_OK;
    if (ok && asprintf(&in->keys[in->n_keys++].name, "the key in %s", file) < 0)
        in->keys[in->n_keys - 1].name = NULL;
    EVP_PKEY_free(pkey);
    BIO_free(bio), BIO_free(again);
    ERR_clear_error();
    explicit_bzero((char *)(uintptr_t)pem.p, pem.n);
    free((char *)(uintptr_t)pem.p);
    return ok ? 0 : command_fail("inspect", EXIT_INPUT, "%s: no key on P-256 in PEM.", file);
}

static int add_cert_file(struct inspect *in, const char *file)
{
    struct span bytes;
    const enum bf_err err = input_read(file, LIMIT_CHAIN_BYTES, &bytes);
    if (err)
        return command_fail("inspect", EXIT_INPUT, "%s: %s.", file, input_error(err));
    const size_t n = inspect_add_certificates(in, bytes);
    free((char *)(uintptr_t)bytes.p);
    return n ? 0 : command_fail("inspect", EXIT_INPUT, "%s: no certificate in it that can be read.", file);
}

static int prepare(struct inspect *in, const struct wishes *w)
{
    if (arena_create(1 << 20, 64u << 20, &in->arena) != BF_OK || es256_create(NULL, &in->engine) != BF_OK)
        return command_fail("inspect", EXIT_FAILURE_OURS, "%s.", bf_err_text(BF_ENOMEM));
    in->now = clock_now(&clock_system).utc;
    if (w->at && !time_read(w->at, &in->now))
        return command_fail("inspect", EXIT_USAGE,
                            "'%.64s' is no time. Write 2015-09-25T19:12:25Z, or seconds since 1970.", w->at);
    in->json = w->json, in->fetch = w->fetch, in->lab_urls = w->lab_urls, in->certs_dir = w->certs;
    if (w->country && !(in->country = country_find(span_of(w->country))))
        return command_fail("inspect", EXIT_USAGE, "'%.64s' is no country. Write two capital letters: FR.",
                            w->country);
    if (in->country)
        country_plan(in->country, &in->plan);
    int status = w->cert ? add_cert_file(in, w->cert) : 0;
    if (!status && w->key)
        status = add_key_file(in, w->key);
    return status;
}

static void clear(struct inspect *in)
{
    for (size_t i = 0; i < in->n_keys; i++) {
        es256_key_destroy(in->keys[i].key);
        free(in->keys[i].name);
    }
    pem_certificates_free(in->certificates);
    es256_destroy(in->engine);
    arena_destroy(in->arena);
}

/* A file of that name, standard input, or the word itself. */
static int inspect_thing(struct inspect *in, const char *thing)
{
    struct span bytes = SPAN_NONE;
    const bool is_file = strcmp(thing, "-") == 0 || access(thing, F_OK) == 0;
    const enum bf_err err = is_file ? input_read(thing, LIMIT_CRL_BYTES, &bytes) : BF_OK;
    if (err)
        return command_fail("inspect", EXIT_INPUT, "%s: %s.", thing, input_error(err));
    const bool known = inspect_bytes(in, is_file ? bytes : span_of(thing));
    free((char *)(uintptr_t)bytes.p);
    return known ? 0
                 : command_fail("inspect", EXIT_INPUT,
                                "%.64s is neither a file nor a token, Identity value, certificate, "
                                "revocation list, URL or telephone number.",
                                is_file && strcmp(thing, "-") == 0 ? "this" : thing);
}

int command_inspect(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands = { 0 };
    struct inspect in = { 0 };
    int status;

    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    if (operands.n != 1)
        status =
            command_fail("inspect", EXIT_USAGE,
                         "give one THING: a file, `-`, or the thing itself. See bonafide inspect --help.");
    else
        status = prepare(&in, &w);
    if (!status)
        status = inspect_thing(&in, operands.items[0]);
    clear(&in);
    options_clear(&help, &w, &operands);
    return status;
}
