// --- the Papers and Feedback pages

function doiLine(doi) {
  return doi ? doiLink(doi) || make("p", { class: "byline", dir: "auto" }, `DOI ${doi}`) : null;
}

function warningsOf(paper) {
  const count = paper.warnings.length + paper.more;
  if (!count) return null;
  const more = paper.more ? make("li", {}, `… and ${paper.more} more`) : null;
  return make(
    "details",
    {},
    make("summary", {}, `${count} reading note${count > 1 ? "s" : ""}`),
    make("ul", { class: "notes" }, paper.warnings.map((text) => make("li", { dir: "auto" }, text)), more)
  );
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

function outcomes(view) {
  const rows = view.rows.map((row) =>
    make(
      "li",
      { class: row.good ? "good" : "bad" },
      make("strong", {}, row.became),
      make("span", { dir: "auto" }, row.name),
      row.notes.length ? make("ul", { class: "notes" }, row.notes.map((text) => make("li", { dir: "auto" }, text))) : null
    )
  );
  return make("ul", { class: "outcomes", role: "status" }, rows);
}

function history(view) {
  const cells = (row) => [`${row.number}${row.current ? " (current)" : ""}`, row.when, row.holds];
  return make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": "Generations of the index" },
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ["Generation", "Published", "Contents"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, view.rows.map((row) => make("tr", {}, cells(row).map((text) => make("td", {}, text)))))
    )
  );
}

function judged(view) {
  const rows = view.rows.map((row) =>
    make(
      "li",
      { class: row.helpful ? "good" : "bad" },
      make("strong", {}, row.helpful ? "Right" : "Wrong"),
      make("span", { dir: "auto" }, row.question),
      make("ul", { class: "notes" }, row.quotes.map((text) => make("li", { dir: "auto" }, text))),
      make("span", { class: "aside" }, row.made)
    )
  );
  return make("ul", { class: "outcomes" }, rows);
}
