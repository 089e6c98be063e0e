// One corpus at a time; sorting, filtering and linking of rows; all of it in the address of the page.
// Without this script the page is complete but static.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// The address is `#anchor?corpus=ptb&sort=train_seconds`: a link shows what its sender saw.
const state = new URLSearchParams(location.hash.split("?")[1] ?? "");
function remember(key, value) {
  if ((state.get(key) ?? "") === value) return;
  if (value) state.set(key, value); else state.delete(key);
  const query = state.toString();
  history.replaceState(null, "", `#${location.hash.slice(1).split("?")[0]}${query && "?"}${query}`);
}

// The first of the corpora that can be chosen in this element, or around it; empty if it is about none of them.
function corpusOf(element) {
  const known = new Set(all(".corpora button").map((button) => button.value));
  const parts = [element, ...all("[data-corpus]", element), element.closest(".elsewhere[data-corpus]")];
  return parts.map((part) => part?.dataset.corpus).find((corpus) => corpus && known.has(corpus)) ?? "";
}

// What the contents say of a section that the chosen corpus lacks: which corpus the link chooses.
function leadsTo(link, corpus) {
  const button = all(".corpora button").find((each) => corpus && each.value === corpus);
  if (button) link.dataset.of = button.textContent; else delete link.dataset.of;
}

const listeners = [];
function chooseCorpus(corpus) {
  const buttons = all(".corpora button");
  if (!buttons.some((button) => button.value === corpus)) corpus = buttons[0].value;
  buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === corpus)));
  const known = new Set(buttons.map((button) => button.value));
  const away = (element) => corpus && known.has(element.dataset.corpus) && element.dataset.corpus !== corpus;
  all("[data-corpus]").forEach((element) => element.classList.toggle("elsewhere", Boolean(away(element))));
  const empty = (parts) => parts.length > 0 && parts.every((part) => part.classList.contains("elsewhere"));
  // What holds nothing of this corpus goes as a whole, with its headings and notes.
  all(".table, main details, main > section").filter((box) => !box.dataset.corpus).forEach((box) => {
    const gone = empty(all("[data-corpus]", box));
    box.classList.toggle("elsewhere", gone);
    if (box.id) all(`nav a[href="#${box.id}"]`).forEach((link) => leadsTo(link, gone ? corpusOf(box) : ""));
  });
  listeners.forEach((listener) => listener());
}

function switchable() {
  const group = document.querySelector(".corpora");
  if (!group) return;
  group.hidden = false;
  group.addEventListener("click", (event) => {
    if (!event.target.matches("button")) return;
    remember("corpus", event.target.value || "all");
    chooseCorpus(event.target.value);
  });
  const wanted = state.get("corpus");
  chooseCorpus(wanted === "all" ? "" : wanted);
}

// Shows what the address names: opens what it is folded in, and chooses its corpus.
function reveal() {
  const element = document.getElementById(decodeURIComponent(location.hash.slice(1).split("?")[0]));
  if (!element) return;
  const corpus = element.closest(".elsewhere") && (corpusOf(element) || corpusOf(element.closest(".elsewhere")));
  if (corpus) {
    remember("corpus", corpus);
    chooseCorpus(corpus);
  }
  for (let around = element; around; around = around.parentElement) if (around.matches("details")) around.open = true;
  all(":scope > details.part", element).forEach((part) => { part.open = true; });
  element.scrollIntoView();
}

function sortable(table) {
  const heads = all("thead th", table);
  heads.forEach((head, index) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", head.dataset.key === "rank" ? "ascending" : "none");
    const sort = (down) => {
      heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      all("tbody", table).forEach((body) => sortRows(body, index, down ? -1 : 1));
    };
    // The first click sorts the best first, the next one turns it around.
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const down = now === "none" ? head.dataset.best === "higher" : now === "ascending";
      sort(down);
      if (table.dataset.filters !== undefined) remember("sort", `${down ? "-" : ""}${head.dataset.key}`);
    });
    const wanted = table.dataset.filters === undefined ? "" : state.get("sort") ?? "";
    if (wanted.replace(/^-/, "") === head.dataset.key) sort(wanted.startsWith("-"));
  });
}

// A long group shows its first rows in the current order, and a button that shows the rest. Verdicts are all shown.
const FIRST = 12;
function foldable(table) {
  if (table.closest("#table-verdicts")) return;
  all("tbody", table).forEach((body) => {
    const count = rowsOf(body).length;
    if (count <= FIRST + 3) return;
    const line = body.appendChild(document.createElement("tr"));
    line.className = "more";
    const cell = line.appendChild(document.createElement("td"));
    cell.colSpan = table.tHead.rows[0].cells.length;
    const button = cell.appendChild(document.createElement("button"));
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      fold(body);
      if (!open) line.scrollIntoView({ block: "nearest" });
    });
    fold(body);
  });
}

const rowsOf = (body) => all("tr:not(.group, .more)", body);

function fold(body) {
  const line = body.querySelector(".more");
  if (!line) return;
  const button = line.querySelector("button");
  const open = button.getAttribute("aria-expanded") === "true";
  const found = rowsOf(body).filter((row) => !row.hidden);
  found.forEach((row, place) => row.classList.toggle("folded", !open && place >= FIRST));
  line.hidden = found.length <= FIRST;
  button.textContent = open ? `Show the first ${FIRST} rows only` : `Show all ${found.length} rows`;
}

// Rows keep to their group: perplexities of different texts are not one ranking.
function sortRows(body, index, sign) {
  const rows = rowsOf(body).map((row) => [valueOf(row.children[index]), row]);
  const empty = (value) => value === "" || value === "–";
  rows.sort(([a], [b]) => {
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  });
  body.append(...rows.map(([, row]) => row), ...all("tr.more", body));
  fold(body);
}

function valueOf(cell) {
  if (cell.dataset.v === undefined) return cell.textContent.trim();
  return cell.dataset.v === "inf" ? Infinity : Number(cell.dataset.v);
}

// Limits on what a model takes: the name of the field, the column, what it says, its unit, and how much that is.
const LIMITS = [
  ["memory", "bytes_in_memory", "Memory at most", "MB", 1e6],
  ["latency", "next_token_seconds", "Next token in at most", "ms", 1e-3],
  ["training", "train_seconds", "Training at most", "min", 60],
];
const columnOf = (table, key) => all("thead th", table).findIndex((head) => head.dataset.key === key);

function limitsOf(table, form) {
  return LIMITS.flatMap(([name, key, says, unit, scale]) => {
    const index = columnOf(table, key);
    if (index < 0) return [];
    const label = document.createElement("label");
    const input = document.createElement("input");
    label.className = "limit";
    Object.assign(input, { name, type: "number", min: "0", step: "any", autocomplete: "off" });
    label.append(says, " ", input, unit);
    form.insertBefore(label, form.querySelector("output"));
    return [{ input, fits: (row) => {
      const value = Number(row.children[index].dataset.v ?? "NaN");
      return input.value === "" || value <= Number(input.value) * scale;
    } }];
  });
}

function filterable(table) {
  const form = table.closest(".table").querySelector(".filters");
  const rows = all("tbody", table).flatMap(rowsOf);
  const limits = limitsOf(table, form);
  const name = columnOf(table, "label");
  const perplexity = columnOf(table, "test_perplexity");
  const partial = table.dataset.leftOut !== undefined; // what is missing could be the best
  if (partial) form.querySelector(".none").firstChild.textContent = "No row on this page fits these filters. ";
  const apply = () => {
    const { family, protocol, text } = form.elements;
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const here = rows.filter((row) => !row.parentNode.classList.contains("elsewhere"));
    rows.forEach((row) => {
      const said = row.textContent.toLowerCase();
      row.hidden = !(
        (!protocol.value || row.parentNode.dataset.protocol === protocol.value) &&
        (!family.value || row.dataset.family === family.value) &&
        words.every((word) => said.includes(word)) &&
        limits.every((limit) => limit.fits(row))
      );
    });
    all("tbody", table).forEach((body) => {
      body.hidden = rowsOf(body).every((row) => row.hidden);
      fold(body);
    });
    const shown = here.filter((row) => !row.hidden);
    const limited = limits.some(({ input }) => input.value !== "");
    const bodies = new Set(shown.map((row) => row.parentNode));
    const values = (row) => valueOf(row.children[perplexity]);
    const best = limited && bodies.size === 1 ? shown.reduce((a, b) => (values(b) < values(a) ? b : a)) : null;
    const found = best ? `; the best: ${best.children[name].textContent}, ${best.children[perplexity].textContent}` : "";
    const count = `${shown.length} of ${here.length} rows`;
    form.querySelector("output").textContent = partial ? `${count} on this page; the CSV has them all` : count + found;
    form.querySelector(".none").hidden = shown.length > 0;
  };
  const changed = () => {
    apply();
    all("[name]", form).forEach((field) => remember(field.name, field.value));
  };
  form.hidden = false;
  form.addEventListener("input", changed);
  form.addEventListener("change", changed); // some browsers and helpers announce a choice only so
  form.addEventListener("reset", () => setTimeout(changed));
  form.addEventListener("submit", (event) => event.preventDefault());
  all("[name]", form).forEach((field) => { field.value = state.get(field.name) ?? ""; });
  listeners.push(apply);
  apply();
}

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

// What a mark stands for: name, perplexity with its interval, and costs, from its row in the comparison.
const TOLD = ["test_perplexity", "test_perplexity_interval", "bytes_in_memory", "train_seconds", "score_tokens_per_second"];
function tooltip() {
  const tip = document.body.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  const table = document.querySelector("table[data-filters]");
  return (mark) => {
    const row = mark && table?.querySelector(`tr[data-row="${CSS.escape(mark.dataset.row)}"]`);
    tip.hidden = !row;
    if (!row) return;
    const name = document.createElement("b");
    name.textContent = row.querySelector("th").textContent;
    const lines = TOLD.map((key) => columnOf(table, key)).filter((index) => index >= 0).map((index) => {
      const line = document.createElement("div");
      line.textContent = `${table.tHead.rows[0].cells[index].textContent}: ${row.children[index].textContent}`;
      return line;
    });
    tip.replaceChildren(name, ...lines);
    const at = mark.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(at.right + 10, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, Math.min(at.bottom + 10, innerHeight - tip.offsetHeight - 8))}px`;
  };
}

// A figure is one stop of the Tab key; the arrow keys go from mark to mark.
function walkable(drawing, tell) {
  const marks = all("[data-row]", drawing).filter((mark) => mark.localName !== "text");
  const stops = marks.filter((mark, place) => marks.findIndex((m) => m.dataset.row === mark.dataset.row) === place);
  if (!stops.length) return;
  drawing.tabIndex = 0;
  let place = -1;
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") tell(null);
    if (!step) return;
    event.preventDefault();
    place = (place + step + stops.length) % stops.length;
    highlight(stops[place].dataset.row);
    tell(stops[place]);
  });
  drawing.addEventListener("blur", () => { place = -1; tell(null); highlight(pinned); });
}

function linked() {
  const rowAt = (event) => event.target.closest("[data-row]")?.dataset.row ?? pinned;
  const tell = tooltip();
  document.addEventListener("pointerover", (event) => {
    highlight(rowAt(event));
    tell(event.target.closest("svg [data-row]"));
  });
  document.addEventListener("focusin", (event) => highlight(rowAt(event)));
  all("figure svg").forEach((drawing) => walkable(drawing, tell));
  all("table[data-filters]").forEach(pinnable);
}

// The names of the comparison are one stop of the Tab key; the arrow keys go from name to name.
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
  oneStop(table, buttons);
}

// Controls of a table that are one stop of the Tab key together; the arrow keys go from one to the next.
function oneStop(table, controls) {
  controls.forEach((control) => { control.tabIndex = -1; });
  const order = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  const seen = () => controls.filter((control) => control.checkVisibility()).sort(order);
  const enter = () => {
    const there = seen();
    if (there.length && !there.some((control) => control.tabIndex === 0)) {
      controls.forEach((control) => { control.tabIndex = -1; });
      there[0].tabIndex = 0;
    }
  };
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const there = step ? seen() : [];
    const place = there.indexOf(event.target);
    if (place < 0) return;
    event.preventDefault();
    const next = there[Math.max(0, Math.min(place + step, there.length - 1))];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  listeners.push(enter);
  table.closest(".table").addEventListener("input", enter);
  enter();
}

// Print everything, folded or not, and fold it again.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details:not([open])");
  folded.forEach((element) => { element.open = true; });
});
addEventListener("afterprint", () => folded.forEach((element) => { element.open = false; }));

// Where the contents do not stand beside the page, the first screen is for the answer.
if (matchMedia("(max-width: 75rem)").matches) document.querySelector("nav details").open = false;

withAllRows(() => {
  all("table").forEach(foldable);
  all("table[data-sortable]").forEach(sortable);
  all("table[data-filters]").forEach(filterable);
  all("table[data-filters]").forEach(pickable);
  linked();
  switchable();
  reveal();
  addEventListener("hashchange", reveal);
});
