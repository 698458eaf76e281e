/* SPDX-License-Identifier: Apache-2.0 */
/* identity_read: whatever is read keeps to the value, and is read the same when it is written again. */
#include <assert.h>

#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[40000];
    struct buf out = BUF_ON(room);
    struct identity id, again;
    struct fault fault = { 0, NULL };
    if (identity_read(span_make(data, size), &id, &fault) != BF_OK) {
        assert(fault.what && fault.at <= size);
        return 0;
    }
    if (!id.info.p)
        return 0;
    identity_write(&out, id.token, id.info, id.ppt);
    assert(identity_read(buf_span(&out), &again, &fault) == BF_OK || out.n > 16384);
    if (out.n <= 16384)
        assert(span_equal(id.token, again.token) && span_equal(id.info, again.info) &&
               span_equal(id.ppt, again.ppt));
    return 0;
}
