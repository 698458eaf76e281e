/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/fax.h"

#include "tap.h"

#define HEAD                                                                                                 \
    "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\n"      \
    "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
#define SDP "Content-Type: application/sdp\r\n\r\nv=0\r\n"

static void only_a_call_of_images_is_a_fax(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        enum fax fax;
    } rows[] = {
        { "\r\n", FAX_NO },
        { SDP "m=audio 4000 RTP/AVP 0\r\n", FAX_NO },
        { SDP "m=image 5004 udptl t38\r\na=T38FaxVersion:0\r\n", FAX_ONLY },
        { SDP "m=image 5004 udptl t38\n", FAX_ONLY },
        { SDP "m=image 5004 udptl t38\r\nm=image 5006 tcp t38\r\n", FAX_ONLY },
        { SDP "m=audio 4000 RTP/AVP 0\r\nm=image 5004 udptl t38\r\n", FAX_SAID },
        { SDP "m=image 5004 udptl t38\rm=audio 4000 RTP/AVP 0\r", FAX_SAID },
        { SDP " m=audio 4000 RTP/AVP 0\r\nm=image 5004 udptl t38\r\n", FAX_SAID },
        { SDP "M=audio 4000 RTP/AVP 0\r\nm=image 5004 udptl t38\r\n", FAX_SAID },
        { SDP "a=x:m=image 5004 udptl t38\r\n", FAX_NO },
        { SDP "m=imagery 5004 x y\r\n", FAX_NO },
        { "Content-Type: multipart/mixed;boundary=x\r\n\r\n--x\r\n\r\nm=image 5004 udptl t38\r\n--x--\r\n",
          FAX_SAID },
        { "\r\nm=image 5004 udptl t38\r\n", FAX_SAID },
        { "Accept-Contact: *;+sip.fax=\"t38\";require\r\n" SDP "m=audio 4000 RTP/AVP 0\r\n", FAX_SAID },
        { "Contact: <sip:c@d>;+sip.fax=\"passthrough\"\r\n" SDP "m=audio 4000 RTP/AVP 0\r\n", FAX_SAID },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        static struct sip_message m;
        char text[2048];
        const int n = snprintf(text, sizeof text, "%s%s", HEAD, rows[i].rest);
        assert_int_equal(message_read(span_make(text, (size_t)n), SIP_DATAGRAM, &m, NULL), BF_OK);
        if (message_fax(&m) != rows[i].fax)
            fail_msg("%s: %d", rows[i].rest, message_fax(&m));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(only_a_call_of_images_is_a_fax) };
    return tap_run(tests, ARRAY_SIZE(tests));
}
