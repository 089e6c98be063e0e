// Rows of the comparison that a reader picks, and how much they differ from the first of them.

// The losses of a row as [seeds][blocks], from `SEEDS UNIT BASE64`: three bytes a sum (see page_losses.py).
function lossesOf(row) {
  const [seeds, unit, coded] = row.dataset.losses.split(" ");
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  const sums = Array.from({ length: bytes.length / 3 }, (_, i) =>
    Number(unit) * (65536 * bytes[3 * i] + 256 * bytes[3 * i + 1] + bytes[3 * i + 2]));
  const blocks = sums.length / Number(seeds);
  return Array.from({ length: Number(seeds) }, (_, seed) => sums.slice(seed * blocks, (seed + 1) * blocks));
}

// As `text.signed` shows a difference: what rounds to zero has no sign.
function signed(value) {
  const shown = Math.abs(value).toFixed(3);
  const sign = Number(shown) === 0 ? "" : value < 0 ? "−" : "+";
  return sign + shown;
}
const shownP = (p) => (p < 0.001 ? "< 0.001" : p.toFixed(3));

function made(name, content = [], attributes = {}) {
  const element = document.createElement(name);
  element.append(...[content].flat());
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  return element;
}

function pickable(table) {
  const bodies = all("tbody[data-targets]", table);
  if (!bodies.length) return;
  const panel = made("section", [], { class: "picks", "aria-label": "Picked rows" });
  table.closest(".scroll").before(panel);
  const interval = columnOf(table, "test_perplexity_interval");
  const [nameAt, perplexityAt] = ["label", "test_perplexity"].map((key) => columnOf(table, key));
  const nameOf = (row) => row.children[nameAt].textContent;
  const titleOf = (body) => body.querySelector(".group span").firstChild.textContent.trim();
  let picked = [];

  const reason = (row) => {
    if (picked.length && row.parentNode !== picked[0].parentNode)
      return `it was scored on other text than the rows that are picked (${titleOf(picked[0].parentNode)})`;
    if (row.dataset.losses) return "";
    if (row.children[interval].textContent === "no interval") return "its runs keep no losses by block of the text";
    return "the page has no room for its losses, but nextword compare can";
  };

  const boxes = all("tbody tr[data-row]", table).map((row) => {
    const cell = row.children[columnOf(table, "rank")];
    const box = made("input", [], { type: "checkbox", "aria-label": `Compare ${nameOf(row)}` });
    cell.append(made("label", [box, ...cell.childNodes], { class: "pick" }));
    box.addEventListener("change", () => {
      const why = reason(row);
      if (box.checked && why) return show(`${nameOf(row)} cannot be compared here: ${why}.`);
      picked = box.checked ? [...picked, row] : picked.filter((other) => other !== row);
      return show();
    });
    return [row, box];
  });

  const show = (said = "") => {
    boxes.forEach(([row, box]) => {
      const why = reason(row);
      box.checked = picked.includes(row);
      box.title = why && `Cannot be compared here: ${why}.`;
      if (why) box.setAttribute("aria-disabled", "true"); else box.removeAttribute("aria-disabled");
    });
    remember("pick", picked.map((row) => row.dataset.run).join("."));
    const note = picked.length === 0 ? "Tick two rows or more to see how much they differ, and how sure that is."
      : picked.length === 1 ? `Picked: ${nameOf(picked[0])}. Tick another row of ${titleOf(picked[0].parentNode)}.` : "";
    panel.replaceChildren(made("p", said || note, { role: "status", ...(said && { class: "refused" }) }));
    panel.classList.toggle("empty", picked.length === 0);
    if (picked.length > 1) panel.append(...pickedTable(picked, nameOf, (row) => row.children[perplexityAt].textContent));
    if (picked.length) panel.append(made("button", "Clear", { type: "button" }));
  };
  panel.addEventListener("click", (event) => {
    if (!event.target.matches("button")) return;
    const [, box] = boxes.find(([row]) => row === picked[0]);
    picked = [];
    show();
    box.focus();
  });

  const wanted = (state.get("pick") ?? "").split(".");
  const rows = boxes.map(([row]) => row).filter((row) => row.dataset.losses);
  wanted.map((run) => rows.find((row) => row.dataset.run === run)).filter(Boolean)
    .forEach((row) => { if (!picked.includes(row) && !reason(row)) picked.push(row); });
  show();
}

// Each picked row against the first: the table, how to read it, and the command that tells more.
function pickedTable(picked, nameOf, perplexityOf) {
  const { targets, blocks } = picked[0].parentNode.dataset;
  const losses = picked.map(lossesOf);
  const found = differences(losses, targets.split(" ").map(Number));
  const several = picked.length > 2;
  const heads = ["Model", "Test perplexity", "Difference, nats a token", "95% interval", "Ratio of perplexities",
    "95% interval", "p", ...(several ? ["p (Holm)"] : [])];
  const number = (shown, value) => made("td", shown, { class: "r", ...(value !== undefined && { "data-v": value }) });
  const ratio = (nats) => Math.exp(nats).toFixed(3);
  const lines = found.map(({ nats, low, high, p, adjusted }, place) => made("tr", [
    made("th", nameOf(picked[place + 1]), { scope: "row" }),
    number(perplexityOf(picked[place + 1])),
    number(signed(nats), nats),
    number(`${signed(low)} to ${signed(high)}`, `${low} ${high}`),
    number(ratio(nats), Math.exp(nats)),
    number(`${ratio(low)} to ${ratio(high)}`),
    ...(several ? [p, adjusted] : [p]).map((each) => Math.abs(nats) > ROUNDING ? number(shownP(each), each) : number("–")),
  ]));
  const first = nameOf(picked[0]);
  const seeds = losses.some((loss) => loss.length > 1);
  const single = losses.some((loss) => loss.length === 1);
  const caption = `Against ${first}, test perplexity ${perplexityOf(picked[0])}. Below zero, or with a ratio below `
    + "one, a model is better.";
  const note = `A paired bootstrap of ${RESAMPLES.toLocaleString("en")} draws over ${blocks}`
    + `${seeds ? ", and over the seeds of rows with several" : ""}, as nextword compare draws it.`
    + `${single ? " Of a row with one run, it does not say what another seed would give." : ""}`
    + `${several ? " Holm's p is adjusted for all pairs of the picked rows." : ""}`
    + " For word frequencies, n-grams, places and single words: ";
  const command = `nextword compare ${picked.map((row) => row.dataset.run).join(" ")}${seeds ? " --all-seeds" : ""}`;
  const head = made("tr", heads.map((title, place) => made("th", title, { scope: "col", ...(place && { class: "r" }) })));
  return [
    made("div", made("table", [made("caption", caption), made("thead", head), made("tbody", lines)]),
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Differences of the picked rows" }),
    made("p", [note, made("code", command)], { class: "note" }),
  ];
}
