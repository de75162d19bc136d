"""Names of persons after a title, in French, German and English.

    >>> text = "M. Jean Dupont, adressé par le Dr Le Goff pour un syndrome du Dr Down"
    >>> [text[start:end] for start, end in find_names(text, "fr")]
    ['Jean Dupont', 'Le Goff']

Only what follows a title is taken; the title stays, it tells the sex and the role. Not names:

- eponyms, streets and houses: `syndrome du Dr Down`, `rue du Dr Roux`, `Hôpital Dr Schaffner`;
- firms: `Dr. Reddy's`, `Dr. Falk Pharma GmbH`;
- bare initials, which somebody made anonymous already: `Mme B.`, `Monsieur X`;
- authors and species before a full stop: `Haddad M. Tuberculose osseuse`, `M. Avium`;
- `Frau` as a woman: `eine schwangere Frau Blutungen hat`.
"""

import re
from collections.abc import Iterator

_UPPER = "A-ZÀ-ÖØ-ÞŒŠŽŁÇ"
_LETTER = r"[^\W\d_]"
_WORD = rf"[{_UPPER}](?:{_LETTER}|['’-](?={_LETTER}))+"
_PARTICLE = (
    r"(?:(?:de la|de|du|des|d['’]|van der|van den|van|von der|von|vom|zu|ben|bin|el|al"
    r"|Le|La|De|Du|El|Ben|Van|Von|St\.?) ?)"
)
_INITIALS = rf"(?:[{_UPPER}]\.[ -]?)"
_NAME = rf"{_INITIALS}{{0,3}}{_PARTICLE}{{0,2}}{_WORD}"
_NAMES = re.compile(rf"{_NAME}(?:[ \u00a0]+{_NAME}){{0,3}}")
_TOKEN = re.compile(_WORD)
_NEXT = re.compile(rf"(?:,| et| und| and| &)[ \u00a0]+(?={_NAME})")
_ONE_INITIAL = re.compile(rf"{_INITIALS} (?!{_INITIALS})")

_FRENCH = (
    r"Monsieur|Madame|Mademoiselle|MM\.|M\.|Mr\.?|Mmes?\.?|Mlles?\.?|Melle\.?"
    r"|Drs?\.?|Docteurs?|Doctoresse|Prs?\.?|Professeure?s?"
)
_GERMAN = r"Herrn?|Frau|Hr\.|Dr\.|Doktor|Prof\.|Professor(?:in)?|PD|Priv\.-Doz\."
_ENGLISH = r"Mr\.?|Mrs\.?|Ms\.?|Drs?\.?|Doctor|Professor|Prof\.?"
_PLURAL = re.compile(r"MM|Mmes|Mlles|Drs|Docteurs|Prs|Professeure?s|Herren")
_CIVIL = re.compile(r"M[ .]|Mon|Mad|Mr|Mm|Ml|Mel|Ms|Her|Frau|Hr")
_DEGREES = r"(?:(?:med|dent|rer|nat|phil|h|c|vet|habil|univ|hum|biol|pharm)\.[ \u00a0]?)*"
_TITLES = {
    "fr": re.compile(rf"(?<![\w.'’-])(?:{_FRENCH})[ \u00a0\u202f]+"),
    "de": re.compile(rf"(?<![\w.-])(?:{_GERMAN})[ \u00a0]+{_DEGREES}"),
    "en": re.compile(rf"(?<![\w.-])(?:{_ENGLISH})[ \u00a0]+"),
}
_ALL_TITLES = re.compile(
    rf"(?<![\w.'’-])(?:{_FRENCH}|{_GERMAN}|{_ENGLISH})[ \u00a0\u202f]+{_DEGREES}"
)
_TITLE_BEGINS = re.compile(r"(?:M[oaeMmrls.]|D[ro]|P[rD]|H[er]|Fr)(?<![\w.-]..)")
"""of any language: a search that begins with letters is many times faster than a look-behind"""
_MAIDEN = re.compile(
    rf",?[ \u00a0]+\(?(?:née?|épouse|ép\.|veuve|geb\.|geborene?)[ \u00a0]+(?P<name>{_NAME})"
)

_THINGS = re.compile(
    r"(?:syndrome|maladie|signe|test|score|[ée]chelle|classification|m[ée]thode|technique|op[ée]ration"
    r"|proc[ée]d[ée]|man[œo]e?uvre|r[ée]gime|di[èe]te|fracture|loi|crit[èe]res?|triade|indice|formule|r[ée]action"
    r"|coloration|th[ée]or[iè]\w*|rue|avenue|av\.|boulevard|bd|place|quai|all[ée]e|impasse|square|h[ôo]pital"
    r"|hospitalier|clinique|centre|institut|fondation|lyc[ée]e|prix|laboratoires?|labo|polyclinique|maternité"
    r"|baume|tisane|Syndrom|Krankheit|Methode|Technik|Klassifikation|Operation|Diät|Verfahren|Klinik|Therapie"
    r"|Stiftung|Morbus|Firma|Institut|syndrome of|disease of|sign of)"
    r"(?:[ \u00a0](?!par\b|chez\b|avec\b|selon\b|vers\b|et\b)[\w-]+)?"
    r"(?:[ \u00a0](?:de la|du|de|des|le|la|nach|von|of|the))?[ \u00a0\"«“]*$",
    re.I,
)
_FIRM = re.compile(
    r"[\w’'& .-]{0,60}?\b(?:Pharma\w*|GmbH|AG|KG|SE|Laborator\w+|Arzneimittel\w*|Ltd|Inc|S\.A\.)"
    r"(?!\w)"
)
_THING_NAMED = re.compile(r"['’]s?\b|-(?:Syndrom|Krankheit|Test|Zeichen|Str|Weg|Platz|Klinik)")
_STREET = re.compile(r"-(?:Str|Straße|Strasse|Weg|Platz|Allee|Ring)$", re.I)
_AGE = re.compile(
    r",?[ \u00a0]*\(?\d{1,3}[ \u00a0-]*(?:ans|an|mois|jours|Jahre|jährig|years|months|y)"
)
_QUANTITY = re.compile(r"[ \u00a0\u202f:]*[<>≤≥±~]?[ \u00a0]*\d")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.casefold().split())


# Capitalised words that follow a title or a name without being one.
_NO_NAMES = _words(
    """
    Il Elle Ils Elles Le La Les Un Une Ce Cet Cette Ces Des Du De Au Aux En Et Ou Mais Or Son
    Sa Ses Notre Nous Vous On Je Qui Que Dans Pour Par Sur Avec Chez Après Avant Lors Depuis
    Doktor Docteur Doctoresse Professeur Professeure Professor Professorin Prof Dr Drs Pr Prs
    Monsieur Madame Mademoiselle Mme Mlle Mr Herr Frau Mrs Agrégé Agrégée Agrege Assistant
    Assistante Associé Associée Titulaire Emérite Émérite Honoraire Adjoint Président
    Présidente Directeur Directrice Ministre Maire Préfet Juge Interne Résident Chef Service
    Université Universitaire Hôpital Hopital CHU CHR CHRU Faculté Département Unité Clinique
    Centre Institut Médecine Médecin Pharmacien Sciences Agé Agée Âgé Âgée Système Systeme
    Papa Maman Ceci Cela Celui Celle Chief Vater Mutter Sohn Commissaire Rapporteur Gott
    Präsident Präsidentin Minister Ministerin Kollege Kollegin Kollegen Richter Vorsitzender
    Vorsitzende Oberarzt Chefarzt Patient Patientin Patiente Der Die Das Ein Eine Er Sie Es
    Wir Ich In Im Am Bei Mit Nach Und Oder Aber He She It The A An We They This That At And
    But President Scholl Schär Hauschka Oetker Pepper ECG EEG EMG IRM TDM CRP NFS HTA AVC BPCO
    VIH VHB VHC SIDA IMC AINS COVID ARDS HELLP PCR MRT Tuberculosis Avium Leprae Bovis
    Abscessus Kansasii Pneumoniae Catarrhalis Genitalium Hominis Marinum Janvier Février Mars
    Avril Mai Juin Juillet Août Septembre Octobre Novembre Décembre Lundi Mardi Mercredi Jeudi
    Vendredi Samedi Dimanche
    """
)
_LEADING = _words("Le La De Du El Ben Van Von")

# What may stand before `Frau` where it is a title: not an article or an adjective.
_BEFORE_FRAU = _words(
    """
    von bei mit für an und oder dass daß hat ist war wird wurde durch zu nach ohne gegen über
    als wie sagt liebe geehrte patientin stellte stellt berichtet klagt leidet erhielt bekam
    ob weil wenn da sich unserer
    """
)
# "pénicillines M. CLOXACILLINE agit …": a letter that names a class.
_CLASSES = re.compile(r"(?:ines?|groupe|type|classe|catégorie|stade|grade)$")
_LAST_WORD = re.compile(r"(?P<word>[\w.-]+)[ \u00a0]*$")


def find_names(text: str, language: str) -> Iterator[tuple[int, int]]:
    for title in _titles(text, _TITLES.get(language, _ALL_TITLES)):
        # "Monsieur B. Ceci …" ends a sentence at the initial; "Dr R. Lebrun" does not.
        anonymous = _CIVIL.match(title.group()) and _ONE_INITIAL.match(text, title.end())
        if anonymous or not _NAMES.match(text, title.end()) or not _is_title(text, title):
            continue
        start: int | None = title.end()
        while start is not None:
            end = _end_of_name(text, start)
            if end is None or _is_a_thing(text, start, end):
                break
            yield start, end
            maiden = _MAIDEN.match(text, end)
            if maiden:
                yield maiden.span("name")
            following = _NEXT.match(text, end) if _PLURAL.match(title.group()) else None
            start = following.end() if following else None


def _titles(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    end = 0
    for begin in _TITLE_BEGINS.finditer(text):
        if begin.start() >= end and (title := pattern.match(text, begin.start())):
            yield title
            end = title.end()


def _is_title(text: str, title: re.Match[str]) -> bool:
    """Whether a person is meant, judged by the words before the title."""
    before = text[max(0, title.start() - 40) : title.start()]
    if _THINGS.search(before):
        return False
    last = _LAST_WORD.search(before)
    word = last["word"] if last else ""
    written = title.group().strip()
    if written in ("M.", "MM."):
        # An author's initial or a molarity: after a surname, another initial, a number.
        ends_sentence = word.endswith(".") and len(word) > 3
        return not _CLASSES.search(word) and (word == "" or ends_sentence or word.islower())
    if written == "Frau":
        ends_sentence = word.endswith(".") and len(word) > 2
        return word == "" or ends_sentence or word.lower() in _BEFORE_FRAU
    return True


def _is_a_thing(text: str, start: int, end: int) -> bool:
    """A firm, a street or a disease that bears the name."""
    return bool(
        _FIRM.match(text, start)
        or _THING_NAMED.match(text, end)
        or _STREET.search(text, start, end)
    )


def _end_of_name(text: str, start: int) -> int | None:
    """Where the name stops: before a word that is none, or one that a quantity belongs to."""
    end: int | None = None
    match = _NAMES.match(text, start)
    if match is None:
        return None
    for token in _TOKEN.finditer(text, match.start(), match.end()):
        word = token.group()
        leads = word.casefold() in _LEADING and token.end() < match.end()
        if leads:
            continue
        first = end is None
        if word.casefold() in _NO_NAMES or (word.isupper() and len(word) < (3 if first else 4)):
            break
        belongs_to_number = _QUANTITY.match(text, token.end()) and not _AGE.match(text, token.end())
        if belongs_to_number and not first:
            break
        end = token.end()
    return end
