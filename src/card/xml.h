/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML with namespaces, a piece at a time, as WebDAV servers write it.   XML 1.0; Namespaces in XML 1.0; RFC 4918 section 17
 *
 * Refused: a document type (so that nothing is expanded or fetched), more than XML_DEPTH levels, tags that do not match,
 * references other than the five and numbers. Attributes are checked for their form; xmlns and `name` are read. Comments and processing
 * instructions are passed over. Bounded by the text: decoded text is never longer than what was read.
 */
#ifndef CARD_XML_H
#define CARD_XML_H

#include "base/fault.h"
#include "base/span.h"

#define XML_DEPTH 32u

enum xml_kind { XML_OPEN, XML_CLOSE, XML_TEXT, XML_END };
struct xml_event {
    enum xml_kind kind;
    struct span space, name; /* of OPEN and CLOSE: namespace URI (may be empty) and local name */
    struct span label;       /* of OPEN: its attribute `name`, as in `<comp name="VEVENT"/>`; empty: none */
    struct span text;        /* of TEXT: decoded; comes in pieces */
};

struct xml_reader;

/* The text must outlive it; spans of events live as long as both. BF_ENOMEM. */
enum bf_err xml_reader_create(struct span text, struct xml_reader **ret) must_use;
void xml_reader_destroy(struct xml_reader *r);

/* `<a/>` is OPEN and CLOSE. XML_END: the root is closed and nothing but blanks followed. BF_EFORM, BF_ELIMIT. */
enum bf_err xml_next(struct xml_reader *r, struct xml_event *ret, struct fault *fault) must_use;

AUTO_DEFINE(struct xml_reader, xml_reader_destroy);

#endif
