/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What records say again and again: a word stands in an entry as its number. Which one a text is, is found by its length:
 * there are few of each.
 */
#include "record/member.h"

#define WORD_MOST 80u /* bytes of the longest */

/* By number, from 1. Rows are added at the end; never renumbered, never changed. */
static const struct span words[] = {
    SPAN(""),
    /* checks */
    SPAN("form"),
    SPAN("parameters"),
    SPAN("url"),
    SPAN("fresh"),
    SPAN("orig"),
    SPAN("dest"),
    SPAN("certificate"),
    SPAN("chain"),
    SPAN("revocation"),
    SPAN("domain"),
    SPAN("number-listed"),
    SPAN("signature"),
    SPAN("replay"),
    SPAN("all-judged"),
    SPAN("called-number"),
    SPAN("number-shown"),
    SPAN("attestation"),
    SPAN("carrier"),
    SPAN("own-number"),
    /* proofs and transports */
    SPAN("identity"),
    SPAN("udp"),
    SPAN("tcp"),
    SPAN("http"),
    /* reasons */
    SPAN("a trusted signature made for this call vouches for the number"),
    SPAN("withheld, proven: a trusted signature made for this call vouches for the number"),
    SPAN("the call carries no Identity header, so nothing vouches for the number"),
    SPAN("no proof holds"),
    SPAN("no carrier is asked for its word"),
    SPAN("your carrier does not say so"),
    SPAN("no chain to ask about"),
    SPAN("no valid revocation list is at hand"),
    SPAN("no trust anchors are configured"),
    SPAN("the revocation list says nothing about this certificate"),
    SPAN("the token has been used for another call"),
    SPAN("not asked, form failed"),
    SPAN("signed"),
    SPAN("passed unjudged, for want of time"),
    /* people */
    SPAN("person-known"),
    SPAN("person-habit"),
    SPAN("name-claimed"),
    SPAN("call-expected"),
    SPAN("there is no address book here"),
    SPAN("nobody in the address book has this number"),
    SPAN("no call is expected"),
    SPAN("no call of this caller is expected now"),
};

/* Numbers of the words of a length; 0: no more. A test says what is missing here. */
static const uint8_t of_length[WORD_MOST + 1][5] = {
    [3] = { 3, 21, 22 },   [4] = { 1, 5, 6, 23 },
    [5] = { 4, 8 },        [6] = { 10, 13, 36 },
    [7] = { 18 },          [8] = { 20 },
    [9] = { 12 },          [10] = { 2, 9, 14, 19 },
    [11] = { 7, 17 },      [12] = { 16, 38, 39, 40 },
    [13] = { 11, 15, 41 }, [14] = { 27 },
    [19] = { 44 },         [21] = { 30 },
    [22] = { 35 },         [28] = { 29 },
    [29] = { 42 },         [31] = { 32 },
    [32] = { 28 },         [33] = { 37 },
    [35] = { 31 },         [38] = { 45 },
    [40] = { 34 },         [42] = { 43 },
    [55] = { 33 },         [61] = { 24 },
    [70] = { 26 },         [79] = { 25 },
};

uint8_t record_word(struct span text)
{
    if (text.n > WORD_MOST)
        return 0;
    for (const uint8_t *number = of_length[text.n]; *number; number++)
        if (memcmp(words[*number].p, text.p, text.n) == 0)
            return *number;
    return 0;
}

struct span record_word_text(uint8_t number)
{
    return number > 0 && number < ARRAY_SIZE(words) ? words[number] : SPAN_NONE;
}
