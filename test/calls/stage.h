/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage for calls: a lab whose root is trusted and one whose is not, a CA of the stage's own for what no lab makes, a
 * repository in a directory, a clock that stands still, a judge over all of it. Used by the stories and by test_judge.c.
 */
#ifndef TEST_CALLS_STAGE_H
#define TEST_CALLS_STAGE_H

#include "answer/answer.h"
#include "credential/lab.h"
#include "trust/pki_for_tests.h"
#include "verdict/judge.h"

#define STAGE_TIME 1443208345 /* 2015-09-25T19:12:25Z, the clock of standards.md P */

struct stage {
    char dir[256];
    struct lab *trusted, *stranger;
    struct pki_pair ca; /* an anchor too; it also signs the revocation lists */
    X509 *leaf;         /* of the signer named last */
    char domain[128];
    struct trust *trust; /* the first one: it may have had successors */
    struct epoch *epoch;
    struct signers *signers;
    struct replay *replay;
    struct es256_pool *pool; /* NULL: OpenSSL alone */
    bool warm;               /* whoever signed has a table before a call is judged */
    struct desk *desk;
    struct arena *arena;
    struct clock_fixed clock;
    struct judge judge;
    struct answer_options answer;
    struct call_rules rules;
    struct dial_plan plan, peer_plan;
    struct peer peer;
    bool outside; /* the next hop is in nobody's trust domain */
    struct number_range own[8], same_line[8], never_block[8], domain_numbers[8], national[8], roaming[8];
    struct number_set *do_not_originate;
    bool hop_written; /* the next hop wants numbers in hop_format */
    struct number_format hop_format;
    char to[4][128];
    struct book *book;       /* NULL: no address book */
    int64_t person;          /* the one that was added last */
    people_place people;     /* what the judge looks at */
    struct people *kept[16]; /* every snapshot there was: a verdict may still name people of one */
    size_t n_kept;
    unsigned slot;
};

/* What the trust domain is: `lab`, `none`, `numbers=+44*`, or "". */
void stage_open(struct stage *s, const char *domain);
/* The same with an engine of the caller's choice, where the other takes the one of engine.h. */
void stage_open_with(struct stage *s, const char *domain, struct es256_pool *pool, bool warm);
void stage_close(struct stage *s);

/* `https://… key=PP-052 spc=1234 [one=…] [range=…/…] [untrusted] [from=…] [to=…] [san=URI:sip:…] [no-tnauth]` */
void stage_signer(struct stage *s, const char *text);

/*
 * `[revokes] [direct] [junk] [from=…] [to=…]`: from now on the trust domain has a revocation list, as after a reload. It
 * is an indirect one, for the certificates of all CAs, and revokes nothing, or the certificate of the signer named last.
 */
void stage_list(struct stage *s, const char *text);

/* Judges, bringing what is waited for. The verdict lives until stage_done. */
void stage_judge(struct stage *s, const struct call *call, struct hearing *h);
void stage_done(struct stage *s);

/* Inside stage_judge and stage_done: the signers of its tokens are told that their headers are proven, true or not, and it is
 * waited until those of a trusted chain are known. */
void stage_teach(struct stage *s, const struct hearing *h);
/* The header of one of its tokens at least was known when it was judged. */
bool stage_knows(const struct stage *s, const struct hearing *h);

/*
 * `Ada Lovelace | +12155550121, +1215555* | protected alias=A.Lovelace spc=1234 domain=us least=A proof=required`: from now on
 * the address book has this person.
 */
void stage_person(struct stage *s, const char *text);
/* `+12155550121 spc=1234 issuer=… domain=us`: a habit of the person added last, confirmed. */
void stage_habit(struct stage *s, const char *text);
/* `2015-09-25T19:00:00Z 2015-09-25T20:00:00Z +12155550121 word=heron`: a call of the person added last is expected. */
void stage_expected(struct stage *s, const char *text);
/* `+12155550121 Ada Lovelace`: this number may say this name. */
void stage_exception(struct stage *s, const char *text);
void stage_people_close(struct stage *s);

utc_t stage_time(const char *text); /* 2015-09-25T19:12:25Z */
size_t stage_ranges(const char *text, struct number_range *out, size_t max);
/* From here on numbers are read as in this country, and its numbers are ours; of a peer: its numbers alone. */
void stage_country(struct stage *s, const char *iso);
void stage_peer_country(struct stage *s, const char *iso);
/* Numbers that never place calls. */
void stage_do_not_originate(struct stage *s, const char *ranges);
/* Takes the serial numbers out of an answer's JSON: chains are made anew for each stage, with numbers of any length. */
void stage_blot_serials(char *json);
EVP_PKEY *stage_key(const char *name); /* PP-052, PP-054 */

#endif
