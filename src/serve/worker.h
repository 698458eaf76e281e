/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: one thread, its sockets, and up to LIMIT_BATCH messages judged at a time.
 *
 * A round: wait; take what the inbox, the sockets and the timers have; each message gets a lane; run the batch:
 * look at every lane (request.c), judge them all at once, park what must wait, write answers, keep records, and
 * only then let the answers leave (batch.c).
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <sys/uio.h>

#include "proxy/transactions.h"
#include "record/record.h"
#include "serve/acks.h"
#include "serve/gather.h"
#include "serve/reach.h"
#include "serve/server.h"

#define ANSWER_SURPLUS 2048u /* an answer is at most its request and this much */

enum lane_state {
    LANE_NEW,     /* nobody has looked at it */
    LANE_DROP,    /* nothing to say */
    LANE_ANSWER,  /* `out` is complete: no call, or one answered before */
    LANE_JUDGE,   /* waits for judge_many */
    LANE_SIGN,    /* waits for signing_sign_many */
    LANE_DECIDED, /* `decision` is made: an answer and a record are due */
    LANE_CANCEL,  /* a parked call that was cancelled: 487 and a record are due */
    LANE_PARK,    /* waits for a certificate: out holds the 100 */
};

/* A CANCEL whose transaction is not this worker's: what the others know of it (passing.c). */
struct lane_cancel {
    bool asked;
    enum answers_cancelled answer;
    unsigned worker; /* where the call is */
    uint64_t parked;
};

/* A request below /stir/v1/ of HTTP (http_stir.c); in the lane's arena. */
struct lane_stir;

/* The rule that matched: spans into rules of this batch. */
struct lane_ruled {
    const char *name; /* NULL: none */
    struct span action;
    bool observed; /* it would have decided, and did not */
};

struct lane {
    enum lane_state state;
    struct span bytes; /* in `in`, a connection's buffer, a parked call or an HTTP body */
    struct origin origin;
    struct instant arrival;
    struct parked *parked; /* it comes back; NULL: it is new */
    bool last, shed, json; /* judge with what there is; do not judge; the bytes are JSON */
    bool cancelled;        /* parked, and its CANCEL came */
    bool passed;           /* another worker got it, and passed it on */
    bool again, leaves;    /* proxy.h: to the next hop of the list; `out` is a request that goes on */
    struct transaction_name transaction; /* of a proxy; slot 0: none */
    struct proxy_going *going;           /* where `out` goes */
    bool has_ticket, keep;               /* the call is claimed; its decision is worth keeping */
    struct answers_ticket ticket;
    struct lane_cancel cancel;
    unsigned owner; /* the worker that has the call: it stands in the To tag */
    struct sip_message message;
    struct call call;
    struct hearing hearing;
    struct arena *arena;
    struct decision decision;
    struct answer_id id;
    struct lane_ruled ruled;
    enum count_kind kind;
    int status;             /* of the answer; 0: none */
    const char *error;      /* HTTP: why there is no verdict */
    struct lane_stir *stir; /* what it asks; NULL: nothing of the kind */
    struct record *record;  /* of this batch; NULL: it is no call */
    struct buf out;
    char *in, *out_memory;
};

#define LANE_IN  LIMIT_SIP_MESSAGE
#define LANE_OUT (LIMIT_SIP_MESSAGE + ANSWER_SURPLUS)

struct udp_socket {
    int fd;
    enum listener_role role;
    bool wildcard; /* answers must say where they leave from */
};

struct udp_io; /* headers of recvmmsg and sendmmsg */

/* Lanes of one batch, and what belongs to them until they are answered (rooms.c). */
#define ROOMS 4u
struct room {
    struct lane *lanes;
    size_t n_lanes, n_records;
    struct record *records;
    char (*peer_texts)[64];
    void *memory; /* of the lanes */
    struct udp_io *io;
    const struct snapshot *snapshot;
    uint64_t since, left; /* its part of the epoch; when it was answered, in rooms answered */
    bool away;            /* its records are on their way to the disk */
};

struct connection;
struct proxy_going;
struct proxy;
struct http_door;

struct worker {
    struct server *server;
    unsigned number;
    pthread_t thread;
    bool started;
    unsigned slot; /* in the epoch */
    struct answers *answers;
    struct acks *acks;      /* that reached other workers */
    uint64_t passed;        /* a bit a worker: there are ACKs for it that it has not been shown */
    _Atomic bool resending; /* answers are being repeated for want of an ACK */
    struct inbox inbox;
    struct proxy *proxy;    /* NULL: redirect mode */
    struct http_door *http; /* NULL: none */
    struct reach reach;     /* addresses that did not let us in */
    struct hash_key id_keys[2];
    uint64_t ids;
    int epoll;
    struct desk *desk;
    struct signing_desk *signing;
    uint64_t signing_generation; /* of the configuration whose keys are at that desk */
    struct log *log;

    const struct snapshot *snapshot; /* of this round */
    struct instant now;
    mono_t judged; /* when the verdicts of the batch were there */

    struct udp_socket *udp;
    size_t n_udp;
    struct udp_io *io;

    struct lane *lanes; /* of the room it is in, as are records, peer_texts and io */
    size_t n_lanes;
    unsigned fresh; /* calls that came over UDP in this turn */
    struct gather gather;
    struct record *records;
    char (*peer_texts)[64];
    struct hearing *hearings[LIMIT_BATCH];
    struct room rooms[ROOMS];
    unsigned n_rooms, room, away[ROOMS], n_away; /* those on their way, the oldest first */
    uint64_t turns_left, since;                  /* since: of the epoch, this turn */
    struct record_queue *queue;                  /* NULL: no record is kept */
    struct buf lines;                            /* verdict lines of the batch */
    utc_t second;                                /* of the last of them, and how it is written */
    char second_text[21];

    struct parked_row row;
    _Atomic uint64_t waiting; /* calls in the row, for other threads */
    _Atomic mono_t beat;      /* when it last turned */
    struct resend *resends;
    struct connection *connections; /* open ones */
    struct connection *closed;      /* to be freed when nothing names them any more */
    struct connection *touched;     /* have bytes to give back or to send after this batch */
    mono_t swept;
    mono_t received, took; /* when there were datagrams; how long the last turn was */
    bool overloaded;       /* the last datagrams were too old */

    struct counts counts;
};

struct worker_room {
    size_t n_workers, n_udp;
    size_t answers; /* bytes */
    size_t proxy;   /* bytes; 0: redirect mode */
};
enum bf_err worker_create(struct server *server, unsigned number, const struct worker_room *room,
                          struct worker **ret) must_use;
void worker_destroy(struct worker *w);
enum bf_err worker_start(struct worker *w) must_use;
void worker_join(struct worker *w);
/* Is nothing parked here, and nothing left in its sockets? From any thread. */
bool worker_idle(const struct worker *w);

/* From any worker: the call parked here under that number was cancelled. Without memory it runs into its budget. */
void worker_cancel(struct worker *w, uint64_t parked);

/* A free lane, emptied; runs the batch first when all are taken. */
struct lane *worker_lane(struct worker *w);

/* batch.c: answers all lanes and empties the batch; or leaves it to answer it when its records are on disk. */
void batch_run(struct worker *w);
/* Answers the lanes and empties the batch. failed: its n records could not be kept. */
void batch_finish(struct worker *w, size_t n, bool failed);
/* A parked call is answered: out of its row; freed as soon as its last want has come back. */
void parked_end(struct worker *w, struct parked *p);

/* request.c: says what is to be done with a lane's message: leaves its state set, and `out` where it is LANE_ANSWER. */
void request_look(struct worker *w, struct lane *lane);
/* A bare answer: LANE_ANSWER, or LANE_DROP when it cannot be answered. reason NULL: the standard phrase. */
void request_status(struct worker *w, struct lane *lane, int status, const char *reason);
void request_write(struct worker *w, struct lane *lane); /* the answer of its decision */
/* What its CANCEL and its ACK have in common with a request; false: it has no Via that can be read. */
bool request_transaction(struct worker *w, const struct lane *lane, uint64_t out[static 2]);
void request_read_call(struct worker *w, struct lane *lane, enum bf_err *ret, struct fault *fault);

void request_sign(struct worker *w, struct lane *lane); /* its call is read: LANE_SIGN */
/* Over HTTP a call is the same call only for the client that asked about it: for anybody else its token is used again. */
enum bf_err request_same(struct worker *w, struct lane *lane, struct span what) must_use;
struct answer_id request_id(struct worker *w, struct instant now);
/* http_stir.c: a lane whose origin says `stir`, as request_look. */
void stir_look(struct worker *w, struct lane *lane);
int stir_status(const struct lane *lane);                      /* of its answer, once decided */
void stir_wish(const struct lane *lane, struct sign_job *job); /* what a signing request asks for */

/* passing.c: ACK and CANCEL that reached another worker than their call. */
void passing_mark(char tag[static REPLY_TAG], unsigned worker); /* writes the worker into a tag of ours */
int passing_marked(struct span tag);                            /* -1: none of ours */
void passing_ack(struct worker *w, int owner, const uint64_t transaction[static 2]);
void passing_publish(struct worker *w); /* after a batch */
void passing_take(struct worker *w);    /* before one */
/* The others are asked, and the lane comes back. false: there are none, or there is no memory. */
bool passing_cancel(struct worker *w, const struct lane *lane, const uint64_t transaction[static 2]);
void passing_cancel_taken(struct worker *w, struct inbox_item *item);

/* rooms.c: n of them, 1 or ROOMS; may be called again for more. */
enum bf_err rooms_create(struct worker *w, unsigned n) must_use;
void rooms_destroy(struct worker *w);
/* The batch's records are on their way: on to another room; waits for the oldest when there is none. */
void rooms_leave(struct worker *w, size_t n_records);
/* Answers the batches of whose records there is news. wait: for those of the oldest. */
void rooms_settle(struct worker *w, bool wait);
void rooms_settle_all(struct worker *w);
bool rooms_may_sleep(struct worker *w);        /* false: there is news; else it wakes the inbox */
uint64_t rooms_oldest(const struct worker *w); /* its part of the epoch; 0: none is on its way */

/* keeping.c: the record and the log line of a decided lane. */
void keeping_record(struct worker *w, struct lane *lane, struct record *ret, char peer[static 64]);
void keeping_line(struct worker *w, const struct lane *lane, const struct record *record);

/* exporting.c: the calls of the batch go to the collector. */
void exporting_batch(struct worker *w);

/* udp.c */
enum bf_err udp_io_create(struct lane *lanes, struct udp_io **ret) must_use;
/* for these lanes, which stay where they are */
void udp_io_destroy(struct udp_io *io);
void udp_receive(struct worker *w, struct udp_socket *u);
void udp_send(struct worker *w);
void udp_send_one(struct worker *w, const struct origin *origin, struct span bytes);
/* Which of the sockets of a port gets a datagram: in whatever order (deal.h), or always the same for a sender. */
enum udp_order { UDP_BY_CONTENT, UDP_BY_SENDER };
enum bf_err udp_open(const struct sockaddr *addr, socklen_t n, enum udp_order order, int *fds, size_t count,
                     struct sockaddr_storage *ret_addr, socklen_t *ret_n, char **ret_message) must_use;

/* tcp.c */
enum bf_err tcp_open(const struct sockaddr *addr, socklen_t n, int *ret, struct sockaddr_storage *ret_addr,
                     socklen_t *ret_n, char **ret_message) must_use;
enum bf_err acceptor_create(struct server *server, struct acceptor **ret) must_use;
enum bf_err acceptor_start(struct acceptor *a) must_use;
void acceptor_stop(struct acceptor *a); /* closes the listeners; returns when its thread has ended */
void acceptor_destroy(struct acceptor *a);
AUTO_DEFINE(struct acceptor, acceptor_destroy);
void connection_adopt(struct worker *w, struct inbox_item *item);
void connection_drop(struct inbox_item *item); /* left in the inbox of a server that ends */
void connection_event(struct worker *w, struct connection *c, unsigned events);
void connection_send(struct worker *w, const struct origin *origin, struct span bytes);
struct connection_to {
    const struct sockaddr *addr;
    socklen_t n;
    const char *tls; /* over TLS, to whoever proves to be this (RFC 5922); NULL: plain TCP */
};
/*
 * To that very address: over a connection of this worker that leads there, or a new one. false: it cannot be said, for now:
 * one that failed is not tried again before it has rested (reach.h).
 */
bool connection_reach(struct worker *w, const struct connection_to *to, struct span bytes);
void connections_flush(struct worker *w); /* after a batch */
void connections_sweep(struct worker *w); /* once a second */
void connections_bury(struct worker *w);  /* frees closed ones; between batches */
void connection_wait(struct worker *w, const struct origin *origin,
                     int calls); /* so many more calls of it are parked; any door */
void connections_close(struct worker *w);
void connections_free(struct worker *w);

/* http_door.c: reads requests, which become lanes, and sends the answers there are. */
int http_door_fd(const struct http_door *d);
bool http_door_busy(const struct http_door *d); /* there is more to do */
void http_turn(struct worker *w);
/* http.c: the answer of a lane. */
void http_answer(struct worker *w, struct lane *lane);
void http_asker(const struct http_job *job, struct peer *ret); /* the names it goes by */

#endif
