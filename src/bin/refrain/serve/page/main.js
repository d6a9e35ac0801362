// Which page is shown. The address after # names it, so that the browser's back button works.
import { h, problem, say, show } from "./dom.js";
import { builds } from "./builds.js";
import { duplicates } from "./duplicates.js";
import { find } from "./find.js";
import { library } from "./library.js";
import { login } from "./login.js";
import { timeline } from "./timeline.js";
import { track } from "./track.js";

/** Each page: its name, and what shows it. A page may return a function that ends what it has begun. */
const pages = {
  find: ["Find", find],
  timeline: ["Timeline", timeline],
  library: ["Library", library],
  track: ["Track", track],
  duplicates: ["Duplicates", duplicates],
  builds: ["Index", builds],
};

const main = document.getElementById("main");
const closed = document.querySelector("meta[name=refrain-access]").content === "closed";
let leave;

async function open(first) {
  leave?.();
  leave = undefined;
  if (closed) return login(main);
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const [title, page] = pages[name] ?? pages.find;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === `#/${name in pages ? name : "find"}`;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  document.title = `${title} – refrain`;
  const room = h("div", { className: `page ${title.toLowerCase()}` });
  show(main, room);
  // A new page is read from its heading. The first one is read from the top, as always.
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
    say(title);
  }
  try {
    const end = await page(room, rest.map(decodeURIComponent));
    // Another page may have been opened meanwhile.
    if (room.isConnected) leave = end;
    else end?.();
  } catch (error) {
    show(room, h("h1", {}, title), problem(error));
  }
}

document.querySelector(".skip").addEventListener("click", (event) => {
  // The address names the page, so the link must not change it.
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => open(false));
open(true);
