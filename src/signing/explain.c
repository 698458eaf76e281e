/* SPDX-License-Identifier: Apache-2.0 */
#include "signing/explain.h"

#include <stdio.h>

#include "base/buf.h"
#include "signing/inside.h"

struct story {
    const struct signing *signing;
    const struct call *call;
    const struct choice *choice; /* NULL: nobody decides */
    enum sign_refusal refusal;
    void (*see)(void *arg, const struct sign_reason *reason);
    void *arg;
};

static bool is_choice(const struct story *t, size_t row)
{
    return t->choice && t->choice->row == row;
}

static void tell(const struct story *t, size_t row, bool customer, const char *why)
{
    const bool decided = is_choice(t, row);
    struct sign_reason r = { .customer = customer,
                             .name = signing_name(t->signing, row),
                             .decided = decided && t->refusal == SIGN_OK,
                             .attest = decided ? t->choice->attest : t->signing->rows[row].attest };
    if (decided && t->refusal != SIGN_OK)
        snprintf(r.why, sizeof r.why, "%s; but %s", why, sign_refusal_text(t->refusal));
    else
        snprintf(r.why, sizeof r.why, "%s", why);
    t->see(t->arg, &r);
}

static void tell_row(const struct story *t, size_t i)
{
    const struct sign_row *const row = &t->signing->rows[i];
    bool holds = false;
    for (size_t k = 0; k < row->n_numbers && !holds; k++)
        holds = number_range_holds(&row->numbers[k], &t->call->caller);
    const bool is_for = signing_row_is_for(row, (const struct sockaddr *)&t->call->peer.addr);
    tell(t, i, false,
         !holds              ? "the number is not among its numbers"
         : !row->n_customers ? "it has no `for`, and so is for nobody"
         : !is_for           ? "the address is not in its `for`"
         : !is_choice(t, i)  ? "a row before it signs"
                             : "the number is its, and the address in its `for`");
}

/* Whose the number is, as far as this customer is concerned. */
static const char *about_number(const struct stock_item *item, size_t i)
{
    switch (item->status) {
    case STOCK_NOBODYS: return "the number is not in the inventory";
    case STOCK_OWNED:
        return item->customer == i ? "the number is its own" : "the number is another customer's";
    case STOCK_PORTED_OUT: return "the number was ported out";
    case STOCK_SUSPENDED: return "the number is suspended";
    }
    return "";
}

static const char *about_letter(const struct customer *c, const struct call *call, const struct letter **ret)
{
    *ret = customer_letter(c, &call->caller, call->arrival.utc);
    if (*ret)
        return "a letter of authority holds for it";
    return customer_letter(c, &call->caller, INT64_MIN) ? "its letter of authority has ended"
                                                        : "no letter of authority names it";
}

static void tell_customer(const struct story *t, size_t i)
{
    const struct customer *const c = &t->signing->customers[i];
    const struct stock_item item = stock_find(t->signing->stock, &t->call->caller);
    const enum sign_known known = customer_known(c, t->call);
    const struct letter *letter;
    const char *const paper = about_letter(c, t->call, &letter);
    char why[EXPLAIN_WHY];
    const size_t row = t->signing->n_sign + i;
    const char *end = "";
    if (known && !is_choice(t, row))
        end = t->choice                        ? "; another one comes first"
              : item.status == STOCK_SUSPENDED ? ""
              : c->others                      ? ""
                                               : "; it may sign no others (other_numbers: none)";
    else if (is_choice(t, row) && t->choice->ground == GROUND_OTHERS)
        end = "; other_numbers allows it";
    struct buf out = buf_on(why, sizeof why - 1);
    buf_printf(&out, "%s; %s", sign_known_text(known), about_number(&item, i));
    if (c->n_letters)
        buf_printf(&out, "; %s", paper);
    if (letter && *letter->reference)
        buf_printf(&out, " (%.40s)", letter->reference);
    buf_text(&out, end);
    why[out.n] = '\0';
    tell(t, row, true, why);
}

struct sign_explained signing_explain(const struct signing *s, const struct call *call,
                                      void (*see)(void *arg, const struct sign_reason *reason), void *arg)
{
    struct sign_explained out = { .refusal = signing_may(call) };
    struct choice choice = { 0 };
    bool chosen = false;
    const bool asked = out.refusal == SIGN_OK;
    if (asked) {
        out.refusal = signing_choose(s, call, &choice);
        chosen = out.refusal == SIGN_OK;
    }
    if (chosen) {
        out.name = signing_name(s, choice.row);
        out.x5u = s->rows[choice.row].x5u;
        out.attest = choice.attest;
        out.refusal = signing_times(&s->rows[choice.row], call, 0, &out.iat);
    }
    const struct story t = { s, call, chosen ? &choice : NULL, out.refusal, see, arg };
    for (size_t i = 0; i < s->n_sign && see && asked; i++)
        tell_row(&t, i);
    for (size_t i = 0; i < s->n_customers && see && asked; i++)
        tell_customer(&t, i);
    return out;
}
