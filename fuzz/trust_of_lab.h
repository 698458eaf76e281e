/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trust whose anchor issued the good ones of corpus/pem_chain and corpus/crl, so that the fuzzers get past "no such
 * issuer". Certificates only: the keys were thrown away.
 */
#ifndef FUZZ_TRUST_OF_LAB_H
#define FUZZ_TRUST_OF_LAB_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trust/anchors.h"

static const char lab_certificates[] =
    /* the root */
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmzCCAUGgAwIBAgIHRv4avroL3jAKBggqhkjOPQQDAjAxMQswCQYDVQQGEwJV\n"
    "UzEMMAoGA1UECgwDTGFiMRQwEgYDVQQDDAtTSEFLRU4gUk9PVDAgFw0xNTA5MjUx\n"
    "NjUzMjBaGA8yMTAwMDEwMTAwMDAwMFowMTELMAkGA1UEBhMCVVMxDDAKBgNVBAoM\n"
    "A0xhYjEUMBIGA1UEAwwLU0hBS0VOIFJPT1QwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
    "BwNCAAS/ucx9lhrJvqaes3jqjI6H5CkAEjxg7Z3m1A1j/wwk9EGiBulBORc7SInH\n"
    "2TcxovltqGZezefzJKkxQYeDX8tKo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud\n"
    "DwEB/wQEAwIBBjAdBgNVHQ4EFgQUS6fZx8mHdvkH+Lqli6XmT8q3xFswCgYIKoZI\n"
    "zj0EAwIDSAAwRQIgJNahiMdwJDc0SElQGF9IxiYVu0uiA9AAtd/wlD+KvPwCIQCk\n"
    "wdB04pL8QJziux0/BwQd4W0sr1O+Tuc1bhJSjo+tbg==\n"
    "-----END CERTIFICATE-----\n"
    /* its CA, which is no anchor */
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwTCCAWigAwIBAgIIAI/yHPHGB/8wCgYIKoZIzj0EAwIwMTELMAkGA1UEBhMC\n"
    "VVMxDDAKBgNVBAoMA0xhYjEUMBIGA1UEAwwLU0hBS0VOIFJPT1QwIBcNMTUwOTI1\n"
    "MTY1MzIwWhgPMjEwMDAxMDEwMDAwMDBaMDMxCzAJBgNVBAYTAlVTMQwwCgYDVQQK\n"
    "DANMYWIxFjAUBgNVBAMMDVNIQUtFTiBMYWIgQ0EwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAASB/fAUDULkNozz6GXlxA87ZVEbbYjbvifiKeXVDZrqgD5bTG75NZjw\n"
    "EwyeRkovhdZmCdH3O2aWCfsiAp9qbEYPo2YwZDASBgNVHRMBAf8ECDAGAQH/AgEA\n"
    "MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUIRBqLYmC5a4GDGBznxYO7BYnLYAw\n"
    "HwYDVR0jBBgwFoAUS6fZx8mHdvkH+Lqli6XmT8q3xFswCgYIKoZIzj0EAwIDRwAw\n"
    "RAIgVA3ZoSRWHXQHLQibWKTKBvLuPQzTXKriwhtlkevJJFQCID15MLefUgaUy4c6\n"
    "OVKP2qRhfr61Crct5bp7vGh1Dmr8\n"
    "-----END CERTIFICATE-----\n";

/* Made once. The anchor is read from a file without a name. */
static const struct trust *trust_of_lab(void)
{
    static struct trust *trust;
    char path[32], *message = NULL;
    if (trust)
        return trust;
    const int fd = memfd_create("anchors", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const char *anchors[] = { path };
    const struct trust_domain_options domain = { .name = "lab", .anchors = anchors, .n_anchors = 1 };
    if (write(fd, lab_certificates, sizeof lab_certificates - 1) != (ssize_t)(sizeof lab_certificates - 1) ||
        trust_create(&domain, 1, 1, 1443208345, &trust, &message) != BF_OK)
        abort();
    close(fd);
    return trust;
}

#endif
