/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the tables: slabs of huge pages, each for several tables; and which keys have one. All of it belongs to the
 * pool's thread; readers see nothing of it but key->table.
 */
#ifndef ES256_TABLES_H
#define ES256_TABLES_H

#include "es256/key.h"
#include "base/epoch.h"

#define TABLES_HUGE_PAGE ((size_t)2 << 20)

struct slab;
struct tables {
    size_t table_bytes;
    struct epoch *epoch;
    size_t most; /* slabs */
    struct slab **slabs;
    size_t n_slabs, slabs_room;
    struct es256_key **keys; /* with a table; a reference each */
    size_t n_keys, keys_room;
    size_t bytes;
    uint64_t evicted;
};

/*
 * first: bytes at the start of a slab of its own that never goes (the generator's); the rest of it serves tables.
 * *ret_first, 64 bytes aligned, zeroed. BF_ENOMEM.
 */
void tables_init(struct tables *t, size_t table_bytes, struct epoch *epoch);
enum bf_err tables_first(struct tables *t, size_t bytes, void **ret_first) must_use;
/* No reader may be left. */
void tables_clear(struct tables *t);

/* Room for one table more, by evicting one that was not used for tables_idle seconds if need be. NULL: there is none. */
void *tables_take(struct tables *t, uint64_t second);
void tables_give_back(struct tables *t, void *table); /* what was taken, and not published */
/* Takes over a reference. BF_ENOMEM: nothing has happened. */
enum bf_err tables_publish(struct tables *t, struct es256_key *key, const void *table, uint64_t second)
    must_use;

/* Keys that are gone or idle lose theirs, and so do those beyond `most`; empty slabs go back to the system. */
void tables_sweep(struct tables *t, uint64_t second);

#endif
