/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message, in every way of reading; what can be answered has an answer that can be read. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "sip/reply.h"
#include "sip/torture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct sip_message *request)
{
    static char memory[2 * LIMIT_SIP_MESSAGE];
    static struct sip_message again;
    const struct sockaddr_in addr = { .sin_family = AF_INET,
                                      .sin_port = htons(9),
                                      .sin_addr.s_addr = htonl(0x7F000001) };
    const struct sip_source from = { (const struct sockaddr *)&addr, false };
    struct buf out = BUF_ON(memory);
    if (reply_begin(&out, request, &from, 302, NULL, SPAN("tag")) != BF_OK)
        return;
    reply_end(&out, SPAN(""));
    if (!buf_ok(&out) || message_read(buf_span(&out), SIP_STREAM, &again, NULL) == BF_EFORM)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sip_message m;
    const struct span bytes = span_make(data, size);
    for (unsigned reading = 0; reading <= (SIP_STREAM | SIP_BARE_LF); reading++) {
        const char *refused = torture(bytes, reading, &m);
        if (m.n_headers > LIMIT_SIP_HEADERS || (!refused && m.bytes.n > size))
            abort();
        if (!refused && m.is_request && reading == SIP_DATAGRAM)
            answer(&m);
    }
    return 0;
}
