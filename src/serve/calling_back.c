/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/calling_back.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "numbers/plan.h"
#include "serve/server.h"

#define SECRET 256u /* bytes of a password */

static enum bf_err say(char **ret_message, enum bf_err err, const char *file, const char *why)
{
    if (asprintf(ret_message, "callback.password_file: %s: %s", file, why) < 0)
        *ret_message = NULL;
    return err;
}

/* A password, without the line's end; readable by nobody else. */
static enum bf_err read_password(const char *path, char out[static SECRET], char **ret_message)
{
    struct stat st;
    char text[SECRET];
    out[0] = '\0';
    if (!path || !*path)
        return BF_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return say(ret_message, BF_EIO, path, strerror(errno));
    const bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const bool private = regular && !(st.st_mode & 077);
    const ssize_t n = private ? read(fd, text, sizeof text) : -1;
    close(fd);
    if (!regular)
        return say(ret_message, BF_EIO, path, "no regular file");
    if (!private)
        return say(ret_message, BF_EDENIED, path, "others may read this password: chmod 600");
    const struct span password = span_trim(span_make(text, n > 0 ? (size_t)n : 0));
    if (password.n == 0 || n == sizeof text || memchr(password.p, '\0', password.n))
        return say(ret_message, BF_EFORM, path, "a password has from 1 to 255 characters");
    memcpy(out, password.p, password.n);
    out[password.n] = '\0';
    OPENSSL_cleanse(text, sizeof text);
    return BF_OK;
}

/* On the callbacks' thread: the next hop of the moment. */
static bool where(void *arg, struct callback_target *ret)
{
    static const enum callback_transport transports[] = { CALLBACK_UDP, CALLBACK_TCP, CALLBACK_TLS };
    struct server *s = arg;
    struct hop_target targets[HOPS_MAX];
    const size_t n = hops_targets(s->hops, targets);
    const unsigned i = hops_choose(s->hops);
    if (i >= n || !targets[i].known)
        return false;
    *ret = (struct callback_target){ .transport = transports[targets[i].transport],
                                     .addr = targets[i].addr,
                                     .n = targets[i].n };
    memcpy(ret->name, targets[i].name, sizeof ret->name);
    return true;
}

/* As the next hop of the moment writes it; a number that is none, as it stands. */
static void write_number(void *arg, const char *number, struct buf *out)
{
    const struct server *s = arg;
    struct number read;
    const unsigned hop = hops_choose(s->hops);
    const struct config_format *format = hop < s->calling_back.n ? &s->calling_back.formats[hop] : NULL;
    if (format && format->written && number_of_text(span_of(number), NULL, &read, NULL) == BF_OK)
        number_write(&format->how, &read, out);
    else
        buf_text(out, number);
}

enum bf_err calling_back_create(struct server *s, const struct config *c, char **ret_message)
{
    static const enum callback_mode modes[] = { CALLBACK_3PCC, CALLBACK_3PCC, CALLBACK_REFER, CALLBACK_URL };
    char password[SECRET];
    struct tls_context *tls = NULL;
    struct calling_back *b = &s->calling_back;
    if (c->callback.mode == CALL_BACK_OFF)
        return BF_OK;
    for (; b->n < c->sip.n_next_hop && b->n < ARRAY_SIZE(b->formats); b->n++)
        b->formats[b->n] = c->sip.hops[b->n].format;
    enum bf_err err = read_password(c->callback.password_file, password, ret_message);
    if (!err)
        err = snapshot_tls_out(c, &tls, ret_message);
    const struct callback_options options = { .mode = modes[c->callback.mode],
                                              .from = c->callback.from,
                                              .user = c->callback.user,
                                              .password = password,
                                              .url = c->callback.url,
                                              .ring_s = c->callback.ring_s,
                                              .limit_s = c->callback.limit_s,
                                              .where = where,
                                              .written = write_number,
                                              .arg = s,
                                              .tls = tls,
                                              .log = s->log };
    if (!err)
        err = callback_create(&options, &b->callback, ret_message);
    OPENSSL_cleanse(password, sizeof password);
    return err;
}

void calling_back_destroy(struct server *s)
{
    callback_destroy(s->calling_back.callback);
    s->calling_back.callback = NULL;
}
