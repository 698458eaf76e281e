/* SPDX-License-Identifier: Apache-2.0 */
/* For tests and fuzzers: reads a message and every value in it that anybody here ever reads. */
#ifndef SIP_TORTURE_H
#define SIP_TORTURE_H

#include "sip/date.h"
#include "sip/message.h"
#include "sip/uri.h"

static inline bool torture_address(struct span value)
{
    struct sip_address a;
    struct sip_uri uri;
    struct fault fault;
    char name[LIMIT_DISPLAY_NAME];
    if (span_equal(value, SPAN("*")))
        return true; /* Contact of a REGISTER that takes all back */
    if (sip_address_read(value, &a, &fault) != BF_OK || uri_read(a.uri, &uri, &fault) != BF_OK)
        return false;
    return sip_display_text(&a, name, sizeof name) <= sizeof name;
}

static inline bool torture_via(struct span value)
{
    struct sip_via via;
    struct fault fault;
    return sip_via_read(value, &via, &fault) == BF_OK;
}

/* All comma-joined values of all header fields with that id. */
static inline bool torture_list(const struct sip_message *m, enum sip_header_id id, bool (*read)(struct span))
{
    const struct sip_header *h;
    struct span value;
    for (size_t at = 0; (h = message_next(m, id, &at));)
        for (struct span rest = h->value; sip_list_next(&rest, &value);)
            if (!read(value))
                return false;
    return true;
}

/* NULL when all can be read; else the place that cannot. m is filled. */
static inline const char *torture(struct span bytes, unsigned reading, struct sip_message *m)
{
    static const struct {
        enum sip_header_id id;
        const char *name;
        bool (*read)(struct span);
    } lists[] = {
        { SIP_H_VIA, "Via", torture_via },
        { SIP_H_CONTACT, "Contact", torture_address },
        { SIP_H_ROUTE, "Route", torture_address },
        { SIP_H_RECORD_ROUTE, "Record-Route", torture_address },
        { SIP_H_P_ASSERTED_IDENTITY, "P-Asserted-Identity", torture_address },
    };
    struct sip_uri uri;
    struct fault fault;
    utc_t date;
    if (message_read(bytes, reading, m, &fault) != BF_OK)
        return "message";
    if (m->is_request && uri_read(m->uri, &uri, &fault) != BF_OK)
        return "Request-URI";
    if (m->first[SIP_H_FROM] && !torture_address(message_header(m, SIP_H_FROM)))
        return "From";
    if (m->first[SIP_H_TO] && !torture_address(message_header(m, SIP_H_TO)))
        return "To";
    if (m->first[SIP_H_DATE] && sip_date_read(message_header(m, SIP_H_DATE), &date, &fault) != BF_OK)
        return "Date";
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (!torture_list(m, lists[i].id, lists[i].read))
            return lists[i].name;
    return NULL;
}

#endif
