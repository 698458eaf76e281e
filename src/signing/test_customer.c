/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signing/explain.h"
#include "signing/signing.h"
#include "vectors.h"

#define NOW VECTOR_IAT

static char dir[256], key_path[300], stock_path[300], ported_path[300];

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static int set_up(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/bonafide-customers-XXXXXX", base ? base : P_tmpdir);
    if (!mkdtemp(dir))
        return -1;
    snprintf(key_path, sizeof key_path, "%s/key.pem", dir);
    snprintf(stock_path, sizeof stock_path, "%s/numbers.csv", dir);
    snprintf(ported_path, sizeof ported_path, "%s/ported.csv", dir);
    write_text(key_path, VECTOR_A1_PRIVATE);
    return 0;
}

static void tear_down(void)
{
    unlink(key_path);
    unlink(stock_path);
    unlink(ported_path);
    rmdir(dir);
}

static struct number number(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

static struct cidr net(const char *text)
{
    struct cidr c;
    assert_int_equal(cidr_read(span_of(text), &c, NULL), BF_OK);
    return c;
}

static const char stock_text[] = "number,count,customer,status,attest\n"
                                 "+12025550100,100,acme,active,\n"
                                 "+12025550150,1,acme,ported-out,\n"
                                 "+12025550151,1,acme,suspended,\n"
                                 "+12025550200,10,beta,active,B\n"
                                 "+12025550300,10,gate,,\n";

/* acme: by address, A, others B, with letters; beta: by TLS name, API key, trunk group and header, A; gate: a gateway, C. */
struct world {
    struct cidr ten, private_net, gate_net;
    struct number_range lent[2];
    struct sign_letter_options letters[2];
    struct sign_customer_options customers[3];
    struct signing_options options;
};

static const char *const tls_names[] = { "sbc.beta.example" }, *const key_names[] = { "beta-crm" },
                         *const trunks[] = { "tg7@beta.example" };

static void fill_world(struct world *w)
{
    static const char *inventory, *ported;
    inventory = stock_path;
    ported = ported_path;
    memset(w, 0, sizeof *w);
    w->ten = net("10.0.0.0/8");
    w->private_net = net("192.168.5.0/24");
    w->gate_net = net("198.51.100.9");
    assert_int_equal(number_range_read(SPAN("+12025550400/10"), &w->lent[0], NULL), BF_OK);
    assert_int_equal(number_range_read(SPAN("+12025550500/10"), &w->lent[1], NULL), BF_OK);
    w->letters[0] = (struct sign_letter_options){ &w->lent[0], 1, NULL, NOW, "LOA-1" };
    w->letters[1] = (struct sign_letter_options){ &w->lent[1], 1, "", NOW - 1, "LOA-2" };
    w->customers[0] = (struct sign_customer_options){ .name = "acme",
                                                      .attest = 'A',
                                                      .others = 'B',
                                                      .from = &w->ten,
                                                      .n_from = 1,
                                                      .letters = w->letters,
                                                      .n_letters = 2,
                                                      .key_path = key_path,
                                                      .x5u = VECTOR_X5U "/acme" };
    w->customers[1] = (struct sign_customer_options){ .name = "beta",
                                                      .attest = 'A',
                                                      .via = &w->private_net,
                                                      .n_via = 1,
                                                      .tls = tls_names,
                                                      .n_tls = 1,
                                                      .keys = key_names,
                                                      .n_keys = 1,
                                                      .trunk_groups = trunks,
                                                      .n_trunk_groups = 1,
                                                      .header_name = "X-Customer",
                                                      .header_value = "beta",
                                                      .key_path = key_path,
                                                      .x5u = VECTOR_X5U "/beta" };
    w->customers[2] = (struct sign_customer_options){ .name = "gate",
                                                      .attest = 'C',
                                                      .others = 'C',
                                                      .from = &w->gate_net,
                                                      .n_from = 1,
                                                      .key_path = key_path,
                                                      .x5u = VECTOR_X5U "/gate" };
    w->options = (struct signing_options){ .customers = w->customers,
                                           .n_customers = 3,
                                           .inventory = &inventory,
                                           .n_inventory = 1,
                                           .ported_out = &ported,
                                           .n_ported_out = 1 };
    write_text(stock_path, stock_text);
    write_text(ported_path, "number\n+12025550160\n");
}

static struct signing *load(const struct world *w)
{
    struct signing *s = NULL;
    char *message = NULL;
    if (signing_load(&w->options, &s, &message) != BF_OK)
        fail_msg("%s", message ? message : "no message");
    return s;
}

struct asking {
    const char *caller, *from;
    const char *tls, *key, *group, *context, *header;
};

static struct sip_message message;

static struct call call_of(const struct asking *a)
{
    struct call call = { .arrival = { .utc = NOW }, .has_caller = true, .has_called = true };
    socklen_t n;
    call.caller = number(a->caller);
    call.called = number("12155550131");
    assert_int_equal(addr_read(span_of(a->from), &call.peer.addr, &n, NULL), BF_OK);
    call.peer.tls_name = span_of(a->tls);
    call.peer.api_key = span_of(a->key);
    call.trunk_group = span_of(a->group);
    call.trunk_context = span_of(a->context);
    message.n_headers = a->header ? 1 : 0;
    message.headers[0] = (struct sip_header){ .name = SPAN("x-customer"), .value = span_of(a->header) };
    call.message = &message;
    return call;
}

static enum sign_refusal sign_one(const struct signing *s, const struct call *call, struct signed_call *ret)
{
    auto_(signing_desk_destroy) struct signing_desk *desk = NULL;
    struct sign_job job = { .call = call, .ret = ret, .refusal = SIGN_FAILED };
    assert_int_equal(signing_desk_create(&desk), BF_OK);
    signing_sign_many(s, desk, &job, 1);
    return job.refusal;
}

#define TEN  "10.1.2.3:5060"
#define VIA  "192.168.5.9:5060"
#define FAR_ "203.0.113.5:5060"
#define GATE "198.51.100.9:5060"

static const struct row {
    struct asking ask;
    enum sign_refusal refusal;
    char attest;
    const char *by;
} rows[] = {
    { { "12025550100", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'A', "acme" },
    { { "12025550199", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'A', "acme" },
    { { "12025550100", FAR_, 0, 0, 0, 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    /* ported out, in the inventory's own file and in the other: not its own any more */
    { { "12025550150", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'B', "acme" },
    { { "12025550160", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'B', "acme" },
    { { "12025550160", FAR_, 0, 0, 0, 0, 0 }, SIGN_PORTED_OUT, 0, NULL },
    { { "12025550151", TEN, 0, 0, 0, 0, 0 }, SIGN_SUSPENDED, 0, NULL },
    /* another's number, or nobody's */
    { { "12025550200", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'B', "acme" },
    { { "33123456789", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'B', "acme" },
    { { "33123456789", FAR_, 0, 0, 0, 0, 0 }, SIGN_NO_ROW, 0, NULL },
    /* letters of authority: one that ends now, one that has ended */
    { { "12025550405", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'A', "acme" },
    { { "12025550505", TEN, 0, 0, 0, 0, 0 }, SIGN_OK, 'B', "acme" },
    { { "12025550405", FAR_, "sbc.beta.example", 0, 0, 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    /* each way to be known; the inventory says B for these numbers */
    { { "12025550200", FAR_, "SBC.beta.example", 0, 0, 0, 0 }, SIGN_OK, 'B', "beta" },
    { { "12025550200", FAR_, "sbc.acme.example", 0, 0, 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", FAR_, 0, "beta-crm", 0, 0, 0 }, SIGN_OK, 'B', "beta" },
    { { "12025550200", FAR_, 0, "Beta-CRM", 0, 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", VIA, 0, 0, "tg7", "Beta.example", 0 }, SIGN_OK, 'B', "beta" },
    { { "12025550200", VIA, 0, 0, "tg8", "beta.example", 0 }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", VIA, 0, 0, "tg7", 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", FAR_, 0, 0, "tg7", "beta.example", 0 }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", VIA, 0, 0, 0, 0, "beta" }, SIGN_OK, 'B', "beta" },
    { { "12025550200", VIA, 0, 0, 0, 0, "Beta" }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550200", FAR_, 0, 0, 0, 0, "beta" }, SIGN_NOT_FOR, 0, NULL },
    /* known, but with numbers that are not its own, and no leave for those */
    { { "33123456789", VIA, 0, 0, 0, 0, "beta" }, SIGN_NOT_FOR, 0, NULL },
    { { "12025550100", FAR_, 0, "beta-crm", 0, 0, 0 }, SIGN_NOT_FOR, 0, NULL },
    /* a gateway says C of everything, and not more of its own */
    { { "33123456789", GATE, 0, 0, 0, 0, 0 }, SIGN_OK, 'C', "gate" },
    { { "12025550300", GATE, 0, 0, 0, 0, 0 }, SIGN_OK, 'C', "gate" },
    { { "12025550151", GATE, 0, 0, 0, 0, 0 }, SIGN_SUSPENDED, 0, NULL },
};

static void id_101_102_a_customer_is_known_in_each_of_its_ways_and_in_no_other(void **state)
{
    struct world w;
    (void)state;
    fill_world(&w);
    auto_(signing_destroy) struct signing *s = load(&w);
    assert_int_equal(signing_numbers(s), 120);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct call call = call_of(&rows[i].ask);
        struct signed_call what = { 0 };
        const enum sign_refusal refusal = sign_one(s, &call, &what);
        if (refusal != rows[i].refusal || what.attest != rows[i].attest)
            fail_msg("row %zu (%s from %s): %s, %c", i, rows[i].ask.caller, rows[i].ask.from,
                     sign_refusal_text(refusal), what.attest ? what.attest : '-');
        if (refusal != SIGN_OK)
            continue;
        char room[LIMIT_IDENTITY_VALUE], url[64];
        struct buf out = BUF_ON(room);
        assert_string_equal(signing_name(s, what.row), rows[i].by);
        assert_int_equal(signing_identity(s, &call, &what, &out), BF_OK);
        snprintf(url, sizeof url, "info=<%s/%s>", VECTOR_X5U, rows[i].by);
        assert_non_null(memmem(out.p, out.n, url, strlen(url)));
    }
    assert_null(signing_name(s, 3));
}

static void a_header_that_stands_twice_identifies_nobody(void **state)
{
    struct world w;
    (void)state;
    fill_world(&w);
    auto_(signing_destroy) struct signing *s = load(&w);
    struct call call = call_of(&(struct asking){ "12025550200", VIA, 0, 0, 0, 0, "beta" });
    struct signed_call what;
    message.headers[1] = message.headers[0];
    message.n_headers = 2;
    assert_int_equal(sign_one(s, &call, &what), SIGN_NOT_FOR);
    call.message = NULL;
    assert_int_equal(sign_one(s, &call, &what), SIGN_NOT_FOR);
}

static void whoever_calls_through_a_gateway_gets_c(void **state)
{
    struct world w;
    (void)state;
    fill_world(&w);
    auto_(signing_destroy) struct signing *s = load(&w);
    struct call call = call_of(&(struct asking){ "12025550100", TEN, 0, 0, 0, 0, 0 });
    struct signed_call what;
    call.peer.gateway = true;
    assert_int_equal(sign_one(s, &call, &what), SIGN_OK);
    assert_int_equal(what.attest, 'C');
    assert_int_equal(signing_explain(s, &call, NULL, NULL).attest, 'C');
}

/* ---- explain ---- */

struct heard {
    size_t n, decided;
    char by[32], words[4096];
};

static void hear(void *arg, const struct sign_reason *r)
{
    struct heard *h = arg;
    const size_t at = strlen(h->words);
    h->n++;
    snprintf(h->words + at, sizeof h->words - at, "%s: %s\n", r->name, r->why);
    if (!r->decided)
        return;
    h->decided++;
    snprintf(h->by, sizeof h->by, "%s", r->name);
}

static void what_is_explained_is_what_is_done(void **state)
{
    struct world w;
    (void)state;
    fill_world(&w);
    auto_(signing_destroy) struct signing *s = load(&w);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct call call = call_of(&rows[i].ask);
        struct heard h = { 0 };
        const struct sign_explained e = signing_explain(s, &call, hear, &h);
        assert_int_equal(e.refusal, rows[i].refusal);
        assert_int_equal(e.attest, rows[i].attest);
        assert_int_equal(h.n, 3);
        assert_int_equal(h.decided, rows[i].by != NULL);
        assert_string_equal(h.by, rows[i].by ? rows[i].by : "");
    }
}

static void every_customer_that_did_not_decide_says_why(void **state)
{
    static const struct {
        struct asking ask;
        const char *says;
    } asked[] = {
        { { "12025550100", TEN, 0, 0, 0, 0, 0 },
          "acme: known by its address; the number is its own; no letter" },
        { { "12025550100", TEN, 0, 0, 0, 0, 0 }, "gate: the call shows nothing of this customer" },
        { { "12025550505", TEN, 0, 0, 0, 0, 0 },
          "its letter of authority has ended; other_numbers allows it" },
        { { "12025550405", TEN, 0, 0, 0, 0, 0 }, "a letter of authority holds for it (LOA-1)" },
        { { "33123456789", VIA, 0, 0, 0, 0, "beta" },
          "beta: known by its header; the number is not in the inventory; it "
          "may sign no others" },
        { { "12025550160", GATE, 0, 0, 0, 0, 0 }, "the number was ported out; other_numbers allows it" },
    };
    struct world w;
    (void)state;
    fill_world(&w);
    auto_(signing_destroy) struct signing *s = load(&w);
    for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
        const struct call call = call_of(&asked[i].ask);
        struct heard h = { 0 };
        (void)signing_explain(s, &call, hear, &h);
        if (!strstr(h.words, asked[i].says))
            fail_msg("%s\n%s", asked[i].says, h.words);
    }
}

/* ---- what is refused ---- */

static void refused(const struct world *w, const char *says)
{
    struct signing *s = NULL;
    char *words = NULL;
    assert_int_not_equal(signing_load(&w->options, &s, &words), BF_OK);
    assert_null(s);
    if (!words || !strstr(words, says))
        fail_msg("wanted \"%s\", got \"%s\"", says, words ? words : "nothing");
    free(words);
}

static void an_inventory_that_contradicts_itself_is_refused_with_both_lines(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "number,customer\n+12025550100/100,acme\n+12025550199,beta\n",
          "numbers.csv:3: +12025550199 stands in " },
        { "number,customer\n+12025550100/100,acme\n+12025550199,beta\n",
          "numbers.csv:2 too (acme, beta): keep one" },
        { "number,customer\n+12025550100,acme\n+12025550101,acmee\n",
          "numbers.csv:3: customer \"acmee\" does not stand under customers" },
        { "number,customer,status\n+12025550100,acme,lost\n",
          "numbers.csv:2: status \"lost\": write active, ported-out or suspended" },
        { "number,customer,attest\n+12025550100,acme,D\n", "numbers.csv:2: attest \"D\": write A, B or C" },
        { "number,customer\n*67/2,acme\n", "numbers.csv:2: so many numbers do not follow" },
        { "number,customer,status\n+12025550100,a,ported-out\n+12025550100,a,suspended\n",
          "(ported-out, suspended)" },
    };
    struct world w;
    (void)state;
    fill_world(&w);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        write_text(stock_path, bad[i].text);
        refused(&w, bad[i].says);
    }
    write_text(stock_path,
               "number,customer\n+12025550100,acme\n+12025550100,acme\n"); /* said twice: harmless */
    auto_(signing_destroy) struct signing *s = load(&w);
    assert_int_equal(signing_numbers(s), 1);
}

static void a_customer_that_cannot_work_is_refused_and_named(void **state)
{
    struct world w;
    struct cidr everybody = net("0.0.0.0/0");
    (void)state;
    fill_world(&w);
    w.customers[1].via = &everybody;
    refused(&w, "customer beta: a header counts only from private addresses");
    fill_world(&w);
    w.customers[1].n_via = 0;
    refused(&w, "customer beta: header and trunk_groups are said by the call itself");
    fill_world(&w);
    w.customers[2].others = 'B';
    refused(&w, "customer gate: other_numbers must be B, C or none");
    fill_world(&w);
    w.customers[0].others = 'A';
    refused(&w, "customer acme: other_numbers must be B, C or none");
    fill_world(&w);
    w.customers[1].name = "acme";
    refused(&w, "customer acme stands twice");
    fill_world(&w);
    w.customers[1].header_value = "";
    refused(&w, "customer beta: header needs a name and a value");
    fill_world(&w);
    w.customers[2].key_path = "";
    refused(&w, "customer gate: key is missing");
    fill_world(&w);
    w.letters[0].n_numbers = 0;
    refused(&w, "customer acme: letter_of_authority: write its numbers");
    fill_world(&w);
    w.letters[0].file = "no-such.csv";
    refused(&w, "no-such.csv: No such file");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_101_102_a_customer_is_known_in_each_of_its_ways_and_in_no_other),
        cmocka_unit_test(a_header_that_stands_twice_identifies_nobody),
        cmocka_unit_test(whoever_calls_through_a_gateway_gets_c),
        cmocka_unit_test(what_is_explained_is_what_is_done),
        cmocka_unit_test(every_customer_that_did_not_decide_says_why),
        cmocka_unit_test(an_inventory_that_contradicts_itself_is_refused_with_both_lines),
        cmocka_unit_test(a_customer_that_cannot_work_is_refused_and_named),
    };
    if (set_up() != 0)
        return 1;
    const int failed = tap_run(tests, ARRAY_SIZE(tests));
    tear_down();
    return failed;
}
