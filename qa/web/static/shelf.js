// --- the Papers and Feedback pages

function doiLine(doi) {
  return doi ? doiLink(doi) || make("p", { class: "byline", dir: "auto" }, `DOI ${doi}`) : null;
}

function warningsOf(paper) {
  const count = paper.warnings.length + paper.more;
  if (!count) return null;
  const more = paper.more ? make("li", {}, `… and ${paper.more} more`) : null;
  const summary = make("summary", {}, `${count} reading note${count > 1 ? "s" : ""}`);
  return make("details", {}, summary, list("notes", paper.warnings, more));
}

function shelved(paper, send) {
  const facts = paper.facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", { dir: "auto" }, value)));
  return make(
    "li",
    { class: "shelved" },
    make("h2", {}, paperName(paper)),
    paper.byline ? make("p", { class: "byline", dir: "auto" }, paper.byline) : null,
    doiLine(paper.doi),
    make("dl", { class: "facts" }, facts),
    warningsOf(paper),
    button("Remove", () => send({ do: "remove", document: paper.id }), { "aria-label": `Remove ${paper.name}` })
  );
}

function papers(view, send) {
  return make("ul", { class: "shelf" }, view.papers.map((paper) => shelved(paper, send)));
}

function outcomeRow(good, word, name, notes, aside = null) {
  const title = [make("strong", {}, word), make("span", { dir: "auto" }, name)];
  return make("li", { class: good ? "good" : "bad" }, title, notes.length ? list("notes", notes) : null, aside);
}

function outcomes(view) {
  const rows = view.rows.map((row) => outcomeRow(row.good, row.became, row.name, row.notes));
  return make("ul", { class: "outcomes", role: "status" }, rows);
}

function history(view) {
  const cells = (row) => [`${row.number}${row.current ? " (current)" : ""}`, row.when, row.holds];
  const rows = view.rows.map((row) => make("tr", {}, cells(row).map((text) => make("td", {}, text))));
  const table = make("table", {}, headRow(["Generation", "Published", "Contents"]), make("tbody", {}, rows));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Generations of the index" }, table);
}

function judged(view) {
  const rows = view.rows.map((row) =>
    outcomeRow(row.helpful, row.helpful ? "Right" : "Wrong", row.question, row.quotes, make("span", { class: "aside" }, row.made))
  );
  return make("ul", { class: "outcomes" }, rows);
}
