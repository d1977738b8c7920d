// --- the Evaluation page: figures, charts, and the questions behind a figure

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function tile(tile, send) {
  const lines = [tile.interval, tile.change, tile.better].filter(Boolean).map((text) => make("span", { class: "aside" }, text));
  const count = tile.failing ? `${tile.failing} question${tile.failing > 1 ? "s" : ""} behind it` : "";
  const open = () => {
    send({ do: "metric", metric: tile.metric });
  };
  return make(
    "li",
    { class: "tile" },
    make("span", { class: "label" }, tile.title),
    make("strong", {}, tile.value),
    lines,
    count ? make("button", { type: "button", class: "small", "aria-label": `${tile.title}: ${count}`, onclick: open }, count) : null
  );
}

const FRAME = { width: 340, height: 230, left: 44, right: 12, top: 12, bottom: 40 };

function chart(view) {
  const { width, height, left, right, top, bottom } = FRAME;
  const all = [...view.points, ...view.reference];
  const [low, high] = [Math.min(0, ...all.map(([x]) => x)), Math.max(1, ...all.map(([x]) => x))];
  const at = ([x, y]) => [
    left + ((x - low) / (high - low)) * (width - left - right),
    height - bottom - Math.min(Math.max(y, 0), 1) * (height - top - bottom),
  ];
  const path = (points) => points.map((point) => at(point).map((value) => value.toFixed(1)).join(",")).join(" ");
  const label = (x, y, text, anchor) => drawn("text", { x, y, "text-anchor": anchor, class: "tick" }, text);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((y) => {
    const [, line] = at([low, y]);
    return [drawn("line", { x1: left, x2: width - right, y1: line, y2: line, class: "grid" }), label(left - 6, line + 4, y.toFixed(2), "end")];
  });
  const ticks = [low, (low + high) / 2, high].map((x) => label(at([x, 0])[0], height - bottom + 16, String(+x.toFixed(2)), "middle"));
  const many = view.points.length > 30;
  const dots = many ? [] : view.points.map((point) => drawn("circle", { cx: at(point)[0], cy: at(point)[1], r: 3.5, class: "dots" }));
  const picture = drawn(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${view.title} ${view.said}` },
    ...grid,
    ...ticks,
    label((left + width - right) / 2, height - 6, view.axes[0], "middle"),
    ...(view.reference.length ? [drawn("polyline", { points: path(view.reference), class: "reference" })] : []),
    drawn("polyline", { points: path(view.points), class: "curve" }),
    ...dots
  );
  const rows = view.rows.map((row) => make("tr", {}, row.map((text) => make("td", {}, text))));
  const table = make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": `${view.title} As a table` },
    make("table", {}, make("thead", {}, make("tr", {}, view.heads.map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, rows))
  );
  return make("figure", {}, make("figcaption", {}, view.title), make("p", { class: "aside" }, `Up: ${view.axes[1]}`), picture,
    make("details", {}, make("summary", {}, "As a table"), table));
}

function report(view, send) {
  const facts = view.facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", { dir: "auto" }, value)));
  return make(
    "section",
    { "aria-label": "Last report" },
    make("dl", { class: "facts" }, facts),
    make("p", {}, make("button", { type: "button", class: "small", onclick: () => send({ do: "metric", metric: view.every }) }, view.everyWords)),
    view.against ? make("p", { class: "resolved" }, `Compared with the report “${view.against}”.`) : null,
    make("ul", { class: "tiles" }, view.tiles.map((item) => tile(item, send))),
    make("div", { class: "charts" }, view.charts.map(chart))
  );
}

function judgedQuote(item, given, send) {
  const verdict = given && item.right != null ? (item.right ? "right" : "not right") : "";
  const sure = item.percent != null ? `${item.percent} % sure` : "";
  return make(
    "li",
    {},
    make("blockquote", {}, paragraph("p", "words", item.parts)),
    make("p", { class: "aside", dir: "auto" }, [item.where, sure, verdict].filter(Boolean).join(" · ")),
    item.place ? make("button", { type: "button", class: "small", onclick: () => send({ do: "place", ...item.place, given }) }, "Show in its paper") : null
  );
}

function failure(row, send) {
  const refused = `Refused (${row.percent} % sure of the best sentence)`;
  const given = row.given.length ? make("ol", {}, row.given.map((item) => judgedQuote(item, true, send))) : make("p", {}, refused);
  const gold = row.gold.length ? make("ol", {}, row.gold.map((item) => judgedQuote(item, false, send))) : null;
  const words = row.accepted.length ? `Short answer wanted: ${row.accepted.join(" or ")}; given: ${row.short || "none"}` : "";
  return make(
    "li",
    {},
    make(
      "details",
      { class: "failure" },
      make("summary", {}, make("span", { dir: "auto" }, row.question), make("span", { class: "aside" }, `${row.verdict ? `${row.verdict} · ` : ""}${row.type} · ${row.refused ? "refused" : `${row.percent} % sure`}`)),
      row.resolved ? make("p", { class: "resolved" }, "Searched as: ", make("q", { dir: "auto" }, row.resolved)) : null,
      make("h3", {}, "Given"),
      given,
      make("h3", {}, "Right"),
      row.answerable ? gold : make("p", {}, "Not in these papers."),
      words ? make("p", { class: "aside", dir: "auto" }, words) : null,
      make("p", { class: "aside" }, `Question ${row.id}`)
    )
  );
}

function failures(view, send) {
  return make("section", { class: "failures", "aria-label": view.title }, make("h2", {}, view.title), make("ul", {}, view.rows.map((row) => failure(row, send))));
}
