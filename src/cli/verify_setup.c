/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `bonafide verify`, and the verifier they describe. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/verify.h"
#include "front/verifier.h"
#include "serve/config.h"

static const struct option_row rows[] = {
    { "json", NULL, "one JSON object a call, and nothing else on standard output", OPTION_FLAG,
      offsetof(struct verify_wishes, json) },
    { "trust", "FILE", "trust anchors: a PEM file or a directory of them; repeatable", OPTION_LIST,
      offsetof(struct verify_wishes, trust) },
    { "at", "TIME", "judge at this time: 2015-09-25T19:12:25Z, or seconds since 1970", OPTION_TEXT,
      offsetof(struct verify_wishes, at_text) },
    { "offline", NULL, "fetch nothing", OPTION_FLAG, offsetof(struct verify_wishes, offline) },
    { "cert", "FILE", "use this PEM chain, whatever x5u says; the verdict says lab", OPTION_TEXT,
      offsetof(struct verify_wishes, cert) },
    { "certs", "DIR", "chains at hand: DIR/<SHA-256 of the URL, hex>.pem", OPTION_TEXT,
      offsetof(struct verify_wishes, certs) },
    { "no-chain", NULL, "take every leaf certificate as trusted; the verdict says lab", OPTION_FLAG,
      offsetof(struct verify_wishes, no_chain) },
    { "lab-urls", NULL, "certificate URLs may be http, on any port, on private addresses", OPTION_FLAG,
      offsetof(struct verify_wishes, lab_urls) },
    { "least-attestation", "A|B|C", "what a genuine call needs; default A; with C the verdict says lab",
      OPTION_TEXT, offsetof(struct verify_wishes, least) },
    { "orig", "TN", "the input is a bare Identity value, and this number calls", OPTION_TEXT,
      offsetof(struct verify_wishes, orig) },
    { "dest", "TN", "and this number is called", OPTION_TEXT, offsetof(struct verify_wishes, dest) },
    { "config", "FILE", "trust domains, numbers and limits of the server's configuration", OPTION_TEXT,
      offsetof(struct verify_wishes, config) },
    { "book", "FILE", "who is known, and whose name is worth protecting: CSV or vCard", OPTION_TEXT,
      offsetof(struct verify_wishes, book) },
    { "store", "URL", "the same, of the server's address book: sqlite:PATH", OPTION_TEXT,
      offsetof(struct verify_wishes, store) },
    { "no-color", NULL, "no colours, even on a terminal", OPTION_FLAG,
      offsetof(struct verify_wishes, no_color) },
    { 0 },
};

const struct command_help verify_help = {
    .name = "verify",
    .example = "bonafide verify --trust roots.pem invite.sip\n"
               "        is this caller who it says it is?\n",
    .usage = "[OPTION...] [FILE...]",
    .about = "Gives the verdict on calls: SIP requests, one or several a file; captures (pcap, pcapng);\n"
             "JSON lines of verificationRequest; `-` or no FILE is standard input.\n",
    .rows = rows,
    .more = "A call is judged at --at, else at its packet's time, else at its Date (JSON: time), else now.\n"
            "\n"
            "Exit status, the worst of all calls:\n"
            "  0 genuine  1 unproven  2 broken  3 impostor\n"
            "  64 wrong usage  65 input that is no call  70 our own failure\n",
};

/* Two or more digits at *p, moved on; the value must be at most max. */
static bool digits_take(const char **p, int n, int max, int *ret)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        value = value * 10 + (**p - '0');
    }
    *ret = value;
    return value <= max;
}

static bool char_take(const char **p, const char *any)
{
    if (!**p || !strchr(any, **p))
        return false;
    (*p)++;
    return true;
}

/* `Z`, `+02:00`; *ret in seconds east of Greenwich. */
static bool zone_take(const char **p, long *ret)
{
    int hours, minutes;
    char sign = **p;
    *ret = 0;
    if (char_take(p, "Zz"))
        return true;
    if (!char_take(p, "+-") || !digits_take(p, 2, 23, &hours) || !char_take(p, ":") ||
        !digits_take(p, 2, 59, &minutes))
        return false;
    *ret = (hours * 60L + minutes) * (sign == '-' ? -60 : 60);
    return true;
}

bool time_read(const char *text, utc_t *ret)
{
    uint64_t seconds;
    if (span_decimal(span_of(text), (uint64_t)1 << 40, &seconds)) {
        *ret = (utc_t)seconds;
        return seconds > 0;
    }
    struct tm t = { 0 };
    const char *p = text;
    long east;
    if (!digits_take(&p, 4, 9999, &t.tm_year) || !char_take(&p, "-") || !digits_take(&p, 2, 12, &t.tm_mon) ||
        !char_take(&p, "-") || !digits_take(&p, 2, 31, &t.tm_mday) || !char_take(&p, "Tt ") ||
        !digits_take(&p, 2, 23, &t.tm_hour) || !char_take(&p, ":") || !digits_take(&p, 2, 59, &t.tm_min) ||
        !char_take(&p, ":") || !digits_take(&p, 2, 60, &t.tm_sec))
        return false;
    if (char_take(&p, "."))
        p += strspn(p, "0123456789");
    if (!zone_take(&p, &east) || *p || t.tm_mon < 1 || t.tm_mday < 1)
        return false;
    int day = t.tm_mday;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    time_t at = timegm(&t);
    *ret = (utc_t)at - east;
    return t.tm_mday == day && *ret > 0; /* timegm turns February 30 into March 2 */
}

/* What the options say that cannot be. */
static int wishes_check(struct verify_wishes *w)
{
    if (w->at_text && !time_read(w->at_text, &w->at))
        return command_fail("verify", EXIT_USAGE,
                            "--at: '%s' is no time. Write 2015-09-25T19:12:25Z or seconds since 1970.",
                            w->at_text);
    if (w->least && (strlen(w->least) != 1 || !strchr("ABC", w->least[0])))
        return command_fail("verify", EXIT_USAGE, "--least-attestation: '%s' is not A, B or C.", w->least);
    if (!w->orig != !w->dest)
        return command_fail("verify", EXIT_USAGE,
                            "--orig and --dest go together: who calls, and who is called.");
    return 0;
}

static bool number_check(const char *option, const char *text, int *status)
{
    struct number number;
    struct fault f = { 0, "" };
    if (!text || !number_of_text(span_of(text), NULL, &number, &f))
        return true;
    *status =
        command_fail("verify", EXIT_USAGE, "%s: '%s' is no telephone number: %s.", option, text, f.what);
    return false;
}

/* ---- the verifier ---- */

static struct verifier_options options_default(void)
{
    const struct bf_verify_options o = BF_VERIFY_OPTIONS;
    return (struct verifier_options){ .judge = { .freshness_s = o.freshness_s,
                                                 .least_attestation = o.least_attestation },
                                      .rules = { .plan = &dial_plan_usual },
                                      .budget_ms = o.budget_ms,
                                      .replay_entries = o.replay_entries };
}

static const char *text_or_none(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* What a server with this configuration would hold a call against, but for its peers and its patience. */
static struct verifier_options options_of_config(const struct config *c)
{
    struct verifier_options o = options_default();
    o.domains = c->trust.domains;
    o.n_domains = c->trust.n_domains;
    o.judge = (struct judge_options){ .freshness_s = c->freshness_s,
                                      .least_attestation = c->least_attestation,
                                      .lab_urls = c->x5u.lab,
                                      .own = c->numbers.own,
                                      .n_own = c->numbers.n_own,
                                      .same_line = c->policy.same_line,
                                      .n_same_line = c->policy.n_same_line,
                                      .require_proof = c->people.require_proof };
    o.rules = (struct call_rules){ .plan = &c->numbers.plan,
                                   .never_block = c->policy.never_block,
                                   .n_never_block = c->policy.n_never_block };
    o.certs = text_or_none(c->x5u.certs_dir);
    o.proxy = text_or_none(c->x5u.proxy);
    o.ca_file = text_or_none(c->x5u.ca_file);
    return o;
}

/* The command line has the last word; --trust adds a domain of its own to those of the configuration. */
static void options_of_wishes(const struct verify_wishes *w, struct verifier_options *o,
                              struct trust_domain_options domains[static LIMIT_TRUST_DOMAINS + 1])
{
    size_t n = o->n_domains < LIMIT_TRUST_DOMAINS ? o->n_domains : LIMIT_TRUST_DOMAINS;
    for (size_t i = 0; i < n; i++)
        domains[i] = o->domains[i];
    if (w->trust.n)
        domains[n++] = (struct trust_domain_options){ .name = "given",
                                                      .anchors = w->trust.items,
                                                      .n_anchors = w->trust.n };
    o->domains = domains;
    o->n_domains = n;
    if (w->cert)
        o->cert = w->cert;
    if (w->certs)
        o->certs = w->certs;
    if (w->least)
        o->judge.least_attestation = w->least[0];
    o->judge.no_chain = w->no_chain;
    o->judge.lab_urls |= w->lab_urls;
    o->offline = w->offline;
    o->fetch_ms = w->fetch_ms;
    o->color = !w->no_color && command_colors();
}

bool verify_setup(struct verify_wishes *w, struct verify_setup *ret, int *ret_status)
{
    if ((*ret_status = wishes_check(w)) || !number_check("--orig", w->orig, ret_status) ||
        !number_check("--dest", w->dest, ret_status))
        return false;

    struct people *people = NULL;
    if ((w->book || w->store) &&
        (*ret_status = verify_people(w->command ? w->command : "verify", w, &people)) != EXIT_SUCCESS)
        return false;
    atomic_store(&ret->people, people);
    char *message = NULL;
    enum bf_err err = config_load(w->config, &ret->config, &message); /* else the defaults, for the engine */
    if (!err) {
        struct verifier_options options = w->config ? options_of_config(ret->config) : options_default();
        options.engine = ret->config->es256.engine;
        options.tables_bytes = (size_t)ret->config->es256.tables_mb << 20;
        options.people = people ? &ret->people : NULL;
        struct trust_domain_options domains[LIMIT_TRUST_DOMAINS + 1];
        options_of_wishes(w, &options, domains);
        err = verifier_create(&options, &ret->verifier, &message);
    }
    if (err) {
        bool ours = err == BF_ENOMEM || err == BF_ECRYPTO;
        *ret_status = command_fail(w->command ? w->command : "verify", ours ? EXIT_FAILURE_OURS : EXIT_USAGE,
                                   "%s", message ? message : bf_err_text(err));
    }
    free(message);
    return !err;
}

void verify_setup_clear(struct verify_setup *s)
{
    bf_verifier_destroy(s->verifier);
    config_destroy(s->config);
    people_destroy((struct people *)(uintptr_t)atomic_exchange(&s->people, NULL));
}
