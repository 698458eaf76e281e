/* SPDX-License-Identifier: Apache-2.0 */
#include "diary/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diary/caldav.h"
#include "fetch/exchange.h"

#define PATH_BYTES 4096u
#define TOTAL_MS   20000u

struct text {
    char *name, *etag, *bytes;
    size_t n;
};
struct reading {
    const struct source_options *options;
    struct text *texts;
    size_t n, size, bytes;
    const char *place; /* of the object that is being kept: its calendar */
    char **message;
};

static enum bf_err wrong(struct reading *r, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err wrong(struct reading *r, enum bf_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(*r->message);
    if (vasprintf(r->message, format, args) < 0)
        *r->message = NULL;
    va_end(args);
    return err;
}

/* A name as it may be shown: what stands behind `?` may be a secret, and so may what stands before `@`. */
static char *shown(const char *name)
{
    const char *slashes = strstr(name, "://");
    const size_t n = slashes ? strcspn(name, "?#") : strlen(name);
    const char *host = slashes ? slashes + 3 : name;
    const char *at = slashes ? memchr(host, '@', strcspn(host, "/?#")) : NULL;
    char *out = NULL;
    if (at)
        return asprintf(&out, "%.*s%.*s", (int)(host - name), name, (int)(n - (size_t)(at + 1 - name)),
                        at + 1) < 0
                   ? NULL
                   : out;
    return strndup(name, n);
}

/* Takes bytes over, whatever comes of it. */
static enum bf_err keep(struct reading *r, const char *name, struct span etag, char *bytes, size_t n)
{
    enum bf_err err = BF_OK;
    if (r->n == SOURCE_TEXTS || n > SOURCE_BYTES - r->bytes)
        err = wrong(r, BF_ELIMIT, "%s: a diary has at most %u texts and %u MiB", name, SOURCE_TEXTS,
                    SOURCE_BYTES >> 20);
    if (!err && r->n == r->size) {
        const size_t size = r->size ? 2 * r->size : 16;
        struct text *more = realloc(r->texts, size * sizeof *more);
        if (more) {
            r->texts = more;
            r->size = size;
        } else {
            err = BF_ENOMEM;
        }
    }
    if (err) {
        free(bytes);
        return err;
    }
    struct text *t = &r->texts[r->n++];
    *t = (struct text){ shown(name), strndup(etag.n ? etag.p : "", etag.n), bytes, n };
    r->bytes += n;
    return t->name && t->etag ? BF_OK : BF_ENOMEM;
}

/* ---- files ---- */

static enum bf_err file_read(struct reading *r, const char *name, FILE *f)
{
    size_t n = 0, size = 64u << 10;
    char *bytes = malloc(size);
    for (size_t got = 1; bytes && got; n += got) {
        if (n + 1 >= size) {
            size *= 2;
            char *more = size <= 2 * (size_t)SOURCE_BYTES ? realloc(bytes, size) : NULL;
            if (!more) {
                free(bytes);
                return wrong(r, BF_ELIMIT, "%s: it is larger than %u MiB", name, SOURCE_BYTES >> 20);
            }
            bytes = more;
        }
        got = fread(bytes + n, 1, size - n - 1, f);
    }
    if (!bytes)
        return BF_ENOMEM;
    if (ferror(f)) {
        free(bytes);
        return wrong(r, BF_EIO, "%s: reading stopped half way: %s", name, strerror(errno));
    }
    bytes[n] = '\0';
    return keep(r, name, SPAN_NONE, bytes, n);
}

static enum bf_err path_read(struct reading *r, const char *path)
{
    struct stat st;
    FILE *f = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        errno = EISDIR;
    else
        f = fd < 0 ? NULL : fdopen(fd, "r");
    if (!f) {
        const int why = errno;
        if (fd >= 0)
            close(fd);
        return wrong(r, why == ENOENT ? BF_ENOENT : BF_EIO, "%s: %s", path, strerror(why));
    }
    const enum bf_err err = file_read(r, path, f);
    fclose(f);
    return err;
}

static bool is_ics(const char *name)
{
    const size_t n = strlen(name);
    return name[0] != '.' && n > 4 && span_equal_nocase(span_make(name + n - 4, 4), SPAN(".ics"));
}

static int only_ics(const struct dirent *entry)
{
    return is_ics(entry->d_name);
}

static enum bf_err folder_read(struct reading *r, const char *path)
{
    struct dirent **entries = NULL;
    const int n = scandir(path, &entries, only_ics, alphasort);
    enum bf_err err = BF_OK;
    if (n < 0)
        return wrong(r, BF_EIO, "%s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char file[PATH_BYTES];
        const int length = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (!err)
            err = length > 0 && (size_t)length < sizeof file
                      ? path_read(r, file)
                      : wrong(r, BF_ELIMIT, "%s: its path is too long", path);
        free(entries[i]);
    }
    free(entries);
    if (!err && n == 0)
        err = wrong(r, BF_ENOENT, "%s: no .ics file is in this folder", path);
    return err;
}

static enum bf_err local_read(struct reading *r, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return r->options->input ? file_read(r, "standard input", r->options->input)
                                 : wrong(r, BF_EDENIED, "standard input is no diary here: name a file");
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? folder_read(r, path) : path_read(r, path);
}

/* ---- over HTTP ---- */

static enum bf_err url_answer(struct reading *r, const char *name, const struct exchange_answer *a)
{
    const struct span text = span_make(a->body ? a->body : "", a->n);
    if (a->status == 401 || a->status == 403)
        return wrong(r, BF_EDENIED, "%s: the server says %d: look at the user and the password", name,
                     a->status);
    if (a->status / 100 == 3)
        return wrong(r, BF_EUNSUP, "%s: the server leads elsewhere: give that URL, if you trust it", name);
    if (a->status != 200)
        return wrong(r, BF_EIO, "%s: the server says %d", name, a->status);
    if (!span_holds_nocase(span_first(text, 4096), SPAN("BEGIN:VCALENDAR")))
        return wrong(r, BF_EFORM, "%s: what came is no calendar; of a CalDAV server write caldav+https://…",
                     name);
    return BF_OK;
}

static enum bf_err url_read(struct reading *r, const char *url)
{
    const struct source_options *o = r->options;
    const struct exchange x = { .method = "GET",
                                .url = url,
                                .user = o->user,
                                .password = o->password,
                                .accept = "text/calendar, */*;q=0.1",
                                .ca_file = o->ca_file,
                                .total_ms = o->total_ms ? o->total_ms : TOTAL_MS,
                                .max_bytes = SOURCE_BYTES };
    struct exchange_answer a;
    char *name = shown(url);
    enum bf_err err = name ? exchange_run(&x, &a) : BF_ENOMEM;
    if (err && name)
        err = wrong(r, err, "%s: %s", name, *a.why ? a.why : bf_err_text(err));
    else if (!err && !(err = url_answer(r, name, &a))) {
        err = keep(r, url, span_of(a.etag), a.body, a.n);
        a.body = NULL;
    }
    if (name)
        exchange_clear(&a);
    free(name);
    return err;
}

static enum bf_err note_object(void *arg, const struct caldav_object *o)
{
    struct reading *r = arg;
    const size_t slash = o->href.n ? o->href.n - 1 : 0;
    size_t from = slash;
    while (from && o->href.p[from - 1] != '/')
        from--;
    char name[2 * CALDAV_URL];
    snprintf(name, sizeof name, "%s%.*s", r->place,
             SPAN_FMT(span_first(span_from(o->href, from), CALDAV_URL)));
    char *copy = malloc(o->text.n + 1);
    if (!copy)
        return BF_ENOMEM;
    memcpy(copy, o->text.p, o->text.n);
    copy[o->text.n] = '\0';
    return keep(r, name, o->etag, copy, o->text.n);
}

static enum bf_err calendar_read(struct reading *r, struct caldav *c, const char *url)
{
    auto_(caldav_seen_destroy) struct caldav_seen *seen = NULL;
    struct caldav_report report;
    enum bf_err err = caldav_seen_create(&seen);
    if (!err && (err = caldav_sync(c, url, seen, &report)))
        return wrong(r, err, "%s", *caldav_why(c) ? caldav_why(c) : bf_err_text(err));
    r->place = url;
    return err ? err : caldav_each(seen, note_object, r);
}

static enum bf_err caldav_read(struct reading *r, const char *url)
{
    auto_(caldav_destroy) struct caldav *c = NULL;
    const struct source_options *o = r->options;
    const struct caldav_options options = {
        .url = url, .user = o->user, .password = o->password, .ca_file = o->ca_file, .total_ms = o->total_ms
    };
    const struct caldav_calendar *calendars = NULL;
    size_t n = 0;
    enum bf_err err = caldav_create(&options, &c);
    if (!err && (err = caldav_discover(c, &calendars, &n)))
        return wrong(r, err, "%s", *caldav_why(c) ? caldav_why(c) : bf_err_text(err));
    for (size_t i = 0; !err && i < n; i++)
        err = calendar_read(r, c, calendars[i].url);
    return err;
}

/* ---- which of them ---- */

static bool is_url(const char *where)
{
    return span_starts_nocase(span_of(where), SPAN("https://")) ||
           span_starts_nocase(span_of(where), SPAN("http://"));
}

/* A server by its name alone, or a place that ends in `/`. */
static bool ends_as_collection(const char *url)
{
    const char *host = strstr(url, "://") + 3, *slash = strchr(host, '/');
    return !slash || (!strchr(url, '?') && url[strlen(url) - 1] == '/');
}

static enum bf_err read_any(struct reading *r, const char *where)
{
    static const struct span caldav = SPAN("caldav+"), webcal = SPAN("webcal://"),
                             webcals = SPAN("webcals://");
    const struct span s = span_of(where);
    const size_t skip = span_starts_nocase(s, webcals)  ? webcals.n
                        : span_starts_nocase(s, webcal) ? webcal.n
                                                        : 0;
    if (span_starts_nocase(s, caldav))
        return is_url(where + caldav.n) ? caldav_read(r, where + caldav.n)
                                        : wrong(r, BF_EDENIED, "write caldav+https:// and the server's name");
    if (skip) {
        char *url = NULL;
        if (asprintf(&url, "https://%s", where + skip) < 0)
            return BF_ENOMEM;
        const enum bf_err err = url_read(r, url);
        free(url);
        return err;
    }
    if (!is_url(where))
        return strstr(where, "://")
                   ? wrong(r, BF_EDENIED, "a diary's URL begins with https://, webcal:// or caldav+https://")
                   : local_read(r, where);
    return ends_as_collection(where) ? caldav_read(r, where) : url_read(r, where);
}

enum bf_err source_read(const char *where, const struct source_options *options, source_found *found,
                        void *arg, char **ret_message)
{
    struct reading r = { .options = options, .message = ret_message };
    *ret_message = NULL;
    enum bf_err err = read_any(&r, where);
    if (err && !*ret_message)
        (void)wrong(&r, err, "%s", bf_err_text(err));
    for (size_t i = 0; !err && i < r.n; i++) {
        const struct source_text text = { r.texts[i].name, span_of(r.texts[i].etag),
                                          span_make(r.texts[i].bytes, r.texts[i].n) };
        err = found(arg, &text);
    }
    for (size_t i = 0; i < r.n; i++) {
        free(r.texts[i].name);
        free(r.texts[i].etag);
        free(r.texts[i].bytes);
    }
    free(r.texts);
    return err;
}
