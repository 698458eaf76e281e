/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may: users with passwords hashed by scrypt (RFC 7914; 32 MiB and some 100 ms a guess), sessions of twelve hours of which
 * the store keeps only a digest, and who changed what. Guessing is slowed down by address. While there are no users, a
 * token that the log shows once makes the first one.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "console/inside.h"

#define SESSION_S  (12 * 3600)
#define COOKIE     "bonafide_desk"
#define SALT       16u
#define HASH       32u
#define LEAST      10u /* characters of a password */
#define MOST       1024u
#define FREE_TRIES 5u
#define WAIT_S     30

const char *const role_words[] = { [ROLE_READ] = "read", [ROLE_DESK] = "desk", [ROLE_ADMIN] = "admin" };

static const char *const migrations[] = {
    "CREATE TABLE desk_users (name TEXT PRIMARY KEY, role INTEGER NOT NULL, salt BLOB NOT NULL, hash BLOB "
    "NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE desk_sessions (digest TEXT PRIMARY KEY, user TEXT NOT NULL, csrf TEXT NOT NULL,"
    " until INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE desk_audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user TEXT NOT NULL, what TEXT NOT "
    "NULL,"
    " object TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE TABLE desk_feedback (call TEXT PRIMARY KEY, right INTEGER NOT NULL, note TEXT NOT NULL,"
    " user TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
};

static utc_t now(void)
{
    return clock_now(&clock_system).utc;
}

static void hex_of(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void secret_make(char out[static CONSOLE_SECRET_TEXT])
{
    uint8_t bytes[CONSOLE_SECRET];
    random_bytes(bytes, sizeof bytes);
    hex_of(bytes, sizeof bytes, out);
}

static bool digest_of(const char *secret, char out[static CONSOLE_SECRET_TEXT])
{
    uint8_t sum[32];
    out[0] = '\0';
    if (EVP_Digest(secret, strlen(secret), sum, NULL, EVP_sha256(), NULL) != 1)
        return false;
    hex_of(sum, sizeof sum, out);
    return true;
}

static bool scrypt(const char *password, const uint8_t salt[static SALT], uint8_t out[static HASH])
{
    return EVP_PBE_scrypt(password, strlen(password), salt, SALT, 1 << 15, 8, 1, 64u << 20, out, HASH) == 1;
}

struct db *ask_db(struct ask *a)
{
    return ask_book(a) ? book_db(a->book) : NULL;
}

/* One statement with texts; the first row's number, or `none`. */
static enum bf_err run(struct db *db, const char *sql, const char *const *texts, size_t n)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db ? db_prepare(db, sql, &q) : BF_EIO;
    if (err)
        return err;
    for (size_t i = 0; i < n; i++)
        db_bind_text(q, (int)i + 1, span_of(texts[i]));
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

static int64_t count_users(struct db *db)
{
    auto_(db_finalize) struct db_query *q = NULL;
    return db_prepare(db, "SELECT count(*) FROM desk_users", &q) == BF_OK && db_step(q) == BF_OK
               ? db_int(q, 0)
               : -1;
}

enum bf_err users_begin(struct console *c, char **ret_message)
{
    auto_(book_close) struct book *b = NULL;
    enum bf_err err = book_open(c->url, DB_WRITE, &b, ret_message);
    if (!err)
        err = db_migrate(book_db(b), "console", migrations, ARRAY_SIZE(migrations), ret_message);
    if (!err && count_users(book_db(b)) == 0)
        secret_make(c->first);
    return err;
}

void audit(struct ask *a, const char *what, const char *object, const char *detail)
{
    char at[24];
    snprintf(at, sizeof at, "%lld", (long long)now());
    const char *const texts[] = { at, a->user, what, object ? object : "", detail ? detail : "" };
    if (run(ask_db(a),
            "INSERT INTO desk_audit (at, user, what, object, detail) VALUES (CAST(?1 AS INTEGER), ?2, ?3, "
            "?4, ?5)",
            texts, ARRAY_SIZE(texts)) != BF_OK)
        log_put(a->console->log, LOG_WARN, "desk: %s by %s could not be kept in the audit log", what,
                a->user);
}

/* ---- sessions ---- */

bool session_open(struct ask *a)
{
    char digest[CONSOLE_SECRET_TEXT];
    auto_(db_finalize) struct db_query *q = NULL;
    const char *cookie = MHD_lookup_connection_value(a->connection, MHD_COOKIE_KIND, COOKIE);
    if (!cookie || strlen(cookie) != CONSOLE_SECRET_TEXT - 1 || !digest_of(cookie, digest) || !ask_db(a) ||
        db_prepare(ask_db(a),
                   "SELECT u.name, u.role, s.csrf FROM desk_sessions s JOIN desk_users u ON u.name = s.user "
                   "WHERE s.digest = ?1 AND s.until > ?2",
                   &q) != BF_OK)
        return false;
    db_bind_text(q, 1, span_of(digest));
    db_bind_int(q, 2, now());
    if (db_step(q) != BF_OK)
        return false;
    snprintf(a->user, sizeof a->user, "%.*s", SPAN_FMT(db_text(q, 0)));
    snprintf(a->csrf, sizeof a->csrf, "%.*s", SPAN_FMT(db_text(q, 2)));
    snprintf(a->session, sizeof a->session, "%s", digest);
    a->role = (enum role)db_int(q, 1);
    return a->role <= ROLE_ADMIN;
}

static json_t *me(struct ask *a)
{
    return json_pack("{s:s,s:s,s:s,s:b,s:s,s:b,s:{s:b}}", "user", a->user, "role", role_words[a->role],
                     "csrf", a->csrf, "masked", (int)ask_masked(a), "version", BF_VERSION, "first", 0,
                     "features", "callback", a->console->callback != NULL);
}

enum MHD_Result me_get(struct ask *a)
{
    return say_json(a, 200, me(a));
}

static enum MHD_Result begin_session(struct ask *a)
{
    char secret[CONSOLE_SECRET_TEXT], digest[CONSOLE_SECRET_TEXT], until[24], cookie[200];
    secret_make(secret);
    secret_make(a->csrf);
    if (!digest_of(secret, digest))
        return refuse(a, 500, "no session can be made");
    const utc_t end = now() + SESSION_S;
    snprintf(until, sizeof until, "%lld", (long long)end);
    const char *const texts[] = { digest, a->user, a->csrf, until };
    char stale[24];
    snprintf(stale, sizeof stale, "%lld", (long long)now());
    const char *const old[] = { stale };
    if (run(ask_db(a), "DELETE FROM desk_sessions WHERE until < CAST(?1 AS INTEGER)", old, 1) != BF_OK ||
        run(ask_db(a),
            "INSERT INTO desk_sessions (digest, user, csrf, until) VALUES (?1, ?2, ?3, CAST(?4 AS INTEGER))",
            texts, ARRAY_SIZE(texts)) != BF_OK)
        return refuse(a, 500, "the store cannot be written");
    snprintf(cookie, sizeof cookie, COOKIE "=%s; Path=/desk/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
             secret, SESSION_S, a->console->secure ? "; Secure" : "");
    audit(a, "login", a->user, "");
    json_t *value = me(a);
    char *text = json_dumps(value, JSON_COMPACT);
    json_decref(value);
    const enum MHD_Result result = say(a, 200, "application/json", span_of(text), "Set-Cookie", cookie);
    free(text);
    return result;
}

/* ---- guessing ---- */

static uint64_t who_asks(struct ask *a)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(a->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    uint64_t hash = 1469598103934665603u;
    if (!info || !info->client_addr)
        return hash;
    const struct sockaddr *s = info->client_addr;
    const bool six = s->sa_family == AF_INET6;
    const uint8_t *p = six ? (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)s)->sin6_addr
                           : (const uint8_t *)&((const struct sockaddr_in *)(const void *)s)->sin_addr;
    for (size_t i = 0; i < (six ? 8u : 4u); i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

/* A try is counted before it is looked at, and forgiven when it was right: many at a time are no way around. */
static bool may_try(struct ask *a)
{
    struct console *c = a->console;
    const uint64_t who = who_asks(a);
    const mono_t t = clock_now(&clock_system).mono;
    struct tries *tries = &c->tries[who % TRIES_PLACES];
    bool may = true;
    pthread_mutex_lock(&c->lock);
    if (tries->who != who || (tries->until && tries->until < t))
        *tries = (struct tries){ .who = who };
    if (tries->failed >= FREE_TRIES)
        may = false;
    else if (++tries->failed >= FREE_TRIES)
        tries->until = t + MONO_S(WAIT_S);
    pthread_mutex_unlock(&c->lock);
    return may;
}

static void forgive(struct ask *a)
{
    const uint64_t who = who_asks(a);
    pthread_mutex_lock(&a->console->lock);
    a->console->tries[who % TRIES_PLACES] = (struct tries){ 0 };
    pthread_mutex_unlock(&a->console->lock);
}

static enum MHD_Result too_often(struct ask *a)
{
    return refuse(a, 429, "too many wrong passwords: wait half a minute");
}

/* Takes as long for a user that is none. */
static bool password_holds(struct ask *a, const char *user, const char *password)
{
    static const uint8_t nobody[SALT] = { 0 };
    uint8_t got[HASH], salt[SALT], want[HASH] = { 0 };
    bool there = false;
    auto_(db_finalize) struct db_query *q = NULL;
    memcpy(salt, nobody, sizeof salt);
    if (!ask_db(a) ||
        db_prepare(ask_db(a), "SELECT salt, hash, role FROM desk_users WHERE name = ?1", &q) != BF_OK)
        return false;
    db_bind_text(q, 1, span_of(user));
    if (db_step(q) == BF_OK && db_blob(q, 0).n == SALT && db_blob(q, 1).n == HASH) {
        memcpy(salt, db_blob(q, 0).p, SALT);
        memcpy(want, db_blob(q, 1).p, HASH);
        a->role = (enum role)db_int(q, 2);
        there = a->role <= ROLE_ADMIN;
    }
    const bool hashed = strlen(password) <= MOST && scrypt(password, salt, got);
    return hashed && there && CRYPTO_memcmp(got, want, HASH) == 0;
}

static enum bf_err user_put(struct ask *a, const char *name, enum role role, const char *password)
{
    uint8_t salt[SALT], hash[HASH];
    auto_(db_finalize) struct db_query *q = NULL;
    random_bytes(salt, sizeof salt);
    if (!scrypt(password, salt, hash))
        return BF_ECRYPTO;
    enum bf_err err =
        ask_db(a) ? db_prepare(ask_db(a),
                               "INSERT INTO desk_users (name, role, salt, hash) VALUES (?1, ?2, ?3, ?4)"
                               " ON CONFLICT (name) DO UPDATE SET role = ?2, salt = ?3, hash = ?4",
                               &q)
                  : BF_EIO;
    if (err)
        return err;
    db_bind_text(q, 1, span_of(name));
    db_bind_int(q, 2, role);
    db_bind_blob(q, 3, span_make(salt, SALT));
    db_bind_blob(q, 4, span_make(hash, HASH));
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

static const char *fault_of(const char *name, const char *password)
{
    if (!*name || strlen(name) > CONSOLE_NAME || strchr(name, '/'))
        return "a user has a name of 1 to 64 bytes, without a slash";
    if (strlen(password) < LEAST || strlen(password) > MOST)
        return "a password has at least 10 characters";
    return NULL;
}

enum MHD_Result login_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const char *user = json_text(asked, "user");
    enum MHD_Result result;
    if (!may_try(a))
        result = too_often(a);
    else if (!password_holds(a, user, json_text(asked, "password")))
        result = refuse(a, 401, "user or password is wrong");
    else {
        forgive(a);
        snprintf(a->user, sizeof a->user, "%s", user);
        result = begin_session(a);
    }
    json_decref(asked);
    return result;
}

/* true: the token was right, and is spent. */
static bool take_first(struct console *c, const char *token)
{
    pthread_mutex_lock(&c->lock);
    const bool right = c->first[0] && strlen(token) == strlen(c->first) &&
                       CRYPTO_memcmp(token, c->first, strlen(token)) == 0;
    if (right)
        c->first[0] = '\0';
    pthread_mutex_unlock(&c->lock);
    return right;
}

enum MHD_Result first_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const char *user = json_text(asked, "user"), *password = json_text(asked, "password");
    const char *fault = fault_of(user, password);
    enum MHD_Result result;
    if (!may_try(a))
        result = too_often(a);
    else if (fault)
        result = refuse(a, 400, fault);
    else if (!take_first(a->console, json_text(asked, "token")))
        result = refuse(a, 403, "this one-time log-in is wrong or used up");
    else if (user_put(a, user, ROLE_ADMIN, password) != BF_OK)
        result =
            refuse(a, 500, "the store cannot be written: start the server again for another one-time log-in");
    else {
        forgive(a);
        a->role = ROLE_ADMIN;
        snprintf(a->user, sizeof a->user, "%s", user);
        result = begin_session(a);
    }
    json_decref(asked);
    return result;
}

enum MHD_Result logout_post(struct ask *a)
{
    const char *const texts[] = { a->session };
    if (run(ask_db(a), "DELETE FROM desk_sessions WHERE digest = ?1", texts, 1) != BF_OK)
        return refuse(a, 500, "the store cannot be written");
    follower_renew(a->console->follower);
    return say(a, 200, "application/json", SPAN("{\"ok\":true}"), "Set-Cookie",
               COOKIE "=; Path=/desk/; HttpOnly; SameSite=Strict; Max-Age=0");
}

/* The other sessions of a user whose password or role changed end. */
static enum bf_err end_others(struct ask *a, const char *user)
{
    const char *const texts[] = { user, a->session };
    const enum bf_err err =
        run(ask_db(a), "DELETE FROM desk_sessions WHERE user = ?1 AND digest <> ?2", texts, 2);
    follower_renew(a->console->follower);
    return err;
}

enum MHD_Result password_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const char *fresh = json_text(asked, "new"), *fault = fault_of(a->user, fresh);
    enum MHD_Result result;
    if (!may_try(a))
        result = too_often(a);
    else if (fault)
        result = refuse(a, 400, fault);
    else if (!password_holds(a, a->user, json_text(asked, "old")))
        result = refuse(a, 403, "the old password is wrong");
    else if (user_put(a, a->user, a->role, fresh) != BF_OK || end_others(a, a->user) != BF_OK)
        result = refuse(a, 500, "the store cannot be written");
    else {
        forgive(a);
        audit(a, "password", a->user, "");
        result = say_done(a);
    }
    json_decref(asked);
    return result;
}

/* ---- users, by an admin ---- */

static int role_of(const char *word)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(role_words[i], word) == 0)
            return i;
    return -1;
}

enum MHD_Result users_get(struct ask *a)
{
    auto_(db_finalize) struct db_query *q = NULL;
    json_t *list = json_array();
    if (!ask_db(a) || db_prepare(ask_db(a), "SELECT name, role FROM desk_users ORDER BY name", &q) != BF_OK)
        return json_decref(list), refuse(a, 500, "the store cannot be read");
    while (db_step(q) == BF_OK)
        json_array_append_new(list, json_pack("{s:s%,s:s}", "user", db_text(q, 0).p, db_text(q, 0).n, "role",
                                              role_words[(unsigned)db_int(q, 1) % 3]));
    return say_json(a, 200, json_pack("{s:o}", "users", list));
}

enum MHD_Result users_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const char *name = json_text(asked, "user"), *password = json_text(asked, "password");
    const int role = role_of(json_text(asked, "role"));
    const char *fault = role < 0 ? "a role is admin, desk or read" : fault_of(name, password);
    enum MHD_Result result;
    if (fault)
        result = refuse(a, 400, fault);
    else if (user_put(a, name, (enum role)role, password) != BF_OK || end_others(a, name) != BF_OK)
        result = refuse(a, 500, "the store cannot be written");
    else {
        audit(a, "user", name, role_words[role]);
        result = say_done(a);
    }
    json_decref(asked);
    return result;
}

/* The last admin stays one, or nobody could make another. */
static const char last_admin[] = " AND (role <> 2 OR (SELECT count(*) FROM desk_users WHERE role = 2) > 1)";

static enum MHD_Result changed(struct ask *a, enum bf_err err, const char *what, const char *detail)
{
    if (err)
        return refuse(a, 500, "the store cannot be written");
    if (db_changes(ask_db(a)) == 0)
        return refuse(a, 409, "there is no such user, or nobody else is admin");
    if (end_others(a, a->id) != BF_OK)
        return refuse(a, 500, "the store cannot be written");
    audit(a, what, a->id, detail);
    return say_done(a);
}

enum MHD_Result users_put(struct ask *a)
{
    json_t *asked = ask_json(a);
    const int role = role_of(json_text(asked, "role"));
    char sql[200], number[12], word[8] = "";
    json_decref(asked);
    if (role < 0)
        return refuse(a, 400, "a role is admin, desk or read");
    snprintf(number, sizeof number, "%d", role);
    snprintf(word, sizeof word, "%s", role_words[role]);
    const char *const texts[] = { a->id, number };
    snprintf(sql, sizeof sql, "UPDATE desk_users SET role = CAST(?2 AS INTEGER) WHERE name = ?1%s",
             role == ROLE_ADMIN ? "" : last_admin);
    return changed(a, run(ask_db(a), sql, texts, 2), "role", word);
}

enum MHD_Result users_delete(struct ask *a)
{
    char sql[200];
    const char *const texts[] = { a->id };
    snprintf(sql, sizeof sql, "DELETE FROM desk_users WHERE name = ?1%s", last_admin);
    return changed(a, run(ask_db(a), sql, texts, 1), "user removed", "");
}

enum MHD_Result audit_get(struct ask *a)
{
    auto_(db_finalize) struct db_query *q = NULL;
    uint64_t limit = 100, before = INT64_MAX;
    char at[21];
    span_decimal(span_of(ask_query(a, "limit")), 1000, &limit);
    span_decimal(span_of(ask_query(a, "before")), INT64_MAX, &before);
    if (!ask_db(a) || db_prepare(ask_db(a),
                                 "SELECT id, at, user, what, object, detail FROM desk_audit WHERE id < ?1 "
                                 "ORDER BY id DESC LIMIT ?2",
                                 &q) != BF_OK)
        return refuse(a, 500, "the store cannot be read");
    db_bind_int(q, 1, (int64_t)before);
    db_bind_int(q, 2, (int64_t)limit);
    json_t *list = json_array();
    while (db_step(q) == BF_OK)
        json_array_append_new(list,
                              json_pack("{s:I,s:s,s:s%,s:s%,s:s%,s:s%}", "id", (json_int_t)db_int(q, 0), "at",
                                        utc_text(db_int(q, 1), at), "user", db_text(q, 2).p, db_text(q, 2).n,
                                        "what", db_text(q, 3).p, db_text(q, 3).n, "object", db_text(q, 4).p,
                                        db_text(q, 4).n, "detail", db_text(q, 5).p, db_text(q, 5).n));
    return say_json(a, 200, json_pack("{s:o}", "entries", list));
}
