/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

const char *bf_err_text(enum bf_err err)
{
    switch (err) {
    case BF_OK: return "no error";
    case BF_ENOMEM: return "out of memory";
    case BF_EIO: return "the system refused an input or output";
    case BF_EFORM: return "malformed input";
    case BF_ELIMIT: return "input larger than its limit";
    case BF_ENOENT: return "not found";
    case BF_EAGAIN: return "not ready yet";
    case BF_EUNSUP: return "not supported";
    case BF_EDENIED: return "forbidden by a rule";
    case BF_ETIME: return "out of time";
    case BF_ECRYPTO: return "the cryptographic library failed";
    case BF_EINVAL: return "wrong use of the interface";
    }
    return "unknown error";
}
