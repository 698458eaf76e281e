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

static char *exported(struct book *b)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    assert_int_equal(people_export(b, PEOPLE_CSV, SPAN_NONE, f), BF_OK);
    fclose(f);
    return text;
}

static void keep_refused(void *arg, uint64_t line, const char *why)
{
    snprintf(arg, 256, "%u: %s", (unsigned)line, why);
}

static void a_row_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char text[] =
        "id,uid,name,aliases,organisation,numbers,signers,least_attestation,protected,require_proof,language,"
        "note,tags\r\n"
        "1,urn:1,Ronald Putnam,\"R. Putnam;a\\;b\\\\\",\"Zoë, "
        "Söhne\",\"+12025550100;+1202555010*;+12025550200/100;911\","
        "\"spc:1234;issuer:CN=A, O=B;domain:us\",B,yes,waived,en,\"a\nb \"\"c\"\"\",board\r\n"
        "2,urn:2,'=cmd,''+x,'-1,,,,no,,,'@,'=t\r\n"
        "3,urn:3,'t Hooft,,,,,,no,required,,,\r\n";
    struct book *b = book();
    struct import_report r;
    char *message = NULL;
    assert_int_equal(people_import(b, PEOPLE_CSV, span_of(text), NULL, NULL, &r, &message), BF_OK);
    assert_int_equal(r.added, 3);
    char *out = exported(b);
    /* In the order of names: `'t` sorts before `=`. */
    assert_non_null(strstr(out, "2,urn:2,'=cmd,''+x,'-1,,,,no,,,'@,'=t\r\n"));
    assert_non_null(strstr(out, "3,urn:3,'t Hooft,,,,,,no,required,,,\r\n"));
    const char *second = strchr(text, '\n') + 1;
    char *row = strndup(second, (size_t)(strstr(second, "2,urn:2") - second));
    if (!strstr(out, row))
        fail_msg("%s", out);
    free(row);
    assert_int_equal(people_import(b, PEOPLE_CSV, span_of(out), NULL, NULL, &r, &message), BF_OK);
    assert_int_equal(r.same, 3);
    free(out);
    book_close(b);
}

static bool look(void *arg, const struct person *p)
{
    (void)arg;
    assert_string_equal(p->note, "kept");
    assert_string_equal(p->name, "New");
    assert_true(p->is_protected);
    assert_string_equal(p->uid, "urn:1");
    return true;
}

static void columns_that_a_table_lacks_stay_as_they_are(void **state)
{
    (void)state;
    struct book *b = book();
    struct import_report r;
    char *message = NULL;
    assert_int_equal(people_import(b, PEOPLE_CSV, SPAN("name;uid;note;protected\nOld;urn:1;kept;yes\n"), NULL,
                                   NULL, &r, &message),
                     BF_OK);
    assert_int_equal(people_import(b, PEOPLE_CSV, SPAN("id,name\n1,New\n"), NULL, NULL, &r, &message), BF_OK);
    assert_int_equal(r.changed, 1);
    assert_int_equal(book_search(b, SPAN_NONE, look, NULL), BF_OK);
    book_close(b);
}

static void rows_that_cannot_be_kept_are_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *row, *says;
    } rows[] = {
        { "a,12x,,,", "2: " },
        { "a,,abc,,", "2: a signer is written spc:1234, issuer:NAME or domain:NAME" },
        { "a,,,D,", "2: an attestation is A, B or C" },
        { "a,,,,maybe", "2: protected is yes or no" },
        { ",,,,yes", "2: a person needs a name" },
        { "a,,,,,more", "2: the row has more fields than the first line" },
    };
    char text[256], why[256];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct book *b = book();
        struct import_report r;
        char *message = NULL;
        why[0] = '\0';
        snprintf(text, sizeof text, "name,numbers,signers,least_attestation,protected\n%s\ngood,,,,\n",
                 rows[i].row);
        assert_int_equal(people_import(b, PEOPLE_CSV, span_of(text), keep_refused, why, &r, &message), BF_OK);
        assert_int_equal(r.refused, 1);
        assert_int_equal(r.added, 1);
        if (strncmp(why, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", why, rows[i].says);
        book_close(b);
    }
}

static void a_file_that_is_no_table_changes_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { "", "a,b\n1,2\n", "name\ngood\n\"open\n" };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct book *b = book();
        struct import_report r;
        char *message = NULL;
        assert_int_equal(people_import(b, PEOPLE_CSV, span_of(files[i]), NULL, NULL, &r, &message), BF_EFORM);
        assert_non_null(message);
        free(message);
        char *out = exported(b);
        assert_int_equal(strcspn(out, "\n") + 1, strlen(out)); /* the first line alone */
        free(out);
        book_close(b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back_as_it_was),
        cmocka_unit_test(columns_that_a_table_lacks_stay_as_they_are),
        cmocka_unit_test(rows_that_cannot_be_kept_are_refused_in_words),
        cmocka_unit_test(a_file_that_is_no_table_changes_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
