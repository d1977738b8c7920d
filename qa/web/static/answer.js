// --- one question and its answer

function sourceButton(view, item, tip, send) {
  const { number, place } = item;
  const section = item.section.split(" › ").at(-1);
  const onclick = () => {
    const narrow = matchMedia(NARROW).matches;
    announceChoice(view.turn, number, true);
    if (narrow) giveFocusBack(button);
    send({ do: "open", turn: view.turn, number, narrow });
  };
  const wrapper = tipped(
    tip,
    "button.cite",
    { "aria-pressed": "false", "data-turn": view.turn, "data-number": number, onclick },
    make("span.number", String(number)),
    text("span.where", section),
    section && place && make("span", { "aria-hidden": "true" }, "·"),
    make("span.spot", place || (!section && "Show in the paper"))
  );
  const button = wrapper.firstElementChild;
  return wrapper;
}

// ``pressed``: by a person, so that an open PDF moves there before the server responds.
function announceChoice(turn, number, pressed = false) {
  window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { turn: String(turn), number: String(number), pressed } }));
}

// On narrow screens the source opens in a dialog, which cannot return focus into a shadow root.
function giveFocusBack(button) {
  let seen = false;
  const observer = new MutationObserver(() => {
    if (document.querySelector('[role="dialog"]')) seen = true;
    else if (seen) {
      observer.disconnect();
      setTimeout(() => button.isConnected && button.focus(), 50);
    }
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

function quoteOf(view, paper, quote, send) {
  const tip = [paper.name, quote.section, quote.place].filter(Boolean).join(" · ");
  return make(
    view.status === "possible" || quote.confidence.word === "Low" ? "li.unsure" : "li",
    make("blockquote", quoteText(quote)),
    make("div.under", sourceButton(view, quote, tip, send), copyQuoteButton(quote), confidence(quote.confidence))
  );
}

function paperOf(view, paper, send) {
  const quotes = paper.quotes.map((quote) => quoteOf(view, paper, quote, send));
  return make("section.paper", make("h3", paperName(paper)), make("ol", quotes));
}

function nearbyOf(view, send) {
  const items = view.nearby.map((near) =>
    make(
      "li",
      make("div.from", paperName(near)),
      text("p.words.clamped", near.text),
      sourceButton(view, near, "Show this passage in its paper", send)
    )
  );
  const label = "The passages most similar to the question.";
  return make("section.nearby", make("h3", "Closest passages"), make("p.label", label), make("ol", items));
}

// Where a question is about one paper and does not say which: a button for each that could be meant.
function whichOf(view, send) {
  const choice = ({ id, name }) => {
    const onclick = () => send({ do: "ask", question: view.resolved || view.question, paper: id });
    return make("li", make("button.small", { onclick }, name));
  };
  return make("ul.which", { "aria-label": "In which paper?" }, view.which.map(choice));
}

// Copies one quote with its page and reference. The words on the button tell that it worked.
function copyQuoteButton({ copy, number }) {
  const words = "Copy quote";
  const status = make("span.live", { role: "status" });
  const onclick = async () => {
    await navigator.clipboard.writeText(copy);
    showBriefly(status, `Quote ${number} copied with its reference`);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 4000);
  };
  const attributes = { "aria-label": `Copy quote ${number} with its reference`, onclick };
  const button = make("button.small.copy", attributes, words);
  return copy && make("span", button, status);
}

function copyButton(view, status) {
  const onclick = async () => {
    await navigator.clipboard.writeText(view.copy);
    showBriefly(status, "Copied with citations");
  };
  return view.copy && make("button.small", { onclick }, "Copy with citations");
}

function showBriefly(status, words) {
  status.textContent = words;
  setTimeout(() => (status.textContent = ""), 4000);
}

function tableButton(view, send) {
  const onclick = () => send({ do: "table", turn: view.turn });
  return make("button.small", { onclick }, "Evidence table");
}

function thumbs(view, send) {
  const thumb = (helpful, words) => {
    const onclick = () => send({ do: "judge", turn: view.turn, helpful });
    const pressed = String(view.judged === helpful);
    return make("button.small.thumb", { "data-helpful": String(helpful), "aria-pressed": pressed, onclick }, words);
  };
  const group = { role: "group", "aria-label": "Was this right?" };
  return make("span.thumbs", group, thumb(true, "Right"), thumb(false, "Wrong"));
}

// The question as searched, with a button to edit it and ask the edited question as it is.
function resolvedLine(view, send) {
  const line = make("div.resolved");
  const show = (focus) => {
    const change = make("button.small", { "aria-label": "Edit the question searched", onclick: edit }, "Edit");
    line.replaceChildren(make("p", "Searched as: ", text("q", view.resolved)), change);
    if (focus) change.focus();
  };
  const edit = () => {
    const label = "Question to search";
    const field = make("textarea", { rows: "2", maxlength: view.longest, "aria-label": label, dir: "auto" });
    field.value = view.resolved;
    const again = () => {
      if (field.value.trim()) send({ do: "ask", question: field.value.trim() });
      show(true);
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation(); // it closes the source otherwise
        show(true);
      }
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      again();
    });
    const cancel = make("button.small", { onclick: () => show(true) }, "Cancel");
    line.replaceChildren(field, make("button.small", { onclick: again }, "Ask this"), cancel);
    field.focus();
  };
  show(false);
  return line;
}

function turn(view, send) {
  const copied = make("span.copied", { role: "status" });
  return make(
    `article.turn.${view.status}`,
    { "aria-label": "Question and answer" },
    text("h2", view.question),
    view.resolved && resolvedLine(view, send),
    view.scope && make("p.resolved", view.scope),
    make("p.headline", make("strong", view.headline)),
    view.reasons.length && list("ul.reasons", view.reasons),
    view.papers.map((paper) => paperOf(view, paper, send)),
    view.which.length && whichOf(view, send),
    view.nearby.length && nearbyOf(view, send),
    make(
      "footer",
      copyButton(view, copied),
      tableButton(view, send),
      thumbs(view, send),
      copied,
      make("span.aside", moment(view.asked))
    ),
    view.since.length && list("ul.notes", view.since)
  );
}

function announcement(view) {
  if (view.view !== "turn" || !view.announce) return "";
  return `${view.headline}. ${view.papers.map((paper) => paper.name).join("; ") || view.reasons.join(" ")}`;
}
