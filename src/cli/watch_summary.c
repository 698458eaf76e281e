/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen so far, all in all: by verdict, by case, by signer, and what would have happened had the policy been enforced.
 *
 * The question is asked of the configuration's policy where that refuses anything; else of one that refuses what is broken
 * and who is an impostor. Calls that nothing may stand in the way of are never counted as refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/watch_report.h"

#define SIGNERS_SHOWN 5u

/* ---- counting ---- */

/* The header that tells who signed: the one the verdict rests on, else the first that names somebody. */
static const struct identity_result *telling(const struct verdict *v)
{
    if (v->winner >= 0)
        return &v->identities[v->winner];
    for (size_t i = 0; i < v->n_identities; i++)
        if (v->identities[i].token.x5u.p)
            return &v->identities[i];
    return NULL;
}

struct span watch_signer_code(const struct verdict *v)
{
    const struct identity_result *id = telling(v);
    return id && id->signer && id->signer->spc ? span_of(id->signer->spc) : SPAN_NONE;
}

/* `https://certs.example.com:8443/a.pem` -> `certs.example.com:8443` */
static struct span host_of(struct span url)
{
    static const char mark[] = "://";
    const char *at = url.n ? memmem(url.p, url.n, mark, 3) : NULL;
    const struct span rest = at ? span_from(url, (size_t)(at - url.p) + 3) : url;
    return span_first(rest, span_find(rest, '/'));
}

static struct watch_signer *signer_of(struct watch_report *r, struct span url)
{
    struct watch_signer *least = &r->signers[0];
    for (size_t i = 0; i < r->n_signers; i++) {
        if (span_equal(span_of(r->signers[i].url), url))
            return &r->signers[i];
        if (r->signers[i].calls < least->calls)
            least = &r->signers[i];
    }
    if (r->n_signers < WATCH_SIGNERS)
        least = &r->signers[r->n_signers++];
    *least = (struct watch_signer){ .calls = 0 };
    memcpy(least->url, url.p, url.n);
    return least;
}

/* A token that names no certificate has no signer to be counted under. */
static void count_signer(struct watch_report *r, const struct verdict *v)
{
    const struct identity_result *id = telling(v);
    if (!id || !id->token.x5u.n)
        return;
    struct watch_signer *s =
        signer_of(r, span_first(id->token.x5u, sizeof((struct watch_signer *)0)->url - 1));
    s->calls++;
    s->failed += v->outcome == BROKEN || v->outcome == IMPOSTOR;
    if (id->signer && id->signer->spc)
        snprintf(s->spc, sizeof s->spc, "%s", id->signer->spc);
}

static bool refuses(const struct config *c, enum outcome o)
{
    return c->answer.policy[o].action == ACTION_REJECT;
}

/* Does the configuration refuse anything at all? */
static bool enforces(const struct config *c)
{
    for (enum outcome o = GENUINE; c && o <= IMPOSTOR; o++)
        if (refuses(c, o))
            return true;
    return false;
}

static bool would_be_refused(const struct watch_report *r, const struct watch_heard *h)
{
    const enum outcome o = h->verdict->outcome;
    if (h->call->never_block)
        return false;
    return enforces(r->o.config) ? refuses(r->o.config, o) : o == BROKEN || o == IMPOSTOR;
}

void watch_count(struct watch_report *r, const struct watch_heard *h)
{
    const struct verdict *v = h->verdict;
    r->calls++;
    r->verdicts[v->outcome]++;
    r->late += h->late;
    r->signed_ += h->call->n_identities > 0;
    r->refused += would_be_refused(r, h);
    if (v->attest >= 'A' && v->attest <= 'C')
        r->attests[v->attest - 'A']++;
    if (v->failure != CASE_NONE)
        r->cases[v->failure]++;
    count_signer(r, v);
}

/* ---- telling ---- */

static int by_failed(const void *a, const void *b)
{
    const struct watch_signer *x = a, *y = b;
    return x->failed != y->failed ? (x->failed < y->failed ? 1 : -1) : strcmp(x->url, y->url);
}

/* Digits in threes, as people read them: 3,400. */
static const char *grouped(size_t n, char out[static 32])
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%zu", n);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static double share(size_t part, size_t all)
{
    return all ? 100.0 * (double)part / (double)all : 0;
}

static void print_cases(const struct watch_report *r)
{
    bool any = false;
    for (size_t i = CASE_NONE + 1; i < CASE_COUNT; i++)
        if (r->cases[i]) {
            const struct stir_row *row = stir_case_row((enum stir_case)i);
            printf("%s%s %zu%s%s%s", any ? ", " : "  by case    ", row->name, r->cases[i],
                   row->phrase ? " (" : "", row->phrase ? row->phrase : "", row->phrase ? ")" : "");
            any = true;
        }
    if (any)
        putchar('\n');
}

static void print_signer(const struct watch_signer *s)
{
    char text[256];
    struct buf b = BUF_ON(text);
    if (s->spc[0])
        buf_text(&b, "SPC ");
    buf_printable(&b, span_of(s->spc));
    buf_text(&b, s->spc[0] ? " at " : "");
    buf_printable(&b, host_of(span_of(s->url)));
    printf("%.*s: %zu of %zu", SPAN_FMT(buf_span(&b)), s->failed, s->calls);
}

static void print_signers(struct watch_report *r)
{
    qsort(r->signers, r->n_signers, sizeof *r->signers, by_failed);
    for (size_t i = 0; i < r->n_signers && i < SIGNERS_SHOWN && r->signers[i].failed; i++) {
        fputs(i ? ", " : "  failing    ", stdout);
        print_signer(&r->signers[i]);
    }
    if (r->n_signers && r->signers[0].failed)
        putchar('\n');
}

static void print_outside(const struct watch_report *r, const struct watch_outside *o)
{
    printf("  packets    %zu read, %zu damaged or cut short, %llu lost by the kernel\n", o->packets->packets,
           o->packets->damaged, (unsigned long long)o->lost);
    if (o->repeated)
        printf(
            "  repeated   %zu INVITEs were a call that had been judged: sent again, or seen on another leg\n",
            o->repeated);
    if (r->unreadable)
        printf("  unreadable %zu INVITEs\n", r->unreadable);
    if (r->late)
        printf("  late       %zu calls whose certificate did not come in time\n", r->late);
    if (o->unkept)
        printf("  not kept   %zu calls: the record could not be written\n", o->unkept);
    if (r->cases[CASE_REPLAY])
        puts("  A token came with another call. If a gateway here gives calls a new Call-ID, that is no "
             "replay: "
             "watch with --same token.");
}

static void print_text(struct watch_report *r, const struct watch_outside *o)
{
    char all[32], refused[32];
    printf("\n%s call%s: %zu genuine, %zu unproven, %zu broken, %zu impostor\n", grouped(r->calls, all),
           r->calls == 1 ? "" : "s", r->verdicts[GENUINE], r->verdicts[UNPROVEN], r->verdicts[BROKEN],
           r->verdicts[IMPOSTOR]);
    printf("  signed     %.1f%% (A %zu, B %zu, C %zu)\n", share(r->signed_, r->calls), r->attests[0],
           r->attests[1], r->attests[2]);
    print_cases(r);
    print_signers(r);
    print_outside(r, o);
    printf("%s of %s calls would have been refused, %s.\n", grouped(r->refused, refused), all,
           enforces(r->o.config) ? "by the policy of the configuration"
                                 : "if broken calls and impostors were");
}

static void print_json(struct watch_report *r, const struct watch_outside *o)
{
    bool any = false;
    printf(
        "{\"summary\":{\"last\":%s,\"calls\":%zu,\"verdicts\":{\"genuine\":%zu,\"unproven\":%zu,\"broken\":%"
        "zu,"
        "\"impostor\":%zu},\"signed\":%zu,\"attestations\":{\"A\":%zu,\"B\":%zu,\"C\":%zu},\"refused\":%zu,"
        "\"cases\":{",
        o->last ? "true" : "false", r->calls, r->verdicts[GENUINE], r->verdicts[UNPROVEN],
        r->verdicts[BROKEN], r->verdicts[IMPOSTOR], r->signed_, r->attests[0], r->attests[1], r->attests[2],
        r->refused);
    for (size_t i = CASE_NONE + 1; i < CASE_COUNT; i++)
        if (r->cases[i]) {
            printf("%s\"%s\":%zu", any ? "," : "", stir_case_row((enum stir_case)i)->name, r->cases[i]);
            any = true;
        }
    fputs("},\"signers\":[", stdout);
    qsort(r->signers, r->n_signers, sizeof *r->signers, by_failed);
    for (size_t i = 0; i < r->n_signers && i < SIGNERS_SHOWN && r->signers[i].failed; i++) {
        char text[2048]; /* also if every byte is written as \u0000 */
        struct buf b = BUF_ON(text);
        buf_text(&b, "{\"spc\":");
        buf_json_string(&b, span_of(r->signers[i].spc));
        buf_text(&b, ",\"x5u\":");
        buf_json_string(&b, span_of(r->signers[i].url));
        printf("%s%.*s,\"calls\":%zu,\"failed\":%zu}", i ? "," : "", SPAN_FMT(buf_span(&b)),
               r->signers[i].calls, r->signers[i].failed);
    }
    printf(
        "],\"unreadable\":%zu,\"late\":%zu,\"repeated\":%zu,\"unkept\":%zu,\"packets\":%zu,\"damaged\":%zu,"
        "\"lost\":%llu}}\n",
        r->unreadable, r->late, o->repeated, o->unkept, o->packets->packets, o->packets->damaged,
        (unsigned long long)o->lost);
}

void watch_report_summary(struct watch_report *r, const struct watch_outside *o)
{
    if (r->o.json)
        print_json(r, o);
    else
        print_text(r, o);
    fflush(stdout);
}
