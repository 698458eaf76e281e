/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide watch`: verdicts on calls that come by, on a mirror port or in a capture. Nothing is in the path of calls: what is
 * judged here was, or will be, answered by others.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/watch.h"

#define EXIT_DENIED 77        /* of sysexits.h: no permission */
#define SUMMARY_MAX 31536000u /* a year */
#define TURN        256u
#define FETCH_MS    4000 /* as the server */
#define LOST_EVERY  MONO_S(5)

struct wishes {
    struct verify_wishes verify;
    const char *interface, *filter, *same, *store, *user, *hep;
    struct option_list port;
    unsigned long summary;
    bool quiet;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("interface", "IFACE", "listen there, or -i IFACE; default: any, where no FILE is named", OPTION_TEXT,
        interface),
    ROW("port", "N", "SIP is spoken on this port; repeatable; default 5060, in a file any", OPTION_LIST,
        port),
    ROW("filter", "EXPR", "another filter, as tcpdump takes it", OPTION_TEXT, filter),
    ROW("config", "FILE", "trust domains, peers, numbers and policy of the server's configuration",
        OPTION_TEXT, verify.config),
    ROW("trust", "FILE", "trust anchors: a PEM file or a directory of them; repeatable", OPTION_LIST,
        verify.trust),
    ROW("certs", "DIR", "chains at hand: DIR/<SHA-256 of the URL, hex>.pem", OPTION_TEXT, verify.certs),
    ROW("offline", NULL, "fetch nothing", OPTION_FLAG, verify.offline),
    ROW("lab-urls", NULL, "certificate URLs may be http, on any port, on private addresses", OPTION_FLAG,
        verify.lab_urls),
    ROW("same", "call|token|leg",
        "what is one call: Call-ID and token; the token alone, where a gateway makes new Call-IDs; or every "
        "leg "
        "by itself",
        OPTION_TEXT, same),
    ROW("summary", "N", "a summary every N seconds, besides the one at the end", OPTION_NUMBER, summary),
    ROW("quiet", NULL, "summaries only", OPTION_FLAG, quiet),
    ROW("store", "URL", "keep records, sqlite:PATH: bonafide calls --store URL shows them", OPTION_TEXT,
        store),
    ROW("hep", "ADDRESS",
        "send calls with their verdicts to a HEPv3 collector: udp:192.0.2.7:9060 or tcp:...", OPTION_TEXT,
        hep),
    ROW("user", "NAME", "what root becomes once the interface is open; default: who called sudo, else nobody",
        OPTION_TEXT, user),
    ROW("json", NULL, "one JSON object a call, then one with the member summary", OPTION_FLAG, verify.json),
    ROW("no-color", NULL, "no colours, even on a terminal", OPTION_FLAG, verify.no_color),
    { 0 },
};

static const struct command_help help = {
    .name = "watch",
    .example = "sudo bonafide watch -i eth0 --config /etc/bonafide/bonafide.yaml\n"
               "        who calls, and is it true? Nothing is in the path of calls\n"
               "ssh pbx tcpdump -U -w - port 5060 | bonafide watch --trust roots.pem -\n"
               "        the same from afar\n",
    .usage = "[OPTION...] [-i IFACE | FILE.pcap | -]",
    .about = "Gives verdicts on calls that come by on an interface, until Ctrl-C, or that are in a capture\n"
             "(pcap, pcapng; `-` is standard input), and sums up what a policy would have refused.\n",
    .rows = rows,
    .more =
        "Reads UDP and TCP, IPv4 and IPv6, fragments, VLAN tags. A call that needs a certificate waits for\n"
        "it as long as the server would (x5u.budget_ms); packets do not wait.\n"
        "\n"
        "To capture without root: sudo setcap cap_net_raw+ep $(command -v bonafide)\n"
        "\n"
        "Exit status:\n"
        "  0 it ended, whatever the verdicts were\n"
        "  64 wrong usage  65 a capture that cannot be read  70 our own failure\n"
        "  77 this user may not capture\n",
};

struct run {
    const struct wishes *wishes;
    struct verify_setup setup;
    struct watch_source *source;
    struct watch_calls *calls;
    struct watch_report *report;
    struct watch_keep *keep; /* NULL: records go nowhere */
    int signals;
    mono_t next_summary, next_look;
    uint64_t lost;
};

/* ---- what comes by ---- */

static bool came(void *arg, const struct capture_request *request)
{
    const struct run *run = arg;
    watch_calls_take(run->calls, request);
    return true;
}

static void heard(void *arg, const struct watch_heard *h)
{
    const struct run *run = arg;
    watch_report_call(run->report, h);
    if (run->keep)
        watch_keep_call(run->keep, h);
}

static void refused(void *arg, const struct capture_request *request, const char *what)
{
    const struct run *run = arg;
    watch_report_refused(run->report, request, what);
}

/* ---- beginning ---- */

static bool same_read(const char *text, enum watch_same *ret)
{
    static const char *const words[] = {
        [WATCH_SAME_CALL] = "call", [WATCH_SAME_TOKEN] = "token", [WATCH_SAME_LEG] = "leg"
    };
    *ret = WATCH_SAME_CALL;
    for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *ret = (enum watch_same)i;
            return true;
        }
    return !text;
}

static bool ports_read(const struct option_list *list, uint16_t *ports, int *status)
{
    uint64_t value;
    for (size_t i = 0; i < list->n; i++) {
        if (!span_decimal(span_of(list->items[i]), 65535, &value) || value == 0 || i == 32) {
            *status = command_fail("watch", EXIT_USAGE,
                                   "--port %.32s: write a port between 1 and 65535, at most 32 of them.",
                                   list->items[i]);
            return false;
        }
        ports[i] = (uint16_t)value;
    }
    return true;
}

static bool source_start(struct run *run, const char *file, int *status)
{
    const struct wishes *w = run->wishes;
    uint16_t ports[33];
    char *message = NULL;
    if (!ports_read(&w->port, ports, status))
        return false;
    const struct watch_source_options options = { .interface = file ? NULL : w->interface ? w->interface : "any",
                                                  .file = file,
                                                  .filter = w->filter,
                                                  .ports = ports,
                                                  .n_ports = w->port.n };
    const enum bf_err err = watch_source_open(&options, came, run, &run->source, &message);
    if (err)
        *status = command_fail("watch",
                               err == BF_EDENIED  ? EXIT_DENIED
                               : err == BF_ENOMEM ? EXIT_FAILURE_OURS
                               : err == BF_EINVAL ? EXIT_USAGE
                                                  : EXIT_INPUT,
                               "%s.", message ? message : bf_err_text(err));
    free(message);
    return !err;
}

/* Before there are threads, which inherit what is blocked. */
static bool signals_start(struct run *run)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signals >= 0;
}

static bool keep_start(struct run *run, int *status)
{
    char *message = NULL;
    if (!run->wishes->store && !run->wishes->hep)
        return true;
    const enum bf_err err = watch_keep_open(run->wishes->store, run->wishes->hep, &run->keep, &message);
    if (err)
        *status = command_fail("watch", err == BF_EFORM ? EXIT_USAGE : EXIT_FAILURE_OURS, "%s.",
                               message ? message : bf_err_text(err));
    free(message);
    return !err;
}

static bool calls_start(struct run *run, int *status)
{
    const struct wishes *w = run->wishes;
    const struct bf_verify_options usual = BF_VERIFY_OPTIONS;
    const struct config *config = w->verify.config ? run->setup.config : NULL;
    enum watch_same same;
    if (!same_read(w->same, &same)) {
        *status = command_fail("watch", EXIT_USAGE, "--same %.32s: write call, token or leg.", w->same);
        return false;
    }
    const struct watch_calls_options options = { .verifier = run->setup.verifier,
                                                 .config = config,
                                                 .same = same,
                                                 .budget_ms = config ? (unsigned)config->x5u.budget_ms
                                                                     : usual.budget_ms,
                                                 .heard = heard,
                                                 .refused = refused,
                                                 .arg = run };
    const struct watch_report_options report = {
        .config = config, .json = w->verify.json, .quiet = w->quiet, .no_color = w->verify.no_color
    };
    if (watch_calls_create(&options, &run->calls) == BF_OK &&
        watch_report_create(&report, &run->report) == BF_OK)
        return true;
    *status = command_fail("watch", EXIT_FAILURE_OURS, "out of memory.");
    return false;
}

/* The device first, and its rights given back, before anything that a stranger wrote is read. */
static bool start(struct run *run, struct wishes *w, const char *file, int *status)
{
    *status = EXIT_FAILURE_OURS;
    return source_start(run, file, status) && signals_start(run) && watch_drop_capabilities() &&
           verify_setup(&w->verify, &run->setup, status) &&
           (!watch_source_is_live(run->source) || (*status = EXIT_FAILURE_OURS, watch_drop_root(w->user))) &&
           keep_start(run, status) && calls_start(run, status);
}

static void introduce(const struct run *run)
{
    const struct wishes *w = run->wishes;
    if (!w->verify.config && !w->verify.trust.n)
        fputs("bonafide watch: no trust anchors, so that no call can be genuine: name them with --trust or "
              "--config.\n",
              stderr);
    if (watch_source_is_live(run->source))
        fprintf(stderr, "bonafide watch: listening on %s; Ctrl-C ends it.\n",
                w->interface ? w->interface : "any");
}

/* ---- the loop ---- */

static void summarize(struct run *run, bool last)
{
    const struct watch_outside o = { .packets = watch_source_counts(run->source),
                                     .lost = watch_source_lost(run->source),
                                     .repeated = watch_calls_repeated(run->calls),
                                     .unkept = run->keep ? watch_keep_failed(run->keep) : 0,
                                     .last = last };
    watch_report_summary(run->report, &o);
}

/* Verdicts on what was not seen cannot be given: that must be said when it happens, not at the end. */
static void look_for_losses(struct run *run, mono_t now)
{
    if (now < run->next_look)
        return;
    run->next_look = now + LOST_EVERY;
    const uint64_t lost = watch_source_lost(run->source);
    if (lost > run->lost)
        fprintf(stderr,
                "bonafide watch: the kernel dropped %llu packets, %llu so far: calls may be missing.\n",
                (unsigned long long)(lost - run->lost), (unsigned long long)lost);
    run->lost = lost;
}

static void summary_when_due(struct run *run, mono_t now)
{
    const mono_t every = MONO_S((mono_t)run->wishes->summary);
    if (!every)
        return;
    if (run->next_summary && now >= run->next_summary)
        summarize(run, false);
    if (!run->next_summary || now >= run->next_summary)
        run->next_summary = now + every;
}

static int milliseconds_until(mono_t at, mono_t now)
{
    const mono_t left = (at - now) / 1000000 + 1;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static int patience(const struct run *run, mono_t now)
{
    int ms = watch_source_is_live(run->source) ? milliseconds_until(run->next_look, now) : 60000;
    const int aside = watch_calls_patience(run->calls);
    if (run->next_summary && milliseconds_until(run->next_summary, now) < ms)
        ms = milliseconds_until(run->next_summary, now);
    return aside >= 0 && aside < ms ? aside : ms;
}

/*
 * A file is judged in the order of its calls, one after the other, so that which of two tokens came first is what the capture
 * says; nothing is lost by waiting there. What goes on meanwhile (an interface, a pipe) is read on.
 */
static bool must_wait(const struct run *run)
{
    return watch_source_is_file(run->source)
               ? watch_calls_aside(run->calls) > 0
               : !watch_source_is_live(run->source) && watch_calls_full(run->calls);
}

/* As many packets as are there, but so few that others get their turn; of a pipe one, for poll(2) sees no farther. */
static enum watch_got take(struct run *run)
{
    const bool pipe = !watch_source_is_live(run->source) && !watch_source_is_file(run->source);
    enum watch_got got = WATCH_MORE;
    for (unsigned i = 0; i < (pipe ? 1 : TURN) && got == WATCH_MORE && !must_wait(run); i++)
        got = watch_source_take(run->source);
    return got;
}

/* false: it ends, by itself, by a signal, or because nobody reads what is written. */
static bool turn(struct run *run, bool *ended, enum watch_got *got)
{
    const mono_t now = clock_now(&clock_system).mono;
    struct pollfd fds[] = { { .fd = run->signals, .events = POLLIN },
                            { .fd = watch_calls_fd(run->calls), .events = POLLIN },
                            { .fd = *ended || must_wait(run) ? -1 : watch_source_fd(run->source),
                              .events = POLLIN } };
    summary_when_due(run, now);
    look_for_losses(run, now);
    if (poll(fds, ARRAY_SIZE(fds), patience(run, now)) < 0 && errno != EINTR)
        return false;
    if (fds[0].revents)
        return false;
    if (fds[2].revents) {
        *got = take(run);
        *ended = *got == WATCH_END || *got == WATCH_BROKEN;
    }
    if (fds[1].revents || watch_calls_patience(run->calls) >= 0)
        watch_calls_turn(run->calls, false);
    return !ferror(stdout) && !(*ended && watch_calls_aside(run->calls) == 0);
}

static int watch(struct run *run)
{
    bool ended = false;
    enum watch_got got = WATCH_MORE;
    introduce(run);
    while (turn(run, &ended, &got))
        ;
    watch_calls_turn(run->calls, true);
    summarize(run, true);
    if (got == WATCH_BROKEN)
        return command_fail("watch", watch_source_is_live(run->source) ? EXIT_FAILURE_OURS : EXIT_INPUT,
                            "packet %zu cannot be read: %s.", watch_source_counts(run->source)->packets + 1,
                            watch_source_why(run->source));
    if (ferror(stdout))
        return command_fail("watch", EXIT_FAILURE_OURS, "standard output cannot be written.");
    return run->keep && watch_keep_failed(run->keep)
               ? command_fail("watch", EXIT_FAILURE_OURS, "%zu calls could not be kept in %s.",
                              watch_keep_failed(run->keep), run->wishes->store)
               : EXIT_SUCCESS;
}

static void end(struct run *run)
{
    watch_keep_close(run->keep);
    verify_setup_clear(&run->setup); /* it may tell of certificates until here */
    watch_calls_destroy(run->calls);
    watch_report_destroy(run->report);
    watch_source_close(run->source);
    if (run->signals >= 0)
        close(run->signals);
}

/* `-i eth0`, as everybody writes it, is `--interface eth0`. */
static void long_names(int argc, char **argv)
{
    static char interface[] = "--interface";
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-i") == 0)
            argv[i] = interface;
}

int command_watch(int argc, char **argv)
{
    struct wishes w = { .verify = { .command = "watch", .fetch_ms = FETCH_MS } };
    struct run run = { .wishes = &w, .signals = -1 };
    struct option_list operands;
    int status = EXIT_USAGE;
    long_names(argc, argv);
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    const char *file = operands.n ? operands.items[0] : NULL;
    if (w.summary > SUMMARY_MAX)
        status = command_fail("watch", EXIT_USAGE, "--summary %lu: write seconds, at most %u.", w.summary,
                              SUMMARY_MAX);
    else if (operands.n > 1 || (file && w.interface))
        status = command_fail("watch", EXIT_USAGE, "one interface or one FILE. See bonafide watch --help.");
    else if (start(&run, &w, file, &status))
        status = watch(&run);
    end(&run);
    options_clear(&help, &w, &operands);
    return status;
}
