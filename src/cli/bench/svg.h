/* SPDX-License-Identifier: Apache-2.0 */
/* A drawing of 720 pixels' width, readable on light and on dark paper, with the command that made it below. */
#ifndef CLI_BENCH_SVG_H
#define CLI_BENCH_SVG_H

#include <stdbool.h>
#include <stdio.h>

struct svg {
    FILE *out;
    double height;
};

#define SVG_WIDTH 720.0

/* caption: lines at the foot. false: errno. */
bool svg_open(struct svg *s, const char *directory, const char *name, double height, const char *title,
              const char *const *caption, size_t n_caption);
bool svg_close(struct svg *s);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
void svg_text(const struct svg *s, double x, double y, enum svg_anchor anchor, const char *class_name,
              const char *text);
void svg_text_up(const struct svg *s, double x, double y, const char *text); /* the name of an upright axis */
void svg_line(const struct svg *s, double x1, double y1, double x2, double y2, const char *class_name);
void svg_box(const struct svg *s, double x, double y, double width, double height, const char *class_name);
void svg_path(const struct svg *s, const double *x, const double *y, size_t n, const char *class_name);

/* Colours: classes c0 to c4 (lines: `line c0`, boxes: `box c0`, text: `text c0`). */

#endif
