/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_caldav.py, on a real server: race_slot race URL USER PASSWORD N. Two clients put a meeting at the same place, N times;
 * one line each time: how many were told that it is theirs, and whose text stands there. race_slot slot URL USER PASSWORD: put,
 * put again, change, change by an old ETag, delete by an old one, delete, delete; a line each.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "diary/caldav.h"

struct client {
    struct caldav *c;
    const char *calendar;
    unsigned who, rounds, *won; /* won: a bit of each round */
    pthread_barrier_t *barrier;
    bool failed;
};

static struct span meeting(char *out, size_t size, unsigned slot, unsigned who, const char *more)
{
    const int n =
        snprintf(out, size,
                 "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bonafide//test//EN\r\nBEGIN:VEVENT\r\n"
                 "UID:slot-%u@bonafide.test\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T100000Z\r\n"
                 "DTEND:20261201T103000Z\r\nSUMMARY:client %u%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                 slot, who, more);
    return span_make(out, (size_t)n);
}

static void *race(void *arg)
{
    struct client *k = arg;
    for (unsigned i = 0; i < k->rounds; i++) {
        char url[CALDAV_URL], text[1024];
        snprintf(url, sizeof url, "%sslot-%u.ics", k->calendar, i);
        pthread_barrier_wait(k->barrier);
        const enum bf_err err = caldav_put(k->c, url, meeting(text, sizeof text, i, k->who, ""), NULL, NULL);
        if (err == BF_OK)
            k->won[i] = 1;
        else if (err != BF_EAGAIN) {
            k->failed = true;
            fprintf(stderr, "%s\n", caldav_why(k->c));
        }
    }
    return NULL;
}

static int race_all(char **argv, unsigned rounds)
{
    const struct caldav_options options = { .url = argv[2], .user = argv[3], .password = argv[4] };
    struct client clients[2];
    pthread_barrier_t barrier;
    pthread_t thread;
    int status = EXIT_SUCCESS;
    pthread_barrier_init(&barrier, NULL, 2);
    for (unsigned i = 0; i < 2; i++) {
        clients[i] = (struct client){ .calendar = argv[2], .who = i, .rounds = rounds, .barrier = &barrier };
        clients[i].won = calloc(rounds, sizeof *clients[i].won);
        if (!clients[i].won || caldav_create(&options, &clients[i].c))
            return EXIT_FAILURE;
    }
    if (pthread_create(&thread, NULL, race, &clients[1]))
        return EXIT_FAILURE;
    race(&clients[0]);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < rounds; i++)
        printf("%u %u\n", clients[0].won[i] + clients[1].won[i], clients[1].won[i]);
    for (unsigned i = 0; i < 2; i++) {
        if (clients[i].failed)
            status = EXIT_FAILURE;
        caldav_destroy(clients[i].c);
        free(clients[i].won);
    }
    pthread_barrier_destroy(&barrier);
    return status;
}

static enum bf_err note(void *arg, const struct caldav_object *o)
{
    unsigned *n = arg;
    *n += o->text.n > 0;
    return BF_OK;
}

static int slot(char **argv)
{
    const struct caldav_options options = { .url = argv[2], .user = argv[3], .password = argv[4] };
    auto_(caldav_destroy) struct caldav *c = NULL;
    char url[CALDAV_URL], text[1024], first[CALDAV_ETAG] = "", second[CALDAV_ETAG] = "", *busy = NULL;
    unsigned inside = 0, outside = 0;
    const int64_t ten = 1796119200; /* 2026-12-01T10:00:00Z */
    if (caldav_create(&options, &c))
        return EXIT_FAILURE;
    snprintf(url, sizeof url, "%sslot.ics", argv[2]);
    printf("new %d\n", caldav_put(c, url, meeting(text, sizeof text, 0, 0, ""), NULL, first));
    printf("again %d\n", caldav_put(c, url, meeting(text, sizeof text, 0, 1, ""), NULL, NULL));
    const enum bf_err in = caldav_between(c, argv[2], ten, ten + 1800, note, &inside);
    const enum bf_err out = caldav_between(c, argv[2], ten + 3600, ten + 7200, note, &outside);
    printf("between %d %u %d %u\n", in, inside, out, outside);
    const enum bf_err asked = caldav_free_busy(c, argv[2], ten - 3600, ten + 7200, &busy);
    printf("busy %d %d\n", asked, busy && strstr(busy, "FREEBUSY") != NULL);
    free(busy);
    printf("change %d\n", caldav_put(c, url, meeting(text, sizeof text, 0, 0, " changed"), first, second));
    printf("stale %d\n", caldav_put(c, url, meeting(text, sizeof text, 0, 0, " late"), first, NULL));
    printf("etags %d\n", *first && *second && strcmp(first, second) != 0);
    printf("delete stale %d\n", caldav_delete(c, url, first));
    printf("delete %d\n", caldav_delete(c, url, second));
    printf("gone %d\n", caldav_delete(c, url, NULL));
    return EXIT_SUCCESS;
}

/* Brings a calendar up to date each time a line comes; prints `taken gone whole count`, or the error. */
static int sync_lines(char **argv)
{
    const struct caldav_options options = { .url = argv[2], .user = argv[3], .password = argv[4] };
    auto_(caldav_destroy) struct caldav *c = NULL;
    auto_(caldav_seen_destroy) struct caldav_seen *seen = NULL;
    char line[64];
    if (caldav_create(&options, &c) || caldav_seen_create(&seen))
        return EXIT_FAILURE;
    while (fgets(line, sizeof line, stdin)) {
        struct caldav_report r;
        const enum bf_err err = caldav_sync(c, argv[2], seen, &r);
        if (err)
            printf("error %d %zu %s\n", err, caldav_seen_count(seen), caldav_why(c));
        else
            printf("%zu %zu %d %zu\n", r.taken, r.gone, r.whole, caldav_seen_count(seen));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "race") == 0)
        return race_all(argv, (unsigned)strtoul(argv[5], NULL, 10));
    if (argc == 5 && strcmp(argv[1], "slot") == 0)
        return slot(argv);
    if (argc == 5 && strcmp(argv[1], "sync") == 0)
        return sync_lines(argv);
    return 64;
}
