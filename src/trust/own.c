/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/own.h"

#include <openssl/x509v3.h>

#include "trust/crl.h"

struct asked {
    const struct domain *domain;
    enum revocation worst;
};

static void take(struct asked *a, enum revocation r)
{
    if (r == REVOCATION_REVOKED || (r == REVOCATION_GOOD && a->worst == REVOCATION_NOT_ASKED))
        a->worst = r;
}

static bool ask_path(void *arg, const struct chain *chain)
{
    struct asked *a = arg;
    take(a, crl_of_path(a->domain, chain));
    return a->worst != REVOCATION_REVOKED;
}

/* As far up as the file goes: our own provider's roots need not be among our anchors. */
static void ask_file(struct asked *a, X509 *leaf, STACK_OF(X509) * given)
{
    struct chain chain = { .certificates = { leaf }, .n = 1 };
    while (chain.n < CHAIN_DEPTH) {
        X509 *const last = chain.certificates[chain.n - 1], *issuer = NULL;
        for (int i = 0; i < sk_X509_num(given) && !issuer; i++)
            if (sk_X509_value(given, i) != last &&
                X509_check_issued(sk_X509_value(given, i), last) == X509_V_OK)
                issuer = sk_X509_value(given, i);
        if (!issuer)
            break;
        chain.certificates[chain.n++] = issuer;
    }
    if (chain.n < CHAIN_DEPTH) { /* the last is asked about too: nobody above it is known */
        chain.certificates[chain.n] = chain.certificates[chain.n - 1];
        chain.n++;
    }
    take(a, crl_of_path(a->domain, &chain));
}

enum revocation trust_own_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * chain)
{
    enum revocation worst = REVOCATION_NOT_ASKED;
    for (size_t i = 0; i < trust_domains(t) && worst != REVOCATION_REVOKED; i++) {
        struct asked a = { trust_domain(t, i), worst };
        (void)chain_explore(a.domain, CHAIN_FOR_LISTS, leaf, chain, ask_path, &a);
        ask_file(&a, leaf, chain);
        worst = a.worst;
    }
    return worst;
}
