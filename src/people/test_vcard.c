/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "people/transfer.h"
#include "tap.h"

static struct book *book(void)
{
    struct book *b = NULL;
    char *message = NULL;
    if (book_open("sqlite::memory:", DB_WRITE, &b, &message) != BF_OK)
        fail_msg("%s", message ? message : "out of memory");
    return b;
}

static char *exported(struct book *b, enum people_format format)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    assert_int_equal(people_export(b, format, SPAN_NONE, f), BF_OK);
    fclose(f);
    return text;
}

static void print_refused(void *arg, uint64_t line, const char *why)
{
    (void)arg;
    print_message("# line %u: %s\n", (unsigned)line, why);
}

static struct import_report imported(struct book *b, enum people_format format, const char *text)
{
    struct import_report report;
    char *message = NULL;
    const enum bf_err err = people_import(b, format, span_of(text), print_refused, NULL, &report, &message);
    if (err != BF_OK)
        fail_msg("%s", message ? message : bf_err_text(err));
    return report;
}

/* As several programs write them. */
static const char cards[] =
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Some//Phone//EN\r\nN:Putnam;Ronald;M.;Dr.;\r\nFN:Ronald "
    "Putnam\r\n"
    "NICKNAME:Ron,Ronnie\\, the one\r\nORG:Acme;Board\r\n"
    "TEL;type=CELL;type=VOICE;type=pref:+1 (202) 555-0100\r\nitem1.TEL:+12025550101\r\n"
    "item1.X-ABLabel:_$!<Other>!$_\r\nTEL;TYPE=fax:tel:+1-202-555-0102;ext=7\r\nTEL:call me\r\n"
    "EMAIL;TYPE=INTERNET:ron@example.com\r\nADR;TYPE=HOME:;;1 Main St;Washington;DC;20001;USA\r\n"
    "NOTE:first\\nsecond\\; \"quoted\"\r\nCATEGORIES:board,vip\r\nUID:urn:uuid:aa\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRg==\r\nREV:2020-01-01T00:00:00Z\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\nVERSION:4.0\nFN;ALTID=1;LANGUAGE=en:Zoe Sohn\nFN;ALTID=1;LANGUAGE=de:Zoë Söhn\n"
    "UID:urn:uuid:bb\nLANG;PREF=1:de\nLANG;PREF=2:en\nNOTE:one\nNOTE:two\nPHOTO:https://example.com/z.png\n"
    "TEL;VALUE=uri:tel:+4930123456\nX-BONAFIDE-PROTECTED:TRUE\nX-BONAFIDE-SIGNER:issuer:CN=A\\, O=B\n"
    "X-BONAFIDE-LEAST-ATTESTATION:A\nX-BONAFIDE-REQUIRE-PROOF:required\nX-BONAFIDE-NUMBERS:+49301234*\n"
    "ORG:\nEND:VCARD\n"
    "BEGIN:VCARD\nVERSION:3.0\nN:Only;Names;;;\nUID:cc\nEND:VCARD\n";

static bool look(void *arg, const struct person *p)
{
    struct person *const all = arg;
    char text[RANGE_TEXT];
    if (strcmp(p->uid, "urn:uuid:aa") == 0) {
        assert_string_equal(p->name, "Ronald Putnam");
        assert_int_equal(p->n_aliases, 2);
        assert_string_equal(p->aliases[1], "Ronnie, the one");
        assert_string_equal(p->organisation, "Acme");
        assert_int_equal(p->n_numbers, 3);
        assert_string_equal(range_text(&p->numbers[2], text), "+12025550102");
        assert_string_equal(p->note, "first\nsecond; \"quoted\"");
        assert_int_equal(p->n_tags, 2);
        assert_int_equal(p->photo.n, 10);
        assert_string_equal(p->photo_type, "image/jpeg");
        assert_false(p->is_protected);
    } else if (strcmp(p->uid, "urn:uuid:bb") == 0) {
        assert_string_equal(p->name, "Zoe Sohn");
        assert_string_equal(p->aliases[0], "Zoë Söhn");
        assert_string_equal(p->language, "de");
        assert_string_equal(p->note, "one");
        assert_true(p->is_protected);
        assert_string_equal(p->signers[0].value, "CN=A, O=B");
        assert_int_equal(p->least_attestation, 'A');
        assert_int_equal(p->require_proof, PROOF_REQUIRED);
        assert_int_equal(p->n_numbers, 2);
    } else {
        assert_string_equal(p->name, "Names Only");
    }
    all->id++;
    return true;
}

static void cards_of_several_programs_are_read(void **state)
{
    (void)state;
    struct book *b = book();
    struct person n = { 0 };
    const struct import_report r = imported(b, PEOPLE_VCARD, cards);
    assert_int_equal(r.added, 3);
    assert_int_equal(r.refused, 0);
    assert_int_equal(book_search(b, SPAN_NONE, look, &n), BF_OK);
    assert_int_equal(n.id, 3);
    assert_int_equal(imported(b, PEOPLE_VCARD, cards).same, 3);
    book_close(b);
}

static void expect_line(const char *text, const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
    if (!strstr(text, wanted))
        fail_msg("no line \"%s\" in\n%s", line, text);
}

static void nothing_is_lost_in_a_round_trip(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "N:Putnam;Ronald;M.;Dr.;",
        "PRODID:-//Some//Phone//EN",
        "TEL;type=CELL;type=VOICE;type=pref:+1 (202) 555-0100",
        "item1.TEL:+12025550101",
        "item1.X-ABLabel:_$!<Other>!$_",
        "TEL;TYPE=fax:tel:+1-202-555-0102;ext=7",
        "TEL:call me",
        "EMAIL;TYPE=INTERNET:ron@example.com",
        "ADR;TYPE=HOME:;;1 Main St;Washington;DC;20001;USA",
        "ORG:Acme;Board",
        "CATEGORIES:board,vip",
        "NICKNAME:Ron,Ronnie\\, the one",
        "NOTE:first\\nsecond\\; \"quoted\"",
        "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRg==",
        "FN;ALTID=1;LANGUAGE=de:Zoë Söhn",
        "LANG;PREF=2:en",
        "NOTE:two",
        "PHOTO:https://example.com/z.png",
        "TEL;VALUE=uri:tel:+4930123456",
        "X-BONAFIDE-NUMBERS:+49301234*",
        "X-BONAFIDE-SIGNER:issuer:CN=A\\, O=B",
    };
    struct book *one = book(), *two = book(), *three = book();
    (void)imported(one, PEOPLE_VCARD, cards);
    char *first = exported(one, PEOPLE_VCARD);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        expect_line(first, lines[i]);
    assert_null(strstr(first, "tel:+12025550100"));
    assert_int_equal(imported(two, PEOPLE_VCARD, first).added, 3);
    char *second = exported(two, PEOPLE_VCARD);
    char *csv = exported(one, PEOPLE_CSV);
    assert_int_equal(imported(three, PEOPLE_CSV, csv).added, 3);
    char *third = exported(three, PEOPLE_VCARD);
    char *again = exported(three, PEOPLE_CSV);
    assert_int_equal(strlen(again), strlen(csv)); /* ids are others */
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        expect_line(second, lines[i]);
        expect_line(third, lines[i]);
    }
    assert_int_equal(strlen(first), strlen(second));
    free(first);
    free(second);
    free(third);
    free(csv);
    free(again);
    book_close(one);
    book_close(two);
    book_close(three);
}

static void what_is_no_card_is_refused_and_the_next_one_read(void **state)
{
    (void)state;
    struct book *b = book();
    const struct import_report r = imported(b, PEOPLE_VCARD,
                                            "junk\nBEGIN:VCARD\nVERSION:2.1\nFN:Old\nEND:VCARD\n"
                                            "BEGIN:VCARD\nVERSION:4.0\nEMAIL:a@b\nEND:VCARD\n"
                                            "BEGIN:VCARD\nVERSION:4.0\nFN:A\nno colon\nEND:VCARD\n"
                                            "BEGIN:VCARD\nFN:No version\nEND:VCARD\n"
                                            "BEGIN:VCARD\nVERSION:4.0\nFN:Good\nEND:VCARD\n"
                                            "BEGIN:VCARD\nVERSION:4.0\nFN:Does not end\n");
    assert_int_equal(r.added, 1);
    assert_int_equal(r.refused, 5);
    struct import_report report;
    char *message = NULL;
    assert_int_equal(people_import(b, PEOPLE_VCARD, SPAN("hello"), NULL, NULL, &report, &message), BF_EFORM);
    assert_non_null(message);
    free(message);
    book_close(b);
}

static bool protected_still(void *arg, const struct person *p)
{
    (void)arg;
    assert_true(p->is_protected);
    assert_int_equal(p->n_signers, 1);
    assert_int_equal(p->n_numbers, 1); /* the range; the number went with the card */
    assert_string_equal(p->name, "Zoe New");
    return true;
}

/* A contact comes back from a phone that knows nothing of protection. */
static void a_card_of_another_program_takes_no_protection_away(void **state)
{
    (void)state;
    struct book *b = book();
    (void)imported(b, PEOPLE_VCARD, cards);
    const struct import_report r =
        imported(b, PEOPLE_VCARD, "BEGIN:VCARD\nVERSION:4.0\nFN:Zoe New\nUID:urn:uuid:bb\nEND:VCARD\n");
    assert_int_equal(r.changed, 1);
    assert_int_equal(book_search(b, SPAN("zoe new"), protected_still, NULL), BF_OK);
    book_close(b);
}

static bool renumber(void *arg, const struct person *p)
{
    struct person changed = *p;
    if (strcmp(p->uid, "urn:uuid:aa") != 0)
        return true;
    changed.numbers = p->numbers + 1;
    changed.n_numbers = 1;
    changed.organisation = "Other";
    assert_int_equal(book_put(arg, &changed), BF_OK);
    return true;
}

static void a_line_goes_when_the_field_says_something_else(void **state)
{
    (void)state;
    struct book *b = book();
    (void)imported(b, PEOPLE_VCARD, cards);
    assert_int_equal(book_search(b, SPAN_NONE, renumber, b), BF_OK);
    char *text = exported(b, PEOPLE_VCARD);
    assert_null(strstr(text, "555-0100"));
    assert_null(strstr(text, "ORG:Acme"));
    expect_line(text, "ORG:Other");
    expect_line(text, "item1.TEL:+12025550101");
    free(text);
    book_close(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_of_several_programs_are_read),
        cmocka_unit_test(nothing_is_lost_in_a_round_trip),
        cmocka_unit_test(what_is_no_card_is_refused_and_the_next_one_read),
        cmocka_unit_test(a_card_of_another_program_takes_no_protection_away),
        cmocka_unit_test(a_line_goes_when_the_field_says_something_else),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
