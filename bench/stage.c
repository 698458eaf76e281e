/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "credential/lab.h"

#define FIRST "0001" /* the first carrier */

static bool lab_put(const char *dir, const char *name, size_t carriers, const char *url)
{
    const utc_t now = clock_now(&clock_system).utc;
    const struct lab_options options = { .not_before = now - 3600,
                                         .not_after = now + 86400,
                                         .name = "Bench" };
    struct lab *lab = NULL;
    char path[300], *message = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    const bool good = lab_create(&options, &lab) == BF_OK &&
                      lab_write(lab, path, carriers, url, NULL, NULL, &message) == BF_OK;
    if (!good)
        fprintf(stderr, "no lab: %s\n", message ? message : "it could not be made");
    free(message);
    lab_destroy(lab);
    return good;
}

bool stage_port(struct sockaddr_in *ret)
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

static bool config_put(const struct stage *s, const char *store)
{
    char path[300];
    snprintf(path, sizeof path, "%s/bonafide.yaml", s->dir);
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file,
            "sip:\n  listen: [udp:127.0.0.1:%u, {on: udp:127.0.0.1:%u, role: sign}]\n  workers: 1\n"
            "sign:\n  - {numbers: [\"+1215\"], attest: A, for: [127.0.0.0/8], key: %s/lab/carriers/" FIRST
            "/key.pem, x5u: \"" STAGE_URL FIRST ".pem\"}\n"
            "trust:\n  domains:\n    - {name: lab, anchors: [%s/lab/root.pem], numbers: [\"+\"], lab: true}\n"
            "x5u:\n  certs_dir: %s/lab/certs\n  cache_dir: %s/cache\n"
            "http:\n  listen: \"\"\n"
            "store:\n  %s\n"
            "log:\n  verdicts: false\n",
            ntohs(s->at.sin_port), ntohs(s->sign_at.sin_port), s->dir, s->dir, s->dir, s->dir, store);
    return fclose(file) == 0;
}

static bool spawn_server(const char *program, struct stage *s)
{
    char path[300], log[300];
    char *const argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "serve",
                           (char *)(uintptr_t) "--config", path, NULL };
    posix_spawn_file_actions_t actions;
    snprintf(path, sizeof path, "%s/bonafide.yaml", s->dir);
    snprintf(log, sizeof log, "%s/log", s->dir);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    setenv("STATE_DIRECTORY", s->dir, 1);
    const int failed = posix_spawn(&s->server, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0;
}

bool stage_answers(pid_t pid, const struct sockaddr_in *at)
{
    static const char options[] =
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-up;rport\r\n"
        "Max-Forwards: 1\r\nFrom: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
        "Call-ID: up@127.0.0.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    bool good = false;
    for (int tries = 0; !good && tries < 100 && waitpid(pid, NULL, WNOHANG) == 0; tries++) {
        char answer[2048];
        if (connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 ||
            send(fd, options, sizeof options - 1, 0) < 0 || poll(&wait, 1, 100) < 0)
            break;
        good = recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 11 && memcmp(answer, "SIP/2.0 200", 11) == 0;
        if (!good) /* not bound yet: the kernel says so at once */
            poll(NULL, 0, 100);
    }
    close(fd);
    return good;
}

void stage_tell_log(const struct stage *s)
{
    char path[300], line[512];
    snprintf(path, sizeof path, "%s/log", s->dir);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file)
        fclose(file);
}

static bool make_dir(size_t carriers, struct stage *ret)
{
    const char *base = getenv("TMPDIR");
    *ret = (struct stage){ .n_carriers = carriers };
    snprintf(ret->dir, sizeof ret->dir, "%s/bonafide-bench-XXXXXX", base && *base ? base : P_tmpdir);
    if (mkdtemp(ret->dir))
        return true;
    fprintf(stderr, "no directory can be made; set TMPDIR\n");
    return false;
}

bool stage_lab(size_t carriers, struct stage *ret)
{
    if (!make_dir(carriers, ret))
        return false;
    if (lab_put(ret->dir, "lab", carriers, STAGE_URL))
        return true;
    stage_close(ret);
    return false;
}

bool stage_open(const char *program, const char *store, size_t carriers, struct stage *ret)
{
    if (!make_dir(carriers, ret))
        return false;
    if (lab_put(ret->dir, "lab", carriers, STAGE_URL) && stage_port(&ret->at) && stage_port(&ret->sign_at) &&
        config_put(ret, store) && spawn_server(program, ret) && stage_answers(ret->server, &ret->at))
        return true;
    fprintf(stderr, "the server does not answer\n");
    stage_tell_log(ret);
    stage_close(ret);
    return false;
}

void stage_spc(size_t i, char ret[static STAGE_SPC])
{
    size_t n = i + 1;
    for (int at = 3; at >= 0; at--, n /= 36)
        ret[at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36];
    ret[4] = '\0';
}

/* Its chain lies where the server looks first, as if it had been fetched. */
bool stage_stranger(const struct stage *s)
{
    char from[600], to[600];
    struct dirent *e = NULL;
    if (!lab_put(s->dir, "stranger", 1, STAGE_STRANGER_URL))
        return false;
    snprintf(from, sizeof from, "%s/stranger/certs", s->dir);
    DIR *dir = opendir(from);
    while (dir && (e = readdir(dir)) && e->d_name[0] == '.') {
    }
    if (e) {
        snprintf(from, sizeof from, "%s/stranger/certs/%s", s->dir, e->d_name);
        snprintf(to, sizeof to, "%s/lab/certs/%s", s->dir, e->d_name);
    }
    const bool good = e && link(from, to) == 0;
    if (dir)
        closedir(dir);
    return good;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

void stage_close(struct stage *s)
{
    if (s->server > 0) {
        kill(s->server, SIGTERM);
        waitpid(s->server, NULL, 0);
    }
    nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    *s = (struct stage){ 0 };
}

long resident_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb;
}
