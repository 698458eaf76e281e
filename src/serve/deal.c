/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/deal.h"

#include <sys/socket.h>

#include "base/fault.h"
#include "base/random.h"

#define GROUP 64u /* bytes between two looks at the length: a load behind the end would end the program */

#define SEEDS (DEAL_ALL / 4 + (DEAL_SOME - DEAL_ALL) / DEAL_STRIDE + 1)

struct writing {
    struct sock_filter *code;
    size_t n;
};

static void put(struct writing *w, uint16_t what, uint8_t jump_true, uint8_t jump_false, uint32_t k)
{
    w->code[w->n++] = (struct sock_filter){ what, jump_true, jump_false, k };
}

/* X += four bytes at `at` times the multiplier */
static void put_sample(struct writing *w, uint32_t at, uint32_t multiplier)
{
    put(w, BPF_LD | BPF_W | BPF_ABS, 0, 0, at);
    put(w, BPF_ALU | BPF_MUL | BPF_K, 0, 0, multiplier | 1);
    put(w, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
    put(w, BPF_MISC | BPF_TAX, 0, 0, 0);
}

/* Past everything else, patched when its place is known, unless the datagram has so many bytes. Where it stands. */
static size_t put_guard(struct writing *w, uint32_t bytes)
{
    put(w, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
    put(w, BPF_JMP | BPF_JGE | BPF_K, 1, 0, bytes);
    put(w, BPF_JMP | BPF_JA, 0, 0, 0);
    return w->n - 1;
}

/* The upper half of the sum is the hash: of a linear one the lower bits are worse. */
static void put_end(struct writing *w, uint32_t count)
{
    put(w, BPF_MISC | BPF_TXA, 0, 0, 0);
    put(w, BPF_ALU | BPF_RSH | BPF_K, 0, 0, 16);
    put(w, BPF_ALU | BPF_MOD | BPF_K, 0, 0, count);
    put(w, BPF_RET | BPF_A, 0, 0, 0);
}

size_t deal_program(const uint32_t *seed, size_t n_seed, size_t count,
                    struct sock_filter code[static DEAL_CODE])
{
    struct writing w = { code, 0 };
    size_t guards[DEAL_ALL / GROUP + DEAL_SOME / DEAL_STRIDE], n_guards = 0, s = 0;
    put(&w, BPF_LD | BPF_IMM, 0, 0, seed[s++]);
    put(&w, BPF_MISC | BPF_TAX, 0, 0, 0);
    for (uint32_t at = 0; at < DEAL_SOME; at += GROUP) {
        const uint32_t step = at < DEAL_ALL ? 4 : DEAL_STRIDE;
        guards[n_guards++] = put_guard(&w, at < DEAL_ALL ? at + GROUP : at + 4);
        for (uint32_t k = 0; k < GROUP; k += step)
            put_sample(&w, at + k, seed[s++ % n_seed]);
    }
    for (size_t i = 0; i < n_guards; i++)
        code[guards[i]].k = (uint32_t)(w.n - guards[i] - 1);
    put_end(&w, (uint32_t)count);
    return w.n;
}

bool deal(int fd, size_t count)
{
    uint32_t seed[SEEDS];
    struct sock_filter code[DEAL_CODE];
    random_bytes(seed, sizeof seed);
    const size_t n = deal_program(seed, ARRAY_SIZE(seed), count, code);
    const struct sock_fprog program = { .len = (unsigned short)n, .filter = code };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0;
}
