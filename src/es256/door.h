/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h as a table, so that a test can put something else behind it: on any CPU, and with faults. */
#ifndef ES256_DOOR_H
#define ES256_DOOR_H

#include "es256/lanes.h"

struct lanes_door {
    bool (*supported)(void);
    enum bf_err (*table_build)(const uint8_t point[static 64], void *ret_table);
    enum bf_err (*generator_build)(void *ret_table);
    enum bf_err (*create)(const void *generator, struct lanes **ret);
    void (*destroy)(struct lanes *l);
    void (*verify)(struct lanes *l, struct lanes_job *jobs, size_t n);
};

extern const struct lanes_door lanes_door;

#endif
