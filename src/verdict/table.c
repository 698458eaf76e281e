/* SPDX-License-Identifier: Apache-2.0 */
/* The checks, in the order shown to people: what is read, what is fetched, what is computed, what is remembered; then the call. */
#include "verdict/checks/checks.h"

const struct check checks[] = {
    { "form", "RFC 8224 section 4, RFC 8225", SCOPE_PROOF, COST_READING, check_form, true, BROKEN },
    { "parameters", "RFC 8224 section 4.1", SCOPE_PROOF, COST_READING, check_parameters, true, BROKEN },
    { "url", "ATIS-1000074, standards D.5", SCOPE_PROOF, COST_READING, check_url, true, BROKEN },
    { "fresh", "RFC 8224 section 6.2", SCOPE_PROOF, COST_READING, check_fresh, true, BROKEN },
    { "orig", "RFC 8224 section 6.2", SCOPE_PROOF, COST_READING, check_orig, true, BROKEN },
    { "dest", "RFC 8224 section 6.2", SCOPE_PROOF, COST_READING, check_dest, true, BROKEN },
    { "certificate", "RFC 8226 section 4", SCOPE_PROOF, COST_CREDENTIAL, check_certificate, true, BROKEN },
    { "chain", "RFC 5280 section 6", SCOPE_PROOF, COST_CREDENTIAL, check_chain, true, BROKEN },
    { "revocation", "RFC 5280 section 6.3", SCOPE_PROOF, COST_CREDENTIAL, check_revocation, true, BROKEN },
    { "domain", "local policy", SCOPE_PROOF, COST_CREDENTIAL, check_domain, true, BROKEN },
    { "number-listed", "RFC 8226 section 9", SCOPE_PROOF, COST_CREDENTIAL, check_number_listed, true,
      BROKEN },
    { "signature", "RFC 7518 section 3.4", SCOPE_PROOF, COST_SIGNATURE, check_signature, true, BROKEN },
    { "replay", "RFC 8224 section 12.1", SCOPE_PROOF, COST_MEMORY, check_replay, true, BROKEN },
    { "all-judged", "RFC 8224 section 6.2.1", SCOPE_CALL, COST_READING, check_all_judged, true, BROKEN },
    { "called-number", "RFC 8224 section 12.1.1", SCOPE_CALL, COST_READING, check_called_number, true,
      BROKEN },
    { "number-shown", "RFC 8224 section 12.1", SCOPE_CALL, COST_READING, check_number_shown, true, BROKEN },
    { "attestation", "RFC 8588 section 4", SCOPE_CALL, COST_READING, check_attestation, true, BROKEN },
    { "carrier", "local policy", SCOPE_CALL, COST_READING, check_carrier, false, BROKEN },
    { "own-number", "local policy", SCOPE_CALL, COST_READING, check_own_number, false, IMPOSTOR },
    { "number-possible", "ITU-T E.164, TN-008", SCOPE_CALL, COST_READING, check_number_possible, false,
      IMPOSTOR },
    { "do-not-originate", "local policy", SCOPE_CALL, COST_READING, check_do_not_originate, false, IMPOSTOR },
    { "from-abroad", "local policy", SCOPE_CALL, COST_READING, check_from_abroad, false, IMPOSTOR },
    { "person-known", "local policy", SCOPE_CALL, COST_READING, check_person_known, false, IMPOSTOR },
    { "person-habit", "local policy", SCOPE_CALL, COST_READING, check_person_habit, true, IMPOSTOR },
    { "name-claimed", "Unicode UTS 39, local policy", SCOPE_CALL, COST_READING, check_name_claimed, false,
      IMPOSTOR },
    { "call-expected", "local policy", SCOPE_CALL, COST_READING, check_call_expected, false, IMPOSTOR },
};
const size_t n_checks = ARRAY_SIZE(checks);
_Static_assert(ARRAY_SIZE(checks) == PROOF_ROWS + CALL_ROWS,
               "check.h says how many rows there are of each scope");
