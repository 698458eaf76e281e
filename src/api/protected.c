/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protectedHeaders: header lines that belong to the tokens beside shaken.                              API-009
 *
 *     ["Diversion: <tel:+12155550121>;reason=unconditional", "Resource-Priority: esnet.0"]
 *
 * Read by the same rules as in SIP: a Diversion is a sentence, never a vote; a priority counts from peers that may say so.
 */
#include "api/api.h"
#include "sip/message.h"

/* The lines as the header of a request that carries nothing else. */
static void put_lines(const struct json_value *list, struct buf *out)
{
    struct json_value line;
    struct json_walk walk = json_begin(list);
    buf_text(out, "INVITE tel:0 SIP/2.0\r\n");
    while (json_next(&walk, NULL, &line)) {
        const size_t start = out->n;
        struct buf copy = *out;
        const struct span text = json_chars(&line, &copy);
        if (!text.p)
            continue;
        bool plain = true;
        for (size_t i = 0; i < text.n; i++)
            plain &= (unsigned char)text.p[i] >= 0x20;
        if (!plain) /* a line end inside a line: two headers, or none */
            continue;
        out->n = start;
        if (line.escaped)
            *out = copy;
        else
            buf_span_put(out, text);
        buf_text(out, "\r\n");
    }
    buf_text(out, "\r\n");
}

void api_protected_headers(const struct api_request *request, const struct call_rules *rules,
                           struct arena *arena, struct call *call)
{
    const struct json_value *list = &request->protected_headers;
    if (!list->text.p)
        return;
    const size_t most = 2 * list->text.n + 64;
    char *memory = arena_take(arena, most);
    struct buf text = buf_on(memory, memory ? most : 0);
    struct sip_message *message = arena_take(arena, sizeof *message);
    put_lines(list, &text);
    if (message && buf_ok(&text) && message_read(buf_span(&text), SIP_DATAGRAM, message, NULL) == BF_OK)
        call_of_headers(message, rules, arena, call);
}
