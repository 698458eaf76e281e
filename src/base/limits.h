/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every ceiling of the house, a sentence each. Readers take them; nothing grows past them.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* SIP (standards.md SIP-008, SEC-011) */
#define LIMIT_SIP_MESSAGE    65536u /* a message, start line to body */
#define LIMIT_SIP_LINE       16384u /* one header field, folds included */
#define LIMIT_SIP_HEADERS    200u   /* header fields of a message */
#define LIMIT_SIP_VIA        70u    /* hops a message can show */
#define LIMIT_IDENTITY_VALUE 16384u /* one Identity value */
#define LIMIT_IDENTITY_TOTAL 65536u /* all Identity values of a call */
#define LIMIT_IDENTITIES     10u    /* Identity header fields of a call */
#define LIMIT_URI            1024u  /* a SIP or tel URI that is worth reading */
#define LIMIT_NUMBER         32u    /* digits of a number, short codes and padding included */
#define LIMIT_DISPLAY_NAME   256u   /* bytes of a claimed name that are kept */

/* tokens (SEC-006) */
#define LIMIT_JSON_DEPTH   16u /* arrays and objects inside each other */
#define LIMIT_JSON_MEMBERS 64u /* members of one object */
#define LIMIT_DEST         64u /* called numbers a token may name */
#define LIMIT_DIV_DEPTH    5u  /* diversions in a chain (DIV-014) */

/* certificates and their repositories (X5U-005, X5U-009, SEC-035) */
#define LIMIT_X5U            1024u  /* a certificate URL */
#define LIMIT_CHAIN_BYTES    65536u /* the body of a repository's answer */
#define LIMIT_CHAIN_CERTS    6u     /* certificates of a chain that a repository gives (CPF-016) */
#define LIMIT_GIVEN_CERTS    64u /* certificates of a chain given by hand, which may hold all CAs there are */
#define LIMIT_HTTP_HEADERS   16384u      /* the header of a repository's answer */
#define LIMIT_TNAUTH_ENTRIES 4096u       /* entries of a TNAuthList */
#define LIMIT_SPC            15u         /* characters of a service provider code that are kept */
#define LIMIT_CRL_BYTES      (16u << 20) /* a certificate revocation list */

/* HTTP (API-010) */
#define LIMIT_HTTP_BODY 65536u /* a request's body */

/* configuration */
#define LIMIT_CONFIG_BYTES  (4u << 20) /* a configuration file */
#define LIMIT_TRUST_DOMAINS 8u         /* trust domains of one server */

/* batches */
#define LIMIT_BATCH 64u /* datagrams a worker takes at a time */

#endif
