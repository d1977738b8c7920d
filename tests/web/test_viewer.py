"""The PDF viewer in Chromium: the cited words are marked, the document stays open, and nothing in it runs."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from index import add
from tests.browser import SIZES, both_themes, settled, watched_page
from tests.make_pdf import Sheet, Words, pdf
from tests.web.papers import LICHENS, ON_LICHENS
from tests.web.serving import ANSWERED, ask, open_page, serving, source_panel, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

pytestmark = pytest.mark.browser

ON_GULLS = "How many gulls nested on the island?"
GULLS = "In June, 412 gulls nested on the island <script>window.hurt = 1</script>."
#: Run when the file is opened, and when a link over the whole page is pressed, by a viewer that allows it.
_SCRIPT = b"<< /S /JavaScript /JS (app.alert\\('x'\\); window.hurt = 2) >>"
_LINK = (
    b"<< /Type /Annot /Subtype /Link /Rect [0 0 612 792] /A << /S /URI /URI (http://pdf.example.org/) >> >>"
)


def _paper() -> bytes:
    """Return a paper of three pages with ``LICHENS`` on the first and ``GULLS`` low on the third."""
    first = [Words("Lichens and gulls of the northern coast", 60, 740, 18)]
    lines = ("Abstract", "We counted 37 lichens on the granite cliffs in May.", "Results", LICHENS)
    first += [Words(line, 60, 700 - 30 * at, 11) for at, line in enumerate(lines)]
    second = [Words("The weather was mild, and the sea was calm on most days.", 60, 700, 11)]
    third = [
        Words("The boats could land on the southern beach only.", 60, 700, 11),
        Words(GULLS, 60, 150, 11),
    ]
    return pdf(
        [Sheet(first), Sheet(second), Sheet(third, entries=b"/Annots [7 0 R]")],
        catalog=b"/OpenAction " + _SCRIPT,
        objects=(_LINK,),
    )


@pytest.fixture(scope="module")
def own(root: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server, started after the file of a paper was deleted."""
    place = tmp_path_factory.mktemp("viewer")
    folder = shutil.copytree(built, place / "index")
    file = place / "coast.pdf"
    file.write_bytes(_paper())
    add(file, folder)
    file.unlink()
    with serving(root, folder, place / "log") as url:
        yield url


def _viewer(page: Page) -> FrameLocator:
    return page.frame_locator("iframe.viewer >> visible=true")


def _marked(viewer: FrameLocator, page: int) -> list[str]:
    """Return the lines of the PDF's text that a mark covers and that can be seen."""
    viewer.locator(f".page[data-page-number='{page}'] .cited").first.wait_for()
    lines = viewer.locator(f".page[data-page-number='{page}'] .textLayer span")
    lines.first.wait_for()
    covered = """lines => {
        const visible = document.querySelector("#container").getBoundingClientRect();
        const boxes = [...document.querySelectorAll(".cited")].map((box) => box.getBoundingClientRect());
        const near = (a, b) => Math.abs(a - b) < 6;
        return lines.filter((line) => {
            const { left, right, top, bottom } = line.getBoundingClientRect();
            return top >= visible.top && bottom <= visible.bottom && boxes.some((box) =>
                near(box.left, left) && near(box.right, right) && near(box.top, top)
                && near(box.bottom, bottom));
        }).map((line) => line.textContent);
    }"""
    found: list[str] = []
    for _ in range(50):  # until the page is drawn and has been scrolled
        found = lines.evaluate_all(covered)
        if found:
            break
        lines.first.page.wait_for_timeout(100)
    return found


def test_the_cited_words_are_marked_and_a_second_citation_does_not_load_the_paper_again(
    browser: Browser, own: str
) -> None:
    with watched_page(browser) as page:
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        start(page, own)
        first = ask(page, ON_LICHENS)
        viewer = _viewer(page)
        assert _marked(viewer, 1) == [LICHENS]
        second = ask(page, ON_GULLS)
        assert _marked(viewer, 3) == [GULLS]
        expect(viewer.get_by_label("Page", exact=True)).to_have_value("3")
        first.locator(".cite").first.click()
        assert _marked(viewer, 1) == [LICHENS]
        second.locator(".cite").first.click()
        assert _marked(viewer, 3) == [GULLS]
        (address,) = [url for url in loaded if url.endswith(".pdf")]
        for place in (f"{'9' * 5000}-1", "1-x", "-1-2", "²-³", "1-999999999"):
            assert page.request.get(f"{address.removesuffix('.pdf')}/{place}").status == 404, place
        for scheme in both_themes(page):
            bar = expect(viewer.locator("#bar"))
            look = bar.to_have_css if scheme == "light" else bar.not_to_have_css
            look("background-color", "rgb(255, 255, 255)")
        frame = page.frames[-1]
        assert frame.url.endswith("/viewer/view.html")
        assert frame.evaluate("window.hurt === undefined && parent.hurt === undefined")
        expect(viewer.locator(".annotationLayer a[href*='example.org']")).to_have_count(0)


def test_a_sentence_chosen_while_its_paper_is_loaded_is_shown_once_it_is(browser: Browser, own: str) -> None:
    with watched_page(browser) as page:
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        start(page, own)
        ask(page, ON_GULLS)
        viewer = _viewer(page)
        _marked(viewer, 3)
        (address,) = [url for url in loaded if url.endswith(".pdf")]
        other = f"{address}?other"
        page.route(other, lambda route: route.fulfill(body=pdf([Sheet([])])))
        page.route("**/boxes-*", lambda route: route.fulfill(json=[]))
        show = """([address, ...cited]) => {
            const at = (page) => ({ page, boxes: `boxes-${page}` });
            const sentences = { 1: at(1), 3: at(3) };
            for (const one of cited) loccitShow({ address, sentences, cited: one, colours: {} });
        }"""
        page.frames[-1].evaluate(show, [other, "1"])
        viewer.get_by_text("/ 1", exact=True).wait_for()
        page.frames[-1].evaluate(show, [address, "1", "3"])
        viewer.get_by_text("/ 3", exact=True).wait_for()
        expect(viewer.get_by_label("Page", exact=True)).to_have_value("3")


def test_a_pdf_is_searched_turned_enlarged_and_annotated(browser: Browser, own: str) -> None:
    with watched_page(browser) as page:
        start(page, own)
        ask(page, ON_LICHENS)
        viewer = _viewer(page)
        _marked(viewer, 1)
        viewer.get_by_role("button", name="Next page").click()
        viewer.locator(".page[data-page-number='2'] .textLayer", has_text="The weather").wait_for()
        expect(viewer.get_by_label("Page", exact=True)).to_have_value("2")
        viewer.get_by_role("button", name="Zoom in").click()
        viewer.get_by_role("button", name="Fit to width").click()
        viewer.get_by_role("searchbox").fill("southern BEACH")
        viewer.get_by_text("1 of 1").wait_for()
        viewer.locator(".highlight.selected").filter(has_text="southern beach").wait_for()
        viewer.get_by_role("searchbox").fill("penguins")
        viewer.get_by_text("none", exact=True).wait_for()

        with page.expect_download() as download:
            page.get_by_role("button", name="Annotated PDF").click()
        assert download.value.suggested_filename == "coast-annotated.pdf"
        copy = PdfReader(io.BytesIO(download.value.path().read_bytes()))
        mark = (copy.pages[0].annotations or [])[0].get_object()
        assert isinstance(mark, DictionaryObject)
        assert ON_LICHENS in str(mark["/Contents"])

        width = source_panel(page).bounding_box()
        divider = page.get_by_role("separator")
        place = divider.bounding_box()
        assert width and place
        page.mouse.move(place["x"] + 8, place["y"] + place["height"] / 2)
        page.mouse.down()
        page.mouse.move(place["x"] - 150, place["y"] + 100, steps=3)
        page.mouse.up()
        wider = source_panel(page).bounding_box()
        assert wider and wider["width"] > width["width"] + 100
        share = int(divider.get_attribute("aria-valuenow") or 0)
        divider.press("ArrowRight")
        expect(divider).to_have_attribute("aria-valuenow", str(share - 5))


def test_keys_pressed_in_the_pdf_act_on_the_page(browser: Browser, own: str) -> None:
    with watched_page(browser) as page:
        start(page, own)
        ask(page, ON_LICHENS)
        cited = ask(page, ON_GULLS).locator(".cite").first
        viewer = _viewer(page)
        _marked(viewer, 3)
        box, pages = viewer.get_by_role("searchbox"), viewer.locator("#container")
        box.fill("jk/")
        expect(box).to_have_value("jk/")
        box.press("Escape")
        expect(box).to_have_value("")
        assert pages.evaluate("pages => pages === document.activeElement")
        pages.press("k")
        _marked(viewer, 1)
        pages.press("/")
        page.keyboard.type("Why?")
        asked = page.get_by_placeholder("Ask")
        expect(asked).to_have_value("Why?")
        asked.clear()
        cited.click()
        _marked(viewer, 3)
        for element in (box, pages):
            element.press("Escape")
            source_panel(page).wait_for(state="detached")
            assert cited.evaluate("cited => cited.getRootNode().activeElement === cited")
            cited.click()
            _marked(viewer, 3)


def test_a_text_paper_is_shown_as_a_whole_with_the_sentence_in_view(page: Page) -> None:
    ask(page, ANSWERED)
    panel = source_panel(page)
    panel.get_by_role("heading", name="Conclusion").wait_for(state="attached")
    mark = panel.locator("mark.citation").first
    assert mark.evaluate(
        """mark => {
            const seen = mark.closest(".body").getBoundingClientRect(), own = mark.getBoundingClientRect();
            return own.top > seen.top && own.bottom < seen.bottom;
        }"""
    )
    panel.get_by_role("button", name="Passage").click()
    panel.get_by_role("heading", name="Conclusion").wait_for(state="detached")
    expect(mark).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)


def test_a_paper_is_opened_from_the_papers_page_and_on_a_phone(browser: Browser, own: str) -> None:
    with watched_page(browser, SIZES["phone"]) as page:
        start(page, own)
        ask(page, ON_GULLS).locator(".cite").first.click()
        page.get_by_role("dialog").wait_for()
        viewer = _viewer(page)
        assert _marked(viewer, 3) == [GULLS]
        mark, pages = (viewer.locator(name).bounding_box() for name in (".cited", "#container"))
        assert mark and pages
        assert pages["x"] < mark["x"] < pages["x"] + 60
        viewer.locator("#container").press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
    with watched_page(browser) as page:
        start(page, own)
        open_page(page, "Papers")
        page.get_by_text("Kept files").wait_for()
        page.get_by_role("button", name="Lichens and gulls of the northern coast").click()
        page.get_by_role("button", name="Open Lichens and gulls of the northern coast").click()
        _viewer(page).locator(".textLayer", has_text="37 lichens").wait_for()
        page.get_by_role("button", name="Close").click()
        settled(page)
