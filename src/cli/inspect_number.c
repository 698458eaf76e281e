/* SPDX-License-Identifier: Apache-2.0 */
/* A telephone number: what tokens call it, whose country it is, whether it can exist. */
#include "cli/inspect.h"

void inspect_number_rows(struct inspect *in, struct page *page, const char *section,
                         const struct number *number)
{
    char shown[LIMIT_NUMBER + 2];
    const struct country *c = country_of_number(number);
    const char *flaw = number_impossible(number);
    page_row(page, section, "number", arena_copy(in->arena, span_of(number_show(number, shown))),
             "a telephone number");
    page_row(page, section, "tn", arena_copy(in->arena, number_span(number)), "as tokens write it");
    if (!number->global)
        page_row(page, section, "country", SPAN("not known"),
                 "it has no `+`, and no dial plan says more: see --country");
    else if (c && c->iso[0])
        page_row(page, section, "country", span_of(c->iso), "by its first digits");
    else
        page_row(page, section, "country", SPAN("none"), c ? "a code that belongs to no country" : NULL);
    if (number->ported[0])
        page_row(page, section, "ported", arena_copy(in->arena, span_of(number->ported)),
                 "the carrier it was ported to, in France");
    if (number->global)
        page_row(page, section, "possible", flaw ? SPAN("no") : SPAN("yes"),
                 flaw ? flaw : "a number of this shape may exist; whether it does, its carrier knows");
}

static bool looks_dialled(struct span text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9')
            digits++;
        else if (!strchr("+-.() *#", text.p[i]))
            return false;
    }
    return digits >= 2;
}

bool inspect_number(struct inspect *in, struct span text)
{
    struct page page;
    struct fault fault = { 0, "" };
    struct number number;
    if (!looks_dialled(text))
        return false;
    page_begin(&page, in->arena, "number", "A telephone number");
    page_row(&page, "Number", "text", text, NULL);
    if (number_of_text(text, in->country ? &in->plan : NULL, &number, &fault) == BF_OK) {
        inspect_number_rows(in, &page, "Number", &number);
    } else {
        page.refused = fault.what, page.refused_in = "value", page.refused_at = fault.at;
        page.refused_text = text;
    }
    page_print(&page, in->json);
    return true;
}
