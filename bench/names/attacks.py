# SPDX-License-Identifier: Apache-2.0
"""
What impostors do to a name: every kind of attack, for every person of people.txt, from Unicode's data, ICU's transforms and
tables written by hand (people.txt, titles.txt). Nothing here knows how src/people looks names up.

    attacks(people, titles, icu, seed) yields (person, kind, claimed)
"""
import random
import unicodedata

ALPHABETS = {"Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Georgian", "Armenian"}
CASED = {"Latin", "Cyrillic", "Greek", "Armenian"}
FAMILY_FIRST = {"Han", "Hangul", "Kana"}
INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u034f\u2062\u2063\u180e\ufe0f\u3164\U000e0061\U000e0020"
DECORATIONS = ("★ {} ★", "📞 {}", "✅{}", "{} ✔", "«{}»", "[{}]", "*** {} ***", "🇺🇸 {} 🇺🇸", "☎ {} ☎", "~{}~", "\"{}\"",
               "♛{}♛", "({})", "{}™", "{} 🔒", "|{}|", "✨{}✨", "➤ {}", "{}!!!", "•{}•", "{} ®", "👑 {} 👑", "_{}_", "<{}>")
LEET = {"o": "0", "i": "1", "l": "1", "e": "3", "a": "4", "s": "5", "t": "7", "b": "8", "g": "9", "z": "2",
        "о": "0", "з": "3", "ч": "4", "б": "6", "в": "8", "ο": "0", "ε": "3"}
MANY = {"m": "rn", "w": "vv", "d": "cl"}        # several letters that are read as one
ACCENTS = {"a": "áàâä", "e": "éèêë", "i": "íìîï", "o": "óòôö", "u": "úùûü", "c": "ç", "n": "ñ", "s": "š", "y": "ý", "z": "ž"}
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "ςερτυθιοπ", "ασδφγηξκλ",
            "ζχψωβνμ")
# How one sound is written in one country and another: applied to Latin names that people.txt gives no other spelling.
SWITCHES = (("ph", "f"), ("ck", "k"), ("sch", "sh"), ("th", "t"), ("ll", "l"), ("ss", "s"), ("tt", "t"), ("nn", "n"), ("y", "i"),
            ("x", "ks"), ("w", "v"), ("ei", "ey"), ("ca", "ka"), ("co", "ko"), ("cu", "ku"), ("ie", "i"), ("ou", "u"))
ROMAN = ("Any-Latin", "Any-Latin; Latin-ASCII", "Any-Latin; NFD; [:M:] Remove; NFC; Latin-ASCII; Title")
BGN = {"Cyrillic": ("Russian-Latin/BGN",), "Greek": ("Greek-Latin/UNGEGN",), "Kana": ("Katakana-Latin", "Hiragana-Latin"),
       "Armenian": ("Armenian-Latin/BGN",), "Georgian": ("Georgian-Latin/BGN",)}
FROM_LATIN = ("Latin-Cyrillic", "Latin-Greek", "Latin-Hebrew", "Latin-Arabic", "Latin-Katakana", "Latin-Devanagari")
INDIC = {"Devanagari", "Bengali", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Tamil", "Telugu"}


def script_of(name):
    """The script of the first letter, by the name Unicode gives it."""
    for c in name:
        if not c.isalpha():
            continue
        word = unicodedata.name(c, "?").split()[0]
        return {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana"}.get(word, word.capitalize())
    return "Latin"


def letters(name):
    return sum(c.isalpha() for c in name)


def bare(name):
    return unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", name) if unicodedata.category(c) != "Mn"))


def clusters(name):
    """What stays together when letters are moved: a letter with its marks."""
    out = []
    for c in name:
        if out and unicodedata.category(c) in ("Mn", "Mc"):
            out[-1] += c
        else:
            out.append(c)
    return out


class Shapes:
    """Characters that are drawn as another (UTS 39), and those that are another in a different dress (NFKC)."""

    def __init__(self, rows):
        by_skeleton, skeleton = {}, {}
        for row in rows:
            code, _, s = row.partition("\t")
            if not code:
                continue
            c = chr(int(code, 16))
            skeleton[c] = s
            if len(s) == 1 and c.isalpha():
                by_skeleton.setdefault(s, []).append(c)
        self.dress = {}
        for c in skeleton:
            k = unicodedata.normalize("NFKC", c)
            if k != c and len(k) == 1 and k.isalpha():
                self.dress.setdefault(k, []).append(c)
        self.like = {c: [d for d in by_skeleton.get(s, ()) if d != c and unicodedata.normalize("NFKC", d) == d
                         and bare(d) == d] for c, s in skeleton.items() if c.isalpha()}

    def near(self, c):
        """Those of the alphabets that a keyboard has."""
        return [d for d in self.like.get(c, ()) if script_of(d) in ("Latin", "Cyrillic", "Greek", "Armenian") and d < "\u0590"]


class Person:
    def __init__(self, number, line):
        self.script, name, aliases, spellings, elsewhere = (f.strip() for f in line.split("|"))
        self.id = f"p{number:03}"
        self.aliases, self.spellings, self.elsewhere = ([x.strip() for x in f.split(";") if x.strip()]
                                                        for f in (aliases, spellings, elsewhere))
        self.name = name
        self.book = [name] + self.aliases
        self.latin = [b for b in self.book if script_of(b) == "Latin"]
        self.alphabetic = [b for b in self.book if script_of(b) in ALPHABETS]


def read(path):
    lines = [x for x in open(path, encoding="utf-8").read().splitlines() if x.strip() and not x.startswith("#")]
    return lines


def people_read(path):
    return [Person(i + 1, line) for i, line in enumerate(read(path))]


def titles_read(path):
    out = {}
    for line in read(path):
        _, script, forms = (f.strip() for f in line.split("|"))
        out.setdefault(script, []).extend(f.strip() for f in forms.split(";"))
    return out


def some(r, items, n):
    items = list(dict.fromkeys(items))
    return r.sample(items, min(n, len(items)))


def case(p, r, _):
    for b in some(r, [b for b in p.book if script_of(b) in CASED], 2):
        yield from (b.upper(), b.lower(), "".join(r.choice((c.lower(), c.upper())) for c in b), bare(b))
        if script_of(b) == "Latin":
            yield "".join(r.choice(ACCENTS[c]) if c in ACCENTS and r.random() < 0.4 else c for c in b)
    yield unicodedata.normalize("NFD", p.name)
    if p.script in ("Hebrew", "Arabic"):        # a vowel point here and there
        yield "".join(c + (r.choice("\u05b7\u05b8" if p.script == "Hebrew" else "\u064e\u0650") if c.isalpha() and
                           r.random() < 0.4 else "") for c in p.name)


def order(p, r, _):
    for b in [b for b in p.book if len(b.split()) > 1]:
        first, last = b.split()[:-1], b.split()[-1]
        yield from (f"{last}, {' '.join(first)}", f"{last} {' '.join(first)}", f"{last.upper()}, {' '.join(first)}")


def initials(p, r, _):
    for b in p.alphabetic:
        words = b.split()
        family, given = (words[0], words[1:]) if p.script in FAMILY_FIRST else (words[-1], words[:-1])
        if not given or letters(family) < 5 or script_of(b) in ("Arabic", "Hebrew"):
            continue
        short = [w if w.islower() and w.isalpha() and script_of(w) in CASED else w[0] + "." for w in given]
        s = " ".join(short)
        yield from (f"{s} {family}", f"{family}, {s}", f"{s} {family}".replace(".", ""), f"{family} {s}")


def titled(p, r, w):
    for b in [p.name] + some(r, p.aliases, 1):
        forms = w.titles.get(script_of(b), ())
        for form in some(r, forms, 4 if b == p.name else 2):
            yield form.format(b)
            if script_of(b) in CASED and r.random() < 0.2:
                yield form.format(b).upper()
    if p.latin:
        yield r.choice(w.titles["Latin"]).format(p.latin[0])


def lookalike(p, r, w):
    def swap(name, share, pick):
        can = [i for i, c in enumerate(name) if pick(c)]
        take = set(r.sample(can, max(1, round(len(can) * share)))) if can else ()
        return "".join(r.choice(pick(c)) if i in take else c for i, c in enumerate(name))

    for b in some(r, [b for b in p.book if any(w.shapes.near(c) for c in b)], 2):
        yield from (swap(b, share, w.shapes.near) for share in (0, 0.4, 1))
        yield swap(b, 0.3, lambda c: w.shapes.like.get(c, ()))
    for b in p.latin[:1]:
        yield swap(b, 0.5, lambda c: [MANY[c]] if c in MANY else [])
    if p.script == "Han":
        yield swap(p.name, 0.5, lambda c: w.shapes.like.get(c, ()))


def invisible(p, r, _):
    for b in [p.name] + some(r, p.aliases, 1):
        cs = clusters(b)
        yield r.choice(INVISIBLE).join(cs)
        yield "".join(c + (r.choice(INVISIBLE) if r.random() < 0.4 else "") for c in cs)
        at = r.randrange(1, len(cs)) if len(cs) > 1 else 1
        yield "".join(cs[:at]) + r.choice(INVISIBLE) + "".join(cs[at:])


def bidi(p, r, _):
    for b in [p.name] + some(r, p.aliases, 1):
        over = "\u202d" if script_of(b) in ("Arabic", "Hebrew") else "\u202e"
        words = b.split()
        yield over + b[::-1] + "\u202c" if not any(unicodedata.combining(c) for c in b) else over + "".join(clusters(b)[::-1])
        yield f"\u2068{b}\u2069"
        yield r.choice("\u200e\u200f\u061c") + ("\u200e" if r.random() < 0.5 else "\u202a").join(words) + "\u202c"
        if len(words) > 1:
            yield words[0] + " " + over + "".join(clusters(" ".join(words[1:]))[::-1]) + "\u202c"


def dressed(p, r, w):
    for b in [p.name] + some(r, p.latin, 1):
        if script_of(b) == "Latin":
            wide = "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in b)
            yield wide
            for base in r.sample((0x1d400, 0x1d434, 0x1d468, 0x1d4d0, 0x1d56c, 0x1d5a0, 0x1d5d4, 0x1d670), 2):
                yield "".join(chr(base + ord(c) - 65) if "A" <= c <= "Z" else chr(base + 26 + ord(c) - 97) if "a" <= c <= "z"
                              else c for c in b).replace("\U0001d455", "\u210e")
            yield "".join(chr(0x24b6 + ord(c) - 65) if "A" <= c <= "Z" else chr(0x24d0 + ord(c) - 97) if "a" <= c <= "z" else c
                          for c in b)
            yield "".join(chr(0x1f130 + ord(c) - 65) if "A" <= c <= "Z" else c for c in b.upper())
        yield "".join(r.choice(w.shapes.dress[c]) if c in w.shapes.dress and r.random() < 0.7 else c for c in b)


def digits(p, r, _):
    for b in p.alphabetic:
        low = [i for i, c in enumerate(b) if c.lower() in LEET]
        for share in (0.3, 0.6, 1):
            take = set(r.sample(low, min(len(low), max(1, round(len(low) * share))))) if low else ()
            yield "".join(LEET[c.lower()] if i in take else c for i, c in enumerate(b))


def decorated(p, r, _):
    for b in [p.name] + some(r, p.aliases, 1):
        yield from (form.format(b) for form in some(r, DECORATIONS, 3))


def script(p, r, w):
    yield from some(r, p.elsewhere, 4)
    japanese = p.script == "Han" and any(script_of(a) == "Kana" for a in p.aliases)
    if p.script != "Latin" and not japanese:
        yield from (w.icu(t, p.name) for t in some(r, ROMAN, 2) + list(BGN.get(p.script, ())))
    if p.script in INDIC:
        yield w.icu(f"{p.script}-{'Devanagari' if p.script != 'Devanagari' else 'Gujarati'}", p.name)
    for b in p.latin[:1]:
        yield from (w.icu(t, b) for t in some(r, FROM_LATIN, 2))
    if p.script in ("Cyrillic", "Greek"):
        yield w.icu("Any-Latin; " + ("Latin-Greek" if p.script == "Cyrillic" else "Latin-Cyrillic"), p.name)


def spelling(p, r, _):
    yield from some(r, p.spellings, 4)
    if p.script != "Latin":
        return
    for old, new in some(r, [s for s in SWITCHES if s[0] in p.name.lower()], 2):
        at = p.name.lower().index(old)
        yield p.name[:at] + (new.capitalize() if p.name[at].isupper() else new) + p.name[at + len(old):]


def slip(name, r):
    """One slip of the finger."""
    at = r.choice([i for i, c in enumerate(name) if c.isalpha()])
    c, how = name[at], r.choice(("drop", "double", "swap", "next", "insert"))
    rows = [k for k in KEYBOARD if c.lower() in k]
    if how == "drop":
        return name[:at] + name[at + 1:]
    if how == "double":
        return name[:at] + c + name[at:]
    if how == "swap" and at + 1 < len(name) and name[at + 1].isalpha() and name[at + 1] != c:
        return name[:at] + name[at + 1] + c + name[at + 2:]
    if not rows:
        return name[:at] + name[at + 1:]
    k = rows[0]
    other = k[(k.index(c.lower()) + r.choice((-1, 1))) % len(k)]
    return name[:at] + other + name[at + (how == "next"):]


def typo(p, r, _):
    for b in [b for b in p.alphabetic if letters(b) >= 6][:2]:
        for _ in range(3):
            yield slip(b, r)
        if letters(b) >= 12:
            yield slip(slip(b, r), r)


def spacing(p, r, _):
    for b in [p.name] + some(r, p.aliases, 1):
        words = [clusters(x) for x in b.split()]
        if letters(b) < 3:
            continue
        yield "  ".join(" ".join(x) for x in words)
        mark = r.choice(".-_·*/")
        yield " ".join(mark.join(x) for x in words)
        if len(words) > 1:
            yield "".join(b.split())
            yield r.choice("-_./").join(b.split())
        long = [x for x in words if len(x) > 4]
        if long:
            yield " ".join("".join(x[:len(x) // 2]) + " " + "".join(x[len(x) // 2:]) if x in long else "".join(x) for x in words)


PAIRS = ((titled, case), (titled, invisible), (order, lookalike), (decorated, dressed), (titled, script), (invisible, lookalike),
         (case, digits), (decorated, order), (titled, spelling), (decorated, spacing), (bidi, titled), (titled, lookalike))


def mixed(p, r, w):
    """Two at once: the second is done to the name, the first to what came of it."""
    for outer, inner in some(r, PAIRS, 4):
        made = [x for x in inner(p, r, w) if x != p.name]
        if not made:
            continue
        q = Person.__new__(Person)
        q.__dict__.update(p.__dict__)
        q.name, q.aliases = r.choice(made), []
        q.script = script_of(unicodedata.normalize("NFKC", q.name))
        q.book, q.latin, q.alphabetic = [q.name], [q.name] if q.script == "Latin" else [], [q.name]
        out = list(outer(q, r, w))
        if out:
            yield r.choice(out)


KINDS = (("case, accents", case, 4), ("order", order, 3), ("initials", initials, 3), ("titles, offices", titled, 5),
         ("look-alikes", lookalike, 4), ("invisible", invisible, 3), ("bidi", bidi, 3), ("full width, fonts", dressed, 3),
         ("digits for letters", digits, 3), ("decorations", decorated, 3), ("another script", script, 6),
         ("another spelling", spelling, 4), ("typing slips", typo, 4), ("spacing", spacing, 4), ("two at once", mixed, 4))


def attacks(people, world, seed):
    for p in people:
        seen = set(p.book)
        for kind, make, most in KINDS:
            r = random.Random(f"{seed}/{p.id}/{kind}")
            made = [x for x in dict.fromkeys(x.strip() for x in make(p, r, world)) if x and x not in seen and "\n" not in x
                    and any(c.isalpha() for c in unicodedata.normalize("NFKC", x))]
            if len(made) > most:
                made = r.sample(made, most)
            seen.update(made)
            yield from ((p, kind, x) for x in made)
