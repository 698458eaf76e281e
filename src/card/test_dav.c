/* SPDX-License-Identifier: Apache-2.0 */
#include "card/dav.h"

#include "tap.h"

static bool note(void *arg, const struct dav_member *m)
{
    buf_printf(arg, "[%.*s %d %.*s|%.*s|%.*s|%.*s|%.*s %d]", SPAN_FMT(m->href), m->status, SPAN_FMT(m->etag),
               SPAN_FMT(m->data), SPAN_FMT(m->name), SPAN_FMT(m->principal), SPAN_FMT(m->home), m->is_book);
    return true;
}

static void a_multistatus_is_told_by_its_members(void **state)
{
    static const char xml[] =
        "<?xml version='1.0'?><d:multistatus xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:carddav'>"
        "<d:response><d:href>/u/book/</d:href><d:propstat><d:prop><d:displayname>Ours &amp; "
        "theirs</d:displayname>"
        "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
        "<d:current-user-principal><d:href>/u/</d:href></d:current-user-principal>"
        "<c:addressbook-home-set><d:href>/u/</d:href></c:addressbook-home-set></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        "<d:propstat><d:prop><d:getetag>none</d:getetag></d:prop><d:status>HTTP/1.1 404 Not "
        "Found</d:status></d:propstat>"
        "</d:response>"
        "<d:response><d:href>\n /u/book/1.vcf </d:href><d:propstat><d:prop><d:getetag>\"7\"</d:getetag>"
        "<c:address-data>BEGIN:VCARD&#13;\nEND:VCARD\n</c:address-data></d:prop><d:status>HTTP/1.1 200 "
        "OK</d:status>"
        "</d:propstat></d:response>"
        "<d:response><d:href>/u/book/2.vcf</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"
        "<d:sync-token>http://example.org/sync/3</d:sync-token></d:multistatus>";
    char memory[1024], token_memory[64];
    struct buf out = BUF_ON(memory), token = BUF_ON(token_memory);
    struct fault fault = { 0, "" };
    (void)state;
    assert_int_equal(dav_read(span_of(xml), note, &out, &token, &fault), BF_OK);
    buf_char(&out, '\0');
    assert_string_equal(memory, "[/u/book/ 0 ||Ours & theirs|/u/|/u/ 1]"
                                "[/u/book/1.vcf 0 \"7\"|BEGIN:VCARD\r\nEND:VCARD\n||| 0]"
                                "[/u/book/2.vcf 404 |||| 0]");
    assert_true(span_equal(buf_span(&token), SPAN("http://example.org/sync/3")));
}

static bool note_calendar(void *arg, const struct dav_member *m)
{
    buf_printf(arg, "[%.*s %.*s|%.*s|%.*s|%.*s %d%d %d%d %d]", SPAN_FMT(m->calendar_home), SPAN_FMT(m->inbox),
               SPAN_FMT(m->outbox), SPAN_FMT(m->ctag), SPAN_FMT(m->data), m->is_calendar, m->is_mailbox,
               m->says_components, m->events, m->free_busy);
    return true;
}

static void a_calendar_says_what_it_holds_and_can(void **state)
{
    static const char xml[] =
        "<d:multistatus xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav' "
        "xmlns:s='http://calendarserver.org/ns/'>"
        "<d:response><d:href>/u/</d:href><d:propstat><d:prop>"
        "<c:calendar-home-set><d:href>/u/</d:href></c:calendar-home-set>"
        "<c:schedule-inbox-URL><d:href>/u/.in/</d:href></c:schedule-inbox-URL>"
        "<c:schedule-outbox-URL><d:href>/u/.out/</d:href></c:schedule-outbox-URL></d:prop></d:propstat></"
        "d:response>"
        "<d:response><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
        "<s:getctag>7</s:getctag><c:supported-calendar-component-set><c:comp x='1' name='VTODO'/><c:comp "
        "name='vevent'/>"
        "</c:supported-calendar-component-set><d:supported-report-set><d:supported-report><d:report>"
        "<c:free-busy-query/></d:report></d:supported-report></d:supported-report-set></d:prop></"
        "d:propstat></"
        "d:response>"
        "<d:response><d:propstat><d:prop><d:resourcetype><c:calendar/><c:schedule-inbox/></d:resourcetype>"
        "<c:supported-calendar-component-set><c:comp name='VTODO'/><d:comp name='VEVENT'/><c:comp/>"
        "</c:supported-calendar-component-set></d:prop></d:propstat>"
        "<d:propstat><d:prop><c:calendar-data>X</c:calendar-data></d:prop><d:status>HTTP/1.1 404</d:status>"
        "</d:propstat></d:response></d:multistatus>";
    char memory[1024];
    struct buf out = BUF_ON(memory);
    struct fault fault = { 0, "" };
    (void)state;
    assert_int_equal(dav_read(span_of(xml), note_calendar, &out, NULL, &fault), BF_OK);
    buf_char(&out, '\0');
    assert_string_equal(memory, "[/u/ /u/.in/|/u/.out/|| 00 00 0][ ||7| 10 11 1][ ||| 11 10 0]");
}

static void what_is_no_multistatus_is_refused(void **state)
{
    static const char *const rows[] = { "", "<html><body>Hello</body></html>", "<multistatus/>",
                                        "<d:multistatus xmlns:d='DAV:'><d:response>" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[64];
        struct buf out = BUF_ON(memory);
        struct fault fault = { 0, NULL };
        assert_int_equal(dav_read(span_of(rows[i]), note, &out, NULL, &fault), BF_EFORM);
        assert_non_null(fault.what);
    }
}

static void what_is_asked_is_escaped(void **state)
{
    char memory[1024];
    struct buf out = BUF_ON(memory);
    const struct span hrefs[] = { SPAN("/a&b.vcf"), SPAN("/c<d>.vcf") };
    (void)state;
    dav_ask_cards(hrefs, 2, &out);
    buf_char(&out, '\0');
    assert_non_null(strstr(memory, "<href>/a&amp;b.vcf</href><href>/c&lt;d&gt;.vcf</href>"));
    out.n = 0;
    dav_ask_changes(SPAN("t&1"), &out);
    buf_char(&out, '\0');
    assert_non_null(strstr(memory, "<sync-token>t&amp;1</sync-token>"));
}

/* A password goes to the host it was given for. */
static void an_href_leads_to_the_same_host_or_nowhere(void **state)
{
    static const struct {
        const char *href, *url;
    } rows[] = {
        { "/u/book/", "https://dav.example:8443/u/book/" },
        { "https://dav.example:8443/x", "https://dav.example:8443/x" },
        { "https://dav.example/x", NULL },
        { "http://dav.example:8443/x", NULL },
        { "https://evil.example/x", NULL },
        { "//evil.example/x", NULL },
        { "u/book", NULL },
        { "", NULL },
        { "/a b", NULL },
        { "/a\r\nX: y", NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[128];
        struct buf out = BUF_ON(memory);
        const enum bf_err err =
            dav_url(SPAN("https://dav.example:8443/where/ever"), span_of(rows[i].href), &out);
        assert_int_equal(err, rows[i].url ? BF_OK : BF_EDENIED);
        assert_true(!rows[i].url || span_equal(buf_span(&out), span_of(rows[i].url)));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_multistatus_is_told_by_its_members),
        cmocka_unit_test(a_calendar_says_what_it_holds_and_can),
        cmocka_unit_test(what_is_no_multistatus_is_refused),
        cmocka_unit_test(what_is_asked_is_escaped),
        cmocka_unit_test(an_href_leads_to_the_same_host_or_nowhere),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
