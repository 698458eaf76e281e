/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/svg.h"

#define FOOT 18.0 /* a line of the caption */

/* Colours that people who see few of them can still tell apart, darker on light paper than on dark. */
static const char style[] =
    "<style>\n"
    ".paper{fill:#fff}.text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#555}"
    ".title{font-size:16px;font-weight:600}.axis{stroke:#444;stroke-width:1}.grid{stroke:#ddd;stroke-width:1}"
    ".line{fill:none;stroke-width:2}.dash{stroke-dasharray:6 4}.dot{stroke-dasharray:2 3}\n"
    ".line.c0,.grid.c0{stroke:#0b62a4}.box.c0,.text.c0{fill:#0b62a4}.line.c1,.grid.c1{stroke:#c44e00}"
    ".box.c1,.text.c1{fill:#c44e00}"
    ".line.c2,.grid.c2{stroke:#2d7d46}.box.c2,.text.c2{fill:#2d7d46}.line.c3,.grid.c3{stroke:#777}"
    ".box.c3,.text.c3{fill:#777}"
    ".line.c4,.grid.c4{stroke:#8a3f9c}.box.c4,.text.c4{fill:#8a3f9c}\n"
    "@media (prefers-color-scheme:dark){.paper{fill:#14171a}.text{fill:#e6e6e6}.small{fill:#aaa}"
    ".axis{stroke:#bbb}.grid{stroke:#333}"
    ".line.c0,.grid.c0{stroke:#6bb3ec}.box.c0,.text.c0{fill:#6bb3ec}.line.c1,.grid.c1{stroke:#ff9a57}"
    ".box.c1,.text.c1{fill:#ff9a57}"
    ".line.c2,.grid.c2{stroke:#7bcf95}.box.c2,.text.c2{fill:#7bcf95}.line.c3,.grid.c3{stroke:#999}"
    ".box.c3,.text.c3{fill:#999}"
    ".line.c4,.grid.c4{stroke:#d19be0}.box.c4,.text.c4{fill:#d19be0}}\n"
    "</style>\n";

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        default: fputc((unsigned char)*text < ' ' ? '?' : *text, out);
        }
}

bool svg_open(struct svg *s, const char *directory, const char *name, double height, const char *title,
              const char *const *caption, size_t n_caption)
{
    char path[4096];
    const double whole = height + FOOT * (double)n_caption + 8;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    s->out = fopen(path, "w");
    s->height = height;
    if (!s->out)
        return false;
    fprintf(s->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\">\n"
            "%s<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n",
            SVG_WIDTH, whole, SVG_WIDTH, whole, style);
    svg_text(s, 16, 26, SVG_START, "title", title);
    for (size_t i = 0; i < n_caption; i++)
        svg_text(s, 16, height + FOOT * (double)i + 10, SVG_START, "small", caption[i]);
    return true;
}

bool svg_close(struct svg *s)
{
    fputs("</svg>\n", s->out);
    const bool good = !ferror(s->out);
    return fclose(s->out) == 0 && good;
}

void svg_text(const struct svg *s, double x, double y, enum svg_anchor anchor, const char *class_name,
              const char *text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    fprintf(s->out, "<text class=\"text %s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class_name, x, y,
            anchors[anchor]);
    put_escaped(s->out, text);
    fputs("</text>\n", s->out);
}

void svg_text_up(const struct svg *s, double x, double y, const char *text)
{
    fprintf(s->out,
            "<text class=\"text\" transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">", x,
            y);
    put_escaped(s->out, text);
    fputs("</text>\n", s->out);
}

void svg_line(const struct svg *s, double x1, double y1, double x2, double y2, const char *class_name)
{
    fprintf(s->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class_name, x1,
            y1, x2, y2);
}

void svg_box(const struct svg *s, double x, double y, double width, double height, const char *class_name)
{
    fprintf(s->out, "<rect class=\"box %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            class_name, x, y, width, height);
}

void svg_path(const struct svg *s, const double *x, const double *y, size_t n, const char *class_name)
{
    fprintf(s->out, "<polyline class=\"line %s\" points=\"", class_name);
    for (size_t i = 0; i < n; i++)
        fprintf(s->out, "%.1f,%.1f ", x[i], y[i]);
    fputs("\"/>\n", s->out);
}
