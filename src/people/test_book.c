/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "people/book.h"
#include "people/fold.h"
#include "tap.h"

static const struct number_range putnam_numbers[] = {
    { { "12025550100", 11, true, "" }, 1 },
    { { "12025550200", 11, true, "" }, 100 },
    { { "1703", 4, true, "" }, 0 },
    { { "911", 3, false, "" }, 1 },
};
static const char *const putnam_aliases[] = { "R. Putnam", "Рональд Патнэм" }, *const putnam_tags[] = {
    "board"
};
static const struct person_signer putnam_signers[] = { { SIGNER_SPC, "1234" }, { SIGNER_ISSUER, "CN=A: B" } };

static const struct person putnam = {
    .uid = "urn:uuid:1",
    .name = "Ronald Putnam",
    .aliases = putnam_aliases,
    .n_aliases = 2,
    .organisation = "Zoë & Söhne",
    .numbers = putnam_numbers,
    .n_numbers = 4,
    .signers = putnam_signers,
    .n_signers = 2,
    .least_attestation = 'B',
    .is_protected = true,
    .require_proof = PROOF_WAIVED,
    .language = "en",
    .note = "calls on\nMondays",
    .photo = { "\xFF\xD8\0x", 4 },
    .photo_type = "image/jpeg",
    .tags = putnam_tags,
    .n_tags = 1,
    .extra = "ADR:;;1 Main St\n",
};
static const struct person nobody = {
    .uid = "", .name = "Nobody", .organisation = "", .language = "", .note = "", .photo_type = "", .extra = ""
};

static struct book *book(void)
{
    struct book *b = NULL;
    char *message = NULL;
    if (book_open("sqlite::memory:", DB_WRITE, &b, &message) != BF_OK)
        fail_msg("%s", message ? message : "out of memory");
    return b;
}

static bool is_putnam(void *arg, const struct person *p)
{
    char text[RANGE_TEXT];
    assert_string_equal(p->uid, putnam.uid);
    assert_string_equal(p->name, putnam.name);
    assert_int_equal(p->n_aliases, 2);
    assert_string_equal(p->aliases[1], putnam_aliases[1]);
    assert_string_equal(p->organisation, putnam.organisation);
    assert_int_equal(p->n_numbers, 4);
    assert_string_equal(range_text(&p->numbers[1], text), "+12025550200/100");
    assert_string_equal(range_text(&p->numbers[2], text), "+1703*");
    assert_string_equal(range_text(&p->numbers[3], text), "911");
    assert_int_equal(p->n_signers, 2);
    assert_string_equal(p->signers[1].value, "CN=A: B");
    assert_int_equal(p->least_attestation, 'B');
    assert_true(p->is_protected);
    assert_int_equal(p->require_proof, PROOF_WAIVED);
    assert_string_equal(p->note, putnam.note);
    assert_true(span_equal(p->photo, putnam.photo));
    assert_string_equal(p->extra, putnam.extra);
    assert_true(p->changed > 0);
    *(int *)arg += 1;
    return true;
}

static void a_person_comes_back_as_it_was_put(void **state)
{
    (void)state;
    struct book *b = book();
    int64_t id = 0;
    int seen = 0;
    uint64_t before, after;
    assert_int_equal(book_generation(b, &before), BF_OK);
    assert_int_equal(book_add(b, &putnam, &id), BF_OK);
    assert_int_equal(book_generation(b, &after), BF_OK);
    assert_true(after > before);
    assert_int_equal(book_get(b, id, is_putnam, &seen), BF_OK);
    assert_int_equal(seen, 1);
    assert_int_equal(book_remove(b, id), BF_OK);
    assert_int_equal(book_get(b, id, is_putnam, &seen), BF_ENOENT);
    assert_int_equal(book_remove(b, id), BF_ENOENT);
    book_close(b);
}

static void what_cannot_stand_in_the_book_is_refused_in_words(void **state)
{
    (void)state;
    static const struct number_range too_many = { { "12025550100", 11, true, "" }, 99999999999 };
    static const char *const blank[] = { "  " };
    char *const longest = calloc(1, BOOK_NAME_BYTES + 2);
    assert_non_null(longest);
    memset(longest, 'a', BOOK_NAME_BYTES + 1);
    const struct {
        struct person p;
        const char *says;
    } rows[] = {
        { { .name = " " }, "a person needs a name" },
        { { .name = "a\nb" }, "the name has a control character in it" },
        { { .name = "\xFF" }, "the name is not UTF-8" },
        { { .name = longest }, "the name is longer than 512 bytes" },
        { { .name = "a", .numbers = &too_many, .n_numbers = 1 },
          "the number +12025550100/99999999999: so many numbers do not follow this one" },
        { { .name = "a", .aliases = blank, .n_aliases = 1 }, "an alias is empty" },
        { { .name = "a", .least_attestation = 'D' }, "an attestation is A, B or C" },
    };
    struct book *b = book();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct person p = rows[i].p;
        int64_t id = 0;
        p.uid = p.organisation = p.language = p.note = p.photo_type = p.extra = "";
        assert_int_equal(book_add(b, &p, &id), BF_EFORM);
        assert_string_equal(book_error(b), rows[i].says);
    }
    free(longest);
    book_close(b);
}

static bool count(void *arg, const struct person *p)
{
    (void)p;
    *(int *)arg += 1;
    return true;
}

static int found(struct book *b, const char *text)
{
    int n = 0;
    assert_int_equal(book_search(b, span_of(text), count, &n), BF_OK);
    return n;
}

static void a_search_leaves_case_and_accents_aside(void **state)
{
    (void)state;
    struct book *b = book();
    int64_t id = 0;
    assert_int_equal(book_add(b, &putnam, &id), BF_OK);
    assert_int_equal(book_add(b, &nobody, &id), BF_OK);
    static const struct {
        const char *text;
        int found;
    } rows[] = { { "", 2 },          { "PUTNAM", 1 },
                 { "zoe sohne", 1 }, { "putnam ronald", 1 },
                 { "патнэм", 1 },    { "+1 (202) 555", 1 },
                 { "board", 1 },     { "mondays", 1 },
                 { "o", 2 },         { "%", 0 },
                 { "1234", 1 },      { "Ｐｕｔｎａｍ", 1 } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(found(b, rows[i].text), rows[i].found);
    book_close(b);
}

static void a_uid_is_given_once(void **state)
{
    (void)state;
    struct book *b = book();
    int64_t one = 0, other = 0, of_uid = 0;
    assert_int_equal(book_add(b, &putnam, &one), BF_OK);
    assert_int_equal(book_add(b, &putnam, &other), BF_EINVAL);
    assert_int_equal(book_add(b, &nobody, &other), BF_OK);
    assert_int_equal(book_id_of_uid(b, SPAN("urn:uuid:1"), &of_uid), BF_OK);
    assert_int_equal(of_uid, one);
    assert_int_equal(book_id_of_uid(b, SPAN(""), &of_uid), BF_ENOENT);
    struct person p = nobody;
    p.id = other;
    p.uid = "urn:uuid:1";
    assert_int_equal(book_put(b, &p), BF_EINVAL);
    p.uid = "urn:uuid:2";
    assert_int_equal(book_put(b, &p), BF_OK);
    p.id = 999;
    assert_int_equal(book_put(b, &p), BF_ENOENT);
    book_close(b);
}

static bool extra_is(void *arg, const struct person *p)
{
    assert_string_equal(p->extra, arg);
    return true;
}

static void the_parts_of_a_name_go_with_it(void **state)
{
    (void)state;
    struct book *b = book();
    struct person p = { .uid = "",
                        .name = "Ronald Putnam",
                        .organisation = "",
                        .language = "",
                        .note = "",
                        .photo_type = "",
                        .extra = "N:Putnam;Ronald;;;\nNICKNAME:Ron\nn;SORT-AS=P:Putnam;Ronald;;;\nX-N:1" };
    assert_int_equal(book_add(b, &p, &p.id), BF_OK);
    p.uid = "urn:uuid:1";
    assert_int_equal(book_put(b, &p), BF_OK);
    assert_int_equal(book_get(b, p.id, extra_is, (void *)(uintptr_t)p.extra), BF_OK);
    p.name = "Reginald Putnam";
    assert_int_equal(book_put(b, &p), BF_OK);
    assert_int_equal(book_get(b, p.id, extra_is, "NICKNAME:Ron\nX-N:1"), BF_OK);
    p.name = "Ronald Putnam", p.extra = "N:Putnam;R;;;"; /* a card says both anew */
    assert_int_equal(book_put(b, &p), BF_OK);
    assert_int_equal(book_get(b, p.id, extra_is, "N:Putnam;R;;;"), BF_OK);
    book_close(b);
}

static void changes_that_are_cancelled_leave_nothing(void **state)
{
    (void)state;
    struct book *b = book();
    int64_t id = 0;
    assert_int_equal(book_begin(b), BF_OK);
    assert_int_equal(book_add(b, &putnam, &id), BF_OK);
    book_cancel(b);
    assert_int_equal(found(b, ""), 0);
    assert_int_equal(book_begin(b), BF_OK);
    assert_int_equal(book_add(b, &putnam, &id), BF_OK);
    assert_int_equal(book_add(b, &putnam, &id), BF_EINVAL); /* refused, and the other one stays */
    assert_int_equal(book_commit(b), BF_OK);
    assert_int_equal(found(b, ""), 1);
    book_close(b);
}

static bool is_both(void *arg, const struct person *p)
{
    assert_string_equal(p->name, "Nobody");
    assert_int_equal(p->n_aliases, 3);
    assert_string_equal(p->aliases[0], "Ronald Putnam");
    assert_int_equal(p->n_numbers, 4);
    assert_int_equal(p->n_signers, 2);
    assert_true(p->is_protected);
    assert_int_equal(p->photo.n, 4);
    assert_string_equal(p->extra, putnam.extra);
    *(int *)arg += 1;
    return true;
}

static void two_entries_become_one(void **state)
{
    (void)state;
    struct book *b = book();
    int64_t one = 0, other = 0;
    int seen = 0;
    struct person p = nobody;
    p.numbers = putnam_numbers;
    p.n_numbers = 1;
    assert_int_equal(book_add(b, &p, &one), BF_OK);
    assert_int_equal(book_add(b, &putnam, &other), BF_OK);
    assert_int_equal(book_merge(b, one, one), BF_EINVAL);
    assert_int_equal(book_merge(b, one, 999), BF_ENOENT);
    assert_int_equal(found(b, ""), 2);
    assert_int_equal(book_merge(b, one, other), BF_OK);
    assert_int_equal(book_get(b, one, is_both, &seen), BF_OK);
    assert_int_equal(book_get(b, other, count, &seen), BF_ENOENT);
    assert_int_equal(seen, 1);
    book_close(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_comes_back_as_it_was_put),
        cmocka_unit_test(what_cannot_stand_in_the_book_is_refused_in_words),
        cmocka_unit_test(a_search_leaves_case_and_accents_aside),
        cmocka_unit_test(a_uid_is_given_once),
        cmocka_unit_test(the_parts_of_a_name_go_with_it),
        cmocka_unit_test(changes_that_are_cancelled_leave_nothing),
        cmocka_unit_test(two_entries_become_one),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
