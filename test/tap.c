/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *skip_reason;

void tap_skip(const char *reason)
{
    skip_reason = reason;
}

/* cmocka talks on standard output, where TAP is: it is heard on standard error instead. */
static int run_quietly(const struct CMUnitTest *test)
{
    fflush(stdout);
    const int out = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    const int failed = _cmocka_run_group_tests(test->name, test, 1, NULL, NULL);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    return failed;
}

int tap_run(const struct CMUnitTest *tests, size_t n)
{
    int failures = 0;
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    printf("TAP version 13\n1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        skip_reason = NULL;
        const int failed = run_quietly(&tests[i]);
        failures += failed != 0;
        printf("%s %zu - %s", failed ? "not ok" : "ok", i + 1, tests[i].name);
        if (!failed && skip_reason)
            printf(" # SKIP %s", skip_reason);
        printf("\n");
        fflush(stdout);
        if (failed && getenv("BF_TAP_FIRST"))
            _exit(1); /* what the failed test left behind is nobody's business any more */
    }
    return failures < 125 ? failures : 125;
}

void tap_wait(pthread_cond_t *changed, pthread_mutex_t *lock)
{
    struct timespec until;
    if (!getenv("BF_TAP_FIRST")) {
        pthread_cond_wait(changed, lock);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    if (pthread_cond_timedwait(changed, lock, &until) == 0)
        return;
    fprintf(stderr, "waited in vain\n");
    _exit(1);
}

static const char *joined(const char *dir, const char *name)
{
    static char paths[8][1024];
    static unsigned at;
    char *path = paths[at++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

const char *tap_source(const char *name)
{
    const char *dir = getenv("BF_SOURCE");
    return joined(dir ? dir : ".", name);
}

const char *tap_shared(const char *name)
{
    const char *dir = getenv("BF_SHARED");
    const char *path = joined(dir ? dir : tap_source("../shared/data"), name);
    if (access(path, R_OK) == 0)
        return path;
    tap_skip("../shared is absent");
    return NULL;
}

char *tap_read(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    size_t n = 0, size = 1 << 16;
    char *bytes = malloc(size + 1);
    if (!file || !bytes)
        fail_msg("cannot read %s", path);
    for (size_t got; (got = fread(bytes + n, 1, size - n, file)) > 0;) {
        n += got;
        if (n == size) {
            size *= 2;
            bytes = realloc(bytes, size + 1);
            assert_non_null(bytes);
        }
    }
    fclose(file);
    bytes[n] = '\0';
    if (ret_n)
        *ret_n = n;
    return bytes;
}
