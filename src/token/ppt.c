/* SPDX-License-Identifier: Apache-2.0 */
#include "token/token.h"

/* The types this project knows (PP-004); whether it also checks them is the business of verdict/. */
static const struct {
    enum ppt ppt;
    const char *text;
} types[] = {
    { PPT_SHAKEN, "shaken" }, { PPT_DIV, "div" }, { PPT_DIV_O, "div-o" }, { PPT_RPH, "rph" },
    { PPT_RCD, "rcd" },       { PPT_RSP, "rsp" }, { PPT_MSEC, "msec" },
};

enum ppt ppt_of(struct span text)
{
    if (!text.p)
        return PPT_NONE;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (span_equal(text, span_of(types[i].text)))
            return types[i].ppt;
    return PPT_OTHER;
}

const char *ppt_text(enum ppt ppt)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].ppt == ppt)
            return types[i].text;
    return "";
}
