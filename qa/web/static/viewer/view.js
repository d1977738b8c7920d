// Shows one PDF with PDF.js. The source panel (static/source.js) calls ``loccitShow`` with the document and the cited
// sentence; another sentence of the same document moves the pages without loading it again.
import "./build/pdf.min.mjs"; // sets globalThis.pdfjsLib, which the next module needs
const pdfjs = globalThis.pdfjsLib;
const { EventBus, PDFFindController, PDFLinkService, PDFViewer } = await import("./web/pdf_viewer.mjs");

const at = (id) => document.getElementById(id);
const beside = (path) => new URL(path, location.href).href;
pdfjs.GlobalWorkerOptions.workerSrc = beside("build/pdf.worker.min.mjs");

const container = at("container");
const eventBus = new EventBus();
const linkService = new PDFLinkService({ eventBus });
linkService.externalLinkEnabled = false; // nothing in a paper opens another site
const findController = new PDFFindController({ eventBus, linkService });
const viewer = new PDFViewer({
  container,
  eventBus,
  linkService,
  findController,
  annotationMode: pdfjs.AnnotationMode.ENABLE, // drawn, without forms and scripts
  enableAutoLinking: false,
  removePageBorders: true,
  maxCanvasPixels: 2 ** 24,
});
linkService.setViewer(viewer);

const SMALLEST = 0.6; // scale at which text can still be read
const READABLE = 0.85;
const MARGIN = 12; // px to the left of the mark

let shown = null; // what ``loccitShow`` was called with last
let task = null; // the document that is loaded or being loaded
let boxes = []; // [page, left, top, right, bottom] in shares of the page, one per line of the sentence
const known = new Map(); // boxes by address

// Shows a document, with ``cited`` of its ``sentences`` marked.
globalThis.loccitShow = (view) => {
  const before = shown;
  shown = view;
  for (const [name, value] of Object.entries(view.colours)) document.documentElement.style.setProperty(`--${name}`, value);
  if (before?.address !== view.address) load(view);
  else if (boxesOf(before) !== boxesOf(view)) cite();
};

// Moves to another sentence of the document.
globalThis.loccitCite = (cited) => {
  if (!(cited in shown.sentences)) return;
  shown = { ...shown, cited };
  cite();
};

const boxesOf = ({ sentences, cited }) => sentences[cited]?.boxes;

function say(words) {
  at("note").textContent = words;
  at("note").hidden = !words;
}

async function load(view) {
  viewer.setDocument(null); // the sentences are no longer those of the pages that were shown
  linkService.setDocument(null);
  task?.destroy();
  say("Loading the document …");
  task = pdfjs.getDocument({
    url: beside(view.address),
    cMapUrl: beside("cmaps/"),
    cMapPacked: true,
    standardFontDataUrl: beside("standard_fonts/"),
    wasmUrl: beside("wasm/"),
    iccUrl: beside("iccs/"),
    enableXfa: false,
    disableRange: true, // one request; the file is on this machine
  });
  const mine = task;
  // A password is asked for by no one: the index cannot have read such a file.
  try {
    const pdf = await mine.promise;
    if (mine !== task) return;
    at("words").value = "";
    eventBus.dispatch("findbarclose", {});
    found({});
    viewer.setDocument(pdf);
    linkService.setDocument(pdf);
    at("pages").textContent = `/ ${pdf.numPages}`;
  } catch (error) {
    if (mine === task) say(`This PDF cannot be shown here (${error.message}). “Passage” shows its text.`);
  }
}

eventBus.on("pagesinit", () => {
  viewer.currentScaleValue = "page-width";
  if (viewer.currentScale < SMALLEST) viewer.currentScale = READABLE; // as on a phone, where the width shows one column
  say("");
  cite();
});

// --- the cited sentence

async function cite() {
  boxes = [];
  draw();
  const sentence = shown.sentences[shown.cited];
  if (!sentence || !viewer.pagesCount) return; // "pagesinit" comes back to it
  if (!known.has(sentence.boxes)) viewer.scrollPageIntoView({ pageNumber: sentence.page });
  const lines = await boxesAt(sentence.boxes);
  if (sentence.boxes !== boxesOf(shown) || !viewer.pagesCount) return; // another one is shown by now
  boxes = lines;
  say(boxes.length ? "" : "The position of the sentence on this page is uncertain, so it is not marked.");
  draw();
  showCited(sentence.page);
  for (const other of Object.values(shown.sentences)) boxesAt(other.boxes); // marked at once when it is chosen
}

function boxesAt(address) {
  if (!known.has(address)) {
    const answer = fetch(address).then((response) => (response.ok ? response.json() : []));
    known.set(address, answer.catch(() => []));
  }
  return known.get(address);
}

function draw() {
  for (const old of container.querySelectorAll(".cited")) old.remove();
  for (const [page, left, top, right, bottom] of boxes) {
    const box = document.createElement("div");
    box.className = "cited";
    const shares = { left, top, width: right - left, height: bottom - top };
    for (const [name, share] of Object.entries(shares)) box.style[name] = `${100 * share}%`;
    const drawn = viewer.getPageView(page - 1)?.div;
    drawn?.insertBefore(box, drawn.querySelector(".textLayer"));
  }
}

function showCited(pageNumber) {
  if (!boxes.length) return viewer.scrollPageIntoView({ pageNumber });
  const [page, , top] = boxes[0];
  const onPage = boxes.filter(([other]) => other === page);
  const left = Math.min(...onPage.map((box) => box[1]));
  const right = Math.max(...onPage.map((box) => box[3]));
  const { offsetTop, offsetLeft, offsetHeight, offsetWidth } = viewer.getPageView(page - 1).div;
  container.scrollTop = offsetTop + top * offsetHeight - container.clientHeight / 3;
  const centred = offsetLeft + ((left + right) / 2) * offsetWidth - container.clientWidth / 2;
  // Where the lines are wider than the window, as on a phone, they are seen from their beginning.
  container.scrollLeft = Math.min(centred, offsetLeft + left * offsetWidth - MARGIN);
}

// A page is drawn when it comes into view, and anew when the zoom changes.
eventBus.on("pagerendered", ({ pageNumber }) => boxes.some(([page]) => page === pageNumber) && draw());

// --- pages and zoom

eventBus.on("pagechanging", ({ pageNumber }) => pageIs(pageNumber));
eventBus.on("pagesinit", () => pageIs(viewer.currentPageNumber));

function pageIs(number) {
  if (document.activeElement !== at("page")) at("page").value = number;
  at("previous").disabled = number <= 1;
  at("next").disabled = number >= viewer.pagesCount;
}

at("previous").onclick = () => viewer.previousPage();
at("next").onclick = () => viewer.nextPage();
at("page").onchange = () => {
  const number = Math.min(Math.max(Math.trunc(at("page").value) || 1, 1), viewer.pagesCount);
  at("page").value = number;
  viewer.currentPageNumber = number;
};
at("smaller").onclick = () => viewer.decreaseScale();
at("larger").onclick = () => viewer.increaseScale();
at("width").onclick = () => (viewer.currentScaleValue = "page-width");
eventBus.on("scalechanging", ({ scale }) => (at("width").textContent = `${Math.round(100 * scale)} %`));
new ResizeObserver(() => {
  if (!container.clientWidth) return; // the frame is hidden
  if (viewer.pdfDocument && viewer.currentScaleValue === "page-width") viewer.currentScaleValue = "page-width";
  viewer.update();
}).observe(container);

// --- search

function find(type, findPrevious = false) {
  const query = at("words").value;
  eventBus.dispatch("find", { source: window, type, query, highlightAll: true, caseSensitive: false, findPrevious });
  if (!query) found({});
}

function found({ current, total }) {
  at("matches").textContent = total === undefined ? "" : total ? `${current} of ${total}` : "none";
  at("before").hidden = at("after").hidden = !total;
}

at("words").oninput = () => find("");
at("search").onsubmit = (event) => {
  event.preventDefault();
  find("again");
};
at("before").onclick = () => find("again", true);
eventBus.on("updatefindmatchescount", ({ matchesCount }) => found(matchesCount));
eventBus.on("updatefindcontrolstate", ({ matchesCount }) => at("words").value && found(matchesCount));
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "f") {
    event.preventDefault(); // the browser finds words only on pages that are drawn
    at("words").select();
  } else if (event.key === "Escape" && event.target === at("words") && at("words").value) {
    event.preventDefault();
    at("words").value = "";
    find("");
    container.focus({ preventScroll: true });
  } else if (event.key === "Escape" || (["j", "k", "/"].includes(event.key) && !event.target.matches("input"))) {
    hand(event);
  }
});

// Lets the page around the frame take a key, as if it had been pressed there (static/keys.js).
function hand(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { key, code } = event;
  const copy = new parent.KeyboardEvent("keydown", { key, code, bubbles: true, composed: true, cancelable: true });
  if (!window.frameElement.dispatchEvent(copy)) event.preventDefault();
}

window.frameElement.dispatchEvent(new Event("ready"));
