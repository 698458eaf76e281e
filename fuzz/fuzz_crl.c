/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/crl.h"
#include "trust/pem.h"
#include "trust_of_lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The list is read, its signer looked for, and the lab's CA asked about. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct domain domain = *trust_domain(trust_of_lab(), 0);
    struct chain path = { .n = 2 };
    domain.crl_signers = sk_X509_new_null();
    domain.crls = NULL;
    domain.n_crls = 0;
    enum bf_err err =
        crl_read("input", span_make(data, size), &domain.crls, &domain.n_crls, domain.crl_signers);
    for (size_t i = 0; i < domain.n_crls; i++)
        crl_settle(&domain, domain.crls[i], 1500000000);
    path.certificates[0] = sk_X509_value(domain.known, 0);
    path.certificates[1] = sk_X509_value(domain.anchors, 0);
    if (!err)
        crl_of_path(&domain, &path);
    for (size_t i = 0; i < domain.n_crls; i++)
        crl_destroy(domain.crls[i]);
    free(domain.crls);
    pem_certificates_free(domain.crl_signers);
    return 0;
}
