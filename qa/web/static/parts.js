// Draws views sent by the app as JSON. Text of papers becomes text nodes only; no markup is ever parsed.
// component.py concatenates the files; this one comes first.

const CHOSEN = "loccit-chosen"; // event that tells all components on the page which source is open
const NARROW = "(max-width: 640px)"; // as in page.css: there the source panel is a dialog

// make("tag.class", { attributes }, ...children): null and false leave an attribute out, all falsy values a child.
function make(name, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  const attributes = children[0]?.constructor === Object ? children.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") element.addEventListener("click", value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter(Boolean)); // a string becomes a text node
  return element;
}

// Text of a paper or a person, which has its own direction; nothing without text.
function text(name, words) {
  return words ? make(name, { dir: "auto" }, words) : null;
}

function list(name, texts, more) {
  return make(name, texts.map((words) => text("li", words)), more);
}

function headRow(heads) {
  return make("thead", make("tr", heads.map((words) => make("th", { scope: "col" }, words))));
}

// --- text with marks

function marked(parts) {
  const wrapped = (inner, name) => make(`${name === "passage" ? "span" : "mark"}.${name}`, inner);
  return parts.map((part) => part.marks.reduce(wrapped, part.text));
}

function paragraph(name, parts) {
  const long = parts.reduce((sum, part) => sum + part.text.length, 0) > 4000;
  if (!long) return make(name, { dir: "auto" }, marked(parts));
  const scrolls = { dir: "auto", tabindex: "0", role: "group", "aria-label": "Long text, scrolls" };
  return make(`${name}.long`, scrolls, marked(parts));
}

function captionOf({ label, caption }) {
  const cut = label && caption.toLowerCase().startsWith(label.toLowerCase()) ? label.length : 0;
  const bold = cut ? caption.slice(0, cut) : label && `${label} `;
  return (label || caption) && make("caption", { dir: "auto" }, make("b", bold), caption.slice(cut));
}

function tableOf(view, rows) {
  const width = view.width || Math.max(1, ...rows.map((row) => row.cells.length));
  const cells = (row) =>
    row.cells.map((cell, at) => {
      const last = at === row.cells.length - 1 && width > row.cells.length;
      if (!at && !last) return make("th", { dir: "auto", scope: "row" }, marked(cell));
      return make("td", { dir: "auto", colspan: last ? width - at : null }, marked(cell));
    });
  const heads = (view.header || []).map((line) =>
    make("tr", line.map((words) => make("th", { scope: "col", dir: "auto" }, words)))
  );
  const body = rows.map((row) => make(row.cited ? "tr.cited" : "tr", cells(row)));
  const note = (count, where) =>
    count && make("tr.more", make("td", { colspan: width }, `… ${count} more rows ${where}`));
  return make(
    "div.table",
    { tabindex: "0", role: "group", "aria-label": view.label || "Table" },
    make(
      "table",
      captionOf(view),
      heads.length && make("thead", heads),
      make("tbody", note(view.above, "above"), body, note(view.below, "below"))
    )
  );
}

function quoteText(quote) {
  if (!quote.table) return paragraph("p.words", quote.parts);
  const { header, cells } = quote.table;
  const row = { cells: cells.map((cell) => [cell]) };
  return tableOf({ ...quote.table, header: header.length ? [header] : [] }, [row]);
}

// --- small parts

let tips = 0;

// An element that shows ``tip`` while it has the focus or the pointer.
function tipped(tip, name, attributes, ...children) {
  const id = `tip-${++tips}`;
  const element = make(name, { ...attributes, "aria-describedby": id }, ...children);
  return make("span.with-tip", element, make("span.tip", { role: "tooltip", id }, tip));
}

function confidence({ word, percent }) {
  const low = word === "Low";
  const tip = `Estimated probability that this answers the question: ${percent} %`;
  const more = low ? ". Read it in its context before you rely on it." : "";
  const dot = make("span.dot", { "aria-hidden": "true" }, low && "?");
  return tipped(tip + more, `button.confidence.${word.toLowerCase()}`, {}, dot, `${word} confidence · ${percent} %`);
}

function paperName(paper) {
  return [text("span.name", paper.name), paper.untitled && make("span.aside", "file name, no title known")];
}

function doiLine(doi) {
  if (!doi) return null;
  if (!/^10\.\d{4,9}\/\S+$/.test(doi)) return text("p.byline", `DOI ${doi}`);
  const link = { href: `https://doi.org/${encodeURI(doi)}`, target: "_blank", rel: "noopener noreferrer", title: "opens on the web" };
  return make("p.doi", make("a", link, `doi.org/${doi}`), make("span.aside", "opens on the web"));
}
