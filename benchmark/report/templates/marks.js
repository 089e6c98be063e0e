// Marks in figures: what they tell, and which model they are.

// The same model wherever it stands: its rows, its marks in the figures, its samples.
let pinned = null;
function highlight(row) {
  all(".hot").forEach((element) => element.classList.remove("hot"));
  all("svg.dim").forEach((drawing) => drawing.classList.remove("dim"));
  if (!row) return;
  all(`[data-row="${CSS.escape(row)}"]`).forEach((element) => {
    element.classList.add("hot");
    const drawing = element.closest("svg");
    if (drawing) drawing.classList.add("dim");
  });
}

// What the comparison says of a row; of other tables, their first numbers.
const TOLD = ["test_perplexity", "test_perplexity_interval", "bytes_in_memory", "train_seconds", "score_tokens_per_second"];
function toldOf(row) {
  const table = row.closest("table");
  const heads = all("thead th", table).map((head, index) => [head, index]);
  const told = table.dataset.filters === undefined
    ? heads.filter(([head]) => head.matches(".r") && head.dataset.key !== "rank").slice(0, TOLD.length)
    : heads.filter(([head]) => TOLD.includes(head.dataset.key));
  const setting = row.dataset.setting ? [["Settings", row.dataset.setting]] : [];
  return [...told.map(([head, index]) => [head.textContent, valueShown(row.children[index])]), ...setting];
}
const valueShown = (cell) => cell.textContent.trim() || "–";

// The row of a mark: in the comparison, or else in the tables of its section, or elsewhere.
function rowOfMark(mark) {
  const wanted = mark.closest("[data-row]") && `table tr[data-row="${CSS.escape(mark.closest("[data-row]").dataset.row)}"]`;
  if (!wanted) return null;
  const comparison = document.querySelector("table[data-filters]");
  const [near] = all(wanted, mark.closest("section") ?? document);
  return comparison?.querySelector(wanted.replace("table ", "")) ?? near ?? document.querySelector(wanted);
}

// What a mark tells: its own values, as the axes have them; which series it belongs to; and what the row says.
function saidOf(mark) {
  const drawing = mark.closest("svg");
  const own = ["x", "y"].filter((axis) => mark.dataset[axis]).map((axis) => [drawing.dataset[`${axis}Axis`], mark.dataset[axis]]);
  const row = rowOfMark(mark);
  const series = mark.closest("[data-name]")?.dataset.name;
  const name = row && row.querySelector("th").textContent.trim();
  if (!own.length && !row && !series) return null;
  const lines = own.map(([axis, value]) => made("div", made("b", axis ? `${axis}: ${value}` : value)));
  if (series && series !== name) lines.push(made("div", series));
  if (row) {
    lines.push(made("div", own.length ? `Row: ${name}` : made("b", name), { class: own.length ? "of" : "" }));
    lines.push(...toldOf(row).map(([head, value]) => made("div", `${head}: ${value}`)));
  }
  return lines;
}

function tooltip() {
  const tip = made("div", [], { class: "tip", role: "status" });
  document.body.append(tip);
  tip.hidden = true;
  return (mark) => {
    all("svg .at").forEach((other) => other.classList.remove("at"));
    const said = mark && saidOf(mark);
    tip.hidden = !said;
    if (!said) return;
    mark.classList.add("at");
    tip.replaceChildren(...said);
    const at = mark.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(at.right + 10, innerWidth - tip.offsetWidth - 8))}px`;
    const below = at.bottom + 10 + tip.offsetHeight + 8 <= innerHeight;
    tip.style.top = `${Math.max(8, below ? at.bottom + 10 : at.top - tip.offsetHeight - 10)}px`;
  };
}

// A figure is one stop of the Tab key; the arrow keys go from mark to mark, through all that tell something.
const OWN = "[data-x], [data-y]";
function walkable(drawing, tell) {
  const own = all(OWN, drawing);
  const rows = new Set(own.map((mark) => mark.closest("[data-row]")?.dataset.row));
  const others = all("[data-row]", drawing).filter((mark) => mark.localName !== "text" && !rows.has(mark.dataset.row));
  const stops = [...own, ...others];
  if (!stops.length) return;
  drawing.tabIndex = 0;
  let place = -1;
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    place = place < 0 && step < 0 ? stops.length - 1 : (place + step + stops.length) % stops.length;
    highlight(stops[place].closest("[data-row]")?.dataset.row);
    tell(stops[place]);
  });
  drawing.addEventListener("blur", () => { place = -1; tell(null); highlight(pinned); });
}

function linked() {
  const rowAt = (event) => event.target.closest("[data-row]")?.dataset.row ?? pinned;
  const tell = tooltip();
  document.addEventListener("pointerover", (event) => {
    highlight(rowAt(event));
    const around = event.target.closest("svg") && event.target;
    tell(around && (around.closest(OWN) ?? around.closest("[data-name], [data-row]")));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell(null); });
  document.addEventListener("focusin", (event) => highlight(rowAt(event)));
  all("figure svg").forEach((drawing) => walkable(drawing, tell));
  all("table[data-filters]").forEach(pinnable);
}

// The names of the comparison highlight their model.
function pinnable(table) {
  const buttons = all("th[scope=row]", table).map((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.title = "Highlight this model everywhere";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      buttons.forEach((other) => other.setAttribute("aria-pressed", "false"));
      button.setAttribute("aria-pressed", String(on));
      pinned = on ? head.parentNode.dataset.row : null;
      highlight(pinned);
    });
    return button;
  });
}
