"""Korean: particles behind a noun, compounds written together, and the stems of verbs.

A noun is found with any particle or with none. In a compound written together it is found at the end, behind something
that is at least two syllables or a known prefix (대북제재, 핵무기, but not 나무기둥), and before another noun of those that
compounds are commonly made with (무기거래, but not 무기징역). What is left over must be a particle: 무기한, 무기력 hold no 무기.
A verb given as it is cited (공급하다, 보내다) is found as each of its conjugated stems, whatever follows.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final

from monitor.text.forms_base import Attach, Form, Mark, Reading

# --------------------------------------------------------------------------------------- particles
_CASE: Final = "에서|에게서|에게|께서|께|에|으?로서|으?로써|으?로|하고|까지|부터|보다|처럼|만큼|마다|조차|마저|밖에|대로|뿐|만|같이"
_FOCUS: Final = "도|만|의|까지|부터|조차|마저|이나|나|이라도|라도|이든지?|든지?|이란|요"
_COPULA: Final = (
    "다|라|라고|라는|라며|라면|라서|며|면서|고|고도|자|지만|지|니|므로|던|든|었다|었던|었고|었으며|었지만|었음|었다는|어서|다가|냐"
)
_COPULA_OPEN: Final = "[였었][가-힣]*|인[가데지]?|일|임을?|입니다"
_ANY: Final = f"(?:(?:{_CASE}){{1,2}}(?:{_FOCUS}|은|는)?|{_FOCUS})"
_CLOSED_ENDINGS: Final = f"은|이|을|과의?|으로(?:{_FOCUS}|는)?|이나|이라도|이든지?|이란|이랑|이(?:{_COPULA})|이?(?:{_COPULA_OPEN})|{_ANY}"
_OPEN_ENDINGS: Final = (
    f"는|가|를|와의?|로(?:{_FOCUS}|는)?|나|라도|란|랑|다|라고|라는|라며|이?지만|이(?:{_COPULA})|이?(?:{_COPULA_OPEN})|{_ANY}"
)
#: Behind a syllable that ends in a consonant and behind one that ends in a vowel; the plural ends in a consonant.
_AFTER_CONSONANT: Final = re.compile(f"들?(?:{_CLOSED_ENDINGS})|들")
_AFTER_VOWEL: Final = re.compile(f"들(?:{_CLOSED_ENDINGS})?|(?:{_OPEN_ENDINGS})")
#: What a noun is commonly compounded with behind it in news of trade, arms and sanctions.
_HEADS: Final = """
    거래 밀거래 무역 교역 수출 재수출 수입 수출입 판매 구매 구입 매매 밀매 밀수 밀수출 밀반입 밀반출 반입
    반출 공급 공급망 공급책 조달 획득 지원 제공 이전 유입 유출 확산 환적 선적 운송 수송 운반 인도 인수
    계약 협상 협력 교류 사업 산업 시장 개발 생산 제조 시험 발사 실험 배치 도입 보유 사용 공격 공장 업체
    회사 기업 기업들 기지 창고 부대 부품 기술 소재 체계 시스템 프로그램 장비 물자 물품 품목 원료 금지
    금지법 금수 통제 제한 규제 제재 위반 회피 우회 해제 완화 강화 연장 유지 이행 불이행 부과 결의 결의안
    조치 대상 대상자 명단 목록 리스트 위원회 위원장 전문가 패널 당국 체제 압박 면제 유예 효과 국장 국가
    은행 선박 유조선 화물 자금 자산 동결 혐의 의혹 사건 관련 관련자 문제 정책 법안 전쟁 경쟁 군축 감축
    폐기 급 류 용 품 측 망 안 건
"""
#: Single syllables that may stand before a noun; anything else before it must be two syllables or more.
_PREFIXES: Final = frozenset("핵신재대총군북미러초탈반")
_SHORTEST: Final = 2
_HEAD: Final = re.compile(f"(?:{'|'.join(sorted(_HEADS.split(), key=len, reverse=True))})+")

_KOREAN: Final = Attach.KOREAN.value
_VERB: Final = Attach.KOREAN_VERB.value
_BEFORE: Final = Attach.KOREAN_BEFORE.value
_AFTER: Final = Attach.KOREAN_AFTER.value


def korean_readings(folded: str, stems: Container[str] | None = None) -> list[Reading]:
    """The nouns and verb stems this word may hold; only those in ``stems`` where it is given, which saves most of the work."""
    size = len(folded)
    out: list[Reading] = []
    for end in range(_SHORTEST, size):
        stem = folded[:end]
        if stems is None or stem in stems:
            out.append(Reading(stem, _VERB))
            if bits := _tail(folded, end):
                out.append(Reading(stem, bits))
    for start in range(1 if folded[0] in _PREFIXES else _SHORTEST, size - _SHORTEST + 1):
        for end in range(start + _SHORTEST, size + 1):
            stem = folded[start:end]
            if (stems is None or stem in stems) and (bits := _tail(folded, end)) is not None:
                out.append(Reading(stem, bits | _BEFORE))
    return out


def korean_abbreviation(folded: str) -> list[Reading]:
    """The Latin letters before a particle: eu의, uae에서는. How they are spoken is not known, so either set of endings may follow."""
    end = next((at for at, letter in enumerate(folded) if letter >= "가"), 0)
    particles = end >= _SHORTEST and any(endings.fullmatch(folded, end) for endings in (_AFTER_CONSONANT, _AFTER_VOWEL))
    return [Reading(folded[:end], _KOREAN)] if particles else []


def _tail(folded: str, end: int) -> int | None:
    """What a noun that ends at ``end`` has behind it, or None where it cannot end there."""
    if end == len(folded):
        return 0
    if _particles(folded, end):
        return _KOREAN
    heads = _HEAD.match(folded, end)
    if heads and (heads.end() == len(folded) or _particles(folded, heads.end())):
        return _AFTER
    return None


def _particles(folded: str, at: int) -> bool:
    pattern = _AFTER_CONSONANT if _final(folded[at - 1]) else _AFTER_VOWEL
    return pattern.fullmatch(folded, at) is not None


# ------------------------------------------------------------------------------------------- terms
def korean_forms(word: str, mark: Mark) -> Iterator[Form]:
    if mark is Mark.THIS_FORM:
        yield Form(word, Attach.KOREAN, "as written")
        return
    yield Form(word, Attach.KOREAN_NOUN, "as written")
    if word.endswith("다") and len(word) > 1 and "가" <= word[-2] <= "힣":
        for stem in _conjugated(word[:-1]):
            if len(stem) >= _SHORTEST:
                yield Form(stem, Attach.KOREAN_VERB, f"verb {word}")
            else:
                yield from (Form(stem + ending, Attach.KOREAN_VERB, f"verb {word}") for ending in _SHORT_ENDINGS)


#: Behind a stem of one syllable not everything may follow: 팔다 is not in 팔레스타인.
_SHORT_ENDINGS: Final = ("고", "며", "면", "기", "지", "게", "려", "던", "는", "다", "자", "아", "어", "은", "을", "음", "거", "도록")
_NIEUN, _RIEUL, _MIEUM, _BIEUP, _SS = 4, 8, 16, 17, 20
_A, _AE, _EO, _E, _YEO, _O, _WA, _OE, _WAE, _U, _WO, _EU, _I = 0, 1, 4, 5, 6, 8, 9, 11, 10, 13, 14, 18, 20
#: Vowel of a stem that ends in it -> vowel of the stem grown together with -아/-어.
_GROWN: Final = {_A: _A, _EO: _EO, _AE: _AE, _E: _E, _YEO: _YEO, _I: _YEO, _O: _WA, _U: _WO, _OE: _WAE}


def _conjugated(stem: str) -> Iterator[str]:
    """The stems a verb's forms begin with: 보내, 보낸, 보낼, 보냄, 보냅, 보냈."""
    before, last = stem[:-1], stem[-1]
    lead, vowel, final = _parts(last)
    if last == "하":
        yield from (before + each for each in ("하", "한", "할", "함", "합", "해", "했"))
    elif not final:
        yield stem
        yield from (before + _syllable(lead, vowel, end) for end in (_NIEUN, _RIEUL, _MIEUM, _BIEUP))
        yield from _grown(before, last)
    elif final == _RIEUL:
        yield stem
        yield from (before + _syllable(lead, vowel, end) for end in (0, _NIEUN, _BIEUP) if before or not end)
        yield from (stem + end for end in _open(vowel))
    else:
        yield stem
        changed = _changed(stem)
        if not changed:
            yield from (stem + end for end in ("은", "을", "음", "습", *_open(vowel)))
        else:
            yield stem + "습"
            yield from changed


#: Stems whose last consonant changes before a vowel; all others with that consonant keep it (받다, 받은; 잡다, 잡은; 빼앗다, 빼앗은).
#: The classes of the school grammar's irregular verbs, closed but for adjectives in -롭다, -럽다, -답다.
_TO_RIEUL: Final = ("걷", "듣", "묻", "싣", "긷", "붇", "눋", "겯", "깨닫", "일컫", "치닫", "내닫")
_TO_VOWEL: Final = ("돕", "굽", "눕", "줍", "깁", "롭", "럽", "답", "쉽", "렵", "겁", "깝", "맙", "덥", "춥", "맵")
_LOST: Final = ("짓", "잇", "낫", "붓", "긋", "젓")
#: Of these there are two verbs, one of which keeps its consonant: 걷다 walk and roll up, 묻다 ask and bury, 굽다 bake and bend.
_BOTH: Final = ("걷", "묻", "굽")


def _changed(stem: str) -> list[str]:
    """What a stem's forms begin with before a vowel where its last consonant changes: 싣다, 실은; 돕다, 도운; 짓다, 지은. Else none."""
    before, (lead, vowel, _) = stem[:-1], _parts(stem[-1])
    out = []
    if stem.endswith(_TO_RIEUL):  # 싣다, 실어
        out = [before + _syllable(lead, vowel, _RIEUL) + end for end in ("은", "을", "음", *_open(vowel))]
    elif stem.endswith(_TO_VOWEL):  # 돕다, 도와; 쉽다, 쉬워
        grown = ("와", "왔") if stem.endswith("돕") else ("워", "웠")
        out = [before + _syllable(lead, vowel, 0) + end for end in ("우", "운", "울", "움", *grown)]
    elif stem.endswith(_LOST):  # 짓다, 지어
        out = [before + _syllable(lead, vowel, 0) + end for end in ("은", "을", "음", *_open(vowel))]
    if stem.endswith(_BOTH):
        out += [stem + end for end in ("은", "을", "음", *_open(vowel))]
    return out


def _grown(before: str, last: str) -> Iterator[str]:
    lead, vowel, _ = _parts(last)
    if last == "르" and before:  # 나르다, 날라
        lead_before, vowel_before, _ = _parts(before[-1])
        root = before[:-1] + _syllable(lead_before, vowel_before, _RIEUL)
        yield from (root + end for end in (("라", "랐") if vowel_before in (_A, _O) else ("러", "렀")))
    elif vowel == _EU:  # 쓰다, 써
        yield from (before + _syllable(lead, _EO, end) for end in (0, _SS))
    else:
        grown = _GROWN.get(vowel, vowel)
        yield from (before + _syllable(lead, grown, end) for end in (0, _SS))
        yield from (before + last + end for end in _open(vowel))


def _open(vowel: int) -> tuple[str, str]:
    return ("아", "았") if vowel in (_A, _O) else ("어", "었")


def _parts(syllable: str) -> tuple[int, int, int]:
    code = ord(syllable) - 0xAC00
    return code // 588, code // 28 % 21, code % 28


def _syllable(lead: int, vowel: int, final: int) -> str:
    return chr(0xAC00 + lead * 588 + vowel * 28 + final)


def _final(syllable: str) -> int:
    return (ord(syllable) - 0xAC00) % 28
