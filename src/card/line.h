/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content lines, of which vCard and iCalendar are made: `group.NAME;PARAM=value:value`.   RFC 6350 section 3; RFC 5545 section 3.1
 *
 * A long line is folded: what follows begins with a blank. The reader unfolds, splits, and leaves values as they are: what
 * they mean is the property's matter. It takes what other programs write, too: LF alone, blank lines, parameters without a name
 * (`TEL;HOME:`), and nothing that is no content line.
 */
#ifndef CARD_LINE_H
#define CARD_LINE_H

#include <stdio.h>

#include "base/buf.h"

#define CARD_PARAMS 64u         /* parameter values of a line */
#define CARD_BYTES  (64u << 20) /* of a text */

struct card_param {
    struct span name;  /* SPAN_NONE: it had none */
    struct span value; /* quotes taken off; ^n, ^' and ^^ still in it (RFC 6868): card_param_text */
};

struct card_line {
    struct span whole; /* unfolded, without its end */
    struct span group, name, value;
    struct card_param params[CARD_PARAMS]; /* `TYPE=a,b` is two */
    size_t n_params;
    uint64_t line; /* of the text, from 1 */
};

struct card_reader;

/* Spans of lines lie in the reader's memory and live as long as it. text must outlive it. BF_ENOMEM, BF_ELIMIT. */
enum bf_err card_reader_create(struct span text, struct card_reader **ret) must_use;
void card_reader_destroy(struct card_reader *r);

/* BF_ENOENT: that was all. BF_EFORM, BF_ELIMIT: ret->line cannot be read, fault->what says why; the next one may be. */
enum bf_err card_next(struct card_reader *r, struct card_line *ret, struct fault *fault) must_use;

/* Splits one line that is unfolded already. ret->line is left alone. */
enum bf_err card_line_split(struct span whole, struct card_line *ret, struct fault *fault) must_use;

/* The first value of that parameter; SPAN_NONE: it has none. */
struct span card_param(const struct card_line *line, const char *name);
bool card_has_param(const struct card_line *line, const char *name,
                    const char *value); /* letter case aside */
void card_param_text(struct span value, struct buf *out);

/*
 * The next of the texts in *rest, which ends at an unescaped `separator` ('\0': there is one), with `\n`, `\,`, `\;` and `\\`
 * read. false: there is none left. What is written is never longer than what was read.
 */
bool card_text_next(struct span *rest, char separator, struct buf *out);

/* ---- writing ---- */

void card_put_text(FILE *out, struct span text);   /* escaped; CR is left out */
void card_put_param(FILE *out, struct span value); /* quoted where it must be, RFC 6868 */
/* A whole line: folded at 75 bytes, between characters, and ended with CR LF. */
void card_put_line(FILE *out, struct span line);

AUTO_DEFINE(struct card_reader, card_reader_destroy);

#endif
