// --- the source panel

function blockOf(block) {
  if (block.kind === "table") return tableOf(block, block.rows);
  const tag = block.kind === "heading" || block.kind === "title" ? "h4" : "p";
  const element = paragraph(`${tag}.${block.kind}`, block.parts);
  if (block.cut_before) element.prepend(make("span.cut", "… "));
  if (block.cut_after) element.append(make("span.cut", " …"));
  return element;
}

function stepper(view, send) {
  if (view.count < 2) return null;
  const step = (number, label, sign) => {
    const onclick = () => send({ do: "open", turn: view.turn, number, narrow: false });
    const disabled = number < 1 || number > view.count;
    return make("button.small.step", { disabled, "aria-label": label, onclick }, sign);
  };
  return make(
    "div.stepper",
    step(view.number - 1, "Previous source", "‹"),
    make("span", `${view.number} of ${view.count}`),
    step(view.number + 1, "Next source", "›")
  );
}

function why(view) {
  const scores = view.why.flatMap(([name, value]) => [make("dt", name), text("dd", value)]);
  return make("details", make("summary", "Why this passage?"), make("dl", scores));
}

function wholeSwitch({ lost, on }, send) {
  if (lost) return make("p.aside", lost);
  const choice = (whole, words) => {
    const onclick = () => send({ do: "whole", on: whole });
    return make("button.small.choice", { "aria-pressed": String(on === whole), onclick }, words);
  };
  const group = { role: "group", "aria-label": "View" };
  return make("div.switch", group, choice(false, "Passage"), choice(true, "Whole page"));
}

function wholePage({ page, address, boxes }, name) {
  const percent = (share) => `${100 * share}%`;
  const drawn = boxes.map(([left, top, right, bottom]) => {
    const box = make("span.box");
    const size = { width: percent(right - left), height: percent(bottom - top) };
    Object.assign(box.style, { left: percent(left), top: percent(top), ...size });
    return box;
  });
  const uncertain = "The position of the sentence on this page is uncertain, so it is not marked.";
  const alt = `Page ${page} of ${name}; “Passage” shows its text`;
  return make(
    "div.body.whole",
    { tabindex: "0", role: "region", "aria-label": `Page ${page}` },
    !drawn.length && make("p.label", uncertain),
    make("div.sheet", make("img", { src: address, alt }), drawn)
  );
}

function source(view, send) {
  const near = view.sort === "near";
  const heading = near ? "Closest passage" : `Source ${view.number}`;
  const region = { tabindex: "0", role: "region", "aria-label": "Passage in the paper" };
  return make(
    `section.source.${view.sort}`,
    { "aria-label": "Source" },
    make("div.bar", make("h2", heading), stepper(view, send), closeButton(send)),
    near && make("p.label", "A passage similar to the question."),
    make("h3", paperName(view)),
    text("p.byline", view.byline),
    text("p.place", [view.section, view.place].filter(Boolean).join(" · ")),
    view.whole && wholeSwitch(view.whole, send),
    view.whole?.on ? wholePage(view.whole, view.name) : make("div.body", region, view.blocks.map(blockOf)),
    why(view),
    doiLine(view.doi)
  );
}

function bringIntoView(root) {
  const body = root.querySelector(".source .body");
  const target = body?.querySelector("mark, tr.cited, .box");
  if (!target) return;
  const image = body.querySelector("img");
  if (image && !image.complete) return image.addEventListener("load", () => bringIntoView(root), { once: true });
  const offset = target.getBoundingClientRect().top - body.getBoundingClientRect().top;
  body.scrollTop += offset - body.clientHeight / 3;
}
