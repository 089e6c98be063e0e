// What the page holds in a packed form (see page_rows.py): rows that it does not draw but its filters are to
// find, and the drawings of folded sections.

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

// Puts them where they belong. The attribute goes once they are there: while it stands, rows are missing.
async function addLeftOut(table) {
  const lines = (await unpacked(table.dataset.leftOut)).split("\n");
  const kinds = table.tHead.rows[0].cells.length + 2;
  const count = lines.length / kinds;
  const ofRow = (row, kind) => lines[kind * count + row];
  const template = document.createElement("template");
  // Markup from the templates of this page, which escape what runs have written.
  template.innerHTML = Array.from({ length: count }, (_, row) =>
    Array.from({ length: kinds - 1 }, (_, kind) => ofRow(row, kind + 1)).join("")).join("");
  const bodies = [...table.tBodies];
  const heads = bodies.map((body) => all(".group", body).length);
  [...template.content.children].forEach((line, row) => {
    const [group, place] = ofRow(row, 0).split(" ").map(Number);
    bodies[group].insertBefore(line, bodies[group].rows[place + heads[group]] ?? null);
  });
  delete table.dataset.leftOut;
  all(".omission", table.closest(".table")).forEach((sentence) => sentence.remove());
}

// Puts each drawing in place of the link that stands for it.
async function addDrawings(template) {
  const drawings = (await unpacked(template.content.textContent)).split("\n");
  const links = all("[data-packed]");
  if (drawings.length !== links.length) return;
  // Markup from inline_svg.py, which escapes what runs have written.
  links.forEach((link, place) => { link.outerHTML = drawings[place]; });
}

// The page begins once all is there; in a browser that cannot unpack it, with the rows and drawings that are.
function withAll(begin) {
  const lacking = [...all("table[data-left-out]").map(addLeftOut), ...all("#drawings").map(addDrawings)];
  if (lacking.length) Promise.allSettled(lacking).then(begin); else begin();
}
