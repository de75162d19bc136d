"""Statements as publishers, archives and offices write them, and what must not be made of them."""

import time

import pytest

from hub.licences.expression import licence_of, permission
from hub.licences.recognise import recognise

READ = [
    ("© 2014 Smith et al.; licensee BioMed Central Ltd. This is an Open Access article distributed "
     "under the terms of the Creative Commons Attribution License (http://creativecommons.org/"
     "licenses/by/2.0), which permits unrestricted use. The Creative Commons Public Domain "
     "Dedication waiver (http://creativecommons.org/publicdomain/zero/1.0/) applies to the data "
     "made available in this article, unless otherwise stated.", "CC-BY-2.0"),
    ("This article is licensed under a Creative Commons Attribution 4.0 International License, "
     "which permits use, sharing, adaptation, distribution and reproduction in any medium or "
     "format. The images or other third party material in this article are included in the "
     "article's Creative Commons license, unless indicated otherwise in a credit line to the "
     "material. If material is not included in the article's Creative Commons license and your "
     "intended use is not permitted by statutory regulation or exceeds the permitted use, you will "
     "need to obtain permission directly from the copyright holder. To view a copy of this "
     "license, visit http://creativecommons.org/licenses/by/4.0/.", "CC-BY-4.0"),
    ("This is an Open Access article distributed in accordance with the Creative Commons "
     "Attribution Non Commercial (CC BY-NC 4.0) license, which permits others to distribute, "
     "remix, adapt, build upon this work non-commercially, and license their derivative works on "
     "different terms, provided the original work is properly cited and the use is "
     "non-commercial. See: http://creativecommons.org/licenses/by-nc/4.0/", "CC-BY-NC-4.0"),
    ("under the terms of the Creative Commons Attribution-NonCommercial-NoDerivs License, which "
     "permits use and distribution in any medium, provided the original work is properly cited, "
     "the use is non-commercial and no modifications or adaptations are made.",
     "LicenseRef-CC-BY-NC-ND"),
    ("open-access article distributed under the terms of the Attribution License, which permits "
     "unrestricted use", "LicenseRef-CC-BY"),
    ("This article is free of all copyright. The work is made available under the Creative Commons "
     "CC0 public domain dedication.", "CC0-1.0"),
    ("Ce document est mis à disposition selon les termes de la Licence Creative Commons "
     "Attribution - Pas d’Utilisation Commerciale - Pas de Modification 4.0 International.",
     "CC-BY-NC-ND-4.0"),
    ("Licence Creative Commons Attribution - Partage dans les Mêmes Conditions 3.0 France",
     "CC-BY-SA-3.0"),
    ("Dieses Werk ist lizenziert unter einer Creative Commons Namensnennung - Nicht kommerziell - "
     "Keine Bearbeitungen 4.0 International Lizenz", "CC-BY-NC-ND-4.0"),
    ("Creative-Commons-Lizenz Namensnennung - Weitergabe unter gleichen Bedingungen 3.0",
     "CC-BY-SA-3.0"),
    ("https://creativecommons.org/licenses/by-nc-sa/3.0/fr/deed.fr", "CC-BY-NC-SA-3.0"),
    ("www.creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
    ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
    ("CC-BY-3.0-DE", "CC-BY-3.0"),
    ("CC BY 3.0 IGO", "CC-BY-3.0"),
    ("CC BY 2.1 JP", "LicenseRef-CC-BY"),
    ("CC‑BY‑NC 4.0", "CC-BY-NC-4.0"),
    ("Licence Ouverte / Open Licence version 2.0 (Etalab)", "etalab-2.0"),
    ("Licence Ouverte v1.0", "LicenseRef-etalab-1.0"),
    ("GNU Free Documentation License", "GFDL-1.3-or-later"),
    ("CC BY-SA 3.0 and GFDL", "CC-BY-SA-3.0 AND GFDL-1.3-or-later"),
    ("MIT OR (Apache-2.0 AND CC-BY-4.0)", "(Apache-2.0 AND CC-BY-4.0) OR MIT"),
    ("NC-SA 3.0 or NC-ND 4.0", "CC-BY-NC-ND-4.0 OR CC-BY-NC-SA-3.0"),
    ("Reuse is authorised under Commission Decision 2011/833/EU.", "LicenseRef-EU-reuse-2011-833"),
    ("This is a work of the U.S. Government and is not subject to copyright.",
     "LicenseRef-US-Government-work"),
    ("§ 5 Abs. 1 UrhG", "LicenseRef-UrhG-5-1"),
    ("tongyi-qianwen-research", "LicenseRef-tongyi-qianwen-research"),
    ("llama3.1", "LicenseRef-llama3.1"),
    ("on request", "LicenseRef-on-request"),
    ("NO-CC CODE", "LicenseRef-PMC-no-CC-code"),
    ("odc-by", "ODC-By-1.0"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "id"), READ)
def test_words_as_they_are_found(words, id):
    assert recognise(words) == id


TRAPS = [
    "This article is not licensed under CC BY 4.0",
    "CC BY 4.0 does not apply to this article",
    "All articles except this one are under CC BY 4.0",
    "Creative Commons Attribution License. For commercial re-use, please contact the publisher.",
    "CC BY 4.0. The text must not be altered.",
    "CC BY 4.0, text and data mining is prohibited",
    "CC BY 4.0. No part may be used to train an artificial intelligence.",
    "CC BY 4.0; réservé à un usage non commercial",
    "CC BY 4.0, nur für die Forschung",
    "CC BY 4.0 for academic use only",
    "CC BY 4.0 (uniquement pour la recherche)",
    "CC BY -NC 4.0",
    "CC BY + NC",
    "CC\x00BY 4.0",
    "CC BY\u202e-NC 4.0",
    "CC BY\u200b-NC 4.0",
    "http://creativecommons.org/licenses/by/9.9/",
    "http://creativecommons.org/licenses/by-xx/4.0/",
    "https://example.com/creativecommons.org/licenses/by/4.0/",
    "http://notcreativecommons.org/licenses/by/4.0/",
    "http://creativecommons.org/licenses/by-nc/4.0/ CC BY 4.0",
    "Creative Commons Attribution Non Profit License",
    "Creative Commons Attribution-XX License",
    "GPL-2.0-only WITH Commons-Clause",
    "MIT AND Proprietary",
    "Apache License 2.0, non-commercial use only",
    "in the spirit of the PLoS principles for open access",
    "The Creative Commons CC0 waiver applies to the data made available in this article.",
    "CC BY 4.0 pending",
    "formerly under CC BY 4.0",
    "CC BY 4.0 for non-profit organisations",
    "CC BY 4.0. Commercial licences are available on request from sales@example.org",
    "CC BY 4.0 (abstract only)",
    "Metadata: CC0",
    "Metadata are CC0, full text under the publisher's terms",
    "The accompanying software is under the MIT license.",
    "Figure 3 is under CC BY 4.0",
    "Table 2 was reproduced under CC BY 4.0 from Smith et al.",
    "This article will be published under CC BY 4.0 after an embargo of 12 months",
    "CC BY 4.0; Vervielfältigung und Weitergabe nicht gestattet",
    "CC BY 4.0, diffusion interdite",
    "CC BY 4.0, for internal use only",
    "CC BY 4.0 - usage interne",
    "CC BY 4.0 except for companies, who ask for permission to make commercial use",
    "free",
    "open access",
    "Attribution is required",
]


@pytest.mark.parametrize("words", TRAPS)
def test_nothing_permissive_is_made_of_them(words):
    id = recognise(words)
    assert id is None or permission(id, ("publish_adapted", "commercial")) != "allowed"


HOSTILE = [
    "creative commons attribution " * 40_000,
    "creative commons attribution " * 650,
    "cc by-nc-" * 2_000,
    "non " * 5_000,
    "(" * 20_000,
    "MIT OR " * 2_500,
    "CC BY 4.0 " + "\x07" * 100_000,
    "not " * 4_999,
    "data mining " * 1_600,
    "open access " * 1_600 + "attribution licence",
    "licence ouverte / open licence " * 600,
    "à des fins " * 1_500 + "cc by 4.0",
]


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_read_fast(words):
    began = time.process_time()
    id = recognise(words)
    assert time.process_time() - began < 1.0
    assert id is None or licence_of(id).id == id


def test_one_branch_of_an_or_has_to_allow_everything_at_once():
    either = "CC-BY-ND-4.0 OR CC-BY-NC-4.0"
    assert permission(either, ("commercial",)) == "allowed"
    assert permission(either, ("publish_adapted",)) == "allowed"
    assert permission(either, ("publish_adapted", "commercial")) == "forbidden"
