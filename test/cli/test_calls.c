/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide calls`, run as a program over a record made for it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "record/test_record.h"

#define AT 1700000000

static struct recorder *open_recorder(const struct place *p)
{
    struct recorder *r;
    char *message = NULL;
    const struct recorder_options options = { .journal_dir = p->journal, .db_url = p->url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    return r;
}

static void add(struct recorder *r, uint64_t n)
{
    struct sample s;
    sample_make(&s, n, AT + (utc_t)n);
    if (n == 2) {
        s.record.masked = true;
        s.record.pai = SPAN("<sip:+12155550002@carrier>");
        s.record.message =
            SPAN("INVITE sip:a SIP/2.0\r\nP-Asserted-Identity: <sip:+12155550002@carrier>\r\n\r\n");
    }
    if (n == 3)
        s.record.claimed_name = SPAN("=cmd|' /C calc'!A0\x1b[2J");
    assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
}

/* Five calls: genuine, unproven, broken and masked, an impostor with a bad name, genuine. */
static struct place five_calls(void)
{
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    for (uint64_t i = 0; i < 5; i++)
        add(r, i);
    recorder_destroy(r);
    return p;
}

static char output[1 << 20];

/* Runs the command, both outputs into `output`; returns its status. */
static int run(const struct place *p, const char *arguments)
{
    char command[2000];
    snprintf(command, sizeof command, "'%s/bonafide' calls --store '%s' %s 2>&1", getenv("BF_BUILD"), p->url,
             arguments);
    FILE *file = popen(command, "r"); /* NOLINT(cert-env33-c): the shell takes the rows' arguments apart */
    assert_non_null(file);
    output[fread(output, 1, sizeof output - 1, file)] = '\0';
    const int status = pclose(file);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static size_t lines(void)
{
    size_t n = 0;
    for (const char *c = output; *c; c++)
        n += *c == '\n';
    return n;
}

static void has(const char *text)
{
    if (!strstr(output, text))
        fail_msg("'%s' is not in: %s", text, output);
}

static void lacks(const char *text)
{
    if (strstr(output, text))
        fail_msg("'%s' is in: %s", text, output);
}

#define ID(digit) "0000000000000000000000000" digit

static void the_list_begins_with_the_newest(void **state)
{
    (void)state;
    const struct place p = five_calls();
    assert_int_equal(run(&p, ""), 0);
    has("time (UTC)");
    has("2023-11-14 22:13:24");
    has("genuine");
    has("+12155550004");
    has(ID("4"));
    has("withheld");
    lacks("12155550002");
    lacks("\x1b");
    assert_true(strstr(output, ID("4")) < strstr(output, ID("0")));
    place_remove(&p);
}

/* The narrowest terminal there is: names and reasons go, the id that `show` asks for stays whole. */
static void on_eighty_columns_the_id_is_whole(void **state)
{
    (void)state;
    const struct place p = five_calls();
    char command[1024];
    snprintf(command, sizeof command,
             "NO_COLOR=1 script -qec \"stty cols 80; '%s/bonafide' calls --store '%s'\" /dev/null",
             getenv("BF_BUILD"), p.url);
    FILE *pipe = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what a terminal is opened with */
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    assert_int_equal(pclose(pipe), 0);
    has("11-14 22:13");
    has(ID("4"));
    char *rest = output;
    for (char *line; (line = strsep(&rest, "\n"));)
        assert_true(strcspn(line, "\r") <= 80);
    place_remove(&p);
}

static void filters_narrow_the_list(void **state)
{
    static const struct {
        const char *arguments;
        size_t n;
    } rows[] = {
        { "", 5 },
        { "--limit 2", 2 },
        { "--verdict genuine", 2 },
        { "--verdict=impostor", 1 },
        { "--since 1700000003", 2 },
        { "--since 2023-11-14T22:13:22Z --until 2023-11-14T22:13:24Z", 2 },
        { "--since 1h", 0 },
        { "--since 100000d", 5 },
        { "--from '+1 (215) 555-0003'", 1 },
        { "--from 12155550009", 0 },
        { "--to +12155550131", 5 },
        { "--call-id call-1@lab", 1 },
        { "--spc 1234", 5 },
        { "--spc 77", 0 },
        { "--origid 7a1b2c3d-0000-4000-8000-000000000001 --verdict broken", 1 },
    };
    (void)state;
    const struct place p = five_calls();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char arguments[300];
        snprintf(arguments, sizeof arguments, "--json %s", rows[i].arguments);
        assert_int_equal(run(&p, arguments), 0);
        if (lines() != rows[i].n)
            fail_msg("%s: %zu lines", rows[i].arguments, lines());
    }
    assert_int_equal(run(&p, "--from 12155550009"), 0);
    has("there are none");
    place_remove(&p);
}

static void wrong_usage_says_what_to_write(void **state)
{
    static const struct {
        const char *arguments, *says;
    } rows[] = {
        { "--verdict maybe", "write genuine, unproven, broken or impostor" },
        { "--since yesterday", "2015-09-25T19:12:25Z" },
        { "--until 5w", "for that long ago" },
        { "--from alice", "a telephone number" },
        { "--limit some", "is no N" },
        { "--json --csv", "do not go together" },
        { "--follow show " ID("1"), "goes without --follow" },
        { "--follow --traceback " ID("1"), "do not go together" },
        { "--csv show " ID("1"), "--csv is for lists" },
        { "--unmask", "--unmask goes with" },
        { "--config x.yaml", "do not go together" },
        { "show", "Write show ID" },
        { "list", "Write show ID" },
        { "show 1 2", "Write show ID" },
    };
    (void)state;
    const struct place p = five_calls();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (run(&p, rows[i].arguments) != 64)
            fail_msg("%s", rows[i].arguments);
        has("bonafide calls: ");
        has(rows[i].says);
    }
    place_remove(&p);
}

static void show_tells_everything_in_words(void **state)
{
    static const char *const says[] = {
        "verdict         genuine",
        "why             a trusted signature",
        "attestation     A",
        "caller          +12155550004",
        "called          +12155550131",
        "says            Lab",
        "Call-ID         call-4@lab",
        "received from   127.0.0.1:5062",
        "signer SPC      1234",
        "serial          0a0b",
        "answered        302 after 0.090 ms",
        "time            2023-11-14T22:13:24.004Z",
        "    pass    signature (Identity 1)\n",
        "    abstain replay: not looked for",
    };
    (void)state;
    const struct place p = five_calls();
    assert_int_equal(run(&p, "show " ID("4")), 0);
    for (size_t i = 0; i < ARRAY_SIZE(says); i++)
        has(says[i]);
    assert_int_equal(run(&p, "--json show " ID("4")), 0);
    has("\"ballots\":[{\"check\":\"signature\"");
    assert_int_equal(run(&p, "show " ID("9")), 65);
    has("there is no call " ID("9"));
    place_remove(&p);
}

static void sec_a_withheld_number_is_shown_only_on_demand(void **state)
{
    static const char *const everywhere[] = {
        "",
        "--json",
        "--csv",
        "show " ID("2"),
        "--json show " ID("2"),
        "--traceback " ID("2"),
        "--json --traceback " ID("2"),
    };
    (void)state;
    const struct place p = five_calls();
    for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
        assert_int_equal(run(&p, everywhere[i]), 0);
        lacks("2155550002");
    }
    assert_int_equal(run(&p, "--unmask show " ID("2")), 0);
    has("caller          +12155550002");
    has("    P-Asserted-Identity: <sip:+12155550002@carrier>");
    assert_int_equal(run(&p, "--json --unmask --traceback " ID("2")), 0);
    has("\"calling\":\"12155550002\"");
    place_remove(&p);
}

static void traceback_gives_what_is_asked_for(void **state)
{
    static const char *const says[] = {
        "time (UTC)      2023-11-14T22:13:24.004Z",
        "calling number  12155550004",
        "called number   12155550131",
        "received from   127.0.0.1:5062",
        "Call-ID         call-4@lab",
        "origid          7a1b2c3d-0000-4000-8000-000000000001",
        "attestation     A",
        "signer SPC      1234",
        "certificate     0a0b",
        "x5u             https://certs.example.org/1.pem",
    };
    (void)state;
    const struct place p = five_calls();
    assert_int_equal(run(&p, "--traceback " ID("4")), 0);
    for (size_t i = 0; i < ARRAY_SIZE(says); i++)
        has(says[i]);
    assert_int_equal(run(&p, "--json --traceback +12155550131"), 0); /* of a number that was called */
    assert_int_equal(lines(), 5);
    assert_int_equal(run(&p, "--json --traceback 12155550003"), 0); /* and of one that called */
    assert_int_equal(lines(), 1);
    assert_int_equal(run(&p, "--traceback 12155559999"), 65);
    has("no call of 12155559999");
    assert_int_equal(run(&p, "--traceback nobody"), 64);
    place_remove(&p);
}

static void csv_has_a_header_and_no_formula(void **state)
{
    (void)state;
    const struct place p = five_calls();
    assert_int_equal(run(&p, "--csv"), 0);
    assert_int_equal(lines(), 6);
    assert_memory_equal(output, "at,verdict,verstat,id,", 22);
    has("\"'=cmd|' /C calc'!A0");
    assert_int_equal(run(&p, "--csv --since 1h"), 0);
    assert_int_equal(lines(), 1);
    place_remove(&p);
}

static void a_store_that_is_not_there_is_named(void **state)
{
    (void)state;
    const struct place p = place_make();
    assert_int_equal(run(&p, ""), 65);
    has(p.db);
    has("Start `bonafide serve`");
    place_remove(&p);
}

/* Reads lines until one holds the text; the program is killed by the caller. */
static void wait_for(FILE *file, const char *text)
{
    while (fgets(output, sizeof output, file))
        if (strstr(output, text))
            return;
    fail_msg("%s never came", text);
}

static void following_shows_calls_as_they_come(void **state)
{
    char program[600];
    int ends[2], status;
    (void)state;
    const struct place p = five_calls();
    snprintf(program, sizeof program, "%s/bonafide", getenv("BF_BUILD"));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) { /* a test that fails half-way does not leave it following for ever */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        execl(program, "bonafide", "calls", "--store", p.url, "--follow", (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    wait_for(file, ID("0")); /* what was there, oldest first */
    wait_for(file, ID("4"));
    struct recorder *r = open_recorder(&p);
    add(r, 7);
    wait_for(file, ID("7"));
    has("+12155550007");
    add(r, 6); /* parked, and late */
    wait_for(file, ID("6"));
    recorder_destroy(r);
    kill(child, SIGINT);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fclose(file);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_begins_with_the_newest),
        cmocka_unit_test(on_eighty_columns_the_id_is_whole),
        cmocka_unit_test(filters_narrow_the_list),
        cmocka_unit_test(wrong_usage_says_what_to_write),
        cmocka_unit_test(show_tells_everything_in_words),
        cmocka_unit_test(sec_a_withheld_number_is_shown_only_on_demand),
        cmocka_unit_test(traceback_gives_what_is_asked_for),
        cmocka_unit_test(csv_has_a_header_and_no_formula),
        cmocka_unit_test(a_store_that_is_not_there_is_named),
        cmocka_unit_test(following_shows_calls_as_they_come),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
