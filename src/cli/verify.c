/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide verify`: calls in, verdicts out, and the worst of them as the exit status.
 *
 * One call is told in full, several in a line each: the first verdict is kept back until there is a second or an end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/verify.h"

struct verify_run {
    struct verify_sink sink;
    const struct verify_wishes *wishes;
    struct bf_verifier *verifier;
    struct bf_verdict *first; /* kept back */
    const char *first_file;
    bool many_files;
    size_t verdicts;
    int status;
    struct progress progress;
};

static void worst(struct verify_run *run, int status)
{
    if (status > run->status)
        run->status = status;
}

static void line_print(const struct verify_run *run, const char *file, const struct bf_verdict *v)
{
    if (run->many_files)
        printf("%s: ", file);
    puts(bf_verdict_line(v));
}

static void verdict_print(struct verify_run *run, const struct verify_input *in, struct bf_verdict *v)
{
    worst(run, (int)bf_verdict_outcome(v));
    run->verdicts++;
    run->sink.calls++;
    if (run->wishes->json) {
        puts(bf_verdict_json(v));
        fflush(stdout);
    } else if (run->verdicts == 1) {
        run->first = v;
        run->first_file = in->file;
        return;
    } else {
        if (run->first)
            line_print(run, run->first_file, run->first);
        bf_verdict_destroy(run->first);
        run->first = NULL;
        line_print(run, in->file, v);
    }
    bf_verdict_destroy(v);
}

static void error_json(const struct verify_input *in, const char *what)
{
    char text[8192];
    struct buf b = BUF_ON(text);

    buf_text(&b, "{\"error\":");
    buf_json_string(&b, span_of(what));
    buf_text(&b, ",\"file\":");
    buf_json_string(&b, span_first(span_of(in->file), 4096));
    if (in->place)
        buf_printf(&b, ",\"at\":%zu", in->place);
    buf_text(&b, "}");
    if (buf_ok(&b))
        printf("%.*s\n", SPAN_FMT(buf_span(&b)));
    else
        puts("{\"error\":\"this input is no call\"}");
    fflush(stdout);
}

static void refused(struct verify_sink *sink, const struct verify_input *in, const char *what)
{
    struct verify_run *run = (struct verify_run *)sink;

    sink->calls++;
    worst(run, EXIT_INPUT);
    if (run->wishes->json)
        error_json(in, what);
    else if (in->place)
        command_fail("verify", 0, "%s:%zu: %s.", in->file, in->place, what);
    else
        command_fail("verify", 0, "%s: %s.", in->file, what);
}

static void failed(struct verify_run *run, const struct verify_input *in, enum bf_err err,
                   const struct bf_fault *f)
{
    bool ours = err == BF_ENOMEM || err == BF_ECRYPTO || err == BF_EIO || err == BF_EINVAL;
    char what[512];

    if (in->kind == VERIFY_SIP && err == BF_EFORM && f->what[0])
        snprintf(what, sizeof what, "this is no call: %s (byte %zu)", f->what, f->at);
    else
        snprintf(what, sizeof what, "%s%s",
                 ours ? "" : "this is no call: ", f->what && f->what[0] ? f->what : bf_err_text(err));
    refused(&run->sink, in, what);
    if (ours)
        worst(run, EXIT_FAILURE_OURS);
}

static void judge(struct verify_sink *sink, const struct verify_input *in)
{
    struct verify_run *run = (struct verify_run *)sink;
    const struct verify_wishes *w = run->wishes;
    utc_t at = w->at ? w->at : in->at;
    struct bf_verdict *v = NULL;
    struct bf_fault f = { 0, "" };
    enum bf_err err = BF_EINVAL;

    if (at == AT_UNREADABLE)
        return refused(sink, in, "its Date cannot be read: say when it came with --at");
    switch (in->kind) {
    case VERIFY_SIP: err = bf_verify_sip(run->verifier, in->bytes.p, in->bytes.n, at, &v, &f); break;
    case VERIFY_JSON: err = bf_verify_json(run->verifier, in->bytes.p, in->bytes.n, at, &v, &f); break;
    case VERIFY_IDENTITY:
        err = bf_verify_identity(run->verifier, in->bytes.p, in->bytes.n, w->orig, w->dest, at, &v, &f);
        break;
    }
    if (!err)
        verdict_print(run, in, v);
    else if (!in->passing || err != BF_EUNSUP)
        failed(run, in, err, &f);
    if (!isatty(STDOUT_FILENO))
        progress_step(&run->progress, run->verdicts, 0);
}

static void judge_files(struct verify_run *run, const struct option_list *files)
{
    static const char *const standard_input[] = { "-" };
    const char *const *items = files->n ? files->items : standard_input;
    size_t n = files->n ? files->n : 1;

    if (!files->n && isatty(STDIN_FILENO))
        fputs("bonafide verify: reading a call from the terminal; end it with Ctrl-D. See bonafide verify "
              "--help.\n",
              stderr);
    run->many_files = n > 1;
    progress_begin(&run->progress, "calls judged");
    for (size_t i = 0; i < n; i++)
        verify_read(items[i], run->wishes->orig, &run->sink);
    progress_end(&run->progress);
    if (run->first) /* the only one */
        fputs(bf_verdict_words(run->first), stdout);
    bf_verdict_destroy(run->first);
}

int command_verify(int argc, char **argv)
{
    struct verify_wishes wishes = { 0 };
    struct option_list files = { 0 };
    struct verify_setup setup = { 0 };
    int status = 0;

    if (options_read(&verify_help, argc, argv, &wishes, &files, &status) &&
        verify_setup(&wishes, &setup, &status)) {
        struct verify_run run = { .sink = { .call = judge, .refused = refused },
                                  .wishes = &wishes,
                                  .verifier = setup.verifier };
        judge_files(&run, &files);
        status = run.status;
        if (fflush(stdout) || ferror(stdout))
            status = command_fail("verify", EXIT_FAILURE_OURS, "standard output cannot be written.");
    }
    verify_setup_clear(&setup);
    options_clear(&verify_help, &wishes, &files);
    return status;
}
