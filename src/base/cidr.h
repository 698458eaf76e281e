/* SPDX-License-Identifier: Apache-2.0 */
/* Networks and socket addresses as configurations write them: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`. */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "base/span.h"

struct cidr {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t bits;      /* of 128 */
};

/* BF_EFORM. Host bits must be zero. */
enum bf_err cidr_read(struct span text, struct cidr *ret, struct fault *fault) must_use;
bool cidr_holds(const struct cidr *net, const struct sockaddr *addr);

/* Sixteen bytes of an address, IPv4 mapped; false for other families. */
bool addr_bytes(const struct sockaddr *addr, uint8_t out[static 16]);
uint16_t addr_port(const struct sockaddr *addr);
/* `192.0.2.7:5060`, `[2001:db8::1]:5060`; out takes 64 bytes. */
char *addr_text(const struct sockaddr *addr, char out[static 64]);
/* `127.0.0.1:5060`, `[::1]:5060`; no names. BF_EFORM. */
enum bf_err addr_read(struct span text, struct sockaddr_storage *ret, socklen_t *ret_n, struct fault *fault)
    must_use;

#endif
