// --- the start of a conversation: questions to try, and the papers

function suggested(view, send) {
  const chips = view.questions.map(({ question, paper, name }) => {
    const onclick = () => send({ do: "ask", question, paper });
    return make("li", make("button.chip", { onclick }, text("span", question), name && text("span.aside", `in ${name}`)));
  });
  const looking = view.trying && make("p.aside", { role: "status" }, "Looking for questions that these papers answer …");
  return make("section.suggested", chips.length && make("h2", "Questions that these papers answer"), make("ul", chips), looking);
}

function listing(view, send) {
  const one = ({ id, name, year }) => {
    const onclick = () => send({ do: "details", document: id });
    return make("li", make("button", { onclick }, text("span", name), year && make("span.aside", ` ${year}`)));
  };
  const rest = view.count - view.papers.length;
  return make(
    "section.listing",
    make("h2", view.count === 1 ? "1 paper" : `${view.count} papers`),
    make("ul", view.papers.map(one)),
    rest > 0 && make("p.aside", `and ${rest} more on the Papers page`)
  );
}

function closeButton(send) {
  const onclick = () => send({ do: "open", turn: "", number: 0, narrow: false });
  const attributes = { "aria-label": "Close source", title: "Close (Esc)", onclick };
  return make("button.small.step.close-source", attributes, "×");
}
