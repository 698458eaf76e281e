/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsecsipid through its C API, for test_secsipid.py.
 *
 *     secsipid sign ORIG DEST ATTEST X5U KEY        prints an Identity value
 *     secsipid check CACHE ROOT IDENTITY            prints what it makes of one: 0, or its error
 *     secsipid check-key PUBLIC IDENTITY            the same against a public key, its certificate left aside
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <secsipid.h>

#define EXPIRE_S  60
#define TIMEOUT_S 1

static int sign(char **a)
{
    char *identity = NULL;
    const int n = SecSIPIDGetIdentity(a[0], a[1], a[2], "", a[3], a[4], &identity);
    if (n <= 0) {
        fprintf(stderr, "secsipid: error %d\n", n);
        return 1;
    }
    printf("%.*s\n", n, identity);
    free(identity);
    return 0;
}

static int check(char **a)
{
    char root[1024];
    snprintf(root, sizeof root, "CertCAFile=%s", a[1]);
    SecSIPIDOptSetV(root);
    SecSIPIDOptSetN("CertVerify", 5);
    SecSIPIDSetFileCacheOptions(a[0], 86400);
    printf("%d\n", SecSIPIDCheckFull(a[2], (int)strlen(a[2]), EXPIRE_S, "", TIMEOUT_S));
    return 0;
}

static int check_key(char **a)
{
    printf("%d\n", SecSIPIDCheckFull(a[1], (int)strlen(a[1]), EXPIRE_S, a[0], TIMEOUT_S));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words, (*run)(char **words);
    } rows[] = { { "sign", 5, sign }, { "check", 3, check }, { "check-key", 2, check_key } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (argc == rows[i].words + 2 && strcmp(argv[1], rows[i].name) == 0)
            return rows[i].run(argv + 2);
    return 64;
}
