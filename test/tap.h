/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka with a TAP output of our own: cmocka 1.1.5 prints a skip as a failure. A test says
 * tap_skip("../shared is absent") and returns; everything else is cmocka's.
 *
 *     int main(void)
 *     {
 *         static const struct CMUnitTest tests[] = { cmocka_unit_test(a_sentence_that_is_true) };
 *         return tap_run(tests, ARRAY_SIZE(tests));
 *     }
 */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

/* The number of failed tests, capped at 125, as an exit status. With BF_TAP_FIRST set, the first failure ends the program. */
int tap_run(const struct CMUnitTest *tests, size_t n);

/* Marks the running test as skipped; the reason is printed. Return from the test right after. */
void tap_skip(const char *reason);

/*
 * pthread_cond_wait for something that another part of the test does, such as a request that reaches its server. With
 * BF_TAP_FIRST set, where what should cause it may have failed, the program ends with status 1 after some seconds.
 */
void tap_wait(pthread_cond_t *changed, pthread_mutex_t *lock);

/* Path of a file in ../shared/data (BF_SHARED overrides); NULL, and the test marked as skipped, when absent. */
const char *tap_shared(const char *name);

/* Path of a file of the source tree (BF_SOURCE, set by meson). Never NULL. */
const char *tap_source(const char *name);

/* The whole file, NUL-terminated, to be freed; fails the test when it cannot be read. */
char *tap_read(const char *path, size_t *ret_n);

#endif
