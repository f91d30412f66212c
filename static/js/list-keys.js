// [data-list] holds [data-item]s: j and k move between them, Enter follows the focused link as ever, and any other key
// presses the [data-key] of that name in the marked item, or else on the page.
const isTyping = (target) => target.closest("input, select, textarea, dialog, [contenteditable]");

function move(step) {
  const items = [...document.querySelectorAll("[data-list] [data-item]")];
  const marked = items.indexOf(document.activeElement?.closest("[data-item]"));
  const next = items[marked < 0 ? 0 : Math.min(Math.max(marked + step, 0), items.length - 1)];
  (next?.querySelector("a, button") ?? next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "j" || event.key === "k") return move(event.key === "j" ? 1 : -1);
  const item = document.activeElement?.closest("[data-item]");
  const name = `[data-key="${CSS.escape(event.key)}"]`;
  const pressed = item?.querySelector(name) ?? [...document.querySelectorAll(name)].find((one) => !one.closest("[data-item]"));
  if (pressed) {
    event.preventDefault();
    pressed.click();
  }
});
