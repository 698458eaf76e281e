/* SPDX-License-Identifier: Apache-2.0 */
#include "card/xml.h"

#include "base/buf.h"
#include "tap.h"

/* `<D:a xmlns:D="u">x</D:a>` -> `({u}a 'x' )` */
static enum bf_err told(struct span text, struct buf *out, struct fault *fault)
{
    auto_(xml_reader_destroy) struct xml_reader *r = NULL;
    struct xml_event e;
    assert_int_equal(xml_reader_create(text, &r), BF_OK);
    for (;;) {
        const enum bf_err err = xml_next(r, &e, fault);
        if (err || e.kind == XML_END)
            return err;
        if (e.kind == XML_OPEN)
            buf_printf(out, "({%.*s}%.*s", SPAN_FMT(e.space), SPAN_FMT(e.name));
        else if (e.kind == XML_TEXT)
            buf_printf(out, "'%.*s'", SPAN_FMT(e.text));
        else
            buf_text(out, ")");
    }
}

static void a_document_is_told_piece_by_piece(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *told;
    } rows[] = {
        { "<a/>", "({}a)" },
        { "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- x --><a></a>\n", "({}a)" },
        { "<D:a xmlns:D='DAV:'>x</D:a>", "({DAV:}a'x')" },
        { "<a xmlns=\"u\"><b/><b xmlns=\"v\"><c/></b><d/></a>", "({u}a({u}b)({v}b({v}c))({u}d))" },
        { "<a xmlns:p=\"u\"><p:b xmlns:p=\"v\"/><p:b/></a>", "({}a({v}b)({u}b))" },
        { "<a>1 &lt;&amp;&gt; &#65;&#x42;&#x20AC;</a>", "({}a'1 <&> AB\xE2\x82\xAC')" },
        { "<a><![CDATA[<&>]]>x</a>", "({}a'<&>''x')" },
        { "<a>1\r\n2\r3</a>", "({}a'1\n2\n3')" },
        { "<a q='1' xmlns:p = \"u&amp;v\" ><p:b/></a >", "({}a({u&v}b))" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[256];
        struct buf out = BUF_ON(memory);
        struct fault fault = { 0, "" };
        print_message("%s\n", rows[i].xml);
        assert_int_equal(told(span_of(rows[i].xml), &out, &fault), BF_OK);
        buf_char(&out, '\0');
        assert_string_equal(memory, rows[i].told);
    }
}

static void what_is_no_document_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "x",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a/>x",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<a>&x;</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&amp</a>",
        "<p:a/>",
        "<a b/>",
        "<a b=c/>",
        "<a b='<'/>",
        "<a b='x'c='y'/>",
        "<a><!-- ",
        "<a><![CDATA[x",
        "< a/>",
        "<a>\xFF</a>",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[256];
        struct buf out = BUF_ON(memory);
        struct fault fault = { 0, NULL };
        print_message("%s\n", rows[i]);
        assert_int_equal(told(span_of(rows[i]), &out, &fault), BF_EFORM);
        assert_non_null(fault.what);
    }
}

static void there_is_an_end_to_levels_and_namespaces(void **state)
{
    char memory[8192], seen[8192];
    struct buf out = BUF_ON(seen), xml = BUF_ON(memory);
    struct fault fault;
    (void)state;
    for (size_t i = 0; i <= XML_DEPTH; i++)
        buf_text(&xml, "<a>");
    assert_int_equal(told(buf_span(&xml), &out, &fault), BF_ELIMIT);
    xml.n = 0;
    buf_text(&xml, "<a");
    for (size_t i = 0; i < 100; i++)
        buf_printf(&xml, " xmlns:n%zu='u'", i);
    buf_text(&xml, "/>");
    assert_int_equal(told(buf_span(&xml), &out, &fault), BF_ELIMIT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_told_piece_by_piece),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(there_is_an_end_to_levels_and_namespaces),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
