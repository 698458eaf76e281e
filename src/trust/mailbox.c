/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct letter *first, **end;
    size_t n, refs;
    bool closed;
};

enum bf_err mailbox_create(struct mailbox **ret)
{
    pthread_condattr_t attributes;
    struct mailbox *box = calloc(1, sizeof *box);
    if (!box)
        return BF_ENOMEM;
    pthread_mutex_init(&box->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&box->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    box->end = &box->first;
    box->refs = 1;
    *ret = box;
    return BF_OK;
}

struct mailbox *mailbox_ref(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->refs++;
    pthread_mutex_unlock(&box->lock);
    return box;
}

void mailbox_unref(struct mailbox *box)
{
    if (!box)
        return;
    pthread_mutex_lock(&box->lock);
    const size_t refs = --box->refs;
    pthread_mutex_unlock(&box->lock);
    if (refs > 0)
        return;
    for (struct letter *l = box->first, *next; l; l = next) {
        next = l->next;
        letter_destroy(l);
    }
    pthread_cond_destroy(&box->filled);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

struct letter *letter_create(enum letter_kind kind, struct span x5u, struct span header)
{
    struct letter *l = calloc(1, sizeof *l + x5u.n + header.n + 1);
    if (!l)
        return NULL;
    l->kind = kind;
    if (x5u.n)
        memcpy(l->bytes, x5u.p, x5u.n);
    if (header.n)
        memcpy(l->bytes + x5u.n, header.p, header.n);
    l->x5u = span_make(l->bytes, x5u.n);
    l->header = span_make(l->bytes + x5u.n, header.n);
    return l;
}

void letter_destroy(struct letter *letter)
{
    if (!letter)
        return;
    free(letter->body);
    free(letter);
}

/* The lock is held. */
static enum bf_err append(struct mailbox *box, struct letter *letter, size_t max)
{
    if (box->closed)
        return BF_EINVAL;
    if (max && box->n >= max)
        return BF_ELIMIT;
    letter->next = NULL;
    *box->end = letter;
    box->end = &letter->next;
    if (box->n++ == 0)
        pthread_cond_signal(&box->filled);
    return BF_OK;
}

static enum bf_err post_locked(struct mailbox *box, struct letter *letter, size_t max)
{
    enum bf_err err = append(box, letter, max);
    pthread_mutex_unlock(&box->lock);
    if (err)
        letter_destroy(letter);
    return err;
}

enum bf_err mailbox_post(struct mailbox *box, struct letter *letter, size_t max)
{
    pthread_mutex_lock(&box->lock);
    return post_locked(box, letter, max);
}

enum bf_err mailbox_try(struct mailbox *box, struct letter *letter, size_t max)
{
    if (pthread_mutex_trylock(&box->lock) != 0) {
        letter_destroy(letter);
        return BF_EAGAIN;
    }
    return post_locked(box, letter, max);
}

static struct timespec later(unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

struct letter *mailbox_take(struct mailbox *box, unsigned wait_ms, bool *ret_closed)
{
    const struct timespec until = later(wait_ms);
    pthread_mutex_lock(&box->lock);
    while (wait_ms && !box->first && !box->closed &&
           pthread_cond_timedwait(&box->filled, &box->lock, &until) == 0)
        ;
    struct letter *all = box->first;
    box->first = NULL;
    box->end = &box->first;
    box->n = 0;
    *ret_closed = box->closed;
    pthread_mutex_unlock(&box->lock);
    return all;
}

void mailbox_close(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    pthread_cond_signal(&box->filled);
    pthread_mutex_unlock(&box->lock);
}
