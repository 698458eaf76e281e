/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: a thread a connection, a table of routes, and the same few checks in front of all of them: is it logged in, may
 * this role, does a write carry the token that only our own page knows (X-CSRF).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/inside.h"

#define CONNECTIONS 128u
#define BODY_BYTES  (16u << 20)
#define DOOR_BYTES  (64u << 10) /* of somebody who is not logged in */
#define FILE_BYTES  (4u << 20)
#define IDLE_S      60u

static const struct route routes[] = {
    { "POST", "login", -1, login_post },
    { "POST", "login/first", -1, first_post },
    { "POST", "logout", ROLE_READ, logout_post },
    { "POST", "me/password", ROLE_READ, password_post },
    { "GET", "me", ROLE_READ, me_get },
    { "GET", "events", ROLE_READ, events_get },
    { "GET", "calls", ROLE_READ, calls_get },
    { "GET", "calls.csv", ROLE_READ, calls_csv },
    { "GET", "calls.jsonl", ROLE_READ, calls_jsonl },
    { "GET", "calls/*", ROLE_READ, call_get },
    { "POST", "calls/*/feedback", ROLE_DESK, feedback_post },
    { "GET", "people", ROLE_READ, people_get },
    { "POST", "people", ROLE_DESK, people_post },
    { "POST", "people/import", ROLE_ADMIN, import_post },
    { "GET", "people.vcf", ROLE_DESK, export_vcf },
    { "GET", "people.csv", ROLE_DESK, export_csv },
    { "GET", "people/*", ROLE_READ, person_get },
    { "PUT", "people/*", ROLE_DESK, person_put },
    { "DELETE", "people/*", ROLE_ADMIN, person_delete },
    { "POST", "people/*/merge", ROLE_ADMIN, merge_post },
    { "POST", "people/*/erase", ROLE_ADMIN, erase_post },
    { "GET", "names", ROLE_READ, names_get },
    { "GET", "people/*/photo", ROLE_READ, photo_get },
    { "PUT", "people/*/photo", ROLE_DESK, photo_put },
    { "DELETE", "people/*/photo", ROLE_DESK, photo_delete },
    { "POST", "habits/*", ROLE_DESK, habit_post },
    { "GET", "exceptions", ROLE_READ, exceptions_get },
    { "POST", "exceptions", ROLE_DESK, exceptions_post },
    { "DELETE", "exceptions/*", ROLE_DESK, exceptions_delete },
    { "GET", "expected", ROLE_READ, expected_get },
    { "POST", "expected", ROLE_DESK, expected_post },
    { "DELETE", "expected/*", ROLE_DESK, expected_delete },
    { "GET", "rules", ROLE_READ, rules_get },
    { "PUT", "rules", ROLE_ADMIN, rules_put },
    { "POST", "rules/dry-run", ROLE_DESK, dry_run_post },
    { "GET", "overview", ROLE_READ, overview_get },
    { "GET", "certificates", ROLE_READ, certificates_get },
    { "POST", "callbacks", ROLE_DESK, callback_post },
    { "GET", "callbacks/*", ROLE_DESK, callback_get },
    { "DELETE", "callbacks/*", ROLE_DESK, callback_delete },
    { "GET", "users", ROLE_ADMIN, users_get },
    { "POST", "users", ROLE_ADMIN, users_post },
    { "PUT", "users/*", ROLE_ADMIN, users_put },
    { "DELETE", "users/*", ROLE_ADMIN, users_delete },
    { "GET", "audit", ROLE_ADMIN, audit_get },
};

/* ---- answers ---- */

static const char *const fields[][2] = {
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "
      "'self'; font-src "
      "'self'; media-src 'self' data:; base-uri 'self'; form-action 'self'; frame-ancestors 'none'" },
};

static enum MHD_Result send_off(struct ask *a, int status, struct MHD_Response *r, const char *type)
{
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        MHD_add_response_header(r, fields[i][0], fields[i][1]);
    const enum MHD_Result result = MHD_queue_response(a->connection, (unsigned)status, r);
    MHD_destroy_response(r);
    return result;
}

enum MHD_Result say(struct ask *a, int status, const char *type, struct span body, const char *extra_name,
                    const char *extra)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        body.n, (void *)(uintptr_t)(body.n ? body.p : ""), MHD_RESPMEM_MUST_COPY);
    if (r && extra_name)
        MHD_add_response_header(r, extra_name, extra);
    if (r)
        MHD_add_response_header(r, "Cache-Control", "no-store");
    return send_off(a, status, r, type);
}

enum MHD_Result say_json(struct ask *a, int status, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(value);
    if (!text)
        return MHD_NO;
    const enum MHD_Result result = say(a, status, "application/json", span_of(text), NULL, NULL);
    free(text);
    return result;
}

enum MHD_Result say_done(struct ask *a)
{
    return say_json(a, 200, json_pack("{s:b}", "ok", 1));
}

enum MHD_Result refuse(struct ask *a, int status, const char *sentence)
{
    return say_json(a, status, json_pack("{s:s}", "error", sentence ? sentence : "it did not work"));
}

enum MHD_Result refuse_err(struct ask *a, enum bf_err err, const char *sentence)
{
    switch (err) {
    case BF_ENOENT: return refuse(a, 404, "there is no such thing");
    case BF_EFORM:
    case BF_ELIMIT:
    case BF_EUNSUP: return refuse(a, 400, sentence);
    case BF_EINVAL:
    case BF_EAGAIN: return refuse(a, 409, sentence);
    default: return refuse(a, 500, sentence);
    }
}

/* ---- what was asked ---- */

const char *ask_query(struct ask *a, const char *name)
{
    const char *v = MHD_lookup_connection_value(a->connection, MHD_GET_ARGUMENT_KIND, name);
    return v && *v ? v : NULL;
}

const char *ask_header(struct ask *a, const char *name)
{
    return MHD_lookup_connection_value(a->connection, MHD_HEADER_KIND, name);
}

json_t *ask_json(struct ask *a)
{
    json_t *value = json_loadb(a->body ? a->body : "", a->n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

int64_t ask_id(const struct ask *a)
{
    uint64_t id = 0;
    return span_decimal(span_of(a->id), INT64_MAX, &id) ? (int64_t)id : 0;
}

const char *json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

json_t *json_of_memory(char *text, size_t n)
{
    json_t *value = text ? json_loadb(text, n, JSON_DECODE_ANY, NULL) : NULL;
    free(text);
    return value;
}

struct book *ask_book(struct ask *a)
{
    char *message = NULL;
    if (!a->book && book_open(a->console->url, DB_WRITE, &a->book, &message) != BF_OK)
        log_put(a->console->log, LOG_WARN, "desk: %s", message ? message : "the store cannot be opened");
    free(message);
    return a->book;
}

bool ask_masked(const struct ask *a)
{
    return a->role == ROLE_READ || (a->role == ROLE_DESK && a->console->masked);
}

/* ---- the page ---- */

static enum MHD_Result say_file(struct ask *a, const struct asset *file)
{
    const char *known = ask_header(a, "If-None-Match");
    const bool same = known && strcmp(known, file->etag) == 0;
    struct MHD_Response *r = MHD_create_response_from_buffer(
        same ? 0 : file->n, (void *)(uintptr_t)file->bytes, MHD_RESPMEM_MUST_COPY);
    if (r) {
        MHD_add_response_header(r, "ETag", file->etag);
        MHD_add_response_header(r, "Cache-Control", "no-cache");
    }
    return send_off(a, same ? 304 : 200, r, file->type);
}

/* Of a directory, for who works on the page. The name is one of the compiled kind: no dots but one, no way up. */
static bool is_plain(const char *path)
{
    return *path && *path != '/' && !strstr(path, "..") && !strstr(path, "//") && !strchr(path, '\\');
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = { { ".js", "text/javascript; charset=utf-8" },
                                            { ".css", "text/css; charset=utf-8" },
                                            { ".svg", "image/svg+xml" },
                                            { ".html", "text/html; charset=utf-8" },
                                            { ".json", "application/json" } };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return NULL;
}

static enum MHD_Result say_read(struct ask *a, const char *path)
{
    struct stat st;
    const char *type = is_plain(path) ? type_of(path) : NULL;
    const int dir = type ? open(a->console->assets, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const int fd = dir >= 0 ? openat(dir, path, O_RDONLY | O_CLOEXEC) : -1;
    if (dir >= 0)
        close(dir);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_BYTES) {
        if (fd >= 0)
            close(fd);
        return refuse(a, 404, "there is no such page");
    }
    return send_off(a, 200, MHD_create_response_from_fd((size_t)st.st_size, fd), type);
}

static enum MHD_Result say_page(struct ask *a, const char *path)
{
    if (!*path)
        path = "index.html";
    if (a->console->assets)
        return say_read(a, path);
    for (size_t i = 0; i < n_assets; i++)
        if (strcmp(assets[i].path, path) == 0)
            return say_file(a, &assets[i]);
    return refuse(a, 404, "there is no such page");
}

/* ---- which route ---- */

/* One `*` takes one part of the path, which is the id. */
static bool path_fits(const char *pattern, const char *path, char id[static 80])
{
    const char *star = strchr(pattern, '*');
    if (!star)
        return strcmp(pattern, path) == 0;
    const size_t front = (size_t)(star - pattern);
    if (strncmp(pattern, path, front) != 0)
        return false;
    const size_t n = strcspn(path + front, "/");
    if (n == 0 || n >= 80 || strcmp(path + front + n, star + 1) != 0)
        return false;
    memcpy(id, path + front, n);
    id[n] = '\0';
    return true;
}

static void find_route(struct ask *a, const char *method, const char *path)
{
    a->refused = 404;
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (!path_fits(routes[i].path, path, a->id))
            continue;
        a->refused = 405;
        if (strcmp(routes[i].method, method) == 0) {
            a->refused = 0;
            a->route = &routes[i];
            return;
        }
    }
}

static bool is_write(const char *method)
{
    return strcmp(method, "GET") != 0;
}

static size_t body_most(const struct ask *a)
{
    return a->route->role < 0 ? DOOR_BYTES : BODY_BYTES;
}

/* What must be so before a byte of the body is read: 0, or the status that refuses it. */
static int check(struct ask *a, const char *method)
{
    const bool known = session_open(a);
    const char *csrf = ask_header(a, "X-CSRF"), *type = ask_header(a, "Content-Type");
    const char *length = ask_header(a, "Content-Length");
    if (a->route->role >= 0 && !known)
        return 401;
    if (a->route->role >= 0 && (int)a->role < a->route->role)
        return 403;
    if (is_write(method) && a->route->role >= 0 && (!csrf || strcmp(csrf, a->csrf) != 0))
        return 403;
    if (is_write(method) && length && strcmp(length, "0") != 0 &&
        (!type || (strncmp(type, "application/json", 16) != 0 && strncmp(type, "text/vcard", 10) != 0 &&
                   strncmp(type, "text/csv", 8) != 0 && strncmp(type, "image/", 6) != 0)))
        return 415;
    uint64_t n = 0;
    return length && (!span_decimal(span_of(length), body_most(a), &n)) ? 413 : 0;
}

static enum MHD_Result say_refused(struct ask *a)
{
    bool first;
    switch (a->refused) {
    case 401:
        pthread_mutex_lock(&a->console->lock);
        first = a->console->first[0] != '\0';
        pthread_mutex_unlock(&a->console->lock);
        return say_json(a, 401, json_pack("{s:s,s:b}", "error", "nobody is logged in", "first", (int)first));
    case 403: return refuse(a, 403, "this user may not do that, or the page is out of date: load it again");
    case 405: return refuse(a, 405, "this page knows no such method");
    case 413: return refuse(a, 413, "that is too large");
    case 415: return refuse(a, 415, "say what the content is: application/json");
    default: return refuse(a, 404, "there is no such page");
    }
}

/* ---- a request ---- */

static bool take_body(struct ask *a, const char *data, size_t n)
{
    if (!a->route || n > body_most(a) - a->n)
        return false;
    if (a->n + n + 1 > a->size) {
        const size_t size = 2 * (a->n + n + 1);
        char *more = realloc(a->body, size);
        if (!more)
            return false;
        a->body = more;
        a->size = size;
    }
    memcpy(a->body + a->n, data, n);
    a->n += n;
    a->body[a->n] = '\0';
    return true;
}

static enum MHD_Result answer(struct ask *a, const char *url, const char *method)
{
    if (a->route)
        return a->refused ? say_refused(a) : a->route->answer(a);
    if (strcmp(url, "/") == 0 || strcmp(url, "/desk") == 0)
        return say(a, 302, "text/plain", SPAN(""), "Location", "/desk/");
    if (strncmp(url, "/desk/api/", 10) == 0 || strncmp(url, "/desk/", 6) != 0)
        return say_refused(a);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        a->refused = 405;
        return say_refused(a);
    }
    return say_page(a, url + 6);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    struct ask *a = *state;
    (void)version;
    if (!a) {
        a = *state = calloc(1, sizeof *a);
        if (!a)
            return MHD_NO;
        a->console = arg;
        a->connection = connection;
        if (strncmp(url, "/desk/api/", 10) == 0)
            find_route(a, method, url + 10);
        if (a->route)
            a->refused = check(a, method);
        return MHD_YES;
    }
    if (*n) {
        if (!a->refused && !take_body(a, data, *n))
            a->refused = 413;
        *n = 0;
        return MHD_YES;
    }
    return answer(a, url, method);
}

static void finish(void *arg, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    struct ask *a = *state;
    (void)arg, (void)connection, (void)why;
    if (!a)
        return;
    book_close(a->book);
    free(a->body);
    free(a);
    *state = NULL;
}

/* ---- life ---- */

static char *file_text(const char *path)
{
    FILE *f = path && *path ? fopen(path, "re") : NULL;
    char *text = f ? calloc(1, 65536) : NULL;
    if (text && fread(text, 1, 65535, f) == 0) {
        free(text);
        text = NULL;
    }
    if (f)
        fclose(f);
    return text;
}

static bool is_set(const char *text)
{
    return text && *text;
}

/* What shows chains is no reason not to start: whoever judges calls has said what is wrong with the anchors. */
static void read_trust(struct console *c, const struct console_options *o)
{
    struct trust_domain_options domains[LIMIT_TRUST_DOMAINS];
    char *message = NULL;
    const size_t n = o->n_domains < ARRAY_SIZE(domains) ? o->n_domains : ARRAY_SIZE(domains);
    c->certs_dir = is_set(o->certs_dir) ? strdup(o->certs_dir) : NULL;
    c->cache_dir = is_set(o->cache_dir) ? strdup(o->cache_dir) : NULL;
    for (size_t i = 0; i < n; i++) {
        domains[i] = o->domains[i];
        domains[i].n_crls = 0;
    }
    if (n && trust_create(domains, n, 0, clock_now(&clock_system).utc, &c->trust, &message) != BF_OK)
        c->trust = NULL;
    free(message);
}

static enum bf_err read_options(struct console *c, const struct console_options *o, char **ret_message)
{
    read_trust(c, o);
    c->recorder = o->recorder;
    c->masked = o->masked;
    c->callback = o->callback;
    c->log = o->log;
    c->url = strdup(o->url);
    c->assets = is_set(o->assets) ? strdup(o->assets) : NULL;
    c->secure = is_set(o->cert);
    if (!c->url || (is_set(o->assets) && !c->assets))
        return BF_ENOMEM;
    if (!c->secure)
        return BF_OK;
    c->cert = file_text(o->cert);
    c->key = file_text(o->key);
    if (c->cert && c->key)
        return BF_OK;
    *ret_message = strdup("desk.tls: certificate or key cannot be read");
    return BF_EFORM;
}

static enum bf_err listen_on(struct console *c, const struct sockaddr_storage *addr, char **ret_message)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                           (addr->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u) | (c->secure ? MHD_USE_TLS : 0u);
    const struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, c->cert },
                                          { MHD_OPTION_HTTPS_MEM_KEY, 0, c->key },
                                          { MHD_OPTION_END, 0, NULL } };
    c->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, handle, c, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)addr,
                         MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                         MHD_OPTION_NOTIFY_COMPLETED, finish, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)32768, MHD_OPTION_ARRAY, c->secure ? tls : tls + 2, MHD_OPTION_END);
    if (c->daemon)
        return BF_OK;
    *ret_message =
        strdup("the desk cannot listen at desk.listen: is another program there, or desk.tls no pair?");
    return BF_EIO;
}

enum bf_err console_create(const struct console_options *options, struct console **ret, char **ret_message)
{
    auto_(console_destroy) struct console *c = calloc(1, sizeof *c);
    *ret_message = NULL;
    if (!c)
        return BF_ENOMEM;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->names_lock, NULL);
    enum bf_err err = read_options(c, options, ret_message);
    if (!err)
        err = users_begin(c, ret_message);
    if (!err)
        err = follower_create(c, &c->follower);
    if (!err)
        err = listen_on(c, &options->addr, ret_message);
    if (err)
        return err;
    if (c->callback)
        callback_hears(c->callback, console_heard, c);
    char link[CONSOLE_LINK];
    console_link(c, link);
    if (c->first[0])
        log_put(c->log, LOG_WARN, "the desk has no users yet: open %s once", link);
    *ret = c, c = NULL;
    return BF_OK;
}

void console_link(struct console *c, char out[static CONSOLE_LINK])
{
    pthread_mutex_lock(&c->lock);
    snprintf(out, CONSOLE_LINK, "http%s://localhost:%u/desk/%s%s", c->secure ? "s" : "", console_port(c),
             c->first[0] ? "#first=" : "", c->first);
    pthread_mutex_unlock(&c->lock);
}

uint16_t console_port(const struct console *c)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void console_destroy(struct console *c)
{
    if (!c)
        return;
    if (c->callback)
        callback_hears(c->callback, NULL, NULL);
    follower_stop(c->follower);
    if (c->daemon)
        MHD_stop_daemon(c->daemon);
    follower_destroy(c->follower);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->names_lock);
    people_reader_destroy(c->reader);
    people_destroy(c->people);
    trust_destroy(c->trust);
    json_decref(c->own);
    free(c->certs_dir);
    free(c->cache_dir);
    free(c->cert);
    free(c->key);
    free(c->assets);
    free(c->url);
    free(c);
}
