// Asks for the token of the server, if it has one that the browser has not shown yet.
const login = document.getElementById("login");
const access = document.querySelector("meta[name=refrain-access]").content;
login.hidden = access !== "closed";
login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = document.getElementById("token").value;
  const answer = await fetch("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    location.reload();
  } else {
    document.getElementById("problem").textContent = "This is not the token of the server.";
  }
});
