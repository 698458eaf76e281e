/* SPDX-License-Identifier: Apache-2.0 */
/* A carrier out of a lab's directory: lab.json says which there are (credential/lab.h). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place.h"

static enum bf_err say(char **ret_message, const char *lab, const char *what)
{
    if (asprintf(ret_message, "%s/lab.json: %s", lab, what) < 0)
        *ret_message = NULL;
    return BF_EFORM;
}

/* The carrier with that SPC, or the first. Borrowed; NULL when there is none. */
static const json_t *find_carrier(const json_t *root, const char *spc)
{
    const json_t *carriers = json_object_get(root, "carriers"), *carrier;
    size_t i;
    json_array_foreach(carriers, i, carrier)
    {
        const char *name = json_string_value(json_object_get(carrier, "spc"));
        if (!spc || (name && strcmp(name, spc) == 0))
            return carrier;
    }
    return NULL;
}

static enum bf_err load(const char *lab, const json_t *carrier, struct key **ret_key, char **ret_x5u,
                        char **ret_message)
{
    const char *x5u = json_string_value(json_object_get(carrier, "x5u"));
    const char *key = json_string_value(json_object_get(carrier, "key"));
    char *path;
    if (!x5u || !key)
        return say(ret_message, lab, "the carrier has no key or no x5u");
    if (asprintf(&path, "%s/%s", lab, key) < 0)
        return BF_ENOMEM;
    enum bf_err err = key_load(path, ret_key, ret_message);
    free(path);
    if (err != BF_OK)
        return err;
    *ret_x5u = strdup(x5u);
    if (*ret_x5u)
        return BF_OK;
    key_destroy(*ret_key);
    *ret_key = NULL;
    return BF_ENOMEM;
}

enum bf_err place_carrier_load(const char *lab, const char *spc, struct key **ret_key, char **ret_x5u,
                               char **ret_message)
{
    json_error_t why;
    char *path;
    *ret_message = NULL;
    if (asprintf(&path, "%s/lab.json", lab) < 0)
        return BF_ENOMEM;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    free(path);
    if (!root)
        return say(ret_message, lab, why.text);
    const json_t *carrier = find_carrier(root, spc);
    enum bf_err err =
        carrier ? load(lab, carrier, ret_key, ret_x5u, ret_message)
                : say(ret_message, lab, spc ? "there is no carrier with that code" : "there is no carrier");
    json_decref(root);
    return err;
}
