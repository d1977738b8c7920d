// --- the component itself

// Streamlit scrolls a chat to its end, past the start of a long answer, repeatedly and with a delay. It gives up once the
// chat is scrolled while its own movement rests.
function showBeginning(root) {
  const until = Date.now() + 10_000;
  let userScrolled = false;
  const leave = () => (userScrolled = true);
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    window.addEventListener(kind, leave, { once: true, passive: true, capture: true });
  }
  const top = () => root.querySelector(".turn")?.getBoundingClientRect().top;
  let [last, rests] = [top(), 0];
  const timer = setInterval(() => {
    if (userScrolled || rests > 15 || Date.now() > until) return clearInterval(timer);
    const before = top();
    if (before === last) root.querySelector(".turn")?.scrollIntoView({ block: "start" });
    rests = before === last && before === top() ? rests + 1 : 0;
    last = top();
  }, 100);
}

// Redraws, then focuses the button that had the focus, or its neighbour if it is now disabled.
function redraw(place, view) {
  const nameOf = (element) => element.getAttribute("aria-label") || element.textContent;
  const held = place.getRootNode().activeElement;
  const name = held && place.contains(held) ? nameOf(held) : null;
  const group = held?.parentElement?.className;
  place.replaceChildren(view);
  if (name === null) return;
  const able = [...place.querySelectorAll("button:not(:disabled), summary, a[href], input")];
  const again = able.find((element) => nameOf(element) === name);
  const neighbour = able.find((element) => element.parentElement.className === group);
  place.tabIndex = -1; // focus must not leave a dialog, which would then not hear Escape
  (again || neighbour || able[0] || place).focus({ preventScroll: true });
}

// Shows the judgement of an answer once it is saved, or why it was not.
function showJudged(root, data) {
  const judged = JSON.stringify([data.judged, data.unsaved]);
  const first = root.loccitJudged === undefined;
  if (root.loccitJudged === judged) return;
  root.loccitJudged = judged;
  for (const button of root.querySelectorAll(".thumbs button")) {
    button.setAttribute("aria-pressed", String(data.judged === (button.dataset.helpful === "true")));
  }
  const status = root.querySelector(".copied");
  if (first) return;
  if (data.unsaved) status.textContent = data.unsaved;
  else if (data.judged === null) showBriefly(status, "No longer saved");
  else showBriefly(status, "Saved with the index");
}

const VIEWS = {
  whereabouts, turn, source, notice, intro, asked, failed, evidence, suggested, listing,
  papers, removed, outcomes, history, judged, conversations, correction,
};

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".loccit");
  const send = (message) => setTriggerValue("event", { ...message, at: Date.now() });
  // These fields change often, and redrawing for them would lose the focus.
  const state = JSON.stringify({ ...data, chosen: null, announce: null, last: null, judged: null, unsaved: null });
  // Streamlit also draws again what has not changed, which may say of a source that was open before.
  const whole = JSON.stringify(data);
  const opens = data.chosen && root.loccitData !== whole;
  root.loccitData = whole;
  if (root.loccitState === state) {
    if (opens) announceChoice(data.turn, data.chosen);
    if (data.view === "turn") showJudged(root, data);
    return root.loccitLeave;
  }
  const first = !root.loccitState;
  root.loccitState = state;
  if (first) root.append(make("div.live", { role: "status" }), make("div.drawn"), data.bordered ? divider() : "");
  drawnRoots.add(root);
  const [live, drawn] = root.children;
  redraw(drawn, VIEWS[data.view](data, send));
  showPdf(root, data);
  root.loccitJudged = undefined;
  if (data.view === "turn") showJudged(root, data);

  const onChosen = ({ detail: { turn, number, pressed } }) => {
    for (const button of root.querySelectorAll(".cite")) {
      const chosen = button.dataset.turn === turn && button.dataset.number === number;
      button.setAttribute("aria-pressed", String(chosen));
    }
    if (pressed) showPressedCell(root.querySelector(".grid"));
    if (pressed && turn === data.turn) root.querySelector("iframe:not([hidden])")?.contentWindow.loccitCite?.(number);
  };
  root.loccitLeave?.();
  window.addEventListener(CHOSEN, onChosen);
  root.loccitLeave = () => window.removeEventListener(CHOSEN, onChosen);

  if (opens) announceChoice(data.turn, data.chosen);
  else if (data.view === "listing") announceChoice("", ""); // takes the place of a source

  if (data.view === "source") {
    requestAnimationFrame(() => bringIntoView(root));
    if (data.turn) announceChoice(data.turn, data.number);
    if (!data.turn) return root.loccitLeave;
    const words = `${data.sort === "near" ? "Closest passage" : "Source"} ${data.number}: ${data.name}`;
    setTimeout(() => (live.textContent = words), 150);
  } else if (first && (data.focus || data.view === "asked")) {
    focusQuestionBox();
  } else if (first && announcement(data)) {
    setTimeout(() => (live.textContent = announcement(data)), 150); // screen readers announce changes only
    showBeginning(root);
    focusQuestionBox(); // which has moved to the bottom
  } else if (first && data.last) {
    showBeginning(root);
  }
  return root.loccitLeave;
}
