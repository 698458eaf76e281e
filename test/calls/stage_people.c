/* SPDX-License-Identifier: Apache-2.0 */
/* The people of a story: an address book in memory, read into a snapshot anew whenever the story says something of them. */
#include <stdio.h>
#include <string.h>

#include "people/people.h"
#include "stage.h"
#include "tap.h"

#define WORDS 16u

static void open_book(struct stage *s)
{
    char *message = NULL;
    if (!s->book && book_open("sqlite::memory:", DB_WRITE, &s->book, &message) != BF_OK)
        fail_msg("%s", message ? message : "no memory");
}

static void renew(struct stage *s)
{
    struct people *fresh = NULL;
    char *message = NULL;
    assert_true(s->n_kept < ARRAY_SIZE(s->kept));
    if (people_load(s->book, &fresh, &message) != BF_OK)
        fail_msg("%s", message ? message : "no memory");
    s->kept[s->n_kept++] = fresh;
    atomic_store(&s->people, fresh);
}

void stage_people_close(struct stage *s)
{
    atomic_store(&s->people, NULL);
    while (s->n_kept)
        people_destroy(s->kept[--s->n_kept]);
    book_close(s->book);
    s->book = NULL;
}

static char *blanks(char *text)
{
    for (char *at = text; (at = strchr(at, '_'));)
        *at = ' ';
    return text;
}

static char *trimmed(char *text)
{
    text += strspn(text, " ");
    for (size_t n = strlen(text); n && text[n - 1] == ' '; n--)
        text[n - 1] = '\0';
    return text;
}

struct wishes {
    struct person person;
    struct number_range numbers[8];
    const char *aliases[WORDS];
    struct person_signer signers[WORDS];
};

static void wish(struct wishes *w, char *word)
{
    struct person *p = &w->person;
    if (strcmp(word, "protected") == 0)
        p->is_protected = true;
    else if (strncmp(word, "alias=", 6) == 0)
        w->aliases[p->n_aliases++] = blanks(word + 6);
    else if (strncmp(word, "spc=", 4) == 0)
        w->signers[p->n_signers++] = (struct person_signer){ SIGNER_SPC, word + 4 };
    else if (strncmp(word, "domain=", 7) == 0)
        w->signers[p->n_signers++] = (struct person_signer){ SIGNER_DOMAIN, word + 7 };
    else if (strncmp(word, "least=", 6) == 0)
        p->least_attestation = word[6];
    else if (strncmp(word, "proof=", 6) == 0)
        p->require_proof = strcmp(word + 6, "required") == 0 ? PROOF_REQUIRED : PROOF_WAIVED;
    else if (*word)
        fail_msg("person: %s is not known", word);
}

void stage_person(struct stage *s, const char *text)
{
    char copy[512], *rest = copy, *word;
    struct wishes w = {
        .person = { .uid = "", .organisation = "", .language = "", .note = "", .photo_type = "", .extra = "" }
    };
    struct person *p = &w.person;
    open_book(s);
    snprintf(copy, sizeof copy, "%s", text);
    p->name = trimmed(strsep(&rest, "|"));
    char *numbers = strsep(&rest, "|");
    p->n_numbers = numbers ? stage_ranges(numbers, w.numbers, ARRAY_SIZE(w.numbers)) : 0;
    while (rest && (word = strsep(&rest, " ")))
        wish(&w, word);
    p->numbers = w.numbers;
    p->aliases = w.aliases;
    p->signers = w.signers;
    if (book_add(s->book, p, &s->person) != BF_OK)
        fail_msg("%s", book_error(s->book));
    renew(s);
}

static struct number number_of(const char *text)
{
    struct number_range range;
    assert_int_equal(stage_ranges(text, &range, 1), 1);
    return range.start;
}

static bool confirm(void *arg, const struct habit *h)
{
    *(int64_t *)arg = h->id;
    return true;
}

/* Five calls on three days, as the server would have learned them, and somebody's yes. */
void stage_habit(struct stage *s, const char *text)
{
    char copy[256], *rest = copy, *word;
    struct habit_lesson lesson = {
        .person = s->person, .spc = SPAN(""), .issuer = SPAN(""), .trust_domain = SPAN("us")
    };
    int64_t id = 0;
    snprintf(copy, sizeof copy, "%s", text);
    lesson.number = number_of(strsep(&rest, " "));
    while (rest && (word = strsep(&rest, " ")))
        if (strncmp(word, "spc=", 4) == 0)
            lesson.spc = span_of(word + 4);
        else if (strncmp(word, "issuer=", 7) == 0)
            lesson.issuer = span_of(blanks(word + 7));
        else if (strncmp(word, "domain=", 7) == 0)
            lesson.trust_domain = span_of(word + 7);
        else if (*word)
            fail_msg("habit: %s is not known", word);
    for (int day = 0; day < 5; day++) {
        lesson.at = stage_time("2015-09-01T10:00:00Z") + (day < 3 ? day : 2) * 86400;
        assert_int_equal(habit_learn(s->book, &lesson), BF_OK);
    }
    assert_int_equal(habit_list(s->book, s->person, confirm, &id), BF_OK);
    assert_int_equal(habit_decide(s->book, id, true, "story"), BF_OK);
    renew(s);
}

/* Stories play in the past, where the book expects nothing any more: so the window is set when the call stands there. */
void stage_expected(struct stage *s, const char *text)
{
    char copy[256], *rest = copy, *word, sql[256];
    const utc_t now = clock_now(&clock_system).utc;
    struct expected e = { .person = s->person,
                          .from = now,
                          .until = now + 60,
                          .zone = "Europe/Rome",
                          .word = "",
                          .source = "desk",
                          .by = "" };
    int64_t id = 0;
    snprintf(copy, sizeof copy, "%s", text);
    const utc_t from = stage_time(strsep(&rest, " ")), until = stage_time(strsep(&rest, " "));
    while (rest && (word = strsep(&rest, " ")))
        if (strncmp(word, "word=", 5) == 0)
            e.word = word + 5;
        else if (*word)
            e.number = number_of(word);
    if (expected_add(s->book, &e, &id) != BF_OK)
        fail_msg("%s", book_error(s->book));
    snprintf(sql, sizeof sql, "UPDATE expected SET from_at = %lld, until_at = %lld WHERE id = %lld",
             (long long)from, (long long)until, (long long)id);
    assert_int_equal(db_run(book_db(s->book), sql), BF_OK);
    renew(s);
}

void stage_exception(struct stage *s, const char *text)
{
    char copy[256], *rest = copy;
    open_book(s);
    snprintf(copy, sizeof copy, "%s", text);
    const struct number number = number_of(strsep(&rest, " "));
    assert_int_equal(exception_add(s->book, &number, span_of(rest), "story"), BF_OK);
    renew(s);
}
