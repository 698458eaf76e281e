/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token in plain words: every member of its header and every claim, whether it is sound, whether its signature holds.
 * A refused token is shown as far as it could be read, with the byte that was one too many.
 */
#include <stdio.h>
#include <string.h>

#include "cli/inspect.h"
#include "identity/identity.h"
#include "token/token.h"

/* What a member says, whatever its value is. */
static const struct {
    const char *name, *meaning;
} members[] = {
    { "alg", "how it is signed; calls are signed with ES256 and nothing else" },
    { "typ", "what it is; must be passport" },
    { "x5u", "where the signer's certificate chain is published" },
    { "ppt", "the kind of token, and so what its claims must be" },
    { "crit", "names extensions that must be understood; none is, so the token is refused" },
    { "kid", "a name for a key; never used to find one" },
    { "jku", "a URL of keys; never used to find one" },
    { "jwk", "a key; never used: a token does not choose its own key" },
    { "x5c", "certificates; never used: they are taken from x5u" },
    { "dest", "whom is called" },
    { "orig", "who calls" },
    { "origid", "traces the call back in the signer's records" },
    { "mky", "fingerprints of the media keys" },
    { "div", "the number the call was diverted from" },
    { "opt", "the token of the call before it was diverted" },
    { "rph", "a priority the call may claim" },
    { "sph", "a priority the call may claim" },
    { "rcd", "rich call data: name and picture of the caller" },
    { "rcdi", "digests of the rich call data" },
    { "crn", "the reason for the call" },
    { "jti", "a name for this very token" },
};

static const struct {
    enum ppt ppt;
    const char *title;
} titles[] = {
    { PPT_NONE, "baseline: says who calls whom, and attests nothing" },
    { PPT_SHAKEN, "shaken: a carrier says how well it knows the caller" },
    { PPT_DIV, "div: the call was diverted" },
    { PPT_DIV_O, "div-o: the call was diverted, with the token from before inside" },
    { PPT_RPH, "rph: the call may claim a priority" },
    { PPT_RCD, "rcd: name, picture and reason of the caller" },
    { PPT_RSP, "rsp: the called side says who answered" },
    { PPT_MSEC, "msec: the media is protected from end to end" },
    { PPT_OTHER, "a kind that is not known here" },
};

static const char *title_of(struct arena *arena, const char *what, enum ppt ppt)
{
    const char *kind = "";
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        if (titles[i].ppt == ppt)
            kind = titles[i].title;
    const char *title = arena_printf(arena, "%s, %s", what, kind);
    return title ? title : what;
}

static const char *attest_meaning(struct span value)
{
    if (span_equal(value, SPAN("A")))
        return "full: the signer knows the caller, and that the number is the caller's to use";
    if (span_equal(value, SPAN("B")))
        return "partial: the signer knows the caller, but not whose the number is";
    if (span_equal(value, SPAN("C")))
        return "gateway: the signer knows only where the call came in";
    return "none of A, B, C";
}

static const char *iat_meaning(const struct inspect *in, const struct json_value *v)
{
    int64_t at;
    if (!json_whole(v, &at))
        return "when it was signed; must be whole seconds since 1970, in digits";
    const char *meaning =
        arena_printf(in->arena, "signed at %s%s", page_time(in->arena, at, in->now),
                     at - in->now > 60 || in->now - at > 60 ? "; stale for a call of now (60 s)" : "");
    return meaning ? meaning : "when it was signed";
}

static const char *meaning_of(const struct inspect *in, struct span name, const struct json_value *v,
                              struct span value)
{
    if (span_equal(name, SPAN("attest")))
        return attest_meaning(value);
    if (span_equal(name, SPAN("iat")))
        return iat_meaning(in, v);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        if (span_equal(name, span_of(members[i].name)))
            return members[i].meaning;
    return "not known here; part of what is signed";
}

/* A string's characters, else the JSON as it stands; kept in the arena. */
static struct span shown(const struct inspect *in, const struct json_value *v)
{
    void *room = v->escaped ? arena_take(in->arena, v->text.n) : NULL;
    struct buf scratch = buf_on(room, room ? v->text.n : 0);
    const struct span text = json_chars(v, &scratch);
    return text.p ? text : v->text;
}

static void add_members(const struct inspect *in, struct page *page, const char *section, struct span json)
{
    struct json_value object, name, value;
    if (!json.p)
        return;
    if (json_check(json, &object, NULL) != BF_OK || object.kind != JSON_KIND_OBJECT) {
        page_row(page, section, "text", span_first(json, 2048), "as it was received: no JSON object");
        return;
    }
    struct json_walk walk = json_begin(&object);
    while (json_next(&walk, &name, &value)) {
        const struct span key = shown(in, &name), text = shown(in, &value);
        const struct span kept = arena_copy(in->arena, key);
        page_row(page, section, kept.p ? kept.p : "?", text, meaning_of(in, key, &value, text));
    }
}

/* ---- the signature ---- */

static bool holds_under(const struct inspect *in, const struct token *t, const struct es256_key *key)
{
    struct es256_job job = { .key = key };
    memcpy(job.signature, t->signature, sizeof job.signature);
    if (sha256_once(t->signed_part, job.digest) != BF_OK)
        return false;
    es256_verify_many(in->engine, &job, 1);
    return job.result == BF_OK;
}

static bool has_signature(const struct token *t, enum token_flaw flaw)
{
    static const uint8_t none[64];
    return flaw != TOKEN_SIGNATURE_LENGTH && t->header_segment.n && memcmp(t->signature, none, 64) != 0;
}

static void check_signature(struct inspect *in, struct page *page, const struct token *t,
                            enum token_flaw flaw)
{
    page->signature = PAGE_NOT_CHECKED;
    page->signature_why = flaw == TOKEN_COMPACT ? "what it is over is in the call, not in the token"
                                                : "no 64 bytes that could be one";
    if (!has_signature(t, flaw))
        return;
    page->signature_why = t->x5u.n ? "no key is at hand; give --cert FILE, --key FILE, --certs DIR or --fetch"
                                   : "no key is at hand; give --cert FILE or --key FILE";
    for (size_t i = 0; i < in->n_keys; i++) {
        const bool holds = holds_under(in, t, in->keys[i].key);
        page->signature = holds ? PAGE_HOLDS : PAGE_FAILS;
        page->signature_why = arena_printf(in->arena, "under %s", in->keys[i].name);
        if (!page->signature_why)
            page->signature_why = "under the key given";
        if (holds)
            return;
    }
    if (in->n_keys > 1)
        page->signature_why = "under none of the keys given";
}

/* ---- the whole ---- */

static void fill(struct inspect *in, struct page *page, const char *what, struct span text, struct token *ret)
{
    static const char *const places[] = { "token", "header", "payload" };
    enum token_flaw flaw = TOKEN_SOUND;
    struct fault fault = { 0, "" };
    const enum bf_err err = token_read(text, in->arena, ret, &flaw, &fault);
    page_begin(page, in->arena, "token", title_of(in->arena, what, ret->ppt));
    if (err == BF_OK) {
        page_row(page, "Form", "canonical", ret->canonical ? SPAN("yes") : SPAN("no"),
                 ret->canonical
                     ? NULL
                     : "the JSON is not in the order and form that RFC 8225 asks for; it still counts");
    } else {
        page->refused = fault.what;
        page->refused_in = places[ret->fault_place];
        page->refused_at = fault.at;
        page->refused_text = ret->fault_place == TOKEN_IN_HEADER    ? ret->header
                             : ret->fault_place == TOKEN_IN_PAYLOAD ? ret->payload
                                                                    : ret->text;
    }
    add_members(in, page, "Header", ret->header);
    add_members(in, page, "Payload", ret->payload);
    if (err == BF_OK && ret->ppt == PPT_SHAKEN && !ret->origid_is_uuid)
        page_row(page, "Form", "origid", SPAN("no UUID"), "the standard asks for one; it still counts");
    check_signature(in, page, ret, flaw);
}

void inspect_token(struct inspect *in, struct span text)
{
    struct page page;
    struct token token;
    fill(in, &page, "A token (PASSporT)", text, &token);
    page_print(&page, in->json);
}

static const char *info_meaning(const struct identity *id, const struct token *t)
{
    if (!t->x5u.p)
        return "where the certificate chain is to be fetched";
    return span_equal(id->info, t->x5u)
               ? "where the certificate chain is to be fetched; the same as x5u, as it must be"
               : "differs from x5u of the token: verifiers refuse the call (438)";
}

static const char *ppt_meaning(const struct identity *id, const struct token *t)
{
    const bool both = id->ppt.p && t->ppt_text.p;
    const bool same = both ? span_equal(id->ppt, t->ppt_text) : !id->ppt.p && !t->ppt_text.p;
    if (!t->header.p)
        return NULL;
    return same ? "the same as in the token, as it must be"
                : "differs from ppt of the token: verifiers refuse the call (438)";
}

void inspect_identity(struct inspect *in, struct span value)
{
    static const char parameters[] = "Parameters of the header";
    struct page page;
    struct token token;
    struct identity id;
    struct fault fault = { 0, "" };
    if (identity_read(value, &id, &fault) != BF_OK) {
        page_begin(&page, in->arena, "identity", "An Identity value that breaks the grammar of RFC 8224");
        page_row(&page, "Value", "text", span_first(value, 2048), "as it was given");
        page.refused = fault.what, page.refused_in = "value", page.refused_at = fault.at;
        page.refused_text = value;
        page_print(&page, in->json);
        return;
    }
    fill(in, &page, "An Identity value, and in it a token (PASSporT)", id.token, &token);
    page.kind = "identity";
    if (id.info.p)
        page_row(&page, parameters, "info", id.info, info_meaning(&id, &token));
    else
        page_row(&page, parameters, "info", SPAN("missing"), "verifiers cannot fetch the certificate (436)");
    if (id.alg.p)
        page_row(&page, parameters, "alg", id.alg,
                 span_equal(id.alg, SPAN("ES256")) ? NULL : "not ES256: verifiers refuse the call");
    if (id.ppt.p || token.ppt_text.p)
        page_row(&page, parameters, "ppt", id.ppt.p ? id.ppt : SPAN("missing"), ppt_meaning(&id, &token));
    page_print(&page, in->json);
}
