/* SPDX-License-Identifier: Apache-2.0 */
/* Has this token been used for another call?                                            RFC 8224 section 12.1; RP-001..003, SEC-040, SEC-042 */
#include "verdict/checks/checks.h"

struct ballot check_replay(const struct hearing *h, struct identity_result *p)
{
    const struct call *c = h->call;
    struct replay_sighting s = { .source = c->peer.source, .at = c->arrival.mono };
    if (!h->judge->replay)
        return ballot_pass("not asked: nothing remembers earlier calls here");
    memcpy(s.key, p->replay_key, sizeof s.key);
    memcpy(s.same, c->same, sizeof s.same);
    const bool may_enter = p->holds && p->called_ok && p->shown_ok;
    switch (may_enter ? replay_enter(h->judge->replay, &s) : replay_look(h->judge->replay, &s)) {
    case REPLAY_FIRST: p->entered = may_enter; return ballot_pass("the token has not been seen before");
    case REPLAY_SAME: return ballot_pass("the same call again");
    case REPLAY_NEAR:
        return ballot_abstain("the same token came with another call seconds ago, from the same peer");
    case REPLAY_REPEAT: break;
    }
    p->failure = CASE_REPLAY;
    return ballot_veto("the token has been used for another call");
}
