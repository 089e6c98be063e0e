// One stop of the Tab key for all controls of a table.

// The arrow keys go from one to the next in a row, and from row to row, to the control that is nearest.
function oneStop(table) {
  const within = "thead button, tbody button, tbody input, caption a";
  const controls = () => all(within, table);
  const first = (found) => found.find((control) => !control.matches("caption a"));
  if (!first(controls())) return;
  table.closest(".scroll").removeAttribute("tabindex"); // what is focused is scrolled into view
  const grid = () => all("caption, tr", table).filter((line) => line.checkVisibility())
    .map((line) => all("button, input, a", line)).filter((line) => line.length);
  const column = (control) => control.closest("th, td")?.cellIndex ?? 0;
  const stop = (control) => controls().forEach((other) => { other.tabIndex = other === control ? 0 : -1; });
  let current = null;
  const enter = () => {
    const seen = grid().flat();
    stop(seen.includes(current) ? current : first(seen) ?? first(controls()));
  };
  table.addEventListener("focusin", (event) => {
    if (!event.target.matches(within)) return;
    current = event.target;
    stop(current);
  });
  table.addEventListener("keydown", (event) => {
    const keys = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
    const [down, right] = keys[event.key] ?? [0, 0];
    const lines = down || right ? grid() : [];
    const place = lines.findIndex((line) => line.includes(event.target));
    if (place < 0) return;
    event.preventDefault();
    const away = (control) => Math.abs(column(control) - column(event.target));
    const next = right ? lines[place][lines[place].indexOf(event.target) + right]
      : lines[place + down]?.reduce((best, other) => (away(other) < away(best) ? other : best));
    next?.focus();
  });
  listeners.push(enter);
  table.closest(".table").addEventListener("input", enter);
  enter();
}
