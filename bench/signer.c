/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "load.h"
#include "stage.h"

struct carrier *stage_carrier(const struct stage *s, size_t i)
{
    char path[320], x5u[64], spc[STAGE_SPC];
    stage_spc(i, spc);
    snprintf(path, sizeof path, "%s/lab/carriers/%s/key.pem", s->dir, spc);
    snprintf(x5u, sizeof x5u, STAGE_URL "%s.pem", spc);
    return carrier_open(path, x5u);
}
