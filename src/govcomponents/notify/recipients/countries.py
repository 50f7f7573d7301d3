"""Names of countries and territories as the last line of an address abroad, and the postage to each.

Source: names of GOV.UK's country register and its common synonyms; Royal Mail, "International zones"; the way names
are matched is that of alphagov/notifications-utils, `countries/`.
"""

# ruff: noqa: RUF001  # the apostrophes that people type

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

UNITED_KINGDOM: Final = "United Kingdom"

_UK_NAMES: Final = """\
United Kingdom; Cymru; England; Great Britain; Northern Ireland; Scotland; UK; Wales; GB; U.K.; United Kingdom
of Great Britain and Northern Ireland; Y Deyrnas Unedig; Lloegr; Yr Alban; Gogledd Iwerddon; Prydain Fawr;
Alderney; Brecqhou; Guernsey; Herm; Isle of Man; Jersey; Jethou; Lihou; Sark"""

_EUROPE: Final = """\
Albania; Andorra; Armenia; Austria; Azerbaijan; Azores; Balearic Islands; Belarus; Belgium; Bosnia and
Herzegovina; Bulgaria; Canary Islands; Corsica; Croatia; Cyprus; Czechia; Denmark; Estonia; Faroe Islands;
Finland; France; Georgia; Germany; Gibraltar; Greece; Greenland; Hungary; Iceland; Ireland; Italy; Kazakhstan;
Kosovo; Kyrgyzstan; Latvia; Liechtenstein; Lithuania; Luxembourg; North Macedonia; Madeira; Malta; Moldova;
Monaco; Montenegro; Netherlands; Norway; Poland; Portugal; Romania; Russia; San Marino; Serbia; Slovakia;
Slovenia; Spain; Sweden; Switzerland; Tajikistan; Turkey; Turkmenistan; Ukraine; Uzbekistan; Vatican City"""

_REST: Final = """\
Afghanistan; Akrotiri; Algeria; American Samoa; Angola; Anguilla; Antigua and Barbuda; Argentina; Aruba;
Ascension; Australia; Bahrain; Bangladesh; Barbados; Belize; Benin; Bermuda; Bhutan; Bolivia; Bonaire;
Botswana; Brazil; British Antarctic Territory; British Indian Ocean Territory; British Virgin Islands; Brunei;
Burkina Faso; Burundi; Cambodia; Cameroon; Canada; Cape Verde; Cayman Islands; Central African Republic;
Ceuta; Chad; Chile; China; Christmas Island; Cocos (Keeling) Islands; Colombia; Comoros; Congo; Congo
(Democratic Republic); Cook Islands; Costa Rica; Cuba; Curaçao; Dhekelia; Djibouti; Dominica; Dominican
Republic; East Timor; Ecuador; Egypt; El Salvador; Equatorial Guinea; Eritrea; Eswatini; Ethiopia; Falkland
Islands; Fiji; French Guiana; French Polynesia; Gabon; Ghana; Grenada; Guadeloupe; Guam; Guatemala; Guinea;
Guinea-Bissau; Guyana; Haiti; Honduras; Hong Kong; India; Indonesia; Iran; Iraq; Israel; Ivory Coast; Jamaica;
Japan; Jordan; Kenya; Kiribati; Kuwait; Laos; Lebanon; Lesotho; Liberia; Libya; Macao; Madagascar; Malawi;
Malaysia; Maldives; Mali; Marshall Islands; Martinique; Mauritania; Mauritius; Mayotte; Melilla; Mexico;
Micronesia; Mongolia; Montserrat; Morocco; Mozambique; Myanmar (Burma); Namibia; Nauru; Nepal; New Caledonia;
New Zealand; Nicaragua; Niger; Nigeria; Niue; Norfolk Island; North Korea; Northern Mariana Islands; Occupied
Palestinian Territories; Oman; Pakistan; Palau; Panama; Papua New Guinea; Paraguay; Peru; Philippines;
Pitcairn, Henderson, Ducie and Oeno Islands; Puerto Rico; Qatar; Réunion; Rwanda; Saba; Saint Barthélemy;
Saint Helena; Saint-Martin (French part); Saint Pierre and Miquelon; Samoa; Sao Tome and Principe; Saudi
Arabia; Senegal; Seychelles; Sierra Leone; Singapore; Sint Eustatius; Sint Maarten (Dutch part); Solomon
Islands; Somalia; South Africa; South Georgia and South Sandwich Islands; South Korea; South Sudan; Sri Lanka;
St Kitts and Nevis; St Lucia; St Vincent; Sudan; Suriname; Svalbard and Jan Mayen; Syria; Taiwan; Tanzania;
Thailand; The Bahamas; The Gambia; Togo; Tokelau; Tonga; Trinidad and Tobago; Tristan da Cunha; Tunisia; Turks
and Caicos Islands; Tuvalu; Uganda; United Arab Emirates; United States; United States Virgin Islands;
Uruguay; Vanuatu; Venezuela; Vietnam; Wallis and Futuna; Western Sahara; Yemen; Zambia; Zimbabwe"""

_OTHER_NAMES: Final = """\
Deutschland=Germany; Federal Republic of Germany=Germany; USA=United States; US=United States; U.S.A.=United
States; United States of America=United States; America=United States; España=Spain; Espana=Spain;
Italia=Italy; Österreich=Austria; Schweiz=Switzerland; Suisse=Switzerland; Svizzera=Switzerland;
Sverige=Sweden; Norge=Norway; Danmark=Denmark; Suomi=Finland; Polska=Poland; Nederland=Netherlands;
Holland=Netherlands; Belgique=Belgium; België=Belgium; Éire=Ireland; Republic of Ireland=Ireland; Irish
Republic=Ireland; Iwerddon=Ireland; Ellada=Greece; Hellas=Greece; Magyarország=Hungary; Česko=Czechia; Czech
Republic=Czechia; Slovak Republic=Slovakia; Hrvatska=Croatia; Slovenija=Slovenia; Srbija=Serbia;
România=Romania; Lietuva=Lithuania; Latvija=Latvia; Eesti=Estonia; Ísland=Iceland; Türkiye=Turkey;
Macedonia=North Macedonia; Russian Federation=Russia; Holy See=Vatican City; Faroes=Faroe Islands;
Sicily=Italy; Sardinia=Italy; UAE=United Arab Emirates; Emirates=United Arab Emirates; Brasil=Brazil;
Nippon=Japan; PRC=China; People's Republic of China=China; Korea=South Korea; Republic of Korea=South Korea;
DPRK=North Korea; Burma=Myanmar (Burma); Myanmar=Myanmar (Burma); Ceylon=Sri Lanka; Swaziland=Eswatini;
Timor-Leste=East Timor; Cabo Verde=Cape Verde; Côte d'Ivoire=Ivory Coast; DRC=Congo (Democratic Republic);
Zaire=Congo (Democratic Republic); Democratic Republic of the Congo=Congo (Democratic Republic); Republic of
the Congo=Congo; Macau=Macao; KSA=Saudi Arabia; Palestine=Occupied Palestinian Territories; Persia=Iran;
Islamic Republic of Iran=Iran; Viet Nam=Vietnam; Brunei Darussalam=Brunei; Lao=Laos; Tahiti=French Polynesia;
Falklands=Falkland Islands; St Helena=Saint Helena; Saint Lucia=St Lucia; Saint Kitts and Nevis=St Kitts and
Nevis; Saint Vincent and the Grenadines=St Vincent; St Vincent and the Grenadines=St Vincent; Antigua=Antigua
and Barbuda; Barbuda=Antigua and Barbuda; Trinidad=Trinidad and Tobago; Tobago=Trinidad and Tobago; US Virgin
Islands=United States Virgin Islands; Pitcairn=Pitcairn, Henderson, Ducie and Oeno Islands; Syrian Arab
Republic=Syria; Tanganyika=Tanzania; Zanzibar=Tanzania; Ffrainc=France; Yr Almaen=Germany; Yr Eidal=Italy;
Sbaen=Spain; Gwlad Pwyl=Poland; Yr Iseldiroedd=Netherlands; Gwlad Belg=Belgium; Yr Unol Daleithiau=United
States; Awstralia=Australia; Seland Newydd=New Zealand"""

_DROPPED: Final = str.maketrans("", "", " _-'’,.()")


def _key(name: str) -> str:
    text = name.replace("&", "and").replace("+", "and").translate(_DROPPED).lower()
    folded = "".join(
        character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character)
    )
    return folded if folded.isascii() else text


def _listed(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(";")]


@cache
def _names() -> dict[str, str]:
    known = {_key(name): name for name in (*_listed(_EUROPE), *_listed(_REST))}
    known |= {_key(name): UNITED_KINGDOM for name in _listed(_UK_NAMES)}
    for pair in _listed(_OTHER_NAMES):
        name, _, country = pair.partition("=")
        known[_key(name)] = country
    return known


@cache
def _european() -> frozenset[str]:
    return frozenset(_listed(_EUROPE))


def country(line: str) -> str | None:
    """Return the English name of the country that a line names; None if it names none. A line with a digit does not."""
    if any(character.isdigit() for character in line):
        return None
    key = _key(line)
    names = _names()
    for candidate in (key, f"the{key}", f"yr{key}", f"y{key}"):
        if found := names.get(candidate):
            return found
    return None


def postage(name: str) -> str | None:
    """Return the postage to a country by its English name: "europe", "rest-of-world", or None within the UK."""
    if name == UNITED_KINGDOM:
        return None
    return "europe" if name in _european() else "rest-of-world"
