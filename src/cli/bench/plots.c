/* SPDX-License-Identifier: Apache-2.0 */
/* The three drawings: what a batch does for a signature, how late answers come, what a call's time goes into. */
#include <math.h>
#include <string.h>

#include "cli/bench/run.h"
#include "cli/bench/svg.h"

#define LEFT   78.0
#define TOP    56.0
#define HEIGHT 290.0

/* 1, 2 or 5 times a power of ten, so that at most `parts` of it reach `most`. */
static double step_of(double most, double parts)
{
    const double least = most / parts, power = pow(10, floor(log10(least)));
    const double times = least / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

struct caption {
    char made_by[640], machine[200];
    const char *lines[3];
};

static void caption_of(const struct figures *f, const char *command, const char *what, struct caption *ret)
{
    snprintf(ret->made_by, sizeof ret->made_by, "Made by: %s", command);
    snprintf(ret->machine, sizeof ret->machine, "%s, one core; %u signers in turn; engine: %s", f->cpu,
             FIGURE_SIGNERS, f->engine);
    ret->lines[0] = what;
    ret->lines[1] = ret->machine;
    ret->lines[2] = ret->made_by;
}

/* ---- signatures by size of the batch ---- */

struct rate_axis {
    double width, most, step;
};

static double rate_y(const struct rate_axis *a, double rate)
{
    return TOP + HEIGHT - HEIGHT * rate / a->most;
}

static double size_x(const struct rate_axis *a, size_t i)
{
    return LEFT + a->width * (double)i / (FIGURE_SIZES - 1);
}

static void rate_axes(const struct svg *s, const struct rate_axis *a)
{
    char text[32];
    for (int i = 0; i * a->step <= a->most * 1.001; i++) {
        const double rate = i * a->step;
        const double y = rate_y(a, rate);
        snprintf(text, sizeof text, "%.0f", rate / 1000);
        svg_line(s, LEFT, y, LEFT + a->width, y, rate > 0 ? "grid" : "axis");
        svg_text(s, LEFT - 8, y + 4, SVG_END, "", text);
    }
    for (size_t i = 0; i < FIGURE_SIZES; i++) {
        snprintf(text, sizeof text, "%zu", figure_size(i));
        svg_text(s, size_x(a, i), TOP + HEIGHT + 20, SVG_MIDDLE, "", text);
    }
    svg_text(s, LEFT + a->width / 2, TOP + HEIGHT + 42, SVG_MIDDLE, "", "signatures in a batch");
    svg_text_up(s, 24, TOP + HEIGHT / 2, "verifications a second, thousands");
}

static void rate_curve(const struct svg *s, const struct rate_axis *a, const double ns[static FIGURE_SIZES],
                       const char *color, const char *name)
{
    double x[FIGURE_SIZES], y[FIGURE_SIZES];
    if (!(ns[0] > 0))
        return;
    for (size_t i = 0; i < FIGURE_SIZES; i++) {
        x[i] = size_x(a, i);
        y[i] = rate_y(a, 1e9 / ns[i]);
    }
    svg_path(s, x, y, FIGURE_SIZES, color);
    svg_text(s, x[FIGURE_SIZES - 1] + 8, y[FIGURE_SIZES - 1] + 4, SVG_START, color, name);
}

static bool plot_signatures(const struct figures *f, const char *directory, const char *command)
{
    struct caption c;
    struct svg s;
    double openssl[FIGURE_SIZES], most = 1e9 / f->openssl_ns;
    for (size_t i = 0; i < FIGURE_SIZES; i++) {
        openssl[i] = f->openssl_ns;
        most = f->warm_ns[i] > 0 ? fmax(most, 1e9 / f->warm_ns[i]) : most;
    }
    struct rate_axis a = { .width = 480, .step = step_of(most, 6) };
    a.most = ceil(most / a.step) * a.step;
    caption_of(f, command, "P-256 signatures, digest included, by the CPU time of one thread.", &c);
    if (!svg_open(&s, directory, "signatures.svg", TOP + HEIGHT + 66, "Signatures verified on one core",
                  c.lines, 3))
        return false;
    rate_axes(&s, &a);
    rate_curve(&s, &a, openssl, "c3", "EVP_DigestVerify");
    rate_curve(&s, &a, f->cold_ns, "c1", "lanes, signer cold");
    rate_curve(&s, &a, f->warm_ns, "c0", "lanes, signer warm");
    return svg_close(&s);
}

/* ---- latency by load ---- */

#define PANEL 290.0
#define UP    (TOP + 26) /* of the panels, below legend and names */
#define LOW   0.01       /* ms */

struct ms_axis {
    double left;
    double decades;
};

static double ms_y(const struct ms_axis *a, mono_t ns)
{
    const double ms = fmax((double)ns / 1e6, LOW);
    return UP + HEIGHT - HEIGHT * log10(ms / LOW) / a->decades;
}

static void ms_axes(const struct svg *s, const struct ms_axis *a, const char *name, bool labels)
{
    char text[32];
    double ms = LOW;
    for (int d = 0; d <= (int)a->decades; d++) {
        const double y = UP + HEIGHT - HEIGHT * d / a->decades;
        snprintf(text, sizeof text, "%g", ms);
        svg_line(s, a->left, y, a->left + PANEL - 20, y, d ? "grid" : "axis");
        if (labels)
            svg_text(s, a->left - 8, y + 4, SVG_END, "", text);
        ms *= 10;
    }
    for (int load = 10; load <= 90; load += 20) {
        snprintf(text, sizeof text, "%d", load);
        svg_text(s, a->left + (PANEL - 20) * load / 100, UP + HEIGHT + 20, SVG_MIDDLE, "", text);
    }
    svg_text(s, a->left + (PANEL - 20) / 2, UP - 8, SVG_MIDDLE, "", name);
}

static void ms_curve(const struct svg *s, const struct ms_axis *a, const struct figures *f, size_t keep,
                     size_t member, const char *color)
{
    double x[FIGURE_LOADS], y[FIGURE_LOADS];
    const size_t n = f->n_latency[keep];
    for (size_t i = 0; i < n; i++) {
        const struct latency *l = &f->latency[keep][i];
        x[i] = a->left + (PANEL - 20) * l->load;
        y[i] = ms_y(a, member == 0 ? l->p50 : member == 1 ? l->p99 : l->p999);
    }
    if (n == 0)
        return;
    svg_path(s, x, y, n, color);
}

static void ms_level(const struct svg *s, const struct ms_axis *a, mono_t ns, const char *class_name)
{
    svg_line(s, a->left, ms_y(a, ns), a->left + PANEL - 20, ms_y(a, ns), class_name);
}

static void ms_legend(const struct svg *s)
{
    static const struct {
        const char *name, *class_name;
        double width;
    } rows[] = { { "p50", "line c2", 66 },
                 { "p99", "line c0", 66 },
                 { "p99.9", "line c1", 80 },
                 { "p99.9 of a spinning thread's gaps", "line dash c3", 262 },
                 { "p99 of fdatasync", "line dash c4", 0 } };
    double x = 16;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        svg_line(s, x, TOP - 6, x + 22, TOP - 6, rows[i].class_name);
        svg_text(s, x + 28, TOP - 2, SVG_START, "", rows[i].name);
        x += rows[i].width;
    }
}

static mono_t longest(const struct figures *f)
{
    mono_t most = f->gaps.p999;
    for (size_t k = 0; k < N_KEEP; k++)
        for (size_t i = 0; i < f->n_latency[k]; i++)
            most = f->latency[k][i].p999 > most ? f->latency[k][i].p999 : most;
    return f->disk.p99 > most ? f->disk.p99 : most;
}

static bool plot_latency(const struct figures *f, const char *directory, const char *command)
{
    static const char *const names[] = { [KEEP_RELAXED] = "record relaxed", [KEEP_STRICT] = "record strict" };
    char what[200];
    struct caption c;
    struct svg s;
    const double decades = fmax(2, ceil(log10((double)longest(f) / 1e6 / LOW)));
    snprintf(
        what, sizeof what,
        "Open loop, counted from when each call was due. 100 %% is %.0f (relaxed) and %.0f (strict) calls/s.",
        f->clean_rate[KEEP_RELAXED], f->clean_rate[KEEP_STRICT]);
    caption_of(f, command, what, &c);
    if (!svg_open(&s, directory, "latency.svg", UP + HEIGHT + 66, "A verified call is answered after",
                  c.lines, 3))
        return false;
    ms_legend(&s);
    for (size_t k = KEEP_RELAXED; k < N_KEEP; k++) {
        const struct ms_axis a = { LEFT + (k == KEEP_STRICT ? PANEL + 30 : 0), decades };
        ms_axes(&s, &a, names[k], k == KEEP_RELAXED);
        ms_level(&s, &a, f->gaps.p999, "line dash c3");
        if (k == KEEP_STRICT)
            ms_level(&s, &a, f->disk.p99, "line dash c4");
        ms_curve(&s, &a, f, k, 0, "c2");
        ms_curve(&s, &a, f, k, 1, "c0");
        ms_curve(&s, &a, f, k, 2, "c1");
    }
    svg_text(&s, LEFT + PANEL + 5, UP + HEIGHT + 42, SVG_MIDDLE, "", "load, % of the highest clean rate");
    svg_text_up(&s, 24, UP + HEIGHT / 2, "milliseconds");
    return svg_close(&s);
}

/* ---- what a call's time goes into ---- */

#define BAR   30.0
#define GAP   16.0
#define NAMES 150.0
#define BARS  (SVG_WIDTH - NAMES - 90)

struct bar {
    const char *name;
    double parts[4]; /* the echo, the signature, the rest of the worker, other threads */
};

static void bar_of(struct bar *ret, const char *name, const struct full_figures *u, double echo,
                   double signature)
{
    const double worker = u->worker_ns > 0 ? u->worker_ns : u->ns;
    *ret = (struct bar){
        name, { fmin(echo, worker), signature, fmax(0, worker - echo - signature), fmax(0, u->ns - worker) }
    };
}

static void bar_draw(const struct svg *s, const struct bar *b, double y, double per_ns)
{
    static const char *const colors[] = { "c3", "c0", "c2", "c1" };
    double x = NAMES, sum = 0;
    char text[32];
    svg_text(s, NAMES - 10, y + BAR / 2 + 4, SVG_END, "", b->name);
    for (size_t i = 0; i < 4; i++) {
        svg_box(s, x, y, b->parts[i] * per_ns, BAR, colors[i]);
        x += b->parts[i] * per_ns;
        sum += b->parts[i];
    }
    snprintf(text, sizeof text, "%.1f µs", sum / 1000);
    svg_text(s, x + 8, y + BAR / 2 + 4, SVG_START, "", text);
}

static void cost_axis(const struct svg *s, double bottom, double most, double per_ns)
{
    char text[32];
    const double step = step_of(most, 6);
    for (int i = 0; i * step <= most * 1.001; i++) {
        const double ns = i * step;
        const double x = NAMES + ns * per_ns;
        snprintf(text, sizeof text, "%g", ns / 1000);
        svg_line(s, x, TOP + 20, x, bottom, ns > 0 ? "grid" : "axis");
        svg_text(s, x, bottom + 18, SVG_MIDDLE, "", text);
    }
    svg_text(s, NAMES + BARS / 2, bottom + 40, SVG_MIDDLE, "", "CPU microseconds a call, all threads");
}

static void cost_legend(const struct svg *s)
{
    static const char *const parts[][2] = { { "c3", "bare echo of the same datagrams" },
                                            { "c0", "the signature" },
                                            { "c2", "the rest of the worker" },
                                            { "c1", "other threads" } };
    double x = 16;
    for (size_t i = 0; i < 4; i++) {
        svg_box(s, x, TOP - 12, 12, 12, parts[i][0]);
        svg_text(s, x + 18, TOP - 1, SVG_START, "", parts[i][1]);
        x += 40 + 7.1 * (double)strlen(parts[i][1]);
    }
}

static bool plot_cost(const struct figures *f, const char *directory, const char *command)
{
    struct caption c;
    struct svg s;
    struct bar bars[N_KEEP + 2];
    const double warm = f->warm_ns[FIGURE_SIZES - 1], verify = warm > 0 ? warm : f->openssl_ns;
    const double bottom = TOP + 30 + (N_KEEP + 2) * (BAR + GAP);
    double most = f->echo.ns;
    for (size_t k = 0; k < N_KEEP; k++)
        most = fmax(most, f->call[k].ns);
    most = fmax(most, f->sign.ns);
    bar_of(&bars[0], "bare echo", &f->echo, f->echo.ns, 0);
    bar_of(&bars[1], "verified, no record", &f->call[KEEP_OFF], f->echo.ns, verify);
    bar_of(&bars[2], "verified, relaxed", &f->call[KEEP_RELAXED], f->echo.ns, verify);
    bar_of(&bars[3], "verified, strict", &f->call[KEEP_STRICT], f->echo.ns, verify);
    bar_of(&bars[4], "signed, relaxed", &f->sign, f->echo.ns, f->sign_ns);
    caption_of(f, command, "INVITE, answer and ACK over UDP on loopback, one worker under full load.", &c);
    if (!svg_open(&s, directory, "cost.svg", bottom + 64, "What a call costs", c.lines, 3))
        return false;
    cost_legend(&s);
    cost_axis(&s, bottom, most, BARS / most);
    for (size_t i = 0; i < N_KEEP + 2; i++)
        bar_draw(&s, &bars[i], TOP + 28 + (double)i * (BAR + GAP), BARS / most);
    return svg_close(&s);
}

bool plots_write(const struct figures *f, const char *directory, const char *command)
{
    return (!(f->openssl_ns > 0) || plot_signatures(f, directory, command)) &&
           (!(f->gaps.most > 0) || plot_latency(f, directory, command)) &&
           (!(f->echo.ns > 0) || plot_cost(f, directory, command));
}
