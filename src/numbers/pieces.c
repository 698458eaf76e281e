/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers/pieces.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PIECES_MOST (UINT32_MAX / PIECE_BYTES) /* so that 32 bits name a byte */

static enum bf_err another(struct pieces *p)
{
    if (p->n == PIECES_MOST)
        return BF_ELIMIT;
    if (p->n == p->size) {
        const size_t size = p->size ? 2 * p->size : 16;
        uint8_t **all = realloc(p->all, size * sizeof *all);
        if (!all)
            return BF_ENOMEM;
        p->all = all;
        p->size = size;
    }
    void *piece = mmap(NULL, PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED)
        return BF_ENOMEM;
    p->all[p->n++] = piece;
    p->used = 0;
    return BF_OK;
}

enum bf_err pieces_room(struct pieces *p, size_t most, uint8_t **ret)
{
    if (p->n == 0 || PIECE_BYTES - p->used < most) {
        const enum bf_err err = another(p);
        if (err != BF_OK)
            return err;
    }
    *ret = p->all[p->n - 1] + p->used;
    return BF_OK;
}

void pieces_release(struct pieces *p, size_t index)
{
    if (p->all[index])
        munmap(p->all[index], PIECE_BYTES);
    p->all[index] = NULL;
}

void pieces_clear(struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        pieces_release(p, i);
    free(p->all);
    *p = (struct pieces){ 0 };
}
