/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench/meter.h"
#include "credential/lab.h"

#define PROGRAM  "/usr/sbin/kamailio"
#define CHILDREN 64u
#define PATH     (SCRATCH_PATH + 128)

/* ---- is it there? ---- */

/* Where Debian and Ubuntu put modules, on the machines they know; both modules come with packages of their own. */
static const char *const directories[] = { "/usr/lib/x86_64-linux-gnu/kamailio/modules",
                                           "/usr/lib/aarch64-linux-gnu/kamailio/modules" };

static bool module_there(const char *name)
{
    char path[128];
    bool there = false;
    for (size_t i = 0; !there && i < sizeof directories / sizeof directories[0]; i++) {
        snprintf(path, sizeof path, "%s/%s.so", directories[i], name);
        there = access(path, R_OK) == 0;
    }
    return there;
}

const char *peer_lacking(void)
{
    if (access(PROGRAM, X_OK) != 0)
        return "Kamailio is not installed";
    if (!module_there("secsipid"))
        return "Kamailio's module secsipid is not installed";
    return module_there("jansson") ? NULL : "Kamailio's module jansson is not installed";
}

/* ---- certificates ---- */

static bool stranger_write(const char *dir)
{
    const utc_t now = clock_now(&clock_system).utc;
    const struct lab_options options = { .not_before = now - 3600,
                                         .not_after = now + 86400,
                                         .name = "Bench" };
    struct lab *lab = NULL;
    char *message = NULL;
    const bool good = lab_create(&options, &lab) == BF_OK &&
                      lab_write(lab, dir, 1, STRANGER_URL, NULL, NULL, &message) == BF_OK;
    free(message);
    lab_destroy(lab);
    return good;
}

/* Every file of a directory under the same name in another. */
static bool link_all(const char *from, const char *to)
{
    char old[2 * PATH], new[2 * PATH];
    bool good = true;
    DIR *dir = opendir(from);
    for (struct dirent *e; dir && good && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(old, sizeof old, "%s/%s", from, e->d_name);
        snprintf(new, sizeof new, "%s/%s", to, e->d_name);
        good = link(old, new) == 0;
    }
    if (dir)
        closedir(dir);
    return dir && good;
}

bool stranger_open(const struct stage_lab *lab, struct carriers *ret)
{
    char dir[PATH], certs[PATH + 8];
    snprintf(dir, sizeof dir, "%s/stranger", lab->dir);
    snprintf(certs, sizeof certs, "%s/certs", dir);
    if (stranger_write(dir) && link_all(certs, lab->certs) && carriers_open(dir, STRANGER_URL, 1, ret))
        return true;
    fprintf(stderr, "another lab cannot be made\n");
    return false;
}

/*
 * secsipid keeps https://lab.example/0001.pem as https_lab.example_0001.pem. Links to the files of the lab: both servers
 * read the same bytes.
 */
static bool cache_put(const char *cache, const char *lab, const struct carriers *carriers)
{
    bool good = true;
    for (size_t i = 0; good && i < carriers->n; i++) {
        const char *x5u = carriers->all[i].x5u, *name = strrchr(x5u, '/') + 1;
        char from[2 * PATH], to[2 * PATH];
        const size_t spc = strlen(name) - strlen(".pem");
        snprintf(from, sizeof from, "%s/carriers/%.*s/chain.pem", lab, (int)spc, name);
        const int at = snprintf(to, sizeof to, "%s/https_", cache);
        snprintf(to + at, sizeof to - (size_t)at, "%s", x5u + strlen("https://"));
        for (char *slash = to + at; (slash = strchr(slash, '/'));)
            *slash = '_';
        good = link(from, to) == 0;
    }
    return good;
}

static bool caches_put(const struct stage_lab *lab, const struct carriers *stranger, const char *cache)
{
    char first[PATH], other[PATH];
    snprintf(first, sizeof first, "%s/lab", lab->dir);
    snprintf(other, sizeof other, "%s/stranger", lab->dir);
    return mkdir(cache, 0700) == 0 && cache_put(cache, first, &lab->carriers) &&
           cache_put(cache, other, stranger);
}

/* ---- the server ---- */

/* A port nobody has: asked for, and given back. */
static bool free_port(struct sockaddr_in *ret)
{
    socklen_t n = sizeof *ret;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const bool good = fd >= 0 && bind(fd, (const struct sockaddr *)ret, sizeof *ret) == 0 &&
                      getsockname(fd, (struct sockaddr *)ret, &n) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* In the child: everything is told on the command line, so that the configuration can be read as it stands. */
static _Noreturn void become(const char *config, const struct stage_lab *lab, const struct peer *p,
                             pid_t parent)
{
    char at[64], cache[PATH], root[PATH], log[PATH];
    const char *const argv[] = { "kamailio", "-DD", "-E", "-f", config, "-Y", lab->dir, "-w",
                                 lab->dir,   "-A",  at,   "-A", cache,  "-A", root,     NULL };
    sigset_t none;
    snprintf(at, sizeof at, "LISTEN=udp:127.0.0.1:%u", ntohs(p->at.sin_port));
    snprintf(cache, sizeof cache, "CACHE=\"%s/peer\"", lab->dir);
    snprintf(root, sizeof root, "ROOT=\"CertCAFile=%s\"", lab->root);
    snprintf(log, sizeof log, "%s/peer.log", lab->dir);
    const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* which it passes on to its children */
    if (getppid() == parent && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
        execv(PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Dead ones stay there to be waited for, once. */
static bool lives(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static bool answers_options(const struct peer *p)
{
    static const char options[] =
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-up;rport\r\n"
        "Max-Forwards: 1\r\nFrom: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
        "Call-ID: up@127.0.0.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    bool good = false;
    for (int tries = 0; fd >= 0 && !good && tries < 250 && lives(p->pid); tries++) {
        char answer[2048];
        if (connect(fd, (const struct sockaddr *)&p->at, sizeof p->at) != 0 ||
            send(fd, options, sizeof options - 1, 0) < 0 || poll(&wait, 1, 20) < 0)
            break;
        good = recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 11 && memcmp(answer, "SIP/2.0 200", 11) == 0;
        if (!good)
            poll(NULL, 0, 20);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

static void tell_log(const struct stage_lab *lab)
{
    char path[PATH], line[512];
    snprintf(path, sizeof path, "%s/peer.log", lab->dir);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file)
        fclose(file);
}

bool peer_open(const char *config, const struct stage_lab *lab, const struct carriers *stranger, int cpu,
               struct peer *ret)
{
    char cache[PATH];
    const pid_t parent = getpid();
    *ret = (struct peer){ 0 };
    snprintf(cache, sizeof cache, "%s/peer", lab->dir);
    if (!caches_put(lab, stranger, cache) || !free_port(&ret->at)) {
        fprintf(stderr, "the peer's certificates cannot be laid out\n");
        return false;
    }
    cpu_pin(cpu); /* its processes inherit it */
    ret->pid = fork();
    if (ret->pid == 0)
        become(config, lab, ret, parent);
    cpu_pin(-1);
    if (ret->pid > 0 && answers_options(ret))
        return true;
    fprintf(stderr, "the peer does not answer\n");
    tell_log(lab);
    peer_close(ret);
    return false;
}

/* Living children of a process, at most n. */
static size_t children_of(pid_t pid, pid_t *ret, size_t n)
{
    char path[64];
    size_t found = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "r");
    while (file && found < n && fscanf(file, "%d", &ret[found]) == 1)
        found++;
    if (file)
        fclose(file);
    return found;
}

int64_t tree_cpu_ns(pid_t pid)
{
    pid_t children[CHILDREN];
    const size_t n = children_of(pid, children, CHILDREN);
    int64_t ns = cpu_ns(pid);
    for (size_t i = 0; i < n; i++)
        ns += tree_cpu_ns(children[i]);
    return ns;
}

/* Its processes are children of the first, and one that hangs would stay when only the first is ended. */
void peer_close(struct peer *p)
{
    pid_t children[CHILDREN];
    int waited = 0;
    if (p->pid <= 0)
        return;
    const size_t n = children_of(p->pid, children, CHILDREN);
    kill(p->pid, SIGTERM);
    while (waited++ < 300 && waitpid(p->pid, NULL, WNOHANG) == 0)
        poll(NULL, 0, 10);
    if (waited > 300) {
        for (size_t i = 0; i < n; i++)
            kill(children[i], SIGKILL);
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    *p = (struct peer){ 0 };
}
