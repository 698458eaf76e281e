/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbonafide inside a program of your own: is this caller who it says it is?
 *
 *     cc embed.c $(pkg-config --cflags --libs bonafide) -o embed
 *     ./embed roots.pem invite.sip
 *     ./embed roots.pem invite.sip certs      (chains at hand: nothing is fetched)
 *
 * Prints the verdict and ends with its number: 0 genuine, 1 unproven, 2 broken, 3 impostor.
 */
#include <stdio.h>
#include <stdlib.h>

#include <bonafide/verify.h>

#define INVITE_MAX 65536

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return 64;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        return complain("usage", "embed ROOTS INVITE [CERTS]");

    /* Once: the anchors, and a memory of the tokens seen. Threads may share it. */
    const char *roots[] = { argv[1] };
    struct bf_verify_options options = BF_VERIFY_OPTIONS;
    options.trust = roots;
    options.n_trust = 1;
    if (argc == 4) {
        options.certs = argv[3];
        options.offline = true;
    }
    struct bf_verifier *verifier = NULL;
    char *message = NULL;
    enum bf_err err = bf_verifier_create(&options, &verifier, &message);
    if (err) {
        int status = complain(argv[1], message ? message : bf_err_text(err));
        free(message);
        return status;
    }

    /* For each call: its INVITE, as it came over the wire, at the time it came (0: now). */
    static char invite[INVITE_MAX];
    FILE *file = fopen(argv[2], "rb");
    size_t n = file ? fread(invite, 1, sizeof invite, file) : 0;
    if (file)
        fclose(file);

    struct bf_verdict *verdict = NULL;
    struct bf_fault fault;
    int status;
    err = bf_verify_sip(verifier, invite, n, 0, &verdict, &fault);
    if (err) {
        status = complain(argv[2], fault.what);
    } else {
        printf("%s: %s (%s)\n", bf_outcome_text(bf_verdict_outcome(verdict)), bf_verdict_why(verdict),
               bf_verdict_verstat(verdict));
        status = (int)bf_verdict_outcome(verdict);
    }
    bf_verdict_destroy(verdict);
    bf_verifier_destroy(verifier);
    return status;
}
