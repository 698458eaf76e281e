/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule decided, in the answer: in place of the policy of the verdict, and never in the way of an emergency. */
#include "answer/refuse.h"

#include "tap.h"

static const char invite[] = "INVITE sip:+12155550131@pbx.example;user=phone SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
                             "From: <sip:+12155550121@orig.example;user=phone>;tag=a\r\n"
                             "To: <sip:+12155550131@pbx.example;user=phone>\r\n"
                             "Call-ID: 1@orig.example\r\n"
                             "CSeq: 1 INVITE\r\n"
                             "Max-Forwards: 70\r\n"
                             "Content-Length: 0\r\n\r\n";

struct stage {
    struct rule_actions *actions;
    struct answer_options options;
    struct decision decision;
    struct sip_message message;
    struct call call;
    struct arena *arena;
    struct sha256 *sha;
    char memory[4096];
    int status;
};

static void stage_set(struct stage *s, const char *action, enum answer_action of_verdict)
{
    struct rule_action a;
    struct fault fault;
    uint16_t number = 0;
    memset(s, 0, sizeof *s);
    assert_int_equal(rule_actions_create(&s->actions), BF_OK);
    if (action) {
        assert_int_equal(rule_action_read(span_of(action), &a, &fault), BF_OK);
        assert_int_equal(rule_actions_number(s->actions, &a, &number), BF_OK);
    }
    s->options.rule_actions = s->actions;
    s->options.redress = "https://example.org/complain";
    for (size_t i = 0; i < ARRAY_SIZE(s->options.policy); i++)
        s->options.policy[i] = (struct answer_policy){ .action = of_verdict, .to = "sip:policy@192.0.2.9" };
    s->decision.outcome = UNPROVEN;
    s->decision.verify.rule = number;
    assert_int_equal(sha256_create(&s->sha), BF_OK);
    assert_int_equal(arena_create(4096, 65536, &s->arena), BF_OK);
    assert_int_equal(message_read(span_of(invite), SIP_DATAGRAM, &s->message, &fault), BF_OK);
    assert_int_equal(call_of_sip(&s->message, &(struct call_rules){ 0 }, &(struct peer){ 0 },
                                 (struct instant){ 0 }, s->sha, s->arena, &s->call, &fault),
                     BF_OK);
}

static const char *stage_answer(struct stage *s)
{
    struct buf out = BUF_ON(s->memory);
    const struct answer_hop hop = { "sip:192.0.2.5:5080", NULL };
    const struct sip_source from = { .reliable = true };
    assert_int_equal(answer_sip(&s->options, NULL, &s->decision, &s->message, &s->call, &from, SPAN("tag"),
                                &hop, &out, &s->status),
                     BF_OK);
    buf_char(&out, '\0');
    return s->memory;
}

static void stage_clear(struct stage *s)
{
    rule_actions_destroy(s->actions);
    sha256_destroy(s->sha);
    arena_destroy(s->arena);
}

static void an_action_is_seen_in_the_answer(void **state)
{
    static const struct {
        const char *action;
        enum answer_action of_verdict;
        int status;
        const char *seen, *unseen;
    } rows[] = {
        { NULL, ACTION_PASS, 302, "Contact: <sip:+12155550131@192.0.2.5:5080", "Alert-Info" },
        { NULL, ACTION_TO, 302, "Contact: <sip:policy@192.0.2.9>", NULL },
        { "pass", ACTION_REJECT, 302, "Contact: <sip:+12155550131@192.0.2.5:5080", "policy@" },
        { "pass", ACTION_TO, 302, "Contact: <sip:+12155550131@192.0.2.5:5080", "policy@" },
        { "label", ACTION_PASS, 302, "P-Asserted-Identity: \"?", NULL },
        { "to:sip:200@192.0.2.7", ACTION_PASS, 302, "Contact: <sip:200@192.0.2.7>\r\n", "192.0.2.5" },
        { "voicemail:sip:vm@192.0.2.7", ACTION_PASS, 302,
          "Contact: <sip:vm@192.0.2.7;target=sip:+12155550131%40pbx.example%3Buser%3Dphone;cause=480>\r\n",
          "192.0.2.5" },
        { "ring:<urn:alert:priority:high>", ACTION_PASS, 302, "Alert-Info: <urn:alert:priority:high>\r\n",
          NULL },
        { "reject:486", ACTION_PASS, 486, "SIP/2.0 486 Busy Here\r\n", "Contact" },
        { "reject:603", ACTION_PASS, 603, "url=https://example.org/complain", "Contact" },
        { "reject:608", ACTION_PASS, 603, "url=https://example.org/complain",
          "Contact" }, /* it has no card */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct stage s;
        stage_set(&s, rows[i].action, rows[i].of_verdict);
        const char *answer = stage_answer(&s);
        if (!strstr(answer, rows[i].seen) || (rows[i].unseen && strstr(answer, rows[i].unseen)))
            fail_msg("%s:\n%s", rows[i].action ? rows[i].action : "none", answer);
        assert_int_equal(s.status, rows[i].status);
        stage_clear(&s);
    }
}

static void no_rule_stands_in_the_way_of_an_emergency(void **state)
{
    static const char *const actions[] = { "reject:603", "to:sip:200@192.0.2.7", "voicemail:sip:vm@192.0.2.7",
                                           "label", "ring:<urn:alert:priority:high>" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        struct stage s;
        stage_set(&s, actions[i], ACTION_PASS);
        s.call.never_block = true;
        assert_non_null(strstr(stage_answer(&s), "Contact: <sip:+12155550131@192.0.2.5:5080"));
        assert_int_equal(s.status, 302);
        assert_null(strstr(s.memory, "Alert-Info"));
        stage_clear(&s);
    }
}

static void nobody_is_refused_where_there_is_nowhere_to_complain(void **state)
{
    struct stage s;
    (void)state;
    stage_set(&s, "reject:603", ACTION_PASS);
    s.options.redress = "";
    (void)stage_answer(&s);
    assert_int_equal(s.status, 302);
    stage_clear(&s);
}

static void a_withheld_number_is_refused_whatever_a_rule_says(void **state)
{
    struct stage s;
    (void)state;
    stage_set(&s, "pass", ACTION_PASS);
    s.options.refuse_anonymous = true;
    s.decision.masked = 1;
    (void)stage_answer(&s);
    assert_int_equal(s.status, 433);
    stage_clear(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_is_seen_in_the_answer),
        cmocka_unit_test(no_rule_stands_in_the_way_of_an_emergency),
        cmocka_unit_test(nobody_is_refused_where_there_is_nowhere_to_complain),
        cmocka_unit_test(a_withheld_number_is_refused_whatever_a_rule_says),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
