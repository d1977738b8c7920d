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
    const onclick = () => {
      announceChoice(view.turn, number, true);
      send({ do: "open", turn: view.turn, number, narrow: false });
    };
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
  if (!view.why.length) return null;
  const scores = view.why.flatMap(([name, value]) => [make("dt", name), text("dd", value)]);
  return make("details", make("summary", "Why this passage?"), make("dl", scores));
}

function wholeSwitch(view, send) {
  const choice = (whole, words) => {
    const onclick = () => send({ do: "whole", on: whole });
    return make("button.small.choice", { "aria-pressed": String(view.whole === whole), onclick }, words);
  };
  const group = { role: "group", "aria-label": "View" };
  return make("div.switch", group, choice(true, "Paper"), choice(false, "Passage"));
}

// Opens the PDF in the browser's own viewer, and downloads a copy in which the conversation's quotes are highlighted.
function pdfLinks({ address, annotated, file }) {
  const status = make("span.aside", { role: "status" });
  const onclick = async () => {
    status.textContent = "Making the copy …";
    const response = await fetch(annotated).catch(() => null);
    status.textContent = response?.ok ? "" : response ? await response.text() : "The server does not respond.";
    if (response?.ok) download(await response.blob(), `${file.replace(/\.pdf$/i, "")}-annotated.pdf`);
  };
  const tip = "Download a copy in which the quotes of this conversation are highlighted";
  return make(
    "span.links",
    make("a", { href: address, target: "_blank", rel: "noopener" }, "Open PDF"),
    annotated && make("button", { onclick, title: tip }, "Annotated PDF"),
    status
  );
}

function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function drawnPdf(view) {
  return view.whole !== false && view.pdf?.frame ? view.pdf : null;
}

function source(view, send) {
  const near = view.sort === "near";
  const paper = view.sort === "document";
  const heading = near ? "Closest passage" : `Source ${view.number}`;
  const region = { tabindex: "0", role: "region", "aria-label": view.whole ? "The paper" : "Passage in the paper" };
  const place = [view.section, view.place].filter(Boolean).join(" · ");
  return make(
    `section.source.${view.sort}`,
    { "aria-label": paper ? "Paper" : "Source" },
    !paper && make("div.bar", make("h2", heading), wholeSwitch(view, send), stepper(view, send), closeButton(send)),
    near && make("p.label", "A passage similar to the question."),
    make("h3", paperName(view)),
    text("p.byline", view.byline),
    text("p.place", place),
    drawnPdf(view) && make("div.more", pdfLinks(view.pdf), why(view), doiLine(view.doi)),
    view.pdf?.lost && view.whole !== false && make("p.aside", `${view.pdf.lost} This is its text.`),
    !drawnPdf(view) && [make("div.body", region, view.blocks.map(blockOf)), why(view), doiLine(view.doi)]
  );
}

function bringIntoView(root) {
  const body = root.querySelector(".source .body");
  const target = body?.querySelector("mark, tr.cited");
  if (!target) return;
  const offset = target.getBoundingClientRect().top - body.getBoundingClientRect().top;
  body.scrollTop += offset - body.clientHeight / 3;
}

const COLOURS = {
  ground: "--st-background-color",
  "ground-2": "--st-secondary-background-color",
  ink: "--st-text-color",
  border: "--st-border-color",
  link: "--st-link-color",
};

// Shows the PDF in a frame with the viewer (viewer/view.js). The frame stays where it is while the rest is redrawn, because
// a frame that is moved loads again.
function showPdf(root, view) {
  const hidden = view.bordered && matchMedia(NARROW).matches; // a dialog shows it instead
  const pdf = view.view === "source" && !hidden ? drawnPdf(view) : null;
  let frame = root.querySelector("iframe");
  root.classList.toggle("framed", Boolean(pdf));
  root.classList.toggle("bordered", Boolean(view.bordered));
  if (!pdf) return frame && (frame.hidden = true);
  if (!frame) {
    frame = make("iframe.viewer", { src: pdf.frame, title: "PDF of the paper" });
    frame.addEventListener("ready", () => frame.show());
    frame.addEventListener("transitionend", () => frame.show()); // of its colour, when the theme changes
    root.append(frame);
  }
  frame.hidden = false;
  frame.show = () => {
    const style = getComputedStyle(root);
    const colours = Object.entries(COLOURS).map(([name, variable]) => [name, style.getPropertyValue(variable)]);
    frame.contentWindow.loccitShow?.({ ...pdf, cited: String(view.number), colours: Object.fromEntries(colours) });
  };
  frame.show();
}

// --- the border between the conversation and the panel

const WIDTH = "loccit-source-width"; // in the browser's storage: the share of the panel in per cent

function setWidth(percent, divider) {
  const kept = Math.round(Math.min(Math.max(percent, 25), 75));
  document.documentElement.style.setProperty("--loccit-source", `${kept}%`);
  divider.setAttribute("aria-valuenow", kept);
  return kept;
}

function divider() {
  const attributes = { role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": 25, "aria-valuemax": 75 };
  const element = make("div.divider", { ...attributes, "aria-label": "Width of the source panel, in per cent" });
  let width = setWidth(Number(localStorage.getItem(WIDTH)) || 50, element);
  const keep = (percent) => localStorage.setItem(WIDTH, (width = setWidth(percent, element)));
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    element.setPointerCapture(event.pointerId); // also over the frame
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const { left, right } = document.querySelector('.stHorizontalBlock:has(> .stColumn .st-key-source)').getBoundingClientRect();
    keep((100 * (right - event.clientX)) / (right - left));
  });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: 5, ArrowRight: -5 }[event.key];
    if (step) keep(width + step);
  });
  element.addEventListener("dblclick", () => keep(50));
  return element;
}
