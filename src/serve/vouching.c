/* SPDX-License-Identifier: Apache-2.0 */
/* The room `signing` does not know configurations: the same rows in its own words. */
#include "serve/vouching.h"

#include <stdlib.h>

static void put_rows(const struct config *config, struct sign_row_options *rows)
{
    for (size_t i = 0; i < config->n_sign; i++) {
        const struct config_sign_row *row = &config->sign[i];
        rows[i] = (struct sign_row_options){
            .numbers = row->numbers,
            .n_numbers = row->n_numbers,
            .attest = row->attest,
            .customers = row->customers,
            .n_customers = row->n_customers,
            .key_path = row->key,
            .x5u = row->x5u,
            .chain_path = row->chain,
        };
    }
}

static bool is_there(const char *text)
{
    return text && *text;
}

static void put_customers(const struct config *config, struct sign_customer_options *customers)
{
    for (size_t i = 0; i < config->n_customers; i++) {
        struct sign_customer_options *const c = &customers[i];
        *c = config->customers[i];
        c->others = c->others == 'n' ? 0 : c->others;
        if (is_there(c->key_path) || is_there(c->x5u) || is_there(c->chain_path))
            continue;
        c->key_path = config->signing.certificate.key;
        c->x5u = config->signing.certificate.x5u;
        c->chain_path = config->signing.certificate.chain;
    }
}

enum bf_err vouching_create(const struct config *config, struct signing **ret, char **ret_message)
{
    *ret = NULL;
    *ret_message = NULL;
    if (config->n_sign == 0 && config->n_customers == 0)
        return BF_OK;
    struct sign_row_options *const rows = calloc(config->n_sign + 1, sizeof *rows);
    struct sign_customer_options *const customers = calloc(config->n_customers + 1, sizeof *customers);
    enum bf_err err = rows && customers ? BF_OK : BF_ENOMEM;
    if (err == BF_OK) {
        put_rows(config, rows);
        put_customers(config, customers);
        const struct signing_options options = {
            .rows = rows,
            .n_rows = config->n_sign,
            .customers = customers,
            .n_customers = config->n_customers,
            .inventory = config->signing.inventory,
            .n_inventory = config->signing.n_inventory,
            .ported_out = config->signing.ported_out,
            .n_ported_out = config->signing.n_ported_out,
            .plan = &config->numbers.plan,
        };
        err = signing_load(&options, ret, ret_message);
    }
    free(rows);
    free(customers);
    return err;
}
