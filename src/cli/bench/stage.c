/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/stage.h"

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

#include "base/clock.h"
#include "cli/bench/meter.h"
#include "credential/lab.h"

#define FIRST "0001" /* the first carrier */

/* ---- the lab ---- */

static bool lab_put(const char *dir, size_t carriers)
{
    const utc_t now = clock_now(&clock_system).utc;
    const struct lab_options options = { .not_before = now - 3600,
                                         .not_after = now + 86400,
                                         .name = "Bench" };
    struct lab *lab = NULL;
    char path[SCRATCH_PATH + 8], *message = NULL;
    snprintf(path, sizeof path, "%s/lab", dir);
    const bool good = lab_create(&options, &lab) == BF_OK &&
                      lab_write(lab, path, carriers, STAGE_URL, NULL, NULL, &message) == BF_OK;
    if (!good)
        fprintf(stderr, "no lab: %s\n", message ? message : "it could not be made");
    free(message);
    lab_destroy(lab);
    return good;
}

bool stage_lab_open(size_t carriers, struct stage_lab *ret)
{
    char path[SCRATCH_PATH + 8];
    *ret = (struct stage_lab){ .carriers = { 0 } };
    if (!scratch_create("bench", ret->dir)) {
        fprintf(stderr, "no directory can be made; set TMPDIR\n");
        return false;
    }
    snprintf(path, sizeof path, "%s/lab", ret->dir);
    snprintf(ret->root, sizeof ret->root, "%s/root.pem", path);
    snprintf(ret->certs, sizeof ret->certs, "%s/certs", path);
    if (lab_put(ret->dir, carriers) && carriers_open(path, STAGE_URL, carriers, &ret->carriers))
        return true;
    stage_lab_close(ret);
    return false;
}

void stage_lab_close(struct stage_lab *lab)
{
    carriers_close(&lab->carriers);
    scratch_remove(lab->dir);
    *lab = (struct stage_lab){ .carriers = { 0 } };
}

/* ---- the server ---- */

/* Ports nobody has: asked for, and given back. */
static bool free_port(int kind, struct sockaddr_in *ret)
{
    socklen_t n = sizeof *ret;
    const int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const bool good = fd >= 0 && bind(fd, (const struct sockaddr *)ret, sizeof *ret) == 0 &&
                      getsockname(fd, (struct sockaddr *)ret, &n) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool config_put(const struct stage *s, const struct stage_options *o, const char *dir)
{
    char path[SCRATCH_PATH + 64], http[32] = "";
    const struct stage_lab *lab = s->lab;
    snprintf(path, sizeof path, "%s/bonafide.yaml", dir);
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    if (o->metrics)
        snprintf(http, sizeof http, "127.0.0.1:%u", ntohs(s->http_at.sin_port));
    fprintf(file,
            "sip:\n  listen: [\"udp:127.0.0.1:%u\", {on: \"udp:127.0.0.1:%u\", role: sign}]\n  workers: %u\n"
            "sign:\n  - {numbers: [\"+1215\"], attest: A, for: [127.0.0.0/8], key: \"%s/lab/carriers/" FIRST
            "/key.pem\", x5u: \"" STAGE_URL FIRST ".pem\"}\n"
            "trust:\n  domains:\n    - {name: lab, anchors: [\"%s\"], numbers: [\"+\"], lab: true}\n"
            "x5u:\n  certs_dir: \"%s\"\n  cache_dir: \"%s/cache\"\n"
            "http:\n  listen: \"%s\"\n"
            "store:\n%s"
            "log:\n  verdicts: false\n%s",
            ntohs(s->at.sin_port), ntohs(s->sign_at.sin_port), o->workers, lab->dir, lab->root, lab->certs,
            dir, http, o->store, o->more ? o->more : "");
    return fclose(file) == 0;
}

/* In the child, between fork and exec: nothing but system calls. */
static _Noreturn void become_server(char *const argv[], int log, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        execv(argv[0], argv);
    _exit(127);
}

static bool spawn_server(struct stage *s, const struct stage_options *o, const char *dir)
{
    char config[SCRATCH_PATH + 64], log_path[SCRATCH_PATH + 64];
    char *const argv[] = { (char *)(uintptr_t)o->program, (char *)(uintptr_t) "serve",
                           (char *)(uintptr_t) "--config", config, NULL };
    const pid_t parent = getpid();
    snprintf(config, sizeof config, "%s/bonafide.yaml", dir);
    snprintf(log_path, sizeof log_path, "%s/log", dir);
    const int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0 || setenv("STATE_DIRECTORY", dir, 1) != 0)
        return false;
    s->server = fork();
    if (s->server == 0)
        become_server(argv, log, parent);
    close(log);
    if (s->server > 0)
        cpu_pin_process(s->server, o->cpu);
    return s->server > 0;
}

static bool answers_options(const struct stage *s)
{
    static const char options[] =
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-up;rport\r\n"
        "Max-Forwards: 1\r\nFrom: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
        "Call-ID: up@127.0.0.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    bool good = false;
    for (int tries = 0; fd >= 0 && !good && tries < 500 && waitpid(s->server, NULL, WNOHANG) == 0; tries++) {
        char answer[2048];
        if (connect(fd, (const struct sockaddr *)&s->at, sizeof s->at) != 0 ||
            send(fd, options, sizeof options - 1, 0) < 0 || poll(&wait, 1, 20) < 0)
            break;
        good = recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 11 && memcmp(answer, "SIP/2.0 200", 11) == 0;
        if (!good) /* not bound yet: the kernel says so at once */
            poll(NULL, 0, 20);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

static void tell_log(const char *dir)
{
    char path[SCRATCH_PATH + 64], line[512];
    snprintf(path, sizeof path, "%s/log", dir);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file)
        fclose(file);
}

bool stage_open(const struct stage_lab *lab, const struct stage_options *o, struct stage *ret)
{
    char dir[SCRATCH_PATH + 32];
    *ret = (struct stage){ .lab = lab };
    snprintf(dir, sizeof dir, "%s/%s", lab->dir, o->name);
    if (mkdir(dir, 0700) == 0 && free_port(SOCK_DGRAM, &ret->at) && free_port(SOCK_DGRAM, &ret->sign_at) &&
        free_port(SOCK_STREAM, &ret->http_at) && config_put(ret, o, dir) && spawn_server(ret, o, dir) &&
        answers_options(ret)) {
        cpu_pin_process(ret->server, o->cpu); /* threads that started before the first pinning reached them */
        return true;
    }
    fprintf(stderr, "the server does not answer\n");
    tell_log(dir);
    stage_close(ret);
    return false;
}

void stage_close(struct stage *s)
{
    if (s->server > 0) {
        kill(s->server, SIGTERM);
        waitpid(s->server, NULL, 0);
    }
    *s = (struct stage){ 0 };
}

bool stage_meet(const struct stage *s, uint64_t first_number)
{
    struct made_calls calls;
    struct load_result result;
    if (!calls_make(&s->lab->carriers, first_number, s->lab->carriers.n, 2, &calls))
        return false;
    const struct load load = {
        .to = s->at,
        .first_line = STAGE_FIRST_LINE,
        .holds = STAGE_PASSED,
        .calls = &calls,
        .window = 32,
        .shares_cpu = true,
    };
    const bool good = load_cost(&load, s->server, &result) >= 0;
    calls_free(&calls);
    return good;
}

/* ---- looking at it ---- */

/* The whole answer to a GET, as text. NULL: there was none. */
static char *http_get(const struct sockaddr_in *at, const char *path)
{
    char request[128], *text = malloc(256 << 10);
    size_t n = 0;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int size = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    bool good = text && fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 &&
                send(fd, request, (size_t)size, MSG_NOSIGNAL) == size;
    for (ssize_t got = 1; good && got > 0 && n<(256u << 10) - 1; n += got> 0 ? (size_t)got : 0)
        good = (got = recv(fd, text + n, (256u << 10) - 1 - n, 0)) >= 0;
    if (fd >= 0)
        close(fd);
    if (good)
        text[n] = '\0';
    else
        free(text);
    return good ? text : NULL;
}

double stage_metric(const struct stage *s, const char *name)
{
    char *text = http_get(&s->http_at, "/metrics");
    double sum = -1;
    const size_t n = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) != 0 || (line[n] != ' ' && line[n] != '{'))
            continue;
        const char *value = line[n] == '{' ? strstr(line, "} ") : line + n - 1;
        if (value)
            sum = (sum < 0 ? 0 : sum) + strtod(value + 2, NULL);
    }
    free(text);
    return sum;
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
