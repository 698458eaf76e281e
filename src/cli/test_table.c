/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "cli/command.h"
#include "tap.h"

/* What table_print writes to standard output, to be freed. */
static char *printed(struct table *t, bool colors)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int keep = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    table_print(t, colors);
    fflush(stdout);
    dup2(keep, STDOUT_FILENO);
    close(keep);
    long n = ftell(file);
    fseek(file, 0, SEEK_END);
    n = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)n + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)n, file), (size_t)n);
    fclose(file);
    return text;
}

static void expect(const char *const *cells, const char *color, bool colors, const char *wanted)
{
    static const char *const titles[] = { "caller", "verdict" };
    struct table *t = table_create(titles, 2);
    assert_non_null(t);
    table_row(t, cells, color);
    char *text = printed(t, colors);
    assert_string_equal(text, wanted);
    free(text);
    table_destroy(t);
}

static void columns_are_as_wide_as_their_cells(void **state)
{
    (void)state;
    expect((const char *const[]){ "12025550100", "genuine" }, NULL, false,
           "caller       verdict\n12025550100  genuine\n");
}

static void letters_count_not_bytes(void **state)
{
    (void)state;
    expect((const char *const[]){ "Žofie Müller", "x" }, NULL, false,
           "caller        verdict\nŽofie Müller  x\n");
    /* e followed by the combining acute accent is one column */
    expect((const char *const[]){ "Rene\xcc\x81 Y.", "x" }, NULL, false,
           "caller   verdict\nRene\xcc\x81 Y.  x\n");
}

static void control_bytes_become_question_marks(void **state)
{
    (void)state;
    expect((const char *const[]){ "a\033[31m\nb\x7f", "c\xc2\x9b" }, NULL, false,
           "caller     verdict\na?[31m?b?  c??\n");
}

static void an_absent_cell_is_empty(void **state)
{
    (void)state;
    expect((const char *const[]){ NULL, "x" }, NULL, false, "caller  verdict\n        x\n");
}

static void a_row_has_its_color_only_when_colors_are_wanted(void **state)
{
    (void)state;
    expect((const char *const[]){ "a", "b" }, "32", false, "caller  verdict\na       b\n");
    expect((const char *const[]){ "a", "b" }, "32", true,
           "\033[1mcaller  verdict\033[0m\n\033[32ma       b\033[0m\n");
}

static void no_color_without_a_terminal(void **state)
{
    (void)state;
    int keep = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
    fflush(stdout);
    dup2(null, STDOUT_FILENO);
    bool colors = command_colors();
    dup2(keep, STDOUT_FILENO);
    close(keep);
    close(null);
    assert_false(colors);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_cells),
        cmocka_unit_test(letters_count_not_bytes),
        cmocka_unit_test(control_bytes_become_question_marks),
        cmocka_unit_test(an_absent_cell_is_empty),
        cmocka_unit_test(a_row_has_its_color_only_when_colors_are_wanted),
        cmocka_unit_test(no_color_without_a_terminal),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
