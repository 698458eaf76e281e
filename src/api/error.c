/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the API: a row each.                                                                               API-006 */
#include "api/api.h"

static const struct row {
    int status;
    const char *id, *text;
    size_t n_variables;
} rows[API_FAULTS] = {
    [API_OK] = { 200, "", "", 0 },
    [SVC4000] = { 400, "SVC4000", "Missing request body", 0 },
    [SVC4001] = { 400, "SVC4001", "Missing mandatory parameter '%1'", 1 },
    [SVC4002] = { 406, "SVC4002", "Requested response body type '%1' is not supported", 1 },
    [SVC4003] = { 404, "SVC4003", "Requested resource was not found", 0 },
    [SVC4004] = { 415, "SVC4004", "Unsupported request body type, expected '%1'", 1 },
    [SVC4005] = { 400, "SVC4005", "Invalid '%1' parameter value: %2", 2 },
    [SVC4006] = { 400, "SVC4006", "Failed to parse received message body: %1", 1 },
    [SVC4007] = { 411, "SVC4007", "Missing mandatory Content-Length header", 0 },
    [POL4050] = { 405, "POL4050", "Method not allowed", 0 },
    [POL5000] = { 500, "POL5000", "Internal Server Error. Please try again later", 0 },
    [API_POLICY] = { 403, NULL, "Refused by policy: %1", 1 },
};

static const struct row *row_of(const struct api_error *error)
{
    return &rows[error->fault < API_FAULTS ? error->fault : POL5000];
}

int api_error_status(const struct api_error *error)
{
    return error->status ? error->status : row_of(error)->status;
}

void api_error_write(const struct api_error *error, struct buf *out)
{
    const struct row *row = row_of(error);
    const bool service = row->id && row->id[0] == 'S';
    buf_printf(out, "{\"requestError\":{\"%s\":{\"messageId\":\"",
               service ? "serviceException" : "policyException");
    if (row->id)
        buf_text(out, row->id);
    else
        buf_printf(out, "POL%d0", api_error_status(error));
    buf_printf(out, "\",\"text\":\"%s\",\"variables\":[", row->text);
    for (size_t i = 0; i < row->n_variables; i++) {
        if (i)
            buf_char(out, ',');
        buf_json_string(out, error->variables[i]);
    }
    buf_text(out, "]}}}\n");
}
