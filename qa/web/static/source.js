// --- the source panel

function blockOf(block) {
  if (block.kind === "table") return tableOf(block, block.rows);
  const element = paragraph(block.kind === "heading" || block.kind === "title" ? "h4" : "p", block.kind, block.parts);
  if (block.cut_before) element.prepend(make("span", { class: "cut" }, "… "));
  if (block.cut_after) element.append(make("span", { class: "cut" }, " …"));
  return element;
}

function stepper(view, send) {
  if (view.count < 2) return null;
  const step = (to, words, sign) =>
    button(sign, () => send({ do: "open", turn: view.turn, number: to, narrow: false }), {
      class: "small step",
      disabled: to < 1 || to > view.count,
      "aria-label": words,
    });
  const place = make("span", {}, `${view.number} of ${view.count}`);
  const [back, next] = [step(view.number - 1, "Previous source", "‹"), step(view.number + 1, "Next source", "›")];
  return make("div", { class: "stepper" }, back, place, next);
}

function why(view) {
  const scores = view.why.flatMap(([name, value]) => [make("dt", {}, name), make("dd", { dir: "auto" }, value)]);
  return make("details", {}, make("summary", {}, "Why this passage?"), make("dl", {}, scores));
}

function doiLink(doi) {
  if (!/^10\.\d{4,9}\/\S+$/.test(doi)) return null;
  const href = `https://doi.org/${encodeURI(doi)}`;
  return make("p", { class: "doi" }, make("a", { href, target: "_blank", rel: "noopener noreferrer" }, `doi.org/${doi}`),
    make("span", { class: "aside" }, "opens on the web"));
}

function wholeSwitch(view, send) {
  if (!view.whole) return null;
  if (view.whole.lost) return make("p", { class: "aside" }, view.whole.lost);
  const choice = (on, words) =>
    button(words, () => send({ do: "whole", on }), { class: "small choice", "aria-pressed": String(view.whole.on === on) });
  return make("div", { class: "switch", role: "group", "aria-label": "View" }, choice(false, "Passage"), choice(true, "Whole page"));
}

function wholePage(view) {
  const percent = (share) => `${100 * share}%`;
  const boxes = view.whole.boxes.map(([left, top, right, bottom]) => {
    const box = make("span", { class: "box" });
    Object.assign(box.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    return box;
  });
  const alt = `Page ${view.whole.page} of ${view.name}; “Passage” shows its text`;
  return make(
    "div",
    { class: "body whole", tabindex: "0", role: "region", "aria-label": `Page ${view.whole.page}` },
    boxes.length ? null : make("p", { class: "label" }, "The position of the sentence on this page is uncertain, so it is not marked."),
    make("div", { class: "sheet" }, make("img", { src: view.whole.address, alt }), boxes)
  );
}

function source(view, send) {
  const near = view.sort === "near";
  const passage = () => make(
    "div",
    { class: "body", tabindex: "0", role: "region", "aria-label": "Passage in the paper" },
    view.blocks.map(blockOf)
  );
  return make(
    "section",
    { class: `source ${view.sort}`, "aria-label": "Source" },
    make("div", { class: "bar" }, make("h2", {}, view.heading || (near ? "Nearest passage" : `Source ${view.number}`)), stepper(view, send)),
    near ? make("p", { class: "label" }, "Not an answer: a passage similar to the question.") : null,
    make("h3", {}, paperName(view)),
    view.byline ? make("p", { class: "byline", dir: "auto" }, view.byline) : null,
    make("p", { class: "place", dir: "auto" }, [view.section, view.place].filter(Boolean).join(" · ")),
    wholeSwitch(view, send),
    view.whole?.on ? wholePage(view) : passage(),
    view.why.length ? why(view) : null,
    doiLink(view.doi)
  );
}

function bringIntoView(root) {
  const body = root.querySelector(".source .body");
  const target = body && body.querySelector("mark, tr.cited, .box");
  if (!target) return;
  const image = body.querySelector("img");
  if (image && !image.complete) return image.addEventListener("load", () => bringIntoView(root), { once: true });
  const offset = target.getBoundingClientRect().top - body.getBoundingClientRect().top;
  body.scrollTop += offset - body.clientHeight / 3;
}
