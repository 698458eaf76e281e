/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor asks of a configuration: anchors, CRLs, keys, ports. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/place.h"
#include "serve/vouching.h"
#include "signing/signing.h"
#include "sip/uri.h"
#include "trust/crl_numbers.h"

#define DAY_S 86400

static enum bf_err trust_open(const struct doctor *d, struct trust **ret, struct finding *f)
{
    char *message = NULL;
    enum bf_err err =
        trust_create(d->config->trust.domains, d->config->trust.n_domains, 1, d->now.utc, ret, &message);
    if (err)
        finding_set(f, FINDING_FAIL, "mend trust.domains in the configuration", "%s",
                    message ? message : bf_err_text(err));
    free(message);
    return err;
}

void doctor_anchors(const struct doctor *d, struct finding *ret)
{
    auto_(trust_destroy) struct trust *trust = NULL;
    char date[21];
    size_t anchors = 0, lab = 0;

    if (trust_open(d, &trust, ret))
        return;
    for (size_t i = 0; i < trust_domains(trust); i++) {
        anchors += trust_domain_anchors(trust, i);
        lab += trust_domain_is_lab(trust, i);
    }
    utc_t first = trust_first_expiry(trust);
    long long days = first == INT64_MAX ? 0 : (long long)((first - d->now.utc) / DAY_S);
    if (!anchors)
        finding_set(ret, FINDING_WARN,
                    "name PEM files under trust.domains; docs/anchors.md says where they come from",
                    "none: no call can be genuine");
    else if (first < d->now.utc)
        finding_set(ret, FINDING_FAIL, "fetch the current list of anchors (docs/anchors.md)",
                    "%zu, and one of them expired on %.10s", anchors, utc_text(first, date));
    else if (days < 30)
        finding_set(ret, FINDING_WARN, "fetch the current list of anchors (docs/anchors.md)",
                    "%zu, the first expires in %lld days", anchors, days);
    else
        finding_set(ret, lab ? FINDING_WARN : FINDING_OK, lab ? "lab domains are for laboratories" : "",
                    "%zu in %zu trust domains, the first expires on %.10s", anchors, trust_domains(trust),
                    utc_text(first, date));
}

void doctor_crl(const struct doctor *d, struct finding *ret)
{
    auto_(trust_destroy) struct trust *trust = NULL;
    struct finding unused;
    size_t asked = 0;
    int64_t oldest = 0;

    if (trust_open(d, &trust, &unused)) {
        finding_set(ret, FINDING_SKIPPED, "", "the anchors cannot be read");
        return;
    }
    if (d->config->x5u.cache_dir && crl_numbers_heed(trust, d->config->x5u.cache_dir, false)) {
        finding_set(ret, FINDING_WARN, "see that the server may read and write crl-numbers there",
                    "%.300s: an older CRL in the place of a newer one would not be noticed",
                    d->config->x5u.cache_dir);
        return;
    }
    for (size_t i = 0; i < trust_domains(trust); i++) {
        int64_t age = 0;
        enum revocation state = trust_domain_crl(trust, i, d->now.utc, &age);
        if (state == REVOCATION_UNKNOWN) {
            finding_set(ret, FINDING_FAIL,
                        "fetch the current CRL; until then no call of this domain is genuine",
                        "domain %s: no CRL is valid now", trust_domain_name(trust, i));
            return;
        }
        asked += state != REVOCATION_NOT_ASKED;
        oldest = age > oldest && state != REVOCATION_NOT_ASKED ? age : oldest;
    }
    if (!asked)
        finding_set(ret, trust_domains(trust) ? FINDING_WARN : FINDING_SKIPPED,
                    trust_domains(trust)
                        ? "name CRL files under trust.domains, or accept that revocation is not seen"
                        : "",
                    "none is configured");
    else
        finding_set(ret, FINDING_OK, "", "valid in %zu trust domains, the oldest %lld hours old", asked,
                    (long long)oldest / 3600);
}

/* All of it at once, for the inventory is one. false: rows are still to be told about. */
static bool doctor_customers(const struct doctor *d, struct finding *ret)
{
    auto_(signing_destroy) struct signing *signing = NULL;
    char *message = NULL;
    const enum bf_err err = vouching_create(d->config, &signing, &message);
    if (err)
        finding_set(ret, FINDING_FAIL, "mend it, and reload; until then what was read before stays in force",
                    "%.400s", message ? message : bf_err_text(err));
    else
        finding_set(ret, FINDING_OK, "", "%zu customers with %llu numbers, and %zu rows; every key readable",
                    d->config->n_customers, (unsigned long long)signing_numbers(signing), d->config->n_sign);
    free(message);
    return true;
}

/* Each row by itself, so that the finding names every bad one's reason once, and the first of them is enough to act on. */
void doctor_sign(const struct doctor *d, struct finding *ret)
{
    for (size_t i = 0; i < d->config->n_sign; i++) {
        const struct config_sign_row *r = &d->config->sign[i];
        struct sign_row_options row = { .numbers = r->numbers,
                                        .n_numbers = r->n_numbers,
                                        .attest = r->attest,
                                        .customers = r->customers,
                                        .n_customers = r->n_customers,
                                        .key_path = r->key,
                                        .x5u = r->x5u,
                                        .chain_path = r->chain };
        auto_(signing_destroy) struct signing *signing = NULL;
        char *message = NULL;
        enum bf_err err = signing_create(&row, 1, &signing, &message);
        if (err)
            finding_set(ret, FINDING_FAIL, "mend this row of `sign` in the configuration", "row %zu: %s",
                        i + 1, message ? message : bf_err_text(err));
        free(message);
        if (err)
            return;
        if (!r->n_customers) {
            finding_set(ret, FINDING_WARN, "write for: [networks that may use it]",
                        "row %zu has no `for`: it matches nobody", i + 1);
            return;
        }
    }
    if (d->config->n_customers && doctor_customers(d, ret))
        return;
    if (d->config->n_sign)
        finding_set(ret, FINDING_OK, "", "%zu rows, every key readable and every certificate its own",
                    d->config->n_sign);
    else
        finding_set(ret, FINDING_SKIPPED, "", "no rows: this server signs nothing");
}

/* ---- ports ---- */

/* 0: free; else errno of bind. */
static int port_try(const struct sockaddr_storage *addr, socklen_t n, int type)
{
    int fd = socket(addr->ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    int err = bind(fd, (const struct sockaddr *)addr, n) ? errno : 0;
    if (!err && type == SOCK_STREAM)
        err = listen(fd, 1) ? errno : 0;
    close(fd);
    return err;
}

/* Adds `name (why)` to what is said. */
static void port_ask(const struct sockaddr_storage *addr, socklen_t n, int type, const char *name,
                     struct finding *ret, bool *busy)
{
    int err = port_try(addr, n, type);
    size_t at = strlen(ret->said);
    if (!err)
        return;
    *busy |= err == EADDRINUSE;
    if (err != EADDRINUSE)
        ret->grade = FINDING_FAIL;
    snprintf(ret->said + at, sizeof ret->said - at, "%s%s (%s)", at ? ", " : "", name, strerror(err));
}

void doctor_emergency(const struct doctor *d, struct finding *ret)
{
    const size_t n = d->config->policy.n_never_block;
    if (d->config->policy.never_block_defaults)
        finding_set(ret, FINDING_OK, "",
                    "calls to and from 112, 911 and others are never stood in the way of");
    else
        finding_set(
            ret, FINDING_WARN,
            "take out policy.never_block_defaults, or see that policy.never_block names every emergency "
            "number your phones may dial",
            "policy.never_block_defaults is false: only %zu numbers or sets are never blocked", n);
}

void doctor_ports(const struct doctor *d, struct finding *ret)
{
    const struct config *c = d->config;
    bool busy = false;

    finding_set(ret, FINDING_OK, "", "%s", "");
    for (size_t i = 0; i < c->sip.n_listen; i++)
        port_ask(&c->sip.listen[i].addr, c->sip.listen[i].addr_n,
                 c->sip.listen[i].transport == LISTEN_UDP ? SOCK_DGRAM : SOCK_STREAM, c->sip.listen[i].text,
                 ret, &busy);
    if (c->http.on)
        port_ask(&c->http.addr, c->http.addr_n, SOCK_STREAM, "http", ret, &busy);
    if (c->public_.on)
        port_ask(&c->public_.addr, c->public_.addr_n, SOCK_STREAM, "public", ret, &busy);
    if (ret->grade == FINDING_FAIL)
        snprintf(ret->advice, sizeof ret->advice, "mend sip.listen, http.listen or public.listen");
    else if (busy && ret->grade == FINDING_OK) {
        ret->grade = FINDING_WARN;
        snprintf(ret->advice, sizeof ret->advice,
                 "fine if a bonafide runs here (see the test call); else `ss -lnp` says who");
    } else {
        finding_set(ret, FINDING_OK, "", "all of them can be opened");
    }
}

/* ---- where calls go on ---- */

/* Where this machine reaches a listener that may be bound to every address. */
static void listener_reach(const struct config_listener *l, struct sockaddr_storage *ret)
{
    *ret = l->addr;
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    if (ret->ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (ret->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
        v6->sin6_addr = in6addr_loopback;
}

/* `host` and `port` of a hop, as a number or by the resolver. */
static bool hop_find(const char *text, struct sockaddr_storage *ret)
{
    struct sip_uri uri;
    char host[256], port[8];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
    if (uri_read(span_of(text), &uri, NULL) != BF_OK || uri.host.n == 0 || uri.host.n >= sizeof host)
        return false;
    const size_t bracket = uri.host.p[0] == '[';
    snprintf(host, sizeof host, "%.*s", (int)(uri.host.n - 2 * bracket), uri.host.p + bracket);
    snprintf(port, sizeof port, "%u", uri.port ? uri.port : 5060u);
    if (getaddrinfo(host, port, &hints, &found) != 0 || !found)
        return false;
    memset(ret, 0, sizeof *ret);
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static bool hop_is_us(const struct config *c, const struct sockaddr_storage *hop)
{
    for (size_t i = 0; i < c->sip.n_listen; i++) {
        struct sockaddr_storage mine;
        listener_reach(&c->sip.listen[i], &mine);
        uint8_t a[16], b[16];
        if (addr_bytes((struct sockaddr *)&mine, a) && addr_bytes((const struct sockaddr *)hop, b) &&
            memcmp(a, b, sizeof a) == 0 &&
            addr_port((struct sockaddr *)&mine) == addr_port((const struct sockaddr *)hop))
            return true;
    }
    return false;
}

void doctor_hops(const struct doctor *d, struct finding *ret)
{
    const struct config *c = d->config;
    if (c->sip.mode != MODE_PROXY) {
        finding_set(ret, FINDING_SKIPPED, "", "only a proxy sends calls on");
        return;
    }
    for (size_t i = 0; i < c->sip.n_next_hop; i++) {
        struct sockaddr_storage hop;
        if (!hop_find(c->sip.next_hop[i], &hop)) {
            finding_set(ret, FINDING_WARN, "write an address under sip.next_hop, or mend the resolver",
                        "%s has no address: no call goes there", c->sip.next_hop[i]);
            return;
        }
        if (hop_is_us(c, &hop)) {
            finding_set(ret, FINDING_FAIL, "write the phone system's address under sip.next_hop",
                        "%s is this server itself: calls would go round", c->sip.next_hop[i]);
            return;
        }
    }
    finding_set(ret, FINDING_OK, "", "%zu, each has an address", c->sip.n_next_hop);
}

/* ---- a test call ---- */

static const struct config_listener *first_verifier(const struct config *c)
{
    for (size_t i = 0; i < c->sip.n_listen; i++)
        if (c->sip.listen[i].role == ROLE_VERIFY)
            return &c->sip.listen[i];
    return NULL;
}

void doctor_call(const struct doctor *d, struct finding *ret)
{
    const struct config_listener *l = first_verifier(d->config);
    struct sockaddr_storage to;
    struct placed placed;

    if (!l) {
        finding_set(ret, FINDING_SKIPPED, "", "no listener verifies calls");
        return;
    }
    if (d->config->sip.mode == MODE_PROXY) {
        finding_set(ret, FINDING_SKIPPED, "", "a proxy would send it on, and a telephone would ring");
        return;
    }
    listener_reach(l, &to);
    struct place_options options = { .to = (const struct sockaddr *)&to,
                                     .to_n = l->addr_n,
                                     .tcp = l->transport == LISTEN_TCP,
                                     .timeout_ms = 2000,
                                     .name = "bonafide doctor" };
    enum bf_err err = place_call(&options, KIND_UNSIGNED, &placed);
    if (err)
        finding_set(ret, FINDING_FAIL, "", "%s", bf_err_text(err));
    else if (placed.err)
        finding_set(ret, FINDING_WARN, "start it: bonafide serve --config FILE, or systemctl start bonafide",
                    "no server answers at %s", l->text);
    else if (!placed.verdict[0])
        finding_set(ret, FINDING_FAIL, "see who owns the port: `ss -lnp`",
                    "%s answered %d %.100s, without a verdict", l->text, placed.status, placed.phrase);
    else
        finding_set(ret, FINDING_OK, "", "%s answered %d, verdict %s, in %lld us", l->text, placed.status,
                    placed.verdict, (long long)placed.us);
}
