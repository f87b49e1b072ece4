"""Addresses of articles, compared: one article has one canonical link, however its feeds spell, mark or wrap it.

``canonical`` is for comparing only and never for fetching or showing: it calls http and https the same. What is dropped
is what publishers and aggregators add to count clicks; every other parameter stays, in its order, for many sites keep
their articles behind one. This room knows only str: nothing is looked up, and no redirect is followed.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from monitor.text.native import COMPILED, kernel

#: Characters; browsers stop at 2,000 or so, and what is longer carries a payload and no name.
MAX_LINK: Final = 4_000
_MAX_HOST: Final = 253  # RFC 1035; stdlib's IDNA takes quadratic time on more
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_DEFAULT_PORTS: Final = frozenset({"", "80", "443"})

# ------------------------------------------------------------------------------------- tracking
# Lower case: publishers spell them as they like. Sources: the lists of browsers' own tracking protection (Firefox, Brave)
# and the parameters news sites put into the links of their feeds.
_CLICKS: Final = """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid li_fat_id igshid igsh srsltid _ga _gl
    mc_cid mc_eid _hsenc _hsmi __hssc __hstc __hsfp hsctatracking mkt_tok oly_anon_id oly_enc_id rb_clickid s_cid vero_id wickedid
    cmpid cmp ocid xtor spm wt.mc_id smid smtyp emc maca feedtype feedname mod_rss guccounter guce_referrer guce_referrer_sig
    ns_mchannel ns_source ns_campaign ns_linkname ns_fee __twitter_impression
"""
#: The BBC's family, name by name: other sites use ``at_`` for what they show.
_BBC: Final = "at_medium at_campaign at_campaign_type at_link_type at_link_id at_link_origin at_ptr_name at_ptr_type at_bbc_team at_format"
_TRACKING: Final = frozenset(f"{_CLICKS} {_BBC}".split())
_TRACKING_PREFIXES: Final = ("utm_", "pk_campaign", "pk_kwd", "mtm_", "itm_")
#: Names that mean something elsewhere, with values that only say where the click came from.
_SAYS_WHENCE: Final = frozenset({"ref", "src", "source", "partner", "from", "traffic_source", "via", "feed", "rss"})
_WHENCE: Final = frozenset({"", "1", "rss", "rss2", "feed", "feeds", "atom", "rssfeed", "rss_feed", "newsfeed", "true", "homepage_rss"})
#: Fragments that name no place of a page which holds several articles.
_NO_PLACE: Final = frozenset({"", "rss", "comments", "respond", "content", "main", "top", "disqus_thread", "more"})

#: Nine links in ten are a plain host and a path, in letters of any script, without a query, a session or what nobody sees: taken
#: apart in a tenth of the time.
_PLAIN: Final = re.compile(
    r"https?://([a-z0-9-]{1,60}(?:\.[a-z0-9-]{1,60}){1,3})(|/[^?#;\x00-\x20\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*)"
)
_ESCAPE: Final = re.compile(r"%(?:([0-9A-Fa-f]{2})|)")
#: What is so already, as most are that have anything encoded: letters beyond ASCII, in capitals.
_NORMAL: Final = re.compile(r"[A-Za-z0-9!$&'()*+,;=:@/?\-._~\[\]]*(?:%[89A-F][0-9A-F][A-Za-z0-9!$&'()*+,;=:@/?\-._~\[\]]*)*")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_UNENCODED: Final = _UNRESERVED | frozenset("%!$&'()*+,;=:@/?[]")
_STAYS: Final = bytes(chr(code) in _UNENCODED for code in range(128))
#: Characters whose encoding is remembered: addresses of every script there is do not fill the memory.
_REMEMBERED: Final = 4_096
_SESSION: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_FRONT: Final = re.compile(r"(?:(?:index|default|home)\.(?:html?|php|aspx?|jsp))?", re.IGNORECASE)
_LONGEST_FRONT: Final = len("default.html")
_INVISIBLE: Final = re.compile(r"[\x00-\x20\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


#: Vowel marks and punctuation of the scripts that put them into addresses as they are: what is shown and parts nothing.
_MARKS: Final = "\u0300-\u036f\u0591-\u05c7\u060c\u061b\u061e-\u061f\u064b-\u065f\u066a-\u066d\u0670\u06d6-\u06dc\u2010-\u2027"
_ABSOLUTE: Final = re.compile(
    rf"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:/[\w{_MARKS}%.~!$&'()*+,=:@-]*)*(?:\?[\w{_MARKS}%.~!$&'()*+,=:@/?-]+)?"
)


def is_absolute(url: str) -> bool:
    """Whether ``url`` is an http(s) address that resolving leaves as it is, whatever it is resolved against."""
    return len(url) <= MAX_LINK and _is_absolute(url)


@lru_cache(maxsize=256)  # who reads an item's link asks, and who makes a document of the item
def _is_absolute(url: str) -> bool:
    return _ABSOLUTE.fullmatch(url) is not None


def canonical(url: str) -> str:
    """The address by which an article is known, ``""`` where this is no http(s) address. ``canonical`` of it is itself."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None and len(url) <= MAX_LINK:
        return f"https://{plain[1]}{_normal(plain[2]).rstrip('/')}"
    url = _INVISIBLE.sub("", url)
    if not url or len(url) > MAX_LINK:
        return ""
    try:
        parts = urlsplit(url)
        host = _host(parts.hostname or "")
        port = str(parts.port) if parts.port is not None else ""
    except ValueError:  # a port that is no number, a bracket left open
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    where = host if port in _DEFAULT_PORTS else f"{host}:{port}"
    path = _SESSION.sub("", _normal(parts.path)).rstrip("/")
    query = "&".join(part for part in _normal(parts.query).split("&") if part and not _tracks(part))
    # A page whose script loads the article it names: all its articles have one path.
    fragment = f"#{_normal(parts.fragment)}" if parts.fragment.startswith("!") else ""
    return f"https://{where}{path}{'?' if query else ''}{query}{fragment}"


def own(url: str, feed: str = "") -> str:
    """The canonical link of one item, unwrapped; ``""`` where its address cannot stand for one article: a front page, the
    feed's own address (``feed``), or a place within a page, as the entries of a live blog have. Whether several items share
    it, only who sees them can say."""
    link = unwrap(url)
    found = canonical(link)
    if not found or (feed and found == _canonical_feed(feed)):
        return ""
    fragment = link.partition("#")[2].lower()
    if fragment not in _NO_PLACE and "=" not in fragment and not fragment.startswith("!"):
        return ""
    path = found.removeprefix("https://").partition("/")[2]
    return "" if len(path) <= _LONGEST_FRONT and "?" not in found and "#" not in found and _FRONT.fullmatch(path) else found


def one_site(one: str, other: str) -> bool:
    """Whether two addresses are of one publisher, as far as their names tell: feeds.example.co.uk and www.example.co.uk."""
    its = _site(one)
    return bool(its) and its == _site(other)


#: Endings under which everybody may have a name: those of countries, and those of houses that lend theirs.
_SECOND: Final = frozenset(["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "info", "mil", "ne", "net", "nom", "or", "org", "press"])
_LENT: Final = frozenset(
    [
        "blogspot.com",
        "feedburner.com",
        "github.io",
        "livejournal.com",
        "medium.com",
        "netlify.app",
        "pages.dev",
        "rss.app",
        "substack.com",
        "tumblr.com",
        "vercel.app",
        "web.app",
        "wordpress.com",
    ]
)


@lru_cache(maxsize=8192)
def _site(url: str) -> str:
    where = re.split("[/?#]", canonical(url).removeprefix("https://"), maxsplit=1)[0]
    labels = where.split(".")
    if ":" in where or labels[-1].isdigit():
        return where
    of_country = len(labels[-1]) == 2 and labels[-2:-1] and labels[-2] in _SECOND
    return ".".join(labels[-3 if of_country or ".".join(labels[-2:]) in _LENT else -2 :])


@lru_cache(maxsize=8192)
def _canonical_feed(feed: str) -> str:
    return canonical(feed)


# --------------------------------------------------------------------------------------------- parts
def _host(host: str) -> str:
    host = host.lower().rstrip(".")
    if len(host) > _MAX_HOST:
        raise ValueError("no host name is that long")
    if host.isascii():
        return f"[{host}]" if ":" in host else host
    known = host.encode("idna").decode("ascii")  # its UnicodeError is a ValueError
    if not _HOST.fullmatch(known):
        raise ValueError("what it means stands for no host")
    return known


def _normal(text: str) -> str:
    """Percent-encoding as RFC 3986 §6.2.2 wants it: capitals, nothing encoded that need not be, everything else encoded."""
    if _NORMAL.fullmatch(text):
        return text
    if "%" in text:
        text = _ESCAPE.sub(_escape, text)
    found = kernel.encoded(text, _STAYS) if COMPILED else None
    return text.translate(_ENCODED) if found is None else found


class _Encoded(dict[int, str]):
    """What stands for a character in an address, by its number: itself, or its bytes. ``urllib.parse.quote`` goes byte by byte."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        char = chr(code)
        encoded = self[code] = char if char in _UNENCODED else "".join([f"%{byte:02X}" for byte in char.encode()])
        return encoded


_ENCODED: Final = _Encoded()


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"  # a percent sign that begins no escape
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else f"%{found[1].upper()}"


def _tracks(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name, value = name.lower(), value.lower()
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    return name in _SAYS_WHENCE and value in _WHENCE and (value != "" or name == "rss") and (value not in ("1", "true") or name == "rss")


# -------------------------------------------------------------------------------------------- wrappers
#: Hosts that stand between a reader and the article: (host or its ending, path's beginning, parameters that hold the address).
_WRAPPERS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (".facebook.com", "/l.php", ("u",)),
    (".bing.com", "/news/apiclick", ("url",)),
    (".duckduckgo.com", "/l/", ("uddg",)),
    (".youtube.com", "/redirect", ("q",)),
    (".vk.com", "/away.php", ("to",)),
    ("out.reddit.com", "/", ("url",)),
    ("t.umblr.com", "/redirect", ("z",)),
    ("paid.outbrain.com", "/network/redir", ("p", "u", "url")),
    ("feedproxy.google.com", "/", ("url", "u")),
    ("go.redirectingat.com", "/", ("url",)),
    ("go.skimresources.com", "/", ("url",)),
    ("click.linksynergy.com", "/", ("murl",)),
    (".safelinks.protection.outlook.com", "/", ("url",)),
)
_MAYBE: Final = re.compile(
    r"//[^/]*(?:google|facebook|bing|duckduckgo|youtube|vk|reddit|umblr|outbrain|redirectingat|skimresources|linksynergy|outlook)\.",
    re.IGNORECASE,
)
#: How most addresses begin, and between which characters the slash after their host stands.
_WEB: Final = ("https://", "http://")
_AFTER_HOST: Final = (len("https://"), 300)
_GOOGLE: Final = re.compile(r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}")
_GOOGLE_NEWS: Final = re.compile(r"/(?:__i/)?(?:rss/)?(?:rd/)?(?:articles|read)/([A-Za-z0-9_-]{16,3000})={0,2}")
_WRAPPED: Final = 3  # an alert of an alert; more is a game


def unwrap(url: str) -> str:
    """The address of the article itself where ``url`` only leads there and says so: Google Alerts, older Google News links,
    Bing News and their kin. What cannot be told without asking a server stays as it is."""
    for _ in range(_WRAPPED):
        inner = _inside(url)
        if not inner or not canonical(inner):
            return url
        url = inner
    return url


def _inside(url: str) -> str:
    """The wrapped address, ``""`` where there is none."""
    slash = url.find("/", *_AFTER_HOST)
    if (slash > 0 and url.startswith(_WEB) and not _may_wrap(url[: slash + 1])) or _MAYBE.search(url) is None:
        return ""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if len(url) > MAX_LINK:
        return ""
    if host == "news.google.com":
        named = _GOOGLE_NEWS.fullmatch(parts.path)
        return _news_address(named[1]) if named else ""
    names: tuple[str, ...] = ()
    if _GOOGLE.fullmatch(host) and parts.path == "/url":
        names = ("url", "q", "u")
    for ending, path, its in _WRAPPERS:
        if (host == ending.removeprefix(".") or (ending[0] == "." and host.endswith(ending))) and parts.path.startswith(path):
            names = its
    if not names:
        return ""
    try:
        given = dict(reversed(parse_qsl(parts.query, max_num_fields=200)))
    except ValueError:
        return ""
    return next((given[name] for name in names if given.get(name, "").startswith(("http://", "https://"))), "")


@lru_cache(maxsize=1024)
def _may_wrap(beginning: str) -> bool:
    """Whether an address that begins so, up to the slash after its host, may be one that wraps another. (Hosts are read without
    line ends and tabs.)"""
    return _MAYBE.search(beginning) is not None or not beginning.isprintable()


def _news_address(name: str) -> str:
    """Names made before 2024 are a protobuf message whose field 4 is the address; newer ones are known to Google alone."""
    try:
        raw = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4))
    except (ValueError, binascii.Error):
        return ""
    start = raw.find(b"\x22") + 1
    if not raw.startswith(b"\x08") or not 0 < start <= 4:
        return ""
    length, at = 0, start
    for shift in (0, 7):
        if at >= len(raw):
            return ""
        length |= (raw[at] & 0x7F) << shift
        at += 1
        if raw[at - 1] < 0x80:
            break
    found = raw[at : at + length]
    if len(found) != length or not found.startswith((b"http://", b"https://")) or not found.isascii():
        return ""
    return found.decode("ascii")
