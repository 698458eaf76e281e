# SPDX-License-Identifier: Apache-2.0
"""Tokens of any shape, signed with the keys of a lab's carriers."""
import base64, uuid
from house import *


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


class Maker:
    """Signs whatever it is given: OpenSSL's command with the key of a lab's carrier."""

    def __init__(self, lab):
        self.lab = lab
        self.now = int(time.time())

    def signature(self, text, carrier=0):
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.lab.key(carrier)], input=text.encode(),
                             capture_output=True, check=True).stdout
        out, at = b"", 2
        for _ in range(2):
            n = der[at + 1]
            out += int.from_bytes(der[at + 2:at + 2 + n], "big").to_bytes(32, "big")
            at += 2 + n
        return out

    def header(self, **more):
        return {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": self.lab.x5u()} | more

    def claims(self, **more):
        return {"attest": "A", "dest": {"tn": [CALLED]}, "iat": self.now, "orig": {"tn": CALLER},
                "origid": str(uuid.uuid4())} | more

    def token(self, header=None, claims=None, carrier=0, without=()):
        header = {k: v for k, v in (header or self.header()).items() if k not in without}
        claims = {k: v for k, v in (claims or self.claims()).items() if k not in without}
        text = f"{b64(compact(header))}.{b64(compact(claims))}"
        return f"{text}.{b64(self.signature(text, carrier))}"

    def raw(self, header, claims):
        """JSON text as it is given."""
        text = f"{b64(header.encode())}.{b64(claims.encode())}"
        return f"{text}.{b64(self.signature(text))}"

    def value(self, token, info=None, alg="ES256", ppt='"shaken"', more=""):
        out = token
        if info != "":
            out += f";info=<{info or self.lab.x5u()}>"
        if alg:
            out += f";alg={alg}"
        if ppt:
            out += f";ppt={ppt}"
        return out + more


def edited(token, part, change):
    parts = token.split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def other_last(text):
    """Another last character, the spare bits left alone: another signature."""
    return text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]


def negated(token):
    """The twin (r, n - s): as valid as the one it was made from."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = base64.urlsafe_b64decode(token.split(".")[2] + "==")
    s = n - int.from_bytes(raw[32:], "big")
    return edited(token, 2, lambda _: b64(raw[:32] + s.to_bytes(32, "big")))


