/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide sign --explain`: what the server would do with a call that goes out, and which row says so. */
#ifndef CLI_SIGN_EXPLAIN_H
#define CLI_SIGN_EXPLAIN_H

#include "cli/options.h"

struct explain_wishes {
    bool on;
    const char *config, *from, *tls_name, *key_name, *trunk_group;
    struct option_list headers;
};

/* Returns the exit status. */
int command_sign_explain(const struct explain_wishes *w, const char *orig, const char *dest, bool json);

#endif
