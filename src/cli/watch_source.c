/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where packets come from: an interface, a capture file, or a capture that is still being written to standard input.
 *
 * On an interface a filter keeps what is no SIP in the kernel. A mirror port sends frames with VLAN tags, and a filter for a port
 * does not look behind a tag by itself; nor does a fragment behind the first have a port. Both are asked for:
 *
 *     (P) or (vlan and ((P) or (vlan and (P))))      P = port 5060 or a later fragment
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/watch.h"

#define SNAPLEN      262144 /* a whole packet, also one that the card has put together */
#define KERNEL_BYTES (16 << 20)

struct watch_source {
    pcap_t *pcap;
    struct capture *capture;
    struct capture_counts counts;
    bool live, is_stdin, regular;
    int fd;
    uint64_t lost;
    char why[PCAP_ERRBUF_SIZE];
};

static char *sentence(const char *format, ...) printf_(1, 2);
static char *sentence(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return text;
}

/* ---- the filter ---- */

static void put_ports(struct buf *b, const struct watch_source_options *o)
{
    static const uint16_t usual[] = { 5060 };
    const uint16_t *ports = o->n_ports ? o->ports : usual;
    const size_t n = o->n_ports ? o->n_ports : ARRAY_SIZE(usual);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%sudp port %u or tcp port %u", i ? " or " : "", ports[i], ports[i]);
    buf_text(b, " or (ip[6:2] & 0x1fff != 0) or (ip6 proto 44)");
}

static enum bf_err filter_set(struct watch_source *s, const struct watch_source_options *o,
                              char **ret_message)
{
    char ports[2048], whole[8192];
    struct buf p = BUF_ON(ports), w = BUF_ON(whole);
    struct bpf_program program;
    if (!o->filter && !o->n_ports && !s->live)
        return BF_OK;
    put_ports(&p, o);
    buf_char(&p, '\0');
    buf_printf(&w, "(%s) or (vlan and ((%s) or (vlan and (%s))))", ports, ports, ports);
    if (!buf_ok(&p) || !buf_ok(&w)) {
        *ret_message = sentence("too many ports: say it with --filter");
        return BF_EINVAL;
    }
    const char *text = o->filter ? o->filter : whole;
    int bad = pcap_compile(s->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN);
    if (bad && !o->filter) /* a link that knows no tags */
        bad = pcap_compile(s->pcap, &program, text = ports, 1, PCAP_NETMASK_UNKNOWN);
    if (bad) {
        *ret_message = sentence("the filter '%s' is none: %s", text, pcap_geterr(s->pcap));
        return BF_EINVAL;
    }
    bad = pcap_setfilter(s->pcap, &program);
    pcap_freecode(&program);
    if (bad)
        *ret_message = sentence("the filter cannot be set: %s", pcap_geterr(s->pcap));
    return bad ? BF_EIO : BF_OK;
}

/* ---- opening ---- */

static enum bf_err denied(const char *interface, char **ret_message)
{
    char self[512];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    *ret_message =
        sentence("%s: this user may not capture. Write sudo bonafide watch -i %s, or give the program the "
                 "right once and for all: sudo setcap cap_net_raw+ep %s",
                 interface, interface, n > 0 ? self : "bonafide");
    return BF_EDENIED;
}

static enum bf_err no_device(const char *interface, char **ret_message)
{
    char names[512];
    struct buf b = BUF_ON(names);
    pcap_if_t *all = NULL;
    char why[PCAP_ERRBUF_SIZE];
    if (pcap_findalldevs(&all, why) == 0)
        for (const pcap_if_t *d = all; d && b.n + strlen(d->name) + 3 < sizeof names; d = d->next)
            buf_printf(&b, "%s%s", b.n ? ", " : "", d->name);
    pcap_freealldevs(all);
    *ret_message =
        sentence("%s: there is no such interface. There are: %.*s", interface, SPAN_FMT(buf_span(&b)));
    return BF_ENOENT;
}

static enum bf_err live_failed(pcap_t *p, int status, const char *interface, char **ret_message)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED: return denied(interface, ret_message);
    case PCAP_ERROR_NO_SUCH_DEVICE: return no_device(interface, ret_message);
    case PCAP_ERROR_IFACE_NOT_UP:
        *ret_message =
            sentence("%s: the interface is down. Write sudo ip link set %s up", interface, interface);
        return BF_EIO;
    default:
        *ret_message = sentence("%s: %s %s", interface, pcap_statustostr(status), pcap_geterr(p));
        return BF_EIO;
    }
}

static enum bf_err open_live(struct watch_source *s, const char *interface, char **ret_message)
{
    s->live = true;
    s->pcap = pcap_create(interface, s->why);
    if (!s->pcap) {
        *ret_message = sentence("%s: %s", interface, s->why);
        return BF_EIO;
    }
    pcap_set_snaplen(s->pcap, SNAPLEN);
    pcap_set_promisc(s->pcap, 1);
    pcap_set_immediate_mode(s->pcap, 1);
    pcap_set_buffer_size(s->pcap, KERNEL_BYTES);
    const int status = pcap_activate(s->pcap);
    if (status < 0)
        return live_failed(s->pcap, status, interface, ret_message);
    s->fd = pcap_setnonblock(s->pcap, 1, s->why) == 0 ? pcap_get_selectable_fd(s->pcap) : -1;
    if (s->fd < 0)
        *ret_message = sentence("%s: it cannot be waited for", interface);
    return s->fd < 0 ? BF_EUNSUP : BF_OK;
}

static enum bf_err open_file(struct watch_source *s, const char *name, char **ret_message)
{
    s->is_stdin = strcmp(name, "-") == 0;
    FILE *file = s->is_stdin ? stdin : fopen(name, "re");
    if (!file) {
        *ret_message = sentence("%s: %s", name, strerror(errno));
        return BF_EIO;
    }
    if (s->is_stdin) /* so that poll(2) knows what is left to read */
        setvbuf(stdin, NULL, _IONBF, 0);
    struct stat st;
    s->fd = fileno(file);
    s->regular = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode);
    s->pcap = pcap_fopen_offline(file, s->why);
    if (!s->pcap) {
        *ret_message = sentence("%s: %s", name, s->why);
        if (!s->is_stdin)
            fclose(file);
        return BF_EFORM;
    }
    return BF_OK;
}

enum bf_err watch_source_open(const struct watch_source_options *o, capture_sink *sink, void *arg,
                              struct watch_source **ret, char **ret_message)
{
    struct watch_source *s = calloc(1, sizeof *s);
    const char *name = o->interface ? o->interface : o->file;
    if (!s)
        return BF_ENOMEM;
    enum bf_err err = o->interface ? open_live(s, name, ret_message) : open_file(s, name, ret_message);
    if (!err)
        err = filter_set(s, o, ret_message);
    if (!err)
        err = capture_create(pcap_datalink(s->pcap), sink, arg, &s->counts, &s->capture);
    if (err == BF_EUNSUP && !*ret_message)
        err = capture_unknown_link(pcap_datalink(s->pcap), name, ret_message);
    if (err)
        watch_source_close(s);
    else
        *ret = s;
    return err;
}

void watch_source_close(struct watch_source *s)
{
    if (!s)
        return;
    capture_destroy(s->capture);
    if (s->pcap)
        pcap_close(s->pcap);
    free(s);
}

/* ---- reading ---- */

enum watch_got watch_source_take(struct watch_source *s)
{
    struct pcap_pkthdr *head;
    const u_char *bytes;
    const int got = pcap_next_ex(s->pcap, &head, &bytes);
    if (got == 0)
        return WATCH_EMPTY;
    if (got == PCAP_ERROR_BREAK)
        return WATCH_END;
    if (got != 1) {
        snprintf(s->why, sizeof s->why, "%s", pcap_geterr(s->pcap));
        return WATCH_BROKEN;
    }
    const struct span frame = span_make(bytes, head->caplen);
    return capture_packet(s->capture, frame, head->ts.tv_sec, (int32_t)head->ts.tv_usec) ? WATCH_MORE
                                                                                         : WATCH_END;
}

bool watch_source_is_file(const struct watch_source *s)
{
    return s->regular;
}

const char *watch_source_why(const struct watch_source *s)
{
    return s->why;
}

int watch_source_fd(const struct watch_source *s)
{
    return s->fd;
}

bool watch_source_is_live(const struct watch_source *s)
{
    return s->live;
}

const struct capture_counts *watch_source_counts(const struct watch_source *s)
{
    return &s->counts;
}

uint64_t watch_source_lost(struct watch_source *s)
{
    struct pcap_stat stat;
    if (s->live && pcap_stats(s->pcap, &stat) == 0)
        s->lost = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
    return s->lost;
}
