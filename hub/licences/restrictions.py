"""Words that take back what a licence's name gives: "CC BY, non-commercial use only".

    >>> sorted(restrictions("free, but not for commercial use"))
    ['NC']

A restriction that the named licence does not contain makes the statement unreadable: it says
neither the licence nor its restriction alone. All patterns read lower-case words.
"""

import re

from hub.licences.expression import licence_of

_ONLY_FOR = (
    r"(?:academic|education(?:al)?|personal|private|research|scientific|teaching|study|"
    r"internal|evaluation|students?)"
)
_ELEMENTS = {
    "NC": re.compile(
        r"non[-\s]?commercial|\bnc\b|no commercial|"
        r"commercial (?:use|re-?use|usage|exploitation|purposes)[^.]{0,30}"
        r"(?:prohibited|forbidden|not (?:permitted|allowed)|excluded|requires|restricted|reserved)|"
        r"\bnot[^.;]{0,40} commercial|for commercial (?:re-?use|use|purposes|rights)[^.]{0,60}"
        r"(?:contact|permission|licen[cs]e)|not[- ]for[- ]profit|"
        r"non[-\s]?profit|commercial (?:licen[cs]e|entit|use by)|"
        rf"{_ONLY_FOR}(?: (?:and|or) {_ONLY_FOR})?(?: (?:use|usage|purposes?))? only|"
        rf"only for {_ONLY_FOR}|for {_ONLY_FOR} (?:use|purposes)\b|"
        rf"(?:limited|restricted) to {_ONLY_FOR}|"
        r"pas d.(?:utilisation|usage) commercial|(?:usage|utilisation|fins?|"
        r"buts?) non[-\s]commercia|"
        r"(?:utilisation|usage|exploitation|r[ée]utilisation) commerciale?[^.]{0,30}"
        r"(?:interdit|exclu|soumis|r[ée]serv)|sans but lucratif|non lucrati|(?:à|"
        r"a) des fins (?:de recherche|"
        r"acad[ée]miques|p[ée]dagogiques|scientifiques|personnelles)|(?:usage|utilisation) "
        r"(?:priv[ée]|personnel|acad[ée]mique)|uniquement (?:pour|dans|à des fins)|"
        r"nicht[-\s]?kommerziell|kommerziell[^.]{0,40}(?:nicht|untersagt|verboten|ausgeschlossen)|"
        r"keine kommerzielle|nur (?:für|zu|zum|im)[^.]{0,30}(?:forschung|wissenschaft|privat|lehr)"
    ),
    "ND": re.compile(
        r"no[-\s]?deriv|\bnd\b|no (?:modification|adaptation|alteration|change)s?|"
        r"not (?:be )?(?:altered|modified|adapted|changed|transformed|translated|built upon)|"
        r"without (?:any )?(?:modification|alteration|adaptation|change)|\bunmodified|\bunaltered|"
        r"verbatim (?:copies |copying )?only|sans (?:aucune )?modification|pas de modification|"
        r"modifications? (?:interdite|non autoris)|keine bearbeitung|unver[äa]ndert|"
        r"nicht (?:ver[äa]ndert|bearbeitet|abgewandelt)|ohne (?:ver[äa]nderung|bearbeitung)"
    ),
    "SA": re.compile(r"share[-\s]?alike|partage (?:dans|à l)|gleichen bedingungen"),
    "RIGHTS": re.compile(
        r"all rights reserved|tous droits r[ée]serv[ée]s|alle rechte vorbehalten|"
        r"by permission only|(?:may|must) not be (?:reproduced|copied|redistributed|used|"
        r"distributed)|"
        r"reproduction interdite|nachdruck verboten|do not (?:copy|distribute|redistribute)|"
        r"redistribution[^.]{0,20}(?:prohibited|forbidden|not (?:permitted|allowed))"
    ),
    # Said of something else than the text, or not yet.
    "SCOPE": re.compile(
        r"\bmetadata\b|m[ée]tadonn[ée]es|metadaten|\bembargo|"
        r"(?:abstracts?|figures?|data|code|software|records?) (?:only|alone)|"
        r"only (?:the )?(?:abstracts?|figures?|data|code|software|records?)|"
        r"(?:code|software|scripts?|(?:figures?|tables?|images?)(?: \d+)?) (?:is|are|was|were) |"
        r"(?:for|of) the (?:code|software|scripts?|figures?|images?|abstracts?)\b|"
        r"reproduced (?:from|under)|reprinted (?:from|under)|adapted from|"
        r"will (?:be|become) (?:made |published |released |available |free |open|under|cc|licen)"
    ),
    "SHUT": re.compile(
        r"except (?:for|to|by) (?:compan|commercial|industr|business)|ask for permission|"
        r"permission (?:is )?(?:required|needed)|confidential|acc[èe]s restreint|"
        r"restricted access|usage restreint|usage interne|"
        r"(?:weiterverbreitung|vervielf[äa]ltigung|weitergabe|verbreitung)[^.]{0,30}"
        r"(?:untersagt|verboten|nicht (?:gestattet|erlaubt|zul[äa]ssig))|"
        r"(?:diffusion|reproduction|redistribution)[^.]{0,30}(?:interdit|non autoris)"
    ),
    "TDM": re.compile(
        r"(?:data[- ]mining|\btdm\b|fouille de (?:textes?|donn[ée]es)|machine learning|"
        r"(?:ai|ki|llm)[- ]training|train(?:ing)? (?:of )?(?:any |an )?(?:ai|artificial|"
        r"machine|large|"
        r"language|generative)|entra[iî]n(?:er|ement) (?:d|de|des)\b)[^.]{0,80}"
        r"(?:prohibit|forbid|forbidden|not (?:permitted|allowed|authori)|reserved|"
        r"opt(?:ed)?[- ]?out|"
        r"interdi|r[ée]serv|untersagt|vorbehalten|excluded|without)|"
        r"(?:\bnot?\b|prohibit\w*|forbid\w*|reserv\w*|opposition|oppose)[^.]{0,80}"
        r"(?:data[- ]mining|\btdm\b|fouille de (?:textes?|donn[ée]es)|(?:ai|ki|llm)[- ]training|"
        r"train (?:an? |any )?(?:ai|artificial|machine|large|language|generative)|"
        r"tdm-reservation: ?1)"
    ),
}  # fmt: skip
# Literals without which no pattern above can match: most statements have none of them.
_HINT = re.compile(
    r"commerc|kommerz|\bn[cd]\b|only|unique|profit|lucrati|academ|acad[ée]m|research|"
    r"education|personal|"
    r"private|scientific|teaching|study|recherche|p[ée]dago|priv[ée]|nur |deriv|modif|"
    r"alter|adapt|chang|"
    r"transf|transl|built|verbatim|bearbeit|ver[äa]nder|abgewand|share|partage|gleichen|right|"
    r"droits|rechte|permission|must not|may not|interdi|verboten|do not|redistrib|mining|"
    r"tdm|fouille|"
    r"learning|train|entra|metada|m[ée]tadonn|embargo|figure|code|software|abstract|script|"
    r"table|image|"
    r"record|data|reproduced|reprinted|will be|internal|evaluation|student|confidential|"
    r"restreint|interne|"
    r"restricted access|verbreitung|vervielf|weitergabe|autoris|entit"
)
_BEFORE = re.compile(
    r"\b(?:not|never|no longer|isn't|nor|nicht|kein(?:e|er|en|em)?|pas|ni|without|except|"
    r"excluding|ohne|"
    r"sauf|hors|excepté|other than|former|formerly|previously|anders als|ausgenommen|"
    r"similar to|like|"
    r"unlike|instead of|rather than|incompatible with|violates)"
    r"(?:[ :(\"'/]+[\w:/.'-]{1,30}){0,5}[ :(\"'/]*$"
)
_AFTER = re.compile(
    r"[^.;]{0,40}\b(?:(?:does|do|did|is|are|was|has|have|shall|will|may|can|must) ?(?:not|n't)\b"
    r"(?! subject to copyright| copyrighted)|"
    r"doesn't|isn't|gilt nicht|trifft nicht zu|ne s.applique|n.est pas|excluded|revoked|"
    r"withdrawn|expired|"
    r"pending|requested|planned|proposed)"
)


_THIRD_PARTY = re.compile(
    r"[^.]*(?:copyrighted by other|third[- ]party (?:material|content)|"
    r"owned by third parties)[^.]*\."
)


def restrictions(words: str) -> set[str]:
    """What `words` take back: commerce (NC), changes (ND, SA), all rights (RIGHTS), mining (TDM),
    access (SHUT); or that they speak of something else than the text, or not yet (SCOPE).

    What a sentence says of other people's photographs in an article is not said of its text.
    """
    if not _HINT.search(words):
        return set()
    if "third" in words or "copyrighted by other" in words:
        words = _THIRD_PARTY.sub(".", words)
    return {element for element, pattern in _ELEMENTS.items() if pattern.search(words)}


def contained_in(licence: str) -> set[str]:
    """The restrictions that `licence` has anyway."""
    row = licence_of(licence)
    found = {"NC"} if row.acts["commercial"] == "forbidden" else set()
    found |= {"ND"} if row.acts["publish_adapted"] == "forbidden" else set()
    found |= {"SA"} if "share-alike" in row.obligations else set()
    if row.acts["publish_verbatim"] == "forbidden" and found >= {"NC", "ND"}:
        found.add("RIGHTS")
    return found


def is_denied(words: str, start: int, end: int) -> bool:
    """Whether the licence named at `start` to `end` is denied there: "not under CC BY"."""
    before = words[max(0, start - 100) : start]
    return bool(_BEFORE.search(before) or _AFTER.match(words, end, end + 80))


def reserves_mining(statement: str) -> bool:
    """Whether `statement` reserves text and data mining (Art. 4(3) Directive (EU) 2019/790)."""
    words = " ".join(statement[:20_000].lower().split())
    return bool(_ELEMENTS["TDM"].search(words))
