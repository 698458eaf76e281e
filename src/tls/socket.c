/* SPDX-License-Identifier: Apache-2.0 */
/* A socket as OpenSSL's BIO_s_socket, but that writing to a peer who has hung up is an error and no SIGPIPE. */
#include "tls/inside.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static int fd_of(BIO *b)
{
    return (int)(intptr_t)BIO_get_data(b);
}

static bool comes_later(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static int put(BIO *b, const char *bytes, size_t n, size_t *ret_n)
{
    const ssize_t sent = send(fd_of(b), bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    BIO_clear_retry_flags(b);
    if (comes_later(sent))
        BIO_set_retry_write(b);
    *ret_n = sent > 0 ? (size_t)sent : 0;
    return sent > 0;
}

static int get(BIO *b, char *out, size_t n, size_t *ret_n)
{
    const ssize_t got = recv(fd_of(b), out, n, MSG_DONTWAIT);
    BIO_clear_retry_flags(b);
    if (comes_later(got))
        BIO_set_retry_read(b);
    else if (got == 0)
        BIO_set_flags(b, BIO_FLAGS_IN_EOF);
    *ret_n = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static long control(BIO *b, int what, long number, void *pointer)
{
    (void)number, (void)pointer;
    switch (what) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
    }
}

BIO_METHOD *tls_socket(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    if (!m || BIO_meth_set_write_ex(m, put) != 1 || BIO_meth_set_read_ex(m, get) != 1 ||
        BIO_meth_set_ctrl(m, control) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}
