/* SPDX-License-Identifier: Apache-2.0 */
#include "card/dav.h"

#include <stdlib.h>

#include "card/xml.h"

#define DAV  "DAV:"
#define CARD "urn:ietf:params:xml:ns:carddav"
#define CAL  "urn:ietf:params:xml:ns:caldav"
#define CS   "http://calendarserver.org/ns/"

/* ---- reading ---- */

/* Where in a multistatus we are: a row an element that means something. */
enum place {
    AT_OTHER,
    AT_MULTISTATUS,
    AT_RESPONSE,
    AT_HREF,
    AT_STATUS,
    AT_PROPSTAT,
    AT_PROP,
    AT_PROPSTAT_STATUS,
    AT_ETAG,
    AT_DATA,
    AT_NAME,
    AT_PRINCIPAL,
    AT_PRINCIPAL_HREF,
    AT_HOME,
    AT_HOME_HREF,
    AT_TYPE,
    AT_TYPE_BOOK,
    AT_TYPE_CALENDAR,
    AT_TYPE_MAILBOX,
    AT_CALENDAR_HOME,
    AT_CALENDAR_HOME_HREF,
    AT_INBOX,
    AT_INBOX_HREF,
    AT_OUTBOX,
    AT_OUTBOX_HREF,
    AT_CTAG,
    AT_COMPONENTS,
    AT_COMPONENT,
    AT_REPORTS,
    AT_REPORT_ONE,
    AT_REPORT,
    AT_REPORT_FREE_BUSY,
    AT_PROP_TOKEN,
    AT_TOKEN,
};

static const struct {
    enum place inside;
    const char *space, *name;
    enum place place;
} steps[] = {
    { AT_OTHER, DAV, "multistatus", AT_MULTISTATUS },
    { AT_MULTISTATUS, DAV, "response", AT_RESPONSE },
    { AT_MULTISTATUS, DAV, "sync-token", AT_TOKEN },
    { AT_RESPONSE, DAV, "href", AT_HREF },
    { AT_RESPONSE, DAV, "status", AT_STATUS },
    { AT_RESPONSE, DAV, "propstat", AT_PROPSTAT },
    { AT_PROPSTAT, DAV, "status", AT_PROPSTAT_STATUS },
    { AT_PROPSTAT, DAV, "prop", AT_PROP },
    { AT_PROP, DAV, "getetag", AT_ETAG },
    { AT_PROP, CARD, "address-data", AT_DATA },
    { AT_PROP, DAV, "displayname", AT_NAME },
    { AT_PROP, DAV, "sync-token", AT_PROP_TOKEN },
    { AT_PROP, DAV, "current-user-principal", AT_PRINCIPAL },
    { AT_PRINCIPAL, DAV, "href", AT_PRINCIPAL_HREF },
    { AT_PROP, CARD, "addressbook-home-set", AT_HOME },
    { AT_HOME, DAV, "href", AT_HOME_HREF },
    { AT_PROP, DAV, "resourcetype", AT_TYPE },
    { AT_TYPE, CARD, "addressbook", AT_TYPE_BOOK },
    { AT_TYPE, CAL, "calendar", AT_TYPE_CALENDAR },
    { AT_TYPE, CAL, "schedule-inbox", AT_TYPE_MAILBOX },
    { AT_TYPE, CAL, "schedule-outbox", AT_TYPE_MAILBOX },
    { AT_PROP, CAL, "calendar-data", AT_DATA },
    { AT_PROP, CAL, "calendar-home-set", AT_CALENDAR_HOME },
    { AT_CALENDAR_HOME, DAV, "href", AT_CALENDAR_HOME_HREF },
    { AT_PROP, CAL, "schedule-inbox-URL", AT_INBOX },
    { AT_INBOX, DAV, "href", AT_INBOX_HREF },
    { AT_PROP, CAL, "schedule-outbox-URL", AT_OUTBOX },
    { AT_OUTBOX, DAV, "href", AT_OUTBOX_HREF },
    { AT_PROP, CS, "getctag", AT_CTAG },
    { AT_PROP, CAL, "supported-calendar-component-set", AT_COMPONENTS },
    { AT_COMPONENTS, CAL, "comp", AT_COMPONENT },
    { AT_PROP, DAV, "supported-report-set", AT_REPORTS },
    { AT_REPORTS, DAV, "supported-report", AT_REPORT_ONE },
    { AT_REPORT_ONE, DAV, "report", AT_REPORT },
    { AT_REPORT, CAL, "free-busy-query", AT_REPORT_FREE_BUSY },
};

struct reading {
    enum place at[XML_DEPTH];
    size_t depth;
    struct buf text;                 /* of the innermost element: pieces put together */
    char *memory, *pieces;           /* of what members say, and of `text`: each as large as the answer */
    size_t n;                        /* of memory */
    struct dav_member member, props; /* props: of the propstat that is open */
    int status;                      /* of it */
    bool is_multistatus, stopped;
    dav_found *found;
    void *arg;
    struct buf *sync_token;
};

static enum place step(enum place inside, size_t depth, const struct xml_event *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        if (steps[i].inside == inside && (steps[i].place == AT_MULTISTATUS) == (depth == 0) &&
            span_equal(e->space, span_of(steps[i].space)) && span_equal(e->name, span_of(steps[i].name)))
            return steps[i].place;
    return AT_OTHER;
}

static void open_one(struct reading *r, const struct xml_event *e)
{
    const enum place at = step(r->depth ? r->at[r->depth - 1] : AT_OTHER, r->depth, e);
    r->at[r->depth++] = at;
    r->text.n = 0;
    switch (at) {
    case AT_MULTISTATUS: r->is_multistatus = true; break;
    case AT_RESPONSE:
        r->member = (struct dav_member){ .status = 0 };
        r->n = 0;
        break;
    case AT_PROPSTAT:
        r->props = (struct dav_member){ .status = 0 };
        r->status = 200; /* where none is said */
        break;
    case AT_TYPE_BOOK: r->props.is_book = true; break;
    case AT_TYPE_CALENDAR: r->props.is_calendar = true; break;
    case AT_TYPE_MAILBOX: r->props.is_mailbox = true; break;
    case AT_COMPONENT:
        r->props.says_components = true;
        r->props.events |= span_equal_nocase(e->label, SPAN("VEVENT"));
        break;
    case AT_REPORT_FREE_BUSY: r->props.free_busy = true; break;
    default: break;
    }
}

/* `HTTP/1.1 404 Not Found` */
static int status_of(struct span line)
{
    uint64_t code;
    line = span_trim(span_from(line, span_find(line, ' ')));
    return span_decimal(span_first(line, 3), 999, &code) ? (int)code : 0;
}

/* The text so far, trimmed unless it is a card, into memory that lasts as long as the member. */
static struct span keep(struct reading *r, bool whole)
{
    const struct span s = whole ? buf_span(&r->text) : span_trim(buf_span(&r->text));
    char *p = r->memory + r->n;
    if (s.n)
        memcpy(p, s.p, s.n);
    r->n += s.n;
    return span_make(p, s.n);
}

static void prefer(struct span *to, struct span from)
{
    if (from.n)
        *to = from;
}

static void take_props(struct reading *r)
{
    const struct dav_member *p = &r->props;
    struct dav_member *m = &r->member;
    if (r->status / 100 != 2)
        return;
    prefer(&m->etag, p->etag);
    prefer(&m->data, p->data);
    prefer(&m->name, p->name);
    prefer(&m->principal, p->principal);
    prefer(&m->home, p->home);
    prefer(&m->sync_token, p->sync_token);
    prefer(&m->calendar_home, p->calendar_home);
    prefer(&m->inbox, p->inbox);
    prefer(&m->outbox, p->outbox);
    prefer(&m->ctag, p->ctag);
    m->is_book |= p->is_book;
    m->is_calendar |= p->is_calendar;
    m->is_mailbox |= p->is_mailbox;
    m->says_components |= p->says_components;
    m->events |= p->events;
    m->free_busy |= p->free_busy;
}

static enum bf_err take_token(struct reading *r)
{
    if (!r->sync_token)
        return BF_OK;
    r->sync_token->n = 0;
    buf_span_put(r->sync_token, span_trim(buf_span(&r->text)));
    return buf_ok(r->sync_token) ? BF_OK : BF_ELIMIT;
}

static enum bf_err close_one(struct reading *r)
{
    enum bf_err err = BF_OK;
    switch (r->at[--r->depth]) {
    case AT_HREF:
        if (!r->member.href.p)
            r->member.href = keep(r, false);
        break;
    case AT_STATUS: r->member.status = status_of(buf_span(&r->text)); break;
    case AT_PROPSTAT_STATUS: r->status = status_of(buf_span(&r->text)); break;
    case AT_ETAG: r->props.etag = keep(r, false); break;
    case AT_DATA: r->props.data = keep(r, true); break;
    case AT_NAME: r->props.name = keep(r, false); break;
    case AT_PROP_TOKEN: r->props.sync_token = keep(r, false); break;
    case AT_PRINCIPAL_HREF: r->props.principal = keep(r, false); break;
    case AT_HOME_HREF: r->props.home = keep(r, false); break;
    case AT_CALENDAR_HOME_HREF: r->props.calendar_home = keep(r, false); break;
    case AT_INBOX_HREF: r->props.inbox = keep(r, false); break;
    case AT_OUTBOX_HREF: r->props.outbox = keep(r, false); break;
    case AT_CTAG: r->props.ctag = keep(r, false); break;
    case AT_PROPSTAT: take_props(r); break;
    case AT_RESPONSE: r->stopped = !r->found(r->arg, &r->member); break;
    case AT_TOKEN: err = take_token(r); break;
    default: break;
    }
    r->text.n = 0;
    return err;
}

static enum bf_err walk(struct reading *r, struct xml_reader *xml, struct fault *fault)
{
    struct xml_event e;
    for (;;) {
        enum bf_err err = xml_next(xml, &e, fault);
        if (!err && e.kind == XML_OPEN)
            open_one(r, &e);
        else if (!err && e.kind == XML_TEXT)
            buf_span_put(&r->text, e.text); /* as large as the answer: it fits */
        else if (!err && e.kind == XML_CLOSE)
            err = close_one(r);
        if (err || e.kind == XML_END || r->stopped)
            return err;
    }
}

enum bf_err dav_read(struct span xml, dav_found *found, void *arg, struct buf *sync_token,
                     struct fault *fault)
{
    auto_(xml_reader_destroy) struct xml_reader *reader = NULL;
    struct reading r = { .found = found, .arg = arg, .sync_token = sync_token };
    enum bf_err err = xml_reader_create(xml, &reader);
    r.memory = malloc(xml.n + 1);
    r.pieces = malloc(xml.n + 1);
    if (!err && (!r.memory || !r.pieces))
        err = BF_ENOMEM;
    r.text = buf_on(r.pieces, r.pieces ? xml.n + 1 : 0);
    if (!err)
        err = walk(&r, reader, fault);
    if (!err && !r.is_multistatus)
        err = fault_at(fault, BF_EFORM, 0, "no multistatus");
    free(r.memory);
    free(r.pieces);
    return err;
}

/* ---- asking ---- */

#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

const char dav_ask_who[] =
    HEAD "<propfind xmlns=\"" DAV "\" xmlns:c=\"" CARD "\"><prop><resourcetype/><displayname/>"
         "<current-user-principal/><c:addressbook-home-set/></prop></propfind>\n";
const char dav_ask_books[] =
    HEAD "<propfind xmlns=\"" DAV "\"><prop><resourcetype/><displayname/></prop></propfind>\n";
const char dav_ask_etags[] =
    HEAD "<propfind xmlns=\"" DAV "\"><prop><getetag/><resourcetype/></prop></propfind>\n";

const char dav_ask_calendar_who[] =
    HEAD "<propfind xmlns=\"" DAV "\" xmlns:c=\"" CAL "\"><prop><resourcetype/><displayname/>"
         "<current-user-principal/><c:calendar-home-set/><c:schedule-inbox-URL/><c:schedule-outbox-URL/>"
         "<c:supported-calendar-component-set/><supported-report-set/></prop></propfind>\n";
const char dav_ask_calendars[] =
    HEAD "<propfind xmlns=\"" DAV "\" xmlns:c=\"" CAL "\" xmlns:s=\"" CS "\"><prop><resourcetype/>"
         "<displayname/><sync-token/><s:getctag/><c:supported-calendar-component-set/>"
         "<supported-report-set/></prop></propfind>\n";

static void put_escaped(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '&': buf_text(out, "&amp;"); break;
        case '<': buf_text(out, "&lt;"); break;
        case '>': buf_text(out, "&gt;"); break;
        default: buf_char(out, s.p[i]); break;
        }
}

void dav_ask_changes(struct span token, struct buf *out)
{
    buf_text(out, HEAD "<sync-collection xmlns=\"" DAV "\"><sync-token>");
    put_escaped(out, token);
    buf_text(out, "</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>\n");
}

static void ask_some(const char *report, const char *space, const char *data, const struct span *hrefs,
                     size_t n, struct buf *out)
{
    buf_printf(out, HEAD "<%s xmlns=\"" DAV "\" xmlns:c=\"%s\"><prop><getetag/><%s/></prop>", report, space,
               data);
    for (size_t i = 0; i < n; i++) {
        buf_text(out, "<href>");
        put_escaped(out, hrefs[i]);
        buf_text(out, "</href>");
    }
    buf_printf(out, "</%s>\n", report);
}

void dav_ask_cards(const struct span *hrefs, size_t n, struct buf *out)
{
    ask_some("c:addressbook-multiget", CARD, "c:address-data", hrefs, n, out);
}

void dav_ask_objects(const struct span *hrefs, size_t n, struct buf *out)
{
    ask_some("c:calendar-multiget", CAL, "c:calendar-data", hrefs, n, out);
}

static void put_range(struct span from, struct span to, struct buf *out)
{
    buf_text(out, "<c:time-range start=\"");
    buf_span_put(out, from);
    buf_text(out, "\" end=\"");
    buf_span_put(out, to);
    buf_text(out, "\"/>");
}

void dav_ask_between(struct span from, struct span to, struct buf *out)
{
    buf_text(out,
             HEAD "<c:calendar-query xmlns=\"" DAV "\" xmlns:c=\"" CAL
                  "\"><prop><getetag/><c:calendar-data/></prop><c:filter><c:comp-filter name=\"VCALENDAR\">"
                  "<c:comp-filter name=\"VEVENT\">");
    put_range(from, to, out);
    buf_text(out, "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>\n");
}

void dav_ask_free_busy(struct span from, struct span to, struct buf *out)
{
    buf_text(out, HEAD "<c:free-busy-query xmlns:c=\"" CAL "\">");
    put_range(from, to, out);
    buf_text(out, "</c:free-busy-query>\n");
}

/* `https://host:port` of a URL. */
static struct span origin_of(struct span url)
{
    const char *slashes = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
    const size_t from = slashes ? (size_t)(slashes - url.p) + 3 : 0;
    return slashes ? span_first(url, from + span_find(span_from(url, from), '/')) : SPAN_NONE;
}

enum bf_err dav_url(struct span base, struct span href, struct buf *out)
{
    const struct span origin = origin_of(base), theirs = origin_of(href);
    if (!origin.n || href.n == 0)
        return BF_EDENIED;
    for (size_t i = 0; i < href.n; i++)
        if ((unsigned char)href.p[i] <= 0x20 || (unsigned char)href.p[i] == 0x7F)
            return BF_EDENIED;
    if (theirs.n && !span_equal_nocase(origin, theirs)) /* a password goes nowhere else */
        return BF_EDENIED;
    if (!theirs.n && (href.p[0] != '/' || span_starts(href, SPAN("//"))))
        return BF_EDENIED;
    if (!theirs.n)
        buf_span_put(out, origin);
    buf_span_put(out, href);
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}
