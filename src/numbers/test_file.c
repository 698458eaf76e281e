/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "numbers/file.h"
#include "store/db.h"

static char dir[256], csv_path[300], db_path[300], db_url[320];

static int set_up(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/bonafide-numbers-XXXXXX", base ? base : P_tmpdir);
    if (!mkdtemp(dir))
        return -1;
    snprintf(csv_path, sizeof csv_path, "%s/n.csv", dir);
    snprintf(db_path, sizeof db_path, "%s/n.db", dir);
    snprintf(db_url, sizeof db_url, "sqlite:%s", db_path);
    return 0;
}

static void tear_down(void)
{
    static const char *const more[] = { "", "-wal", "-shm" };
    char path[320];
    unlink(csv_path);
    for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
        snprintf(path, sizeof path, "%s%s", db_path, more[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void write_csv(const char *text)
{
    FILE *file = fopen(csv_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *const columns[] = { "customer", "status" };

/* `number/count customer status;` for each row. */
static enum bf_err show_row(void *arg, const struct number_row *row, char **ret_message)
{
    char shown[LIMIT_NUMBER + 2];
    if (span_equal(row->more[0], SPAN("nobody"))) {
        *ret_message = strdup("there is no customer nobody");
        return BF_EFORM;
    }
    buf_printf(arg, "%s/%llu %.*s %.*s;", number_show(&row->range.start, shown),
               (unsigned long long)row->range.count, SPAN_FMT(row->more[0]), SPAN_FMT(row->more[1]));
    return BF_OK;
}

static enum bf_err read_path(const char *path, const struct dial_plan *plan, char *out, size_t size,
                             char **message)
{
    const struct number_files files = { &path, 1, columns, ARRAY_SIZE(columns), plan };
    struct buf b = buf_on(out, size);
    const enum bf_err err = number_files_read(&files, show_row, &b, message);
    buf_char(&b, '\0');
    return err;
}

static void rows_are_read_whatever_the_order_of_columns(void **state)
{
    static const struct dial_plan us = { .country = "1", .national_min = 10, .national_max = 10 };
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "number\n+12025550100\n", "+12025550100/1  ;" },
        { "Status;NUMBER;extra\nactive;+1 202-555-0100/100;x\n", "+12025550100/100  active;" },
        { "number,count,customer\n12025550100,10,acme\n2025550200,,\"a, b\"\n",
          "+12025550100/10 acme ;+12025550200/1 a, b ;" },
        { "number\n+1202*\n911\n*67\n", "+1202/0  ;911/1  ;*67/1  ;" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char shown[256], *message = NULL;
        write_csv(rows[i].text);
        const enum bf_err err = read_path(csv_path, &us, shown, sizeof shown, &message);
        if (err != BF_OK)
            fail_msg("%s", message ? message : bf_err_text(err));
        assert_string_equal(shown, rows[i].shown);
    }
}

static void a_bad_row_is_refused_with_file_line_and_column(void **state)
{
    static const struct {
        const char *text, *where, *what;
    } rows[] = {
        { "", ":1:1: ", "the file is empty" },
        { "numbers\n+12025550100\n", ":1:1: ", "number,count,customer,status" },
        { "number,customer\n+12025550100,a\n+1202555010x,b\n", ":3:12: ", "not a telephone number" },
        { "number,customer\n\n\n+12025550100\n", ":4:1: ", "has 1 fields and the header 2" },
        { "customer,number\na,+02025550100\n", ":2:3: ", "no country has such a number" },
        { "number,count\n+12025550100,0\n", ":2:1: ", "not a count" },
        { "number,count\n+12025550100/5,5\n", ":2:13: ", "keep one" },
        { "number\n+12025550100/ten\n", ":2:14: ", "not a count" },
        { "number\n\"+12025550100\n", ":3:1: ", "never closed" },
        { "number,customer\n+12025550100,nobody\n", ":2: ", "there is no customer nobody" },
        { "number\n+1234567890123456\n", ":2:17: ", "+12025550100/100 for a hundred" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char shown[256], *message = NULL, start[340];
        write_csv(rows[i].text);
        assert_int_equal(read_path(csv_path, NULL, shown, sizeof shown, &message), BF_EFORM);
        snprintf(start, sizeof start, "%s%s", csv_path, rows[i].where);
        if (!message || strncmp(message, start, strlen(start)) != 0 || !strstr(message, rows[i].what))
            fail_msg("%s: %s", rows[i].where, message);
        free(message);
    }
}

static void a_database_has_the_same_columns_and_is_only_read(void **state)
{
    auto_(db_close) struct db *db = NULL;
    char shown[256], *message = NULL;
    (void)state;
    assert_int_equal(db_open(db_url, DB_WRITE, &db, &message), BF_OK);
    assert_int_equal(db_run(db, "CREATE TABLE numbers (customer TEXT, number, note TEXT);"
                                "INSERT INTO numbers VALUES ('acme', '+12025550100/100', 'x');"
                                "INSERT INTO numbers VALUES ('beta', 12025550300, 'y')"),
                     BF_OK);
    assert_int_equal(read_path(db_url, NULL, shown, sizeof shown, &message), BF_OK);
    assert_string_equal(shown, "+12025550100/100 acme ;+12025550300/1 beta ;");
    assert_int_equal(db_run(db, "INSERT INTO numbers VALUES ('beta', 'twelve', 'y')"), BF_OK);
    assert_int_equal(read_path(db_url, NULL, shown, sizeof shown, &message), BF_EFORM);
    assert_non_null(strstr(message, "n.db:3: \"twelve\": this is not a telephone number"));
    free(message);
    assert_int_equal(db_run(db, "DROP TABLE numbers"), BF_OK);
    assert_int_equal(read_path(db_url, NULL, shown, sizeof shown, &message), BF_EFORM);
    assert_non_null(strstr(message, "no table \"numbers\""));
    free(message);
}

static void what_is_not_there_is_said(void **state)
{
    static const char *const paths[] = { "no-such.csv", "sqlite:no-such.db" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        char shown[64], *message = NULL;
        assert_int_not_equal(read_path(paths[i], NULL, shown, sizeof shown, &message), BF_OK);
        assert_non_null(message);
        assert_non_null(strstr(message, "no-such"));
        free(message);
    }
}

static void a_plain_list_becomes_a_set(void **state)
{
    const char *const paths[] = { csv_path, csv_path };
    auto_(number_set_destroy) struct number_set *set = NULL;
    struct number_set_report report;
    struct number_range r;
    char *message = NULL;
    (void)state;
    write_csv("number\n+12025550100/100\n+12025550300\n");
    assert_int_equal(number_set_load(paths, 2, NULL, &set, &report, &message), BF_OK);
    assert_int_equal(report.numbers, 101);
    assert_int_equal(report.repeats, 2);
    assert_int_equal(number_range_read(SPAN("+12025550199"), &r, NULL), BF_OK);
    assert_true(number_set_find(set, &r.start, NULL));
    assert_int_equal(number_range_read(SPAN("+12025550200"), &r, NULL), BF_OK);
    assert_false(number_set_find(set, &r.start, NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_whatever_the_order_of_columns),
        cmocka_unit_test(a_bad_row_is_refused_with_file_line_and_column),
        cmocka_unit_test(a_database_has_the_same_columns_and_is_only_read),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(a_plain_list_becomes_a_set),
    };
    if (set_up() != 0)
        return 1;
    const int failed = tap_run(tests, ARRAY_SIZE(tests));
    tear_down();
    return failed;
}
