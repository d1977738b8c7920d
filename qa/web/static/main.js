// --- other views, and the component itself

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

// Streamlit scrolls a chat to its end, past the start of a long answer, repeatedly and with a delay.
function showBeginning(root) {
  const until = Date.now() + 1500;
  let userScrolled = false;
  const leave = () => (userScrolled = true);
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    window.addEventListener(kind, leave, { once: true, passive: true, capture: true });
  }
  const timer = setInterval(() => {
    if (userScrolled || Date.now() > until) return clearInterval(timer);
    root.querySelector(".turn")?.scrollIntoView({ block: "start" });
  }, 100);
}

function whereabouts(view) {
  return make("p", { class: "aside", dir: "auto" }, view.message);
}

// Redraws, then focuses the button that had the focus, or its neighbour if it is now disabled.
function redraw(place, view) {
  const nameOf = (element) => element.getAttribute("aria-label") || element.textContent;
  const held = place.getRootNode().activeElement;
  const name = held && place.contains(held) ? nameOf(held) : null;
  const group = held?.parentElement?.className;
  place.replaceChildren(view);
  if (name === null) return;
  const able = [...place.querySelectorAll("button:not(:disabled), summary, a[href]")];
  const again = able.find((element) => nameOf(element) === name);
  (again || able.find((element) => element.parentElement.className === group))?.focus({ preventScroll: true });
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
  if (first || !status) return;
  status.textContent = data.unsaved || "Saved on this machine";
  if (!data.unsaved) setTimeout(() => (status.textContent = ""), 4000);
}

const VIEWS = { whereabouts, turn, source, notice, empty, intro, asked, failed, papers, outcomes, history, judged, evidence };

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".loccit");
  const send = (message) => setTriggerValue("event", { ...message, at: Date.now() });
  // These fields change often, and redrawing for them would lose the focus.
  const state = JSON.stringify({ ...data, chosen: null, announce: null, judged: null, unsaved: null, tabled: null });
  if (data.chosen) requestAnimationFrame(() => announceChoice(data.turn, data.chosen));
  root.querySelector("[data-table]")?.setAttribute("aria-pressed", String(data.tabled));
  if (root.loccitState === state) {
    if (data.view === "turn") showJudged(root, data);
    return root.loccitLeave;
  }
  const first = !root.loccitState;
  root.loccitState = state;

  let live = root.querySelector(":scope > .live");
  if (!live) {
    live = make("div", { class: "live", role: "status" });
    root.append(live, make("div", { class: "drawn" }));
  }
  redraw(root.lastElementChild, VIEWS[data.view](data, send));
  if (data.view === "turn") {
    root.loccitJudged = undefined;
    showJudged(root, data);
  }

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
    setTimeout(() => (live.textContent = announcement(data)), 150); // screen readers announce changes only
    showBeginning(root);
  }
  return root.loccitLeave;
}
