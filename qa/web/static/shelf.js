// --- the Papers and Feedback pages

function warningsOf(paper) {
  const count = paper.warnings.length + paper.more;
  if (!count) return null;
  const more = paper.more && make("li", `… and ${paper.more} more`);
  const summary = make("summary", `${count} reading note${count > 1 ? "s" : ""}`);
  return make("details", summary, list("ul.notes", paper.warnings, more));
}

function shelved(paper, send) {
  const button = (what, word) => {
    const onclick = () => send({ do: what, document: paper.id });
    return make("button.small", { "aria-label": `${word} ${paper.name}`, onclick }, word);
  };
  return make(
    "li.shelved",
    make("h2", paperName(paper)),
    text("p.byline", paper.byline),
    doiLine(paper.doi),
    make("dl.facts", paper.facts.map(([name, value]) => make("div", make("dt", name), text("dd", value)))),
    warningsOf(paper),
    make("div.under", button("open", "Open"), button("remove", "Remove"))
  );
}

function papers(view, send) {
  return make("ul.shelf", view.papers.map((paper) => shelved(paper, send)));
}

function outcomeRow(good, word, name, notes, aside) {
  const kind = good === null ? "li" : good ? "li.good" : "li.bad"; // null: not decided yet
  const more = notes.length && list("ul.notes", notes);
  return make(kind, make("strong", word), text("span", name), more, aside);
}

function outcomes(view) {
  const rows = view.rows.map((row) => outcomeRow(row.good, row.became, row.name, row.notes));
  return make("ul.outcomes", { role: "status" }, rows);
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
  const cells = (row) => [`${row.number}${row.current ? " (current)" : ""}`, row.when, row.holds];
  const rows = view.rows.map((row) => make("tr", cells(row).map((words) => make("td", words))));
  const region = { tabindex: "0", role: "region", "aria-label": "Generations of the index" };
  const heads = headRow(["Generation", "Published", "Contents"]);
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

function empty(view) {
  return make("section.empty", make("h2", view.title), make("p", view.message));
}

function intro(view) {
  const name = view.compact ? "header.intro.compact" : "header.intro";
  return make(name, make("h1", view.title), view.message && make("p", view.message));
}

function whereabouts(view) {
  return text("p.aside", view.message);
}
