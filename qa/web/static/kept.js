// --- the list of conversations, and the question what would have been right

// The moment in the reader's own time zone and habit: the time today, else the date.
function moment(iso) {
  const when = new Date(iso);
  const today = when.toDateString() === new Date().toDateString();
  const date = { year: "numeric", month: "short", day: "numeric" };
  return today ? when.toLocaleTimeString([], { timeStyle: "short" }) : when.toLocaleDateString([], date);
}

// Asks in place of `element` whether to delete; "Keep" brings it back.
function confirmDeletion(element, question, remove) {
  const back = [...element.childNodes];
  const pressed = document.activeElement?.getRootNode().activeElement;
  const keep = () => {
    element.replaceChildren(...back);
    pressed?.focus?.();
  };
  const yes = make("button.small.danger", { onclick: remove }, "Delete");
  element.replaceChildren(
    make("p", { role: "alert" }, question),
    make("div.under", yes, make("button.small", { onclick: keep }, "Keep"))
  );
  yes.focus();
}

function renameRow(item, { key, title }, send, back) {
  const label = "Title of the conversation";
  const field = make("input", { type: "text", maxlength: 200, "aria-label": label, dir: "auto" });
  field.value = title;
  const save = () => (field.value.trim() ? send({ do: "rename", key, title: field.value }) : back());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) save();
    if (event.key !== "Escape") return;
    event.stopPropagation(); // Escape closes the dialog otherwise
    back();
  });
  const cancel = make("button.small", { onclick: back }, "Cancel");
  item.replaceChildren(field, make("div.under", make("button.small", { onclick: save }, "Save"), cancel));
  field.focus();
  field.select();
}

function conversationRow(view, row, send) {
  const { key, title } = row;
  const item = make("li");
  const draw = () => {
    const act = (words, onclick) => make("button.small", { "aria-label": `${words} ${title}`, onclick }, words);
    const question = "Delete this conversation with its answers? This cannot be undone.";
    item.replaceChildren(
      make(
        "button.title",
        { "aria-current": key === view.current && "true", onclick: () => send({ do: "reopen", key }) },
        text("span", title)
      ),
      make(
        "div.under",
        make("span.aside", `${moment(row.changed)} · ${row.aside}`),
        act("Rename", () => renameRow(item, row, send, draw)),
        act("Delete", () => confirmDeletion(item, question, () => send({ do: "delete", key })))
      )
    );
  };
  draw();
  return item;
}

function conversations(view, send) {
  const rows = view.rows.map((row) => conversationRow(view, row, send));
  if (!rows.length) {
    return make("p.aside", { role: "status" }, view.searched ? "No conversation has these words." : "None yet.");
  }
  const footer = make("footer");
  const question = "Delete all conversations with their answers? This cannot be undone.";
  const all = { onclick: () => confirmDeletion(footer, question, () => send({ do: "delete", key: "" })) };
  if (!view.searched) footer.append(make("button.small", all, "Delete all conversations"));
  const more = view.more && make("p.aside", `${view.more} more: search to find them.`);
  return make("div.conversations", make("ol", { "aria-label": "Conversations" }, rows), more, footer);
}

function correction(view, send) {
  const row = (item) => {
    const label = `This is right: ${item.text.slice(0, 120)}`;
    const choose = { "aria-label": label, onclick: () => send({ do: "right", number: item.number }) };
    const under = make("div.under", make("button.small", choose, "This is right"), text("span.aside", item.place));
    return make("li", make("div.from", paperName(item)), text("p.words", item.text), under);
  };
  return make(
    "section.correction",
    { "aria-label": "What would have been right?" },
    make(
      "footer",
      make("button.small", { onclick: () => send({ do: "none" }) }, "Not in the papers"),
      make("button.small", { onclick: () => send({ do: "skip" }) }, "I do not know")
    ),
    view.rows.length ? make("ol", view.rows.map(row)) : make("p.aside", { role: "status" }, "No sentence found.")
  );
}
