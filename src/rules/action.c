/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule does, as text and by number. */
#include "rules/rules.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sip/uri.h"

/* ---- as text ---- */

/*
 * Final answers that tell a caller no and mean nothing else. 607 is not among them: it says that a person said so (RFC 8197);
 * nor are those that speak of proofs (RFC 8224) or ask for something.
 */
static const struct {
    int code;
    const char *phrase;
} reasons[] = {
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 410, "Gone" },
    { 480, "Temporarily Unavailable" },
    { 486, "Busy Here" },
    { 600, "Busy Everywhere" },
    { 603, "Network Blocked" },
    { 604, "Does Not Exist Anywhere" },
    { 608, "Rejected" },
};

const char *rule_reason(int code)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].phrase;
    return NULL;
}

static enum bf_err nothing_behind(struct rule_action *a, size_t at, struct fault *fault)
{
    return a->value.p ? fault_at(fault, BF_EFORM, at, "nothing stands behind this word") : BF_OK;
}

static enum bf_err uri_behind(struct rule_action *a, size_t at, struct fault *fault)
{
    struct fault why = { 0, "it has no host" };
    struct sip_uri uri;
    if (a->value.n <= LIMIT_URI && uri_read(a->value, &uri, &why) == BF_OK &&
        (uri.scheme == URI_SIP || uri.scheme == URI_SIPS) && uri.host.n && uri.headers.n == 0)
        return BF_OK;
    if (uri_read(a->value, &uri, NULL) == BF_OK)
        why = (struct fault){ 0, "a SIP URI like sip:200@192.0.2.7 is expected here" };
    return fault_at(fault, BF_EFORM, at + why.at, why.what);
}

static enum bf_err code_behind(struct rule_action *a, size_t at, struct fault *fault)
{
    uint64_t code = 0;
    if (!span_decimal(a->value, 699, &code) || a->value.n != 3 || !rule_reason((int)code))
        return fault_at(fault, BF_EFORM, at,
                        "a code is expected here: 403, 404, 410, 480, 486, 600, 603, 604 or 608");
    a->code = (int)code;
    return BF_OK;
}

/* `<urn:alert:source:external>`: put on the wire as it is written. */
static enum bf_err alert_behind(struct rule_action *a, size_t at, struct fault *fault)
{
    const struct span v = a->value;
    const size_t colon = span_find(v, ':');
    if (v.n < 5 || v.n > 256 || v.p[0] != '<' || span_find(v, '>') + 1 != v.n || colon < 2 ||
        colon + 2 >= v.n)
        return fault_at(fault, BF_EFORM, at,
                        "a URI in angle brackets like <urn:alert:priority:high> is expected here");
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] <= 0x20 || (unsigned char)v.p[i] >= 0x7F || v.p[i] == '"')
            return fault_at(fault, BF_EFORM, at + i, "this byte cannot stand in it");
    return BF_OK;
}

static const struct {
    const char *word;
    enum bf_err (*read)(struct rule_action *a, size_t at, struct fault *fault);
} kinds[] = {
    [RULE_PASS] = { "pass", nothing_behind },  [RULE_LABEL] = { "label", nothing_behind },
    [RULE_TO] = { "to", uri_behind },          [RULE_VOICEMAIL] = { "voicemail", uri_behind },
    [RULE_REJECT] = { "reject", code_behind }, [RULE_RING] = { "ring", alert_behind },
};

enum bf_err rule_action_read(struct span text, struct rule_action *ret, struct fault *fault)
{
    const size_t colon = span_find(text, ':');
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct rule_action a = { .what = (enum rule_do)i, .text = text, .value = SPAN_NONE };
        if (!span_equal(span_first(text, colon), span_of(kinds[i].word)))
            continue;
        if (colon < text.n)
            a.value = span_from(text, colon + 1);
        const enum bf_err err = kinds[i].read(&a, colon + 1, fault);
        if (!err)
            *ret = a;
        return err;
    }
    return fault_at(
        fault, BF_EFORM, 0,
        "an action is pass, label, to:<SIP URI>, voicemail:<SIP URI>, reject:<code> or ring:<Alert-Info>");
}

/* ---- by number ---- */

#define ACTIONS_MOST 4000u

struct rule_actions {
    pthread_mutex_t lock; /* of those who add */
    uint16_t n;
    _Atomic(struct rule_action *) at[ACTIONS_MOST];
};

enum bf_err rule_actions_create(struct rule_actions **ret)
{
    struct rule_actions *a = calloc(1, sizeof *a);
    if (!a)
        return BF_ENOMEM;
    pthread_mutex_init(&a->lock, NULL);
    *ret = a;
    return BF_OK;
}

void rule_actions_destroy(struct rule_actions *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++)
        free(atomic_load(&a->at[i]));
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* With its text behind it, and spans into that. */
static struct rule_action *copy_of(const struct rule_action *action)
{
    struct rule_action *copy = malloc(sizeof *copy + action->text.n + 1);
    if (!copy)
        return NULL;
    char *text = (char *)(copy + 1);
    memcpy(text, action->text.p, action->text.n);
    text[action->text.n] = '\0';
    *copy = *action;
    copy->text.p = text;
    copy->value = span_from(copy->text, action->text.n - action->value.n);
    return copy;
}

static enum bf_err number_locked(struct rule_actions *a, const struct rule_action *action, uint16_t *ret)
{
    for (uint16_t i = 0; i < a->n; i++)
        if (span_equal(atomic_load(&a->at[i])->text, action->text)) {
            *ret = (uint16_t)(i + 1);
            return BF_OK;
        }
    if (a->n == ACTIONS_MOST)
        return BF_ELIMIT;
    struct rule_action *copy = copy_of(action);
    if (!copy)
        return BF_ENOMEM;
    atomic_store(&a->at[a->n], copy);
    *ret = ++a->n;
    return BF_OK;
}

enum bf_err rule_actions_number(struct rule_actions *a, const struct rule_action *action, uint16_t *ret)
{
    pthread_mutex_lock(&a->lock);
    const enum bf_err err = number_locked(a, action, ret);
    pthread_mutex_unlock(&a->lock);
    return err;
}

const struct rule_action *rule_actions_look(const struct rule_actions *a, uint16_t number)
{
    if (!a || number == 0 || number > ACTIONS_MOST)
        return NULL;
    return atomic_load_explicit(&a->at[number - 1], memory_order_acquire);
}
