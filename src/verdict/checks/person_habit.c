/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the call signed as calls from this number always were? A habit counts once a person has confirmed it (people/habit.h);
 * beside it stands what the address book itself says of the person: signers expected, the least attestation. None
 * is no reason to doubt; one that is broken is no proof of anything, but takes the verdict `genuine` away.
 */
#include "people/habit.h"
#include "verdict/checks/checks.h"
#include "verdict/who.h"

#define HABITS 8u

/* What is known of whoever signed this call. */
struct signed_by {
    struct span spc, issuer, domain;
};

static struct signed_by signer_of(const struct hearing *h, const struct identity_result *winner)
{
    struct signed_by s = { SPAN(""), SPAN(""), SPAN("") };
    if (winner->signer && winner->signer->spc)
        s.spc = span_of(winner->signer->spc);
    if (winner->signer && winner->signer->issuer)
        s.issuer = span_of(winner->signer->issuer);
    if (winner->path)
        s.domain = span_of(trust_domain_name(h->trust, winner->path->domain));
    return s;
}

/* A carrier may change its CA; without a code of its own the CA is all there is to tell it by. */
static bool is_habit(const struct habit *habit, const struct signed_by *s)
{
    if (!span_equal(span_of(habit->trust_domain), s->domain))
        return false;
    return *habit->spc ? span_equal(span_of(habit->spc), s->spc)
                       : s->spc.n == 0 && span_equal(span_of(habit->issuer), s->issuer);
}

static const char *name_of(const char *text)
{
    return text && *text ? text : "an unnamed signer";
}

static const char *signer_name(const struct habit *habit)
{
    return *habit->spc ? habit->spc : name_of(habit->issuer);
}

/* "proven 20 times on 14 days since 2026-03-02" */
static const char *so_far(const struct hearing *h, const struct habit *habit)
{
    char date[21];
    return arena_printf(h->arena, "proven %u times on %u days since %.10s", habit->calls, habit->days,
                        utc_text(habit->since, date));
}

static struct ballot unsigned_now(const struct hearing *h, const struct habit *habit)
{
    return ballot_abstain(arena_printf(
        h->arena, "this number was signed by %s until now (%s), and %s", signer_name(habit), so_far(h, habit),
        who_broke_a_proof(h)           ? "this proof does not hold"
        : h->verdict.n_identities == 0 ? "this call is not signed"
                                       : "no signature vouches for this call"));
}

static struct ballot other_signer(const struct hearing *h, const struct habit *habit,
                                  const struct signed_by *s)
{
    const bool abroad = !span_equal(span_of(habit->trust_domain), s->domain);
    const struct span who = abroad ? s->domain : s->spc.n ? s->spc : s->issuer;
    return ballot_abstain(
        arena_printf(h->arena, "signed by %s%.*s, and until now this number was signed by %s (%s)",
                     abroad ? "a signer of another trust domain, " : "another signer, ", SPAN_FMT(who),
                     abroad ? name_of(habit->trust_domain) : signer_name(habit), so_far(h, habit)));
}

static struct ballot by_habit(const struct hearing *h, const struct habit *const *habits, size_t n)
{
    const struct identity_result *winner = hearing_winner(h);
    if (!winner)
        return unsigned_now(h, habits[0]);
    const struct signed_by s = signer_of(h, winner);
    for (size_t i = 0; i < n; i++) {
        if (!is_habit(habits[i], &s))
            continue;
        if (h->verdict.attest != 'A')
            return ballot_abstain(
                arena_printf(h->arena, "signed with attestation %c, and until now this number had A (%s)",
                             h->verdict.attest, so_far(h, habits[i])));
        return ballot_pass(arena_printf(h->arena, "signed as always: by %s, %s", signer_name(habits[i]),
                                        so_far(h, habits[i])));
    }
    return other_signer(h, habits[0], &s);
}

/* ---- what the address book says ---- */

static bool is_signer(const struct person_signer *expected, const struct signed_by *s)
{
    switch (expected->kind) {
    case SIGNER_SPC: return span_equal(span_of(expected->value), s->spc);
    case SIGNER_ISSUER: return span_equal(span_of(expected->value), s->issuer);
    case SIGNER_DOMAIN: return span_equal(span_of(expected->value), s->domain);
    }
    return false;
}

static bool by_expected_signer(const struct hearing *h, const struct person *person)
{
    const struct identity_result *winner = hearing_winner(h);
    if (person->n_signers == 0)
        return true;
    if (!winner)
        return false;
    const struct signed_by s = signer_of(h, winner);
    for (size_t i = 0; i < person->n_signers; i++)
        if (is_signer(&person->signers[i], &s))
            return true;
    return false;
}

/* why NULL: nothing is said, or it is as it should be. */
static struct ballot by_book(const struct hearing *h, const struct person *person)
{
    const char attest = hearing_winner(h) ? h->verdict.attest : h->who.proven ? 'A' : 0;
    if (person->least_attestation && (!attest || attest > person->least_attestation))
        return ballot_abstain(arena_printf(h->arena,
                                           "calls of %s have attestation %c at least, and this one %s",
                                           who_name(h, person), person->least_attestation,
                                           attest == 'B'   ? "has B"
                                           : attest == 'C' ? "has C"
                                                           : "has none"));
    if (!by_expected_signer(h, person))
        return ballot_abstain(arena_printf(
            h->arena, "%s, whom the address book does not expect to sign for %s",
            hearing_winner(h) ? "signed by somebody" : "vouched for by somebody", who_name(h, person)));
    return (struct ballot){ PASS, NULL };
}

/* The number by which the habit goes: the caller's, or one of somebody's that is shown beside it. */
static const struct person *somebody(const struct hearing *h, const struct number **ret_number)
{
    *ret_number = &h->call->caller;
    if (h->who.owner)
        return h->who.owner;
    return h->who.n_owners ? NULL : who_shows(h, ret_number);
}

struct ballot check_person_habit(const struct hearing *h, struct identity_result *p)
{
    const struct habit *habits[HABITS];
    const struct number *number;
    (void)p;
    if (!h->people)
        return ballot_pass("there is no address book here, so there is no habit");
    const struct person *person = somebody(h, &number);
    if (!person && !h->who.n_owners)
        return ballot_pass("nobody we know has this number, so there is no habit");
    const size_t all = people_habits(h->people, number, habits, HABITS), n = all < HABITS ? all : HABITS;
    if (person) {
        const struct ballot book = by_book(h, person);
        if (book.vote != PASS)
            return book;
    }
    return n ? by_habit(h, habits, n) : ballot_pass("no habit of this number was confirmed yet");
}
