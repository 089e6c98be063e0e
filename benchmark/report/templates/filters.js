// Filters of a table, and what they say.

// Limits on what a model takes: the name of the field, the column, what it says, its unit, how much that is, and
// what was not measured of a row without the value.
const LIMITS = [
  ["memory", "bytes_in_memory", "Memory at most", "MB", 1e6, "size in memory"],
  ["latency", "next_token_seconds", "Next token in at most", "ms", 1e-3, "time of one next token"],
  ["training", "train_seconds", "Training at most", "min", 60, "training time"],
];
const columnOf = (table, key) => all("thead th", table).findIndex((head) => head.dataset.key === key);

function limitsOf(table, form) {
  return LIMITS.flatMap(([name, key, says, unit, scale, what]) => {
    const index = columnOf(table, key);
    if (index < 0) return [];
    const label = document.createElement("label");
    const input = document.createElement("input");
    label.className = "limit";
    Object.assign(input, { name, type: "number", min: "0", step: "any", autocomplete: "off" });
    label.append(says, " ", input, unit);
    form.insertBefore(label, form.querySelector("output"));
    const value = (row) => Number(row.children[index].dataset.v ?? "NaN");
    const lacks = (rows) => {
      const number = input.value === "" ? 0 : rows.filter((row) => Number.isNaN(value(row))).length;
      return number ? `${number} ${number === 1 ? "row has" : "rows have"} no measured ${what}` : "";
    };
    return [{ input, lacks, fits: (row) => input.value === "" || value(row) <= Number(input.value) * scale }];
  });
}

// The best of the rows that are left, if they are of one text. As everywhere, it is chosen on validation text.
function bestOf(table) {
  const [name, valid, test] = ["label", "valid_perplexity", "test_perplexity"].map((key) => columnOf(table, key));
  const chosen = (row) => (valid < 0 ? NaN : Number(row.children[valid].dataset.v ?? "NaN"));
  return (rows) => {
    const known = rows.filter((row) => chosen(row) > 0);
    if (!known.length || new Set(rows.map((row) => row.parentNode)).size > 1) return "";
    const best = known.reduce((a, b) => (chosen(b) < chosen(a) ? b : a));
    const [label, valued, tested] = [name, valid, test].map((index) => best.children[index].textContent.trim());
    return `the best by validation perplexity (${valued}): ${label}, test perplexity ${tested}`;
  };
}

function filterable(table) {
  const form = table.closest(".table").querySelector(".filters");
  const rows = all("tbody", table).flatMap(rowsOf);
  const limits = limitsOf(table, form);
  const best = bestOf(table);
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
    const said = [`${shown.length} of ${here.length} rows`, ...limits.map((limit) => limit.lacks(here)),
      limited ? best(shown) : ""].filter(Boolean).join("; ");
    form.querySelector("output").textContent = partial
      ? `${shown.length} of ${here.length} rows on this page; the CSV has them all` : said;
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
