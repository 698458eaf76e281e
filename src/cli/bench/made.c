/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/made.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "base/random.h"
#include "credential/key.h"
#include "token/token.h"

#define SLOT                                                                                                 \
    2112u /* an INVITE and its ACK; no power of two, so that calls do not share the same cache sets */
#define MAKERS    8u
#define NUMBER    10u /* digits of a call's number, in every place where it stands */
#define SPC_DIGIT "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- carriers ---- */

static bool carrier_open(const char *lab, const char *url_prefix, size_t i, struct carrier *ret)
{
    char path[512], spc[5] = "", *message = NULL;
    size_t n = i + 1;
    for (int at = 3; at >= 0; at--, n /= 36)
        spc[at] = SPC_DIGIT[n % 36];
    snprintf(path, sizeof path, "%s/carriers/%s/key.pem", lab, spc);
    if (asprintf(&ret->x5u, "%s%s.pem", url_prefix, spc) < 0)
        ret->x5u = NULL;
    if (ret->x5u && key_load(path, &ret->key, &message) == BF_OK)
        return true;
    fprintf(stderr, "%s\n", message ? message : "no memory");
    free(message);
    return false;
}

bool carriers_open(const char *lab, const char *url_prefix, size_t n, struct carriers *ret)
{
    *ret = (struct carriers){ calloc(n, sizeof *ret->all), 0 };
    bool good = ret->all != NULL;
    for (; good && ret->n < n; ret->n++)
        good = carrier_open(lab, url_prefix, ret->n, &ret->all[ret->n]);
    if (good)
        return true;
    carriers_close(ret);
    return false;
}

void carriers_close(struct carriers *c)
{
    for (size_t i = 0; i < c->n; i++) {
        key_destroy(c->all[i].key);
        free(c->all[i].x5u);
    }
    free(c->all);
    *c = (struct carriers){ 0 };
}

/* ---- one call ---- */

static bool identity_put(const struct carrier *c, const char *orig, utc_t now, struct buf *out)
{
    char uuid[UUID_TEXT + 1], signed_part[2048], signature_text[BASE64URL_TEXT(64)];
    uint8_t signature[64];
    struct buf input = BUF_ON(signed_part);
    const struct party called = { .text = SPAN(MADE_CALLED) };
    const struct token_claims claims = {
        .ppt = PPT_SHAKEN,
        .x5u = span_of(c->x5u),
        .orig = { .text = span_of(orig) },
        .dest = &called,
        .n_dest = 1,
        .iat = now,
        .attest = 'A',
        .origid = span_of(random_uuid(uuid)),
    };
    if (token_write(&claims, &input, NULL) != BF_OK || !buf_ok(&input) ||
        key_sign(c->key, buf_span(&input), signature, NULL, NULL) != BF_OK)
        return false;
    base64url_encode(signature, sizeof signature, signature_text);
    buf_printf(out, "Identity: %.*s.%.*s;info=<%s>;alg=ES256;ppt=\"shaken\"\r\n", SPAN_FMT(buf_span(&input)),
               (int)sizeof signature_text, signature_text, c->x5u);
    return buf_ok(out);
}

/* Who says he calls: names that people have, all of one length. */
static void name_put(struct buf *b, uint64_t number)
{
    static const char *const given[] = { "Anna", "Emma", "Jane", "John", "Lucy", "Mark", "Paul", "Rosa" },
                             *const family[] = { "Carter", "Cooper", "Fisher", "Miller",
                                                 "Morgan", "Parker", "Turner", "Walker" };
    buf_printf(b, "%s %s", given[number % ARRAY_SIZE(given)], family[number / 8 % ARRAY_SIZE(family)]);
}

/* What INVITE and ACK share; the number has always as many digits, so that all calls are of one size. */
static void head_put(struct buf *b, const char *method, unsigned long long number, const char *orig)
{
    buf_printf(b,
               "%s sip:+" MADE_CALLED "@127.0.0.1 SIP/2.0\r\n"
               "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-%010llu;rport\r\n"
               "Max-Forwards: 69\r\n"
               "From: \"",
               method, number);
    name_put(b, number);
    buf_printf(b,
               "\" <sip:+%s@127.0.0.1;user=phone>;tag=f%010llu\r\n"
               "Call-ID: %010llu-bench@127.0.0.1\r\n"
               "CSeq: 1 %s\r\n",
               orig, number, number, method);
}

static const char body[] = "v=0\r\no=- 20518 0 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                           "m=audio 54312 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n";

static bool call_make(const struct carrier *c, uint64_t number, utc_t now, struct made_call *ret)
{
    char orig[16];
    struct buf b = buf_on(ret->p, SLOT);
    snprintf(orig, sizeof orig, "1215%07u", (unsigned)(number % 10000000));
    head_put(&b, "INVITE", number, orig);
    buf_printf(&b,
               "To: <sip:+" MADE_CALLED "@127.0.0.1;user=phone>\r\n"
               "Contact: <sip:+%s@127.0.0.1>\r\n"
               "P-Asserted-Identity: <sip:+%s@127.0.0.1;user=phone>\r\n",
               orig, orig);
    if (c && !identity_put(c, orig, now, &b))
        return false;
    buf_printf(&b, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", sizeof body - 1, body);
    ret->invite = (uint32_t)b.n;
    head_put(&b, "ACK", number, orig);
    buf_printf(&b, "To: <sip:+" MADE_CALLED "@127.0.0.1;user=phone>");
    ret->ack_head = (uint32_t)b.n - ret->invite;
    buf_printf(&b, "\r\nContent-Length: 0\r\n\r\n");
    ret->ack_tail = (uint32_t)b.n - ret->invite - ret->ack_head;
    return buf_ok(&b);
}

uint64_t call_number(const char *message, size_t n)
{
    static const char name[] = "\r\nCall-ID: ";
    const char *p = memmem(message, n, name, sizeof name - 1);
    uint64_t number = 0;
    if (!p || (size_t)(message + n - p) < sizeof name - 1 + NUMBER)
        return UINT64_MAX;
    p += sizeof name - 1;
    for (unsigned i = 0; i < NUMBER; i++) {
        if (p[i] < '0' || p[i] > '9')
            return UINT64_MAX;
        number = number * 10 + (uint64_t)(p[i] - '0');
    }
    return number;
}

/* ---- many ---- */

struct maker {
    const struct carriers *carriers;
    const struct made_calls *calls;
    utc_t now;
    unsigned mine, of;
    bool good;
    pthread_t thread;
    bool started;
};

static void *make_some(void *arg)
{
    struct maker *m = arg;
    const size_t n_carriers = m->carriers ? m->carriers->n : 0;
    m->good = true;
    for (size_t i = 0; m->good && i < m->calls->n; i++) {
        const uint64_t number = m->calls->first + i;
        const size_t carrier = n_carriers ? (size_t)(number % n_carriers) : 0;
        if ((n_carriers ? carrier : i) % m->of == m->mine)
            m->good =
                call_make(n_carriers ? &m->carriers->all[carrier] : NULL, number, m->now, &m->calls->all[i]);
    }
    return NULL;
}

static bool make_all(const struct carriers *carriers, const struct made_calls *calls, unsigned threads)
{
    struct maker makers[MAKERS];
    bool good = true;
    for (unsigned i = 0; i < threads; i++)
        makers[i] = (struct maker){ .carriers = carriers,
                                    .calls = calls,
                                    .now = clock_now(&clock_system).utc,
                                    .mine = i,
                                    .of = threads };
    for (unsigned i = 1; i < threads; i++)
        makers[i].started = pthread_create(&makers[i].thread, NULL, make_some, &makers[i]) == 0;
    for (unsigned i = 0; i < threads; i++)
        if (!makers[i].started)
            make_some(&makers[i]);
    for (unsigned i = 0; i < threads; i++) {
        if (makers[i].started)
            pthread_join(makers[i].thread, NULL);
        good = good && makers[i].good;
    }
    return good;
}

bool calls_make(const struct carriers *carriers, uint64_t first, size_t n, unsigned threads,
                struct made_calls *ret)
{
    struct made_calls calls = { .n = n, .first = first, .memory_n = n * SLOT + 1 };
    threads = threads < 1 ? 1 : threads > MAKERS ? MAKERS : threads;
    calls.all = calloc(n + 1, sizeof *calls.all);
    calls.memory = mmap(NULL, calls.memory_n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (calls.memory == MAP_FAILED)
        calls.memory = NULL;
    for (size_t i = 0; calls.all && calls.memory && i < n; i++)
        calls.all[i].p = (char *)calls.memory + i * SLOT;
    if (calls.all && calls.memory && make_all(carriers, &calls, threads)) {
        *ret = calls;
        return true;
    }
    calls_free(&calls);
    fprintf(stderr, "calls could not be made\n");
    return false;
}

void calls_free(struct made_calls *calls)
{
    if (calls->memory)
        munmap(calls->memory, calls->memory_n);
    free(calls->all);
    *calls = (struct made_calls){ 0 };
}
