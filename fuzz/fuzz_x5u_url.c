/* SPDX-License-Identifier: Apache-2.0 */
/* A URL that our rules let through means the same to libcurl: its scheme, host and port, and nothing besides. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>

#include "fetch/fetch.h"
#include "fetch/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(CURLU *u, CURLUPart part, struct span want)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, 0) == CURLUE_OK ? !span_equal_nocase(span_of(text), want) : want.n != 0)
        abort();
    curl_free(text);
}

/* libcurl writes an IPv6 address its own way: the sixteen bytes count. */
static void host_must_be(CURLU *u, struct span want)
{
    char *text = NULL, address[64] = "";
    uint8_t ours[16], theirs[16];
    if (want.p[0] != '[') {
        must_be(u, CURLUPART_HOST, want);
        return;
    }
    memcpy(address, want.p + 1, want.n - 2);
    if (inet_pton(AF_INET6, address, ours) != 1 || curl_url_get(u, CURLUPART_HOST, &text, 0) != CURLUE_OK)
        abort();
    text[strlen(text) - 1] = '\0';
    if (inet_pton(AF_INET6, text + 1, theirs) != 1 || memcmp(ours, theirs, sizeof ours) != 0)
        abort();
    curl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool lab = size && data[0] == 'L';
    const struct span url = span_make(data + lab, size - lab);
    struct fault fault = { 0, NULL };
    char text[LIMIT_X5U + 1];
    if (fetch_url_allowed(url, lab, &fault)) {
        if (!fault.what || fault.at > url.n)
            abort();
        return 0;
    }
    memcpy(text, url.p, url.n);
    text[url.n] = '\0';
    CURLU *u = curl_url();
    if (curl_url_set(u, CURLUPART_URL, text, CURLU_PATH_AS_IS) != CURLUE_OK)
        abort();
    host_must_be(u, url_host(url));
    must_be(u, CURLUPART_SCHEME, span_first(url, span_find(url, ':')));
    must_be(u, CURLUPART_USER, SPAN_NONE);
    must_be(u, CURLUPART_QUERY, SPAN_NONE);
    must_be(u, CURLUPART_FRAGMENT, SPAN_NONE);
    curl_url_cleanup(u);
    return 0;
}
