/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCard 4.0, in and out; 3.0 in.                                                                RFC 6350, RFC 2426
 *
 * A line whose whole meaning is a field of the person goes into that field. A line that says more (`TEL;TYPE=cell:…`, a group, a
 * second component of ORG) goes into the field and, behind a blank, into `extra`; on the way out it stands for the field as long
 * as the field still says so. Any other line goes into `extra` as it is.
 */
#include "people/transfer.h"

#include <stdlib.h>

#include "card/line.h"

#define CARD_BLOCK 65536u
#define CARD_MOST  (8u << 20)
#define OWN        "X-BONAFIDE-"

enum taken {
    TAKEN_NOT,    /* no field says it */
    TAKEN_PARTLY, /* a field says some of it */
    TAKEN_WHOLLY,
};

struct card {
    struct making m;
    FILE *extra;
    uint64_t line;
    bool is_3, has_version;
    const char *why; /* it cannot be read */
    struct span n;   /* of N: a name where FN lacks */
};

/* ---- properties ---- */

/* No group, and no parameter but these. */
static bool is_plain(const struct card_line *l, const char *const *known, size_t n_known)
{
    for (size_t i = 0; i < l->n_params; i++) {
        bool found = false;
        for (size_t k = 0; k < n_known; k++)
            found |= span_equal_nocase(l->params[i].name, span_of(known[k]));
        if (!found)
            return false;
    }
    return l->group.n == 0;
}

static enum taken wholly(const struct card_line *l)
{
    return is_plain(l, NULL, 0) ? TAKEN_WHOLLY : TAKEN_PARTLY;
}

/* The next text of *rest, in the arena. SPAN_NONE: there is none, or no memory. */
static struct span text_next(struct card *c, struct span *rest, char separator)
{
    char *room = rest->p ? arena_take(c->m.arena, rest->n + 1) : NULL;
    struct buf b = buf_on(room, room ? rest->n : 0);
    c->m.no_memory |= rest->p && !room;
    if (!room || !card_text_next(rest, separator, &b)) {
        *rest = SPAN_NONE;
        return SPAN_NONE;
    }
    return span_trim(buf_span(&b));
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* One line: what a name, an organisation must be. */
static struct span one_line(struct span s)
{
    char *p = (char *)(uintptr_t)s.p; /* of the arena: ours to change */
    for (size_t i = 0; i < s.n; i++)
        if (is_control(p[i]))
            p[i] = ' ';
    return s;
}

static enum taken take_once(struct card *c, const char **field, struct span text, enum taken how)
{
    if (**field || text.n == 0)
        return TAKEN_NOT;
    *field = making_text(&c->m, text);
    return how;
}

static enum taken take_fn(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    const struct span name = one_line(text_next(c, &rest, '\0'));
    if (!*c->m.p.name)
        return take_once(c, &c->m.p.name, name, wholly(l));
    if (span_equal(name, span_of(c->m.p.name)))
        return TAKEN_NOT;
    making_alias(&c->m, name); /* another one, of another language */
    return TAKEN_PARTLY;
}

static enum taken take_nickname(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    while (rest.p)
        making_alias(&c->m, one_line(text_next(c, &rest, ',')));
    return wholly(l);
}

static enum taken take_categories(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    while (rest.p)
        making_tag(&c->m, one_line(text_next(c, &rest, ',')));
    return wholly(l);
}

static enum taken take_org(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    const struct span name = one_line(text_next(c, &rest, ';'));
    return take_once(c, &c->m.p.organisation, name, rest.n ? TAKEN_PARTLY : wholly(l));
}

static enum taken take_tel(struct card *c, const struct card_line *l)
{
    static const char *const known[] = { "VALUE" };
    struct span rest = l->value, text = one_line(text_next(c, &rest, '\0'));
    const bool is_uri = span_starts_nocase(text, SPAN("tel:"));
    const struct span whole = is_uri ? span_from(text, 4) : text;
    struct span number = span_first(whole, is_uri ? span_find(whole, ';') : whole.n);
    const size_t n = c->m.p.n_numbers;
    char canonical[RANGE_TEXT];
    if (span_find(number, '*') < number.n || making_number(&c->m, number, NULL) != BF_OK)
        return TAKEN_NOT;
    const struct number_range *r = &c->m.p.numbers[n];
    return c->m.p.n_numbers > n && is_plain(l, known, 1) &&
                   span_equal(whole, span_of(range_text(r, canonical)))
               ? TAKEN_WHOLLY
               : TAKEN_PARTLY;
}

static enum taken take_lang(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    return take_once(c, &c->m.p.language, one_line(text_next(c, &rest, '\0')), wholly(l));
}

static enum taken take_note(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    const struct span note = text_next(c, &rest, '\0');
    char *p = (char *)(uintptr_t)note.p;
    for (size_t i = 0; i < note.n; i++)
        if (is_control(p[i]) && p[i] != '\n')
            p[i] = ' ';
    return take_once(c, &c->m.p.note, note, wholly(l));
}

static enum taken take_uid(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    return take_once(c, &c->m.p.uid, one_line(text_next(c, &rest, '\0')), wholly(l));
}

/* `data:image/png;base64,…` (4.0), or ENCODING=b;TYPE=PNG (3.0). A URI of another kind is left alone: nothing is fetched. */
static enum taken take_photo(struct card *c, const struct card_line *l)
{
    struct person *const p = &c->m.p;
    struct span type = card_param(l, "TYPE"), data = SPAN_NONE;
    const char *format = "image/%.*s";
    if (card_has_param(l, "ENCODING", "b") || card_has_param(l, "ENCODING", "BASE64")) {
        data = l->value;
    } else if (span_starts_nocase(l->value, SPAN("data:"))) {
        const struct span head = span_first(l->value, span_find(l->value, ','));
        const size_t end = span_find(head, ';');
        if (head.n < l->value.n && head.n >= 7 &&
            span_equal_nocase(span_from(head, head.n - 7), SPAN(";base64")))
            data = span_from(l->value, head.n + 1);
        type = span_from(span_first(head, end), 5);
        format = "%.*s";
    }
    char *bytes = data.n && !p->photo.n ? arena_take(c->m.arena, data.n) : NULL;
    size_t n = 0;
    if (!bytes || !photo_of_base64(data, bytes, &n) || n == 0)
        return TAKEN_NOT;
    char *media = type.n ? (char *)(uintptr_t)arena_printf(c->m.arena, format, SPAN_FMT(type)) : NULL;
    for (char *m = media; m && *m; m++)
        *m = (char)(*m >= 'A' && *m <= 'Z' ? *m + 32 : *m);
    p->photo = span_make(bytes, n);
    p->photo_type = media ? media : "image/jpeg";
    return TAKEN_WHOLLY;
}

static enum taken take_version(struct card *c, const struct card_line *l)
{
    c->has_version = true;
    c->is_3 = span_equal(span_trim(l->value), SPAN("3.0"));
    if (!c->is_3 && !span_equal(span_trim(l->value), SPAN("4.0")) && !c->why)
        c->why = "a card of version 3.0 or 4.0 is expected: let the other program write one of these";
    return TAKEN_WHOLLY;
}

static enum taken take_n(struct card *c, const struct card_line *l)
{
    c->n = l->value;
    return TAKEN_NOT;
}

static enum taken take_rev(struct card *c, const struct card_line *l)
{
    (void)c;
    (void)l;
    return TAKEN_WHOLLY; /* ours says when it was changed here */
}

/* ---- our own ---- */

#define HAS_MARKS (HAS_SIGNERS | HAS_LEAST | HAS_PROTECTED | HAS_PROOF | HAS_RANGES)

static enum taken take_protected(struct card *c, const struct card_line *l)
{
    c->m.p.is_protected = span_equal_nocase(span_trim(l->value), SPAN("TRUE"));
    c->m.has |= HAS_MARKS;
    return TAKEN_WHOLLY;
}

static enum taken take_signer(struct card *c, const struct card_line *l)
{
    struct span rest = l->value;
    c->m.has |= HAS_MARKS;
    return making_signer(&c->m, one_line(text_next(c, &rest, '\0')), NULL) == BF_OK ? TAKEN_WHOLLY
                                                                                    : TAKEN_NOT;
}

static enum taken take_least(struct card *c, const struct card_line *l)
{
    const struct span v = span_trim(l->value);
    c->m.has |= HAS_MARKS;
    if (v.n != 1 || !memchr("ABC", v.p[0], 3))
        return TAKEN_NOT;
    c->m.p.least_attestation = v.p[0];
    return TAKEN_WHOLLY;
}

static enum taken take_proof(struct card *c, const struct card_line *l)
{
    c->m.has |= HAS_MARKS;
    return require_proof_of_text(span_trim(l->value), &c->m.p.require_proof) ? TAKEN_WHOLLY : TAKEN_NOT;
}

static enum taken take_range(struct card *c, const struct card_line *l)
{
    c->m.has |= HAS_MARKS;
    return making_number(&c->m, span_trim(l->value), NULL) == BF_OK ? TAKEN_WHOLLY : TAKEN_NOT;
}

static const struct property {
    const char *name;
    enum taken (*take)(struct card *c, const struct card_line *l);
} properties[] = {
    { "VERSION", take_version },
    { "FN", take_fn },
    { "N", take_n },
    { "NICKNAME", take_nickname },
    { "ORG", take_org },
    { "TEL", take_tel },
    { "LANG", take_lang },
    { "NOTE", take_note },
    { "CATEGORIES", take_categories },
    { "UID", take_uid },
    { "PHOTO", take_photo },
    { "REV", take_rev },
    { OWN "PROTECTED", take_protected },
    { OWN "SIGNER", take_signer },
    { OWN "LEAST-ATTESTATION", take_least },
    { OWN "REQUIRE-PROOF", take_proof },
    { OWN "NUMBERS", take_range },
};

static enum taken take(struct card *c, const struct card_line *l)
{
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
        if (span_equal_nocase(l->name, span_of(properties[i].name)))
            return properties[i].take(c, l);
    return TAKEN_NOT;
}

/* ---- reading ---- */

static void keep(struct card *c, const struct card_line *l, enum taken how)
{
    if (how == TAKEN_WHOLLY)
        return;
    if (how == TAKEN_PARTLY)
        fputc(' ', c->extra);
    for (size_t i = 0; i < l->whole.n; i++)
        if (!is_control(l->whole.p[i]) || l->whole.p[i] == '\t')
            fputc(l->whole.p[i], c->extra);
    fputc('\n', c->extra);
}

/* `Putnam;Ronald;M.;Dr.;Jr.` is Ronald M. Putnam; without any, the organisation is the name. */
static void name_of_parts(struct card *c)
{
    struct span parts[3] = { SPAN_NONE }, rest = c->n;
    char room[BOOK_NAME_BYTES];
    struct buf b = BUF_ON(room);
    for (size_t i = 0; i < 3 && rest.p; i++)
        parts[i] = one_line(text_next(c, &rest, ';'));
    for (size_t i = 1; i <= 3; i++) {
        const struct span part = parts[i % 3];
        if (b.n && part.n)
            buf_char(&b, ' ');
        buf_span_put(&b, part);
    }
    c->m.p.name = buf_ok(&b) && b.n ? making_text(&c->m, buf_span(&b)) : c->m.p.organisation;
}

static enum bf_err card_hand_over(struct card *c, const struct transfer *t)
{
    if (!*c->m.p.name)
        name_of_parts(c);
    if (!c->has_version && !c->why)
        c->why = "a card without VERSION";
    if (c->why) {
        t->refused(t->arg, c->line, c->why);
        return BF_OK;
    }
    c->m.has |= HAS_NAME | HAS_ALIASES | HAS_ORGANISATION | HAS_NUMBERS | HAS_LANGUAGE | HAS_NOTE | HAS_TAGS |
                HAS_PHOTO | HAS_EXTRA;
    if (*c->m.p.uid)
        c->m.has |= HAS_UID;
    const enum bf_err err = making_end(&c->m);
    if (err == BF_OK)
        return t->person(t->arg, &c->m, c->line);
    t->refused(t->arg, c->line, err == BF_ELIMIT ? "a list of more than 256" : "too large a card");
    return BF_OK;
}

static bool is_mark(const struct card_line *l, const char *name)
{
    return span_equal_nocase(l->name, span_of(name)) && span_equal_nocase(span_trim(l->value), SPAN("VCARD"));
}

/* Up to END:VCARD. */
static enum bf_err card_fill(struct card_reader *r, struct card *c)
{
    struct card_line l;
    for (;;) {
        struct fault fault = { 0, "" };
        const enum bf_err err = card_next(r, &l, &fault);
        if (err == BF_ENOENT) {
            c->why = "a card that does not end: END:VCARD is missing";
            return BF_OK;
        }
        if (err != BF_OK) {
            c->line = l.line;
            c->why = fault.what;
        } else if (is_mark(&l, "END")) {
            return BF_OK;
        } else if (is_mark(&l, "BEGIN")) {
            c->why = "a card within a card";
        } else {
            keep(c, &l, take(c, &l));
        }
    }
}

static enum bf_err card_read(struct card_reader *r, const struct transfer *t, struct arena *arena,
                             uint64_t line)
{
    struct card c = { .line = line };
    char *extra = NULL;
    size_t n = 0;
    enum bf_err err = making_begin(&c.m, arena);
    if (err != BF_OK || !(c.extra = open_memstream(&extra, &n)))
        return BF_ENOMEM;
    err = card_fill(r, &c);
    if (fclose(c.extra) != 0)
        err = BF_ENOMEM;
    if (err == BF_OK) {
        c.m.p.extra = extra;
        err = card_hand_over(&c, t);
    }
    free(extra);
    return err;
}

enum bf_err vcard_read(struct span text, const struct transfer *t, char **ret_message)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    auto_(arena_destroy) struct arena *arena = NULL;
    struct card_line l;
    size_t cards = 0;
    *ret_message = NULL;
    enum bf_err err = card_reader_create(text, &r);
    if (err == BF_OK)
        err = arena_create(CARD_BLOCK, CARD_MOST, &arena);
    while (err == BF_OK) {
        const enum bf_err read = card_next(r, &l, NULL);
        if (read == BF_ENOENT)
            break;
        if (read != BF_OK || !is_mark(&l, "BEGIN")) /* between cards, nothing counts */
            continue;
        cards++;
        err = card_read(r, t, arena, l.line);
    }
    if (err == BF_OK && cards == 0) {
        *ret_message = strdup("no card is in it: one begins with BEGIN:VCARD");
        return BF_EFORM;
    }
    return err;
}

/* ---- writing ---- */

/* What lines of `extra` said already. */
struct said {
    bool name, organisation, language, note, uid;
    bool aliases[BOOK_LIST], tags[BOOK_LIST], numbers[BOOK_LIST];
};

static bool mark_texts(const char *const *all, size_t n, const struct person *line, bool tags, bool *said)
{
    const char *const *texts = tags ? line->tags : line->aliases;
    const size_t n_texts = tags ? line->n_tags : line->n_aliases;
    size_t found = 0;
    for (size_t k = 0; k < n_texts; k++)
        for (size_t i = 0; i < n && i < BOOK_LIST; i++)
            if (strcmp(all[i], texts[k]) == 0) {
                said[i] = true;
                found++;
                break;
            }
    return found == n_texts;
}

static bool mark_numbers(const struct person *p, const struct person *line, bool *said)
{
    size_t found = 0;
    for (size_t k = 0; k < line->n_numbers; k++)
        for (size_t i = 0; i < p->n_numbers && i < BOOK_LIST; i++)
            if (p->numbers[i].count == 1 && number_equal(&p->numbers[i].start, &line->numbers[k].start)) {
                said[i] = true;
                found++;
                break;
            }
    return found == line->n_numbers;
}

static bool mark_text(const char *text, const char *line, bool *said)
{
    if (!*line)
        return true;
    *said = strcmp(text, line) == 0;
    return *said;
}

static bool mark_alias(const struct person *p, const char *text, bool *said)
{
    const struct person line = { .aliases = &text, .n_aliases = 1 };
    return mark_texts(p->aliases, p->n_aliases, &line, false, said);
}

/* The person still is what the line says. */
static bool still_says(const struct person *p, const struct person *line, struct said *said)
{
    struct said next = *said;
    bool holds = mark_text(p->organisation, line->organisation, &next.organisation) &&
                 mark_text(p->language, line->language, &next.language) &&
                 mark_text(p->note, line->note, &next.note) && mark_text(p->uid, line->uid, &next.uid) &&
                 mark_texts(p->aliases, p->n_aliases, line, false, next.aliases) &&
                 mark_texts(p->tags, p->n_tags, line, true, next.tags) && mark_numbers(p, line, next.numbers);
    if (holds && *line->name) /* FN: of the name, or of an alias */
        holds =
            strcmp(p->name, line->name) == 0 ? (next.name = true) : mark_alias(p, line->name, next.aliases);
    if (holds)
        *said = next;
    return holds;
}

/* Lines of `extra`: those that only decorate a field are checked, and written only if they still hold. */
static void put_extra(FILE *out, const struct person *p, struct said *said, struct arena *arena)
{
    struct span rest = span_of(p->extra);
    while (rest.n) {
        struct span line = span_first(rest, span_find(rest, '\n'));
        rest = span_from(rest, line.n + 1);
        const bool decorates = line.n && line.p[0] == ' ';
        struct card_line l;
        struct card c = { 0 };
        line = span_from(line, decorates);
        if (card_line_split(line, &l, NULL) != BF_OK) /* edited by hand: what is no line is not written */
            continue;
        if (decorates) {
            if (!arena || making_begin(&c.m, arena) != BF_OK)
                continue;
            (void)take(&c, &l);
            if (!still_says(p, &c.m.p, said))
                continue;
        }
        card_put_line(out, line);
    }
}

struct writer {
    FILE *line;
    char *text;
    size_t n;
};

/* One property: its name with parameters and colon, and its value as a text, or as it stands. */
static void put(FILE *out, const char *name, struct span value, bool raw)
{
    struct writer w = { 0 };
    if (!(w.line = open_memstream(&w.text, &w.n)))
        return;
    fputs(name, w.line);
    if (raw)
        fwrite(value.p ? value.p : "", 1, value.n, w.line);
    else
        card_put_text(w.line, value);
    if (fclose(w.line) == 0)
        card_put_line(out, span_make(w.text, w.n));
    free(w.text);
}

static void put_text(FILE *out, const char *name, const char *text, bool said)
{
    if (*text && !said)
        put(out, name, span_of(text), false);
}

/* Commas between. */
static void put_list(FILE *out, const char *name, const char *const *texts, size_t n, const bool *said)
{
    struct writer w = { 0 };
    bool any = false;
    if (!(w.line = open_memstream(&w.text, &w.n)))
        return;
    for (size_t i = 0; i < n; i++)
        if (i >= BOOK_LIST || !said[i]) {
            if (any)
                fputc(',', w.line);
            card_put_text(w.line, span_of(texts[i]));
            any = true;
        }
    if (fclose(w.line) == 0 && any)
        put(out, name, span_make(w.text, w.n), true);
    free(w.text);
}

static void put_numbers(FILE *out, const struct person *p, const bool *said)
{
    char text[RANGE_TEXT];
    for (size_t i = 0; i < p->n_numbers; i++) {
        const struct span number = span_of(range_text(&p->numbers[i], text));
        if (p->numbers[i].count != 1)
            put(out, OWN "NUMBERS:", number, true);
        else if ((i >= BOOK_LIST || !said[i]) && text[0] == '+')
            put(out, "TEL;VALUE=uri:tel:", number, true);
        else if (i >= BOOK_LIST || !said[i])
            put(out, memchr(text, '*', number.n) ? OWN "NUMBERS:" : "TEL:", number, true);
    }
}

static void put_photo(FILE *out, const struct person *p)
{
    struct writer w = { 0 };
    if (!p->photo.n || !(w.line = open_memstream(&w.text, &w.n)))
        return;
    fprintf(w.line, "PHOTO:data:%s;base64,", *p->photo_type ? p->photo_type : "image/jpeg");
    photo_base64(w.line, p->photo);
    if (fclose(w.line) == 0)
        card_put_line(out, span_make(w.text, w.n));
    free(w.text);
}

static void put_marks(FILE *out, const struct person *p)
{
    char text[BOOK_NAME_BYTES + 16];
    put(out, OWN "PROTECTED:", p->is_protected ? SPAN("TRUE") : SPAN("FALSE"), true);
    for (size_t i = 0; i < p->n_signers; i++) {
        snprintf(text, sizeof text, "%s:%s", signer_kind_text(p->signers[i].kind), p->signers[i].value);
        put(out, OWN "SIGNER:", span_of(text), false);
    }
    if (p->least_attestation)
        put(out, OWN "LEAST-ATTESTATION:", span_make(&p->least_attestation, 1), true);
    if (p->require_proof != PROOF_USUAL)
        put(out, OWN "REQUIRE-PROOF:", span_of(require_proof_text(p->require_proof)), true);
}

static void put_rev(FILE *out, utc_t changed)
{
    char text[21], rev[24];
    if (changed <= 0)
        return;
    utc_text(changed, text);
    struct buf b = BUF_ON(rev);
    for (const char *s = text; *s; s++)
        if (*s != '-' && *s != ':')
            buf_char(&b, *s);
    put(out, "REV:", buf_span(&b), true);
}

void vcard_write(FILE *out, const struct person *p)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct said said = { 0 };
    char *extra = NULL;
    size_t n = 0;
    FILE *const f = open_memstream(&extra, &n);
    if (!f)
        return;
    if (arena_create(CARD_BLOCK, CARD_MOST, &arena) != BF_OK)
        arena = NULL;
    put_extra(f, p, &said, arena);
    if (fclose(f) == 0) {
        fputs("BEGIN:VCARD\r\nVERSION:4.0\r\n", out);
        put_text(out, "UID:", p->uid, said.uid);
        put_text(out, "FN:", p->name, said.name);
        put_list(out, "NICKNAME:", p->aliases, p->n_aliases, said.aliases);
        put_text(out, "ORG:", p->organisation, said.organisation);
        put_numbers(out, p, said.numbers);
        put_text(out, "LANG:", p->language, said.language);
        put_text(out, "NOTE:", p->note, said.note);
        put_list(out, "CATEGORIES:", p->tags, p->n_tags, said.tags);
        put_photo(out, p);
        put_marks(out, p);
        put_rev(out, p->changed);
        fwrite(extra, 1, n, out);
        fputs("END:VCARD\r\n", out);
    }
    free(extra);
}
