/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "numbers/csv.h"

/* Every field in brackets, a '/' behind each record; an error as `!line:column`. */
static void show(struct span text, char *out, size_t size)
{
    auto_(csv_close) struct csv *csv = NULL;
    struct csv_record record;
    struct buf b = buf_on(out, size);
    struct fault fault = { 0, NULL };
    uint32_t column = 0;
    enum bf_err err;
    assert_int_equal(csv_of(text, &csv), BF_OK);
    while ((err = csv_next(csv, &record, &column, &fault)) == BF_OK) {
        for (size_t i = 0; i < record.n; i++)
            buf_printf(&b, "[%.*s]", SPAN_FMT(record.fields[i]));
        buf_char(&b, '/');
    }
    if (err != BF_ENOENT) {
        assert_non_null(fault.what);
        buf_printf(&b, "!%llu:%u", (unsigned long long)record.line, column);
    }
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
}

static void records_are_read_as_rfc_4180_writes_them(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "", "" },
        { "\n\r\n\n", "" },
        { "a,b\n1,2\n", "[a][b]/[1][2]/" },
        { "a,b\r\n1,2", "[a][b]/[1][2]/" },
        { "\xEF\xBB\xBF"
          "a\n",
          "[a]/" },
        { "a;b\n1,5;2\n", "[a][b]/[1,5][2]/" },
        { "a,b\n1;5,2\n", "[a][b]/[1;5][2]/" },
        { " a , b \n,\n", "[a][b]/[][]/" },
        { "\" a\",\"b\"\"c\"\n\"\",\"x\ny\"\n", "[ a][b\"c]/[][x\ny]/" },
        { "a\n\n  \nb", "[a]/[]/[b]/" },
        { "a\n\"b", "[a]/!2:3" },
        { "a\nb\"c\n", "[a]/!2:2" },
        { "a\n\"b\"c\n", "[a]/!2:4" },
        { "a\nb\001\n", "[a]/!2:2" },
        { "a\rb\n", "!1:3" },
        { "a,b\n1,\"2\n3", "[a][b]/!3:2" },
    };
    char shown[256];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        show(span_of(rows[i].text), shown, sizeof shown);
        assert_string_equal(shown, rows[i].shown);
    }
}

static void a_row_is_bounded_in_bytes_and_fields(void **state)
{
    static const struct {
        size_t bytes;
        char what;
        enum bf_err err;
    } rows[] = { { CSV_RECORD_BYTES, 'x', BF_OK },
                 { CSV_RECORD_BYTES + 1, 'x', BF_ELIMIT },
                 { CSV_FIELDS - 1, ',', BF_OK },
                 { CSV_FIELDS, ',', BF_ELIMIT } };
    char text[CSV_RECORD_BYTES + 1];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(csv_close) struct csv *csv = NULL;
        struct csv_record record;
        struct fault fault;
        uint32_t column;
        memset(text, rows[i].what, rows[i].bytes);
        assert_int_equal(csv_of(span_make(text, rows[i].bytes), &csv), BF_OK);
        assert_int_equal(csv_next(csv, &record, &column, &fault), rows[i].err);
    }
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct csv *csv = NULL;
    (void)state;
    assert_int_equal(csv_open("no-such-file.csv", &csv), BF_EIO);
    assert_null(csv);
    csv_close(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_rfc_4180_writes_them),
        cmocka_unit_test(a_row_is_bounded_in_bytes_and_fields),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
