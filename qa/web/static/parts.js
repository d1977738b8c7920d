// Draws views sent by the app as JSON. Text of papers becomes text nodes only; no markup is ever parsed.
// component.py concatenates the files; this one comes first.

const CHOSEN = "loccit-chosen"; // event that tells all components on the page which source is open
const NARROW = "(max-width: 640px)"; // as in page.css: there the source panel is a dialog

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child != null) element.append(child); // a string becomes a text node
  return element;
}

function button(words, onclick, attributes = {}) {
  return make("button", { type: "button", class: "small", ...attributes, onclick }, words);
}

function list(name, texts, more = null) {
  return make("ul", { class: name }, texts.map((text) => make("li", { dir: "auto" }, text)), more);
}

function headRow(texts) {
  return make("thead", {}, make("tr", {}, texts.map((text) => make("th", { scope: "col" }, text))));
}

// --- text with marks

function marked(parts) {
  return parts.map((part) =>
    part.marks.reduce((inner, name) => {
      const tag = name === "passage" ? "span" : "mark";
      return make(tag, { class: name }, inner);
    }, part.text)
  );
}

function paragraph(tag, name, parts) {
  const long = parts.reduce((sum, part) => sum + part.text.length, 0) > 4000;
  const props = { class: long ? `${name} long` : name, dir: "auto" };
  if (long) Object.assign(props, { tabindex: "0", role: "group", "aria-label": "Long text, scrolls" });
  return make(tag, props, marked(parts));
}

function tableOf(view, rows) {
  const width = view.width || Math.max(1, ...rows.map((row) => row.cells.length));
  const labelled = view.label && view.caption.toLowerCase().startsWith(view.label.toLowerCase());
  const cut = labelled ? view.label.length : 0;
  const caption = [labelled ? view.caption.slice(0, cut) : view.label ? `${view.label} ` : "", view.caption.slice(cut)];
  const heads = (view.header || []).map((line) =>
    make("tr", {}, line.map((text) => make("th", { scope: "col", dir: "auto" }, text)))
  );
  const body = rows.map((row) =>
    make(
      "tr",
      { class: row.cited ? "cited" : null },
      row.cells.map((cell, at) => {
        const last = at === row.cells.length - 1 && width > row.cells.length;
        const span = last ? width - at : null;
        return make(at || span ? "td" : "th", { dir: "auto", colspan: span, scope: at || span ? null : "row" }, marked(cell));
      })
    )
  );
  const note = (count, where) =>
    count ? make("tr", { class: "more" }, make("td", { colspan: width }, `… ${count} more rows ${where}`)) : null;
  return make(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": view.label || "Table" },
    make(
      "table",
      {},
      view.label || view.caption ? make("caption", { dir: "auto" }, make("b", {}, caption[0]), caption[1]) : null,
      heads.length ? make("thead", {}, heads) : null,
      make("tbody", {}, note(view.above, "above"), body, note(view.below, "below"))
    )
  );
}

function quoteText(quote) {
  if (!quote.table) return paragraph("p", "words", quote.parts);
  const { header, cells } = quote.table;
  const row = { cells: cells.map((cell) => [cell]) };
  return tableOf({ ...quote.table, header: header.length ? [header] : [] }, [row]);
}

// --- small parts

let tips = 0;

function tip(text, ...children) {
  const id = `tip-${++tips}`;
  return [id, make("span", { class: "tip", role: "tooltip", id }, text, ...children)];
}

function confidence({ word, percent }) {
  const low = word === "Low";
  const words = `Estimated probability that this answers the question: ${percent} %`;
  const [id, bubble] = tip(low ? `${words}. Read it in its context before you rely on it.` : words);
  const level = word.toLowerCase();
  return make(
    "span",
    { class: "with-tip" },
    make(
      "button",
      { type: "button", class: `confidence ${level}`, "aria-describedby": id },
      make("span", { class: "dot", "aria-hidden": "true" }, low ? "?" : ""),
      `${word} confidence · ${percent} %`
    ),
    bubble
  );
}

function paperName(paper) {
  const name = make("span", { class: "name", dir: "auto" }, paper.name);
  return paper.untitled ? [name, make("span", { class: "aside" }, "file name, no title known")] : [name];
}

function where(quote) {
  return { section: quote.section.split(" › ").at(-1), place: quote.place };
}
