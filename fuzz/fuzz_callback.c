/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone or a phone system says to a callback: a challenge, a session description. */
#include "callback/digest.h"
#include "callback/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char memory[2 * LIMIT_SIP_LINE];
    const struct span input = span_make(data, n < LIMIT_SIP_LINE ? n : LIMIT_SIP_LINE);
    const struct digest_asked asked = { "user", "password", SPAN("INVITE"), SPAN("sip:a@b"),
                                        "0123456789abcdef" };
    struct sdp_session session = { .id = 1, .host = "192.0.2.1" };
    struct digest_challenge challenge;
    struct buf out = BUF_ON(memory);
    if (digest_read(input, true, &challenge) && digest_write(&challenge, &asked, &out) == BF_OK)
        for (size_t i = 0; i + 2 < out.n; i++) /* one line, whatever was in it */
            if ((unsigned char)out.p[i] < 0x20 || out.p[i] == 0x7F)
                __builtin_trap();
    out = BUF_ON(memory);
    if (sdp_forward(&session, input, &out) && !span_starts(buf_span(&out), SPAN("v=0")))
        __builtin_trap();
    out = BUF_ON(memory);
    return sdp_refuse(&session, input, &out) && out.n == 0;
}
