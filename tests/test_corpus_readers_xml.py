"""TEI, XMI, TMX and JATS: what is taken, what is left out, and what hostile XML cannot do."""

from pathlib import Path

import pytest

from corpus.document import SourceDocument
from corpus.readers.registry import READERS
from corpus.settings import ReaderName, SourceSettings
from hub.licences.evidence import Evidence, resolve

_CC_BY = "http://creativecommons.org/licenses/by/4.0/"
_HAL = f"""<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc>
<titleStmt><title>HAL TEI export of hal-1</title></titleStmt>
<publicationStmt><availability status="restricted">
<licence target="{_CC_BY}">Distributed under a Creative Commons Attribution 4.0
International License</licence></availability></publicationStmt></fileDesc></teiHeader>
<text><body><listBibl><biblFull><titleStmt>
<title xml:lang="en">Iron in
   children</title><title xml:lang="en" type="sub">A review</title>
<title xml:lang="fr">Le fer</title>
<author><persName><forename>Ana</forename><surname>Roy</surname></persName><email>x</email></author>
</titleStmt><publicationStmt><idno type="halId">hal-1</idno>RECORD</publicationStmt>
<sourceDesc><biblStruct><analytic><title xml:lang="en">Iron in children</title></analytic>
</biblStruct></sourceDesc><profileDesc><langUsage><language ident="en"/></langUsage>
<abstract xml:lang="en">Ferritin below 30 µg/L.</abstract>
<abstract xml:lang="fr"><p>Ferritine sous 30 µg/L.</p></abstract></profileDesc></biblFull>
</listBibl>BODY</body></text></TEI>"""
_FULL_TEXT = "<div><head>Méthode</head><p>10<hi rend='sup'>5</hi> UI.</p></div>"
_NC = '<availability><licence target="http://creativecommons.org/licenses/by-nc/4.0/"/></availability>'


def _read(
    reader: ReaderName, path: Path, content: str | bytes, language: str = ""
) -> list[SourceDocument]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = SourceSettings(reader=reader, files="*", language=language)
    return list(READERS[reader]("s", settings, path))


def _hal(path: Path, body: str = "", record: str = "") -> list[SourceDocument]:
    return _read("tei", path, _HAL.replace("BODY", body).replace("RECORD", record))


def test_a_hal_record_gives_one_document_a_language(tmp_path: Path) -> None:
    english, french = _hal(tmp_path / "a.xml")
    assert (english.id, english.language) == ("hal-1", "en")
    assert english.text == "Iron in children\n\nA review\n\nFerritin below 30 µg/L."
    assert (french.id, french.language) == ("hal-1:fr", "fr")
    assert french.text == "Le fer\n\nFerritine sous 30 µg/L."
    assert english.attribution == "Ana Roy"


def test_hals_header_licenses_the_notice_and_says_so(tmp_path: Path) -> None:
    (evidence,) = _hal(tmp_path / "a.xml")[0].evidence
    assert evidence.rank == 1
    assert "notice" in evidence.statement
    assert resolve([evidence]).licence == "CC-BY-4.0"


def test_hals_header_does_not_license_a_full_text(tmp_path: Path) -> None:
    document = _hal(tmp_path / "a.xml", body=_FULL_TEXT)[0]
    assert document.text.endswith("Méthode\n\n10⁵ UI.")
    assert document.evidence == ()
    stated = _hal(tmp_path / "b.xml", body=_FULL_TEXT, record=_NC)[0]
    assert resolve(stated.evidence).licence == "CC-BY-NC-4.0"


def test_a_records_stricter_licence_wins_over_the_notices(tmp_path: Path) -> None:
    assert resolve(_hal(tmp_path / "a.xml", record=_NC)[0].evidence).licence == "CC-BY-NC-4.0"


def test_a_search_result_of_several_records(tmp_path: Path) -> None:
    start, end = _HAL.index("<biblFull>"), _HAL.index("</biblFull>") + len("</biblFull>")
    second = _HAL[start:end].replace("hal-1", "hal-2")
    documents = _read("tei", tmp_path / "a.xml", _HAL[:end] + second + _HAL[end:])
    assert [document.id for document in documents] == ["hal-1", "hal-1:fr", "hal-2", "hal-2:fr"]


def test_tei_full_text_keeps_every_word_of_front_and_body(tmp_path: Path) -> None:
    tei = """<TEI><teiHeader><fileDesc><titleStmt><title>Titre</title></titleStmt><publicationStmt>
    <availability><p>Tous droits réservés</p></availability></publicationStmt></fileDesc>
    <profileDesc><langUsage><language ident="fr"/></langUsage></profileDesc></teiHeader>
    <text><front><div type="abstract"><p>Résumé.</p></div><div><p>Dédicace.</p></div></front>
    <body>libre<p>avant <list><item>un</item><item>deux</item></list> après<lb/>fin</p></body>
    <back><div type="appendix"><p>Annexe.</p></div><div><listBibl/></div></back></text></TEI>"""
    (document,) = _read("tei", tmp_path / "a.xml", tei)
    blocks = "Titre|Résumé.|Dédicace.|libre|avant|un|deux|après fin|Annexe."
    assert document.text.split("\n\n") == blocks.split("|")
    assert document.evidence == (Evidence(1, "Tous droits réservés"),)


def test_an_xmi_has_its_text_and_the_annotators_word_on_its_licence(tmp_path: Path) -> None:
    xmi = """<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
    xmlns:custom="http:///webanno/custom.ecore" xmlns:t="urn:t">
    <t:DocumentMetaData language="x-unspecified"/>
    <custom:METADATA docName="FR1" docLanguage="fr" docLicense="CC BY 4.0" docAuthor="A  B;  C D"/>
    <cas:Sofa sofaID="_InitialView" sofaString="Fièvre.&#10;37,5 °C &lt; 38 °C"/></xmi:XMI>"""
    (document,) = _read("xmi", tmp_path / "a.xml", xmi)
    assert document == SourceDocument(
        "FR1", "s", "Fièvre.\n37,5 °C < 38 °C", "fr", "A B, C D", (Evidence(3, "CC BY 4.0"),)
    )


def test_an_xmi_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    xmi = """<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore">
    <cas:Sofa sofaURI="file:///etc/hostname"/></xmi:XMI>"""
    (document,) = _read("xmi", tmp_path / "a.xml", xmi)
    assert document.text == ""
    assert "elsewhere" in document.problem


def _tmx(count: int) -> str:
    unit = (
        '<tu><tuv xml:lang="en-GB"><seg>Wash {n}.</seg></tuv>'
        '<tuv xml:lang="fr-FR"><seg>Lavez <bpt i="1">&lt;b&gt;</bpt>{n}<ept i="1">x</ept>.</seg>'
        "</tuv></tu>"
    )
    units = "".join(unit.format(n=n) for n in range(count))
    return (
        f'<!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/><body>{units}</body></tmx>'
    )


def test_tmx_takes_one_language_twenty_units_a_document(tmp_path: Path) -> None:
    documents = _read("tmx", tmp_path / "a.tmx", _tmx(45), "fr")
    assert [len(document.text.split("\n")) for document in documents] == [20, 20, 5]
    assert documents[0].text.startswith("Lavez 0.\nLavez 1.")
    (english, *_) = _read("tmx", tmp_path / "a.tmx", _tmx(1), "en")
    assert english.text == "Wash 0."


def test_a_tmx_that_breaks_off_keeps_what_stands_before(tmp_path: Path) -> None:
    content = _tmx(45)
    *documents, last = _read("tmx", tmp_path / "a.tmx", content[: len(content) * 2 // 3], "fr")
    assert len(documents) == 2
    assert not any(document.problem for document in documents)
    assert last.problem.startswith("not well-formed XML")


def test_tmx_without_a_language_is_refused() -> None:
    with pytest.raises(ValueError, match="which side of the pairs"):
        SourceSettings(reader="tmx", files="*")


def test_jats_keeps_numbers_apart_and_raised(tmp_path: Path) -> None:
    jats = """<article xml:lang="fr"><body><sec><title>Dose</title><p>10<sup>5</sup> UI, le
    1<sup>er</sup> jour, 5 à 37,5\u00a0°C<list><list-item><p>un</p></list-item></list>fin</p>
    <def-list><def-item><term>Hb</term><def><p>hémoglobine</p></def></def-item></def-list>
    <p>5
    100</p></sec></body></article>"""
    (document,) = _read("jats", tmp_path / "a.xml", jats)
    blocks = "Dose|10⁵ UI, le 1er jour, 5 à 37,5\u00a0°C|un|fin|Hb|hémoglobine|5  100"
    assert document.text.split("\n\n") == blocks.split("|")


_ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
_BOMB = f'<!DOCTYPE a [<!ENTITY e0 "0123456789">{_ENTITIES}]>'
_SECRET = '<!DOCTYPE a [<!ENTITY e9 SYSTEM "{path}">]>'
_PLACES: dict[ReaderName, str] = {
    "jats": "<article><body><p>&e9;</p></body></article>",
    "tei": "<TEI><teiHeader/><text><body><p>&e9;</p></body></text></TEI>",
    "xmi": '<XMI xmlns:cas="http:///uima/cas.ecore"><cas:Sofa sofaString="&e9;"/></XMI>',
    "tmx": '<tmx><body><tu><tuv xml:lang="fr"><seg>&e9;</seg></tuv></tu></body></tmx>',
}


@pytest.mark.parametrize("reader", _PLACES)
def test_entity_bombs_and_external_entities_are_set_aside(
    tmp_path: Path, reader: ReaderName
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    for prologue in (_BOMB, _SECRET.format(path=secret.as_uri())):
        documents = _read(reader, tmp_path / "a.xml", prologue + _PLACES[reader], "fr")
        assert [bool(document.problem) for document in documents] == [True]
        assert not any("SECRET" in document.text for document in documents)


@pytest.mark.parametrize("reader", _PLACES)
def test_deep_nesting_and_wrong_encodings_are_set_aside(tmp_path: Path, reader: ReaderName) -> None:
    deep = "<a>" * 5_000 + "</a>" * 5_000
    wrong = '<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("cp1252")
    unknown = b'<?xml version="1.0" encoding="klingon"?><a/>'
    for content in (deep, wrong, unknown, b"", "{}"):
        (document,) = _read(reader, tmp_path / "a.xml", content, "fr")
        assert document.problem


def test_an_entity_of_the_document_itself_is_its_text(tmp_path: Path) -> None:
    jats = (
        '<!DOCTYPE article [<!ENTITY dose "5 mg">]><article><body><p>&dose;.</p></body></article>'
    )
    assert _read("jats", tmp_path / "a.xml", jats)[0].text == "5 mg."


_ARTICLE = """<article xmlns:mml="http://www.w3.org/1998/Math/MathML"><front><article-meta>
<title-group><article-title>Fer</article-title></title-group></article-meta></front><body><sec>
<p>De <inline-formula><mml:math><mml:msup><mml:mn>10</mml:mn><mml:mn>5</mml:mn></mml:msup>
</mml:math></inline-formula> à <mml:mfrac>
<mml:mrow><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mn>1</mml:mn>
</mml:mrow><mml:mn>2</mml:mn></mml:mfrac>, <mml:msup><mml:mi>e</mml:mi><mml:mi>kt</mml:mi>
</mml:msup></p><table-wrap><table><tr><td>0,04<xref>*</xref></td></tr></table><table-wrap-foot>
<fn><p>* p &lt; 0,05</p></fn></table-wrap-foot></table-wrap></sec></body><back><ack><p>Merci.</p>
</ack><app-group><app><title>Annexe</title></app></app-group><glossary><def-list><def-item>
<term>IC</term><def><p>intervalle de confiance</p></def></def-item></def-list></glossary><ref-list>
<ref><mixed-citation>Roy 2001</mixed-citation></ref></ref-list></back><floats-group><fig><caption>
<p>Figure : ferritine.</p></caption></fig></floats-group></article>"""


def test_jats_keeps_what_stands_apart_from_the_body_and_what_formulas_mean(tmp_path: Path) -> None:
    (document,) = _read("jats", tmp_path / "a.xml", _ARTICLE)
    assert document.text.split("\n\n") == [
        "Fer", "De 10⁵ à (a+1)/2, e^kt", "0,04*", "* p < 0,05", "Figure : ferritine.", "Annexe",
        "IC", "intervalle de confiance",
    ]  # fmt: skip


_PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">23</PMID><Article>
<ArticleTitle>[Iron in <i>children</i>].</ArticleTitle><Abstract><AbstractText Label="AIM">Ferritin
&lt; 30 µg/L.</AbstractText><AbstractText Label="RESULTS">10<sup>5</sup> cells.</AbstractText>
<CopyrightInformation>© 2014 Elsevier.</CopyrightInformation></Abstract><AuthorList><Author>
<LastName>Roy</LastName><ForeName>Ana</ForeName></Author><Author><CollectiveName>GROUPE
</CollectiveName>
</Author></AuthorList><Language>fre</Language>
<VernacularTitle>Le fer chez l'enfant.</VernacularTitle></Article>
<OtherAbstract Language="fre"><AbstractText>Ferritine sous 30 µg/L.</AbstractText>
</OtherAbstract></MedlineCitation></PubmedArticle><PubmedArticle><MedlineCitation><PMID>24</PMID>
<Article><ArticleTitle/></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"""


def test_pubmed_gives_a_document_a_language_the_articles_own_first(tmp_path: Path) -> None:
    french, english, empty = _read("pubmed", tmp_path / "a.xml", _PUBMED)
    assert (french.id, french.language) == ("23", "fr")
    assert french.text == "Le fer chez l'enfant.\n\nFerritine sous 30 µg/L."
    assert (english.id, english.language) == ("23:en", "en")
    assert english.text.split("\n\n") == [
        "Iron in children", "AIM: Ferritin < 30 µg/L.", "RESULTS: 10⁵ cells.",
    ]  # fmt: skip
    assert english.attribution == "Ana Roy, GROUPE"
    assert english.evidence == (Evidence(1, "© 2014 Elsevier."),)
    assert (empty.id, empty.problem) == ("24", "no title and no abstract")


_MODS = """<modsCollection xmlns="http://www.loc.gov/mods/v3"><mods><titleInfo><nonSort>Le</nonSort>
<title>fer</title><subTitle>Une revue</subTitle></titleInfo><titleInfo type="abbreviated"><title>F.
</title></titleInfo><name><namePart type="given">Ana</namePart>
<namePart type="family">Roy</namePart>
</name><language><languageTerm>fre</languageTerm></language>
<abstract lang="eng">Ferritin.</abstract>
<abstract>Ferritine.</abstract><accessCondition>CC BY 4.0</accessCondition><recordInfo>
<recordIdentifier>R1</recordIdentifier></recordInfo></mods></modsCollection>"""


def test_mods_gives_titles_and_abstracts_with_the_terms_of_access(tmp_path: Path) -> None:
    french, english = _read("mods", tmp_path / "a.xml", _MODS)
    assert (french.id, french.language) == ("R1", "fr")
    assert french.text == "Le fer\n\nUne revue\n\nFerritine."
    assert (english.id, english.text) == ("R1:en", "Ferritin.")
    assert french.attribution == "Ana Roy"
    assert resolve(french.evidence).licence == "CC-BY-4.0"
