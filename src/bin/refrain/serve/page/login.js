// Login: asks for the token of the server, if it has one that this browser has not shown yet.
import * as api from "./api.js";
import { h, problem, show } from "./dom.js";

export function login(room) {
  const field = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true });
  const said = h("div");
  const send = async (event) => {
    event.preventDefault();
    try {
      await api.login(field.value);
      location.reload();
    } catch (error) {
      show(said, problem(error));
      field.select();
    }
  };
  show(
    room,
    h("h1", {}, "This server needs its token"),
    h("p", { className: "lead" }, "Whoever runs it has the token in a file or in ", h("code", {}, "REFRAIN_TOKEN"), "."),
    h(
      "form",
      { className: "search", onsubmit: send },
      h("label", { htmlFor: "token" }, "Token"),
      field,
      h("button", {}, "Open"),
    ),
    said,
  );
  field.focus();
}
