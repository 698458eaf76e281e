/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record as an entry of the journal: a version byte, then members: tag (1), length (LEB128), bytes. Tags rise; only
 * replays repeat. Numbers are zigzag, little-endian, without zero bytes on top; a zero or an absent text is left out, so a
 * record has exactly one form.   verstat 1 -> 13 01 02
 *
 * Version 2 is half as long as version 1, which is still read: with WORD set in its tag a member is the number of a word
 * (words.c); an id is 16 bytes where its digits say no more than that; and ballots stand last and together, behind one tag,
 * each as   word of the check, or 0, length and name
 *           vote | form of the reason << 2 | (identity + 1) << 4, where 15 is followed by a byte of its own
 *           the reason: none, the number of a word, or length and bytes.
 */
#include "record/member.h"

#include "base/utf8.h"
#include "verdict/verdict.h"

#define VERSION     2u
#define WORD        0x40u /* of a tag */
#define PLAIN(tag)  ((uint8_t)((tag)&0xbf))
#define TAG_ID      1u
#define TAG_REPLAY  120u
#define TAG_BALLOT  121u /* of version 1 */
#define TAG_BALLOTS 122u
#define REPLAY_SIZE (2 * SHA256_BYTES + 8)
#define PACKED_ID   16u

enum reason { REASON_NONE, REASON_WORD, REASON_TEXT };
#define FAR_IDENTITY 15u

/* ---- writing ---- */

/* Writes without looking: whoever holds it has asked for room. */
struct pen {
    char *at, *end;
};

/* Room for so many bytes and the few in front of them. */
static inline bool pen_has(const struct pen *p, size_t n)
{
    return (size_t)(p->end - p->at) >= n + 16;
}

static inline void put_byte(struct pen *p, unsigned value)
{
    *p->at++ = (char)value;
}

static inline void put_length(struct pen *p, size_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_byte(p, (unsigned)(n & 0x7f) | 0x80);
    put_byte(p, (unsigned)n);
}

static inline void put_bytes(struct pen *p, struct span s)
{
    if (s.n)
        memcpy(p->at, s.p, s.n);
    p->at += s.n;
}

static inline void put_number(struct pen *p, uint8_t tag, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    if (!rest)
        return;
    const size_t n = (size_t)(71 - __builtin_clzll(rest)) / 8;
    put_byte(p, tag);
    put_byte(p, (unsigned)n);
    for (; rest; rest >>= 8)
        put_byte(p, (unsigned)(rest & 0xff));
}

static bool put_text(struct pen *p, const struct member *m, struct span s)
{
    const uint8_t word = m->worded ? record_word(s) : 0;
    if (!pen_has(p, s.n))
        return false;
    put_byte(p, word ? m->tag | WORD : m->tag);
    put_length(p, word ? 1 : s.n);
    if (word)
        put_byte(p, word);
    else
        put_bytes(p, s);
    return true;
}

/* Digits of base 32 as ids have them (Crockford's), and what each counts, and one more. */
static const char id_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const uint8_t id_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
    ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32
};

/* 26 digits are 130 bits; of the first one only three count. */
static bool id_pack(const char id[static RECORD_ID], uint8_t out[static PACKED_ID])
{
    unsigned wrong = 0;
    unsigned __int128 value = 0;
    for (size_t i = 0; i < RECORD_ID; i++) {
        const unsigned digit = id_values[(unsigned char)id[i]] - 1u;
        wrong |= digit;
        value = value << 5 | (digit & 31);
    }
    for (size_t i = 0; i < PACKED_ID; i++)
        out[i] = (uint8_t)(value >> (8 * (PACKED_ID - 1 - i)));
    return wrong < 32 && id[0] < '8';
}

static void id_unpack(const uint8_t in[static PACKED_ID], char id[static RECORD_ID])
{
    unsigned __int128 value = 0;
    for (size_t i = 0; i < PACKED_ID; i++)
        value = value << 8 | in[i];
    for (size_t i = RECORD_ID; i-- > 0; value >>= 5)
        id[i] = id_digits[(unsigned)value & 31];
}

static void put_id(struct pen *p, const struct record *r)
{
    uint8_t packed[PACKED_ID];
    const bool whole = !id_pack(r->id, packed);
    put_byte(p, TAG_ID);
    put_byte(p, whole ? RECORD_ID : PACKED_ID);
    put_bytes(p, whole ? span_make(r->id, RECORD_ID) : span_make(packed, PACKED_ID));
}

static bool put_members(struct pen *p, const struct record *r)
{
    if (!pen_has(p, RECORD_ID))
        return false;
    put_id(p, r);
    for (size_t i = 1; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        if (member_is_number(m)) {
            if (!pen_has(p, 0))
                return false;
            put_number(p, m->tag, member_number(m, r));
        } else {
            const struct span bytes = member_bytes(m, r);
            if (bytes.p && !put_text(p, m, bytes))
                return false;
        }
    }
    return true;
}

static bool put_replay(struct pen *p, const struct replay_sighting *s)
{
    if (!pen_has(p, REPLAY_SIZE))
        return false;
    put_byte(p, TAG_REPLAY);
    put_length(p, REPLAY_SIZE);
    put_bytes(p, span_make(s->key, SHA256_BYTES));
    put_bytes(p, span_make(s->same, SHA256_BYTES));
    for (unsigned i = 0; i < 8; i++)
        put_byte(p, (unsigned)(s->source >> (8 * i)) & 0xff);
    return true;
}

/* The words of a pass follow from its check. */
static bool put_ballot(struct pen *p, const struct record_ballot *b)
{
    const struct span check = utf8_cut(b->check, 255);
    const struct span why = b->vote == PASS ? SPAN_NONE : utf8_cut(b->why, RECORD_WHY);
    const uint8_t name = record_word(check), word = why.n ? record_word(why) : 0;
    const enum reason reason = word ? REASON_WORD : why.n ? REASON_TEXT : REASON_NONE;
    const unsigned identity = (unsigned)(b->identity + 1) & 0xff;
    if (!pen_has(p, check.n + why.n))
        return false;
    put_byte(p, name);
    if (!name) {
        put_byte(p, (unsigned)check.n);
        put_bytes(p, check);
    }
    put_byte(p, (b->vote & 3u) | (unsigned)reason << 2 |
                    (identity < FAR_IDENTITY ? identity : FAR_IDENTITY) << 4);
    if (identity >= FAR_IDENTITY)
        put_byte(p, identity);
    if (reason == REASON_WORD) {
        put_byte(p, word);
    } else if (reason == REASON_TEXT) {
        put_length(p, why.n);
        put_bytes(p, why);
    }
    return true;
}

static bool put_ballots(struct pen *p, const struct record *r)
{
    if (r->n_ballots == 0)
        return true;
    if (!pen_has(p, 0))
        return false;
    put_byte(p, TAG_BALLOTS);
    for (size_t i = 0; i < r->n_ballots && i < RECORD_BALLOTS; i++)
        if (!put_ballot(p, &r->ballots[i]))
            return false;
    return true;
}

void record_entry_write(const struct record *r, struct buf *out)
{
    struct pen p = { out->p + out->n, out->p + out->size };
    bool good = !out->full && pen_has(&p, 0);
    if (good)
        put_byte(&p, VERSION);
    good = good && put_members(&p, r);
    for (size_t i = 0; good && i < r->n_replays && i < LIMIT_IDENTITIES; i++)
        good = put_replay(&p, &r->replays[i]);
    if (good && put_ballots(&p, r))
        out->n = (size_t)(p.at - out->p);
    else
        out->full = true;
}

/* ---- reading ---- */

static bool take_byte(struct span *s, uint8_t *ret)
{
    if (s->n == 0)
        return false;
    *ret = (uint8_t)s->p[0];
    *s = span_from(*s, 1);
    return true;
}

static bool take_bytes(struct span *s, size_t n, struct span *ret)
{
    if (n > s->n)
        return false;
    *ret = span_first(*s, n);
    *s = span_from(*s, n);
    return true;
}

static bool take_length(struct span *s, size_t *ret)
{
    size_t n = 0;
    uint8_t byte;
    for (unsigned shift = 0; shift <= 21 && take_byte(s, &byte); shift += 7) {
        n |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = n;
            return shift == 0 || byte != 0; /* one length, one form */
        }
    }
    return false;
}

/* Ballots have no length: they are the rest. */
static bool take_member(struct span *s, uint8_t version, uint8_t *tag, struct span *bytes)
{
    size_t n = 0;
    if (!take_byte(s, tag))
        return false;
    if (version > 1 && *tag == TAG_BALLOTS)
        return take_bytes(s, s->n, bytes);
    return take_length(s, &n) && take_bytes(s, n, bytes);
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

static bool read_ballot(struct span bytes, struct record *r, struct record_ballot *ballots)
{
    if (bytes.n < 3 || (unsigned char)bytes.p[0] > 2 || bytes.n < 3u + (unsigned char)bytes.p[2] ||
        r->n_ballots == RECORD_BALLOTS)
        return false;
    struct record_ballot *ret = &ballots[r->n_ballots++];
    ret->vote = (uint8_t)bytes.p[0];
    ret->identity = (unsigned char)bytes.p[1] - 1;
    ret->check = span_first(span_from(bytes, 3), (unsigned char)bytes.p[2]);
    ret->why = span_from(bytes, 3 + ret->check.n);
    return ret->why.n <= RECORD_WHY;
}

static bool take_word(struct span *s, struct span *ret)
{
    uint8_t number;
    if (!take_byte(s, &number))
        return false;
    *ret = record_word_text(number);
    return ret->p != NULL;
}

static bool take_name(struct span *s, struct span *ret)
{
    uint8_t n;
    if (s->n == 0 || s->p[0] != 0)
        return take_word(s, ret);
    *s = span_from(*s, 1);
    return take_byte(s, &n) && take_bytes(s, n, ret);
}

static bool take_reason(struct span *s, unsigned reason, struct span *ret)
{
    size_t n = 0;
    switch (reason) {
    case REASON_NONE: *ret = SPAN(""); return true;
    case REASON_WORD: return take_word(s, ret);
    case REASON_TEXT: return take_length(s, &n) && n <= RECORD_WHY && take_bytes(s, n, ret);
    default: return false;
    }
}

static bool read_ballots(struct span rest, struct record *r, struct record_ballot *ballots)
{
    uint8_t how, far;
    while (rest.n) {
        if (r->n_ballots == RECORD_BALLOTS)
            return false;
        struct record_ballot *b = &ballots[r->n_ballots++];
        if (!take_name(&rest, &b->check) || !take_byte(&rest, &how) || (how & 3) > VETO)
            return false;
        b->vote = how & 3;
        b->identity = (how >> 4) - 1;
        if (how >> 4 == FAR_IDENTITY) {
            if (!take_byte(&rest, &far))
                return false;
            b->identity = far - 1;
        }
        if (!take_reason(&rest, how >> 2 & 3, &b->why))
            return false;
    }
    return true;
}

static const struct member *member_of(uint8_t tag)
{
    return tag >= 1 && tag <= n_record_members ? &record_members[tag - 1] : NULL;
}

static bool read_text(const struct member *m, struct span bytes, struct record *r)
{
    if (!member_takes_bytes(m, bytes))
        return false;
    member_set_bytes(m, r, bytes);
    return true;
}

static bool read_member(const struct member *m, struct span bytes, struct record *r)
{
    int64_t value;
    if (!member_is_number(m))
        return read_text(m, bytes, r);
    if (!read_number(bytes, &value) || !member_takes_number(m, value))
        return false;
    member_set_number(m, r, value);
    return true;
}

/* What version 2 says in fewer bytes. */
static bool read_short(uint8_t tag, struct span bytes, struct record *r)
{
    const struct member *m = member_of(PLAIN(tag));
    struct span word;
    if (tag == TAG_ID) {
        id_unpack((const uint8_t *)bytes.p, r->id);
        return true;
    }
    return m && m->worded && bytes.n == 1 && take_word(&bytes, &word) && read_text(m, word, r);
}

static bool is_short(uint8_t version, uint8_t tag, struct span bytes)
{
    return version > 1 && ((tag & WORD && member_of(PLAIN(tag))) || (tag == TAG_ID && bytes.n == PACKED_ID));
}

static bool read_one(uint8_t version, uint8_t tag, struct span bytes, struct record_ballot *ballots,
                     struct record *r)
{
    const struct member *m = member_of(tag);
    if (is_short(version, tag, bytes))
        return read_short(tag, bytes, r);
    if (m)
        return read_member(m, bytes, r);
    if (tag == TAG_REPLAY)
        return read_replay(bytes, r);
    if (tag == TAG_BALLOT && version == 1)
        return read_ballot(bytes, r, ballots);
    return tag != TAG_BALLOTS || version == 1 || read_ballots(bytes, r, ballots);
}

/* Tags rise; a word stands where its text would. */
static bool follows(uint8_t version, uint8_t tag, uint8_t last)
{
    const bool words = version > 1;
    const unsigned here = words && tag < TAG_REPLAY ? PLAIN(tag) : tag;
    const unsigned before = words && last < TAG_REPLAY ? PLAIN(last) : last;
    return here > before || (tag == last && (tag == TAG_REPLAY || (version == 1 && tag == TAG_BALLOT)));
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
    uint8_t seen[256] = { 0 }, version, tag, last = 0;
    struct span rest = entry, bytes = SPAN_NONE;
    if (!take_byte(&rest, &version) || version == 0)
        return BF_EFORM;
    if (version > VERSION)
        return BF_EUNSUP;
    for (; rest.n; last = tag, seen[tag] = 1)
        if (!take_member(&rest, version, &tag, &bytes) || !follows(version, tag, last) ||
            !read_one(version, tag, bytes, ballots, &r))
            return BF_EFORM;
    if (!has_needed(seen))
        return BF_EFORM;
    *ret = r;
    return BF_OK;
}
