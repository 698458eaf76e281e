/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum bf_err say(enum bf_err err, const char *why, const char **ret_why)
{
    *ret_why = why;
    return err;
}

static enum bf_err is_ours(int fd, const char **ret_why)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return say(BF_EIO, "it cannot be read", ret_why);
    if (!S_ISREG(st.st_mode))
        return say(BF_EDENIED, "this is no plain file", ret_why);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return say(BF_EDENIED, "it belongs to somebody else: chown it to who runs this", ret_why);
    if (st.st_mode & 077)
        return say(BF_EDENIED, "others may read this password: chmod 600", ret_why);
    return BF_OK;
}

static enum bf_err line_read(int fd, char *line, const char **ret_why)
{
    size_t n = 0;
    for (ssize_t got = 1; n < PASSWORD_MOST && got > 0; n += (size_t)got) {
        got = read(fd, line + n, PASSWORD_MOST - n);
        if (got < 0 && errno == EINTR)
            got = 0;
        if (got < 0)
            return say(BF_EIO, "it cannot be read", ret_why);
    }
    const size_t end = strcspn(line, "\r\n");
    if (end >= PASSWORD_MOST)
        return say(BF_EFORM, "its first line is longer than a password may be", ret_why);
    if (end == 0)
        return say(BF_EFORM, "its first line is empty: write the password there", ret_why);
    explicit_bzero(line + end, PASSWORD_MOST - end);
    return BF_OK;
}

enum bf_err password_read(const char *path, char **ret, const char **ret_why)
{
    auto_(password_forget) char *line = calloc(1, PASSWORD_MOST + 1);
    *ret_why = "no memory";
    if (!line)
        return BF_ENOMEM;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return say(BF_EIO, errno == ENOENT ? "it is not there" : "it cannot be read", ret_why);
    enum bf_err err = is_ours(fd, ret_why);
    if (!err)
        err = line_read(fd, line, ret_why);
    close(fd);
    if (err)
        return err;
    *ret = line;
    line = NULL;
    return BF_OK;
}

void password_forget(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
}
