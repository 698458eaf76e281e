/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record as an entry of the journal: a version byte, then members: tag (1), length (LEB128), bytes. Tags rise; only
 * replays and ballots repeat. Numbers are zigzag, little-endian, without zero bytes on top; a zero or an absent text is left out, so a
 * record has exactly one form.   verstat 1 -> 13 01 02
 */
#include "record/member.h"

#include "base/utf8.h"
#include "verdict/verdict.h"

#define VERSION     1u
#define TAG_REPLAY  120u
#define TAG_BALLOT  121u
#define REPLAY_SIZE (2 * SHA256_BYTES + 8)

/* ---- writing ---- */

static void put_length(struct buf *out, size_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_char(out, (char)(n | 0x80));
    buf_char(out, (char)n);
}

static void put_member(struct buf *out, uint8_t tag, struct span bytes)
{
    buf_char(out, (char)tag);
    put_length(out, bytes.n);
    buf_span_put(out, bytes);
}

static void put_number(struct buf *out, uint8_t tag, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    char bytes[8];
    size_t n = 0;
    for (; rest; rest >>= 8)
        bytes[n++] = (char)rest;
    if (n)
        put_member(out, tag, span_make(bytes, n));
}

static void put_replay(struct buf *out, const struct replay_sighting *s)
{
    buf_char(out, (char)TAG_REPLAY);
    put_length(out, REPLAY_SIZE);
    buf_bytes(out, s->key, SHA256_BYTES);
    buf_bytes(out, s->same, SHA256_BYTES);
    for (unsigned i = 0; i < 8; i++)
        buf_char(out, (char)(s->source >> (8 * i)));
}

/*
 * vote (1), identity + 1 (1), length of the check's name (1), the name, and the words. Most ballots of most calls are
 * passes, whose words follow from the name: they would be half of every entry.
 */
static void put_ballot(struct buf *out, const struct record_ballot *b)
{
    const struct span check = utf8_cut(b->check, 255);
    const struct span why = b->vote == PASS ? SPAN_NONE : utf8_cut(b->why, RECORD_WHY);
    buf_char(out, (char)TAG_BALLOT);
    put_length(out, 3 + check.n + why.n);
    buf_char(out, (char)b->vote);
    buf_char(out, (char)(b->identity + 1));
    buf_char(out, (char)check.n);
    buf_span_put(out, check);
    buf_span_put(out, why);
}

void record_entry_write(const struct record *r, struct buf *out)
{
    buf_char(out, (char)VERSION);
    for (size_t i = 0; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        if (member_is_number(m))
            put_number(out, m->tag, member_number(m, r));
        else if (member_bytes(m, r).p)
            put_member(out, m->tag, member_bytes(m, r));
    }
    for (size_t i = 0; i < r->n_replays && i < LIMIT_IDENTITIES; i++)
        put_replay(out, &r->replays[i]);
    for (size_t i = 0; i < r->n_ballots && i < RECORD_BALLOTS; i++)
        put_ballot(out, &r->ballots[i]);
}

/* ---- reading ---- */

static bool take_length(struct span *s, size_t *ret)
{
    size_t n = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
        if (s->n == 0)
            return false;
        const unsigned char byte = (unsigned char)s->p[0];
        *s = span_from(*s, 1);
        n |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = n;
            return shift == 0 || byte != 0; /* one length, one form */
        }
    }
    return false;
}

static bool take_member(struct span *s, uint8_t *tag, struct span *bytes)
{
    size_t n;
    *tag = (uint8_t)s->p[0];
    *s = span_from(*s, 1);
    if (!take_length(s, &n) || n > s->n)
        return false;
    *bytes = span_first(*s, n);
    *s = span_from(*s, n);
    return true;
}

static bool read_number(struct span bytes, int64_t *ret)
{
    uint64_t value = 0;
    if (bytes.n == 0 || bytes.n > 8 || bytes.p[bytes.n - 1] == 0)
        return false;
    for (size_t i = 0; i < bytes.n; i++)
        value |= (uint64_t)(unsigned char)bytes.p[i] << (8 * i);
    *ret = (int64_t)(value >> 1 ^ (0 - (value & 1)));
    return true;
}

static bool read_replay(struct span bytes, struct record *r)
{
    if (bytes.n != REPLAY_SIZE || r->n_replays == LIMIT_IDENTITIES)
        return false;
    struct replay_sighting *s = &r->replays[r->n_replays++];
    memcpy(s->key, bytes.p, SHA256_BYTES);
    memcpy(s->same, bytes.p + SHA256_BYTES, SHA256_BYTES);
    for (unsigned i = 0; i < 8; i++)
        s->source |= (uint64_t)(unsigned char)bytes.p[2 * SHA256_BYTES + i] << (8 * i);
    return true;
}

static bool read_ballot(struct span bytes, struct record_ballot *ret)
{
    if (bytes.n < 3 || (unsigned char)bytes.p[0] > 2 || bytes.n < 3u + (unsigned char)bytes.p[2])
        return false;
    ret->vote = (uint8_t)bytes.p[0];
    ret->identity = (unsigned char)bytes.p[1] - 1;
    ret->check = span_first(span_from(bytes, 3), (unsigned char)bytes.p[2]);
    ret->why = span_from(bytes, 3 + ret->check.n);
    return ret->why.n <= RECORD_WHY;
}

static const struct member *member_of(uint8_t tag)
{
    return tag >= 1 && tag <= n_record_members ? &record_members[tag - 1] : NULL;
}

static bool read_member(const struct member *m, struct span bytes, struct record *r)
{
    int64_t value;
    if (!member_is_number(m)) {
        if (!member_takes_bytes(m, bytes))
            return false;
        member_set_bytes(m, r, bytes);
        return true;
    }
    if (!read_number(bytes, &value) || !member_takes_number(m, value))
        return false;
    member_set_number(m, r, value);
    return true;
}

static bool has_needed(const uint8_t seen[static 256])
{
    for (size_t i = 0; i < n_record_members; i++)
        if (record_members[i].needed && !seen[record_members[i].tag])
            return false;
    return true;
}

enum bf_err record_entry_read(struct span entry, struct record_ballot ballots[static RECORD_BALLOTS],
                              struct record *ret)
{
    struct record r = { .ballots = ballots };
    uint8_t seen[256] = { 0 }, tag, last = 0;
    struct span bytes = SPAN_NONE;
    if (entry.n == 0)
        return BF_EFORM;
    if ((uint8_t)entry.p[0] != VERSION)
        return (uint8_t)entry.p[0] > VERSION ? BF_EUNSUP : BF_EFORM;
    for (struct span rest = span_from(entry, 1); rest.n; last = tag, seen[tag] = 1) {
        bool good = take_member(&rest, &tag, &bytes) &&
                    (tag > last || (tag == last && tag >= TAG_REPLAY && tag <= TAG_BALLOT));
        const struct member *m = member_of(tag);
        if (good && m)
            good = read_member(m, bytes, &r);
        else if (good && tag == TAG_REPLAY)
            good = read_replay(bytes, &r);
        else if (good && tag == TAG_BALLOT)
            good = r.n_ballots < RECORD_BALLOTS && read_ballot(bytes, &ballots[r.n_ballots++]);
        if (!good)
            return BF_EFORM;
    }
    if (!has_needed(seen))
        return BF_EFORM;
    *ret = r;
    return BF_OK;
}
