/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One GET under guard: libcurl told what it may not do, and callbacks that stop it.      SEC-031..036, SEC-039, X5U-003
 * Belongs to the fetch thread.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H

#include <curl/curl.h>

#include "fetch/fetch.h"
#include "fetch/freshness.h"

struct transfer_rules {
    struct fetch_options options; /* no zeros left */
    struct curl_slist *headers;   /* what every request says */
    struct curl_slist *resolve;
};

struct transfer {
    CURL *easy;
    const struct transfer_rules *rules;
    char *body;
    size_t body_n, body_size, header_bytes;
    bool address_refused;     /* at least one socket was not opened */
    enum fetch_outcome early; /* why a callback of ours stopped it; FETCH_OK: none did */
    const char *early_why;
    struct freshness freshness;
    char content_type[128];
    char error[CURL_ERROR_SIZE];
    char why[CURL_ERROR_SIZE];
};

/* url: NUL-terminated, kept by the caller until transfer_clear. owner comes back as CURLINFO_PRIVATE. BF_ENOMEM, BF_EUNSUP. */
enum bf_err transfer_init(struct transfer *t, const struct transfer_rules *rules, const char *url,
                          void *owner) must_use;

/* What came of it, once libcurl is done: spans into t. */
void transfer_result(struct transfer *t, CURLcode code, struct instant now, struct fetch_answer *ret);

/* libcurl never got an address: its resolver may still hold a thread. */
bool transfer_is_resolving(const struct transfer *t);

void transfer_clear(struct transfer *t);

#endif
