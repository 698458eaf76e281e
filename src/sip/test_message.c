/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/message.h"

#include <stdlib.h>

#include "sip/names.h"
#include "tap.h"

#define VIA  "Via: SIP/2.0/UDP a.example;branch=z9hG4bKx\r\n"
#define FROM "From: <sip:+12155550121@a.example>;tag=1\r\n"
#define TO   "To: <sip:+12155550131@b.example>\r\n"
#define ID   "Call-ID: 1@a.example\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define LINE "INVITE sip:+12155550131@b.example SIP/2.0\r\n"
#define HEAD LINE VIA FROM TO ID CSEQ

static struct sip_message m; /* large: not on the stack of each test */
static struct fault fault;

static enum bf_err read_text(const char *text, unsigned reading)
{
    /* A copy of exactly its size: a sanitizer sees one byte too far. */
    const size_t n = strlen(text);
    char *bytes = malloc(n ? n : 1);
    assert_non_null(bytes);
    memcpy(bytes, text, n);
    fault = (struct fault){ 0 };
    const enum bf_err err = message_read(span_make(bytes, n), reading, &m, &fault);
    free(bytes);
    return err;
}

struct row {
    const char *name, *text;
    enum bf_err err;
    size_t at; /* of the fault */
};

static void check_rows(const struct row *rows, size_t n, unsigned reading)
{
    for (size_t i = 0; i < n; i++) {
        const enum bf_err err = read_text(rows[i].text, reading);
        if (err != rows[i].err || (err && fault.at != rows[i].at))
            fail_msg("%s: %d at %zu (%s), not %d at %zu", rows[i].name, err, fault.at,
                     fault.what ? fault.what : "", rows[i].err, rows[i].at);
        assert_true(err == BF_OK || fault.what != NULL);
    }
}

static void sip_001_start_lines_have_one_space_between_their_parts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "request", LINE "\r\n", BF_OK, 0 },
        { "status", "SIP/2.0 200 OK\r\n\r\n", BF_OK, 0 },
        { "no reason", "SIP/2.0 200 \r\n\r\n", BF_OK, 0 },
        { "version in lower case", "OPTIONS sip:a sip/2.0\r\n\r\n", BF_OK, 0 },
        { "stray line ends before", "\r\n\r\nOPTIONS sip:a SIP/2.0\r\n\r\n", BF_OK, 0 },
        { "two spaces", "OPTIONS  sip:a SIP/2.0\r\n\r\n", BF_EFORM, 9 },
        { "two spaces later", "OPTIONS sip:a  SIP/2.0\r\n\r\n", BF_EFORM, 14 },
        { "a tab", "OPTIONS\tsip:a SIP/2.0\r\n\r\n", BF_EFORM, 7 },
        { "space at the end", "OPTIONS sip:a SIP/2.0 \r\n\r\n", BF_EFORM, 14 },
        { "space before", " OPTIONS sip:a SIP/2.0\r\n\r\n", BF_EFORM, 0 },
        { "no URI", "OPTIONS SIP/2.0\r\n\r\n", BF_EFORM, 15 },
        { "another version", "OPTIONS sip:a SIP/3.0\r\n\r\n", BF_EFORM, 14 },
        { "no version", "OPTIONS sip:a\r\n\r\n", BF_EFORM, 13 },
        { "a method that is no word", "OPT:IONS sip:a SIP/2.0\r\n\r\n", BF_EFORM, 3 },
        { "URI in brackets", "OPTIONS <sip:a> SIP/2.0\r\n\r\n", BF_EFORM, 8 },
        { "quote in the URI", "OPTIONS sip:\"a SIP/2.0\r\n\r\n", BF_EFORM, 12 },
        { "headers in the URI", "OPTIONS sip:a@b?X=y SIP/2.0\r\n\r\n", BF_EFORM, 8 },
        { "a question mark in the user part", "OPTIONS sip:a?c@b SIP/2.0\r\n\r\n", BF_OK, 0 },
        { "status of two digits", "SIP/2.0 99 OK\r\n\r\n", BF_EFORM, 0 },
        { "status 099", "SIP/2.0 099 OK\r\n\r\n", BF_EFORM, 8 },
        { "status 700", "SIP/2.0 700 OK\r\n\r\n", BF_EFORM, 8 },
        { "status of four digits", "SIP/2.0 2000 OK\r\n\r\n", BF_EFORM, 0 },
        { "a status line of another version", "SIP/2.1 200 OK\r\n\r\n", BF_EFORM, 0 },
        { "nothing", "", BF_EFORM, 0 },
        { "only line ends", "\r\n\r\n", BF_EFORM, 4 },
    };
    check_rows(rows, ARRAY_SIZE(rows), SIP_DATAGRAM);
}

static void sip_001_the_parts_of_a_request_are_where_they_lie(void **state)
{
    (void)state;
    static const char text[] = HEAD "X-Any:\r\nContent-Length: 4\r\n\r\nbody";
    assert_int_equal(message_read(SPAN(text), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_true(m.is_request);
    assert_int_equal(m.method, SIP_INVITE);
    assert_true(span_equal(m.method_name, SPAN("INVITE")));
    assert_true(span_equal(m.uri, SPAN("sip:+12155550131@b.example")));
    assert_int_equal(m.n_headers, 7);
    assert_int_equal(m.cseq, 1);
    assert_true(span_equal(m.body, SPAN("body")));
    assert_true(span_equal(m.bytes, SPAN(text)));
    assert_ptr_equal(m.uri.p, text + 7);
    assert_true(span_equal(m.headers[5].name, SPAN("X-Any")));
    assert_non_null(m.headers[5].value.p);
    assert_int_equal(m.headers[5].value.n, 0);
}

static void sip_001_the_parts_of_an_answer_are_where_they_lie(void **state)
{
    (void)state;
    static const char text[] = "SIP/2.0 302 Moved Temporarily\r\n" VIA FROM TO ID "CSeq: 7 OPTIONS\r\n\r\n";
    assert_int_equal(message_read(SPAN(text), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_false(m.is_request);
    assert_int_equal(m.status, 302);
    assert_true(span_equal(m.reason, SPAN("Moved Temporarily")));
    assert_int_equal(m.method, SIP_OPTIONS);
    assert_int_equal(m.cseq, 7);
}

static void sip_002_names_are_read_in_any_case_with_blanks_and_folds(void **state)
{
    (void)state;
    static const char text[] = LINE "vIA \t:\tSIP/2.0/UDP a.example\r\n \t;branch=z9hG4bKx \r\n"
                                    "subject :\r\n\r\n";
    assert_int_equal(message_read(SPAN(text), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_int_equal(m.n_headers, 2);
    assert_int_equal(m.headers[0].id, SIP_H_VIA);
    assert_true(span_equal(m.headers[0].name, SPAN("vIA")));
    assert_true(span_equal(m.headers[0].value, SPAN("SIP/2.0/UDP a.example\r\n \t;branch=z9hG4bKx")));
    assert_true(
        span_equal(m.headers[0].line, SPAN("vIA \t:\tSIP/2.0/UDP a.example\r\n \t;branch=z9hG4bKx ")));
    assert_int_equal(m.headers[1].value.n, 0);
}

static void sip_002_a_value_of_nothing_but_a_fold_is_empty(void **state)
{
    (void)state;
    static const char text[] = LINE "Subject:\r\n \r\n\t\r\nX: y\r\n\r\n";
    assert_int_equal(message_read(SPAN(text), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_int_equal(m.n_headers, 2);
    assert_int_equal(m.headers[0].value.n, 0);
    assert_true(span_equal(m.headers[1].value, SPAN("y")));
}

static void sip_002_lines_end_with_crlf_and_hold_no_control_bytes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "bare line feed", LINE "X: a\nY: b\r\n\r\n", BF_EFORM, 47 },
        { "bare carriage return", LINE "X: a\rY: b\r\n\r\n", BF_EFORM, 47 },
        { "escape", LINE "X: a\x1b[2J\r\n\r\n", BF_EFORM, 47 },
        { "DEL", LINE "X: \x7f\r\n\r\n", BF_EFORM, 46 },
        { "an escaped control byte", LINE "X: \"\\\x07\"\r\n\r\n", BF_OK, 0 },
        { "behind an escaped backslash", LINE "X: \"\\\\\x07\"\r\n\r\n", BF_EFORM, 49 },
        { "an escaped line feed", LINE "X: \"\\\n\"\r\n\r\n", BF_EFORM, 48 },
        { "bytes past ASCII", LINE "X: \xff\xc3\r\n\r\n", BF_OK, 0 },
        { "no name", LINE ": a\r\n\r\n", BF_EFORM, 43 },
        { "no colon", LINE "X a\r\n\r\n", BF_EFORM, 45 },
        { "a name with a blank", LINE "X Y: a\r\n\r\n", BF_EFORM, 45 },
        { "a fold behind the start line", LINE " X: a\r\n\r\n", BF_EFORM, 44 },
        { "no empty line", LINE "X: a\r\n", BF_EFORM, 49 },
        { "a line that does not end", LINE "X: a", BF_EFORM, 47 },
    };
    check_rows(rows, ARRAY_SIZE(rows), SIP_DATAGRAM);
}

static void sip_002_files_may_end_their_lines_with_line_feeds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "line feeds", "OPTIONS sip:a SIP/2.0\nX: a\n b\nY: c\n\nbody", BF_OK, 0 },
        { "both", "OPTIONS sip:a SIP/2.0\nX: a\r\n b\nY: c\r\n\n", BF_OK, 0 },
        { "the last empty line is missing", "OPTIONS sip:a SIP/2.0\nX: a\nY: c\n", BF_OK, 0 },
        { "a carriage return alone", "OPTIONS sip:a SIP/2.0\nX: a\rY: c\n\n", BF_EFORM, 26 },
        { "the body lost its carriage returns", "OPTIONS sip:a SIP/2.0\nl: 10\nY: c\n\nv=0\no=-\n", BF_OK,
          0 },
        { "the body is not shown", "OPTIONS sip:a SIP/2.0\nl: 1000\nY: c\n\n", BF_OK, 0 },
        { "the body is much shorter", "OPTIONS sip:a SIP/2.0\nl: 1000\nY: c\n\nv=0\no=-\n", BF_EFORM, 44 },
    };
    check_rows(rows, ARRAY_SIZE(rows), SIP_BARE_LF);
    assert_int_equal(read_text(rows[1].text, SIP_BARE_LF), BF_OK);
    assert_int_equal(m.n_headers, 2);
}

static void sip_003_every_name_and_compact_name_is_known(void **state)
{
    (void)state;
    for (unsigned id = SIP_H_OTHER + 1; id < SIP_H_COUNT; id++) {
        struct span name = sip_header_name((enum sip_header_id)id);
        char other[64];
        assert_true(name.n > 0);
        assert_int_equal(sip_header_of(name), id);
        for (size_t i = 0; i < name.n; i++)
            other[i] = (char)(name.p[i] ^ (name.p[i] >= 'A' ? 0x20 : 0)); /* the other case */
        assert_int_equal(sip_header_of(span_make(other, name.n)), id);
        if (name.n > 2) /* `T` is a name of its own */
            assert_int_equal(sip_header_of(span_first(name, name.n - 1)), SIP_H_OTHER);
    }
    static const struct {
        const char *name;
        enum sip_header_id id;
    } rows[] = {
        { "c", SIP_H_CONTENT_TYPE },
        { "f", SIP_H_FROM },
        { "i", SIP_H_CALL_ID },
        { "k", SIP_H_SUPPORTED },
        { "l", SIP_H_CONTENT_LENGTH },
        { "m", SIP_H_CONTACT },
        { "t", SIP_H_TO },
        { "v", SIP_H_VIA },
        { "y", SIP_H_IDENTITY },
        { "Y", SIP_H_IDENTITY },
        { "n", SIP_H_OTHER },
        { "q", SIP_H_OTHER },
        { "!", SIP_H_OTHER },
        { "Dates", SIP_H_OTHER },
        { "Dato", SIP_H_OTHER },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(sip_header_of(span_of(rows[i].name)), rows[i].id);
}

static void sip_003_headers_are_found_by_any_of_their_names(void **state)
{
    (void)state;
    static const char text[] =
        LINE "s: first\r\nv: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b\r\nSubject: second\r\n\r\n";
    assert_int_equal(message_read(SPAN(text), SIP_DATAGRAM, &m, &fault), BF_OK);
    assert_ptr_equal(message_named(&m, SPAN("subject")), &m.headers[0]);
    assert_ptr_equal(message_named(&m, SPAN("S")), &m.headers[0]);
    assert_ptr_equal(message_named(&m, SPAN("VIA")), &m.headers[1]);
    assert_null(message_named(&m, SPAN("Date")));
    size_t at = 0;
    assert_ptr_equal(message_next(&m, SIP_H_VIA, &at), &m.headers[1]);
    assert_ptr_equal(message_next(&m, SIP_H_VIA, &at), &m.headers[2]);
    assert_null(message_next(&m, SIP_H_VIA, &at));
    assert_null(message_next(&m, SIP_H_VIA, &at));
    at = 0;
    assert_ptr_equal(message_next(&m, SIP_H_OTHER, &at), &m.headers[0]);
    assert_ptr_equal(message_next(&m, SIP_H_OTHER, &at), &m.headers[3]);
    at = 0;
    assert_null(message_next(&m, SIP_H_DATE, &at));
    assert_null(message_header(&m, SIP_H_DATE).p);
}

static void sip_004_sec_008_singletons_must_not_repeat(void **state)
{
    (void)state;
    static const char *const singles[] = {
        "From: <sip:x@y>;tag=2",
        "f: <sip:x@y>;tag=2",
        "To: <sip:x@y>",
        "t: <sip:x@y>",
        "Call-ID: 2",
        "i: 2",
        "CSeq: 1 INVITE",
        "Max-Forwards: 70\r\nMax-Forwards: 70",
        "Date: Fri, 25 Sep 2015 19:12:25 GMT\r\nDate: Fri, 25 Sep 2015 19:12:25 GMT",
        "Content-Length: 0\r\nl: 0",
        "Content-Type: a/b\r\nc: a/b",
        "Expires: 1\r\nExpires: 1",
        "Priority: normal\r\nPriority: emergency",
    };
    for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
        char text[1024];
        snprintf(text, sizeof text, HEAD "%s\r\n\r\n", singles[i]);
        if (read_text(text, SIP_DATAGRAM) != BF_EFORM || !strstr(fault.what, "twice"))
            fail_msg("%s: %s", singles[i], fault.what ? fault.what : "read");
        /* All header fields are there all the same: a 400 can be sent. */
        assert_null(message_missing(&m));
    }
    assert_int_equal(read_text(HEAD VIA "Identity: a\r\nIdentity: b\r\nContact: <sip:a>\r\nm: <sip:b>\r\n"
                                        "Reason: SIP;cause=200\r\nReason: Q.850;cause=16\r\n\r\n",
                               SIP_DATAGRAM),
                     BF_OK);
}

static void sip_005_the_missing_header_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *missing;
    } rows[] = {
        { HEAD "\r\n", NULL }, /* Max-Forwards is excused */
        { LINE FROM TO ID CSEQ "\r\n", "Via" },
        { LINE VIA TO ID CSEQ "\r\n", "From" },
        { LINE VIA FROM ID CSEQ "\r\n", "To" },
        { LINE VIA FROM TO CSEQ "\r\n", "Call-ID" },
        { LINE VIA FROM TO ID "\r\n", "CSeq" },
        { LINE VIA FROM TO "Call-ID: \r\n" CSEQ "\r\n", "Call-ID" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(read_text(rows[i].text, SIP_DATAGRAM), BF_OK);
        if (rows[i].missing)
            assert_string_equal(message_missing(&m), rows[i].missing);
        else
            assert_null(message_missing(&m));
    }
}

static void sip_007_cseq_is_below_2_to_the_31_and_names_the_method(void **state)
{
    (void)state;
    static const struct {
        const char *cseq;
        enum bf_err err;
        uint32_t number;
    } rows[] = {
        { "1 INVITE", BF_OK, 1 },
        { "0009\r\n  INVITE", BF_OK, 9 },
        { "2147483647 INVITE", BF_OK, 2147483647 },
        { "2147483648 INVITE", BF_EFORM, 0 },
        { "36893488147419103232 INVITE", BF_EFORM, 0 },
        { "-1 INVITE", BF_EFORM, 0 },
        { "1 OPTIONS", BF_EFORM, 0 },
        { "1 invite", BF_EFORM, 0 },
        { "1INVITE", BF_EFORM, 0 },
        { "1", BF_EFORM, 0 },
        { "INVITE", BF_EFORM, 0 },
        { "1 INVITE x", BF_EFORM, 0 },
        { "", BF_EFORM, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, LINE VIA FROM TO ID "CSeq: %s\r\n\r\n", rows[i].cseq);
        if (read_text(text, SIP_DATAGRAM) != rows[i].err)
            fail_msg("CSeq: %s", rows[i].cseq);
        assert_int_equal(rows[i].err ? 0 : m.cseq, rows[i].number);
    }
}

static void sip_007_max_forwards_is_0_to_255(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum bf_err err;
    } rows[] = { { "0", BF_OK },      { "0068", BF_OK },   { "255", BF_OK },
                 { "256", BF_EFORM }, { "-1", BF_EFORM },  { "", BF_EFORM },
                 { "70 ", BF_OK },    { "7 0", BF_EFORM }, { "70.", BF_EFORM } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "Max-Forwards: %s\r\n\r\n", rows[i].value);
        assert_int_equal(read_text(text, SIP_DATAGRAM), rows[i].err);
    }
}

/* A message of `n` times `line`, and a body of `body` bytes. */
static char *grown(const char *line, size_t n, size_t body)
{
    const size_t each = strlen(line);
    char *text = malloc(sizeof HEAD + n * each + body + 8);
    assert_non_null(text);
    size_t at = sizeof HEAD - 1;
    memcpy(text, HEAD, at);
    for (size_t i = 0; i < n; i++, at += each)
        memcpy(text + at, line, each);
    memcpy(text + at, "\r\n", 2);
    memset(text + at + 2, 'b', body);
    text[at + 2 + body] = '\0';
    return text;
}

static enum bf_err read_grown(const char *line, size_t n, size_t body)
{
    char *text = grown(line, n, body);
    const enum bf_err err = read_text(text, SIP_DATAGRAM);
    free(text);
    return err;
}

static void sip_008_sizes_have_their_limits(void **state)
{
    (void)state;
    static char line[LIMIT_SIP_LINE + 8];
    assert_int_equal(read_grown("X: y\r\n", LIMIT_SIP_HEADERS - 5, 0), BF_OK);
    assert_int_equal(read_grown("X: y\r\n", LIMIT_SIP_HEADERS - 4, 0), BF_ELIMIT);
    assert_int_equal(read_grown("", 0, LIMIT_SIP_MESSAGE - sizeof HEAD - 1), BF_OK);
    assert_int_equal(m.bytes.n, LIMIT_SIP_MESSAGE);
    assert_int_equal(read_grown("", 0, LIMIT_SIP_MESSAGE - sizeof HEAD), BF_ELIMIT);
    memset(line, 'x', sizeof line);
    memcpy(line, "X: ", 3);
    memcpy(line + LIMIT_SIP_LINE, "\r\n", 3);
    assert_int_equal(read_grown(line, 1, 0), BF_OK);
    memcpy(line + LIMIT_SIP_LINE, "x\r\n", 4);
    assert_int_equal(read_grown(line, 1, 0), BF_ELIMIT);
    assert_int_equal(fault.at, sizeof HEAD - 1);
}

static void sip_008_at_most_70_hops_comma_joined_ones_included(void **state)
{
    (void)state;
    static const char two[] = "v: SIP/2.0/UDP h, SIP/2.0/UDP h\r\n";
    assert_int_equal(read_grown(VIA, LIMIT_SIP_VIA - 1, 0), BF_OK);
    assert_int_equal(read_grown(VIA, LIMIT_SIP_VIA, 0), BF_ELIMIT);
    assert_int_equal(read_grown(two, 34, 0), BF_OK);
    assert_int_equal(read_grown(two, 35, 0), BF_ELIMIT);
    /* Commas inside quotes are no hops. */
    assert_int_equal(read_grown("v: SIP/2.0/UDP h;x=\",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\"\r\n", 60, 0), BF_OK);
}

static void sip_020_a_datagram_is_cut_at_content_length(void **state)
{
    (void)state;
    static const struct {
        const char *length, *body;
        size_t n;
        enum bf_err err;
    } rows[] = {
        { "l: 4\r\n", "bodyINVITE sip:another", 4, BF_OK }, /* excess is dropped */
        { "l: 0\r\n", "body", 0, BF_OK },
        { "", "body", 4, BF_OK }, /* none: to the end */
        { "l: 5\r\n", "body", 0, BF_EFORM },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "%s\r\n%s", rows[i].length, rows[i].body);
        assert_int_equal(message_read(span_of(text), SIP_DATAGRAM, &m, &fault), rows[i].err);
        if (rows[i].err == BF_OK) {
            assert_int_equal(m.body.n, rows[i].n);
            assert_ptr_equal(m.bytes.p + m.bytes.n, m.body.p + m.body.n);
        } else {
            assert_int_equal(fault.at, strlen(text));
            assert_null(message_missing(&m));
        }
    }
}

static void sip_021_on_a_stream_content_length_is_exact(void **state)
{
    (void)state;
    assert_int_equal(read_text(HEAD "l: 4\r\n\r\nbody", SIP_STREAM), BF_OK);
    assert_int_equal(read_text(HEAD "\r\nbody", SIP_STREAM), BF_EFORM);
    assert_int_equal(read_text(HEAD "l: 3\r\n\r\nbody", SIP_STREAM), BF_EFORM);
    assert_int_equal(read_text(HEAD "l: 5\r\n\r\nbody", SIP_STREAM), BF_EFORM);
}

static void sec_054_content_length_cannot_overflow(void **state)
{
    (void)state;
    static const char *const values[] = {
        "99999999999", "18446744073709551616", "18446744073709551617", "-1", "+1", "0x4", "4 4", "",
        "4294967296"
    };
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "Content-Length: %s\r\n\r\nbody", values[i]);
        assert_int_equal(read_text(text, SIP_DATAGRAM), BF_EFORM);
    }
}

static void methods_are_told_apart_by_case(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIP_METHOD_OTHER; i++)
        assert_int_equal(sip_method_of(span_of(sip_method_text((enum sip_method)i))), i);
    assert_int_equal(sip_method_of(SPAN("invite")), SIP_METHOD_OTHER);
    assert_int_equal(sip_method_of(SPAN("")), SIP_METHOD_OTHER);
    assert_string_equal(sip_method_text(SIP_METHOD_OTHER), "");
}

static void every_beginning_of_a_message_is_refused_or_read_without_harm(void **state)
{
    (void)state;
    static const char text[] = HEAD "Subject: a\r\n b\r\nContent-Length: 4\r\n\r\nbody";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *bytes = malloc(n ? n : 1);
        assert_non_null(bytes);
        memcpy(bytes, text, n);
        assert_int_equal(message_read(span_make(bytes, n), SIP_DATAGRAM, &m, &fault), BF_EFORM);
        assert_true(fault.at <= n);
        free(bytes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_001_start_lines_have_one_space_between_their_parts),
        cmocka_unit_test(sip_001_the_parts_of_a_request_are_where_they_lie),
        cmocka_unit_test(sip_001_the_parts_of_an_answer_are_where_they_lie),
        cmocka_unit_test(sip_002_names_are_read_in_any_case_with_blanks_and_folds),
        cmocka_unit_test(sip_002_a_value_of_nothing_but_a_fold_is_empty),
        cmocka_unit_test(sip_002_lines_end_with_crlf_and_hold_no_control_bytes),
        cmocka_unit_test(sip_002_files_may_end_their_lines_with_line_feeds),
        cmocka_unit_test(sip_003_every_name_and_compact_name_is_known),
        cmocka_unit_test(sip_003_headers_are_found_by_any_of_their_names),
        cmocka_unit_test(sip_004_sec_008_singletons_must_not_repeat),
        cmocka_unit_test(sip_005_the_missing_header_is_named),
        cmocka_unit_test(sip_007_cseq_is_below_2_to_the_31_and_names_the_method),
        cmocka_unit_test(sip_007_max_forwards_is_0_to_255),
        cmocka_unit_test(sip_008_sizes_have_their_limits),
        cmocka_unit_test(sip_008_at_most_70_hops_comma_joined_ones_included),
        cmocka_unit_test(sip_020_a_datagram_is_cut_at_content_length),
        cmocka_unit_test(sip_021_on_a_stream_content_length_is_exact),
        cmocka_unit_test(sec_054_content_length_cannot_overflow),
        cmocka_unit_test(methods_are_told_apart_by_case),
        cmocka_unit_test(every_beginning_of_a_message_is_refused_or_read_without_harm),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
