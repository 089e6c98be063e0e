// One corpus at a time; sorting, filtering and linking of rows; all of it in the address of the page.
// Without this script the page is static, with links in place of the figures of folded sections.

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

// Print everything, folded or not, and fold it again.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details:not([open])");
  folded.forEach((element) => { element.open = true; });
});
addEventListener("afterprint", () => folded.forEach((element) => { element.open = false; }));

// Where the contents do not stand beside the page, the first screen is for the answer.
if (matchMedia("(max-width: 75rem)").matches) document.querySelector("nav details").open = false;

withAll(() => {
  all("table").forEach(foldable);
  all("table[data-sortable]").forEach(sortable);
  all("table[data-filters]").forEach(filterable);
  all("table[data-filters]").forEach(pickable);
  linked();
  all("table").forEach(oneStop);
  switchable();
  reveal();
  addEventListener("hashchange", reveal);
});
