// Draws what the app sends as JSON. Text of papers becomes text nodes and nothing else: no markup is ever parsed.

const CHOSEN = "loccit-chosen"; // tells all components on the page which source is open
const NARROW = "(max-width: 640px)"; // as in page.css: the panel is a sheet there

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
  const caption = [view.label, view.caption.startsWith(view.label) ? view.caption.slice(view.label.length) : view.caption];
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
    { class: "table", tabindex: "0", role: "region", "aria-label": view.label || "Table" },
    make(
      "table",
      {},
      view.label || view.caption ? make("caption", { dir: "auto" }, make("b", {}, caption[0]), caption[1]) : null,
      heads.length ? make("thead", {}, heads) : null,
      make("tbody", {}, note(view.above, "above"), body, note(view.below, "below"))
    )
  );
}

// --- small parts

let tips = 0;

function tip(text, ...children) {
  const id = `tip-${++tips}`;
  return [id, make("span", { class: "tip", role: "tooltip", id }, text, ...children)];
}

function confidence(found, prefix) {
  const words = `Estimated probability that this answers the question: ${found.percent} %`;
  const [id, bubble] = tip(words);
  const level = found.word.toLowerCase();
  return make(
    "span",
    { class: "with-tip" },
    make(
      "button",
      { type: "button", class: `confidence ${level}`, "aria-describedby": id },
      make("span", { class: "dot", "aria-hidden": "true" }),
      `${found.word} confidence${prefix || ""}`
    ),
    bubble
  );
}

function paperName(paper) {
  const name = make("span", { class: "name", dir: "auto" }, paper.name);
  return paper.untitled ? [name, make("span", { class: "aside" }, "file name; the paper states no title")] : [name];
}

function where(quote) {
  return [quote.section.split(" › ").at(-1), quote.place].filter(Boolean).join(" · ");
}

// --- one question and its answer

function sourceButton(view, number, label, preview, send, root) {
  const [id, bubble] = tip(preview);
  const button = make(
    "button",
    {
      type: "button",
      class: "cite",
      "aria-pressed": "false",
      "aria-describedby": id,
      "data-turn": view.turn,
      "data-number": number,
      onclick: () => {
        const narrow = matchMedia(NARROW).matches;
        announceChoice(view.turn, number);
        if (narrow) giveFocusBack(button);
        send({ do: "open", turn: view.turn, number, narrow });
      },
    },
    make("span", { class: "number" }, String(number)),
    make("span", { class: "where", dir: "auto" }, label)
  );
  return make("span", { class: "with-tip" }, button, bubble);
}

function announceChoice(turn, number) {
  window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { turn: String(turn), number: String(number) } }));
}

// The dialog of narrow screens cannot know a button inside a shadow root.
function giveFocusBack(button) {
  const open = () => document.querySelector('[role="dialog"]');
  let seen = false;
  const observer = new MutationObserver(() => {
    if (open()) seen = true;
    else if (seen) {
      observer.disconnect();
      setTimeout(() => button.isConnected && button.focus(), 50);
    }
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

function quoteOf(view, paper, quote, send) {
  const text = quote.table
    ? tableOf({ ...quote.table, header: quote.table.header.length ? [quote.table.header] : [] }, [
        { cells: quote.table.cells.map((cell) => [cell]) },
      ])
    : paragraph("p", "words", quote.parts);
  const place = where(quote) || "Show in the paper";
  const preview = [paper.name, quote.section, quote.place].filter(Boolean).join(" · ");
  return make(
    "li",
    {},
    make("blockquote", {}, text),
    make("div", { class: "under" }, sourceButton(view, quote.number, place, preview, send), confidence(quote.confidence))
  );
}

function paperOf(view, paper, send) {
  return make(
    "section",
    { class: "paper" },
    make("h3", {}, paperName(paper)),
    make("ol", {}, paper.quotes.map((quote) => quoteOf(view, paper, quote, send)))
  );
}

function nearestOf(view, send) {
  if (!view.nearest.length) return null;
  const items = view.nearest.map((miss) => {
    const place = where(miss) || "Show in the paper";
    return make(
      "li",
      {},
      make("div", { class: "from" }, paperName(miss)),
      make("p", { class: "words clamped", dir: "auto" }, miss.text),
      sourceButton(view, miss.number, place, "Show this passage in its paper", send)
    );
  });
  return make(
    "section",
    { class: "nearest" },
    make("h3", {}, "Nearest passages"),
    make("p", { class: "label" }, "These do not answer the question. They are the passages most like it."),
    make("ol", {}, items)
  );
}

function copyButton(view, status) {
  const button = make(
    "button",
    {
      type: "button",
      class: "small",
      onclick: async () => {
        await navigator.clipboard.writeText(view.copy);
        status.textContent = "Copied with citations";
        setTimeout(() => (status.textContent = ""), 4000);
      },
    },
    "Copy with citations"
  );
  return view.copy ? button : null;
}

function turn(view, send) {
  const answered = view.status !== "not_found";
  const copied = make("span", { class: "copied", role: "status" });
  return make(
    "article",
    { class: `turn ${view.status}`, "aria-label": "Question and answer" },
    make("h2", { dir: "auto" }, view.question),
    view.resolved
      ? make("p", { class: "resolved" }, "Searched as: ", make("q", { dir: "auto" }, view.resolved))
      : null,
    view.scope ? make("p", { class: "resolved" }, view.scope) : null,
    make("p", { class: "headline" }, make("strong", {}, view.headline)),
    view.reasons.length ? make("ul", { class: "reasons" }, view.reasons.map((text) => make("li", { dir: "auto" }, text))) : null,
    view.papers.map((paper) => paperOf(view, paper, send)),
    answered ? null : nearestOf(view, send),
    make("footer", {}, copyButton(view, copied), copied, make("span", { class: "aside" }, `Index generation ${view.generation}`))
  );
}

function announcement(view) {
  if (view.view !== "turn" || !view.announce) return "";
  return `${view.headline}. ${view.papers.map((paper) => paper.name).join("; ") || view.reasons.join(" ")}`;
}

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
    make(
      "button",
      {
        type: "button",
        class: "small step",
        disabled: to < 1 || to > view.count,
        "aria-label": words,
        onclick: () => send({ do: "open", turn: view.turn, number: to, narrow: false, step: true }),
      },
      sign
    );
  return make(
    "div",
    { class: "stepper" },
    step(view.number - 1, "Previous source", "‹"),
    make("span", {}, `${view.number} of ${view.count}`),
    step(view.number + 1, "Next source", "›")
  );
}

function why(view) {
  if (!view.why) return null;
  const pairs = [
    ["Words of the question in the sentence", view.why.terms.join(", ") || "none"],
    ["Shared words, whole passage (BM25)", view.why.lexical],
    ["Closeness in meaning (cosine, −1 to 1)", view.why.dense],
    ["Score of the sentence ranker", view.why.ranker],
    ["Probability that it answers", `${view.why.percent} %`],
  ];
  return make(
    "details",
    {},
    make("summary", {}, "Why this passage?"),
    make("dl", {}, pairs.map(([name, value]) => [make("dt", {}, name), make("dd", { dir: "auto" }, value)]).flat())
  );
}

function doiLink(doi) {
  if (!/^10\.\d{4,9}\/\S+$/.test(doi)) return null;
  const href = `https://doi.org/${encodeURI(doi)}`;
  return make("p", { class: "doi" }, make("a", { href, target: "_blank", rel: "noopener noreferrer" }, `doi.org/${doi}`),
    make("span", { class: "aside" }, "opens on the web"));
}

function source(view, send) {
  const near = view.sort === "near";
  const body = make(
    "div",
    { class: "body", tabindex: "0", role: "region", "aria-label": "Passage in the paper" },
    view.blocks.map(blockOf)
  );
  return make(
    "section",
    { class: `source ${view.sort}`, "aria-label": "Source" },
    make("div", { class: "bar" }, make("h2", {}, near ? "Nearest passage" : `Source ${view.number}`), stepper(view, send)),
    near ? make("p", { class: "label" }, "Not an answer: a passage that is merely near the question.") : null,
    make("h3", {}, paperName(view)),
    view.byline ? make("p", { class: "byline", dir: "auto" }, view.byline) : null,
    make("p", { class: "place", dir: "auto" }, [view.section, view.place].filter(Boolean).join(" · ")),
    body,
    why(view),
    doiLink(view.doi)
  );
}

function bringIntoView(root) {
  const body = root.querySelector(".source .body");
  const target = body && body.querySelector("mark, tr.cited");
  if (!target) return;
  const offset = target.getBoundingClientRect().top - body.getBoundingClientRect().top;
  body.scrollTop += offset - body.clientHeight / 3;
}

// --- other views

function notice(view) {
  return make(
    "div",
    { class: `notice ${view.level}`, role: view.level === "info" ? null : "alert" },
    make("strong", {}, view.title),
    make("p", { dir: "auto" }, view.message),
    view.remedy ? make("p", { class: "remedy", dir: "auto" }, view.remedy) : null
  );
}

function asked(view) {
  return make("article", { class: "turn" }, make("h2", { dir: "auto" }, view.question));
}

function failed(view) {
  return make("article", { class: "turn" }, make("h2", { dir: "auto" }, view.question), notice(view));
}

function empty(view) {
  return make("section", { class: "empty" }, make("h2", {}, view.title), make("p", {}, view.message));
}

function intro(view) {
  return make("header", { class: view.compact ? "intro compact" : "intro" }, make("h1", {}, view.title),
    view.message ? make("p", {}, view.message) : null);
}

const VIEWS = { turn, source, notice, empty, intro, asked, failed };

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".loccit");
  const send = (message) => setTriggerValue("event", { ...message, at: Date.now() });
  const state = JSON.stringify(data);
  if (root.loccitState === state) return root.loccitLeave;
  const first = !root.loccitState;
  root.loccitState = state;

  let live = root.querySelector(":scope > .live");
  if (!live) {
    live = make("div", { class: "live", role: "status" });
    root.append(live, make("div", { class: "drawn" }));
  }
  root.lastElementChild.replaceChildren(VIEWS[data.view](data, send));

  const onChosen = (event) => {
    for (const button of root.querySelectorAll(".cite")) {
      const { turn, number } = button.dataset;
      const chosen = turn === event.detail.turn && number === event.detail.number;
      button.setAttribute("aria-pressed", String(chosen));
    }
  };
  if (root.loccitLeave) root.loccitLeave();
  window.addEventListener(CHOSEN, onChosen);
  root.loccitLeave = () => window.removeEventListener(CHOSEN, onChosen);

  if (data.view === "source") {
    requestAnimationFrame(() => {
      bringIntoView(root);
      announceChoice(data.turn, data.number);
    });
    const words = `${data.sort === "near" ? "Nearest passage" : "Source"} ${data.number}: ${data.name}`;
    setTimeout(() => (live.textContent = words), 150);
  } else if (first && announcement(data)) {
    setTimeout(() => (live.textContent = announcement(data)), 150); // a change is what gets announced
  }
  if (data.view === "turn" && data.chosen) {
    requestAnimationFrame(() => announceChoice(data.turn, data.chosen));
  }
  return root.loccitLeave;
}
