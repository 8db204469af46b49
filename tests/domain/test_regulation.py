"""The regulation as data: complete, in order, and nothing beyond it can be cited."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from domain.regulation import PROVISIONS, REGULATION, Citation, art, basis

ITEMS = {5: 5, 7: 5, 8: 4, 10: 4, 11: 3}
PARAGRAPHS = {9: 3, 12: 2, 16: 2, 22: 3}


def test_the_regulation_is_named_and_dated() -> None:
    assert REGULATION.title == "天津市便民服务专线管理规定"
    assert REGULATION.order == "天津市人民政府令第18号"
    assert (REGULATION.promulgated, REGULATION.in_force) == (date(2015, 5, 28), date(2015, 7, 1))


def test_it_has_25_articles() -> None:
    assert [c.article for c in PROVISIONS if c.paragraph is None and c.item is None] == list(range(1, 26))


def test_items_are_those_of_articles_5_7_8_10_and_11() -> None:
    assert [(c.article, c.item) for c in PROVISIONS if c.item is not None] == [
        (article, n) for article, count in ITEMS.items() for n in range(1, count + 1)
    ]


def test_paragraphs_are_citable_only_where_an_article_has_several() -> None:
    assert [(c.article, c.paragraph) for c in PROVISIONS if c.paragraph is not None] == [
        (article, n) for article, count in PARAGRAPHS.items() for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("article", "paragraph", "item"),
    [
        (0, None, None),
        (26, None, None),
        (-1, None, None),
        (3, 1, None),
        (3, None, 1),
        (9, 4, None),
        (9, 0, None),
        (9, 2, 1),
        (9, None, 1),
        (8, None, 5),
        (11, None, 0),
        (11, None, 4),
        (11, 1, 3),
    ],
)
def test_a_provision_that_does_not_exist_cannot_be_cited(article: int, paragraph: int | None, item: int | None) -> None:
    with pytest.raises(ValueError, match="has no Art"):
        Citation(article, paragraph, item)


@pytest.mark.parametrize("citation", PROVISIONS, ids=str)
def test_every_provision_is_read_back_from_what_it_writes(citation: Citation) -> None:
    assert Citation.parse(str(citation)) == citation
    assert PROVISIONS[citation] == citation.text
    assert citation.text.strip()


@pytest.mark.parametrize(
    ("citation", "written", "chinese"),
    [
        (art(3), "Art. 3", "第三条"),
        (art(9, paragraph=2), "Art. 9 ¶2", "第九条第二款"),
        (art(10), "Art. 10", "第十条"),
        (art(11, item=3), "Art. 11(3)", "第十一条第（三）项"),
        (art(20), "Art. 20", "第二十条"),
        (art(25), "Art. 25", "第二十五条"),
    ],
)
def test_a_citation_is_written_in_both_languages(citation: Citation, written: str, chinese: str) -> None:
    assert str(citation) == written
    assert citation.zh() == chinese


@pytest.mark.parametrize(
    "text", ["", "Art.11(3)", "Art. 11 (3)", "Art. 11(3) ", "Art. 26", "Art. 03", "Art. 11(4)", "第十一条", "art. 3"]
)
def test_what_is_no_citation_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"Art|citation"):
        Citation.parse(text)


def test_a_limit_rests_on_a_provision_or_on_the_house() -> None:
    assert basis("Art. 11(3)") == art(11, item=3)
    assert basis("house") is None
    with pytest.raises(ValueError, match="not a citation"):
        basis("home")


def test_citations_sort_as_the_regulation_reads() -> None:
    backwards = list(PROVISIONS)[::-1]
    assert sorted(backwards) == list(PROVISIONS)
    assert art(9) < art(9, paragraph=1) < art(9, paragraph=2) < art(10) < art(10, item=1) < art(11)


@pytest.mark.parametrize(
    ("citation", "words"),
    [
        (art(3), ["统一受理", "归口办理", "联动处置", "限时办结", "考核评价"]),
        (art(5, item=2), ["交办、转办和督办"]),
        (art(7, item=4), ["办事效率", "投诉和举报"]),
        (art(8, item=1), ["110、119、120"]),
        (art(8, item=3), ["诉讼、仲裁、行政复议、信访复查复核"]),
        (art(9, paragraph=2), ["先行登记", "是否受理", "告知投诉举报人"]),
        (art(10), ["按照下列情形办理"]),
        (art(10, item=3), ["加盟企业", "择优推荐"]),
        (art(11, item=1), ["回复当事人", "反馈处理结果"]),
        (art(11, item=2), ["提前", "说明理由"]),
        (art(11, item=3), ["1个工作日", "2个工作日", "退办原因", "复杂、疑难"]),
        (art(12, paragraph=2), ["市审批办", "指定主要责任单位"]),
        (art(13), ["回访评议", "考核依据"]),
        (art(15), ["个人隐私"]),
        (art(18), ["工作简报、督查通报"]),
        (art(24), ["终止其加盟服务关系"]),
    ],
    ids=str,
)
def test_the_text_is_the_laws_own(citation: Citation, words: list[str]) -> None:
    assert [word for word in words if word not in citation.text] == []


def test_an_article_of_several_paragraphs_is_all_of_them() -> None:
    assert art(9).text == "\n".join(art(9, paragraph=n).text for n in (1, 2, 3))


def test_every_word_of_the_glossary_rests_on_a_provision_or_on_the_house() -> None:
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = [line.strip("|").split("|")[-1].strip() for line in glossary.splitlines() if line.startswith("| ")]
    bases = [cell for cell in cells if cell not in ("provision", "---", "House")]
    assert len(bases) > 30
    assert [str(Citation.parse(part)) for cell in bases for part in cell.split(", ")] == ", ".join(bases).split(", ")
