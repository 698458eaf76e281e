/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/call.h"

#include <stdlib.h>

#include "tap.h"

static const struct call_rules rules = { .plan = &dial_plan_usual };

struct reading {
    struct sip_message message;
    struct call call;
    struct arena *arena;
    char text[2048];
};

static int open_reading(void **state)
{
    struct reading *r = calloc(1, sizeof *r);
    *state = r;
    return r && arena_create(4096, 1 << 20, &r->arena) == BF_OK ? 0 : -1;
}

static int close_reading(void **state)
{
    struct reading *r = *state;
    arena_destroy(r->arena);
    free(r);
    return 0;
}

static const struct call *read_call(struct reading *r, const struct peer *peer, const char *from,
                                    const char *contact, const char *more)
{
    struct sha256 *sha;
    const int n = snprintf(r->text, sizeof r->text,
                           "INVITE sip:+12155550131@h;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP "
                           "192.0.2.1;branch=z9hG4bK1\r\nFrom: %s;tag=1\r\nTo: <sip:+12155550131@h>\r\n"
                           "Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: %s\r\n%sContent-Length: 0\r\n\r\n",
                           from, contact, more);
    arena_reset(r->arena);
    assert_int_equal(message_read(span_make(r->text, (size_t)n), SIP_DATAGRAM, &r->message, NULL), BF_OK);
    assert_int_equal(sha256_create(&sha), BF_OK);
    assert_int_equal(
        call_of_sip(&r->message, &rules, peer, (struct instant){ .utc = 1 }, sha, r->arena, &r->call, NULL),
        BF_OK);
    sha256_destroy(sha);
    return &r->call;
}

static void tn_002_a_trunk_group_is_no_part_of_the_number(void **state)
{
    static const struct {
        const char *from, *contact, *group, *context;
    } rows[] = {
        { "<sip:+12155550121@h>", "<sip:192.0.2.1>", "", "" },
        { "<sip:+12155550121@h>", "<sip:+12155550121;tgrp=tg-1;trunk-context=example.com@h;user=phone>",
          "tg-1", "example.com" },
        { "<sip:+12155550121@h>", "<sip:tgrp=tg-1@h>", "", "" }, /* a user of that name */
        { "<sip:+12155550121@h>", "<sip:+12155550121@h;tgrp=tg-1>", "",
          "" }, /* behind the host it means nothing */
        { "<sip:+12155550121@h>", "<sip:+12155550121;TGRP=tg-1@h>", "tg-1", "" },
        { "<sip:+12155550121@h>", "<sip:+12155550121;tgrp=@h>", "", "" },
        { "<sip:+12155550121;tgrp=tg-2;trunk-context=+1@h>", "<sip:192.0.2.1>", "tg-2", "+1" },
        { "<sip:+12155550121;tgrp=tg-2;trunk-context=+1@h>", "<sip:a;tgrp=tg-1@h>", "tg-1", "" },
        { "<sip:+12155550121;npdi@h>", "<sip:a;x=y@h>", "", "" },
    };
    const struct peer peer = { .pai = true };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct call *c = read_call(*state, &peer, rows[i].from, rows[i].contact, "");
        if (!span_equal(c->trunk_group, span_of(rows[i].group)) ||
            !span_equal(c->trunk_context, span_of(rows[i].context)))
            fail_msg("%s, %s: %.*s, %.*s", rows[i].from, rows[i].contact, SPAN_FMT(c->trunk_group),
                     SPAN_FMT(c->trunk_context));
        assert_true(c->has_caller && number_is(&c->caller, SPAN("12155550121")));
    }
}

static void anonymous_callers_have_the_number_that_a_trusted_peer_names(void **state)
{
    static const struct {
        const char *from, *more;
        bool trusted, anonymous, has_caller;
    } rows[] = {
        { "<sip:anonymous@anonymous.invalid>", "P-Asserted-Identity: <sip:+12155550121@h>\r\n", true, true,
          true },
        { "<sip:anonymous@anonymous.invalid>", "P-Asserted-Identity: <sip:+12155550121@h>\r\n", false, true,
          false },
        { "<sip:anonymous@anonymous.invalid>", "", true, true, false },
        { "<sip:Anonymous@h>", "", true, true, false },
        { "<sip:unavailable@unknown.invalid>", "", true, true, false },
        { "<sip:+12155550121@anonymous.invalid>", "", true, true, false }, /* the host says it */
        { "<sip:+12155550121@h>", "Privacy: id\r\n", true, true, true },
        { "<sip:+12155550121@h>", "Privacy: header; ID\r\n", true, true, true },
        { "<sip:+12155550121@h>", "Privacy: none\r\n", true, false, true },
        { "<sip:+12155550121@h>", "Privacy: history\r\n", true, false, true },
        { "<sip:+12155550121@h>", "", true, false, true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct peer peer = { .pai = rows[i].trusted };
        const struct call *c = read_call(*state, &peer, rows[i].from, "<sip:192.0.2.1>", rows[i].more);
        if (c->anonymous != rows[i].anonymous || c->has_caller != rows[i].has_caller)
            fail_msg("%s %s: anonymous %d, caller %d", rows[i].from, rows[i].more, c->anonymous,
                     c->has_caller);
    }
}

static void tn_004_a_peer_has_a_dial_plan_of_its_own(void **state)
{
    struct dial_plan french;
    country_plan(country_find(SPAN("FR")), &french);
    const struct peer stranger = { .pai = true }, trunk = { .pai = true, .plan = &french };
    const struct call *c =
        read_call(*state, &stranger, "<sip:0123456789@h;user=phone>", "<sip:192.0.2.1>", "");
    assert_true(number_is(&c->caller, SPAN("0123456789")) && !c->caller.global);
    c = read_call(*state, &trunk, "<sip:0123456789@h;user=phone>", "<sip:192.0.2.1>",
                  "Diversion: <sip:0198765432@h>\r\n");
    assert_true(number_is(&c->caller, SPAN("33123456789")) && c->caller.global);
    assert_true(c->has_forwarder && number_is(&c->forwarder, SPAN("33198765432")));
    assert_true(number_is(&c->called, SPAN("12155550131")));
}

#define READS(test) cmocka_unit_test_setup_teardown(test, open_reading, close_reading)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        READS(tn_002_a_trunk_group_is_no_part_of_the_number),
        READS(anonymous_callers_have_the_number_that_a_trusted_peer_names),
        READS(tn_004_a_peer_has_a_dial_plan_of_its_own),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
