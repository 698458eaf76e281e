/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in files. What a file is shows in its first bytes: the magic of a capture, `{` for JSON lines, else SIP requests;
 * with --orig and --dest it holds Identity values, a line each (a line that begins with a blank goes on from the one before).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"
#include "base/digest.h"
#include "base/limits.h"
#include "cli/capture.h"
#include "cli/verify.h"
#include "sip/date.h"
#include "sip/message.h"
#include "sip/names.h"

/* Of requests; a message whose CRLFs were made LFs is shorter, never longer. */
#define FILE_MAX ((size_t)16 << 20)

static void refuse(struct verify_sink *sink, const char *file, size_t place, const char *what)
{
    sink->refused(sink, &(struct verify_input){ .file = file, .place = place }, what);
}

/* The whole rest of the file, at most max bytes. *ret_n > max: there is more. */
static enum bf_err rest_read(FILE *f, size_t max, char **ret, size_t *ret_n)
{
    char *bytes = malloc(max + 2);
    if (!bytes)
        return BF_ENOMEM;
    *ret_n = fread(bytes, 1, max + 1, f);
    if (ferror(f)) {
        free(bytes);
        return BF_EIO;
    }
    bytes[*ret_n] = '\0';
    *ret = bytes;
    return BF_OK;
}

/* ---- SIP ---- */

/* The Date of the request: 0 when there is none. The message need not be sound to its end. */
static utc_t request_date(struct span bytes)
{
    struct sip_message *m = calloc(1, sizeof *m);
    struct fault unused;
    utc_t at = 0;
    bool sound = m && message_read(bytes, SIP_BARE_LF, m, &unused) == BF_OK;
    if (m && m->first[SIP_H_DATE] && sip_date_read(message_header(m, SIP_H_DATE), &at, NULL) != BF_OK)
        at = sound ? AT_UNREADABLE : 0; /* what else is wrong with it is said first */
    free(m);
    return at;
}

/* The first line, with its end. */
static struct span line_of(struct span s)
{
    return span_first(s, span_find(s, '\n') + 1);
}

/* `INVITE sip:12155550131@example.com SIP/2.0`, `SIP/2.0 200 OK` */
static bool begins_message(struct span line)
{
    const struct span method = span_first(line, span_find(line, ' '));
    const struct span uri = span_from(line, method.n + 1);
    if (span_equal(method, SPAN("SIP/2.0")))
        return uri.n && uri.p[0] >= '1' && uri.p[0] <= '6';
    for (size_t i = 0; i < method.n; i++)
        if (method.p[i] < 'A' || method.p[i] > 'Z')
            return false;
    return method.n && span_equal(span_trim(span_from(uri, span_find(uri, ' '))), SPAN("SIP/2.0"));
}

static void note_length(struct span line, uint64_t *length)
{
    const size_t colon = span_find(line, ':');
    if (sip_header_of(span_trim(span_first(line, colon))) == SIP_H_CONTENT_LENGTH)
        (void)span_decimal(span_trim(span_from(line, colon + 1)), UINT32_MAX, length);
}

/*
 * Where the first message of these bytes ends: where a line begins the next one, or at the end. What Content-Length counts
 * is not looked into, if lines still end in CRLF, so that it counts rightly: a body may show a request.
 */
static size_t message_end(struct span bytes)
{
    uint64_t length = 0;
    size_t at = 0;
    bool begun = false, in_body = false;
    for (struct span line; (line = line_of(span_from(bytes, at))).n; at += line.n) {
        const bool empty = span_trim(line).n == 0;
        if (begun && begins_message(line))
            break;
        begun |= !empty;
        if (in_body || !begun)
            continue;
        note_length(line, &length);
        in_body = empty;
        if (empty && line.n == 2)
            line.n += length < bytes.n - at - 2 ? (size_t)length : bytes.n - at - 2;
    }
    return at;
}

static size_t count_lines(struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

/* Requests one behind the other, each named by its line if there are several. */
static void take_messages(struct span bytes, struct verify_input *in, struct verify_sink *sink)
{
    const bool several = message_end(bytes) < bytes.n;
    for (size_t line = 1, n; bytes.n; bytes = span_from(bytes, n)) {
        n = message_end(bytes);
        in->bytes = span_first(bytes, n);
        in->place = several ? line : 0;
        line += count_lines(in->bytes);
        in->at = request_date(in->bytes);
        if (n > LIMIT_SIP_MESSAGE)
            sink->refused(sink, in, "it is too large for a SIP message (64 KiB)");
        else
            sink->call(sink, in);
    }
}

static void read_sip(FILE *f, const char *file, struct verify_sink *sink)
{
    char *bytes = NULL;
    size_t n = 0;
    enum bf_err err = rest_read(f, FILE_MAX, &bytes, &n);
    if (err)
        return refuse(sink, file, 0, err == BF_EIO ? strerror(errno) : bf_err_text(err));
    struct verify_input in = { .kind = VERIFY_SIP, .file = file };
    if (n == 0)
        refuse(sink, file, 0, "it is empty");
    else if (n > FILE_MAX)
        refuse(sink, file, 0, "it is too large for SIP requests (16 MiB): a capture may be larger");
    else
        take_messages(span_make(bytes, n), &in, sink);
    free(bytes);
}

/* ---- lines ---- */

/* One line into line[0..max], its end cut off; false at the end of the file. *ret_n > max: longer, the rest is skipped. */
static bool line_next(FILE *f, char *line, size_t max, size_t *ret_n)
{
    size_t n = 0;
    int c = getc(f);
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getc(f)) {
        if (n < max)
            line[n] = (char)c;
        n += n <= max;
    }
    if (n && n <= max && line[n - 1] == '\r')
        n--;
    *ret_n = n;
    return true;
}

static void read_json(FILE *f, const char *file, struct verify_sink *sink)
{
    char *line = malloc(LIMIT_HTTP_BODY);
    size_t n;
    if (!line)
        return refuse(sink, file, 0, bf_err_text(BF_ENOMEM));
    for (size_t at = 1; line_next(f, line, LIMIT_HTTP_BODY, &n); at++) {
        struct verify_input in = { .kind = VERIFY_JSON, .bytes = { line, n }, .file = file, .place = at };
        if (n > LIMIT_HTTP_BODY)
            sink->refused(sink, &in, "the line is too long (64 KiB)");
        else if (span_trim(in.bytes).n > 0)
            sink->call(sink, &in);
    }
    if (ferror(f))
        refuse(sink, file, 0, strerror(errno));
    free(line);
}

static void identity_done(struct verify_sink *sink, struct verify_input *in)
{
    struct span name = SPAN("Identity:");

    in->bytes = span_trim(in->bytes);
    if (span_starts_nocase(in->bytes, name))
        in->bytes = span_trim(span_from(in->bytes, name.n));
    if (in->bytes.n > LIMIT_IDENTITY_VALUE)
        sink->refused(sink, in, "the Identity value is too long (16 KiB)");
    else if (in->bytes.n)
        sink->call(sink, in);
}

/* Does the value go on in the next line? The line end is then the blank that it means. */
static bool line_is_folded(FILE *f)
{
    int c = getc(f);
    if (c != EOF)
        ungetc(c, f);
    return c == ' ' || c == '\t';
}

static void read_identities(FILE *f, const char *file, struct verify_sink *sink)
{
    const size_t max = LIMIT_IDENTITY_VALUE + 64; /* blanks and the name of the header */
    char *value = malloc(max);
    size_t n = 0, line = 1, before = sink->calls;
    struct verify_input in = { .kind = VERIFY_IDENTITY, .file = file, .place = 1 };

    if (!value)
        return refuse(sink, file, 0, bf_err_text(BF_ENOMEM));
    for (int c = getc(f);; c = getc(f)) {
        line += c == '\n';
        bool folded = c == '\n' && n && line_is_folded(f);
        if (folded && value[n - 1] == '\r')
            value[n - 1] = ' ';
        if (c != EOF && (c != '\n' || folded)) {
            if (n < max)
                value[n++] = folded ? ' ' : (char)c;
            continue;
        }
        in.bytes = span_make(value, n);
        identity_done(sink, &in);
        in.place = line;
        n = 0;
        if (c == EOF)
            break;
    }
    if (ferror(f) || sink->calls == before)
        refuse(sink, file, 0, ferror(f) ? strerror(errno) : "it is empty");
    free(value);
}

/* ---- captures ---- */

/* Datagrams seen: a keyed hash of sender and bytes each, in a table that is never more than half full. */
struct seen {
    struct hash_key key;
    uint64_t *hashes; /* 0: free */
    size_t n, size;
};

static bool seen_put(uint64_t *hashes, size_t size, uint64_t hash)
{
    size_t at = hash & (size - 1);
    for (; hashes[at]; at = (at + 1) & (size - 1))
        if (hashes[at] == hash)
            return false;
    hashes[at] = hash;
    return true;
}

static bool seen_grow(struct seen *s)
{
    size_t size = s->size ? s->size * 2 : 1024;
    uint64_t *hashes = calloc(size, sizeof *hashes);
    if (!hashes)
        return false;
    for (size_t i = 0; i < s->size; i++)
        if (s->hashes[i])
            seen_put(hashes, size, s->hashes[i]);
    free(s->hashes);
    s->hashes = hashes;
    s->size = size;
    return true;
}

/* The same bytes from the same sender: a retransmission, or a capture that saw the packet twice. */
static bool seen_before(struct seen *s, const struct capture_request *r)
{
    uint8_t from[16] = { 0 };
    addr_bytes((const struct sockaddr *)&r->from, from);
    uint64_t hash = hash_bytes(s->key, r->bytes) ^ hash_bytes(s->key, span_make(from, sizeof from));
    hash += addr_port((const struct sockaddr *)&r->from);
    if (s->n * 2 >= s->size && !seen_grow(s))
        return false;
    bool fresh = seen_put(s->hashes, s->size, hash ? hash : 1);
    s->n += fresh;
    return !fresh;
}

struct capture_reading {
    struct verify_sink *sink;
    const char *file;
    struct seen seen;
};

static bool captured(void *arg, const struct capture_request *r)
{
    struct capture_reading *c = arg;
    struct verify_input in = { .kind = VERIFY_SIP,
                               .bytes = r->bytes,
                               .at = r->utc,
                               .file = c->file,
                               .place = r->packet,
                               .passing = true };
    if (span_starts(r->bytes, SPAN("INVITE ")) && (r->reliable || !seen_before(&c->seen, r)))
        c->sink->call(c->sink, &in);
    return true;
}

static void read_capture(FILE *f, const char *file, struct verify_sink *sink)
{
    struct capture_reading reading = { sink, file, { .key = hash_key_random() } };
    struct capture_counts counts = { 0 };
    char *message = NULL;
    size_t before = sink->calls;

    enum bf_err err = capture_read(f, file, captured, &reading, &counts, &message);
    if (err)
        refuse(sink, file, 0, message ? message : bf_err_text(err));
    else if (sink->calls == before)
        refuse(sink, file, 0, "there is no call in this capture");
    free(message);
    free(reading.seen.hashes);
}

/* ---- which ---- */

enum file_kind { FILE_SIP, FILE_JSON, FILE_CAPTURE };

static enum file_kind kind_of(FILE *f)
{
    char head[5] = "";
    size_t n = fread(head, 1, 4, f);
    enum file_kind kind = FILE_SIP;

    if (capture_looks(span_make(head, n)))
        kind = FILE_CAPTURE;
    else if (head[strspn(head, " \t\r\n")] == '{')
        kind = FILE_JSON;
    while (n > 0)
        ungetc((unsigned char)head[--n], f); /* glibc takes back as many as were read */
    return kind;
}

void verify_read(const char *file, bool bare, struct verify_sink *sink)
{
    bool standard = strcmp(file, "-") == 0;
    FILE *f = standard ? stdin : fopen(file, "re");

    if (!f)
        return refuse(sink, file, 0, strerror(errno));
    if (bare) {
        read_identities(f, file, sink);
    } else {
        switch (kind_of(f)) {
        case FILE_SIP: read_sip(f, file, sink); break;
        case FILE_JSON: read_json(f, file, sink); break;
        case FILE_CAPTURE:
            read_capture(f, file, sink);
            f = NULL; /* capture_read closed it */
            break;
        }
    }
    if (f && !standard)
        fclose(f);
}
