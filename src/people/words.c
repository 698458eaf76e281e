/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what is kept as a number. */
#include "people/expected.h"
#include "people/habit.h"
#include "people/names.h"

const char *habit_state_text(enum habit_state state)
{
    static const char *const texts[] = { "learning", "proposed", "confirmed", "refused" };
    return texts[state];
}

const char *expected_state_text(enum expected_state state)
{
    static const char *const texts[] = { "open", "met", "missed", "cancelled" };
    return texts[state];
}

static const struct {
    const char *text, *sentence;
} rules[NAME_RULES] = {
    [NAME_SAME] = { "same", "letter for letter" },
    [NAME_ORDER] = { "order", "with its words in another order, or with initials" },
    [NAME_TITLE] = { "title", "with a title or an office around it" },
    [NAME_LOOKALIKE] = { "lookalike", "with characters that look like others, or that are not seen" },
    [NAME_TRANSLITERATED] = { "transliterated", "in another script, or another spelling of it" },
    [NAME_TYPO] = { "typo", "with a few letters changed" },
    [NAME_SPACING] = { "spacing", "with blanks or signs between its letters" },
};

const char *name_rule_text(enum name_rule rule)
{
    return rules[rule].text;
}

const char *name_rule_sentence(enum name_rule rule)
{
    return rules[rule].sentence;
}
