// --- the evidence table: one row per paper

function evidenceQuote(view, quote, send) {
  return [quoteText(quote), sourceButton(view, quote.number, where(quote), "Show the sentence in the paper", send)];
}

function evidenceRow(view, row, send) {
  const { quote } = row;
  const year = row.year ? make("span", { class: "aside" }, ` ${row.year}`) : null;
  return make(
    "tr",
    { class: quote ? (quote.confidence.word === "Low" ? "unsure" : null) : "silent" },
    make("th", { scope: "row" }, make("span", { dir: "auto" }, row.name), year),
    make("td", {}, quote ? evidenceQuote(view, quote, send) : "not stated"),
    make("td", { class: "sure" }, quote ? confidence(quote.confidence) : make("span", { class: "aside" }, "–"))
  );
}

function evidence(view, send) {
  const heads = headRow(["Paper", "Best quote and its place", "Confidence"]);
  return make(
    "section",
    { class: "evidence", "aria-label": `Evidence table: ${view.question}` },
    make("h3", {}, "Evidence table"),
    make("p", { class: "resolved" }, "Asked of each paper separately: ", make("q", { dir: "auto" }, view.question)),
    make("p", { class: "headline" }, view.said),
    make("table", {}, heads, make("tbody", {}, view.rows.map((row) => evidenceRow(view, row, send))))
  );
}
