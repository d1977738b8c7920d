// --- one question and its answer

function sourceButton(view, number, label, preview, send) {
  const [id, bubble] = tip(preview);
  const cite = make(
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
        if (narrow) giveFocusBack(cite);
        send({ do: "open", turn: view.turn, number, narrow });
      },
    },
    make("span", { class: "number" }, String(number)),
    make("span", { class: "where", dir: "auto" }, label.section),
    label.section && label.place ? make("span", { "aria-hidden": "true" }, "·") : null,
    make("span", { class: "spot" }, label.place || (label.section ? null : "Show in the paper"))
  );
  return make("span", { class: "with-tip" }, cite, bubble);
}

function announceChoice(turn, number) {
  window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { turn: String(turn), number: String(number) } }));
}

// On narrow screens the source opens in a dialog, which cannot return focus into a shadow root.
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
  const preview = [paper.name, quote.section, quote.place].filter(Boolean).join(" · ");
  return make(
    "li",
    { class: quote.confidence.word === "Low" ? "unsure" : null },
    make("blockquote", {}, quoteText(quote)),
    make("div", { class: "under" }, sourceButton(view, quote.number, where(quote), preview, send), confidence(quote.confidence))
  );
}

function paperOf(view, paper, send) {
  const quotes = paper.quotes.map((quote) => quoteOf(view, paper, quote, send));
  return make("section", { class: "paper" }, make("h3", {}, paperName(paper)), make("ol", {}, quotes));
}

function nearestOf(view, send) {
  if (!view.nearest.length) return null;
  const items = view.nearest.map((miss) =>
    make(
      "li",
      {},
      make("div", { class: "from" }, paperName(miss)),
      make("p", { class: "words clamped", dir: "auto" }, miss.text),
      sourceButton(view, miss.number, where(miss), "Show this passage in its paper", send)
    )
  );
  const label = "These do not answer the question. They are the passages most similar to it.";
  const heading = make("h3", {}, "Nearest passages");
  return make("section", { class: "nearest" }, heading, make("p", { class: "label" }, label), make("ol", {}, items));
}

function copyButton(view, status) {
  if (!view.copy) return null;
  return button("Copy with citations", async () => {
    await navigator.clipboard.writeText(view.copy);
    status.textContent = "Copied with citations";
    setTimeout(() => (status.textContent = ""), 4000);
  });
}

function tableButton(view, send) {
  const attributes = { class: "small thumb", "data-table": true, "aria-pressed": String(view.tabled) };
  return button("Evidence table", () => send({ do: "table", turn: view.turn }), attributes);
}

function thumbs(view, send) {
  const thumb = (helpful, words) =>
    button(words, () => send({ do: "judge", turn: view.turn, helpful }), {
      class: "small thumb",
      "data-helpful": String(helpful),
      "aria-pressed": String(view.judged === helpful),
    });
  return make("span", { class: "thumbs", role: "group", "aria-label": "Was this right?" }, thumb(true, "Right"), thumb(false, "Wrong"));
}

// The question as searched, with a button to edit it and ask the edited question as it is.
function resolvedLine(view, send) {
  const line = make("div", { class: "resolved" });
  const show = (focus) => {
    const change = button("Edit", edit, { "aria-label": "Edit the question searched" });
    line.replaceChildren(make("p", {}, "Searched as: ", make("q", { dir: "auto" }, view.resolved)), change);
    if (focus) change.focus();
  };
  const edit = () => {
    const field = make("textarea", { rows: "2", maxlength: view.longest, "aria-label": "Question to search", dir: "auto" });
    field.value = view.resolved;
    const again = () => {
      if (field.value.trim()) send({ do: "ask", question: field.value.trim() });
      show(true);
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(true);
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      again();
    });
    line.replaceChildren(field, button("Ask this", again), button("Cancel", () => show(true)));
    field.focus();
  };
  show(false);
  return line;
}

function generationWords(view) {
  const newer = view.now > view.generation ? `; the papers have changed since (now ${view.now})` : "";
  return `Answered by index generation ${view.generation}${newer}`;
}

function turn(view, send) {
  const answered = view.status !== "not_found";
  const copied = make("span", { class: "copied", role: "status" });
  return make(
    "article",
    { class: `turn ${view.status}${view.doubtful ? " doubtful" : ""}`, "aria-label": "Question and answer" },
    make("h2", { dir: "auto" }, view.question),
    view.resolved ? resolvedLine(view, send) : null,
    view.scope ? make("p", { class: "resolved" }, view.scope) : null,
    make("p", { class: "headline" }, make("strong", {}, view.headline)),
    view.reasons.length ? list("reasons", view.reasons) : null,
    view.papers.map((paper) => paperOf(view, paper, send)),
    answered ? null : nearestOf(view, send),
    make("footer", {}, copyButton(view, copied), tableButton(view, send), thumbs(view, send), copied, make("span", { class: "aside" }, generationWords(view)))
  );
}

function announcement(view) {
  if (view.view !== "turn" || !view.announce) return "";
  return `${view.headline}. ${view.papers.map((paper) => paper.name).join("; ") || view.reasons.join(" ")}`;
}
