/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with codes in them, walked once; and names of strangers, character by character. */
#include "answer/label.h"

#include "base/utf8.h"

/* ---- names ---- */

struct run {
    uint32_t first, last;
};

static bool in_runs(const struct run *runs, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= runs[i].first && c <= runs[i].last)
            return true;
    return false;
}

/* Check marks, what looks like one on a small screen, and the seals and locks that people take for one. */
static bool is_tick(uint32_t c)
{
    static const struct run ticks[] = {
        { 0x221A, 0x221C },   /* square root and its relatives */
        { 0x237B, 0x237B },   /* not check mark */
        { 0x23B7, 0x23B7 },   /* radical symbol bottom */
        { 0x2611, 0x2611 },   /* ballot box with check */
        { 0x2705, 0x2705 },   /* white heavy check mark */
        { 0x2713, 0x2714 },   /* check marks */
        { 0x10102, 0x10102 }, /* Aegean check mark */
        { 0x1F197, 0x1F197 }, /* squared OK */
        { 0x1F396, 0x1F396 }, /* medal */
        { 0x1F3F5, 0x1F3F5 }, /* rosette */
        { 0x1F44C, 0x1F44D }, /* OK hand, thumbs up */
        { 0x1F4DB, 0x1F4DB }, /* name badge */
        { 0x1F50F, 0x1F513 }, /* locks */
        { 0x1F5F8, 0x1F5F9 }, /* light check mark, ballot box with bold check */
        { 0x1F6E1, 0x1F6E1 }, /* shield */
        { 0x1FBB1, 0x1FBB1 }, /* inverse check mark */
    };
    return in_runs(ticks, ARRAY_SIZE(ticks), c);
}

/* The crosses of our own texts; a name that begins with one would seem to be judged. */
static bool is_cross(uint32_t c)
{
    return (c >= 0x2715 && c <= 0x2718) || c == 0x274C || c == 0x274E || c == 0x2612;
}

/* Control characters, and format characters that nobody sees, turn the writing around or choose how a mark is drawn. */
static bool is_unseen(uint32_t c)
{
    static const struct run unseen[] = {
        { 0x00, 0x1F },     { 0x7F, 0x9F },       { 0xAD, 0xAD },       { 0x34F, 0x34F },
        { 0x61C, 0x61C },   { 0x115F, 0x1160 },   { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },
        { 0x200B, 0x200F }, { 0x2028, 0x202E },   { 0x2060, 0x206F },   { 0x20D0, 0x20FF },
        { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F },   { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },
        { 0xFFF0, 0xFFFB }, { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
    };
    return in_runs(unseen, ARRAY_SIZE(unseen), c);
}

/* The next character of s that may be shown; false: it is left out. *ret_n: how many bytes it took. */
static bool may_show(struct span s, size_t *ret_n, struct span *ret)
{
    uint32_t c;
    *ret_n = utf8_length(s);
    if (*ret_n == 0) {
        *ret_n = 1;
        *ret = SPAN("?");
        return true;
    }
    (void)utf8_decode(s, &c);
    *ret = span_first(s, *ret_n);
    return !is_tick(c) && !is_cross(c) && !is_unseen(c);
}

static bool is_plain(struct span name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20 || (unsigned char)name.p[i] >= 0x7F)
            return false;
    return true;
}

/* A name that talks like a parameter is none: readers that look for the word would find it. */
static bool talks(struct span name)
{
    return span_holds_nocase(name, SPAN("verstat"));
}

void label_clean(struct span name, struct buf *out)
{
    const size_t before = out->n;
    if (is_plain(name))
        buf_span_put(out, name);
    else
        for (size_t n; name.n; name = span_from(name, n)) {
            struct span c;
            const bool leads = out->n == before && name.p[0] == ' '; /* what stood before it is left out */
            if (may_show(name, &n, &c) && !leads)
                buf_span_put(out, c);
        }
    if (talks(span_from(buf_span(out), before)))
        out->n = before;
}

bool label_is_clean(struct span name)
{
    const bool plain = is_plain(name);
    if (talks(name))
        return false;
    for (size_t n; !plain && name.n; name = span_from(name, n)) {
        struct span c;
        if (!may_show(name, &n, &c) || c.p != name.p)
            return false;
    }
    return true;
}

void label_quoted(struct span text, struct buf *out)
{
    buf_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7F)
            continue;
        if (c == '"' || c == '\\')
            buf_char(out, '\\');
        buf_char(out, (char)c);
    }
    buf_text(out, "\" ");
}

/* ---- texts ---- */

static const char *const usual[] = {
    [GENUINE] = "\xE2\x9C\x94 [%p (%n)|%n][ says: %c]",
    [UNPROVEN] = "?[ says: %c]",
    [BROKEN] = "\xE2\x9C\x98 not proven[ says: %c]",
    [IMPOSTOR] = "\xE2\x9C\x98 not [%c|who it says]",
};

const char *label_usual(enum outcome outcome)
{
    return usual[outcome <= IMPOSTOR ? outcome : UNPROVEN];
}

enum piece {
    PIECE_TEXT,
    PIECE_NUMBER,
    PIECE_PERSON,
    PIECE_NAME,
    PIECE_ATTEST,
    PIECE_OPEN,
    PIECE_ELSE,
    PIECE_CLOSE,
    PIECE_BAD
};

/* What s, not empty, begins with; *ret is its bytes where it is text. */
static enum piece next_piece(struct span s, size_t *ret_n, struct span *ret)
{
    static const struct {
        char code;
        enum piece piece;
    } codes[] = { { 'n', PIECE_NUMBER }, { 'p', PIECE_PERSON }, { 'c', PIECE_NAME }, { 'a', PIECE_ATTEST },
                  { '%', PIECE_TEXT },   { '[', PIECE_TEXT },   { ']', PIECE_TEXT }, { '|', PIECE_TEXT } };
    const size_t n = utf8_length(s);
    *ret_n = n ? n : 1;
    *ret = span_first(s, *ret_n);
    switch (s.p[0]) {
    case '[': return PIECE_OPEN;
    case ']': return PIECE_CLOSE;
    case '|': return PIECE_ELSE;
    case '%': break;
    default: return n ? PIECE_TEXT : PIECE_BAD;
    }
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (s.n > 1 && s.p[1] == codes[i].code) {
            *ret_n = 2;
            *ret = span_make(s.p + 1, 1);
            return codes[i].piece;
        }
    return PIECE_BAD;
}

/* What was seen of a text so far. */
struct checking {
    enum outcome outcome;
    bool open, other;     /* inside brackets; behind their | */
    bool tick, wants;     /* there is a tick; it wants its number */
    bool number, between; /* %n came, and words behind it */
    bool name;
    bool person;                       /* %p stands in these brackets: they may be left out */
    bool wants_before, between_before; /* at their beginning */
    bool wants_first, between_first;   /* at the end of what stands in front of their | */
};

static const char *check_text(struct checking *k, struct span c)
{
    uint32_t code;
    (void)utf8_decode(c, &code);
    if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        return "a control character cannot be shown";
    if (is_tick(code)) {
        if (k->outcome != GENUINE)
            return "a tick belongs to what is genuine alone";
        if (k->name)
            return "a claimed name stands in front of the tick: write %n alone beside it";
        k->tick = k->wants = true;
        return NULL;
    }
    if (code == ' ' || is_unseen(code))
        return NULL;
    if (k->wants)
        return "beside the tick stands what is proven: write %n right behind it";
    k->between = k->number;
    return NULL;
}

static const char *check_person(struct checking *k)
{
    if (k->outcome != GENUINE)
        return "a person is known in what is genuine alone";
    if (k->open && !k->other) {
        k->person = k->number = true;
        k->wants = false;
    }
    k->between = false;
    return k->wants ? "there may be nobody to name: write [%p|%n] behind the tick" : NULL;
}

static void check_open(struct checking *k)
{
    k->open = true;
    k->other = k->person = false;
    k->wants_before = k->wants_first = k->wants;
    k->between_before = k->between_first = k->between;
}

/* Where nobody is known, what stands behind | goes on from where the brackets began. */
static void check_else(struct checking *k)
{
    k->other = true;
    if (!k->person)
        return;
    k->wants_first = k->wants;
    k->between_first = k->between;
    k->wants = k->wants_before;
    k->between = k->between_before;
}

/* Both ways out of brackets that may be left out must be right. */
static void check_close(struct checking *k)
{
    k->open = false;
    if (!k->person)
        return;
    k->wants = k->wants || k->wants_first;
    k->between = k->between && k->between_first;
}

static const char *check_piece(struct checking *k, enum piece piece, struct span text)
{
    switch (piece) {
    case PIECE_TEXT: return check_text(k, text);
    case PIECE_NUMBER:
        k->number = true;
        k->wants = k->between = false;
        return NULL;
    case PIECE_PERSON: return check_person(k);
    case PIECE_NAME:
        k->name = true;
        if (k->wants || (k->tick && !k->between))
            return "a claimed name beside the tick would look proven: write words like \"says: \" in front "
                   "of it";
        return NULL;
    case PIECE_ATTEST:
        return k->wants ? "beside the tick stands what is proven: write %n right behind it" : NULL;
    case PIECE_OPEN:
        if (k->open)
            return "brackets cannot stand inside each other";
        check_open(k);
        return NULL;
    case PIECE_ELSE:
        if (!k->open || k->other)
            return "\"|\" stands once, and in brackets; \"%|\" is the character";
        check_else(k);
        return NULL;
    case PIECE_CLOSE:
        if (!k->open)
            return "this bracket was not opened; \"%]\" is the character";
        check_close(k);
        return NULL;
    case PIECE_BAD: break;
    }
    return "after \"%\" stands n (number), p (person), c (claimed name), a (attestation), %, [, ] or |";
}

enum bf_err label_check(struct span text, enum outcome outcome, struct fault *fault)
{
    struct checking k = { .outcome = outcome };
    size_t n, open = 0;
    struct span c;
    if (text.n > LABEL_BYTES)
        return fault_at(fault, BF_ELIMIT, LABEL_BYTES, "it is longer than a phone shows");
    for (size_t i = 0; i < text.n; i += n) {
        const enum piece piece = next_piece(span_from(text, i), &n, &c);
        if (piece == PIECE_BAD && text.p[i] != '%')
            return fault_at(fault, BF_EFORM, i, "this is no UTF-8");
        const char *what = check_piece(&k, piece, c);
        if (what)
            return fault_at(fault, BF_EFORM, i, what);
        open = piece == PIECE_OPEN ? i : open;
    }
    if (k.open)
        return fault_at(fault, BF_EFORM, open, "this bracket does not end");
    if (k.wants)
        return fault_at(fault, BF_EFORM, text.n,
                        "beside the tick stands what is proven: write %n right behind it");
    return BF_OK;
}

static void put_piece(enum piece piece, struct span c, const struct label_facts *f, struct buf *out,
                      bool *ret_empty)
{
    const size_t before = out->n;
    switch (piece) {
    case PIECE_NUMBER: label_clean(f->number, out); break;
    case PIECE_PERSON: label_clean(f->person, out); break;
    case PIECE_NAME: label_clean(utf8_cut(f->name, LABEL_BYTES), out); break;
    case PIECE_ATTEST:
        if (f->attest)
            buf_char(out, f->attest);
        break;
    case PIECE_TEXT: buf_span_put(out, c); return;
    case PIECE_OPEN:
    case PIECE_ELSE:
    case PIECE_CLOSE:
    case PIECE_BAD: return;
    }
    *ret_empty = *ret_empty || out->n == before;
}

void label_write(struct span text, const struct label_facts *facts, struct buf *out)
{
    /* A text is at most LABEL_BYTES, each of its codes at most that again. */
    char memory[LABEL_BYTES / 2 * LABEL_BYTES];
    struct buf b = BUF_ON(memory);
    size_t n, opened = 0;
    bool empty = false, other = false;
    struct span c;
    for (size_t i = 0; i < text.n; i += n) {
        const enum piece piece = next_piece(span_from(text, i), &n, &c);
        if (piece == PIECE_OPEN) {
            opened = b.n;
            empty = other = false;
        } else if (piece == PIECE_ELSE || (piece == PIECE_CLOSE && !other)) {
            if (empty)
                b.n = opened;
            other = piece == PIECE_ELSE;
        }
        if (piece == PIECE_CLOSE)
            empty = other = false;
        else if (!other || empty)
            put_piece(piece, c, facts, &b, other ? &(bool){ false } : &empty);
    }
    if (buf_ok(&b))
        buf_span_put(out, span_trim(utf8_cut(buf_span(&b), LABEL_BYTES)));
}
