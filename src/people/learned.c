/* SPDX-License-Identifier: Apache-2.0 */
#include "people/learned.h"

#include "people/book_parts.h"

enum bf_err learned_get(struct book *b, char *out, size_t size)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(b), "SELECT id FROM people_learned", &q);
    if (err)
        return book_failed(b, err);
    err = db_step(q);
    if (err != BF_OK && err != BF_ENOENT)
        return book_failed(b, err);
    const struct span id = err == BF_OK ? span_first(db_text(q, 0), size - 1) : SPAN("");
    if (id.n)
        memcpy(out, id.p, id.n);
    out[id.n] = 0;
    return BF_OK;
}

enum bf_err learned_put(struct book *b, const char *id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(book_db(b), "INSERT OR REPLACE INTO people_learned (one, id) VALUES (1, ?1)", &q);
    if (err)
        return book_failed(b, err);
    db_bind_text(q, 1, span_of(id));
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}
