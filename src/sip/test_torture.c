/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that others wrote: the torture tests of RFC 4475 and RFC 5118, the call flows of RFC 3665 and RFC 3666.
 * Each row says what becomes of a message: NULL it is read, with all its values; else the place that refuses it.
 */
#include <stdlib.h>

#ifdef HAVE_LIBRE
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#define HAVE_SOCKLEN_T
#define sip_via  libre_via /* libre knows some of our names */
#define sip_addr libre_addr
#include <re.h>
#undef ARRAY_SIZE
#undef sip_via
#undef sip_addr
#endif

#include "sip/torture.h"
#include "tap.h"

static const struct row {
    const char *file, *refused, *why;
} torture_rows[] = {
    { "rfc4475/badaspec.dat", "To", "blanks inside <>" },
    { "rfc4475/badbranch.dat", NULL, "a branch of the magic cookie alone is a transaction's concern" },
    { "rfc4475/baddate.dat", "Date", "a time zone that is not GMT" },
    { "rfc4475/baddn.dat", "message", "ends in the middle of a header field; its From holds a comma too" },
    { "rfc4475/badinv01.dat", "Via", "empty parameters and values" },
    { "rfc4475/badvers.dat", "message", "SIP/7.0" },
    { "rfc4475/bcast.dat", NULL, "an answer, whoever it is for" },
    { "rfc4475/bext01.dat", NULL, "extensions are not the reader's concern" },
    { "rfc4475/bigcode.dat", "message", "status 4294967301" },
    { "rfc4475/clerr.dat", "message", "Content-Length beyond the datagram" },
    { "rfc4475/cparam01.dat", NULL, "" },
    { "rfc4475/cparam02.dat", NULL, "" },
    { "rfc4475/dblreq.dat", NULL, "bytes behind the body are dropped" },
    { "rfc4475/esc01.dat", NULL, "" },
    { "rfc4475/esc02.dat", NULL, "'%' in a method is a letter like others" },
    { "rfc4475/escnull.dat", NULL, "" },
    { "rfc4475/escruri.dat", "message", "headers in the Request-URI" },
    { "rfc4475/insuf.dat", NULL, "message_missing says which are missing" },
    { "rfc4475/intmeth.dat", NULL, "" },
    { "rfc4475/inv2543.dat", NULL, "the older form, without branch and tag" },
    { "rfc4475/invut.dat", NULL, "" },
    { "rfc4475/longreq.dat", NULL, "" },
    { "rfc4475/ltgtruri.dat", "message", "<> around the Request-URI" },
    { "rfc4475/lwsdisp.dat", NULL, "" },
    { "rfc4475/lwsruri.dat", "message", "a blank inside the Request-URI" },
    { "rfc4475/lwsstart.dat", "message", "several spaces in the start line" },
    { "rfc4475/mcl01.dat", "message", "two Content-Length: SEC-008, and the RFC asks for an error too" },
    { "rfc4475/mismatch01.dat", "message", "CSeq names another method" },
    { "rfc4475/mismatch02.dat", "message", "CSeq names another method" },
    { "rfc4475/mpart01.dat", NULL, "" },
    { "rfc4475/multi01.dat", "message",
      "two From, To, Call-ID, CSeq: SEC-008, and the RFC asks for a 400 too" },
    { "rfc4475/ncl.dat", "message", "Content-Length: -999" },
    { "rfc4475/noreason.dat", NULL, "" },
    { "rfc4475/novelsc.dat", NULL, "" },
    { "rfc4475/quotbal.dat", "To", "the quotes do not end" },
    { "rfc4475/regaut01.dat", NULL, "" },
    { "rfc4475/regbadct.dat", "Contact", "a question mark without <>" },
    { "rfc4475/regescrt.dat", NULL, "" },
    { "rfc4475/scalar02.dat", "message", "CSeq beyond 2^31, Max-Forwards beyond 255" },
    { "rfc4475/scalarlg.dat", "message", "CSeq beyond 2^31" },
    { "rfc4475/sdp01.dat", NULL, "" },
    { "rfc4475/semiuri.dat", NULL, "" },
    { "rfc4475/test.dat", "message",
      "not in the RFC's text: no version, no URI scheme, a line without a colon" },
    { "rfc4475/transports.dat", NULL, "" },
    { "rfc4475/trws.dat", "message", "blanks behind the version" },
    { "rfc4475/unkscm.dat", NULL, "" },
    { "rfc4475/unksm2.dat", NULL, "" },
    { "rfc4475/unreason.dat", NULL, "" },
    { "rfc4475/wsinv.dat", NULL, "" },
    { "rfc4475/zeromf.dat", NULL, "" },
    { "rfc5118/ipv4-mapped-ipv6", NULL, "" },
    { "rfc5118/ipv6-bad", "Request-URI", "IPv6 without brackets" },
    { "rfc5118/ipv6-bug-abnf-3-colons", NULL, "must be tolerated: section 4.10" },
    { "rfc5118/ipv6-correct-abnf-2-colons", NULL, "" },
    { "rfc5118/ipv6-good", NULL, "" },
    { "rfc5118/ipv6-in-sdp", NULL, "" },
    { "rfc5118/mult-ip-in-header", NULL, "" },
    { "rfc5118/mult-ip-in-sdp", NULL, "" },
    { "rfc5118/port-ambiguous", NULL, "5070 is part of the address" },
    { "rfc5118/port-unambiguous", NULL, "" },
    { "rfc5118/via-received-param-no-delim", NULL, "" },
    { "rfc5118/via-received-param-with-delim", NULL, "" },
};

/* Values that the RFCs themselves print wrongly; their messages are read. */
static const struct row flow_rows[] = {
    { "rfc3666/m032.sip", "To", "`<sip:…>;user=phone>`" },
    { "rfc3666/m038.sip", "Route", "`<ss1.a.example.com;lr>`: no scheme" },
    { "rfc3666/m040.sip", "Route", "`<ss1.a.example.com;lr>`: no scheme" },
};

static const struct row *row_of(const struct row *rows, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].file, file) == 0)
            return &rows[i];
    return NULL;
}

/* RFC 5118's are kept with bare line feeds; call flows are typed from a document. */
static unsigned reading_of(const char *file)
{
    return strncmp(file, "rfc4475/", 8) == 0 ? SIP_DATAGRAM : SIP_BARE_LF;
}

struct corpus {
    char *index, *at;
    char file[256];
    char *bytes;
    size_t n;
};

static bool corpus_begin(struct corpus *c)
{
    const char *path = tap_shared("sip/index.tsv");
    memset(c, 0, sizeof *c);
    if (!path)
        return false;
    c->index = tap_read(path, NULL);
    c->at = strchr(c->index, '\n');
    return true;
}

/* The next message of index.tsv, in a buffer of exactly its size. */
static bool corpus_next(struct corpus *c)
{
    char path[300];
    free(c->bytes);
    c->bytes = NULL;
    if (!c->at || sscanf(c->at, "\n%255[^\t]", c->file) != 1) {
        free(c->index);
        return false;
    }
    c->at = strchr(c->at + 1, '\n');
    snprintf(path, sizeof path, "sip/%s", c->file);
    char *text = tap_read(tap_shared(path), &c->n);
    c->bytes = malloc(c->n);
    assert_non_null(c->bytes);
    memcpy(c->bytes, text, c->n);
    free(text);
    return true;
}

static void check(const struct corpus *c, const char *expected, const char *why)
{
    struct sip_message m;
    const char *refused = torture(span_make(c->bytes, c->n), reading_of(c->file), &m);
    if ((refused == NULL) != (expected == NULL) || (refused && strcmp(refused, expected) != 0))
        fail_msg("%s: refused at %s, not at %s (%s)", c->file, refused ? refused : "nothing",
                 expected ? expected : "nothing", why);
}

static void torture_messages_are_read_or_refused_as_the_rfcs_say(void **state)
{
    (void)state;
    struct corpus c;
    size_t n = 0;
    if (!corpus_begin(&c))
        return;
    while (corpus_next(&c)) {
        const struct row *row = row_of(torture_rows, ARRAY_SIZE(torture_rows), c.file);
        if (strncmp(c.file, "rfc4475/", 8) != 0 && strncmp(c.file, "rfc5118/", 8) != 0)
            continue;
        if (!row)
            fail_msg("%s has no row", c.file);
        else
            check(&c, row->refused, row->why);
        n++;
    }
    assert_int_equal(n, ARRAY_SIZE(torture_rows));
}

static void call_flow_messages_are_all_read(void **state)
{
    (void)state;
    struct corpus c;
    size_t n = 0;
    if (!corpus_begin(&c))
        return;
    while (corpus_next(&c)) {
        if (strncmp(c.file, "rfc3665/", 8) != 0 && strncmp(c.file, "rfc3666/", 8) != 0)
            continue;
        struct sip_message m;
        struct fault fault = { 0 };
        if (message_read(span_make(c.bytes, c.n), SIP_BARE_LF, &m, &fault) != BF_OK)
            fail_msg("%s: %s at %zu", c.file, fault.what, fault.at);
        const struct row *row = row_of(flow_rows, ARRAY_SIZE(flow_rows), c.file);
        check(&c, row ? row->refused : NULL, row ? row->why : "");
        n++;
    }
    assert_true(n >= 343);
}

/* ---- libre, the second opinion ---- */

#ifdef HAVE_LIBRE

/* Folds become one blank, as libre wants them; bare line feeds become CRLF. */
static struct span unfold(const struct sip_message *m, char *out)
{
    size_t n = 0;
    const struct span all = m->bytes;
    const size_t header = m->body.p ? (size_t)(m->body.p - all.p) : all.n;
    for (size_t i = 0; i < header; i++) {
        if (all.p[i] == '\r' && i + 1 < all.n && all.p[i + 1] == '\n')
            continue;
        if (all.p[i] != '\n') {
            out[n++] = all.p[i];
            continue;
        }
        if (i + 1 < header && (all.p[i + 1] == ' ' || all.p[i + 1] == '\t')) {
            while (i + 1 < header && (all.p[i + 1] == ' ' || all.p[i + 1] == '\t'))
                i++;
            out[n++] = ' ';
            continue;
        }
        out[n++] = '\r';
        out[n++] = '\n';
    }
    if (n < 4 || memcmp(out + n - 4, "\r\n\r\n", 4) != 0) {
        memcpy(out + n, "\r\n", 2);
        n += 2;
    }
    memcpy(out + n, m->body.p, m->body.n);
    return span_make(out, n + m->body.n);
}

static struct span span_of_pl(const struct pl *pl)
{
    return span_make(pl->p, pl->l);
}

static bool same(const struct le *le, struct span name, struct span value)
{
    const struct sip_hdr *h = le ? le->data : NULL;
    return h && span_equal(name, span_of_pl(&h->name)) && span_equal(value, span_trim(span_of_pl(&h->val)));
}

/* One of our header fields; libre cuts some at their commas. Returns what comes behind it in libre's list. */
static const struct le *compare_header(const char *file, const struct sip_header *ours, const struct le *le)
{
    struct span rest = ours->value, one;
    if (same(le, ours->name, ours->value))
        return le->next;
    for (; sip_list_next(&rest, &one); le = le->next)
        if (!same(le, ours->name, one)) {
            const struct sip_hdr *h = le ? le->data : NULL;
            fail_msg("%s: ours `%.*s: %.*s`, libre's `%.*s: %.*s`", file, SPAN_FMT(ours->name), SPAN_FMT(one),
                     h ? (int)h->name.l : 0, h ? h->name.p : "", h ? (int)h->val.l : 0, h ? h->val.p : "");
        }
    return le;
}

/* Header by header: name, value, order. */
static void compare(const char *file, const struct sip_message *m, const struct sip_msg *theirs)
{
    const struct le *le = theirs->hdrl.head;
    for (size_t i = 0; i < m->n_headers; i++)
        le = compare_header(file, &m->headers[i], le);
    if (le)
        fail_msg("%s: libre has more headers than our %zu", file, m->n_headers);
    assert_int_equal(theirs->req, m->is_request);
    assert_int_equal(theirs->scode, m->status);
    assert_true(m->is_request ? span_equal(m->uri, span_of_pl(&theirs->ruri))
                              : span_equal(m->reason, span_of_pl(&theirs->reason)));
}

/* 1 when both accept the message. */
static int compare_with_libre(const struct corpus *c)
{
    static char text[2 * LIMIT_SIP_MESSAGE];
    struct sip_message first, m;
    struct fault fault;
    struct sip_msg *theirs = NULL;
    if (message_read(span_make(c->bytes, c->n), SIP_BARE_LF, &first, &fault) != BF_OK)
        return 0;
    const struct span flat = unfold(&first, text);
    if (message_read(flat, SIP_BARE_LF, &m, &fault) != BF_OK)
        fail_msg("%s is refused once unfolded: %s", c->file, fault.what);
    assert_int_equal(m.n_headers, first.n_headers);
    struct mbuf *mb = mbuf_alloc(flat.n);
    assert_non_null(mb);
    assert_int_equal(mbuf_write_mem(mb, (const uint8_t *)flat.p, flat.n), 0);
    mb->pos = 0;
    const int err = sip_msg_decode(&theirs, mb);
    if (!err)
        compare(c->file, &m, theirs);
    mem_deref(theirs);
    mem_deref(mb);
    return !err;
}

static void headers_are_those_that_libre_reads(void **state)
{
    (void)state;
    struct corpus c;
    int both = 0;
    if (!corpus_begin(&c))
        return;
    while (corpus_next(&c))
        both += compare_with_libre(&c);
    assert_true(both > 350);
}

#else

static void headers_are_those_that_libre_reads(void **state)
{
    (void)state;
    tap_skip("libre is absent");
}

#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(torture_messages_are_read_or_refused_as_the_rfcs_say),
        cmocka_unit_test(call_flow_messages_are_all_read),
        cmocka_unit_test(headers_are_those_that_libre_reads),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
