/* SPDX-License-Identifier: Apache-2.0 */
/* A lab as a directory: every file by its relative name, so that nothing is written outside of it. */
#include "credential/lab_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"

struct writer {
    struct lab *lab;
    const char *dir, *url_prefix;
    int fd;      /* the directory */
    FILE *index; /* lab.json */
    char **ret_message;
};

static enum bf_err say(char **ret_message, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err say(char **ret_message, enum bf_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (ret_message && !*ret_message && vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

static enum bf_err failed(struct writer *w, const char *name)
{
    return say(w->ret_message, BF_EIO, "%s/%s: cannot be written: %s", w->dir, name, strerror(errno));
}

/* ---- the directory ---- */

static bool is_empty(int fd)
{
    bool empty = true;
    const int copy = dup(fd);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir)
        return false;
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            empty = false;
    closedir(dir);
    return empty;
}

static enum bf_err open_directory(struct writer *w)
{
    if (mkdir(w->dir, 0700) != 0 && errno != EEXIST)
        return say(w->ret_message, BF_EIO, "%s: cannot be made: %s", w->dir, strerror(errno));
    w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->fd < 0)
        return say(w->ret_message, BF_EIO, "%s: %s", w->dir, strerror(errno));
    if (!is_empty(w->fd))
        return say(w->ret_message, BF_EIO, "%s: is not empty, so it is left alone", w->dir);
    if (mkdirat(w->fd, "carriers", 0700) != 0 || mkdirat(w->fd, "certs", 0700) != 0)
        return failed(w, "carriers");
    return BF_OK;
}

static FILE *create(struct writer *w, const char *name, mode_t mode)
{
    const int fd = openat(w->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

/* Frees text; NULL means that it could not be made. */
static enum bf_err write_text(struct writer *w, const char *name, mode_t mode, char *text)
{
    if (!text)
        return BF_ENOMEM;
    FILE *file = create(w, name, mode);
    const bool whole = file && fputs(text, file) >= 0;
    const bool closed = file && fclose(file) == 0;
    free(text);
    return whole && closed ? BF_OK : failed(w, name);
}

/* ---- a carrier ---- */

/* 1 is "0001", 46655 "0ZZZ"; SPCs are upper case (CPF-014). */
static void spc_text(size_t n, char out[static 14])
{
    char digits[14];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    while (n > 0 || at > sizeof digits - 5) {
        digits[--at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36];
        n /= 36;
    }
    memcpy(out, digits + at, sizeof digits - at);
}

/* `certs/<lower-case hex SHA-256 of the URL>.pem`: what --certs looks for. */
static enum bf_err repository_name(const char *url, char out[static 80])
{
    uint8_t digest[SHA256_BYTES];
    struct buf name = buf_on(out, 80);
    enum bf_err err = sha256_once(span_of(url), digest);
    buf_text(&name, "certs/");
    buf_hex(&name, digest, sizeof digest);
    buf_text(&name, ".pem");
    buf_char(&name, '\0');
    return err;
}

static enum bf_err index_carrier(struct writer *w, const char *spc, const char *url, bool first)
{
    char memory[8192];
    struct buf b = BUF_ON(memory);
    buf_printf(
        &b,
        "%s\n  {\"spc\":\"%s\",\"key\":\"carriers/%s/key.pem\",\"chain\":\"carriers/%s/chain.pem\",\"x5u\":",
        first ? "" : ",", spc, spc, spc);
    buf_json_string(&b, span_of(url));
    buf_text(&b, "}");
    if (!buf_ok(&b))
        return BF_ELIMIT;
    return fwrite(b.p, 1, b.n, w->index) == b.n ? BF_OK : failed(w, "lab.json");
}

static enum bf_err write_carrier_files(struct writer *w, const char *spc, const char *url,
                                       const struct lab_carrier *carrier)
{
    char name[80];
    snprintf(name, sizeof name, "carriers/%s", spc);
    if (mkdirat(w->fd, name, 0700) != 0)
        return failed(w, name);
    snprintf(name, sizeof name, "carriers/%s/key.pem", spc);
    enum bf_err err = write_text(w, name, 0600, lab_key_pem(carrier));
    snprintf(name, sizeof name, "carriers/%s/chain.pem", spc);
    if (!err)
        err = write_text(w, name, 0644, lab_chain_pem(w->lab, carrier));
    if (!err)
        err = repository_name(url, name);
    if (!err)
        err = write_text(w, name, 0644, lab_chain_pem(w->lab, carrier));
    return err;
}

static enum bf_err write_carrier(struct writer *w, size_t n)
{
    char spc[14], *url = NULL;
    struct lab_carrier carrier;
    spc_text(n, spc);
    const struct lab_carrier_options options = { .spc = spc };
    enum bf_err err = lab_carrier(w->lab, &options, &carrier);
    if (err)
        return err;
    if (asprintf(&url, "%s%s.pem", w->url_prefix, spc) < 0) {
        url = NULL;
        err = BF_ENOMEM;
    }
    if (!err)
        err = write_carrier_files(w, spc, url, &carrier);
    if (!err)
        err = index_carrier(w, spc, url, n == 1);
    free(url);
    lab_carrier_clear(&carrier);
    return err;
}

/* ---- the whole ---- */

static enum bf_err begin_index(struct writer *w)
{
    char from[21], to[21];
    w->index = create(w, "lab.json", 0644);
    if (!w->index ||
        fprintf(w->index,
                "{\"root\":\"root.pem\",\"intermediate\":\"intermediate.pem\",\"certs\":\"certs\",\n"
                " \"not_before\":\"%s\",\"not_after\":\"%s\",\n \"carriers\":[",
                utc_text(lab_not_before(w->lab), from), utc_text(lab_not_after(w->lab), to)) < 0)
        return failed(w, "lab.json");
    return BF_OK;
}

static enum bf_err end_index(struct writer *w)
{
    const bool written = fputs("]}\n", w->index) >= 0;
    const bool closed = fclose(w->index) == 0;
    w->index = NULL;
    return written && closed ? BF_OK : failed(w, "lab.json");
}

static enum bf_err write_all(struct writer *w, size_t n, void (*progress)(void *, size_t, size_t), void *arg)
{
    enum bf_err err = open_directory(w);
    if (!err)
        err = write_text(w, "root.pem", 0644, lab_root_pem(w->lab));
    if (!err)
        err = write_text(w, "intermediate.pem", 0644, lab_intermediate_pem(w->lab));
    if (!err)
        err = begin_index(w);
    for (size_t i = 1; i <= n && !err; i++) {
        err = write_carrier(w, i);
        if (!err && progress)
            progress(arg, i, n);
    }
    return err ? err : end_index(w);
}

enum bf_err lab_write(struct lab *lab, const char *dir, size_t n, const char *url_prefix,
                      void (*progress)(void *arg, size_t done, size_t all), void *arg, char **ret_message)
{
    struct writer w = {
        .lab = lab, .dir = dir, .url_prefix = url_prefix, .fd = -1, .ret_message = ret_message
    };
    if (ret_message)
        *ret_message = NULL;
    enum bf_err err = write_all(&w, n, progress, arg);
    if (w.index)
        fclose(w.index);
    if (w.fd >= 0)
        close(w.fd);
    if (err && ret_message && !*ret_message)
        return say(ret_message, err, "%s: %s", dir, bf_err_text(err));
    return err;
}
