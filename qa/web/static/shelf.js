// --- the Papers and Feedback pages

function warningsOf(paper) {
  const count = paper.warnings.length + paper.more;
  if (!count) return null;
  const more = paper.more && make("li", `… and ${paper.more} more`);
  const summary = make("summary", `${count} reading note${count > 1 ? "s" : ""}`);
  return make("details", summary, list("ul.notes", paper.warnings, more));
}

const COLUMNS = [
  ["name", "Title"],
  ["authors", "Authors"],
  ["year", "Year"],
  ["pages", "Pages"],
  ["notes", "Reading notes"],
];
const MOST_ROWS = 500; // drawn at once; whoever looks for one paper of more searches
const shelf = { words: "", by: "name", down: false }; // how the table is searched and sorted, kept while it is redrawn

function inOrder(one, other) {
  const [a, b] = [one[shelf.by], other[shelf.by]];
  if ((a == null || a === "") !== (b == null || b === "")) return a == null || a === "" ? 1 : -1; // the unknown comes last
  const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  return shelf.down ? -order : order;
}

function paperDetails(paper, send) {
  const button = (what, word) => {
    const onclick = () => send({ do: what, document: paper.id });
    return make("button.small", { "aria-label": `${word} ${paper.name}`, onclick }, word);
  };
  return make(
    "tr.details",
    make(
      "td",
      { colspan: COLUMNS.length },
      text("p.byline", paper.byline),
      doiLine(paper.doi),
      make("dl.facts", paper.facts.map(([name, value]) => make("div", make("dt", name), text("dd", value)))),
      warningsOf(paper),
      make("div.under", button("open", "Open"), button("remove", "Remove")),
      text("p.byline", paper.removal)
    )
  );
}

function paperRow(paper, open, send) {
  const onclick = () => send({ do: "details", document: paper.id });
  const title = make("button.title", { "aria-expanded": String(open), onclick }, text("span", paper.name));
  return make(
    open ? "tr.shelved.open" : "tr.shelved",
    make("th", { scope: "row" }, title, paper.untitled && make("span.aside", "file name, no title known")),
    make("td", text("div.authors", paper.authors)),
    ...["year", "pages", "notes"].map((key) => make("td.count", paper[key] ? String(paper[key]) : ""))
  );
}

function papers(view, send) {
  const body = make("tbody");
  const said = make("p.aside", { role: "status" });
  const heads = COLUMNS.map(([key, words]) => {
    const onclick = () => {
      shelf.down = shelf.by === key && !shelf.down;
      shelf.by = key;
      draw();
    };
    return make("th", { scope: "col", "data-key": key }, make("button.sort", { onclick }, words));
  });
  const draw = () => {
    const words = shelf.words.toLowerCase().split(/\s+/).filter(Boolean);
    const held = (paper) => `${paper.name} ${paper.authors} ${paper.year ?? ""} ${paper.file}`.toLowerCase();
    const found = view.papers.filter((paper) => words.every((word) => held(paper).includes(word))).sort(inOrder);
    body.replaceChildren(
      ...found.slice(0, MOST_ROWS).flatMap((paper) => {
        const open = paper.id === view.details?.id;
        return open ? [paperRow(paper, true, send), paperDetails(view.details, send)] : [paperRow(paper, false, send)];
      })
    );
    for (const head of heads) {
      const sorted = head.dataset.key === shelf.by;
      head.setAttribute("aria-sort", sorted ? (shelf.down ? "descending" : "ascending") : "none");
    }
    const more = found.length > MOST_ROWS ? ` The first ${MOST_ROWS} are shown.` : "";
    said.textContent = words.length ? `${found.length} of ${view.papers.length} papers match.${more}` : more;
  };
  const find = make("input.find", { type: "search", "aria-label": "Find a paper", placeholder: "Find by title, author, year or file", value: shelf.words });
  find.addEventListener("input", () => {
    shelf.words = find.value;
    draw();
  });
  draw();
  const region = { tabindex: "0", role: "region", "aria-label": "Papers" };
  return make("section.shelf", find, said, make("div.table", region, make("table.papers", make("thead", make("tr", heads)), body)));
}

function removed(view, send) {
  const one = ({ id, name }) => {
    const onclick = () => send({ do: "undo", document: id });
    const button = make("button.small", { "aria-label": `Undo the removal of ${name}`, onclick }, "Undo");
    return make("li.under", make("span", "Removed: ", text("q", name)), button);
  };
  return make("div.notice.removed", { role: "status" }, make("ul", view.papers.map(one)));
}

// A new paper, introduced once by its own words.
function cardOf({ name, untitled, byline, about, pages }) {
  return make(
    "div.card",
    make("h3", paperName({ name, untitled })),
    text("p.byline", [byline, pages].filter(Boolean).join(" · ")),
    about && make("blockquote", text("p.words", about))
  );
}

function outcomeRow(good, word, name, notes, aside) {
  const kind = good === null ? "li" : good ? "li.good" : "li.bad"; // null: not decided yet
  const more = notes.length && list("ul.notes", notes);
  return make(kind, make("strong", word), text("span", name), more, aside);
}

function outcomes(view, send) {
  const rows = view.rows.map((row) => outcomeRow(row.good, row.became, row.name, row.notes, row.card && cardOf(row.card)));
  const dismiss = view.introduced != null && make("button.small", { onclick: () => send({ do: "dismiss" }) }, "Done");
  return make("section.became", make("div", { role: "status" }, make("ul.outcomes", rows)), dismiss);
}

function judged(view, send) {
  const rows = view.rows.map(({ helpful, question, quotes, made, number }) => {
    const attributes = { "aria-label": `Remove: ${question}`, onclick: () => send({ do: "withdraw", number }) };
    const aside = make("div.under", make("span.aside", moment(made)), make("button.small", attributes, "Remove"));
    return outcomeRow(helpful, helpful ? "Right" : "Wrong", question, quotes, aside);
  });
  return make("ul.outcomes", rows);
}

function history(view) {
  const cells = (row) => [`${row.number}${row.current ? " (in use)" : ""}`, row.when, row.holds];
  const rows = view.rows.map((row) => make("tr", cells(row).map((words) => make("td", words))));
  const region = { tabindex: "0", role: "region", "aria-label": "Earlier collections" };
  const heads = headRow(["Collection", "Saved", "Contents"]);
  return make("div.table", region, make("table", heads, make("tbody", rows)));
}

// --- views of all pages

function notice(view) {
  return make(
    `div.notice.${view.level}`,
    { role: view.level === "info" ? null : "alert" },
    make("strong", view.title),
    text("p", view.message),
    text("p.remedy", view.remedy)
  );
}

function asked(view) {
  return make("article.turn", text("h2", view.question));
}

function failed(view) {
  return make("article.turn", text("h2", view.question), notice(view));
}

function intro(view) {
  const name = view.compact ? "header.intro.compact" : "header.intro";
  return make(name, make("h1", view.title), view.message && make("p", view.message));
}

function whereabouts(view) {
  return text("p.aside", view.message);
}
