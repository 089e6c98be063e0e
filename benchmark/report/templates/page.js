"use strict";
// Sorting, filtering and linking of rows. Without this script the page is complete but static.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function sortable(table) {
  const heads = all("thead th", table);
  heads.forEach((head, index) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", head.dataset.key === "rank" ? "ascending" : "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      all("tbody", table).forEach((body) => sortRows(body, index, down ? -1 : 1));
    });
  });
}

// A long group shows its first rows in the current order, and a button that shows the rest.
const FIRST = 12;
function foldable(table) {
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

function filterable(table) {
  const form = table.closest(".table").querySelector(".filters");
  const rows = all("tbody", table).flatMap(rowsOf);
  const apply = () => {
    const { corpus, family, protocol, text } = form.elements;
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      const said = row.textContent.toLowerCase();
      row.hidden = !(
        (!corpus.value || row.parentNode.dataset.corpus === corpus.value) &&
        (!protocol.value || row.parentNode.dataset.protocol === protocol.value) &&
        (!family.value || row.dataset.family === family.value) &&
        words.every((word) => said.includes(word))
      );
      shown += !row.hidden;
    });
    all("tbody", table).forEach((body) => {
      body.hidden = rowsOf(body).every((row) => row.hidden);
      fold(body);
    });
    form.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("change", apply); // some browsers and helpers announce a choice only so
  form.addEventListener("submit", (event) => event.preventDefault());
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

function linked() {
  const rowAt = (event) => event.target.closest("[data-row]")?.dataset.row ?? pinned;
  document.addEventListener("pointerover", (event) => highlight(rowAt(event)));
  document.addEventListener("focusin", (event) => highlight(rowAt(event)));
  all("table[data-filters] th[scope=row]").forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.title = "Highlight this model everywhere";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      all("button[aria-pressed=true]").forEach((other) => other.setAttribute("aria-pressed", "false"));
      button.setAttribute("aria-pressed", String(on));
      pinned = on ? head.parentNode.dataset.row : null;
      highlight(pinned);
    });
  });
}

// Print everything, folded or not, and fold it again.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details:not([open])");
  folded.forEach((element) => { element.open = true; });
});
addEventListener("afterprint", () => folded.forEach((element) => { element.open = false; }));

// A phone's first screen is for the answer, not for the contents.
if (matchMedia("(max-width: 40rem)").matches) document.querySelector("nav details").open = false;

all("table").forEach(foldable);
all("table[data-sortable]").forEach(sortable);
all("table[data-filters]").forEach(filterable);
linked();
