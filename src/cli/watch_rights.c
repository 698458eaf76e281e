/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rights that opening a device needs and reading its packets does not. What is read afterwards was written by strangers.
 * A program with file capabilities gives them back at once, before it has any thread; root becomes somebody else once
 * what only root may read (configuration, keys of the store) has been read.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/watch.h"

bool watch_drop_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };
    if (geteuid() == 0)
        return true;
    if (syscall(SYS_capset, &head, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return true;
    command_fail("watch", 0, "capabilities cannot be given back: %s.", strerror(errno));
    return false;
}

/* A number that sudo left in the environment. */
static bool number_of(const char *name, unsigned *ret)
{
    uint64_t value;
    const char *text = getenv(name);
    if (!text || !span_decimal(span_of(text), UINT32_MAX - 1, &value) || value == 0)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool become(uid_t uid, gid_t gid)
{
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool watch_drop_root(const char *user)
{
    unsigned uid, gid;
    if (geteuid() != 0 || (user && strcmp(user, "root") == 0))
        return true;
    const struct passwd *p = NULL;
    if (user || !number_of("SUDO_UID", &uid) || !number_of("SUDO_GID", &gid)) {
        p = getpwnam(user ? user : "nobody");
        if (!p) {
            command_fail("watch", 0, "there is no user '%.64s'. Name one with --user.",
                         user ? user : "nobody");
            return false;
        }
        uid = p->pw_uid;
        gid = p->pw_gid;
    }
    if (become(uid, gid))
        return true;
    command_fail("watch", 0, "root's rights cannot be given back: %s. To keep them write --user root.",
                 strerror(errno));
    return false;
}
