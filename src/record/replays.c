/* SPDX-License-Identifier: Apache-2.0 */
/* What a fresh start must know of tokens seen: read from the journal, which no database can make late. */
#include "record/member.h"
#include "store/journal.h"

struct seeker {
    utc_t since;
    record_seen *seen;
    void *arg;
    bool unreadable;
    struct record_ballot ballots[RECORD_BALLOTS];
};

static bool look(void *arg, uint64_t position, struct span entry)
{
    struct seeker *s = arg;
    struct record r;
    (void)position;
    if (record_entry_read(entry, s->ballots, &r) != BF_OK)
        s->unreadable = true;
    else if (r.at.utc >= s->since)
        for (size_t i = 0; i < r.n_replays; i++)
            s->seen(s->arg, &r.replays[i], r.at.utc);
    return true;
}

/* A segment is as old as its last entry; a record is written soon after its call arrived, or a little later (parking). */
enum bf_err record_replays(const char *journal_dir, utc_t since, record_seen *seen, void *arg)
{
    struct seeker s = { .since = since, .seen = seen, .arg = arg };
    uint64_t from, next;
    enum bf_err err = journal_since(journal_dir, since, &from);
    if (err == BF_OK)
        err = journal_read(journal_dir, from, look, &s, &next);
    if (err == BF_ENOENT) /* nothing was ever kept */
        return BF_OK;
    return err == BF_OK && s.unreadable ? BF_EFORM : err;
}
