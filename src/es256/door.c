/* SPDX-License-Identifier: Apache-2.0 */
#include "es256/door.h"

const struct lanes_door lanes_door = { lanes_supported, lanes_table_build, lanes_generator_build,
                                       lanes_create,    lanes_destroy,     lanes_verify };
