/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of a batch, for a collector (hep.to). Called when answers over UDP have left, and before anything that lanes
 * point to is given back.
 */
#include "serve/worker.h"

static const struct server_address *address_of(const struct server *s, const struct origin *o)
{
    for (size_t i = 0; i < s->n_addresses; i++)
        if (s->addresses[i].door == o->door && (o->door == DOOR_HTTP || s->addresses[i].role == o->role))
            return &s->addresses[i];
    return NULL;
}

void exporting_batch(struct worker *w)
{
    for (size_t i = 0; i < w->n_lanes; i++) {
        const struct lane *lane = &w->lanes[i];
        const struct server_address *here = address_of(w->server, &lane->origin);
        if (!lane->record || lane->state == LANE_PARK)
            continue;
        const struct hep_call call = { .record = lane->record,
                                       .from = origin_addr(&lane->origin),
                                       .to = here ? (const struct sockaddr *)&here->addr : NULL,
                                       .tcp = lane->origin.door != DOOR_UDP,
                                       .message = lane->json ? SPAN_NONE : lane->bytes };
        hep_sender_call(w->server->hep, &call);
    }
}
