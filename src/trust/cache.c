/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     bonafide-chain 1
 *     url https://cert.example/1234.pem
 *     fetched 1443208345
 *     until 1443294745
 *
 *     -----BEGIN CERTIFICATE----- …
 */
#include "trust/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "trust/domain.h"

#define PATH_SIZE   4352u
#define HEADER_SIZE (LIMIT_X5U + 128u)
#define FIRST_LINE  "bonafide-chain 1"

static bool path_of(const char *dir, struct span url, const char *ending, char out[static PATH_SIZE])
{
    uint8_t digest[SHA256_BYTES];
    struct buf path = buf_on(out, PATH_SIZE);
    if (sha256_once(url, digest) != BF_OK)
        return false;
    buf_text(&path, dir);
    buf_char(&path, '/');
    buf_hex(&path, digest, sizeof digest);
    buf_text(&path, ending);
    buf_char(&path, '\0');
    return buf_ok(&path);
}

enum bf_err cache_read_given(const char *dir, struct span url, struct cached *ret)
{
    char path[PATH_SIZE];
    struct cached c = { NULL, 0, 0, 0 };
    if (!path_of(dir, url, ".pem", path))
        return BF_EIO;
    enum bf_err err = file_read(path, LIMIT_CHAIN_BYTES, &c.body, &c.n);
    if (err)
        return err == BF_EIO && errno == ENOENT ? BF_ENOENT : err;
    *ret = c;
    return BF_OK;
}

/* ---- the header ---- */

/* Cuts the first line off *rest. */
static struct span take_line(struct span *rest)
{
    const size_t n = span_find(*rest, '\n');
    const struct span line = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    return line;
}

/* The value of a line `name value`; SPAN_NONE when it is another line. */
static struct span take_field(struct span *rest, struct span name)
{
    const struct span line = take_line(rest);
    return span_starts(line, name) ? span_from(line, name.n) : SPAN_NONE;
}

static bool take_time(struct span *rest, struct span name, utc_t *ret)
{
    uint64_t value;
    const struct span text = take_field(rest, name);
    if (!text.p || !span_decimal(text, INT64_MAX, &value))
        return false;
    *ret = (utc_t)value;
    return true;
}

/* false: not a file of ours. On true *ret_body is what stands behind the header. */
static bool read_header(struct span file, struct span *ret_url, struct cached *ret, struct span *ret_body)
{
    struct span rest = file;
    if (!span_equal(take_line(&rest), SPAN(FIRST_LINE)))
        return false;
    *ret_url = take_field(&rest, SPAN("url "));
    if (!ret_url->p || !take_time(&rest, SPAN("fetched "), &ret->fetched) ||
        !take_time(&rest, SPAN("until "), &ret->until) || take_line(&rest).n != 0)
        return false;
    *ret_body = rest;
    return true;
}

/* ---- one file ---- */

static enum bf_err cut_body(char *bytes, size_t n, struct span url, struct cached *ret)
{
    struct span found, body;
    struct cached c = { NULL, 0, 0, 0 };
    if (!read_header(span_make(bytes, n), &found, &c, &body) || !span_equal(found, url))
        return BF_ENOENT;
    memmove(bytes, body.p, body.n);
    c.body = bytes;
    c.n = body.n;
    *ret = c;
    return BF_OK;
}

/* *ret_read: there is a file, whatever stands in it. */
static enum bf_err look_at(const char *path, struct span url, struct cached *ret, bool *ret_read)
{
    char *bytes = NULL;
    size_t n = 0;
    enum bf_err err = file_read(path, LIMIT_CHAIN_BYTES + HEADER_SIZE, &bytes, &n);
    *ret_read = err == BF_OK;
    if (err)
        return err == BF_EIO && errno == ENOENT ? BF_ENOENT : err;
    err = cut_body(bytes, n, url, ret);
    if (err)
        free(bytes);
    return err;
}

enum bf_err cache_look(const char *dir, struct span url, struct cached *ret)
{
    char path[PATH_SIZE];
    bool is_read;
    return path_of(dir, url, ".pem", path) ? look_at(path, url, ret, &is_read) : BF_EIO;
}

enum bf_err cache_read(const char *dir, struct span url, utc_t now, struct cached *ret)
{
    char path[PATH_SIZE];
    bool is_read;
    struct cached c;
    if (!path_of(dir, url, ".pem", path))
        return BF_EIO;
    enum bf_err err = look_at(path, url, &c, &is_read);
    if (!err && (c.until <= now || c.fetched > now)) {
        free(c.body);
        err = BF_ENOENT;
    }
    if (err == BF_ENOENT && is_read)
        unlink(path);
    if (!err)
        *ret = c;
    return err;
}

static bool write_whole(const char *path, struct span header, struct span body)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    const bool written =
        fwrite(header.p, 1, header.n, file) == header.n && fwrite(body.p, 1, body.n, file) == body.n;
    return (fclose(file) == 0) && written;
}

enum bf_err cache_write(const char *dir, struct span url, const struct cached *what)
{
    char path[PATH_SIZE], aside[PATH_SIZE], memory[HEADER_SIZE];
    struct buf header = BUF_ON(memory);
    buf_printf(&header, "%s\nurl %.*s\nfetched %lld\nuntil %lld\n\n", FIRST_LINE, SPAN_FMT(url),
               (long long)what->fetched, (long long)what->until);
    if (!buf_ok(&header) || span_find(url, '\n') < url.n || !path_of(dir, url, ".pem", path) ||
        !path_of(dir, url, ".part", aside))
        return BF_EIO;
    if (write_whole(aside, buf_span(&header), span_make(what->body, what->n)) && rename(aside, path) == 0)
        return BF_OK;
    unlink(aside);
    return BF_EIO;
}

void cache_remove(const char *dir, struct span url)
{
    char path[PATH_SIZE];
    if (path_of(dir, url, ".pem", path))
        unlink(path);
}

/* ---- the directory ---- */

static bool is_past(const char *path, utc_t now)
{
    char bytes[HEADER_SIZE];
    struct span url, body;
    struct cached c = { NULL, 0, 0, 0 };
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return !read_header(span_make(bytes, n), &url, &c, &body) || c.until <= now;
}

static bool is_ours(const char *name, const char *ending)
{
    return strlen(name) == 64 + strlen(ending) && strspn(name, "0123456789abcdef") == 64 &&
           strcmp(name + 64, ending) == 0;
}

enum bf_err cache_prepare(const char *dir, utc_t now, size_t max)
{
    char path[PATH_SIZE];
    size_t kept = 0;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return BF_EIO;
    DIR *all = opendir(dir);
    if (!all)
        return BF_EIO;
    for (struct dirent *e; (e = readdir(all));) {
        const bool part = is_ours(e->d_name, ".part");
        if (!part && !is_ours(e->d_name, ".pem"))
            continue; /* what others put there is theirs */
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (part || kept >= max || is_past(path, now))
            unlink(path);
        else
            kept++;
    }
    closedir(all);
    return BF_OK;
}
