/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole call, through the library's doors, down to the words said about it. The first byte chooses the door: J is
 * JSON, B a bare Identity value, anything else SIP. The only certificate in the world speaks for the published key of
 * RFC 8225, and one published token was made with it: whatever else is said to be genuine is a forgery.
 */
#include <jansson.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bonafide/verify.h"
#include "base/fault.h"
#include "credential/lab.h"
#include "vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *path, char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || !text || fputs(text, f) < 0 || fclose(f))
        abort();
    free(text);
}

static void lab_put(const char *root, const char *chain)
{
    struct lab *lab = NULL;
    struct lab_carrier carrier;
    BIO *bio = BIO_new_mem_buf(VECTOR_A1_PRIVATE, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    struct lab_options options = { .not_before = VECTOR_IAT - 86400,
                                   .not_after = VECTOR_IAT + 86400,
                                   .name = "Lab" };
    struct lab_carrier_options of_carrier = { .spc = "1234", .key = key };

    if (!key || lab_create(&options, &lab) || lab_carrier(lab, &of_carrier, &carrier))
        abort();
    put(root, lab_root_pem(lab));
    put(chain, lab_chain_pem(lab, &carrier));
    lab_carrier_clear(&carrier);
    lab_destroy(lab);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static struct bf_verifier *verifier_make(void)
{
    struct bf_verify_options options = BF_VERIFY_OPTIONS;
    struct bf_verifier *v = NULL;
    const char *tmp = getenv("TMPDIR");
    char dir[256], root[300], chain[300];

    snprintf(dir, sizeof dir, "%s/bonafide-fuzz-XXXXXX", tmp && *tmp ? tmp : P_tmpdir);
    if (!mkdtemp(dir))
        abort();
    snprintf(root, sizeof root, "%s/root.pem", dir);
    snprintf(chain, sizeof chain, "%s/chain.pem", dir);
    lab_put(root, chain);
    const char *roots[] = { root };
    options.trust = roots;
    options.n_trust = 1;
    options.cert = chain;
    options.offline = true;
    options.replay_entries = 0; /* the published token may come as often as it likes */
    if (bf_verifier_create(&options, &v, NULL))
        abort();
    unlink(root);
    unlink(chain);
    rmdir(dir);
    return v;
}

static void verdict_look(const struct bf_verdict *v)
{
    bool genuine = bf_verdict_outcome(v) == BF_GENUINE;
    bool passed = strcmp(bf_verdict_verstat(v), "TN-Validation-Passed") == 0;
    json_error_t error;
    json_t *object = json_loads(bf_verdict_json(v), 0, &error);

    if (!object || !json_is_array(json_object_get(object, "ballots")))
        abort();
    const char *said = json_string_value(json_object_get(object, "verdict"));
    if (!said || strcmp(said, bf_outcome_text(bf_verdict_outcome(v))) != 0)
        abort();
    if ((genuine || passed) && !strstr(bf_verdict_json(v), VECTOR_SHAKEN_ORIGID))
        abort();
    if (genuine && (!passed || strcmp(bf_verdict_caller(v), "12155550121") != 0 ||
                    strcmp(bf_verdict_called(v), "12155550131") != 0))
        abort();
    for (const char *p = bf_verdict_words(v); *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
            abort();
    if (strchr(bf_verdict_line(v), '\n') || strchr(bf_verdict_json(v), '\n'))
        abort();
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bf_verifier *verifier;
    struct bf_verdict *v = NULL;
    struct bf_fault f = { 0, NULL };
    enum bf_err err;

    if (!verifier)
        verifier = verifier_make();
    if (!size)
        return 0;
    if (data[0] == 'J')
        err = bf_verify_json(verifier, data + 1, size - 1, VECTOR_IAT, &v, &f);
    else if (data[0] == 'B')
        err = bf_verify_identity(verifier, data + 1, size - 1, "12155550121", "12155550131", VECTOR_IAT, &v,
                                 &f);
    else
        err = bf_verify_sip(verifier, data + 1, size - 1, VECTOR_IAT, &v, &f);
    if (!err != !!v || (err && !f.what))
        abort();
    if (v)
        verdict_look(v);
    bf_verdict_destroy(v);
    return 0;
}
