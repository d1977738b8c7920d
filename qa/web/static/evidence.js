// --- the evidence table: questions as columns, papers as rows

// A head that orders the rows; a question can also be removed.
function evidenceHead(view, by, words, send, counts) {
  const sorted = view.by === by;
  const onclick = () => send({ do: "sort", by });
  const arrow = make("span.arrow", { "aria-hidden": "true" }, sorted ? (view.falling ? "▼" : "▲") : "↕");
  const drop = () => send({ do: "drop", question: words });
  return make(
    "th",
    { scope: "col", "aria-sort": sorted ? (view.falling ? "descending" : "ascending") : null },
    make("div.head", make("button.sort", { onclick, title: "Order the rows" }, text("span", words), arrow),
      counts && make("button.drop", { onclick: drop, "aria-label": `Remove the question: ${words}` }, "✕")),
    counts && make("div.aside", counts)
  );
}

function probability({ confidence }) {
  const percent = `${confidence.percent} %`;
  return { percent, title: `Estimated probability that this answers the question: ${percent}` };
}

// A quote of the same paper that is about as likely as the first.
function furtherQuote(view, quote, send) {
  const { percent, title } = probability(quote);
  const source = sourceButton(view, quote, "Show the sentence in the paper", send);
  const under = make("div.under", source, make("span.aside", { title }, percent));
  return make("div.further", quoteText(quote), under);
}

function evidenceCell(view, cell, question, send) {
  const label = { "data-question": question };
  if (!cell.quote) return make(`td.silent.${cell.status}`, label, make("span", cell.word));
  const { quote } = cell;
  const { percent, title } = probability(quote);
  const source = sourceButton(view, quote, "Show the sentence in the paper", send);
  const element = make(
    `td.${cell.status}`,
    label,
    cell.word && make("p.doubt", { title }, `${cell.word} · ${percent}`),
    text("p.value", cell.value),
    quoteText(quote),
    make("div.under", source, !cell.word && make("span.aside", { title }, percent)),
    cell.further.map((more) => furtherQuote(view, more, send))
  );
  element.addEventListener("click", (event) => {
    if (event.target.closest("button, .table") || String(getSelection())) return;
    (event.target.closest(".further") ?? element).querySelector(".cite").click();
  });
  return element;
}

function evidenceRow(view, { name, year, cells }, send) {
  const found = cells.map((cell, at) => evidenceCell(view, cell, view.questions[at], send));
  return make("tr", make("th", { scope: "row" }, text("span", name)), make("td.year", year), found);
}

// Where the table was scrolled to: it is drawn anew whenever it grows, and gone for a moment with a new question.
let scrolled = { left: 0, top: 0 };

function evidence(view, send) {
  const heads = view.questions.map((question, at) => evidenceHead(view, at, question, send, view.counts[at]));
  const own = [["paper", "Paper"], ["year", "Year"]].map(([by, words]) => evidenceHead(view, by, words, send));
  const rows = view.rows.map((row) => evidenceRow(view, row, send));
  const table = make("table", make("thead", make("tr", own, heads)), make("tbody", rows));
  table.style.minWidth = `${18 + 18 * heads.length}rem`;
  const grid = make("div.grid", { tabindex: "0", role: "group", "aria-label": "Rows of the evidence table" }, table);
  let width = 0;
  new ResizeObserver(() => {
    if (!width) grid.scrollTo({ ...scrolled, behavior: "instant" });
    else if (width !== grid.clientWidth) showPressedCell(grid); // the source was opened beside it
    width = grid.clientWidth;
  }).observe(grid);
  grid.addEventListener("scroll", () => (scrolled = { left: grid.scrollLeft, top: grid.scrollTop }), { passive: true });
  return make(
    "section.evidence",
    { "aria-label": "Evidence table" },
    view.missing.length && list("ul.resolved", view.missing),
    rows.length ? grid : make("p.headline", "No row fits the filter.")
  );
}

// Scrolls to the cell whose source is open, past the heads, which stay in place.
function showPressedCell(grid) {
  const cell = grid?.querySelector('[aria-pressed="true"]')?.closest("[data-question]");
  if (!cell) return;
  const [head, name] = [grid.querySelector("thead"), cell.parentElement.firstElementChild];
  grid.style.scrollPadding = `${head.offsetHeight}px 0 0 ${name.offsetWidth}px`;
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}
