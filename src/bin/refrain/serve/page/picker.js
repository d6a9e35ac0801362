// Where a file is dropped or picked.
import { h } from "./dom.js";

/** An area for a file. Calls `chosen` with it. */
export function picker(text, chosen) {
  const input = h("input", {
    type: "file",
    accept: "audio/*,video/*,.flac,.opus,.mka,.ape,.caf,.aiff,.wv",
    onchange: () => {
      if (input.files[0]) chosen(input.files[0]);
      // The same file can be chosen again.
      input.value = "";
    },
  });
  const area = h("label", { className: "drop" }, input, h("span", { className: "as-button" }, text), h("span", {}, "or drop it here"));
  let depth = 0;
  const over = (change) => {
    depth = Math.max(0, depth + change);
    area.classList.toggle("over", depth > 0);
  };
  area.addEventListener("dragenter", (event) => (event.preventDefault(), over(1)));
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("dragleave", () => over(-1));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    const file = event.dataTransfer.files[0];
    if (file) chosen(file);
  });
  return area;
}

// A file that misses the area must not replace the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
