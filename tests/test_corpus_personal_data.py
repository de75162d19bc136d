"""Personal data: hand-made cases with and without, and that masking keeps every quantity."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.personal_data import (
    PLACEHOLDERS,
    find,
    is_health_insurance_number,
    is_pension_insurance_number,
    mask,
)

# What is to be masked stands between ⟦ and ⟧.
POSITIVE = [
    # e-mail
    ("fr", "Écrire à ⟦jean.dupont@chu-lyon.fr⟧."),
    ("fr", "<⟦secretariat_cardio+rdv@aphp.fr⟧>, merci"),
    ("fr", "contact : ⟦m-claire.le-goff@sante.gouv.fr⟧; fax ⟦01 44 55 66 77⟧"),
    ("fr", "⟦pharmacovigilance (at) exemple.fr⟧ pour déclarer"),
    ("de", "Mail an ⟦müller@klinikum-köln.de⟧, bitte"),
    ("de", "⟦max.muster[at]uni-leipzig.de⟧"),
    ("en", "E-mail: ⟦POLATOM@POLATOM.PL⟧ today"),
    # French telephone numbers
    ("fr", "Tél. ⟦06 12 34 56 78⟧"),
    ("fr", "joignable au ⟦06 12 34 56 78⟧, dose 5 mg"),
    ("fr", "Tél : ⟦0612345678⟧ / ⟦0712345679⟧"),
    ("fr", "tél. ⟦01.44.55.66.77⟧ - fax ⟦01.44.55.66.78⟧"),
    ("fr", "Fax : ⟦04-72-11-22-33⟧"),
    ("fr", "téléphoner au ⟦+33 6 12 34 56 78⟧ avant 10 h"),
    ("fr", "Tel: ⟦+33(0)139177000⟧ Fabricant"),
    ("fr", "⟦+33 (0)1 58 83 84 96⟧"),
    ("fr", "Tel. : ⟦(+33) (0)1 58 83 84 96⟧"),
    ("fr", "Tél. ⟦0033 1 44 55 66 77⟧"),
    ("fr", "N° vert ⟦0800 222 555⟧ (gratuit)"),
    ("fr", "numéro vert ⟦0 800 130 000⟧, 7 j/7"),
    ("fr", "⟦06\u00a012\u00a034\u00a056\u00a078⟧ le soir"),
    ("fr", "téléphone ⟦01 02 03 04 05⟧"),
    ("fr", "Tél: ⟦+32 2 548 84 84⟧ (Belgique)"),
    ("fr", "portable : ⟦06.12.34.56.78⟧. Poids 70 kg"),
    # German telephone numbers
    ("de", "Tel.: ⟦0341 9712345⟧"),
    ("de", "Telefon ⟦0341/97-12345⟧, Fax ⟦0341/97-12399⟧"),
    ("de", "Tel. ⟦(030) 450 50⟧ oder E-Mail"),
    ("de", "Tel: ⟦+49 (0) 6172 273 2222⟧"),
    ("de", "⟦+49 30 450570000⟧"),
    ("de", "Handy ⟦0151 23456789⟧"),
    ("de", "erreichbar unter ⟦0170/12345678⟧ am Abend"),
    ("de", "Telefonnummer: ⟦089 / 5160-0⟧"),
    ("de", "Telefon ⟦0341 9712345⟧ 10 mg morgens"),
    ("de", "Faxnummer ⟦06221 56-0⟧"),
    # insurance numbers
    ("fr", "NIR ⟦2 95 10 99 126 111 93⟧"),
    ("fr", "n° ⟦295109912611193⟧"),
    ("fr", "Assuré ⟦253072B07300470⟧ depuis 2010"),
    ("fr", "INS : ⟦2 53 07 2B 073 004 70⟧"),
    ("fr", "n° de sécurité sociale ⟦2 95 10 99 126 111⟧"),
    ("fr", "NIR ⟦2 95 10 99 126 111 clé 93⟧"),
    ("de", "Versichertennummer: ⟦A123456780⟧"),
    ("de", "KVNR ⟦A123456780⟧, Kasse AOK"),
    ("de", "Rentenversicherungsnummer ⟦15 070649 C 103⟧"),
    ("de", "SV-Nummer ⟦15070649C103⟧"),
    # names
    ("fr", "Monsieur ⟦Dupont⟧, 65 ans, consulte"),
    ("fr", "M. ⟦Jean Dupont⟧ est hospitalisé"),
    ("fr", "Mme ⟦DURAND⟧ née ⟦Lefèvre⟧ a été opérée"),
    ("fr", "Madame ⟦Marie-Claude de La Tour⟧ vient"),
    ("fr", "adressée par le Dr ⟦Le Goff⟧ pour un bilan"),
    ("fr", "le Pr ⟦J.-P. Martin⟧ confirme"),
    ("fr", "avis du Docteur ⟦Nguyen⟧: IRM"),
    ("fr", "vu par le Dr. ⟦Martin⟧ ECG normal"),
    ("fr", "Mlle ⟦O’Connor⟧ reçoit 5 mg"),
    ("fr", "les Drs ⟦Martin⟧ et ⟦Petit⟧ ont conclu"),
    ("fr", "Mme ⟦Dupont⟧ Kardégic 75 mg par jour"),
    ("fr", "Monsieur ⟦Jean Dupont⟧ 65 ans"),
    ("fr", "service du Pr ⟦Francillon⟧, Lyon"),
    ("de", "Herr ⟦Müller⟧ wurde aufgenommen"),
    ("de", "bei Frau ⟦Schmidt-Weiß⟧ besteht"),
    ("de", "Herrn Dr. med. ⟦Hans Meier⟧ danke ich"),
    ("de", "Prof. Dr. ⟦von der Heydt⟧ operierte"),
    ("de", "Frau ⟦Weber⟧ geb. ⟦Krause⟧, 45 Jahre"),
    ("de", "Frau Doktor ⟦Luger⟧ empfahl Ruhe"),
    ("en", "Mrs ⟦Miller⟧ was seen by Dr. ⟦Otto⟧"),
]

NEGATIVE = [
    ("fr", text)
    for text in """10 000 000 UI par jour
pénicilline G 10 000 000 UI/24 h
05 10 15 20 25
scores 01 02 03 04 05 points
06 12 34 56 78 mg
0,5 à 1,5 mg/kg/j
de 0 800 000 à 1 200 000 plaquettes
leucocytes 12 000/mm3, plaquettes 450 000/mm3
né le 06.12.1934 à 56 km
le 01/02/2019 à 10:30:00
01-02-2019 - 03-04-2020
doi 10.1016/j.jaci.2019.01.044
doi:10.11604/pamj.2014.19.01.4567
10.1371/journal.pone.0123456
ISBN 978-2-07-036822-8
ISBN 2-07-036822-X
ISBN 0-12-345678-9
ISSN 0123-4567
1986;79(2):420-8
p. 1023-1031
pages 0123456789
PMID 012345678
code CIP 3400930000014
CIP : 34009 300 000 1 4
CIS 60234100
EAN 0612345678901
lot 0612345678
ATC C09AA02
CIM-10 E11.9
NCT01234567
UniProt P12345
article L.1111-7 du code de la santé publique
articles R. 4127-1 à R. 4127-112
no CAS 50-78-2
EudraCT 2012-001234-56
TA 12/8, FC 80/min, SpO2 98 %
0,9 % 500 mL
PaO2 @ 0.21
ratio 1:1 000 000
1 85 05 78 006 084 mg
1 111 111 111 111 11
185057800608499
2 95 10 99 126 111 94
CRP < 5 mg/L ; D-dimères > 500 ng/mL
0 à 10 15 20 25 30 minutes
+20 000 UI
+ 10 000 000 copies/mL
composer le 15 ou le 112
appeler le 3237
tel que 0612
syndrome du Dr Down
maladie du Pr Parkinson
signe du Docteur Babinski
rue du Dr Roux
12 avenue du Docteur Calmette
Hôpital du Dr Schaffner
centre hospitalier Dr Schaffner
Centre neuropsychiatrique Dr Joseph-Guislain
Monsieur X. et Madame Y
Mme B., 65 ans
Monsieur B. Ceci étant
Il s'agit de Mme HK, âgée de 27 ans
Il s'agit de Mme O. E. Agée de 42 ans
Madame, Monsieur, bonjour
Monsieur le Président
Madame la Ministre
le Professeur agrégé
Professeur Agrégé de médecine
Haddad M. Tuberculose osseuse. Pan Afr Med J
Dupont J, Martin M. Cancer du sein
M. tuberculosis et M. Avium
pénicillines M. CLOXACILLINE agit
antalgique (M. SYSTEME LOCOMOTEUR)
intervalle PR 200 ms
Dr. Reddy's Laboratories
le docteur a prescrit du Doliprane 500 mg
Dr Falk Pharma GmbH
5 M. Ensuite on ajoute
DR 12 et ME 4
Monsieur et Madame ont consenti
@nom et nom@domaine
p@0.05""".splitlines()
] + [
    ("de", text)
    for text in """eine schwangere Frau Blutungen hat
eine 45-jährige Frau Anfang März
Die Frau Doktor kam
der Herr Gott
Herr Präsident
Frau B. stellte sich vor
Operation nach Prof. Billroth
Morbus Prof. Basedow
Dr.-Schneider-Straße 5
Dr. Falk Pharma GmbH
Dr. Kade Pharmazeutische Fabrik GmbH
PZN 01234567
PZN-01234567
Ch.-B. A123456780
Lot C123456789
15 070649 C 104
15993949C103
10.000.000 IE
0,5-1,5 mg
vom 01.02.2019 bis 03.04.2020
§ 291a Abs. 2 SGB V
ICD-10 E11.90
0341 Punkte und 9712345 Zellen
BGBl. I S. 1234, 1245
Az. 0341/9712345
ISBN 3-540-12345-6
Tel Aviv 0341""".splitlines()
]


def parts(marked: str) -> tuple[str, list[str]]:
    return marked.replace("⟦", "").replace("⟧", ""), re.findall("⟦(.*?)⟧", marked)


@pytest.mark.parametrize(("language", "marked"), POSITIVE)
def test_personal_data_is_found_whole(language: str, marked: str) -> None:
    text, expected = parts(marked)
    assert [text[span.start : span.end] for span in find(text, language)] == expected


@pytest.mark.parametrize(("language", "text"), NEGATIVE)
def test_nothing_else_is_taken(language: str, text: str) -> None:
    assert find(text, language) == []
    assert find(f"Voir {text} .", language) == []


def test_mask_says_what_it_masked() -> None:
    masked = mask("Mme Durand, tél. 06 12 34 56 78, a@b.fr ou c@d.fr : 5 mg", "fr")
    assert masked.text == "Mme [NAME], tél. [PHONE], [EMAIL] ou [EMAIL] : 5 mg"
    assert masked.counts == {"email": 2, "name": 1, "phone": 1}
    assert mask("Rien.", "fr").counts == {}


def test_kinds_can_be_left_alone() -> None:
    text = "M. Dupont, a@b.fr"
    assert mask(text, "fr", ["email"]).text == "M. Dupont, [EMAIL]"


def test_an_unknown_language_gets_the_forms_of_all() -> None:
    text = "Herr Meier, Tel. 0341/97-12345; Mme Petit, 06 12 34 56 78"
    assert mask(text, "").counts == {"name": 2, "phone": 2}


@pytest.mark.parametrize("valid", ["A123456780", "J123456789"])
def test_health_insurance_checksum(valid: str) -> None:
    wrong = [valid[:9] + str(digit) for digit in range(10) if str(digit) != valid[9]]
    assert [is_health_insurance_number(n) for n in [valid, *wrong]] == [True] + 9 * [False]


def test_pension_insurance_checksum() -> None:
    found = [f"15070649C10{digit}" for digit in range(10)]
    assert [n for n in found if is_pension_insurance_number(n)] == ["15070649C103"]
    assert not is_pension_insurance_number("15330649C103")


TOKENS = st.sampled_from(
    [text for _, text in NEGATIVE]
    + [parts(marked)[0] for _, marked in POSITIVE]
    + [
        "5 mg",
        "≥ 10 %",
        "0",
        "1",
        "06",
        "12 34",
        "+33",
        "10 000",
        "M.",
        "Dr",
        "Frau",
        "Dupont",
        "Tél.",
        "@",
    ]
)
TEXTS = st.lists(st.one_of(TOKENS, st.text(max_size=5)), max_size=8).flatmap(
    lambda tokens: st.sampled_from([" ", ", ", "\n", ""]).map(lambda gap: gap.join(tokens))
)
LANGUAGES = st.sampled_from(["fr", "de", "en", ""])


@settings(deadline=None, max_examples=400)
@given(TEXTS, LANGUAGES)
def test_spans_are_ordered_and_do_not_overlap(text: str, language: str) -> None:
    spans = find(text, language)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))


@settings(deadline=None, max_examples=400)
@given(TEXTS, LANGUAGES)
def test_masking_twice_is_masking_once(text: str, language: str) -> None:
    once = mask(text, language)
    assert mask(once.text, language).text == once.text
    assert mask(once.text, language).counts == {}


QUANTITY = re.compile(
    r"[<>≤≥±~]?\s?\d[\d\u00a0\u202f .,]*\s?(?:mg(?:/kg)?|[µμ]g|g|kg|mL|UI|%|mmHg|ans|mm3)(?!\w)"
)


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.sampled_from([parts(marked)[0] for _, marked in POSITIVE]), max_size=4),
    st.lists(
        st.builds(
            "{}{} {}".format,
            st.sampled_from(["", "≥ ", "< ", "de ", "Tél. ", "M. "]),
            st.sampled_from(["5", "0,5", "10 000 000", "06 12 34 56 78", "0612345678", "1,5-2"]),
            st.sampled_from(["mg", "µg", "UI", "%", "mmHg", "mg/kg", "kg", "mm3"]),
        ),
        max_size=4,
    ),
    LANGUAGES,
)
def test_quantities_survive(personal: list[str], quantities: list[str], language: str) -> None:
    text = " ; ".join(value for pair in zip(personal, quantities, strict=False) for value in pair)
    masked = mask(text, language).text
    for quantity in quantities[: len(personal)]:
        for found in QUANTITY.findall(quantity):
            assert found in masked


def test_placeholders_mean_nothing_clinical() -> None:
    for placeholder in PLACEHOLDERS.values():
        assert not re.search(r"[\d<>=±%.,/-]", placeholder)


@pytest.mark.parametrize(
    "unit", ["a" * 50_000, "a." * 25_000, "0" * 50_000, "0 " * 25_000, "M. A" * 9_000]
)
def test_long_runs_take_no_quadratic_time(unit: str) -> None:
    import time

    start = time.process_time()
    find(unit + "@ tél", "")
    assert time.process_time() - start < 5
