// --- the keyboard: / goes to the question box, j and k move between citations, Escape closes the source

const drawnRoots = (window.loccitRoots ??= new Set()); // of all components on the page, which no selector enters

function inComponents(selector) {
  for (const root of drawnRoots) if (!root.isConnected) drawnRoots.delete(root);
  const inOrder = [...drawnRoots].sort((a, b) => (a.getRootNode().host.compareDocumentPosition(b.getRootNode().host) & 4 ? -1 : 1));
  return inOrder.flatMap((root) => [...root.querySelectorAll(selector)]).filter((one) => one.checkVisibility());
}

function questionBox() {
  return [...document.querySelectorAll('[data-testid="stChatInput"] textarea')].find((box) => box.checkVisibility());
}

// Focuses the question box once it is there, unless something else has the focus by then.
function focusQuestionBox(tries = 100) {
  if (!matchMedia("(hover: hover)").matches || deepFocus() !== document.body) return;
  const box = questionBox();
  if (box && !box.disabled) box.focus({ preventScroll: true });
  else if (tries) setTimeout(focusQuestionBox, 100, tries - 1);
}

function deepFocus() {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
}

function step(by) {
  if (document.querySelector('[role="dialog"]')) return inComponents(".step:not(.close-source)").at(by > 0 ? -1 : -2)?.click();
  const all = inComponents(".cite");
  if (!all.length) return;
  const focused = all.indexOf(deepFocus());
  const at = focused >= 0 ? focused : all.findIndex((one) => one.getAttribute("aria-pressed") === "true");
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  next.click();
}

function closeSource() {
  const [button] = inComponents(".close-source");
  if (!button) return;
  const [cited] = inComponents('.cite[aria-pressed="true"]');
  button.click();
  announceChoice("", "");
  cited?.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  const focused = deepFocus();
  if (focused?.matches("input, textarea, select, [contenteditable], [role=combobox], [role=slider]")) {
    if (event.key === "Escape" && focused === questionBox() && !focused.value) focused.blur(); // so that j and k work
    return;
  }
  if (document.querySelector('[data-testid="stPopoverBody"], [role="listbox"]')) return;
  const onCitation = focused?.matches(".cite");
  if (event.key === "/") questionBox()?.focus();
  else if (event.key === "j" || (onCitation && event.key === "ArrowDown")) step(1);
  else if (event.key === "k" || (onCitation && event.key === "ArrowUp")) step(-1);
  else if (event.key === "Escape") closeSource();
  else return;
  event.preventDefault();
}

if (!window.loccitKeys) document.addEventListener("keydown", (window.loccitKeys = onKey));
