/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor asks of the machine: time, names, the way out, the disk. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "fetch/fetch.h"

/* ---- clock ---- */

/* A token is fresh for a minute: a clock that is seconds off turns honest calls away. */
void doctor_clock(const struct doctor *d, struct finding *ret)
{
    struct timex t = { .modes = 0 };
    int state = adjtimex(&t);
    long off_ms = t.maxerror / 1000;

    (void)d;
    if (state < 0)
        finding_set(ret, FINDING_WARN, "compare `date -u` with another machine",
                    "the kernel does not say (%s)", strerror(errno));
    else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
        finding_set(ret, FINDING_WARN, "run chrony or systemd-timesyncd (in a container: on its host)",
                    "nothing keeps this clock in step with the world; tokens are fresh for a minute");
    else if (off_ms > 2000)
        finding_set(ret, FINDING_WARN, "look at `chronyc tracking` or `timedatectl`",
                    "kept in step, but it may be %ld ms off", off_ms);
    else
        finding_set(ret, FINDING_OK, "", "kept in step, at most %ld ms off", off_ms);
}

/* ---- DNS and the way out ---- */

static bool url_host(const char *url, char *out, size_t size)
{
    const char *p = strstr(url, "://");
    size_t n = p ? strcspn(p + 3, "/:?#") : 0;
    if (!n || n >= size)
        return false;
    memcpy(out, p + 3, n);
    out[n] = '\0';
    return true;
}

void doctor_dns(const struct doctor *d, struct finding *ret)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    char host[256];
    struct instant before = clock_now(&clock_system);

    if (!url_host(d->url, host, sizeof host)) {
        finding_set(ret, FINDING_FAIL, "write --url https://host/", "'%s' is no URL", d->url);
        return;
    }
    int err = getaddrinfo(host, "443", &hints, &found);
    long long ms = (clock_now(&clock_system).mono - before.mono) / MONO_MS(1);
    if (err)
        finding_set(ret, FINDING_FAIL, "certificates cannot be fetched without it: look at /etc/resolv.conf",
                    "%s cannot be resolved: %s", host, gai_strerror(err));
    else if (ms > 500)
        finding_set(ret, FINDING_WARN,
                    "a call waits 800 ms for a certificate at most: use a caching resolver nearby",
                    "%s resolved, in %lld ms", host, ms);
    else
        finding_set(ret, FINDING_OK, "", "%s resolved in %lld ms", host, ms);
    if (found)
        freeaddrinfo(found);
}

struct way_out {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool over;
    enum fetch_outcome outcome;
    int status;
    char why[200];
};

static void way_out_done(void *arg, struct span url, const struct fetch_answer *answer)
{
    struct way_out *w = arg;
    (void)url;
    pthread_mutex_lock(&w->lock);
    w->over = true;
    w->outcome = answer->outcome;
    w->status = answer->status;
    snprintf(w->why, sizeof w->why, "%s", answer->why);
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
}

static enum bf_err way_out_ask(const struct doctor *d, struct way_out *w)
{
    struct fetch_options options = { .lab = d->config->x5u.lab };
    if (d->config->x5u.proxy && d->config->x5u.proxy[0])
        options.proxy = d->config->x5u.proxy;
    if (d->config->x5u.ca_file && d->config->x5u.ca_file[0])
        options.ca_file = d->config->x5u.ca_file;
    struct fetch *fetch = NULL;
    enum bf_err err = fetch_create(&options, &fetch);
    if (!err)
        err = fetch_get(fetch, span_of(d->url), 0, way_out_done, w);
    if (!err) {
        pthread_mutex_lock(&w->lock);
        while (!w->over) /* the fetcher answers within its own time limit */
            pthread_cond_wait(&w->done, &w->lock);
        pthread_mutex_unlock(&w->lock);
    }
    fetch_destroy(fetch);
    return err;
}

/* By the same door, with the same rules, as certificates come in. */
void doctor_way_out(const struct doctor *d, struct finding *ret)
{
    struct way_out w = { .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };
    struct instant before = clock_now(&clock_system);
    enum bf_err err = way_out_ask(d, &w);
    long long ms = (clock_now(&clock_system).mono - before.mono) / MONO_MS(1);

    if (err)
        finding_set(ret, FINDING_FAIL, "", "the fetcher did not start: %s", bf_err_text(err));
    else if (w.outcome == FETCH_OK || w.outcome == FETCH_STATUS || w.outcome == FETCH_TOO_LARGE)
        finding_set(ret, FINDING_OK, "", "%s answered (%d) in %lld ms", d->url, w.status, ms);
    else
        finding_set(ret, FINDING_FAIL,
                    "certificates come over https: open port 443 outwards, or set x5u.proxy", "%s: %s",
                    d->url, w.why);
    pthread_cond_destroy(&w.done);
    pthread_mutex_destroy(&w.lock);
}

/* ---- what checks signatures ---- */

void doctor_engine(const struct doctor *d, struct finding *ret)
{
    const char *missing = es256_unsupported();
    const enum es256_choice engine = d->config->es256.engine;

    if (engine == ES256_OPENSSL)
        finding_set(ret, FINDING_OK, missing ? "" : "lanes can run here: es256.engine: auto takes them",
                    "openssl: es256.engine says so");
    else if (!missing)
        finding_set(ret, FINDING_OK, "", "lanes, eight signatures at a time: this CPU has AVX-512 IFMA");
    else if (engine == ES256_LANES)
        finding_set(ret, FINDING_FAIL, "write es256.engine: auto or openssl", "lanes cannot run here: %s",
                    missing);
    else
        finding_set(ret, FINDING_OK, "", "openssl: %s", missing);
}

/* ---- disk ---- */

/* The directory a path lies in; where it is not there yet, the nearest that is: the server makes the rest. */
static void directory_of(const char *path, char *out, size_t size)
{
    struct stat s;
    const char *slash = strrchr(path, '/');
    if (slash && slash > path)
        snprintf(out, size, "%.*s", (int)(slash - path), path);
    else
        snprintf(out, size, "%s", slash ? "/" : ".");
    for (char *last; stat(out, &s) && errno == ENOENT && (last = strrchr(out, '/')) && last != out;)
        *last = '\0';
}

/* Writes a block and asks for it to be on the disk; microseconds, or -1 and errno. */
static long long sync_try(const char *directory)
{
    char path[4200], block[4096] = { 0 };
    snprintf(path, sizeof path, "%s/.bonafide-doctor-XXXXXX", directory);
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    unlink(path);
    struct instant before = clock_now(&clock_system);
    bool good = write(fd, block, sizeof block) == (ssize_t)sizeof block && fdatasync(fd) == 0;
    long long us = (clock_now(&clock_system).mono - before.mono) / 1000;
    int saved = errno;
    close(fd);
    errno = saved;
    return good ? us : -1;
}

static void disk_look(const char *path, struct finding *ret)
{
    char directory[4096];
    struct statvfs fs;

    directory_of(path, directory, sizeof directory);
    long long us = sync_try(directory);
    if (us < 0) {
        finding_set(ret, FINDING_FAIL, "make it writable for the user that runs the server, or set store.url",
                    "%s: %s", directory, strerror(errno));
        return;
    }
    unsigned long long free_mb =
        statvfs(directory, &fs) ? 0 : (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
    if (free_mb < 100)
        finding_set(ret, FINDING_FAIL, "make room: records are kept before calls are answered",
                    "%s: %llu MiB are free", directory, free_mb);
    else if (free_mb < 1024)
        finding_set(ret, FINDING_WARN, "lower store.keep_days or store.keep_mb, or make room",
                    "%s: only %llu MiB are free", directory, free_mb);
    else
        finding_set(ret, FINDING_OK, "", "%s: %llu GiB free, fdatasync in %lld us", directory, free_mb >> 10,
                    us);
}

/* The database and the journal, which may lie on two disks. */
void doctor_disk(const struct doctor *d, struct finding *ret)
{
    const char *url = d->config->store.url, *journal = d->config->store.journal;
    struct finding other;

    disk_look(strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url, ret);
    if (!journal || !journal[0])
        return;
    disk_look(journal, &other);
    if (other.grade > ret->grade) /* OK, WARN, FAIL */
        *ret = other;
}
